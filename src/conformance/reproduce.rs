//! How to see a result again.

use super::bench::Bench;
use crate::{
    model::{Case, report::Reproduce},
    token::Token,
};

/// Bytes of the longest token that a command is written for.
const LONGEST_ARGUMENT: usize = 16 * 1024;

impl Bench {
    /// The command that started the run, with another selection and the same seed.
    #[must_use]
    pub fn command(&self, selection: &str) -> String {
        // What stands behind `--` is an adapter's command, and must stay last.
        let (command, adapter) = match self.started_by().split_once(" -- ") {
            Some((command, adapter)) => (command, format!(" -- {adapter}")),
            None => (self.started_by(), String::new()),
        };
        format!("{command} {selection} --seed {}{adapter}", self.forge().setting().seed)
    }

    /// How to see a result again: with the harness, and with `curl` where a plain header says it all.
    #[must_use]
    pub fn reproduce(&self, case: &Case, token: &Token) -> Reproduce {
        let address = self.target().address();
        // No shell takes an argument of more.
        let text = std::str::from_utf8(&token.bytes).ok().filter(|text| text.len() <= LONGEST_ARGUMENT);
        let curl = match (case.present.as_ref().or(case.given.present.as_ref()), text) {
            (None, Some(text)) if !text.chars().any(char::is_control) && address.starts_with("http") => {
                let header = shell_quoted(&format!("Authorization: Bearer {text}"));
                Some(format!("curl -i -H {header} {}", shell_quoted(&address)))
            }
            _ => None,
        };
        let gauntlet = self.command(&format!("--only {}", shell_quoted(&case.id.to_string())));
        Reproduce { gauntlet, curl, case: None }
    }
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
