//! What an exit code says, in one sentence.

use super::text::visible;
use crate::model::RunReport;

/// The meaning of an exit code of `gauntlet`, as a reader of a report or of a build log needs it.
#[must_use]
pub fn exit_meaning(code: u8) -> &'static str {
    match code {
        0 => "nothing new failed",
        1 => "something new failed, or the list of known failures is out of date",
        2 => "the command line or a file is wrong; nothing ran",
        3 => "not testable: the target was not reached, refused good tokens, or left a must case undecided",
        4 => "the selection matched no case",
        5 => "the run did not finish; the results so far are written",
        70 => "the harness itself is at fault; please report it",
        130 => "stopped by Ctrl-C; the results so far are written",
        143 => "stopped by a termination signal; the results so far are written",
        _ => "not a code of this harness",
    }
}

/// Why a run ended with its exit code: its own sentence, or the meaning of the code where it had no time to say one.
#[must_use]
pub fn exit_sentence(report: &RunReport) -> String {
    match report.exit_because.as_str() {
        "" => exit_meaning(report.exit_code).to_owned(),
        because => visible(because),
    }
}

#[cfg(test)]
mod tests {
    use super::exit_meaning;
    use std::collections::BTreeSet;

    #[test]
    fn each_code_has_a_sentence_of_its_own() {
        let codes = [0, 1, 2, 3, 4, 5, 70, 130, 143, 9];
        assert_eq!(codes.map(exit_meaning).into_iter().collect::<BTreeSet<_>>().len(), codes.len());
    }
}
