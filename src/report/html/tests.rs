//! The page as a parser sees it: what is hostile stays text, nothing is loaded, colours can be read.

use super::{
    family::{FamilyCases, families},
    page::Page,
    write::write,
};
use crate::{
    model::RunReport,
    report::{fixture, group::by_case},
};
use html5gum::{Token, Tokenizer, emitters::default::DefaultEmitter};
use std::collections::BTreeMap;

type Element = (String, BTreeMap<String, String>);

fn rendered(report: &RunReport) -> Vec<u8> {
    let mut page = Vec::new();
    write(report, &mut page).unwrap();
    page
}

/// Start tags with their attributes, and the text between tags.
fn parse(html: &[u8]) -> (Vec<Element>, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let (mut elements, mut content) = (Vec::new(), String::new());
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value)));
                elements.push((text(&tag.name), attributes.collect()));
            }
            Token::String(string) => content.push_str(&text(&string)),
            Token::Error(error) => panic!("the page has a parse error: {error:?}"),
            Token::Comment(_) => panic!("the page has a comment"),
            Token::EndTag(_) | Token::Doctype(_) => {}
        }
    }
    (elements, content)
}

/// Tags with the names of their attributes. Dots cut a token into spans and backticks make code of our own prose, so
/// hostile ones may make more of these two.
fn shape(html: &[u8]) -> Vec<String> {
    let elements = parse(html).0.into_iter().filter(|(name, _)| name != "span" && name != "code");
    elements.map(|(name, attributes)| format!("{name} {:?}", attributes.keys())).collect()
}

fn assert_same_shape(hostile: &[u8], benign: &[String], text: &str) {
    let shape = shape(hostile);
    let differs = shape.iter().zip(benign).position(|(one, other)| one != other);
    assert_eq!(differs.map(|at| (&shape[at.saturating_sub(6)..=at], &benign[at])), None, "{text:?}");
    assert_eq!(shape.len(), benign.len(), "{text:?}");
}

fn assert_inert(html: &[u8]) {
    for (name, attributes) in parse(html).0 {
        assert!(
            !attributes.keys().any(|key| key.starts_with("on") || key == "style" || key == "src"),
            "{name} {attributes:?}"
        );
        if let Some(link) = attributes.get("href") {
            let fine = ["https://", "#", "data:image/svg+xml,", "users-"].iter().any(|start| link.starts_with(start));
            assert!(fine, "{link}");
        }
        if let Some(class) = attributes.get("class") {
            assert!(class.chars().all(|c| c.is_ascii_lowercase() || c == ' ' || c == '-'), "{class}");
        }
    }
}

const INJECTIONS: [&str; 7] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)' x='",
    "</pre></title></style></script><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% for x in y %}",
    "javascript:alert(1)//--><!--",
    "&lt;b&gt;&#x3c;i\u{0}\u{1b}[2J\u{202e}\u{2028}",
];

#[test]
fn no_field_of_a_report_reaches_the_page_as_markup() {
    for injection in INJECTIONS {
        let html = rendered(&fixture::hostile(injection));
        assert_inert(&html);
        assert_same_shape(&html, &BENIGN, injection);
        let (_, content) = parse(&html);
        let shown = crate::report::visible(injection);
        assert!(content.matches(shown.as_str()).count() > 100, "{injection} is not shown as text");
        assert!(!content.contains(['\0', '\u{1b}', '\u{202e}', '\u{2028}']));
    }
}

static BENIGN: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| shape(&rendered(&fixture::hostile("x"))));

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn no_text_breaks_out(text in "[ -~]{1,60}|.{1,20}|[<>&\"'/=!`a-z \u{0}-\u{1f}\u{202a}-\u{202e}-]{1,40}") {
        let html = rendered(&fixture::hostile(&text));
        assert_inert(&html);
        assert_same_shape(&html, &BENIGN, &text);
    }
}

