//! A token endpoint of our own on loopback, for users who have no identity provider to sign in at.

use super::error::RunError;
use crate::{
    model::{Alg, Recipe, Secret, provider::Provider},
    token::{Forge, ForgeError},
    traffic::{Mint, Press, SigningKey},
};
use axum::{
    Router,
    extract::State,
    http::{HeaderName, StatusCode, header::CACHE_CONTROL, header::CONTENT_TYPE},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use url::form_urlencoded;

/// The client that signs in.
const CLIENT: &str = "gauntlet";
/// How long tokens live, at least and at most, in seconds: short enough to be renewed within a window.
const LIVES: (u64, u64) = (2, 5);

/// Such an endpoint. It ends when it is dropped.
pub(super) struct TokenDesk {
    address: SocketAddr,
    secret: Secret<String>,
    server: JoinHandle<()>,
}

/// What its answers are made of.
struct Shared {
    mint: Mint,
    press: Press,
    secret: Secret<String>,
    /// How long tokens live, in seconds.
    lives: u64,
    given: AtomicU64,
    nonce: String,
    /// Refresh tokens, each good for one use.
    sessions: Mutex<BTreeSet<String>>,
}

impl TokenDesk {
    /// Opens it for traffic that takes so long. `good` is the recipe of a token that the target takes.
    ///
    /// # Errors
    /// No port, or a key that the ring does not have.
    pub async fn open(
        forge: &Arc<Forge>,
        mut good: Recipe,
        alg: Alg,
        nonce: String,
        lasts: Duration,
    ) -> Result<TokenDesk, RunError> {
        let lives = (lasts.as_secs() / 2).clamp(LIVES.0, LIVES.1);
        // Clocks of tokens count whole seconds: this one lives as long as it says at least.
        good.claims.insert("exp".into(), json!(format!("${{now + {}s}}", lives + 1)));
        let ring = alg.name().to_lowercase();
        let key = SigningKey { kid: forge.ring().key(&ring)?.0.kid().to_owned(), ring };
        let mint = Mint::new(Arc::clone(forge), good, alg, "users".into());
        let press = mint.press(crate::model::chaos::TokenClass::Valid, &key);
        let secret = random()?;
        let shared = Arc::new(Shared {
            mint,
            press,
            secret: Secret::new(secret.clone()),
            lives,
            given: AtomicU64::new(0),
            nonce,
            sessions: Mutex::default(),
        });
        let failed = |error: std::io::Error| RunError::Unprepared(format!("no port for a token endpoint: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let router = Router::new().fallback(answer).with_state(shared);
        let server = tokio::spawn(async move {
            // axum documents that serving never fails.
            let _ = axum::serve(listener, router).await;
        });
        Ok(TokenDesk { address, secret: Secret::new(secret), server })
    }

    /// What a client needs to know of it. It holds the secret.
    pub fn provider(&self) -> Provider {
        let params = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", CLIENT.to_owned()),
            ("client_secret", self.secret.reveal().clone()),
        ];
        Provider {
            token_endpoint: format!("http://{}/token", self.address),
            auth: None,
            params: params.map(|(name, value)| (name.to_owned(), value)).into(),
            session: BTreeMap::new(),
            timeout: crate::model::Period::from_secs(5),
            tls: None,
        }
    }
}

impl Drop for TokenDesk {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// RFC 6749 sections 4.4, 5 and 6.
async fn answer(
    State(shared): State<Arc<Shared>>,
    form: String,
) -> (StatusCode, [(HeaderName, &'static str); 2], String) {
    let form: BTreeMap<String, String> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let (status, body) = match shared.decide(&form) {
        Ok(body) => (StatusCode::OK, body),
        Err((status, error)) => (status, json!({ "error": error })),
    };
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body.to_string())
}

impl Shared {
    fn decide(&self, form: &BTreeMap<String, String>) -> Result<Value, (StatusCode, &'static str)> {
        let of = |name: &str| form.get(name).map_or("", String::as_str);
        match of("grant_type") {
            "client_credentials" => {
                let same = |one: &str, other: &str| {
                    aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
                };
                if of("client_id") != CLIENT || !same(of("client_secret"), self.secret.reveal()) {
                    return Err((StatusCode::UNAUTHORIZED, "invalid_client"));
                }
            }
            "refresh_token" if self.sessions().remove(of("refresh_token")) => {}
            "refresh_token" => return Err((StatusCode::BAD_REQUEST, "invalid_grant")),
            _ => return Err((StatusCode::BAD_REQUEST, "unsupported_grant_type")),
        }
        let broken = |_| (StatusCode::INTERNAL_SERVER_ERROR, "server_error");
        let token = self.token().map_err(broken)?;
        let refresh = random().map_err(broken)?;
        self.sessions().insert(refresh.clone());
        Ok(json!({
            "access_token": token, "token_type": "Bearer", "expires_in": self.lives, "refresh_token": refresh
        }))
    }

    fn token(&self) -> Result<String, ForgeError> {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let now = jiff::Timestamp::now().as_second();
        Ok(self.mint.mint(&self.press, now, &format!("{}-u{number:06}", self.nonce))?.to_string())
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that nobody can guess.
fn random() -> Result<String, ForgeError> {
    let mut bytes = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| ForgeError::Crypto("random bytes"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Verdict,
        target::TokenEndpoint,
        token::{
            decode_segment,
            testing::{forge, good},
        },
    };
    use std::path::Path;

    fn claims(token: &str) -> Value {
        serde_json::from_slice(&decode_segment(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn it_gives_short_tokens_and_rotates_what_renews_them() {
        let forge = Arc::new(forge(&[Alg::Hs256]));
        let desk = TokenDesk::open(&forge, good(), Alg::Hs256, "n".into(), Duration::from_secs(60)).await.unwrap();
        let open = async |provider: &Provider| TokenEndpoint::open(provider, Path::new("."), &[]).await.unwrap();
        let endpoint = open(&desk.provider()).await;
        let first = endpoint.begin().await;
        assert_eq!((first.verdict, first.expires_in), (Verdict::Accept, Some(5)));
        let (now, token) = (jiff::Timestamp::now().as_second(), first.access_token.unwrap());
        let left = claims(token.reveal())["exp"].as_i64().unwrap() - now;
        assert!((5..=6).contains(&left), "{left}");
        let session = first.refresh_token.unwrap();
        let second = endpoint.refresh(&session).await;
        assert_eq!(second.verdict, Verdict::Accept);
        assert_ne!(claims(second.access_token.unwrap().reveal())["jti"], claims(token.reveal())["jti"]);
        let again = endpoint.refresh(&session).await;
        assert_eq!((again.verdict, again.because.as_str()), (Verdict::Reject, "status 400, invalid_grant"));
        let mut stranger = desk.provider();
        stranger.params.insert("client_secret".into(), "guessed".into());
        assert_eq!(open(&stranger).await.issue().await.because, "status 401, invalid_client");
        stranger.params.insert("grant_type".into(), "password".into());
        assert_eq!(open(&stranger).await.issue().await.because, "status 400, unsupported_grant_type");
    }
}
