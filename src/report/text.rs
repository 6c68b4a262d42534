//! Makes hostile text harmless to look at: what hides, reorders or steers a terminal is shown by name.

/// The most characters of one line that [`visible`] shows.
const LINE: usize = 400;

/// One line of text as it may be shown to a person: line ends as `\n`, control, terminal-escape, bidirectional and
/// invisible characters as `\u{1b}`; cut after 400 characters, with a note.
#[must_use]
pub fn visible(text: &str) -> String {
    let (mut shown, more) = cut(text, LINE, |_| false);
    if more > 0 {
        shown.push_str(&format!(" … ({more} more characters)"));
    }
    shown
}

/// Several lines of text as they may be shown: like [`visible`], but line ends and tabs stay. Returns the first
/// `limit` characters, and how many were left out.
#[must_use]
pub fn visible_lines(text: &str, limit: usize) -> (String, usize) {
    // CRLF is how HTTP ends a line; a carriage return elsewhere overwrites on a terminal, so it stays visible.
    cut(&text.replace("\r\n", "\n"), limit, |character| matches!(character, '\n' | '\t'))
}

fn cut(text: &str, limit: usize, keep: fn(char) -> bool) -> (String, usize) {
    let end = text.char_indices().nth(limit).map_or(text.len(), |(at, _)| at);
    let (head, tail) = text.split_at(end);
    let mut shown = String::with_capacity(head.len());
    for character in head.chars() {
        if keep(character) || !is_hidden(character) {
            shown.push(character);
        } else {
            // Not control pictures (U+2400 and on): many fonts have none, and show nothing at all.
            shown.extend(character.escape_default());
        }
    }
    (shown, tail.chars().count())
}

/// Controls, and what Unicode calls default ignorable (DerivedCoreProperties), separators of lines, and noncharacters,
/// which XML forbids.
fn is_hidden(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    let code = u32::from(character);
    character.is_control()
        || code & 0xfffe == 0xfffe
        || matches!(
            code,
            0xad | 0x34f
                | 0x61c
                | 0x115f..=0x1160
                | 0x17b4..=0x17b5
                | 0x180b..=0x180f
                | 0x200b..=0x200f
                | 0x2028..=0x202e
                | 0x2060..=0x206f
                | 0x3164
                | 0xfdd0..=0xfdef
                | 0xfe00..=0xfe0f
                | 0xfeff
                | 0xffa0
                | 0xfff0..=0xfffb
                | 0x1bca0..=0x1bca3
                | 0x1d173..=0x1d17a
                | 0xe0000..=0xe0fff
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_steers_is_shown_by_name() {
        assert_eq!(visible("\u{1b}[2Jgone\r\n\0\u{7f}"), "\\u{1b}[2Jgone\\r\\n\\u{0}\\u{7f}");
        assert_eq!(visible("a\u{202e}b\u{200b}c\u{feff}d\u{9b}"), "a\\u{202e}b\\u{200b}c\\u{feff}d\\u{9b}");
        assert_eq!(visible("\u{fffe}\u{1ffff}"), "\\u{fffe}\\u{1ffff}");
        assert_eq!(visible("plain, ünïcödé, 日本, 🦀"), "plain, ünïcödé, 日本, 🦀");
    }

    #[test]
    fn long_text_is_cut_with_a_note() {
        assert_eq!(visible(&"é".repeat(401)), format!("{} … (1 more characters)", "é".repeat(400)));
        assert_eq!(visible_lines("one\r\ntwo\rthree", 5), ("one\nt".to_owned(), 8));
        assert_eq!(visible_lines("a\tb\rc", 9), ("a\tb\\rc".to_owned(), 0));
    }

    proptest::proptest! {
        #[test]
        fn nothing_hidden_survives(text in "\\PC{0,30}|.{0,30}|[\u{0}-\u{9f}\u{2000}-\u{206f}\u{fe00}-\u{ffff}]{0,60}") {
            proptest::prop_assert!(!visible(&text).chars().any(is_hidden));
            proptest::prop_assert!(!visible_lines(&text, 40).0.chars().any(|c| c != '\n' && c != '\t' && is_hidden(c)));
        }
    }
}
