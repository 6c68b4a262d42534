//! The suite inside a Rust team's own `cargo test`.

use super::{
    error::RunError,
    exit::FailOn,
    session::{Request, execute},
    stop::Stop,
    subject::{Inside, Subject},
};
use crate::{
    issuer::Options,
    model::{Capability, Finding, Outcome, RunReport, access::AccessRules, outcome::BaselineStatus},
    suite::{Catalog, Selection, read_baseline},
    target::protocol::Validator,
};
use std::{collections::BTreeMap, path::PathBuf};

/// A run of the suite against a validator in this process.
pub struct Check {
    validator: Box<dyn Validator>,
    only: Vec<String>,
    skip: Vec<String>,
    baseline: Option<PathBuf>,
    seed: u64,
}

/// Prepares a run of the suite against a validator in this process; [`Check::run`] or [`Check::assert`] carries it out.
///
/// A wrapper has three parts: what the validator can do (cases that need more are skipped by name), whom it is to trust,
/// and the call itself. This one is around the crate `jsonwebtoken`:
///
/// ```
/// use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
/// use jwt_gauntlet::{
///     model::{Alg, Capabilities, Capability, TrustConfig},
///     target::protocol::{Answer, Validator},
/// };
///
/// #[derive(Default)]
/// struct Mine {
///     trust: Option<TrustConfig>,
/// }
///
/// impl Mine {
///     fn claims(&self, token: &[u8]) -> Option<serde_json::Value> {
///         let (trust, token) = (self.trust.as_ref()?, std::str::from_utf8(token).ok()?);
///         let keys: JwkSet = serde_json::from_value(trust.keys.clone()).ok()?;
///         let kid = decode_header(token).ok()?.kid?;
///         let key = DecodingKey::from_jwk(keys.find(&kid)?).ok()?;
///         let mut rules = Validation::new(Algorithm::ES256);
///         rules.set_issuer(&[&trust.issuer]);
///         rules.set_audience(&[&trust.audience]);
///         rules.set_required_spec_claims(&["exp", "iss", "aud"]);
///         rules.validate_nbf = true;
///         rules.leeway = 0;
///         decode(token, &key, &rules).ok().map(|token| token.claims)
///     }
/// }
///
/// impl Validator for Mine {
///     fn provides(&self) -> Capabilities {
///         // Without `Capability::ControlClock`: this library asks the system for the time.
///         Capabilities::from([Capability::Alg(Alg::Es256), Capability::ClaimsReturned])
///     }
///
///     fn configure(&mut self, trust: &TrustConfig) {
///         self.trust = Some(trust.clone());
///     }
///
///     fn validate(&self, token: &[u8], _now: i64) -> Answer {
///         match self.claims(token) {
///             Some(claims) => Answer::Accept(claims),
///             None => Answer::Reject("refused".into()),
///         }
///     }
/// }
///
/// // In a test: one line, and a panic that names each broken case.
/// jwt_gauntlet::run::check(Mine::default()).only("algorithm/alg-none*").only("claims/exp-past").assert();
/// ```
#[must_use]
pub fn check(validator: impl Validator + 'static) -> Check {
    Check { validator: Box::new(validator), only: Vec::new(), skip: Vec::new(), baseline: None, seed: 1 }
}

impl Check {
    /// Only cases whose id matches the glob; several add up.
    #[must_use]
    pub fn only(mut self, glob: &str) -> Check {
        self.only.push(glob.to_owned());
        self
    }

    /// No case whose id matches the glob; several add up.
    #[must_use]
    pub fn skip(mut self, glob: &str) -> Check {
        self.skip.push(glob.to_owned());
        self
    }

    /// The list of known failures, a file of the format `baseline/1`: each with a reason, and none that is out of date.
    #[must_use]
    pub fn baseline(mut self, file: impl Into<PathBuf>) -> Check {
        self.baseline = Some(file.into());
        self
    }

    /// What drives nonces and random bytes.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Check {
        self.seed = seed;
        self
    }

    /// Runs and returns the report. Works inside and outside of an async runtime.
    ///
    /// # Errors
    /// A glob is wrong or matches nothing, or our side does not come up on loopback.
    pub fn run(self) -> Result<RunReport, RunError> {
        let catalog = Catalog::load(None)?;
        let baseline = self.baseline.as_deref().map(read_baseline).transpose()?;
        let algorithms = self
            .validator
            .provides()
            .into_iter()
            .filter_map(|capability| match capability {
                Capability::Alg(alg) => Some(alg),
                _ => None,
            })
            .collect();
        let provided = self.validator.provides();
        let decrypts = provided.iter().filter_map(|capability| match capability {
            Capability::JweAlg(alg) => Some(*alg),
            _ => None,
        });
        let content_encryption = provided.iter().filter_map(|capability| match capability {
            Capability::JweEnc(enc) => Some(*enc),
            _ => None,
        });
        let request = Request {
            selection: Selection::new(&self.only, &self.skip, false)?,
            subject: Subject::InProcess(Box::new(Inside {
                name: "in-process".into(),
                validator: self.validator,
                algorithms,
                decrypts: decrypts.collect(),
                content_encryption: content_encryption.collect(),
                typ: "JWT".into(),
                policy: BTreeMap::new(),
                rules: AccessRules::default(),
                recipes: BTreeMap::new(),
            })),
            seed: self.seed,
            jobs: 1,
            fuzz: 0,
            fail_on: FailOn::Must,
            baseline,
            issuer: Options::default(),
            args: Vec::new(),
            reproduce: "gauntlet::check".into(),
            profile: None,
        };
        // A thread of its own: the caller may be inside a runtime, where another one cannot be started.
        let worker = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            runtime.map_err(|error| RunError::Runtime(error.to_string()))?.block_on(execute(
                request,
                &catalog,
                Stop::never(),
                &mut |_| {},
            ))
        });
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Runs, and panics with every broken or undecided must.
    ///
    /// # Panics
    /// A must is broken or undecided, nothing was executed, or the run did not come about.
    pub fn assert(self) {
        let report = match self.run() {
            Ok(report) => report,
            Err(error) => panic!("the suite did not run: {error}"),
        };
        let lines: Vec<String> =
            report
                .cases
                .iter()
                .flat_map(|case| &case.findings)
                .filter(|finding| matches!(finding.outcome, Outcome::Fail | Outcome::Inconclusive))
                .filter(|finding| finding.baseline != BaselineStatus::Known)
                .map(line)
                .chain(report.calibration.iter().filter(|check| check.outcome >= Outcome::Inconclusive).map(|check| {
                    format!("{}: {}: {}", check.outcome, check.name, check.hint.clone().unwrap_or_default())
                }))
                .collect();
        let because = &report.exit_because;
        assert!(
            report.exit_code == 0 && lines.is_empty(),
            "the validator does not hold: {because}\n{}",
            lines.join("\n")
        );
    }
}

fn line(finding: &Finding) -> String {
    format!(
        "{}: {}\n  expected {}\n  observed {}\n  {}",
        finding.outcome, finding.id, finding.expected, finding.observed, finding.because
    )
}
