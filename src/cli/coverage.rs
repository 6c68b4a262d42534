//! `gauntlet list --coverage`: what the specifications ask, and which cases show it.

use super::shared::usage;
use crate::suite::{Catalog, Requirement, Selection};
use miette::Report;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt::Write};

/// Cases that a line of the table names before it counts the rest.
const NAMED: usize = 3;

/// The requirements of a suite with the selected cases that show each.
pub(super) struct Coverage<'a> {
    catalog: &'a Catalog,
    rows: Vec<(&'a Requirement, BTreeSet<String>)>,
}

impl<'a> Coverage<'a> {
    /// Looks each requirement up.
    pub fn of(catalog: &'a Catalog, selection: &Selection) -> Result<Coverage<'a>, Report> {
        let cases: Vec<_> = catalog.cases.iter().filter(|case| selection.names(case)).cloned().collect();
        let rows: Vec<_> = catalog.requirements.sorted().into_iter().map(|one| (one, one.shown_by(&cases))).collect();
        if rows.is_empty() {
            return Err(usage("this suite states no requirements", "they stand in requirements.toml beside the cases"));
        }
        Ok(Coverage { catalog, rows })
    }

    /// A table for people: one line for each requirement, document by document.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let mut last = "";
        for (requirement, cases) in &self.rows {
            let (document, section) = requirement.section.0.split_once('#').unwrap_or((&requirement.section.0, ""));
            if document != last {
                let title = self.catalog.requirements.documents().get(document).map_or("", String::as_str);
                let _ = writeln!(text, "{}{document}  {title}", if last.is_empty() { "" } else { "\n" });
                last = document;
            }
            let count = match (cases.len(), &requirement.reason) {
                (0, Some(_)) => "no case".to_owned(),
                (0, None) => "GAP".to_owned(),
                (1, _) => "1 case".to_owned(),
                (count, _) => format!("{count} cases"),
            };
            let _ = writeln!(text, "  {section:<9}{:<7}{count:<10}{}", requirement.level.to_string(), requirement.says);
            if let Some(reason) = &requirement.reason {
                let _ = writeln!(text, "{:28}because: {reason}", "");
            } else if !cases.is_empty() {
                let _ = writeln!(text, "{:28}{}", "", named(cases));
            }
        }
        let _ = write!(text, "\n{}", self.sentence());
        text
    }

    /// The counts in a sentence.
    fn sentence(&self) -> String {
        let shown = self.rows.iter().filter(|(_, cases)| !cases.is_empty()).count();
        let reasons = self.rows.iter().filter(|(one, cases)| cases.is_empty() && one.reason.is_some()).count();
        let cases: BTreeSet<&String> = self.rows.iter().flat_map(|(_, cases)| cases).collect();
        format!(
            "{} requirements: {shown} shown by {} cases, {reasons} that no case can show, {} gaps",
            self.rows.len(),
            cases.len(),
            self.rows.len() - shown - reasons
        )
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|(one, cases)| {
                let mut row = json!({
                    "section": one.section.0,
                    "url": one.section.url(),
                    "level": one.level,
                    "says": one.says,
                    "cases": cases,
                });
                if let Some(reason) = &one.reason {
                    row["reason"] = json!(reason);
                }
                row
            })
            .collect();
        Value::Array(rows)
    }
}

fn named(cases: &BTreeSet<String>) -> String {
    let first: Vec<&str> = cases.iter().take(NAMED).map(String::as_str).collect();
    match cases.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
