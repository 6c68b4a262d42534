//! One variant with all that is known of it, as the page shows it.

use crate::{
    model::{
        Finding, Observation, Outcome,
        outcome::{BaselineStatus, Control},
        report::{CaseResult, Change, TokenEvidence},
        side::Side,
    },
    report::{
        text::{visible, visible_lines},
        words::{elapsed, outcome_symbol, outcome_word},
    },
};
use serde::Serialize;
use serde_json::Value;

/// How much of a text is shown where somebody has to understand a failure, and elsewhere, in characters.
const FULL: usize = 3_000;
const SHORT: usize = 800;
/// The most characters of a token, and of a command that holds one.
const TOKEN: usize = 4_000;
/// The most lines of one decoded segment.
const LINES: usize = 80;

/// Sign and word of an outcome.
#[derive(Serialize, Clone, Copy)]
pub(super) struct Mark {
    class: &'static str,
    word: &'static str,
    symbol: &'static str,
}

impl From<Outcome> for Mark {
    fn from(outcome: Outcome) -> Self {
        Mark { class: outcome_word(outcome), word: outcome_word(outcome), symbol: outcome_symbol(outcome) }
    }
}

/// A text with the number of characters that were left out at its end.
#[derive(Serialize)]
pub(super) struct Shown {
    pub text: String,
    pub more: usize,
}

impl Shown {
    pub fn of(text: &str, limit: usize) -> Self {
        let (text, more) = visible_lines(text, limit);
        Shown { text, more }
    }
}

/// One variant.
#[derive(Serialize)]
pub(super) struct VariantView {
    name: String,
    id: String,
    mark: Mark,
    /// What the target did, in one line.
    line: String,
    checks: Vec<CheckView>,
    token: Option<TokenView>,
    seen: Option<SeenView>,
    controls: Vec<ControlView>,
    before: Vec<(String, String)>,
    reproduce: Option<String>,
    curl: Option<Shown>,
    source: String,
}

#[derive(Serialize)]
struct CheckView {
    name: String,
    mark: Mark,
    known: bool,
    expected: String,
    observed: String,
    because: String,
}

#[derive(Serialize)]
struct TokenView {
    damage: Vec<String>,
    segments: Vec<SegmentView>,
    /// The token as sent, where the request does not show it.
    compact: Vec<Piece>,
    sha256: String,
}

