//! What the faults that meet a request make of its answer, from the inside out: which state is served, what is wrong with
//! its keys, its body, its status, its header fields, its timing.

use super::{
    answer::{Answer, Body, End, Framing, Pace, date},
    board::{Active, Board},
    keys,
    request::Head,
    stock::Stock,
};
use crate::model::chaos::{
    BodyFault, ErrorKind, Expression, Fault, HeaderFault, OldAddress, Pick, Redirect, StatusFault,
};
use axum::body::Bytes;
use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

/// What is known of the request beside its head.
pub(super) struct Asked<'a> {
    pub(super) head: &'a Head,
    pub(super) board: &'a Board,
    pub(super) stock: &'a Stock,
    pub(super) connection: u64,
    /// Whether the connection came about although its TLS peer should not have been trusted.
    pub(super) betrayed: bool,
    /// How far ahead the issuer's clock is, in seconds.
    pub(super) clock: i64,
}

/// The answer under these faults.
pub(super) fn plan(asked: &Asked<'_>, met: &[Arc<Active>]) -> Answer {
    let (document, mut honest) = document(asked, met);
    let mut answer = Answer::honest(asked.stock, document, asked.head);
    answer.clock = asked.clock;
    if asked.betrayed {
        answer.lie(200, JSON, asked.stock.materials.attacker.clone().into());
        honest = false;
    }
    for phase in [body, status, header, timing] {
        met.iter().for_each(|active| phase(asked, active, &mut answer));
    }
    answer.honest &= honest;
    answer
}

const JSON: &str = "application/json";
/// Another address of the key set, at the same host.
pub(in crate::issuer) const MOVED: &str = "/moved/jwks.json";

fn is_moved(path: &str) -> bool {
    path.split('?').next() == Some(MOVED)
}

/// Which state of the document is served, with what is wrong with its keys.
fn document(asked: &Asked<'_>, met: &[Arc<Active>]) -> (Bytes, bool) {
    let stock = asked.stock;
    let now = stock.now();
    let mut document = now.clone();
    for active in met {
        match &active.rule.fault {
            Fault::Freeze => document = active.frozen.clone(),
            Fault::OldAddress(OldAddress::Frozen) if !is_moved(&asked.head.path) => document = active.frozen.clone(),
            Fault::Snapshot(name) => document = stock.snapshot(name),
            Fault::Stale(age) => document = stock.ago(time(active, age)),
            Fault::Replicas { lag, pick } => {
                let turn = active.turns.fetch_add(1, Ordering::Relaxed);
                let lags = match pick {
                    Pick::Alternate => turn % 2 == 1,
                    Pick::Sticky => asked.connection % 2 == 1,
                    Pick::Mostly => turn % 5 == 4,
                };
                if lags {
                    document = stock.ago(time(active, lag));
                }
            }
            _ => {}
        }
    }
    let mut honest = document == now;
    for active in met {
        let changed = match &active.rule.fault {
            Fault::Keys(fault) => keys::changed(fault, &document, &stock.materials),
            Fault::HideKey(kid) => keys::kept(&document, |own| own != kid),
            Fault::DelayKeys(by) => {
                let known = [keys::kids(&active.frozen), keys::kids(&stock.ago(time(active, by)))].concat();
                keys::kept(&document, |own| known.iter().any(|kid| kid == own))
            }
            _ => continue,
        };
        honest &=
            active.rule.fault.is_harmless() || (!matches!(active.rule.fault, Fault::Keys(_)) && changed == document);
        document = changed;
    }
    (document, honest)
}

fn body(asked: &Asked<'_>, active: &Active, answer: &mut Answer) {
    if let Fault::Body(fault) = &active.rule.fault {
        set_body(asked, fault, answer);
    }
}

