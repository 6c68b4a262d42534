//! Is it slower than before? Two series of measurements compared in pairs, with a confidence interval.
//!
//! The estimate is that of Hodges and Lehmann, the interval that of Wilcoxon's signed ranks: neither believes that times
//! are normally distributed, and a few seconds in which the machine did something else move neither much.

use crate::model::load::{LoadResult, LoadWindow, Paired};
use std::f64::consts::E;

/// The smallest difference that is called one, in percent: below it, machines differ from themselves.
const COUNTS: f64 = 2.0;
/// With fewer pairs no interval has a confidence of 95 %.
const FEWEST: usize = 6;
/// More pairs are averaged into so many, because neighbouring seconds are not independent.
const MOST: usize = 40;
/// The two-sided 95 % point of the normal distribution.
const NORMAL: f64 = 1.959_964;

/// Two measurements of the same thing: time per token, in any unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Before, or of the first target.
    pub first: f64,
    /// After, or of the second target.
    pub second: f64,
}

/// Compares in pairs. `None` where there are too few to say anything.
#[must_use]
pub fn paired(first: &str, second: &str, measure: &str, pairs: &[Pair]) -> Option<Paired> {
    let logs: Vec<f64> = pairs
        .iter()
        .filter(|pair| pair.first > 0.0 && pair.second > 0.0)
        .map(|pair| (pair.second / pair.first).ln())
        .collect();
    let logs = blocks(&logs);
    let (middle, low, high) = interval(&logs)?;
    let percent = |log: f64| ((E.powf(log) - 1.0) * 1e4).round() / 100.0;
    let conclusion = if low > 0.0 && percent(middle) >= COUNTS {
        "slower"
    } else if high < 0.0 && percent(middle) <= -COUNTS {
        "faster"
    } else {
        "no difference shown"
    };
    Some(Paired {
        first: first.into(),
        second: second.into(),
        measure: measure.into(),
        pairs: logs.len() as u64,
        slower_percent: percent(middle),
        between_percent: (percent(low), percent(high)),
        conclusion: conclusion.into(),
    })
}

/// Two runs of the same plan, second by second: in a closed loop by throughput, else by the mean time from the real start
/// to the answer. `None` where they have no windows in common, or too few seconds.
#[must_use]
pub fn compare(before: &LoadResult, after: &LoadResult) -> Option<Paired> {
    let mut pairs = Vec::new();
    let mut measure = "";
    for own in &before.windows {
        let Some(other) = after.windows.iter().find(|other| other.name == own.name) else { continue };
        let closed = own.generator.lateness_us == Default::default();
        measure = if closed { "throughput" } else { "service time" };
        pairs.extend(
            costs(own, closed)
                .into_iter()
                .zip(costs(other, closed))
                .filter_map(|(first, second)| Some(Pair { first: first?, second: second? })),
        );
    }
    paired("before", "after", measure, &pairs)
}

/// The cost of a token in each second, the last one left out where it is not whole.
fn costs(window: &LoadWindow, closed: bool) -> Vec<Option<f64>> {
    let series = &window.series;
    let whole = usize::try_from(window.length_ms / series.every_ms.max(1)).unwrap_or(usize::MAX);
    (0..series.right.len().min(whole))
        .map(|second| {
            let at = |list: &[u32]| f64::from(list.get(second).copied().unwrap_or(0));
            let count = at(&series.right) + at(&series.wrong_accepts) + at(&series.wrong_refusals);
            let cost = if closed { 1.0 / count } else { series.mean_us.get(second).copied()? };
            (count > 0.0 && cost > 0.0).then_some(cost)
        })
        .collect()
}

/// Neighbours averaged, so that there are at most so many.
fn blocks(values: &[f64]) -> Vec<f64> {
    let size = values.len().div_ceil(MOST).max(1);
    values.chunks_exact(size).map(|chunk| chunk.iter().sum::<f64>() / size as f64).collect()
}

/// The Hodges-Lehmann estimate and its 95 % interval.
fn interval(values: &[f64]) -> Option<(f64, f64, f64)> {
    let count = values.len();
    if count < FEWEST {
        return None;
    }
    let mut walsh: Vec<f64> = Vec::with_capacity(count * (count + 1) / 2);
    for (place, one) in values.iter().enumerate() {
        walsh.extend(values[place..].iter().map(|other| (one + other) / 2.0));
    }
    walsh.sort_by(f64::total_cmp);
    let all = walsh.len();
    let n = count as f64;
    let spread = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    let cut = (all as f64 / 2.0 - NORMAL * spread - 0.5).floor().max(0.0) as usize;
    let middle = (walsh[(all - 1) / 2] + walsh[all / 2]) / 2.0;
    Some((middle, walsh[cut], walsh[all - 1 - cut]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times with a spread of some percent and a stall now and then.
    fn pairs(slower: f64, random: &mut fastrand::Rng) -> Vec<Pair> {
        let mut one = |mean: f64| {
            let noise: f64 = (0..6).map(|_| random.f64() - 0.5).sum::<f64>() * 0.05;
            let stall = if random.u32(..30) == 0 { 1.5 } else { 1.0 };
            mean * (1.0 + noise) * stall
        };
        (0..20).map(|_| Pair { first: one(1.0), second: one(1.0 + slower) }).collect()
    }

    #[test]
    fn a_twentieth_is_found_and_noise_is_not() {
        let mut random = fastrand::Rng::with_seed(11);
        let mut count = |slower: f64, wanted: &str| {
            let found = |_| paired("a", "b", "time", &pairs(slower, &mut random)).unwrap().conclusion == wanted;
            (0..200).map(found).filter(|found| *found).count()
        };
        assert!(count(0.05, "slower") >= 180);
        assert!(count(0.0, "slower") <= 6);
        assert!(count(-0.05, "faster") >= 170);
    }

    #[test]
    fn the_interval_holds_the_truth_as_often_as_it_says() {
        let mut random = fastrand::Rng::with_seed(3);
        let holds = |_| {
            let found = paired("a", "b", "time", &pairs(0.1, &mut random)).unwrap();
            found.between_percent.0 <= 10.0 && 10.0 <= found.between_percent.1
        };
        let held = (0..400).map(holds).filter(|held| *held).count();
        assert!((370..=396).contains(&held), "{held} of 400");
    }

    #[test]
    fn too_few_pairs_say_nothing() {
        assert_eq!(paired("a", "b", "time", &[Pair { first: 1.0, second: 2.0 }; 5]), None);
        let clear = paired("a", "b", "time", &[Pair { first: 1.0, second: 1.1 }; 6]).unwrap();
        assert_eq!((clear.slower_percent, clear.conclusion.as_str()), (10.0, "slower"));
    }
}
