//! `gauntlet explain`.

use super::{
    Ended,
    shared::{Corpora, Suite, usage},
};
use crate::{
    builtin::Flaw,
    conformance::fuzz::Kind,
    model::{Case, Mutation, Recipe, Tampering, chaos::Scenario, vector::Published},
    report::visible,
    run::ExitCode,
    suite::{Catalog, Demand, scenarios},
};
use clap::Args;
use schemars::{JsonSchema, schema_for};
use serde_json::Value;
use std::fmt::Write;

/// Say what a case, a mutation, a flaw, a profile or a scenario is, and why it matters
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A case (algorithm/alg-none), one of its variants, a mutation (strip-signature), a flaw (builtin:NAME), a profile or a
    /// scenario of `gauntlet chaos`
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    suite: Suite,
    #[command(flatten)]
    corpora: Corpora,
}

impl Explain {
    pub fn execute(self) -> Ended {
        let mut catalog = self.suite.load()?;
        self.corpora.add_to(&mut catalog)?;
        let text = case(&catalog, &self.id)
            .or_else(|| published(&catalog, &self.id))
            .or_else(|| generated(&self.id))
            .or_else(|| flaw(&self.id))
            .or_else(|| manual(&self.id))
            .or_else(|| profile(&catalog, &self.id));
        let text = match text {
            None => scenario(&scenarios(None)?, &self.id),
            text => text,
        };
        match text {
            Some(text) => {
                anstream::println!("{}", text.trim_end());
                Ok(ExitCode::Ok)
            }
            None => Err(usage(
                format!("nothing is called {:?}{}", self.id, nearest(&catalog, &self.id)),
                "`gauntlet list` shows the cases, `gauntlet list flaws` the flaws, `gauntlet list profiles` the \
                 profiles, `gauntlet chaos --dry-run` the scenarios",
            )),
        }
    }
}

/// A scenario, or the first one of a file.
fn scenario(all: &[Scenario], id: &str) -> Option<String> {
    let is_named = |own: &str| own == id || own.split(':').next() == Some(id);
    let found = all.iter().find(|scenario| is_named(&scenario.id))?;
    let mut text = format!("{}\n{}\n\n{}\n\n", found.id, found.title, found.why);
    for claim in &found.assert {
        let _ = writeln!(text, "{:<11} {claim}", claim.level.to_string());
    }
    let wants = found.needs.iter().map(|needed| format!("needs       or: {}\n", needed.missing()));
    text.extend(wants);
    let _ = writeln!(text, "fix         {}", found.fix);
    let _ = writeln!(text, "written in  {}", found.source.file);
    let _ = writeln!(text, "\ngauntlet chaos --only '{}' --dry-run shows what happens and when", found.id);
    Some(text)
}

fn case(catalog: &Catalog, id: &str) -> Option<String> {
    let variants: Vec<&Case> = catalog
        .cases
        .iter()
        .map(AsRef::as_ref)
        .filter(|case: &&Case| {
            case.id.to_string() == id || case.id.case() == id || case.earlier_ids().any(|earlier| earlier == id)
        })
        .collect();
    let first = variants.first()?;
    let mut text = statement(first);
    for variant in &variants {
        let _ = writeln!(text, "\n{} expects {}", variant.id, variant.expect);
        let _ = write!(text, "{}", recipe(&variant.given.recipe(), "shared with the good twin"));
        let _ = write!(text, "{}", recipe(&variant.token, "under test"));
    }
    Some(text)
}

/// What a case says, grades and sources.
fn statement(first: &Case) -> String {
    let mut text = format!("{}\n{}\n\n{}\n\n", first.id.case(), first.title, first.why);
    let refs: Vec<String> = first
        .refs
        .iter()
        .map(|reference| reference.url().map_or_else(|| reference.to_string(), |url| format!("{reference} <{url}>")))
        .collect();
    let _ = writeln!(text, "level       {} ({})", first.level, first.severity);
    let _ = writeln!(text, "expects     {}", first.expect);
    let _ = writeln!(text, "references  {}", refs.join("\n            "));
    if !first.needs.is_empty() {
        let needs: Vec<String> = first.needs.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "needs       {}", needs.join(", "));
    }
    if let Some(policy) = &first.policy {
        let choices: Vec<&str> = policy.when.keys().map(String::as_str).collect();
        let _ = writeln!(text, "policy      {} = {}", policy.name, choices.join(" | "));
    }
    let _ = writeln!(text, "library     {}", first.fix.library.trim());
    let _ = writeln!(text, "application {}", first.fix.application.trim());
    let _ = writeln!(text, "written in  {}:{}", first.source.file, first.source.line);
    text
}

/// A published vector, or all of one name.
fn published(catalog: &Catalog, id: &str) -> Option<String> {
    let named = |vector: &&Published| vector.case.id.to_string() == id || vector.case.id.case() == id;
    let vectors: Vec<&Published> = catalog.vectors.iter().filter(named).collect();
    let mut text = statement(&vectors.first()?.case);
    for Published { case, token, ask, now, erratum, group, .. } in &vectors {
        let _ = writeln!(text, "\n{} expects {} ({})", case.id, case.expect, group.about);
        let at = now.map_or_else(String::new, |now| format!(" when the clock shows {now}"));
        let _ = writeln!(text, "  asked       {ask}{at}");
        let _ = writeln!(text, "  shown       {}", visible(token));
        for key in group.keys.iter().chain(&group.decryption_keys) {
            let _ = writeln!(text, "  key         {key}");
        }
        if let Some(erratum) = erratum {
            let _ = writeln!(text, "  be aware    {erratum}");
        }
    }
    Some(text)
}

