//! A run for tests: sixteen cases over six families, with every outcome, several variants and reasons.

use super::group::{by_case, tally};
use crate::model::{
    CaseId, Finding, Harm, Level, Observation, Outcome, Reference, RunReport, Severity, Verdict,
    case::{Fix, Source},
    outcome::{BaselineStatus, Control},
    report::*,
    verdict::{Endpoint, Fetch},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// The run.
pub fn report() -> RunReport {
    let mut report = RunReport {
        format: ReportFormat::V1,
        complete: true,
        stopped: None,
        tool: Tool { name: "gauntlet".into(), version: "0.1.0".into(), suite: format!("sha256:{}", "5e1f".repeat(16)) },
        run: RunInfo {
            id: "20261122T132755Z-7f3a".into(),
            started: "2026-11-22T13:27:55Z".into(),
            finished: "2026-11-22T13:28:31Z".into(),
            seed: 42,
            args: vec!["run".into(), "orders.target.toml".into()],
            host: Host { os: "linux".into(), cpus: 2 },
        },
        target: TargetInfo {
            name: "orders-api".into(),
            about: "The order service behind the public gateway".into(),
            transport: "bearer".into(),
            address: "http://127.0.0.1:8080/whoami".into(),
            file: Some("orders.target.toml".into()),
            provides: ["alg:RS256", "alg:ES256", "jwks:remote", "observe:outbound"].map(Into::into).into(),
            lacks: ["alg:PS256", "alg:ES384", "control:clock"].map(Into::into).into(),
            policy: BTreeMap::from([("missing-exp".to_owned(), "undeclared".to_owned())]),
            promoted: Vec::new(),
            waived: Vec::new(),
        },
        calibration: calibration(),
        summary: Summary::default(),
        statements: BTreeMap::new(),
        families: BTreeMap::new(),
        cases: Vec::new(),
        scenarios: Vec::new(),
        load: Vec::new(),
        log_leaks: vec!["2026-11-22T13:28:02Z DEBUG auth: token=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJh…".into()],
        baseline: None,
        exit_code: 1,
        exit_because: String::new(),
    };
    super::fixture_cases::fill(&mut report);
    summarise(&mut report);
    report
}

fn calibration() -> Vec<CalibrationCheck> {
    let check = |name: &str, outcome, observed: &str, hint: Option<&str>| CalibrationCheck {
        name: name.into(),
        outcome,
        severity: Severity::Info,
        observed: observed.into(),
        hint: hint.map(Into::into),
        observation: Some(Observation {
            status: Some(200),
            elapsed_us: 900,
            ..Observation::bare(Verdict::Accept, observed)
        }),
    };
    vec![
        check("good token, RS256", Outcome::Pass, "accepted: status 200", None),
        check("good token, ES256", Outcome::Pass, "accepted: status 200", None),
        check(
            "good token, PS256",
            Outcome::Skip,
            "refused: status 401",
            Some(
                "add PS256 to the target's list of algorithms if it should take it, or leave it out of the target file",
            ),
        ),
        check("no token", Outcome::Pass, "refused: status 401, with a Bearer challenge", None),
        check("garbage", Outcome::Pass, "refused: status 401", None),
    ]
}

/// Counts again after a change of cases.
pub fn summarise(report: &mut RunReport) {
    let groups = by_case(report);
    let grave = |finding: &&Finding| matches!(finding.outcome, Outcome::Fail | Outcome::Warn);
    let findings = || report.cases.iter().flat_map(|case| &case.findings).filter(grave);
    let status = |wanted| findings().filter(|finding| finding.baseline == wanted).count();
    let mut by_severity = BTreeMap::new();
    findings().for_each(|finding| *by_severity.entry(finding.severity.to_string()).or_default() += 1);
    let sent = |case: &&CaseResult| case.observation.is_some();
    report.summary = Summary {
        cases: tally(groups.iter().map(|group| group.outcome())),
        variants: tally(report.cases.iter().map(|case| case.outcome)),
        baseline_status: BaselineCounts {
            new: status(BaselineStatus::New),
            known: status(BaselineStatus::Known),
            ..BaselineCounts::default()
        },
        by_severity,
        executed: groups.iter().filter(|group| group.variants.iter().any(|case| case.observation.is_some())).count(),
        sent: report.cases.iter().filter(sent).count(),
        decided: report.cases.iter().filter(sent).filter(|case| case.outcome != Outcome::Inconclusive).count(),
        ..Summary::default()
    };
}

/// Keeps the cases whose gravest outcome fits.
pub fn keep(report: &mut RunReport, fits: impl Fn(Outcome) -> bool) {
    let kept: HashSet<String> =
        by_case(report).iter().filter(|group| fits(group.outcome())).map(|group| group.id.clone()).collect();
    report.cases.retain(|case| kept.contains(&case.id.case()));
    summarise(report);
}

/// The run with copies of its cases under new names, until it has so many variants.
pub fn large(variants: usize) -> RunReport {
    let mut report = report();
    let (cases, statements) = (report.cases.clone(), report.statements.clone());
    for round in 1.. {
        for case in &cases {
            if report.cases.len() >= variants {
                summarise(&mut report);
                return report;
            }
            let mut copy = case.clone();
            let old = copy.id.case();
            copy.id.name = format!("{}-{round}", copy.id.name);
            for finding in &mut copy.findings {
                finding.id = finding.id.replacen(&old, &copy.id.case(), 1);
            }
            report.statements.insert(copy.id.case(), statements[&old].clone());
            report.cases.push(copy);
        }
    }
    report
}

/// The run with a text added to every string that is free text, found by trying: a closed word refuses it.
pub fn hostile(text: &str) -> RunReport {
    static FREE: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
        let benign = serde_json::to_value(report()).unwrap();
        let mut places = HashSet::new();
        each_string(&mut benign.clone(), "", &mut |place, _| {
            places.insert(place.to_owned());
        });
        let accepts = |place: &String| {
            let mut changed = benign.clone();
            each_string(&mut changed, "", &mut |at, string| {
                if at == place {
                    string.push_str("<'\" >")
                }
            });
            serde_json::from_value::<RunReport>(changed).is_ok()
        };
        places.into_iter().filter(accepts).collect()
    });
    let mut value = serde_json::to_value(report()).unwrap();
    each_string(&mut value, "", &mut |place, string| {
        if FREE.iter().any(|free| free == place) {
            // A hash would make a clause of it, which is another row.
            let reference = place.ends_with("/refs/*");
            string.push_str(&if reference { text.replace('#', "") } else { text.to_owned() });
        }
    });
    let mut report: RunReport = serde_json::from_value(value).unwrap();
    report.target.policy.insert(format!("policy{text}"), text.to_owned());
    for case in &mut report.cases {
        case.before.insert(format!("before{text}"), text.to_owned());
        if let Some(Value::Object(claims)) = case.token.as_mut().and_then(|token| token.claims.as_mut()) {
            claims.insert(format!("claim{text}"), json!(text));
        }
        if let Some(Value::Object(claims)) = case.observation.as_mut().and_then(|seen| seen.claims.as_mut()) {
            claims.insert(format!("claim{text}"), json!(text));
        }
    }
    report
}

