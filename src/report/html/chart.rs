//! The picture of a scenario: one line of time, and on it faults, keys, verdicts, requests and latencies.

use crate::{
    model::chaos::{ScenarioResult, StreamResult},
    report::text::visible,
};
use serde::Serialize;

/// The width of the drawing; everything to the left of `LEFT` is text.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 150.0;
/// Heights of rows.
const ROW: f64 = 18.0;
const BAR: f64 = 12.0;
const STRIP: f64 = 22.0;
const CURVE: f64 = 70.0;
/// Streams that are drawn: the first few good ones and the first few forged ones.
const STREAMS: usize = 14;

/// A drawing; numbers are in its own units.
#[derive(Serialize)]
pub(super) struct Chart {
    width: f64,
    height: f64,
    left: f64,
    label: String,
    axis: Vec<Mark>,
    spans: Vec<Area>,
    labels: Vec<Text>,
    bars: Vec<Bar>,
    ticks: Vec<Tick>,
    curves: Vec<Curve>,
}

/// A mark of the axis of time.
#[derive(Serialize)]
struct Mark {
    x: f64,
    text: String,
}

/// A span that windows name.
#[derive(Serialize)]
struct Area {
    x: f64,
    width: f64,
    name: String,
}

/// Words at the left of a row.
#[derive(Serialize)]
pub(super) struct Text {
    pub(super) y: f64,
    pub(super) text: String,
}

/// A box, with words for whoever points at it.
#[derive(Serialize)]
pub(super) struct Bar {
    pub(super) class: &'static str,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) title: String,
}

/// A request for the key set.
#[derive(Serialize)]
struct Tick {
    class: &'static str,
    x: f64,
    y: f64,
    width: f64,
    title: String,
}

/// A latency over time.
#[derive(Serialize)]
pub(super) struct Curve {
    pub(super) class: &'static str,
    pub(super) points: String,
    pub(super) name: &'static str,
}

impl Chart {
    /// `None` where nothing was played.
    pub fn of(result: &ScenarioResult) -> Option<Chart> {
        if result.length_ms == 0 {
            return None;
        }
        let mut drawing = Drawing { result, y: 26.0, chart: Chart::empty(result) };
        drawing.faults();
        drawing.keys();
        drawing.strips();
        drawing.fetches();
        drawing.latencies();
        drawing.chart.height = drawing.y + 6.0;
        Some(drawing.chart)
    }

    fn empty(result: &ScenarioResult) -> Chart {
        let seconds = result.length_ms as f64 / 1000.0;
        let step = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0]
            .into_iter()
            .find(|step| seconds / step <= 14.0)
            .unwrap_or(3600.0);
        let marks = (0..).map(|number| f64::from(number) * step).take_while(|at| *at <= seconds);
        let x = |ms: u64| x(ms, result.length_ms);
        Chart {
            width: WIDTH,
            height: 0.0,
            left: LEFT,
            label: format!("What happened in {seconds:.0} seconds of {}", visible(&result.id)),
            axis: marks.map(|at| Mark { x: x((at * 1000.0) as u64), text: format!("{at} s") }).collect(),
            spans: result
                .spans
                .iter()
                .map(|span| Area {
                    x: x(span.from_ms),
                    width: (x(span.to_ms) - x(span.from_ms)).max(1.0),
                    name: visible(&span.name),
                })
                .collect(),
            labels: Vec::new(),
            bars: Vec::new(),
            ticks: Vec::new(),
            curves: Vec::new(),
        }
    }
}

fn x(ms: u64, length: u64) -> f64 {
    let part = ms.min(length) as f64 / length.max(1) as f64;
    round(LEFT + (WIDTH - LEFT - 8.0) * part)
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

struct Drawing<'r> {
    result: &'r ScenarioResult,
    y: f64,
    chart: Chart,
}

