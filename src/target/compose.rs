//! What a request looks like, for the connection pool, for the raw socket, and for the report.

use super::{
    carry::Carry,
    client_auth::Assertion,
    error::TargetError,
    fields::{self, title_case},
    redact::{REDACTED, Redactor},
    shown::{self, Shown},
};
use crate::model::abridged;
use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue},
};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// Tokens above this size go over a connection of their own: servers may answer them before they are read.
const POOLED: usize = 8 * 1024;

/// What all requests to one route have in common.
pub(super) struct Blueprint {
    pub(super) method: Method,
    pub(super) url: Url,
    /// Every field but the one that carries the token, in the order in which it is sent.
    fields: HeaderMap,
    carry: Carry,
    /// A further parameter of the form, made anew for each request.
    assertion: Option<Assertion>,
    /// Fields whose values are shown.
    public: Vec<HeaderName>,
    /// Path and query.
    path: String,
    /// The pooled request up to the token, as it is shown.
    shown_start: String,
    redactor: Redactor,
}

/// The fields hold the user's secrets, and stay out.
impl fmt::Debug for Blueprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blueprint({} {})", self.method, self.address())
    }
}

/// A request, and what is shown of it.
pub(super) struct Composed {
    pub(super) bytes: Vec<u8>,
    pub(super) shown: String,
    /// Whether the answer has no body.
    pub(super) to_head: bool,
}

/// What a blueprint is made of.
pub(super) struct Draft<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: &'a BTreeMap<String, String>,
    pub(super) public: Vec<HeaderName>,
    pub(super) carry: Carry,
    pub(super) assertion: Option<Assertion>,
    pub(super) redactor: Redactor,
}

impl Blueprint {
    /// Prepares requests to a route. `headers` are the user's own; their values are secret, except in fields that only
    /// say which content is wanted and that take nothing from the environment.
    pub(super) fn new(draft: Draft<'_>) -> Result<Self, TargetError> {
        let Draft { method, url, headers, public, carry, assertion, redactor } = draft;
        let fields = fields::of_request(&method, &url, headers, &carry)?;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let shown_start = String::new();
        let mut blueprint = Blueprint { method, url, fields, carry, assertion, public, path, shown_start, redactor };
        let (_, shown) = blueprint.start(blueprint.method.as_str().as_bytes(), blueprint.path.as_bytes());
        blueprint.shown_start = shown + "Authorization: Bearer ";
        Ok(blueprint)
    }

    /// Whether an ordinary client sends the token exactly as it is.
    pub(super) fn is_ordinary(&self, shown: &Shown<'_>) -> bool {
        let plain = |byte: &u8| byte.is_ascii_graphic();
        shown.present.is_none()
            && (1..=POOLED).contains(&shown.token.len())
            && (self.carry.encodes() || shown.token.iter().all(plain))
    }

    /// Whether the token rides where RFC 6750 has it, so that cases can shape the lines.
    pub(super) fn is_usual(&self) -> bool {
        self.carry.is_usual()
    }

    /// A request for the connection pool; `None` where the token cannot be a header value.
    pub(super) fn pooled(&self, shown: &Shown<'_>) -> Option<(reqwest::Request, String)> {
        if !self.carry.is_usual() {
            return self.pooled_elsewhere(shown);
        }
        let value = HeaderValue::from_bytes(&[b"Bearer ", shown.token].concat()).ok()?;
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        let mut fields = self.fields.clone();
        fields.insert(AUTHORIZATION, value);
        *request.headers_mut() = fields;
        let token = String::from_utf8_lossy(shown.token);
        Some((request, [&self.shown_start, &*token, "\r\n\r\n"].concat()))
    }

    /// A request whose token rides anywhere but in `Authorization`.
    fn pooled_elsewhere(&self, shown: &Shown<'_>) -> Option<(reqwest::Request, String)> {
        let ridden = self.ride(Some(shown.token));
        let mut url = self.url.clone();
        if ridden.query.is_some() {
            url.set_query(ridden.query.as_deref());
        }
        let mut request = reqwest::Request::new(self.method.clone(), url);
        let mut fields = self.fields.clone();
        for (name, value) in &ridden.fields {
            fields.insert(name.clone(), HeaderValue::from_bytes(value).ok()?);
        }
        *request.headers_mut() = fields;
        *request.body_mut() = ridden.body.clone().map(reqwest::Body::from);
        let (_, text) = self.start(self.method.as_str().as_bytes(), self.target(&ridden).as_bytes());
        Some((request, text + &ridden.shown))
    }

