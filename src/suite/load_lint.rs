//! What a careful reviewer would ask of a load plan that parses.

use super::{lint::Complaint, load_plans::place};
use crate::model::{
    case::Source,
    chaos::TokenClass,
    load::{Drive, Gate, LoadMetric, LoadPlan, LoadText, Of, Sweep},
};

/// Everything to mend in a plan, each with its line. `file` is the plan's text.
#[must_use]
pub fn lint_load_plan(plan: &LoadPlan, file: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    let text = &plan.text;
    let mut ask = |wrong: bool, path: &[&str], what: String| {
        if wrong {
            let line = file[..place(file, path).start].matches('\n').count() + 1;
            let source = Source { file: plan.source.file.clone(), line };
            found.push(Complaint { source, case: plan.id.clone(), what });
        }
    };
    ask(text.title.trim().is_empty(), &["load", "title"], "it has no title".into());
    ask(text.title.ends_with('.'), &["load", "title"], "its title ends with a full stop".into());
    ask(text.why.trim().is_empty(), &["load", "why"], "it does not say why".into());
    let says = |name: &str| !place(file, &["load", name]).is_empty();
    let stages = matches!(text.drive, Drive::Stages(_));
    let unused = "the stages have lengths of their own, and `duration` is never used";
    ask(stages && says("duration"), &["load", "duration"], unused.into());
    if let Some(name) = swept(text).filter(|name| says(name)) {
        ask(true, &["load", name], format!("the sweep says `{name}` as well, and this one is never used"));
    }
    let late = text.expire_after.is_some_and(|after| !stages && after.0 >= text.duration.0);
    ask(late, &["load", "expire-after"], "the window ends before the first token expires".into());
    for (number, gate) in text.assert.iter().enumerate() {
        let path = ["load", "assert", &number.to_string()];
        ask(!is_sent(text, gate), &path, format!("`{gate}` is about tokens that it never sends"));
        let closed = matches!(text.drive, Drive::Connections(_) | Drive::Users(_))
            && !matches!(text.sweep, Some(Sweep::Rate(_)));
        let percentile = gate.metric.quantile().is_some() && gate.metric != LoadMetric::Longest;
        let what = "in a closed loop latency is the number of connections over the throughput: drive it at a rate";
        ask(closed && percentile, &path, format!("`{gate}`: {what}"));
        // A must and a stricter should may stand beside each other.
        let same = |other: &Gate| (other.of, other.metric, other.level) == (gate.of, gate.metric, gate.level);
        ask(text.assert[..number].iter().any(same), &path, format!("`{gate}` stands there twice"));
    }
    found
}

/// The member that a sweep puts its values in.
fn swept(text: &LoadText) -> Option<&'static str> {
    Some(match text.sweep.as_ref()? {
        Sweep::Alg(_) => "alg",
        Sweep::TokenBytes(_) => "token-bytes",
        Sweep::Replay(_) => "replay",
        Sweep::MoreKeys(_) => "more-keys",
        Sweep::Class(_) => "mix",
        Sweep::Connections(_) | Sweep::Rate(_) => return None,
    })
}

/// Whether tokens that a gate is about are sent.
fn is_sent(text: &LoadText, gate: &Gate) -> bool {
    let repeats = text.replay.is_some_and(|share| share > 0) || matches!(text.sweep, Some(Sweep::Replay(_)));
    let mut sent: Vec<TokenClass> =
        text.mix.iter().filter(|(_, weight)| **weight > 0).map(|(class, _)| *class).collect();
    if let Some(Sweep::Class(classes)) = &text.sweep {
        sent.clone_from(classes);
        sent.push(TokenClass::Valid);
    }
    if repeats {
        sent.push(TokenClass::Replay);
    }
    match gate.of {
        Of::All => true,
        Of::Good => sent.iter().any(|class| !class.is_forged()),
        Of::Forged => sent.iter().any(|class| class.is_forged()),
        Of::Class(class) => sent.contains(&class),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{load_plan, load_plans};
    use std::fs;

    fn complaints(own: &str) -> Vec<String> {
        let text =
            format!("format = \"load-plan/1\"\n[load]\ntitle = \"Duration and mix\"\nwhy = \"The replay.\"\n{own}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("load-mine.toml");
        fs::write(&path, &text).unwrap();
        let plan = load_plan(&path).unwrap();
        let line = |complaint: Complaint| format!("{}: {}", complaint.source.line, complaint.what);
        lint_load_plan(&plan, &text).into_iter().map(line).collect()
    }

    #[test]
    fn what_is_never_used_or_never_sent_is_found_at_its_line() {
        for (own, wanted) in [
            ("\nduration = \"9s\"\ndrive = { stages = [{ rate = \"5/s\", for = \"2s\" }] }", "6: the stages have"),
            ("replay = 5\nsweep = { replay = [0] }", "5: the sweep says `replay` as well"),
            ("expire-after = \"10s\"", "5: the window ends before"),
            (
                "assert = [\n  { broken = \"= 0\", level = \"must\" },\n  { of = \"forged\", p99 = \"< 5ms\", level = \"should\" },\n]",
                "7: `of forged: p99 < 5ms` is about tokens",
            ),
            ("[[load.assert]]\nof = \"expired\"\np99 = \"< 5ms\"\nlevel = \"must\"", "5: `of expired"),
            (
                "drive = { connections = 4 }\nassert = [{ p99 = \"< 5ms\", level = \"must\" }]",
                "6: `of all: p99 < 5ms`: in a closed loop",
            ),
            (
                "drive = { users = 4 }\nassert = [{ p50 = \"< 5ms\", level = \"must\" }]",
                "6: `of all: p50 < 5ms`: in a closed loop",
            ),
            (
                "assert = [{ p99 = \"< 5ms\", level = \"must\" }, { p99 = \"< 9ms\", level = \"must\" }]",
                "stands there twice",
            ),
        ] {
            let found = complaints(own);
            assert!(found.len() == 1 && found[0].contains(wanted), "{own}: {found:?}");
        }
        assert_eq!(
            complaints(
                "mix = { valid = 1, expired = 1 }\nassert = [{ of = \"expired\", rejected = \"= 100%\", level = \"must\" }]"
            ),
            Vec::<String>::new()
        );
    }

    #[test]
    fn the_plans_of_the_binary_leave_nothing_to_mend() {
        for plan in load_plans(None).unwrap() {
            let text = fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(&plan.source.file));
            assert_eq!(lint_load_plan(&plan, &text.unwrap()), [], "{}", plan.id);
        }
    }
}
