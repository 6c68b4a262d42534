//! View model and template to bytes.

use super::{
    family::{FamilyCases, families},
    page::Page,
};
use crate::{
    model::RunReport,
    report::{RenderError, group::by_case},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig, value::Serde};
use std::io::Write;

const TOP: &str = include_str!("top.html");
const FAMILY: &str = include_str!("family.html");
const BOTTOM: &str = include_str!("bottom.html");
const PARTS: &str = include_str!("parts.html");
const CHAOS: &str = include_str!("chaos.html");
const LOAD: &str = include_str!("load.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// One self-contained page. The families, which are most of it, are laid out one at a time.
pub(in crate::report) fn write(report: &RunReport, out: &mut dyn Write) -> Result<(), RenderError> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // The ending decides about escaping: `.html` turns it on.
    templates.add_template("parts.html", PARTS)?;
    templates.add_template("chaos.html", CHAOS)?;
    templates.add_template("load.html", LOAD)?;
    templates.add_template("top.html", TOP)?;
    templates.add_template("family.html", FAMILY)?;
    templates.add_template("bottom.html", BOTTOM)?;
    let groups = by_case(report);
    let (style, script) = (unix(STYLE), unix(SCRIPT));
    let page = context! {
        page => Value::from(Serde(Page::of(report, &groups))),
        style_hash => hash(&style),
        script_hash => hash(&script),
        style => style,
        script => script,
    };
    templates.get_template("top.html")?.render_captured_to(page.clone(), &mut *out)?;
    let template = templates.get_template("family.html")?;
    for family in families(&groups) {
        let cases = FamilyCases::of(report, family, &groups);
        template.render_captured_to(context! { f => Value::from(Serde(cases)) }, &mut *out)?;
        out.write_all(b"\n")?;
    }
    templates.get_template("bottom.html")?.render_captured_to(page, out)?;
    Ok(())
}

/// A parser turns CRLF into LF before it hashes, so a checkout with CRLF must not change the hash.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// A source expression of Content Security Policy Level 3.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(digest(&SHA256, text.as_bytes())))
}
