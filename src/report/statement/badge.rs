//! The badge: one line that says what, to which profile, when, and by which suite.

use super::words::target;
use crate::model::certificate::Certificate;
use minijinja::{AutoEscape, Environment, context};

const BADGE: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="{{ width }}" height="22" viewBox="0 0 {{ width }} 22" role="img" aria-labelledby="t">
<title id="t">{{ title }}</title>
<clipPath id="r"><rect width="{{ width }}" height="22" rx="4"/></clipPath>
<g clip-path="url(#r)"><rect width="{{ left }}" height="22" fill="#2b3138"/><rect x="{{ left }}" width="{{ right }}" height="22" fill="#1d6b45"/></g>
<path d="M11 4l5 2.1v3.6c0 3.2-2.1 5.4-5 6.3-2.9-.9-5-3.1-5-6.3V6.1z" fill="#8fd3b0"/><path d="M8.6 10.2l1.8 1.8 3.1-3.4" fill="none" stroke="#1c2126" stroke-width="1.5"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11"><text x="22" y="15" textLength="{{ left - 30 }}" lengthAdjust="spacingAndGlyphs">{{ name }}</text><text x="{{ left + 8 }}" y="15" textLength="{{ right - 16 }}" lengthAdjust="spacingAndGlyphs">{{ says }}</text></g>
</svg>
"##;
/// The width of an average letter of eleven pixels, in tenths of a pixel.
const LETTER: usize = 66;

/// A badge as SVG: `gauntlet rfc8725` on the left, date and suite on the right, the whole sentence as its title.
///
/// # Errors
/// The template is at fault: a bug in the harness.
pub fn badge(certificate: &Certificate) -> Result<Vec<u8>, minijinja::Error> {
    let day = certificate.finished.get(..10).unwrap_or(&certificate.finished);
    let suite = certificate.tool.suite.trim_start_matches("sha256:");
    let suite = suite.get(..8).unwrap_or(suite);
    let name = format!("gauntlet {}", certificate.profile.name);
    let says = format!("conformant · {day} · suite {} {suite}", certificate.tool.version);
    let title =
        format!("{} conforms to {name}, {day}, suite {} {suite}", target(certificate), certificate.tool.version);
    let width = |text: &str, rest: usize| text.chars().count() * LETTER / 10 + rest;
    let (left, right) = (width(&name, 30), width(&says, 16));
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.add_template("badge.svg", BADGE)?;
    let page = context! { left, right, width => left + right, name, says, title };
    Ok(templates.get_template("badge.svg")?.render(page)?.into_bytes())
}
