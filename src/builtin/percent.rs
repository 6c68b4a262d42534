//! Percent escapes (RFC 3986 section 2.1), for flaws that resolve them where they should not.

/// The bytes that the text stands for; what is no escape stays as it is.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_are_resolved_and_the_rest_is_kept() {
        assert_eq!(decode("/%77ho%61mi"), b"/whoami");
        assert_eq!(decode("100%"), b"100%");
        assert_eq!(decode("%zz%4"), b"%zz%4");
    }
}
