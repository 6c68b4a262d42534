//! Why a target could not be reached or prepared.

use crate::model::{Period, placeholder::PlaceholderError};
use std::{io, path::PathBuf};

/// Why a target could not be reached or prepared.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TargetError {
    /// An address in the target file is no address.
    #[error("wanted an http or https URL for `{place}`, found {text:?}: {because}")]
    #[diagnostic(code(target::url), help("write it as in `http://127.0.0.1:8080/whoami`"))]
    Url {
        /// Where it is written.
        place: &'static str,
        /// What is written.
        text: String,
        /// What is wrong with it.
        because: String,
    },
    /// The private file of decryption keys cannot be written.
    #[error("cannot write the decryption keys to {}: {source}", path.display())]
    #[diagnostic(code(target::key_file), help("set TMPDIR to a folder that can be written"))]
    KeyFile {
        /// The file, or the folder for it.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A host that is neither loopback nor listed.
    #[error("wanted a loopback address or a listed host, found `{host}`{}", resolved(.addresses))]
    #[diagnostic(
        code(target::not_allowed),
        help("if you may test this host, add this to the target file:\n[guard]\nallow-hosts = [\"{host}\"]")
    )]
    NotAllowed {
        /// The host as the target file names it.
        host: String,
        /// What it stands for, where it is a name.
        addresses: String,
    },
    /// A host name that stands for no address.
    #[error("cannot find the address of `{host}`: {source}")]
    #[diagnostic(code(target::resolve), help("check the spelling, or give the IP address"))]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// An entry of `allow-hosts` that is neither a name nor a network.
    #[error("wanted a host name or a network such as `10.1.0.0/16` in `guard.allow-hosts`, found {0:?}")]
    #[diagnostic(code(target::allow_host), help("name hosts exactly, without scheme, port or wildcard"))]
    AllowHost(String),
    /// A rate that cannot be read.
    #[error("wanted a rate such as `50/s` in `guard.rate`, found {0:?}")]
    #[diagnostic(code(target::rate), help("give requests per second, more than 0 and at most 1000000"))]
    Rate(String),
    /// A placeholder that cannot be filled.
    #[error("cannot fill `{place}`: {source}")]
    #[diagnostic(
        code(target::placeholder),
        help(
            "known are ${{port}} (with a [start] table), ${{upstream}} (of a gateway), ${{jti}} (in `revoke-token`), ${{issuer}}, ${{jwks-uri}}, ${{discovery}}, ${{issuer-ca}} (with \
             `https = true` under [trust]), ${{audience}}, ${{algorithms}}, ${{leeway}}, and ${{env:NAME}} for a variable \
             that is set"
        )
    )]
    Placeholder {
        /// Where it is written.
        place: String,
        /// What is wrong with it.
        source: PlaceholderError,
    },
    /// A header field that cannot be sent.
    #[error("cannot send the header field {name:?}: {because}")]
    #[diagnostic(code(target::header), help("correct or remove it under `headers` of the transport"))]
    Header {
        /// Its name.
        name: String,
        /// What is wrong with it.
        because: &'static str,
    },
    /// A method that cannot be sent.
    #[error("wanted an HTTP method, found {0:?}")]
    #[diagnostic(code(target::method), help("write it as in `method = \"GET\"`"))]
    Method(String),
    /// The certificate authority of the target cannot be used.
    #[error("cannot use the certificate authority in {}: {because}", path.display())]
    #[diagnostic(code(target::ca), help("`tls.ca` names a PEM file, relative to the target file"))]
    Ca {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        because: String,
    },
    /// The client's own certificate or key cannot be used.
    #[error("cannot use {}: {because}", path.display())]
    #[diagnostic(
        code(target::client_key),
        help(
            "name PEM files relative to the target file: a certificate chain and its key in PKCS#8, or the key of the client"
        )
    )]
    ClientKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        because: String,
    },
    /// The body of a decision request cannot be used.
    #[error("wanted a JSON document with `${{token}}` in a string for `transport.decision.body`, found {because}")]
    #[diagnostic(code(target::body), help("write it as in `body = '{{\"token\": \"${{token}}\"}}'`"))]
    Body {
        /// What is wrong with it.
        because: String,
    },
    /// The service behind a gateway cannot listen.
    #[error("cannot play the service behind the gateway at {address}: {source}")]
    #[diagnostic(code(target::upstream), help("choose another `transport.gateway.listen`, or leave it out"))]
    Upstream {
        /// Where it should listen.
        address: std::net::SocketAddr,
        /// What went wrong.
        source: io::Error,
    },
    /// What the user gives us of his own cannot be had.
    #[error("cannot get `{place}`: {because}")]
    #[diagnostic(
        code(target::obtain),
        help(
            "secrets are not quoted: look at the file or variable, or run the command by hand in the target file's folder"
        )
    )]
    Obtain {
        /// Where it is written.
        place: String,
        /// What is wrong.
        because: String,
    },
    /// The TLS library refused the set-up.
    #[error("cannot set up TLS: {0}")]
    #[diagnostic(code(target::tls), help("name the certificate authority of the target with `tls.ca`"))]
    Tls(#[from] rustls::Error),
    /// The HTTP client refused the set-up.
    #[error("cannot set up the HTTP client: {0}")]
    #[diagnostic(code(target::client))]
    Client(#[from] reqwest::Error),
    /// No port was free for the target.
    #[error("cannot find a free port for the target: {0}")]
    #[diagnostic(code(target::port))]
    Port(#[source] io::Error),
    /// A command that cannot be run at all.
    #[error("cannot run {program:?} ({place}): {source}")]
    #[diagnostic(code(target::spawn), help("commands run in the folder of the target file, without a shell"))]
    Spawn {
        /// Where it is written.
        place: &'static str,
        /// The program.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The started target ended before it was ready.
    #[error("the target ended before it was ready: {status}{}", quoted(.log))]
    #[diagnostic(code(target::ended), help("run the command of [start] by hand, with the same environment"))]
    Ended {
        /// How it ended.
        status: String,
        /// The end of its output.
        log: String,
    },
    /// The started target did not become ready.
    #[error("the target was not ready within {within}: wanted an answer below 500 from {url}, found {found}{}", quoted(.log))]
    #[diagnostic(code(target::not_ready), help("correct `ready.url`, or give it longer with `ready.within`"))]
    NotReady {
        /// The address that was asked.
        url: String,
        /// How long.
        within: Period,
        /// What was found last.
        found: String,
        /// The end of its output.
        log: String,
    },
    /// A hook failed.
    #[error("the command of `{hook}` failed: {status}{}", quoted(.log))]
    #[diagnostic(code(target::hook), help("run the command by hand in the folder of the target file"))]
    Hook {
        /// Which.
        hook: &'static str,
        /// How it ended.
        status: String,
        /// The end of its output.
        log: String,
    },
    /// An adapter does not speak the protocol.
    #[error("the adapter did not answer `{question}`: {because}{}", told(.log))]
    #[diagnostic(
        code(target::adapter),
        help("walk it through the protocol one reply at a time: gauntlet adapter check -- COMMAND")
    )]
    Adapter {
        /// What it was asked.
        question: &'static str,
        /// What it did instead.
        because: String,
        /// The end of its standard error.
        log: String,
    },
    /// After a restart the target took no connection.
    #[error("the target took no connection within {within} after its restart: {because}")]
    #[diagnostic(code(target::restart), help("let the command of `hooks.restart` return once the target is up"))]
    NotBack {
        /// How long.
        within: Period,
        /// What was seen last.
        because: String,
    },
}

impl TargetError {
    /// Whether the target is at fault and not the file: it did not start, or did not come back.
    #[must_use]
    pub fn is_about_the_target(&self) -> bool {
        matches!(
            self,
            TargetError::Ended { .. }
                | TargetError::NotReady { .. }
                | TargetError::NotBack { .. }
                | TargetError::Adapter { .. }
        )
    }
}

fn resolved(addresses: &str) -> String {
    if addresses.is_empty() { String::new() } else { format!(" ({addresses})") }
}

fn told(log: &str) -> String {
    if log.is_empty() { "; nothing on its standard error".into() } else { quoted(log) }
}

fn quoted(log: &str) -> String {
    if log.is_empty() { "; it printed nothing".into() } else { format!("; its last lines:\n{log}") }
}
