//! The largest good token that is accepted.

use super::{Measured, measurement};
use crate::{
    conformance::{bench::Bench, plan::Planned},
    model::{Mutation, Observation, Recipe, Slot, Verdict, expect::Measure, report::Unit},
};

/// Sizes in steps of this many bytes.
const STEP: u32 = 256;
/// The smallest and the largest size that is tried, in steps.
const RANGE: (u32, u32) = (4, 256);

/// Halves the range of sizes until two neighbours differ. Every token is good, and only its padding grows.
pub(super) async fn largest(bench: &Bench, what: Measure, planned: &Planned) -> Measured {
    let mut probes = 0;
    let mut probe = async |steps: u32| -> Result<Observation, String> {
        probes += 1;
        let pad = Mutation::PadTo { bytes: Slot::Value(steps * STEP) };
        let mut recipe = Recipe::clone(&planned.twin);
        recipe.mutate.push(pad);
        bench.control(&recipe).await.map_err(|error| format!("the token cannot be made: {error}"))
    };
    let (mut low, mut high) = RANGE;
    let found: Result<Option<Observation>, String> = async {
        let smallest = probe(low).await?;
        if smallest.verdict != Verdict::Accept {
            return Err(format!("a good token of {} bytes got: {}", low * STEP, smallest.because));
        }
        let largest = probe(high).await?;
        if largest.verdict == Verdict::Accept {
            return Ok(None);
        }
        let mut beyond = largest;
        while high - low > 1 {
            let middle = low.midpoint(high);
            let seen = probe(middle).await?;
            if seen.verdict == Verdict::Accept {
                low = middle;
            } else {
                (high, beyond) = (middle, seen);
            }
        }
        Ok(Some(beyond))
    }
    .await;
    let beyond = match found {
        Ok(beyond) => beyond,
        Err(trouble) => return Measured::failed(trouble),
    };
    let value = beyond.as_ref().map(|_| u64::from(low * STEP));
    let mut measurement = measurement(what, Unit::Bytes, value, u64::from(RANGE.1 * STEP), probes);
    measurement.about = match &beyond {
        Some(seen) => {
            format!("good tokens with padding, in steps of {STEP} bytes; the next larger one got {}", seen.because)
        }
        None => format!("good tokens with padding, in steps of {STEP} bytes"),
    };
    Measured { value: Some(measurement), trouble: None, beyond }
}
