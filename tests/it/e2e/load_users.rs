//! `gauntlet load --users`: users who sign in, call, renew their tokens and now and then show a bad one.

use super::{
    files::{everything_in, target_file},
    load_provider::{Flaw, SECRET, provider},
    play::{Playing, command, eventually, gauntlet_in, is_running},
    scripted::{Scripted, hang, judge, yes},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// Without a gate about speed, as a busy machine must not turn it.
fn plan(folder: &Path, duration: &str, mix: &str) {
    let text = format!(
        "format = \"load-plan/1\"\n[load]\ntitle = \"Users get every verdict right\"\nwhy = \"They are who it is for.\"\n\
         drive = {{ users = 3 }}\nduration = \"{duration}\"\nwarm-up = \"200ms\"\ntokens = 50\nmix = {{ {mix} }}\n\
         assert = [{{ of = \"all\", broken = \"= 0\", level = \"must\" }}]\n"
    );
    fs::write(folder.join("mine.toml"), text).unwrap();
}

fn folder(duration: &str, mix: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    plan(folder.path(), duration, mix);
    folder
}

/// The one plan of a run.
fn played(folder: &Path) -> Value {
    let run: Value = serde_json::from_slice(&fs::read(folder.join("out/run.json")).unwrap()).unwrap();
    run["load"][0].clone()
}

/// Requests of one name, and those of them that failed.
fn requests(plan: &Value, name: &str) -> (u64, u64) {
    let all = plan["users"]["requests"].as_array().unwrap();
    let own = all.iter().find(|own| own["name"] == name).unwrap_or_else(|| panic!("no {name:?} in {all:?}"));
    (own["count"].as_u64().unwrap(), own["failures"].as_u64().unwrap())
}

fn class<'p>(plan: &'p Value, name: &str) -> &'p Value {
    let all = plan["windows"][0]["classes"].as_array().unwrap();
    all.iter().find(|own| own["name"] == name).unwrap_or_else(|| panic!("no {name:?} in {all:?}"))
}

#[test]
fn users_sign_in_renew_and_are_judged_like_everybody() {
    let folder = folder("3s", "valid = 6, expired = 1, wrong-aud = 1, fixed-kid = 1, bad-sig = 1");
    let here = folder.path();
    let ended = gauntlet_in(
        here,
        &["load", "builtin:strict", "mine.toml", "--alg", "ES256", "--format", "html,markdown", "--out", "out"],
    );
    let ended = ended.with_code(0);
    ended.says("Holds: 3 of 3 gates held in 1 load plan").says("3 users, played by goose").says("Closed loop:");
    ended.says("3 users (closed loop)").says("users-mine.html");
    assert_eq!(ended.stdout, "", "what the framework prints goes nowhere");
    let plan = played(here);
    let window = &plan["windows"][0];
    assert!(window["sent"].as_u64().unwrap() > 20, "{window}");
    assert_eq!(
        (&window["wrong-accepts"], &window["wrong-refusals"], &window["failed"]),
        (&0.into(), &0.into(), &0.into())
    );
    assert!(!window["alg"].as_str().unwrap().is_empty() && window["payload_size_bytes"].as_u64().unwrap() > 100);
    for bad in ["expired", "wrong-aud", "fixed-kid", "bad-sig"] {
        assert!(class(&plan, bad)["rejected"].as_u64().unwrap() > 0, "{bad}");
    }
    assert_eq!(requests(&plan, "sign in"), (3, 0));
    // Each of them lives for two seconds, and is renewed after one.
    let (renewed, failed) = requests(&plan, "renew");
    assert!(renewed >= 3 && failed == 0, "{renewed} renewed");
    let (called, failed) = requests(&plan, "call valid");
    // What is counted by name holds the warm-up as well.
    assert!(called >= class(&plan, "valid")["sent"].as_u64().unwrap() && failed == 0, "{called} called");
    let page = fs::read_to_string(here.join("out/report.html")).unwrap();
    assert!(page.contains("href=\"users-mine.html\"") && page.contains("Closed loop: latency says how users felt"));
    assert!(fs::read_to_string(here.join("out/summary.md")).unwrap().contains("### Users: mine"));
    let own = fs::read_to_string(here.join("out/users-mine.html")).unwrap();
    assert!(own.contains("<html") && own.contains("sign in"), "the framework's page tells of its requests");
    let events = fs::read_to_string(here.join("out/events.ndjson")).unwrap();
    assert!(events.contains("load-second"));
}

