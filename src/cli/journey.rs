//! `gauntlet journey`, which nobody calls but `gauntlet load`: users play in this process.
//!
//! What it is told comes as one line on stdin, and the end of stdin is the wish to stop, so that it never outlives whoever
//! started it. What it says goes in lines to what was stdout when it began; whatever the framework prints goes nowhere.

use super::{Ended, shared::usage};
use crate::{
    load::users::{Brief, Word, play},
    run::ExitCode,
};
use clap::Args;
use miette::{IntoDiagnostic, Report};
use std::{
    fs::File,
    io::{BufRead, Read, Write, stdin, stdout},
    os::fd::AsFd,
    sync::Mutex,
    thread,
};
use tokio::sync::watch;

/// What it is called.
pub(super) const NAME: &str = "journey";

/// Play users for `gauntlet load`, which says so on the standard input
#[derive(Debug, Args)]
pub(super) struct Journey {}

impl Journey {
    pub fn execute(self) -> Ended {
        let words = Mutex::new(take_stdout()?);
        let mut line = String::new();
        stdin().lock().read_line(&mut line).into_diagnostic()?;
        let brief: Brief = serde_json::from_str(&line).map_err(|_| {
            usage("wanted to be told on stdin which users to play, and was not", "use `gauntlet load --users N`")
        })?;
        drop(line);
        let (wish, stop) = watch::channel(false);
        thread::spawn(move || {
            // Nothing more is told: its end is what matters.
            let _ = stdin().lock().read_to_end(&mut Vec::new());
            let _ = wish.send(true);
        });
        let say = |word: Word| {
            if let (Ok(mut words), Ok(text)) = (words.lock(), serde_json::to_string(&word)) {
                // Whoever listened has gone, and the end of stdin says so too.
                let _ = writeln!(words, "{text}");
            }
        };
        let threads = usize::try_from(brief.threads).unwrap_or(1).max(1);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
        let runtime = runtime.into_diagnostic()?;
        match runtime.block_on(play(brief, &say, stop)) {
            Ok(played) => say(Word::Done(Box::new(played))),
            Err(error) => say(Word::Failed(error.to_string())),
        }
        // Users who were stopped may still wait for an answer, and nobody waits for them.
        runtime.shutdown_background();
        Ok(ExitCode::Ok)
    }
}

/// What was stdout; from now on nothing is printed there.
fn take_stdout() -> Result<File, Report> {
    let own = stdout().as_fd().try_clone_to_owned().into_diagnostic()?;
    let nowhere = File::options().write(true).open("/dev/null").into_diagnostic()?;
    nix::unistd::dup2_stdout(nowhere.as_fd()).into_diagnostic()?;
    Ok(File::from(own))
}
