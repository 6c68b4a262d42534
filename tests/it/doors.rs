//! The same cases through every door over HTTP: the built-in validator holds behind each, and one flaw shows behind each.

use jwt_gauntlet::{
    builtin::{Flaw, IDENTITY, Server},
    conformance::{Standing, build, calibrate, run_block},
    issuer::Options,
    model::{Alg, Outcome, Period, TargetFile, TrustConfig, access::AccessRules},
    run::{BUILTIN_ALGORITHMS, OurSide, Stage, Subject},
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
fn doors(base: &str) -> [(&'static str, String); 9] {
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
        ("gateway", format!("[transport.gateway]\nurl = \"{base}/gateway\"\nidentity = {{ sub = \"{IDENTITY}\" }}\n")),
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
    if let Some(service) = stage.target().upstream_url() {
        server.stand_before(&service);
    }
    let bench = stage.bench(catalog, String::new());
    let calibration = calibrate(&bench, &stage.trust.algorithms, &mut |_| ()).await;
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

/// What the gateway cases come to against the built-in gateway with a flaw.
async fn behind_the_gateway(flaw: Option<Flaw>, catalog: &Catalog, ours: &OurSide) -> BTreeMap<String, Outcome> {
    let subject = Subject::Gateway(flaw);
    let stage = Stage::set(subject, catalog, &Options::default(), Some(ours.clone()), 1).await.unwrap();
    let selection = Selection::new(&["gateway/*".to_owned()], &[], false).unwrap();
    let plan = build(catalog, &stage.provides, &selection, &stage.recipes, Some(&stage.forge), None);
    assert!(plan.skipped.is_empty(), "{:?}", plan.skipped);
    let bench = stage.bench(catalog, String::new());
    assert_eq!(calibrate(&bench, &stage.trust.algorithms, &mut |_| ()).await.standing, Standing::Testable, "{flaw:?}");
    let mut seen = BTreeMap::new();
    for finished in run_block(&bench, &plan.cases).await {
        seen.insert(finished.result.id.to_string(), finished.result.outcome);
    }
    stage.strike().await;
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn each_flaw_of_a_gateway_shows_behind_it() {
    let catalog = Catalog::load(None).unwrap();
    let ours = OurSide::raise(BUILTIN_ALGORITHMS, &catalog, &Options::default()).await.unwrap();
    let strict = behind_the_gateway(None, &catalog, &ours).await;
    let bad: Vec<_> = strict.iter().filter(|(_, outcome)| **outcome >= Outcome::Inconclusive).collect();
    assert!(bad.is_empty() && strict.len() > 10, "{strict:?}");
    let mut caught = std::collections::BTreeSet::new();
    for flaw in Flaw::ALL.iter().copied().filter(|flaw| flaw.is_of_gateway()) {
        let seen = behind_the_gateway(Some(flaw), &catalog, &ours).await;
        let failed: Vec<_> = seen.iter().filter(|(_, outcome)| **outcome == Outcome::Fail).collect();
        assert!(!failed.is_empty(), "{flaw}: {seen:?}");
        caught.extend(failed.into_iter().map(|(id, _)| id.split(':').next().unwrap().to_owned()));
    }
    let cases = strict.keys().map(|id| id.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(caught, cases, "each case is failed by a flaw");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_answers_without_its_gateway_is_found() {
    let catalog = Catalog::load(None).unwrap();
    let ours = OurSide::raise(&[Alg::Es256, Alg::Rs256], &catalog, &Options::default()).await.unwrap();
    let open = wiremock::MockServer::start().await;
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(wiremock::ResponseTemplate::new(200))
        .mount(&open)
        .await;
    let world = ours.testbed.world().clone();
    let trust = TrustConfig {
        second: None,
        decryption: Default::default(),
        issuer: world.issuer.clone(),
        audience: AUDIENCE.into(),
        algorithms: vec![Alg::Es256],
        leeway: Period::from_secs(0),
        typ: "JWT".into(),
        jwks_uri: Some(world.jwks_uri.clone()),
        keys: ours.ring.handed_over(),
        rules: AccessRules::default(),
    };
    let server = Server::start(None, &trust).await.unwrap();
    let closed = format!("{}/whoami", server.url());
    let text = format!(
        "format = \"target/1\"\n[target]\nname = \"g\"\n[transport.gateway]\nurl = \"{}/gateway\"\n\
         around = [\"{}/orders\", \"{closed}\"]\n[trust]\nkeys = \"jwks-uri\"\naudience = \"{AUDIENCE}\"\n\
         algorithms = [\"ES256\"]\n",
        server.url(),
        open.uri(),
    );
    let subject = Subject::File(PathBuf::from("t.toml"), Box::new(toml::from_str(&text).unwrap()));
    let stage = Stage::set(subject, &catalog, &Options::default(), Some(ours), 1).await.unwrap();
    server.stand_before(&stage.target().upstream_url().unwrap());
    let checks = calibrate(&stage.bench(&catalog, String::new()), &stage.trust.algorithms, &mut |_| ()).await.checks;
    let around: Vec<_> = checks.iter().filter(|check| check.name.contains("without its gateway")).collect();
    let outcomes: Vec<Outcome> = around.iter().map(|check| check.outcome).collect();
    assert_eq!(outcomes, [Outcome::Fail, Outcome::Pass], "{around:?}");
    stage.strike().await;
    server.stop().await;
}
