//! Other ways to write a token, for flaws that read them (RFC 7515 section 7.2).

use super::percent;
use serde_json::{Map, Value};

/// The compact forms of all signatures in general JSON.
pub(super) fn all_signatures(sent: &[u8]) -> Option<Vec<Vec<u8>>> {
    let form: Value = serde_json::from_slice(sent).ok()?;
    let payload = form.get("payload")?.as_str()?;
    let compact = |entry: &Value| {
        let parts = [entry.get("protected")?.as_str()?, payload, entry.get("signature")?.as_str()?];
        Some(parts.join(".").into_bytes())
    };
    Some(form.get("signatures")?.as_array()?.iter().filter_map(compact).collect())
}

/// The payload of general JSON in which no entry holds a signature, as a compact form without header and signature.
pub(super) fn without_signatures(sent: &[u8]) -> Option<Vec<u8>> {
    let form: Value = serde_json::from_slice(sent).ok()?;
    let entries = form.get("signatures")?.as_array()?;
    let has_one = entries.iter().any(|entry| entry.get("signature").is_some_and(|text| text != ""));
    // `e30` is an empty object.
    (!has_one).then(|| Some(format!("e30.{}.", form.get("payload")?.as_str()?).into_bytes())).flatten()
}

/// The compact form, and the members of the header that no signature covers.
pub(super) fn with_unprotected(sent: &[u8]) -> Option<(Vec<u8>, Map<String, Value>)> {
    let form: Value = serde_json::from_slice(sent).ok()?;
    let signed = form.get("signatures").and_then(|entries| entries.get(0)).unwrap_or(&form);
    let header = signed.get("header")?.as_object()?.clone();
    let parts = [signed.get("protected")?, form.get("payload")?, signed.get("signature")?];
    let parts: Option<Vec<&str>> = parts.into_iter().map(Value::as_str).collect();
    Some((parts?.join(".").into_bytes(), header))
}

/// The longest piece of the text that looks like a token.
pub(super) fn found_inside(sent: &[u8]) -> Option<Vec<u8>> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let dots = |piece: &&[u8]| piece.iter().filter(|byte| **byte == b'.').count() == 2;
    sent.split(|byte| !fits(byte)).filter(dots).max_by_key(|piece| piece.len()).map(<[u8]>::to_vec)
}

/// The text without its percent escapes.
pub(super) fn without_escapes(sent: &[u8]) -> Vec<u8> {
    std::str::from_utf8(sent).map_or_else(|_| sent.to_vec(), percent::decode)
}

/// Raw DEFLATE data in stored blocks (RFC 1951 section 3.2.4); `None` where it is anything else.
pub(super) fn inflated(data: &[u8]) -> Option<Vec<u8>> {
    let (mut rest, mut text) = (data, Vec::new());
    loop {
        let (head, tail) = rest.split_at_checked(5)?;
        let length = usize::from(u16::from_le_bytes([head[1], head[2]]));
        if head[0] > 1 || [head[3], head[4]] != [!head[1], !head[2]] {
            return None;
        }
        let (block, tail) = tail.split_at_checked(length)?;
        text.extend_from_slice(block);
        if head[0] == 1 {
            return tail.is_empty().then_some(text);
        }
        rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_are_found_in_other_forms() {
        assert_eq!(found_inside(b"[\"a.b.c\",x]").as_deref(), Some(&b"a.b.c"[..]));
        assert_eq!(found_inside(b"a.b"), None);
        assert_eq!(without_escapes(b"a%2Eb"), b"a.b");
        assert_eq!(inflated(&[1, 2, 0, 0xfd, 0xff, b'a', b'b']).as_deref(), Some(&b"ab"[..]));
        assert_eq!(inflated(b"{}"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = (inflated(&bytes), found_inside(&bytes), without_escapes(&bytes), all_signatures(&bytes));
        }
    }
}
