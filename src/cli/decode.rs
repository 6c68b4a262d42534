//! `gauntlet decode`.

use super::{Ended, shared::usage};
use crate::{
    report::visible,
    run::ExitCode,
    token::{decode_segment, hygiene},
};
use clap::Args;
use miette::{IntoDiagnostic, Report};
use serde_json::Value;
use std::io::Read;

/// The longest text that is read from stdin.
const MOST: u64 = 4 << 20;

/// Decode a token and point at its hygiene
///
/// The signature is not checked. A token on the command line can be seen by other users of the machine; prefer stdin.
#[derive(Debug, Args)]
pub(super) struct Decode {
    /// The token; without it, or with -, it is read from stdin
    #[arg(value_name = "TOKEN", default_value = "-")]
    token: String,
}

impl Decode {
    pub fn execute(self) -> Ended {
        let token = if self.token == "-" { from_stdin()? } else { self.token };
        let token = token.trim().trim_start_matches("Bearer ").trim();
        let segments: Vec<&str> = token.split('.').collect();
        if segments.len() == 5 {
            let header = part(segments[0], "header")?;
            anstream::println!("header\n{}", visible_json(&header));
            anstream::println!("an encrypted token (JWE): only its header can be read without the key");
            return Ok(ExitCode::Ok);
        }
        let &[header, payload, signature] = segments.as_slice() else {
            return Err(usage(
                format!("three segments wanted, {} found", segments.len()),
                "a signed token is header.payload.signature",
            ));
        };
        let (header, claims) = (part(header, "header")?, part(payload, "payload")?);
        anstream::println!("header\n{}\nclaims\n{}", visible_json(&header), visible_json(&claims));
        for name in ["iat", "nbf", "exp"] {
            if let Some(time) =
                claims.get(name).and_then(Value::as_i64).and_then(|at| jiff::Timestamp::from_second(at).ok())
            {
                anstream::println!("{name}        {time}");
            }
        }
        let bytes = decode_segment(signature)
            .map_or_else(|| "not base64url".to_owned(), |bytes| format!("{} bytes, not checked", bytes.len()));
        anstream::println!("signature  {bytes}");
        for hint in hygiene(&header, &claims, token.len(), jiff::Timestamp::now().as_second()) {
            anstream::println!("hygiene    {}", visible(&hint));
        }
        Ok(ExitCode::Ok)
    }
}

fn from_stdin() -> Result<String, Report> {
    let mut text = String::new();
    std::io::stdin().take(MOST).read_to_string(&mut text).into_diagnostic()?;
    Ok(text)
}

fn part(segment: &str, name: &str) -> Result<Value, Report> {
    let help = "paste the token whole; three parts of letters, digits, - and _ joined by dots";
    let bytes = decode_segment(segment).ok_or_else(|| usage(format!("the {name} is not base64url"), help))?;
    serde_json::from_slice(&bytes).map_err(|error| usage(format!("the {name} is not JSON: {error}"), help))
}

fn visible_json(value: &Value) -> String {
    format!("{value:#}").lines().map(|line| format!("  {}", visible(line))).collect::<Vec<_>>().join("\n")
}
