//! What the generator promises: each token can be made, none is lawful, and shrinking ends at the bare defect.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
use jwt_gauntlet::{
    builtin::{Builtin, Flaw},
    conformance::fuzz::{Forgery, Generator, Kind, Palette, case_block},
    model::{Alg, Period, Recipe, TrustConfig, World, recipe::Sign},
    suite::{Catalog, SuiteFile, lint},
    target::protocol::{Answer, Validator},
    token::{Forge, KeyRing, Setting},
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ALGORITHMS: &[Alg] = &[Alg::Rs256, Alg::Es256, Alg::EdDsa, Alg::Hs256];

struct Bed {
    forge: Forge,
    good: Recipe,
    trust: TrustConfig,
}

impl Bed {
    fn new() -> Bed {
        let world = World {
            issuer: "https://issuer.example".into(),
            discovery: "https://issuer.example/.well-known/openid-configuration".into(),
            jwks_uri: "https://issuer.example/jwks.json".into(),
            rogue_issuer: "https://rogue.example".into(),
            canary: "https://canary.example".into(),
            issuer_ca: None,
        };
        let ring = KeyRing::generate(ALGORITHMS).unwrap();
        let setting = Setting {
            issuer: world.issuer.clone(),
            world,
            audience: "https://orders.example".into(),
            typ: "JWT".into(),
            leeway: Period::from_secs(60),
            seed: 1,
        };
        let trust = TrustConfig {
            issuer: setting.issuer.clone(),
            audience: setting.audience.clone(),
            algorithms: ALGORITHMS.to_vec(),
            leeway: setting.leeway,
            typ: setting.typ.clone(),
            jwks_uri: None,
            keys: ring.handed_over(),
        };
        let good = Catalog::load(None).unwrap().access_token(&BTreeMap::new());
        Bed { forge: Forge::new(ring, setting), good, trust }
    }

    fn now() -> i64 {
        i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap()
    }

    fn mint(&self, recipe: &Recipe) -> Vec<u8> {
        let minted = self.forge.mint(&recipe.over(&self.good), Bed::now(), "n", &BTreeMap::new());
        minted.unwrap_or_else(|error| panic!("{error}: {recipe:#?}")).bytes
    }
}

fn generator(seed: u64) -> Generator {
    Generator::new(seed, Palette::new(ALGORITHMS))
}

/// jsonwebtoken, as its documentation would have it configured.
fn takes(trust: &TrustConfig, token: &[u8]) -> bool {
    let Ok(header) = jsonwebtoken::decode_header(token) else { return false };
    let keys: JwkSet = serde_json::from_value(trust.keys.clone()).unwrap();
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[&trust.audience]);
    validation.set_issuer(&[&trust.issuer]);
    validation.validate_nbf = true;
    validation.leeway = 60;
    validation.algorithms = vec![header.alg];
    let allowed = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::HS256].contains(&header.alg);
    allowed
        && keys
            .keys
            .iter()
            .filter(|key| key.common.key_algorithm.is_some_and(|alg| alg.to_string() == format!("{:?}", header.alg)))
            .filter_map(|key| DecodingKey::from_jwk(key).ok())
            .any(|key| decode::<Map<String, Value>>(token, &key, &validation).is_ok())
}

fn builtin(flaw: Option<Flaw>, bed: &Bed) -> impl Fn(&[u8]) -> bool {
    let mut validator = Builtin::new(flaw);
    validator.configure(&bed.trust);
    move |token: &[u8]| matches!(validator.validate(token, Bed::now()), Answer::Accept(_))
}

