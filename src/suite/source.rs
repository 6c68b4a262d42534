//! Where the suite's files come from: the binary itself, or a directory.

use super::error::SuiteError;
use std::{borrow::Cow, fs, path::Path};

/// The folder of published vectors inside a suite.
const FROZEN: &str = "frozen";
/// How the names of load plans begin.
const LOAD: &str = "load-";

/// The cases, recipes, key sets and published vectors that the binary carries.
#[derive(rust_embed::RustEmbed)]
#[folder = "vectors/"]
#[include = "*.toml"]
#[include = "frozen/*.json"]
#[exclude = "errata/*"]
struct Embedded;

/// The scenarios that the binary carries.
#[derive(rust_embed::RustEmbed)]
#[folder = "scenarios/"]
#[include = "*.toml"]
struct EmbeddedScenarios;

/// One file of a suite.
#[derive(Debug, Clone)]
pub struct SuiteFile {
    /// The name that errors and reports show.
    pub name: String,
    /// The stem, which is the family's name in a case file.
    pub stem: String,
    /// The text.
    pub text: String,
}

/// The TOML files of a suite and its published vectors (`frozen/*.json`), in the order of their names: of a directory,
/// or of the binary.
///
/// # Errors
/// The directory or one of its files cannot be read, or holds no TOML file.
pub fn files(directory: Option<&Path>) -> Result<Vec<SuiteFile>, SuiteError> {
    let mut files = match directory {
        Some(directory) => of_directory(directory)?,
        None => Embedded::iter()
            .filter_map(|name| Embedded::get(&name).map(|file| (name, file)))
            .map(|(name, file)| suite_file(format!("vectors/{name}"), &file.data))
            .collect(),
    };
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

/// The scenario files, in the order of their names: of a directory, or of the binary.
///
/// # Errors
/// As [`files`].
pub fn scenario_files(directory: Option<&Path>) -> Result<Vec<SuiteFile>, SuiteError> {
    let mut files = played_files(directory)?;
    files.retain(|file| !file.stem.starts_with(LOAD));
    Ok(files)
}

/// The load plans, in the order of their names: of a directory, or of the binary. Their names begin with `load-`.
///
/// # Errors
/// As [`files`].
pub fn load_files(directory: Option<&Path>) -> Result<Vec<SuiteFile>, SuiteError> {
    let mut files = played_files(directory)?;
    files.retain(|file| file.stem.starts_with(LOAD));
    Ok(files)
}

/// One file by its path.
///
/// # Errors
/// It cannot be read.
pub fn one_file(path: &Path, help: &str) -> Result<SuiteFile, SuiteError> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, error.to_string(), help))?;
    Ok(suite_file(path.display().to_string(), &bytes))
}

fn played_files(directory: Option<&Path>) -> Result<Vec<SuiteFile>, SuiteError> {
    let mut files = match directory {
        Some(directory) => of_directory(directory)?,
        None => EmbeddedScenarios::iter()
            .filter_map(|name| EmbeddedScenarios::get(&name).map(|file| (name, file)))
            .map(|(name, file)| suite_file(format!("scenarios/{name}"), &file.data))
            .collect(),
    };
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

fn of_directory(directory: &Path) -> Result<Vec<SuiteFile>, SuiteError> {
    let help = "--suite wants a directory of case files; leave it out for the built-in suite";
    let mut files = of_kind(directory, "toml", help)?;
    let frozen = directory.join(FROZEN);
    if frozen.is_dir() {
        files.extend(of_kind(&frozen, "json", "check its permissions")?);
    }
    if files.is_empty() {
        return Err(unreadable(
            directory,
            "it holds no .toml file".into(),
            "a suite is a directory of case files and recipes.toml, as in the project's vectors folder",
        ));
    }
    Ok(files)
}

/// The files of a directory whose names end so.
fn of_kind(directory: &Path, extension: &str, help: &str) -> Result<Vec<SuiteFile>, SuiteError> {
    let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, error.to_string(), help))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(directory, error.to_string(), "check its permissions"))?.path();
        if path.extension().is_some_and(|own| own == extension) {
            let bytes =
                fs::read(&path).map_err(|error| unreadable(&path, error.to_string(), "check its permissions"))?;
            files.push(suite_file(path.display().to_string(), &bytes));
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, reason: String, help: &str) -> SuiteError {
    SuiteError::Unreadable { path: path.to_owned(), reason, help: help.to_owned() }
}

fn suite_file(name: String, bytes: &[u8]) -> SuiteFile {
    let stem = Path::new(&name).file_stem().map_or(Cow::Borrowed(""), |stem| stem.to_string_lossy()).into_owned();
    SuiteFile { stem, text: String::from_utf8_lossy(bytes).into_owned(), name }
}
