//! How a target is reached, as data: for a process of ours that shows it tokens as well.

use super::{
    NoWire, Target, Wire,
    connect::prepare,
    error::TargetError,
    placeholders::{Facts, Told},
    route::Way,
};
use crate::model::TargetFile;
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A target that is up already. It holds no value of the environment: whoever reaches it has the same one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reached {
    file: Box<TargetFile>,
    folder: PathBuf,
    told: Told,
    /// The status that plain garbage got; 0 where that is not known.
    garbage: u16,
}

impl Reached {
    pub(super) fn new(file: &TargetFile, folder: &Path, facts: &Facts, target: &Target) -> Reached {
        // It is started and looked after by whoever connected to it.
        let file = TargetFile { start: None, hooks: Default::default(), ..file.clone() };
        let garbage = if let Target::Http(target) = target { target.garbage_status() } else { 0 };
        Reached { file: Box::new(file), folder: folder.to_owned(), told: facts.told(), garbage }
    }

    /// The route of it, for an engine of its own, or why there is none, as [`Target::wire`] says.
    ///
    /// # Errors
    /// As for [`connect`](super::connect).
    pub async fn wire(&self) -> Result<Result<Wire, NoWire>, TargetError> {
        let Way::Http(route) = Way::of(&self.file.transport)? else { return Ok(Err(NoWire::NotHttp)) };
        let target = prepare(&self.file, *route, &self.folder, &mut Facts::heard(&self.told)).await?;
        target.learn_garbage_status(self.garbage);
        Ok(Arc::new(Target::Http(Box::new(target))).wire())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Verdict,
        target::{connect, testing},
    };

    #[tokio::test]
    async fn another_process_asks_and_reads_in_the_same_way() {
        let text = "format = \"target/1\"\n[target]\nname = \"a\"\n[transport.bearer]\nurl = \"http://127.0.0.1:9/who?aud=${audience}\"\n\
                    headers = { X-Key = \"${env:PATH}\" }\nreject.status = [401, 418]\n\
                    [trust]\nkeys = \"jwks-uri\"\naudience = \"a\"\nalgorithms = [\"RS256\"]\n";
        let file: TargetFile = toml::from_str(text).unwrap();
        let connection = connect(&file, Path::new("."), &testing::world(), &testing::trust()).await.unwrap();
        connection.target().learn_garbage_status(400);
        let written = serde_json::to_string(&connection.reached(&file)).unwrap();
        assert!(!written.contains(&std::env::var("PATH").unwrap()), "secrets are not written");
        let read: Reached = serde_json::from_str(&written).unwrap();
        let (own, other) = (connection.target().wire().unwrap(), read.wire().await.unwrap().unwrap());
        let (mut here, mut there) = (Vec::new(), Vec::new());
        own.render(b"a.b.c", &mut here);
        other.render(b"a.b.c", &mut there);
        assert_eq!(String::from_utf8_lossy(&here), String::from_utf8_lossy(&there));
        for status in [200, 400, 401, 418, 500] {
            assert_eq!(own.judge(status, b""), other.judge(status, b""), "{status}");
        }
        assert_eq!(other.judge(400, b""), Verdict::Reject);
    }
}
