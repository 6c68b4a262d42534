//! Answers at planted addresses that want to hurt whoever waits for them (CWE-400). All of them end by themselves.

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
    },
    response::Response,
};
use futures_util::stream;
use std::{io, time::Duration};
use tokio::time::sleep;

/// No answer takes longer than this.
const LONGEST: Duration = Duration::from_secs(10);
/// The pause between two bytes that drip.
const DRIP: Duration = Duration::from_millis(250);
/// One piece of an answer without end.
const PIECE: usize = 1 << 16;
/// Pieces after which such an answer ends all the same: 32 MiB in all.
const PIECES: usize = 512;
/// What an answer claims to be long that is not sent in full: 1 GiB.
const CLAIMED: u64 = 1 << 30;

/// How an answer hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hostile {
    /// Nothing comes, for ten seconds.
    Hang,
    /// A byte comes each quarter of a second.
    Drip,
    /// White space without end, up to 32 MiB.
    Endless,
    /// The same, announced as 1 GiB.
    Huge,
    /// A redirect to itself.
    Circle,
}

impl Hostile {
    /// The one that a path segment names.
    pub(super) fn named(segment: &str) -> Option<Hostile> {
        Some(match segment {
            "hang" => Hostile::Hang,
            "drip" => Hostile::Drip,
            "endless" => Hostile::Endless,
            "huge" => Hostile::Huge,
            "circle" => Hostile::Circle,
            _ => return None,
        })
    }

    /// The answer. `own` is the address that was asked.
    pub(super) async fn answer(self, own: &str) -> Response<Body> {
        let mut response = match self {
            Hostile::Hang => {
                sleep(LONGEST).await;
                Response::new(Body::empty())
            }
            Hostile::Drip => Response::new(dripping()),
            Hostile::Endless | Hostile::Huge => Response::new(endless()),
            Hostile::Circle => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::FOUND;
                if let Ok(own) = HeaderValue::from_str(own) {
                    response.headers_mut().insert(LOCATION, own);
                }
                response
            }
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self == Hostile::Huge {
            headers.insert(CONTENT_LENGTH, CLAIMED.into());
        }
        response
    }
}

fn dripping() -> Body {
    let bytes = LONGEST.as_millis() / DRIP.as_millis();
    Body::from_stream(stream::unfold(bytes, |left| async move {
        sleep(DRIP).await;
        (left > 0).then(|| (Ok::<_, io::Error>(Bytes::from_static(b" ")), left - 1))
    }))
}

fn endless() -> Body {
    let piece = Bytes::from(vec![b' '; PIECE]);
    Body::from_stream(stream::unfold(PIECES, move |left| {
        let piece = piece.clone();
        async move {
            let end = || io::Error::other("it was never meant to be sent in full");
            match left {
                0 => None,
                1 => Some((Err(end()), 0)),
                _ => Some((Ok(piece), left - 1)),
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_without_end_breaks_off_and_a_circle_leads_to_itself() {
        for hostile in [Hostile::Endless, Hostile::Huge] {
            let answer = hostile.answer("http://127.0.0.1/x").await;
            assert_eq!(answer.headers().contains_key(CONTENT_LENGTH), hostile == Hostile::Huge);
            assert!(axum::body::to_bytes(answer.into_body(), PIECE * (PIECES + 1)).await.is_err(), "{hostile:?}");
        }
        let circle = Hostile::Circle.answer("/canary/n/circle").await;
        assert_eq!(circle.status(), StatusCode::FOUND);
        assert_eq!(circle.headers()[LOCATION], "/canary/n/circle");
    }
}
