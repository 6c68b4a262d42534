//! `gauntlet proxy`: faults in front of an identity provider that is somebody else's. Here it is `gauntlet serve`.

use super::{
    control::ask,
    play::{Playing, command},
};
use nix::sys::signal::Signal;
use serde_json::Value;

#[test]
fn it_is_transparent_until_somebody_orders_otherwise_and_floods_end_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let start = |args: &[&str]| {
        let mut child = command(folder.path());
        child.args(args).stdin(std::process::Stdio::piped());
        let (playing, mut lines) = Playing::with_streams(&mut child);
        let mut named =
            |name: &str| lines.stderr.find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned())).unwrap();
        let named = [named("discovery"), named("key set"), named("control")];
        (playing, named, lines)
    };
    let base = |state: &str| state.strip_suffix("/state").unwrap().to_owned();
    let (provider, [metadata, true_set, control], _lines) = start(&["serve", "--control"]);
    let upstream = base(&control);
    let (proxy, [discovery, jwks, control], mut said) = start(&["proxy", &metadata]);
    let control = base(&control);
    let get = |url: &str| ask("GET", url, "", "");
    let order = |method, path: &str, body: &str| ask(method, &format!("{control}{path}"), body, "");

    assert_eq!(get(&jwks).1, get(&true_set).1);
    let of = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let (copy, original) = (of(get(&discovery).1), of(get(&metadata).1));
    assert_eq!((&copy["issuer"], &copy["jwks_uri"]), (&original["issuer"], &jwks.clone().into()));

    let kid = of(get(&jwks).1)["keys"][0]["kid"].as_str().unwrap().to_owned();
    assert_eq!(order("POST", "/keys/unpublish", &format!("{{\"key\":\"{kid}\"}}")).0, 200);
    assert_eq!(of(get(&jwks).1)["keys"], serde_json::json!([]));
    assert_eq!(order("PUT", "/faults/jwks", r#"{"fault":{"status":{"code":503}}}"#).0, 200);
    assert_eq!(get(&jwks).0, 503);
    assert_eq!(order("DELETE", "/faults", "").0, 200);
    assert_eq!(get(&jwks).1, get(&true_set).1, "healing shows hidden keys as well");
    assert_eq!(order("POST", "/keys/sign", r#"{"key":"another"}"#).0, 409, "only the provider decides who signs");
    assert_eq!(order("POST", "/tokens", r#"{"class":"valid"}"#).0, 400, "it has no tokens to give away");

    for _ in 0..50 {
        assert_eq!(get(&jwks).0, 200);
    }
    let fetches = of(get(&format!("{upstream}/fetches")).1);
    let ours = |fetch: &&Value| fetch["headers"].to_string().contains("user-agent");
    assert!(fetches["jwks"].as_array().unwrap().iter().filter(ours).count() <= 2, "{fetches}");
    proxy.signal(Signal::SIGTERM);
    let summary = said.stderr.find_map(|line| line.contains("fetched the key set").then_some(line));
    assert!(summary.is_some());
    proxy.end().with_code(0);
    provider.signal(Signal::SIGINT);
    provider.end();
}

#[test]
fn what_is_no_identity_provider_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path());
    child.args(["serve", "--control"]).stdin(std::process::Stdio::piped());
    let (playing, mut lines) = Playing::with_streams(&mut child);
    let control = lines.stderr.find_map(|line| Some(line.strip_prefix("control")?.trim().to_owned())).unwrap();
    super::play::gauntlet(&["proxy", &control]).with_code(2).says("no key set is found behind");
    playing.signal(Signal::SIGINT);
    playing.end();
}
