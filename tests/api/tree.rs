//! The tree as `ARCHITECTURE.md` tells it, and what each file of it owes its reader.

use std::collections::BTreeSet;

use super::layers::{root, sources};

/// Files that are longer than they should be. This list may only become shorter.
const LONG: &[&str] = &[];
/// Files that a program writes and nobody reads from end to end: they grow with each table.
const GENERATED: &[&str] = &["src/store/schema.rs"];
const MOST_LINES: usize = 400;

#[test]
fn every_file_begins_by_saying_why_it_exists() {
    for (file, text) in sources() {
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 10, "{file}:1: {first}");
    }
}

#[test]
fn no_file_is_long() {
    for (file, text) in sources() {
        if GENERATED.contains(&file.as_str()) {
            continue;
        }
        let lines = text.lines().count();
        let known = LONG.contains(&file.as_str());
        assert!(lines <= MOST_LINES || known, "{file} has {lines} lines, more than {MOST_LINES}");
        assert!(lines > MOST_LINES || !known, "{file} is short now: take it off the list");
    }
    for file in LONG {
        assert!(root().join(file).exists(), "{file} is gone: take it off the list");
    }
}

/// Of two types of the contract with one name the document shows one, and is wrong about the other.
#[test]
fn no_two_published_lists_of_codes_share_a_name() {
    let mut known = std::collections::BTreeMap::new();
    for (file, text) in sources() {
        // A module of tests publishes nothing.
        if file.ends_with("/sample_request.rs") {
            continue;
        }
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let mut lines = text.lines().skip_while(|line| line.trim() != "codes! {");
        while lines.next().is_some() {
            let named = lines.find_map(|line| line.trim().strip_prefix("pub enum "));
            let name = named.unwrap_or_default().trim_end_matches(" {").to_owned();
            let before = known.insert(name.clone(), file.clone());
            assert_eq!(before, None, "{file} has another {name}");
            while lines.clone().next().is_some_and(|line| line.trim() != "codes! {") {
                lines.next();
            }
        }
    }
    assert!(known.len() > 40, "{}", known.len());
}

/// The paths that the map names, with the line of each.
fn map(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = line.trim() == "```tree";
            continue;
        }
        if !inside || line.trim().is_empty() {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        folders.retain(|(outer, _)| *outer < depth);
        let parent = folders.last().map(|(_, path)| path.clone()).unwrap_or_default();
        for name in line.split_whitespace() {
            let endings = [".rs", ".toml", ".md", ".sql", ".json", ".yml", ".lock"];
            if !name.ends_with('/') && !endings.iter().any(|it| name.ends_with(it)) {
                break;
            }
            let path = format!("{parent}{name}");
            if name.ends_with('/') {
                folders.push((depth, path.clone()));
            }
            found.push((number + 1, path));
        }
    }
    found
}

#[test]
fn the_map_is_read_by_its_indentation() {
    let text = "# x\n```tree\nREADME.md  Cargo.toml\nsrc/  the code\n  domain/   the rules\n    \
                act.rs  codes.rs  the acts\n  main.rs\ntests/\n```\n    no/\n";
    let seen: Vec<_> = map(text).into_iter().map(|(_, path)| path).collect();
    let wanted = [
        "README.md",
        "Cargo.toml",
        "src/",
        "src/domain/",
        "src/domain/act.rs",
        "src/domain/codes.rs",
        "src/main.rs",
        "tests/",
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn the_map_in_architecture_md_is_the_tree() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let named = map(&text);
    assert!(!named.is_empty(), "ARCHITECTURE.md has no fenced block that begins with ```tree");
    let mut existing = BTreeSet::new();
    for (line, path) in &named {
        // The map may begin at the root of the repository or at src.
        let found = [path.clone(), format!("src/{path}")]
            .into_iter()
            .find(|path| root().join(path).exists());
        let found = found.unwrap_or_else(|| panic!("ARCHITECTURE.md:{line}: there is no {path}"));
        existing.insert(found.trim_end_matches('/').to_owned());
    }
    for entry in std::fs::read_dir(root().join("src")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            let folder = format!("src/{}", entry.file_name().to_str().unwrap());
            assert!(existing.contains(&folder), "ARCHITECTURE.md does not tell what {folder} is");
        }
    }
}
