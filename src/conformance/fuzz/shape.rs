//! Shapes around the one wrong thing: harmless ones that confuse, and harmful ones that make the token worse. None of
//! them can make a token lawful: whatever could is kept away from it by [`Shape::fits`].

use super::kind::Kind;
use crate::model::{
    Alg, Mutation, Recipe, Slot, Tampering,
    mutation::{JsonSegment, Place, Position, Segment},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

/// One shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A header member.
    Header(&'static str, Value),
    /// A header member that is left out.
    NoHeader(&'static str),
    /// A claim.
    Claim(&'static str, Value),
    /// A claim that is left out.
    NoClaim(&'static str),
    /// Damage to the members of header or payload.
    Members(Mutation),
    /// Damage to the text of a segment, which the signature covers.
    Text(Mutation),
    /// Bytes added to the signature.
    Signature(Tampering),
    /// Another form of the whole token.
    Form(Tampering),
    /// Text around the whole token, or another number of segments.
    Whole(Tampering),
}

/// Any shape.
pub(super) fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        4 => header(),
        2 => select(&["kid", "typ"][..]).prop_map(Shape::NoHeader),
        3 => claim(),
        1 => select(&["sub", "jti", "scope", "iat", "client_id"][..]).prop_map(Shape::NoClaim),
        3 => members(),
        1 => text(),
        1 => signature(),
        1 => select(&[Tampering::FlattenedJson, Tampering::GeneralJson][..]).prop_map(Shape::Form),
        1 => whole(),
    ]
}

fn header() -> impl Strategy<Value = Shape> {
    let named = |name: &'static str, values: &[&str]| {
        let values: Vec<Value> = values.iter().map(|value| json!(value)).collect();
        select(values).prop_map(move |value| Shape::Header(name, value))
    };
    prop_oneof![
        named("jku", &["${canary}/jwks.json"]),
        named("x5u", &["${canary}/certificate.pem"]),
        named("iss", &["${canary}", "${rogue-issuer}"]),
        named("alg", &["none", "None", "HS256", "RS256", "ES256", "EdDSA", "", "ES256 ", "A128GCMKW"]),
        named(
            "kid",
            &["", "null", "0", "../../dev/null", "/dev/null", "' or '1'='1", "__proto__", "${canary}/jwks.json"]
        ),
        named("typ", &["JOSE", "at+jwt", "application/jwt", "dpop+jwt", "", "jwt"]),
        named("cty", &["JWT", "json", ""]),
        named("zip", &["DEF"]),
        named("enc", &["A256GCM"]),
        named("url", &["${canary}"]),
        any::<bool>().prop_map(|encoded| Shape::Header("b64", json!(encoded))),
        select(vec![json!([]), json!({}), json!(0), json!(["${kid}"])]).prop_map(|value| Shape::Header("kid", value)),
        any_json().prop_map(|value| Shape::Header("x-extra", value)),
    ]
}

fn claim() -> impl Strategy<Value = Shape> {
    prop_oneof![
        any_json().prop_map(|value| Shape::Claim("extra", value)),
        select(&["admin", "root", "user-2", ""][..]).prop_map(|subject| Shape::Claim("sub", json!(subject))),
        Just(Shape::Claim("admin", json!(true))),
        Just(Shape::Claim("scope", json!("read write admin"))),
        Just(Shape::Claim("roles", json!(["admin"]))),
        Just(Shape::Claim("cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }))),
    ]
}

fn members() -> impl Strategy<Value = Shape> {
    let place = select(&[Place::Last, Place::First][..]);
    let odd = select(&["null", "1e400", "\"\\ud800\"", "[[]]", "-0", "\"\"", "12345678901234567890123"][..]);
    let (odd_claim, odd_header) = (odd.clone(), odd.clone());
    prop_oneof![
        Just(Mutation::EmbedJwk),
        Just(Mutation::EmbedSelfSignedCertificate),
        Just(Mutation::EscapeStrings),
        Just(Mutation::SpreadWhitespace),
        Just(Mutation::ReverseMembers),
        (1..40u32).prop_map(|depth| Mutation::NestClaim { depth: Slot::Value(depth) }),
        (1..40u32).prop_map(|depth| Mutation::NestHeader { depth: Slot::Value(depth) }),
        (600..4000u32).prop_map(|bytes| Mutation::PadTo { bytes: Slot::Value(bytes) }),
        odd_claim.prop_map(|text| Mutation::ClaimText { name: "odd".into(), text: text.into() }),
        odd_header.prop_map(|text| Mutation::HeaderText { name: "x-odd".into(), text: text.into() }),
        (select(&["sub", "scope", "\\u0073ub"][..]), odd, place.clone())
            .prop_map(|(name, text, place)| { Mutation::RepeatClaim { name: name.into(), text: text.into(), place } }),
        (
            select(&["alg", "kid", "typ", "\\u0061lg"][..]),
            select(&["\"none\"", "\"HS256\"", "\"\"", "null"][..]),
            place
        )
            .prop_map(|(name, text, place)| Mutation::RepeatHeader {
                name: name.into(),
                text: text.into(),
                place: Slot::Value(place)
            }),
        select(HASHES).prop_map(|alg| Mutation::SignAs { alg: Slot::Value(alg) }),
    ]
    .prop_map(Shape::Members)
}

/// Hashes that an HMAC key can also be used with; other keys are left alone.
const HASHES: &[Alg] = &[Alg::Hs256, Alg::Hs384, Alg::Hs512];

fn text() -> impl Strategy<Value = Shape> {
    let json = || select(&[JsonSegment::Payload, JsonSegment::Header][..]);
    let segment = select(&[Segment::Payload, Segment::Header, Segment::Signature][..]);
    prop_oneof![
        json().prop_map(|segment| Mutation::PadSegment { segment: Slot::Value(segment) }),
        (segment, select(&["=", "%", "+", "~", "%3D", "!"][..])).prop_map(|(segment, text)| {
            Mutation::InsertInSegment { segment: Slot::Value(segment), text: text.into() }
        }),
        (json(), select(&[(" ", ""), ("", " "), ("\u{feff}", ""), ("", "x"), ("[", "]")][..])).prop_map(
            |(segment, (before, after))| Mutation::WrapJson {
                segment: Slot::Value(segment),
                before: before.into(),
                after: after.into(),
            }
        ),
    ]
    .prop_map(Shape::Text)
}

fn signature() -> impl Strategy<Value = Shape> {
    let place = select(&[Position::Last, Position::First, Position::Middle][..]);
    (1..4u32, place).prop_map(|(bytes, place)| {
        Shape::Signature(Tampering::ExtendSignature { bytes: Slot::Value(bytes), place: Slot::Value(place) })
    })
}

/// Only printable ASCII, which an HTTP field carries as it stands.
fn whole() -> impl Strategy<Value = Shape> {
    // Without the dollar sign, so that no placeholder comes about.
    let text = "[ -#%-~]{1,6}";
    prop_oneof![
        text.prop_map(|text| Tampering::Append { text }),
        text.prop_map(|text| Tampering::Prepend { text }),
        (0..7u32).prop_map(|count| Tampering::Segments { count: Slot::Value(count) }),
        (0..3u32).prop_map(|index| Tampering::EmptySegment { index: Slot::Value(index) }),
    ]
    .prop_map(Shape::Whole)
}

/// Small JSON of any type, without placeholders in it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -#%-~é漢]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,5}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

impl Shape {
    /// Whether the shape can go around this wrong thing: the token can be made, and stays wrong.
    pub fn fits(&self, kind: Kind, wrong: &Recipe) -> bool {
        let raw_header = wrong.raw_header.is_some();
        let raw = raw_header || wrong.raw_claims.is_some();
        let key = wrong.sign.as_ref().map_or("", |sign| sign.key.as_str());
        match self {
            // Who signs with their own key may say anything about it; elsewhere the name of the algorithm is the point.
            Shape::Header("alg", _) | Shape::Members(Mutation::RepeatHeader { .. }) => kind == Kind::RogueKey,
            Shape::Header("b64", _) => kind.breaks_signature(),
            Shape::Header(..) | Shape::NoHeader(_) => !raw_header,
            Shape::Claim(..) | Shape::NoClaim(_) => wrong.raw_claims.is_none() && !changes_later(wrong),
            Shape::Members(Mutation::EmbedJwk) => kind == Kind::RogueKey,
            Shape::Members(Mutation::EmbedSelfSignedCertificate) => {
                kind == Kind::RogueKey && ["rogue-es256", "rogue-es384", "rogue-eddsa"].contains(&key)
            }
            Shape::Members(Mutation::SignAs { .. }) => kind == Kind::RogueKey && key.starts_with("rogue-hs"),
            Shape::Members(_) => !raw,
            // What comes after signing works on members, which a wrapped text no longer has.
            Shape::Text(Mutation::WrapJson { .. }) => !raw && wrong.then.is_empty(),
            Shape::Text(_) => true,
            Shape::Signature(_) => kind == Kind::RogueKey,
            Shape::Form(_) | Shape::Whole(_) => true,
        }
    }
}

/// Whether the signature is taken from another token, whose bytes must differ.
fn changes_later(wrong: &Recipe) -> bool {
    wrong.then.contains(&Tampering::SignatureOfAnother)
}