#[test]
fn a_target_that_ignores_the_expiry_is_red_with_the_number() {
    let folder = folder("2s", "valid = 4, expired = 1");
    let args = ["load", "builtin:exp-ignored", "mine.toml", "--alg", "HS256", "--users", "2", "--out", "out"];
    let ended = gauntlet_in(folder.path(), &args).with_code(1);
    ended.says("must of all: wrong-accepts = 0").says("2 users (closed loop)");
    let plan = played(folder.path());
    let expired = class(&plan, "expired")["accepted"].as_u64().unwrap();
    assert!(expired > 0, "{plan}");
    assert_eq!(plan["windows"][0]["wrong-accepts"], expired);
    let (count, failures) = requests(&plan, "call expired");
    assert!(count == failures && count >= expired, "{count} {failures} {expired}");
    assert_eq!(requests(&plan, "call valid").1, 0);
}

#[test]
fn no_token_that_the_target_saw_is_written_anywhere() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let noted = Arc::clone(&seen);
    let target = Scripted::start(move |ask, stream| {
        noted.lock().unwrap().extend(ask.token().map(str::to_owned));
        judge(ask, stream);
    });
    let folder = folder("2s", "valid = 4, expired = 1, wrong-aud = 1");
    target_file(folder.path(), &target.url(), "headers = { X-Key = \"${env:TARGET_KEY}\" }", "");
    let args = ["load", "t.target.toml", "mine.toml", "--format", "html,markdown,junit", "--out", "out"];
    let key = "k3y-of-the-target";
    Playing::start(command(folder.path()).args(args).env("TARGET_KEY", key)).end().with_code(0);
    let plan = played(folder.path());
    assert!(class(&plan, "valid")["accepted"].as_u64().unwrap() > 0, "{plan}");
    let written = everything_in(&folder.path().join("out"));
    assert!(written.contains("users-mine.html") && !written.contains(key) && !written.contains("client_secret"));
    // The first probes are shown in the report, with the tokens that were made for them.
    let seen: Vec<String> = seen.lock().unwrap().iter().filter(|token| is_of_a_window(token)).cloned().collect();
    assert!(seen.len() >= 3, "{}", seen.len());
    for token in &seen {
        let signature = token.rsplit('.').next().unwrap();
        assert!(signature.len() > 40 && !written.contains(signature), "a token is written: {token}");
    }
}

/// Whether a token was made for a window, by its `jti`.
fn is_of_a_window(token: &str) -> bool {
    let claims = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let claims: Option<Value> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
    claims.is_some_and(|claims| claims["jti"].as_str().is_some_and(|jti| jti.starts_with("l1-")))
}

/// A target that takes the tokens of the provider of these tests.
fn of_the_provider() -> Scripted {
    Scripted::start(|ask, stream| match ask.token() {
        Some(token) if token.contains(".aaaaaaaaaa") && token.ends_with(".x") => yes(stream),
        _ => judge(ask, stream),
    })
}

fn at_provider(flaw: Flaw, target: &Scripted) -> tempfile::TempDir {
    let folder = folder("5s", "valid = 4, expired = 1");
    let tables = format!(
        "[provider]\ntoken-endpoint = \"http://{}/token\"\nauth.basic = {{ user = \"drill\", password-env = \"IDP_SECRET\" }}\n\
         params = {{ scope = \"orders:read\" }}\n\
         session = {{ grant_type = \"password\", username = \"a\", password = \"${{env:IDP_SECRET}}\" }}\n",
        provider(flaw)
    );
    target_file(folder.path(), &target.url(), "", &tables);
    folder
}

fn load(folder: &Path, secret: &str) -> super::play::Ended {
    let args = ["load", "t.target.toml", "mine.toml", "--out", "out"];
    Playing::start(command(folder).args(args).env("IDP_SECRET", secret)).end()
}

#[test]
fn users_sign_in_at_the_provider_and_a_lost_session_is_told() {
    let target = of_the_provider();
    let well = at_provider(Flaw::None, &target);
    load(well.path(), SECRET).with_code(0).says("signed in at http://127.0.0.1:");
    let plan = played(well.path());
    assert_eq!(requests(&plan, "sign in"), (3, 0));
    assert!(requests(&plan, "renew").0 >= 3 && requests(&plan, "renew").1 == 0, "{plan}");
    let written = everything_in(&well.path().join("out"));
    assert!(!written.contains(SECRET) && !written.contains("refresh-") && !written.contains("aaaaaaaaaa"));
    let ill = at_provider(Flaw::Loses, &target);
    let ended = load(ill.path(), SECRET);
    ended.says("times no token was given: status 400, invalid_grant").says("Undecided");
    assert!(requests(&played(ill.path()), "renew").1 > 0);
}

