//! Adapters that misbehave, as real processes: each is a shell script that does what the token says.

use super::*;
use crate::target::testing;

const SCRIPT: &str = r#"
say() { printf '{"seq":%s,%s}\n' "$1" "$2"; }
later=
while IFS= read -r line; do
  seq=${line#*\"seq\":}; seq=${seq%%,*}
  case "$line" in
    *'"do":"hello"'*) say "$seq" '"ok":{"name":"sh","version":"1","language":"sh","provides":["alg:ES256"]}' ;;
    *'"audience":"deadly"'*) exit 5 ;;
    *'"do":"configure"'*) say "$seq" '"ok":{}' ;;
    *'"do":"bye"'*) exit 0 ;;
    *'"token":"good"'*) say "$seq" '"verdict":"accept","claims":{"sub":"user-1"}' ;;
    *'"token":"crash"'*) echo 'out of luck' >&2; exit 3 ;;
    *'"token":"hang"'*) sleep 600 ;;
    *'"token":"never"'*) ;;
    *'"token":"garbage"'*) echo 'this is no reply' ;;
    *'"token":"empty"'*) say "$seq" '"reason":"nothing said"' ;;
    *'"token":"huge"'*) head -c 100000000 /dev/zero | tr '\000' 'x'; echo ;;
    *'"token":"twice"'*) say "$seq" '"verdict":"reject","reason":"once"'; say "$seq" '"verdict":"accept"' ;;
    *'"token":"stranger"'*) say 999999 '"verdict":"accept"' ;;
    *'"token":"later"'*) later=$seq ;;
    *'"token":"now"'*) say "$seq" '"verdict":"accept"'; say "$later" '"verdict":"reject","reason":"late"' ;;
    *'"token":"falls"'*) say "$seq" '"error":{"message":"stack overflow","trace":"line 7"}' ;;
    *'"token":"skips"'*) say "$seq" '"skipped":"no call for this"' ;;
    *'"token-base64"'*) say "$seq" '"verdict":"reject","reason":"bytes"' ;;
    *) say "$seq" '"verdict":"reject","reason":"other"' ;;
  esac
done
"#;

async fn adapter() -> StdioTarget {
    of_script(SCRIPT).await.unwrap()
}

async fn of_script(script: &str) -> Result<StdioTarget, TargetError> {
    let command = vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()];
    StdioTarget::start(command, BTreeMap::new(), Path::new("."), Period(Duration::from_millis(1500))).await
}

async fn see(target: &StdioTarget, token: &[u8]) -> (Verdict, String) {
    let seen = target.present(&Shown::plain(token, 7)).await;
    (seen.verdict, seen.because)
}

#[tokio::test]
async fn replies_become_observations() {
    let target = adapter().await;
    target.configure(&testing::trust()).await.unwrap();
    assert_eq!((target.info().name.as_str(), target.algorithms()), ("sh", vec![crate::model::Alg::Es256]));
    let good = target.present(&Shown::plain(b"good", 7)).await;
    assert_eq!((good.verdict, good.claims), (Verdict::Accept, Some(serde_json::json!({ "sub": "user-1" }))));
    assert_eq!(see(&target, b"bad").await, (Verdict::Reject, "other".into()));
    assert_eq!(see(&target, b"\xff").await, (Verdict::Reject, "bytes".into()));
    assert_eq!(see(&target, b"falls").await, (Verdict::ServerError, "stack overflow".into()));
    assert_eq!(see(&target, b"skips").await, (Verdict::Unsupported, "no call for this".into()));
    assert!(target.oddities().await.is_empty());
    target.close().await;
}

#[tokio::test]
async fn the_token_that_broke_it_is_named_and_the_next_one_is_judged() {
    let target = adapter().await;
    for (token, verdict, says) in [
        ("crash", Verdict::Reset, "exit status: 3; it said \"out of luck\""),
        ("hang", Verdict::Timeout, "no reply within 1.5 s"),
        ("never", Verdict::Timeout, "no reply within 1.5 s"),
        ("garbage", Verdict::OddAnswer, "found \"this is no reply\""),
        ("empty", Verdict::OddAnswer, "wanted one of ok, verdict, skipped and error"),
        ("huge", Verdict::OddAnswer, "a line of at most 1048576 bytes"),
        ("stranger", Verdict::OddAnswer, "question 999999, which nobody asked"),
    ] {
        let (seen, because) = see(&target, token.as_bytes()).await;
        assert_eq!(seen, verdict, "{token}: {because}");
        assert!(because.contains(says), "{token}: {because}");
        assert_eq!(see(&target, b"good").await.0, Verdict::Accept, "after {token}");
    }
}

