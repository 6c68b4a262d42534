//! Conformance: how a run stands to a profile, and statements about it that others can check offline.
//!
//! Everything here is a pure function of bytes and reports: no sockets, no terminals, and no clock of its own. What is
//! read back is hostile until its signature and digests are checked.

mod rules;

pub use rules::{Assessment, CaseStanding, assess};
