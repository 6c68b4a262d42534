//! The steps of `gauntlet adapter check` about what published vectors ask: a bare signature, and what is inside an
//! encrypted token. A library need not have a call for either.

use super::adapter::{Tokens, Walk, said, wanted};
use crate::{
    model::{
        Alg, ContentEncryption, KeyManagement, TrustConfig,
        adapter::{AdapterReply, AdapterVerdict, Ask},
        target::Decryption,
    },
    target::{StdioTarget, protocol::token_text},
    token::private_jwks,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use miette::{IntoDiagnostic, Report};

/// What is signed and encrypted: no call for JSON Web Tokens takes it, as it is no set of claims.
pub(super) const TEXT: &str = "a text that is no set of claims";

/// Key management to try, of four kinds; a library seldom has none of them.
const KINDS: [KeyManagement; 4] =
    [KeyManagement::RsaOaep256, KeyManagement::EcdhEs, KeyManagement::A256Kw, KeyManagement::Dir];

/// The steps about `verify-jws`.
pub(super) async fn verify_jws(
    adapter: &StdioTarget,
    tokens: &Tokens,
    alg: Alg,
    walk: &mut Walk,
) -> Result<(), Report> {
    let ask = |token: Vec<u8>| adapter.question(Ask::VerifyJws { shown: token_text(&token) });
    let reply = ask(tokens.signed_text(alg, false)?).await;
    if let Some(why) = passed_over(&reply) {
        walk.skip("verify-jws", why);
        return Ok(());
    }
    let help = "check the signature alone, under the keys of `configure`, and answer with the payload in `payload-base64`; or answer \
                {\"seq\": …, \"skipped\": \"why\"} where the library has no such call";
    walk.step("verify-jws: a signed text that is no set of claims is accepted", contents(reply), help);
    let refused = wanted(AdapterVerdict::Reject, ask(tokens.signed_text(alg, true)?).await);
    walk.step("verify-jws: a broken signature is refused", refused, "the library's refusal is `reject` here as well");
    Ok(())
}

/// The steps about `decrypt`.
pub(super) async fn decrypt(adapter: &StdioTarget, tokens: &Tokens, walk: &mut Walk) -> Result<(), Report> {
    let mut opened = Vec::new();
    let mut closed = Vec::new();
    let mut changed = None;
    for alg in KINDS {
        let keys = private_jwks(tokens.forge.ring(), &[alg]).into_diagnostic()?;
        let decryption =
            Decryption { algorithms: vec![alg], content: ContentEncryption::ALL.to_vec(), keys: Some(keys) };
        let trust = TrustConfig { decryption, ..tokens.trust.clone() };
        if let Err(error) = adapter.configure(&trust).await {
            let help = "`configure` may come with `decryption`: note its keys, and answer {\"seq\": …, \"ok\": {}}";
            walk.step("decrypt: private keys are taken", Err(error.to_string()), help);
            return Ok(());
        }
        let token = tokens.encrypted_text(alg)?;
        let reply = adapter.question(Ask::Decrypt { shown: token_text(&token) }).await;
        if let Some(why) = passed_over(&reply).filter(|_| opened.is_empty() && closed.is_empty()) {
            walk.skip("decrypt", why);
            return Ok(());
        }
        match contents(reply) {
            Ok(_) => opened.push(alg.name()),
            Err(because) => closed.push(format!("{alg}: {because}")),
        }
        if changed.is_none() && opened.len() == 1 {
            let shown = token_text(&with_another_tag(&token));
            changed = Some(wanted(AdapterVerdict::Reject, adapter.question(Ask::Decrypt { shown }).await));
        }
    }
    let help = "decrypt with the key in `decryption` whose `alg` the token's header names, and answer with what is inside in \
                `payload-base64`; or answer {\"seq\": …, \"skipped\": \"why\"} where the library has no such call";
    let seen = match opened.as_slice() {
        [] => Err(format!("none of these opened: {}", closed.join("; "))),
        some if closed.is_empty() => Ok(some.join(", ")),
        some => {
            Ok(format!("{}; not opened, which counts where the library has it: {}", some.join(", "), closed.join("; ")))
        }
    };
    walk.step("decrypt: what is inside an encrypted token comes back", seen, help);
    if let Some(refused) = changed {
        walk.step("decrypt: a changed tag is refused", refused, "the library's refusal is `reject` here as well");
    }
    Ok(())
}

/// Why the adapter passes a question over, where it does.
fn passed_over(reply: &Result<AdapterReply, String>) -> Option<String> {
    reply.as_ref().ok()?.skipped.clone()
}

/// Whether the text came back, where the adapter says what is inside.
fn contents(reply: Result<AdapterReply, String>) -> Result<String, String> {
    let payload = match &reply {
        Ok(AdapterReply { verdict: Some(AdapterVerdict::Accept), payload_base64, .. }) => payload_base64.clone(),
        _ => return Err(format!("wanted accept, found {}", said(reply))),
    };
    let Some(payload) = payload else {
        return Ok("accept; `payload-base64` is missing, so what is inside cannot be compared".into());
    };
    match STANDARD.decode(&payload) {
        Ok(bytes) if bytes == TEXT.as_bytes() => Ok(format!("accept, {TEXT:?}")),
        Ok(bytes) => Err(format!("wanted {TEXT:?} inside, found {:?}", String::from_utf8_lossy(&bytes))),
        Err(_) => Err(format!("wanted base64 of RFC 4648 section 4 in `payload-base64`, found {payload:?}")),
    }
}

/// The same token with a letter of its last segment, the authentication tag, replaced.
fn with_another_tag(token: &[u8]) -> Vec<u8> {
    let mut token = token.to_vec();
    if let Some(dot) = token.iter().rposition(|byte| *byte == b'.')
        && let Some(letter) = token.get_mut(dot + 1)
    {
        *letter = if *letter == b'A' { b'B' } else { b'A' };
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(payload: Option<&str>) -> Result<AdapterReply, String> {
        let payload_base64 = payload.map(str::to_owned);
        Ok(AdapterReply { verdict: Some(AdapterVerdict::Accept), payload_base64, ..AdapterReply::default() })
    }

    #[test]
    fn what_is_inside_is_compared_where_it_is_told() {
        assert!(contents(reply(Some(&STANDARD.encode(TEXT)))).is_ok());
        assert!(contents(reply(None)).unwrap().contains("missing"));
        assert!(contents(reply(Some(&STANDARD.encode("other")))).unwrap_err().contains("found \"other\""));
        assert!(contents(reply(Some("eyJ_-"))).unwrap_err().contains("RFC 4648"));
        assert!(contents(Ok(AdapterReply { skipped: Some("no".into()), ..AdapterReply::default() })).is_err());
        assert!(contents(Err("it hung".into())).unwrap_err().contains("it hung"));
    }

    #[test]
    fn a_tag_differs_in_one_letter() {
        assert_eq!(with_another_tag(b"a.b.c.d.xyz"), b"a.b.c.d.Ayz");
        assert_eq!(with_another_tag(b"a.b.c.d.Ayz"), b"a.b.c.d.Byz");
        assert_eq!(with_another_tag(b"a."), b"a.");
    }
}
