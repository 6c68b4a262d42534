//! What the user gives us of his own: a secret from a file or the environment, what a command prints, a public document.
//!
//! Nothing of it is quoted, not even when it cannot be used.

use super::{error::TargetError, group::Group, guard, log::Log};
use crate::model::{Secret, credential::Whereabouts};
use reqwest::{Client, redirect};
use std::{collections::BTreeMap, fs::File, io, io::Read, path::Path, time::Duration};
use tokio::{io::AsyncReadExt, time::timeout};

/// The longest time that a command or a document may take.
const WITHIN: Duration = Duration::from_secs(30);
/// The longest text that is read.
const LONGEST: usize = 1 << 20;

fn failed(place: &str, because: impl ToString) -> TargetError {
    TargetError::Obtain { place: place.to_owned(), because: because.to_string() }
}

/// A secret; a file's path is relative to the folder of the target file.
///
/// # Errors
/// There is no such file or variable, or it is empty or too long.
pub fn secret(place: &str, at: &Whereabouts, folder: &Path) -> Result<Secret<Vec<u8>>, TargetError> {
    let found = match at {
        Whereabouts::Env(name) => std::env::var_os(name)
            .map(std::os::unix::ffi::OsStringExt::into_vec)
            .ok_or_else(|| failed(place, format!("the variable {name} is not set")))?,
        Whereabouts::File(name) => read_file(place, &folder.join(name))?,
    };
    if found.is_empty() { Err(failed(place, "it is empty")) } else { Ok(Secret::new(found)) }
}

/// A file of at most a mebibyte.
fn read_file(place: &str, path: &Path) -> Result<Vec<u8>, TargetError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| failed(place, format!("{}: {error}", path.display())))?;
    if bytes.len() > LONGEST { Err(failed(place, format!("{} is too long", path.display()))) } else { Ok(bytes) }
}

/// What a command prints to its standard output. It runs in the folder, and is killed with its children after 30 s.
///
/// # Errors
/// It cannot be started, fails, does not end, or prints no text of a bearable length.
pub async fn printed_by(place: &'static str, command: &[String], folder: &Path) -> Result<String, TargetError> {
    if command.is_empty() {
        return Err(failed(place, "the command is empty"));
    }
    let (mut group, stdin, stdout) = Group::converse(place, command, &BTreeMap::new(), folder, &Log::default())?;
    drop(stdin);
    let mut bytes = Vec::new();
    let mut stdout = stdout.take(LONGEST as u64 + 1);
    let whole = timeout(WITHIN, async {
        stdout.read_to_end(&mut bytes).await?;
        if bytes.len() > LONGEST { Err(io::Error::other("it prints too much")) } else { group.ended().await }
    });
    let ended = whole.await;
    group.kill().await;
    match ended {
        Ok(Ok(status)) if status.success() => {
            String::from_utf8(bytes).map_err(|_| failed(place, "the command printed what is no text"))
        }
        Ok(Ok(status)) => Err(failed(place, format!("the command failed: {status}"))),
        Ok(Err(error)) => Err(failed(place, error)),
        Err(_) => Err(failed(place, format!("the command did not end within {} s", WITHIN.as_secs()))),
    }
}

/// A public document: at an address, which must be on loopback or listed, or in a file.
///
/// # Errors
/// The address may not be asked, nothing answers with 200 in time, or the document is too long.
pub async fn document(
    place: &'static str,
    at: &str,
    folder: &Path,
    allowed: &[String],
) -> Result<Vec<u8>, TargetError> {
    if !at.starts_with("http://") && !at.starts_with("https://") {
        return read_file(place, &folder.join(at));
    }
    let (url, aim) = guard::check(place, at, allowed).await?;
    let client = Client::builder()
        .no_proxy()
        .no_gzip()
        .redirect(redirect::Policy::none())
        .timeout(WITHIN)
        .resolve_to_addrs(&aim.host, &aim.addresses)
        .build()?;
    let plain = |error: reqwest::Error| failed(place, error.without_url());
    let mut answer = client.get(url).send().await.map_err(plain)?;
    if answer.status() != 200 {
        return Err(failed(place, format!("{at} answers {}", answer.status())));
    }
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(plain)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > LONGEST {
            return Err(failed(place, format!("the document at {at} is too long")));
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sh(script: &str) -> Result<String, TargetError> {
        let command = ["sh", "-c", script].map(str::to_owned);
        printed_by("trust.keys.sample.token.command", &command, Path::new("/")).await
    }

    #[tokio::test]
    async fn a_command_gives_its_standard_output() {
        assert_eq!(sh("echo one; echo two; echo noise >&2").await.unwrap(), "one\ntwo\n");
        // It does not wait for our input.
        assert_eq!(sh("cat; pwd").await.unwrap(), "/\n");
    }

    #[tokio::test]
    async fn nothing_that_a_command_says_is_quoted() {
        for script in ["echo s3cret; echo s3cret >&2; exit 3", "printf 's3cret\\377'", "yes s3cret"] {
            let error = sh(script).await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
        assert!(sh("exit 3").await.unwrap_err().to_string().contains("exit status: 3"));
    }

    #[test]
    fn secrets_are_read_and_not_quoted() {
        let here = Path::new("/");
        let path = secret("p", &Whereabouts::Env("PATH".into()), here).unwrap();
        assert_eq!(path.reveal(), std::env::var("PATH").unwrap().as_bytes());
        for at in [Whereabouts::Env("GAUNTLET_NO_SUCH_VARIABLE".into()), Whereabouts::File("no/such/file".into())] {
            let error = secret("trust.keys.static.key.pem", &at, here).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("trust.keys.static.key.pem"), "{error}");
        }
        assert!(secret("p", &Whereabouts::File("dev/zero".into()), here).is_err());
        assert!(secret("p", &Whereabouts::File("dev/null".into()), here).is_err());
    }
}
