//! JOSE once more, straight over the cryptographic library: nothing of this is the code that the vectors test.

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, ECDH_P256, ECDH_P384, UnparsedPublicKey as Ephemeral},
    cipher::{AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey},
    digest,
    encoding::{AsDer, Pkcs8V1Der},
    hmac,
    iv::FixedLength,
    key_wrap::{AES_128 as KW_128, AES_256 as KW_256, AesKek, KeyWrap},
    pbkdf2,
    rsa::{
        KeyPairComponents, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey,
        Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
    },
    signature::{self, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use std::{io::Read, num::NonZeroU32};

type Members = Map<String, Value>;

pub fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn text<'v>(of: &'v Value, name: &str) -> &'v str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn member(of: &Value, name: &str) -> Vec<u8> {
    bytes(text(of, name))
}

fn members(of: &Value) -> Members {
    of.as_object().cloned().unwrap_or_default()
}

fn protected(segment: &str) -> Members {
    if segment.is_empty() { Members::new() } else { serde_json::from_slice(&bytes(segment)).unwrap() }
}

/// How many signatures of a JWS there are, and whether all are good, each under the key of its `kid` or the only one.
pub fn signatures_are_good(token: &str, keys: &[Value]) -> (usize, bool) {
    let form: Value = serde_json::from_str(token).unwrap_or_else(|_| {
        let parts: Vec<&str> = token.split('.').collect();
        json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] })
    });
    let signatures = form.get("signatures").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![form.clone()]);
    let good = signatures.iter().all(|one| {
        let mut header = protected(text(one, "protected"));
        header.extend(members(&one["header"]));
        let payload = match header.get("b64") {
            Some(Value::Bool(false)) => text(&form, "payload").to_owned(),
            _ => text(&form, "payload").to_owned(),
        };
        let input = format!("{}.{payload}", text(one, "protected"));
        let (kid, alg) = (header.get("kid"), header["alg"].as_str().unwrap_or_default());
        let fits = |key: &&Value| {
            let kty = match &alg[..2] {
                "HS" => "oct",
                "RS" | "PS" => "RSA",
                "ES" => "EC",
                _ => "OKP",
            };
            key["kty"] == kty && (kid.is_none() || keys.len() == 1 || key.get("kid") == kid)
        };
        keys.iter().find(fits).is_some_and(|key| is_good(alg, key, input.as_bytes(), &member(one, "signature")))
    });
    (signatures.len(), good)
}

fn is_good(alg: &str, key: &Value, input: &[u8], signature: &[u8]) -> bool {
    let rsa = |parameters| {
        let (n, e) = (member(key, "n"), member(key, "e"));
        RsaPublicKeyComponents { n: &n, e: &e }.verify(parameters, input, signature).is_ok()
    };
    let point = || [&[4][..], &member(key, "x"), &member(key, "y")].concat();
    match alg {
        "HS256" => hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &member(key, "k")), input, signature).is_ok(),
        "RS256" => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        "PS256" => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        "PS384" => rsa(&signature::RSA_PSS_2048_8192_SHA384),
        "ES256" => {
            UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point()).verify(input, signature).is_ok()
        }
        "ES512" => {
            UnparsedPublicKey::new(&signature::ECDSA_P521_SHA512_FIXED, point()).verify(input, signature).is_ok()
        }
        "EdDSA" => UnparsedPublicKey::new(&signature::ED25519, member(key, "x")).verify(input, signature).is_ok(),
        other => panic!("no vector is of {other}"),
    }
}

