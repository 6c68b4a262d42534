//! What happens on the connections of a worker: requests go out, answers come in, connections end.

use super::{Flight, Worker};
use crate::{
    load::{
        engine::{Progress, Whole},
        tally::Seen,
    },
    model::Verdict,
};
use std::{io::ErrorKind, mem};

/// After a connection that did not come about, the next try waits this long.
const COOL: u64 = 20_000_000;

/// What becomes of a connection after an event.
enum After {
    /// It stays.
    Keep,
    /// It is gone, and so is what was under way on it.
    Gone(Verdict),
}

impl Worker<'_> {
    /// Writes what is left of a request, as far as that is possible now.
    pub(super) fn write(&mut self, index: usize) {
        let link = &mut self.links[index];
        let (Some(stream), Some(flight)) = (&mut link.stream, &mut link.flight) else { return };
        if !link.connected {
            return;
        }
        let bytes = self.arena.bytes(flight.shot);
        while flight.written < bytes.len() {
            match stream.write(&bytes[flight.written..]) {
                Ok(0) => return,
                Ok(written) => flight.written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // An answer may be there already, which says why; reading shows it.
                Err(_) => return,
            }
        }
    }

    /// Something happened on a connection.
    pub(super) fn ready(&mut self, index: usize, writable: bool) {
        let link = &mut self.links[index];
        let Some(stream) = &mut link.stream else { return };
        if !link.connected {
            match stream.is_connected() {
                Ok(true) => link.connected = true,
                Ok(false) => return,
                Err(_) => return self.lost(index, Verdict::Unreachable),
            }
        }
        if writable {
            if stream.push().is_err() {
                return self.lost(index, Verdict::Reset);
            }
            if link.flight.is_some_and(|flight| flight.written < self.arena.bytes(flight.shot).len()) {
                self.write(index);
            }
        }
        if let After::Gone(verdict) = self.read(index) {
            self.lost(index, verdict);
        }
    }

    fn read(&mut self, index: usize) -> After {
        let mut scratch = mem::take(&mut self.scratch);
        let after = self.read_into(index, &mut scratch);
        self.scratch = scratch;
        after
    }

    fn read_into(&mut self, index: usize, scratch: &mut [u8]) -> After {
        loop {
            let link = &mut self.links[index];
            let Some(stream) = &mut link.stream else { return After::Keep };
            let read = match stream.read(scratch) {
                Ok(0) => {
                    return match link.reader.end() {
                        Some(whole) => self.answered(index, whole),
                        None => After::Gone(Verdict::Reset),
                    };
                }
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    // A handshake that has just ended lets the request out.
                    if !stream.is_plain() {
                        self.write(index);
                    }
                    return After::Keep;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return After::Gone(Verdict::Reset),
            };
            // Nothing was asked: whatever it says, it will say it to somebody else's question.
            if link.flight.is_none() {
                return After::Gone(Verdict::OddAnswer);
            }
            let drained = read < scratch.len() && stream.is_plain();
            match link.reader.feed(&scratch[..read], self.wire.to_head, self.wire.reads_body()) {
                // Short or not: the end of the stream may be there already, and no other event would tell.
                Progress::More => continue,
                Progress::Malformed => return After::Gone(Verdict::OddAnswer),
                // More than one answer to one request.
                Progress::Done(whole) if whole.used < read => {
                    return self.answered(index, Whole { closes: true, ..whole });
                }
                Progress::Done(whole) => match self.answered(index, whole) {
                    After::Keep => {}
                    gone => return gone,
                },
            }
            if drained {
                return After::Keep;
            }
        }
    }

    /// A whole answer is there.
    fn answered(&mut self, index: usize, whole: Whole) -> After {
        let link = &mut self.links[index];
        let Some(flight) = link.flight.take() else { return After::Gone(Verdict::Reset) };
        link.served += 1;
        let verdict = self.wire.judge(whole.status, link.reader.body());
        let now = u64::try_from(self.zero.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let (planned, started) = (flight.planned, flight.started);
        let seen = Seen { kind: flight.shot.kind(), planned, started, ended: now, verdict };
        self.tally.ended(&seen, || format!("status {}", whole.status));
        self.open -= 1;
        // A request that is not written whole cannot be followed by another one.
        let is_whole = flight.written >= self.arena.bytes(flight.shot).len();
        if whole.closes || !is_whole {
            self.links[index].stream = None;
            if self.goes_on(now) {
                self.open_link(index);
            }
            return After::Keep;
        }
        if self.arrivals.is_none() && self.goes_on(now) && index < self.most {
            self.send(index, now, now);
        } else {
            self.idle.push(index);
        }
        After::Keep
    }

    fn goes_on(&self, now: u64) -> bool {
        now < self.end && !self.order.is_stopped()
    }

    /// A connection is gone, or never came about.
    pub(super) fn lost(&mut self, index: usize, verdict: Verdict) {
        let now = self.now();
        let link = &mut self.links[index];
        link.stream = None;
        let flight = link.flight.take();
        let stale = link.served > 0 && !link.reader.has_begun();
        let Some(flight) = flight else {
            self.idle.retain(|idle| *idle != index);
            return self.reopen(index, verdict, now);
        };
        // The target may close a connection that is idle just when a request is on its way: any client asks again.
        if stale && verdict == Verdict::Reset && !flight.again {
            self.tally.resent += 1;
            self.links[index].flight = Some(Flight { written: 0, again: true, ..flight });
            return self.open_link(index);
        }
        let (planned, started) = (flight.planned, flight.started);
        let seen = Seen { kind: flight.shot.kind(), planned, started, ended: now, verdict };
        self.tally.ended(&seen, String::new);
        self.open -= 1;
        self.reopen(index, verdict, now);
    }

    /// Brings a place back, later where nobody listens.
    fn reopen(&mut self, index: usize, verdict: Verdict, now: u64) {
        if !self.goes_on(now) {
            return;
        }
        // Neither where whoever listens hangs up at once: asking again and again is no load that anybody meant.
        if verdict == Verdict::Unreachable || self.links[index].served == 0 {
            self.cooling.push((now + COOL, index));
        } else {
            self.open_link(index);
        }
    }

    /// Gives up what waits too long.
    pub(super) fn give_up(&mut self, now: u64) {
        let longest = u64::try_from(self.wire.timeout.as_nanos()).unwrap_or(u64::MAX);
        for index in 0..self.links.len() {
            let late = self.links[index].flight.is_some_and(|flight| now.saturating_sub(flight.started) > longest);
            if late {
                // Never sent again: it was, and nothing came.
                if let Some(flight) = &mut self.links[index].flight {
                    flight.again = true;
                }
                let connected = self.links[index].connected;
                self.lost(index, if connected { Verdict::Timeout } else { Verdict::Unreachable });
            }
        }
    }
}
