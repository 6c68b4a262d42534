//! `gauntlet load` against the token endpoint of an identity provider.

use super::play::{Playing, command, gauntlet_in};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use url::form_urlencoded;

pub const SECRET: &str = "s3cret";

/// What the provider does wrong.
#[derive(Clone, Copy, PartialEq)]
pub enum Flaw {
    None,
    /// Every tenth rotated refresh token is lost.
    Forgets,
    /// Every rotated refresh token is lost.
    Loses,
    /// Tokens are long.
    Verbose,
}

/// The refresh tokens that are good, each for one use, and how many were given.
#[derive(Default)]
struct Sessions {
    good: BTreeSet<String>,
    given: usize,
}

/// A token endpoint with client credentials, passwords and rotated refresh tokens.
pub fn provider(flaw: Flaw) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let sessions = Arc::new(Mutex::new(Sessions::default()));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), sessions) = (stream, Arc::clone(&sessions)) else { return };
            thread::spawn(move || serve(stream, flaw, &sessions));
        }
    });
    address
}

fn serve(mut stream: TcpStream, flaw: Flaw, sessions: &Mutex<Sessions>) {
    let (mut text, mut buffer) = (Vec::new(), vec![0; 16_384]);
    loop {
        if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&text[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            let whole = end + 4 + length.trim().parse::<usize>().unwrap();
            if text.len() >= whole {
                let head = String::from_utf8_lossy(&text[..end]).into_owned();
                let (status, body) = answer(&head, &text[end + 4..whole], flaw, sessions);
                text.drain(..whole);
                let written =
                    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.to_string().len());
                if written.is_err() {
                    return;
                }
                continue;
            }
        }
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => text.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
}

fn answer(head: &str, body: &[u8], flaw: Flaw, sessions: &Mutex<Sessions>) -> (&'static str, Value) {
    let client = format!("Basic {}", STANDARD.encode(format!("drill:{SECRET}")));
    if !head.lines().any(|line| line.split_once(": ").is_some_and(|(_, value)| value == client)) {
        return ("401 Unauthorized", json!({ "error": "invalid_client" }));
    }
    let form: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let of = |name: &str| form.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "ES256", "typ": "at+jwt" }).to_string());
    let length = if flaw == Flaw::Verbose { 2000 } else { 300 };
    let mut given = json!({ "access_token": format!("{header}.{}.x", "a".repeat(length)), "token_type": "Bearer", "expires_in": 2 });
    match of("grant_type") {
        Some("client_credentials") if of("scope") == Some("orders:read") => return ("200 OK", given),
        Some("password") if of("password") == Some(SECRET) => {}
        Some("refresh_token") if sessions.good.remove(of("refresh_token").unwrap_or_default()) => {}
        _ => return ("400 Bad Request", json!({ "error": "invalid_grant" })),
    }
    sessions.given += 1;
    let token = format!("refresh-{}", sessions.given);
    let is_lost = flaw == Flaw::Loses || flaw == Flaw::Forgets && sessions.given.is_multiple_of(10);
    if !is_lost {
        sessions.good.insert(token.clone());
    }
    given["refresh_token"] = token.into();
    ("200 OK", given)
}

fn folder(flaw: Flaw) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "format = \"target/1\"\n[target]\nname = \"idp\"\n[transport.bearer]\nurl = \"http://127.0.0.1:1/\"\n\
         [trust]\nkeys = \"jwks-uri\"\naudience = \"a\"\nalgorithms = [\"ES256\"]\n\
         [provider]\ntoken-endpoint = \"http://{}/token\"\nauth.basic = {{ user = \"drill\", password-env = \"IDP_SECRET\" }}\n\
         params = {{ scope = \"orders:read\" }}\n\
         session = {{ grant_type = \"password\", username = \"a\", password = \"${{env:IDP_SECRET}}\" }}\n",
        provider(flaw)
    );
    fs::write(folder.path().join("idp.target.toml"), text).unwrap();
    folder
}

/// Without a gate about speed, as a busy machine must not turn it.
fn plan(folder: &Path, ask: &str, gates: &str) {
    let text = format!(
        "format = \"load-plan/1\"\n[load]\ntitle = \"Tokens come\"\nwhy = \"Everything waits for them.\"\nask = \"{ask}\"\n\
         drive = {{ rate = \"60/s\" }}\nduration = \"2s\"\nwarm-up = \"200ms\"\ntokens = 8\nassert = [{gates}]\n"
    );
    fs::write(folder.join("mine.toml"), text).unwrap();
}

const SERVED: &str =
    "{ of = \"good\", accepted = \">= 99.9%\", level = \"must\" }, { token-bytes = \"< 1024\", level = \"should\" }";

fn load(folder: &Path, more: &[&str]) -> super::play::Ended {
    let args = [&["load", "idp.target.toml", "mine.toml", "--out", "out"], more].concat();
    Playing::start(command(folder).args(args).env("IDP_SECRET", SECRET)).end()
}

fn window(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("out/run.json")).unwrap();
    assert!(!text.contains(SECRET) && !text.contains("refresh-"), "neither secrets nor tokens are written down");
    let run: Value = serde_json::from_str(&text).unwrap();
    run["load"][0]["windows"][0].clone()
}

#[test]
fn tokens_are_issued_and_measured() {
    let folder = folder(Flaw::None);
    plan(folder.path(), "issuance", SERVED);
    load(folder.path(), &[]).with_code(0).says("120 sent = 120 answered + 0 failed").says("Holds: 2 of 2 gates held");
    let seen = window(folder.path());
    assert_eq!((&seen["alg"], &seen["distinct"]), (&"ES256".into(), &120.into()));
    assert!((330..350).contains(&seen["payload_size_bytes"].as_u64().unwrap()), "{seen}");
    load(folder.path(), &["--connections", "3", "--duration", "300ms"]).with_code(0);
}

#[test]
fn sessions_are_renewed_by_rotation_and_a_lost_one_is_red() {
    let well = folder(Flaw::None);
    plan(well.path(), "refresh", SERVED);
    load(well.path(), &[]).with_code(0).says("120 sent = 120 answered + 0 failed");
    assert_eq!(window(well.path())["wrong-refusals"], 0);
    let ill = folder(Flaw::Forgets);
    plan(ill.path(), "refresh", SERVED);
    let ended = load(ill.path(), &[]).with_code(1);
    ended.says("must of good: accepted >= 99.9%").says("status 400, invalid_grant").says("begun anew");
}

#[test]
fn long_tokens_miss_an_objective() {
    let folder = folder(Flaw::Verbose);
    plan(folder.path(), "issuance", SERVED);
    load(folder.path(), &["--fail-on", "should"]).with_code(1).says("should of all: token-bytes < 1024");
}

#[test]
fn what_cannot_be_asked_is_said_before() {
    let folder = folder(Flaw::None);
    plan(folder.path(), "issuance", SERVED);
    let here = folder.path();
    let mine = ["load", "idp.target.toml", "mine.toml"];
    gauntlet_in(here, &mine).with_code(2).says("IDP_SECRET");
    gauntlet_in(here, &[&mine[..], &["--find-max"]].concat()).with_code(2).says("this plan asks an identity provider");
    gauntlet_in(here, &[&mine[..], &["steady"]].concat()).with_code(2).says("found both");
    gauntlet_in(here, &["load", "builtin:strict", "mine.toml"]).with_code(2).says("token-endpoint = ");
    let wrong = Playing::start(command(here).args(mine).env("IDP_SECRET", "wrong")).end();
    wrong.with_code(3).says("the token endpoint gives no token: status 401, invalid_client");
}
