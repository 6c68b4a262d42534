//! A case: one statement about how a validator must behave, as its file writes it and as the suite expands it.

use super::{
    alg::Alg,
    capability::Need,
    each::Each,
    expect::{Also, Expect, Measure, Policy},
    id::CaseId,
    keyset::KeySet,
    period::Period,
    recipe::Recipe,
    spec::{Harm, Level, Reference, Severity},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A file of cases (`vectors/<family>.toml`).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaseFile {
    /// `cases/1`.
    pub format: CaseFormat,
    /// What the cases have in common.
    pub family: Family,
    /// The cases.
    #[serde(default)]
    pub case: Vec<CaseBlock>,
    /// Key sets that cases of this family ask for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keyset: BTreeMap<String, KeySet>,
}

/// The format line of a case file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CaseFormat {
    /// The first version.
    #[serde(rename = "cases/1")]
    V1,
}

/// What the cases of one file have in common; a case may override the last three.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Family {
    /// A short heading.
    pub title: String,
    /// What the family is about, in one or two sentences.
    pub about: String,
    /// Clauses that all its cases rest on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Reference>,
    /// How binding.
    pub level: Level,
    /// How bad a failure is.
    pub severity: Severity,
    /// What sending any of its cases may do at least.
    #[serde(default, skip_serializing_if = "is_default")]
    pub harm: Harm,
}

/// One `[[case]]` block.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaseBlock {
    /// The last part of its id; the file's stem is the first.
    pub name: String,
    /// The right behaviour, in the present tense.
    pub title: String,
    /// Why it matters, for a reader who has never heard of it.
    pub why: String,
    /// What to do about a failure.
    pub fix: Fix,
    /// Clauses, CVEs and CWEs beside the family's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Reference>,
    /// How binding; the family's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// How bad a failure is; the family's where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What sending it may do to the target.
    #[serde(default, skip_serializing_if = "is_default")]
    pub harm: Harm,
    /// Whether the short run (`--quick`) holds it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quick: bool,
    /// Capabilities without which it does not apply; `!alg:RS512` asks for an absence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The key set that must be served: `NAME` of this file's `[keyset.NAME]`, or `family/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_keyset: Option<String>,
    /// One variant per value, or per combination of several names; `each.row` holds tables, and `each.key` may name a
    /// set of trusted keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each: BTreeMap<String, Each>,
    /// Harmless features that the twin shares.
    #[serde(default, skip_serializing_if = "Given::is_empty")]
    pub given: Given,
    /// The change under test.
    #[serde(default, skip_serializing_if = "Recipe::is_empty")]
    pub token: Recipe,
    /// Tokens to present first, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Before>,
    /// How the token is shown, where not in the transport's own way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Present>,
    /// The verdict wanted; a row of `each` may carry its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// Which declared choice decides a case that expects either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Side conditions, each judged by itself.
    #[serde(default, skip_serializing_if = "Also::is_empty")]
    pub also: Also,
    /// A value to look for with many tokens, instead of one token to judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// Parts of our world that the target must leave alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untouched: Vec<WorldPart>,
    /// The longest time an answer may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Period>,
    /// Claims that the target must report back, where it reports any and accepts.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub returns: Map<String, Value>,
    /// Claims that the target must not report back with these values, where it reports any and accepts.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub never_returns: Map<String, Value>,
    /// `draft` keeps it out of the default selection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Ids that state the opposite reading.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts_with: Vec<String>,
    /// Earlier names of the case, still understood by `--only` and baselines; with a family and a slash in front where
    /// it came from another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What to do about a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fix {
    /// For the author of the validating library or gateway.
    pub library: String,
    /// For the team that configures and calls it.
    pub application: String,
}

/// What the token under test shares with its twin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Given {
    /// Header members to set.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub header: Map<String, Value>,
    /// Claims to set.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// Header members to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop_header: Vec<String>,
    /// Claims to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Who signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<super::recipe::Sign>,
    /// Harmless shaping before signing (escapes, whitespace, padding).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mutate: Vec<super::mutation::Mutation>,
    /// The encrypted token around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypt: Option<super::jwe::Encrypt>,
    /// How the twin is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Present>,
}

impl Given {
    /// Whether the twin is a plain good token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Given::default()
    }

    /// The part of it that makes the token.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        Recipe {
            header: self.header.clone(),
            claims: self.claims.clone(),
            drop_header: self.drop_header.clone(),
            drop: self.drop.clone(),
            sign: self.sign.clone(),
            mutate: self.mutate.clone(),
            encrypt: self.encrypt.clone(),
            ..Recipe::default()
        }
    }
}

