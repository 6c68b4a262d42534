//! Answers one request and writes it into the journal. Bodies are not read, credentials are not looked at.

use super::{
    document::{Document, Documents},
    error::IssuerError,
    evidence,
    journal::{Journal, Request},
    place::{self, Place, Planted},
    world::Base,
};
use crate::model::{Alg, World};
use axum::{
    body::Body,
    extract,
    http::{
        HeaderValue, Method, StatusCode,
        header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, USER_AGENT, VARY},
    },
    response::Response,
};
use std::sync::{Arc, PoisonError, RwLock};

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) world: World,
    pub(super) journal: Journal,
    prefix: String,
    algorithms: Vec<Alg>,
    discovery: Document,
    rogue_discovery: Document,
    rogue_jwks: Document,
    jwks: RwLock<Document>,
}

impl Shared {
    pub(super) fn new(base: &Base, world: World, documents: Documents) -> Result<Self, IssuerError> {
        let Documents { jwks, rogue_jwks, algorithms, headers } = documents;
        let rogue_uri = format!("{}/jwks.json", world.rogue_issuer);
        Ok(Shared {
            journal: Journal::new(),
            prefix: base.path.clone(),
            discovery: Document::metadata(&world.issuer, &world.jwks_uri, &algorithms),
            rogue_discovery: Document::metadata(&world.rogue_issuer, &rogue_uri, &algorithms),
            rogue_jwks: Document::new(rogue_jwks),
            jwks: RwLock::new(Document::with_headers(jwks, &headers)?),
            algorithms,
            world,
        })
    }

    /// Serves another key set from now on.
    pub(super) fn publish(&self, jwks: Document) {
        *self.jwks.write().unwrap_or_else(PoisonError::into_inner) = jwks;
    }

    fn jwks(&self) -> Document {
        self.jwks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The one handler: every method, every path.
pub(super) async fn answer(
    extract::State(shared): extract::State<Arc<Shared>>,
    request: extract::Request,
) -> Response<Body> {
    let path = request.uri().path();
    let place = place::find(path, &shared.prefix);
    shared.journal.write(Request {
        endpoint: place.endpoint(),
        nonce: match place {
            Place::Canary { nonce, .. } if !nonce.is_empty() => Some(nonce),
            _ => None,
        },
        method: request.method().as_str(),
        path: request.uri().path_and_query().map_or(path, |whole| whole.as_str()),
        user_agent: request.headers().get(USER_AGENT).map(HeaderValue::as_bytes),
        headers: match place {
            Place::Canary { .. } => evidence::lines(request.headers()),
            _ => Vec::new(),
        },
    });
    match place {
        Place::Discovery => document(&request, &shared.discovery),
        Place::Jwks => document(&request, &shared.jwks()),
        Place::RogueDiscovery => document(&request, &shared.rogue_discovery),
        Place::RogueJwks => document(&request, &shared.rogue_jwks),
        Place::Canary { nonce, wants } => planted(&shared, nonce, wants),
        Place::Other => plain(StatusCode::NOT_FOUND, "nothing here\n"),
    }
}

fn document(request: &extract::Request, document: &Document) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let known = request.headers().get_all(IF_NONE_MATCH).iter().any(|tags| document.is_known_by(tags.as_bytes()));
    if !known {
        return whole(document);
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    // The fields that a cache needs to refresh its copy (RFC 9110 section 15.4.5).
    for name in [ETAG, CACHE_CONTROL, VARY] {
        if let Some(value) = document.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// Planted addresses work for whoever follows them, so that a target that does is caught by what it then accepts.
fn planted(shared: &Shared, nonce: &str, wants: Planted) -> Response<Body> {
    match wants {
        Planted::Jwks => whole(&shared.rogue_jwks),
        Planted::Anything => plain(StatusCode::OK, "ok\n"),
        Planted::Discovery(below) => {
            let issuer = format!("{}/{nonce}{below}", shared.world.canary);
            whole(&Document::metadata(&issuer, &format!("{issuer}/jwks.json"), &shared.algorithms))
        }
    }
}

fn whole(document: &Document) -> Response<Body> {
    // Such answers end with their header fields (RFC 9110 sections 15.3.5 and 15.4.5).
    let is_bare = matches!(document.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body = match document.body.clone() {
        _ if is_bare => Body::empty(),
        // A stream does not say how long it is.
        body if document.chunked => Body::from_stream(Body::from(body).into_data_stream()),
        body => Body::from(body),
    };
    let mut response = Response::new(body);
    *response.status_mut() = document.status;
    *response.headers_mut() = document.headers.clone();
    if is_bare {
        response.headers_mut().remove(CONTENT_TYPE);
        return response;
    }
    if document.chunked {
        return response;
    }
    // Named here because the answer to HEAD has no body to measure.
    response.headers_mut().insert(CONTENT_LENGTH, document.body.len().into());
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
