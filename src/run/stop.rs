//! Ending a run before its end.

use super::exit::ExitCode;
use tokio::sync::watch;

/// Why a run ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// `--max-time` is over.
    TimeOver,
}

impl StopReason {
    /// What the process answers.
    #[must_use]
    pub fn exit_code(self) -> ExitCode {
        match self {
            StopReason::Interrupt => ExitCode::Interrupted,
            StopReason::Terminate => ExitCode::Terminated,
            StopReason::TimeOver => ExitCode::Incomplete,
        }
    }

    /// What the report says.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            StopReason::Interrupt => "stopped by Ctrl-C",
            StopReason::Terminate => "stopped by SIGTERM",
            StopReason::TimeOver => "the time limit was over",
        }
    }
}

/// A wish to stop that a run listens to.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Option<StopReason>>);

impl Stop {
    /// A wish and the hand that utters it.
    #[must_use]
    pub fn new() -> (watch::Sender<Option<StopReason>>, Stop) {
        let (sender, receiver) = watch::channel(None);
        (sender, Stop(receiver))
    }

    /// A run that nobody stops.
    #[must_use]
    pub fn never() -> Stop {
        Stop::new().1
    }

    /// Waits until somebody wants to stop; for ever if nobody can any more.
    pub async fn wanted(&mut self) -> StopReason {
        loop {
            // Copied out at once: the guard must not live across an await.
            let reason = *self.0.borrow_and_update();
            if let Some(reason) = reason {
                return reason;
            }
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
