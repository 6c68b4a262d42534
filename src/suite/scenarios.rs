//! Scenario files in, scenarios out: what is extended is filled in, every combination of a matrix becomes one.

use super::{
    error::SuiteError,
    load::parse,
    source::{SuiteFile, scenario_files},
};
use crate::model::{
    case::Source,
    chaos::{Action, Assertion, Quantity, Scenario, ScenarioFile, ScenarioText, Symbol},
    spec::Severity,
};
use std::{collections::BTreeMap, path::Path};

/// Combinations of one file, at most.
const MOST: usize = 64;
/// Instances of a target, at most.
const MOST_INSTANCES: u32 = 8;

/// The scenarios of a directory, or those of the binary, in the order of their names.
///
/// # Errors
/// The first file that cannot be read or is wrong, with the place.
pub fn scenarios(directory: Option<&Path>) -> Result<Vec<Scenario>, SuiteError> {
    scenarios_from(&scenario_files(directory)?)
}

/// The scenarios of some texts.
///
/// # Errors
/// The first text that is wrong, with the place.
pub fn scenarios_from(files: &[SuiteFile]) -> Result<Vec<Scenario>, SuiteError> {
    let mut all = Vec::new();
    for file in files {
        for combination in combinations(file)? {
            all.push(scenario(file, files, &combination)?);
        }
    }
    Ok(all)
}

/// The words of one combination with their values, in the order of the words.
type Combination = Vec<(String, String)>;

fn combinations(file: &SuiteFile) -> Result<Vec<Combination>, SuiteError> {
    #[derive(serde::Deserialize)]
    struct OnlyMatrix {
        #[serde(default)]
        matrix: BTreeMap<String, Vec<String>>,
    }
    let OnlyMatrix { matrix } = parse(&file.name, &file.text)?;
    let mut all: Vec<Combination> = vec![Vec::new()];
    for (word, values) in &matrix {
        if values.is_empty() {
            return Err(point(
                file,
                word,
                &format!("the word {word:?} of the matrix has no value"),
                "name at least one",
            ));
        }
        let with = |before: &Combination, value: &String| {
            before.iter().cloned().chain([(word.clone(), value.clone())]).collect::<Combination>()
        };
        all = all.iter().flat_map(|before| values.iter().map(move |value| with(before, value))).collect();
        if all.len() > MOST {
            return Err(point(
                file,
                "[matrix]",
                &format!("wanted at most {MOST} combinations, found more"),
                "take a word or some values out of the matrix",
            ));
        }
    }
    Ok(all)
}

fn scenario(file: &SuiteFile, files: &[SuiteFile], combination: &Combination) -> Result<Scenario, SuiteError> {
    let mut chain = vec![read(file, combination)?];
    while let Some(base) = chain.last().and_then(|file| file.extends.clone()) {
        let Some(found) = files.iter().find(|other| other.stem == base) else {
            let known: Vec<&str> = files.iter().map(|file| file.stem.as_str()).collect();
            return Err(point(
                file,
                &format!("\"{base}\""),
                &format!("no scenario is called {base:?}"),
                &format!("known scenarios: {}", known.join(", ")),
            ));
        };
        if chain.len() > files.len() {
            return Err(point(
                file,
                "extends",
                &format!("the scenario {base:?} comes back to itself"),
                "break the circle of `extends`",
            ));
        }
        chain.push(read(found, combination)?);
    }
    let text = chain.into_iter().rev().map(|file| file.scenario).fold(ScenarioText::default(), over);
    let missing = |field: &str| {
        point(file, "[scenario]", &format!("wanted `{field}` in the scenario"), "add it, or extend one that has it")
    };
    let values: Vec<&str> = combination.iter().map(|(_, value)| value.as_str()).collect();
    let id = if values.is_empty() { file.stem.clone() } else { format!("{}:{}", file.stem, values.join("-")) };
    let scenario = Scenario {
        id,
        title: paragraph(&text.title.ok_or_else(|| missing("title"))?),
        why: paragraph(&text.why.ok_or_else(|| missing("why"))?),
        fix: paragraph(&text.fix.unwrap_or_default()),
        refs: text.refs,
        severity: text.severity.unwrap_or(Severity::High),
        needs: text.needs,
        quick: text.quick.unwrap_or(false),
        alone: text.alone.unwrap_or(false),
        instances: text.instances.unwrap_or(1),
        traffic: text.traffic.unwrap_or_default(),
        timeline: text.timeline,
        assert: text.assert,
        guard: text.guard,
        source: Source { file: file.name.clone(), line: 1 },
    };
    check(file, &scenario)?;
    Ok(scenario)
}

