//! Keys and tokens of the user's own: a sample token, a lent key. What cannot be tried is said, and nothing of them is
//! shown.

use super::{
    files::{everything_in, read},
    play::{Ended, Playing, Streams, command},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jwt_gauntlet::{
    builtin::{Flaw, Server},
    model::{Alg, Outcome, Period, RunReport, TrustConfig, access::AccessRules},
    token::{Key, KeyRing, LentForm, encode_segment},
};
use std::{fs, io::Write, path::Path, process::Stdio};
use tempfile::TempDir;

/// An issuer that is not ours, with its validator.
struct Elsewhere {
    _playing: Playing,
    streams: Streams,
    key_set: String,
    route: String,
}

impl Elsewhere {
    fn start(validator: &str) -> Elsewhere {
        let folder = tempfile::tempdir().unwrap();
        let mut child = command(folder.path());
        child.args(["serve", "--validator", validator]).stdin(Stdio::piped());
        let (playing, mut streams) = Playing::with_streams(&mut child);
        let mut line = |word: &str| streams.stderr.find_map(|line| Some(line.strip_prefix(word)?.trim().to_owned()));
        let (key_set, validator) = (line("key set").unwrap(), line("validator").unwrap());
        Elsewhere { _playing: playing, streams, key_set, route: format!("{}/whoami", validator.trim_end_matches('/')) }
    }

    fn token(&mut self) -> String {
        let token = self.streams.stdout.next().unwrap();
        writeln!(self.streams.stdin).unwrap();
        token
    }
}

fn target_file(folder: &Path, route: &str, trust: &str) {
    let text = format!(
        "format = \"target/1\"\n[target]\nname = \"elsewhere\"\n[transport.bearer]\nurl = \"{route}\"\nclaims.pointer = \"/claims\"\n\
         [trust]\n{trust}\n"
    );
    fs::write(folder.join("t.target.toml"), text).unwrap();
}

/// Runs it, and looks into the arguments of every process on the machine while it runs.
fn run(folder: &Path, env: &[(&str, &str)], secrets: &[&str], only: &[&str]) -> (Ended, RunReport) {
    let mut gauntlet = command(folder);
    gauntlet.args(["run", "t.target.toml", "--out", "out", "--seed", "1"]).envs(env.iter().copied());
    gauntlet.args(only.iter().flat_map(|glob| ["--only", glob]));
    let mut playing = Playing::start(&mut gauntlet);
    while !playing.has_ended() {
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let arguments = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&arguments).into_owned();
            assert!(!secrets.iter().any(|secret| arguments.contains(secret)), "{arguments}");
        }
    }
    let ended = playing.end();
    assert!(folder.join("out/run.json").exists(), "no report:\n{}", ended.stderr);
    let report = read(&folder.join("out/run.json"));
    (ended, report)
}

/// That nothing of some secrets is in anything that a run left or said.
#[track_caller]
fn says_nothing_of(secrets: &[&str], folder: &TempDir, ended: &Ended) {
    let all = everything_in(&folder.path().join("out")) + &ended.stdout + &ended.stderr;
    for secret in secrets {
        let at = all.find(secret);
        assert!(
            at.is_none(),
            "{secret:?} in …{}…",
            at.map_or("", |at| &all[at.saturating_sub(200)..at + secret.len()])
        );
    }
    // Nothing that is made of them either: every token begins so.
    assert!(!all.contains("eyJ"), "a token is shown");
}

fn failed(report: &RunReport) -> Vec<String> {
    let failed = report.cases.iter().filter(|case| case.outcome == Outcome::Fail);
    failed.map(|case| case.id.to_string()).collect()
}

/// What a token holds that must not be shown.
fn parts(token: &str) -> Vec<&str> {
    token.split('.').chain([token]).collect()
}

#[test]
fn a_sample_token_is_enough_for_what_needs_no_key() {
    let mut elsewhere = Elsewhere::start("strict");
    let (one, other) = (elsewhere.token(), elsewhere.token());
    let folder = tempfile::tempdir().unwrap();
    let trust = format!("keys.sample = {{ token.env = \"SAMPLES\", jwks = \"{}\" }}", elsewhere.key_set);
    target_file(folder.path(), &elsewhere.route, &trust);
    let secrets = [parts(&one), parts(&other), vec!["serve-000000"]].concat();
    let both = format!("{one} {other}");
    let (ended, report) =
        run(folder.path(), &[("SAMPLES", &both)], &parts(&one), &["algorithm/*", "encoding/*", "jwks/*"]);
    let ended = ended.with_code(0);
    assert_eq!(failed(&report), [""; 0]);
    let passed = report.cases.iter().filter(|case| case.outcome == Outcome::Pass).count();
    assert!(passed > 200, "{passed}");
    ended.says("with a sample token and the issuer's public keys");
    ended.says("need a token that only the issuer can sign");
    ended.says("need a key set that we serve");
    says_nothing_of(&secrets, &folder, &ended);
}

#[test]
fn flaws_show_without_any_key() {
    for (flaw, jwks, caught) in [
        ("alg-none", false, "algorithm/alg-none"),
        ("jwk-header-used", false, "key-injection/inj-jwk"),
        ("hmac-spki-pem", true, "algorithm/conf-spki-pem"),
        ("signature-unchecked", false, "algorithm/sig-payload-swap:sub"),
    ] {
        let Ok(_) = flaw.parse::<Flaw>() else { panic!("no flaw is called {flaw}") };
        let mut elsewhere = Elsewhere::start(flaw);
        let token = elsewhere.token();
        let folder = tempfile::tempdir().unwrap();
        let set = if jwks { format!("keys.sample.jwks = \"{}\"", elsewhere.key_set) } else { String::new() };
        fs::write(folder.path().join("token"), &token).unwrap();
        let trust = format!("keys.sample.token.command = [\"cat\", \"token\"]\n{set}");
        target_file(folder.path(), &elsewhere.route, &trust);
        let only = format!("{}*", caught.split(':').next().unwrap());
        let (ended, report) = run(folder.path(), &[], &parts(&token), &[&only]);
        let ended = ended.with_code(1);
        assert!(failed(&report).iter().any(|id| id.starts_with(caught)), "{flaw}: {:?}", failed(&report));
        says_nothing_of(&parts(&token), &folder, &ended);
    }
}

