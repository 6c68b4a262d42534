//! The service behind a gateway, played by us: it notes every request that the gateway lets through.

use super::error::TargetError;
use crate::model::{Observation, Verdict, case::Present};
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use reqwest::Client;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{net::TcpListener, task::JoinHandle};

/// The field by which a request is known again behind the gateway.
pub(super) const TAG: &str = "x-gauntlet-request";
/// A field that no gateway sets: one of this name behind it was made of a token.
const INJECTED: &str = "x-gauntlet-injected";
/// Requests that are noted at a time; a gateway that makes many of one cannot fill our memory.
const KEPT: usize = 1_000;

/// What came of asking for the service without the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// The address as the target file writes it.
    pub address: String,
    /// Whether the service answered there.
    pub reached: bool,
    /// What was seen, in a few words.
    pub observed: String,
}

/// Asks for the service at its own address, without a token: an answer of any kind that is not a refusal is the service's.
pub(super) async fn around(client: &Client, address: &str) -> Around {
    let address = address.to_owned();
    let (reached, observed) = match client.get(&address).send().await {
        Ok(answer) if [401, 403, 407].contains(&answer.status().as_u16()) => {
            (false, format!("refused with status {}", answer.status().as_u16()))
        }
        Ok(answer) => (true, format!("status {} without a token and without the gateway", answer.status().as_u16())),
        Err(_) => (false, "no answer".to_owned()),
    };
    Around { address, reached, observed }
}

/// What arrived, by the tag of its request.
type Arrivals = Arc<Mutex<HashMap<String, Vec<HeaderMap>>>>;

/// The service. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Upstream {
    address: SocketAddr,
    arrivals: Arrivals,
    identity: BTreeMap<String, String>,
    /// What our tags begin with, so that a tag of an earlier run is not mistaken.
    run: String,
    count: AtomicU64,
    server: JoinHandle<()>,
}

impl Upstream {
    /// Starts to listen, on a free port of loopback where no address is given.
    pub(super) async fn start(
        listen: Option<SocketAddr>,
        identity: &BTreeMap<String, String>,
    ) -> Result<Upstream, TargetError> {
        let wanted = listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        let failed = |source| TargetError::Upstream { address: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let arrivals = Arrivals::default();
        let router = Router::new().fallback(arrived).with_state(Arc::clone(&arrivals));
        let server = tokio::spawn(async move {
            // axum documents that serving never fails.
            let _ = axum::serve(listener, router).await;
        });
        let mut random = [0_u8; 8];
        aws_lc_rs::rand::fill(&mut random).map_err(|error| failed(std::io::Error::other(error)))?;
        let run = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Upstream { address, arrivals, identity: identity.clone(), run, count: AtomicU64::new(0), server })
    }

