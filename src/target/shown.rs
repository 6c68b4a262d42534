//! A token and how it is shown.

use crate::model::case::Present;

/// One token, ready to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The token under test: bytes, for not every attack is text.
    pub token: &'a [u8],
    /// A fresh good token, for cases that show both.
    pub good: &'a str,
    /// How it is shown, where not in the transport's own way.
    pub present: Option<&'a Present>,
    /// What the clock shows, in seconds since the epoch; only a validator in our process is told.
    pub now: i64,
}

impl<'a> Shown<'a> {
    /// A token shown in the transport's own way.
    #[must_use]
    pub fn plain(token: &'a [u8], now: i64) -> Self {
        Shown { token, good: "", present: None, now }
    }
}

/// Fills `${token}`, `${good}` and `${path}` byte for byte; `$${` is a literal `${`, other names stay as they stand.
pub(super) fn fill(template: &str, shown: &Shown<'_>, path: &str, filled: &mut Vec<u8>) {
    // Exactly what is needed: a token may be megabytes.
    filled.reserve_exact(template.len() + shown.token.len());
    let mut rest = template;
    while let Some(start) = rest.find("${") {
        filled.extend_from_slice(&rest.as_bytes()[..start]);
        let (literal, tail) = (rest[..start].ends_with('$'), &rest[start..]);
        let value = ["${token}", "${good}", "${path}"].into_iter().find(|name| tail.starts_with(name));
        rest = match value.filter(|_| !literal) {
            Some(name) => {
                filled.extend_from_slice(match name {
                    "${token}" => shown.token,
                    "${good}" => shown.good.as_bytes(),
                    _ => path.as_bytes(),
                });
                &tail[name.len()..]
            }
            None => {
                // Of `$${` the first dollar is already there; it becomes the literal one.
                filled.extend_from_slice(if literal { b"{" } else { b"${" });
                &tail[2..]
            }
        };
    }
    filled.extend_from_slice(rest.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_takes_bytes_as_they_are() {
        let shown = Shown { token: b"a\xff\r\nb", good: "good", present: None, now: 0 };
        let fill = |template| {
            let mut filled = Vec::new();
            fill(template, &shown, "who?x=1", &mut filled);
            filled
        };
        assert_eq!(fill("Bearer ${token}"), b"Bearer a\xff\r\nb");
        assert_eq!(fill("${good},${token}${path}!"), b"good,a\xff\r\nbwho?x=1!");
        assert_eq!(fill("$${token} ${other} ${ $"), b"${token} ${other} ${ $");
        assert_eq!(fill(""), b"");
    }
}
