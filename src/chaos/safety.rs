//! What is claimed in every scenario, whether or not its file says so.

use crate::model::chaos::{Assertion, Bound, Comparison, Expression, Grade, Metric, Quantity, Scale, Subject, Window};

/// The claims for so many instances of a target with this cache.
pub(super) fn pack(scale: &Scale, instances: u32) -> Vec<Assertion> {
    let number = |comparison, value| Bound { comparison, limit: Quantity::Number(value) };
    let claim = |of, metric, bound, level| Assertion { window: Window::Always, of, metric, bound, level };
    let symbols = scale.symbols();
    // One for every unknown `kid` that the cooldown lets through and two for every lifetime is what a careful client
    // needs; where cooldown and lifetime are long, a request a second and six a minute are the limits.
    let careful = 1.0 / symbols.cooldown.max(0.05) + 2.0 / symbols.lifetime.max(0.05);
    let rate = |least: f64, times: f64| Bound {
        comparison: Comparison::AtMost,
        limit: Quantity::Rate(least.max(careful * times) * f64::from(instances)),
    };
    vec![
        claim(Subject::Forged, Metric::Accepted, number(Comparison::Exactly, 0.0), Grade::Must),
        claim(Subject::Forged, Metric::Odd, number(Comparison::Exactly, 0.0), Grade::Must),
        claim(Subject::Target, Metric::Count, number(Comparison::Exactly, 0.0), Grade::Must),
        claim(Subject::Jwks, Metric::Rate, rate(1.0, 2.0), Grade::Must),
        claim(Subject::Jwks, Metric::Rate, rate(0.1, 1.0), Grade::Should),
    ]
}

/// After a scenario every good token is taken that is owed it: in the last quarter of a lifetime.
pub(super) const STEADY: f64 = 0.25;

/// The name of the span in which the end is steady.
pub(super) const STEADY_SPAN: &str = "steady end";

/// The claim about the end.
pub(super) fn steady() -> Assertion {
    Assertion {
        window: Window::During(STEADY_SPAN.into()),
        of: Subject::Tokens(crate::model::chaos::TokenClass::Valid, None),
        metric: Metric::Accepted,
        bound: Bound { comparison: Comparison::AtLeast, limit: Quantity::Percent(100.0) },
        level: Grade::Must,
    }
}

/// How long the end is, in seconds.
pub(super) fn steady_length(scale: &Scale) -> f64 {
    let quarter = Expression::of_seconds(scale.symbols().lifetime * STEADY);
    quarter.seconds(&scale.symbols()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_on_requests_follow_the_cache() {
        let rates = |scale: &Scale| -> Vec<String> {
            let pack = pack(scale, 1);
            pack.iter().filter(|claim| claim.metric == Metric::Rate).map(|claim| claim.bound.to_string()).collect()
        };
        assert_eq!(rates(&Scale::SHORT), ["<= 3/s", "<= 1.5/s"]);
        let usual = Scale::declared(&crate::model::refresh::Cache::default());
        assert_eq!(rates(&usual), ["<= 1/s", "<= 6/min"]);
        assert!(pack(&usual, 1).iter().all(|claim| !claim.metric.is_latency() || claim.level != Grade::Must));
    }
}