#[test]
fn what_is_no_sample_is_refused_without_being_quoted() {
    for (value, says) in [
        ("s3cret-opaque-text", "opaque"),
        ("s3cret.b.c.d.e", "encrypted"),
        ("s3cret!.b.c", "base64url"),
        ("", "is empty"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        target_file(folder.path(), "http://127.0.0.1:9/", "keys.sample.token.env = \"SAMPLE\"");
        let mut gauntlet = command(folder.path());
        gauntlet.args(["doctor", "t.target.toml"]).env("SAMPLE", value);
        let ended = Playing::start(&mut gauntlet).end();
        assert_ne!(ended.code, Some(0));
        ended.says(says);
        assert!(!(ended.stderr.clone() + &ended.stdout).contains("s3cret"), "{}", ended.stderr);
    }
}

/// A validator that trusts a key of the user's.
async fn trusting(key: Key, alg: Alg, flaw: Option<Flaw>) -> Server {
    let ring = KeyRing::of_lent(vec![(alg, key)], None).unwrap();
    let trust = TrustConfig {
        issuer: "https://idp.example".into(),
        audience: "https://orders.example".into(),
        algorithms: vec![alg],
        leeway: Period::from_secs(0),
        typ: "JWT".into(),
        jwks_uri: None,
        keys: ring.handed_over(),
        rules: AccessRules::default(),
        decryption: Default::default(),
        second: None,
    };
    Server::start(flaw, &trust).await.unwrap()
}

fn lent(key: &str, alg: &str) -> String {
    format!(
        "keys.static = {{ key = {key} }}\nissuer = \"https://idp.example\"\naudience = \"https://orders.example\"\nalgorithms = [\"{alg}\"]"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lent_secret_signs_and_is_not_shown() {
    let secret = "correct-horse-battery-staple-0123";
    let key = Key::from_lent(secret.as_bytes(), LentForm::Secret, Alg::Hs256, None).unwrap();
    let server = trusting(key, Alg::Hs256, Some(Flaw::ExpIgnored)).await;
    let folder = tempfile::tempdir().unwrap();
    target_file(
        folder.path(),
        &format!("{}/whoami", server.url()),
        &lent("{ secret = { env = \"SECRET\" } }", "HS256"),
    );
    let (base64, base64url) = (STANDARD.encode(secret), encode_segment(secret));
    let secrets = [secret, &base64, &base64url];
    let only = ["claims/*", "algorithm/*", "acceptance/*"];
    let (ended, report) = run(folder.path(), &[("SECRET", secret)], &secrets, &only);
    let ended = ended.with_code(1);
    let failed = failed(&report);
    assert!(!failed.is_empty() && failed.iter().all(|id| id.starts_with("claims/exp")), "{failed:?}");
    ended.says("with a key of yours");
    says_nothing_of(&secrets, &folder, &ended);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lent_pem_key_signs_and_is_not_shown() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let pem = pair.serialize_pem();
    let key = Key::from_lent(pem.as_bytes(), LentForm::Pem, Alg::Es256, None).unwrap();
    let server = trusting(key, Alg::Es256, None).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("signing.pem"), &pem).unwrap();
    target_file(
        folder.path(),
        &format!("{}/whoami", server.url()),
        &lent("{ pem = { file = \"signing.pem\" } }", "ES256"),
    );
    let secrets: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let (ended, report) = run(folder.path(), &[], &secrets, &["claims/*", "ecdsa/*", "encoding/*"]);
    let ended = ended.with_code(0);
    assert_eq!(failed(&report), [""; 0]);
    assert!(report.cases.iter().filter(|case| case.outcome == Outcome::Pass).count() > 100);
    says_nothing_of(&secrets, &folder, &ended);
    server.stop().await;
}

#[test]
fn a_pasted_curl_command_makes_a_target_file_that_runs() {
    let mut elsewhere = Elsewhere::start("strict");
    let token = elsewhere.token();
    let folder = tempfile::tempdir().unwrap();
    let line = format!(
        "curl '{}' \\\n  -H 'Accept: application/json' \\\n  -H 'Authorization: Bearer {token}'\n",
        elsewhere.route
    );
    fs::write(folder.path().join("line"), line).unwrap();
    let mut init = command(folder.path());
    init.args(["init", "t", "--from-curl", "-"]).stdin(fs::File::open(folder.path().join("line")).unwrap());
    let ended = Playing::start(&mut init).end().with_code(0);
    let path = folder.path().join("t.target.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(parts(&token).iter().all(|part| !(text.clone() + &ended.stderr).contains(part)), "{text}");
    let ours = text.lines().find(|line| line.starts_with("keys = ")).unwrap();
    fs::write(&path, text.replace(ours, "keys.sample.token.env = \"TOKEN\"")).unwrap();
    let (ended, report) = run(folder.path(), &[("TOKEN", &token)], &parts(&token), &["algorithm/alg-none*"]);
    ended.with_code(0);
    assert!(report.cases.iter().any(|case| case.outcome == Outcome::Pass));
}
