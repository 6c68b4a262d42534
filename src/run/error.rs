//! Why a run did not come about.

use super::stop::StopReason;
use crate::{
    builtin::BuiltinError,
    issuer::IssuerError,
    load::DeskError,
    suite::SuiteError,
    target::{NoWire, TargetError},
    token::ForgeError,
};
use miette::Diagnostic;

/// Why a run did not come about. Nothing was judged.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum RunError {
    /// A file or a glob is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Suite(#[from] SuiteError),
    /// Our side did not come up.
    #[error("our issuer did not come up: {0}")]
    #[diagnostic(code(gauntlet::issuer), help("choose another --port or --bind, or leave both out"))]
    Issuer(#[from] IssuerError),
    /// The target cannot be reached or started.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Target(#[from] TargetError),
    /// The built-in validator did not come up.
    #[error("the built-in validator did not come up: {0}")]
    #[diagnostic(code(gauntlet::builtin))]
    Builtin(#[from] BuiltinError),
    /// Keys or tokens cannot be made.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Forge(#[from] ForgeError),
    /// No case has such an id.
    #[error("the selection matches no case")]
    #[diagnostic(
        code(gauntlet::selection),
        help("`gauntlet list` shows the ids; --only and --skip take globs over them")
    )]
    NothingSelected,
    /// The globs match no scenario.
    #[error("the selection matches no scenario")]
    #[diagnostic(
        code(gauntlet::selection),
        help("`gauntlet chaos --dry-run` shows the ids; --only and --skip take globs over them")
    )]
    NoScenario,
    /// Generated tokens are asked for, and the globs let none through.
    #[error("--fuzz wants generated tokens, and the selection lets none through")]
    #[diagnostic(
        code(gauntlet::selection),
        help("their ids are fuzz/KIND:NUMBER: add --only 'fuzz/*', or leave --only out")
    )]
    NothingGenerated,
    /// A validator in this process does not say which algorithms it takes.
    #[error("the validator names no algorithm")]
    #[diagnostic(
        code(gauntlet::algorithms),
        help("let `provides` return a Capability::Alg for each algorithm that it takes")
    )]
    NoAlgorithm,
    /// Scenarios are about keys that a target fetches, and this one fetches none.
    #[error("wanted a target that fetches our key set")]
    #[diagnostic(
        code(gauntlet::chaos),
        help("name builtin:strict, or a target file with [trust] keys = \"discovery\" or \"jwks-uri\"")
    )]
    FetchesNoKeys,
    /// The address of an identity provider leads to no key set.
    #[error("no key set is found behind {0}")]
    #[diagnostic(
        code(gauntlet::proxy),
        help("name the issuer, its /.well-known/openid-configuration, or the address of its key set")
    )]
    NoUpstream(String),
    /// The target takes no good token.
    #[error("{0}")]
    #[diagnostic(
        code(gauntlet::fingerprint),
        help("`gauntlet doctor TARGET` says what is misconfigured between the harness and the target")
    )]
    NotMeasurable(String),
    /// A plan asks a token endpoint, and none is named.
    #[error("wanted a target file that names a token endpoint")]
    #[diagnostic(
        code(gauntlet::provider),
        help("add [provider] with token-endpoint = \"https://idp.example/token\" and auth to the target file")
    )]
    NoProvider,
    /// The token endpoint gives nothing that could be measured.
    #[error(transparent)]
    #[diagnostic(
        code(gauntlet::provider),
        help("look at auth, params and session of [provider] in the target file; curl can try them by hand")
    )]
    Desk(#[from] DeskError),
    /// Plans about a validator and plans about an identity provider do not fit into one run.
    #[error("wanted plans that all ask the validator, or all ask its identity provider; found both")]
    #[diagnostic(
        code(gauntlet::provider),
        help("run them one after the other; `gauntlet load --list` shows the plans")
    )]
    MixedPlans,
    /// Requests to the target cannot be written ahead.
    #[error("requests to this target cannot be written ahead: {0}")]
    #[diagnostic(
        code(gauntlet::route),
        help(
            "HTTP/2, a Locust worker and users need that; drive this target at a --rate, or over --connections, instead"
        )
    )]
    NoWire(NoWire),
    /// This program cannot have users play.
    #[error("wanted users, and this gauntlet was built without them")]
    #[diagnostic(
        code(gauntlet::users),
        help("build it with its feature `users`, which is on by default; or drive the plan with --connections")
    )]
    NoUsers,
    /// Users play for one target at a time.
    #[error("wanted a plan at a rate or over connections for two targets in turns, found one that users play")]
    #[diagnostic(code(gauntlet::users), help("run it for each target by itself, or leave --vs out"))]
    UsersAlone,
    /// The token that users would get is none that the target takes.
    #[error("the target does not take the token that {endpoint} gives: {because}")]
    #[diagnostic(
        code(gauntlet::users),
        help(
            "users call with the tokens of [provider]: let the target trust that provider, ask it for the right audience and \
             scope under params, or take [provider] out to have users sign in at an endpoint of ours"
        )
    )]
    TokenRefused {
        /// Who gave it.
        endpoint: String,
        /// What the target answered.
        because: String,
    },
    /// The process that plays users broke off.
    #[error("the users broke off: {0}")]
    #[diagnostic(
        code(gauntlet::users),
        help(
            "they play in a process of their own: look for limits of memory, of processes and of open files (`ulimit -n`)"
        )
    )]
    UsersBroke(String),
    /// A scenario could not be prepared.
    #[error("the scenario could not be prepared: {0}")]
    #[diagnostic(code(gauntlet::scenario))]
    Unprepared(String),
    /// The target does not answer over HTTP/2, which was asked.
    #[error("one request over HTTP/2 got no answer: {0}")]
    #[diagnostic(
        code(gauntlet::http2),
        help(
            "does the target speak it? Over plain TCP it is begun without asking (RFC 9113 section 3.3); leave --http2 out to load it over HTTP/1.1"
        )
    )]
    NotHttp2(String),
    /// The suite serves a key set that it does not describe.
    #[error("the suite describes no key set called `default`")]
    #[diagnostic(code(gauntlet::keyset), help("add [keyset.default] with members = [\"trusted\"] to keysets.toml"))]
    NoKeySet,
    /// Somebody stopped the run before anything was judged.
    #[error("{} before anything was judged", .0.sentence())]
    #[diagnostic(code(gauntlet::stopped))]
    StoppedEarly(StopReason),
    /// The run ended without a first event: a bug of ours.
    #[error("the run ended before it began")]
    #[diagnostic(code(gauntlet::bug))]
    NeverBegan,
    /// The async runtime did not start.
    #[error("no async runtime: {0}")]
    #[diagnostic(code(gauntlet::runtime))]
    Runtime(String),
}
