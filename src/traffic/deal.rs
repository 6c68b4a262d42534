//! Which of several kinds comes next, so that each has its share at every moment and not only in the end.

/// Deals indices by weight: smooth weighted round robin, the same for the same weights.
#[derive(Debug, Clone)]
pub struct Deal {
    weights: Vec<i64>,
    credit: Vec<i64>,
}

impl Deal {
    /// Indices 0 and up with these weights.
    #[must_use]
    pub fn new(weights: &[u32]) -> Deal {
        let weights: Vec<i64> = weights.iter().map(|weight| i64::from(*weight)).collect();
        Deal { credit: vec![0; weights.len()], weights }
    }

    /// The next index; `None` where nothing has a weight.
    pub fn draw(&mut self) -> Option<usize> {
        let total: i64 = self.weights.iter().sum();
        if total == 0 {
            return None;
        }
        for (credit, weight) in self.credit.iter_mut().zip(&self.weights) {
            *credit += weight;
        }
        let richest = (0..self.credit.len()).rev().max_by_key(|index| self.credit[*index])?;
        self.credit[richest] -= total;
        Some(richest)
    }

    /// How many of so many have this index.
    #[must_use]
    pub fn share(&self, index: usize, of: u64) -> u64 {
        let total: i64 = self.weights.iter().sum();
        match (self.weights.get(index), total) {
            (Some(weight), 1..) => (of as f64 * *weight as f64 / total as f64).ceil() as u64,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(Deal::new(&[]).draw(), None);
        assert_eq!(Deal::new(&[0, 0]).draw(), None);
    }

    proptest! {
        #[test]
        fn each_has_its_share_in_every_round(weights in proptest::collection::vec(0u32..40, 1..8), rounds in 1usize..5) {
            let total: u32 = weights.iter().sum();
            let mut deal = Deal::new(&weights);
            let mut seen = vec![0u32; weights.len()];
            for dealt in 0..total as usize * rounds {
                seen[deal.draw().unwrap()] += 1;
                // Never further from its share than the number of kinds.
                for (index, weight) in weights.iter().enumerate() {
                    let due = (dealt + 1) as f64 * f64::from(*weight) / f64::from(total);
                    prop_assert!((f64::from(seen[index]) - due).abs() <= weights.len() as f64);
                }
            }
            let exact: Vec<u32> = weights.iter().map(|weight| weight * rounds as u32).collect();
            prop_assert_eq!(seen, exact);
        }
    }
}
