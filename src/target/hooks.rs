//! Commands of the target file that the harness may run (`[hooks]`).

use super::{error::TargetError, group::Group, log::Log, placeholders::Facts, redact::Redactor};
use std::{collections::BTreeMap, path::Path, time::Duration};
use tokio::time::timeout;

/// The longest time that a hook may take.
const WITHIN: Duration = Duration::from_secs(30);

/// Runs the command of a hook (its place in the target file), where there is one, and waits until it ends. Processes that it leaves behind on success stay.
pub(super) async fn run(
    hook: &'static str,
    command: &[String],
    facts: &mut Facts,
    folder: &Path,
) -> Result<(), TargetError> {
    run_within(hook, command, facts, folder, WITHIN).await
}

async fn run_within(
    hook: &'static str,
    command: &[String],
    facts: &mut Facts,
    folder: &Path,
    within: Duration,
) -> Result<(), TargetError> {
    if command.is_empty() {
        return Ok(());
    }
    let command = facts.fill_all(hook, command)?;
    let redactor = Redactor::new(facts.secrets());
    let log = Log::default();
    let mut group = Group::spawn(hook, &command, &BTreeMap::new(), folder, &log)?;
    let ended = timeout(within, group.ended()).await;
    if let Ok(Ok(status)) = &ended
        && status.success()
    {
        group.release();
        return Ok(());
    }
    group.last_words().await;
    group.kill().await;
    let status = match ended {
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("it did not end within {}s", within.as_secs_f64()),
    };
    Err(TargetError::Hook { hook, status, log: redactor.text(log.tail()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::testing;

    async fn sh(script: &str, within: Duration) -> Result<(), TargetError> {
        let mut facts = Facts::new(&testing::world(), &testing::trust(), Some(7));
        let command = ["sh", "-c", script].map(str::to_owned);
        run_within("hooks.before", &command, &mut facts, Path::new("/"), within).await
    }

    #[tokio::test]
    async fn a_hook_sees_its_placeholders_and_its_folder() {
        sh("test ${port} = 7 && test $PWD = / && test ${audience} = https://api.example", WITHIN).await.unwrap();
        let mut facts = Facts::new(&testing::world(), &testing::trust(), None);
        run("hooks.before", &[], &mut facts, Path::new("")).await.unwrap();
    }

    #[tokio::test]
    async fn a_failing_hook_is_quoted() {
        let error = sh("echo first; echo no such table >&2; exit 3", WITHIN).await.unwrap_err().to_string();
        assert!(error.starts_with("the command of `hooks.before` failed: exit status: 3"), "{error}");
        assert!(error.contains("first") && error.contains("no such table"), "{error}");
    }

    #[tokio::test]
    async fn a_hook_that_does_not_end_is_killed_with_its_children() {
        let error = sh("sleep 1000 & echo $!; wait", Duration::from_millis(300)).await.unwrap_err();
        let TargetError::Hook { status, log, .. } = error else { panic!("{error}") };
        assert_eq!(status, "it did not end within 0.3s");
        testing::is_gone(log.trim().parse().unwrap()).await;
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let mut facts = Facts::new(&testing::world(), &testing::trust(), None);
        let command = ["./no-such-program".to_owned()];
        let error = run("hooks.before", &command, &mut facts, Path::new("/")).await.unwrap_err();
        assert!(error.to_string().starts_with("cannot run \"./no-such-program\" (hooks.before)"), "{error}");
    }
}