impl Drawing<'_> {
    fn label(&mut self, text: String) {
        self.chart.labels.push(Text { y: round(self.y + 10.0), text });
    }

    fn bar(&mut self, class: &'static str, (from, to): (u64, u64), (y, height): (f64, f64), title: String) {
        let (from, to) = (x(from, self.result.length_ms), x(to, self.result.length_ms));
        let bar = Bar { class, x: from, y: round(y), width: round((to - from).max(1.0)), height: round(height), title };
        self.chart.bars.push(bar);
    }

    fn faults(&mut self) {
        let result = self.result;
        for step in result.timeline.iter().filter(|step| step.label.starts_with("fault ")) {
            let until = step.until_ms.unwrap_or(result.length_ms);
            let text = visible(step.label.trim_start_matches("fault "));
            self.label(shortened(&text));
            self.bar("fault", (step.at_ms, until), (self.y, BAR), text);
            self.y += ROW;
        }
    }

    fn keys(&mut self) {
        for key in &self.result.keys {
            let name = visible(&key.name);
            self.label(format!("key {name}"));
            for span in &key.published {
                self.bar("published", *span, (self.y, BAR), format!("{name} is published"));
            }
            for span in &key.signing {
                self.bar("signing", *span, (self.y + 3.0, BAR - 6.0), format!("{name} signs"));
            }
            self.y += ROW;
        }
    }

    fn strips(&mut self) {
        self.y += 4.0;
        let result = self.result;
        let (good, forged): (Vec<_>, Vec<_>) = result.streams.iter().partition(|stream| !stream.forged);
        for stream in good.into_iter().chain(forged).take(STREAMS) {
            self.label(shortened(&visible(&stream.name)));
            self.strip(stream);
            self.y += STRIP + 4.0;
        }
    }

    /// Each piece of time is a column, filled from below: taken, refused, undecided.
    fn strip(&mut self, stream: &StreamResult) {
        let series = &stream.series;
        let (taken, refused) = if stream.forged { ("fail", "pass") } else { ("pass", "warn") };
        for at in 0..series.accepted.len() {
            let counts = [
                (taken, "taken", series.accepted[at]),
                (refused, "refused", series.rejected.get(at).copied().unwrap_or(0)),
                ("undecided", "neither", series.broken.get(at).copied().unwrap_or(0)),
            ];
            let all: u32 = counts.iter().map(|(_, _, count)| count).sum();
            if all == 0 {
                continue;
            }
            let from = at as u64 * series.every_ms;
            let mut below = self.y + STRIP;
            for (class, word, count) in counts.into_iter().filter(|(_, _, count)| *count > 0) {
                let height = STRIP * f64::from(count) / f64::from(all);
                below -= height;
                let title = format!("{:.1} s: {count} of {all} {word}", from as f64 / 1000.0);
                self.bar(class, (from, from + series.every_ms), (below, height), title);
            }
        }
    }

    fn fetches(&mut self) {
        let result = self.result;
        self.label(format!("fetches ({})", result.fetches.jwks.len()));
        for fetch in &result.fetches.jwks {
            let from = x(fetch.at_ms, result.length_ms);
            let to = x(fetch.at_ms + fetch.open_ms, result.length_ms);
            let status = fetch.status.map_or("no answer".to_owned(), |status| status.to_string());
            self.chart.ticks.push(Tick {
                class: if fetch.honest { "pass" } else { "fail" },
                x: from,
                y: round(self.y),
                width: round((to - from).max(1.5)),
                title: format!("{:.2} s: {status}, open for {} ms", fetch.at_ms as f64 / 1000.0, fetch.open_ms),
            });
        }
        self.y += ROW + 4.0;
    }

    /// Of good tokens, on a scale of decades from 0.1 ms to 10 s.
    fn latencies(&mut self) {
        let result = self.result;
        let valid: Vec<_> = result.streams.iter().filter(|stream| stream.name.starts_with("valid")).collect();
        if valid.is_empty() {
            return;
        }
        self.label("latency of valid".into());
        let labels = [(1e-4, "0.1 ms"), (1e-2, "10 ms"), (1.0, "1 s")];
        for (seconds, text) in labels {
            let y = self.y + CURVE * (1.0 - height_of(seconds));
            self.chart.labels.push(Text { y: round(y.max(self.y + 22.0)), text: format!("    {text}") });
        }
        for (class, name, pick) in [
            ("p99", "p99", (|stream: &StreamResult| &stream.series.p99_us) as fn(&StreamResult) -> &Vec<u64>),
            ("p50", "p50", |stream: &StreamResult| &stream.series.p50_us),
        ] {
            for stream in &valid {
                let points: Vec<String> = pick(stream)
                    .iter()
                    .enumerate()
                    .filter(|(_, us)| **us > 0)
                    .map(|(at, us)| {
                        let middle = at as u64 * stream.series.every_ms + stream.series.every_ms / 2;
                        let y = self.y + CURVE * (1.0 - height_of(*us as f64 / 1e6));
                        format!("{},{}", x(middle, result.length_ms), round(y))
                    })
                    .collect();
                self.chart.curves.push(Curve { class, points: points.join(" "), name });
            }
        }
        self.y += CURVE;
    }
}

/// From 0 at 0.1 ms to 1 at 10 s, by decades.
fn height_of(seconds: f64) -> f64 {
    ((seconds.max(1e-4).log10() + 4.0) / 5.0).clamp(0.0, 1.0)
}

fn shortened(text: &str) -> String {
    const MOST: usize = 22;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_drawn_by_decades() {
        assert_eq!([height_of(1e-4), height_of(10.0), height_of(0.0), height_of(1e9)], [0.0, 1.0, 0.0, 1.0]);
        assert!((height_of(0.01) - 0.4).abs() < 1e-9);
    }

    #[test]
    fn time_runs_from_the_left_edge_to_the_right_one() {
        assert_eq!((x(0, 1000), x(1000, 1000), x(5000, 1000)), (LEFT, WIDTH - 8.0, WIDTH - 8.0));
    }
}
