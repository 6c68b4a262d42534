//! From texts to types.

use super::{
    digest::{self, Digests},
    error::SuiteError,
    expand, frozen,
    pattern::Pattern,
    profiles,
    requirements::Requirements,
    source::{self, SuiteFile},
};
use crate::model::{
    Case, CaseId, Recipe, TargetFile,
    case::{CaseFile, Family},
    keyset::{KeySet, KeySetFile},
    profile::Profile,
    recipe::RecipeFile,
    refresh::Refresh,
    target::KeySource,
    vector::Published,
};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{Arc, OnceLock},
};

/// All that a suite says.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// The variants, families in the order of their names, cases in the order of their file.
    pub cases: Vec<Arc<Case>>,
    /// Published vectors: those of the suite, and those that were added.
    pub vectors: Vec<Published>,
    /// The families by name.
    pub families: BTreeMap<String, Family>,
    /// The recipes by name, each with what it starts from laid under it.
    pub recipes: BTreeMap<String, Recipe>,
    /// The key sets by name.
    pub keysets: BTreeMap<String, KeySet>,
    /// What the specifications ask.
    pub requirements: Requirements,
    /// The profiles by name.
    pub profiles: BTreeMap<String, Profile>,
    /// What all of it was read from, and the scenarios that belong to it.
    files: Arc<Vec<SuiteFile>>,
    scenarios: Arc<Vec<SuiteFile>>,
    digests: OnceLock<Digests>,
}

impl Catalog {
    /// Reads the suite of a directory, or the one in the binary.
    ///
    /// # Errors
    /// The first file that cannot be read or is wrong, with the place.
    pub fn load(directory: Option<&Path>) -> Result<Catalog, SuiteError> {
        Catalog::from_files(&source::files(directory)?)?.with_scenarios(None)
    }

    /// The same with the scenarios of a directory, or those of the binary, which count in its digest.
    ///
    /// # Errors
    /// The directory or one of its files cannot be read.
    pub fn with_scenarios(self, directory: Option<&Path>) -> Result<Catalog, SuiteError> {
        let scenarios = Arc::new(source::scenario_files(directory)?);
        Ok(Catalog { scenarios, digests: OnceLock::new(), ..self })
    }

