//! Requests that only a flawed validator makes while it judges a token.

use reqwest::{
    StatusCode,
    header::{HeaderMap, IF_NONE_MATCH},
};
use std::{thread, time::Duration};

const LONGEST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_BODY: usize = 1 << 20;

/// Fetches a document: at most two seconds, at most a mebibyte, no redirects. It blocks, and needs no runtime.
pub(super) fn get(url: &str) -> Option<Vec<u8>> {
    get_by(url, client)
}

/// The same, wherever the answer sends it.
pub(super) fn follow(url: &str) -> Option<Vec<u8>> {
    get_by(url, |timeout| reqwest::Client::builder().timeout(timeout).no_proxy().no_gzip().build().ok())
}

fn get_by(url: &str, client: fn(Duration) -> Option<reqwest::Client>) -> Option<Vec<u8>> {
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
    builder(timeout).build().ok()
}

/// The same, not built yet.
pub(super) fn builder(timeout: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .no_gzip()
        .user_agent(concat!("gauntlet-builtin/", env!("CARGO_PKG_VERSION")))
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

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// No connection came about.
    Unreachable,
    /// It took too long, or broke off.
    Lost,
}

/// Fetches, whatever the status.
async fn answer(client: &reqwest::Client, url: &str) -> Option<Answer> {
    conditional(client, url, None).await.ok()
}

/// Fetches what differs from the state with this entity tag.
pub(super) async fn conditional(client: &reqwest::Client, url: &str, tag: Option<&str>) -> Result<Answer, Failed> {
    let mut request = client.get(url);
    if let Some(tag) = tag {
        request = request.header(IF_NONE_MATCH, tag);
    }
    let lost = |error: reqwest::Error| {
        if error.is_connect() && !error.is_timeout() { Failed::Unreachable } else { Failed::Lost }
    };
    let mut answer = request.send().await.map_err(lost)?;
    let (status, headers, measured) = (answer.status(), answer.headers().clone(), answer.content_length().is_some());
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(lost)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_BODY {
            return Ok(Answer { status, headers, measured, body, is_whole: false });
        }
    }
    Ok(Answer { status, headers, measured, body, is_whole: true })
}
