//! What befalls a key's text on its way into a setting.

use crate::model::public_key::TextShape;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

/// The bytes in another shape. What is no UTF-8 text keeps its line ends and markers.
#[must_use]
pub fn reshape(bytes: &[u8], shape: TextShape) -> Vec<u8> {
    let replaced = |from: &str, to: &str| match std::str::from_utf8(bytes) {
        Ok(text) => text.replace(from, to).into_bytes(),
        Err(_) => bytes.to_vec(),
    };
    match shape {
        TextShape::AsItIs => bytes.to_vec(),
        TextShape::Cr => replaced("\n", "\r"),
        TextShape::OneLine => String::from_utf8_lossy(bytes).lines().collect::<Vec<_>>().join(" ").into_bytes(),
        TextShape::EscapedLineEnds => replaced("\n", "\\n"),
        TextShape::LeadingLine => [b"\n", bytes].concat(),
        TextShape::LeadingSpace => [b" ", bytes].concat(),
        TextShape::LeadingTab => [b"\t", bytes].concat(),
        TextShape::ByteOrderMark => [b"\xef\xbb\xbf", bytes].concat(),
        TextShape::LeadingComment => [b"# public key\n", bytes].concat(),
        TextShape::TabBeforeEnd => replaced("-----END", "\t-----END"),
        TextShape::DoubledSpaces => replaced(" ", "  "),
        TextShape::TrailingSpace => [bytes, b" "].concat(),
        TextShape::FinalLine => [bytes, b"\n"].concat(),
        TextShape::Hex => hex(bytes).into_bytes(),
        TextShape::Base64 => STANDARD.encode(bytes).into_bytes(),
        TextShape::Sha256 => digest(&SHA256, bytes).as_ref().to_vec(),
        TextShape::Sha256Hex => hex(digest(&SHA256, bytes).as_ref()).into_bytes(),
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &[u8] = b"-----BEGIN KEY-----\nMIIB\nAQAB\n-----END KEY-----\n";

    fn shaped(shape: TextShape) -> String {
        String::from_utf8(reshape(PEM, shape)).unwrap()
    }

    #[test]
    fn each_shape_is_what_its_name_says() {
        assert_eq!(shaped(TextShape::Cr), "-----BEGIN KEY-----\rMIIB\rAQAB\r-----END KEY-----\r");
        assert_eq!(shaped(TextShape::OneLine), "-----BEGIN KEY----- MIIB AQAB -----END KEY-----");
        assert_eq!(shaped(TextShape::EscapedLineEnds), r"-----BEGIN KEY-----\nMIIB\nAQAB\n-----END KEY-----\n");
        assert!(shaped(TextShape::LeadingLine).starts_with("\n-"));
        assert!(shaped(TextShape::ByteOrderMark).starts_with("\u{feff}-"));
        assert!(shaped(TextShape::LeadingComment).starts_with("# public key\n-----BEGIN"));
        assert!(shaped(TextShape::TabBeforeEnd).ends_with("\n\t-----END KEY-----\n"));
        assert!(shaped(TextShape::DoubledSpaces).contains("-----END  KEY-----"));
        assert!(shaped(TextShape::FinalLine).ends_with("-----\n\n"));
        assert!(shaped(TextShape::Hex).starts_with("2d2d2d2d2d424547494e"));
        assert!(shaped(TextShape::Base64).starts_with("LS0tLS1CRUdJTiBLRVkt"));
        assert_eq!(reshape(b"", TextShape::Sha256).len(), 32);
        assert!(reshape(b"", TextShape::Sha256Hex).starts_with(b"e3b0c44298fc1c14"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_take_any_shape(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            for shape in [TextShape::OneLine, TextShape::Cr, TextShape::TabBeforeEnd, TextShape::DoubledSpaces] {
                let _ = reshape(&bytes, shape);
            }
        }
    }
}
