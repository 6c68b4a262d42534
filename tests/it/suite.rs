//! The embedded suite as a whole.

use jwt_gauntlet::{
    model::{Alg, Period, World, access::AccessRules, placeholder::PlaceholderError},
    suite::{Catalog, lint, lint_profiles, scenarios},
    token::{Forge, ForgeError, KeyRing, Setting},
};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_suite_has_nothing_to_mend() {
    let catalog = Catalog::load(None).unwrap();
    let profiles = lint_profiles(&catalog, &scenarios(None).unwrap()).into_iter();
    let complaints: Vec<String> = lint(&catalog)
        .into_iter()
        .map(|complaint| {
            format!("{}:{}: {}: {}", complaint.source.file, complaint.source.line, complaint.case, complaint.what)
        })
        .chain(profiles.map(|(profile, what)| format!("{profile}: {what}")))
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_requirement_is_shown_by_a_case_or_explained() {
    let catalog = Catalog::load(None).unwrap();
    let gaps = catalog.requirements.gaps(&catalog.cases);
    assert!(
        gaps.is_empty(),
        "write a case, name it in requirements.toml, or give the reason there:\n{}",
        gaps.join("\n")
    );
    assert!(catalog.requirements.sorted().len() > 130);
}

#[test]
fn ids_are_stable() {
    let catalog = Catalog::load(None).unwrap();
    let ids: Vec<String> =
        catalog.cases.iter().map(|case| format!("{} {} {}", case.id, case.level, case.expect)).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    insta::assert_snapshot!(ids.join("\n"));
}

#[test]
fn the_same_suite_from_a_directory_has_the_same_digest() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    assert_eq!(Catalog::load(Some(&directory)).unwrap().digest(), Catalog::load(None).unwrap().digest());
}

#[test]
fn every_variant_can_be_made() {
    let world = World {
        issuer: "https://issuer.example".into(),
        discovery: "https://issuer.example/.well-known/openid-configuration".into(),
        jwks_uri: "https://issuer.example/jwks.json".into(),
        issuer2: "https://issuer2.example".into(),
        jwks_uri2: "https://issuer2.example/jwks.json".into(),
        rogue_issuer: "https://rogue.example".into(),
        canary: "https://canary.example".into(),
        issuer_ca: None,
    };
    let setting = Setting {
        encryption: jwt_gauntlet::model::target::Decryption::default().usual(),
        issuer: world.issuer.clone(),
        world,
        audience: "https://orders.example".into(),
        typ: "JWT".into(),
        leeway: Period::from_secs(0),
        seed: 1,
        rules: AccessRules::default(),
    };
    let forge = Forge::new(KeyRing::generate(Alg::ALL).unwrap(), setting);
    let (catalog, own) = (Catalog::load(None).unwrap(), BTreeMap::new());
    let mint = |recipe: &_, nonce: &str, before: &_| forge.mint(recipe, 1_790_000_000, nonce, before);
    let mut made = 0;
    for case in &catalog.cases {
        let twin = case.given.recipe().over(&catalog.access_token(&own));
        mint(&twin, "n", &BTreeMap::new()).unwrap_or_else(|error| panic!("twin of {}: {error}", case.id));
        let mut before = BTreeMap::new();
        for earlier in &case.before {
            before.insert(earlier.name.clone(), mint(&earlier.token.over(&twin), &earlier.name, &before).unwrap());
        }
        let from = case.token.from.as_deref().unwrap_or("access-token");
        let base = case.given.recipe().over(&catalog.recipe(from, &own));
        let recipe = case.token.over(&base);
        let rehearsed = forge.rehearse(&recipe, &before);
        let minted = mint(&recipe, "n", &before);
        assert_eq!(rehearsed.is_ok(), minted.is_ok(), "{}: {rehearsed:?}", case.id);
        match minted {
            Ok(_) => made += 1,
            Err(ForgeError::NoSuchForm(..)) => {}
            // A name that is respelled in a way that changes nothing here.
            Err(ForgeError::Placeholder(PlaceholderError::Unknown(name))) if name.contains(':') => {}
            Err(error) => panic!("{}: {error}", case.id),
        }
    }
    assert!(made > 800, "only {made}");
}
