//! Conformance: how a run stands to a profile, and statements about it that others can check offline.
//!
//! Everything here is a pure function of bytes and reports: no sockets, no terminals, and no clock of its own. What is
//! read back is hostile until its signature and digests are checked.

mod account;
mod bundle;
mod envelope;
mod key;
mod rules;
mod scenarios;
mod statement;

pub use account::{Evidence, account};
pub use bundle::{
    BADGE, Files, KEY, Opened, PAGE, PROFILE, RUN, Refusal, STATEMENT, TARGET, examine, json_file, open, round_name,
    seal,
};
pub use envelope::{EnvelopeError, PAYLOAD_TYPE};
pub use key::{KeyError, PublicKey, SigningKey};
pub use rules::{Assessment, CaseStanding, assess};
pub use scenarios::ROUNDS;
pub use statement::PREDICATE_TYPE;
