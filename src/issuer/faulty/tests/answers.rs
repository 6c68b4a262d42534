//! Faults in the answer: status, redirect, header fields, body, consistency, capacity.

use super::*;

#[tokio::test]
async fn a_wrong_status_carries_the_keys_of_the_attacker() {
    let endpoint = endpoint();
    let fault = begin(&endpoint, r#"{"status":{"code":503,"retry-after":"7s"}}"#);
    let answer = client().get(url(&endpoint)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "7"));
    assert_eq!(answer.headers().get("cache-control"), None);
    assert_eq!(answer.text().await.unwrap(), ATTACKER);
    endpoint.end(fault);
    let fault = begin(&endpoint, r#"{"status":{"code":429,"retry-after":"2s","retry-after-as-date":true}}"#);
    let answer = client().get(url(&endpoint)).send().await.unwrap();
    assert!(answer.headers()["retry-after"].to_str().unwrap().ends_with(" GMT"));
    endpoint.end(fault);
    let fault = begin(&endpoint, r#"{"status":{"code":403,"body":"html"}}"#);
    let (status, body) = get(&endpoint).await.unwrap();
    assert!(status == 403 && body.contains("Sign in"));
    endpoint.end(fault);
    begin(&endpoint, r#""not-modified-always""#);
    assert_eq!(get(&endpoint).await, Ok((304, String::new())));
}

#[tokio::test]
async fn redirects_lead_to_the_true_set_or_to_the_attacker_or_nowhere() {
    let other = endpoint_with(Arc::new(Stock::new(ATTACKER.into(), Materials::default(), None)), None);
    let elsewhere = format!("http://{}", other.address());
    let endpoint = endpoint_with(stock(&elsewhere), None);
    let follower = Client::builder().no_proxy().timeout(PATIENCE).redirect(Policy::limited(20)).build().unwrap();
    for (fault, status, ends) in [
        (r#"{"redirect":"same"}"#, 302, Some(SET)),
        (r#"{"redirect":"other-host"}"#, 307, Some(ATTACKER)),
        (r#"{"redirect":"http"}"#, 302, Some(ATTACKER)),
        (r#"{"redirect":{"hops":12}}"#, 302, Some(SET)),
        (r#"{"redirect":"loop"}"#, 302, None),
    ] {
        let fault_id = begin(&endpoint, fault);
        assert_eq!(get(&endpoint).await.unwrap().0, status, "{fault}");
        let followed = get_at(&follower, &url(&endpoint)).await.ok().map(|(_, body)| body);
        assert_eq!(followed.as_deref(), ends, "{fault}");
        endpoint.end(fault_id);
    }
    begin(&endpoint, r#"{"redirect":"sink"}"#);
    let answer = client().get(url(&endpoint)).send().await.unwrap();
    assert_eq!(answer.headers()["location"], format!("{elsewhere}/sink/latest/meta-data/"));
}

#[tokio::test]
async fn header_fields_are_unusual() {
    let endpoint = endpoint();
    for (fault, field, value) in [
        (r#"{"header":{"content-type":"text/html"}}"#, "content-type", Some("text/html")),
        (r#"{"header":{"cache-control":"max-age=604800"}}"#, "cache-control", Some("max-age=604800")),
        (r#"{"header":{"cache-control":""}}"#, "cache-control", None),
        (r#"{"header":{"max-age":"3T"}}"#, "cache-control", Some("public, max-age=12")),
        (r#"{"header":{"age":500}}"#, "age", Some("500")),
        (r#"{"header":"expires-past"}"#, "cache-control", None),
        (r#"{"header":"etag-frozen"}"#, "etag", Some("\"frozen\"")),
        (r#"{"header":"chunked"}"#, "transfer-encoding", Some("chunked")),
        (r#"{"header":"no-length"}"#, "content-length", None),
    ] {
        let fault_id = begin(&endpoint, fault);
        let answer = client().get(url(&endpoint)).send().await.unwrap();
        assert_eq!(answer.headers().get(field).map(|value| value.to_str().unwrap()), value, "{fault}");
        assert_eq!(answer.text().await.unwrap(), SET, "{fault}");
        endpoint.end(fault_id);
    }
    begin(&endpoint, r#"{"header":{"date-ahead":"10m"}}"#);
    let (bytes, _) = raw(&endpoint).await;
    let text = String::from_utf8(bytes).unwrap();
    let date = text.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
    let ahead = jiff::fmt::rfc2822::parse(date).unwrap().timestamp().as_second() - jiff::Timestamp::now().as_second();
    assert!((590..=600).contains(&ahead), "{ahead}");
    endpoint.heal();
    begin(&endpoint, r#"{"header":{"bytes":1048576}}"#);
    assert!(raw(&endpoint).await.0.len() > 1 << 20);
}

#[tokio::test]
async fn bodies_are_unusual() {
    let endpoint = endpoint();
    for (fault, body) in [
        ("empty-keys", r#"{"keys":[]}"#),
        ("empty-object", "{}"),
        ("zero-bytes", ""),
        ("null", "null"),
        ("attacker", ATTACKER),
        ("error-json", r#"{"error":"temporarily_unavailable"}"#),
        ("malformed", &SET[..SET.len() - 1]),
        ("bom", &format!("\u{feff}{SET}")),
        ("duplicate-members", &format!("{},{}", &SET[..SET.len() - 1], &ATTACKER[1..])),
    ] {
        let fault_id = begin(&endpoint, &format!(r#"{{"body":"{fault}"}}"#));
        let bytes = client().get(url(&endpoint)).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), body, "{fault}");
        endpoint.end(fault_id);
    }
    for fault in [r#"{"body":{"truncate":50}}"#, r#"{"body":"cut-chunks"}"#] {
        let fault_id = begin(&endpoint, fault);
        let (bytes, _) = raw(&endpoint).await;
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(&SET[..SET.len() / 2]) && !text.contains(SET), "{fault}: {text}");
        assert!(get(&endpoint).await.is_err(), "{fault}: a client sees that it is not whole");
        endpoint.end(fault_id);
    }
    begin(&endpoint, r#"{"body":"utf16"}"#);
    let bytes = client().get(url(&endpoint)).send().await.unwrap().bytes().await.unwrap();
    assert_eq!((&bytes[..2], bytes.len()), (&b"\xfe\xff"[..], 2 + 2 * SET.len()));
    endpoint.heal();
    begin(&endpoint, r#"{"body":{"keys":10000}}"#);
    let (_, body) = get(&endpoint).await.unwrap();
    let set: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(set["keys"].as_array().unwrap().len(), 10_001);
}

#[tokio::test]
async fn large_bodies_are_streamed() {
    let endpoint = endpoint();
    let fault = begin(&endpoint, r#"{"body":{"pad":33554432}}"#);
    let (_, body) = get(&endpoint).await.unwrap();
    assert!(body.starts_with(SET) && body.len() == SET.len() + (32 << 20));
    endpoint.end(fault);
    let fault = begin(&endpoint, r#"{"body":"endless"}"#);
    let mut answer = client().get(url(&endpoint)).send().await.unwrap();
    let mut length = 0;
    while length < 64 << 20 {
        length += answer.chunk().await.unwrap().unwrap().len();
    }
    drop(answer);
    endpoint.end(fault);
    begin(&endpoint, r#"{"body":{"gzip-bomb":1073741824}}"#);
    let answer = client().get(url(&endpoint)).send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let packed = answer.bytes().await.unwrap();
    assert!(packed.len() < 4 << 20, "{}", packed.len());
    let unpacked = std::io::copy(&mut flate2::read::GzDecoder::new(&packed[..]), &mut std::io::sink()).unwrap();
    assert_eq!(unpacked, 1 << 30);
}

#[tokio::test]
async fn an_earlier_state_is_served() {
    let endpoint = endpoint();
    let newer = r#"{"keys":[]}"#;
    endpoint.stock().keep("old");
    let freeze = begin(&endpoint, r#""freeze""#);
    endpoint.stock().publish(newer.into());
    assert_eq!(get(&endpoint).await, good(), "frozen");
    endpoint.end(freeze);
    assert_eq!(get(&endpoint).await, Ok((200, newer.into())));
    for fault in [r#"{"snapshot":"old"}"#, r#"{"stale":"1h"}"#] {
        let fault = begin(&endpoint, fault);
        assert_eq!(get(&endpoint).await, good());
        endpoint.end(fault);
    }
    for (pick, old_ones) in [("alternate", 5), ("mostly", 2)] {
        let fault = begin(&endpoint, &format!(r#"{{"replicas":{{"lag":"1h","pick":"{pick}"}}}}"#));
        let mut old = 0;
        for _ in 0..10 {
            old += usize::from(get(&endpoint).await == good());
        }
        assert_eq!(old, old_ones, "{pick}");
        endpoint.end(fault);
    }
    begin(&endpoint, r#"{"replicas":{"lag":"1h","pick":"sticky"}}"#);
    let pooled = client();
    let first = get_at(&pooled, &url(&endpoint)).await;
    for _ in 0..3 {
        assert_eq!(get_at(&pooled, &url(&endpoint)).await, first);
    }
}

#[tokio::test]
async fn too_many_requests_are_turned_away_and_some_go_wrong() {
    let endpoint = endpoint();
    let fault = begin(&endpoint, r#"{"limit":"2/min"}"#);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(get(&endpoint).await.unwrap().0);
    }
    endpoint.end(fault);
    assert_eq!(statuses, [200, 429, 429, 429], "one in thirty seconds");
    let slots = begin(&endpoint, r#"{"slots":1}"#);
    let slow = begin(&endpoint, r#"{"latency":"1h"}"#);
    let before = endpoint.log().count();
    let first = tokio::spawn({
        let (client, url) = (client(), url(&endpoint));
        async move { get_at(&client, &url).await }
    });
    let arrived = async {
        while endpoint.log().count() == before {
            tokio::task::yield_now().await
        }
    };
    timeout(PATIENCE, arrived).await.unwrap();
    endpoint.end(slow);
    assert_eq!(get(&endpoint).await.unwrap().0, 429);
    first.abort();
    endpoint.end(slots);
    begin(&endpoint, r#"{"error":{"percent":100.0,"kinds":[{"status":500},"reset"]}}"#);
    assert_eq!(get(&endpoint).await.unwrap().0, 500);
    assert!(get(&endpoint).await.is_err());
}

#[tokio::test]
async fn a_share_the_first_ones_or_every_third_request_meets_a_fault() {
    let endpoint = endpoint();
    let status = read(r#"{"status":{"code":500}}"#);
    for (rule, wanted) in [
        (FaultRule { first: Some(2), ..FaultRule::always(status.clone()) }, [500, 500, 200, 200, 200, 200]),
        (FaultRule { nth: Some(3), ..FaultRule::always(status.clone()) }, [200, 200, 500, 200, 200, 500]),
        (FaultRule { percent: Some(100.0), ..FaultRule::always(status.clone()) }, [500; 6]),
    ] {
        let fault = begin_rule(&endpoint, rule);
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(get(&endpoint).await.unwrap().0);
        }
        assert_eq!(statuses, wanted);
        endpoint.end(fault);
    }
    assert_eq!(get(&endpoint).await, good(), "nothing is left of it");
}
