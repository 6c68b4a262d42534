//! Why our side could not be set up.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why our side could not be set up.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum IssuerError {
    /// The address is taken, not ours, or not allowed.
    #[error("cannot listen on {address}: {source}")]
    #[diagnostic(
        code(issuer::bind),
        help("name an address of this machine, and port 0 to let the operating system choose a free one")
    )]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The address under which targets are to reach us is no usable one.
    #[error("wanted a public URL such as `https://issuer.example:8443`, found {url:?}: {because}")]
    #[diagnostic(code(issuer::public_url), help("give scheme, host and port, without query, fragment or password"))]
    PublicUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        because: String,
    },
    /// A header field of the key set's answer cannot be sent.
    #[error("cannot send the header field {name:?} with the key set: {because}")]
    #[diagnostic(code(issuer::header), help("remove it from the key set's `headers`"))]
    Header {
        /// Its name.
        name: String,
        /// What is wrong with it.
        because: &'static str,
    },
    /// A key set cannot be answered with this status.
    #[error("wanted a status from 200 to 999 for the key set")]
    #[diagnostic(code(issuer::status), help("correct the key set's `status`"))]
    Status,
    /// No certificate could be made for the name under which we are reached.
    #[error("cannot make a certificate for {host:?}: {source}")]
    #[diagnostic(code(issuer::certificate), help("give a public URL with a plain host name or IP address"))]
    Certificate {
        /// The name or address.
        host: String,
        /// What the certificate maker said.
        source: rcgen::Error,
    },
    /// The TLS library refused the set-up.
    #[error("cannot serve HTTPS: {0}")]
    #[diagnostic(code(issuer::tls))]
    Tls(#[from] rustls::Error),
    /// The authority's certificate could not be written.
    #[error("cannot write the certificate authority to {}: {source}", path.display())]
    #[diagnostic(code(issuer::ca_file), help("set TMPDIR to a folder that can be written"))]
    CaFile {
        /// Where to.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}
