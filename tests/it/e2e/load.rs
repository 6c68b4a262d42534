//! `gauntlet load`, and `gauntlet forge --count`.

use super::{
    files::target_file,
    play::{Playing, command, eventually, gauntlet, gauntlet_in},
    scripted::{Scripted, hang, judge},
};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// A plan without gates about speed: a busy machine must not turn it.
fn plan(own: &str) -> String {
    format!(
        "format = \"load-plan/1\"\n[load]\ntitle = \"Tokens are judged right\"\nwhy = \"Speed without that is worth nothing.\"\n\
         warm-up = \"200ms\"\n{own}"
    )
}

fn folder(own: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), plan(own)).unwrap();
    folder
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("out/run.json")).unwrap()).unwrap()
}

#[test]
fn a_window_is_measured_judged_and_written() {
    let own = "drive = { rate = \"150/s\" }\nduration = \"2s\"\nmix = { valid = 8, bad-sig = 1, expired = 1 }\n\
               assert = [{ of = \"all\", broken = \"= 0\", level = \"must\" }]\n";
    let folder = folder(own);
    let ended = gauntlet_in(folder.path(), &["load", "builtin:strict", "mine.toml", "--alg", "ES256", "--out", "out"]);
    let ended = ended.with_code(0);
    assert_eq!(ended.stdout, "");
    ended.says("Holds: 3 of 3 gates held in 1 load plan").says("300 sent = 300 answered + 0 failed").says("generator:");
    let run = report(folder.path());
    let window = &run["load"][0]["windows"][0];
    for field in ["throughput_rps", "token_validation_ms", "payload_size_bytes"] {
        assert!(!window[field].is_null(), "{field}");
    }
    assert_eq!(
        [&window["sent"], &window["answered"], &window["wrong-accepts"], &window["distinct"]]
            .map(|value| value.as_u64()),
        [Some(300), Some(300), Some(0), Some(330)]
    );
    let classes = window["classes"].as_array().unwrap();
    assert_eq!(classes.iter().map(|class| class["sent"].as_u64().unwrap()).sum::<u64>(), 300);
    let page = fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("How fast, and still right?") && page.contains("tokens a second"));
    let junit = fs::read_to_string(folder.path().join("out/junit.xml")).unwrap();
    assert!(junit.contains("load: mine") && !junit.contains("<failure"), "{junit}");
    let events = fs::read_to_string(folder.path().join("out/events.ndjson")).unwrap();
    assert!(events.contains("load-second") && events.trim_end().lines().last().unwrap().contains("run-finished"));
}

#[test]
fn one_forgery_in_a_thousand_makes_a_fast_run_red() {
    let folder = folder(
        "drive = { rate = \"600/s\" }\nduration = \"3s\"\nmix = { valid = 1, bad-sig = 9 }\nassert = [{ broken = \"= 0\", level = \"should\" }]\n",
    );
    let ended =
        gauntlet_in(folder.path(), &["load", "builtin:rarely-accepts", "mine.toml", "--alg", "HS256", "--out", "out"]);
    ended.with_code(1).says("must of all: wrong-accepts = 0").says("1 token wrongly accepted");
    let wrong = &report(folder.path())["load"][0]["windows"][0]["wrong"];
    assert!(wrong[0].as_str().unwrap().contains("bad-sig: accept, status 200"), "{wrong}");
}

#[test]
fn a_target_that_begins_to_refuse_everything_is_red_and_not_fast() {
    let folder =
        folder("drive = { connections = 4 }\nduration = \"1s\"\nassert = [{ broken = \"= 0\", level = \"should\" }]\n");
    let ended =
        gauntlet_in(folder.path(), &["load", "builtin:locks-out", "mine.toml", "--alg", "HS256", "--out", "out"]);
    ended.with_code(1).says("must of good: accepted >= 99.95%");
}

#[test]
fn a_sweep_is_a_window_for_each_value_and_a_repeated_token_is_one() {
    let folder = folder(
        "drive = { rate = \"100/s\" }\nduration = \"1s\"\nsweep = { replay = [0, 90] }\nassert = [{ broken = \"= 0\", level = \"must\" }]\n",
    );
    gauntlet_in(folder.path(), &["load", "builtin:yardstick", "mine.toml", "--out", "out"]).with_code(0);
    let windows = report(folder.path())["load"][0]["windows"].clone();
    let distinct: Vec<u64> = windows.as_array().unwrap().iter().map(|own| own["distinct"].as_u64().unwrap()).collect();
    assert_eq!((distinct, &windows[1]["name"]), (vec![120, 13], &"90% repeated".into()));
}

