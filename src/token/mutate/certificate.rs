//! Certificates in the header: `x5c` (RFC 7515 section 4.1.6).

use super::Anvil;
use crate::{
    model::chain::{ChainCertificate, ChainText},
    token::{draft::Draft, error::ForgeError},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use pem::Pem;
use serde_json::{Value, json};

/// How often a certificate is repeated where that is the damage.
const MANY: usize = 100;

/// Puts certificates into the header. The active key is the one that the genuine chain is about.
pub(super) fn embed(
    chain: &[ChainCertificate],
    written: ChainText,
    draft: &mut Draft,
    anvil: &Anvil<'_>,
) -> Result<(), ForgeError> {
    let ring = anvil.forge.ring();
    let (active, _) = ring.key("active")?;
    let certificates = chain
        .iter()
        .map(|which| {
            let about = if *which == ChainCertificate::Trusted { &active } else { &draft.signer.key };
            ring.pki().certificate(*which, about)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let text = text_of(&certificates, written).to_string();
    draft.header.members("embed-certificates")?.set("x5c", &text);
    Ok(())
}

fn text_of(certificates: &[Vec<u8>], written: ChainText) -> Value {
    let list = |write: &dyn Fn(&Vec<u8>) -> String| certificates.iter().map(write).collect::<Vec<_>>();
    match written {
        ChainText::Base64 => json!(list(&|der| STANDARD.encode(der))),
        ChainText::Base64url => json!(list(&|der| URL_SAFE_NO_PAD.encode(der))),
        ChainText::Pem => json!(list(&|der| pem::encode(&Pem::new("CERTIFICATE", der.clone())))),
        ChainText::Truncated => json!(list(&|der| STANDARD.encode(&der[..der.len() - der.len() / 3]))),
        ChainText::NoList => json!(certificates.first().map(|der| STANDARD.encode(der))),
        ChainText::Hundredfold => json!(vec![certificates.first().map(|der| STANDARD.encode(der)); MANY]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_what_its_name_says() {
        let der = vec![vec![0xfb, 0xef, 0xff, 1, 2, 3]];
        assert_eq!(text_of(&der, ChainText::Base64), json!(["++//AQID"]));
        assert_eq!(text_of(&der, ChainText::Base64url), json!(["--__AQID"]));
        assert_eq!(text_of(&der, ChainText::Truncated), json!(["++//AQ=="]));
        assert_eq!(text_of(&der, ChainText::NoList), json!("++//AQID"));
        assert!(text_of(&der, ChainText::Pem)[0].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
        assert_eq!(text_of(&der, ChainText::Hundredfold).as_array().map(Vec::len), Some(MANY));
    }
}
