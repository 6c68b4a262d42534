//! One thread of the engine: its connections, and what is under way on each.

mod exchange;

use super::{Order, PATIENCE, alarm::Alarm, reply::Reader, stream::Stream, thread_cpu};
use crate::{
    load::{
        arena::{Arena, Shot},
        arrivals::Arrivals,
        beat::Beat,
        tally::{LATE_NS, Start, Tally},
    },
    model::{Verdict, load::Drive},
    target::Wire,
};
use mio::{Events, Poll, Token};
use std::{
    io::{self, ErrorKind},
    mem,
    sync::{atomic::Ordering, mpsc::Sender},
    time::{Duration, Instant},
};

/// The name of the alarm among the connections.
const ALARM: Token = Token(usize::MAX);
/// How often requests are looked through for those that wait too long.
const SWEEP: u64 = 25_000_000;
/// Nearer than this a token is waited for without sleeping.
const NEAR: u64 = 15_000;
/// What is read at once.
const SCRATCH: usize = 64 * 1024;
/// So long after the end of the window tokens that were due before it are still sent, where only we were late with them.
const OVERDUE: u64 = 1_000_000_000;
/// Connections of an open loop that stand before the first token.
const READY: u32 = 16;

/// A request under way.
#[derive(Debug, Clone, Copy)]
struct Flight {
    shot: Shot,
    planned: u64,
    started: u64,
    written: usize,
    /// Whether it was sent before, on a connection that the target had closed.
    again: bool,
}

/// One connection, or the place for one.
struct Link {
    stream: Option<Stream>,
    connected: bool,
    /// Answers that it has given.
    served: u64,
    flight: Option<Flight>,
    reader: Reader,
}

pub(super) struct Worker<'a> {
    wire: &'a Wire,
    arena: &'a Arena,
    order: &'a Order,
    zero: Instant,
    poll: Poll,
    alarm: Alarm,
    links: Vec<Link>,
    /// Connections without a request, the last one used first.
    idle: Vec<usize>,
    /// Places whose connection did not come about, and when the next try is due.
    cooling: Vec<(u64, usize)>,
    /// `None` in a closed loop.
    arrivals: Option<Arrivals>,
    /// The next request's place in the arena, and the distance to the one after it.
    place: usize,
    stride: usize,
    /// Connections beyond the most that there may be now.
    parked: Vec<usize>,
    /// Which share of all connections is this thread's.
    thread: (u32, u32),
    /// The most connections.
    most: usize,
    /// When tokens stop arriving.
    end: u64,
    open: u64,
    /// Whether tokens wait for a connection.
    blocked: bool,
    tally: Tally,
    scratch: Vec<u8>,
}

/// A thread's share of a number of connections.
fn share(all: u32, (thread, threads): (u32, u32)) -> usize {
    (all / threads + u32::from(thread < all % threads)) as usize
}

