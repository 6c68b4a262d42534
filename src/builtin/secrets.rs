//! HMAC secrets that no honest validator would use.

use super::{
    flaw::Flaw,
    forms,
    key::{Key, KeySet},
    parse::Token,
    payload,
};
use crate::{
    model::{
        Alg, KeyFamily,
        public_key::{PublicKeyForm, TextShape},
    },
    token::reshape,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

/// Names that an object has by itself in some languages.
pub(super) const PROTOTYPE_NAMES: &[&str] =
    &["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "length"];

/// Whether the flaw lets an HMAC algorithm in that is not on the allow-list.
pub(super) fn takes_hmac(flaw: Flaw, header: &Map<String, Value>) -> bool {
    let kid = header.get("kid").and_then(Value::as_str).unwrap_or_default();
    match flaw {
        Flaw::NoAlgHmac | Flaw::NoAlgEmptyHmac => true,
        Flaw::HmacEmptyOnMiss | Flaw::HmacEmptyForPublicKey | Flaw::HmacTextOfNothing | Flaw::HmacUnchecked => true,
        Flaw::KidPath => is_path(kid),
        Flaw::KidFileRead => payload::file(kid).is_some(),
        Flaw::KidSql => selected(kid).is_some(),
        Flaw::KidPrototype => PROTOTYPE_NAMES.contains(&kid),
        Flaw::JwkHeaderOctUsed => header.contains_key("jwk"),
        other => !forms(other).is_empty(),
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
        Flaw::KidFileRead => texts(&[payload::file(kid?)?]),
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
            let forms = forms(other);
            if forms.is_empty() || named.iter().any(|key| key.family == KeyFamily::Oct) {
                return None;
            }
            let chosen = |key: &&std::sync::Arc<super::key::Key>| {
                key.family != KeyFamily::Oct && (missed || key.kid.as_deref() == kid)
            };
            Some(keys.all().filter(chosen).flat_map(|key| written(&forms, key, keys)).collect())
        }
    }
}

/// A public key in each of these forms and shapes that its kind has.
fn written(forms: &[(PublicKeyForm, &[TextShape])], key: &Key, set: &KeySet) -> Vec<Vec<u8>> {
    let mut secrets = Vec::new();
    for (form, shapes) in forms {
        let Some(text) = forms::write(*form, key, set) else { continue };
        secrets.extend(shapes.iter().map(|shape| reshape(&text, *shape)));
        if shapes.is_empty() {
            secrets.push(text);
        }
    }
    secrets
}

/// The forms of the public key that the flaw takes for a secret, and for each the shapes; as it is where there are none.
fn forms(flaw: Flaw) -> Vec<(PublicKeyForm, &'static [TextShape])> {
    let plain = |forms: &[PublicKeyForm]| forms.iter().map(|form| (*form, &[][..])).collect();
    match flaw {
        Flaw::HmacSpkiPem | Flaw::DuplicateAlgFirstChecked | Flaw::DuplicateAlgLastChecked => {
            plain(&[PublicKeyForm::SpkiPem])
        }
        Flaw::HmacSpkiPemNoNewline => plain(&[PublicKeyForm::SpkiPemNoNewline]),
        Flaw::HmacSpkiPemCrlf => plain(&[PublicKeyForm::SpkiPemCrlf]),
        Flaw::HmacSpkiDer => plain(&[PublicKeyForm::SpkiDer]),
        Flaw::HmacPkcs1Pem => plain(&[PublicKeyForm::Pkcs1Pem]),
        Flaw::HmacPkcs1PemNoNewline => plain(&[PublicKeyForm::Pkcs1PemNoNewline, PublicKeyForm::Pkcs1PemCrlf]),
        Flaw::HmacPkcs1Der => plain(&[PublicKeyForm::Pkcs1Der]),
        Flaw::HmacReshapedPem => vec![(PublicKeyForm::SpkiPem, AS_PASTED)],
        Flaw::HmacReshapedPkcs1Pem => vec![(PublicKeyForm::Pkcs1Pem, AS_PASTED)],
        Flaw::HmacCertificate => {
            plain(&[PublicKeyForm::CertificatePem, PublicKeyForm::CertificateDer, PublicKeyForm::CertificateBase64])
        }
        Flaw::HmacJwkAsServed => plain(&[PublicKeyForm::JwkAsServed]),
        Flaw::HmacJwkCanonical => plain(&[PublicKeyForm::JwkCanonical]),
        Flaw::HmacJwkRewritten => {
            plain(&[PublicKeyForm::JwkSorted, PublicKeyForm::JwkPretty, PublicKeyForm::JwkSpaced])
        }
        Flaw::HmacJwkWrapped => {
            vec![(PublicKeyForm::JwkInList, &[][..]), (PublicKeyForm::JwkAsServed, &[TextShape::ByteOrderMark])]
        }
        Flaw::HmacJwksAsServed => plain(&[PublicKeyForm::JwksAsServed]),
        Flaw::HmacOpenssh => plain(&[PublicKeyForm::Openssh]),
        Flaw::HmacOpensshFile => vec![
            (PublicKeyForm::Openssh, &[TextShape::FinalLine][..]),
            (PublicKeyForm::OpensshComment, &[]),
            (PublicKeyForm::OpensshComment, &[TextShape::FinalLine]),
        ],
        Flaw::HmacRaw => plain(&[PublicKeyForm::Raw]),
        Flaw::HmacNumberText => plain(&[PublicKeyForm::NumberText, PublicKeyForm::NumberHex]),
        Flaw::HmacPointBytes => plain(&[
            PublicKeyForm::PointX,
            PublicKeyForm::PointY,
            PublicKeyForm::PointXy,
            PublicKeyForm::PointCompressed,
        ]),
        Flaw::HmacPemBody => vec![
            (PublicKeyForm::SpkiBase64, &[][..]),
            (PublicKeyForm::SpkiBase64Wrapped, &[]),
            (PublicKeyForm::SpkiPem, DERIVED),
        ],
        _ => Vec::new(),
    }
}

/// What a PEM text becomes in settings and editors.
const AS_PASTED: &[TextShape] = &[
    TextShape::Cr,
    TextShape::OneLine,
    TextShape::EscapedLineEnds,
    TextShape::LeadingLine,
    TextShape::LeadingSpace,
    TextShape::LeadingTab,
    TextShape::ByteOrderMark,
    TextShape::LeadingComment,
    TextShape::TabBeforeEnd,
    TextShape::DoubledSpaces,
    TextShape::TrailingSpace,
    TextShape::FinalLine,
];

/// What a store for secrets makes of a PEM text.
const DERIVED: &[TextShape] = &[TextShape::Hex, TextShape::Base64, TextShape::Sha256, TextShape::Sha256Hex];

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
