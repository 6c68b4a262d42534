//! The first stage: from bytes to header, payload and signature (RFC 7515 section 7.1, RFC 7519 section 7.2).

use super::{
    flaw::Flaw,
    generous,
    json::{self, Repeated},
    rules::{Refusal, Rules},
    scan, serial,
};
use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A token taken apart.
#[derive(Debug)]
pub(super) struct Token<'t> {
    /// What the signature covers.
    pub signing_input: Cow<'t, [u8]>,
    pub header: Map<String, Value>,
    /// The header's JSON text.
    pub header_text: Vec<u8>,
    /// The payload, decoded but not read.
    pub payload: Vec<u8>,
    pub signature: Vec<u8>,
    /// A flaw decided that no signature is wanted.
    pub unchecked: bool,
}

/// The compact form, and the payload that a second parser would see where that one is used for the claims.
pub(super) struct Compact<'t> {
    text: Cow<'t, [u8]>,
    claims: Option<Vec<u8>>,
    /// Header members that no signature covers, where a flaw reads them.
    unprotected: Map<String, Value>,
    /// Whether a flaw found that there is no signature to check.
    unsigned: bool,
}

/// The compact form of what was sent. Without a flaw that is what was sent.
pub(super) fn compact<'t>(rules: &Rules, sent: &'t [u8]) -> Compact<'t> {
    let as_sent = Compact { text: Cow::Borrowed(sent), claims: None, unprotected: Map::new(), unsigned: false };
    let other = |text: Option<Vec<u8>>| Cow::Owned(text.unwrap_or_else(|| sent.to_vec()));
    match rules.flaw {
        Some(Flaw::QuotesStripped) => Compact { text: Cow::Borrowed(strip_quotes(sent)), ..as_sent },
        Some(Flaw::WhitespaceTolerated) => {
            let kept = sent.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            Compact { text: Cow::Owned(kept), ..as_sent }
        }
        Some(Flaw::FlattenedJson | Flaw::GeneralJson | Flaw::Polyglot) if sent.trim_ascii().first() == Some(&b'{') => {
            let Some(text) = from_json_form(rules, sent) else { return as_sent };
            let claims = rules.has(Flaw::Polyglot).then(|| second_opinion(sent)).flatten();
            Compact { text: Cow::Owned(text), claims, ..as_sent }
        }
        Some(Flaw::GeneralJsonNoSignature) => match serial::without_signatures(sent) {
            Some(text) => Compact { text: Cow::Owned(text), unsigned: true, ..as_sent },
            None => as_sent,
        },
        Some(Flaw::UnprotectedHeader) => match serial::with_unprotected(sent) {
            Some((text, unprotected)) => Compact { text: Cow::Owned(text), unprotected, ..as_sent },
            None => as_sent,
        },
        Some(Flaw::TokenFoundAnywhere) => Compact { text: other(serial::found_inside(sent)), ..as_sent },
        Some(Flaw::PercentDecoded) => Compact { text: other(Some(serial::without_escapes(sent))), ..as_sent },
        _ => as_sent,
    }
}

fn strip_quotes(sent: &[u8]) -> &[u8] {
    sent.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(sent)
}

/// Flattened or general JSON (RFC 7515 section 7.2) as a compact token.
fn from_json_form(rules: &Rules, sent: &[u8]) -> Option<Vec<u8>> {
    let form: Value = serde_json::from_slice(sent).ok()?;
    let signed = if rules.has(Flaw::GeneralJson) { form.get("signatures")?.get(0)? } else { &form };
    let parts = [signed.get("protected")?, form.get("payload")?, signed.get("signature")?];
    let parts: Option<Vec<&str>> = parts.into_iter().map(Value::as_str).collect();
    Some(parts?.join(".").into_bytes())
}

/// The payload as somebody sees it who splits the same text on dots.
fn second_opinion(sent: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(sent.split(|byte| *byte == b'.').nth(1)?).ok()
}

