//! The windows of a load plan: one, or one for each value of its sweep.

use crate::model::{
    Alg, Event,
    chaos::TokenClass,
    load::{Drive, LoadPlan, LoadText, Sweep},
};
use std::{collections::BTreeMap, time::Duration};

/// One window to run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    /// The value of the sweep; empty where there is none.
    pub name: String,
    /// The plan with that value in it.
    pub text: LoadText,
}

impl Point {
    /// The event that its window begins; `lasts` is how long, warm-up included.
    pub fn begins(&self, id: &str, lasts: Duration) -> Event {
        Event::LoadStarted {
            id: id.to_owned(),
            title: self.text.title.clone(),
            window: self.name.clone(),
            drive: self.text.drive.to_string(),
            length_ms: u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The plan as it is.
    pub fn of(plan: &LoadPlan) -> Point {
        Point { name: String::new(), text: plan.text.clone() }
    }

    /// The algorithm that it needs and a target with these does not take.
    pub fn alg_missing(&self, taken: &[Alg]) -> Option<Alg> {
        self.text.alg.filter(|alg| !taken.contains(alg))
    }
}

/// Takes out of the mix what no token under this algorithm can be, and says so.
pub(super) fn leave_out_unmade(mix: &mut BTreeMap<TokenClass, u32>, alg: Alg) -> Option<String> {
    let unmade = |class: &TokenClass| !alg.is_asymmetric() && class.needs_public_key();
    let names: Vec<&str> = mix.keys().filter(|class| unmade(class)).map(|class| class.name()).collect();
    let said = (!names.is_empty())
        .then(|| format!("without {}: under {alg} there is no public key to make that of", names.join(", ")));
    mix.retain(|class, _| !unmade(class));
    said
}

/// The windows of a plan.
pub(super) fn points(plan: &LoadPlan) -> Vec<Point> {
    let with = |name: String, change: &dyn Fn(&mut LoadText)| {
        let mut point = Point { name, ..Point::of(plan) };
        change(&mut point.text);
        point
    };
    match &plan.text.sweep {
        None => vec![Point::of(plan)],
        Some(Sweep::Alg(algs)) => algs.iter().map(|alg| with(alg.to_string(), &|text| text.alg = Some(*alg))).collect(),
        Some(Sweep::TokenBytes(sizes)) => {
            sizes.iter().map(|bytes| with(format!("{bytes} bytes"), &|text| text.token_bytes = Some(*bytes))).collect()
        }
        Some(Sweep::Replay(shares)) => {
            shares.iter().map(|share| with(format!("{share}% repeated"), &|text| text.replay = Some(*share))).collect()
        }
        Some(Sweep::MoreKeys(counts)) => counts
            .iter()
            .map(|count| with(counted(*count, "more key"), &|text| text.more_keys = Some(*count)))
            .collect(),
        Some(Sweep::Connections(counts)) => counts
            .iter()
            .map(|count| with(counted(*count, "connection"), &|text| text.drive = Drive::Connections(*count)))
            .collect(),
        Some(Sweep::Rate(rates)) => {
            rates.iter().map(|rate| with(rate.to_string(), &|text| text.drive = Drive::Rate(*rate))).collect()
        }
        Some(Sweep::Class(classes)) => {
            classes.iter().map(|class| with(class.to_string(), &|text| text.mix = beside_good(*class))).collect()
        }
    }
}

fn counted(count: u32, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// One class, with a good token in ten: without one nobody knows whether a refusal says anything.
fn beside_good(class: TokenClass) -> BTreeMap<TokenClass, u32> {
    let mut mix = BTreeMap::from([(class, 9)]);
    *mix.entry(TokenClass::Valid).or_default() += 1;
    mix
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{case::Source, load::LoadFile};

    fn plan(own: &str) -> LoadPlan {
        let text = format!("format = \"load-plan/1\"\n[load]\ntitle = \"A\"\nwhy = \"B.\"\n{own}");
        let file: LoadFile = toml::from_str(&text).unwrap();
        LoadPlan { id: "a".into(), text: file.load, source: Source { file: String::new(), line: 1 } }
    }

    #[test]
    fn under_a_secret_there_is_no_token_of_a_public_key() {
        let mix = || BTreeMap::from([(TokenClass::Valid, 9), (TokenClass::JwkEmbed, 1)]);
        let (mut asymmetric, mut symmetric) = (mix(), mix());
        assert_eq!((leave_out_unmade(&mut asymmetric, Alg::Es256), asymmetric), (None, mix()));
        let said = leave_out_unmade(&mut symmetric, Alg::Hs256).unwrap();
        assert!(said.starts_with("without jwk-embed: under HS256"), "{said}");
        assert_eq!(symmetric, BTreeMap::from([(TokenClass::Valid, 9)]));
    }

    #[test]
    fn a_sweep_is_as_many_windows_as_it_has_values() {
        let names = |own: &str| points(&plan(own)).into_iter().map(|point| point.name).collect::<Vec<_>>();
        assert_eq!(names(""), [""]);
        assert_eq!(names("sweep = { alg = [\"RS256\", \"ES256\"] }"), ["RS256", "ES256"]);
        assert_eq!(names("sweep = { token-bytes = [300] }"), ["300 bytes"]);
        assert_eq!(names("sweep = { more-keys = [0, 1] }"), ["0 more keys", "1 more key"]);
        assert_eq!(names("sweep = { rate = [\"50/s\"] }"), ["50/s"]);
        let classes = points(&plan("sweep = { class = [\"valid\", \"expired\"] }"));
        assert_eq!(classes[0].text.mix, BTreeMap::from([(TokenClass::Valid, 10)]));
        assert_eq!(classes[1].text.mix, BTreeMap::from([(TokenClass::Valid, 1), (TokenClass::Expired, 9)]));
    }
}
