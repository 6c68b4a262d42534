//! Load plans from files.

use super::{
    error::SuiteError,
    load::parse,
    source::{SuiteFile, load_files, one_file},
};
use crate::model::{
    case::Source,
    load::{Drive, LoadFile, LoadPlan, LoadText, Sweep},
};
use std::{ops::Range, path::Path};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The load plans of a directory, or those of the binary, in the order of their names.
///
/// # Errors
/// The first file that cannot be read or is wrong, with the place.
pub fn load_plans(directory: Option<&Path>) -> Result<Vec<LoadPlan>, SuiteError> {
    load_files(directory)?.iter().map(read).collect()
}

/// A load plan by its path.
///
/// # Errors
/// It cannot be read, or is wrong at a place.
pub fn load_plan(path: &Path) -> Result<LoadPlan, SuiteError> {
    read(&one_file(path, "name a plan of the binary (`gauntlet load --list`), or the path of a file")?)
}

fn read(file: &SuiteFile) -> Result<LoadPlan, SuiteError> {
    let LoadFile { load: text, .. } = parse(&file.name, &file.text)?;
    let id = file.stem.trim_start_matches("load-").to_owned();
    let plan = LoadPlan { id, text, source: Source { file: file.name.clone(), line: 1 } };
    match trouble(&plan) {
        None => Ok(plan),
        Some((word, what, help)) => {
            let path: Vec<&str> = std::iter::once("load").chain(word.split('.')).collect();
            Err(SuiteError::at(&file.name, &file.text, place(&file.text, &path), what, help))
        }
    }
}

/// Where the value at a path of names and places is written; an empty range, at whatever stands around it, where there is
/// none.
pub(super) fn place(text: &str, path: &[&str]) -> Range<usize> {
    let Ok(whole) = DeTable::parse(text) else { return 0..0 };
    let mut around = 0;
    let mut at: Option<&Spanned<DeValue<'_>>> = None;
    for name in path {
        let next = match at.map(Spanned::get_ref) {
            None => whole.get_ref().get(*name),
            Some(DeValue::Table(table)) => table.get(*name),
            Some(DeValue::Array(list)) => name.parse::<usize>().ok().and_then(|place| list.get(place)),
            Some(_) => None,
        };
        let Some(value) = next else { return around..around };
        around = value.span().start;
        at = Some(value);
    }
    at.map_or(0..0, Spanned::span)
}

/// What is wrong with a plan that was changed after it was read, and what to do.
#[must_use]
pub fn load_trouble(plan: &LoadPlan) -> Option<(String, &'static str)> {
    trouble(plan).map(|(_, what, help)| (what, help))
}

/// What only the whole plan shows: the path below `load` to point at, what is wrong, and what to do.
fn trouble(plan: &LoadPlan) -> Option<(&'static str, String, &'static str)> {
    let text = &plan.text;
    if text.mix.values().sum::<u32>() == 0 {
        return Some(("mix", "the mix weighs nothing".into(), "give at least one class a weight above zero"));
    }
    if text.tokens == 0 {
        return Some(("tokens", "wanted at least one token, found none".into(), "leave `tokens` out for 20000"));
    }
    if text.duration.0.is_zero() {
        return Some(("duration", "a window of no length measures nothing".into(), "give it a second or more"));
    }
    match &text.drive {
        Drive::Stages(stages) if stages.iter().all(|stage| stage.length.0.is_zero()) => {
            return Some(("drive.stages", "the stages have no length".into(), "give one of them a `for`"));
        }
        Drive::Connections(0) => {
            return Some((
                "drive.connections",
                "wanted at least one connection, found 0".into(),
                "64 is a usual number",
            ));
        }
        Drive::Users(0) => {
            return Some(("drive.users", "wanted at least one user, found 0".into(), "50 is a usual number"));
        }
        Drive::Users(_) => {
            if let Some(word) = not_for_users(text) {
                let what = format!("users hold tokens of their own and renew them: `{word}` means nothing to them");
                return Some((word, what, "take it out, or drive the plan at a rate"));
            }
        }
        _ => {}
    }
    let asks_provider = text.ask.is_of_provider();
    if asks_provider && matches!(&text.sweep, Some(sweep) if !matches!(sweep, Sweep::Connections(_) | Sweep::Rate(_))) {
        let what = "an identity provider makes its own tokens: only rate and connections can be swept";
        return Some(("sweep", what.into(), "sweep the rate, or ask for validation"));
    }
    if asks_provider && (text.expire_after.is_some() || text.more_keys.is_some() || text.cold) {
        let what = "an identity provider makes its own tokens: nothing can be said about them or about our keys";
        return Some(("ask", what.into(), "take out expire-after, more-keys and cold, or ask for validation"));
    }
    if text.http2 && (asks_provider || matches!(text.drive, Drive::Users(_))) {
        let who = if asks_provider { "token endpoints are asked" } else { "users call" };
        return Some(("http2", format!("{who} over HTTP/1.1"), "leave HTTP/2 out, or drive a validator at a rate"));
    }
    let percent = |value: &u32| *value > 100;
    let replays = match &text.sweep {
        Some(Sweep::Replay(values)) => values.iter().chain(&text.replay).any(percent),
        _ => text.replay.iter().any(percent),
    };
    if replays {
        let word = if matches!(text.sweep, Some(Sweep::Replay(_))) { "sweep.replay" } else { "replay" };
        return Some((word, "wanted at most 100 of a hundred tokens".into(), "write 90 for nine in ten"));
    }
    let is_empty = match &text.sweep {
        None => false,
        Some(Sweep::Alg(values)) => values.is_empty(),
        Some(
            Sweep::TokenBytes(values) | Sweep::Replay(values) | Sweep::MoreKeys(values) | Sweep::Connections(values),
        ) => values.is_empty(),
        Some(Sweep::Rate(values)) => values.is_empty(),
        Some(Sweep::Class(values)) => values.is_empty(),
    };
    is_empty.then(|| ("sweep", "the sweep has no value".to_owned(), "name at least one, or take it out"))
}

