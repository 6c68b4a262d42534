//! Keys that RFCs print, private halves included. Everybody knows them.

use super::{Key, Material, curve, oct};
use crate::{
    model::{
        KeyFamily,
        vector::{PublishedKey, PublishedKeys},
    },
    token::{compact::decode_segment, error::ForgeError},
};
use aws_lc_rs::{
    rsa::KeyPairComponents,
    signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair, RsaPublicKeyComponents},
};
use serde_json::Value;

const PRINTED: &str = include_str!("../../../vectors/published-keys.json");

impl Key {
    /// The key that an RFC prints, by its place (`rfc7515-a-2`); its `kid` is the printed one, or empty. `None` where
    /// none is known by that name.
    ///
    /// # Errors
    /// The committed file is wrong.
    pub(in crate::token) fn printed(name: &str) -> Result<Option<Key>, ForgeError> {
        let unreadable = || ForgeError::Crypto("reading a printed key");
        let mut file: PublishedKeys = serde_json::from_str(PRINTED).map_err(|_| unreadable())?;
        file.keys.remove(name).map(|printed| read(&printed).ok_or_else(unreadable)).transpose()
    }
}

fn read(printed: &PublishedKey) -> Option<Key> {
    let text = |name: &str| printed.jwk.get(name).and_then(Value::as_str);
    let part = |name: &str| text(name).and_then(decode_segment);
    let material = match printed.alg.family() {
        KeyFamily::Oct => oct(printed.alg, part("k")?),
        KeyFamily::Rsa => Material::Rsa(Box::new(
            RsaKeyPair::from_components(&KeyPairComponents {
                public_key: RsaPublicKeyComponents { n: part("n")?, e: part("e")? },
                d: part("d")?,
                p: part("p")?,
                q: part("q")?,
                dP: part("dp")?,
                dQ: part("dq")?,
                qInv: part("qi")?,
            })
            .ok()?,
        )),
        KeyFamily::Ed25519 => {
            Material::Ed(Box::new(Ed25519KeyPair::from_seed_and_public_key(&part("d")?, &part("x")?).ok()?))
        }
        _ => {
            let point = [&[4][..], &part("x")?, &part("y")?].concat();
            let pair = EcdsaKeyPair::from_private_key_and_public_key(curve(printed.alg), &part("d")?, &point);
            Material::Ec(Box::new(pair.ok()?))
        }
    };
    Some(Key::new(text("kid").unwrap_or_default().to_owned(), printed.alg, material))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printed_key_signs_and_is_published_as_printed() {
        let file: PublishedKeys = serde_json::from_str(PRINTED).unwrap();
        for (name, printed) in &file.keys {
            let key = Key::printed(name).unwrap().unwrap();
            assert!(!key.sign(printed.alg, b"input").unwrap().is_empty(), "{name}");
            let public = key.members(false);
            for member in ["n", "e", "x", "y", "crv", "kty", "k"] {
                assert_eq!(public.get(member), printed.jwk.get(member), "{name} {member}");
            }
        }
        assert!(Key::printed("rfc1-a").unwrap().is_none());
    }
}
