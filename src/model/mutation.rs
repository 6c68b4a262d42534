//! Named ways to damage a token. A variant's comment is its manual: the schema, editors and `explain` show it.
//!
//! [`Mutation`]s run before signing, so the signature covers them; [`Tampering`]s run after it.

use super::{
    alg::Alg,
    slot::{Slot, scalar_text},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::signature_shape::{
    BlockShape, CubeShape, EcdsaNumber, EcdsaSpacing, EdVariant, HashName, NeutralPoint, PssShape, RsaNumber,
    SecretForm, SignedBytes, TextForm, ZeroBytes,
};

/// Damage before signing. The signature is computed over the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Mutation {
    /// Sets a header member to a JSON text, exactly as written; the text need not be JSON at all.
    HeaderText {
        /// The member's name.
        name: String,
        /// What stands behind the colon.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Sets a claim to a JSON text, exactly as written: `null`, `1e400`, `NaN`, numbers past 64 bits.
    ClaimText {
        /// The claim's name.
        name: String,
        /// What stands behind the colon.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Adds a second header member of a name that is already there.
    RepeatHeader {
        /// The member's name; the spelling may use JSON escapes (`\u0061lg`).
        name: String,
        /// What stands behind the colon.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
        /// Where the added one goes.
        place: Place,
    },
    /// Adds a second claim of a name that is already there.
    RepeatClaim {
        /// The claim's name; the spelling may use JSON escapes (`\u0065xp`).
        name: String,
        /// What stands behind the colon.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
        /// Where the added one goes.
        place: Place,
    },
    /// Writes every letter of every header and claim name, and of every string value, as a `\u` escape.
    EscapeStrings,
    /// Puts spaces, tabs, CR and LF between all tokens of header and payload.
    SpreadWhitespace,
    /// Writes the members of header and payload in reverse order.
    ReverseMembers,
    /// Adds a private claim of arrays nested this deep.
    NestClaim {
        /// Levels of nesting.
        depth: Slot<u32>,
    },
    /// Adds a header member `x-nested` of arrays nested this deep.
    NestHeader {
        /// Levels of nesting.
        depth: Slot<u32>,
    },
    /// Sets a header member to values nested this deep.
    NestHeaderMember {
        /// The member's name.
        name: String,
        /// Levels of nesting.
        depth: Slot<u32>,
        /// What is nested.
        with: Slot<Nesting>,
    },
    /// Sets a claim to a long string: a text again and again, with an end that no longer fits.
    FillClaim {
        /// The claim's name.
        name: String,
        /// What is repeated.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
        /// Bytes of it.
        bytes: Slot<u32>,
        /// What stands behind it.
        #[serde(deserialize_with = "scalar_text")]
        end: String,
    },
    /// Puts a public RSA key into the header as `jwk` whose modulus and exponent are of this size, so that whoever
    /// verifies with it computes for seconds. It is nobody's key.
    HeavyRsaJwk {
        /// Bits of modulus and exponent each.
        bits: Slot<u32>,
    },
    /// Adds a private claim `pad` so that the compact token has about this many bytes.
    PadTo {
        /// Bytes of the compact form.
        bytes: Slot<u32>,
    },
    /// Names an HMAC algorithm and keys it with the public key of the signer, in one of its written forms
    /// (RFC 8725 section 2.1).
    HmacWithPublicKey {
        /// HS256, HS384 or HS512.
        alg: Slot<Alg>,
        /// Which bytes of the public key become the secret.
        encoding: Slot<PublicKeyForm>,
    },
    /// Names an HMAC algorithm and keys it with these bytes.
    HmacWithSecret {
        /// HS256, HS384 or HS512.
        alg: Slot<Alg>,
        /// The secret.
        secret: Secret,
    },
    /// Puts the signer's own public key into the header as `jwk` (RFC 7515 section 4.1.3).
    EmbedJwk,
    /// Makes a self-signed certificate of the signer's key and puts it into the header as `x5c`
    /// (RFC 7515 section 4.1.6).
    EmbedSelfSignedCertificate,
    /// Signs over the decoded payload instead of its base64url text, as `b64: false` asks (RFC 7797 section 3); the
    /// payload segment stays encoded.
    SignDecodedPayload,
    /// Writes one segment with the `=` padding that RFC 7515 section 2 leaves out; the signature covers it. Where the
    /// length asks for none, the JSON first grows by a space behind it.
    PadSegment {
        /// Which one.
        segment: Slot<JsonSegment>,
    },
    /// Puts text into the middle of a segment's base64url text. The signature covers header and payload as sent; into
    /// the signature itself the text goes after signing.
    InsertInSegment {
        /// Which one.
        segment: Slot<Segment>,
        /// The text.
        #[serde(deserialize_with = "scalar_text")]
        text: String,
    },
    /// Puts text before and behind the JSON text of a segment, inside its encoding.
    WrapJson {
        /// Which one.
        segment: Slot<JsonSegment>,
        /// The text before it.
        before: String,
        /// The text behind it.
        after: String,
    },
    /// Signs with another hash or scheme than the header's `alg` says; the header stays as it is.
    SignAs {
        /// What is really computed.
        alg: Slot<Alg>,
    },
    /// Signs with this hash in place of the algorithm's own: the RSA scheme, the curve and the construction of the MAC
    /// stay, and so does the header.
    SignWithHash {
        /// What the signing input is hashed with.
        hash: Slot<HashName>,
    },
    /// Signs other bytes than the two encoded segments joined by a dot.
    SignOver {
        /// Which ones.
        bytes: Slot<SignedBytes>,
    },
    /// Keys the MAC with another form of the shared secret's bytes.
    MacKeyedWith {
        /// Which one.
        form: Slot<SecretForm>,
    },
    /// Signs, with the real RSA key, an encoded message block other than the one of RFC 8017 section 9.2.
    RsaBlock {
        /// What differs in the block.
        shape: Slot<BlockShape>,
    },
    /// Forges an RSASSA-PKCS1-v1_5 signature for a key of exponent 3 without its private half: an integer whose cube
    /// looks like a signed block to a check that leaves some bytes out (Bleichenbacher 2006).
    RsaCubeRoot {
        /// Which bytes such a check leaves out.
        shape: Slot<CubeShape>,
    },
    /// Signs, with the real RSA key, a PSS block with other parameters than RFC 7518 section 3.5 fixes.
    RsaPssBlock {
        /// What differs.
        shape: Slot<PssShape>,
    },
    /// Tries one `jti` after the other until the RSA signature begins with a zero byte (one in about 200).
    RsaLeadingZero,
    /// Adds the modulus to the RSA signature, under a `jti` for which the sum still fits the key's length.
    RsaPlusModulus,
    /// Signs so that one number of the ECDSA signature begins with zero bytes. For `r` the nonce is a known number, and
    /// whoever reads the token can work out the private key: only for keys that live no longer than the run.
    EcdsaLeadingZeros {
        /// Which number, and how many bytes.
        shape: Slot<ZeroBytes>,
    },
    /// Signs as the ECDSA private key 0 would, whose public key is the point at infinity. No secret is in it.
    EcdsaKeyZero,
    /// Signs in Ed25519 with the nonce 0, so that R is the neutral point, and writes R in this way. Whoever reads the
    /// token can work out the private key: only for keys that live no longer than the run.
    Ed25519NeutralR {
        /// How R is written.
        encoding: Slot<NeutralPoint>,
    },
    /// Signs in a variant of Ed25519 that JOSE does not use (RFC 8032 section 5.1).
    Ed25519Variant {
        /// Which one.
        variant: Slot<EdVariant>,
    },
    /// Makes an Ed25519 signature with S = 0 for a public key of small order, which has no private half. Tries one `jti`
    /// after the other until it holds.
    Ed25519SmallOrder {
        /// The public key: so many times a point of order 8, from 0 to 7.
        multiple: Slot<u32>,
    },
}

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
        /// At which end.
        place: Slot<Place>,
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

/// A segment of the compact form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Segment {
    /// The first.
    Header,
    /// The second.
    Payload,
    /// The third.
    Signature,
}

/// A segment that holds JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JsonSegment {
    /// The first.
    Header,
    /// The second.
    Payload,
}

