//! What can be wrong with a file, said with file, line and word.

use miette::{Diagnostic, NamedSource, SourceSpan};
use std::{path::PathBuf, sync::Arc};

/// Why files could not be read as a suite or a target.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum SuiteError {
    /// A file is not what its format says.
    #[error("{what}")]
    #[diagnostic(code(gauntlet::file))]
    Invalid {
        /// What is wrong.
        what: String,
        /// The file's text.
        #[source_code]
        text: Arc<NamedSource<String>>,
        /// The word at fault.
        #[label("here")]
        at: SourceSpan,
        /// What to do.
        #[help]
        help: String,
    },
    /// A file cannot be read at all.
    #[error("cannot read {path}: {reason}", path = path.display())]
    #[diagnostic(code(gauntlet::read))]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        reason: String,
        /// What to do.
        #[help]
        help: String,
    },
    /// A file of vectors is none.
    #[error("{name}: {what}")]
    #[diagnostic(code(gauntlet::corpus))]
    Corpus {
        /// Which one.
        name: String,
        /// What was wanted, and what was found.
        what: String,
        /// What to do.
        #[help]
        help: String,
    },
    /// A glob of `--only` or `--skip` cannot be read.
    #[error("{glob:?} is no glob: {reason}")]
    #[diagnostic(
        code(gauntlet::glob),
        help("a glob is matched against ids such as algorithm/alg-none-mixed-case:nOnE; try 'algorithm/*'")
    )]
    BadGlob {
        /// The glob.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl SuiteError {
    /// An error at a span of a file.
    pub(super) fn at(
        file: &str,
        text: &str,
        span: std::ops::Range<usize>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> SuiteError {
        SuiteError::Invalid {
            what: what.into(),
            text: Arc::new(NamedSource::new(file, text.to_owned()).with_language("toml")),
            at: SourceSpan::from(span),
            help: help.into(),
        }
    }
}
