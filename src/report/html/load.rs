//! Load plans on the page: figures by window, each second as a column, classes beside each other, and the gates.

use super::{
    chart::{Bar, Curve, Text},
    evidence::Mark,
};
use crate::{
    model::{
        RunReport,
        load::{ClassLoad, LoadResult, LoadWindow},
    },
    report::{
        load::{comparison, health, maximum, ms, number, users},
        text::visible,
        words::grouped,
    },
};
use serde::Serialize;

/// The width of the drawing; everything to the left of `LEFT` is text.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 110.0;
const COLUMNS: f64 = 70.0;
const CURVE: f64 = 80.0;
/// Windows with a drawing of their own.
const DRAWN: usize = 12;
/// Columns, at most: longer runs share one between several seconds.
const MOST: usize = 400;

/// One plan.
#[derive(Serialize)]
pub(super) struct LoadView {
    anchor: String,
    id: String,
    title: String,
    why: String,
    fix: String,
    drive: String,
    mark: Mark,
    notes: Vec<String>,
    found: Vec<String>,
    windows: Vec<WindowView>,
    charts: Vec<ChartView>,
    users: Option<UsersView>,
    steps: Vec<[String; 5]>,
    gates: Vec<GateView>,
    source: String,
}

#[derive(Serialize)]
struct WindowView {
    name: String,
    throughput: String,
    /// Its throughput against that of the fastest window, in percent.
    share: f64,
    times: Vec<String>,
    bytes: u64,
    wrong: bool,
    verdicts: String,
    cache: Option<String>,
    health: String,
    target: Option<String>,
}

