use super::*;
use crate::model::expect::Expect;

fn suite(text: &str) -> Result<Catalog, SuiteError> {
    let file = SuiteFile { name: "vectors/demo.toml".into(), stem: "demo".into(), text: text.into() };
    Catalog::from_files(&[file])
}

const HEAD: &str = r#"
format = "cases/1"
[family]
title = "Demo"
about = "For tests."
level = "must"
severity = "high"
"#;

const CASE: &str = r#"
[[case]]
name = "one"
title = "A thing holds"
why = "Because."
fix = { library = "Do.", application = "Do." }
refs = ["RFC7519#7.2"]
"#;

fn message(result: Result<Catalog, SuiteError>) -> (String, String) {
    match result.unwrap_err() {
        SuiteError::Invalid { what, text, at, .. } => {
            let inner = text.inner();
            (what, inner[at.offset()..at.offset() + at.len()].to_owned())
        }
        other => (other.to_string(), String::new()),
    }
}

#[test]
fn each_makes_variants_and_rows_carry_their_own_verdict() {
    let text = format!(
        "{HEAD}{CASE}each.alg = [\"RS256\", \"ES256\"]\neach.row = [{{ as = \"good\", n = 1, expect = \"accept\" }}, {{ as = \"bad\", n = 2, expect = \"reject\", level = \"should\" }}]\nneeds = [\"alg:${{alg}}\"]\ntoken.claims = {{ n = \"${{n}}\", t = \"${{now}}\" }}\n"
    );
    let catalog = suite(&text).unwrap();
    let ids: Vec<String> = catalog.cases.iter().map(|case| case.id.to_string()).collect();
    assert_eq!(ids, ["demo/one:RS256,good", "demo/one:RS256,bad", "demo/one:ES256,good", "demo/one:ES256,bad"]);
    let bad = &catalog.cases[1];
    assert_eq!(bad.expect, Expect::Reject);
    assert_eq!(bad.level, crate::model::Level::Should);
    assert_eq!(bad.needs[0].to_string(), "alg:RS256");
    assert_eq!(bad.token.claims["n"], 2);
    assert_eq!(bad.token.claims["t"], "${now}");
    assert_eq!(bad.source.line, 10);
}

#[test]
fn an_error_points_at_the_word() {
    let wrong = |more: &str| message(suite(&format!("{HEAD}{CASE}{more}")));
    assert_eq!(wrong("expect = \"refuse\"").1, "\"refuse\"");
    assert_eq!(wrong("expcet = \"reject\"").1, "expcet");
    assert_eq!(wrong("expect = \"reject\"\ntoken.then = [\"strip-signatur\"]").1, "\"strip-signatur\"");
    assert_eq!(
        wrong(
            "expect = \"reject\"\ntoken.mutate = [{ hmac-with-public-key = { alg = \"HS256\", encodng = \"raw\" } }]"
        )
        .1,
        "encodng"
    );
    let (what, at) = wrong("");
    assert_eq!((what.as_str(), at.as_str()), ("the case expects nothing", "\"one\""));
}

#[test]
fn a_bad_value_of_each_names_its_variant() {
    let text = format!(
        "{HEAD}{CASE}each.form = [\"spki-pem\", \"spki-pme\"]\nexpect = \"reject\"\ntoken.mutate = [{{ hmac-with-public-key = {{ alg = \"HS256\", encoding = \"${{form}}\" }} }}]\n"
    );
    let (what, at) = message(suite(&text));
    assert!(what.contains("variant \"spki-pme\"") && what.contains("unknown variant"), "{what}");
    assert_eq!(at, "\"one\"");
}

#[test]
fn recipes_inherit_and_circles_are_refused() {
    let file = |text: &str| SuiteFile { name: "recipes.toml".into(), stem: "recipes".into(), text: text.into() };
    let good = "format = \"recipes/1\"\n[recipe.a]\nclaims = { x = 1, y = 1 }\n[recipe.b]\nfrom = \"a\"\ndrop = [\"y\"]\nclaims = { z = 2 }\n";
    let catalog = Catalog::from_files(&[file(good)]).unwrap();
    assert_eq!(serde_json::to_string(&catalog.recipes["b"].claims).unwrap(), r#"{"x":1,"z":2}"#);
    let circle = "format = \"recipes/1\"\n[recipe.a]\nfrom = \"b\"\n[recipe.b]\nfrom = \"a\"\n";
    assert!(message(Catalog::from_files(&[file(circle)])).0.contains("comes back to itself"));
    let missing = "format = \"recipes/1\"\n[recipe.a]\nfrom = \"zzz\"\n";
    assert_eq!(message(Catalog::from_files(&[file(missing)])).1, "\"zzz\"");
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = suite(&text);
        let _ = suite(&format!("{HEAD}{text}"));
    }
}
