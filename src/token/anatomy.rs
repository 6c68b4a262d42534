//! A token taken apart for a report, with what differs from its twin marked.

use super::{forge::Token, jwe::JweParts};
use crate::model::{
    Recipe, WHOLE, abridged,
    report::{Change, Line, Segment, TokenEvidence},
};
use aws_lc_rs::digest;
use serde_json::Value;
use std::borrow::Cow;

/// Characters of a decoded part that are shown.
const MOST_TEXT: usize = 6_000;

/// The evidence of one token. The twin is what the same recipe gives without the change under test.
#[must_use]
pub fn evidence(token: &Token, recipe: &Recipe, twin: Option<&Token>) -> TokenEvidence {
    let parse = |bytes: &[u8]| (bytes.len() <= WHOLE).then(|| serde_json::from_slice::<Value>(bytes).ok()).flatten();
    let mut anatomy = vec![
        segment("header", &lines_of(&token.header), twin.map(|twin| lines_of(&twin.header))),
        segment("payload", &lines_of(&token.payload), twin.map(|twin| lines_of(&twin.payload))),
    ];
    anatomy.push(signature(token, twin, recipe));
    if let Some(jwe) = &token.jwe {
        let twin = twin.map(|twin| twin.jwe.as_deref());
        let header = twin.map(|twin| twin.map(|twin| lines_of(&twin.header)).unwrap_or_default());
        anatomy.push(segment("encryption header", &lines_of(&jwe.header), header));
        let parts = twin.map(|twin| twin.map(lengths).unwrap_or_default());
        anatomy.push(segment("encryption parts", &lengths(jwe), parts));
    }
    if let Some(twin) = twin
        && is_reshaped(token)
    {
        anatomy.push(segment("whole token", &wrapped(&start(token)), Some(wrapped(&start(twin)))));
    }
    TokenEvidence {
        header: parse(token.jwe.as_ref().map_or(&token.header, |jwe| &jwe.header)),
        claims: parse(&token.payload),
        mutations: damage_names(recipe),
        anatomy,
        compact: abridged(&token.bytes),
        sha256: hex(digest::digest(&digest::SHA256, &token.bytes).as_ref()),
    }
}

/// As much of a token as is ever shown.
fn start(token: &Token) -> Cow<'_, str> {
    const LONGEST_CHARACTER: usize = 4;
    String::from_utf8_lossy(&token.bytes[..token.bytes.len().min(LONGEST_CHARACTER * MOST_TEXT)])
}

/// Whether the text on the wire is more than the three parts joined by dots. Of a token of megabytes only the length is
/// compared: it is not worth two copies.
fn is_reshaped(token: &Token) -> bool {
    if let Some(jwe) = &token.jwe {
        return jwe.compact().as_bytes() != token.bytes;
    }
    let parts = [&token.header, &token.payload, &token.signature];
    if token.bytes.len() > WHOLE {
        let encoded = |part: &Vec<u8>| base64::encoded_len(part.len(), false).unwrap_or(usize::MAX);
        return parts.map(encoded).iter().fold(2_usize, |all, part| all.saturating_add(*part)) != token.bytes.len();
    }
    parts.map(super::encode_segment).join(".").as_bytes() != token.bytes
}

/// The names of all damage in a recipe, as the files write them.
fn damage_names(recipe: &Recipe) -> Vec<String> {
    let name = |value: Result<Value, serde_json::Error>| match value {
        Ok(Value::String(name)) => Some(name),
        Ok(Value::Object(members)) => members.keys().next().cloned(),
        _ => None,
    };
    let before = recipe.mutate.iter().filter_map(|mutation| name(serde_json::to_value(mutation)));
    let after = recipe.then.iter().filter_map(|tampering| name(serde_json::to_value(tampering)));
    let sealed = recipe.encrypt.iter().flat_map(|encrypt| &encrypt.damage);
    let sealed = sealed.filter_map(|damage| name(serde_json::to_value(damage)));
    before.chain(after).chain(sealed).collect()
}

/// One line per member, so that a change shows by itself.
fn lines_of(part: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(part);
    let text: String = text.chars().take(MOST_TEXT).collect();
    match serde_json::from_str::<serde_json::Map<String, Value>>(&text) {
        // A doubled name would vanish in the pretty form, so only text that says the same thing is reshaped.
        Ok(members) if serde_json::to_string(&members).is_ok_and(|written| written == text) => {
            let mut lines = vec!["{".to_owned()];
            for (index, (name, value)) in members.iter().enumerate() {
                let comma = if index + 1 < members.len() { "," } else { "" };
                lines.push(format!("  {}: {value}{comma}", Value::from(name.as_str())));
            }
            lines.push("}".to_owned());
            lines
        }
        _ => wrapped(&text),
    }
}

