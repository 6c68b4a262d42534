//! The expanded suite as one document.

use super::{
    decryption::{BUILTIN_DECRYPTS, decryption},
    error::RunError,
};
use crate::{
    conformance::{Planned, build, phases},
    model::{
        Alg, Capabilities, Capability, ContentEncryption, Period, Recipe, World,
        access::AccessRules,
        adapter::{Configure, ConfigureDecryption, TokenText},
        expect::Expect,
        export::{Export, ExportFormat, ExportedBefore, ExportedCase, LeftOut},
        report::Tool,
    },
    suite::{Catalog, Selection},
    target::protocol::token_text,
    token::{Forge, ForgeError, KeyRing, Setting},
};
use serde_json::Value;
use std::{cell::Cell, collections::BTreeMap};

/// What an export is made for.
pub struct Wanted {
    /// When its tokens are to be judged, in seconds since the epoch.
    pub now: i64,
    /// The `iss` of good tokens.
    pub issuer: String,
    /// Their `aud`.
    pub audience: String,
    /// The algorithms to trust; the first one signs ordinary tokens.
    pub algorithms: Vec<Alg>,
    /// What drives random bytes.
    pub seed: u64,
}

/// Mints every selected variant once, with fresh keys.
///
/// # Errors
/// Keys or the plain good token cannot be made.
pub fn export(catalog: &Catalog, selection: &Selection, wanted: &Wanted) -> Result<Export, RunError> {
    let press = Press::new(catalog, wanted)?;
    let own = BTreeMap::new();
    let plan = build(catalog, &press.provides(), selection, &own, Some(&press.forge), None);
    let mut left_out: Vec<LeftOut> =
        plan.skipped.iter().map(|left| LeftOut { id: left.case.id.clone(), because: left.because.clone() }).collect();
    let mut cases = Vec::new();
    let mut key_sets = BTreeMap::new();
    let (phased, ordinary) = phases(catalog, plan.cases);
    let mut print = |planned: &Planned, key_set: Option<&str>| match press.print(planned, key_set) {
        Ok(case) => cases.push((planned.index, case)),
        Err(because) => left_out.push(LeftOut { id: planned.case.id.clone(), because }),
    };
    for planned in &ordinary {
        print(planned, None);
    }
    let mut unserved = Vec::new();
    for (place, phase) in phased.iter().enumerate() {
        let name = format!("set-{}", place + 1);
        match (&phase.after, press.keys(&phase.served())) {
            (None, Some(keys)) => {
                phase.cases.iter().for_each(|planned| print(planned, Some(&name)));
                key_sets.insert(name, keys);
            }
            (after, _) => {
                let because = match after {
                    Some(_) => "is about the change from one key set to another",
                    None => "its key set is none that can be handed over",
                };
                unserved.extend(phase.cases.iter().map(|planned| (planned.case.id.clone(), because)));
            }
        }
    }
    left_out.extend(unserved.into_iter().map(|(id, because)| LeftOut { id, because: because.to_owned() }));
    cases.sort_by_key(|(index, _)| *index);
    Ok(Export {
        format: ExportFormat::V1,
        tool: Tool {
            name: "gauntlet".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            suite: catalog.digest().to_owned(),
        },
        now: wanted.now,
        trust: press.trust,
        canary: press.forge.setting().world.canary.clone(),
        key_sets,
        good: press.good,
        cases: cases.into_iter().map(|(_, case)| case).collect(),
        left_out,
    })
}

/// Makes the tokens of one document.
struct Press {
    forge: Forge,
    now: i64,
    trust: Configure,
    good: TokenText,
    printed: Cell<u32>,
}

