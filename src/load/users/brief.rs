//! What the process that plays users is told on its standard input, and what it says in lines.

use crate::{
    load::Moment,
    model::{
        chaos::TokenClass,
        load::{LoadWindow, Users},
        provider::Provider,
    },
    target::Reached,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// All that the process needs to know. It holds tokens and secrets: it goes through a pipe, and prints as nothing.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Brief {
    /// Who is called.
    pub target: Reached,
    /// Where users sign in.
    pub provider: Provider,
    /// The folder that files of the provider are named from.
    pub folder: PathBuf,
    /// Hosts beyond this machine that may be aimed at.
    pub allowed: Vec<String>,
    /// Who gives the tokens, in words.
    pub signed_in_at: String,
    /// How many users.
    pub users: u32,
    /// How long calls count for nothing, in milliseconds.
    pub warm_up_ms: u64,
    /// How long they count.
    pub duration_ms: u64,
    /// Threads.
    pub threads: u32,
    /// What users show, with weights.
    pub lots: Vec<Lot>,
    /// Where the framework's page goes.
    pub page: PathBuf,
}

/// A class of tokens that users show.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lot {
    /// The class.
    pub class: TokenClass,
    /// Its weight among all.
    pub weight: u32,
    /// Tokens minted ahead, shown in turns; none where it is the user's own that is shown.
    pub tokens: Vec<String>,
}

/// A line of that process.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Word {
    /// The first user is about to sign in.
    Begun,
    /// A second is over.
    Second(Moment),
    /// All users are done.
    Done(Box<Played>),
    /// Nobody could begin, and why.
    Failed(String),
}

/// What users did.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Played {
    /// The verdicts that they saw, held against what was owed.
    pub window: LoadWindow,
    /// Their requests as the framework counted them.
    pub users: Users,
    /// Sign-ins and renewals that gave no token, with the reasons, each with its number.
    pub tokenless: Vec<(String, u64)>,
}