/// What can be said of parts that hold nothing to read.
fn lengths(jwe: &JweParts) -> Vec<String> {
    let parts = [
        ("encrypted key", &jwe.encrypted_key),
        ("initialization vector", &jwe.iv),
        ("ciphertext", &jwe.ciphertext),
        ("tag", &jwe.tag),
    ];
    parts.map(|(name, bytes)| format!("{name}: {} bytes", bytes.len())).to_vec()
}

fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 96;
    let characters: Vec<char> = text.chars().take(MOST_TEXT).collect();
    let lines: Vec<String> = characters.chunks(WIDTH).map(|line| line.iter().collect()).collect();
    if lines.is_empty() { vec!["(empty)".to_owned()] } else { lines }
}

fn segment(name: &str, own: &[String], twin: Option<Vec<String>>) -> Segment {
    let Some(twin) = twin else {
        let lines = own.iter().map(|text| Line { text: text.clone(), change: Change::Same }).collect();
        return Segment { name: name.to_owned(), lines };
    };
    // Values that differ in every token (times, nonces) are no damage: compare without them.
    let key = |line: &String| comparable(line);
    let (own_keys, twin_keys): (Vec<_>, Vec<_>) = (own.iter().map(key).collect(), twin.iter().map(key).collect());
    // What is gone stands before what came in its place, or behind the line that it followed.
    let (mut gone, mut behind) = (vec![Vec::new(); own.len() + 1], 0);
    for (text, line_key) in twin.iter().zip(&twin_keys) {
        if let Some(place) = own_keys.iter().position(|own_key| own_key == line_key) {
            behind = place + 1;
            continue;
        }
        let instead = |own: &String| member(own).is_some() && member(own) == member(text);
        gone[own.iter().position(instead).unwrap_or(behind)].push(text.clone());
    }
    let mut lines = Vec::new();
    let mut gone = gone.into_iter();
    let mut take = |lines: &mut Vec<Line>| {
        lines.extend(gone.next().into_iter().flatten().map(|text| Line { text, change: Change::Removed }));
    };
    for (index, (text, line_key)) in own.iter().zip(&own_keys).enumerate() {
        take(&mut lines);
        let repeated = own_keys[..index].contains(line_key) && text.trim().len() > 1;
        let change = if twin_keys.contains(line_key) && !repeated { Change::Same } else { Change::Added };
        lines.push(Line { text: text.clone(), change });
    }
    take(&mut lines);
    Segment { name: name.to_owned(), lines }
}

/// The name of the member that a line shows.
fn member(line: &str) -> Option<&str> {
    Some(line.trim_start().strip_prefix('"')?.split_once("\": ")?.0)
}

/// A line without its comma; nonces of our own making do not count as a difference.
fn comparable(line: &str) -> String {
    let line = line.trim_end_matches(',');
    if line.trim_start().starts_with("\"jti\": \"") { "jti".to_owned() } else { line.to_owned() }
}

fn signature(token: &Token, twin: Option<&Token>, recipe: &Recipe) -> Segment {
    let says = |token: &Token| match token.signature.len() {
        0 => "(none)".to_owned(),
        length => format!("{length} bytes: {}", abbreviated(&hex(&token.signature))),
    };
    let touched = twin.is_some_and(|twin| twin.signature.len() != token.signature.len())
        || !recipe.then.is_empty()
        || recipe.sign.as_ref().is_some_and(|sign| sign.key.starts_with("rogue"));
    let change = if touched { Change::Added } else { Change::Same };
    let mut lines = Vec::new();
    if touched && let Some(twin) = twin {
        lines.push(Line { text: says(twin), change: Change::Removed });
    }
    lines.push(Line { text: says(token), change });
    Segment { name: "signature".to_owned(), lines }
}

fn abbreviated(text: &str) -> String {
    if text.len() <= 80 { text.to_owned() } else { format!("{}…{}", &text[..56], &text[text.len() - 16..]) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_stands_before_what_came_in_its_place() {
        let lines = |text: &str| lines_of(text.as_bytes());
        let own = lines(r#"{"iss":"a","exp":9,"nbf":true}"#);
        let shown = segment("payload", &own, Some(lines(r#"{"iss":"a","nbf":5,"sub":"b","exp":9}"#)));
        let sign = |line: &Line| match line.change {
            Change::Same => ' ',
            Change::Added => '+',
            Change::Removed => '-',
        };
        let shown: Vec<String> = shown.lines.iter().map(|line| format!("{}{}", sign(line), line.text.trim())).collect();
        assert_eq!(
            shown,
            [" {", " \"iss\": \"a\",", "-\"sub\": \"b\",", " \"exp\": 9,", "-\"nbf\": 5,", "+\"nbf\": true", " }"]
        );
    }
}