    /// The token where it rides.
    fn ride(&self, token: Option<&[u8]>) -> Ridden {
        let mut load = self.carry.load(&self.url, token);
        let mut fields = Vec::new();
        if let Some((name, value)) = load.field.take() {
            let own = self.fields.get(&name).filter(|_| name == COOKIE);
            let value = own.map_or(value.clone(), |own| [own.as_bytes(), b"; ", &value].concat());
            fields.push((name, value));
        }
        let mut hidden = None;
        let body = load.body.map(|(kind, mut body)| {
            if let Some(assertion) = &self.assertion {
                let assertion = assertion.make();
                body.extend_from_slice(format!("&client_assertion={assertion}").as_bytes());
                hidden = Some(assertion);
            }
            fields.push((CONTENT_TYPE, kind.as_bytes().to_vec()));
            fields.push((CONTENT_LENGTH, body.len().to_string().into_bytes()));
            body
        });
        let mut shown = String::new();
        for (name, value) in &fields {
            shown.extend([&title_case(name.as_str()), ": ", &*String::from_utf8_lossy(value), "\r\n"]);
        }
        shown.push_str("\r\n");
        shown.push_str(&String::from_utf8_lossy(body.as_deref().unwrap_or_default()));
        let shown = hidden.map_or(shown.clone(), |hidden| shown.replace(&hidden, REDACTED));
        Ridden { fields, query: load.query, body, shown: self.redactor.text(shown) }
    }

    /// Path and query of a request.
    fn target(&self, ridden: &Ridden) -> String {
        match &ridden.query {
            Some(query) if !query.is_empty() => format!("{}?{query}", self.url.path()),
            Some(_) => self.url.path().to_owned(),
            None => self.path.clone(),
        }
    }

