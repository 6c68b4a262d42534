//! Names that resemble another name, for placeholders. Each gives the text back as it was where it has nothing to change.

/// Without the last character.
pub(super) fn shortened(text: &str) -> String {
    let mut text = text.to_owned();
    text.pop();
    text
}

/// With the last letter as a percent escape (RFC 3986 section 2.1).
pub(super) fn percent_encoded(text: &str) -> String {
    let Some(at) = text.rfind(|letter: char| letter.is_ascii_alphabetic()) else { return text.to_owned() };
    format!("{}%{:02X}{}", &text[..at], text.as_bytes()[at], &text[at + 1..])
}

/// With a Cyrillic letter that looks like the Latin one.
pub(super) fn with_look_alikes(text: &str) -> String {
    const ALIKE: [(char, &str); 4] = [('e', "\u{435}"), ('o', "\u{43e}"), ('a', "\u{430}"), ('s', "\u{455}")];
    let pair = ALIKE.iter().find_map(|(latin, other)| text.rfind(*latin).map(|at| (at, *other)));
    let Some((at, other)) = pair else { return text.to_owned() };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

/// With http for https, or the other way round.
pub(super) fn with_other_scheme(text: &str) -> String {
    match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => format!("http://{rest}"),
        (_, Some(rest)) => format!("https://{rest}"),
        _ => text.to_owned(),
    }
}

/// With a user before the host.
pub(super) fn with_userinfo(text: &str) -> String {
    text.split_once("://").map_or(text.to_owned(), |(scheme, rest)| format!("{scheme}://user@{rest}"))
}

/// With the port that the scheme stands for, where none is named.
pub(super) fn with_default_port(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match scheme {
        _ if host.contains(':') => text.to_owned(),
        "https" => format!("{scheme}://{host}:443{path}"),
        "http" => format!("{scheme}://{host}:80{path}"),
        _ => text.to_owned(),
    }
}

/// With the path in upper case, and the host as it is.
pub(super) fn with_upper_case_path(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    format!("{scheme}://{host}{}", path.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_respelled_where_they_can_be() {
        let issuer = "https://as.example/realm";
        assert_eq!(shortened(issuer), "https://as.example/real");
        assert_eq!(percent_encoded(issuer), "https://as.example/real%6D");
        assert_eq!(with_look_alikes(issuer), "https://as.example/r\u{435}alm");
        assert_eq!(with_other_scheme(issuer), "http://as.example/realm");
        assert_eq!(with_other_scheme("http://as.example"), "https://as.example");
        assert_eq!(with_userinfo(issuer), "https://user@as.example/realm");
        assert_eq!(with_default_port(issuer), "https://as.example:443/realm");
        assert_eq!(with_default_port("http://as.example"), "http://as.example:80");
        assert_eq!(with_default_port("http://127.0.0.1:99/x"), "http://127.0.0.1:99/x");
        assert_eq!(with_upper_case_path(issuer), "https://as.example/REALM");
        for same in [percent_encoded("1"), with_look_alikes("1"), with_other_scheme("1"), with_userinfo("1")] {
            assert_eq!(same, "1");
        }
    }

    proptest! {
        #[test]
        fn any_name_can_be_respelled(text in ".{0,40}") {
            for respell in [shortened, percent_encoded, with_look_alikes, with_default_port, with_upper_case_path] {
                let _ = respell(&text);
            }
        }
    }
}