    /// The digest of the suite, `sha256:…`: two runs with the same one asked the same questions and judged the answers in
    /// the same way. It covers cases, recipes, key sets, vectors, requirements, profiles, scenarios and the judge, whatever
    /// the layout of their files and the order in which they are read.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digests().suite
    }

    /// A digest of what each case asks, by `family/name`, its wording left out; published vectors have none.
    #[must_use]
    pub fn asked(&self) -> &BTreeMap<String, String> {
        &self.digests().cases
    }

    fn digests(&self) -> &Digests {
        self.digests.get_or_init(|| digest::of(&self.files, &self.scenarios))
    }

    /// Reads the texts of a suite.
    ///
    /// # Errors
    /// The first text that is wrong, with the place.
    pub fn from_files(files: &[SuiteFile]) -> Result<Catalog, SuiteError> {
        let mut catalog = Catalog { files: Arc::new(files.to_vec()), ..Catalog::default() };
        let mut written = BTreeMap::new();
        for file in files {
            match file.stem.as_str() {
                _ if file.name.ends_with(".json") => catalog.publish(frozen::read(&file.name, &file.text)?)?,
                "recipes" => {
                    let parsed: RecipeFile = parse(&file.name, &file.text)?;
                    written.extend(parsed.recipe.into_iter().map(|(name, recipe)| (name, (recipe, file))));
                }
                "keysets" => {
                    let parsed: KeySetFile = parse(&file.name, &file.text)?;
                    catalog.keysets.extend(parsed.keyset);
                }
                "profiles" => catalog.profiles = profiles::read(file)?,
                "requirements" => catalog.requirements = Requirements::read(file)?,
                _ => {
                    let parsed: CaseFile = parse(&file.name, &file.text)?;
                    catalog.cases.extend(expand::file(file, &parsed)?.into_iter().map(Arc::new));
                    catalog
                        .keysets
                        .extend(parsed.keyset.iter().map(|(name, set)| (format!("{}/{name}", file.stem), set.clone())));
                    let family = Family { about: expand::paragraph(&parsed.family.about), ..parsed.family };
                    catalog.families.insert(file.stem.clone(), family);
                }
            }
        }
        for (name, (recipe, file)) in &written {
            catalog.recipes.insert(name.clone(), inherit(recipe, &written, file)?);
        }
        Ok(catalog)
    }

    /// Everything that states something: the cases, and the published vectors behind them.
    pub fn stated(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().map(AsRef::as_ref).chain(self.vectors.iter().map(|vector| &vector.case))
    }

    /// Adds the vectors of a file of ours or of Wycheproof.
    ///
    /// # Errors
    /// It cannot be read, is neither, or has a vector that is there already.
    pub fn add_corpus(&mut self, path: &Path) -> Result<(), SuiteError> {
        let file = frozen::read_vectors(path)?;
        self.publish(frozen::published(&path.display().to_string(), file)?)
    }

    fn publish(&mut self, (family, vectors): (Family, Vec<Published>)) -> Result<(), SuiteError> {
        let Some(name) = vectors.first().map(|vector| vector.case.id.family.clone()) else { return Ok(()) };
        let known: BTreeSet<CaseId> = self.vectors.iter().map(|vector| vector.case.id.clone()).collect();
        if let Some(twice) = vectors.iter().find(|vector| known.contains(&vector.case.id)) {
            return Err(SuiteError::Corpus {
                name: twice.case.source.file.clone(),
                what: format!("the vector {} is there already", twice.case.id),
                help: "name each file once; another corpus of the same family needs other names".into(),
            });
        }
        self.families.entry(name).or_insert(family);
        self.vectors.extend(vectors);
        Ok(())
    }

    /// The key set that is served just before another one, where that one says so.
    #[must_use]
    pub fn earlier(&self, name: &str) -> Option<&KeySet> {
        let earlier = self.keysets.get(name)?.after.as_ref()?;
        let family = name.split('/').next().unwrap_or_default();
        self.keysets.get(&format!("{family}/{earlier}")).or_else(|| self.keysets.get(earlier))
    }

    /// Whether the set that it comes after is written somewhere.
    pub(super) fn knows_earlier(&self, name: &str) -> bool {
        self.keysets.get(name).is_none_or(|set| set.after.is_none() || self.earlier(name).is_some())
    }

    /// The recipe of ordinary tokens, with a target's own needs laid over it.
    #[must_use]
    pub fn access_token(&self, target: &BTreeMap<String, Recipe>) -> Recipe {
        self.recipe("access-token", target)
    }

    /// A recipe by name, with a target's own needs laid over it; empty where nobody knows it.
    #[must_use]
    pub fn recipe(&self, name: &str, target: &BTreeMap<String, Recipe>) -> Recipe {
        let base = self.recipes.get(name).cloned().unwrap_or_default();
        target.get(name).map_or(base.clone(), |own| own.over(&base))
    }
}

fn inherit(
    recipe: &Recipe,
    all: &BTreeMap<String, (Recipe, &SuiteFile)>,
    file: &SuiteFile,
) -> Result<Recipe, SuiteError> {
    let mut chain = vec![recipe];
    while let Some(from) = chain.last().and_then(|recipe| recipe.from.as_ref()) {
        let point = |what: String, help: &str| {
            let at = file.text.find(&format!("\"{from}\"")).unwrap_or(0);
            SuiteError::at(&file.name, &file.text, at..at + from.len() + 2, what, help)
        };
        let Some((base, _)) = all.get(from) else {
            let known: Vec<&str> = all.keys().map(String::as_str).collect();
            return Err(point(
                format!("no recipe is called {from:?}"),
                &format!("known recipes: {}", known.join(", ")),
            ));
        };
        if chain.len() > all.len() {
            return Err(point(format!("the recipe {from:?} comes back to itself"), "break the circle of `from`"));
        }
        chain.push(base);
    }
    let merged = chain.iter().rev().fold(Recipe::default(), |base, next| next.over(&base));
    Ok(Recipe { from: None, ..merged })
}

