//! The private members of a JWK, read from PKCS#8 (RFC 5958): only for key sets whose issuer is careless on purpose.

use super::{compact::encode_segment, error::ForgeError, key::Key};
use crate::model::KeyFamily;

/// DER tags (X.690).
const OCTETS: u8 = 4;
const INTEGER: u8 = 2;
const SEQUENCE: u8 = 0x30;

impl Key {
    /// The private members by name: `d`, and for RSA the primes and what follows from them (RFC 7518 section 6.3.2).
    ///
    /// # Errors
    /// An HMAC key has no others than the one it has.
    pub(super) fn private_members(&self) -> Result<Vec<(&'static str, String)>, ForgeError> {
        let unreadable = || ForgeError::Crypto("reading a private key");
        let pkcs8 = self.pkcs8()?;
        let mut outer = Der(inside(SEQUENCE, &mut Der(pkcs8.reveal())).ok_or_else(unreadable)?);
        // The version and the algorithm.
        outer.nth(1);
        let inner = inside(OCTETS, &mut outer).ok_or_else(unreadable)?;
        if self.alg().family() == KeyFamily::Ed25519 {
            // CurvePrivateKey (RFC 8410 section 7): octets in octets.
            let seed = inside(OCTETS, &mut Der(inner)).ok_or_else(unreadable)?;
            return Ok(vec![("d", encode_segment(seed))]);
        }
        let mut fields = Der(inside(SEQUENCE, &mut Der(inner)).ok_or_else(unreadable)?);
        // The version.
        fields.next();
        if self.alg().family() != KeyFamily::Rsa {
            // ECPrivateKey (RFC 5915 section 3): octets as long as a coordinate.
            let scalar = inside(OCTETS, &mut fields).ok_or_else(unreadable)?;
            return Ok(vec![("d", encode_segment(scalar))]);
        }
        // RSAPrivateKey (RFC 8017 appendix A.1.2): n and e come first.
        fields.nth(1);
        ["d", "p", "q", "dp", "dq", "qi"]
            .into_iter()
            .map(|name| {
                let number = inside(INTEGER, &mut fields).ok_or_else(unreadable)?;
                let first = number.iter().position(|byte| *byte != 0).unwrap_or(0);
                Ok((name, encode_segment(&number[first..])))
            })
            .collect()
    }
}

/// A series of DER values.
struct Der<'d>(&'d [u8]);

impl<'d> Iterator for Der<'d> {
    type Item = (u8, &'d [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [tag, length, rest @ ..] = self.0 else { return None };
        let (length, rest) = match length {
            0..=0x7f => (usize::from(*length), rest),
            long => {
                let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
                (digits.iter().try_fold(0_usize, |sum, digit| Some(sum.checked_mul(256)? + usize::from(*digit)))?, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }
}

/// The content of the next value, where it has this tag.
fn inside<'d>(tag: u8, values: &mut Der<'d>) -> Option<&'d [u8]> {
    values.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Alg,
        token::{RsaBits, decode_segment},
    };

    fn lengths(alg: Alg) -> Vec<(&'static str, usize)> {
        let key = Key::generate("k", alg, RsaBits::default()).unwrap();
        let members = key.private_members().unwrap();
        members.iter().map(|(name, text)| (*name, decode_segment(text).unwrap().len())).collect()
    }

    #[test]
    fn every_kind_of_key_pair_has_its_private_members() {
        assert_eq!(lengths(Alg::Es256), [("d", 32)]);
        assert_eq!(lengths(Alg::Es512), [("d", 66)]);
        assert_eq!(lengths(Alg::EdDsa), [("d", 32)]);
        let rsa = lengths(Alg::Rs256);
        assert_eq!(rsa.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["d", "p", "q", "dp", "dq", "qi"]);
        assert_eq!((rsa[1].1, rsa[2].1), (128, 128));
        assert!(Key::generate("k", Alg::Hs256, RsaBits::default()).unwrap().private_members().is_err());
    }

    #[test]
    fn the_private_exponent_undoes_the_public_one() {
        // Ed25519: the public key follows from the seed.
        let key = Key::generate("k", Alg::EdDsa, RsaBits::default()).unwrap();
        let seed = decode_segment(&key.private_members().unwrap()[0].1).unwrap();
        let pair = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let public = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec();
        assert_eq!(public, key.raw_public().unwrap());
    }
}