#[test]
fn every_token_can_be_made_and_none_is_lawful() {
    let bed = Bed::new();
    let strict = builtin(None, &bed);
    for alg in ALGORITHMS {
        let sign = Some(Sign { key: alg.name().to_lowercase(), alg: None });
        let good = bed.mint(&Recipe { sign, ..Recipe::default() });
        assert!(strict(&good) && takes(&bed.trust, &good), "good tokens of {alg} are refused");
    }
    let (mut kinds, mut recipes) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..6_000 {
        let Forgery { kind, recipe } = generator(5).forgery(number).unwrap();
        let token = bed.mint(&recipe);
        assert!(!strict(&token), "strict takes {number}: {recipe:#?}");
        // `crit` is left to the caller there.
        assert!(
            kind == Kind::UnknownCritical || !takes(&bed.trust, &token),
            "jsonwebtoken takes {number}: {recipe:#?}"
        );
        kinds.insert(kind);
        recipes.insert(serde_json::to_string(&recipe).unwrap());
    }
    assert_eq!(kinds.len(), Kind::ALL.len());
    assert!(recipes.len() > 4_000, "only {} different ones", recipes.len());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn a_seed_and_a_number_decide(seed: u64, number: u32) {
        let one = generator(seed).forgery(number).unwrap();
        assert_eq!(Some(&one), generator(seed).forgery(number).as_ref());
        assert_eq!(one.kind, generator(seed).kind(number));
    }

    #[test]
    fn smaller_tokens_are_as_wrong(seed: u64, number in 0u32..1000, answers in proptest::collection::vec(proptest::bool::ANY, 0..12)) {
        let bed = bed();
        let (strict, generator) = (builtin(None, bed), generator(seed));
        for length in 0..answers.len() {
            let Some(Forgery { kind, recipe }) = generator.smaller(number, &answers[..length]) else { break };
            let token = bed.mint(&recipe);
            assert!(!strict(&token), "{recipe:#?}");
            assert!(kind == Kind::UnknownCritical || !takes(&bed.trust, &token), "{recipe:#?}");
        }
    }
}

fn bed() -> &'static Bed {
    static BED: std::sync::OnceLock<Bed> = std::sync::OnceLock::new();
    BED.get_or_init(Bed::new)
}

/// The smallest accepted token of the first accepted one among these numbers.
fn found(flaw: Flaw, numbers: std::ops::Range<u32>) -> Option<Forgery> {
    let bed = bed();
    let (accepts, generator) = (builtin(Some(flaw), bed), generator(7));
    let is_taken = |forgery: &Forgery| accepts(&bed.mint(&forgery.recipe));
    let number = numbers.into_iter().find(|number| is_taken(&generator.forgery(*number).unwrap()))?;
    let (mut smallest, mut answers) = (generator.forgery(number).unwrap(), Vec::new());
    while let Some(smaller) = generator.smaller(number, &answers) {
        answers.push(is_taken(&smaller));
        if answers.last() == Some(&true) {
            smallest = smaller;
        }
        assert!(answers.len() < 1000, "shrinking does not end");
    }
    Some(smallest)
}

#[test]
fn shrinking_ends_at_the_bare_defect() {
    let none = found(Flaw::AlgNone, 0..3000).unwrap();
    assert_eq!(none.kind, Kind::Unsigned);
    let value = serde_json::to_value(&none.recipe).unwrap();
    let wanted = json!({ "header": { "alg": "none" }, "sign": { "key": "es256" }, "then": ["strip-signature"] });
    assert_eq!(value, wanted);
    let jwk = found(Flaw::JwkHeaderUsed, 0..6000).unwrap();
    let value = serde_json::to_value(&jwk.recipe).unwrap();
    assert_eq!(value["mutate"], json!(["embed-jwk"]), "{value:#}");
    assert!(value.get("claims").is_none() && value.get("then").is_none(), "{value:#}");
}

const HEAD: &str = "format = \"cases/1\"\n[family]\ntitle = \"Found\"\nabout = \"By fuzzing.\"\nlevel = \"must\"\nseverity = \"high\"\n";

#[test]
fn a_case_block_can_be_pasted_and_means_the_same_token() {
    let mut files = jwt_gauntlet::suite::files(None).unwrap();
    files.retain(|file| ["recipes", "keysets"].contains(&file.stem.as_str()));
    let (numbers, generator) = (0..1_000, generator(3));
    let forgeries: Vec<Forgery> = numbers.clone().map(|number| generator.forgery(number).unwrap()).collect();
    let blocks: Vec<String> =
        numbers.zip(&forgeries).map(|(number, forgery)| case_block(forgery, number).unwrap()).collect();
    let text = format!("{HEAD}\n{}", blocks.join("\n"));
    files.push(SuiteFile { name: "found.toml".into(), stem: "found".into(), text });
    let catalog = Catalog::from_files(&files).unwrap();
    assert_eq!(lint(&catalog), []);
    assert_eq!(catalog.cases.len(), forgeries.len());
    let bed = bed();
    for (case, forgery) in catalog.cases.iter().zip(&forgeries) {
        let pasted = case.token.over(&case.given.recipe().over(&bed.good));
        assert_eq!(pasted, forgery.recipe.over(&bed.good), "{}", case.id);
    }
}
