//! What must hold of every reader of hostile input, whatever the input: one function for each target in `fuzz/`.
//!
//! They are compiled for tests and for fuzzing only. The tests here try each with its seeds and with inputs made of them, so
//! that what a fuzzer would need hours for is at least never grossly wrong; `fuzz/run.sh` searches.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::check_digits::{has_upn_form, is_nhs_number, is_upn};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::child_reference::{ChildReference, Scheme, SchemePolicy};
use crate::domain::identifier_scan::{findings, holds_identifier};
use crate::http::cursor::{self, CursorKey, Position};
use crate::http::field_codes::FieldCode;
use crate::http::fields;
pub use crate::http::fuzzing::{headers, odata_filter};
use crate::http::import_file::{Taken, cells, csv_rows, ndjson};
use crate::http::query::QueryReader;
use crate::http::requests::RaiseEscalation;
use crate::http::strict_json::{JsonLimits, parse};
use crate::http::times::{Day, Instant, parse_week};
use crate::reference::AgreedFile;
use crate::signed_note::{Signer, Verifier, notes};
use crate::usecases::shipped;
use crate::webhook::address::Rules;
use crate::webhook::signature::{SignedHeaders, SigningKey, VerifyingKey, verify};

/// A reader of hostile input with what has to hold of it, whatever the bytes are: it panics where that does not.
pub type Invariant = fn(&[u8]);

/// Every target with its name, which is that of its file in `fuzz/fuzz_targets` and of its folder in `fuzz/seeds`.
pub const TARGETS: &[(&str, Invariant)] = &[
    ("strict_json", strict_json),
    ("raise_body", raise_body),
    ("import_csv", import_csv),
    ("import_ndjson", import_ndjson),
    ("odata_filter", odata_filter),
    ("page_cursor", page_cursor),
    ("child_reference", child_reference),
    ("identifier_scan", identifier_scan),
    ("signed_note", signed_note),
    ("checkpoint", checkpoint),
    ("agreed_file", agreed_file),
    ("headers", headers),
    ("query", query),
    ("webhook_key", webhook_key),
];

/// A body that is read is written and read again as the same; what is refused is refused again in the same words.
pub fn strict_json(data: &[u8]) {
    let limits = JsonLimits::default();
    let read = parse(data, limits);
    assert_eq!(read, parse(data, limits));
    if let Ok(value) = read {
        assert_eq!(parse(value.to_string().as_bytes(), limits).as_ref(), Ok(&value));
        // Whoever reads without our strictness reads no other document.
        assert!(serde_json::from_slice::<Value>(data).is_ok());
    }
}

/// A body that raises is understood in one way, and what is understood keeps the limits of the contract.
pub fn raise_body(data: &[u8]) {
    let schemes = SchemePolicy { test_range_allowed: true, ..SchemePolicy::default() };
    let read = |bytes| {
        let body: RaiseEscalation = fields::read(bytes).ok()?;
        body.into_request(&schemes).ok()
    };
    let first = read(data);
    assert_eq!(format!("{first:?}"), format!("{:?}", read(data)));
    if let Some(request) = first {
        assert!(request.secondary_themes.len() <= 3);
        assert!(request.desired_outcome.as_str().chars().count() <= 2_000);
        assert_eq!(request.source.is_some(), request.external_reference.is_some());
    }
}

/// What there is of a file: of each row its line, its text and whether it is refused.
fn told(taken: Taken) -> Vec<(i32, Vec<u8>, bool)> {
    taken.rows.into_iter().map(|row| (row.line, row.text, row.refused.is_some())).collect()
}

/// A file of cells gives each row its line, within the file and in order.
pub fn import_csv(data: &[u8]) {
    let feeds = data.iter().filter(|byte| [b'\n', b'\r'].contains(byte)).count();
    if let Ok(rows) = csv_rows(data) {
        assert!(rows.iter().all(|row| row.line >= 1 && row.line <= feeds + 1));
        assert!(rows.is_sorted_by(|a, b| a.line <= b.line));
        assert!(rows.iter().map(|row| row.length).sum::<usize>() <= data.len());
        assert!(rows.iter().all(|row| row.cells.iter().any(|cell| !cell.trim().is_empty())));
    }
    let taken = || cells(data, Some("fuzz")).ok().map(told);
    let rows = taken();
    assert_eq!(rows, taken());
    assert!(rows.is_none_or(|rows| rows.len() <= feeds + 1));
}

/// A file of objects gives no more rows than it has lines, and the same twice.
pub fn import_ndjson(data: &[u8]) {
    let taken = || ndjson(data, Some("fuzz")).ok().map(told);
    let rows = taken();
    assert_eq!(rows, taken());
    let lines = data.iter().filter(|byte| **byte == b'\n').count() + 1;
    assert!(rows.is_none_or(|rows| rows.len() <= lines));
}

