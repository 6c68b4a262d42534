//! The same cases through every door over HTTP: the built-in validator holds behind each, and one flaw shows behind each.

use jwt_gauntlet::{
    builtin::{Flaw, Server},
    conformance::{Standing, build, calibrate, run_block},
    issuer::Options,
    model::{Alg, Outcome, Period, TargetFile, TrustConfig, access::AccessRules},
    run::{OurSide, Stage, Subject},
    suite::{Catalog, Selection},
};
use std::{collections::BTreeMap, path::PathBuf};

const AUDIENCE: &str = "https://orders.example";

/// Fifteen cases that together use every part of a token.
const CASES: [&str; 15] = [
    "acceptance/pos-aud-array",
    "acceptance/pos-json-escapes",
    "acceptance/pos-unicode-claims",
    "algorithm/alg-none",
    "algorithm/alg-none-decorated",
    "algorithm/alg-missing",
    "algorithm/sig-stripped",
    "algorithm/sig-payload-swap",
    "claims/exp-past",
    "claims/nbf-future",
    "claims/aud-wrong",
    "claims/iss-wrong",
    "encoding/seg-count",
    "encoding/b64-whitespace",
    "key-injection/kid-unknown",
];

/// The transport tables that reach the same validator.
fn doors(base: &str) -> [(&'static str, String); 8] {
    let bearer = |path: &str, method: &str, place: &str| {
        format!(
            "[transport.bearer]\nurl = \"{base}{path}\"\nmethod = \"{method}\"\n{place}claims.pointer = \"/claims\"\n"
        )
    };
    [
        ("bearer", bearer("/whoami", "GET", "")),
        ("cookie", bearer("/by-cookie", "GET", "place = { cookie = \"access_token\" }\n")),
        ("query", bearer("/by-query", "GET", "place = { query = \"access_token\" }\n")),
        ("form", bearer("/by-form", "POST", "place = { form = \"access_token\" }\n")),
        ("header", bearer("/by-header", "GET", "place = { header = \"X-Access-Token\" }\n")),
        ("introspection", format!("[transport.introspection]\nurl = \"{base}/introspect\"\n")),
        (
            "forward-auth",
            format!(
                "[transport.forward-auth]\nurl = \"{base}/whoami\"\nforwarded = {{ X-Forwarded-Uri = \"/orders\" }}\n"
            ),
        ),
        (
            "decision",
            format!(
                "[transport.decision]\nurl = \"{base}/decide\"\nbody = '{{\"token\": \"${{token}}\", \"path\": [\"orders\"]}}'\n\
                 accept = {{ status = [200], body = {{ pointer = \"/allow\", is = true }} }}\n\
                 reject = {{ status = [200], body = {{ pointer = \"/allow\", is = false }} }}\n"
            ),
        ),
    ]
}

/// What the cases come to behind a door.
async fn outcomes(flaw: Option<Flaw>, catalog: &Catalog, ours: &OurSide, which: usize) -> BTreeMap<String, Outcome> {
    let world = ours.testbed.world().clone();
    let trust = TrustConfig {
        second: None,
        decryption: Default::default(),
        issuer: world.issuer.clone(),
        audience: AUDIENCE.into(),
        algorithms: vec![Alg::Es256, Alg::Rs256],
        leeway: Period::from_secs(0),
        typ: "JWT".into(),
        jwks_uri: Some(world.jwks_uri.clone()),
        keys: ours.ring.handed_over(),
        rules: AccessRules::default(),
    };
    let server = Server::start(flaw, &trust).await.unwrap();
    let (name, table) = doors(&server.url())[which].clone();
    let text = format!(
        "format = \"target/1\"\n[target]\nname = \"{name}\"\n{table}[trust]\nkeys = \"jwks-uri\"\naudience = \"{AUDIENCE}\"\n\
         algorithms = [\"ES256\", \"RS256\"]\n"
    );
    let file: TargetFile = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let subject = Subject::File(PathBuf::from("t.toml"), Box::new(file));
    let stage = Stage::set(subject, catalog, &Options::default(), Some(ours.clone()), 1).await.unwrap();
    let only: Vec<String> = CASES.iter().map(|case| (*case).to_owned()).collect();
    let selection = Selection::new(&only, &[], false).unwrap();
    let plan = build(catalog, &stage.provides, &selection, &stage.recipes, Some(&stage.forge), None);
    let bench = stage.bench(catalog, String::new());
    let calibration = calibrate(&bench, &stage.trust.algorithms).await;
    assert_eq!(calibration.standing, Standing::Testable, "{name}: {:?}", calibration.checks);
    let mut seen = BTreeMap::new();
    for block in plan.cases.chunks(20) {
        for finished in run_block(&bench, block).await {
            seen.insert(finished.result.id.to_string(), finished.result.outcome);
        }
    }
    stage.strike().await;
    server.stop().await;
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_leads_to_the_same_verdicts() {
    let catalog = Catalog::load(None).unwrap();
    let ours = OurSide::raise(&[Alg::Es256, Alg::Rs256], &catalog, &Options::default()).await.unwrap();
    let mut first = None;
    for which in 0..doors("").len() {
        let (name, _) = doors("")[which].clone();
        let seen = outcomes(None, &catalog, &ours, which).await;
        let bad: Vec<_> = seen.iter().filter(|(_, outcome)| **outcome >= Outcome::Inconclusive).collect();
        assert!(bad.is_empty(), "{name}: {bad:?}");
        assert!(seen.len() > 25, "{name}: only {} variants", seen.len());
        let ids: Vec<String> = seen.into_keys().collect();
        assert_eq!(*first.get_or_insert(ids.clone()), ids, "{name} runs other variants");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flaw_shows_behind_every_door() {
    let catalog = Catalog::load(None).unwrap();
    let ours = OurSide::raise(&[Alg::Es256, Alg::Rs256], &catalog, &Options::default()).await.unwrap();
    for which in 0..doors("").len() {
        let (name, _) = doors("")[which].clone();
        let seen = outcomes(Some(Flaw::AlgNone), &catalog, &ours, which).await;
        let failed: Vec<_> = seen.iter().filter(|(_, outcome)| **outcome == Outcome::Fail).map(|(id, _)| id).collect();
        assert_eq!(failed, ["algorithm/alg-none"], "{name}");
    }
}
