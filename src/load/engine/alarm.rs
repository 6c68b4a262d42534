//! Wakes a poll at a time that is finer than a millisecond, the finest that epoll's own limit can be.

use mio::{Poll, Token};
use std::{io, time::Duration};

/// An alarm clock of a poll.
pub(super) struct Alarm {
    #[cfg(target_os = "linux")]
    timer: nix::sys::timerfd::TimerFd,
    /// The limit to poll with where there is no such clock.
    limit: Option<Duration>,
}

impl Alarm {
    /// Registers an alarm with a poll.
    #[cfg(target_os = "linux")]
    pub fn new(poll: &Poll, token: Token) -> io::Result<Alarm> {
        use mio::{Interest, unix::SourceFd};
        use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};
        use std::os::fd::{AsFd, AsRawFd};
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        poll.registry().register(&mut SourceFd(&timer.as_fd().as_raw_fd()), token, Interest::READABLE)?;
        Ok(Alarm { timer, limit: None })
    }

    /// Registers an alarm with a poll.
    #[cfg(not(target_os = "linux"))]
    pub fn new(_: &Poll, _: Token) -> io::Result<Alarm> {
        Ok(Alarm { limit: None })
    }

    /// Sets it.
    #[cfg(target_os = "linux")]
    pub fn set(&mut self, after: Duration) -> io::Result<()> {
        use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};
        // Setting it anew forgets that it rang, so nobody needs to read it.
        self.timer.set(Expiration::OneShot(after.into()), TimerSetTimeFlags::empty())?;
        Ok(())
    }

    /// Sets it.
    #[cfg(not(target_os = "linux"))]
    pub fn set(&mut self, after: Duration) -> io::Result<()> {
        self.limit = Some(after);
        Ok(())
    }

    /// The limit to poll with.
    pub fn limit(&self, otherwise: Duration) -> Duration {
        self.limit.map_or(otherwise, |limit| limit.min(otherwise))
    }
}