/// A token presented before the one under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Before {
    /// Later text uses it as `${before.NAME.token}`, `${before.NAME.signature}` and so on.
    pub name: String,
    /// How it is made.
    #[serde(default, skip_serializing_if = "Recipe::is_empty")]
    pub token: Recipe,
    /// Whether it must be accepted for the case to count.
    #[serde(default = "yes")]
    pub accepted: bool,
    /// Whether it is revoked by the hook `revoke-token` before the next token is shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
    /// Whether it must be refused for the case to apply: where a harmless token of the same kind is accepted, accepting
    /// the one under test shows nothing. Takes the place of `accepted`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub refused: bool,
}

fn yes() -> bool {
    true
}

/// How a token is shown, where the transport's own way will not do. Sent over a raw socket, byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Present {
    /// The values of the `Authorization` header lines, in order, instead of `Bearer ${token}`; empty for none at all.
    /// `${token}` is the token under test, `${good}` a fresh good one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Vec<String>>,
    /// The request target, with `${path}` for the configured one without its leading slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// More header lines, whole (`X-Original-URL: /${path}`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
}

impl Present {
    /// Whether a good token (`${good}`) is shown as well.
    #[must_use]
    pub fn shows_good(&self) -> bool {
        let lines = self.authorization.iter().flatten().chain(&self.lines);
        lines.chain(&self.path).any(|text| text.contains("${good}"))
    }
}

/// A part of our world that can be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorldPart {
    /// The address that cases plant into tokens.
    Canary,
}

/// Whether a case is part of the default selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is new; only `--only` selects it.
    Draft,
}

/// One variant of a case, ready to be planned: defaults applied, `each` filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// `family/name` or `family/name:variant`.
    pub id: CaseId,
    /// The right behaviour.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to do about a failure.
    pub fix: Fix,
    /// Clauses, CVEs and CWEs.
    pub refs: Vec<Reference>,
    /// How binding.
    pub level: Level,
    /// How bad a failure is.
    pub severity: Severity,
    /// What sending it may do.
    pub harm: Harm,
    /// Whether the short run holds it.
    pub quick: bool,
    /// Whether it is kept out of the default selection.
    pub draft: bool,
    /// Capabilities that it needs.
    pub needs: Vec<Need>,
    /// The algorithm whose trusted key the variant is about, where one key of each kind is enough.
    pub one_of_kind: Option<Alg>,
    /// The key set that must be served, by its name in the catalogue; the default one where absent.
    pub keyset: Option<String>,
    /// What the twin shares.
    pub given: Given,
    /// The change under test.
    pub token: Recipe,
    /// Tokens presented first.
    pub before: Vec<Before>,
    /// How the token is shown.
    pub present: Option<Present>,
    /// The verdict wanted.
    pub expect: Expect,
    /// Which declared choice decides.
    pub policy: Option<Policy>,
    /// Side conditions.
    pub also: Also,
    /// The value that it looks for.
    pub measure: Option<Measure>,
    /// What must be left alone.
    pub untouched: Vec<WorldPart>,
    /// The longest time an answer may take.
    pub within: Option<Period>,
    /// Claims that must come back.
    pub returns: Map<String, Value>,
    /// Claims that must not come back.
    pub never_returns: Map<String, Value>,
    /// Earlier names.
    pub aliases: Vec<String>,
    /// Where it is written.
    pub source: Source,
}

impl Case {
    /// The ids that the case had before, each without and with the variant.
    pub fn earlier_ids(&self) -> impl Iterator<Item = String> + '_ {
        self.aliases.iter().flat_map(|alias| {
            let case = if alias.contains('/') { alias.clone() } else { format!("{}/{alias}", self.id.family) };
            let variant = self.id.variant.as_ref().map(|variant| format!("{case}:{variant}"));
            std::iter::once(case).chain(variant)
        })
    }

    /// Whether it has to be the only thing that happens: it burdens the target, or watches how the target bears it.
    #[must_use]
    pub fn runs_alone(&self) -> bool {
        let also = &self.also;
        let watches = also.latency.is_some() || also.memory.is_some() || self.measure.is_some();
        watches || self.checks_health()
    }

    /// Whether good tokens are sent right after it, to see whether the service still serves.
    #[must_use]
    pub fn checks_health(&self) -> bool {
        self.harm == Harm::Harmful || self.also.health.is_some()
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Source {
    /// The file, relative to the project or to `--suite`.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
}
