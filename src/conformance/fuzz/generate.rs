//! From a seed and a number to a token's recipe. Pure: the same seed, number and palette give the same recipe, and the
//! same answers of a target the same shrinking.

use super::{
    kind::Kind,
    shape::{Shape, shape},
    wrong::wrong,
};
use crate::model::{Alg, KeyFamily, Recipe};
use aws_lc_rs::digest;
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// The most shapes around the wrong thing.
const MOST_SHAPES: usize = 7;

/// The keys that tokens can be signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    /// Algorithms whose good tokens the target takes, at least one; the cheap ones, since signing must not slow a run.
    pub trusted: Vec<Alg>,
    /// Algorithms that the target takes and that have a public key; may be empty.
    pub asymmetric: Vec<Alg>,
    /// Keys that nobody published, by name.
    pub rogue: Vec<String>,
}

/// Kinds of keys that sign quickly.
const CHEAP: &[KeyFamily] = &[KeyFamily::P256, KeyFamily::Ed25519, KeyFamily::Oct];

impl Palette {
    /// The palette of a target that takes these algorithms. An RSA signature costs as much as twenty others, so the
    /// cheap kinds of keys sign where there is one; as HMAC secrets all public keys cost nothing.
    #[must_use]
    pub fn new(taken: &[Alg]) -> Palette {
        let of = |family: KeyFamily| taken.iter().copied().find(|alg| alg.family() == family);
        let mut trusted: Vec<Alg> = CHEAP.iter().filter_map(|family| of(*family)).collect();
        if trusted.is_empty() {
            trusted = taken.iter().copied().take(1).collect();
        }
        let asymmetric = taken.iter().copied().filter(|alg| alg.is_asymmetric()).collect();
        let rogue = trusted.iter().map(|alg| format!("rogue-{}", alg.name().to_lowercase())).collect();
        Palette { trusted, asymmetric, rogue }
    }
}

/// A generated token: what is certainly wrong, and what is around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Forgery {
    /// What is certainly wrong.
    pub kind: Kind,
    /// The recipe, to be laid over that of a good token.
    pub recipe: Recipe,
}

/// Makes forgeries.
#[derive(Debug, Clone)]
pub struct Generator {
    seed: u64,
    palette: Palette,
    /// Each kind as often as its share says.
    kinds: Vec<Kind>,
}

impl Generator {
    /// A generator for the keys of one target.
    #[must_use]
    pub fn new(seed: u64, palette: Palette) -> Generator {
        let possible = |kind: &Kind| *kind != Kind::PublicKeySecret || !palette.asymmetric.is_empty();
        let all = Kind::ALL.iter().copied().filter(possible);
        let kinds = all.flat_map(|kind| std::iter::repeat_n(kind, kind.share() as usize)).collect();
        Generator { seed, palette, kinds }
    }

    /// What is wrong with the token of a number.
    #[must_use]
    pub fn kind(&self, number: u32) -> Kind {
        self.kinds[number as usize % self.kinds.len()]
    }

    /// The token of a number.
    #[must_use]
    pub fn forgery(&self, number: u32) -> Option<Forgery> {
        self.tree(number).map(|tree| tree.current())
    }

    /// The next smaller token to try, when those tried so far were accepted as `answers` says; `None` at the end.
    #[must_use]
    pub fn smaller(&self, number: u32, answers: &[bool]) -> Option<Forgery> {
        let mut tree = self.tree(number)?;
        let mut moved = tree.simplify();
        for accepted in answers {
            if !moved {
                return None;
            }
            moved = if *accepted { tree.simplify() } else { tree.complicate() };
        }
        moved.then(|| tree.current())
    }

    fn tree(&self, number: u32) -> Option<impl ValueTree<Value = Forgery>> {
        let kind = self.kind(number);
        // Mostly few: of many shapes one is often refused for itself, and hides what the others do.
        let shapes = prop_oneof![3 => vec(shape(), 0..=2), 1 => vec(shape(), 0..=MOST_SHAPES)];
        let parts = (wrong(kind, &self.palette), shapes);
        let strategy = parts.prop_map(move |(wrong, shapes)| Forgery { kind, recipe: assemble(kind, wrong, shapes) });
        let text = format!("gauntlet fuzz 1 {} {number}", self.seed);
        let seed = digest::digest(&digest::SHA256, text.as_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, seed.as_ref());
        let config = Config { failure_persistence: None, ..Config::default() };
        strategy.new_tree(&mut TestRunner::new_with_rng(config, rng)).ok()
    }
}

/// The wrong thing with the shapes that fit around it. Order matters: members before texts, the signature's bytes before
/// the token's text; and the wrong thing has the last word on each member.
fn assemble(kind: Kind, wrong: Recipe, shapes: Vec<Shape>) -> Recipe {
    let mut around = Recipe::default();
    let (mut texts, mut signature, mut form, mut whole) = (Vec::new(), Vec::new(), None, Vec::new());
    for shape in shapes.into_iter().filter(|shape| shape.fits(kind, &wrong)) {
        match shape {
            Shape::Header(name, value) => drop(around.header.insert(name.to_owned(), value)),
            Shape::NoHeader(name) => around.drop_header.push(name.to_owned()),
            Shape::Claim(name, value) => drop(around.claims.insert(name.to_owned(), value)),
            Shape::NoClaim(name) => around.drop.push(name.to_owned()),
            Shape::Members(mutation) => around.mutate.push(mutation),
            Shape::Text(mutation) => texts.push(mutation),
            Shape::Signature(tampering) => signature.push(tampering),
            Shape::Form(tampering) => form = Some(tampering),
            Shape::Whole(tampering) => whole.push(tampering),
        }
    }
    for (name, value) in wrong.header {
        around.drop_header.retain(|dropped| *dropped != name);
        around.header.insert(name, value);
    }
    for name in &wrong.drop_header {
        around.header.shift_remove(name);
    }
    around.drop_header.extend(wrong.drop_header);
    around.claims.extend(wrong.claims);
    around.sign = wrong.sign;
    (around.raw_header, around.raw_claims) = (wrong.raw_header, wrong.raw_claims);
    around.mutate = [wrong.mutate, around.mutate, texts].concat();
    around.then = [wrong.then, signature, form.into_iter().collect(), whole].concat();
    tidy(around)
}

/// Takes out what has no effect: a member that is set and then left out, a name that is left out twice.
fn tidy(mut recipe: Recipe) -> Recipe {
    for (members, dropped) in [(&mut recipe.header, &mut recipe.drop_header), (&mut recipe.claims, &mut recipe.drop)] {
        dropped.sort();
        dropped.dedup();
        for name in dropped.iter() {
            members.shift_remove(name);
        }
    }
    recipe
}
