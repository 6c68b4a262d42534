//! A public key in the written forms in which careless code hands it to an HMAC (RFC 8725 section 2.1).

use super::key::{Key, KeySet};
use crate::model::{KeyFamily, mutation::PublicKeyForm};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::Value;

/// The key in the wanted form; `None` where keys of its kind have no such form.
pub(super) fn write(form: PublicKeyForm, key: &Key, set: &KeySet) -> Option<Vec<u8>> {
    Some(match form {
        PublicKeyForm::SpkiPem => pem("PUBLIC KEY", &key.spki).into_bytes(),
        PublicKeyForm::SpkiPemNoNewline => pem("PUBLIC KEY", &key.spki).trim_end().into(),
        PublicKeyForm::SpkiPemCrlf => pem("PUBLIC KEY", &key.spki).replace('\n', "\r\n").into_bytes(),
        PublicKeyForm::SpkiDer => key.spki.clone(),
        PublicKeyForm::Pkcs1Pem => pem("RSA PUBLIC KEY", &pkcs1(key)?).into_bytes(),
        PublicKeyForm::Pkcs1PemNoNewline => pem("RSA PUBLIC KEY", &pkcs1(key)?).trim_end().into(),
        PublicKeyForm::Pkcs1Der => pkcs1(key)?,
        PublicKeyForm::JwkAsServed => serde_json::to_vec(&key.jwk).ok()?,
        PublicKeyForm::JwkCanonical => canonical(key)?.into_bytes(),
        PublicKeyForm::JwksAsServed => set.served.clone(),
        PublicKeyForm::Openssh => openssh(key)?.into_bytes(),
        PublicKeyForm::Raw => key.raw.clone(),
    })
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

fn pkcs1(key: &Key) -> Option<Vec<u8>> {
    if key.family != KeyFamily::Rsa {
        return None;
    }
    Some(aws_lc_rs::rsa::PublicKey::from_der(&key.spki).ok()?.as_ref().to_vec())
}

/// Only the required members, sorted, without white space (RFC 7638 section 3.2, RFC 8037 section 2).
fn canonical(key: &Key) -> Option<String> {
    let names: &[&str] = match key.family {
        KeyFamily::Rsa => &["e", "kty", "n"],
        KeyFamily::Ed25519 => &["crv", "kty", "x"],
        KeyFamily::MlDsa44 | KeyFamily::MlDsa65 | KeyFamily::MlDsa87 => &["alg", "kty", "pub"],
        KeyFamily::Oct => return None,
        _ => &["crv", "kty", "x", "y"],
    };
    let member = |name: &&str| Some(format!("{}:{}", Value::from(*name), key.jwk.get(*name)?));
    let members: Option<Vec<String>> = names.iter().map(member).collect();
    Some(format!("{{{}}}", members?.join(",")))
}

/// The line of an OpenSSH public key file without comment (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709).
fn openssh(key: &Key) -> Option<String> {
    let (name, parts) = match key.family {
        KeyFamily::Rsa => {
            let exponent = URL_SAFE_NO_PAD.decode(key.jwk.get("e")?.as_str()?).ok()?;
            ("ssh-rsa", vec![positive(&exponent), positive(&key.raw)])
        }
        KeyFamily::P256 => ("ecdsa-sha2-nistp256", vec![b"nistp256".to_vec(), key.raw.clone()]),
        KeyFamily::P384 => ("ecdsa-sha2-nistp384", vec![b"nistp384".to_vec(), key.raw.clone()]),
        KeyFamily::P521 => ("ecdsa-sha2-nistp521", vec![b"nistp521".to_vec(), key.raw.clone()]),
        KeyFamily::Ed25519 => ("ssh-ed25519", vec![key.raw.clone()]),
        _ => return None,
    };
    let mut blob = Vec::new();
    for part in std::iter::once(name.as_bytes().to_vec()).chain(parts) {
        blob.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
        blob.extend_from_slice(&part);
    }
    Some(format!("{name} {}", STANDARD.encode(blob)))
}

/// A number as SSH writes it: a zero byte in front where it would look negative.
fn positive(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
    [sign, number].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{builtin::testing::*, model::Alg};

    fn written(form: PublicKeyForm, alg: Alg) -> Option<Vec<u8>> {
        let set = KeySet::of_one(&jwk(alg));
        let key = set.all().next().unwrap();
        write(form, key, &set)
    }

    #[test]
    fn each_form_begins_and_ends_as_other_tools_write_it() {
        let text = |form, alg| String::from_utf8(written(form, alg).unwrap()).unwrap();
        for (alg, start) in [
            (Alg::Rs256, "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ"),
            (Alg::Es256, "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBB"),
            (Alg::EdDsa, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"),
        ] {
            assert!(text(PublicKeyForm::Openssh, alg).starts_with(start), "{alg}");
        }
        let pem = text(PublicKeyForm::SpkiPem, Alg::EdDsa);
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"), "{pem}");
        assert!(pem.ends_with("\n-----END PUBLIC KEY-----\n") && pem.lines().count() == 3);
        assert!(text(PublicKeyForm::Pkcs1Pem, Alg::Rs256).starts_with("-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEA"));
        assert!(text(PublicKeyForm::SpkiPem, Alg::Rs256).lines().all(|line| line.len() <= 64));
        assert!(text(PublicKeyForm::JwkCanonical, Alg::Es256).starts_with(r#"{"crv":"P-256","kty":"EC","x":""#));
        assert_eq!(written(PublicKeyForm::Raw, Alg::Rs256).unwrap().len(), 256);
        assert_eq!(written(PublicKeyForm::Raw, Alg::Es512).unwrap().len(), 133);
        assert_eq!(written(PublicKeyForm::Pkcs1Der, Alg::Es256), None);
    }
}
