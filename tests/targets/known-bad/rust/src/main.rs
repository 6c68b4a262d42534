//! GET /whoami answers with the claims of a bearer token, by one release of jsonwebtoken: server RELEASE. The key set is
//! read anew for every token.

use serde_json::{Map, Value, json};
use std::{
    env,
    error::Error,
    io::{Read, Write},
    net::TcpStream,
};
use tiny_http::{Header, Method, Request, Response, Server};

type Claims = Map<String, Value>;

/// A verify function for a release: the token and the text of the key set in, claims out. `nbf` is asked for, and checked
/// where it is present.
macro_rules! verify_with {
    ($name:ident, $library:ident) => {
        fn $name(token: &str, key_set: &str) -> Result<Claims, Box<dyn Error>> {
            use $library::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
            let header = decode_header(token)?;
            let set: JwkSet = serde_json::from_str(key_set)?;
            let key = set.find(header.kid.as_deref().ok_or("no kid")?).ok_or("unknown kid")?;
            let mut validation = Validation::new($library::Algorithm::RS256);
            validation.validate_nbf = true;
            validation.leeway = 0;
            validation.set_issuer(&[var("ISSUER")]);
            validation.set_audience(&[var("AUDIENCE")]);
            Ok(decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &validation)?.claims)
        }
    };
}

verify_with!(verify_9_3_1, jsonwebtoken_9_3_1);
verify_with!(verify_10_3_0, jsonwebtoken_10_3_0);

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// The text of the key set. HTTP/1.0, so that the end of the stream is the end of the body.
fn key_set() -> Result<String, Box<dyn Error>> {
    let uri = var("JWKS_URI");
    let (authority, path) =
        uri.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or("no http address")?;
    let mut stream = TcpStream::connect(authority)?;
    write!(stream, "GET /{path} HTTP/1.0\r\nHost: {authority}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split_once("\r\n\r\n").ok_or("no body")?.1.to_owned())
}

fn answer(request: &Request, release: &str) -> (u16, Value) {
    match request.url() {
        "/healthz" => return (200, Value::Null),
        "/whoami" if *request.method() == Method::Get => {}
        _ => return (404, Value::Null),
    }
    let authorization = request.headers().iter().find(|header| header.field.equiv("Authorization"));
    let Some(token) = authorization.and_then(|header| header.value.as_str().strip_prefix("Bearer ")) else {
        return (401, Value::Null);
    };
    let verify = match release {
        "jsonwebtoken-9.3.1" => verify_9_3_1,
        "jsonwebtoken-10.3.0" => verify_10_3_0,
        other => panic!("unknown release {other}"),
    };
    match key_set().and_then(|keys| verify(token, &keys)) {
        Ok(claims) => (200, json!({ "claims": claims })),
        Err(error) => (401, json!({ "error": "invalid_token", "error_description": error.to_string() })),
    }
}

fn main() {
    let release = env::args().nth(1).expect("server RELEASE");
    let server = Server::http(format!("127.0.0.1:{}", var("PORT"))).expect("a free port");
    for request in server.incoming_requests() {
        let (status, body) = answer(&request, &release);
        let mut response = Response::from_string(body.to_string()).with_status_code(status);
        let mut add = |name: &str, value: &str| {
            response.add_header(Header::from_bytes(name, value).expect("a constant header"));
        };
        add("Content-Type", "application/json");
        if status == 401 {
            add("WWW-Authenticate", "Bearer");
        }
        drop(request.respond(response));
    }
}