/// A recipe as indented JSON, with the manual of each kind of damage.
fn recipe(recipe: &Recipe, heading: &str) -> String {
    if recipe.is_empty() {
        return String::new();
    }
    let value = serde_json::to_value(recipe).unwrap_or_default();
    let mut text = format!("  {heading}\n");
    for (name, member) in value.as_object().into_iter().flatten() {
        let _ = writeln!(text, "    {name} = {member}");
        for damage in member.as_array().into_iter().flatten() {
            let damage = damage
                .as_str()
                .or_else(|| damage.as_object().and_then(|object| object.keys().next().map(String::as_str)));
            if let Some(about) = damage.and_then(manual) {
                let _ = writeln!(text, "      {}", about.lines().next().unwrap_or_default());
            }
        }
    }
    text
}

/// A kind of generated tokens, or one of them.
fn generated(id: &str) -> Option<String> {
    let kind = Kind::ALL.iter().copied().find(|kind| {
        let all = kind.id(None).to_string();
        id.strip_prefix(&all).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    })?;
    let Case { title, why, fix, refs, level, severity, .. } = kind.case(None, Recipe::default());
    let refs: Vec<String> = refs.iter().map(ToString::to_string).collect();
    Some(format!(
        "{}\n{title}\n\n{why}\n\nlevel       {level} ({severity})\nexpects     reject\nreferences  {}\nlibrary     {}\n\
         application {}\ngenerated   gauntlet run TARGET --fuzz 20000 --only '{}'\n",
        kind.id(None),
        refs.join("\n            "),
        fix.library,
        fix.application,
        kind.id(None)
    ))
}

fn flaw(id: &str) -> Option<String> {
    let flaw: Flaw = id.strip_prefix("builtin:").unwrap_or(id).parse().ok()?;
    Some(format!(
        "builtin:{}\n{}\n\nresembles   {}\ntry         gauntlet run builtin:{}\n",
        flaw.name(),
        flaw.about(),
        flaw.resembles(),
        flaw.name()
    ))
}

/// What a profile asks for.
fn profile(catalog: &Catalog, id: &str) -> Option<String> {
    let profile = catalog.profiles.get(id)?;
    let demand = Demand::of(profile, catalog);
    let mut text = format!("{}\n{}\n\n{}\n\n", profile.name, profile.title, profile.about);
    let mut line = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            let _ = writeln!(text, "{name:<12}{}", values.join("\n            "));
        }
    };
    line("for", vec![profile.who.clone()]);
    line("rests on", profile.refs.iter().map(ToString::to_string).collect());
    line("counts", vec![format!("{} cases, {} variants", demand.cases.len(), demand.variants.len())]);
    line("requires", profile.requires.iter().map(ToString::to_string).collect());
    line("chooses", profile.policy.iter().map(|(name, choice)| format!("{name} = {choice}")).collect());
    line("scenarios", profile.scenarios.clone());
    for part in &profile.parts {
        let levels: Vec<String> = part.levels.iter().rev().map(ToString::to_string).collect();
        let mut lines = vec![format!("{}, from severity {}, up to {}", levels.join(" and "), part.severity, part.harm)];
        let mut list = |what: &str, names: &[String]| {
            if !names.is_empty() {
                lines.push(format!("{what} {}", names.join(" ")));
            }
        };
        list("must show something of", &part.cases);
        list("where they apply", &part.where_applicable);
        list("where they apply, what shows", &part.documents);
        list("not", &part.without);
        line(&part.of, lines);
    }
    line("digest", vec![profile.digest()]);
    line(
        "try",
        vec![
            format!("gauntlet run TARGET --profile {id}"),
            format!("gauntlet certify TARGET --profile {id} --key KEY --out DIR"),
        ],
    );
    Some(text)
}

/// The manual of a mutation: its doc comment, from the schema.
fn manual(name: &str) -> Option<String> {
    fn of<T: JsonSchema>(name: &str) -> Option<String> {
        let schema = serde_json::to_value(schema_for!(T)).ok()?;
        let variants = schema.get("oneOf")?.as_array()?;
        variants.iter().find_map(|variant| {
            let about = variant.get("description").and_then(Value::as_str)?.replace('\n', " ");
            let parameters = variant.pointer(&format!("/properties/{name}/properties"));
            let unit = variant.get("const").and_then(Value::as_str) == Some(name)
                || variant
                    .get("enum")
                    .and_then(Value::as_array)
                    .is_some_and(|names| names.iter().any(|one| one == name));
            if !unit && variant.pointer(&format!("/properties/{name}")).is_none() {
                return None;
            }
            let mut text = format!("{about}\n");
            for (parameter, schema) in parameters.and_then(Value::as_object).into_iter().flatten() {
                let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
                let _ = writeln!(text, "  {parameter}  {}", about.replace('\n', " "));
            }
            Some(text)
        })
    }
    of::<Mutation>(name).or_else(|| of::<Tampering>(name))
}

/// A hint at what was probably meant.
fn nearest(catalog: &Catalog, id: &str) -> String {
    let tail = id.rsplit('/').next().unwrap_or(id);
    let hit = catalog.stated().map(|case| case.id.case()).find(|case| !tail.is_empty() && case.contains(tail));
    let alike = || {
        let near = |case: String| (strsim::jaro_winkler(&case, id), case);
        let best = catalog.stated().map(|case| near(case.id.case())).max_by(|one, other| one.0.total_cmp(&other.0));
        best.filter(|(likeness, _)| *likeness > 0.9).map(|(_, case)| case)
    };
    hit.or_else(alike).map_or_else(String::new, |case| format!("; did you mean {case:?}?"))
}
