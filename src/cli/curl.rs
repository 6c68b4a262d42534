//! Reads a `curl` command line, as browsers and API tools copy it.

use super::shared::usage;
use miette::Report;
use url::{Url, form_urlencoded};

/// What a command asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub method: Option<String>,
    pub url: String,
    /// Header lines in their order, cookies left out.
    pub headers: Vec<(String, String)>,
    pub cookies: Vec<(String, String)>,
    pub body: Option<String>,
    /// Files for TLS: authority, certificate, key.
    pub ca: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
}

/// Options without a value that change nothing about the request.
const IDLE: &[&str] = &[
    "--compressed",
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-v",
    "--verbose",
    "-i",
    "--include",
    "-L",
    "--location",
    "-f",
    "--fail",
    "--fail-with-body",
    "--http1.1",
    "--http2",
    "-N",
    "--no-buffer",
    "-#",
    "--progress-bar",
    "-g",
    "--globoff",
    "--path-as-is",
    "-4",
    "--ipv4",
    "-6",
    "--ipv6",
    "-q",
    "--disable",
];
/// Options with a value that change nothing about the request.
const IDLE_WITH_VALUE: &[&str] = &[
    "-o",
    "--output",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "-w",
    "--write-out",
    "--max-redirs",
    "-D",
    "--dump-header",
    "-c",
    "--cookie-jar",
];

/// Reads a command line.
///
/// # Errors
/// It is none, asks for no address, or has an option whose meaning for a target file is not known.
pub(super) fn read(line: &str) -> Result<Asked, Report> {
    let words = shell_words::split(&line.replace("\\\r\n", " ").replace("\\\n", " ")).map_err(|_| {
        usage(
            "a quote of the curl command is not closed",
            "put the whole command between other quotes, or use a heredoc",
        )
    })?;
    let mut words = words.into_iter().peekable();
    words.next_if(|word| word == "$");
    if words.next_if(|word| word == "curl" || word.ends_with("/curl") || word == "curl.exe").is_none() {
        return Err(usage("a command that begins with `curl` is wanted", "copy it with \"Copy as cURL (bash)\""));
    }
    let (mut asked, mut data, mut as_query) = (Asked::default(), Vec::new(), false);
    while let Some(word) = words.next() {
        let (name, joined) = split_option(&word);
        let mut value = || {
            joined
                .clone()
                .or_else(|| words.next())
                .ok_or_else(|| usage(format!("the curl option {name} wants a value"), "copy the whole command"))
        };
        match name.as_str() {
            "-X" | "--request" => asked.method = Some(value()?),
            "-H" | "--header" => header(&mut asked, &value()?),
            "-b" | "--cookie" => cookies(&mut asked, &value()?)?,
            "-A" | "--user-agent" | "-e" | "--referer" => drop(value()?),
            "-d" | "--data" | "--data-raw" | "--data-ascii" | "--data-binary" => data.push(no_file(&name, value()?)?),
            "--data-urlencode" => data.push(encoded(&no_file(&name, value()?)?)),
            "--json" => {
                data.push(no_file(&name, value()?)?);
                header(&mut asked, "Content-Type: application/json");
            }
            "-G" | "--get" => as_query = true,
            "-I" | "--head" => asked.method = Some("HEAD".into()),
            "--oauth2-bearer" => {
                let token = value()?;
                header(&mut asked, &format!("Authorization: Bearer {token}"));
            }
            "--cacert" => asked.ca = Some(value()?),
            "-E" | "--cert" => asked.cert = Some(value()?),
            "--key" => asked.key = Some(value()?),
            "--url" => address(&mut asked, value()?)?,
            "-k" | "--insecure" => {
                return Err(usage(
                    format!("the curl option {name} trusts any certificate, which a target file cannot"),
                    "take it out, and name the certificate authority with --cacert",
                ));
            }
            idle if IDLE.contains(&idle) => {}
            idle if IDLE_WITH_VALUE.contains(&idle) => drop(value()?),
            _ if !word.starts_with('-') => address(&mut asked, word)?,
            unknown => {
                return Err(usage(
                    format!("the curl option {unknown} is not known here"),
                    "take it out if the request works without it; otherwise write the target file with `gauntlet init --url`",
                ));
            }
        }
    }
    finish(asked, &data, as_query)
}

fn finish(mut asked: Asked, data: &[String], as_query: bool) -> Result<Asked, Report> {
    if asked.url.is_empty() {
        return Err(usage("the curl command names no address", "copy the whole command"));
    }
    let data = (!data.is_empty()).then(|| data.join("&"));
    if as_query {
        if let (Some(data), Ok(mut url)) = (data, Url::parse(&asked.url)) {
            let query = url.query().map_or(data.clone(), |query| format!("{query}&{data}"));
            url.set_query(Some(&query));
            asked.url = url.into();
        }
    } else {
        asked.body = data;
    }
    Ok(asked)
}

