//! What a target answers is foreign text: it must not run in a browser, drive a terminal, or carry a secret out.

use super::{
    files::{Run, everything_in, target_file},
    play::{Playing, command},
    scripted::{Scripted, answer, yes},
};

const HOSTILE: &str =
    "<script>alert(1)</script>\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}txt.exe</pre></code>\"'><img src=x onerror=alert(2)>";

#[test]
fn markup_and_terminal_escapes_stay_text() {
    let target = Scripted::start(|ask, stream| {
        // Everything with a signature is taken, so that there are findings that quote the answer.
        let status = if ask.is_good() || ask.token().is_some_and(|token| token.len() > 600) {
            "200 OK"
        } else {
            "401 Unauthorized"
        };
        // A field with control characters would be no HTTP.
        let text: String = HOSTILE.chars().filter(|character| !character.is_ascii_control()).collect();
        let field = format!(
            "WWW-Authenticate: Bearer error=\"{}\"
X-Odd: {text}
",
            text.replace('"', "")
        );
        answer(stream, status, &field, HOSTILE);
    });
    let run = Run::of(&target, "{claims/aud-wrong,http/http-no-token,http/http-401}*", "", &["--color", "never"]);
    let html = std::fs::read_to_string(run.folder.path().join("out/report.html")).unwrap();
    let junit = std::fs::read_to_string(run.folder.path().join("out/junit.xml")).unwrap();
    assert!(html.contains("alert(1)"), "the answer is shown");
    for text in [&html, &junit, &run.ended.stderr] {
        assert!(!text.contains("<script>alert") && !text.contains("<img src=x"), "markup gets through");
        for odd in ['\u{1b}', '\u{7}', '\u{202e}'] {
            assert!(!text.contains(odd), "{odd:?} gets through");
        }
    }
    run.ended.with_code(1).says("claims/aud-wrong");
}

#[test]
fn a_secret_that_the_target_echoes_appears_nowhere() {
    const SECRET: &str = "s3cr3t-Qf7-and-quite-long";
    let target = Scripted::start(|ask, stream| {
        let key =
            ask.head.lines().find_map(|line| line.strip_prefix("X-Api-Key: ").or(line.strip_prefix("x-api-key: ")));
        assert_eq!(key, Some(SECRET), "the secret does reach the target");
        let body = format!("{{\"you-sent\": \"{SECRET}\", \"{SECRET}\": 1}}");
        match ask.is_good() || ask.token().is_some_and(|token| token.len() > 600) {
            true => answer(stream, "200 OK", &format!("X-Echo: {SECRET}\r\n"), &body),
            false => {
                answer(stream, "401 Unauthorized", &format!("WWW-Authenticate: Bearer realm=\"{SECRET}\"\r\n"), &body)
            }
        }
    });
    let folder = tempfile::tempdir().unwrap();
    target_file(folder.path(), &target.url(), "headers = { X-Api-Key = \"${env:GAUNTLET_TEST_SECRET}\" }", "");
    let mut run = command(folder.path());
    run.args(["run", "t.target.toml", "--out", "out", "--only", "{claims/aud-wrong,claims/exp-past,http/http-401}*"]);
    let ended = Playing::start(run.env("GAUNTLET_TEST_SECRET", SECRET)).end().with_code(1);
    let out = everything_in(&folder.path().join("out"));
    assert!(out.contains("[redacted]"), "the answers were recorded");
    for text in [&out, &ended.stderr, &ended.stdout] {
        assert!(!text.contains(SECRET) && !text.contains(&SECRET[..12]), "the secret gets out");
    }
}

#[test]
fn a_secret_that_is_not_set_is_a_mistake_of_the_user() {
    let target = Scripted::start(|_, stream| yes(stream));
    let folder = tempfile::tempdir().unwrap();
    target_file(folder.path(), &target.url(), "headers = { X-Api-Key = \"${env:GAUNTLET_TEST_UNSET}\" }", "");
    super::play::gauntlet_in(folder.path(), &["run", "t.target.toml"]).with_code(2).says("GAUNTLET_TEST_UNSET");
    assert_eq!(target.asked(), 0);
}
