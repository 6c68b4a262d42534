//! Shapes of signatures that no ordinary signer makes: the parameters of the mutations that work on the arithmetic.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Defines enums whose members are kebab-case texts in case files.
macro_rules! shapes {
    ($($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $doc:literal])+ $member:ident $text:literal,)* })*) => {
        $($(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $member,)*
        })*
    };
}

shapes! {
    /// A hash function.
    HashName {
        /// SHA-1.
        Sha1 "sha1",
        /// SHA-224.
        Sha224 "sha224",
        /// SHA-256.
        Sha256 "sha256",
        /// SHA-384.
        Sha384 "sha384",
        /// SHA-512.
        Sha512 "sha512",
    }

    /// What is signed in place of the signing input (RFC 7515 section 5.1).
    SignedBytes {
        /// The JSON texts of header and payload, joined by a dot.
        Decoded "decoded-segments",
        /// The signing input and another dot.
        FinalDot "final-dot",
        /// The payload segment alone.
        PayloadAlone "payload-alone",
    }

    /// A form of a shared secret's bytes that a confused configuration holds in place of them.
    SecretForm {
        /// The text of their base64url encoding.
        Base64url "base64url-text",
        /// The text of their base64 encoding with padding.
        Base64 "base64-text",
        /// The text of their hexadecimal form.
        Hex "hex-text",
        /// The bytes and a line feed.
        LineFeed "with-line-feed",
        /// The bytes without the last one.
        LastByteLost "without-last-byte",
        /// Their SHA-256 value.
        Hashed "sha256",
    }

    /// How an encoded message block differs from the one of RFC 8017 section 9.2.
    BlockShape {
        /// In nothing. For a key of exponent 2, a text is sought whose block has a square root.
        Right "right",
        /// Seven padding bytes, and zero bytes in front to fill the length.
        ShortPadding "short-padding",
        /// Padding of 0xFE instead of 0xFF.
        OtherPadding "other-padding",
        /// Block type 0.
        TypeZero "block-type-0",
        /// Block type 2, the one for encryption.
        TypeTwo "block-type-2",
        /// A first byte of 1 instead of 0. Refused where the number is not below the modulus.
        FirstByte "first-byte-not-zero",
        /// The bare hash where the DigestInfo belongs.
        BareHash "bare-hash",
        /// No NULL behind the object identifier.
        NullAbsent "null-absent",
        /// Sixteen bytes behind the hash, outside of the DigestInfo, and the padding shorter by as many.
        BytesBehind "bytes-behind-hash",
        /// Sixteen bytes behind the hash, inside of the DigestInfo's length.
        BytesInside "bytes-inside-digest-info",
        /// The object identifier of SHA-384 or SHA-512, the hash value of the algorithm's own hash.
        OtherOid "other-hash-identifier",
        /// Bytes in place of the NULL among the parameters.
        Parameters "garbage-parameters",
        /// The outer length in the long form.
        LongLength "long-form-length",
        /// The indefinite length of BER.
        IndefiniteLength "indefinite-length",
    }

    /// Which bytes a forged cube leaves to chance.
    CubeShape {
        /// All behind the hash; eight padding bytes in front.
        BehindHash "garbage-behind-hash",
        /// The middle of the padding: a correct beginning, and a correct end.
        Padding "padding-unchecked",
        /// The parameters of the hash's identifier, which may hold anything of any length.
        Parameters "garbage-parameters",
    }

    /// How a PSS block differs from what RFC 7518 section 3.5 fixes.
    PssShape {
        /// No salt.
        Salt0 "salt-0",
        /// A salt of 20 bytes, the default of many interfaces.
        Salt20 "salt-20",
        /// A salt one byte shorter than the hash.
        SaltOneLess "salt-one-less",
        /// A salt one byte longer than the hash.
        SaltOneMore "salt-one-more",
        /// The longest salt that fits.
        SaltMax "salt-max",
        /// The mask made with SHA-1.
        MgfSha1 "mgf1-sha1",
        /// The mask made with another hash of the same family than the algorithm's.
        MgfOther "mgf1-other-hash",
        /// A last byte of 0xCC instead of 0xBC.
        Trailer "trailer-cc",
        /// Bits set in front of the masked block that have to be zero.
        TopBits "top-bits-set",
    }

    /// Which number of an ECDSA signature begins with how many zero bytes.
    ZeroBytes {
        /// The first, one byte.
        ROne "r-one",
        /// The first, two bytes.
        RTwo "r-two",
        /// The second, one byte.
        SOne "s-one",
    }

    /// A way to write the neutral point of Ed25519, whose canonical encoding is y = 1 with the sign bit clear.
    NeutralPoint {
        /// As RFC 8032 section 5.1.2 wants it.
        Canonical "canonical",
        /// With y = p + 1.
        LargeY "large-y",
        /// With the sign bit set although x = 0.
        SignBit "sign-bit",
    }

    /// A variant of Ed25519 (RFC 8032 section 5.1).
    EdVariant {
        /// Ed25519ph: the message is hashed first.
        Prehashed "prehashed",
        /// Ed25519ctx with the context `gauntlet`.
        Context "context",
    }

    /// A number in an ECDSA signature. `n` is the order of the group, `p` the prime of the field.
    EcdsaNumber {
        /// The real `r`.
        RealR "real-r",
        /// The real `s`.
        RealS "real-s",
        /// 0.
        Zero "zero",
        /// 1.
        One "one",
        /// n - 1.
        OrderMinusOne "order-minus-one",
        /// n.
        Order "order",
        /// n + 1.
        OrderPlusOne "order-plus-one",
        /// p - 1.
        FieldMinusOne "field-minus-one",
        /// p.
        Field "field",
        /// All bits set.
        Ones "all-ones",
        /// The real `r` + n; only P-521 has room for it.
        RPlusOrder "r-plus-order",
        /// The real `s` + n; only P-521 has room for it.
        SPlusOrder "s-plus-order",
        /// n - `s`, which is as good a second number as `s`.
        SNegated "s-negated",
    }

    /// A way to write the two numbers of an ECDSA signature one behind the other.
    EcdsaSpacing {
        /// Without the zero bytes in front of each.
        Stripped "stripped",
        /// With one more zero byte in front of each.
        Widened "widened",
    }

    /// A number in place of an RSA signature. N is the modulus.
    RsaNumber {
        /// 0.
        Zero "zero",
        /// 1.
        One "one",
        /// N - 1.
        ModulusMinusOne "modulus-minus-one",
        /// N.
        Modulus "modulus",
        /// All bits set.
        Ones "all-ones",
    }

    /// A text that holds a signature's bytes.
    TextForm {
        /// Hexadecimal digits, encoded again in base64url as text is.
        EncodedHex "base64url-of-hex",
        /// Hexadecimal digits as they are.
        Hex "hex",
        /// The base64url text, encoded in base64url once more.
        Twice "base64url-twice",
    }
}
