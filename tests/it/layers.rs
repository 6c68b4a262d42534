//! An import may only point downward. The table is the one of the design; a new folder must be added to it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What each folder may import, beside itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("suite", &["model"]),
    ("token", &["model"]),
    ("issuer", &["model", "token"]),
    ("target", &["model"]),
    ("traffic", &["model", "token", "target"]),
    ("conformance", &["model", "suite", "token", "issuer", "target"]),
    ("chaos", &["model", "suite", "token", "issuer", "target", "traffic"]),
    ("load", &["model", "suite", "token", "target", "traffic"]),
    ("builtin", &["model", "token", "target::protocol"]),
    ("certify", &["model", "suite"]),
    (
        "run",
        &[
            "model",
            "suite",
            "token",
            "issuer",
            "target",
            "traffic",
            "conformance",
            "chaos",
            "load",
            "builtin",
            "certify",
        ],
    ),
    ("report", &["model"]),
    (
        "cli",
        &[
            "model",
            "suite",
            "token",
            "issuer",
            "target",
            "traffic",
            "conformance",
            "chaos",
            "load",
            "builtin",
            "certify",
            "run",
            "report",
        ],
    ),
];

#[test]
fn no_import_points_upward() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut folders = BTreeSet::new();
    for file in rust_files(&root) {
        let inside = file.strip_prefix(&root).unwrap();
        let Some(folder) = inside.parent().and_then(|parent| parent.iter().next()).and_then(|name| name.to_str())
        else {
            continue;
        };
        folders.insert(folder.to_owned());
        let may = allowed.get(folder).unwrap_or_else(|| panic!("src/{folder} is not in the table of layers"));
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            let top = import.split("::").next().unwrap();
            let fits = top == folder
                || may.iter().any(|allowed| import == *allowed || import.starts_with(&format!("{allowed}::")));
            if !fits {
                wrong.push(format!("{} imports crate::{import}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the layers:\n{}", wrong.join("\n"));
    let known: BTreeSet<String> = allowed.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(folders, known, "the table of layers names other folders than src has");
}

#[test]
fn the_collector_sees_nested_groups() {
    let text = "use crate::{model::{Case, spec::Level}, target::protocol::Answer};\nlet x = crate::token::Key::new();\npub(in crate::token) fn f() {}";
    let found: Vec<String> = imports(text).into_iter().collect();
    assert_eq!(found, ["model::Case", "model::spec::Level", "target::protocol::Answer", "token::Key::new"]);
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Every path that starts at the crate's root, groups opened.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // Visibility, not an import.
        if !code[..at].trim_end().ends_with("pub(in") {
            open(&code[at + "crate::".len()..], "", &mut found);
        }
    }
    found
}

fn open<'a>(text: &'a str, prefix: &str, found: &mut BTreeSet<String>) -> &'a str {
    let end =
        text.find(|character: char| !(character.is_alphanumeric() || "_:".contains(character))).unwrap_or(text.len());
    let path = format!("{prefix}{}", &text[..end]);
    let rest = &text[end..];
    if !rest.starts_with('{') {
        found.insert(path.trim_end_matches("::").to_owned());
        return rest;
    }
    let mut rest = rest[1..].trim_start();
    while !rest.starts_with('}') && !rest.is_empty() {
        rest = open(rest, &path, found).trim_start();
        // `as name` and the comma behind a member.
        rest = rest
            .find([',', '}'])
            .map_or("", |at| if rest[at..].starts_with(',') { &rest[at + 1..] } else { &rest[at..] });
        rest = rest.trim_start();
    }
    rest.strip_prefix('}').unwrap_or(rest)
}
