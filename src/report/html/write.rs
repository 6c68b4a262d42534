//! View model and template to bytes.

use super::page::Page;
use crate::{model::RunReport, report::RenderError};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig, value::Serde};

const TEMPLATE: &str = include_str!("template.html");
const PARTS: &str = include_str!("parts.html");
const CHAOS: &str = include_str!("chaos.html");
const LOAD: &str = include_str!("load.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// One self-contained page.
pub(in crate::report) fn write(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // The ending decides about escaping: `.html` turns it on.
    templates.add_template("parts.html", PARTS)?;
    templates.add_template("chaos.html", CHAOS)?;
    templates.add_template("load.html", LOAD)?;
    templates.add_template("report.html", TEMPLATE)?;
    let (style, script) = (unix(STYLE), unix(SCRIPT));
    let page = context! {
        page => Value::from(Serde(Page::of(report))),
        style_hash => hash(&style),
        script_hash => hash(&script),
        style => style,
        script => script,
    };
    Ok(templates.get_template("report.html")?.render(page)?.into_bytes())
}

/// A parser turns CRLF into LF before it hashes, so a checkout with CRLF must not change the hash.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// A source expression of Content Security Policy Level 3.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(digest(&SHA256, text.as_bytes())))
}
