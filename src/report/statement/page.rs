//! The page of a statement: one file, without scripts, and nothing from elsewhere.

use super::words::{PROOF, grade_word, headline, made, target, untested, waived};
use crate::{
    model::certificate::Certificate,
    report::{text::visible, words::moment},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// What the template shows.
#[derive(Serialize)]
struct Page {
    headline: String,
    target: String,
    about: String,
    profile: String,
    title: String,
    asks: String,
    who: String,
    day: String,
    version: String,
    suite: String,
    algorithms: String,
    passed: usize,
    applied: usize,
    untested_cases: usize,
    families: Vec<Family>,
    scenarios: Vec<Scenario>,
    played: usize,
    rounds: usize,
    untested: Vec<String>,
    waived: Vec<String>,
    made: Vec<String>,
    algorithm: String,
    key: String,
    proof: &'static str,
}

#[derive(Serialize)]
struct Family {
    title: String,
    passed: usize,
    untested: usize,
}

#[derive(Serialize)]
struct Scenario {
    id: String,
    title: String,
    grades: Vec<&'static str>,
    skipped: Option<String>,
}

/// The statement as one self-contained HTML file.
///
/// # Errors
/// The template is at fault: a bug in the harness.
pub fn statement_page(certificate: &Certificate) -> Result<Vec<u8>, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.add_template("page.html", TEMPLATE)?;
    // A parser turns CRLF into LF before it hashes.
    let style = STYLE.replace("\r\n", "\n");
    let style_hash = format!("sha256-{}", BASE64.encode(digest(&SHA256, style.as_bytes())));
    let page = context! { page => Value::from(Serde(Page::of(certificate))), style, style_hash };
    Ok(templates.get_template("page.html")?.render(page)?.into_bytes())
}

impl Page {
    fn of(certificate: &Certificate) -> Page {
        let Certificate { profile, cases, .. } = certificate;
        let family = |family: &crate::model::certificate::FamilyAccount| Family {
            title: visible(&family.title),
            passed: family.passed,
            untested: family.untested,
        };
        let scenario = |scenario: &crate::model::certificate::ScenarioAccount| Scenario {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            grades: scenario.grades.iter().map(|grade| grade_word(*grade)).collect(),
            skipped: scenario.skipped.as_ref().map(|because| visible(because)),
        };
        Page {
            headline: headline(certificate),
            target: target(certificate),
            about: visible(&certificate.target.about),
            profile: profile.name.clone(),
            title: profile.title.clone(),
            asks: profile.about.clone(),
            who: profile.who.clone(),
            day: moment(&certificate.finished).split(',').next().unwrap_or_default().to_owned(),
            version: visible(&certificate.tool.version),
            suite: visible(&certificate.tool.suite),
            algorithms: visible(&certificate.algorithms.join(", ")),
            passed: cases.must_pass,
            applied: cases.must_total,
            untested_cases: cases.untested,
            families: certificate.families.iter().map(family).collect(),
            scenarios: certificate.scenarios.iter().map(scenario).collect(),
            played: certificate.scenarios.iter().filter(|one| one.skipped.is_none()).count(),
            rounds: certificate.scenarios.iter().map(|one| one.grades.len()).max().unwrap_or(0),
            untested: untested(certificate),
            waived: waived(certificate),
            made: made(certificate),
            algorithm: certificate.signer.algorithm.clone(),
            key: certificate.signer.key.clone(),
            proof: PROOF,
        }
    }
}
