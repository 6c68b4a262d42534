//! An authority of our own that certifies trusted keys, and the certificates that an attacker could show beside or
//! instead of them (RFC 5280 section 6).

use super::{error::ForgeError, key::Key};
use crate::model::{KeyFamily, chain::ChainCertificate};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock, PoisonError},
};

/// The name in the certificate of each trusted key.
const SUBJECT: &str = "token signing";
/// The name of the authority that signs it.
const AUTHORITY: &str = "gauntlet issuing authority";

/// Certificates by key and kind, made when first asked for and the same ever after: ECDSA signs differently each time.
#[derive(Default)]
pub struct Pki {
    authorities: OnceLock<Result<Authorities, ForgeError>>,
    made: Mutex<BTreeMap<(String, ChainCertificate), Vec<u8>>>,
}

struct Authorities {
    root: Vec<u8>,
    intermediate: Issuer<'static, KeyPair>,
    intermediate_der: Vec<u8>,
    end_entity: Issuer<'static, KeyPair>,
    end_entity_der: Vec<u8>,
}

impl Pki {
    /// The genuine certificate of a trusted key, as DER.
    ///
    /// # Errors
    /// Certificates of such keys cannot be made (HMAC, secp256k1).
    pub fn genuine(&self, key: &Key) -> Result<Vec<u8>, ForgeError> {
        self.certificate(ChainCertificate::Trusted, key)
    }

    /// A certificate as DER. `key` is the one it is about, where it is about a key of the ring.
    ///
    /// # Errors
    /// As [`Pki::genuine`].
    pub fn certificate(&self, which: ChainCertificate, key: &Key) -> Result<Vec<u8>, ForgeError> {
        let authorities = self.authorities.get_or_init(Authorities::make).as_ref().map_err(Clone::clone)?;
        match which {
            ChainCertificate::Root => return Ok(authorities.root.clone()),
            ChainCertificate::Intermediate => return Ok(authorities.intermediate_der.clone()),
            ChainCertificate::EndEntity => return Ok(authorities.end_entity_der.clone()),
            _ => {}
        }
        // The issuer's own certificate, where it has one, is not known.
        let unknown = key.is_lent() && matches!(which, ChainCertificate::Trusted);
        if unknown || matches!(key.alg().family(), KeyFamily::Oct | KeyFamily::Secp256k1) {
            return Err(ForgeError::NoSuchForm(key.alg(), "certificate"));
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (key.kid().to_owned(), which);
        if let Some(known) = made.get(&place) {
            return Ok(known.clone());
        }
        let pair = KeyPair::try_from(key.pkcs8()?.reveal().as_slice()).map_err(failed)?;
        let certificate = authorities.certify(which, &pair).map_err(failed)?;
        made.insert(place, certificate.clone());
        Ok(certificate)
    }
}

fn failed(_: rcgen::Error) -> ForgeError {
    ForgeError::Crypto("making a certificate")
}

impl Authorities {
    fn make() -> Result<Authorities, ForgeError> {
        Authorities::issue().map_err(failed)
    }

    fn issue() -> Result<Authorities, rcgen::Error> {
        let (root_params, root_key) = (authority("gauntlet root", 1)?, KeyPair::generate()?);
        let root = root_params.self_signed(&root_key)?.der().to_vec();
        let root = (Issuer::new(root_params, root_key), root);
        let (params, key) = (authority(AUTHORITY, 0)?, KeyPair::generate()?);
        let intermediate_der = params.signed_by(&key, &root.0)?.der().to_vec();
        let intermediate = Issuer::new(params, key);
        let (mut params, key) = (named("somebody's web server")?, KeyPair::generate()?);
        params.is_ca = IsCa::ExplicitNoCa;
        let end_entity_der = params.signed_by(&key, &intermediate)?.der().to_vec();
        let end_entity = Issuer::new(params, key);
        Ok(Authorities { root: root.1, intermediate, intermediate_der, end_entity, end_entity_der })
    }

    fn certify(&self, which: ChainCertificate, key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
        let mut params = named(SUBJECT)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let certificate = match which {
            ChainCertificate::CopiedNames => {
                let same_name = Issuer::new(authority(AUTHORITY, 0)?, key);
                params.signed_by(key, &same_name)?
            }
            ChainCertificate::Trusted => params.signed_by(key, &self.intermediate)?,
            ChainCertificate::UnderEndEntity => params.signed_by(key, &self.end_entity)?,
            ChainCertificate::Expired => {
                params.not_before = date_time_ymd(2019, 1, 1);
                params.not_after = date_time_ymd(2020, 1, 1);
                params.signed_by(key, &self.intermediate)?
            }
            ChainCertificate::ServerOnly => {
                params.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
                params.signed_by(key, &self.intermediate)?
            }
            _ => CertificateParams::new(vec!["issuer.example".to_owned()])?.self_signed(key)?,
        };
        Ok(certificate.der().to_vec())
    }
}

fn named(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn authority(name: &str, below: u8) -> Result<CertificateParams, rcgen::Error> {
    let mut params = named(name)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(below));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Alg, token::key::RsaBits};

    #[test]
    fn certificates_stay_the_same_and_hold_the_key_that_they_are_about() {
        let pki = Pki::default();
        for alg in [Alg::Rs256, Alg::Es256, Alg::Es384, Alg::Es512, Alg::EdDsa] {
            let key = Key::generate("k", alg, RsaBits::default()).unwrap();
            let raw = key.raw_public().unwrap();
            for which in [
                ChainCertificate::SelfSigned,
                ChainCertificate::CopiedNames,
                ChainCertificate::Trusted,
                ChainCertificate::UnderEndEntity,
                ChainCertificate::Expired,
                ChainCertificate::ServerOnly,
            ] {
                let one = pki.certificate(which, &key).unwrap();
                assert_eq!(one, pki.certificate(which, &key).unwrap());
                assert!(one.windows(raw.len()).any(|window| window == raw), "{alg} {which:?}");
            }
        }
    }

    #[test]
    fn copied_names_are_the_trusted_ones() {
        let pki = Pki::default();
        let key = Key::generate("k", Alg::Es256, RsaBits::default()).unwrap();
        let holds = |which, text: &str| {
            let der = pki.certificate(which, &key).unwrap();
            der.windows(text.len()).any(|window| window == text.as_bytes())
        };
        for which in [ChainCertificate::Trusted, ChainCertificate::CopiedNames] {
            assert!(holds(which, SUBJECT) && holds(which, AUTHORITY), "{which:?}");
        }
        assert!(!holds(ChainCertificate::SelfSigned, AUTHORITY));
    }

    #[test]
    fn keys_without_certificates_are_named() {
        let key = Key::generate("k", Alg::Es256k, RsaBits::default()).unwrap();
        assert_eq!(Pki::default().genuine(&key), Err(ForgeError::NoSuchForm(Alg::Es256k, "certificate")));
    }
}
