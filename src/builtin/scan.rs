//! Looks at JSON texts without parsing them, for flaws that lie in the parser.

/// The places of bytes outside strings, with the bytes.
fn outside_strings(text: &[u8]) -> impl Iterator<Item = (usize, u8)> + '_ {
    let (mut inside, mut escaped) = (false, false);
    text.iter().copied().enumerate().filter(move |(_, byte)| {
        let was_inside = inside;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ => {}
        }
        !was_inside && *byte != b'"'
    })
}

/// How deep brackets and braces are nested.
pub(super) fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (_, byte) in outside_strings(text) {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// How many commas stand between tokens.
pub(super) fn commas(text: &[u8]) -> usize {
    outside_strings(text).filter(|(_, byte)| *byte == b',').count()
}

/// Whether a number is beyond 64 bits, or without end.
pub(super) fn has_large_number(text: &[u8]) -> bool {
    let bare: Vec<u8> = outside_strings(text).map(|(_, byte)| byte).collect();
    bare.split(|byte| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte)).any(|word| {
        let number = std::str::from_utf8(word).ok().and_then(|word| word.parse::<f64>().ok());
        number.is_some_and(|number| number.abs() >= 18_446_744_073_709_551_616.0)
    })
}

/// Whether white space stands between tokens.
pub(super) fn has_white_space(text: &[u8]) -> bool {
    outside_strings(text).any(|(_, byte)| byte.is_ascii_whitespace())
}

/// Writes numbers without end (`1e400`, `NaN`, `Infinity`, hundreds of digits) as a very large one.
pub(super) fn tame_numbers(text: &[u8]) -> Vec<u8> {
    let mut tamed = Vec::with_capacity(text.len());
    let mut word = Vec::new();
    let mut outside = outside_strings(text).peekable();
    for (place, byte) in text.iter().copied().enumerate() {
        let is_outside = outside.next_if(|(at, _)| *at == place).is_some();
        if is_outside && (byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
            word.push(byte);
            continue;
        }
        flush(&mut word, &mut tamed);
        tamed.push(byte);
    }
    flush(&mut word, &mut tamed);
    tamed
}

fn flush(word: &mut Vec<u8>, tamed: &mut Vec<u8>) {
    let endless = std::str::from_utf8(word)
        .ok()
        .and_then(|word| word.parse::<f64>().ok())
        .is_some_and(|number| !number.is_finite());
    tamed.extend_from_slice(if endless { b"1e308" } else { word });
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_left_alone() {
        assert_eq!(depth(br#"{"a":"[[[\"[[","b":[1]}"#), 2);
        assert_eq!(commas(br#"{"a,":[1,2],"b":3}"#), 2);
        assert!(has_large_number(br#"{"a":1e400}"#) && !has_large_number(br#"{"a":"1e400","b":9007199254740993}"#));
        assert!(!has_white_space(br#"{"a":"b c"}"#) && has_white_space(br#"{"a": 1}"#));
        assert_eq!(tame_numbers(br#"{"NaN":"NaN","exp":1e400}"#), br#"{"NaN":"NaN","exp":1e308}"#);
        assert_eq!(tame_numbers(b"[-Infinity,NaN,1,true]"), b"[1e308,1e308,1,true]");
    }
}
