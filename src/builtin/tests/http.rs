//! The service over real sockets: what it takes, how it refuses, and the flaws of its HTTP side.

use super::super::{Flaw, Server, testing::*};
use crate::model::{Alg, TrustConfig};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// An answer: status, the header text in lower case, and the body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    fn has(&self, line: &str) -> bool {
        self.head.lines().any(|found| found == line)
    }
}

/// Sends a request as it stands (without its end) and reads the answer.
async fn send(server: &Server, request: &str) -> Answer {
    let address = server.url();
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let whole = format!("{request}Host: h\r\nConnection: close\r\n\r\n");
    stream.write_all(whole.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

async fn get(server: &Server, lines: &[&str]) -> Answer {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    send(server, &format!("GET /whoami HTTP/1.1\r\n{lines}")).await
}

pub async fn show(server: &Server, token: &str) -> Answer {
    get(server, &[&format!("Authorization: Bearer {token}")]).await
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Claims that are good by the real clock.
pub fn live() -> Value {
    let mut claims = claims();
    claims["iat"] = now().into();
    claims["nbf"] = now().into();
    claims["exp"] = (now() + 300).into();
    claims
}

pub fn live_token(alg: Alg) -> String {
    trusted(alg).token(alg, &header(alg).to_string(), &live().to_string())
}

fn bad_token() -> String {
    rogue(Alg::Rs256).token(Alg::Rs256, &header(Alg::Rs256).to_string(), &live().to_string())
}

async fn start(flaw: Option<Flaw>) -> Server {
    Server::start(flaw, &trust(USUAL, "JWT")).await.unwrap()
}

#[tokio::test]
async fn a_good_token_gets_its_claims_and_a_bad_one_a_challenge() {
    let server = start(None).await;
    let answer = show(&server, &live_token(Alg::Rs256)).await;
    assert_eq!((answer.status, serde_json::from_str(&answer.body).ok()), (200, Some(json!({ "claims": live() }))));
    let challenge = r#"www-authenticate: bearer realm="gauntlet", error="invalid_token", error_description=""#;
    for (token, why) in [
        (bad_token(), "signature"),
        ("garbage".into(), "malformed"),
        (good(Alg::Rs256).replace('.', "\u{22}."), "malformed"),
        (claiming(&live().to_string().replace("\"exp\":1", "\"exp\":")), "expired"),
        (claiming(&live().to_string().replace(AUDIENCE, "x")), "audience"),
        (claiming(&live().to_string().replace(ISSUER, "x")), "issuer"),
    ] {
        let answer = show(&server, &token).await;
        assert!(answer.status == 401 && answer.has(&format!("{challenge}{why}\"")), "{answer:?}");
        assert!(!answer.body.contains(&token));
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_single_token_is_never_accepted() {
    let server = start(None).await;
    let good = format!("Authorization: Bearer {}", live_token(Alg::Rs256));
    let nothing = get(&server, &[]).await;
    assert!(nothing.status == 401 && nothing.has("www-authenticate: bearer realm=\"gauntlet\""), "{nothing:?}");
    for (lines, status) in [
        (vec![good.as_str(), good.as_str()], 400),
        (vec![good.as_str(), "Authorization: Basic eA=="], 400),
        (vec!["Authorization: Bearer"], 400),
        (vec![&format!("{good}, Bearer x")], 401),
        (vec![&good.replace("Bearer ", "Bearer\t")], 401),
        (vec![&good.replace("Bearer", "Token")], 401),
        (vec![&good.replace("Bearer ", "")], 401),
    ] {
        let answer = get(&server, &lines).await;
        assert_eq!(answer.status, status, "{lines:?}");
        assert!(answer.head.contains("www-authenticate: bearer realm="), "{answer:?}");
    }
    for fine in [
        good.replace("Bearer", "bEARER"),
        good.replace("Bearer ", "Bearer   "),
        good.to_lowercase().replace(&good[15..].to_lowercase(), &good[15..]),
    ] {
        assert_eq!(get(&server, &[&fine]).await.status, 200, "{fine}");
    }
    server.stop().await;
}

#[tokio::test]
async fn paths_and_methods_are_exact_and_long_tokens_fit() {
    let server = start(None).await;
    let line = format!("Authorization: Bearer {}\r\n", live_token(Alg::Rs256));
    for path in ["//whoami", "/./whoami", "/whoami/", "/%77hoami", "/WHOAMI", "/whoami;x=1", "/", "/admin"] {
        assert_eq!(send(&server, &format!("GET {path} HTTP/1.1\r\n{line}")).await.status, 404, "{path}");
    }
    assert_eq!(send(&server, "GET /healthz HTTP/1.1\r\n").await.status, 200);
    for method in ["HEAD", "OPTIONS", "POST", "TRACE"] {
        assert_eq!(send(&server, &format!("{method} /whoami HTTP/1.1\r\n")).await.status, 401, "{method}");
    }
    assert_eq!(send(&server, &format!("HEAD /whoami HTTP/1.1\r\n{line}")).await.status, 200);
    assert_eq!(send(&server, &format!("POST /whoami HTTP/1.1\r\n{line}")).await.status, 405);
    let mut long = live();
    long["pad"] = "x".repeat(24 * 1024 - 600).into();
    let long = claiming(&long.to_string());
    assert!(long.len() > 31 * 1024 && long.len() < 32 * 1024, "{}", long.len());
    assert_eq!(show(&server, &long).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn flaws_of_the_answer_show_only_there() {
    for (flaw, wanted) in [
        (Flaw::RefusesWith200, 200),
        (Flaw::RefusesWith302, 302),
        (Flaw::RefusesWith400, 400),
        (Flaw::RefusesWith403, 403),
        (Flaw::RefusesWith500, 500),
        (Flaw::Answers500, 500),
        (Flaw::NoChallenge, 401),
        (Flaw::NoErrorCode, 401),
        (Flaw::ErrorCodeWithoutToken, 401),
    ] {
        let server = start(Some(flaw)).await;
        let (answer, nothing) = (show(&server, &bad_token()).await, get(&server, &[]).await);
        assert_eq!(answer.status, wanted, "{flaw}");
        assert_eq!(
            answer.head.contains("www-authenticate"),
            ![Flaw::NoChallenge, Flaw::Answers500].contains(&flaw),
            "{flaw}"
        );
        assert_eq!(
            answer.head.contains("error="),
            ![Flaw::NoChallenge, Flaw::Answers500, Flaw::NoErrorCode].contains(&flaw)
        );
        assert_eq!(nothing.head.contains("error="), flaw == Flaw::ErrorCodeWithoutToken, "{flaw}");
        let wanted = if flaw == Flaw::Answers500 { 500 } else { 200 };
        assert_eq!(show(&server, &live_token(Alg::Rs256)).await.status, wanted, "{flaw}");
        server.stop().await;
    }
}

#[tokio::test]
async fn flaws_of_the_door_show_only_there() {
    let (good, bad) = (format!("Bearer {}", live_token(Alg::Rs256)), format!("Bearer {}", bad_token()));
    let line = |value: &str| format!("Authorization: {value}\r\n");
    let query = format!("GET /whoami?access_token={} HTTP/1.1\r\n", &good[7..]);
    for (flaw, request) in [
        (Flaw::DoubleSlashOpen, "GET //whoami HTTP/1.1\r\n".to_owned()),
        (Flaw::PercentEncodedOpen, "GET /whoami%20 HTTP/1.1\r\n".into()),
        (Flaw::OptionsOpen, "OPTIONS /whoami HTTP/1.1\r\n".into()),
        (Flaw::OriginalUrlHonoured, "GET /healthz HTTP/1.1\r\nX-Original-URL: /whoami\r\n".into()),
        (Flaw::FirstAuthorizationWins, format!("GET /whoami HTTP/1.1\r\n{}{}", line(&good), line(&bad))),
        (Flaw::LastAuthorizationWins, format!("GET /whoami HTTP/1.1\r\n{}{}", line(&bad), line(&good))),
        (Flaw::CommaJoinedAccepted, format!("GET /whoami HTTP/1.1\r\n{}", line(&format!("{bad}, {good}")))),
        (Flaw::QueryTokenAccepted, query.clone()),
        (Flaw::QueryTokenOverrides, format!("{query}{}", line(&bad))),
        (Flaw::SchemeIgnored, format!("GET /whoami HTTP/1.1\r\n{}", line(&good.replace("Bearer", "JWT")))),
    ] {
        let (strict, flawed) = (start(None).await, start(Some(flaw)).await);
        let claims_shown = |answer: &Answer| answer.status == 200 && answer.body.contains("\"claims\"");
        assert!(!claims_shown(&send(&strict, &request).await), "{flaw}");
        assert!(claims_shown(&send(&flawed, &request).await), "{flaw}");
        assert_eq!(get(&flawed, &[]).await.status, 401, "{flaw}");
        assert_eq!(show(&flawed, &bad[7..]).await.status, 401, "{flaw}");
        strict.stop().await;
        flawed.stop().await;
    }
    let server = start(Some(Flaw::SchemeCaseSensitive)).await;
    assert_eq!(get(&server, &[&format!("Authorization: {}", good.replace("Bearer", "bearer"))]).await.status, 401);
    server.stop().await;
    let server = start(Some(Flaw::AnswersShared)).await;
    assert_eq!((get(&server, &[]).await.status, show(&server, &good[7..]).await.status), (401, 200));
    assert_eq!(get(&server, &[]).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn every_flaw_can_be_started_and_the_specific_ones_take_a_good_token() {
    for flaw in Flaw::ALL {
        let server = start(Some(*flaw)).await;
        if flaw.is_specific() {
            assert_eq!(show(&server, &live_token(Alg::Rs256)).await.status, 200, "{flaw}");
            let refused = show(&server, "garbage").await;
            assert!(!refused.body.contains("\"claims\""), "{flaw}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn whole_target_flaws_show_at_once() {
    let server = start(Some(Flaw::AcceptsEverything)).await;
    assert_eq!((get(&server, &[]).await.status, show(&server, "garbage").await.status), (200, 200));
    server.stop().await;
    let server = start(Some(Flaw::RateLimits)).await;
    let mut last = show(&server, "garbage").await;
    for _ in 0..60 {
        last = show(&server, "garbage").await;
        if last.status == 429 {
            break;
        }
    }
    assert!(last.status == 429 && last.has("retry-after: 1"), "{last:?}");
    server.stop().await;
    let server = start(Some(Flaw::Hangs)).await;
    let hangs = timeout(Duration::from_millis(300), show(&server, "garbage")).await;
    assert!(hangs.is_err());
    timeout(Duration::from_secs(5), server.stop()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_stopped_answers_no_more() {
    let server = start(None).await;
    let address = server.url();
    server.stop().await;
    assert!(TcpStream::connect(address.trim_start_matches("http://")).await.is_err());
}

/// A target that fetches its keys from `uri`; of `keys` it may use only symmetric ones.
pub fn fetching(uri: &str) -> TrustConfig {
    TrustConfig { jwks_uri: Some(uri.into()), keys: json!({ "keys": [] }), ..trust(USUAL, "JWT") }
}