fn read(file: &SuiteFile, combination: &Combination) -> Result<ScenarioFile, SuiteError> {
    let filled =
        combination.iter().fold(file.text.clone(), |text, (word, value)| text.replace(&format!("${{{word}}}"), value));
    parse(&file.name, &filled)
}

/// The later text laid over the earlier one; claims and guards are added, a timeline takes another one's place.
fn over(base: ScenarioText, own: ScenarioText) -> ScenarioText {
    let list = |base: Vec<_>, own: Vec<_>| if own.is_empty() { base } else { own };
    ScenarioText {
        title: own.title.or(base.title),
        why: own.why.or(base.why),
        fix: own.fix.or(base.fix),
        refs: if own.refs.is_empty() { base.refs } else { own.refs },
        severity: own.severity.or(base.severity),
        needs: if own.needs.is_empty() { base.needs } else { own.needs },
        quick: own.quick,
        alone: own.alone.or(base.alone),
        instances: own.instances.or(base.instances),
        traffic: own.traffic.or(base.traffic),
        timeline: list(base.timeline, own.timeline),
        assert: base.assert.into_iter().chain(own.assert).collect(),
        guard: base.guard.into_iter().chain(own.guard).collect(),
    }
}

/// What only the whole scenario shows: names that nobody gives, a timeline without an end.
fn check(file: &SuiteFile, scenario: &Scenario) -> Result<(), SuiteError> {
    let ends = scenario.timeline.iter().filter(|step| step.actions.contains(&Action::End)).count();
    if ends != 1 {
        return Err(point(
            file,
            "timeline",
            &format!("wanted exactly one step with `end = true`, found {ends}"),
            "end the timeline with { at = \"5T\", end = true }",
        ));
    }
    let signs = |action: &Action| matches!(action, Action::Sign(_));
    if !scenario.timeline.first().is_some_and(|step| step.actions.iter().any(signs)) {
        return Err(point(
            file,
            "timeline",
            "the first step names no key that signs",
            "begin with { at = \"0\", publish = \"k1\", sign = \"k1\" }",
        ));
    }
    if !(1..=MOST_INSTANCES).contains(&scenario.instances) {
        let what = format!("wanted from 1 to {MOST_INSTANCES} `instances`, found {}", scenario.instances);
        return Err(point(file, "instances", &what, "three show what there is to see"));
    }
    let restarts = scenario.timeline.iter().any(|step| step.actions.contains(&Action::Restart));
    if scenario.instances > 1 && restarts {
        let what = "wanted no `restart` where there are several `instances`: nobody could say which one";
        return Err(point(file, "restart", what, "restart in a scenario with one instance"));
    }
    let names: Vec<&str> = scenario.timeline.iter().filter_map(|step| step.name.as_deref()).collect();
    for (place, name) in names.iter().enumerate() {
        if names[..place].contains(name) {
            return Err(point(file, &format!("\"{name}\""), &format!("two spans are called {name:?}"), "rename one"));
        }
    }
    for guard in &scenario.guard {
        if !guard.when.is_whole() {
            return Err(point(
                file,
                "guard",
                "wanted a guard about tokens or about a query",
                "write { of = \"valid\", accepted = \"< 50%\", for = \"30s\" } or { query = \"up\", is = \"< 1\", for = \"30s\" }",
            ));
        }
    }
    for claim in &scenario.assert {
        if let Some(name) = claim.window.span().filter(|name| !names.contains(name)) {
            return Err(point(
                file,
                &claim.window.to_string(),
                &format!("no step begins a span called {name:?}"),
                &format!("give a step `as = \"{name}\"`, or name one of: {}", names.join(", ")),
            ));
        }
        needs_no_base(file, claim)?;
    }
    Ok(())
}

