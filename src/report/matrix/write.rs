//! The page and the JSON beside it.

use super::table::{Broken, Matrix};
use crate::{
    model::{Outcome, report::Counts},
    report::{
        RenderError,
        group::number,
        text::visible,
        words::{READING_ORDER, moment, outcome_symbol, outcome_word},
    },
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

const TEMPLATE: &str = include_str!("matrix.html");
const STYLE: &str = include_str!("matrix.css");

/// The figures as pretty JSON with a final newline.
///
/// # Errors
/// JSON cannot be written; no content of a report is known to cause it.
pub fn matrix_json(matrix: &Matrix) -> Result<Vec<u8>, RenderError> {
    let mut bytes = serde_json::to_vec_pretty(matrix).map_err(RenderError::Json)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// One self-contained page without scripts. Text of targets is shown escaped.
///
/// # Errors
/// The template is at fault: a bug.
pub fn matrix_html(matrix: &Matrix) -> Result<Vec<u8>, RenderError> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.add_template("matrix.html", TEMPLATE)?;
    let style = STYLE.replace("\r\n", "\n");
    let page = context! {
        page => Value::from(Serde(Page::of(matrix))),
        style_hash => format!("sha256-{}", BASE64.encode(digest(&SHA256, style.as_bytes()))),
        style => style,
    };
    Ok(templates.get_template("matrix.html")?.render(page)?.into_bytes())
}

#[derive(Serialize)]
struct Page {
    tools: String,
    suites: Vec<String>,
    dates: String,
    families: Vec<(String, String)>,
    scenarios: Vec<(String, String)>,
    rows: Vec<RowView>,
    chaos: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    name: String,
    about: String,
    conclusion: String,
    in_short: Vec<String>,
    cells: Vec<Option<CellView>>,
}

#[derive(Serialize)]
struct CellView {
    class: &'static str,
    symbol: &'static str,
    /// What stands in the cell: how many, or a grade.
    big: String,
    worst: String,
    /// The same for those who cannot see colours.
    words: String,
    notes: Vec<String>,
    cases: Vec<CaseView>,
    more: usize,
}

#[derive(Serialize)]
struct CaseView {
    class: &'static str,
    symbol: &'static str,
    severity: String,
    id: String,
    title: String,
    variants: String,
    seen: String,
    known: bool,
}

impl Page {
    fn of(matrix: &Matrix) -> Page {
        let columns =
            |all: &[super::table::Column]| all.iter().map(|it| (visible(&it.name), visible(&it.title))).collect();
        let dates = match matrix.from[..10.min(matrix.from.len())] == matrix.to[..10.min(matrix.to.len())] {
            true => moment(&matrix.from),
            false => format!("{} to {}", moment(&matrix.from), moment(&matrix.to)),
        };
        let rows = |pick: &dyn Fn(&super::table::Row) -> Option<Vec<Option<CellView>>>| -> Vec<RowView> {
            let view = |row: &super::table::Row| {
                Some(RowView {
                    name: visible(&row.name),
                    about: visible(&row.about),
                    conclusion: row.conclusions.iter().map(|it| visible(it)).collect::<Vec<_>>().join("; "),
                    in_short: row.in_short.iter().map(|it| visible(it)).collect(),
                    cells: pick(row)?,
                })
            };
            matrix.targets.iter().filter_map(view).collect()
        };
        let families = |row: &super::table::Row| {
            let cell = |column: &super::table::Column| row.families.get(&column.name).map(|cell| family(cell, matrix));
            (!row.families.is_empty()).then(|| matrix.families.iter().map(cell).collect())
        };
        let scenarios = |row: &super::table::Row| {
            let cell = |column: &super::table::Column| row.scenarios.get(&column.name).map(scenario);
            (!row.scenarios.is_empty()).then(|| matrix.scenarios.iter().map(cell).collect())
        };
        Page {
            tools: visible(&matrix.tools.join(", ")),
            suites: matrix.suites.iter().map(|suite| visible(suite)).collect(),
            dates,
            families: columns(&matrix.families),
            scenarios: columns(&matrix.scenarios),
            rows: rows(&families),
            chaos: rows(&scenarios),
        }
    }
}

fn family(cell: &super::table::Cell, matrix: &Matrix) -> CellView {
    let title = |id: &str| matrix.titles.get(id).map_or_else(String::new, |title| visible(title));
    CellView {
        class: outcome_word(cell.outcome),
        symbol: outcome_symbol(cell.outcome),
        big: number(&cell.counts, cell.outcome).to_string(),
        worst: cell.worst.map_or_else(String::new, |severity| severity.to_string()),
        words: words(&cell.counts),
        notes: Vec::new(),
        cases: cell.cases.iter().map(|broken| CaseView::of(broken, title(&broken.id))).collect(),
        more: cell.more,
    }
}

fn scenario(cell: &super::table::ChaosCell) -> CellView {
    let broken = cell.claims.len() + cell.more;
    let grade = cell.grade.map_or_else(|| outcome_word(cell.outcome).to_owned(), |grade| grade.to_string());
    CellView {
        class: outcome_word(cell.outcome),
        symbol: outcome_symbol(cell.outcome),
        big: if broken > 0 { broken.to_string() } else { String::new() },
        words: format!("{}, {grade}", outcome_word(cell.outcome)),
        worst: grade,
        notes: cell.notes.iter().map(|note| visible(note)).collect(),
        cases: cell.claims.iter().map(|broken| CaseView::of(broken, String::new())).collect(),
        more: cell.more,
    }
}

impl CaseView {
    fn of(broken: &Broken, title: String) -> CaseView {
        let (hit, all) = broken.variants;
        CaseView {
            class: outcome_word(broken.outcome),
            symbol: outcome_symbol(broken.outcome),
            severity: if broken.outcome == Outcome::Inconclusive {
                "undecided".into()
            } else {
                broken.severity.to_string()
            },
            id: visible(&broken.id),
            title,
            variants: if all > 1 { format!("{hit} of {all}") } else { String::new() },
            seen: visible(&broken.seen),
            known: broken.known,
        }
    }
}

fn words(counts: &Counts) -> String {
    let some = READING_ORDER.iter().map(|outcome| (number(counts, *outcome), outcome_word(*outcome)));
    some.filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}