/// Reads a target file.
///
/// # Errors
/// It cannot be read, or is wrong at a place.
pub fn read_target(path: &Path) -> Result<TargetFile, SuiteError> {
    let text = fs::read_to_string(path).map_err(|error| SuiteError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
        help: "write one with `gauntlet init`, or name a built-in validator such as builtin:strict".into(),
    })?;
    let name = path.display().to_string();
    let file: TargetFile = parse(&name, &text)?;
    let point = |word: &str, what: &str, help: &str| {
        let at = text.find(word).unwrap_or(0);
        SuiteError::at(&name, &text, at..at + word.len().min(text.len() - at), what, help)
    };
    // A sample says both itself.
    if !matches!(file.trust.keys, KeySource::Sample(_) | KeySource::Proxy(_)) {
        let trust =
            if file.trust.algorithms.is_empty() && text.contains("algorithms") { "algorithms" } else { "[trust]" };
        if file.trust.algorithms.is_empty() {
            return Err(point(
                trust,
                "`algorithms` names no algorithm",
                "list those that the target allows, such as [\"RS256\"]",
            ));
        }
        if file.trust.audience.is_empty() {
            return Err(point("[trust]", "`audience` is missing", "name the `aud` that the target wants"));
        }
    }
    for term in file.promote.iter().chain(&file.waive) {
        if let Err(error) = Pattern::new(&term.finding) {
            let what = format!("{:?} is no glob: {}", term.finding, error.kind());
            return Err(point(
                &format!("\"{}\"", term.finding),
                &what,
                "write it as 'claims/jti-*' or 'claims/exp-past#status'",
            ));
        }
    }
    if let Some(term) = file.waive.iter().find(|term| term.because.trim().is_empty()) {
        let what = format!("nothing says why {:?} is waived", term.finding);
        return Err(point(
            &format!("\"{}\"", term.finding),
            &what,
            "add `because`, with a sentence that a reader can judge",
        ));
    }
    if file.trust.keys.is_users() && file.jwks.is_some() {
        return Err(point(
            "[jwks]",
            "`jwks` says how our key set reaches the target, which has keys of its own",
            "take it out, or let [trust] keys be \"discovery\" or \"jwks-uri\"",
        ));
    }
    if file.start.as_ref().is_some_and(|start| start.command.is_empty()) {
        return Err(point("command", "`command` is empty", "name the program that starts the target"));
    }
    let restarts = file.start.is_some() || !file.hooks.restart.is_empty();
    match file.jwks.as_ref().map(|jwks| &jwks.refresh) {
        Some(Refresh::Restart) if !restarts => Err(point(
            "\"restart\"",
            "`refresh` wants a restart, and nothing says how",
            "add [hooks] restart or [start], or name another way",
        )),
        Some(Refresh::Command(command)) if command.is_empty() => Err(point(
            "refresh",
            "the command of `refresh` is empty",
            "name the program that makes the target fetch its key set",
        )),
        _ => Ok(file),
    }
}

/// Parses a TOML text; an error points at the word.
pub(super) fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, SuiteError> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        SuiteError::at(name, text, span, error.message(), help_for(error.message()))
    })
}

fn help_for(message: &str) -> &'static str {
    if message.contains("unknown field") || message.contains("unknown variant") {
        "correct the spelling, or take it out; the generated schema beside the suite lists every name"
    } else if message.contains("missing field") {
        "add the field; the generated schema says what it means"
    } else if message.contains("invalid type: map, expected a string") {
        "write it in quotes"
    } else {
        "correct the text at this place"
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
