//! JSON as generous parsers read it, turned into JSON as the strict one reads it.

/// The text with half surrogate pairs taken out of its strings.
pub(super) fn without_lone_surrogates(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match escape(&text[at..]) {
            Some(high) if (0xd800..0xdc00).contains(&high) => {
                let low = text.get(at + 6..).and_then(escape).is_some_and(|low| (0xdc00..0xe000).contains(&low));
                if low {
                    kept.extend_from_slice(&text[at..at + 12]);
                }
                at += if low { 12 } else { 6 };
            }
            Some(low) if (0xdc00..0xe000).contains(&low) => at += 6,
            _ => {
                // An escaped backslash is no beginning of an escape.
                let width = if text[at] == b'\\' { 2 } else { 1 };
                kept.extend_from_slice(&text[at..text.len().min(at + width)]);
                at += width;
            }
        }
    }
    kept
}

/// The number in a `\uXXXX` at the start.
fn escape(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The text as UTF-8 where it looks like UTF-16 or UTF-32, as the first edition of JSON told its readers to look
/// (RFC 4627 section 3).
pub(super) fn as_utf8(text: &[u8]) -> Option<Vec<u8>> {
    let wide = |big: bool| -> Option<String> {
        let units = text.chunks_exact(4).map(|unit| <[u8; 4]>::try_from(unit).unwrap_or_default());
        units
            .map(|unit| char::from_u32(if big { u32::from_be_bytes(unit) } else { u32::from_le_bytes(unit) }))
            .collect()
    };
    let narrow = |big: bool| {
        let units = text.chunks_exact(2).map(|unit| [unit[0], unit[1]]);
        let units = units.map(|unit| if big { u16::from_be_bytes(unit) } else { u16::from_le_bytes(unit) });
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    let decoded = match text.get(..4)? {
        [0, 0, 0, _] | [0, 0, 0xfe, 0xff] => wide(true),
        [_, 0, 0, 0] | [0xff, 0xfe, 0, 0] => wide(false),
        [0, _, 0, _] | [0xfe, 0xff, ..] => narrow(true),
        [_, 0, _, 0] | [0xff, 0xfe, ..] => narrow(false),
        _ => None,
    };
    decoded.map(|text| text.trim_start_matches('\u{feff}').as_bytes().to_vec())
}

/// The text without comments and surplus commas, with quoted names, and with plain values in place of odd ones.
pub(super) fn standardised(text: &[u8]) -> Option<String> {
    let text: Vec<char> = std::str::from_utf8(text).ok()?.chars().collect();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(letter) = text.get(at) {
        match letter {
            '"' | '\'' => at = string(&text, at, &mut plain),
            '/' if text.get(at + 1) == Some(&'*') => {
                let end = text[at..].windows(2).skip(2).position(|pair| pair == ['*', '/'])?;
                at += end + 4;
            }
            '/' if text.get(at + 1) == Some(&'/') => at += text[at..].iter().position(|letter| *letter == '\n')?,
            '}' | ']' => {
                plain.truncate(plain.trim_end().len());
                plain.truncate(plain.trim_end_matches(',').len());
                plain.push(*letter);
                at += 1;
            }
            '{' | '[' | ',' | ':' => {
                plain.push(*letter);
                at += 1;
            }
            space if space.is_whitespace() => at += 1,
            _ => {
                let end = text[at..].iter().position(|letter| "{}[],:\"'/".contains(*letter) || letter.is_whitespace());
                let end = end.map_or(text.len(), |length| at + length.max(1));
                let word: String = text[at..end].iter().collect();
                let is_name = text[end..].iter().find(|letter| !letter.is_whitespace()) == Some(&':');
                plain.push_str(&value(&word, is_name));
                at = end;
            }
        }
    }
    Some(plain)
}

/// A string, whatever it is quoted with, without its control characters and odd escapes.
fn string(text: &[char], start: usize, plain: &mut String) -> usize {
    let quote = text[start];
    plain.push('"');
    let mut at = start + 1;
    while let Some(letter) = text.get(at) {
        match letter {
            _ if *letter == quote => break,
            '\\' => {
                let next = text.get(at + 1).copied().unwrap_or('\\');
                if "\"\\/bfnrtu".contains(next) {
                    plain.extend(['\\', next]);
                } else {
                    plain.push(next);
                }
                at += 1;
            }
            '"' => plain.push_str("\\\""),
            control if control.is_control() => plain.push(' '),
            other => plain.push(*other),
        }
        at += 1;
    }
    plain.push('"');
    at + 1
}

/// A bare word as JSON: what it is not already becomes a name, or zero.
fn value(word: &str, is_name: bool) -> String {
    if is_name {
        return serde_json::Value::from(word).to_string();
    }
    if serde_json::from_str::<serde_json::Value>(word).is_ok() { word.to_owned() } else { "0".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn surrogates_stay_in_pairs_only() {
        let cleaned = |text: &str| String::from_utf8(without_lone_surrogates(text.as_bytes())).unwrap();
        assert_eq!(cleaned(r"a\ud800b"), "ab");
        assert_eq!(cleaned(r"a\udc00\ud83d\udd11\u0041"), r"a\ud83d\udd11\u0041");
        assert_eq!(cleaned(r"\\ud800"), r"\\ud800");
    }

    #[test]
    fn wide_texts_are_recognised() {
        let text = "{\"a\":\"é\"}";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf32: Vec<u8> = text.chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect();
        for wide in [utf16, utf32] {
            assert_eq!(as_utf8(&wide).as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(as_utf8(text.as_bytes()), None);
    }

    #[test]
    fn odd_json_becomes_plain_json() {
        let read = |text: &str| serde_json::from_str::<Value>(&standardised(text.as_bytes()).unwrap()).ok();
        let odd = "{/*c*/'a':0x1F, b : NaN,\"c\":\"t\tb\",\"d\":[1,],//x\n\"e\":01,\"f\":+1,\"g\":\"\\x41\",}";
        let wanted = json!({ "a": 0, "b": 0, "c": "t b", "d": [1], "e": 0, "f": 0, "g": "x41" });
        assert_eq!(read(odd), Some(wanted));
        assert_eq!(read("{\"a\":1.5e3,\"b\":null}"), Some(json!({ "a": 1500.0, "b": null })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), text in "[{}/*'\",:a\\\\u d8]{0,40}") {
            let _ = (without_lone_surrogates(&bytes), as_utf8(&bytes), standardised(&bytes));
            let _ = (without_lone_surrogates(text.as_bytes()), standardised(text.as_bytes()));
        }
    }
}