fn each_string(value: &mut Value, place: &str, visit: &mut impl FnMut(&str, &mut String)) {
    match value {
        Value::String(text) => visit(place, text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_string(item, &format!("{place}/*"), visit)),
        Value::Object(members) => {
            let map = ["/statements", "/families", "/target/policy"].contains(&place);
            for (name, member) in members {
                let name = if map { "*" } else { name };
                each_string(member, &format!("{place}/{name}"), visit);
            }
        }
        _ => {}
    }
}

/// A token with its anatomy against a twin.
pub fn token(
    twin: (&Value, &Value),
    header: &Value,
    claims: &Value,
    signature: &str,
    damage: &[&str],
) -> TokenEvidence {
    let part = |value: &Value| BASE64.encode(value.to_string());
    let lines = |name: &str, old: &Value, new: &Value| {
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
        let (old, new) = (pretty(old), pretty(new));
        let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
        let line = |text: &&str, change| Line { text: (*text).to_owned(), change };
        let mut lines: Vec<_> =
            new.iter().map(|text| line(text, if old.contains(text) { Change::Same } else { Change::Added })).collect();
        let at = lines.iter().position(|line| line.change == Change::Added).unwrap_or(lines.len() - 1);
        let gone = old.iter().filter(|text| !new.contains(text)).map(|text| line(text, Change::Removed));
        lines.splice(at..at, gone.collect::<Vec<_>>());
        Segment { name: name.into(), lines }
    };
    let mut anatomy = vec![lines("header", twin.0, header), lines("payload", twin.1, claims)];
    let change = if signature.is_empty() { Change::Removed } else { Change::Same };
    anatomy.push(Segment { name: "signature".into(), lines: vec![Line { text: "256 bytes, RS256".into(), change }] });
    TokenEvidence {
        header: Some(header.clone()),
        claims: Some(claims.clone()),
        mutations: damage.iter().map(|name| (*name).to_owned()).collect(),
        anatomy,
        compact: format!("{}.{}.{signature}", part(header), part(claims)),
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
    }
}