/// What each recipient of a JWE finds inside.
pub fn contents(token: &str, keys: &[Value], algorithms: &[String]) -> Vec<Option<Vec<u8>>> {
    let form: Value = serde_json::from_str(token).unwrap_or_else(|_| {
        let parts: Vec<&str> = token.split('.').collect();
        json!({ "protected": parts[0], "encrypted_key": parts[1], "iv": parts[2], "ciphertext": parts[3], "tag": parts[4] })
    });
    let recipients = form.get("recipients").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![form.clone()]);
    let recipients = recipients.iter().enumerate().map(|(place, recipient)| {
        let mut header = protected(text(&form, "protected"));
        header.extend(members(&form["unprotected"]));
        header.extend(members(&recipient["header"]));
        let key = if keys.len() == recipients.len() { &keys[place] } else { &keys[0] };
        let alg = header.get("alg").and_then(Value::as_str).unwrap_or_default();
        assert!(algorithms.iter().any(|allowed| allowed == alg), "{alg}");
        let key = content_key(alg, &header, key, &member(recipient, "encrypted_key"))?;
        let mut aad = text(&form, "protected").to_owned();
        if form.get("aad").is_some() {
            aad = format!("{aad}.{}", text(&form, "aad"));
        }
        let content = opened(&header, &key, &form, aad.as_bytes())?;
        Some(match header.get("zip") {
            None => content,
            Some(_) => {
                let mut inflated = Vec::new();
                flate2::read::DeflateDecoder::new(&content[..]).read_to_end(&mut inflated).ok()?;
                inflated
            }
        })
    });
    recipients.collect()
}

fn content_key(alg: &str, header: &Members, key: &Value, wrapped: &[u8]) -> Option<Vec<u8>> {
    let value = Value::Object(header.clone());
    let enc = text(&value, "enc");
    match alg {
        "dir" => Some(member(key, "k")),
        "A128KW" | "A256KW" => unwrapped(&member(key, "k"), wrapped),
        "A256GCMKW" => {
            let mut sealed = [wrapped, &member(&value, "tag")].concat();
            gcm(&member(key, "k"), &member(&value, "iv"), &[], &mut sealed)
        }
        "RSA-OAEP" | "RSA-OAEP-256" | "RSA1_5" => rsa(alg, key, wrapped),
        "ECDH-ES" => Some(agreed(&value, key, enc, length_of(enc))),
        "ECDH-ES+A128KW" => unwrapped(&agreed(&value, key, alg, 16), wrapped),
        "ECDH-ES+A256KW" => unwrapped(&agreed(&value, key, alg, 32), wrapped),
        _ => {
            let (hash, length) = match alg {
                "PBES2-HS256+A128KW" => (pbkdf2::PBKDF2_HMAC_SHA256, 16),
                "PBES2-HS512+A256KW" => (pbkdf2::PBKDF2_HMAC_SHA512, 32),
                other => panic!("no vector is of {other}"),
            };
            let salt = [alg.as_bytes(), &[0], &member(&value, "p2s")].concat();
            let rounds = NonZeroU32::new(value["p2c"].as_u64()?.try_into().ok()?)?;
            let mut kek = vec![0; length];
            pbkdf2::derive(hash, rounds, &salt, &member(key, "k"), &mut kek);
            unwrapped(&kek, wrapped)
        }
    }
}

fn unwrapped(kek: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; wrapped.len()];
    let kek = AesKek::new(if kek.len() == 16 { &KW_128 } else { &KW_256 }, kek).ok()?;
    Some(kek.unwrap(wrapped, &mut out).ok()?.to_vec())
}

fn rsa(alg: &str, key: &Value, wrapped: &[u8]) -> Option<Vec<u8>> {
    let part = |name| member(key, name);
    let pair = RsaKeyPair::from_components(&KeyPairComponents {
        public_key: RsaPublicKeyComponents { n: part("n"), e: part("e") },
        d: part("d"),
        p: part("p"),
        q: part("q"),
        dP: part("dp"),
        dQ: part("dq"),
        qInv: part("qi"),
    });
    let der: Pkcs8V1Der<'_> = pair.ok()?.as_der().ok()?;
    let private = PrivateDecryptingKey::from_pkcs8(der.as_ref()).ok()?;
    let mut out = vec![0; wrapped.len()];
    match alg {
        "RSA1_5" => Some(Pkcs1PrivateDecryptingKey::new(private).ok()?.decrypt(wrapped, &mut out).ok()?.to_vec()),
        _ => {
            let hash = if alg == "RSA-OAEP" { &OAEP_SHA1_MGF1SHA1 } else { &OAEP_SHA256_MGF1SHA256 };
            Some(OaepPrivateDecryptingKey::new(private).ok()?.decrypt(hash, wrapped, &mut out, None).ok()?.to_vec())
        }
    }
}

