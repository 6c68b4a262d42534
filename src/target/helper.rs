//! A process of ours that does a part of the work: it is told something on its standard input and answers in lines on its
//! standard output.

use super::{error::TargetError, group::Group, log::Log};
use std::{collections::BTreeMap, io, path::Path};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{ChildStdin, ChildStdout},
};

/// Such a process, with all its children in a group of its own. Dropping it kills them all.
#[derive(Debug)]
pub struct Helper {
    group: Group,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    log: Log,
}

impl Helper {
    /// Starts a command in the folder that we are in. What it is told goes by [`Helper::tell`]: everybody can read the
    /// arguments of a process.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(command: &[String]) -> Result<Helper, TargetError> {
        let log = Log::default();
        let (group, stdin, stdout) = Group::converse("helper", command, &BTreeMap::new(), Path::new("."), &log)?;
        Ok(Helper { group, stdin: Some(stdin), lines: BufReader::new(stdout).lines(), log })
    }

    /// Tells it a line.
    ///
    /// # Errors
    /// It has ended, or does not listen any more.
    pub async fn tell(&mut self, line: &str) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Err(io::ErrorKind::BrokenPipe.into()) };
        stdin.write_all(line.as_bytes()).await?;
        stdin.write_all(b"\n").await?;
        stdin.flush().await
    }

    /// Its next line; `None` once it says no more. May be dropped and asked again.
    ///
    /// # Errors
    /// What it says is no text.
    pub async fn next_line(&mut self) -> io::Result<Option<String>> {
        self.lines.next_line().await
    }

    /// Ends what we tell it, which it takes for a wish to stop.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// How it ended, and the last lines that it printed on its standard error, tokens in them shortened.
    pub async fn last_words(&mut self) -> String {
        let status = self.group.ended().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        self.group.last_words().await;
        let tail = self.log.tail();
        if tail.is_empty() { status } else { format!("{status}; it said:\n{tail}") }
    }

    /// Ends it: asks first, and kills what is left after two seconds.
    pub async fn stop(self) {
        self.group.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Helper {
        Helper::start(&["sh", "-c", script].map(str::to_owned)).unwrap()
    }

    #[tokio::test]
    async fn it_hears_lines_answers_in_lines_and_knows_when_we_hang_up() {
        let mut helper = sh("while read line; do echo \"heard $line\"; done; echo over; echo why >&2; exit 3");
        helper.tell("one").await.unwrap();
        assert_eq!(helper.next_line().await.unwrap().as_deref(), Some("heard one"));
        helper.hang_up();
        assert!(helper.tell("two").await.is_err());
        assert_eq!(helper.next_line().await.unwrap().as_deref(), Some("over"));
        assert_eq!(helper.next_line().await.unwrap(), None);
        assert_eq!(helper.last_words().await, "exit status: 3; it said:\nwhy");
        helper.stop().await;
    }

    #[tokio::test]
    async fn whoever_drops_it_leaves_none_of_its_children() {
        let mut helper = sh("sleep 600 & echo $!; wait");
        let child: i32 = helper.next_line().await.unwrap().unwrap().parse().unwrap();
        let child = nix::unistd::Pid::from_raw(child);
        assert!(nix::sys::signal::kill(child, None).is_ok());
        drop(helper);
        let gone = async {
            loop {
                // A dead process that nobody has taken off the table yet is gone as well.
                let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
                if stat.is_empty() || stat.contains(") Z ") {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(10), gone).await.unwrap();
    }
}
