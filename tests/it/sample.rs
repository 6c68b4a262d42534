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
