//! Sends tokens when they are due, whatever became of the earlier ones.

use super::sample::{Answered, Sample};
use crate::{
    model::Verdict,
    target::{Shown, Target},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::sleep_until,
};

/// One token to send.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Which stream it belongs to.
    pub stream: usize,
    /// Names the token in the whole traffic.
    pub number: u64,
    /// The token.
    pub token: Arc<str>,
    /// Which of the targets gets it, by its place.
    pub target: usize,
}

/// Says when the next tokens are due, and at that time which ones.
pub trait Source: Send {
    /// When the next ones are due, counted from the beginning; `None` once there are no more. It may be asked again
    /// before that time and say something else.
    fn due(&mut self) -> Option<Duration>;

    /// The tokens that are due. Only called once their time has come.
    fn shots(&mut self, due: Duration) -> Vec<Shot>;
}

/// Sends what the source gives, counted from `zero`, with at most `open` requests at a time. Every token becomes one
/// sample; a token for which no place is free is not sent, and its sample says so. Returns when all answers are there.
pub async fn drive(
    mut source: impl Source,
    targets: Vec<Arc<Target>>,
    zero: Instant,
    open: usize,
    samples: mpsc::UnboundedSender<Sample>,
) {
    let places = Arc::new(Semaphore::new(open));
    let mut flying = JoinSet::new();
    while let Some(planned) = source.due() {
        sleep_until((zero + planned).into()).await;
        for shot in source.shots(planned) {
            let (Some(target), Ok(place)) =
                (targets.get(shot.target).map(Arc::clone), Arc::clone(&places).try_acquire_owned())
            else {
                // Whoever listens may have gone; then nobody wants the sample.
                let _ = samples.send(Sample { stream: shot.stream, number: shot.number, planned, answered: None });
                continue;
            };
            let samples = samples.clone();
            flying.spawn(async move {
                let answered = Some(present(&target, &shot, zero).await);
                drop(place);
                let _ = samples.send(Sample { stream: shot.stream, number: shot.number, planned, answered });
            });
        }
        while flying.try_join_next().is_some() {}
    }
    while flying.join_next().await.is_some() {}
}

async fn present(target: &Target, shot: &Shot, zero: Instant) -> Answered {
    let now = jiff::Timestamp::now().as_second();
    let started = zero.elapsed();
    let seen = target.present(&Shown::plain(shot.token.as_bytes(), now)).await;
    let because = if seen.verdict == Verdict::Accept { Box::default() } else { seen.because.into_boxed_str() };
    Answered { started, ended: zero.elapsed(), verdict: seen.verdict, status: seen.status, because }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::chaos::Rate,
        traffic::{Latencies, Lateness, Schedule},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// So many good-looking tokens at a constant rate.
    struct Constant {
        schedule: Schedule,
        next: u64,
        count: u64,
    }

    impl Source for Constant {
        fn due(&mut self) -> Option<Duration> {
            (self.next < self.count).then(|| self.schedule.start(self.next))
        }

        fn shots(&mut self, _: Duration) -> Vec<Shot> {
            self.next += 1;
            vec![Shot { stream: 0, number: self.next, token: "a.b.c".into(), target: 0 }]
        }
    }

    /// A server that stands still for the first 200 ms of every second and answers at once otherwise.
    async fn stalling() -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let zero = Instant::now();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                        let into = zero.elapsed().as_millis() % 1000;
                        if into < 200 {
                            let left = u64::try_from(200 - into).unwrap();
                            tokio::time::sleep(Duration::from_millis(left)).await;
                        }
                        if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        address
    }

    async fn collect(count: u64, rate: f64, open: usize) -> Vec<Sample> {
        let url = format!("http://{}/", stalling().await);
        let target = crate::target::testing::bearer(&url, serde_json::json!({})).await;
        let (send, mut receive) = mpsc::unbounded_channel();
        let source = Constant { schedule: Schedule::constant(Rate(rate)), next: 0, count };
        drive(source, vec![target], Instant::now(), open, send).await;
        let mut samples = Vec::new();
        while let Ok(sample) = receive.try_recv() {
            samples.push(sample);
        }
        samples
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_target_that_stalls_cannot_hide_it() {
        for rate in [50.0, 300.0] {
            let samples = collect((rate * 3.0) as u64, rate, 4096).await;
            assert_eq!(samples.len(), (rate * 3.0) as usize, "every token is a sample");
            let p99 = Latencies::of_responses(&samples).quantile(0.99).unwrap();
            assert!(p99 >= Duration::from_millis(150), "{rate}/s: {p99:?}");
            let planned: Vec<_> = samples.iter().map(|sample| sample.planned).collect();
            assert_eq!(planned.iter().max(), Some(&Schedule::constant(Rate(rate)).start((rate * 3.0) as u64 - 1)));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_cannot_be_sent_is_counted_and_the_sender_says_that_it_is_saturated() {
        let samples = collect(200, 1000.0, 1).await;
        assert_eq!(samples.len(), 200);
        let lateness = Lateness::of(&samples);
        assert!(lateness.unsent() > 0 && lateness.is_saturated());
    }
}
