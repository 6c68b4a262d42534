//! Named ways to damage an encrypted token. A variant's comment is its manual.

use crate::model::{
    mutation::Position,
    slot::{Slot, scalar_text},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Damage to an encrypted token. What comes before `flip` is worked into the encryption; the rest happens to the
/// finished parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum JweDamage {
    /// Sets a header member to a JSON text, exactly as written; the tag covers it.
    HeaderText {
        /// The member's name.
        name: String,
        /// What stands behind the colon.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Wraps a content key of another length than `enc` needs. The content is encrypted with a key of the right length
    /// that begins with it.
    ContentKeyBytes {
        /// Its length.
        bytes: Slot<u32>,
    },
    /// Lets the RSA block that holds the content key differ from what RFC 8017 section 7.2.1 asks for; RSA1_5 only.
    RsaBlock {
        /// In what.
        block: Slot<RsaBlock>,
    },
    /// Pads the content wrongly, under a MAC that is right; AES-CBC only.
    CbcPadding {
        /// How.
        padding: Slot<CbcPadding>,
    },
    /// Sends another ephemeral key, and encrypts as if both sides had agreed on a secret of zeros, which is what
    /// careless arithmetic makes of it; ECDH-ES only.
    EphemeralKey {
        /// Which one.
        key: Slot<EphemeralKey>,
    },
    /// Salts the password with so many bytes; PBES2 only.
    SaltBytes {
        /// How many.
        bytes: Slot<u32>,
    },
    /// Flips one bit of a part.
    Flip {
        /// Which one.
        part: Slot<JwePart>,
        /// At which byte.
        at: Slot<Position>,
    },
    /// Cuts a part to its first bytes; 0 empties it.
    Keep {
        /// Which one.
        part: Slot<JwePart>,
        /// Bytes that stay; all of them where it has fewer.
        bytes: Slot<u32>,
    },
    /// Takes bytes from the end of a part.
    CutOff {
        /// Which one.
        part: Slot<JwePart>,
        /// How many.
        bytes: Slot<u32>,
    },
    /// Replaces a part by bytes that the seed decides, of the same length.
    Random {
        /// Which one.
        part: Slot<JwePart>,
    },
    /// Adds a member to the finished header, which the tag does not cover any more.
    LateHeader {
        /// The member's name.
        name: String,
        /// What stands behind the colon.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Writes the same token as JSON.
    Json {
        /// In which form.
        form: Slot<JweJson>,
    },
}

/// A JSON form of an encrypted token (RFC 7516 section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JweJson {
    /// For one recipient (section 7.2.2).
    Flattened,
    /// For several recipients, here one (section 7.2.1).
    General,
    /// For two recipients: a stranger's encrypted key first, the right one second.
    TwoRecipients,
}

/// One of the five parts (RFC 7516 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JwePart {
    /// The protected header.
    Header,
    /// The encrypted content key.
    EncryptedKey,
    /// The initialization vector.
    Iv,
    /// The ciphertext.
    Ciphertext,
    /// The authentication tag.
    Tag,
}

/// An RSA block that RFC 8017 section 7.2.2 refuses, or that holds no key of the right length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RsaBlock {
    /// Well formed, with an empty content key.
    EmptyKey,
    /// Well formed, with a content key that is a byte too short.
    ShortKey,
    /// Well formed, with a content key that is a byte too long.
    LongKey,
    /// Begins with 00 01, as a signature does, instead of 00 02.
    SignatureType,
    /// Begins with 01 02.
    NoLeadingZero,
    /// Has no zero byte between padding and key.
    NoSeparator,
    /// Has a zero byte among the first eight bytes of padding.
    ShortPadding,
    /// Has zeros all through.
    Zeros,
}

/// Padding that is not what PKCS#7 asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CbcPadding {
    /// The last byte is 0.
    Zero,
    /// The last byte is greater than a block.
    TooLong,
    /// The bytes of the padding differ from each other.
    Uneven,
}

/// An ephemeral key that must not be used (RFC 8725 section 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EphemeralKey {
    /// A point that is not on the curve.
    OffCurve,
    /// The point (0, 0), which is on no curve of RFC 7518.
    Zero,
    /// A good point of P-384 under the name of that curve.
    OtherCurve,
    /// X25519 with 32 zero bytes, with which every agreement comes to zeros.
    #[serde(rename = "x25519-zero")]
    X25519Zero,
    /// X25519 with a point of small order other than zero.
    #[serde(rename = "x25519-small-order")]
    X25519SmallOrder,
    /// None at all.
    Missing,
}
