//! Words for outcomes, numbers and times, the same in every format.

use crate::model::Outcome;
use jiff::Timestamp;

/// The word for an outcome. `inconclusive` is called what it means to a reader.
#[must_use]
pub const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        Outcome::Warn => "warn",
        Outcome::Note => "note",
        Outcome::Skip => "skip",
        Outcome::Inconclusive => "undecided",
    }
}

/// The sign beside the word, so that colour is never needed.
#[must_use]
pub const fn outcome_symbol(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓",
        Outcome::Fail => "✗",
        Outcome::Warn => "!",
        Outcome::Note => "i",
        Outcome::Skip => "–",
        Outcome::Inconclusive => "?",
    }
}

/// The outcomes in the order in which a reader wants them.
pub(super) const READING_ORDER: [Outcome; 6] =
    [Outcome::Fail, Outcome::Inconclusive, Outcome::Warn, Outcome::Pass, Outcome::Note, Outcome::Skip];

/// `1 case`, `12 cases`.
#[must_use]
pub fn count(number: usize, singular: &str) -> String {
    match number {
        1 => format!("1 {singular}"),
        _ => format!("{} {singular}s", grouped(number)),
    }
}

/// A number with a thin space between thousands.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Microseconds as people say them: `812 µs`, `1.4 ms`, `5.0 s`.
pub(super) fn elapsed(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        _ => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
    }
}

/// An RFC 3339 time as a date for people, in UTC; the text itself where it is no time.
pub(super) fn moment(text: &str) -> String {
    text.parse::<Timestamp>().map_or_else(|_| text.to_owned(), |at| at.strftime("%-d %B %Y, %H:%M:%S UTC").to_string())
}

/// The time between two RFC 3339 times, where both are times.
pub(super) fn between(started: &str, finished: &str) -> Option<String> {
    let (started, finished): (Timestamp, Timestamp) = (started.parse().ok()?, finished.parse().ok()?);
    let millis = finished.duration_since(started).as_millis();
    let seconds = millis / 1_000;
    Some(match seconds {
        i128::MIN..0 => return None,
        0..10 => format!("{seconds}.{} s", millis % 1_000 / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            (count(1, "case"), count(0, "case"), count(12, "case")),
            ("1 case".into(), "0 cases".into(), "12 cases".into())
        );
        assert_eq!(
            (grouped(1234), grouped(12345), grouped(1_234_567)),
            ("1234".into(), "12\u{202f}345".into(), "1\u{202f}234\u{202f}567".into())
        );
        assert_eq!(
            (elapsed(812), elapsed(1_449), elapsed(5_000_100)),
            ("812 µs".into(), "1.4 ms".into(), "5.0 s".into())
        );
    }

    #[test]
    fn times_read_well_and_odd_ones_stay() {
        assert_eq!(moment("2026-11-22T13:27:55Z"), "22 November 2026, 13:27:55 UTC");
        assert_eq!(moment("yesterday"), "yesterday");
        let from = |end| between("2026-11-22T13:27:55Z", end);
        assert_eq!(from("2026-11-22T13:28:31Z").as_deref(), Some("36 s"));
        assert_eq!(from("2026-11-22T13:27:56.25Z").as_deref(), Some("1.2 s"));
        assert_eq!(from("2026-11-22T13:30:00Z").as_deref(), Some("2 min 05 s"));
        assert_eq!(from(""), None);
        assert_eq!(from("2026-11-22T13:27:54Z"), None);
    }
}
