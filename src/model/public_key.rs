//! Written forms of a public key, as code that mistakes it for an HMAC secret would hold it (RFC 8725 section 2.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A written form of a public key, as code that mistakes it for a secret would hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PublicKeyForm {
    /// SubjectPublicKeyInfo as PEM, LF line ends, final LF.
    SpkiPem,
    /// The same without the final LF.
    SpkiPemNoNewline,
    /// The same with CRLF line ends.
    SpkiPemCrlf,
    /// SubjectPublicKeyInfo as DER.
    SpkiDer,
    /// The base64 text of the DER in one line, as it stands inside the PEM.
    SpkiBase64,
    /// The same in lines of 64 characters with LF between them, without the lines BEGIN and END.
    SpkiBase64Wrapped,
    /// PKCS#1 PEM (RSA only).
    #[serde(rename = "pkcs1-pem")]
    Pkcs1Pem,
    /// PKCS#1 PEM without the final LF (RSA only).
    #[serde(rename = "pkcs1-pem-no-newline")]
    Pkcs1PemNoNewline,
    /// PKCS#1 PEM with CRLF line ends (RSA only).
    #[serde(rename = "pkcs1-pem-crlf")]
    Pkcs1PemCrlf,
    /// PKCS#1 DER (RSA only).
    #[serde(rename = "pkcs1-der")]
    Pkcs1Der,
    /// The key's certificate, byte for byte as a set with certificates serves it, as PEM.
    CertificatePem,
    /// The certificate as DER.
    CertificateDer,
    /// The certificate as base64 text: the first entry of `x5c` (RFC 7517 section 4.7).
    CertificateBase64,
    /// The JWK byte for byte as the key set serves it, which is without white space.
    JwkAsServed,
    /// The canonical JSON of RFC 7638.
    JwkCanonical,
    /// The served JWK with its members sorted by name, without white space.
    JwkSorted,
    /// The served JWK over several lines, indented by two spaces.
    JwkPretty,
    /// The served JWK in one line with a space behind each colon and comma.
    JwkSpaced,
    /// A JSON list that holds the served JWK.
    JwkInList,
    /// The whole key set byte for byte as served.
    JwksAsServed,
    /// The line of an OpenSSH public key file, without comment.
    Openssh,
    /// The same with a comment behind it.
    OpensshComment,
    /// The raw key: modulus, uncompressed point, or the 32 bytes of Ed25519.
    Raw,
    /// The base64url text of the modulus, or of the coordinate x.
    NumberText,
    /// The modulus, or the coordinate x, in lower-case hexadecimal.
    NumberHex,
    /// The bytes of the coordinate x (EC only).
    PointX,
    /// The bytes of the coordinate y (EC only).
    PointY,
    /// The bytes of both coordinates (EC only).
    PointXy,
    /// The compressed point (SEC 1 section 2.3.3; EC only).
    PointCompressed,
}

/// What befalls a text between the file where it was made and the setting where it ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextShape {
    /// Nothing.
    AsItIs,
    /// Line ends of CR alone.
    Cr,
    /// One line: spaces in place of line ends, none at the end.
    OneLine,
    /// One line: the two characters `\n` in place of each line end, as in an environment variable.
    EscapedLineEnds,
    /// An empty line in front.
    LeadingLine,
    /// A space in front.
    LeadingSpace,
    /// A tab in front.
    LeadingTab,
    /// A byte order mark in front.
    ByteOrderMark,
    /// A line of comment in front.
    LeadingComment,
    /// A tab before the line END.
    TabBeforeEnd,
    /// Two spaces for each one.
    DoubledSpaces,
    /// A space at the end.
    TrailingSpace,
    /// One more LF at the end.
    FinalLine,
    /// The bytes in lower-case hexadecimal.
    Hex,
    /// The bytes in base64.
    Base64,
    /// The SHA-256 of the bytes.
    Sha256,
    /// The SHA-256 of the bytes in lower-case hexadecimal.
    Sha256Hex,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_files_are_kebab_case() {
        let read = |name: &str| serde_json::from_value::<PublicKeyForm>(name.into());
        assert_eq!(read("pkcs1-pem-crlf").unwrap(), PublicKeyForm::Pkcs1PemCrlf);
        assert_eq!(read("spki-base64-wrapped").unwrap(), PublicKeyForm::SpkiBase64Wrapped);
        assert!(serde_json::from_value::<TextShape>("sha256-hex".into()).is_ok());
        assert!(read("spki-pme").is_err());
    }
}