#[derive(Serialize)]
struct SegmentView {
    name: String,
    class: &'static str,
    lines: Vec<(&'static str, String)>,
    more: usize,
}

/// What the target was sent and what it did.
#[derive(Serialize)]
pub(super) struct SeenView {
    line: String,
    time: String,
    attempts: u32,
    request: Vec<Piece>,
    response: Shown,
    claims: Option<Shown>,
    outbound: Vec<FetchView>,
    side: Vec<SideView>,
}

/// A request that the token caused.
#[derive(Serialize)]
struct FetchView {
    line: String,
    head: Vec<String>,
}

/// Something seen beside the answer: a word, and what there was.
#[derive(Serialize)]
struct SideView {
    name: &'static str,
    lines: Vec<String>,
}

#[derive(Serialize)]
struct ControlView {
    name: &'static str,
    about: &'static str,
    held: Option<bool>,
    word: String,
    seen: Option<SeenView>,
}

/// A piece of text with the part of the token that it is.
#[derive(Serialize)]
struct Piece {
    class: &'static str,
    text: String,
    more: usize,
}

impl VariantView {
    pub fn of(result: &CaseResult) -> Self {
        let full = !matches!(result.outcome, Outcome::Pass | Outcome::Skip);
        let seen = result.observation.as_ref().map(|seen| SeenView::of(seen, result.token.as_ref(), full));
        let in_request = seen.as_ref().is_some_and(|seen| seen.request.iter().any(|piece| !piece.class.is_empty()));
        let reproduce = result.reproduce.as_ref();
        VariantView {
            name: visible(result.id.variant.as_deref().unwrap_or(&result.id.name)),
            id: visible(&result.id.to_string()),
            mark: result.outcome.into(),
            line: line(result),
            checks: result.findings.iter().map(CheckView::of).collect(),
            token: result.token.as_ref().map(|token| TokenView::of(token, in_request)),
            seen,
            controls: controls(result, full),
            before: result.before.iter().map(|(name, verdict)| (visible(name), visible(verdict))).collect(),
            reproduce: reproduce.map(|reproduce| Shown::of(&reproduce.gauntlet, SHORT).text),
            curl: reproduce
                .filter(|_| full)
                .and_then(|reproduce| reproduce.curl.as_deref())
                .map(|curl| Shown::of(curl, TOKEN)),
            source: visible(&format!("{}:{}", result.source.file, result.source.line)),
        }
    }
}

/// The judgement that gave the variant its outcome; a skipped one gives its reason.
fn line(result: &CaseResult) -> String {
    let grave = result.findings.iter().find(|finding| finding.outcome == result.outcome);
    match (grave, &result.observation) {
        (Some(finding), _) => said(finding),
        (None, Some(seen)) => visible(&seen.because),
        (None, None) => String::new(),
    }
}

/// `accept: the target answered 200`.
pub(super) fn said(finding: &Finding) -> String {
    let (observed, because) = (visible(&finding.observed), visible(&finding.because));
    match finding.outcome {
        Outcome::Skip => because,
        _ if because.is_empty() => observed,
        _ => format!("{observed}: {because}"),
    }
}

impl CheckView {
    fn of(finding: &Finding) -> Self {
        CheckView {
            name: visible(finding.id.rsplit_once('#').map_or("verdict", |(_, check)| check)),
            mark: finding.outcome.into(),
            known: finding.baseline == BaselineStatus::Known,
            expected: visible(&finding.expected),
            observed: visible(&finding.observed),
            because: visible(&finding.because),
        }
    }
}

impl TokenView {
    fn of(token: &TokenEvidence, in_request: bool) -> Self {
        let segment = |segment: &crate::model::report::Segment| SegmentView {
            name: visible(&segment.name),
            class: match segment.name.as_str() {
                "header" => "h",
                "payload" => "p",
                "signature" => "s",
                _ => "x",
            },
            lines: segment.lines.iter().take(LINES).map(|line| (change(line.change), visible(&line.text))).collect(),
            more: segment.lines.len().saturating_sub(LINES),
        };
        TokenView {
            damage: token.mutations.iter().map(|name| visible(name)).collect(),
            segments: token.anatomy.iter().map(segment).collect(),
            compact: if in_request { Vec::new() } else { coloured(&Shown::of(&token.compact, usize::MAX).text) },
            sha256: visible(&token.sha256),
        }
    }
}

const fn change(change: Change) -> &'static str {
    match change {
        Change::Same => "same",
        Change::Added => "added",
        Change::Removed => "removed",
    }
}

impl SeenView {
    /// `full` where somebody has to understand a failure.
    pub fn of(seen: &Observation, token: Option<&TokenEvidence>, full: bool) -> Self {
        let limit = if full { FULL } else { SHORT };
        let compact = token.map_or_else(String::new, |token| Shown::of(&token.compact, usize::MAX).text);
        let request = Shown::of(&seen.request, usize::MAX).text;
        SeenView {
            line: visible(&format!("{}: {}", seen.verdict, seen.because)),
            time: elapsed(seen.elapsed_us),
            attempts: seen.attempts,
            request: with_token(request.trim_end(), &compact),
            response: Shown::of(seen.response.trim_end(), limit),
            claims: seen.claims.as_ref().filter(|_| full).map(|claims| Shown::of(&pretty(claims), limit)),
            outbound: seen.outbound.iter().take(50).map(outbound).collect(),
            side: if full || !seen.side.leaks.is_empty() { beside(&seen.side) } else { Vec::new() },
        }
    }
}

fn outbound(fetch: &crate::model::verdict::Fetch) -> FetchView {
    let agent = fetch.user_agent.as_deref().map_or_else(String::new, |agent| format!(" by {agent}"));
    let line = visible(&format!(
        "{} {} at our {}, {} ms into the run{agent}",
        fetch.method, fetch.path, fetch.endpoint, fetch.at_ms
    ));
    FetchView { line, head: fetch.headers.iter().map(|line| visible(line)).collect() }
}