/// RFC 7518 section 4.6.2.
fn agreed(header: &Value, key: &Value, name: &str, length: usize) -> Vec<u8> {
    let curve = if text(key, "crv") == "P-256" { &ECDH_P256 } else { &ECDH_P384 };
    let own = agreement::PrivateKey::from_private_key(curve, &member(key, "d")).unwrap();
    let epk = &header["epk"];
    let point = [&[4][..], &member(epk, "x"), &member(epk, "y")].concat();
    let secret = agreement::agree(&own, Ephemeral::new(curve, point), (), |secret| Ok(secret.to_vec())).unwrap();
    let sized = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let party = |name| sized(&member(header, name));
    let bits = u32::try_from(length * 8).unwrap().to_be_bytes();
    let info = [sized(name.as_bytes()), party("apu"), party("apv"), bits.to_vec()].concat();
    let round = |number: u32| {
        let input = [&number.to_be_bytes()[..], &secret, &info].concat();
        digest::digest(&digest::SHA256, &input).as_ref().to_vec()
    };
    let mut derived = [round(1), round(2)].concat();
    derived.truncate(length);
    derived
}

fn length_of(enc: &str) -> usize {
    match enc {
        "A128GCM" => 16,
        "A192GCM" => 24,
        "A256GCM" | "A128CBC-HS256" => 32,
        "A192CBC-HS384" => 48,
        _ => 64,
    }
}

fn opened(header: &Members, key: &[u8], form: &Value, aad: &[u8]) -> Option<Vec<u8>> {
    let (iv, ciphertext, tag) = (member(form, "iv"), member(form, "ciphertext"), member(form, "tag"));
    if header["enc"].as_str()?.ends_with("GCM") {
        return gcm(key, &iv, aad, &mut [ciphertext, tag].concat());
    }
    cbc_hmac(key, &iv, aad, &ciphertext, &tag)
}

fn gcm(key: &[u8], iv: &[u8], aad: &[u8], sealed: &mut [u8]) -> Option<Vec<u8>> {
    let cipher = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        _ => &AES_256_GCM,
    };
    let key = LessSafeKey::new(UnboundKey::new(cipher, key).ok()?);
    Some(key.open_in_place(Nonce::try_assume_unique_for_key(iv).ok()?, Aad::from(aad), sealed).ok()?.to_vec())
}

/// RFC 7518 section 5.2.2.2.
pub fn cbc_hmac(key: &[u8], iv: &[u8], aad: &[u8], ciphertext: &[u8], tag: &[u8]) -> Option<Vec<u8>> {
    let (mac, cipher) = key.split_at(key.len() / 2);
    let (hash, aes) = match key.len() {
        32 => (hmac::HMAC_SHA256, &AES_128),
        48 => (hmac::HMAC_SHA384, &AES_192),
        _ => (hmac::HMAC_SHA512, &AES_256),
    };
    let bits = u64::try_from(aad.len() * 8).unwrap().to_be_bytes();
    let wanted = hmac::sign(&hmac::Key::new(hash, mac), &[aad, iv, ciphertext, &bits].concat());
    if wanted.as_ref()[..mac.len()] != *tag {
        return None;
    }
    let iv: [u8; 16] = iv.try_into().ok()?;
    let mut text = ciphertext.to_vec();
    let key = DecryptingKey::cbc(UnboundCipherKey::new(aes, cipher).ok()?).ok()?;
    let padded = key.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    let padding = usize::from(*padded.last()?);
    Some(padded[..padded.len() - padding].to_vec())
}
