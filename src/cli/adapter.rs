//! `gauntlet adapter`.

use super::{
    Ended,
    adapter_bare::{TEXT, decrypt, verify_jws},
    shared::{runtime, told_to_stop, usage},
    terminal::paint,
};
use crate::{
    builtin::{Flaw, answer_questions},
    model::{
        Alg, KeyManagement, Outcome, Period, Recipe, Slot, Tampering, TrustConfig, World,
        access::AccessRules,
        adapter::{AdapterReply, AdapterVerdict, Ask},
        jwe::{Content, Encrypt},
        recipe::Sign,
        target::Decryption,
    },
    report::{Role, visible},
    run::{BUILTIN_ALGORITHMS, ExitCode, RunError},
    suite::Catalog,
    target::{StdioTarget, protocol::token_text},
    token::{Forge, KeyRing, Setting, Token},
};
use clap::{Args, Subcommand};
use miette::{IntoDiagnostic, Report};
use std::{collections::BTreeMap, fmt, io, path::Path, time::Duration};
use tokio::time::timeout;

/// How long an adapter may take to end after `bye`.
const GOODBYE: Duration = Duration::from_secs(5);

/// Help to write an adapter that puts a library behind the suite
#[derive(Debug, Args)]
pub(super) struct Adapter {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Walk an adapter through the protocol, one reply at a time, and say what to mend
    Check {
        /// The command that starts the adapter
        #[arg(last = true, required = true, value_name = "ADAPTER")]
        command: Vec<String>,
    },
    /// Be an adapter: the built-in validator behind the protocol, on standard input and output
    Builtin {
        /// The flaw that it has
        #[arg(value_name = "FLAW")]
        flaw: Option<Flaw>,
    },
}

impl Adapter {
    pub fn execute(self) -> Ended {
        match self.what {
            What::Builtin { flaw } => {
                answer_questions(flaw, BUILTIN_ALGORITHMS, io::stdin().lock(), io::stdout().lock())
                    .into_diagnostic()?;
                Ok(ExitCode::Ok)
            }
            What::Check { command } => runtime()?.block_on(async {
                tokio::select! {
                    checked = check(command) => checked,
                    reason = told_to_stop() => Err(RunError::StoppedEarly(reason).into()),
                }
            }),
        }
    }
}

/// The steps so far.
#[derive(Default)]
pub(super) struct Walk {
    failed: usize,
    passed: usize,
    skipped: usize,
}

impl Walk {
    /// One step: its name, what came or what was wanted instead, and what to do about it.
    pub fn step(&mut self, name: &str, seen: Result<String, String>, help: &str) {
        let (outcome, text) = match &seen {
            Ok(text) => (Outcome::Pass, text),
            Err(text) => (Outcome::Fail, text),
        };
        say(outcome, name, text);
        if seen.is_ok() {
            self.passed += 1;
        } else {
            self.failed += 1;
            anstream::println!("      help: {help}");
        }
    }

    /// A step that the adapter passes over.
    pub fn skip(&mut self, name: &str, why: String) {
        say(Outcome::Skip, name, &format!("skipped, because the adapter says: {why}"));
        self.skipped += 1;
    }

    fn count(&self) -> String {
        let skipped = if self.skipped > 0 { format!(", {} skipped", self.skipped) } else { String::new() };
        format!("{} steps passed, {} failed{skipped}", self.passed, self.failed)
    }
}

fn say(outcome: Outcome, name: &str, text: &str) {
    anstream::println!("{} {name}: {}", paint(Role::Outcome(outcome), &format!("{outcome:<5}")), visible(text));
}

