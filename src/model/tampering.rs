//! Damage after signing, which the signature does not cover.

use super::{
    place::{Position, Segment, Spot},
    shape::{JsonForm, SignatureEntry, Spelling},
    signature_shape::{EcdsaNumber, EcdsaSpacing, RsaNumber, TextForm},
    slot::{Slot, scalar_text},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Damage after signing. The signature does not cover it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Tampering {
    /// Empties the signature segment: `h.p.`
    StripSignature,
    /// Flips one bit of the signature bytes.
    FlipSignatureBit {
        /// Which byte.
        at: Slot<Position>,
    },
    /// Cuts the signature to its first bytes.
    TruncateSignature {
        /// Bytes that stay; all of them where it has fewer.
        bytes: Slot<u32>,
    },
    /// Adds zero bytes to the signature; none where the number is 0.
    ExtendSignature {
        /// How many.
        bytes: Slot<u32>,
        /// In front, between its two halves (the numbers of an ECDSA signature), or behind.
        place: Slot<Position>,
    },
    /// Replaces the signature by zero bytes of the same length.
    ZeroSignature,
    /// Replaces the signature by bytes that the seed decides, of the same length (32 where it was empty).
    RandomSignature,
    /// Replaces the signature by the signature of another good token of the same signer.
    SignatureOfAnother,
    /// Writes an ECDSA signature as the ASN.1 DER sequence of its two numbers (RFC 3279 section 2.2.3) instead of the
    /// fixed-length form of RFC 7518 section 3.4.
    DerSignature,
    /// Sets a claim in the payload; the old signature stays.
    SwapClaim {
        /// The claim's name.
        name: String,
        /// What stands behind the colon.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Sets a header member; the old signature stays.
    SwapHeader {
        /// The member's name.
        name: String,
        /// What stands behind the colon.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Takes a header member away; the old signature stays.
    LoseHeader {
        /// The member's name.
        name: String,
    },
    /// Empties one segment of the compact form, counted from 0.
    EmptySegment {
        /// Which one.
        index: Slot<u32>,
    },
    /// Replaces one segment of the compact form, counted from 0, by a text.
    ReplaceSegment {
        /// Which one.
        index: Slot<u32>,
        /// The text that takes its place, as it stands (`${before.good.signature}`).
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Writes one segment with `+` and `/`, as the standard base64 alphabet has them, instead of `-` and `_`; refused
    /// where the segment holds neither.
    StandardAlphabet {
        /// Which one.
        segment: Slot<Segment>,
    },
    /// Sets a bit that no byte uses in the last character of the signature (RFC 4648 section 3.5); refused where all
    /// bits are used.
    TrailingBits,
    /// Keeps the first so many segments, or goes on with copies of the last one; 0 is the empty string.
    Segments {
        /// How many segments result.
        count: Slot<u32>,
    },
    /// Puts text behind the whole compact token.
    Append {
        /// The text.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Puts text before the whole compact token.
    Prepend {
        /// The text.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Puts a text that repeats another one before or behind the compact token, or in its place.
    Flood {
        /// What is repeated.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
        /// Bytes of it.
        bytes: Slot<u32>,
        /// Where it goes.
        place: Slot<Spot>,
    },
    /// Lets the text of a segment grow to this many bytes; what is added decodes to zeros.
    InflateSegment {
        /// Which one.
        segment: Slot<Segment>,
        /// Bytes of its text.
        bytes: Slot<u32>,
    },
    /// Writes the same token as flattened JSON (RFC 7515 section 7.2.2).
    FlattenedJson,
    /// Writes the same token as general JSON with one signature (RFC 7515 section 7.2.1).
    GeneralJson,
    /// Builds one text that a JSON parser reads as this token and a splitter on dots reads as another payload
    /// (CVE-2022-39227): forged claims ride in the first member's name.
    Polyglot {
        /// The claim that the forged payload changes.
        claim: String,
        /// What stands behind its colon.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Writes one segment in another spelling of base64; the old signature stays. Refused where the length of the segment
    /// does not allow the spelling.
    RespellSegment {
        /// Which one.
        segment: Slot<Segment>,
        /// How.
        spelling: Slot<Spelling>,
    },
    /// Puts bytes that need not be text into the middle of one segment; the old signature stays.
    InsertBytes {
        /// Which one.
        segment: Slot<Segment>,
        /// The bytes in hexadecimal.
        #[serde(deserialize_with = "scalar_text")]
        hex: String,
    },
    /// Breaks the whole text into lines, as old mail programs do.
    WrapLines {
        /// Characters of a line.
        columns: Slot<u32>,
    },
    /// Writes the dots between the segments as `%2E`.
    PercentEncodeDots,
    /// Writes the token as general JSON (RFC 7515 section 7.2.1) with these entries in `signatures`.
    SignaturesJson {
        /// The entries in their order; none at all is the empty list.
        entries: Slot<Vec<SignatureEntry>>,
    },
    /// Writes the token as JSON with header members that no signature covers (RFC 7515 section 7.2, `header`).
    UnprotectedJson {
        /// Flattened or general.
        form: Slot<JsonForm>,
        /// The members.
        header: Slot<Map<String, Value>>,
    },
    /// Replaces the two numbers of an ECDSA signature, each written at its full length.
    EcdsaNumbers {
        /// The first.
        r: Slot<EcdsaNumber>,
        /// The second.
        s: Slot<EcdsaNumber>,
    },
    /// Writes the two numbers of an ECDSA signature in other lengths than the curve's: without the zero bytes in front,
    /// or with one more.
    EcdsaRespaced {
        /// How.
        spacing: Slot<EcdsaSpacing>,
    },
    /// Takes the first bytes of the signature away.
    LoseFirstBytes {
        /// How many.
        bytes: Slot<u32>,
    },
    /// Replaces an RSA signature by a number, written at the key's full length.
    RsaNumber {
        /// Which one.
        number: Slot<RsaNumber>,
    },
    /// Adds the order of the group so many times to S, the second half of an Ed25519 signature; refused where the sum
    /// does not fit 32 bytes.
    AddGroupOrder {
        /// How many times.
        times: Slot<u32>,
    },
    /// Sets the top three bits of S, the second half of an Ed25519 signature.
    SetTopBits,
    /// Writes the signature as another text than its base64url form.
    SignatureText {
        /// Which one.
        form: Slot<TextForm>,
    },
}
