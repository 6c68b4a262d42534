//! The engine against servers that answer in every way that HTTP/1.1 has, on real sockets.

mod streams;
mod tls;

use super::*;
use crate::{
    load::{
        arena::{Kind, Owed},
        beat::Beat,
    },
    model::chaos::{Rate, TokenClass},
    target::testing,
};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::channel,
};

/// A server with one thread for each connection; the rule sees the request's number on its connection and the head, and
/// says whether the connection stays.
fn server(rule: impl Fn(usize, &str, &mut TcpStream) -> bool + Send + Sync + 'static) -> SocketAddr {
    serving(|stream| stream, rule, |_| ())
}

/// The same over what `wrap` makes of a connection; `part` says goodbye.
fn serving<S: Read + Write + 'static>(
    wrap: impl Fn(TcpStream) -> S + Send + Sync + 'static,
    rule: impl Fn(usize, &str, &mut S) -> bool + Send + Sync + 'static,
    part: fn(&mut S),
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shared = Arc::new((wrap, rule));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), shared) = (stream, Arc::clone(&shared)) else { return };
            thread::spawn(move || {
                let (wrap, rule) = &*shared;
                let mut stream = wrap(stream);
                let (mut text, mut buffer, mut number) = (Vec::new(), vec![0; 70_000], 0);
                loop {
                    while let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
                        let head: Vec<u8> = text.drain(..end + 4).collect();
                        if !rule(number, &String::from_utf8_lossy(&head), &mut stream) {
                            return part(&mut stream);
                        }
                        number += 1;
                    }
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => return,
                        Ok(read) => text.extend_from_slice(&buffer[..read]),
                    }
                }
            });
        }
    });
    address
}

fn say(stream: &mut TcpStream, text: &str) -> bool {
    stream.write_all(text.as_bytes()).is_ok()
}

const YES: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn wire(address: SocketAddr, timeout: &str) -> Wire {
    wire_to(&format!("http://{address}/who"), timeout, json!({}))
}

/// The wire of a route with more members in its table.
fn wire_to(url: &str, timeout: &str, mut more: Value) -> Wire {
    more["timeout"] = timeout.into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(testing::bearer(url, more)).wire().unwrap()
}

/// Requests with the tokens `good-N` and `bad-N` in turns, of the size given.
fn arena(wire: &Wire, count: usize, size: usize) -> Arc<Arena> {
    let mut arena = Arena::new(vec![
        Kind { class: TokenClass::Valid, owed: Owed::Accept },
        Kind { class: TokenClass::BadSig, owed: Owed::Reject },
    ]);
    let (mut block, mut spans) = (Vec::new(), Vec::new());
    for number in 0..count {
        let word = if number % 2 == 0 { "good" } else { "bad" };
        let start = block.len();
        wire.render(format!("{word}-{number}{}", "x".repeat(size)).as_bytes(), &mut block);
        spans.push((number % 2, start, block.len() - start));
    }
    let shots = arena.add(block, spans);
    arena.order(shots);
    Arc::new(arena)
}

fn order(drive: Drive, ms: u64) -> Order {
    Order {
        drive,
        warm_up: Duration::ZERO,
        duration: Duration::from_millis(ms),
        threads: 2,
        most: 64,
        seed: 1,
        first: 0,
        stop: Arc::default(),
        users: None,
    }
}

fn play(wire: &Wire, arena: &Arc<Arena>, order: &Order) -> (Tally, Vec<Beat>) {
    let (send, receive) = channel();
    let tally = run(wire, arena, order, Instant::now(), &send).unwrap();
    drop(send);
    (tally, receive.iter().collect())
}

fn judged(head: &str, stream: &mut TcpStream) -> bool {
    let taken = head.contains("Bearer good-");
    say(stream, if taken { YES } else { "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n" })
}