/// `base` is a latency, so it can be the measure of nothing else.
fn needs_no_base(file: &SuiteFile, claim: &Assertion) -> Result<(), SuiteError> {
    let Quantity::Time(time) = &claim.bound.limit else { return Ok(()) };
    if time.symbols().any(|symbol| symbol == Symbol::Base) && !claim.metric.is_latency() {
        return Err(point(
            file,
            &claim.bound.to_string(),
            &format!("wanted a limit without `base` for {}", claim.metric),
            "base is the latency before the first fault; compare p50, p99 or longest with it",
        ));
    }
    Ok(())
}

fn point(file: &SuiteFile, word: &str, what: &str, help: &str) -> SuiteError {
    let at = file.text.find(word).unwrap_or(0);
    let end = (at + word.len()).min(file.text.len());
    SuiteError::at(&file.name, &file.text, at..end, what, help)
}

/// Prose that was broken into lines for its file.
fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = r#"format = "scenario/1"
[scenario]
title = "A title"
why = "Because."
timeline = [
  { at = "0", publish = "k1", sign = "k1" },
  { at = "1T", fault.jwks = "refuse", for = "1T", as = "outage" },
  { at = "3T", end = true },
]
"#;

    fn file(stem: &str, text: &str) -> SuiteFile {
        SuiteFile { name: format!("scenarios/{stem}.toml"), stem: stem.into(), text: text.into() }
    }

    fn error(text: &str) -> String {
        scenarios_from(&[file("a", text)]).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_a_scenario() {
        let all = scenarios_from(&[file("a", START)]).unwrap();
        assert_eq!((all[0].id.as_str(), all[0].keys()), ("a", vec!["k1".to_owned()]));
        assert_eq!(all[0].length(&crate::model::chaos::Scale::SHORT).to_string(), "12s");
    }

    #[test]
    fn a_matrix_is_as_many_as_it_has_combinations() {
        let text =
            START.replace("[scenario]\n", "[scenario]\ntraffic = { mix = \"${mix}\", tokens = \"${tokens}\" }\n");
        let text = format!("{text}[matrix]\nmix = [\"quiet\", \"noisy\"]\ntokens = [\"fresh\", \"replayed\"]\n");
        let ids: Vec<String> = scenarios_from(&[file("a", &text)]).unwrap().into_iter().map(|one| one.id).collect();
        assert_eq!(ids, ["a:quiet-fresh", "a:quiet-replayed", "a:noisy-fresh", "a:noisy-replayed"]);
        let wide: String = (0..4).map(|word| format!("w{word} = [\"1\", \"2\", \"3\"]\n")).collect();
        assert!(error(&format!("{START}[matrix]\n{wide}")).contains("at most 64 combinations"));
    }

    #[test]
    fn one_scenario_takes_from_another_what_it_does_not_say() {
        let own = r#"format = "scenario/1"
extends = "a"
[scenario]
title = "Another title"
assert = [{ window = "during outage", of = "valid", accepted = ">= 99.9%", level = "must" }]
"#;
        let all = scenarios_from(&[file("a", START), file("b", own)]).unwrap();
        assert_eq!(
            (all[1].title.as_str(), all[1].why.as_str(), all[1].timeline.len()),
            ("Another title", "Because.", 3)
        );
        assert_eq!(all[1].assert.len(), 1);
        let lost = scenarios_from(&[file("b", own)]).unwrap_err().to_string();
        assert_eq!(lost, "no scenario is called \"a\"");
        let circle = own.replace("\"a\"", "\"b\"");
        assert!(scenarios_from(&[file("b", &circle)]).unwrap_err().to_string().contains("comes back to itself"));
    }

    #[test]
    fn what_cannot_be_played_is_refused_with_its_place() {
        let claim = |claim: &str| error(&START.replace("[scenario]\n", &format!("[scenario]\nassert = [{claim}]\n")));
        assert!(error(&START.replace("end = true", "heal = true")).contains("exactly one step with `end = true`"));
        assert!(error(&START.replace(", sign = \"k1\"", "")).contains("no key that signs"));
        assert!(error(&START.replace("why = \"Because.\"\n", "")).contains("wanted `why`"));
        assert!(error(&START.replace("3T", "3X")).contains("wanted a time"));
        assert!(
            claim(r#"{ window = "during x", of = "valid", accepted = "= 0", level = "must" }"#)
                .contains("no step begins a span called \"x\"")
        );
        assert!(claim(r#"{ of = "valid", recovery = "<= base", level = "must" }"#).contains("without `base`"));
    }
}