#[test]
fn what_users_would_meet_is_said_before() {
    let target = of_the_provider();
    let folder = at_provider(Flaw::None, &target);
    load(folder.path(), "wrong").with_code(3).says("the token endpoint gives no token: status 401, invalid_client");
    let stranger = Scripted::start(judge);
    let folder = at_provider(Flaw::None, &stranger);
    load(folder.path(), SECRET)
        .with_code(3)
        .says("does not take the token that http://127.0.0.1:")
        .says("let the target trust");
    let here = folder.path();
    gauntlet_in(here, &["load", "builtin:strict", "mine.toml", "--vs", "builtin:strict"])
        .with_code(2)
        .says("for two targets in turns");
    gauntlet_in(here, &["load", "builtin:strict", "--users", "3", "--rate", "5/s"])
        .with_code(2)
        .says("cannot be used with");
    gauntlet_in(here, &["load", "builtin:strict", "replay", "--users", "3"])
        .with_code(2)
        .says("replay: users hold tokens");
    gauntlet_in(here, &["journey"]).with_code(2).says("use `gauntlet load --users N`");
}

/// A run whose users are in the midst of it, and their process.
fn in_the_midst(target: &Scripted) -> (Playing, i32, tempfile::TempDir) {
    let folder = folder("10m", "valid = 1");
    let plan = folder.path().join("mine.toml");
    fs::write(&plan, fs::read_to_string(&plan).unwrap().replace("200ms", "0s")).unwrap();
    target_file(folder.path(), &target.url(), "timeout = \"170s\"", "");
    let playing = Playing::start(command(folder.path()).args(["load", "t.target.toml", "mine.toml", "--out", "out"]));
    eventually("the users have a process of their own", || child_of(playing.id()).is_some());
    let (child, before) = (child_of(playing.id()).unwrap(), target.asked());
    eventually("users call", || target.asked() > before + 10);
    assert!(is_running(child));
    (playing, child, folder)
}

/// The process that plays the users of a run.
fn child_of(parent: i32) -> Option<i32> {
    let processes = fs::read_dir("/proc").ok()?;
    processes.flatten().find_map(|process| {
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        let of: i32 = stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()?;
        let line = fs::read_to_string(process.path().join("cmdline")).ok()?;
        let fits = of == parent && line.split('\0').nth(1) == Some("journey");
        fits.then(|| process.file_name().to_string_lossy().parse().ok()).flatten()
    })
}

#[test]
fn ctrl_c_ends_the_users_and_tells_what_they_saw() {
    // From some moment on nobody is answered any more.
    let (hangs, hung) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (told, count) = (Arc::clone(&hangs), Arc::clone(&hung));
    let target = Scripted::start(move |ask, stream| {
        if told.load(Ordering::SeqCst) {
            count.fetch_add(1, Ordering::SeqCst);
            return hang(stream);
        }
        judge(ask, stream);
    });
    let (playing, child, folder) = in_the_midst(&target);
    hangs.store(true, Ordering::SeqCst);
    eventually("every user waits", || hung.load(Ordering::SeqCst) >= 3);
    playing.signal(Signal::SIGINT);
    let ended = playing.end().with_code(130);
    ended.says("INCOMPLETE: stopped after").says("Undecided");
    assert!(ended.took.as_secs() < 100, "nobody waits for answers that never come");
    eventually("the users are gone", || !is_running(child));
    let window = &played(folder.path())["windows"][0];
    let number = |name: &str| window[name].as_u64().unwrap();
    assert!(number("sent") > 0 && number("cut-off") > 0 && number("failed") == 0, "{window}");
    assert_eq!(window["incomplete"], true);
}

#[test]
fn users_die_with_whoever_started_them_and_their_death_is_told() {
    let target = Scripted::start(judge);
    let (playing, child, _folder) = in_the_midst(&target);
    playing.signal(Signal::SIGKILL);
    assert_eq!(playing.end().code, None);
    eventually("the users are gone", || !is_running(child));
    let (playing, child, _folder) = in_the_midst(&target);
    kill(Pid::from_raw(child), Signal::SIGKILL).unwrap();
    playing.end().with_code(3).says("the users broke off: signal: 9");
}

#[test]
fn users_say_why_they_cannot_write_requests_to_a_target() {
    let folder = folder("1s", "valid = 1");
    let ours = env!("CARGO_BIN_EXE_gauntlet");
    let file = format!(
        "format = \"target/1\"\n[target]\nname = \"mine\"\n[transport.stdio]\ncommand = [\"{ours}\", \"adapter\", \"builtin\"]\n\
         [trust]\nkeys = \"configure\"\naudience = \"a\"\nalgorithms = [\"RS256\"]\n"
    );
    fs::write(folder.path().join("t.target.toml"), file).unwrap();
    let ended = gauntlet_in(folder.path(), &["load", "t.target.toml", "mine.toml", "--out", "out"]).with_code(2);
    ended.says("cannot be written ahead: it is not asked over HTTP").says("--rate");
}
