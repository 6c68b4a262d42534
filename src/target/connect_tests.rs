//! Targets that the harness starts, restarts and ends.

use super::{
    Connection, Shown, TargetError, connect,
    testing::{self, Server, answer},
};
use crate::model::Verdict;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, time::timeout};

/// Starts a shell script as the target; the server plays its HTTP side.
async fn start(script: &str, folder: &Path, ready: &str, more: Value) -> Result<Connection, TargetError> {
    let start = json!({
        "command": ["sh", "-c", script],
        "env": { "PORT": "${port}", "AUDIENCE": "${audience}", "ALGORITHMS": "${algorithms}" },
        "ready": { "url": ready, "within": "400ms" },
    });
    let mut tables = json!({ "start": start });
    tables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let file = testing::file(json!({ "url": ready }), tables);
    connect(&file, folder, &testing::world(), &testing::trust()).await
}

/// Starts a script that must come up.
async fn started(script: &str, folder: &TempDir, server: &Server) -> Connection {
    start(script, folder.path(), &server.url(), json!({})).await.map_err(|error| error.to_string()).unwrap()
}

async fn up() -> (Server, TempDir) {
    (Server::answering(answer("401 No", "", "")).await, tempfile::tempdir().unwrap())
}

/// The content of a file, once it has so many lines.
async fn lines(path: &Path, count: usize) -> Vec<String> {
    let written = async {
        loop {
            let text = fs::read_to_string(path).unwrap_or_default();
            if text.matches('\n').count() >= count {
                return text.lines().map(str::to_owned).collect();
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), written).await.expect("the script writes its file")
}

const FAMILY: &str = "sleep 1000 & echo $! >> ids; sh -c 'echo $$ >> ids; sleep 1000; true' & echo $$ >> ids; wait";

async fn family(folder: &TempDir) -> Vec<u32> {
    lines(&folder.path().join("ids"), 3).await.iter().map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn closing_ends_the_whole_family() {
    let (server, folder) = up().await;
    let connection = started(FAMILY, &folder, &server).await;
    let ids = family(&folder).await;
    assert_eq!(connection.target().present(&Shown::plain(b"a.b.c", 0)).await.verdict, Verdict::Reject);
    connection.close().await.unwrap();
    for id in ids {
        testing::is_gone(id).await;
    }
}

#[tokio::test]
async fn dropping_ends_the_whole_family_too() {
    let (server, folder) = up().await;
    let connection = started(&format!("trap '' TERM; {FAMILY}"), &folder, &server).await;
    let ids = family(&folder).await;
    drop(connection);
    for id in ids {
        testing::is_gone(id).await;
    }
}

#[tokio::test]
async fn a_target_that_will_not_end_is_killed() {
    let (server, folder) = up().await;
    let connection = started(&format!("trap '' TERM; {FAMILY}"), &folder, &server).await;
    let (ids, start) = (family(&folder).await, Instant::now());
    connection.close().await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    for id in ids {
        testing::is_gone(id).await;
    }
}

#[tokio::test]
async fn the_target_is_told_where_we_are() {
    let (server, folder) = up().await;
    let script = "echo $AUDIENCE > told; echo $ALGORITHMS >> told; echo $PORT >> told; sleep 1000";
    let connection = started(script, &folder, &server).await;
    let told = lines(&folder.path().join("told"), 3).await;
    assert_eq!(told[..2], ["https://api.example", "RS256,ES256"]);
    assert!(told[2].parse::<u16>().unwrap() > 0);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_target_that_never_gets_ready_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    let script = "echo waiting for the database; echo $$ > ids; sleep 1000";
    let Err(error) = start(script, folder.path(), &url, json!({})).await else { panic!("it is not ready") };
    let text = error.to_string();
    assert!(
        text.starts_with("the target was not ready within 400ms: wanted an answer below 500 from http://"),
        "{text}"
    );
    assert!(text.contains("found no connection: Connection refused"), "{text}");
    assert!(text.ends_with("its last lines:\nwaiting for the database"), "{text}");
    testing::is_gone(lines(&folder.path().join("ids"), 1).await[0].parse().unwrap()).await;

    let server = Server::answering(answer("503 Starting", "", "")).await;
    let Err(error) = start("sleep 1000", folder.path(), &server.url(), json!({})).await else {
        panic!("it is not ready")
    };
    assert!(error.to_string().contains("found status 503; it printed nothing"), "{error}");
}

#[tokio::test]
async fn a_target_that_ends_at_once_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo 'cannot read orders.toml' >&2; exit 4";
    let Err(error) = start(script, folder.path(), "http://127.0.0.1:1/", json!({})).await else { panic!("it ended") };
    let wanted = "the target ended before it was ready: exit status: 4; its last lines:\ncannot read orders.toml";
    assert_eq!(error.to_string(), wanted);
}

#[tokio::test]
async fn tokens_in_the_log_are_noted() {
    let (server, folder) = up().await;
    let script = "printf 'got eyJhbGciOi'; printf 'Jub25lIn0.e30.c2ln\\n' >&1; sleep 1000";
    let connection = started(script, &folder, &server).await;
    let noted = async {
        while connection.log_leaks().is_empty() {
            tokio::task::yield_now().await;
        }
        connection.log_leaks()
    };
    let leaks = timeout(Duration::from_secs(5), noted).await.expect("the log is read");
    assert_eq!(leaks, ["eyJhbGciOiJu… (28 characters)"]);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_started_target_is_started_again_on_the_same_port() {
    let (server, folder) = up().await;
    let mut connection = started("echo $PORT $$ >> starts; sleep 1000", &folder, &server).await;
    let path = folder.path().join("starts");
    lines(&path, 1).await;
    assert!(connection.restart().await.unwrap());
    let starts = lines(&path, 2).await;
    let (first, second) = (starts[0].split_once(' ').unwrap(), starts[1].split_once(' ').unwrap());
    assert_eq!(first.0, second.0);
    testing::is_gone(first.1.parse().unwrap()).await;
    connection.close().await.unwrap();
    testing::is_gone(second.1.parse().unwrap()).await;
}

#[tokio::test]
async fn hooks_run_around_the_target() {
    let (server, folder) = up().await;
    let hook = |name: &str| json!(["sh", "-c", format!("echo {name} >> hooks")]);
    let hooks = json!({ "before": hook("before"), "restart": hook("restart"), "after": hook("after") });
    let file = testing::file(json!({ "url": server.url() }), json!({ "hooks": hooks }));
    let mut connection = connect(&file, folder.path(), &testing::world(), &testing::trust()).await.ok().unwrap();
    assert!(connection.restart().await.unwrap());
    connection.close().await.unwrap();
    assert_eq!(lines(&folder.path().join("hooks"), 3).await, ["before", "restart", "after"]);

    let file = testing::file(json!({ "url": server.url() }), json!({}));
    let mut connection = connect(&file, folder.path(), &testing::world(), &testing::trust()).await.ok().unwrap();
    assert!(!connection.restart().await.unwrap());
    assert!(connection.started().is_none() && connection.log_leaks().is_empty());
}

#[tokio::test]
async fn a_ready_address_is_guarded_too() {
    let folder = tempfile::tempdir().unwrap();
    let more = json!({ "transport": { "bearer": { "url": "http://127.0.0.1:1/" } } });
    let script = "echo ran > ran";
    let Err(error) = start(script, folder.path(), "http://192.0.2.1/", more).await else { panic!("it is not allowed") };
    assert!(matches!(error, TargetError::NotAllowed { .. }), "{error}");
    assert!(!folder.path().join("ran").exists());
}
