//! Profile files in, profiles out: what is extended is laid under, mistakes are pointed at, and what a profile demands of a
//! suite is worked out.

use super::{digest, error::SuiteError, load::Catalog, load::parse, source::SuiteFile};
use crate::model::{
    Case, Level,
    capability::Capability,
    chaos::Scenario,
    profile::{Part, Profile, ProfileFormat},
    spec::{Harm, Reference, Severity},
};
use globset::{Glob, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};
use toml::Spanned;

/// A file of profiles (`vectors/profiles.toml`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProfileFile {
    /// `profiles/1`.
    pub format: ProfileFileFormat,
    /// The profiles by name.
    pub profile: BTreeMap<String, ProfileBlock>,
}

/// The format line of a file of profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ProfileFileFormat {
    /// The first version.
    #[serde(rename = "profiles/1")]
    V1,
}

/// One `[profile.NAME]` table. What it extends keeps its own levels, severity and harm.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProfileBlock {
    /// What holds where it is met, in one sentence.
    pub title: String,
    /// What it asks for.
    pub about: String,
    /// Who should ask for it.
    pub who: String,
    /// Another profile that it contains whole.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub extends: Option<Spanned<String>>,
    /// Documents that it rests on.
    #[serde(default)]
    pub refs: Vec<Reference>,
    /// Globs over `family/name`; of each at least one case must have passed, and none of those that apply may break.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub cases: Vec<Spanned<String>>,
    /// Globs over `family/name` of cases that count where they apply to the target.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub where_applicable: Vec<Spanned<String>>,
    /// Specifications by the names of `requirements.toml`: every case that shows one of their requirements counts where it
    /// applies to the target.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub documents: Vec<Spanned<String>>,
    /// Globs over `family/name` of cases that do not count.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub without: Vec<Spanned<String>>,
    /// The levels that must hold.
    #[serde(default)]
    pub levels: BTreeSet<Level>,
    /// The least severity that counts; all where absent.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The greatest harm that counts; `safe` where absent.
    #[serde(default)]
    pub harm: Option<Harm>,
    /// Choices that the standards leave open and that this profile makes: a target that declares another one cannot meet it.
    #[serde(default)]
    pub policy: BTreeMap<String, String>,
    /// Capabilities without which a target cannot meet it.
    #[serde(default)]
    pub requires: BTreeSet<Capability>,
    /// Globs over ids of scenarios that are played three times.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub scenarios: Vec<Spanned<String>>,
}

impl ProfileBlock {
    fn globs(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.cases.iter().chain(&self.where_applicable).chain(&self.without).chain(&self.scenarios)
    }
}

/// Reads a file of profiles.
pub(super) fn read(file: &SuiteFile) -> Result<BTreeMap<String, Profile>, SuiteError> {
    let parsed: ProfileFile = parse(&file.name, &file.text)?;
    let wrong =
        |span: Range<usize>, what: String, help: &str| Err(SuiteError::at(&file.name, &file.text, span, what, help));
    for (name, block) in &parsed.profile {
        for glob in block.globs() {
            if let Err(error) = Glob::new(glob.get_ref()) {
                let what = format!("{:?} is no glob: {}", glob.get_ref(), error.kind());
                return wrong(glob.span(), what, "a glob is matched against ids such as claims/exp-past");
            }
        }
        let mut seen = BTreeSet::from([name.as_str()]);
        let mut next = block.extends.as_ref();
        while let Some(base) = next {
            let Some(found) = parsed.profile.get(base.get_ref()) else {
                let known: Vec<&str> = parsed.profile.keys().map(String::as_str).collect();
                let what = format!("no profile is called {:?}", base.get_ref());
                return wrong(base.span(), what, &format!("known profiles: {}", known.join(", ")));
            };
            if !seen.insert(base.get_ref()) {
                let what = format!("the profile {:?} comes back to itself", base.get_ref());
                return wrong(base.span(), what, "break the circle of `extends`");
            }
            next = found.extends.as_ref();
        }
    }
    for (name, block) in &parsed.profile {
        let at = file.text.find(&format!("[profile.{name}]")).unwrap_or(0);
        let span = at..(at + name.len() + 10).min(file.text.len());
        if block.levels.is_empty() {
            return wrong(span, format!("the profile {name:?} names no level"), "add levels = [\"must\"]");
        }
        if block.cases.is_empty() && block.extends.is_none() {
            return wrong(
                span,
                format!("the profile {name:?} names no case that must be shown"),
                "add cases = [\"algorithm/*\"]; a profile that asks for nothing would be met by everything",
            );
        }
    }
    Ok(parsed.profile.keys().map(|name| (name.clone(), resolve(name, &parsed.profile))).collect())
}

