//! Named ways to damage a token. A variant's comment is its manual: the schema, editors and `explain` show it.
//!
//! [`Mutation`]s run before signing, so the signature covers them; [`Tampering`]s run after it.

pub use super::{
    place::{JsonSegment, Nesting, Place, Position, Secret, Segment, Spot},
    public_key::{PublicKeyForm, TextShape},
    shape::{Charset, JsonForm, MemberNames, SignatureEntry, Spelling},
    tampering::Tampering,
};

use super::{
    alg::Alg,
    chain::{ChainCertificate, ChainText},
    keyset::JwkDamage,
    recipe::Recipe,
    slot::{Slot, scalar_text},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
        place: Slot<Place>,
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
        /// What befell these bytes on their way; nothing where absent.
        #[serde(default = "as_it_is")]
        shape: Slot<TextShape>,
    },
    /// Names an HMAC algorithm and keys it with the public RSA key behind two tokens that were presented first, worked
    /// out from these tokens alone: their signatures share it as a divisor. Only small exponents are tried.
    HmacWithRecoveredKey {
        /// HS256, HS384 or HS512.
        alg: Slot<Alg>,
        /// The names of the two tokens; RSASSA-PKCS1-v1_5 of one key, over different claims.
        from: [String; 2],
        /// Which bytes of the public key become the secret: PEM or DER.
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
    /// Puts the signer's own public key into the header as `jwk`, changed as told.
    EmbedAlteredJwk {
        /// Members to set, in place of its own.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        set: Map<String, Value>,
        /// Members to leave out.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        drop: Vec<String>,
        /// Damage to the key material, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        damage: Vec<JwkDamage>,
    },
    /// Puts the signer's whole key into the header as `jwk`, private part included. With another key's name, the
    /// public part is that key's, so that the two parts do not belong together.
    EmbedPrivateJwk {
        /// Whose public part it shows; the signer's own where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_of: Option<String>,
    },
    /// Puts certificates into the header as `x5c` (RFC 7515 section 4.1.6).
    EmbedCertificates {
        /// Which ones, in order; the first should be of the signer's key.
        chain: Slot<Vec<ChainCertificate>>,
        /// How they are written.
        #[serde(default = "as_base64")]
        written: Slot<ChainText>,
    },
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
    /// Writes the base64url text of one segment in another spelling; the signature covers it. Where the spelling asks for
    /// another length, the JSON first grows by spaces behind it.
    SpellSegment {
        /// Which one.
        segment: Slot<JsonSegment>,
        /// How.
        spelling: Slot<Spelling>,
    },
    /// Replaces a text inside the JSON of a segment by bytes that need not be UTF-8. Comes last, as it leaves raw bytes.
    ReplaceText {
        /// Which segment.
        segment: Slot<JsonSegment>,
        /// The text; its first occurrence is replaced.
        text: String,
        /// The bytes in hexadecimal.
        #[serde(deserialize_with = "scalar_text")]
        hex: String,
    },
    /// Writes the JSON of a segment in another character set than UTF-8. Comes last, as it leaves raw bytes.
    EncodeText {
        /// Which segment.
        segment: Slot<JsonSegment>,
        /// Which character set.
        charset: Slot<Charset>,
    },
    /// Sets a member of header or payload to objects nested this deep, each the only member `a` of the next.
    NestObjects {
        /// Which segment.
        segment: Slot<JsonSegment>,
        /// The member's name.
        name: String,
        /// Levels of nesting.
        depth: Slot<u32>,
    },
    /// Adds so many members with the value 0 to header or payload.
    ManyMembers {
        /// Which segment.
        segment: Slot<JsonSegment>,
        /// How many.
        count: Slot<u32>,
        /// What they are called.
        names: Slot<MemberNames>,
    },
    /// Compresses the payload as raw DEFLATE data (RFC 1951, in stored blocks), which RFC 7516 section 4.1.3 defines for
    /// encrypted tokens only.
    DeflatePayload,
    /// Leaves the payload unencoded and signs it so (RFC 7797 section 3). Dots in it become `\u002e`, since a compact token
    /// is cut at dots (section 5.2). Header members stay as they are.
    UnencodedPayload,
    /// Makes the payload a signed token of its own (RFC 7519 section 5.2). `cty` stays as the recipe says.
    EncloseToken {
        /// How many tokens lie inside one another; those between have `cty` JWT and the outer signer.
        levels: Slot<u32>,
        /// The innermost token, laid over the outer recipe without its damage and its `cty`.
        inner: Box<Recipe>,
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

fn as_it_is() -> Slot<TextShape> {
    Slot::Value(TextShape::AsItIs)
}

fn as_base64() -> Slot<ChainText> {
    Slot::Value(ChainText::Base64)
}
