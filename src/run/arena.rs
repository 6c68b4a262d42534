//! Where a flaw of the built-in validator is tried: most show in process, some only over HTTP, some only under another
//! configuration.

use super::{
    decryption::BUILTIN_DECRYPTS,
    error::RunError,
    exit::FailOn,
    ours::OurSide,
    policy::builtin_policy,
    session::{Request, execute_with},
    setup::{BUILTIN_ALGORITHMS, Inside, Subject},
    stop::Stop,
};
use crate::{
    builtin::{Builtin, Flaw},
    issuer::Options,
    model::{Alg, ContentEncryption, RunReport},
    suite::{Catalog, Selection},
};
use std::{collections::BTreeMap, sync::Arc};

/// A place to try a validator in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Arena {
    /// In this process: the fastest.
    Here,
    /// Over HTTP: paths, header lines, caches of answers, fetched key sets.
    Http,
    /// In this process as a resource server of RFC 9068 that trusts public keys only, led by ES256.
    AccessTokens,
}

/// All arenas.
pub(super) const ARENAS: [Arena; 3] = [Arena::Here, Arena::Http, Arena::AccessTokens];

/// No HMAC: only here can a MAC that nobody agreed on be told from one with the shared secret.
const PUBLIC_KEY_ALGORITHMS: &[Alg] =
    &[Alg::Es256, Alg::Rs256, Alg::Rs384, Alg::Ps256, Alg::Es384, Alg::Es512, Alg::EdDsa];

impl Arena {
    /// The arenas in which a flaw can show.
    pub fn of(flaw: Flaw) -> &'static [Arena] {
        match flaw {
            Flaw::HmacUnchecked | Flaw::AtClaimsUnchecked => &[Arena::AccessTokens],
            // Refuses the good token of every algorithm but the leading one, so that both leaders must be tried.
            Flaw::OnlyFirstAlg => &[Arena::Here, Arena::AccessTokens],
            // Needs the key set byte for byte as served.
            Flaw::HmacJwksAsServed => &[Arena::Http],
            flaw if flaw.is_of_fetching() || flaw.is_http_only() || !flaw.is_specific() => &[Arena::Http],
            _ => &[Arena::Here],
        }
    }

    /// The algorithms that a validator is configured for here.
    pub fn algorithms(self) -> &'static [Alg] {
        match self {
            Arena::Here | Arena::Http => BUILTIN_ALGORITHMS,
            Arena::AccessTokens => PUBLIC_KEY_ALGORITHMS,
        }
    }

    /// How the built-in validator is configured as a target of its own: as where its flaw shows.
    pub fn configuring(flaw: Option<Flaw>) -> Arena {
        match flaw.map(Arena::of) {
            Some([Arena::AccessTokens]) => Arena::AccessTokens,
            _ => Arena::Http,
        }
    }

    /// The `typ` of tokens here.
    pub fn typ(self) -> &'static str {
        if self == Arena::AccessTokens { "at+jwt" } else { "JWT" }
    }

    /// What a built-in validator declares here.
    pub fn policy(self) -> BTreeMap<String, String> {
        let mut policy = builtin_policy();
        if self == Arena::AccessTokens {
            // RFC 9068 section 2.2 takes this choice away.
            policy.remove("optional-claims");
        }
        policy
    }

    /// Where `builtin:FLAW` is tried as a target of its own: over HTTP, but for a flaw that turns on a second, which
    /// only a clock of ours can show.
    pub fn showing(flaw: Option<Flaw>) -> Arena {
        if flaw == Some(Flaw::ExpBoundary) { Arena::Here } else { Arena::Http }
    }

    /// The built-in validator as a subject of this arena.
    pub fn subject(self, flaw: Option<Flaw>) -> Subject {
        if self == Arena::Http {
            return Subject::Builtin(flaw);
        }
        Subject::InProcess(Box::new(Inside {
            name: "builtin".into(),
            validator: Box::new(Builtin::new(flaw)),
            algorithms: self.algorithms().to_vec(),
            decrypts: BUILTIN_DECRYPTS.to_vec(),
            content_encryption: ContentEncryption::ALL.to_vec(),
            typ: self.typ().into(),
            policy: self.policy(),
        }))
    }

    /// Runs the selected cases against strict or one flaw.
    pub async fn run(
        self,
        flaw: Option<Flaw>,
        catalog: Arc<Catalog>,
        selection: Selection,
        ours: OurSide,
        seed: u64,
    ) -> Result<RunReport, RunError> {
        let request = Request {
            subject: self.subject(flaw),
            selection,
            seed,
            jobs: 1,
            fuzz: 0,
            fail_on: FailOn::Should,
            issuer: Options::default(),
            args: Vec::new(),
            reproduce: String::new(),
        };
        execute_with(request, &catalog, Some(ours), Stop::never(), &mut |_| {}).await
    }
}
