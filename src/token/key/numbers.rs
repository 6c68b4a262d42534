//! The numbers that a key is made of, and the forms in which they are written down.

use super::{Key, Material};
use crate::{
    model::{KeyFamily, Secret},
    token::{error::ForgeError, raw::RsaSecret},
};
use aws_lc_rs::{
    encoding::{AsBigEndian, AsDer},
    signature::KeyPair,
};
use num_bigint::BigUint;

impl Key {
    /// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) as DER.
    pub(in crate::token) fn spki_der(&self) -> Result<Vec<u8>, ForgeError> {
        let der = match &self.material {
            Material::Rsa(pair) => pair.public_key().as_der(),
            Material::Ec(pair) => pair.public_key().as_der(),
            Material::Ed(pair) => pair.public_key().as_der(),
            Material::MlDsa(pair) => pair.public_key().as_der(),
            Material::Verifying(known) => return Ok(self.verifying(known)?.spki.clone()),
            Material::OddRsa(_) | Material::Oct(..) => {
                return Err(ForgeError::NoSuchForm(self.alg, "SubjectPublicKeyInfo"));
            }
        };
        der.map(|der: aws_lc_rs::encoding::PublicKeyX509Der<'_>| der.as_ref().to_vec())
            .map_err(|_| ForgeError::Crypto("writing a public key"))
    }

    /// PKCS#1 RSAPublicKey (RFC 8017 appendix A.1.1) as DER.
    pub(in crate::token) fn pkcs1_der(&self) -> Result<Vec<u8>, ForgeError> {
        match &self.material {
            Material::Rsa(pair) => Ok(pair.public_key().as_ref().to_vec()),
            Material::Verifying(known) => self.verifying(known)?.pkcs1(self.alg),
            _ => Err(ForgeError::NoSuchForm(self.alg, "PKCS#1")),
        }
    }

    /// The bare public key: modulus, uncompressed point, or the bytes of Ed25519 and ML-DSA.
    pub(in crate::token) fn raw_public(&self) -> Result<Vec<u8>, ForgeError> {
        match &self.material {
            Material::Rsa(pair) => Ok(pair.public_key().modulus().big_endian_without_leading_zero().to_vec()),
            Material::OddRsa(secret) => Ok(secret.modulus.to_bytes_be()),
            Material::Ec(pair) => Ok(pair.public_key().as_ref().to_vec()),
            Material::Ed(pair) => Ok(pair.public_key().as_ref().to_vec()),
            Material::MlDsa(pair) => Ok(pair.public_key().as_ref().to_vec()),
            Material::Verifying(known) => Ok(self.verifying(known)?.raw.clone()),
            Material::Oct(..) => Err(ForgeError::NoSuchForm(self.alg, "public")),
        }
    }

    /// The RSA modulus, big-endian.
    pub(in crate::token) fn rsa_modulus(&self) -> Result<Vec<u8>, ForgeError> {
        match &self.material {
            Material::Rsa(_) | Material::OddRsa(_) => self.raw_public(),
            Material::Verifying(_) if self.alg.family() == KeyFamily::Rsa => self.raw_public(),
            _ => Err(ForgeError::NoSuchForm(self.alg, "RSA")),
        }
    }

    /// The secret of an HMAC key.
    pub(in crate::token) fn hmac_secret(&self) -> Option<&Vec<u8>> {
        match &self.material {
            Material::Oct(pair) => Some(pair.0.reveal()),
            _ => None,
        }
    }

    /// The RSA public exponent, big-endian.
    pub(in crate::token) fn rsa_exponent(&self) -> Option<Vec<u8>> {
        match &self.material {
            Material::Rsa(pair) => Some(pair.public_key().exponent().big_endian_without_leading_zero().to_vec()),
            Material::OddRsa(secret) => Some(secret.exponent.to_bytes_be()),
            Material::Verifying(known) => known.as_ref()?.exponent(),
            _ => None,
        }
    }

    /// The private key as PKCS#8, for certificates of our own.
    pub(in crate::token) fn pkcs8(&self) -> Result<Secret<Vec<u8>>, ForgeError> {
        let failed = |_| ForgeError::Crypto("writing a private key");
        match &self.material {
            Material::Rsa(pair) => {
                let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                Ok(Secret::new(der.as_ref().to_vec()))
            }
            Material::Ec(pair) => Ok(Secret::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())),
            Material::Ed(pair) => Ok(Secret::new(pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec())),
            Material::Verifying(_) => Err(ForgeError::NeedsIssuer),
            Material::OddRsa(_) | Material::MlDsa(_) | Material::Oct(..) => {
                Err(ForgeError::NoSuchForm(self.alg, "PKCS#8"))
            }
        }
    }

    /// Works on the private numbers of an RSA key.
    pub(in crate::token) fn with_rsa<T>(&self, work: impl FnOnce(&RsaSecret) -> T) -> Result<T, ForgeError> {
        match &self.material {
            Material::OddRsa(secret) => Ok(work(secret)),
            Material::Rsa(_) => RsaSecret::from_pkcs8(self.pkcs8()?.reveal())
                .map(|secret| work(&secret))
                .ok_or(ForgeError::Crypto("reading an RSA key")),
            Material::Verifying(_) => Err(ForgeError::NeedsIssuer),
            _ => Err(ForgeError::NoSuchForm(self.alg, "RSA")),
        }
    }

    /// The private number of an elliptic-curve key.
    pub(in crate::token) fn ec_secret(&self) -> Result<BigUint, ForgeError> {
        let Material::Ec(pair) = &self.material else { return Err(self.lacks("ECDSA")) };
        let number = pair.private_key().as_be_bytes().map_err(|_| ForgeError::Crypto("reading an EC key"))?;
        Ok(BigUint::from_bytes_be(number.as_ref()))
    }

    /// The seed of an Ed25519 key (RFC 8032 section 5.1.5).
    pub(in crate::token) fn ed_seed(&self) -> Result<Secret<Vec<u8>>, ForgeError> {
        let Material::Ed(pair) = &self.material else { return Err(self.lacks("Ed25519")) };
        let failed = |_| ForgeError::Crypto("reading an Ed25519 key");
        let seed = pair.seed().map_err(failed)?;
        Ok(Secret::new(seed.as_be_bytes().map_err(failed)?.as_ref().to_vec()))
    }

    /// The shared secret of an HMAC key.
    pub(in crate::token) fn mac_secret(&self) -> Result<&[u8], ForgeError> {
        match &self.material {
            Material::Oct(pair) => Ok(pair.0.reveal()),
            _ => Err(self.lacks("HMAC")),
        }
    }
}
