//! What users did, as every report shows it.

use super::{super::words::grouped, ms};
use crate::{model::load::Users, report::text::visible};

/// What to know before reading the times.
pub(in crate::report) const LABEL: &str =
    "Closed loop: latency says how users felt, not what the target can do. Warm-up included.";

/// The heads of the columns.
pub(in crate::report) const HEADS: [&str; 7] = ["Request", "Count", "Failed", "Mean", "p50", "p95", "p99"];

/// Who played, and where they signed in.
pub(in crate::report) fn headline(users: &Users) -> String {
    let count = grouped(usize::try_from(users.count).unwrap_or(usize::MAX));
    format!("{count} users, played by {}, signed in at {}", visible(&users.by), visible(&users.signed_in_at))
}

/// A row for each name.
pub(in crate::report) fn rows(users: &Users) -> Vec<[String; 7]> {
    let number = |count: u64| grouped(usize::try_from(count).unwrap_or(usize::MAX));
    let row = |own: &crate::model::load::UserRequests| {
        let [mean, p50, p95, p99] = [own.mean_ms, own.p50_ms, own.p95_ms, own.p99_ms].map(ms);
        [visible(&own.name), number(own.count), number(own.failures), mean, p50, p95, p99]
    };
    users.requests.iter().map(row).collect()
}

/// The framework's page beside ours, where its name is one that we give: a report may come from anywhere.
pub(in crate::report) fn page(users: &Users) -> Option<&str> {
    let name = users.page.as_deref()?;
    let stem = name.strip_prefix("users-")?.strip_suffix(".html")?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    stem.bytes().all(plain).then_some(name)
}

#[cfg(test)]
pub(in crate::report) fn fixture() -> Users {
    use crate::model::load::UserRequests;
    let row = |name: &str, count, failures| UserRequests {
        name: name.into(),
        count,
        failures,
        mean_ms: 1.5,
        p50_ms: 1.25,
        p95_ms: 3.0,
        p99_ms: 12.0,
    };
    Users {
        count: 1200,
        by: "goose 0.19".into(),
        signed_in_at: "our own token endpoint".into(),
        requests: vec![row("sign in", 1200, 0), row("renew", 2400, 1), row("call valid", 54_321, 0)],
        page: Some("users-mine.html".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_linked_where_its_name_is_ours() {
        let named = |name: &str| page(&Users { page: Some(name.into()), ..fixture() }).map(str::to_owned);
        assert_eq!(named("users-a_b-1.html").as_deref(), Some("users-a_b-1.html"));
        for name in
            ["javascript:alert(1)", "users-a.html?x", "../users-a.html", "users-../a.html", "https://x/users-a.html"]
        {
            assert_eq!(named(name), None, "{name}");
        }
    }
}
