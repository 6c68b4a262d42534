//! The figures of a run in sentences that somebody can say aloud.

use crate::model::chaos::{Facts, Measured, ScenarioResult};

/// The sentences, the most telling first.
pub(in crate::report) fn card(scenarios: &[ScenarioResult]) -> Vec<String> {
    let facts = || scenarios.iter().map(|scenario| &scenario.facts);
    let longest = |pick: fn(&Facts) -> Option<Measured>| {
        facts().filter_map(pick).max_by(|one, other| {
            (one.at_least, one.seconds)
                .partial_cmp(&(other.at_least, other.seconds))
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    };
    let mut sentences = Vec::new();
    if let Some(survived) = shortest_outage(scenarios) {
        sentences.push(match survived {
            Measured { seconds, at_least: true } => {
                format!("Survives an outage of the key set of at least {}.", seconds_text(seconds))
            }
            Measured { seconds, .. } => {
                format!("Refuses good tokens after {} without its key set.", seconds_text(seconds))
            }
        });
    }
    if let Some(trusted) = longest(|facts| facts.trusted_removed) {
        sentences.push(match trusted {
            Measured { seconds, at_least: true } => {
                format!("Still trusts a removed key after {}, when the scenario ended.", seconds_text(seconds))
            }
            Measured { seconds, .. } => format!("Trusts a removed key for {}.", seconds_text(seconds)),
        });
    }
    if let Some(new) = longest(|facts| facts.took_new) {
        sentences.push(match new {
            Measured { seconds, at_least: true } => {
                format!("Had not taken a new key after {}, when the scenario ended.", seconds_text(seconds))
            }
            Measured { seconds, .. } => format!("Takes a new key after {} at the latest.", seconds_text(seconds)),
        });
    }
    let forged = facts().fold((0, 0), |sum, facts| (sum.0 + facts.forged.0, sum.1 + facts.forged.1));
    if forged.0 > 0 {
        let bound = if forged.1 == 0 {
            format!(" (with 95 % confidence fewer than {:.3} %)", upper_bound(forged.0))
        } else {
            String::new()
        };
        sentences.push(format!("{} of {} forged tokens were accepted{bound}.", forged.1, forged.0));
    }
    if let Some(fetches) = facts().filter_map(|facts| facts.fetches_per_hundred).max_by(f64::total_cmp) {
        sentences
            .push(format!("A hundred tokens with unknown kids cause {} requests for the key set.", round(fetches)));
    }
    if let Some(p99) = facts().filter_map(|facts| facts.p99_while_hanging).max_by(f64::total_cmp) {
        sentences
            .push(format!("While the key set hangs, 99 of 100 good tokens are answered within {}.", seconds_text(p99)));
    }
    sentences
}

/// An outage that was not survived says more than any that was; of those that were, the longest.
fn shortest_outage(scenarios: &[ScenarioResult]) -> Option<Measured> {
    let all = || scenarios.iter().filter_map(|scenario| scenario.facts.survived);
    let broken = all().filter(|survived| !survived.at_least).min_by(|one, other| one.seconds.total_cmp(&other.seconds));
    broken.or_else(|| all().max_by(|one, other| one.seconds.total_cmp(&other.seconds)))
}

fn round(number: f64) -> String {
    if number >= 10.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

/// Where nothing was seen in `n` samples, its share is at most this with a confidence of 95 % (Clopper and Pearson).
fn upper_bound(n: u64) -> f64 {
    (1.0 - 0.05_f64.powf(1.0 / n as f64)) * 100.0
}

/// A time as people say it.
fn seconds_text(seconds: f64) -> String {
    match seconds {
        _ if seconds < 0.001 => "under a millisecond".into(),
        _ if seconds < 1.0 => format!("{:.0} ms", seconds * 1000.0),
        _ => format!("{seconds:.1} s"),
    }
}
