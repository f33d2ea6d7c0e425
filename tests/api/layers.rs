//! Who may name whom among the layers of `src`.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// What each part of `src` may name: modules of this crate, then other crates. `*` is any.
const RULES: &[(&str, &[&str], Crates)] = &[
    ("domain", &["domain", "sha256"], Crates::Only(DOMAIN_CRATES)),
    ("reference", &["domain", "reference"], Crates::Only(DOMAIN_CRATES)),
    ("vault", &["domain", "vault"], Crates::Not(WEB_AND_SQL)),
    ("sha256", &["sha256"], Crates::Not(WEB_AND_SQL)),
    ("signed_note", &["sha256", "signed_note"], Crates::Not(WEB_AND_SQL)),
    ("webhook", &["domain", "webhook"], Crates::Not(NOT_FOR_CALLS)),
    ("store", &["domain", "sha256", "store"], Crates::Not(WEB)),
    (
        "usecases",
        &["domain", "reference", "sha256", "signed_note", "store", "usecases", "vault", "webhook"],
        Crates::Not(WEB_AND_SQL),
    ),
    ("http", &["domain", "http", "reference", "sha256", "usecases"], Crates::Not(SQL)),
    ("demo", &["demo", "domain", "reference", "usecases"], Crates::Not(WEB_AND_SQL)),
    ("embedded", &["embedded"], Crates::Not(WEB_AND_SQL)),
    ("settings", &["settings", "webhook"], Crates::Not(WEB_AND_SQL)),
    ("telemetry", &["settings", "telemetry"], Crates::Not(WEB_AND_SQL)),
    ("worker", &["domain", "store", "usecases", "worker"], Crates::Not(WEB_AND_SQL)),
    ("cli", &["*"], Crates::Not(&["diesel", "diesel_async", "tokio_postgres"])),
    // Compiled for tests and for fuzzing only.
    ("fuzzing", &["*"], Crates::Not(SQL)),
    ("lib", &["*"], Crates::Not(&[])),
    ("main", &["cli"], Crates::Not(WEB_AND_SQL)),
];

/// Single files that may name more, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The one place where failures become problems.
    ("src/http/failures.rs", "store::StoreFailure"),
];

const DOMAIN_CRATES: &[&str] = &[
    "base64",
    "jiff",
    "serde",
    "serde_json",
    "thiserror",
    "unicode_normalization",
    "utoipa",
    "uuid",
];
const WEB: &[&str] = &[
    "actix_http",
    "actix_web",
    "deserr",
    "reqwest",
    "utoipa",
    "utoipa_actix_web",
    "utoipa_swagger_ui",
];
const SQL: &[&str] = &[
    "deadpool",
    "diesel",
    "diesel_async",
    "diesel_migrations",
    "jiff_diesel",
    "tokio_postgres",
    "tokio_postgres_rustls",
];
const WEB_AND_SQL: &[&str] = &[
    "actix_http",
    "actix_web",
    "deadpool",
    "deserr",
    "diesel",
    "diesel_async",
    "diesel_migrations",
    "jiff_diesel",
    "reqwest",
    "tokio_postgres",
    "tokio_postgres_rustls",
    "utoipa",
    "utoipa_actix_web",
    "utoipa_swagger_ui",
];

/// Whoever calls out needs a client, and nothing else of the web.
const NOT_FOR_CALLS: &[&str] = &[
    "actix_http",
    "actix_web",
    "deadpool",
    "deserr",
    "diesel",
    "diesel_async",
    "diesel_migrations",
    "jiff_diesel",
    "tokio_postgres",
    "tokio_postgres_rustls",
    "utoipa",
    "utoipa_actix_web",
    "utoipa_swagger_ui",
];

#[derive(Clone, Copy)]
enum Crates {
    Only(&'static [&'static str]),
    Not(&'static [&'static str]),
}