#[test]
fn what_no_token_under_a_secret_can_be_is_left_out_and_told() {
    let hs256 = |own: &str| {
        let folder = folder(&format!("drive = {{ rate = \"50/s\" }}\nduration = \"1s\"\n{own}"));
        let ended =
            gauntlet_in(folder.path(), &["load", "builtin:strict", "mine.toml", "--alg", "HS256", "--out", "out"]);
        (folder, ended)
    };
    let calm = "assert = [{ broken = \"= 0\", level = \"must\" }]\n";
    let (folder, ended) = hs256(&format!("mix = {{ valid = 1, hs-confusion = 1, jwk-embed = 1 }}\n{calm}"));
    ended.with_code(0).says("without hs-confusion, jwk-embed: under HS256 there is no public key");
    assert_eq!(report(folder.path())["load"][0]["windows"][0]["classes"].as_array().map(Vec::len), Some(1));
    let (folder, ended) = hs256(&format!("sweep = {{ class = [\"valid\", \"jwk-embed\"] }}\n{calm}"));
    ended.with_code(0).says("without jwk-embed");
    assert_eq!(report(folder.path())["load"][0]["windows"].as_array().map(Vec::len), Some(1));
    let (_, ended) = hs256("mix = { jwk-embed = 1 }\n");
    ended.with_code(2).says("nothing that the plan would send can be made under HS256");
}

#[test]
fn two_targets_take_turns() {
    let folder =
        folder("drive = { rate = \"100/s\" }\nduration = \"2s\"\nassert = [{ broken = \"= 0\", level = \"must\" }]\n");
    let args = [
        "load",
        "builtin:strict",
        "mine.toml",
        "--vs",
        "builtin:strict",
        "--rounds",
        "6",
        "--alg",
        "HS256",
        "--out",
        "out",
    ];
    gauntlet_in(folder.path(), &args).with_code(0).says("builtin-strict (second) against builtin-strict (first)");
    let paired = &report(folder.path())["load"][0]["paired"];
    assert_eq!(paired["pairs"].as_u64(), Some(6), "{paired}");
}

#[test]
fn a_wrong_plan_is_pointed_at() {
    let folder =
        folder("drive = { rate = \"100/s\" }\nassert = [{ of = \"good\", p95 = \"< 5%\", level = \"must\" }]\n");
    let ended = gauntlet_in(folder.path(), &["load", "builtin:strict", "mine.toml"]).with_code(2);
    insta::assert_snapshot!("load_wrong_plan", ended.stderr);
    let ended = gauntlet(&["load", "builtin:strict", "no-such-plan"]).with_code(2);
    ended.says("no plan is called \"no-such-plan\"").says("gauntlet load --list");
}

#[test]
fn many_tokens_are_minted_for_other_tools() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "forge",
        "--alg",
        "EdDSA",
        "--count",
        "3000",
        "--out",
        "tokens.txt",
        "--jwks",
        "keys.json",
        "--lifetime",
        "2h",
    ];
    gauntlet_in(folder.path(), &args).with_code(0).says("3000 tokens in");
    let text = fs::read_to_string(folder.path().join("tokens.txt")).unwrap();
    let tokens: BTreeSet<&str> = text.lines().collect();
    assert_eq!((tokens.len(), text.lines().count()), (3000, 3000));
    let keys: jsonwebtoken::jwk::JwkSet =
        serde_json::from_slice(&fs::read(folder.path().join("keys.json")).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["https://orders.example"]);
    for token in [text.lines().next().unwrap(), text.lines().last().unwrap()] {
        let header = jsonwebtoken::decode_header(token).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims;
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 7200);
    }
}

#[test]
fn a_plan_is_linted_and_its_errors_are_pointed_at() {
    let own = "mix = { valid = 1 }\nassert = [{ of = \"forged\", rejected = \"= 100%\", level = \"must\" }]\n";
    let folder = folder(own);
    let ended = gauntlet_in(folder.path(), &["lint", "mine.toml"]).with_code(1);
    ended.says("mine.toml:7: mine: `of forged: rejected = 100%` is about tokens that it never sends").says("1 to mend");
    fs::write(folder.path().join("mine.toml"), plan("mix = { valid = 1 }\n")).unwrap();
    gauntlet_in(folder.path(), &["lint", "mine.toml"]).with_code(0).says("0 target files and 1 load plans");
    fs::write(folder.path().join("mine.toml"), plan("drive = { connections = 0 }\n")).unwrap();
    let ended = gauntlet_in(folder.path(), &["lint", "mine.toml"]).with_code(2);
    ended.says("mine.toml:6:25").says("wanted at least one connection");
}