    /// A request for the raw socket whose token rides anywhere but in `Authorization`. A case that shows no
    /// `Authorization` line at all shows no token.
    fn raw_elsewhere(&self, shown: &Shown<'_>) -> Composed {
        let none = shown.present.and_then(|present| present.authorization.as_ref()).is_some_and(Vec::is_empty);
        let ridden = self.ride(Some(shown.token).filter(|_| !none));
        let (mut bytes, mut text) = self.start(self.method.as_str().as_bytes(), self.target(&ridden).as_bytes());
        bytes.extend_from_slice(b"Connection: close\r\n");
        text.push_str("Connection: close\r\n");
        for (name, value) in &ridden.fields {
            bytes.extend_from_slice(&[title_case(name.as_str()).as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(ridden.body.as_deref().unwrap_or_default());
        text.push_str(&ridden.shown);
        Composed { bytes, shown: text, to_head: self.method == Method::HEAD }
    }

    /// A request for the raw socket, byte for byte.
    pub(super) fn raw(&self, shown: &Shown<'_>) -> Composed {
        if !self.carry.is_usual() {
            return self.raw_elsewhere(shown);
        }
        let present = shown.present.cloned().unwrap_or_default();
        let configured = self.path.strip_prefix('/').unwrap_or(&self.path);
        let fill = |template: &str, filled: &mut Vec<u8>| shown::fill(template, shown, configured, filled);
        let method = present.method.as_deref().unwrap_or(self.method.as_str()).as_bytes().to_vec();
        let path = match present.path.as_deref() {
            None => self.path.clone().into_bytes(),
            Some(template) => {
                let mut filled = Vec::new();
                fill(template, &mut filled);
                filled
            }
        };
        let (mut bytes, mut text) = self.start(&method, &path);
        let start = bytes.len();
        bytes.extend_from_slice(b"Connection: close\r\n");
        for line in &present.lines {
            fill(line, &mut bytes);
            bytes.extend_from_slice(b"\r\n");
        }
        let usual = vec!["Bearer ${token}".to_owned()];
        for value in present.authorization.as_ref().unwrap_or(&usual) {
            bytes.extend_from_slice(b"Authorization: ");
            fill(value, &mut bytes);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        text.push_str(&abridged(&bytes[start..]));
        Composed { bytes, shown: text, to_head: method == b"HEAD" }
    }

    /// Whether two requests differ in their token alone.
    pub(super) fn is_constant(&self) -> bool {
        self.assertion.is_none()
    }

    /// Appends a request for a connection that stays open.
    pub(super) fn kept_open(&self, token: &[u8], out: &mut Vec<u8>) {
        if self.carry.is_usual() {
            let (head, _) = self.start(self.method.as_str().as_bytes(), self.path.as_bytes());
            for part in [&head[..], b"Authorization: Bearer ", token, b"\r\n\r\n"] {
                out.extend_from_slice(part);
            }
            return;
        }
        let ridden = self.ride(Some(token));
        let (head, _) = self.start(self.method.as_str().as_bytes(), self.target(&ridden).as_bytes());
        out.extend_from_slice(&head);
        for (name, value) in &ridden.fields {
            for part in [title_case(name.as_str()).as_bytes(), b": ", value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(ridden.body.as_deref().unwrap_or_default());
    }

    /// Request line and common fields, as sent and as shown.
    fn start(&self, method: &[u8], path: &[u8]) -> (Vec<u8>, String) {
        let mut bytes = [method, b" ", path, b" HTTP/1.1\r\n"].concat();
        let mut shown = self.redactor.text(String::from_utf8_lossy(&bytes).into_owned());
        let cookie = matches!(self.carry, Carry::Cookie(_));
        for (name, value) in self.fields.iter().filter(|(name, _)| !(cookie && *name == COOKIE)) {
            let title = title_case(name.as_str());
            let public = self.public.contains(name);
            let value_shown = if public { String::from_utf8_lossy(value.as_bytes()) } else { Cow::Borrowed(REDACTED) };
            shown.extend([&title, ": ", &*value_shown, "\r\n"]);
            bytes.extend_from_slice(&[title.as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        (bytes, shown)
    }

    /// The address as it is shown.
    pub(super) fn address(&self) -> String {
        self.redactor.text(self.url.to_string())
    }
}

/// A token where it rides, and what is shown of that part of the request.
struct Ridden {
    fields: Vec<(HeaderName, Vec<u8>)>,
    query: Option<String>,
    body: Option<Vec<u8>>,
    shown: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::case::Present;
    use reqwest::header::ACCEPT;

    fn blueprint(headers: &[(&str, &str)]) -> Result<Blueprint, TargetError> {
        let headers: BTreeMap<String, String> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let url = Url::parse("http://127.0.0.1:8080/who?x=1").unwrap();
        of(Method::GET, url, &headers, Carry::Authorization)
    }

    fn of(
        method: Method,
        url: Url,
        headers: &BTreeMap<String, String>,
        carry: Carry,
    ) -> Result<Blueprint, TargetError> {
        let (public, redactor) = (fields::public(headers), Redactor::new(["s3cret".to_owned()]));
        Blueprint::new(Draft { method, url, headers, public, carry, assertion: None, redactor })
    }

    #[test]
    fn a_token_elsewhere_is_shown_as_it_is_sent_without_secrets() {
        let url = || Url::parse("http://127.0.0.1:8080/who?x=1").unwrap();
        let headers = BTreeMap::from([("Cookie".to_owned(), "theme=s3cret".to_owned())]);
        let cookie = of(Method::GET, url(), &headers, Carry::Cookie("sid".into())).unwrap();
        let composed = cookie.raw(&Shown::plain(b"a.b.c", 0));
        let sent = String::from_utf8(composed.bytes).unwrap();
        assert!(sent.contains("\r\nCookie: theme=s3cret; sid=a.b.c\r\n"), "{sent}");
        assert_eq!(sent.matches("Cookie").count(), 1, "{sent}");
        assert!(composed.shown.contains("Cookie: theme=[redacted]; sid=a.b.c\r\n"), "{}", composed.shown);
        let others = vec![("client_secret".into(), "s3cret".into())];
        let form = Carry::Form { name: "token".into(), others };
        let form = of(Method::POST, url(), &BTreeMap::new(), form).unwrap();
        let composed = form.raw(&Shown::plain(b"a.b\xff", 0));
        let sent = String::from_utf8(composed.bytes).unwrap();
        assert!(sent.ends_with("Content-Length: 33\r\n\r\ntoken=a.b%FF&client_secret=s3cret"), "{sent}");
        assert!(composed.shown.ends_with("token=a.b%FF&client_secret=[redacted]"), "{}", composed.shown);
        let none = Present { authorization: Some(Vec::new()), ..Present::default() };
        let empty = form.raw(&Shown { present: Some(&none), ..Shown::plain(b"", 0) });
        assert!(
            empty.shown.ends_with("\r\n\r\n&client_secret=[redacted]")
                || empty.shown.ends_with("\r\n\r\nclient_secret=[redacted]")
        );
        let query = of(Method::GET, url(), &BTreeMap::new(), Carry::Query("t".into())).unwrap();
        assert!(query.raw(&Shown::plain(b"a.b", 0)).shown.starts_with("GET /who?x=1&t=a.b HTTP/1.1\r\n"));
        let (request, text) = query.pooled(&Shown::plain(b"a.b", 0)).unwrap();
        assert_eq!(request.url().query(), Some("x=1&t=a.b"));
        assert!(text.starts_with("GET /who?x=1&t=a.b HTTP/1.1\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    }

    #[test]
    fn a_raw_request_is_what_the_case_says() {
        let present = Present {
            authorization: Some(vec!["Bearer ${good}".into(), "bearer  ${token}".into()]),
            path: Some("//${path}&t=${token}".into()),
            method: Some("GeT".into()),
            lines: vec!["x-Original-URL: /${path}".into()],
        };
        let shown = Shown { token: b"bad\xff", good: "good", present: Some(&present), now: 0 };
        let composed = blueprint(&[("X-Key", "s3cret"), ("accept", "text/x")]).unwrap().raw(&shown);
        let agent = concat!("gauntlet/", env!("CARGO_PKG_VERSION"));
        let wanted = format!(
            "GeT //who?x=1&t=bad\u{ff} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: {agent}\r\nAccept: text/x\r\n\
             X-Key: s3cret\r\nConnection: close\r\nx-Original-URL: /who?x=1\r\nAuthorization: Bearer good\r\n\
             Authorization: bearer  bad\u{ff}\r\n\r\n"
        );
        let latin: String = composed.bytes.iter().map(|byte| char::from(*byte)).collect();
        assert_eq!(latin, wanted);
        assert_eq!(composed.shown, wanted.replace('\u{ff}', "\u{fffd}").replace("s3cret", "[redacted]"));
        let none = Present { authorization: Some(Vec::new()), ..Present::default() };
        let bare = blueprint(&[]).unwrap().raw(&Shown { present: Some(&none), ..shown });
        assert!(!bare.shown.contains("Authorization"), "{}", bare.shown);
    }

    #[test]
    fn only_harmless_tokens_are_pooled() {
        let blueprint = blueprint(&[]).unwrap();
        let ordinary = |token: &[u8]| blueprint.is_ordinary(&Shown::plain(token, 0));
        assert!(ordinary(b"a.b.c"));
        for token in [&b""[..], b"a b", b"a\nb", b"a\x00", b"\xc3\xa4", &[b'x'; POOLED + 1]] {
            assert!(!ordinary(token), "{token:?}");
        }
    }

    #[test]
    fn fields_that_would_break_the_request_are_refused() {
        for (name, value) in [
            ("authorization", "Bearer x"),
            ("Content-Length", "5"),
            ("Transfer-Encoding", "chunked"),
            ("a b", "c"),
            ("a", "b\r\nc: d"),
        ] {
            assert!(matches!(blueprint(&[(name, value)]), Err(TargetError::Header { .. })), "{name}");
        }
    }

    #[test]
    fn a_value_from_the_environment_is_never_public() {
        let headers = BTreeMap::from([("Accept".to_owned(), "${env:X}".to_owned())]);
        assert!(!fields::public(&headers).contains(&ACCEPT));
        assert!(fields::public(&BTreeMap::new()).contains(&ACCEPT));
    }
}
