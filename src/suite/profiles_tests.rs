use super::*;

const CASES: &str = r#"
format = "cases/1"
[family]
title = "Demo"
about = "For tests."
level = "must"
severity = "high"
[[case]]
name = "one"
title = "A thing holds"
why = "Because."
fix = { library = "Do.", application = "Do." }
refs = ["RFC7519#7.2", "CWE-1"]
expect = "reject"
[[case]]
name = "two"
title = "Another thing holds"
level = "should"
harm = "harmful"
why = "Because."
fix = { library = "Do.", application = "Do." }
refs = ["RFC7519#7.2"]
expect = "reject"
[[case]]
name = "three"
title = "A choice"
level = "policy"
why = "Because."
fix = { library = "Do.", application = "Do." }
refs = ["RFC7519#7.2"]
expect = "either"
policy = { name = "padding", when = { reject = "reject", accept = "accept" } }
"#;

const TEXTS: &str = "title = \"T\"\nabout = \"A.\"\nwho = \"W.\"\n";

fn suite(profiles: &str) -> Result<Catalog, SuiteError> {
    let file = |stem: &str, text: String| SuiteFile { name: format!("{stem}.toml"), stem: stem.into(), text };
    Catalog::from_files(&[
        file("demo", CASES.into()),
        file("profiles", format!("format = \"profiles/1\"\n{}", profiles.replace("TEXTS", TEXTS))),
    ])
}

fn message(profiles: &str) -> (String, String) {
    match suite(profiles).unwrap_err() {
        SuiteError::Invalid { what, text, at, .. } => {
            (what, text.inner()[at.offset()..at.offset() + at.len()].to_owned())
        }
        other => (other.to_string(), String::new()),
    }
}

fn demanded(profiles: &str, name: &str) -> Vec<String> {
    let catalog = suite(profiles).unwrap();
    Demand::of(&catalog.profiles[name], &catalog).cases.into_iter().collect()
}

const PLAIN: &str = "[profile.plain]\nTEXTS\nlevels = [\"must\"]\ncases = [\"demo/*\"]\n";

#[test]
fn levels_harm_and_choices_decide_what_counts() {
    assert_eq!(demanded(PLAIN, "plain"), ["demo/one"]);
    let more = PLAIN.replace("[\"must\"]", "[\"must\", \"should\"]");
    assert_eq!(demanded(&more, "plain"), ["demo/one"], "a harmful case is not asked for");
    assert_eq!(demanded(&format!("{more}harm = \"harmful\"\n"), "plain"), ["demo/one", "demo/two"]);
    assert_eq!(demanded(&format!("{PLAIN}policy = {{ padding = \"reject\" }}\n"), "plain"), ["demo/one", "demo/three"]);
    assert!(demanded(&format!("{PLAIN}severity = \"critical\"\n"), "plain").is_empty());
    assert!(demanded(&format!("{PLAIN}without = [\"*/one\"]\n"), "plain").is_empty());
}

#[test]
fn a_profile_contains_what_it_extends() {
    let more = |cases: &str| {
        let text = format!("{PLAIN}[profile.more]\nTEXTS\nextends = \"plain\"\nlevels = [\"should\"]\n{cases}");
        demanded(&text, "more")
    };
    assert_eq!(more(""), ["demo/one"]);
    assert_eq!(more("harm = \"harmful\"\ncases = [\"demo/two\"]\n"), ["demo/one", "demo/two"]);
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let extends = |base: &str| PLAIN.replace("levels", &format!("extends = \"{base}\"\nlevels"));
    assert_eq!(message(&extends("plane")), ("no profile is called \"plane\"".into(), "\"plane\"".into()));
    assert_eq!(message(&extends("plain")), ("the profile \"plain\" comes back to itself".into(), "\"plain\"".into()));
    let (what, at) = message(&PLAIN.replace("demo/*", "demo/["));
    assert!(what.contains("is no glob") && at == "\"demo/[\"", "{what} at {at}");
    let (what, at) = message("[profile.empty]\nTEXTS\nlevels = [\"must\"]\n");
    assert_eq!(
        (what.as_str(), at.as_str()),
        ("the profile \"empty\" names no case that must be shown", "[profile.empty]")
    );
    let (what, at) = message(&format!("{PLAIN}requires = [\"alg:RS257\"]\n"));
    assert!(what.contains("RS257") && at.contains("alg:RS257"), "{what} at {at}");
    let (what, at) = message(&format!("{PLAIN}level = \"must\"\n"));
    assert!(what.contains("unknown field `level`") && at == "level", "{what} at {at}");
}

#[test]
fn what_names_nothing_is_a_complaint() {
    let text = format!(
        "{PLAIN}where-applicable = [\"demo/four\"]\nscenarios = [\"hang\"]\ndocuments = [\"RFC1\"]\n[profile.plain.policy]\npadding = \"maybe\"\n"
    );
    let catalog = suite(&text).unwrap();
    let what: Vec<String> = lint_profiles(&catalog, &[]).into_iter().map(|(_, what)| what).collect();
    assert_eq!(
        what,
        [
            "no case matches \"demo/four\"",
            "requirements.toml knows no document \"RFC1\"",
            "no case knows the policy padding = \"maybe\"",
            "no scenario matches \"hang\""
        ]
    );
}
