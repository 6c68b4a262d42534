//! How a command that runs something comes to its end.

use super::{output::Log, shared::told_to_stop, terminal::paint};
use crate::{
    model::RunReport,
    report::summary,
    run::{ExitCode, Stop, StopReason},
};
use std::{path::PathBuf, time::Duration};
use tokio::sync::watch;

/// Plays until it is over, or until a signal or the time limit becomes a wish to stop.
pub(super) async fn until_told<T>(max_time: Option<Duration>, play: impl AsyncFnOnce(Stop) -> T) -> T {
    let (wish, stop) = Stop::new();
    let listener = tokio::spawn(listen(told_to_stop(), wish, max_time));
    let ended = play(stop).await;
    listener.abort();
    ended
}

/// A second Ctrl-C ends the process at once.
async fn listen(
    told: impl Future<Output = StopReason>,
    wish: watch::Sender<Option<StopReason>>,
    max_time: Option<Duration>,
) {
    let limit = async {
        match max_time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    let reason = tokio::select! {
        reason = told => reason,
        () = limit => StopReason::TimeOver,
    };
    let _ = wish.send(Some(reason));
    if tokio::signal::ctrl_c().await.is_ok() {
        std::process::exit(i32::from(ExitCode::Interrupted as u8));
    }
}

/// Says what is wrong with the log, what the run came to, and where its reports are.
pub(super) fn conclude(report: &RunReport, log: &Log, written: &[PathBuf]) -> ExitCode {
    if let Some(trouble) = log.trouble() {
        anstream::eprintln!("events.ndjson is not complete: {trouble}");
    }
    anstream::eprintln!("{}", summary(report, &paint));
    for path in written {
        anstream::eprintln!("  {}", path.display());
    }
    code(report)
}

/// The exit code that a run came to.
pub(super) fn code(report: &RunReport) -> ExitCode {
    const CODES: [ExitCode; 6] = [
        ExitCode::Ok,
        ExitCode::Failed,
        ExitCode::NotTestable,
        ExitCode::Incomplete,
        ExitCode::Interrupted,
        ExitCode::Terminated,
    ];
    CODES.into_iter().find(|code| *code as u8 == report.exit_code).unwrap_or(ExitCode::Bug)
}
