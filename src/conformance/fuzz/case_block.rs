//! A generated token as a `[[case]]` block, ready to be pasted into a file of cases.

use super::generate::Forgery;
use crate::model::{Alg, Recipe, report::Statement};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write};

/// Where long texts are folded.
const WIDTH: usize = 116;

/// The block of a token; none where a value of it has no form in TOML.
#[must_use]
pub fn case_block(forgery: &Forgery, number: u32) -> Option<String> {
    let Statement { title, why, fix, .. } = forgery.kind.statement();
    let title = title.split_once(',').map_or(title.as_str(), |(title, _)| title);
    let refs: Vec<String> = forgery.kind.refs().into_iter().map(|reference| reference.0).collect();
    let mut block = Block(String::from("[[case]]\n"));
    block.line("name", &format!("fuzz-{}-{number}", forgery.kind.name()))?;
    block.line("title", &title)?;
    let _ = writeln!(block.0, "why = \"\"\"\n{}\"\"\"", fold(&why));
    block.line("fix.library", &fix.library)?;
    block.line("fix.application", &fix.application)?;
    block.line("refs", &refs)?;
    block.line("level", "must")?;
    block.line("severity", &forgery.kind.severity().to_string())?;
    let mut token = forgery.recipe.clone();
    if let Some((key, alg)) = signer(&token) {
        let trusted = alg.name().to_lowercase();
        if key == trusted {
            token.sign = None;
        }
        block.line("needs", &[format!("alg:{alg}")])?;
        block.line("given.sign", &BTreeMap::from([("key", trusted)]))?;
    }
    for (name, value) in serde_json::to_value(&token).ok()?.as_object()? {
        block.line(&format!("token.{name}"), value)?;
    }
    block.line("expect", "reject")?;
    Some(block.0)
}

struct Block(String);

impl Block {
    /// Adds a member; nothing where its value has no form in TOML.
    fn line<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Option<()> {
        let mut text = String::new();
        value.serialize(toml::ser::ValueSerializer::new(&mut text)).ok()?;
        writeln!(self.0, "{name} = {text}").ok()
    }
}

/// The signer's key by name, and the algorithm that a good twin is signed in.
fn signer(recipe: &Recipe) -> Option<(String, Alg)> {
    let key = recipe.sign.as_ref()?.key.clone();
    let name = key.trim_start_matches("rogue-");
    let alg = Alg::ALL.iter().copied().find(|alg| alg.name().eq_ignore_ascii_case(name))?;
    Some((key, alg))
}

fn fold(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut();
        match last {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + word.len() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}
