//! `gauntlet serve --control`: the issuer as a misbehaving identity provider for anybody's tests.

use super::play::{Playing, command};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Stdio,
    time::Duration,
};

/// Asks once; status and body.
pub(super) fn ask(method: &str, url: &str, body: &str, more: &str) -> (u16, String) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\n{more}Content-Type: application/json\r\nContent-Length: \
         {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    // A connection that a fault resets has no answer.
    if stream.read_to_string(&mut answer).is_err() || answer.is_empty() {
        return (0, String::new());
    }
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[test]
fn keys_and_faults_follow_orders() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path());
    child.args(["serve", "--control", "--validator"]).stdin(Stdio::piped());
    let (playing, mut lines) = Playing::with_streams(&mut child);
    let mut named =
        |name: &str| lines.stderr.find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned())).unwrap();
    let (jwks, validator, control) = (named("key set"), named("validator"), named("control"));
    let control = control.strip_suffix("/control/state").unwrap().to_owned();
    let order = |method, path: &str, body: &str| ask(method, &format!("{control}/control/{path}"), body, "");
    let state = || -> Value { serde_json::from_str(&order("GET", "state", "").1).unwrap() };

    let (status, token) = order("POST", "tokens", r#"{"class":"valid"}"#);
    let token: Value = serde_json::from_str(&token).unwrap();
    let shown = |token: &Value| {
        let field = format!("Authorization: Bearer {}\r\n", token["token"].as_str().unwrap());
        ask("GET", &format!("{validator}/whoami"), "", &field).0
    };
    assert_eq!((status, shown(&token)), (200, 200));

    assert_eq!(order("POST", "keys/publish", r#"{"key":"k9"}"#).0, 200);
    assert_eq!(order("POST", "keys/sign", r#"{"key":"k9"}"#).0, 200);
    assert_eq!((&state()["published"][1], &state()["signer"]), (&"k9".into(), &"k9".into()));
    assert!(ask("GET", &jwks, "", "").1.matches("\"kid\"").count() == 2);

    assert_eq!(order("PUT", "faults/jwks", r#"{"fault":{"status":{"code":503}},"first":1}"#).0, 200);
    assert_eq!(state()["faults"]["jwks"][0], "status 503");
    assert_eq!((ask("GET", &jwks, "", "").0, ask("GET", &jwks, "", "").0), (503, 200));
    assert_eq!(order("DELETE", "faults", "").0, 200);
    assert_eq!(state()["faults"]["jwks"], serde_json::json!([]));
    let fetches: Value = serde_json::from_str(&order("GET", "fetches", "").1).unwrap();
    assert!(fetches["jwks"].as_array().unwrap().iter().any(|fetch| fetch["status"] == 503));

    for (method, path, body, status) in [
        ("PUT", "faults/jwks", r#"{"fault":"refuze"}"#, 422),
        ("PUT", "faults/no-such", r#"{"fault":"refuse"}"#, 404),
        ("PUT", "faults/jwks", r#"{"fault":"refuse","percent":130.0}"#, 400),
        ("POST", "keys/publish", r#"{"key":"../k"}"#, 400),
        ("POST", "keys/destroy", r#"{"key":"k1"}"#, 404),
        ("POST", "tokens", r#"{"class":"valid","key":"nobody"}"#, 400),
    ] {
        assert_eq!(order(method, path, body).0, status, "{method} {path} {body}");
    }
    assert_eq!(ask("GET", &format!("{control}/control/state"), "", "Origin: http://a.example\r\n").0, 403);
    playing.signal(Signal::SIGINT);
    playing.end().with_code(0);
}

#[test]
fn off_loopback_it_wants_a_token() {
    let ended = super::play::gauntlet(&["serve", "--control", "--bind", "0.0.0.0"]).with_code(2);
    ended.says("GAUNTLET_CONTROL_TOKEN");
}
