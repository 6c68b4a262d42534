//! `gauntlet forge`.

use super::{
    Ended,
    shared::{Suite, fresh_seed, usage},
};
use crate::{
    load::batch,
    model::{Alg, Period, Recipe, World, access::AccessRules, target::Decryption},
    report::visible,
    run::{BUILTIN_ALGORITHMS, ExitCode},
    suite::Catalog,
    token::{Forge as Smith, KeyRing, Setting, evidence},
};
use clap::Args;
use miette::{IntoDiagnostic, Report};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufWriter, Write},
    path::PathBuf,
    time::Instant,
};

/// Print the token of a case or recipe, and how it was made
#[derive(Debug, Args)]
pub(super) struct Forge {
    /// A variant (algorithm/alg-none-mixed-case:nOnE), a case with one variant, or a recipe (access-token)
    #[arg(value_name = "ID", default_value = "access-token")]
    id: String,
    #[command(flatten)]
    suite: Suite,
    /// The iss of the token
    #[arg(long, value_name = "URL", default_value = "https://issuer.example")]
    issuer: String,
    /// The aud of the token
    #[arg(long, value_name = "AUD", default_value = "https://orders.example")]
    audience: String,
    /// The algorithm of ordinary tokens
    #[arg(long, value_name = "ALG", default_value = "RS256")]
    alg: Alg,
    /// Also write the public key set, so that the signature can be checked
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// Mint so many tokens, on all processors, and print them one a line: for other load generators
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,
    /// Write the tokens of --count into this file instead
    #[arg(long, value_name = "FILE", requires = "count")]
    out: Option<PathBuf>,
    /// How long the tokens of --count live
    #[arg(long, value_name = "TIME", default_value = "1h", requires = "count")]
    lifetime: Period,
    /// Only the token, nothing on stderr
    #[arg(long)]
    quiet: bool,
}

impl Forge {
    pub fn execute(self) -> Ended {
        let catalog = self.suite.load()?;
        let (twin, recipe) = recipes(&catalog, &self.id)?;
        let mut algorithms = vec![self.alg];
        algorithms.extend(BUILTIN_ALGORITHMS.iter().copied().filter(|alg| *alg != self.alg));
        let ring = KeyRing::generate(&algorithms)?;
        if let Some(path) = &self.jwks {
            fs::write(path, ring.jwks()).into_diagnostic()?;
        }
        let smith = Smith::new(ring, self.setting());
        let now = jiff::Timestamp::now().as_second();
        if let Some(count) = self.count {
            return self.many(&smith, recipe, count, now);
        }
        let mint = |recipe: &Recipe| smith.mint(recipe, now, "forge-000001", &BTreeMap::new());
        let token = mint(&recipe)?;
        anstream::println!("{}", token.text());
        if !self.quiet {
            let twin = mint(&twin).ok();
            for segment in evidence(&token, &recipe, twin.as_ref()).anatomy {
                anstream::eprintln!("{}", segment.name);
                for line in segment.lines {
                    let sign = match line.change {
                        crate::model::report::Change::Same => ' ',
                        crate::model::report::Change::Added => '+',
                        crate::model::report::Change::Removed => '-',
                    };
                    anstream::eprintln!("  {sign} {}", visible(&line.text));
                }
            }
            anstream::eprintln!("signed with fresh keys: a running target does not trust them");
        }
        Ok(ExitCode::Ok)
    }

    fn many(&self, smith: &Smith, mut recipe: Recipe, count: u32, now: i64) -> Ended {
        // A recipe whose exp is part of its point keeps it.
        let usual = |exp: &serde_json::Value| exp.as_str().is_some_and(|text| text.contains("lifetime"));
        if recipe.claims.get("exp").is_some_and(usual) {
            recipe.claims.insert("exp".into(), format!("${{now + {}s}}", self.lifetime.seconds()).into());
        }
        let mut out: Box<dyn Write> = match &self.out {
            Some(path) => Box::new(BufWriter::new(fs::File::create(path).into_diagnostic()?)),
            None => Box::new(BufWriter::new(std::io::stdout())),
        };
        let began = Instant::now();
        batch(smith, &recipe, count as usize, now, &mut out).into_diagnostic()?;
        if !self.quiet {
            let seconds = began.elapsed().as_secs_f64();
            anstream::eprintln!(
                "{count} tokens in {seconds:.2}s, {:.0} a second",
                f64::from(count) / seconds.max(1e-9)
            );
        }
        Ok(ExitCode::Ok)
    }

    fn setting(&self) -> Setting {
        Setting {
            world: World::unserved(&self.issuer),
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            typ: "JWT".into(),
            leeway: Period::from_secs(0),
            encryption: Decryption::default().usual(),
            seed: fresh_seed(),
            rules: AccessRules::default(),
        }
    }
}

/// The twin and the token that an id names.
fn recipes(catalog: &Catalog, id: &str) -> Result<(Recipe, Recipe), Report> {
    let own = BTreeMap::new();
    if catalog.recipes.contains_key(id) {
        let recipe = catalog.recipe(id, &own);
        return Ok((recipe.clone(), recipe));
    }
    let found: Vec<_> = catalog.cases.iter().filter(|case| case.id.to_string() == id || case.id.case() == id).collect();
    match found.as_slice() {
        [] => Err(usage(format!("no case or recipe is called {id:?}"), "`gauntlet list variants` shows the ids")),
        [case] => {
            let twin = case.given.recipe().over(&catalog.access_token(&own));
            let base = match &case.token.from {
                Some(from) => case.given.recipe().over(&catalog.recipe(from, &own)),
                None => twin.clone(),
            };
            Ok((twin, case.token.over(&base)))
        }
        several => {
            let ids: Vec<String> = several.iter().map(|case| case.id.to_string()).collect();
            Err(usage(format!("{id:?} has {} variants", several.len()), format!("choose one of {}", ids.join(", "))))
        }
    }
}
