//! One connection, from its first byte to its last.

use super::{
    answer::{Answer, End},
    answer_fault::{Asked, plan},
    board::{Active, FaultId},
    endpoint::Inner,
    log::{Ended, FetchEntry, instance_of},
    request::{self, Head},
    stream::{self, Stream},
    write::{self, Pen, Stopped, client_leaves},
};
use crate::model::chaos::{Fault, Layer};
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};

/// No request is held longer than this, whatever the fault says.
const LONGEST: Duration = Duration::from_secs(900);
/// How long a connection stays open behind an answer that broke off, so that its bytes arrive.
const LINGER: Duration = Duration::from_secs(2);

/// Serves a connection until either side ends it, or until `doors` says that no connection may stay.
pub(super) async fn converse(inner: Arc<Inner>, tcp: TcpStream, number: u64, mut doors: watch::Receiver<u64>) {
    // Small answers must not wait for an acknowledgement; without it they are only slower.
    let _ = tcp.set_nodelay(true);
    let met = inner.board.meet(Layer::Connection);
    let open = inner.open.fetch_add(1, Ordering::Relaxed) + 1;
    let _open = Counted(&inner);
    let broken = met.iter().find(|active| match &active.rule.fault {
        Fault::Connections(most) => open > *most as usize,
        Fault::Reset | Fault::Refuse | Fault::Blackhole => true,
        _ => false,
    });
    if let Some(active) = broken {
        note(&inner, number, vec![active.rule.fault.label()]);
        return stream::reset(&tcp);
    }
    let Some((mut stream, betrayed)) = inner.shake(tcp, number).await else { return };
    let since = Instant::now();
    let mut rest = Vec::new();
    let mut served = 0;
    loop {
        let head = tokio::select! {
            head = request::read(&mut stream, &mut rest) => head,
            _ = doors.changed() => return stream.reset(),
            // Pooled connections would hide what only a handshake meets, and so would one that should not have been trusted.
            () = outdated(&inner, since, betrayed) => {
                let _ = stream.shutdown().await;
                return;
            }
        };
        let Some(head) = head else { return };
        if is_outdated(&inner, since, betrayed) {
            return;
        }
        let kills = |met: &[Arc<Active>]| met.iter().any(|active| active.rule.fault == Fault::IdleKill);
        if served > 0 && (kills(&met) || kills(&inner.board.meet(Layer::Connection))) {
            note(&inner, number, vec![Fault::IdleKill.label()]);
            return stream.reset();
        }
        served += 1;
        match answer(&inner, &mut stream, &head, number, betrayed).await {
            Next::Request => {}
            Next::Close => return,
            Next::Reset => return stream.reset(),
        }
    }
}

/// Whether a connection of this age would hide a fault, or hide that one is over.
fn is_outdated(inner: &Inner, since: Instant, betrayed: bool) -> bool {
    inner.board.hides(since) || betrayed && !inner.board.has(Layer::Tls)
}