/// A profile behind what it extends. The circle has been refused before.
fn resolve(name: &str, all: &BTreeMap<String, ProfileBlock>) -> Profile {
    let block = &all[name];
    let texts = |list: &[Spanned<String>]| list.iter().map(|text| text.get_ref().clone()).collect::<Vec<_>>();
    let part = Part {
        of: name.to_owned(),
        cases: texts(&block.cases),
        where_applicable: texts(&block.where_applicable),
        documents: texts(&block.documents),
        without: texts(&block.without),
        levels: block.levels.clone(),
        severity: block.severity.unwrap_or(Severity::Info),
        harm: block.harm.unwrap_or(Harm::Safe),
    };
    let base = block.extends.as_ref().map(|base| resolve(base.get_ref(), all));
    let base = base.as_ref();
    let with = |known: &[String], own: &[Spanned<String>]| {
        let new = texts(own).into_iter().filter(|text| !known.contains(text));
        known.iter().cloned().chain(new).collect::<Vec<_>>()
    };
    let mut refs = base.map(|base| base.refs.clone()).unwrap_or_default();
    refs.extend(block.refs.iter().filter(|one| !base.is_some_and(|base| base.refs.contains(one))).cloned());
    Profile {
        format: ProfileFormat::V1,
        name: name.to_owned(),
        title: super::expand::paragraph(&block.title),
        about: super::expand::paragraph(&block.about),
        who: super::expand::paragraph(&block.who),
        refs,
        parts: base.map(|base| base.parts.clone()).unwrap_or_default().into_iter().chain([part]).collect(),
        policy: base
            .map(|base| base.policy.clone())
            .unwrap_or_default()
            .into_iter()
            .chain(block.policy.clone())
            .collect(),
        requires: base.map(|base| base.requires.clone()).unwrap_or_default().union(&block.requires).copied().collect(),
        scenarios: with(base.map_or(&[], |base| &base.scenarios), &block.scenarios),
    }
}

/// What a profile demands of a suite.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// Every variant that must hold where it applies, by its whole id, and the levels of its checks that count.
    pub variants: BTreeMap<String, BTreeSet<Level>>,
    /// Those of them that are in every run: of the others one key of each kind is enough.
    pub always: BTreeSet<String>,
    /// The cases of these variants, by `family/name`.
    pub cases: BTreeSet<String>,
    /// The globs of which something must be shown, each with its cases.
    pub shown: Vec<(String, BTreeSet<String>)>,
}

impl Demand {
    /// Works it out.
    #[must_use]
    pub fn of(profile: &Profile, catalog: &Catalog) -> Demand {
        let mut demand = Demand::default();
        for part in &profile.parts {
            demand.add(part, profile, catalog);
        }
        demand
    }

    fn add(&mut self, part: &Part, profile: &Profile, catalog: &Catalog) {
        let (applicable, without) = (set(&part.where_applicable), set(&part.without));
        let globs: Vec<GlobSet> = part.cases.iter().map(|glob| set(std::slice::from_ref(glob))).collect();
        let mut shown: Vec<BTreeSet<String>> = vec![BTreeSet::new(); globs.len()];
        let documented = documented(part, catalog);
        for case in catalog.stated().filter(|case| !case.draft && case.harm <= part.harm) {
            let (id, name) = (case.id.to_string(), case.id.case());
            let hit = |glob: &GlobSet| glob.is_match(&name);
            let named = globs.iter().any(hit) || hit(&applicable) || documented.contains(&name);
            let chosen = is_chosen(profile, case);
            let counts = (part.levels.contains(&case.level) || chosen) && case.severity >= part.severity;
            if !named || !counts || hit(&without) {
                continue;
            }
            for (_, cases) in globs.iter().zip(&mut shown).filter(|(glob, _)| hit(glob)) {
                cases.insert(name.clone());
            }
            if case.one_of_kind.is_none() {
                self.always.insert(id.clone());
            }
            let levels = self.variants.entry(id).or_default();
            levels.extend(&part.levels);
            levels.extend(chosen.then_some(Level::Policy));
            self.cases.insert(name);
        }
        self.shown.extend(part.cases.iter().cloned().zip(shown));
    }
}

