//! Expanding the whole suite, and judging one observation.

use criterion::{Criterion, criterion_group, criterion_main};
use jwt_gauntlet::{
    conformance::judge,
    model::{Observation, Verdict, outcome::Control, report::Controls},
    suite::{Catalog, files},
};

fn suite(criterion: &mut Criterion) {
    let texts = files(None).expect("the embedded suite is there");
    criterion.bench_function("expand the suite", |bencher| {
        bencher.iter(|| Catalog::from_files(&texts).expect("the embedded suite loads"));
    });
    let catalog = Catalog::from_files(&texts).expect("the embedded suite loads");
    let seen = Observation::bare(Verdict::Reject, "status 401");
    let controls = Controls { base: Control::Accepted, feature: Control::Accepted };
    criterion.bench_function("judge one observation", |bencher| {
        bencher.iter(|| judge(&catalog.cases[0], &seen, controls));
    });
}

criterion_group!(benches, suite);
criterion_main!(benches);
