//! The committed sample: rendered again from its `run.json` it is the same, so that a change of layout shows in review.
//! `UPDATE_SAMPLE=1 cargo test sample` writes it anew.

use jwt_gauntlet::report::{Format, read, render};
use std::{fs, path::Path};

#[test]
fn the_sample_report_is_what_its_run_gives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/sample");
    let run = read(&fs::read(folder.join("run.json")).unwrap()).unwrap();
    for format in [Format::Json, Format::Html, Format::Junit] {
        let path = folder.join(format.file_name());
        let rendered = render(&run, format).unwrap();
        if std::env::var_os("UPDATE_SAMPLE").is_some() {
            fs::write(&path, &rendered).unwrap();
        }
        assert!(fs::read(&path).unwrap() == rendered, "{}: UPDATE_SAMPLE=1 cargo test sample", path.display());
    }
}

/// The page of the real validators, as `tests/targets/matrix.sh` made it.
#[test]
fn the_committed_matrix_stands_alone_and_stays_small() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/matrix");
    let page = fs::read_to_string(folder.join("matrix.html")).unwrap();
    assert!(page.len() < 600_000 && !page.contains("<script") && !page.contains("src="), "{} bytes", page.len());
    let matrix: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("matrix.json")).unwrap()).unwrap();
    let targets = matrix["targets"].as_array().unwrap();
    assert!(targets.len() >= 15, "only {} targets", targets.len());
    for target in targets {
        assert!(page.contains(target["name"].as_str().unwrap()), "{}", target["name"]);
    }
    assert!(page.contains(matrix["suites"][0].as_str().unwrap()), "the page names the suite");
}
