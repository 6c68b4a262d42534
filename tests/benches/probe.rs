//! What a probe costs beside a bare client call to the same server. Read the ratio of the two lines.

use criterion::{Criterion, criterion_group, criterion_main};
use jwt_gauntlet::{
    builtin::Server,
    issuer::{Documents, Options, Testbed},
    model::{Alg, Period, TargetFile, TrustConfig, World},
    suite::Catalog,
    target::{self, Shown},
    token::{Forge, KeyRing, Setting},
};
use std::{collections::BTreeMap, path::Path};

const AUDIENCE: &str = "https://orders.example";

struct Scene {
    server: Server,
    world: World,
    trust: TrustConfig,
    forge: Forge,
    _testbed: Testbed,
}

async fn scene() -> Scene {
    let ring = KeyRing::generate(&[Alg::Es256]).expect("keys can be made");
    let documents = Documents {
        jwks: ring.jwks(),
        rogue_jwks: ring.rogue_jwks(),
        algorithms: vec![Alg::Es256],
        headers: BTreeMap::new(),
    };
    let testbed = Testbed::start(&Options::default(), documents).await.expect("the issuer starts");
    let world = testbed.world().clone();
    let trust = TrustConfig {
        decryption: Default::default(),
        issuer: world.issuer.clone(),
        audience: AUDIENCE.into(),
        algorithms: vec![Alg::Es256],
        leeway: Period::from_secs(0),
        typ: "JWT".into(),
        jwks_uri: Some(world.jwks_uri.clone()),
        keys: ring.handed_over(),
    };
    let server = Server::start(None, &trust).await.expect("the validator starts");
    let setting = Setting {
        encryption: jwt_gauntlet::model::target::Decryption::default().usual(),
        world: world.clone(),
        issuer: world.issuer.clone(),
        audience: AUDIENCE.into(),
        typ: "JWT".into(),
        leeway: Period::from_secs(0),
        seed: 1,
    };
    Scene { server, world, trust, forge: Forge::new(ring, setting), _testbed: testbed }
}

fn probe(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let scene = runtime.block_on(scene());
    let catalog = Catalog::load(None).expect("the embedded suite loads");
    let now = jiff::Timestamp::now().as_second();
    let recipe = catalog.access_token(&BTreeMap::new());
    let token = scene.forge.mint(&recipe, now, "bench", &BTreeMap::new()).expect("it mints").text();
    let file = format!(
        "format = \"target/1\"\n[target]\nname = \"bench\"\n[transport.bearer]\nurl = \"{}/whoami\"\n[trust]\nkeys = \"jwks-uri\"\naudience = \"{AUDIENCE}\"\nalgorithms = [\"ES256\"]\n",
        scene.server.url()
    );
    let file: TargetFile = toml::from_str(&file).expect("a target file");
    let connection = runtime
        .block_on(target::connect(&file, Path::new("."), &scene.world, &scene.trust))
        .expect("the target is reached");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut group = criterion.benchmark_group("one request on loopback");
    group.bench_function("bare reqwest", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let call = client
                    .get(format!("{}/whoami", scene.server.url()))
                    .bearer_auth(&token)
                    .send()
                    .await
                    .expect("it answers");
                assert_eq!(call.status(), 200);
                call.bytes().await.expect("it has a body")
            })
        });
    });
    let target = connection.target();
    group.bench_function("probe", |bencher| {
        bencher.iter(|| runtime.block_on(target.present(&Shown::plain(token.as_bytes(), now))));
    });
    group.finish();
}

criterion_group!(benches, probe);
criterion_main!(benches);