#[test]
fn what_several_workers_measured_adds_up_to_the_request() {
    let folder = folder(
        "drive = { connections = 3 }\nduration = \"700ms\"\nmix = { valid = 8, bad-sig = 2 }\nassert = [{ broken = \"= 0\", level = \"must\" }]\n",
    );
    let here = folder.path();
    let workers = ["one", "two", "three"];
    let runs: Vec<Value> = workers
        .iter()
        .map(|out| {
            gauntlet_in(here, &["load", "builtin:strict", "mine.toml", "--alg", "HS256", "--out", out]).with_code(0);
            serde_json::from_slice(&fs::read(here.join(out).join("run.json")).unwrap()).unwrap()
        })
        .collect();
    let args = ["compare", "--merge", "one", "two", "three", "--out", "out"];
    let ended = gauntlet_in(here, &args).with_code(0);
    ended.prints("the sum of 3 runs").prints("Holds: 3 of 3 gates held in 1 load plan");
    let sum = report(here);
    for field in ["sent", "answered", "distinct", "planned"] {
        let of = |run: &Value| run["load"][0]["windows"][0][field].as_u64().unwrap();
        assert_eq!(of(&sum), runs.iter().map(of).sum::<u64>(), "{field}");
    }
    let histogram = |run: &Value, class: usize| {
        let bytes = run["load"][0]["windows"][0]["classes"][class]["histogram"].as_str().unwrap();
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, bytes).unwrap();
        hdrhistogram::serialization::Deserializer::new().deserialize::<u64, _>(&mut bytes.as_slice()).unwrap()
    };
    for class in 0..2 {
        let whole = histogram(&sum, class);
        let parts: Vec<_> = runs.iter().map(|run| histogram(run, class)).collect();
        assert!(!whole.is_empty());
        assert_eq!(whole.len(), parts.iter().map(|part| part.len()).sum::<u64>());
        for step in whole.iter_recorded() {
            let value = step.value_iterated_to();
            assert_eq!(step.count_at_value(), parts.iter().map(|part| part.count_at(value)).sum::<u64>(), "{value}");
        }
    }
    // Red in one worker is red in the sum, and what is no sum is refused.
    let hot = "drive = { rate = \"600/s\" }\nduration = \"2500ms\"\nmix = { valid = 1, bad-sig = 9 }\nassert = [{ broken = \"= 0\", level = \"should\" }]\n";
    fs::write(here.join("hot.toml"), plan(hot)).unwrap();
    gauntlet_in(here, &["load", "builtin:rarely-accepts", "hot.toml", "--alg", "HS256", "--out", "red"]).with_code(1);
    gauntlet_in(here, &["compare", "--merge", "red", "red"]).with_code(1).prints("wrongly accepted");
    gauntlet_in(here, &["compare", "--merge", "one", "red"])
        .with_code(2)
        .says("wanted runs against \"builtin-strict\"");
    gauntlet_in(here, &["compare", "--merge", "one"]).with_code(2).says("wanted at least two runs");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run.json");
    gauntlet_in(here, &["compare", "--merge", "one", fixture.to_str().unwrap()]).with_code(2).says("holds none");
}

#[test]
fn a_run_that_is_stopped_tells_what_was_sent_so_far_and_is_not_green() {
    let target = Scripted::start(|ask, stream| match ask.number {
        0..120 => judge(ask, stream),
        _ => hang(stream),
    });
    let folder = folder(
        "drive = { rate = \"40/s\" }\nduration = \"10m\"\ntokens = 100\nassert = [{ broken = \"= 0\", level = \"must\" }]\n",
    );
    target_file(folder.path(), &target.url(), "timeout = \"170s\"", "");
    let playing =
        Playing::start(command(folder.path()).args(["load", "t.target.toml", "mine.toml", "steady", "--out", "out"]));
    eventually("the target hangs", || target.asked() >= 125);
    playing.signal(Signal::SIGINT);
    let ended = playing.end().with_code(130);
    ended.says("INCOMPLETE: stopped after").says("Undecided").says("stopped by Ctrl-C");
    assert!(ended.took.as_secs() < 100, "it does not wait for answers that never come");
    let run = report(folder.path());
    assert_eq!((&run["complete"], &run["stopped"]), (&false.into(), &"stopped by Ctrl-C".into()));
    assert_eq!(run["load"].as_array().unwrap().len(), 1, "the plan after it was not begun");
    let (plan, window) = (&run["load"][0], &run["load"][0]["windows"][0]);
    let number = |name: &str| window[name].as_u64().unwrap();
    assert!(number("sent") > 20 && number("cut-off") > 0, "{window}");
    assert_eq!(number("sent"), number("answered") + number("failed"));
    assert_eq!((number("failed"), &window["incomplete"]), (0, &true.into()));
    assert!(number("length-ms") < 100_000);
    assert_eq!(plan["outcome"], "inconclusive");
    let gates = plan["gates"].as_array().unwrap();
    assert!(gates.len() == 3 && gates.iter().all(|gate| gate["outcome"] == "inconclusive"), "{gates:?}");
}
