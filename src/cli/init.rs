//! `gauntlet init`.

use super::{
    Ended, curl,
    from_curl::{Door, door},
    shared::usage,
};
use crate::{
    model::{Alg, TargetFile},
    run::ExitCode,
};
use clap::Args;
use miette::{IntoDiagnostic, WrapErr};
use std::{fs, io, path::PathBuf};

/// Write a target file
#[derive(Debug, Args)]
pub(super) struct Init {
    /// What the target is called
    #[arg(value_name = "NAME", default_value = "my-api")]
    name: String,
    /// A route that wants a bearer token; ${port} where the harness starts the target
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/whoami")]
    url: String,
    /// A request with a good token as a curl command, or - to read it from stdin; the token is not written down
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["url", "start"])]
    from_curl: Option<String>,
    /// The audience that the target wants [default: https://<NAME>.example]
    #[arg(long, value_name = "AUD")]
    audience: Option<String>,
    /// The algorithms that it allows, the usual one first
    #[arg(long, value_name = "ALGS", value_delimiter = ',', default_value = "RS256")]
    algorithms: Vec<Alg>,
    /// The command that starts it, where the harness may start it
    #[arg(long, value_name = "COMMAND")]
    start: Option<String>,
    /// The file to write [default: <NAME>.target.toml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

impl Init {
    pub fn execute(self) -> Ended {
        let path = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.target.toml", self.name)));
        if path.exists() && !self.force {
            return Err(usage(
                format!("{} is there already", path.display()),
                "choose another file with --out, or overwrite it with --force",
            ));
        }
        let door = self.door()?;
        let text = self.text(&door);
        // What we write must be what we read.
        toml::from_str::<TargetFile>(&text)
            .into_diagnostic()
            .wrap_err("the arguments do not make a target file; look for a stray quote")?;
        fs::write(&path, text).into_diagnostic().wrap_err_with(|| format!("cannot write {}", path.display()))?;
        let shown = path.display();
        for remark in &door.remarks {
            anstream::eprintln!("note: {remark}");
        }
        anstream::eprintln!("wrote {shown}; next:");
        for (variable, what) in &door.wanted {
            anstream::eprintln!("  export {variable}=…    # {what}");
        }
        let port = if self.start.is_some() { "" } else { " --port 9400" };
        if self.start.is_none() {
            anstream::eprintln!("  let it trust the issuer http://127.0.0.1:9400/issuer, as {shown} says");
        }
        anstream::eprintln!("  gauntlet doctor {shown}{port}    # does it know our issuer?");
        anstream::eprintln!("  gauntlet run {shown}{port}");
        Ok(ExitCode::Ok)
    }

    /// How the target is reached.
    fn door(&self) -> Result<Door, miette::Report> {
        match self.from_curl.as_deref() {
            Some("-") => door(curl::read(io::read_to_string(io::stdin()).into_diagnostic()?.trim())?),
            Some(line) => door(curl::read(line)?),
            None => Ok(Door { table: self.bearer(), ..Door::default() }),
        }
    }

    fn bearer(&self) -> String {
        format!(
            "[transport.bearer]\n\
             url = {}\n\
             accept.status = [200]          # what a yes looks like\n\
             reject.status = [401, 403]     # what a no looks like\n\
             # claims.pointer = \"/claims\"   # where the answer reports the claims that it took, if it does\n\
             timeout = \"5s\"\n",
            toml::Value::from(self.url.as_str())
        )
    }

    fn text(&self, door: &Door) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let algorithms: Vec<String> = self.algorithms.iter().map(|alg| quoted(alg.name())).collect();
        let start = match &self.start {
            Some(command) => {
                let words: Vec<String> = command.split_whitespace().map(quoted).collect();
                format!(
                    "[start]                        # the harness runs it, with a port of its own choosing\n\
                     command = [{}]\n\
                     env = {{ PORT = \"${{port}}\", ISSUER = \"${{issuer}}\", JWKS_URI = \"${{jwks-uri}}\", AUDIENCE = \"${{audience}}\" }}\n\
                     ready = {{ url = \"http://127.0.0.1:${{port}}/\", within = \"20s\" }}\n",
                    words.join(", ")
                )
            }
            None => {
                "# The target runs by itself: give it a fixed issuer with `gauntlet run --port 9400`, which serves\n\
                     # http://127.0.0.1:9400/issuer. Or let the harness start it:\n\
                     # [start]\n\
                     # command = [\"./my-api\", \"--port\", \"${port}\"]\n\
                     # env = { ISSUER = \"${issuer}\", JWKS_URI = \"${jwks-uri}\" }\n\
                     # ready = { url = \"http://127.0.0.1:${port}/healthz\", within = \"20s\" }\n"
                    .to_owned()
            }
        };
        format!(
            "format = \"target/1\"\n\n\
             [target]\n\
             name = {name}\n\n\
             {transport}\n\
             [trust]\n\
             keys = \"discovery\"             # it reads our discovery document; or \"jwks-uri\"\n\
             # keys.static.key.pem.file = \"signing.pem\"     # instead: a key that it trusts already, lent to us\n\
             # keys.sample.token.env = \"TOKEN\"             # instead: nothing but a good token of its issuer\n\
             issuer = \"${{issuer}}\"\n\
             audience = {audience}\n\
             algorithms = [{algorithms}]        # what it allows; the first one signs ordinary tokens\n\
             leeway = \"0s\"                  # the clock leeway that it is configured with\n\
             typ = \"JWT\"                    # at+jwt for a resource server of RFC 9068\n\n\
             # [policy]                     # choices that the standards leave open: `gauntlet list policies`\n\n\
             {start}\n\
             # [recipe.access-token]        # what every good token needs here\n\
             # claims = {{ scope = \"orders:read\" }}\n\n\
             # [guard]                      # hosts beyond loopback must be listed\n\
             # allow-hosts = [\"staging.example\"]\n",
            name = quoted(&self.name),
            transport = door.table,
            audience = quoted(&self.audience.clone().unwrap_or_else(|| format!("https://{}.example", self.name))),
            algorithms = algorithms.join(", "),
        )
    }
}
