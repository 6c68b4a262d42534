//! The committed schemas are the ones that the types give, and every file of the project meets its schema.
//! `UPDATE_SCHEMAS=1 cargo test schemas` writes them anew.

use jwt_gauntlet::suite::SCHEMAS;
use serde_json::Value;
use std::{fs, path::Path};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn committed_schemas_are_up_to_date() {
    for schema in SCHEMAS {
        let path = root().join(schema.path);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, schema.text()).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == schema.text(), "{} is out of date: UPDATE_SCHEMAS=1 cargo test schemas", schema.path);
    }
}

fn validator(path: &str) -> jsonschema::Validator {
    let text = fs::read_to_string(root().join(path)).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

#[test]
fn suite_and_target_files_meet_their_schemas() {
    let mut checked = 0;
    let mut check = |file: &Path, schema: &str| {
        let value: Value = toml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let errors: Vec<String> =
            validator(schema).iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}:\n{}", file.display(), errors.join("\n"));
        checked += 1;
    };
    for entry in fs::read_dir(root().join("vectors")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        match name.as_str() {
            "recipes.toml" => check(&file, "vectors/recipe-file.schema.json"),
            "profiles.toml" => check(&file, "vectors/profile-file.schema.json"),
            "requirements.toml" => check(&file, "vectors/requirements-file.schema.json"),
            "keysets.toml" => check(&file, "vectors/keyset-file.schema.json"),
            _ if name.ends_with(".toml") => check(&file, "vectors/case-file.schema.json"),
            _ => {}
        }
    }
    for entry in fs::read_dir(root().join("scenarios")).unwrap() {
        let file = entry.unwrap().path();
        // What a matrix fills in is no time, no mix and no fault yet.
        let text = fs::read_to_string(&file).unwrap();
        if file.extension().is_some_and(|extension| extension == "toml") && !text.contains("${") {
            let is_load = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("load-"));
            let schema = if is_load { "load-plan" } else { "scenario-file" };
            check(&file, &format!("scenarios/{schema}.schema.json"));
        }
    }
    let check_json = |file: &Path, schema: &str| {
        let value: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let errors: Vec<String> =
            validator(schema).iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}:\n{}", file.display(), errors.join("\n"));
    };
    check_json(&root().join("vectors/published-keys.json"), "vectors/published-keys.schema.json");
    for entry in fs::read_dir(root().join("vectors/frozen")).unwrap() {
        check_json(&entry.unwrap().path(), "vectors/vector-file.schema.json");
    }
    check(&root().join("vectors/errata/wycheproof.toml"), "vectors/errata-file.schema.json");
    for entry in fs::read_dir(root().join("tests/targets")).unwrap() {
        let file = entry.unwrap().path().join("target.toml");
        if file.exists() {
            check(&file, "vectors/target-file.schema.json");
        }
    }
    assert!(checked >= 10, "only {checked} files were found");
}
