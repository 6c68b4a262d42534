//! What is tested: a validator of ours, one that a file describes, one in this process, or one behind an adapter.

use super::arena::Arena;
use crate::{
    builtin::Flaw,
    model::{Alg, ContentEncryption, Harm, KeyManagement, Recipe, access::AccessRules, target::TargetFile},
    target::protocol::Validator,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// What the built-in validators are configured for. RS512 and PS512 are left out, so that a valid signature in an
/// algorithm that is not allowed can be shown.
pub const BUILTIN_ALGORITHMS: &[Alg] = &[
    Alg::Rs256,
    Alg::Rs384,
    Alg::Ps256,
    Alg::Ps384,
    Alg::Es256,
    Alg::Es384,
    Alg::Es512,
    Alg::Es256k,
    Alg::EdDsa,
    Alg::Ed25519,
    Alg::MlDsa44,
    Alg::MlDsa65,
    Alg::MlDsa87,
    Alg::Hs256,
    Alg::Hs384,
    Alg::Hs512,
];

/// What is tested.
pub enum Subject {
    /// The built-in validator over HTTP, strict or with one flaw.
    Builtin(Option<Flaw>),
    /// The built-in validator as a gateway before a service that we play, strict or with one flaw.
    Gateway(Option<Flaw>),
    /// What a target file describes.
    File(PathBuf, Box<TargetFile>),
    /// A validator in this process.
    InProcess(Box<Inside>),
    /// A library behind an adapter: the command that starts it, run in the current folder.
    Adapter(Vec<String>),
}

/// A validator in this process, and what it is to be configured with.
pub struct Inside {
    /// The name in reports.
    pub name: String,
    /// The validator.
    pub validator: Box<dyn Validator>,
    /// The algorithms that it may allow; the first one signs ordinary tokens.
    pub algorithms: Vec<Alg>,
    /// The key management that it decrypts; the first one encrypts ordinary tokens.
    pub decrypts: Vec<KeyManagement>,
    /// The content encryption that it takes.
    pub content_encryption: Vec<ContentEncryption>,
    /// The `typ` of its tokens.
    pub typ: String,
    /// The choices that it declares.
    pub policy: BTreeMap<String, String>,
    /// What it is to want beyond a valid token.
    pub rules: AccessRules,
    /// What its tokens need, laid over the recipe of that name.
    pub recipes: BTreeMap<String, Recipe>,
}

impl Subject {
    /// The built-in validator, strict or with one flaw, where the flaw shows.
    #[must_use]
    pub fn builtin(flaw: Option<Flaw>) -> Subject {
        Arena::showing(flaw).subject(flaw)
    }

    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Subject::Builtin(None) | Subject::Gateway(None) => "builtin-strict".into(),
            Subject::Builtin(Some(flaw)) | Subject::Gateway(Some(flaw)) => format!("builtin-{}", flaw.name()),
            Subject::File(_, file) => file.target.name.clone(),
            Subject::InProcess(inside) => inside.name.clone(),
            Subject::Adapter(command) => {
                let last = command.iter().rev().find(|word| !word.starts_with('-')).map(Path::new);
                let stem = last.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
                stem.unwrap_or_else(|| "adapter".into())
            }
        }
    }

    /// Grades beyond `safe` that may be sent without being asked for: what we start ourselves is ours to harm.
    #[must_use]
    pub fn allows(&self) -> Vec<Harm> {
        match self {
            Subject::Builtin(_) | Subject::Gateway(_) | Subject::InProcess(..) | Subject::Adapter(_) => {
                vec![Harm::Intrusive, Harm::Harmful]
            }
            Subject::File(..) if self.is_in_production() => Vec::new(),
            Subject::File(_, file) if file.start.is_some() => vec![Harm::Intrusive, Harm::Harmful],
            Subject::File(_, file) => file.guard.allow.clone(),
        }
    }

    /// Whether people depend on the target.
    #[must_use]
    pub fn is_in_production(&self) -> bool {
        matches!(self, Subject::File(_, file) if file.target.environment.as_deref() == Some("production"))
    }

    pub(super) fn algorithms(&self) -> Vec<Alg> {
        match self {
            Subject::Builtin(flaw) | Subject::Gateway(flaw) => Arena::configuring(*flaw).algorithms().to_vec(),
            Subject::File(_, file) => file.trust.algorithms.clone(),
            Subject::InProcess(inside) => inside.algorithms.clone(),
            Subject::Adapter(_) => Vec::new(),
        }
    }

    /// What the target file lays over recipes.
    #[must_use]
    pub fn recipes(&self) -> BTreeMap<String, Recipe> {
        match self {
            Subject::File(_, file) => file.recipe.clone(),
            Subject::InProcess(inside) => inside.recipes.clone(),
            Subject::Builtin(flaw) => Arena::configuring(*flaw).recipes(),
            Subject::Adapter(_) | Subject::Gateway(_) => BTreeMap::new(),
        }
    }
}
