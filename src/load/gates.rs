//! Holds a window against its gates.

use crate::model::{
    Outcome,
    chaos::{Grade, Quantity, Symbols},
    load::{ClassLoad, Gate, GateResult, LoadMetric, LoadWindow, Maximum, Of},
};

/// The share of good tokens that must be taken, in percent: what operators promise.
const OBJECTIVE: f64 = 99.95;
/// The share of tokens that we started late ourselves above which no speed is held against the target.
const TOO_LATE: f64 = 0.01;
/// There are no symbols in a load plan.
const NONE: Symbols =
    Symbols { lifetime: 0.0, cooldown: 0.0, timeout: 0.0, stale: 0.0, revocation: 0.0, life: 0.0, base: None };

fn gate(of: Of, metric: LoadMetric, bound: &str, level: Grade) -> Option<Gate> {
    bound.parse().ok().map(|bound| Gate { of, metric, bound, level })
}

/// What must hold in every window, whatever a plan says: otherwise a target that takes everything, or refuses everything,
/// would look fast.
#[must_use]
pub fn safety() -> Vec<Gate> {
    [
        gate(Of::All, LoadMetric::WrongAccepts, "= 0", Grade::Must),
        gate(Of::Good, LoadMetric::Accepted, ">= 99.95%", Grade::Must),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The objectives that operators usually have, for plans that state none. `transport` and `local` say which speed is
/// usual: in this process or on this machine, at an edge, or at an introspection endpoint.
#[must_use]
pub fn usual(transport: &str, local: bool) -> Vec<Gate> {
    let p95 = match (transport, local) {
        ("introspection", _) => "< 100ms",
        ("gateway" | "forward-auth", _) | (_, false) => "< 50ms",
        _ => "< 5ms",
    };
    [
        gate(Of::Good, LoadMetric::Rejected, "< 0.5%", Grade::Must),
        gate(Of::Good, LoadMetric::ExpiryRefusals, "< 0.1%", Grade::Must),
        gate(Of::Good, LoadMetric::SignatureRefusals, "< 0.01%", Grade::Must),
        gate(Of::Good, LoadMetric::P95, p95, Grade::Should),
        gate(Of::Good, LoadMetric::BurnRate, "<= 1", Grade::Should),
        gate(Of::All, LoadMetric::TokenBytes, "< 1024", Grade::Excellent),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The objectives that operators usually have for a token endpoint, for plans that state none.
#[must_use]
pub fn usual_of_providers() -> Vec<Gate> {
    [
        gate(Of::Good, LoadMetric::Accepted, ">= 99.9%", Grade::Must),
        gate(Of::Good, LoadMetric::P95, "< 200ms", Grade::Should),
        gate(Of::All, LoadMetric::TokenBytes, "< 1024", Grade::Should),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One window's results.
#[must_use]
pub fn judge(gates: &[Gate], window: &LoadWindow) -> Vec<GateResult> {
    gates.iter().map(|gate| one(gate, window)).collect()
}

/// The gravest outcome of some gates: notes and skips are none.
#[must_use]
pub fn outcome_of(gates: &[GateResult]) -> Outcome {
    gates.iter().map(|gate| gate.outcome).max().unwrap_or(Outcome::Inconclusive)
}

/// The gate that a search for the highest rate is.
#[must_use]
pub fn maximum_gate(maximum: &Maximum) -> GateResult {
    let found = maximum.rate > 0.0;
    GateResult {
        name: format!("a rate at which {} holds", maximum.thresholds),
        of: Of::All,
        metric: LoadMetric::Rate,
        level: Grade::Must,
        expected: "> 0".into(),
        observed: format!("{:.0}/s", maximum.rate),
        n: maximum.steps.len() as u64,
        outcome: if found { Outcome::Pass } else { Outcome::Fail },
        because: maximum.because.clone(),
    }
}

fn one(gate: &Gate, window: &LoadWindow) -> GateResult {
    let own: Vec<&ClassLoad> = window.classes.iter().filter(|class| is_about(gate.of, class)).collect();
    let n: u64 = own.iter().map(|class| class.sent).sum();
    let value = if n == 0 { None } else { value(gate, &own, n, window) };
    let (outcome, because) = match value {
        None if n == 0 => (Outcome::Skip, "no such token was sent".to_owned()),
        None => (Outcome::Skip, "it is not known here".to_owned()),
        Some(value) => verdict(gate, value, window),
    };
    let place = if window.name.is_empty() { String::new() } else { format!("{}, ", window.name) };
    GateResult {
        name: format!("{place}{gate}"),
        of: gate.of,
        metric: gate.metric,
        level: gate.level,
        expected: gate.bound.to_string(),
        observed: value.map_or("unknown".to_owned(), |value| text(gate, value)),
        n,
        outcome,
        because,
    }
}

fn is_about(of: Of, class: &ClassLoad) -> bool {
    match of {
        Of::All => true,
        Of::Good => !class.forged,
        Of::Forged => class.forged,
        Of::Class(wanted) => class.name == wanted.name(),
    }
}

/// The measured value, in the unit of the limit.
fn value(gate: &Gate, own: &[&ClassLoad], n: u64, window: &LoadWindow) -> Option<f64> {
    let sum = |pick: fn(&ClassLoad) -> u64| own.iter().map(|class| pick(class)).sum::<u64>();
    let is_share = matches!(gate.bound.limit, Quantity::Percent(_));
    let measure = |count: u64| if is_share { count as f64 / n as f64 * 100.0 } else { count as f64 };
    // Tokens that expire in the midst are owed a refusal from then on, so what counts is what was owed.
    let unserved = || window.wrong_refusals + sum(|class| class.broken);
    Some(match gate.metric {
        LoadMetric::Accepted if gate.of == Of::Good => measure(n.saturating_sub(unserved())),
        LoadMetric::Accepted => measure(sum(|class| class.accepted)),
        LoadMetric::Rejected if gate.of == Of::Good => measure(window.wrong_refusals),
        LoadMetric::Rejected => measure(sum(|class| class.rejected)),
        LoadMetric::Broken => measure(sum(|class| class.broken)),
        LoadMetric::WrongAccepts => measure(window.wrong_accepts),
        LoadMetric::ExpiryRefusals => measure(window.refused_as_expired),
        LoadMetric::SignatureRefusals => measure(window.refused_by_signature),
        LoadMetric::BurnRate => unserved() as f64 / n as f64 * 100.0 / (100.0 - OBJECTIVE),
        LoadMetric::Rate => n as f64 / (window.length_ms.max(1) as f64 / 1e3),
        LoadMetric::TokenBytes => window.payload_size_bytes as f64,
        LoadMetric::MemoryGrowth => {
            let used = window.target.filter(|used| used.memory_first > 0)?;
            (used.memory_last as f64 / used.memory_first as f64 - 1.0).max(0.0) * 100.0
        }
        metric => seconds(own, metric.quantile()?)?,
    })
}

/// A percentile over several classes, in seconds.
fn seconds(own: &[&ClassLoad], quantile: f64) -> Option<f64> {
    let mut all = super::tally::histogram(3);
    for class in own {
        // It grows by itself.
        let _ = all.add(super::merge::read_histogram(class).ok()?);
    }
    (!all.is_empty()).then(|| all.value_at_quantile(quantile) as f64 / 1e6)
}

fn verdict(gate: &Gate, value: f64, window: &LoadWindow) -> (Outcome, String) {
    let holds = gate.bound.holds(value, &NONE).unwrap_or(false);
    let seen = text(gate, value);
    if holds && window.incomplete {
        return (Outcome::Inconclusive, format!("{seen} was seen until the window was stopped"));
    }
    if holds && gate.metric.is_speed() && window.generator.saturated {
        let late = window.generator.late + window.generator.held_up + window.generator.unsent;
        let because = format!("{seen}, but {late} of {} tokens started late or not at all", window.planned);
        return (Outcome::Inconclusive, because);
    }
    // What we were late with ourselves is not the target's slowness.
    let late = window.generator.late;
    if !holds && gate.metric.is_speed() && late as f64 > window.planned as f64 * TOO_LATE {
        let because = format!("{seen} was seen, but {late} of {} tokens started late by our own doing", window.planned);
        return (Outcome::Inconclusive, because);
    }
    if holds {
        return (Outcome::Pass, format!("{seen} was seen"));
    }
    let outcome = match gate.level {
        Grade::Must => Outcome::Fail,
        Grade::Should => Outcome::Warn,
        Grade::Excellent => Outcome::Note,
    };
    (outcome, format!("wanted {}, {seen} was seen", gate.bound))
}

/// A value as people read it.
fn text(gate: &Gate, value: f64) -> String {
    match gate.bound.limit {
        Quantity::Percent(_) => format!("{}%", short(value)),
        Quantity::Time(_) => format!("{}ms", short(value * 1e3)),
        Quantity::Rate(_) => format!("{}/s", short(value)),
        Quantity::Number(_) => short(value),
    }
}

fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::load::Generator;

    #[test]
    fn what_we_were_late_with_decides_nothing_about_speed() {
        let slow = gate(Of::Good, LoadMetric::Rate, "> 1000/s", Grade::Must).unwrap();
        let fast = gate(Of::Good, LoadMetric::Rate, "> 0.1/s", Grade::Must).unwrap();
        let window = |late, held_up| LoadWindow {
            planned: 100,
            length_ms: 1000,
            generator: Generator { late, held_up, saturated: late + held_up > 1, ..Generator::default() },
            ..LoadWindow::default()
        };
        let outcome = |gate: &Gate, window: &LoadWindow| verdict(gate, 100.0, window).0;
        assert_eq!([outcome(&slow, &window(0, 0)), outcome(&fast, &window(0, 0))], [Outcome::Fail, Outcome::Pass]);
        // Late by our own doing: neither way. Held up by the target: that is its slowness.
        assert_eq!([outcome(&slow, &window(5, 0)), outcome(&fast, &window(5, 0))], [Outcome::Inconclusive; 2]);
        assert_eq!(outcome(&slow, &window(0, 5)), Outcome::Fail);
        let stopped = LoadWindow { incomplete: true, ..window(0, 0) };
        assert_eq!([outcome(&slow, &stopped), outcome(&fast, &stopped)], [Outcome::Fail, Outcome::Inconclusive]);
    }
}