/// Nobody makes a cursor; a cursor opens for what it was made for, and changed in any bit for nothing.
pub fn page_cursor(data: &[u8]) {
    let key = CursorKey::new(&[7; 32]);
    let now = Timestamp::UNIX_EPOCH;
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(cursor::open(&key, b"list", text, now).is_err());
    }
    let Some((id, rest)) = data.split_first_chunk::<16>() else { return };
    let Some((at, rest)) = rest.split_first_chunk::<8>() else { return };
    let Ok(at) = Timestamp::from_microsecond(i64::from_be_bytes(*at)) else { return };
    let position = Position { at, id: Uuid::from_bytes(*id) };
    let sealed = cursor::seal(&key, rest, position, now);
    assert_eq!(cursor::open(&key, rest, &sealed, now), Ok(position));
    assert!(cursor::open(&key, &[rest, b"x"].concat(), &sealed, now).is_err());
    let place = rest.first().map_or(0, |byte| usize::from(*byte)) % sealed.len();
    let mut altered = sealed.into_bytes();
    if let Some(byte) = altered.get_mut(place) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    let altered = String::from_utf8_lossy(&altered);
    assert!(cursor::open(&key, rest, &altered, now).is_err());
}

/// A normalised reference is what it is normalised to, one child has one text, and a wrong digit is noticed.
pub fn child_reference(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let policy =
        SchemePolicy { allowed: Scheme::ALL.iter().copied().collect(), test_range_allowed: true };
    for scheme in Scheme::ALL {
        let Ok(read) = ChildReference::parse(*scheme, text, &policy) else { continue };
        assert_eq!(ChildReference::parse(*scheme, read.value(), &policy).as_ref(), Ok(&read));
        assert_eq!(ChildReference::restore(*scheme, read.value().to_owned()), read);
        assert!(!read.value().is_empty() && read.value().len() <= 40);
        assert!(read.value().bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(read.lookup_text(), format!("{}:{}", scheme.code(), read.value()));
    }
    assert!(!is_upn(text) || has_upn_form(text));
    if is_nhs_number(text) {
        let mut digits = text.as_bytes().to_vec();
        if let Some(digit) = digits.last_mut() {
            *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
        }
        assert!(!is_nhs_number(&String::from_utf8_lossy(&digits)));
    }
}

/// What is found lies in the text, in order and apart.
pub fn identifier_scan(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let found = findings(text);
    let length = text.chars().count();
    assert!(found.iter().all(|it| it.start < it.end && it.end <= length), "{found:?}");
    assert!(found.is_sorted_by(|a, b| a.end <= b.start), "{found:?}");
    assert_eq!(found, findings(text));
    assert_eq!(holds_identifier(text), found.iter().any(|it| !it.kind.is_hint()));
}

/// A note opens as what was signed, and changed as nothing; several are told apart.
pub fn signed_note(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(signer) = Signer::from_seed("fuzz.example/key".to_owned(), &[7; 32]) else { return };
    let Some(verifier) = signer.verifier() else { return };
    // Nobody signs for this key.
    assert!(verifier.open(text).is_err());
    let public = verifier.to_string();
    assert_eq!(public.parse::<Verifier>().map(|it| it.to_string()), Ok(public));
    if let Ok(read) = text.parse::<Verifier>() {
        assert_eq!(read.to_string(), text);
    }
    if let Ok(all) = notes(text) {
        for note in &all {
            assert_eq!(notes(note), Ok(vec![note.clone()]));
        }
    }
    let said = format!("{text}\n");
    let Some(note) = signer.sign(&said) else { return };
    assert_eq!(verifier.open(&note), Ok(said.as_str()));
    assert!(verifier.open(&format!("x{note}")).is_err());
}

/// One checkpoint has one text.
pub fn checkpoint(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(read) = text.parse::<Checkpoint>() {
        assert_eq!(read.text(), text);
    }
}

/// A file of rules is read and checked in one way, however odd it is.
pub fn agreed_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = AgreedFile::parse(text).ok();
    assert_eq!(read, AgreedFile::parse(text).ok());
    match read {
        Some(AgreedFile::StagePolicy(file)) => {
            let policy = shipped::policy_version(file).policy;
            let faults = policy.check();
            assert!(faults.as_ref().err().is_none_or(|it| !it.is_empty()));
            if faults.is_ok() {
                assert!(policy.stage(policy.top()).is_some());
            }
        }
        Some(AgreedFile::Calendar(file)) => {
            if let Ok(calendar) = file.calendar() {
                let faults = calendar.check(jiff::civil::date(2026, 11, 18));
                assert!(faults.err().is_none_or(|it| !it.is_empty()));
                assert_eq!(calendar.canonical_text(), calendar.canonical_text());
            }
        }
        Some(AgreedFile::Timescales(set)) => drop(shipped::timescale_versions(set)),
        None => {}
    }
}

