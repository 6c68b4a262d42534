//! Why a target does not take a good token, as far as it can be told from outside.

use super::{
    bench::Bench,
    calibrate::{check, never_fetched},
};
use crate::model::{Observation, Outcome, Recipe, Severity, Verdict, report::CalibrationCheck};
use serde_json::{Value, json};

/// A target that gives no usable answer.
pub(super) fn silent(good: Observation) -> Vec<CalibrationCheck> {
    let (name, hint) = match good.verdict {
        Verdict::RateLimited => (
            "rate-limited",
            "the target limits our rate before the first case: lift the limit for this address, or test later",
        ),
        Verdict::Unreachable => {
            ("unreachable", "nothing answers at [transport] url: start the target, or correct the address")
        }
        Verdict::Timeout => (
            "no answer",
            "the target takes the connection but does not answer: it may wait for its key set; check that it can reach the issuer's address",
        ),
        Verdict::Reset => (
            "connection closed",
            "the target closes the connection: check that [transport] url names the right port and scheme",
        ),
        _ => (
            "server error",
            "the target answers a good token with a server error: read its log; often it cannot reach or parse the key set",
        ),
    };
    vec![untestable(name, good, hint.to_owned())]
}

/// A target that refuses a good token.
pub(super) async fn refused(bench: &Bench, good: Observation, garbage: &Observation) -> Vec<CalibrationCheck> {
    let mut checks = Vec::new();
    if good.verdict == Verdict::OddAnswer {
        let hint = "the answer is neither yes nor no by the target file: correct [transport] url, or accept.status and reject.status";
        return vec![untestable("odd answer", good, hint.to_owned())];
    }
    if never_fetched(bench) {
        let hint = "the target never asked for our key set, so it cannot know our keys: point its issuer or JWKS setting at ${issuer} or ${jwks-uri}; if it runs elsewhere, use --public-url; if it did know them, it may hold those of an earlier run: restart it, or let [start] do so";
        checks.push(untestable("key set never fetched", good.clone(), hint.to_owned()));
    } else {
        checks.extend(other_claims(bench, &good).await);
    }
    if checks.is_empty()
        && let Some((name, hint)) = its_own_words(&good)
    {
        checks.push(untestable(name, good.clone(), hint.to_owned()));
    }
    if checks.is_empty() {
        let same = good.status == garbage.status && good.challenges == garbage.challenges;
        let says = if same { " (it answers a good token just as it answers garbage)" } else { "" };
        let hint = format!(
            "nothing tells why{says}: compare its issuer, audience, algorithms, typ and clock with the [trust] table; `gauntlet forge access-token` and `gauntlet decode` show what it gets"
        );
        checks.push(untestable("refuses everything", good, hint));
    }
    checks
}

/// Tries other issuers and audiences that a target might be configured with.
async fn other_claims(bench: &Bench, good: &Observation) -> Vec<CalibrationCheck> {
    let setting = bench.forge().setting();
    let bare = |url: &str| url.split('/').take(3).collect::<Vec<_>>().join("/");
    let address = bench.target().address();
    let issuers = [
        format!("{}/", setting.issuer.trim_end_matches('/')),
        setting.issuer.trim_end_matches('/').to_owned(),
        setting.world.issuer.clone(),
        setting.issuer.replace("127.0.0.1", "localhost"),
        setting.issuer.replace("localhost", "127.0.0.1"),
        bare(&setting.issuer),
        setting.world.discovery.clone(),
    ];
    let audiences = [bare(&address), address.clone(), setting.issuer.clone(), "api".into(), "account".into()];
    let mut tries: Vec<(&str, Value)> = Vec::new();
    tries.extend(issuers.into_iter().filter(|issuer| *issuer != setting.issuer).map(|issuer| ("iss", json!(issuer))));
    tries.extend(audiences.into_iter().filter(|aud| *aud != setting.audience).map(|aud| ("aud", json!(aud))));
    for (claim, value) in tries {
        let mut recipe = Recipe::default();
        recipe.claims.insert(claim.to_owned(), value.clone());
        let Ok(seen) = bench.control(&recipe.over(bench.good())).await else { continue };
        if seen.verdict == Verdict::Accept {
            let (name, field) =
                if claim == "iss" { ("wrong issuer", "issuer") } else { ("wrong audience", "audience") };
            let hint =
                format!("it takes tokens with {claim} = {value}: set [trust] {field} = {value}, or correct the target");
            return vec![untestable(name, good.clone(), hint)];
        }
    }
    Vec::new()
}

/// What the target's answer says about its reason.
fn its_own_words(good: &Observation) -> Option<(&'static str, &'static str)> {
    let words = format!("{} {}", good.challenges.join(" "), good.response).to_lowercase();
    let table: [(&[&str], &str, &str); 5] = [
        (
            &["audience", "\"aud\"", "'aud'", "invalid aud"],
            "wrong audience",
            "its answer speaks of the audience: make [trust] audience the one that the target is configured with",
        ),
        (
            &["issuer", "\"iss\"", "'iss'", "invalid iss"],
            "wrong issuer",
            "its answer speaks of the issuer: configure the target with ${issuer}, or set [trust] issuer",
        ),
        (
            &["expired", "not yet valid", "clock"],
            "wrong clock",
            "its answer speaks of time: compare the target's clock with ours",
        ),
        (
            &["algorithm", "alg not"],
            "wrong algorithm",
            "its answer speaks of the algorithm: list in [trust] algorithms what the target allows",
        ),
        (
            &["jwks", "signing key", "no matching key", "unknown kid"],
            "key not found",
            "its answer speaks of keys: check that it fetches our key set from ${jwks-uri}",
        ),
    ];
    table
        .iter()
        .find(|(clues, _, _)| clues.iter().any(|clue| words.contains(clue)))
        .map(|(_, name, hint)| (*name, *hint))
}

fn untestable(name: &str, observation: Observation, hint: String) -> CalibrationCheck {
    CalibrationCheck {
        severity: Severity::High,
        hint: Some(hint),
        ..check(format!("good token: {name}"), Outcome::Inconclusive, observation)
    }
}
