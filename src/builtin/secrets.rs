//! HMAC secrets that no honest validator would use.

use super::{
    flaw::Flaw,
    forms,
    key::{Key, KeySet},
    parse::Token,
};
use crate::model::{Alg, KeyFamily, mutation::PublicKeyForm};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

/// Names that an object has by itself in some languages.
const PROTOTYPE_NAMES: &[&str] =
    &["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "length"];

/// Whether the flaw lets an HMAC algorithm in that is not on the allow-list.
pub(super) fn takes_hmac(flaw: Flaw, header: &Map<String, Value>) -> bool {
    let kid = header.get("kid").and_then(Value::as_str).unwrap_or_default();
    match flaw {
        Flaw::NoAlgHmac | Flaw::NoAlgEmptyHmac => true,
        Flaw::HmacEmptyOnMiss | Flaw::HmacEmptyForPublicKey | Flaw::HmacTextOfNothing | Flaw::HmacUnchecked => true,
        Flaw::KidPath => is_path(kid),
        Flaw::KidSql => selected(kid).is_some(),
        Flaw::KidPrototype => PROTOTYPE_NAMES.contains(&kid),
        Flaw::JwkHeaderOctUsed => header.contains_key("jwk"),
        other => form(other).is_some(),
    }
}

/// The secrets that the flaw makes up for this token; `None` where the lookup goes on as usual.
pub(super) fn for_token(flaw: Flaw, keys: &KeySet, token: &Token<'_>, alg: Alg) -> Option<Vec<Vec<u8>>> {
    let kid = token.header.get("kid").and_then(Value::as_str);
    let named: Vec<_> = kid.into_iter().flat_map(|kid| keys.with_kid(kid)).collect();
    let missed = named.is_empty() && (kid.is_some() || keys.fitting(alg).count() != 1);
    let texts = |texts: &[&str]| Some(texts.iter().map(|text| text.as_bytes().to_vec()).collect());
    match flaw {
        Flaw::HmacEmptyOnMiss if missed => texts(&[""]),
        Flaw::HmacTextOfNothing if missed => texts(&["null", "undefined", "None", "nil", "[object Object]"]),
        Flaw::HmacEmptyForPublicKey => {
            let public = named.iter().any(|key| key.family != KeyFamily::Oct) || (kid.is_none() && missed);
            if public { texts(&[""]) } else { None }
        }
        Flaw::KidPath if missed && is_path(kid?) => texts(&[""]),
        Flaw::KidSql => texts(&[selected(kid?)?]),
        Flaw::KidPrototype if missed && PROTOTYPE_NAMES.contains(&kid?) => {
            let function = format!("function {}() {{ [native code] }}", kid?);
            texts(&["", "[object Object]", "function Object() { [native code] }", &function])
        }
        Flaw::JwkHeaderOctUsed => {
            let jwk = token.header.get("jwk")?;
            (jwk.get("kty")? == "oct").then_some(())?;
            Some(vec![URL_SAFE_NO_PAD.decode(jwk.get("k")?.as_str()?).ok()?])
        }
        Flaw::NoAlgEmptyHmac if named.iter().any(|key| is_public_without_alg(key)) => texts(&[""]),
        Flaw::NoAlgHmac => {
            let keys_named = named.iter().filter(|key| is_public_without_alg(key));
            let secrets: Vec<_> =
                keys_named.flat_map(|key| FORMS.iter().filter_map(|form| forms::write(*form, key, keys))).collect();
            (!secrets.is_empty()).then_some(secrets)
        }
        other => {
            let form = form(other)?;
            if named.iter().any(|key| key.family == KeyFamily::Oct) {
                return None;
            }
            let chosen = |key: &&std::sync::Arc<super::key::Key>| {
                key.family != KeyFamily::Oct && (missed || key.kid.as_deref() == kid)
            };
            Some(keys.all().filter(chosen).filter_map(|key| forms::write(form, key, keys)).collect())
        }
    }
}

/// The form of the public key that the flaw takes for a secret.
fn form(flaw: Flaw) -> Option<PublicKeyForm> {
    Some(match flaw {
        Flaw::HmacSpkiPem | Flaw::DuplicateAlgFirstChecked | Flaw::DuplicateAlgLastChecked => PublicKeyForm::SpkiPem,
        Flaw::HmacSpkiPemNoNewline => PublicKeyForm::SpkiPemNoNewline,
        Flaw::HmacSpkiPemCrlf => PublicKeyForm::SpkiPemCrlf,
        Flaw::HmacSpkiDer => PublicKeyForm::SpkiDer,
        Flaw::HmacPkcs1Pem => PublicKeyForm::Pkcs1Pem,
        Flaw::HmacPkcs1PemNoNewline => PublicKeyForm::Pkcs1PemNoNewline,
        Flaw::HmacPkcs1Der => PublicKeyForm::Pkcs1Der,
        Flaw::HmacJwkAsServed => PublicKeyForm::JwkAsServed,
        Flaw::HmacJwkCanonical => PublicKeyForm::JwkCanonical,
        Flaw::HmacJwksAsServed => PublicKeyForm::JwksAsServed,
        Flaw::HmacOpenssh => PublicKeyForm::Openssh,
        Flaw::HmacRaw => PublicKeyForm::Raw,
        _ => return None,
    })
}

/// The forms that are tried with a key that names no algorithm.
const FORMS: &[PublicKeyForm] = &[
    PublicKeyForm::SpkiPem,
    PublicKeyForm::SpkiDer,
    PublicKeyForm::Pkcs1Pem,
    PublicKeyForm::JwkCanonical,
    PublicKeyForm::JwkAsServed,
];

fn is_public_without_alg(key: &Key) -> bool {
    key.family != KeyFamily::Oct && key.alg.is_none()
}

fn is_path(kid: &str) -> bool {
    kid.contains(['/', '\\']) || kid.contains("..")
}

/// What a database would answer to a `kid` that closes the text and selects one of its own.
fn selected(kid: &str) -> Option<&str> {
    let lower = kid.to_ascii_lowercase();
    let start = lower.find("union select ")? + "union select ".len();
    let quote = kid.get(start..)?.chars().next().filter(|c| ['\'', '"'].contains(c))?;
    kid.get(start + 1..)?.split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_text_is_found() {
        assert_eq!(selected("x' UNION SELECT 'K'-- "), Some("K"));
        assert_eq!(selected("x\" union select \"secret\" #"), Some("secret"));
        assert_eq!(selected("x' UNION SELECT"), None);
    }
}
