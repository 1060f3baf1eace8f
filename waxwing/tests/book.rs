//! Every configuration that the book and the README show is one without mistakes.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            all.extend(pages(&entry));
        } else if entry.extension().is_some_and(|e| e == "md") {
            all.push(entry);
        }
    }
    all
}

#[test]
fn examples_are_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut examples = 0;
    for page in pages(&root.join("docs")).into_iter().chain([root.join("README.md")]) {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in text.split("```toml\n").skip(1).filter_map(|b| b.split("```").next()) {
            let read = waxwing::config::parse(&page, Path::new("."), block);
            assert!(read.is_ok(), "{}\nin\n{block}", read.unwrap_err());
            examples += 1;
        }
    }
    assert!(examples >= 5, "the examples were found");
}

#[test]
fn pages_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|f| root.join(f));
    for page in pages(&root.join("docs")).into_iter().chain(top) {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|t| t.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            assert!(page.parent().unwrap().join(file).exists(), "{} links to {target}, which is not there", page.display());
        }
    }
}