fn set_body(asked: &Asked<'_>, fault: &BodyFault, answer: &mut Answer) {
    let materials = &asked.stock.materials;
    let whole = match &answer.body {
        Body::Bytes(bytes) if answer.status != 304 => bytes.clone(),
        _ => asked.stock.now(),
    };
    let mut lie = |content_type: &str, bytes: Bytes| answer.lie(200, content_type, bytes);
    match fault {
        BodyFault::EmptyKeys => lie(JSON, Bytes::from_static(b"{\"keys\":[]}")),
        BodyFault::EmptyObject => lie(JSON, Bytes::from_static(b"{}")),
        BodyFault::ZeroBytes => lie(JSON, Bytes::new()),
        BodyFault::Null => lie(JSON, Bytes::from_static(b"null")),
        BodyFault::Attacker => lie(JSON, materials.attacker.clone().into()),
        BodyFault::Malformed => lie(JSON, whole.slice(..whole.len().saturating_sub(1))),
        BodyFault::Bom => lie(JSON, [b"\xef\xbb\xbf", &whole[..]].concat().into()),
        BodyFault::Utf16 => {
            let text = String::from_utf8_lossy(&whole).into_owned();
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            lie(JSON, units.flat_map(u16::to_be_bytes).collect());
        }
        BodyFault::DuplicateMembers => {
            let inner = |text: &[u8]| {
                let text = String::from_utf8_lossy(text).trim().to_owned();
                text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default().to_owned()
            };
            lie(JSON, format!("{{{},{}}}", inner(&whole), inner(&materials.attacker)).into());
        }
        BodyFault::Html => lie("text/html; charset=utf-8", Bytes::from_static(LOGIN)),
        BodyFault::ErrorJson => lie(JSON, Bytes::from_static(b"{\"error\":\"temporarily_unavailable\"}")),
        BodyFault::Truncate(percent) => {
            answer.honest = false;
            answer.status = 200;
            answer.end = End::Cut(whole.len() as u64 * u64::from((*percent).min(100)) / 100);
            answer.body = Body::Bytes(whole);
        }
        BodyFault::CutChunks => {
            answer.honest = false;
            answer.status = 200;
            answer.framing = Framing::Chunked;
            answer.end = End::Cut(whole.len() as u64 / 2);
            answer.body = Body::Bytes(whole);
        }
        BodyFault::Pad(bytes) => {
            answer.honest = false;
            answer.status = 200;
            answer.body = Body::Padded(whole, *bytes);
        }
        BodyFault::Endless => {
            answer.honest = false;
            answer.status = 200;
            answer.body = Body::Endless;
        }
        BodyFault::GzipBomb(bytes) => {
            answer.honest = false;
            answer.status = 200;
            answer.set("Content-Encoding", "gzip".into());
            answer.body = Body::Bomb(*bytes);
        }
        BodyFault::Gzip => {
            if answer.status == 200
                && let Some(packed) = gzip(&whole)
            {
                answer.set("Content-Encoding", "gzip".into());
                answer.body = Body::Bytes(packed);
            }
        }
        BodyFault::Keys(count) => {
            let filler: String = (0..*count)
                .map(|number| {
                    format!(
                        "{{\"kty\":\"RSA\",\"kid\":\"filler-{number}\",\"use\":\"sig\",\"n\":\"AQAB\",\"e\":\"AQAB\"}},"
                    )
                })
                .collect();
            let text = String::from_utf8_lossy(&whole).replacen("\"keys\":[", &format!("\"keys\":[{filler}"), 1);
            lie(JSON, text.into());
        }
    }
}

const LOGIN: &[u8] = b"<!doctype html><html><head><title>Sign in</title></head><body><form method=\"post\">\
<label>Password <input type=\"password\" name=\"p\"></label></form></body></html>\n";

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn status(asked: &Asked<'_>, active: &Active, answer: &mut Answer) {
    match &active.rule.fault {
        Fault::Status(fault) => set_status(asked, active, fault, answer),
        Fault::NotModifiedAlways => {
            answer.honest = false;
            answer.status = 304;
            answer.remove("Content-Type");
            answer.body = Body::Bytes(Bytes::new());
        }
        Fault::OldAddress(OldAddress::Gone) if !is_moved(&asked.head.path) => {
            let fault = StatusFault { code: 410, retry_after: None, retry_after_as_date: false, body: None };
            set_status(asked, active, &fault, answer);
        }
        Fault::Redirect(redirect) => set_redirect(asked, redirect, answer),
        Fault::Limit(rate) => {
            let mut admitted = active.admitted.lock().unwrap_or_else(PoisonError::into_inner);
            let span = Duration::from_secs_f64((1.0 / rate.0).max(1.0));
            admitted.retain(|at| at.elapsed() < span);
            if admitted.len() as f64 >= (rate.0 * span.as_secs_f64()).max(1.0) {
                too_many(asked, answer);
            } else {
                admitted.push(Instant::now());
            }
        }
        // The request that is being planned is counted already.
        Fault::Slots(most) if active.held.load(Ordering::Relaxed) > *most as usize => too_many(asked, answer),
        Fault::Error { percent, kinds } if !kinds.is_empty() && asked.board.draw() * 100.0 < *percent => {
            let turn = active.turns.fetch_add(1, Ordering::Relaxed);
            match kinds[usize::try_from(turn).unwrap_or(0) % kinds.len()] {
                ErrorKind::Status(code) => {
                    let fault = StatusFault { code, retry_after: None, retry_after_as_date: false, body: None };
                    set_status(asked, active, &fault, answer);
                }
                ErrorKind::Reset => {
                    answer.honest = false;
                    answer.end = End::Reset(0);
                }
                ErrorKind::Hang => {
                    answer.honest = false;
                    answer.end = End::Hang(active.id);
                }
            }
        }
        _ => {}
    }
}

fn set_status(asked: &Asked<'_>, active: &Active, fault: &StatusFault, answer: &mut Answer) {
    match &fault.body {
        Some(body) => set_body(asked, body, answer),
        None => answer.lie(fault.code, JSON, asked.stock.materials.attacker.clone().into()),
    }
    answer.honest = false;
    answer.status = fault.code;
    answer.remove("Cache-Control");
    if let Some(after) = &fault.retry_after {
        let seconds = time(active, after).as_secs_f64().ceil().max(1.0) as i64;
        let value = if fault.retry_after_as_date { date(seconds) } else { seconds.to_string() };
        answer.set("Retry-After", value);
    }
}

