//! Certificates of our own making (RFC 5280), for `x5c` and its relatives.

use crate::token::{error::ForgeError, key::Key};
use base64::{Engine, engine::general_purpose::STANDARD};

/// A self-signed certificate of the key, as `x5c` wants it: DER in standard base64 (RFC 7515 section 4.1.6).
pub(in crate::token) fn self_signed(key: &Key) -> Result<String, ForgeError> {
    let failed = |_| ForgeError::Crypto("making a certificate");
    let pair = rcgen::KeyPair::try_from(key.pkcs8()?.reveal().as_slice()).map_err(failed)?;
    let params = rcgen::CertificateParams::new(vec!["issuer.example".to_owned()]).map_err(failed)?;
    let certificate = params.self_signed(&pair).map_err(failed)?;
    Ok(STANDARD.encode(certificate.der()))
}