/// The first member that says something about tokens or windows which users do not leave open.
fn not_for_users(text: &LoadText) -> Option<&'static str> {
    [
        ("ask", text.ask.is_of_provider()),
        ("sweep", text.sweep.is_some()),
        ("token-bytes", text.token_bytes.is_some()),
        ("replay", text.replay.is_some()),
        ("expire-after", text.expire_after.is_some()),
        ("more-keys", text.more_keys.is_some()),
        ("cold", text.cold),
    ]
    .into_iter()
    .find_map(|(word, says)| says.then_some(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(own: &str) -> SuiteFile {
        let text = format!("format = \"load-plan/1\"\n[load]\ntitle = \"A title\"\nwhy = \"Because.\"\n{own}");
        SuiteFile { name: "scenarios/load-a.toml".into(), stem: "load-a".into(), text }
    }

    #[test]
    fn a_plan_has_defaults_for_all_but_its_words() {
        let plan = read(&file("")).unwrap();
        assert_eq!((plan.id.as_str(), plan.text.duration.to_string()), ("a", "10s".to_owned()));
        let plan = read(&file("drive = { connections = 8 }\nsweep = { alg = [\"RS256\", \"ES256\"] }\n")).unwrap();
        assert_eq!(plan.text.drive, Drive::Connections(8));
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_its_place() {
        for (text, part) in [
            ("mix = { valid = 0 }", "weighs nothing"),
            ("mix = { vallid = 1 }", "wanted a token class"),
            ("drive = { stages = [] }", "no length"),
            ("drive = { connections = 0 }", "at least one connection"),
            ("drive = { users = 0 }", "at least one user"),
            ("drive = { users = 5 }\nask = \"refresh\"", "`ask` means nothing to them"),
            ("drive = { users = 5 }\nhttp2 = true", "users call over HTTP/1.1"),
            ("ask = \"issuance\"\nhttp2 = true", "token endpoints are asked over HTTP/1.1"),
            ("drive = { users = 5 }\nsweep = { alg = [\"RS256\"] }", "`sweep` means nothing to them"),
            ("drive = { speed = 1 }", "unknown variant"),
            ("replay = 101", "at most 100"),
            ("sweep = { rate = [] }", "no value"),
            ("duration = \"0s\"", "no length"),
            ("tokens = 0", "at least one token"),
            ("ask = \"issuance\"\nsweep = { alg = [\"RS256\"] }", "only rate and connections"),
            ("ask = \"refresh\"\ncold = true", "makes its own tokens"),
            ("assert = [{ p95 = \"< 5\", level = \"must\" }]", "wanted a time"),
        ] {
            let error = read(&file(text)).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn the_plans_of_the_binary_are_read() {
        assert!(load_plans(None).unwrap().iter().any(|plan| plan.text.quick));
    }
}