/// Times, memory, and what else side conditions look at.
fn beside(side: &Side) -> Vec<SideView> {
    let times = |times: &[u64]| times.iter().map(|time| elapsed(*time)).collect::<Vec<_>>().join(", ");
    let mebibytes = |bytes: u64| format!("{}.{} MiB", bytes >> 20, (bytes & 0xf_ffff) * 10 >> 20);
    let mut views = Vec::new();
    if let Some(timing) = &side.timing {
        views.push(SideView {
            name: "Time, tried again",
            lines: vec![
                format!("this token: {}", times(&timing.token_us)),
                format!("a good token: {}", times(&timing.control_us)),
            ],
        });
    }
    if let Some(memory) = side.memory {
        let [before, peak, after] = [memory.before, memory.peak, memory.after].map(mebibytes);
        views.push(SideView { name: "Memory", lines: vec![format!("{before} before, {peak} at most, {after} after")] });
    }
    if let Some(health) = &side.health {
        let first = health
            .first_refusal
            .as_deref()
            .map_or_else(String::new, |first| format!("; first loss: {}", visible(first)));
        let line = format!("{} of {} accepted{first}", health.accepted, health.sent);
        views.push(SideView { name: "Good tokens right afterwards", lines: vec![line] });
    }
    if !side.again.is_empty() {
        let verdicts = side.again.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        views.push(SideView { name: "The same kind of token again", lines: vec![verdicts] });
    }
    if !side.leaks.is_empty() {
        let lines = side.leaks.iter().map(|leak| visible(&format!("{}: {}", leak.kind, leak.text))).collect();
        views.push(SideView { name: "What the answer gives away", lines });
    }
    if !side.unsigned.is_empty() {
        let lines = side.unsigned.iter().map(|line| visible(line)).collect();
        views.push(SideView { name: "Claims that came back and were not signed so", lines });
    }
    views
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

/// The request with the token in it taken apart. All texts are visible ones already.
fn with_token(request: &str, compact: &str) -> Vec<Piece> {
    if request.is_empty() {
        return Vec::new();
    }
    let Some((before, after)) = request.split_once(compact).filter(|_| compact.contains('.')) else {
        return vec![piece("", request, TOKEN)];
    };
    let mut pieces = vec![piece("", before, FULL)];
    pieces.extend(coloured(compact));
    pieces.push(piece("", after, FULL));
    pieces
}

fn coloured(compact: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (at, part) in compact.splitn(6, '.').enumerate() {
        if at > 0 {
            pieces.push(piece("", ".", 1));
        }
        pieces.push(piece(["h", "p", "s", "x", "x", "x"][at], part, TOKEN));
    }
    pieces
}

/// Visible text grows, so it is cut here and not made visible again.
fn piece(class: &'static str, text: &str, limit: usize) -> Piece {
    let end = text.char_indices().nth(limit).map_or(text.len(), |(at, _)| at);
    let (text, rest) = text.split_at(end);
    Piece { class, text: text.to_owned(), more: rest.chars().count() }
}

/// Both good tokens. A passing variant shows the words only.
fn controls(result: &CaseResult, full: bool) -> Vec<ControlView> {
    let control = |name, about, control: Control, seen| ControlView {
        name,
        about,
        held: match control {
            Control::Accepted => Some(true),
            Control::Refused => Some(false),
            Control::NotSent => None,
        },
        word: match control {
            Control::Accepted => "accepted",
            Control::Refused => "not accepted",
            Control::NotSent => "not sent",
        }
        .to_owned(),
        seen,
    };
    if result.observation.is_none() {
        return Vec::new();
    }
    let twin = result.twin.as_ref().filter(|_| full).map(|seen| SeenView::of(seen, None, full));
    vec![
        control("base control", "a plain good token, before and after", result.controls.base, None),
        control("feature twin", "the same token without the defect", result.controls.feature, twin),
    ]
}