impl From<JsonSegment> for Segment {
    fn from(segment: JsonSegment) -> Segment {
        match segment {
            JsonSegment::Header => Segment::Header,
            JsonSegment::Payload => Segment::Payload,
        }
    }
}

/// Which end something is added at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In front of all others.
    First,
    /// Behind all others.
    Last,
}

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spot {
    /// In place of the token.
    Instead,
    /// Before it.
    Before,
    /// Behind it.
    Behind,
}

/// What is nested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nesting {
    /// `[[…]]`
    Arrays,
    /// `{"a":{"a":…}}`
    Objects,
}

/// Where in the signature a bit is flipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// The first byte.
    First,
    /// The byte in the middle.
    Middle,
    /// The last byte.
    Last,
}

/// The bytes of an HMAC secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Secret {
    /// The UTF-8 bytes of a text.
    Text(String),
    /// Bytes in hexadecimal.
    Hex(String),
}

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
    /// PKCS#1 PEM (RSA only).
    #[serde(rename = "pkcs1-pem")]
    Pkcs1Pem,
    /// PKCS#1 PEM without the final LF (RSA only).
    #[serde(rename = "pkcs1-pem-no-newline")]
    Pkcs1PemNoNewline,
    /// PKCS#1 DER (RSA only).
    #[serde(rename = "pkcs1-der")]
    Pkcs1Der,
    /// The JWK byte for byte as the key set serves it.
    JwkAsServed,
    /// The canonical JSON of RFC 7638.
    JwkCanonical,
    /// The whole key set byte for byte as served.
    JwksAsServed,
    /// The line of an OpenSSH public key file, without comment.
    Openssh,
    /// The raw key: modulus, uncompressed point, or the 32 bytes of Ed25519.
    Raw,
}
