//! What a window of a sweep says beside its figures: the sentence that the plan was run for.

use super::load_points::Point;
use crate::model::load::{ClassLoad, LoadPlan, LoadWindow, Sweep};

/// Answers that a mean is made of, at least.
const ENOUGH: u64 = 20;
/// Padding ends within so many bytes of what was asked.
const CLOSE: u64 = 4;

/// What to say about a window; `first` is the first one of the sweep, where this is another.
pub(super) fn remark(
    plan: &LoadPlan,
    point: &Point,
    window: &LoadWindow,
    first: Option<&LoadWindow>,
) -> Option<String> {
    match &plan.text.sweep {
        Some(Sweep::TokenBytes(_)) => {
            let asked = u64::from(point.text.token_bytes?);
            let shortest = window.payload_size_bytes;
            (shortest > asked + CLOSE)
                .then(|| format!("{}: no good token of this target is shorter than {shortest}", window.name))
        }
        // A window in which we were late says nothing about what costs more.
        _ if window.generator.saturated || window.incomplete => None,
        Some(Sweep::Class(_)) => {
            let good = mean(window, |class| !class.forged)?;
            let forged = mean(window, |class| class.forged)?;
            Some(format!("{}: {} as accepting in the same window", window.name, times("refusing", forged, good)))
        }
        Some(Sweep::MoreKeys(_)) => {
            let before = first.filter(|first| !first.generator.saturated)?;
            let (own, other) = (mean(window, |class| !class.forged)?, mean(before, |class| !class.forged)?);
            Some(format!("{}: {} as with {}", window.name, times("a good token", own, other), before.name))
        }
        _ => None,
    }
}

fn times(what: &str, own: f64, other: f64) -> String {
    format!("{what} takes {:.2} times as long ({:.2} ms, {:.2} ms)", own / other, own / 1e3, other / 1e3)
}

/// The mean time from the real start to the answer over some classes, in microseconds.
fn mean(window: &LoadWindow, wanted: impl Fn(&ClassLoad) -> bool) -> Option<f64> {
    let own = || window.classes.iter().filter(|class| wanted(class) && class.broken == 0);
    let sent: u64 = own().map(|class| class.sent).sum();
    let all: f64 = own().map(|class| class.service_mean_us * class.sent as f64).sum();
    (sent >= ENOUGH && all > 0.0).then(|| all / sent as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{case::Source, load::LoadFile};

    fn plan(sweep: &str) -> LoadPlan {
        let text = format!("format = \"load-plan/1\"\n[load]\ntitle = \"A\"\nwhy = \"B.\"\nsweep = {{ {sweep} }}\n");
        let file: LoadFile = toml::from_str(&text).unwrap();
        LoadPlan { id: "a".into(), text: file.load, source: Source { file: String::new(), line: 1 } }
    }

    /// Good and forged tokens with these mean times.
    fn window(name: &str, good: f64, forged: f64) -> LoadWindow {
        let class = |name: &str, forged: bool, mean: f64| {
            serde_json::json!({
                "name": name, "forged": forged, "sent": 30, "accepted": 0, "rejected": 0, "turned-away": 0, "broken": 0,
                "response-us": percentiles(), "service-us": percentiles(), "service-mean-us": mean, "histogram": ""
            })
        };
        let classes: Vec<ClassLoad> = [class("valid", false, good), class("bad-sig", true, forged)]
            .into_iter()
            .map(|class| serde_json::from_value(class).unwrap())
            .collect();
        LoadWindow { name: name.into(), classes, payload_size_bytes: 416, ..LoadWindow::default() }
    }

    fn percentiles() -> serde_json::Value {
        serde_json::to_value(crate::model::chaos::Percentiles::default()).unwrap()
    }

    fn said(sweep: &str, window: &LoadWindow, first: Option<&LoadWindow>) -> Option<String> {
        let plan = plan(sweep);
        let point = super::super::load_points::points(&plan).remove(0);
        remark(&plan, &point, window, first)
    }

    #[test]
    fn a_sweep_ends_in_the_sentence_that_it_was_run_for() {
        let own = window("bad-sig", 500.0, 750.0);
        let text = said("class = [\"bad-sig\"]", &own, None).unwrap();
        assert_eq!(
            text,
            "bad-sig: refusing takes 1.50 times as long (0.75 ms, 0.50 ms) as accepting in the same window"
        );
        let (before, after) = (window("0 more keys", 500.0, 1.0), window("100 more keys", 550.0, 1.0));
        let text = said("more-keys = [0, 100]", &after, Some(&before)).unwrap();
        assert_eq!(text, "100 more keys: a good token takes 1.10 times as long (0.55 ms, 0.50 ms) as with 0 more keys");
        assert_eq!(said("more-keys = [0, 100]", &before, None), None);
        let text = said("token-bytes = [300]", &window("300 bytes", 1.0, 1.0), None).unwrap();
        assert_eq!(text, "300 bytes: no good token of this target is shorter than 416");
        assert_eq!(said("token-bytes = [416]", &window("416 bytes", 1.0, 1.0), None), None);
        let mut late = own;
        late.generator.saturated = true;
        assert_eq!(said("class = [\"bad-sig\"]", &late, None), None);
    }
}
