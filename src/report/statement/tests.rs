use super::*;
use crate::{
    model::{
        Level, Profile, ProfileSummary,
        certificate::{Certificate, Declaration, DeclarationFormat, FamilyAccount, ScenarioAccount, Signer},
        chaos::Grade,
        profile::{Part, ProfileFormat},
        report::Tool,
        spec::{Harm, Severity},
    },
    report::plain,
};
use std::collections::BTreeMap;

const HOSTILE: &str = "<script>alert('1')</script>\u{1b}[31m";

fn certificate(name: &str) -> Certificate {
    let part = Part {
        of: "rfc8725".into(),
        cases: vec!["claims/*".into()],
        where_applicable: Vec::new(),
        documents: Vec::new(),
        without: Vec::new(),
        levels: [Level::Must].into(),
        severity: Severity::Info,
        harm: Harm::Safe,
    };
    Certificate {
        profile: Profile {
            format: ProfileFormat::V1,
            name: "rfc8725".into(),
            title: "The best current practices for JSON Web Tokens hold".into(),
            about: "Every must of RFC 8725.".into(),
            who: "Vendors.".into(),
            refs: Vec::new(),
            parts: vec![part],
            policy: BTreeMap::new(),
            requires: [crate::model::Capability::ObserveOutbound].into(),
            scenarios: vec!["hang".into()],
        },
        profile_digest: "sha256:9f".into(),
        target: Declaration {
            format: DeclarationFormat::V1,
            name: name.into(),
            version: Some("2.3".into()),
            about: name.into(),
            described_by: name.into(),
            configuration: "sha256:01".into(),
            artifact: Some("sha256:02".into()),
        },
        tool: Tool { name: "gauntlet".into(), version: "0.1.0".into(), suite: "sha256:0123456789abcdef".into() },
        seed: 7,
        started: "2026-11-27T10:00:00Z".into(),
        finished: "2026-11-27T10:04:00Z".into(),
        signer: Signer { algorithm: "Ed25519".into(), key: "ab".repeat(32) },
        algorithms: vec!["RS256".into(), "ES256".into()],
        cases: ProfileSummary {
            name: "rfc8725".into(),
            must_total: 1,
            must_pass: 1,
            undecided: 0,
            untested: 2,
            missing: Vec::new(),
            scenarios: 2,
            conformant: true,
            because: Vec::new(),
        },
        families: vec![FamilyAccount { title: "Claims".into(), passed: 1, untested: 2 }],
        untested: [("needs rule:role".to_owned(), vec!["authorization/a".to_owned(), "authorization/b".to_owned()])]
            .into(),
        choices: [("padding".to_owned(), name.to_owned())].into(),
        waived: Vec::new(),
        scenarios: vec![
            ScenarioAccount {
                id: "hang".into(),
                title: "The key set hangs".into(),
                grades: vec![Some(Grade::Should), Some(Grade::Excellent), Some(Grade::Should)],
                skipped: None,
            },
            ScenarioAccount {
                id: "restart-herd".into(),
                title: "Many at once".into(),
                grades: Vec::new(),
                skipped: Some("nothing says how it is restarted".into()),
            },
        ],
    }
}

#[test]
fn the_words_say_what_was_shown_what_was_not_and_what_it_proves() {
    insta::assert_snapshot!("certificate", certificate_text(&certificate("orders-api"), &plain));
}

#[test]
fn what_a_target_is_called_is_text_and_nothing_else() {
    let hostile = certificate(HOSTILE);
    let text = certificate_text(&hostile, &plain);
    assert!(!text.contains('\u{1b}'), "{text}");
    for (name, bytes) in [("page", statement_page(&hostile).unwrap()), ("badge", badge(&hostile).unwrap())] {
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("<script") && !text.contains('\u{1b}'), "{name}: {text}");
        assert!(text.contains("&lt;script&gt;"), "{name}: {text}");
    }
}

#[test]
fn the_page_stands_alone_and_the_badge_says_profile_date_and_suite() {
    let page = String::from_utf8(statement_page(&certificate("orders-api")).unwrap()).unwrap();
    // Nothing is fetched: the only addresses are those of the name space and of the inline icon.
    assert!(!page.contains("src=") && !page.contains("url(") && !page.contains("href=\"http"), "{page}");
    assert!(page.contains("orders-api 2.3") && page.contains(PROOF), "{page}");
    let error = html5gum::Tokenizer::new(&page).find_map(|token| match token {
        Ok(html5gum::Token::Error(error)) => Some(error),
        _ => None,
    });
    assert!(error.is_none(), "the page is no proper HTML: {error:?}");
    let badge = String::from_utf8(badge(&certificate("orders-api")).unwrap()).unwrap();
    for text in ["gauntlet rfc8725", "2026-11-27", "suite 0.1.0 01234567"] {
        assert!(badge.contains(text), "{text} in {badge}");
    }
}