/// What a target answered to a token.
pub fn answer(verdict: Verdict, status: u16, compact: &str, body: &str) -> Observation {
    let challenge = r#"Bearer realm="orders", error="invalid_token""#;
    let refused = status == 401;
    let line = if refused { format!("WWW-Authenticate: {challenge}\r\n") } else { String::new() };
    let words = if refused { "Unauthorized" } else { "OK" };
    Observation {
        status: Some(status),
        challenges: if refused { vec![challenge.into()] } else { vec![] },
        request: format!(
            "GET /whoami HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: gauntlet/0.1.0\r\nAuthorization: Bearer {compact}\r\n\r\n"
        ),
        response: format!(
            "HTTP/1.1 {status} {words}\r\nContent-Type: application/json\r\n{line}Date: Sun, 22 Nov 2026 13:28:02 GMT\r\n\r\n{body}"
        ),
        elapsed_us: 812,
        ..Observation::bare(verdict, format!("status {status}"))
    }
}

/// A request that reached the canary.
pub fn fetch() -> Fetch {
    Fetch {
        at_ms: 4_211,
        endpoint: Endpoint::Canary,
        method: "GET".into(),
        path: "/c/5b1e9a70/keys.json".into(),
        user_agent: Some("okhttp/4.12.0".into()),
        headers: vec!["host: 192.0.2.7:9000".into(), "authorization: Bearer [not kept]".into()],
    }
}

/// A finding about the verdict.
pub fn finding(
    id: &CaseId,
    check: &str,
    outcome: Outcome,
    (level, severity): (Level, Severity),
    said: [&str; 3],
) -> Finding {
    let [expected, observed, because] = said.map(Into::into);
    Finding {
        id: Finding::id(id, check),
        outcome,
        level,
        severity,
        baseline: BaselineStatus::New,
        expected,
        observed,
        because,
    }
}

/// A variant with nothing in it yet.
pub fn bare(id: CaseId, grade: (Level, Severity), refs: &[&str], line: usize, expected: &str) -> CaseResult {
    let reproduce = Reproduce {
        gauntlet: format!("gauntlet run orders.target.toml --only '{id}' --seed 42"),
        curl: None,
        case: None,
    };
    CaseResult {
        source: Source { file: format!("vectors/{}.toml", id.family), line },
        id,
        level: grade.0,
        severity: grade.1,
        harm: Harm::Safe,
        refs: refs.iter().map(|text| Reference((*text).into())).collect(),
        expected: expected.into(),
        outcome: Outcome::Skip,
        token: None,
        observation: None,
        twin: None,
        before: BTreeMap::new(),
        measured: None,
        controls: Controls { base: Control::NotSent, feature: Control::NotSent },
        findings: Vec::new(),
        reproduce: Some(reproduce),
    }
}

/// What a case says.
pub fn statement(title: &str, why: &str, library: &str, application: &str) -> Statement {
    Statement {
        asks: String::new(),
        title: title.into(),
        why: why.into(),
        fix: Fix { library: library.into(), application: application.into() },
    }
}