/// Whether the profile makes the choice that decides the case.
fn is_chosen(profile: &Profile, case: &Case) -> bool {
    case.policy.as_ref().is_some_and(|policy| {
        profile.policy.get(&policy.name).is_some_and(|choice| policy.when.contains_key(choice.as_str()))
    })
}

/// The cases that show a requirement of a part's specifications.
fn documented(part: &Part, catalog: &Catalog) -> BTreeSet<String> {
    let of_ours = |section: &Reference| {
        section.0.split_once('#').is_some_and(|(document, _)| part.documents.iter().any(|name| name == document))
    };
    let requirements = catalog.requirements.sorted();
    requirements.iter().filter(|one| of_ours(&one.section)).flat_map(|one| one.shown_by(&catalog.cases)).collect()
}

impl Profile {
    /// The scenarios that it asks for.
    #[must_use]
    pub fn scenarios_of<'a>(&self, all: &'a [Scenario]) -> Vec<&'a Scenario> {
        let globs = set(&self.scenarios);
        all.iter().filter(|scenario| globs.is_match(&scenario.id)).collect()
    }

    /// SHA-256 over its canonical JSON, `sha256:…`.
    #[must_use]
    pub fn digest(&self) -> String {
        digest::of_value(serde_json::to_value(self).unwrap_or_default())
    }
}

/// Globs that have been read before.
fn set(globs: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs.iter().filter_map(|glob| Glob::new(glob).ok()) {
        builder.add(glob);
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}

/// What is to be mended in the profiles of a suite: each with the profile's name.
#[must_use]
pub fn lint_profiles(catalog: &Catalog, scenarios: &[Scenario]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, profile) in &catalog.profiles {
        let mut ask = |wrong: bool, what: String| {
            if wrong {
                found.push((format!("profile {name}"), what));
            }
        };
        ask(
            profile.title.is_empty() || profile.title.ends_with('.'),
            "its title is a sentence without full stop".into(),
        );
        ask(profile.about.is_empty(), "it does not say what it asks for".into());
        ask(profile.who.is_empty(), "it does not say who should ask for it".into());
        // What it extends is looked at under its own name.
        let Some(part) = profile.parts.last() else { continue };
        for glob in part.cases.iter().chain(&part.where_applicable).chain(&part.without) {
            let globs = set(std::slice::from_ref(glob));
            let idle = !catalog.stated().any(|case| globs.is_match(case.id.case()));
            ask(idle, format!("no case matches {glob:?}"));
        }
        for (glob, cases) in Demand::of(profile, catalog).shown {
            ask(cases.is_empty(), format!("no case that matches {glob:?} is of a level, severity and harm that count"));
        }
        for document in &part.documents {
            let known = catalog.requirements.documents().contains_key(document);
            ask(!known, format!("requirements.toml knows no document {document:?}"));
        }
        for (policy, choice) in &profile.policy {
            let knows = |case: &Case| {
                case.policy.as_ref().is_some_and(|own| own.name == *policy && own.when.contains_key(choice.as_str()))
            };
            ask(
                !catalog.cases.iter().map(AsRef::as_ref).any(knows),
                format!("no case knows the policy {policy} = {choice:?}"),
            );
        }
        for glob in &profile.scenarios {
            let globs = set(std::slice::from_ref(glob));
            ask(!scenarios.iter().any(|one| globs.is_match(&one.id)), format!("no scenario matches {glob:?}"));
        }
    }
    found
}

#[cfg(test)]
#[path = "profiles_tests.rs"]
mod tests;
