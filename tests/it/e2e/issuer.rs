//! `gauntlet serve`: the issuer alone, to try things by hand.

use super::play::{Playing, command};
use nix::sys::signal::Signal;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
    time::Duration,
};

/// Asks once, and returns head and body as one text.
fn fetch(url: &str, token: Option<&str>) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let field = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\n{field}Connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn serve_hands_out_tokens_that_its_validator_takes_until_ctrl_c() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path());
    child.args(["serve", "--validator"]).stdin(Stdio::piped());
    let (playing, mut lines) = Playing::with_streams(&mut child);
    let validator = lines.stderr.find_map(|line| Some(line.strip_prefix("validator")?.trim().to_owned())).unwrap();
    let token = lines.stdout.next().unwrap();
    let issuer = issuer_of(&token);
    let jwks = fetch(&format!("{issuer}/jwks.json"), None);
    assert!(jwks.starts_with("HTTP/1.1 200") && jwks.contains("\"keys\""), "{jwks}");
    let route = format!("{}/whoami", validator.trim_end_matches('/'));
    assert!(fetch(&route, Some(&token)).starts_with("HTTP/1.1 200"));
    assert!(fetch(&route, None).starts_with("HTTP/1.1 401"));
    writeln!(lines.stdin).unwrap();
    let second = lines.stdout.next().unwrap();
    assert!(second != token && fetch(&route, Some(&second)).starts_with("HTTP/1.1 200"));
    playing.signal(Signal::SIGINT);
    playing.end().with_code(0);
    let port = issuer.rsplit(':').next().unwrap().split('/').next().unwrap();
    TcpListener::bind(format!("127.0.0.1:{port}")).expect("the port is free again");
}

fn issuer_of(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["iss"].as_str().unwrap().to_owned()
}

#[test]
fn serve_refuses_a_flaw_that_nobody_knows_and_a_port_that_is_taken() {
    super::play::gauntlet(&["serve", "--validator", "no-such"]).with_code(2).says("gauntlet list flaws");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    super::play::gauntlet(&["serve", "--port", &port]).with_code(2).says("choose another --port");
}
