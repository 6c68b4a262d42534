//! The catalogue for readers, `vectors/README.md`, is what the suite and `vectors/detection.json` give.
//! `UPDATE_SCHEMAS=1 cargo test --test it catalogue` writes it anew.

use jwt_gauntlet::{
    model::{Case, Harm, Need, Reference},
    run::DetectionFile,
    suite::Catalog,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

/// Entries of a cell before the rest is counted.
const NAMED: usize = 3;

#[test]
fn the_committed_catalogue_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/README.md");
    let text = catalogue(&Catalog::load(None).unwrap());
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "vectors/README.md is out of date: UPDATE_SCHEMAS=1 cargo test --test it catalogue");
}

fn catalogue(catalog: &Catalog) -> String {
    let mut families: BTreeMap<&str, Vec<Vec<&Case>>> = BTreeMap::new();
    for case in &catalog.cases {
        let cases = families.entry(&case.id.family).or_default();
        match cases.last_mut() {
            Some(variants) if variants[0].id.name == case.id.name => variants.push(case),
            _ => cases.push(vec![case]),
        }
    }
    let count = families.values().map(Vec::len).sum::<usize>();
    let mut text = format!(
        "<!-- Generated: UPDATE_SCHEMAS=1 cargo test --test it catalogue -->\n\n# The cases\n\n{count} cases in {} families, \
         {} tokens once their variants are counted. Each is data: one `[[case]]` block in the file of its family.\n\n{}\n",
        families.len(),
        catalog.cases.len(),
        include_str!("catalogue_intro.md").trim_end()
    );
    text.push_str("\n## Families\n\n| family | cases | variants | about |\n|---|---:|---:|---|\n");
    for (name, cases) in &families {
        let variants = cases.iter().map(Vec::len).sum::<usize>();
        let title = &catalog.families[*name].title;
        let _ = writeln!(text, "| [{name}](#{name}) | {} | {variants} | {} |", cases.len(), cell(title));
    }
    let (flaws, mut urls) = (flaws(), BTreeMap::new());
    for (name, cases) in &families {
        let family = &catalog.families[*name];
        let _ = write!(text, "\n## {name}\n\n**{}.** {}\n", cell(&family.title), family.about.trim());
        let _ = write!(text, "Written in [`{name}.toml`]({name}.toml).\n\n");
        text.push_str("| case | level | needs | references | variants | proved by |\n|---|---|---|---|---:|---|\n");
        for variants in cases {
            let _ = writeln!(text, "{}", row(variants, &flaws));
            let refs = variants[0].refs.iter();
            urls.extend(refs.filter_map(|reference| Some((reference.to_string(), reference.url()?))));
        }
    }
    text.push('\n');
    for (name, url) in urls {
        let _ = writeln!(text, "[{name}]: {url}");
    }
    text
}

/// One case with all its variants.
fn row(variants: &[&Case], flaws: &BTreeMap<String, Vec<String>>) -> String {
    let first = variants[0];
    let distinct = |word: &dyn Fn(&Case) -> String| {
        let mut words: Vec<String> = Vec::new();
        for word in variants.iter().map(|case| word(case)) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words.join(" / ")
    };
    let mut level =
        format!("{}, {}", distinct(&|case| case.level.to_string()), distinct(&|case| case.severity.to_string()));
    if first.harm != Harm::Safe {
        let _ = write!(level, ", **{}**", first.harm);
    }
    let needs: BTreeSet<Need> = variants.iter().flat_map(|case| case.needs.iter().copied()).collect();
    let mut needs: Vec<String> = needs.iter().map(|need| format!("`{need}`")).collect();
    needs.extend(first.keyset.iter().map(|keyset| format!("key set `{keyset}`")));
    let refs: Vec<String> = first.refs.iter().map(linked).collect();
    let proofs: Vec<String> =
        flaws.get(&first.id.case()).into_iter().flatten().map(|flaw| format!("`{flaw}`")).collect();
    format!(
        "| `{}`<br>{} | {level} | {} | {} | {} | {} |",
        first.id.name,
        cell(&first.title),
        some(&needs, ""),
        refs.join(", "),
        variants.len(),
        some(&proofs, "*none*"),
    )
}

/// The flaws that a case catches, by case.
fn flaws() -> BTreeMap<String, Vec<String>> {
    let mut flaws: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (flaw, cases) in DetectionFile::committed().caught {
        for case in cases {
            flaws.entry(case).or_default().push(flaw.clone());
        }
    }
    flaws
}

/// The first entries, and how many more there are.
fn some(entries: &[String], none: &str) -> String {
    let more = entries.len().saturating_sub(NAMED);
    match (entries.is_empty(), more) {
        (true, _) => none.to_owned(),
        (_, 0) => entries.join(", "),
        _ => format!("{} and {more} more", entries[..NAMED].join(", ")),
    }
}

/// A reference, whose address stands at the end of the text.
fn linked(reference: &Reference) -> String {
    reference.url().map_or_else(|| reference.to_string(), |_| format!("[{reference}]"))
}

/// A text that breaks no cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('<', "&lt;")
}
