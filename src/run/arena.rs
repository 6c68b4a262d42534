//! Where a flaw of the built-in validator is tried: most show in process, some only over HTTP, some only under another
//! configuration.

use super::{
    decryption::BUILTIN_DECRYPTS,
    error::RunError,
    exit::FailOn,
    ours::OurSide,
    policy::builtin_policy,
    session::{Request, execute_with},
    stop::Stop,
    subject::{BUILTIN_ALGORITHMS, Inside, Subject},
};
use crate::{
    builtin::{Builtin, Flaw},
    issuer::Options,
    model::{
        Alg, Capability, Case, ContentEncryption, Period, Recipe, RunReport,
        access::{AccessRules, ClaimRule, Login},
    },
    suite::{Catalog, Selection},
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A place to try a validator in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Arena {
    /// In this process: the fastest.
    Here,
    /// Over HTTP: paths, header lines, caches of answers, fetched key sets.
    Http,
    /// In this process as a resource server of RFC 9068 that trusts public keys only, led by ES256.
    AccessTokens,
    /// Over HTTP as a gateway before a service that we play. Only cases about what the service sees.
    Gateway,
    /// In this process with rules beyond a valid token: a scope, a role, a tenant, a login. Only cases about rules.
    Ruled,
}

/// All arenas.
pub(super) const ARENAS: [Arena; 5] = [Arena::Here, Arena::Http, Arena::Gateway, Arena::AccessTokens, Arena::Ruled];

/// No HMAC: only here can a MAC that nobody agreed on be told from one with the shared secret.
const PUBLIC_KEY_ALGORITHMS: &[Alg] =
    &[Alg::Es256, Alg::Rs256, Alg::Rs384, Alg::Ps256, Alg::Es384, Alg::Es512, Alg::EdDsa];

impl Arena {
    /// The arenas in which a flaw can show.
    pub fn of(flaw: Flaw) -> &'static [Arena] {
        match flaw {
            Flaw::HmacUnchecked | Flaw::AtClaimsUnchecked => &[Arena::AccessTokens],
            flaw if flaw.is_about_rules() => &[Arena::Ruled],
            flaw if flaw.is_of_gateway() => &[Arena::Gateway],
            // Refuses the good token of every algorithm but the leading one, so that both leaders must be tried.
            Flaw::OnlyFirstAlg => &[Arena::Here, Arena::AccessTokens],
            // Shows in a scope that is there twice as well.
            Flaw::DuplicatesFirstUsed => &[Arena::Here, Arena::Ruled],
            // Shows in what only a resource server of RFC 9068 has to look at as well.
            Flaw::TypUnchecked => &[Arena::Here, Arena::AccessTokens],
            // Needs the key set byte for byte as served.
            Flaw::HmacJwksAsServed => &[Arena::Http],
            flaw if flaw.is_of_fetching() || flaw.is_http_only() || !flaw.is_specific() => &[Arena::Http],
            _ => &[Arena::Here],
        }
    }

    /// The algorithms that a validator is configured for here.
    pub fn algorithms(self) -> &'static [Alg] {
        match self {
            Arena::Here | Arena::Http | Arena::Gateway | Arena::Ruled => BUILTIN_ALGORITHMS,
            Arena::AccessTokens => PUBLIC_KEY_ALGORITHMS,
        }
    }

    /// How the built-in validator is configured as a target of its own: as where its flaw shows.
    pub fn configuring(flaw: Option<Flaw>) -> Arena {
        match flaw.map(Arena::of) {
            Some([arena @ (Arena::AccessTokens | Arena::Ruled)]) => *arena,
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

    /// What a built-in validator wants here beyond a valid token.
    pub fn rules(self) -> AccessRules {
        if self != Arena::Ruled {
            return AccessRules::default();
        }
        let rule = |claim: &str, is: &str| ClaimRule { claim: claim.into(), is: is.into() };
        AccessRules {
            scope: Some("read".into()),
            role: Some(rule("roles", "reader")),
            tenant: Some(rule("tenant", "acme")),
            login: Some(Login {
                client: "gauntlet".into(),
                nonce: "n-0S6_WzA2Mj".into(),
                acr: "2".into(),
                max_age: Period::from_secs(600),
            }),
        }
    }

    /// What tokens need here.
    pub fn recipes(self) -> BTreeMap<String, Recipe> {
        if self != Arena::Ruled {
            return BTreeMap::new();
        }
        let claims = json!({
            "roles": ["auditor", "${role}"], "tenant": "${tenant}",
            "nonce": "${login-nonce}", "acr": "${login-acr}", "auth_time": "${now - 1m}",
        });
        let recipe = Recipe { claims: claims.as_object().cloned().unwrap_or_default(), ..Recipe::default() };
        BTreeMap::from([("access-token".to_owned(), recipe)])
    }

    /// Where `builtin:FLAW` is tried as a target of its own: over HTTP, but for a flaw that turns on a second, which
    /// only a clock of ours can show.
    pub fn showing(flaw: Option<Flaw>) -> Arena {
        match flaw {
            Some(Flaw::ExpBoundary | Flaw::ExpFractionCut) => Arena::Here,
            // Only in this process can a token be revoked.
            Some(Flaw::RevocationIgnored) => Arena::Ruled,
            Some(flaw) if flaw.is_of_gateway() => Arena::Gateway,
            _ => Arena::Http,
        }
    }

    /// The built-in validator as a subject of this arena.
    pub fn subject(self, flaw: Option<Flaw>) -> Subject {
        if self == Arena::Gateway {
            return Subject::Gateway(flaw);
        }
        if self == Arena::Http || flaw.is_some_and(Flaw::is_http_only) {
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
            rules: self.rules(),
            recipes: self.recipes(),
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
        let selection = match self {
            Arena::Ruled => selection.within(needing(&catalog, &RULES)),
            Arena::Gateway => selection.within(needing(&catalog, &[Capability::UpstreamSeen])),
            _ => selection,
        };
        // Their proof is that they are printed; flaws are for cases.
        let selection = selection.without_vectors();
        let request = Request {
            subject: self.subject(flaw),
            selection,
            seed,
            jobs: 1,
            fuzz: 0,
            fail_on: FailOn::Should,
            baseline: None,
            issuer: Options::default(),
            args: Vec::new(),
            reproduce: String::new(),
            profile: None,
        };
        execute_with(request, &catalog, Some(ours), Stop::never(), &mut |_| {}).await
    }
}

/// What shows a rule of the target's own.
const RULES: [Capability; 5] = [
    Capability::RuleScope,
    Capability::RuleRole,
    Capability::RuleTenant,
    Capability::ProfileIdToken,
    Capability::HookRevokeToken,
];

/// The cases that need one of these.
fn needing(catalog: &Catalog, wanted: &[Capability]) -> BTreeSet<String> {
    let needs_one = |case: &&Case| case.needs.iter().any(|need| need.present && wanted.contains(&need.capability));
    catalog.cases.iter().map(AsRef::as_ref).filter(needs_one).map(|case| case.id.case()).collect()
}