/// `-XPOST`, `--request=POST` and `-sS` as name and value: curl joins short options, and takes long ones apart only at a
/// space, but tools write both.
fn split_option(word: &str) -> (String, Option<String>) {
    const TAKES_VALUE: &str = "XHbdAeEomwDcu";
    if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
        return (name.to_owned(), Some(value.to_owned()));
    }
    let mut letters = word.chars();
    if letters.next() == Some('-')
        && let Some(letter) = letters.next().filter(|letter| *letter != '-')
        && !letters.as_str().is_empty()
    {
        if TAKES_VALUE.contains(letter) {
            return (format!("-{letter}"), Some(letters.as_str().to_owned()));
        }
        let idle = |letter: char| IDLE.contains(&format!("-{letter}").as_str());
        if idle(letter) && letters.clone().all(idle) {
            return (format!("-{letter}"), None);
        }
    }
    (word.to_owned(), None)
}

fn header(asked: &mut Asked, line: &str) {
    let Some((name, value)) = line.split_once(':') else { return };
    let (name, value) = (name.trim(), value.trim());
    if name.eq_ignore_ascii_case("cookie") {
        asked.cookies.extend(pairs(value));
    } else if !value.is_empty() {
        asked.headers.push((name.to_owned(), value.to_owned()));
    }
}

fn cookies(asked: &mut Asked, text: &str) -> Result<(), Report> {
    if !text.contains('=') {
        return Err(usage("the curl option --cookie names a file, which is not read", "write the cookies themselves"));
    }
    asked.cookies.extend(pairs(text));
    Ok(())
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split(';')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().into(), value.trim().into()))
}

fn no_file(name: &str, value: String) -> Result<String, Report> {
    if value.starts_with('@') && name != "--data-raw" {
        return Err(usage(
            format!("the curl option {name} reads a file, which is not read here"),
            "write the data themselves into the command",
        ));
    }
    Ok(value)
}

/// `name=value` with the value encoded, as `--data-urlencode` does.
fn encoded(text: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    match text.split_once('=') {
        Some(("", value)) => encode(value),
        Some((name, value)) => format!("{name}={}", encode(value)),
        None => encode(text),
    }
}

fn address(asked: &mut Asked, word: String) -> Result<(), Report> {
    if !asked.url.is_empty() {
        return Err(usage("the curl command names two addresses", "keep the one that wants the token"));
    }
    asked.url = if word.contains("://") { word } else { format!("http://{word}") };
    match Url::parse(&asked.url) {
        Ok(_) => Ok(()),
        Err(error) => Err(usage(format!("the address of the curl command cannot be read: {error}"), "quote it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_command_from_a_browser_is_read() {
        let asked = read(
            "curl 'https://api.example/orders?limit=1' \\\n  -H 'accept: application/json' \\\n  -b 'sid=1; theme=dark' \\\n  \
             --data-raw '{\"a\":1}' --compressed",
        )
        .unwrap();
        assert_eq!(asked.url, "https://api.example/orders?limit=1");
        assert_eq!(asked.headers, [("accept".to_owned(), "application/json".to_owned())]);
        assert_eq!(asked.cookies.len(), 2);
        assert_eq!((asked.method, asked.body.as_deref()), (None, Some("{\"a\":1}")));
    }

    #[test]
    fn short_options_may_be_joined_and_data_may_go_into_the_query() {
        let asked = read("$ curl -sSXPUT -G -d a=1 --data-urlencode 'b=x y' localhost:8080/x?c=2").unwrap_err();
        // -sSX is a bundle that ends in one with a value, which nobody writes.
        assert!(asked.to_string().contains("-sSXPUT"), "{asked}");
        let asked = read("curl -sS -XPUT -G -d a=1 --data-urlencode 'b=x y' localhost:8080/x?c=2").unwrap();
        assert_eq!(
            (asked.url.as_str(), asked.method.as_deref()),
            ("http://localhost:8080/x?c=2&a=1&b=x+y", Some("PUT"))
        );
        assert_eq!(asked.body, None);
    }

    #[test]
    fn what_cannot_be_told_is_an_error() {
        for (line, says) in [
            ("wget http://x/", "begins with `curl`"),
            ("curl 'http://x/", "not closed"),
            ("curl -H 'a: b'", "no address"),
            ("curl http://x/ http://y/", "two addresses"),
            ("curl -k https://x/", "any certificate"),
            ("curl --proxy-header a http://x/", "--proxy-header is not known"),
            ("curl -d @file http://x/", "reads a file"),
            ("curl http://x/ -H", "wants a value"),
        ] {
            let error = read(line).unwrap_err().to_string();
            assert!(error.contains(says), "{line}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_line_breaks_the_reader(line in "curl \\PC{0,60}") {
            let _ = read(&line);
        }

        #[test]
        fn a_header_comes_through_any_quoting(value in "[!-~]{1,30}") {
            let line = shell_words::join(["curl", "-H", &format!("X-A: {value}"), "http://127.0.0.1/"]);
            prop_assert_eq!(read(&line).unwrap().headers, [("X-A".to_owned(), value)]);
        }
    }
}