/// Waits until it would.
async fn outdated(inner: &Inner, since: Instant, betrayed: bool) {
    let mut changes = inner.board.watch();
    while !is_outdated(inner, since, betrayed) {
        if changes.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// What becomes of the connection behind an answer.
enum Next {
    Request,
    Close,
    Reset,
}

/// Keeps the number of open connections right however the conversation ends.
struct Counted<'a>(&'a Arc<Inner>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection that was broken before a request was read counts as one all the same.
pub(super) fn note(inner: &Inner, number: u64, faults: Vec<String>) {
    let now = Instant::now();
    inner.log.begin(FetchEntry {
        at: now,
        until: Some(now),
        connection: number,
        method: String::new(),
        path: String::new(),
        headers: Vec::new(),
        status: None,
        bytes: 0,
        faults,
        honest: false,
        ended: Ended::Broken,
    });
}

/// Answers one request.
async fn answer(inner: &Arc<Inner>, stream: &mut Stream, head: &Head, number: u64, betrayed: bool) -> Next {
    let at = Instant::now();
    if !inner.place.is_at(&head.path) {
        return if not_found(stream, head).await { Next::Request } else { Next::Close };
    }
    let met = inner.board.meet_as(Layer::Answer, instance_of(&head.path));
    let _held = Held::new(&met);
    let clock = inner.clock.load(Ordering::Relaxed);
    let asked = Asked { head, board: &inner.board, stock: &inner.stock, connection: number, betrayed, clock };
    let mut plan = plan(&asked, &met);
    if !matches!(head.method.as_str(), "GET" | "HEAD") {
        plan.lie(405, "text/plain; charset=utf-8", axum::body::Bytes::from_static(b"only GET and HEAD\n"));
    }
    let entry = inner.log.begin(FetchEntry {
        at,
        until: None,
        connection: number,
        method: head.method.clone(),
        path: head.path.clone(),
        headers: interesting(head),
        status: Some(plan.status).filter(|_| !matches!(plan.end, End::Hang(_) | End::Nothing | End::DripHead(_))),
        bytes: 0,
        faults: met.iter().map(|active| active.rule.fault.label()).collect(),
        honest: plan.honest,
        ended: Ended::Open,
    });
    let mut pen = Pen::new(stream, plan.end);
    let ended = write_out(inner, &mut pen, head, &plan).await;
    let bytes = pen.written;
    let keeps = ended == Ended::Answered && keeps(head, &plan);
    inner.log.end(entry, bytes, ended);
    if keeps {
        return Next::Request;
    }
    if !matches!(plan.end, End::Cut(_) | End::Usual | End::Nothing) {
        return Next::Reset;
    }
    // FIN first, and a while for the client to read what is under way.
    let _ = stream.shutdown().await;
    let mut rest = [0; 1024];
    let _ = timeout(LINGER, async { while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {} }).await;
    Next::Close
}

struct Held<'a>(&'a [Arc<Active>]);

impl<'a> Held<'a> {
    fn new(met: &'a [Arc<Active>]) -> Held<'a> {
        for active in met {
            active.held.fetch_add(1, Ordering::Relaxed);
        }
        Held(met)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        for active in self.0 {
            active.held.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn keeps(head: &Head, plan: &Answer) -> bool {
    head.keeps && plan.end == End::Usual && plan.framing != super::answer::Framing::Close
}

async fn write_out(inner: &Arc<Inner>, pen: &mut Pen<'_>, head: &Head, plan: &Answer) -> Ended {
    let stopped = |stopped| if stopped == Stopped::Gone { Ended::Abandoned } else { Ended::Broken };
    if !plan.delay.is_zero() && client_leaves(pen.stream, sleep(plan.delay.min(LONGEST))).await {
        return Ended::Abandoned;
    }
    match plan.end {
        End::Nothing => return Ended::Broken,
        End::Reset(0) => return Ended::Broken,
        End::Hang(fault) => return hold(inner, pen, fault).await,
        End::DripHead(fault) => return drip_head(inner, pen, plan, fault).await,
        _ => {}
    }
    if let Err(why) = write::head(pen, plan, keeps(head, plan)).await {
        return stopped(why);
    }
    if let End::HangAfterHead(fault) = plan.end {
        return hold(inner, pen, fault).await;
    }
    if head.method == "HEAD" || plan.is_bare() {
        return Ended::Answered;
    }
    match write::body(pen, plan, &|fault| inner.board.is_on(fault)).await {
        Ok(()) if matches!(plan.end, End::Reset(_)) => Ended::Broken,
        Ok(()) => Ended::Answered,
        Err(why) => stopped(why),
    }
}

/// Waits until the fault ends or the client goes.
async fn hold(inner: &Arc<Inner>, pen: &mut Pen<'_>, fault: FaultId) -> Ended {
    match client_leaves(pen.stream, ends(inner, fault)).await {
        true => Ended::Abandoned,
        false => Ended::Broken,
    }
}

async fn drip_head(inner: &Arc<Inner>, pen: &mut Pen<'_>, plan: &Answer, fault: FaultId) -> Ended {
    let dripping = async {
        pen.write(format!("HTTP/1.1 {} OK\r\n", plan.status).as_bytes()).await?;
        let mut number = 0u32;
        loop {
            pen.write(format!("X-Line-{number}: x\r\n").as_bytes()).await?;
            number = number.wrapping_add(1);
            pen.pause(Duration::from_secs(1)).await?;
        }
    };
    tokio::select! {
        stopped = dripping => match stopped {
            Ok(()) | Err(Stopped::Limit) => Ended::Broken,
            Err(Stopped::Gone) => Ended::Abandoned,
        },
        () = ends(inner, fault) => Ended::Broken,
    }
}

async fn ends(inner: &Arc<Inner>, fault: FaultId) {
    let mut changes = inner.board.watch();
    let over = async {
        while inner.board.is_on(fault) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    let _ = timeout(LONGEST, over).await;
}

async fn not_found(stream: &mut Stream, head: &Head) -> bool {
    let keeps = head.keeps;
    let close = if keeps { "" } else { "Connection: close\r\n" };
    let text = format!("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n{close}\r\n");
    stream.write_all(text.as_bytes()).await.is_ok() && stream.flush().await.is_ok() && keeps
}

/// Header lines that say how the client fetches. A credential is only said to be there.
fn interesting(head: &Head) -> Vec<String> {
    const SHOWN: [&str; 6] =
        ["user-agent", "accept", "accept-encoding", "if-none-match", "if-modified-since", "cache-control"];
    const HIDDEN: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
    let shown = SHOWN.iter().filter_map(|name| Some(format!("{name}: {}", String::from_utf8_lossy(head.field(name)?))));
    let hidden = HIDDEN.iter().filter_map(|name| head.field(name).map(|_| format!("{name}: [not kept]")));
    shown.chain(hidden).collect()
}