#[tokio::test]
async fn of_many_open_questions_only_the_guilty_one_is_broken() {
    let target = adapter().await;
    for (guilty, verdict) in [("crash", Verdict::Reset), ("hang", Verdict::Timeout), ("garbage", Verdict::OddAnswer)] {
        let tokens: Vec<&[u8]> = vec![b"good", b"bad", guilty.as_bytes(), b"good", b"bad", b"good"];
        let seen = futures_util::future::join_all(tokens.iter().map(|token| see(&target, token))).await;
        let verdicts: Vec<Verdict> = seen.iter().map(|(verdict, _)| *verdict).collect();
        let (yes, no) = (Verdict::Accept, Verdict::Reject);
        assert_eq!(verdicts, [yes, no, verdict, yes, no, yes], "{guilty}: {seen:?}");
    }
}

#[tokio::test]
async fn replies_may_come_in_any_order_but_once() {
    let target = adapter().await;
    let (later, now) = tokio::join!(see(&target, b"later"), see(&target, b"now"));
    assert_eq!(later, (Verdict::Reject, "late".into()));
    assert_eq!(now.0, Verdict::Accept);
    assert_eq!(see(&target, b"twice").await, (Verdict::Reject, "once".into()));
    // The next reply comes behind the second one, so that it has been seen by then.
    assert_eq!(see(&target, b"good").await.0, Verdict::Accept);
    let oddities = target.oddities().await;
    assert!(oddities.len() == 1 && oddities[0].contains("more than once"), "{oddities:?}");
}

#[tokio::test]
async fn a_program_that_is_no_adapter_is_refused_at_hello() {
    for (script, says) in [
        ("exit 4", "exit status: 4"),
        ("echo hello", "wanted a reply of the protocol, found \"hello\""),
        ("read line; echo '{\"seq\":1,\"error\":{\"message\":\"protocol 1 only\"}}'", "protocol 1 only"),
        ("read line; echo '{\"seq\":1,\"ok\":{\"provides\":[\"ES256\"]}}'", "unknown capability"),
    ] {
        let error = of_script(script).await.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("did not answer `hello`") && error.contains(says), "{script}: {error}");
    }
    let missing =
        StdioTarget::start(vec!["./no-such-adapter".into()], BTreeMap::new(), Path::new("."), Period::from_secs(1));
    assert!(missing.await.map(|_| ()).unwrap_err().to_string().contains("cannot run"));
}

#[tokio::test]
async fn a_configuration_that_kills_it_is_no_harm_to_the_next_one() {
    let target = adapter().await;
    let deadly = TrustConfig { audience: "deadly".into(), ..testing::trust() };
    for _ in 0..2 {
        let error = target.configure(&deadly).await.unwrap_err().to_string();
        assert!(error.contains("exit status: 5"), "{error}");
    }
    assert_eq!(see(&target, b"good").await.0, Verdict::Reset);
    target.configure(&testing::trust()).await.unwrap();
    assert_eq!(see(&target, b"good").await.0, Verdict::Accept);
}

#[tokio::test]
async fn an_adapter_that_cannot_come_back_leaves_its_tokens_without_verdict() {
    let file = std::env::temp_dir().join(format!("gauntlet-adapter-once-{}", std::process::id()));
    let script = format!("if [ -e '{0}' ]; then exit 9; fi; : > '{0}'\n{SCRIPT}", file.display());
    let target = of_script(&script).await.unwrap();
    assert_eq!(see(&target, b"crash").await.0, Verdict::Reset);
    let (verdict, because) = see(&target, b"good").await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(verdict, Verdict::Reset, "{because}");
    assert!(because.contains("did not start again"), "{because}");
}
