//! What targets decrypt, and the keys that they are handed for it.

use crate::{
    model::{ContentEncryption, KeyManagement, target::Decryption},
    token::{ForgeError, KeyRing, private_jwks},
};

/// What the built-in validators decrypt, each with a key of its own. No passwords: whoever has none has nothing to guess
/// and nothing to derive.
pub const BUILTIN_DECRYPTS: &[KeyManagement] = &[
    KeyManagement::RsaOaep256,
    KeyManagement::RsaOaep,
    KeyManagement::Rsa15,
    KeyManagement::EcdhEs,
    KeyManagement::EcdhEsA128Kw,
    KeyManagement::A128Kw,
    KeyManagement::A256GcmKw,
    KeyManagement::Dir,
];

/// How a target decrypts, with keys of ours.
///
/// # Errors
/// A key cannot be made.
pub fn decryption(
    ring: &KeyRing,
    algorithms: &[KeyManagement],
    content: &[ContentEncryption],
) -> Result<Decryption, ForgeError> {
    if algorithms.is_empty() {
        return Ok(Decryption::default());
    }
    let keys = Some(private_jwks(ring, algorithms)?);
    Ok(Decryption { algorithms: algorithms.to_vec(), content: content.to_vec(), keys })
}