/// What users did.
#[derive(Serialize)]
struct UsersView {
    headline: String,
    label: &'static str,
    heads: [&'static str; 7],
    rows: Vec<[String; 7]>,
    page: Option<String>,
}

#[derive(Serialize)]
struct GateView {
    mark: Mark,
    level: String,
    name: String,
    expected: String,
    observed: String,
    n: u64,
    because: String,
}

#[derive(Serialize)]
struct ChartView {
    name: String,
    width: f64,
    height: f64,
    label: String,
    axis: Vec<Tick>,
    labels: Vec<Text>,
    bars: Vec<Bar>,
    curves: Vec<Curve>,
    classes: Vec<ClassView>,
    wrong: Vec<String>,
}

#[derive(Serialize)]
struct Tick {
    x: f64,
    text: String,
}

#[derive(Serialize)]
struct ClassView {
    name: String,
    numbers: Vec<String>,
}

/// The plans of a run.
pub(super) fn views(report: &RunReport) -> Vec<LoadView> {
    report.load.iter().enumerate().map(|(place, result)| LoadView::of(place, result)).collect()
}

impl LoadView {
    fn of(place: usize, result: &LoadResult) -> LoadView {
        let fastest = result.windows.iter().map(|window| window.throughput_rps).fold(1.0, f64::max);
        let found = result.maximum.iter().map(maximum).chain(result.paired.iter().map(comparison));
        LoadView {
            anchor: format!("load-{place}"),
            id: visible(&result.id),
            title: visible(&result.title),
            why: visible(&result.why),
            fix: visible(&result.fix),
            drive: visible(&result.drive),
            mark: result.outcome.into(),
            notes: result.notes.iter().map(|note| visible(note)).collect(),
            found: found.map(|line| visible(&line)).collect(),
            windows: result.windows.iter().map(|window| WindowView::of(window, fastest)).collect(),
            charts: result.windows.iter().take(DRAWN).map(ChartView::of).collect(),
            users: result.users.as_ref().map(|own| UsersView {
                headline: users::headline(own),
                label: users::LABEL,
                heads: users::HEADS,
                rows: users::rows(own),
                page: users::page(own).map(str::to_owned),
            }),
            steps: result
                .maximum
                .iter()
                .flat_map(|found| &found.steps)
                .map(|step| {
                    let held = if step.held { "yes".to_owned() } else { format!("no: {}", visible(&step.because)) };
                    [number(step.rate), number(step.got), ms(step.p99_ms), format!("{:.0}%", step.cpu_percent), held]
                })
                .collect(),
            gates: result
                .gates
                .iter()
                .map(|gate| GateView {
                    mark: gate.outcome.into(),
                    level: gate.level.to_string(),
                    name: visible(&gate.name),
                    expected: visible(&gate.expected),
                    observed: visible(&gate.observed),
                    n: gate.n,
                    because: visible(&gate.because),
                })
                .collect(),
            source: visible(&result.source.file),
        }
    }
}

/// What a window is called where it has no name of its own.
fn name(window: &LoadWindow) -> String {
    visible(if window.name.is_empty() { &window.alg } else { &window.name })
}

impl WindowView {
    fn of(window: &LoadWindow, fastest: f64) -> WindowView {
        let times = &window.token_validation_ms;
        let wrong = window.wrong_accepts + window.wrong_refusals;
        WindowView {
            name: name(window),
            throughput: number(window.throughput_rps),
            share: round(window.throughput_rps / fastest * 100.0),
            times: [times.p50, times.p95, times.p99, times.p999, times.max].map(ms).into(),
            bytes: window.payload_size_bytes,
            wrong: wrong > 0,
            verdicts: match wrong {
                0 => format!("{} sent, every verdict right, {} failed", window.sent, window.failed),
                _ => format!(
                    "{} sent, {} wrongly accepted, {} wrongly refused, {} failed",
                    window.sent, window.wrong_accepts, window.wrong_refusals, window.failed
                ),
            },
            cache: window.cache_hit_ratio.map(|ratio| format!("about {:.0}% from a cache", ratio * 100.0)),
            health: health(window),
            target: window.target.map(|used| {
                format!(
                    "{} processor seconds a million tokens, memory {} to {} MiB",
                    number(used.cpu_s_per_million),
                    used.memory_first >> 20,
                    used.memory_last >> 20
                )
            }),
        }
    }
}

impl ChartView {
    fn of(window: &LoadWindow) -> ChartView {
        let series = &window.series;
        let step = series.right.len().div_ceil(MOST).max(1);
        let sum = |list: &[u32]| -> Vec<u64> {
            list.chunks(step).map(|chunk| chunk.iter().map(|count| u64::from(*count)).sum()).collect()
        };
        let (right, broken) = (sum(&series.right), sum(&series.broken));
        let (accepts, refusals) = (sum(&series.wrong_accepts), sum(&series.wrong_refusals));
        let at = |list: &[u64], place: usize| list.get(place).copied().unwrap_or(0);
        let all = |place| at(&right, place) + at(&broken, place) + at(&accepts, place) + at(&refusals, place);
        let busiest = (0..right.len()).map(all).max().unwrap_or(0).max(1);
        let every = series.every_ms as f64 / 1e3 * step as f64;
        let wide = (WIDTH - LEFT - 8.0) / right.len().max(1) as f64;
        let x = |place: f64| round(LEFT + wide * place);
        let mut bars = Vec::new();
        for place in 0..right.len() {
            let mut below = 20.0 + COLUMNS;
            for (class, word, count) in [
                ("pass", "right", at(&right, place)),
                ("fail", "wrongly accepted", at(&accepts, place)),
                ("fail", "wrongly refused", at(&refusals, place)),
                ("undecided", "without an answer", at(&broken, place)),
            ] {
                if count == 0 {
                    continue;
                }
                // A single wrong verdict among thousands must still be seen.
                let height = (COLUMNS * count as f64 / busiest as f64).max(1.5);
                below -= height;
                bars.push(Bar {
                    class,
                    x: x(place as f64),
                    y: round(below),
                    width: round((wide - 0.5).max(0.5)),
                    height: round(height),
                    title: format!("{:.0} s: {count} {word}", place as f64 * every),
                });
            }
        }
        let curve = |class, name, values: &[u64]| {
            let points: Vec<String> = values
                .chunks(step)
                .map(|chunk| chunk.iter().copied().max().unwrap_or(0))
                .enumerate()
                .filter(|(_, us)| *us > 0)
                .map(|(place, us)| {
                    let y = 30.0 + COLUMNS + CURVE * (1.0 - height_of(us as f64));
                    format!("{},{}", x(place as f64 + 0.5), round(y))
                })
                .collect();
            Curve { class, points: points.join(" "), name }
        };
        let seconds = right.len() as f64 * every;
        let marks = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0].into_iter().find(|mark| seconds / mark <= 14.0);
        let marks = marks.unwrap_or(600.0);
        let label = |y: f64, text: &str| Text { y: round(y), text: text.into() };
        ChartView {
            name: name(window),
            width: WIDTH,
            height: 36.0 + COLUMNS + CURVE,
            label: format!("Answers and latencies in {seconds:.0} seconds"),
            axis: (0..)
                .map(|number| f64::from(number) * marks)
                .take_while(|at| *at <= seconds)
                .map(|at| Tick { x: x(at / every), text: format!("{at} s") })
                .collect(),
            labels: vec![
                label(30.0, "tokens a second"),
                label(44.0, &format!("    {}", number(busiest as f64 / every))),
                label(40.0 + COLUMNS, "latency 10 s"),
                label(30.0 + COLUMNS + CURVE * 0.6, "    10 ms"),
                label(30.0 + COLUMNS + CURVE, "    0.1 ms"),
            ],
            bars,
            curves: vec![curve("p99", "p99", &series.p99_us), curve("p50", "p50", &series.p50_us)],
            classes: window.classes.iter().map(ClassView::of).collect(),
            wrong: window.wrong.iter().map(|line| visible(line)).collect(),
        }
    }
}

impl ClassView {
    fn of(class: &ClassLoad) -> ClassView {
        let count = |count: u64| grouped(usize::try_from(count).unwrap_or(usize::MAX));
        let times = &class.response_us;
        let mut numbers = vec![
            count(class.sent),
            count(class.accepted),
            count(class.rejected + class.turned_away),
            count(class.broken),
            ms(class.service_mean_us / 1e3),
        ];
        numbers.extend([times.p50, times.p90, times.p99, times.p999, times.max].map(|us| ms(us as f64 / 1e3)));
        ClassView { name: visible(&class.name), numbers }
    }
}

/// From 0 at 0.1 ms to 1 at 10 s, by decades.
fn height_of(us: f64) -> f64 {
    ((us.max(100.0).log10() - 2.0) / 5.0).clamp(0.0, 1.0)
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
