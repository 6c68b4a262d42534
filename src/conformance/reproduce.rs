//! How to see a result again.

use super::bench::Bench;
use crate::{
    model::{Case, report::Reproduce},
    token::Token,
};

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
        let curl = match (case.present.as_ref().or(case.given.present.as_ref()), std::str::from_utf8(&token.bytes)) {
            (None, Ok(text)) if !text.chars().any(char::is_control) && self.target().address().starts_with("http") => {
                let header = shell_quoted(&format!("Authorization: Bearer {text}"));
                Some(format!("curl -i -H {header} {}", shell_quoted(&self.target().address())))
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
