//! `gauntlet list`.

use super::{
    Ended,
    coverage::Coverage,
    report::read_run,
    shared::{Choice, Corpora, Suite},
};
use crate::{
    builtin::Flaw,
    conformance::fuzz,
    model::{Profile, outcome::JUDGE},
    report::visible,
    run::ExitCode,
    suite::{Catalog, Demand, scenarios},
};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// List cases, families, flaws, policies, profiles; or what the specifications ask, and which cases show it
#[derive(Debug, Args)]
pub(super) struct List {
    /// What to list
    #[arg(value_enum, default_value_t = What::Cases)]
    what: What,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    suite: Suite,
    #[command(flatten)]
    corpora: Corpora,
    /// What the specifications ask of a validator, clause by clause, and which of the cases show it
    #[arg(long)]
    coverage: bool,
    /// Which of the cases are new since an old run (its run.json), gone, or ask for something else
    #[arg(long, value_name = "RUN", conflicts_with = "coverage")]
    changed_since: Option<PathBuf>,
    /// As text or as JSON
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Form::Text)]
    format: Form,
    /// The same as --format json
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A table
    Text,
    /// An array of objects
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// The cases, one line each
    Cases,
    /// Every variant of every case
    Variants,
    /// The families
    Families,
    /// The flaws of the built-in validator
    Flaws,
    /// Choices that a target file can declare in [policy]
    Policies,
    /// What a conformance statement can be about
    Profiles,
    /// Version and digest of the suite, and what it holds
    Suite,
}