/// A query is read or refused; an instant, a day and a week are each read as what they are written as.
pub fn query(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut reader = QueryReader::new(text, &["at", "day", "week", "id", "flag", "limit", "name"]);
    let _ = (reader.instant("at"), reader.day("day"), reader.week("week"), reader.uuid("id"));
    let limit = reader.integer("limit", 1, 200);
    assert!(limit.is_none_or(|it| (1..=200).contains(&it)));
    let _ = (reader.flag("flag"), reader.identifier("name"));
    drop(reader.finish());
    if let Ok(Instant(at)) = Instant::parse(text) {
        // Another offset can lie beyond the last year.
        let again = Instant::parse(&at.to_string());
        assert!(
            matches!(again, Ok(Instant(it)) if it == at) || again == Err(FieldCode::OutOfRange)
        );
    }
    if let Ok(Day(day)) = Day::parse(text) {
        assert_eq!(day.to_string(), text);
    }
    if let Ok(week) = parse_week(text) {
        assert_eq!(format!("{:04}-W{:02}", week.year(), week.week()), text);
    }
}

/// Keys are written as they are read; nobody signs for a key; an address is public or not called.
pub fn webhook_key(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = SigningKey::parse(text) {
        let again = SigningKey::parse(&key.secret_text()).ok().map(|it| it.secret_text());
        assert_eq!(again, Some(key.secret_text()));
    }
    if let Ok(key) = VerifyingKey::parse(text) {
        let again = VerifyingKey::parse(&key.text()).ok().map(|it| it.text());
        assert_eq!(again, Some(key.text()));
    }
    let keys: Vec<_> = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")
        .ok()
        .and_then(|key| key.verifying_key())
        .into_iter()
        .collect();
    let said = SignedHeaders { id: Some("id"), timestamp: Some("0"), signature: Some(text) };
    assert!(verify(&keys, said, b"{}", Timestamp::UNIX_EPOCH).is_err());
    let rules = Rules { listed: BTreeSet::new(), listed_without_tls: false, own: BTreeSet::new() };
    if let Ok(url) = rules.read(text) {
        assert_eq!(url.scheme(), "https");
        assert!(matches!(url.port_or_known_default(), Some(443 | 8443)));
        assert!(url.username().is_empty() && url.password().is_none());
        // It is read as the same address by whoever reads it again.
        assert_eq!(rules.read(url.as_str()).as_ref(), Ok(&url));
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
    }

    fn seeds(target: &str) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(folder().join("seeds").join(target)).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| std::fs::read(file).unwrap()).collect()
    }

    #[test]
    fn every_target_has_its_program_and_its_seeds() {
        let manifest = std::fs::read_to_string(folder().join("Cargo.toml")).unwrap();
        let programs = std::fs::read_dir(folder().join("fuzz_targets")).unwrap().count();
        assert_eq!(programs, TARGETS.len());
        for (name, _) in TARGETS {
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            let program = folder().join("fuzz_targets").join(format!("{name}.rs"));
            let program = std::fs::read_to_string(program).unwrap();
            assert!(program.contains(&format!("fuzzing::{name}(data)")), "{name}");
            assert!(seeds(name).len() >= 2, "{name}");
        }
    }

    /// Pieces that readers of texts stumble over.
    const PIECES: &[&[u8]] = &[
        b"\0",
        b"\"",
        b"'",
        b"\\",
        b",",
        b";",
        b"\r\n",
        b"\n",
        b"\t",
        b" ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"-1",
        b"0",
        b"1e400",
        b"999 999 9999",
        b"\xFF",
        b"\xED\xA0\x80",
        b"%00",
        b"*",
        b"W/\"",
        "\u{2014} ".as_bytes(),
        "\u{202E}".as_bytes(),
        "\u{FB03}".as_bytes(),
        "\u{1F9D2}".as_bytes(),
        "\u{660}".as_bytes(),
    ];

    #[test]
    fn what_is_made_of_seeds_breaks_no_reader() {
        let mut broken = Vec::new();
        for (name, target) in TARGETS {
            let seeds = seeds(name);
            for seed in &seeds {
                if std::panic::catch_unwind(|| target(seed)).is_err() {
                    broken.push(format!("{name}: {}", seed.escape_ascii()));
                }
            }
            let change = (any::<Index>(), any::<Index>(), select(PIECES));
            let made = (select(seeds), vec(change, 0..6), vec(any::<u8>(), 0..8));
            let config = Config { failure_persistence: None, ..Config::with_cases(500) };
            let tried = TestRunner::new(config).run(&made, |(mut text, changes, tail)| {
                for (from, to, piece) in changes {
                    let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
                    // Short stretches, so that most of a seed stays and is read.
                    let to = to.clamp(from, (from + 3).min(text.len()).max(from));
                    text.splice(from..to, piece.iter().copied());
                }
                text.extend(tail);
                target(&text);
                Ok(())
            });
            broken.extend(tried.err().map(|error| format!("{name}: {error}")));
        }
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
}