/// Takes the compact form apart and reads the header.
pub(super) fn split<'t>(rules: &Rules, compact: &'t Compact<'_>) -> Result<Token<'t>, Refusal> {
    let text: &'t [u8] = &compact.text;
    let (parts, unsigned) = segments(rules, text)?;
    let [header_segment, payload_segment, signature_segment] = parts;
    let covered = header_segment.len() + 1 + payload_segment.len();
    let in_place = text.starts_with(header_segment)
        && text.get(header_segment.len() + 1..covered) == Some(payload_segment)
        && text.get(header_segment.len()) == Some(&b'.');
    let mut signing_input = match text.get(..covered) {
        Some(start) if in_place => Cow::Borrowed(start),
        _ => Cow::Owned([header_segment, b".", payload_segment].concat()),
    };
    let header_text = decode(rules, header_segment)?;
    let payload = match (&compact.claims, decode(rules, payload_segment)) {
        (Some(other), _) => other.clone(),
        (None, Err(_)) if rules.has(Flaw::B64Honoured) => payload_segment.to_vec(),
        (None, decoded) => decoded?,
    };
    if rules.has(Flaw::SigningInputRebuilt) {
        let rebuilt = [&header_text, &payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        signing_input = Cow::Owned(rebuilt.into_bytes());
    }
    let signature = decode(rules, signature_segment)?;
    let (mut header, no_header) = read_header(rules, &header_text)?;
    header.extend(compact.unprotected.clone());
    let payload = match header.get("zip") {
        Some(zip) if rules.has(Flaw::ZipHonoured) && zip == "DEF" => serial::inflated(&payload).unwrap_or(payload),
        _ => payload,
    };
    let unchecked = unsigned || no_header || compact.unsigned;
    Ok(Token { signing_input, header, header_text, payload, signature, unchecked })
}

/// Exactly three segments, and whether the token counts as unsigned.
fn segments<'t>(rules: &Rules, text: &'t [u8]) -> Result<([&'t [u8]; 3], bool), Refusal> {
    let all = text.split(|byte| *byte == b'.');
    let three = |parts: Vec<&'t [u8]>| <[&[u8]; 3]>::try_from(parts).map_err(|_| Refusal::Malformed);
    match rules.flaw {
        Some(Flaw::ManySegmentsCrash) if all.clone().count() > 100 => Err(Refusal::Crash),
        Some(Flaw::ExtraSegmentsIgnored) => Ok((three(all.take(3).collect())?, false)),
        Some(Flaw::SplitsFromRight) => {
            let mut last: Vec<&[u8]> = text.rsplit(|byte| *byte == b'.').take(3).collect();
            last.reverse();
            Ok((three(last)?, false))
        }
        Some(Flaw::EmptySegmentsSkipped) => Ok((three(all.filter(|part| !part.is_empty()).take(4).collect())?, false)),
        Some(Flaw::TwoSegmentsUnsigned) => {
            let mut parts: Vec<&[u8]> = all.take(4).collect();
            let unsigned = parts.len() == 2;
            if unsigned {
                parts.push(&[]);
            }
            Ok((three(parts)?, unsigned))
        }
        _ => Ok((three(all.take(4).collect())?, false)),
    }
}

/// Base64url without padding, every unused bit zero (RFC 7515 section 2, RFC 4648 section 3.5).
fn decode(rules: &Rules, segment: &[u8]) -> Result<Vec<u8>, Refusal> {
    const ANY_TRAILING_BITS: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    let decoded = match rules.flaw {
        Some(Flaw::PaddingTolerated) => URL_SAFE_NO_PAD.decode(without_padding(segment)),
        Some(Flaw::StandardAlphabet) => {
            let mapped: Vec<u8> = segment.iter().map(|byte| url_safe(*byte)).collect();
            URL_SAFE_NO_PAD.decode(mapped)
        }
        Some(Flaw::JunkTolerated) => {
            let kept: Vec<u8> = segment.iter().copied().filter(|byte| is_base64url(*byte)).collect();
            URL_SAFE_NO_PAD.decode(kept)
        }
        Some(Flaw::SigningInputRebuilt) => {
            let kept: Vec<u8> = segment.iter().map(|byte| url_safe(*byte)).filter(|byte| is_base64url(*byte)).collect();
            ANY_TRAILING_BITS.decode(kept)
        }
        Some(Flaw::DanglingCharacterDropped) if segment.len() % 4 == 1 => {
            URL_SAFE_NO_PAD.decode(&segment[..segment.len() - 1])
        }
        Some(Flaw::TrailingBitsTolerated) => ANY_TRAILING_BITS.decode(segment),
        _ => URL_SAFE_NO_PAD.decode(segment),
    };
    decoded.map_err(|_| Refusal::Malformed)
}

fn without_padding(segment: &[u8]) -> &[u8] {
    let end = segment.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    &segment[..end]
}

fn url_safe(byte: u8) -> u8 {
    match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// The header's members, and whether a flaw takes it for no header at all.
fn read_header(rules: &Rules, text: &[u8]) -> Result<(Map<String, Value>, bool), Refusal> {
    if text.is_empty() && rules.has(Flaw::EmptyHeaderUnchecked) {
        return Ok((Map::new(), true));
    }
    let repeated = match rules.flaw {
        Some(Flaw::DuplicateAlgFirstChecked) => Repeated::First,
        Some(Flaw::DuplicateAlgLastChecked | Flaw::DuplicateKidUnchecked) => Repeated::Last,
        _ => Repeated::Refuse,
    };
    match read(rules, text, repeated).transpose()? {
        Some(Value::Object(members)) => Ok((members, false)),
        _ if rules.has(Flaw::HeaderNotObject) => Ok((Map::new(), true)),
        _ => Err(Refusal::Header),
    }
}

/// Reads the JSON text of a header or payload as the flaw would have it. `None`: it is not JSON.
pub(super) fn read(rules: &Rules, text: &[u8], repeated: Repeated) -> Option<Result<Value, Refusal>> {
    let unreadable = match rules.flaw {
        Some(Flaw::EscapesRefused) => text.windows(2).any(|pair| pair == b"\\u"),
        Some(Flaw::JsonWhitespaceRefused) => scan::has_white_space(text),
        Some(Flaw::NonAsciiRefused) => !text.is_ascii(),
        Some(Flaw::NestingOver32Refused) => scan::depth(text) > 32,
        Some(Flaw::ManyMembersCrash) if scan::commas(text) > 500 => return Some(Err(Refusal::Crash)),
        Some(Flaw::LargeNumbersCrash) if scan::has_large_number(text) => return Some(Err(Refusal::Crash)),
        Some(Flaw::DeepNestingCrashes) if scan::depth(text) > 127 => return Some(Err(Refusal::Crash)),
        _ => false,
    };
    if unreadable {
        return None;
    }
    let value = match rules.flaw {
        Some(Flaw::TrailingDataIgnored) => json::parse_start(text, repeated),
        Some(Flaw::BomTolerated) => json::parse(text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text), repeated),
        Some(Flaw::InvalidUtf8Replaced) => json::parse(String::from_utf8_lossy(text).as_bytes(), repeated),
        Some(Flaw::LoneSurrogatesDropped) => json::parse(&generous::without_lone_surrogates(text), repeated),
        Some(Flaw::Utf16Detected) => json::parse(generous::as_utf8(text).as_deref().unwrap_or(text), repeated),
        Some(Flaw::NonstandardJson) => {
            let plain = generous::standardised(text);
            json::parse(plain.as_deref().map_or(text, str::as_bytes), repeated)
        }
        Some(Flaw::DuplicatesFirstUsed) => json::parse(text, Repeated::First),
        Some(Flaw::EndlessNumbersTolerated) => json::parse(&scan::tame_numbers(text), repeated),
        _ => json::parse(text, repeated),
    };
    value.ok().map(Ok)
}
