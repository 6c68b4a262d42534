//! What a good token costs beside its bare signature. Read the ratio of the two lines of an algorithm.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use criterion::{Criterion, criterion_group, criterion_main};
use jwt_gauntlet::{
    model::{Alg, Period, World},
    suite::Catalog,
    token::{Forge, KeyRing, Setting},
};
use std::{collections::BTreeMap, hint::black_box};

fn forge() -> Forge {
    let world = World {
        issuer: "https://issuer.example".into(),
        discovery: "https://issuer.example/.well-known/openid-configuration".into(),
        jwks_uri: "https://issuer.example/jwks.json".into(),
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
    };
    let ring = KeyRing::generate(&[Alg::Rs256, Alg::Es256, Alg::EdDsa]).expect("keys can be made");
    Forge::new(ring, setting)
}

fn mint(criterion: &mut Criterion) {
    let forge = forge();
    let catalog = Catalog::load(None).expect("the embedded suite loads");
    let input = vec![b'x'; 480];
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key can be made");
    let ed = Ed25519KeyPair::generate().expect("a key can be made");
    let random = SystemRandom::new();
    for name in ["rs256", "es256", "eddsa"] {
        let mut group = criterion.benchmark_group(name);
        group.bench_function("bare signature", |bencher| {
            bencher.iter(|| match name {
                "rs256" => {
                    let mut out = vec![0; 256];
                    rsa.sign(&RSA_PKCS1_SHA256, &random, &input, &mut out).expect("it signs");
                    out
                }
                "es256" => ec.sign(&random, &input).expect("it signs").as_ref().to_vec(),
                _ => ed.sign(&input).as_ref().to_vec(),
            });
        });
        let mut recipe = catalog.access_token(&BTreeMap::new());
        recipe.sign = serde_json::from_value(serde_json::json!({ "key": name })).expect("a recipe");
        let template = forge.template(&recipe).expect("it compiles");
        let mut count = 0u64;
        group.bench_function("whole token", |bencher| {
            bencher.iter(|| {
                count += 1;
                template.mint(1_790_000_000, black_box(&format!("{count:016x}"))).expect("it mints")
            });
        });
        group.bench_function("whole token, any recipe", |bencher| {
            bencher.iter(|| forge.mint(&recipe, 1_790_000_000, "n", &BTreeMap::new()).expect("it mints"));
        });
        group.finish();
    }
}

criterion_group!(benches, mint);
criterion_main!(benches);