#[test]
fn every_token_of_an_open_loop_is_sent_once_and_judged() {
    let wire = wire(server(|_, head, stream| judged(head, stream)), "5s");
    let arena = arena(&wire, 50, 0);
    let (tally, beats) = play(&wire, &arena, &order(Drive::Rate(Rate(200.0)), 1500));
    let [good, forged] = &tally.classes[..] else { panic!("two classes") };
    assert_eq!(good.accepted + forged.rejected + tally.unsent, 300);
    assert!(good.accepted > 0 && forged.rejected > 0, "{} were never sent", tally.unsent);
    assert_eq!(tally.classes.iter().map(|class| class.wrong_accepts + class.wrong_refusals).sum::<u64>(), 0);
    assert_eq!(beats.iter().map(|beat| u64::from(beat.right)).sum::<u64>() + tally.unsent, 300);
}

#[test]
fn a_wrong_verdict_is_counted_and_described() {
    let wire =
        wire(server(|number, head, stream| if number == 3 { say(stream, YES) } else { judged(head, stream) }), "5s");
    let arena = arena(&wire, 2, 0);
    // One connection, so that its fourth request is a forged one.
    let single = Order { threads: 1, most: 1, ..order(Drive::Rate(Rate(100.0)), 100) };
    let (tally, _) = play(&wire, &arena, &single);
    assert_eq!(tally.classes[1].wrong_accepts, 1);
    assert!(tally.wrong[0].ends_with("s bad-sig: accept, status 200"), "{:?}", tally.wrong);
}