/// A table on stdout: rows of cells, and the same as JSON.
struct Table {
    names: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl List {
    pub fn execute(self) -> Ended {
        let as_json = self.json || self.format == Form::Json;
        if self.coverage {
            let (catalog, selection) = (self.suite.load()?, self.choice.selection()?);
            let coverage = Coverage::of(&catalog, &selection)?;
            let text = if as_json { format!("{:#}", coverage.json()) } else { coverage.table() };
            anstream::println!("{text}");
            return Ok(ExitCode::Ok);
        }
        if let Some(path) = &self.changed_since {
            let table = self.changes(path)?;
            table.print(as_json);
            return Ok(ExitCode::Ok);
        }
        let table = match self.what {
            What::Cases => self.cases(false)?,
            What::Variants => self.cases(true)?,
            What::Families => self.families()?,
            What::Flaws => flaws(),
            What::Policies => self.policies()?,
            What::Profiles => self.profiles()?,
            What::Suite => self.about()?,
        };
        if table.rows.is_empty() {
            return Err(crate::run::RunError::NothingSelected.into());
        }
        table.print(as_json);
        Ok(ExitCode::Ok)
    }

    /// The suite with what was added to it.
    fn catalog(&self) -> Result<Catalog, miette::Report> {
        let mut catalog = self.suite.load()?;
        self.corpora.add_to(&mut catalog)?;
        Ok(catalog)
    }

    fn cases(&self, variants: bool) -> Result<Table, miette::Report> {
        let (catalog, selection) = (self.catalog()?, self.choice.selection()?);
        let mut seen = BTreeSet::new();
        let rows = catalog
            .stated()
            .filter(|case| selection.names(case))
            .filter_map(|case| {
                let id = if variants { case.id.to_string() } else { case.id.case() };
                seen.insert(id.clone()).then(|| {
                    vec![
                        id,
                        case.level.to_string(),
                        case.severity.to_string(),
                        case.expect.to_string(),
                        case.title.clone(),
                    ]
                })
            })
            .collect();
        Ok(Table { names: &["id", "level", "severity", "expect", "title"], rows })
    }

    fn families(&self) -> Result<Table, miette::Report> {
        let catalog = self.catalog()?;
        let mut counts: BTreeMap<&str, (BTreeSet<String>, usize)> = BTreeMap::new();
        for case in catalog.stated() {
            let entry = counts.entry(&case.id.family).or_default();
            entry.0.insert(case.id.case());
            entry.1 += 1;
        }
        let rows = catalog
            .families
            .iter()
            .map(|(name, family)| {
                let (cases, variants) =
                    counts.get(name.as_str()).map_or((0, 0), |(cases, variants)| (cases.len(), *variants));
                vec![name.clone(), cases.to_string(), variants.to_string(), family.title.clone()]
            })
            .collect();
        Ok(Table { names: &["family", "cases", "variants", "title"], rows })
    }

    fn profiles(&self) -> Result<Table, miette::Report> {
        let catalog = self.catalog()?;
        let scenarios = scenarios(None)?;
        let row = |profile: &Profile| {
            let demand = Demand::of(profile, &catalog);
            vec![
                profile.name.clone(),
                demand.cases.len().to_string(),
                profile.scenarios_of(&scenarios).len().to_string(),
                profile.title.clone(),
            ]
        };
        let rows = catalog.profiles.values().map(row).collect();
        Ok(Table { names: &["profile", "cases", "scenarios", "title"], rows })
    }

    fn about(&self) -> Result<Table, miette::Report> {
        let catalog = self.catalog()?;
        let cases: BTreeSet<String> = catalog.stated().map(|case| case.id.case()).collect();
        let facts = [
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("digest", catalog.digest().to_owned()),
            ("judge", JUDGE.to_string()),
            ("cases", cases.len().to_string()),
            ("variants", catalog.stated().count().to_string()),
            ("scenarios", scenarios(None)?.len().to_string()),
            ("profiles", catalog.profiles.len().to_string()),
        ];
        let rows = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
        Ok(Table { names: &["name", "value"], rows })
    }

    /// What is different from the suite of an old run. Only cases that were part of that run can be compared.
    fn changes(&self, path: &Path) -> Result<Table, miette::Report> {
        let (catalog, selection) = (self.catalog()?, self.choice.selection()?);
        let old = read_run(path)?;
        let asked = catalog.asked();
        let mut now: BTreeMap<String, &str> = BTreeMap::new();
        for case in catalog.stated().filter(|case| selection.names(case)) {
            now.insert(case.id.case(), &case.title);
        }
        let is_same = old.tool.suite == catalog.digest();
        let mut rows = Vec::new();
        for (id, title) in &now {
            let what = match old.statements.get(id) {
                None if is_same => "not in that run",
                None => "new",
                Some(before) if before.asks.is_empty() => continue,
                Some(before) if asked.get(id).is_some_and(|asks| *asks != before.asks) => "changed",
                Some(_) => continue,
            };
            rows.push(vec![what.to_owned(), id.clone(), (*title).to_owned()]);
        }
        let known = |id: &String| catalog.stated().any(|case| case.id.case() == **id);
        for (id, before) in old.statements.iter().filter(|(id, _)| !known(id) && !id.starts_with(fuzz::FAMILY)) {
            rows.push(vec!["gone".to_owned(), id.clone(), visible(&before.title)]);
        }
        if is_same {
            anstream::eprintln!("the suite is the same: {}", catalog.digest());
        } else {
            let old = (visible(&old.tool.version), visible(&old.tool.suite));
            anstream::eprintln!("then: gauntlet {}, suite {}", old.0, old.1);
            anstream::eprintln!("now:  gauntlet {}, suite {}", env!("CARGO_PKG_VERSION"), catalog.digest());
        }
        Ok(Table { names: &["change", "case", "title"], rows })
    }

    fn policies(&self) -> Result<Table, miette::Report> {
        let catalog = self.catalog()?;
        let mut policies: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
        for case in catalog.stated() {
            if let Some(policy) = &case.policy {
                let entry = policies.entry(policy.name.clone()).or_default();
                entry.0.extend(policy.when.keys().cloned());
                entry.1.insert(case.id.case());
            }
        }
        let joined = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>().join(", ");
        let rows =
            policies.into_iter().map(|(name, (choices, cases))| vec![name, joined(choices), joined(cases)]).collect();
        Ok(Table { names: &["policy", "choices", "cases"], rows })
    }
}

fn flaws() -> Table {
    let rows = Flaw::ALL
        .iter()
        .map(|flaw| vec![format!("builtin:{}", flaw.name()), flaw.about().to_owned(), flaw.resembles().to_owned()])
        .collect();
    Table { names: &["target", "flaw", "resembles"], rows }
}

impl Table {
    fn print(&self, as_json: bool) {
        if as_json {
            let rows: Vec<serde_json::Value> = self
                .rows
                .iter()
                .map(|row| self.names.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), json!(cell))).collect())
                .collect();
            anstream::println!("{:#}", serde_json::Value::Array(rows));
            return;
        }
        let widths: Vec<usize> = (0..self.names.len())
            .map(|column| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
            .collect();
        for row in &self.rows {
            let last = row.len() - 1;
            let cells: Vec<String> = row
                .iter()
                .enumerate()
                .map(|(column, cell)| if column == last { cell.clone() } else { format!("{cell:<0$}", widths[column]) })
                .collect();
            anstream::println!("{}", cells.join("  "));
        }
    }
}
