//! Shared keys and passwords that no honest validator would use.

use super::{
    super::{flaw::Flaw, forms, rules::Refusal},
    Letter, unwrap,
};
use crate::model::{KeyManagement, mutation::PublicKeyForm};
use aws_lc_rs::{digest, pbkdf2};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

const FORMS: &[PublicKeyForm] = &[
    PublicKeyForm::SpkiPem,
    PublicKeyForm::SpkiPemNoNewline,
    PublicKeyForm::SpkiDer,
    PublicKeyForm::Pkcs1Pem,
    PublicKeyForm::Pkcs1Der,
    PublicKeyForm::JwkAsServed,
    PublicKeyForm::JwkCanonical,
    PublicKeyForm::Openssh,
    PublicKeyForm::Raw,
];

/// The longest that a validator without a limit derives here: over the second that `dos-pbes2-count` allows.
const LONGEST: Duration = Duration::from_millis(1200);

/// The content keys that a flaw finds; `None` where the lookup goes on as usual.
pub(super) fn content_keys(letter: &Letter<'_>, alg: KeyManagement) -> Result<Option<Vec<Vec<u8>>>, Refusal> {
    let by_password = matches!(alg, KeyManagement::Pbes2Hs256A128Kw | KeyManagement::Pbes2Hs512A256Kw);
    match letter.rules.flaw {
        Some(Flaw::Pbes2AnyCount) if by_password => {
            derive_for_long(letter.header.get("p2c"));
            Err(Refusal::Decryption)
        }
        Some(Flaw::Pbes2OddCountCrashes) if by_password && !is_usual(letter) => Err(Refusal::Crash),
        Some(Flaw::Pbes2PublicKeyPassword) if by_password => {
            let unwrapped = secrets(letter).filter_map(|password| by_derived(letter, alg, &password));
            Ok(Some(unwrapped.collect()))
        }
        Some(Flaw::JweSigningKeyShared) => {
            let Some(length) = kek_length(letter, alg) else { return Ok(None) };
            let fitted = secrets(letter).flat_map(|secret| {
                let hashed = digest::digest(&digest::SHA512, &secret).as_ref().to_vec();
                [secret, hashed].map(|mut key| {
                    key.resize(length, 0);
                    key
                })
            });
            let keys: Vec<_> = fitted.filter_map(|kek| unwrap::by_shared(letter, alg, &kek).ok()).collect();
            // The right key, which is none of these, must go on working.
            Ok(Some(keys).filter(|keys| !keys.is_empty() && alg != KeyManagement::Dir || is_of_a_signer(letter)))
        }
        _ => Ok(None),
    }
}

fn is_of_a_signer(letter: &Letter<'_>) -> bool {
    letter.text("kid").is_some_and(|kid| letter.signers.with_kid(kid).next().is_some())
}

/// Everything that is known of the signers' keys, and the empty text.
fn secrets(letter: &Letter<'_>) -> impl Iterator<Item = Vec<u8>> {
    let signers = letter.signers;
    let own = signers.all().map(|key| key.raw.clone());
    let written =
        signers.all().flat_map(move |key| FORMS.iter().filter_map(move |form| forms::write(*form, key, signers)));
    std::iter::once(Vec::new()).chain(own).chain(written)
}

fn kek_length(letter: &Letter<'_>, alg: KeyManagement) -> Option<usize> {
    Some(match alg {
        KeyManagement::Dir => letter.enc.key_length(),
        KeyManagement::A128Kw | KeyManagement::A128GcmKw => 16,
        KeyManagement::A192Kw | KeyManagement::A192GcmKw => 24,
        KeyManagement::A256Kw | KeyManagement::A256GcmKw => 32,
        _ => return None,
    })
}

/// RFC 7518 section 4.8, for few rounds.
pub(super) fn by_derived(letter: &Letter<'_>, alg: KeyManagement, password: &[u8]) -> Option<Vec<u8>> {
    const MOST_ROUNDS: u32 = 10_000;
    let salt = URL_SAFE_NO_PAD.decode(letter.text("p2s")?).ok()?;
    let rounds = u32::try_from(letter.header.get("p2c")?.as_u64()?).ok().filter(|rounds| *rounds <= MOST_ROUNDS)?;
    let (hash, length) = match alg {
        KeyManagement::Pbes2Hs256A128Kw => (pbkdf2::PBKDF2_HMAC_SHA256, 16),
        _ => (pbkdf2::PBKDF2_HMAC_SHA512, 32),
    };
    let mut kek = vec![0; length];
    let salt = [alg.name().as_bytes(), &[0], &salt].concat();
    pbkdf2::derive(hash, NonZeroU32::new(rounds)?, &salt, password, &mut kek);
    unwrap::aes_unwrap(&kek, &letter.form.encrypted_key).ok()
}

/// Derives for as long as so many rounds take where each costs a microsecond, whatever this machine could do.
fn derive_for_long(count: Option<&Value>) {
    let rounds = count.and_then(Value::as_f64).filter(|rounds| *rounds >= 1.0).unwrap_or_default();
    let cost = Duration::try_from_secs_f64(rounds / 1e6).unwrap_or(LONGEST).min(LONGEST);
    let start = Instant::now();
    let mut key = [0; 16];
    while start.elapsed() < cost {
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, NonZeroU32::MIN.saturating_add(9_999), b"salt", b"", &mut key);
    }
}

/// A whole number of rounds, and a salt as RFC 7518 section 4.8.1.1 asks for.
fn is_usual(letter: &Letter<'_>) -> bool {
    let rounds = letter.header.get("p2c").and_then(Value::as_u64).is_some_and(|rounds| rounds > 0);
    let salt = letter.text("p2s").and_then(|salt| URL_SAFE_NO_PAD.decode(salt).ok());
    rounds && salt.is_some_and(|salt| (8..=1024).contains(&salt.len()))
}
