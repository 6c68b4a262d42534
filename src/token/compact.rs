//! The compact serialization (RFC 7515 section 7.1), written by hand because libraries refuse the tokens that we need.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Base64url without padding (RFC 7515 section 2).
#[must_use]
pub fn encode_segment(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends a segment to a token under construction.
pub(super) fn encode_onto(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Decodes a segment strictly; `None` where it is not base64url without padding.
#[must_use]
pub fn decode_segment(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