const TABLE: &str = "
    layer      may name                                   may not name
    domain     std, serde, base64, time and id types, sha256      diesel, actix, tokio, reqwest, the rest of the crate
    store      domain, diesel                             actix, utoipa, usecases, http
    usecases   domain, store, vault, reference, webhook, signed_note   actix, utoipa, diesel, http, cli
    webhook    domain, an HTTP client                     actix, utoipa, diesel, the rest of the crate
    http       usecases, domain, reference                diesel, store (but for the StoreFailure of failures.rs)
    demo       usecases, domain, reference                everything else
    worker     usecases, store, domain                    actix, diesel, http
    cli        everything; nobody else names embedded or settings (telemetry may name settings)";

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, as paths from the root of the repository.
fn files(below: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Every source file, with its text.
pub fn sources() -> Vec<(String, String)> {
    let of_rust = files("src").into_iter().filter(|path| path.ends_with(".rs"));
    let all: Vec<_> = of_rust
        .map(|path| {
            let text = std::fs::read_to_string(root().join(&path)).unwrap();
            (path, text)
        })
        .collect();
    assert!(all.len() > 80);
    all
}

/// The names of the crates that `Cargo.toml` lists.
fn known_crates() -> BTreeSet<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies]");
            continue;
        }
        let name = line.split_once('=').map_or("", |(name, _)| name.trim());
        if inside && !name.is_empty() && !name.starts_with('#') {
            names.insert(name.replace('-', "_"));
        }
    }
    assert!(names.contains("diesel_async") && names.contains("proptest"), "{names:?}");
    names
}

/// The code without comments and texts, line for line.
fn code(text: &str) -> String {
    let mut kept = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                while chars.peek().is_some_and(|c| *c != '\n') {
                    chars.next();
                }
            }
            '"' => {
                kept.push('"');
                while let Some(c) = chars.next() {
                    match c {
                        '\\' if chars.next() == Some('\n') => kept.push('\n'),
                        '\n' => kept.push('\n'),
                        '"' => break,
                        _ => {}
                    }
                }
                kept.push('"');
            }
            // A quote as a character would open a text that does not end.
            '\'' if chars.peek() == Some(&'"') => {
                chars.next();
                chars.next();
            }
            '\'' if chars.peek() == Some(&'\\') => {
                chars.next();
                chars.next();
            }
            _ => kept.push(c),
        }
    }
    kept
}

/// Paths such as `crate::store::Pool`, with groups in braces taken apart, and the line of each.
fn paths(code: &str) -> Vec<(usize, Vec<String>)> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((line, token)) = tokens.get(at) {
        let starts = token.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let before = at.checked_sub(1).map(|at| tokens[at].1.as_str());
        if starts && before != Some("::") {
            let is_use = before == Some("use");
            let next = read_tree(&tokens, at, &[], *line, &mut found);
            // Only a `use` can name a crate without a following `::`.
            if next == at + 1 && !is_use {
                found.pop();
            }
            at = next;
        } else {
            at += 1;
        }
    }
    found
}

fn tokens(code: &str) -> Vec<(usize, String)> {
    let mut tokens: Vec<(usize, String)> = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push((number + 1, rest[..length].to_owned()));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// Reads `a::b` or `a::{b, c::d}` from `at`, and gives where it ends.
fn read_tree(
    tokens: &[(usize, String)],
    mut at: usize,
    before: &[String],
    line: usize,
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |(_, token)| token.as_str());
    let mut path = before.to_vec();
    loop {
        if text(at) == "{" {
            at += 1;
            while text(at) != "}" && at < tokens.len() {
                let line = tokens[at].0;
                let next = read_tree(tokens, at, &path, line, found);
                // A renamed item, or something that no path has.
                at = if next == at { at + 1 } else { next };
                while !matches!(text(at), "," | "}") && at < tokens.len() {
                    at += 1;
                }
                if text(at) == "," {
                    at += 1;
                }
            }
            return at + 1;
        }
        if !text(at).starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '*') {
            return at;
        }
        path.push(text(at).to_owned());
        at += 1;
        if text(at) != "::" {
            break;
        }
        at += 1;
    }
    found.push((line, path));
    at
}