/// Asks the questions of the protocol in order. The first two decide whether the others make sense.
async fn check(command: Vec<String>) -> Ended {
    let mut walk = Walk::default();
    let started = StdioTarget::start(command, BTreeMap::new(), Path::new("."), Period::from_secs(5)).await;
    let adapter = match started {
        Ok(adapter) => adapter,
        Err(error) => {
            let help = "read a line from standard input, answer {\"seq\": 1, \"ok\": {\"name\": …, \"provides\": [\"alg:RS256\"]}} as \
                        one line, and flush";
            walk.step("hello", Err(error.to_string()), help);
            return Ok(ExitCode::NotTestable);
        }
    };
    let info = adapter.info();
    walk.step("hello", Ok(format!("{} {} in {}", info.name, info.version, info.language)), "");
    let algorithms = adapter.algorithms();
    let Some(first) = algorithms.first().copied() else {
        let help = "list each algorithm that the library can verify as \"alg:NAME\" in `provides`";
        walk.step("algorithms", Err("wanted at least one, found none".into()), help);
        return Ok(ExitCode::NotTestable);
    };
    let names: Vec<&str> = algorithms.iter().map(|alg| alg.name()).collect();
    walk.step("algorithms", Ok(names.join(", ")), "");
    let tokens = Tokens::new(&algorithms)?;
    let configured = adapter.configure(&tokens.trust).await.map_err(|error| error.to_string());
    let help = "answer {\"seq\": …, \"ok\": {}} once issuer, audience, algorithms, leeway and keys are noted";
    walk.step("configure", configured.map(|()| format!("{} keys", tokens.keys())), help);
    if walk.failed == 0 {
        validate(&adapter, &tokens, first, &algorithms, &mut walk).await?;
    }
    for oddity in adapter.oddities().await {
        walk.step("one reply a question", Err(oddity), "answer each question once");
    }
    let ended = timeout(GOODBYE, adapter.close()).await.map(|()| "it ended".to_owned());
    walk.step(
        "bye",
        ended.map_err(|_| "it is still there".into()),
        "end the program at `bye`, and when its input ends",
    );
    anstream::println!("\n{}", walk.count());
    if walk.failed > 0 {
        return Ok(ExitCode::Failed);
    }
    anstream::println!("next: gauntlet run -- COMMAND");
    Ok(ExitCode::Ok)
}

async fn validate(
    adapter: &StdioTarget,
    tokens: &Tokens,
    first: Alg,
    algorithms: &[Alg],
    walk: &mut Walk,
) -> Result<(), Report> {
    let now = jiff::Timestamp::now().as_second();
    let ask = |token: &[u8], now: i64| adapter.question(Ask::Validate { shown: token_text(token), now });
    for alg in algorithms {
        let good = tokens.mint(*alg, now, false)?;
        let seen = wanted(AdapterVerdict::Accept, ask(&good.bytes, now).await);
        let help = "a good token was refused: check that the key is found by `kid`, and that issuer, audience and algorithms \
                    are those of `configure`";
        walk.step(&format!("a good {alg} token is accepted"), seen, help);
    }
    let good = tokens.mint(first, now, false)?;
    let bad = tokens.mint(first, now, true)?;
    let seen = wanted(AdapterVerdict::Reject, ask(&bad.bytes, now).await);
    let told_apart = walk.failed == 0 && seen.is_ok();
    walk.step(
        "a token with a broken signature is refused",
        seen,
        "answer {\"seq\": …, \"verdict\": \"reject\", \"reason\": …}",
    );
    let seen = wanted(AdapterVerdict::Reject, ask(b"not-a-token", now).await);
    walk.step("garbage is refused", seen, "whatever error the library raises for a malformed token is a refusal");
    let seen = wanted(AdapterVerdict::Reject, ask(b"\xff\xfe.\x00.", now).await);
    let help =
        "a token that is not UTF-8 comes as `token-base64`; decode it, and refuse it where the library takes text only";
    walk.step("bytes that are no text are refused", seen, help);
    if adapter.provides().contains(&crate::model::Capability::ControlClock) {
        let later = now + 3600;
        let seen = wanted(AdapterVerdict::Reject, ask(&good.bytes, later).await);
        let help = "the adapter says control:clock: let the library judge as if the clock showed `now`, or take it out of `provides`";
        walk.step("the clock is the question's `now`", seen, help);
    }
    // Where one token alone gets the wrong reply, two of them say nothing about `seq`.
    if told_apart {
        let (one, other) = tokio::join!(ask(&good.bytes, now), ask(&bad.bytes, now));
        let both = wanted(AdapterVerdict::Accept, one).and_then(|_| wanted(AdapterVerdict::Reject, other));
        walk.step("two questions at a time get their own replies", both, "repeat the question's `seq` in its reply");
    }
    verify_jws(adapter, tokens, first, walk).await?;
    decrypt(adapter, tokens, walk).await
}

