//! From a request with a token to a target file without it.

use super::{curl::Asked, shared::usage};
use crate::model::transport::TokenPlace;
use miette::Report;
use serde_json::Value;
use url::{Url, form_urlencoded};

/// Header fields that browsers add and no target needs.
const NOISE: [&str; 12] = [
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "dnt",
    "host",
    "origin",
    "pragma",
    "priority",
    "referer",
    "user-agent",
];
/// Header fields whose values are no secrets.
const PLAIN: [&str; 3] = ["accept", "content-type", "x-requested-with"];

/// The transport of a target file.
#[derive(Debug, Default)]
pub(super) struct Door {
    /// Its table.
    pub table: String,
    /// Variables that must be set, each with what belongs into it.
    pub wanted: Vec<(String, String)>,
    /// What the user should know.
    pub remarks: Vec<String>,
}

/// Where the token is.
enum Found {
    Place(TokenPlace),
    Json(String),
}

/// The transport of a request. Nothing secret of it is written: the token gives way to ours, other credentials to variables.
///
/// # Errors
/// No token is found, or the request cannot be made with one elsewhere.
pub(super) fn door(mut asked: Asked) -> Result<Door, Report> {
    let found = find(&mut asked)?;
    let mut door = Door::default();
    let headers = headers(&asked, &mut door);
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let usual = if asked.body.is_some() || matches!(found, Found::Json(_)) { "POST" } else { "GET" };
    let method = asked.method.clone().unwrap_or_else(|| usual.into());
    let mut lines = vec![format!("url = {}", quoted(&asked.url)), format!("method = {}", quoted(&method))];
    let name = match &found {
        Found::Json(body) => {
            lines.push(format!("body = {}", quoted(body)));
            "decision"
        }
        Found::Place(place) => {
            match place {
                TokenPlace::Authorization => {}
                TokenPlace::Header(name) => lines.push(format!("place = {{ header = {} }}", quoted(name))),
                TokenPlace::Cookie(name) => lines.push(format!("place = {{ cookie = {} }}", quoted(name))),
                TokenPlace::Query(name) => lines.push(format!("place = {{ query = {} }}", quoted(name))),
                TokenPlace::Form(name) => lines.push(format!("place = {{ form = {} }}", quoted(name))),
            }
            if asked.body.as_deref().is_some_and(|body| !body.is_empty()) {
                door.remarks.push(
                    "the body of the request is left out: a bearer route is asked without one. If it refuses for that \
                     reason, choose another route"
                        .into(),
                );
            }
            "bearer"
        }
    };
    if !headers.is_empty() {
        lines.push(format!("headers = {{ {} }}", headers.join(", ")));
    }
    lines.push("accept.status = [200]          # what a yes looks like".into());
    lines.push("reject.status = [401, 403]     # what a no looks like".into());
    let files = [("ca", &asked.ca), ("cert", &asked.cert), ("key", &asked.key)];
    let tls: Vec<String> =
        files.iter().filter_map(|(name, file)| Some(format!("{name} = {}", quoted(file.as_ref()?)))).collect();
    if !tls.is_empty() {
        lines.push(format!("tls = {{ {} }}", tls.join(", ")));
    }
    door.table = format!("[transport.{name}]\n{}\n", lines.join("\n"));
    Ok(door)
}

/// Whether a text is a signed or encrypted token in compact form.
fn is_token(text: &str) -> bool {
    let part = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let parts: Vec<&str> = text.split('.').collect();
    text.starts_with("eyJ") && [3, 5].contains(&parts.len()) && parts.into_iter().all(part)
}

/// Finds the token, and takes it out of the request.
fn find(asked: &mut Asked) -> Result<Found, Report> {
    let bearer = |(name, value): &(String, String)| {
        let scheme = value.split_whitespace().next().unwrap_or_default();
        name.eq_ignore_ascii_case("authorization") && scheme.eq_ignore_ascii_case("bearer")
    };
    let places = (
        asked.headers.iter().position(bearer),
        asked.headers.iter().position(|(_, value)| is_token(value)),
        asked.cookies.iter().position(|(_, value)| is_token(value)),
    );
    match places {
        (Some(at), ..) => {
            asked.headers.remove(at);
            return Ok(Found::Place(TokenPlace::Authorization));
        }
        (_, Some(at), _) => return Ok(Found::Place(TokenPlace::Header(asked.headers.remove(at).0))),
        (_, _, Some(at)) => return Ok(Found::Place(TokenPlace::Cookie(asked.cookies.remove(at).0))),
        _ => {}
    }
    if let Some(name) = of_query(asked) {
        return Ok(Found::Place(TokenPlace::Query(name)));
    }
    let body = asked.body.clone().unwrap_or_default();
    if let Ok(mut json) = serde_json::from_str::<Value>(&body)
        && replace(&mut json)
    {
        return Ok(Found::Json(json.to_string()));
    }
    if let Some((name, _)) = form_urlencoded::parse(body.as_bytes()).find(|(_, value)| is_token(value)) {
        let others = form_urlencoded::parse(body.as_bytes()).filter(|(other, _)| *other != name);
        asked.body = Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(others).finish());
        return Ok(Found::Place(TokenPlace::Form(name.into_owned())));
    }
    Err(usage(
        "the curl command carries no token that is seen as one",
        "copy a request that is authorised: with `Authorization: Bearer`, or a JWT in a header, cookie, parameter or body",
    ))
}