/// The module that a file is, from the crate's root.
fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
    path.split('/').filter(|part| *part != "mod").map(str::to_owned).collect()
}

/// The path from the crate's root, when it names something of this crate.
fn resolved(path: &[String], file: &str, inline: usize) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|part| *part == "super").count();
    match path.first().map(String::as_str) {
        Some("crate" | "escalation_tracker") => Some(path[1..].to_vec()),
        Some("super") => {
            let mut module = module_of(file);
            module.extend(std::iter::repeat_n("inline".to_owned(), inline));
            module.truncate(module.len().saturating_sub(supers));
            module.extend(path[supers..].iter().cloned());
            Some(module)
        }
        _ => None,
    }
}

#[test]
fn each_layer_names_only_what_it_may() {
    let crates = known_crates();
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for (file, text) in sources() {
        let layer = module_of(&file).first().cloned().unwrap();
        let rule = RULES.iter().find(|(name, ..)| *name == layer);
        let Some((_, modules, others)) = rule else {
            faults.push(format!("{file}: the layer {layer} has no rule in tests/api/layers.rs"));
            continue;
        };
        let code = code(&text);
        // Tests stand at the end of a file or in one of their own, and may use crates for testing.
        let tests_from =
            code.find("#[cfg(test)]\nmod ").map_or(usize::MAX, |at| code[..at].lines().count());
        let is_test = |line: usize| line > tests_from || file.contains("tests");
        for (line, path) in paths(&code) {
            let inline =
                usize::from(line > tests_from && !code.contains("#[cfg(test)]\nmod tests;"));
            let named = path.join("::");
            if let Some(own) = resolved(&path, &file, inline) {
                let module = own.first().map_or("", String::as_str);
                if modules.contains(&"*") || modules.contains(&module) || module.is_empty() {
                    continue;
                }
                let whole = own.join("::");
                if let Some(known) =
                    EXCEPTIONS.iter().find(|it| **it == (file.as_str(), whole.as_str()))
                {
                    used.insert(known.0);
                    continue;
                }
                faults.push(format!("{file}:{line}: {layer} names {named}"));
            } else if crates.contains(path[0].as_str()) {
                let name = path[0].as_str();
                let may = match others {
                    Crates::Only(list) => {
                        list.contains(&name)
                            || (is_test(line) && ["proptest", "rand", "rand_distr"].contains(&name))
                    }
                    Crates::Not(list) => !list.contains(&name),
                };
                if !may {
                    faults.push(format!("{file}:{line}: {layer} names {named}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n    {}\n{TABLE}", faults.join("\n    "));
    assert_eq!(used.len(), EXCEPTIONS.len(), "an exception that nobody needs any more");
}

#[test]
fn the_reader_of_paths_sees_groups_supers_and_plain_names() {
    let text = "use crate::{domain::ids, store::{Pool, schema::{self as s}}};\nuse diesel;\n\
                fn f() { super::super::http::x(); \"diesel::y\"; diesel_async::z() } // tokio::w\n";
    let seen: Vec<_> =
        paths(&code(text)).into_iter().map(|(line, path)| (line, path.join("::"))).collect();
    for wanted in [
        (1, "crate::domain::ids"),
        (1, "crate::store::Pool"),
        (1, "crate::store::schema::self"),
        (2, "diesel"),
        (3, "super::super::http::x"),
        (3, "diesel_async::z"),
    ] {
        assert!(seen.contains(&(wanted.0, wanted.1.to_owned())), "{wanted:?} {seen:?}");
    }
    let texts_and_comments = ["tokio::w", "diesel::y"];
    assert!(!seen.iter().any(|(_, path)| texts_and_comments.contains(&path.as_str())), "{seen:?}");
    let up: Vec<String> = ["super", "super", "http"].map(str::to_owned).to_vec();
    assert_eq!(resolved(&up, "src/store/pool.rs", 0).unwrap(), ["http"]);
    assert_eq!(resolved(&up, "src/store/pool.rs", 1).unwrap(), ["store", "http"]);
}
