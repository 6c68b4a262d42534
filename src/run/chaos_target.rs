//! The target of one scenario: what a report says about it, how it is started again and stopped.

use super::{error::RunError, subject::Subject};
use crate::{
    builtin,
    chaos::{Eyes, Keeper},
    model::{TargetFile, TrustConfig, report::TargetInfo},
    target::{Connection, Target},
};
use std::{collections::BTreeMap, pin::Pin, sync::Arc};
use tokio::sync::Mutex;

/// A target that stands for one scenario. Clones are the same one.
#[derive(Clone)]
pub(super) struct Standing(Arc<Mutex<Parts>>);

struct Parts {
    connection: Option<Connection>,
    builtin: Option<(builtin::Server, TrustConfig)>,
}

impl Standing {
    /// One that a target file describes.
    pub(super) fn new(connection: Connection) -> Standing {
        Standing(Arc::new(Mutex::new(Parts { connection: Some(connection), builtin: None })))
    }

    /// A built-in one, and the connection to it.
    pub(super) fn builtin(server: builtin::Server, connection: Connection, trust: TrustConfig) -> Standing {
        let builtin = Some((server, trust));
        Standing(Arc::new(Mutex::new(Parts { connection: Some(connection), builtin })))
    }

    /// What tokens are shown to.
    pub(super) async fn target(&self) -> Result<Arc<Target>, RunError> {
        self.0.lock().await.connection.as_ref().map(Connection::target).ok_or(RunError::NeverBegan)
    }

    /// The target's own eyes, where its file says where they are.
    pub(super) async fn eyes(&self, file: &TargetFile) -> Result<Eyes, RunError> {
        let mut parts = self.0.lock().await;
        let connection = parts.connection.as_mut().ok_or(RunError::NeverBegan)?;
        let mut filled = |text: &Option<String>| text.as_ref().map(|text| connection.fill("observe", text)).transpose();
        let (metrics, prometheus) = (filled(&file.observe.metrics)?, filled(&file.observe.prometheus)?);
        Ok(Eyes { metrics, prometheus, allowed: file.guard.allow_hosts.clone() })
    }

    /// Stops it; what its last hook complains about comes back.
    pub(super) async fn close(self) -> Option<String> {
        let mut parts = self.0.lock().await;
        let trouble = match parts.connection.take() {
            Some(connection) => connection.close().await.err().map(|error| error.to_string()),
            None => None,
        };
        if let Some((server, _)) = parts.builtin.take() {
            server.stop().await;
        }
        trouble
    }
}

impl Keeper for Standing {
    fn restart(&mut self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(async {
            let mut parts = self.0.lock().await;
            if let Some((server, trust)) = &parts.builtin {
                server.restart(trust);
                return Ok(());
            }
            match &mut parts.connection {
                None => Err("it is not there any more".to_owned()),
                Some(connection) => match connection.restart().await {
                    Ok(true) => Ok(()),
                    Ok(false) => Err("its file does not say how".to_owned()),
                    Err(error) => Err(error.to_string()),
                },
            }
        })
    }
}

/// What a report says about the target.
pub(super) fn about(subject: &Subject) -> TargetInfo {
    let (about, file, policy) = match subject {
        Subject::Builtin(None) => {
            ("the built-in validator, with a key cache as it should be".into(), None, BTreeMap::new())
        }
        Subject::Builtin(Some(flaw)) => {
            (format!("the built-in validator with one flaw: {}", flaw.about()), None, BTreeMap::new())
        }
        Subject::File(path, file) => (file.target.about.clone(), Some(path.display().to_string()), file.policy.clone()),
        _ => (String::new(), None, BTreeMap::new()),
    };
    let (promoted, waived) = match subject {
        Subject::File(_, file) => (file.promote.clone(), file.waive.clone()),
        _ => (Vec::new(), Vec::new()),
    };
    TargetInfo {
        name: subject.name(),
        about,
        transport: "bearer".into(),
        address: String::new(),
        file,
        provides: Vec::new(),
        lacks: Vec::new(),
        policy,
        promoted,
        waived,
    }
}