impl Press {
    fn new(catalog: &Catalog, wanted: &Wanted) -> Result<Press, RunError> {
        let ring = KeyRing::generate(&wanted.algorithms)?;
        let opens = decryption(&ring, BUILTIN_DECRYPTS, ContentEncryption::ALL)?;
        let private = opens.keys.as_ref().and_then(|keys| serde_json::from_str(keys.reveal()).ok());
        let trust = Configure {
            issuer: wanted.issuer.clone(),
            audience: wanted.audience.clone(),
            algorithms: wanted.algorithms.iter().map(ToString::to_string).collect(),
            leeway: 0,
            typ: "JWT".into(),
            keys: ring.handed_over(),
            decryption: private.map(|keys| ConfigureDecryption {
                algorithms: opens.algorithms.iter().map(ToString::to_string).collect(),
                content_encryption: opens.content.iter().map(ToString::to_string).collect(),
                keys,
            }),
        };
        let setting = Setting {
            world: World::unserved(&wanted.issuer),
            issuer: wanted.issuer.clone(),
            audience: wanted.audience.clone(),
            typ: "JWT".into(),
            leeway: Period::from_secs(0),
            encryption: opens.usual(),
            seed: wanted.seed,
            rules: AccessRules::default(),
        };
        let (forge, now) = (Forge::new(ring, setting), wanted.now);
        let mut press = Press { forge, now, trust, good: TokenText::default(), printed: Cell::new(0) };
        press.good = press.mint(&catalog.access_token(&BTreeMap::new()), &BTreeMap::new())?.0;
        Ok(press)
    }

    /// What a reader with a library of any kind can do.
    fn provides(&self) -> Capabilities {
        let algorithms = self.trust.algorithms.iter().filter_map(|name| name.parse().ok()).map(Capability::Alg);
        let mut provides: Capabilities = algorithms.collect();
        provides.extend(BUILTIN_DECRYPTS.iter().copied().map(Capability::JweAlg));
        provides.extend(ContentEncryption::ALL.iter().copied().map(Capability::JweEnc));
        provides.extend([
            Capability::JweDecrypt,
            Capability::ControlClock,
            Capability::ClaimsReturned,
            Capability::JwksPhases,
            Capability::ObserveOutbound,
        ]);
        provides
    }

    /// A key set as a library is handed it.
    fn keys(&self, set: &crate::model::keyset::KeySet) -> Option<Value> {
        self.forge.ring().handed_over_with(&self.forge.ring().serve(set).ok()?, !set.is_alone())
    }

    fn mint(
        &self,
        recipe: &Recipe,
        before: &BTreeMap<String, crate::token::Token>,
    ) -> Result<(TokenText, crate::token::Token), ForgeError> {
        self.printed.set(self.printed.get() + 1);
        let token = self.forge.mint(recipe, self.now, &format!("export-{:06}", self.printed.get()), before)?;
        Ok((token_text(&token.bytes), token))
    }

    /// One variant; the error says why a document cannot hold it.
    fn print(&self, planned: &Planned, key_set: Option<&str>) -> Result<ExportedCase, String> {
        let case = &planned.case;
        if case.present.is_some() || case.given.present.is_some() {
            return Err("is about how a token is shown over HTTP".into());
        }
        if case.measure.is_some() {
            return Err("looks for a value with many tokens".into());
        }
        if case.before.iter().any(|before| before.revoked) {
            return Err("needs hook:revoke-token".into());
        }
        let failed = |error: ForgeError| error.to_string();
        let mut earlier = BTreeMap::new();
        let mut before = Vec::new();
        for first in &case.before {
            let (shown, token) = self.mint(&first.token.over(&planned.twin), &earlier).map_err(failed)?;
            let expect = match (first.refused, first.accepted) {
                (true, _) => Some(Expect::Reject),
                (false, true) => Some(Expect::Accept),
                (false, false) => None,
            };
            before.push(ExportedBefore { shown, expect });
            earlier.insert(first.name.clone(), token);
        }
        let (shown, _) = self.mint(&planned.token, &earlier).map_err(failed)?;
        let twin = match planned.has_own_twin() {
            true => Some(self.mint(&planned.twin, &earlier).map_err(failed)?.0),
            false => None,
        };
        Ok(ExportedCase {
            id: case.id.clone(),
            title: case.title.clone(),
            why: case.why.clone(),
            fix: case.fix.clone(),
            level: case.level,
            severity: case.severity,
            refs: case.refs.clone(),
            needs: case.needs.iter().map(ToString::to_string).collect(),
            expect: case.expect,
            policy: case.policy.clone(),
            key_set: key_set.map(str::to_owned),
            twin,
            before,
            token: shown.token,
            token_base64: shown.token_base64,
            returns: case.returns.clone(),
            never_returns: case.never_returns.clone(),
            untouched: case.untouched.clone(),
        })
    }
}
