//! Whom we trust when the target is reached over HTTPS.

use super::error::TargetError;
use crate::model::transport::Tls;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{path::Path, sync::Arc};

/// Trust in one authority where the target file names it, in those of the operating system where it does not, and in
/// nobody where the URL is plain http and the question does not arise.
pub(super) fn client(
    https: bool,
    ca: Option<&Path>,
    identity: Option<Identity<'_>>,
) -> Result<ClientConfig, TargetError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?;
    let builder = match ca {
        Some(path) => builder.with_root_certificates(roots(path)?),
        None if https => builder.with_platform_verifier()?,
        None => builder.with_root_certificates(RootCertStore::empty()),
    };
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = identity.read()?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The same for what a target file says; files are named from its `folder`.
pub(super) fn declared(https: bool, tls: Option<&Tls>, folder: &Path) -> Result<ClientConfig, TargetError> {
    let path = |file: Option<&String>| file.map(|file| folder.join(file));
    let ca = path(tls.and_then(|tls| tls.ca.as_ref()));
    let chain = path(tls.and_then(|tls| tls.cert.as_ref()));
    let key = path(tls.and_then(|tls| tls.key.as_ref())).or_else(|| chain.clone());
    let identity = chain.as_deref().zip(key.as_deref()).map(|(chain, key)| Identity { chain, key });
    client(https, ca.as_deref(), identity)
}

/// What we show of ourselves in mutual TLS: PEM files with a certificate chain and its key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity<'a> {
    pub chain: &'a Path,
    pub key: &'a Path,
}

impl Identity<'_> {
    fn read(self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TargetError> {
        let failed = |path: &Path, because: String| TargetError::ClientKey { path: path.to_owned(), because };
        let chain = CertificateDer::pem_file_iter(self.chain)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| failed(self.chain, error.to_string()))?;
        if chain.is_empty() {
            return Err(failed(self.chain, "wanted a PEM certificate, found none".into()));
        }
        let key = PrivateKeyDer::from_pem_file(self.key).map_err(|error| failed(self.key, error.to_string()))?;
        Ok((chain, key))
    }
}

fn roots(path: &Path) -> Result<RootCertStore, TargetError> {
    let failed = |because: String| TargetError::Ca { path: path.to_owned(), because };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))? {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("wanted a PEM certificate, found none".into()));
    }
    Ok(roots)
}
