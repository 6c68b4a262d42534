//! Requests that only a flawed validator makes while it judges a token.

use reqwest::{StatusCode, header::HeaderMap};
use std::{thread, time::Duration};

const LONGEST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_BODY: usize = 1 << 20;

/// Fetches a document: at most two seconds, at most a mebibyte, no redirects. It blocks, and needs no runtime.
pub(super) fn get(url: &str) -> Option<Vec<u8>> {
    let url = url.to_owned();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let client = client(LONGEST_WAIT)?;
        runtime.block_on(body(&client, &url))
    })
    .join()
    .ok()
    .flatten()
}

/// A client that gives up after `timeout` and follows no redirects: the address is what was trusted, not where it
/// leads.
pub(super) fn client(timeout: Duration) -> Option<reqwest::Client> {
    reqwest::Client::builder()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("gauntlet-builtin/", env!("CARGO_PKG_VERSION")))
        .build()
        .ok()
}

/// An answer, its body cut off where it grows too long.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Whether it said how long it is.
    pub measured: bool,
    pub body: Vec<u8>,
    pub is_whole: bool,
}

/// The body of a 200 answer, if it is not too long.
pub(super) async fn body(client: &reqwest::Client, url: &str) -> Option<Vec<u8>> {
    let answer = answer(client, url).await?;
    (answer.status == StatusCode::OK && answer.is_whole).then_some(answer.body)
}

/// Fetches, whatever the status.
pub(super) async fn answer(client: &reqwest::Client, url: &str) -> Option<Answer> {
    let mut answer = client.get(url).send().await.ok()?;
    let (status, headers, measured) = (answer.status(), answer.headers().clone(), answer.content_length().is_some());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_BODY {
            return Some(Answer { status, headers, measured, body, is_whole: false });
        }
    }
    Some(Answer { status, headers, measured, body, is_whole: true })
}