impl<'a> Worker<'a> {
    pub fn new(
        wire: &'a Wire,
        arena: &'a Arena,
        order: &'a Order,
        zero: Instant,
        (thread, threads): (u32, u32),
        beats: Sender<Beat>,
    ) -> io::Result<Worker<'a>> {
        let poll = Poll::new()?;
        let alarm = Alarm::new(&poll, ALARM)?;
        let share = |all: u32| share(all, (thread, threads)).max(1);
        let window = order.window();
        let most = match (&order.users, &order.drive) {
            (Some(_), _) => 0,
            (None, Drive::Connections(count)) => share(*count),
            (None, _) => share(order.most),
        };
        Ok(Worker {
            wire,
            arena,
            order,
            zero,
            poll,
            alarm,
            links: Vec::new(),
            idle: Vec::new(),
            cooling: Vec::new(),
            parked: Vec::new(),
            thread: (thread, threads),
            arrivals: order.arrivals(thread, threads),
            place: order.first + thread as usize,
            stride: threads as usize,
            most,
            end: window.1,
            open: 0,
            blocked: false,
            tally: Tally::new(arena.kinds(), window, Some(beats)),
            scratch: vec![0; SCRATCH],
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.zero.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Runs to the end of the window, and until what was under way then is answered or given up.
    pub fn run(mut self) -> io::Result<Tally> {
        let mut events = Events::with_capacity(1024);
        let is_closed = self.arrivals.is_none();
        let at_once = if is_closed { self.most } else { self.most.min(READY as usize) };
        for _ in 0..at_once {
            self.connect();
        }
        let mut swept = self.now();
        let (mut cpu, mut measured) = (thread_cpu(), false);
        let mut stopped = None;
        loop {
            let now = self.now();
            // Where somebody else says how many connections there are, being stopped is the ordinary end.
            if self.order.is_stopped() && self.order.users.is_none() && now < self.end && stopped.is_none() {
                stopped = Some(now);
                self.tally.stopped(now);
            }
            if !measured && now >= self.order.window().0 {
                (cpu, measured) = (thread_cpu(), true);
            }
            let is_over = now >= self.end || self.order.is_stopped();
            // What was due just before the end is still sent.
            let until = self.end + if self.blocked { LATE_NS } else { OVERDUE };
            if !is_over || (self.arrivals.is_some() && now < until && !self.order.is_stopped()) {
                self.resize();
                self.retry(now);
                self.dispatch(now);
            }
            if is_over && self.open == 0 {
                break;
            }
            if stopped.is_some_and(|stopped| now > stopped + PATIENCE) {
                self.cut_off();
                break;
            }
            if now.saturating_sub(swept) >= SWEEP {
                swept = now;
                self.give_up(now);
            }
            self.sleep(&mut events, is_over)?;
            for event in &events {
                if event.token() != ALARM {
                    self.ready(event.token().0, event.is_writable());
                }
            }
        }
        self.tally.cpu_ns = thread_cpu().saturating_sub(cpu);
        self.tally.busiest_ns = self.tally.cpu_ns;
        self.tally.unsent = self.left_over();
        self.tally.close();
        Ok(self.tally)
    }

    /// Leaves what is under way to itself.
    fn cut_off(&mut self) {
        for link in &mut self.links {
            if let Some(flight) = link.flight.take() {
                self.tally.cut_off(flight.planned);
            }
        }
    }

    /// Tokens of the window that were due and never sent.
    fn left_over(&mut self) -> u64 {
        let Some(arrivals) = &mut self.arrivals else { return 0 };
        if self.order.is_stopped() {
            return 0;
        }
        let mut left = 0;
        while let Some(due) = arrivals.due().filter(|due| *due < self.end) {
            left += u64::from(self.tally.counts(due));
            arrivals.advance();
        }
        left
    }

    /// Sleeps until something happens or the next token is due.
    fn sleep(&mut self, events: &mut Events, is_over: bool) -> io::Result<()> {
        let mut limit = Duration::from_nanos(SWEEP);
        if !is_over
            && !self.blocked
            && let Some(due) = self.arrivals.as_ref().and_then(Arrivals::due)
        {
            let left = due.saturating_sub(self.now());
            if left <= NEAR {
                limit = Duration::ZERO;
            } else if left < SWEEP {
                self.alarm.set(Duration::from_nanos(left))?;
                limit = self.alarm.limit(limit);
            }
        }
        match self.poll.poll(events, Some(limit)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                events.clear();
                Ok(())
            }
            other => other,
        }
    }

    /// Sends what is due.
    fn dispatch(&mut self, now: u64) {
        if self.arrivals.is_none() {
            while let Some(link) = self.idle.pop() {
                if link >= self.most {
                    self.parked.push(link);
                    continue;
                }
                let now = self.now();
                self.send(link, now, now);
            }
            return;
        }
        while let Some(due) =
            self.arrivals.as_ref().and_then(Arrivals::due).filter(|due| *due <= now && *due < self.end)
        {
            if self.idle.is_empty() && self.links.len() < self.most {
                self.connect();
            }
            let Some(link) = self.idle.pop() else {
                self.blocked = true;
                let waiting = self.arrivals.as_ref().map_or(0, |arrivals| arrivals.waiting(now));
                self.tally.backlog = self.tally.backlog.max(waiting);
                return;
            };
            let how = if self.blocked { Start::HeldUp } else { Start::Free };
            if let Some(arrivals) = &mut self.arrivals {
                arrivals.advance();
            }
            let started = self.now();
            self.tally.started(due, started, how);
            self.send(link, due, started);
        }
        self.blocked = false;
    }

    /// Follows a number of connections that somebody changes.
    fn resize(&mut self) {
        let Some(users) = &self.order.users else { return };
        let most = share(users.load(Ordering::Relaxed), self.thread);
        if most == self.most {
            return;
        }
        self.most = most;
        let (back, parked) = mem::take(&mut self.parked).into_iter().partition(|link| *link < most);
        self.parked = parked;
        self.idle.extend::<Vec<usize>>(back);
        while self.links.len() < most {
            self.connect();
        }
    }

    /// A place for a connection, which begins to come about.
    fn connect(&mut self) {
        self.links.push(Link { stream: None, connected: false, served: 0, flight: None, reader: Reader::default() });
        self.open_link(self.links.len() - 1);
    }

    /// Opens the connection of a place; where that fails at once, it is tried again later.
    fn open_link(&mut self, index: usize) {
        let address = self.wire.addresses[index % self.wire.addresses.len()];
        self.tally.connections += 1;
        let opened = Stream::open(address, self.wire.tls.as_ref(), self.poll.registry(), Token(index));
        let link = &mut self.links[index];
        (link.connected, link.served, link.reader) = (false, 0, Reader::default());
        match opened {
            Ok(stream) => {
                link.stream = Some(stream);
                if link.flight.is_none() {
                    self.idle.push(index);
                }
            }
            Err(_) => self.lost(index, Verdict::Unreachable),
        }
    }

    fn retry(&mut self, now: u64) {
        if self.cooling.is_empty() {
            return;
        }
        let due = |(until, _): &(u64, usize)| *until <= now;
        let ready: Vec<usize> = self.cooling.iter().filter(|held| due(held)).map(|(_, index)| *index).collect();
        self.cooling.retain(|held| !due(held));
        for index in ready {
            self.open_link(index);
        }
    }

    /// Sends the next request on a connection.
    fn send(&mut self, index: usize, planned: u64, started: u64) {
        let shot = self.arena.shot(self.place);
        self.place += self.stride;
        self.open += 1;
        self.tally.in_flight = self.tally.in_flight.max(self.open);
        self.links[index].flight = Some(Flight { shot, planned, started, written: 0, again: false });
        self.write(index);
    }
}