#[test]
fn a_closed_loop_reads_chunks_closes_and_pieces_and_reopens() {
    let wire = wire(
        server(|number, _, stream| match number % 4 {
            0 => say(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
            1 => say(stream, "HTTP/1.1 100 Continue\r\n\r\n") && say(stream, "HTTP/1.1 20") && say(stream, &YES[11..]),
            2 => say(stream, YES),
            _ => {
                say(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                false
            }
        }),
        "5s",
    );
    let arena = arena(&wire, 1, 0);
    let (tally, _) = play(&wire, &arena, &order(Drive::Connections(4), 400));
    let good = &tally.classes[0];
    assert!(good.accepted > 20, "{}", good.accepted);
    assert_eq!((good.sent(), good.broken), (good.accepted, 0));
    assert!(tally.connections > 4, "it opens another one after each close");
}

#[test]
fn an_answer_that_ends_with_its_connection_is_seen_at_once() {
    let wire = wire(
        server(|_, _, stream| {
            say(stream, "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n");
            false
        }),
        "60s",
    );
    let arena = arena(&wire, 2, 0);
    let (tally, _) = play(&wire, &arena, &order(Drive::Rate(Rate(100.0)), 500));
    let sum = |pick: fn(&crate::load::tally::ClassTally) -> u64| tally.classes.iter().map(pick).sum::<u64>();
    assert_eq!((sum(|class| class.turned_away) + tally.unsent, sum(|class| class.broken)), (50, 0));
    assert!(sum(|class| class.turned_away) > 0, "none was ever sent");
}

#[test]
fn long_requests_are_written_in_pieces() {
    let wire = wire(server(|_, head, stream| head.len() > 3_000_000 && judged(head, stream)), "20s");
    let arena = arena(&wire, 2, 3_000_000);
    let (tally, _) = play(&wire, &arena, &order(Drive::Rate(Rate(20.0)), 200));
    assert_eq!((tally.classes[0].accepted, tally.classes[1].rejected), (2, 2));
}

#[test]
fn a_connection_that_was_closed_while_idle_costs_nothing() {
    let wire = wire(server(|number, head, stream| number == 0 && judged(head, stream)), "5s");
    let arena = arena(&wire, 2, 0);
    let (tally, _) = play(&wire, &arena, &Order { threads: 1, most: 2, ..order(Drive::Rate(Rate(50.0)), 600) });
    assert_eq!(tally.classes.iter().map(|class| class.broken).sum::<u64>(), 0);
    assert_eq!(tally.classes.iter().map(super::super::tally::ClassTally::sent).sum::<u64>(), 30);
}

#[test]
fn silence_is_a_timeout_hanging_up_a_reset_and_nobody_unreachable() {
    let broken = |tally: &Tally| tally.classes.iter().map(|class| (class.broken, class.failed)).collect::<Vec<_>>();
    let silent = wire(server(|_, _, _| true), "150ms");
    let own = arena(&silent, 1, 0);
    let (tally, _) = play(&silent, &own, &order(Drive::Rate(Rate(20.0)), 200));
    assert_eq!(broken(&tally)[0], (4, 4));
    assert!(tally.classes[0].response.min() >= 150_000 - 1000);
    let rude = wire(server(|_, _, _| false), "5s");
    let (tally, _) = play(&rude, &own, &order(Drive::Rate(Rate(20.0)), 200));
    assert_eq!(broken(&tally)[0], (4, 4));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (tally, _) = play(&wire(nobody, "5s"), &own, &order(Drive::Rate(Rate(20.0)), 200));
    assert_eq!(tally.classes[0].accepted, 0);
    assert_eq!(tally.classes[0].failed + tally.unsent, 4);
    let (tally, _) = play(&wire(nobody, "5s"), &own, &order(Drive::Connections(2), 200));
    assert!((2..60).contains(&tally.classes[0].failed), "no storm of attempts: {}", tally.classes[0].failed);
}

#[test]
fn a_target_that_stalls_cannot_hide_it() {
    let zero = Instant::now();
    let wire = wire(
        server(move |_, _, stream| {
            let into = zero.elapsed().as_millis() % 500;
            if into < 200 {
                thread::sleep(Duration::from_millis(u64::try_from(200 - into).unwrap()));
            }
            say(stream, YES)
        }),
        "5s",
    );
    let arena = arena(&wire, 1, 0);
    let (tally, _) = play(&wire, &arena, &Order { most: 512, ..order(Drive::Rate(Rate(400.0)), 2000) });
    let response = &tally.classes[0].response;
    assert_eq!(response.len() + tally.unsent, 800);
    // Two fifths of the arrivals fall into a stall: the median of those waits a hundred milliseconds.
    assert!(response.value_at_quantile(0.8) >= 80_000, "{}", response.value_at_quantile(0.8));
    assert!(response.value_at_quantile(0.99) >= 180_000, "{}", response.value_at_quantile(0.99));
}

#[test]
fn tokens_that_find_no_connection_wait_and_are_held_up_by_the_target() {
    let wire = wire(
        server(|_, _, stream| {
            thread::sleep(Duration::from_millis(50));
            say(stream, YES)
        }),
        "5s",
    );
    let arena = arena(&wire, 1, 0);
    // Forty in a second over two connections that do at most twenty each: half of that waits.
    let (tally, _) = play(&wire, &arena, &Order { most: 2, ..order(Drive::Rate(Rate(80.0)), 1000) });
    let good = &tally.classes[0];
    assert!(tally.held_up > 10 && tally.backlog > 5, "{} {}", tally.held_up, tally.backlog);
    assert_eq!(good.sent() + tally.unsent, 80);
    assert!(good.response.value_at_quantile(0.9) > good.service.value_at_quantile(0.9));
}

#[test]
fn what_is_under_way_when_a_window_is_stopped_is_cut_off() {
    let long = order(Drive::Rate(Rate(200.0)), 600_000);
    let stop = Arc::clone(&long.stop);
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let wire = wire(
        server(move |_, head, stream| {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            if number == 60 {
                stop.store(true, Ordering::Relaxed);
            }
            number >= 50 || judged(head, stream)
        }),
        "120s",
    );
    let arena = arena(&wire, 2, 0);
    let (tally, _) = play(&wire, &arena, &long);
    assert_eq!(tally.classes.iter().map(super::super::tally::ClassTally::sent).sum::<u64>(), 50);
    assert!(tally.cut_off >= 11 && tally.stopped.is_some(), "{}", tally.cut_off);
    assert_eq!(tally.unsent, 0);
}

#[test]
fn a_window_can_be_stopped() {
    let long = order(Drive::Connections(2), 600_000);
    let stop = Arc::clone(&long.stop);
    let wire = wire(
        server(move |number, head, stream| {
            // The third on its connection: two answers were read.
            if number == 2 {
                stop.store(true, Ordering::Relaxed);
            }
            judged(head, stream)
        }),
        "5s",
    );
    let arena = arena(&wire, 2, 0);
    let (tally, _) = play(&wire, &arena, &long);
    // Each thread sends one class, and the other one may not have come to it.
    assert!(tally.classes.iter().map(super::super::tally::ClassTally::sent).sum::<u64>() > 0);
}