/// The parameter of the query that holds the token, taken out.
fn of_query(asked: &mut Asked) -> Option<String> {
    let mut url = Url::parse(&asked.url).ok()?;
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let name = pairs.iter().find(|(_, value)| is_token(value))?.0.clone();
    url.set_query(None);
    let others: Vec<_> = pairs.into_iter().filter(|(other, _)| *other != name).collect();
    if !others.is_empty() {
        url.query_pairs_mut().extend_pairs(others);
    }
    asked.url = url.into();
    Some(name)
}

/// Puts the placeholder where the token is; false where there is none.
fn replace(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let bare = text.strip_prefix("Bearer ").unwrap_or(text);
            let found = is_token(bare);
            if found {
                *text = text.replace(bare, "${token}");
            }
            found
        }
        // All of them, and not only up to the first.
        Value::Array(items) => items.iter_mut().map(replace).collect::<Vec<_>>().contains(&true),
        Value::Object(members) => members.values_mut().map(replace).collect::<Vec<_>>().contains(&true),
        _ => false,
    }
}

/// Header fields for the target file.
fn headers(asked: &Asked, door: &mut Door) -> Vec<String> {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut lines = Vec::new();
    let mut secret = |name: &str, what: String| {
        let letters = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
        let variable: String = "GAUNTLET_".chars().chain(letters).collect();
        lines.push(format!("{} = {}", quoted(name), quoted(&format!("${{env:{variable}}}"))));
        door.wanted.push((variable, what));
    };
    if !asked.cookies.is_empty() {
        let names: Vec<&str> = asked.cookies.iter().map(|(name, _)| name.as_str()).collect();
        secret("Cookie", format!("the cookies {}, as `name=value; name=value`", names.join(", ")));
    }
    let mut plain = Vec::new();
    for (name, value) in &asked.headers {
        let lower = name.to_lowercase();
        if NOISE.contains(&lower.as_str()) || lower.starts_with("sec-") {
            continue;
        }
        // The body sets its own.
        if lower == "content-type" {
            continue;
        }
        if PLAIN.contains(&lower.as_str()) {
            plain.push(format!("{} = {}", quoted(name), quoted(value)));
        } else {
            secret(name, format!("the value of the header field {name}"));
        }
    }
    plain.extend(lines);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::curl::read, model::transport::Transport};

    const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";

    fn door_of(line: &str) -> Result<Door, Report> {
        let door = door(read(&line.replace("JWT", JWT))?)?;
        let all = format!("{} {:?} {:?}", door.table, door.wanted, door.remarks);
        assert!(!all.contains("eyJ") && !all.contains("s3cret"), "{all}");
        Ok(door)
    }

    fn transport(line: &str) -> Transport {
        #[derive(serde::Deserialize)]
        struct File {
            transport: Transport,
        }
        let table = door_of(line).unwrap().table;
        toml::from_str::<File>(&table).unwrap_or_else(|error| panic!("{error}\n{table}")).transport
    }

    fn place(line: &str) -> (TokenPlace, String) {
        match transport(line) {
            Transport::Bearer(bearer) => (bearer.place, bearer.url),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_token_is_found_wherever_it_is_and_written_nowhere() {
        let url = || "http://127.0.0.1/x".to_owned();
        let opaque = "curl http://127.0.0.1/x -H 'Authorization: bearer s3cret-opaque'";
        assert_eq!(place(opaque), (TokenPlace::Authorization, url()));
        assert_eq!(place("curl -H 'X-Jwt: JWT' http://127.0.0.1/x"), (TokenPlace::Header("X-Jwt".into()), url()));
        let cookie = "curl -b 'theme=s3cret; sid=JWT' http://127.0.0.1/x";
        assert_eq!(place(cookie), (TokenPlace::Cookie("sid".into()), url()));
        assert_eq!(door_of(cookie).unwrap().wanted[0].0, "GAUNTLET_COOKIE");
        let query = place("curl 'http://127.0.0.1/x?a=1&t=JWT'");
        assert_eq!(query, (TokenPlace::Query("t".into()), "http://127.0.0.1/x?a=1".into()));
        assert_eq!(place("curl -d t=JWT http://127.0.0.1/x"), (TokenPlace::Form("t".into()), url()));
        let Transport::Decision(decision) = transport(r#"curl http://127.0.0.1/x -d '{"in":["Bearer JWT"],"n":1}'"#)
        else {
            panic!("a decision")
        };
        assert_eq!(decision.body, r#"{"in":["Bearer ${token}"],"n":1}"#);
    }

    #[test]
    fn other_credentials_give_way_to_variables() {
        let line = "curl http://127.0.0.1/x -H 'authorization: Bearer JWT' -H 'X-Api-Key: s3cret' -H 'accept: text/html' \
                    -H 'sec-ch-ua: x' -H 'User-Agent: y' --cacert ca.pem";
        let door = door_of(line).unwrap();
        assert_eq!(door.wanted[0].0, "GAUNTLET_X_API_KEY");
        let Transport::Bearer(bearer) = transport(line) else { panic!("a bearer route") };
        let headers: Vec<_> = bearer.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(headers, ["X-Api-Key: ${env:GAUNTLET_X_API_KEY}", "accept: text/html"]);
        assert_eq!(bearer.tls.unwrap().ca.as_deref(), Some("ca.pem"));
    }

    #[test]
    fn a_request_without_a_token_is_refused_and_a_lost_body_is_told() {
        assert!(door_of("curl http://127.0.0.1/x -d a=s3cret").unwrap_err().to_string().contains("no token"));
        let with_body = "curl http://127.0.0.1/x -H 'Authorization: Bearer JWT' -d '{\"a\":1}'";
        assert!(door_of(with_body).unwrap().remarks[0].contains("body"));
    }
}
