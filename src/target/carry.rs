//! Where in a request the token rides.

use super::error::TargetError;
use crate::model::transport::TokenPlace;
use reqwest::{
    Url,
    header::{COOKIE, HeaderName},
};
use serde_json::Value;
use std::borrow::Cow;
use url::form_urlencoded;

/// Where the token rides, once names and templates have been read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Carry {
    /// `Authorization: Bearer TOKEN`.
    Authorization,
    /// A header field with nothing but the token.
    Header(HeaderName),
    /// A cookie of this name.
    Cookie(String),
    /// A parameter of the query.
    Query(String),
    /// A parameter of a form, with others beside it.
    Form { name: String, others: Vec<(String, String)> },
    /// `${token}` inside the strings of a JSON document.
    Json(Value),
}

/// What the token adds to a request.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Load {
    /// A header field.
    pub field: Option<(HeaderName, Vec<u8>)>,
    /// The whole query.
    pub query: Option<String>,
    /// Media type and body.
    pub body: Option<(&'static str, Vec<u8>)>,
}

impl Carry {
    /// Reads where a bearer route looks.
    pub fn of_place(place: &TokenPlace) -> Result<Carry, TargetError> {
        let refuse = |name: &str| TargetError::Header {
            name: name.to_owned(),
            because: "its name is not a token (RFC 9110 5.1)",
        };
        Ok(match place {
            TokenPlace::Authorization => Carry::Authorization,
            TokenPlace::Header(name) => Carry::Header(name.parse().map_err(|_| refuse(name))?),
            TokenPlace::Cookie(name) => {
                // RFC 6265 section 4.1.1: a cookie's name is a token, as a field's is.
                let _: HeaderName = name.parse().map_err(|_| refuse(name))?;
                Carry::Cookie(name.clone())
            }
            TokenPlace::Query(name) => Carry::Query(name.clone()),
            TokenPlace::Form(name) => Carry::Form { name: name.clone(), others: Vec::new() },
        })
    }

    /// Whether the token rides in the header field that RFC 6750 names, so that its lines can be shaped by cases.
    pub fn is_usual(&self) -> bool {
        *self == Carry::Authorization
    }

    /// Whether bytes of every kind can ride: what an encoding carries needs no care of its own.
    pub fn encodes(&self) -> bool {
        matches!(self, Carry::Query(_) | Carry::Form { .. } | Carry::Json(_))
    }

    /// What a request with this token carries; `None` for a request without any token.
    pub fn load(&self, url: &Url, token: Option<&[u8]>) -> Load {
        match self {
            Carry::Authorization => Load::default(),
            Carry::Header(name) => Load { field: token.map(|token| (name.clone(), token.to_vec())), ..Load::default() },
            Carry::Cookie(name) => {
                Load { field: token.map(|token| (COOKIE, [name.as_bytes(), b"=", token].concat())), ..Load::default() }
            }
            Carry::Query(name) => {
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.extend_pairs(url.query_pairs());
                let mut query = query.finish();
                if let Some(token) = token {
                    append(&mut query, name, token);
                }
                Load { query: Some(query), ..Load::default() }
            }
            Carry::Form { name, others } => {
                let mut form = String::new();
                if let Some(token) = token {
                    append(&mut form, name, token);
                }
                for (name, value) in others {
                    append(&mut form, name, value.as_bytes());
                }
                Load { body: Some(("application/x-www-form-urlencoded", form.into_bytes())), ..Load::default() }
            }
            Carry::Json(template) => {
                let text = token.map_or(Cow::Borrowed(""), String::from_utf8_lossy);
                let body = filled(template, &text).to_string().into_bytes();
                Load { body: Some(("application/json", body)), ..Load::default() }
            }
        }
    }
}

/// Adds a parameter; bytes that are no text are percent-encoded as they are.
fn append(form: &mut String, name: &str, value: &[u8]) {
    if !form.is_empty() {
        form.push('&');
    }
    form.extend(form_urlencoded::byte_serialize(name.as_bytes()));
    form.push('=');
    form.extend(form_urlencoded::byte_serialize(value));
}

/// The document with the token in place of `${token}`.
fn filled(template: &Value, token: &str) -> Value {
    match template {
        Value::String(text) => Value::String(text.replace("${token}", token)),
        Value::Array(items) => items.iter().map(|item| filled(item, token)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), filled(value, token))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn load(carry: &Carry, token: Option<&[u8]>) -> Load {
        carry.load(&Url::parse("http://127.0.0.1/who?x=1&y=a%20b").unwrap(), token)
    }

    #[test]
    fn each_place_carries_the_token() {
        let token = Some(&b"a.b-_+=\xff c"[..]);
        assert_eq!(load(&Carry::Authorization, token), Load::default());
        let field = load(&Carry::of_place(&TokenPlace::Header("X-Jwt".into())).unwrap(), token).field.unwrap();
        assert_eq!((field.0.as_str(), &field.1[..]), ("x-jwt", &b"a.b-_+=\xff c"[..]));
        let field = load(&Carry::Cookie("sid".into()), token).field.unwrap();
        assert_eq!((field.0, &field.1[..4]), (COOKIE, &b"sid="[..]));
        let query = load(&Carry::Query("access_token".into()), token).query.unwrap();
        assert_eq!(query, "x=1&y=a+b&access_token=a.b-_%2B%3D%FF+c");
        let others = vec![("token_type_hint".into(), "access_token".into())];
        let (kind, form) = load(&Carry::Form { name: "token".into(), others }, token).body.unwrap();
        assert_eq!(kind, "application/x-www-form-urlencoded");
        assert_eq!(String::from_utf8(form).unwrap(), "token=a.b-_%2B%3D%FF+c&token_type_hint=access_token");
        let template = json!({ "input": { "token": "Bearer ${token}", "n": 1 }, "list": ["${token}"] });
        let (kind, body) = load(&Carry::Json(template), Some(b"a\"b")).body.unwrap();
        assert_eq!(kind, "application/json");
        assert_eq!(
            serde_json::from_slice::<Value>(&body).unwrap(),
            json!({ "input": { "token": "Bearer a\"b", "n": 1 }, "list": ["a\"b"] })
        );
    }

    #[test]
    fn a_request_without_a_token_has_none() {
        assert_eq!(load(&Carry::Cookie("sid".into()), None).field, None);
        assert_eq!(load(&Carry::Query("t".into()), None).query.as_deref(), Some("x=1&y=a+b"));
        let (_, form) = load(&Carry::Form { name: "token".into(), others: Vec::new() }, None).body.unwrap();
        assert!(form.is_empty());
    }

    #[test]
    fn names_that_cannot_be_sent_are_refused() {
        for place in [TokenPlace::Header("a b".into()), TokenPlace::Cookie("a;b".into())] {
            assert!(Carry::of_place(&place).is_err(), "{place:?}");
        }
    }
}