fn too_many(asked: &Asked<'_>, answer: &mut Answer) {
    answer.lie(429, JSON, asked.stock.materials.attacker.clone().into());
    answer.remove("Cache-Control");
}

fn set_redirect(asked: &Asked<'_>, redirect: &Redirect, answer: &mut Answer) {
    let elsewhere = &asked.stock.materials.elsewhere;
    let path = asked.head.path.as_str();
    // Where a redirect of ours has led already.
    if is_moved(path) {
        return;
    }
    let (status, location) = match redirect {
        Redirect::Same => (302, MOVED.to_owned()),
        Redirect::OtherHost => (307, format!("{elsewhere}/jwks.json")),
        Redirect::Http => (302, format!("{elsewhere}/jwks.json")),
        Redirect::Sink => (302, format!("{elsewhere}/sink/latest/meta-data/")),
        Redirect::Loop => (302, path.to_owned()),
        Redirect::Hops(most) => {
            let left =
                path.strip_prefix("/hop/").and_then(|rest| rest.split('/').next()?.parse().ok()).unwrap_or(*most);
            match left {
                0 | 1 => (302, MOVED.to_owned()),
                left => (302, format!("/hop/{}/jwks.json", left - 1)),
            }
        }
    };
    answer.lie(status, "text/plain; charset=utf-8", Bytes::from_static(b"elsewhere\n"));
    answer.remove("Cache-Control");
    answer.set("Location", location);
}

fn header(asked: &Asked<'_>, active: &Active, answer: &mut Answer) {
    let Fault::Header(fault) = &active.rule.fault else { return };
    match fault {
        HeaderFault::ContentType(text) => answer.set("Content-Type", printable(text)),
        HeaderFault::CacheControl(text) if text.is_empty() => answer.remove("Cache-Control"),
        HeaderFault::CacheControl(text) => answer.set("Cache-Control", printable(text)),
        HeaderFault::MaxAge(age) => {
            answer.set("Cache-Control", format!("public, max-age={}", time(active, age).as_secs()));
        }
        HeaderFault::Age(seconds) => answer.set("Age", seconds.to_string()),
        HeaderFault::ExpiresPast => {
            answer.remove("Cache-Control");
            answer.set("Expires", date(-3600));
        }
        HeaderFault::DateAhead(by) => {
            answer.clock += i64::try_from(time(active, by).as_secs()).unwrap_or(0);
            answer.set("Expires", date(answer.clock + 60));
        }
        HeaderFault::EtagFrozen => {
            answer.set("ETag", "\"frozen\"".into());
            if asked.head.field("if-none-match").is_some_and(|known| known.windows(8).any(|tag| tag == b"\"frozen\"")) {
                answer.status = 304;
                answer.body = Body::Bytes(Bytes::new());
                answer.honest = false;
            }
        }
        HeaderFault::Chunked => answer.framing = Framing::Chunked,
        HeaderFault::NoLength => answer.framing = Framing::Close,
        HeaderFault::Bytes(length) => {
            answer.long_field = *length;
            answer.honest = false;
        }
    }
}

/// A field value must not end its line.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

fn timing(asked: &Asked<'_>, active: &Active, answer: &mut Answer) {
    let mut broken = |end: End| {
        answer.honest = false;
        answer.end = end;
    };
    match &active.rule.fault {
        Fault::Hang => broken(End::Hang(active.id)),
        Fault::HangAfterHeaders => broken(End::HangAfterHead(active.id)),
        Fault::DripHeaders => broken(End::DripHead(active.id)),
        Fault::HalfClose => broken(End::Nothing),
        Fault::ResetAfter(bytes) => broken(End::Reset(*bytes)),
        Fault::Latency(by) => answer.delay += time(active, by),
        Fault::LatencyBetween { from, to } => {
            let (from, to) = (time(active, from), time(active, to));
            answer.delay += from + to.saturating_sub(from).mul_f64(asked.board.draw());
        }
        Fault::LatencyRamp { from, to, over } => {
            let (from, to) = (time(active, from).as_secs_f64(), time(active, to).as_secs_f64());
            let over = time(active, over).as_secs_f64().max(0.001);
            let part = (active.began.elapsed().as_secs_f64() / over).min(1.0);
            answer.delay += Duration::from_secs_f64((from + (to - from) * part).max(0.0));
        }
        Fault::Drip(rate) => answer.pace = Pace::Pieces(1, Duration::from_secs(1) / (*rate).max(1), active.id),
        Fault::Bandwidth(rate) => {
            // Ten pieces a second.
            let piece = usize::try_from(rate / 10).unwrap_or(usize::MAX).max(1);
            answer.pace = Pace::Pieces(piece, Duration::from_millis(100), active.id);
        }
        _ => {}
    }
}

fn time(active: &Active, time: &Expression) -> Duration {
    time.duration(&active.symbols).unwrap_or_default()
}