    /// Its address, as the gateway is told.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A name for the next request.
    pub(super) fn tag(&self) -> String {
        format!("{}-{}", self.run, self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// What arrived under a name: the claims that the service was told, where anything arrived. A field that is there
    /// twice, or under a name that a service may mistake for it, is told with all its values.
    pub(super) fn told(&self, tag: &str) -> Option<Value> {
        let arrivals = lock(&self.arrivals).remove(tag)?;
        let mut claims = Map::new();
        for (claim, field) in
            self.identity.iter().map(|(claim, field)| (claim.as_str(), field.as_str())).chain([(INJECTED, INJECTED)])
        {
            let values: Vec<String> = arrivals.iter().flat_map(|headers| values(headers, field)).collect();
            if !values.is_empty() {
                claims.insert(claim.to_owned(), Value::from(values.join(", ")));
            }
        }
        Some(claims.into())
    }

    /// The claims that it is told.
    pub(super) fn claims(&self) -> BTreeSet<String> {
        self.identity.keys().cloned().collect()
    }

    /// What an answer of the gateway comes to, with what arrived.
    pub(super) fn judge(&self, tag: &str, seen: Observation) -> Observation {
        match self.told(tag) {
            Some(claims) => Observation {
                verdict: Verdict::Accept,
                because: match seen.status {
                    Some(status) => format!("the request reached the service behind the gateway; status {status}"),
                    None => format!("the request reached the service behind the gateway; {}", seen.because),
                },
                claims: Some(claims).filter(|_| !self.identity.is_empty()),
                ..seen
            },
            None if seen.verdict == Verdict::OddAnswer => Observation {
                because: format!("{}; nothing reached the service behind the gateway", seen.because),
                ..seen
            },
            None => seen,
        }
    }

    /// A way to show a token, with the name of the identity field in place of `${identity-line}`, and in place of
    /// `${identity-line:underscored}` the name that CGI and WSGI make the same of.
    pub(super) fn spell(&self, present: &Present) -> Present {
        let name = self.identity_line().unwrap_or("X-User");
        let spell = |line: &String| {
            let line = line.replace("${identity-line:underscored}", &name.replace('-', "_"));
            line.replace("${identity-line}", name)
        };
        Present { lines: present.lines.iter().map(spell).collect(), ..present.clone() }
    }

    /// The field that tells the subject, or else the first of them.
    pub(super) fn identity_line(&self) -> Option<&str> {
        self.identity.get("sub").or_else(|| self.identity.values().next()).map(String::as_str)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// All values of fields that a service may take for this one: CGI and WSGI write a hyphen as an underscore.
fn values<'h>(headers: &'h HeaderMap, field: &str) -> impl Iterator<Item = String> + 'h {
    let plain = |name: &str| name.to_ascii_lowercase().replace('_', "-");
    let wanted = plain(field);
    let is_it = move |(name, _): &(&HeaderName, &HeaderValue)| plain(name.as_str()) == wanted;
    headers.iter().filter(is_it).map(|(_, value)| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn lock<'l, T>(mutex: &'l Mutex<T>) -> MutexGuard<'l, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn arrived(State(arrivals): State<Arrivals>, request: Request) -> Response {
    let headers = request.headers();
    if let Some(tag) = headers.get(TAG).and_then(|tag| tag.to_str().ok()) {
        let mut arrivals = lock(&arrivals);
        if arrivals.len() < KEPT {
            arrivals.entry(tag.to_owned()).or_default().push(headers.clone());
        }
    }
    Json(json!({ "upstream": "gauntlet" })).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> BTreeMap<String, String> {
        BTreeMap::from([("sub".to_owned(), "X-User".to_owned())])
    }

    #[tokio::test]
    async fn what_arrives_is_known_by_its_tag_once() {
        let upstream = Upstream::start(None, &identity()).await.unwrap();
        let (one, other) = (upstream.tag(), upstream.tag());
        let client = Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("{}/orders", upstream.url())).header(TAG, &one);
        let answer = request.header("x-user", "alice").header("X_User", "admin").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let told = upstream.told(&one).unwrap();
        assert!(["alice, admin", "admin, alice"].contains(&told["sub"].as_str().unwrap()), "{told}");
        assert_eq!((upstream.told(&one), upstream.told(&other)), (None, None));
        assert!(around(&client, &upstream.url()).await.reached);
    }

    #[tokio::test]
    async fn an_answer_is_no_yes() {
        let upstream = Upstream::start(None, &identity()).await.unwrap();
        let seen = |verdict| Observation { status: Some(200), ..Observation::bare(verdict, "status 200") };
        assert_eq!(upstream.judge("nothing", seen(Verdict::Reject)), seen(Verdict::Reject));
        let odd = upstream.judge("nothing", seen(Verdict::OddAnswer));
        assert!(odd.verdict == Verdict::OddAnswer && odd.because.contains("nothing reached"), "{odd:?}");
        lock(&upstream.arrivals).insert("t".into(), vec![HeaderMap::new()]);
        let seen = upstream.judge("t", seen(Verdict::Reject));
        assert_eq!((seen.verdict, seen.claims), (Verdict::Accept, Some(json!({}))));
    }

    #[tokio::test]
    async fn the_identity_line_is_named_as_the_target_file_names_it() {
        let upstream = Upstream::start(None, &identity()).await.unwrap();
        let lines = ["${identity-line}: a", "${identity-line:underscored}: b", "${path}"].map(str::to_owned).to_vec();
        let spelled = upstream.spell(&Present { lines, ..Present::default() });
        assert_eq!(spelled.lines, ["X-User: a", "X_User: b", "${path}"]);
        let taken = Upstream::start(Some(upstream.address), &identity()).await.map(drop).unwrap_err();
        assert!(taken.to_string().contains("cannot play the service"), "{taken}");
    }
}
