//! What the adapter protocol costs: tokens a second through an adapter that refuses everything without looking, with 64
//! questions open at a time. The suite sends some thousand tokens, so 10,000 a second keep the protocol out of the way.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use jwt_gauntlet::{
    model::{Period, Verdict},
    target::{Shown, StdioTarget, Target},
};
use std::{collections::BTreeMap, path::Path};

const OPEN: usize = 64;

fn stdio(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let command = [env!("CARGO_BIN_EXE_gauntlet"), "adapter", "builtin", "refuses-everything"].map(str::to_owned);
    let adapter =
        runtime.block_on(StdioTarget::start(command.to_vec(), BTreeMap::new(), Path::new("."), Period::from_secs(5)));
    let target = Target::Stdio(Box::new(adapter.expect("the adapter starts")));
    let token = "a".repeat(800);
    let mut group = criterion.benchmark_group("stdio");
    group.throughput(Throughput::Elements(OPEN as u64));
    group.bench_function("64 tokens", |bencher| {
        bencher.iter(|| {
            let shown = Shown::plain(token.as_bytes(), 0);
            let seen = runtime.block_on(join_all((0..OPEN).map(|_| target.present(&shown))));
            assert!(seen.iter().all(|seen| seen.verdict == Verdict::Reject));
        });
    });
    group.finish();
}

criterion_group!(benches, stdio);
criterion_main!(benches);