#[test]
fn the_page_loads_nothing_and_admits_only_its_own_style_and_script() {
    let html = rendered(&fixture::report());
    let (elements, _) = parse(&html);
    let with = |name: &str| elements.iter().filter(move |(tag, _)| tag == name).count();
    assert_eq!((with("script"), with("style"), with("link"), with("meta")), (1, 1, 1, 6));
    for forbidden in ["img", "iframe", "object", "embed", "base", "video", "audio", "source"] {
        assert_eq!(with(forbidden), 0, "{forbidden}");
    }
    let policy =
        elements.iter().find_map(|(_, attributes)| attributes.get("content").filter(|text| text.contains("-src")));
    let policy = policy.unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"));
    let style = include_str!("style.css");
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert!(include_str!("script.js").lines().count() <= 40);
}

#[test]
fn the_view_of_the_fixture() {
    let report = fixture::report();
    let groups = by_case(&report);
    let in_full: Vec<FamilyCases> =
        families(&groups).into_iter().map(|family| FamilyCases::of(&report, family, &groups)).collect();
    let view = serde_json::json!({ "page": Page::of(&report, &groups), "families": in_full });
    insta::assert_json_snapshot!(view, {
        ".families[].cases[].variants" => "[variants]",
        ".**.request" => "[request]",
        ".**.compact" => "[compact]",
        ".**.curl" => "[curl]",
        ".**.segments" => "[segments]",
        ".**.claims" => "[claims]",
        ".**.response" => "[response]",
        ".**.source" => "[source]",
    });
}

#[test]
fn a_long_run_makes_a_page_that_opens() {
    let size = |report: &RunReport| rendered(report).len();
    let (small, large) = (size(&fixture::large(250)), size(&fixture::large(2000)));
    assert!(small < 2_500_000, "250 variants: {small} bytes");
    assert!(large < 15_000_000, "2000 variants: {large} bytes");
}

#[test]
fn a_huge_answer_is_cut_with_a_note() {
    let mut report = fixture::report();
    let observation = report.cases[2].observation.as_mut().unwrap();
    observation.response = "A".repeat(1_000_000);
    let html = String::from_utf8(rendered(&report)).unwrap();
    assert!(html.contains("… 997000 more characters, whole in run.json"));
    assert!(html.len() < 500_000);
}

/// WCAG 2.1 section 1.4.3.
#[test]
fn text_can_be_read_on_its_ground_in_both_schemes() {
    let style = include_str!("style.css");
    let (light, rest) = style.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let (dark, _) = rest.split_once("@media (prefers-reduced-motion").unwrap();
    for (scheme, text) in [("light", light), ("dark", dark)] {
        let colour = |name: &str| {
            let at = text.split_once(&format!("--{name}: #")).unwrap_or_else(|| panic!("{scheme} {name}")).1;
            let channel = |at_: usize| {
                let value = f64::from(u8::from_str_radix(&at[at_..at_ + 2], 16).unwrap()) / 255.0;
                if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
        };
        let grounds = ["ground", "sheet", "well"];
        let words = ["ink", "soft", "link", "fail", "undecided", "warn", "pass", "note", "skip"];
        let mut pairs: Vec<(String, String)> =
            words.iter().flat_map(|word| grounds.map(|ground| ((*word).to_owned(), ground.to_owned()))).collect();
        pairs.extend(words[3..].iter().map(|word| ((*word).to_owned(), format!("{word}-tint"))));
        pairs.extend(["th", "tp", "ts"].map(|word| (word.to_owned(), "well".to_owned())));
        pairs.extend(
            [
                ("ink", "added"),
                ("sheet", "fail"),
                ("ink", "fail-tint"),
                ("ink", "undecided-tint"),
                ("ink", "pass-tint"),
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned())),
        );
        for (word, ground) in pairs {
            let (a, b) = (colour(&word), colour(&ground));
            let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(ratio >= 4.5, "{scheme}: {word} on {ground} has {ratio:.2}");
        }
    }
}
