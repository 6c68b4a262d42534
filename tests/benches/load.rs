//! What load costs us: minting beside `jsonwebtoken::encode`, verifying beside it, and per token rendering a request,
//! reading an answer and holding its verdict against what was owed. Read the ratios.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RsaKeyPair},
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use jwt_gauntlet::{
    load::{Kind, Owed, Progress, Reader, Seen, Tally},
    model::{Alg, Period, TargetFile, TrustConfig, Verdict, World, access::AccessRules, chaos::TokenClass},
    suite::Catalog,
    target::{Target, Wire, connect},
    token::{Forge, KeyRing, Setting},
};
use serde_json::json;
use std::{collections::BTreeMap, hint::black_box, sync::Arc};

fn forge() -> Forge {
    let setting = Setting {
        encryption: jwt_gauntlet::model::target::Decryption::default().usual(),
        issuer: "https://issuer.example".into(),
        world: World::unserved("https://issuer.example"),
        audience: "https://orders.example".into(),
        typ: "JWT".into(),
        leeway: Period::from_secs(0),
        seed: 1,
        rules: AccessRules::default(),
    };
    Forge::new(KeyRing::generate(&[Alg::Rs256, Alg::Es256]).expect("keys can be made"), setting)
}

/// A private key as `jsonwebtoken` takes it.
fn pem(der: &[u8]) -> Vec<u8> {
    pem::encode(&pem::Pem::new("PRIVATE KEY", der)).into_bytes()
}

fn mint(criterion: &mut Criterion) {
    let (forge, catalog) = (forge(), Catalog::load(None).expect("the embedded suite loads"));
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key can be made");
    let rsa: Pkcs8V1Der<'_> = rsa.as_der().expect("it has a form");
    let ec = ec.to_pkcs8v1().expect("it has a form");
    let rsa = EncodingKey::from_rsa_pem(&pem(rsa.as_ref())).expect("it is a key");
    let ec = EncodingKey::from_ec_pem(&pem(ec.as_ref())).expect("it is a key");
    for (name, alg, key) in [("rs256", Algorithm::RS256, rsa), ("es256", Algorithm::ES256, ec)] {
        let mut group = criterion.benchmark_group(format!("mint {name}"));
        group.throughput(Throughput::Elements(1));
        let mut recipe = catalog.access_token(&BTreeMap::new());
        recipe.sign = serde_json::from_value(json!({ "key": name })).expect("a recipe");
        let template = forge.template(&recipe).expect("it compiles");
        let mut count = 0u64;
        group.bench_function("gauntlet", |bencher| {
            bencher.iter(|| {
                count += 1;
                template.mint(1_790_000_000, black_box(&format!("{count:016x}"))).expect("it mints")
            });
        });
        let header = Header { kid: Some("a-key".into()), ..Header::new(alg) };
        group.bench_function("jsonwebtoken::encode", |bencher| {
            bencher.iter(|| {
                count += 1;
                let claims = json!({
                    "iss": "https://issuer.example", "aud": "https://orders.example", "sub": "user-1",
                    "client_id": "gauntlet", "scope": "read", "iat": 1_790_000_000, "nbf": 1_790_000_000,
                    "exp": 1_790_000_300, "jti": format!("{count:016x}"),
                });
                jsonwebtoken::encode(&header, &claims, &key).expect("it mints")
            });
        });
        group.finish();
    }
}

fn verify(criterion: &mut Criterion) {
    let (forge, catalog) = (forge(), Catalog::load(None).expect("the embedded suite loads"));
    let mut group = criterion.benchmark_group("verify");
    group.throughput(Throughput::Elements(1));
    for (name, alg) in [("rs256", Algorithm::RS256), ("es256", Algorithm::ES256)] {
        let mut recipe = catalog.access_token(&BTreeMap::new());
        recipe.sign = serde_json::from_value(json!({ "key": name })).expect("a recipe");
        let now = jiff::Timestamp::now().as_second();
        let token = forge.mint(&recipe, now, "n", &BTreeMap::new()).expect("it mints").text();
        let (key, _) = forge.ring().key(name).expect("it is there");
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_str(key.jwk()).expect("it is a key");
        let key = DecodingKey::from_jwk(&jwk).expect("it is a key");
        let mut validation = Validation::new(alg);
        validation.set_audience(&["https://orders.example"]);
        group.bench_function(format!("jsonwebtoken::decode {name}"), |bencher| {
            bencher.iter(|| jsonwebtoken::decode::<serde_json::Value>(&token, &key, &validation).expect("it is good"));
        });
    }
    group.finish();
}

fn wire() -> Wire {
    let text = "format = \"target/1\"\n[target]\nname = \"t\"\n[transport.bearer]\nurl = \"http://127.0.0.1:9/who\"\n\
         [trust]\nkeys = \"jwks-uri\"\naudience = \"a\"\nalgorithms = [\"ES256\"]\n";
    let file: TargetFile = toml::from_str(text).expect("it is a target file");
    let trust = TrustConfig {
        issuer: String::new(),
        audience: "a".into(),
        algorithms: vec![Alg::Es256],
        leeway: Period::from_secs(0),
        typ: "JWT".into(),
        jwks_uri: None,
        keys: serde_json::Value::Null,
        rules: AccessRules::default(),
        decryption: jwt_gauntlet::model::target::Decryption::default(),
        second: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let target: Arc<Target> = runtime.block_on(async {
        let world = World::unserved("http://127.0.0.1:1");
        connect(&file, std::path::Path::new("."), &world, &trust).await.expect("it connects").target()
    });
    target.wire().expect("it is a route over HTTP")
}

fn each_token(criterion: &mut Criterion) {
    let wire = wire();
    let mut group = criterion.benchmark_group("each token");
    group.throughput(Throughput::Elements(1));
    let token = "x".repeat(315);
    let mut out = Vec::with_capacity(1024);
    group.bench_function("render", |bencher| {
        bencher.iter(|| {
            out.clear();
            wire.render(black_box(token.as_bytes()), &mut out);
            out.len()
        });
    });
    let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\ndate: Fri, 27 Nov 2026 09:00:00 GMT\r\n\r\n{\"claims\":{\"a\"}}";
    let mut reader = Reader::default();
    group.bench_function("parse", |bencher| {
        bencher.iter(|| assert!(matches!(reader.feed(black_box(answer), false, false), Progress::Done(_))));
    });
    group.bench_function("judge", |bencher| bencher.iter(|| wire.judge(black_box(401), &[])));
    let kinds =
        [Kind { class: TokenClass::Valid, owed: Owed::Accept }, Kind { class: TokenClass::BadSig, owed: Owed::Reject }];
    let mut tally = Tally::over(&kinds, (0, u64::MAX));
    let mut at = 0;
    group.bench_function("record", |bencher| {
        bencher.iter(|| {
            at += 5_000;
            let seen = Seen { kind: 0, planned: at, started: at, ended: at + 80_000, verdict: Verdict::Accept };
            tally.ended(black_box(&seen), String::new);
        });
    });
    group.finish();
}

criterion_group!(benches, mint, verify, each_token);
criterion_main!(benches);
