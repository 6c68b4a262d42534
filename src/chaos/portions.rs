//! What the traffic of a scenario is made of.

use crate::model::chaos::{Scenario, TokenClass, Tokens};

/// One kind of token in the traffic, with its weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) class: TokenClass,
    pub(super) key: Option<String>,
    pub(super) weight: u32,
}

/// The composition of the traffic.
pub(super) fn portions(scenario: &Scenario) -> Vec<Part> {
    let traffic = &scenario.traffic;
    let exchanged = |class| match (traffic.tokens, class) {
        (Tokens::Fresh, TokenClass::Replay) => TokenClass::Valid,
        (Tokens::Replayed, TokenClass::Valid | TokenClass::Old) => TokenClass::Replay,
        (_, class) => class,
    };
    let of_mix = traffic.mix.portions().iter().map(|(class, weight)| Part {
        class: exchanged(*class),
        key: None,
        weight: *weight,
    });
    let also = traffic.also.iter().map(|portion| Part {
        class: exchanged(portion.class),
        key: portion.key.clone(),
        weight: portion.weight,
    });
    of_mix.chain(also).collect()
}