/// Whether the reply has the verdict.
pub(super) fn wanted(verdict: AdapterVerdict, reply: Result<AdapterReply, String>) -> Result<String, String> {
    match reply {
        Ok(AdapterReply { verdict: Some(seen), reason, .. }) if seen == verdict => {
            Ok(reason.unwrap_or_else(|| format!("{seen:?}").to_lowercase()))
        }
        other => Err(format!("wanted {}, found {}", format!("{verdict:?}").to_lowercase(), said(other))),
    }
}

/// What a reply, or the lack of one, comes to in a line.
pub(super) fn said(reply: Result<AdapterReply, String>) -> String {
    match reply {
        Err(because) => because,
        Ok(reply) => serde_json::to_string(&reply).unwrap_or_default(),
    }
}

/// Tokens of an issuer that exists for the check alone.
pub(super) struct Tokens {
    pub forge: Forge,
    catalog: Catalog,
    pub trust: TrustConfig,
}

impl Tokens {
    fn new(algorithms: &[Alg]) -> Result<Tokens, Report> {
        let ring = KeyRing::generate(algorithms)?;
        let issuer = "https://issuer.example".to_owned();
        let trust = TrustConfig {
            issuer: issuer.clone(),
            audience: "https://orders.example".into(),
            algorithms: algorithms.to_vec(),
            leeway: Period::from_secs(0),
            typ: "JWT".into(),
            jwks_uri: None,
            keys: ring.handed_over(),
            rules: AccessRules::default(),
            decryption: Decryption::default(),
            second: None,
        };
        let setting = Setting {
            world: World::unserved(&issuer),
            issuer,
            audience: trust.audience.clone(),
            typ: trust.typ.clone(),
            leeway: trust.leeway,
            encryption: trust.decryption.usual(),
            seed: 1,
            rules: AccessRules::default(),
        };
        Ok(Tokens { forge: Forge::new(ring, setting), catalog: Catalog::load(None)?, trust })
    }

    fn keys(&self) -> usize {
        self.trust.keys["keys"].as_array().map_or(0, Vec::len)
    }

    fn mint(&self, alg: Alg, now: i64, broken: bool) -> Result<Token, Report> {
        let mut recipe = Recipe { sign: Some(Sign { key: alg.name().to_lowercase(), alg: None }), ..Recipe::default() };
        if broken {
            recipe.then.push(Tampering::RandomSignature);
        }
        self.made(recipe, now, &alg)
    }

    /// A text that is no set of claims, signed.
    pub fn signed_text(&self, alg: Alg, broken: bool) -> Result<Vec<u8>, Report> {
        let sign = Some(Sign { key: alg.name().to_lowercase(), alg: None });
        let then = if broken { vec![Tampering::RandomSignature] } else { Vec::new() };
        let recipe = Recipe { sign, raw_claims: Some(TEXT.into()), then, ..Recipe::default() };
        Ok(self.made(recipe, 0, &alg)?.bytes)
    }

    /// The same text, encrypted and signed by nobody.
    pub fn encrypted_text(&self, alg: KeyManagement) -> Result<Vec<u8>, Report> {
        let encrypt = Encrypt { alg: Some(Slot::Value(alg)), content: Some(Content::Claims), ..Encrypt::default() };
        let recipe = Recipe { raw_claims: Some(TEXT.into()), encrypt: Some(encrypt), ..Recipe::default() };
        Ok(self.made(recipe, 0, &alg)?.bytes)
    }

    fn made(&self, recipe: Recipe, now: i64, alg: &dyn fmt::Display) -> Result<Token, Report> {
        let recipe = recipe.over(&self.catalog.access_token(&BTreeMap::new()));
        self.forge
            .mint(&recipe, now, "adapter-check", &BTreeMap::new())
            .map_err(|error| usage(format!("cannot make a token for {alg}: {error}"), "this is a bug in gauntlet"))
    }
}
