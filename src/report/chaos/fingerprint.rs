//! What was measured of a key cache, as a table that a person understands.

use crate::{
    model::{
        Period,
        chaos::{Fingerprint, Measured, Refreshes},
    },
    report::text::visible,
};

/// One line for each thing: what it is, what was seen, what it means.
#[must_use]
pub fn fingerprint_table(found: &Fingerprint, watch: Period) -> String {
    let width = 22;
    let mut text = String::new();
    for (name, value, meaning) in rows(found, watch) {
        text.push_str(&format!("{name:<width$} {value:<24} {meaning}\n"));
    }
    text
}

type Row = (&'static str, String, String);

fn rows(found: &Fingerprint, watch: Period) -> Vec<Row> {
    let row = |name, value: String, meaning: &str| (name, value, meaning.to_owned());
    let mut rows = vec![match found.lifetime {
        Some(lifetime) => row("lifetime (T)", seconds(lifetime), "a removed key is trusted about this long"),
        None => row("lifetime (T)", format!("more than {watch}"), "nothing but a new key made it ask again"),
    }];
    let how = match found.refresh {
        Refreshes::Timer => ("by a timer", "it learns of changes without traffic"),
        Refreshes::Token => ("by a token", "it learns of changes when tokens come"),
        Refreshes::Never => ("never seen", "by time alone it may never learn of a change"),
    };
    rows.push(row("refresh", how.0.into(), how.1));
    if let Some(waits) = found.waits {
        let (value, meaning) = match waits {
            true => ("a request waits for it", "a slow issuer is a slow answer"),
            false => ("beside the requests", "a slow issuer is nobody's delay"),
        };
        rows.push(row("who pays", value.into(), meaning));
    }
    rows.push(match found.eager {
        true => row("first fetch", "before the first token".into(), "it may not start while the issuer is down"),
        false => row("first fetch", "with the first token".into(), "it starts while the issuer is down"),
    });
    if let Some((fetches, burst)) = found.cold {
        let single = if fetches <= 1 { "one fetch serves all (single flight)" } else { "a restart is a herd" };
        let word = if fetches == 1 { "fetch" } else { "fetches" };
        rows.push(row("cold burst", format!("{fetches} {word} for {burst} tokens"), single));
    }
    if let Some(asks) = found.asks_for_unknown {
        let (value, meaning) = match asks {
            true => ("fetches", "a new key is taken when its first token comes"),
            false => ("does not fetch", "a new key is refused until the lifetime is over"),
        };
        rows.push(row("unknown kid", value.into(), meaning));
    }
    if let Some(cooldown) = found.cooldown {
        let meaning =
            if cooldown < 0.2 { "every forged kid is a request to the issuer" } else { "forged kids are held back" };
        rows.push(row("pause (C)", seconds(cooldown), meaning));
    }
    if let (Some(pause), Some(failing)) = (found.cooldown, found.cooldown_in_failure) {
        let (value, meaning) = match failing < pause * 0.6 {
            true => ("does not hold", "an ill issuer gets more requests, not fewer"),
            false => ("holds", "an ill issuer is left alone"),
        };
        rows.push(row("pause in failure", format!("{value} ({})", seconds(failing)), meaning));
    }
    rows.extend(found.tries.map(|tries| row("requests for a token", tries.to_string(), "while each fails")));
    rows.extend(
        found.timeout.map(|timeout| row("time limit (H)", measured(timeout), "for an answer that never comes")),
    );
    if let (Some(total), Some(drips)) = (found.timeout, found.timeout_by_drips) {
        let is_total = !drips.at_least && !total.at_least && drips.seconds < total.seconds * 1.5;
        let meaning =
            if is_total { "the limit is for the whole" } else { "the limit is for each piece: drips hold it for long" };
        rows.push(row("for drips", measured(drips), meaning));
    }
    for (name, follows) in
        [("redirect, same host", found.follows_same_host), ("redirect, other host", found.follows_other_host)]
    {
        rows.extend(follows.map(|follows| row(name, (if follows { "followed" } else { "not followed" }).into(), "")));
    }
    rows.push(row("largest answer", body(found.body), ""));
    let conditional = if found.conditional { "yes" } else { "no" };
    rows.push(row("conditional requests", conditional.into(), ""));
    if let Some(obeys) = found.obeys_max_age {
        let value = if obeys { "shortens the lifetime" } else { "no effect" };
        rows.push(row("shorter max-age", value.into(), ""));
    }
    rows.extend(found.served_without.map(|served| {
        row("without the issuer", measured(served), "after its last good fetch it takes good tokens this long")
    }));
    for line in &found.sends {
        rows.push(row("sends", visible(line), ""));
    }
    for path in &found.leaks {
        rows.push(row("tells the issuer", visible(path), "parts of tokens do not belong into this request"));
    }
    rows
}

fn seconds(value: f64) -> String {
    if value < 1.0 { format!("{:.0} ms", value * 1000.0) } else { format!("{value:.1} s") }
}

fn measured(value: Measured) -> String {
    let text = seconds(value.seconds);
    if value.at_least { format!("more than {text}") } else { text }
}

fn body((taken, refused): (Option<u64>, Option<u64>)) -> String {
    let size =
        |bytes: u64| if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes >> 10) };
    match (taken, refused) {
        (Some(taken), Some(refused)) => format!("{} to {}", size(taken), size(refused)),
        (Some(taken), None) => format!("more than {}", size(taken)),
        (None, Some(refused)) => format!("less than {}", size(refused)),
        (None, None) => "not measured".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_a_line() {
        let found = Fingerprint {
            lifetime: Some(4.1),
            refresh: Refreshes::Token,
            waits: Some(true),
            cold: Some((1, 20)),
            asks_for_unknown: Some(true),
            cooldown: Some(0.05),
            cooldown_in_failure: Some(0.01),
            timeout: Some(Measured { seconds: 1.0, at_least: false }),
            timeout_by_drips: Some(Measured { seconds: 8.0, at_least: true }),
            body: (Some(512 << 10), Some(2 << 20)),
            leaks: vec!["/issuer/jwks.json?kid=unknown-1".into()],
            ..Fingerprint::default()
        };
        insta::assert_snapshot!(fingerprint_table(&found, Period::from_secs(20)));
    }
}
