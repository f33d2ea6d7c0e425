//! A file of escalations taken apart into rows, each with the line on which it begins. One bad row spoils no other.

use std::collections::BTreeMap;

use serde_json::Value;

use super::import_columns::Header;
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::strict_json::{JsonLimits, parse};
use crate::domain::import::{ColumnNote, MOST_ROWS, RowFault, RowStatus};
use crate::usecases::imports::NewRow;

/// The most bytes of one row: as many as a record that is sent alone.
const MOST_OF_ROW: usize = 256 * 1024;

/// What stands between two cells: as in the standard, as spreadsheets save it where the comma is in numbers, or tabs.
const BETWEEN: [u8; 3] = [b',', b';', b'\t'];

/// A file taken apart.
pub struct Taken {
    /// How its columns were understood.
    pub columns: Vec<ColumnNote>,
    /// Its rows.
    pub rows: Vec<NewRow>,
}

/// The text of a file. A byte order mark says nothing that is not known.
fn text(bytes: &[u8]) -> Result<&str, Problem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let wrong = |_| {
        Problem::new(ProblemType::InvalidEncoding).detail(
            "The file is not UTF-8; it may be Windows-1252. In Excel, save it as \"CSV UTF-8 (Comma delimited)\" \
             and send it again.",
        )
    };
    // A mark of UTF-16 is no UTF-8 either.
    std::str::from_utf8(bytes).map_err(wrong)
}

fn fault(code: &str, message: &str, fix: &str) -> RowFault {
    let (message, fix) = (message.to_owned(), fix.to_owned());
    RowFault { pointer: None, column: None, code: code.to_owned(), message, fix }
}

fn too_large(detail: String) -> Problem {
    Problem::new(ProblemType::PayloadTooLarge).detail(detail)
}

fn line_number(line: usize) -> i32 {
    i32::try_from(line).unwrap_or(i32::MAX)
}

/// Rows, and where each record was seen first.
#[derive(Default)]
struct Rows {
    rows: Vec<NewRow>,
    seen: BTreeMap<(String, String), i32>,
}

impl Rows {
    fn add(
        &mut self,
        line: usize,
        length: usize,
        row: Result<Value, RowFault>,
    ) -> Result<(), Problem> {
        if self.rows.len() == MOST_ROWS {
            return Err(too_large(format!(
                "A file may have at most {MOST_ROWS} rows; send it in parts."
            )));
        }
        if length > MOST_OF_ROW {
            return Err(too_large(format!(
                "The row on line {line} is longer than {MOST_OF_ROW} bytes. If it should not be, a quotation mark is not closed."
            )));
        }
        let line = line_number(line);
        let mut refused = None;
        let text = match row {
            Ok(record) => {
                refused = self.twice(&record, line);
                record.to_string().into_bytes()
            }
            Err(fault) => {
                refused = refused.or(Some((RowStatus::Rejected, fault)));
                Vec::new()
            }
        };
        self.rows.push(NewRow { line, text, refused });
        Ok(())
    }

    fn twice(&mut self, record: &Value, line: i32) -> Option<(RowStatus, RowFault)> {
        let name = |member: &str| record.get(member).and_then(Value::as_str).map(str::to_owned);
        let key = name("source").zip(name("external_reference"))?;
        let first = *self.seen.entry(key).or_insert(line);
        (first != line).then(|| {
            let mut fault = fault(
                "not_unique",
                &format!("The record on line {first} has the same external_reference."),
                "Send each record once, as it stands now; leave the others out.",
            );
            fault.pointer = Some("#/external_reference".to_owned());
            fault.column = Some("external_reference".to_owned());
            (RowStatus::Duplicate, fault)
        })
    }
}

/// Takes a file of JSON objects apart, one in each line.
///
/// # Errors
/// `invalid-encoding`, or `payload-too-large`.
pub fn ndjson(bytes: &[u8], source: Option<&str>) -> Result<Taken, Problem> {
    let mut rows = Rows::default();
    for (line, text) in (1..).zip(text(bytes)?.split('\n')) {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let row = match parse(text.as_bytes(), JsonLimits::default()) {
            Ok(Value::Object(mut record)) => {
                if let Some(source) = source {
                    record.entry("source").or_insert_with(|| source.into());
                }
                Ok(Value::Object(record))
            }
            Ok(_) => Err(fault(
                "wrong_type",
                "This line is no JSON object.",
                "Send one object in each line.",
            )),
            Err(wrong) => {
                let problem = Problem::from(wrong);
                let kind = problem.kind();
                Err(fault(kind.slug(), kind.title(), kind.description()))
            }
        };
        rows.add(line, text.len(), row)?;
    }
    Ok(Taken { columns: Vec::new(), rows: rows.rows })
}

/// A row of cells, and where it stands in its file.
pub struct CsvRow {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its cells.
    pub cells: Vec<String>,
    /// Whether a quotation mark in it was not closed before the file ended.
    pub unclosed: bool,
    /// How many bytes it has.
    pub length: usize,
}

/// The rows of a file of cells, without those that are blank.
///
/// # Errors
/// `invalid-encoding`.
pub fn csv_rows(bytes: &[u8]) -> Result<Vec<CsvRow>, Problem> {
    let text = text(bytes)?;
    let first = text.lines().find(|it| !it.trim().is_empty()).unwrap_or_default();
    let count = |it: &u8| first.bytes().filter(|byte| byte == it).count();
    // Where two are as frequent, the standard one counts.
    let between = BETWEEN.iter().rev().max_by_key(|it| count(it)).copied().unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(between)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    let (mut line, mut counted) = (1, 0);
    loop {
        let began = position(&reader);
        // The text is in memory and is UTF-8, so nothing is left that could fail.
        if !reader.read_record(&mut record).unwrap_or(false) {
            return Ok(rows);
        }
        let ended = position(&reader);
        let whole = text.get(began..ended).unwrap_or_default();
        // The reader passes over blank lines before the row.
        let blank = whole.len() - whole.trim_start_matches(['\r', '\n']).len();
        line += lines(text.get(counted..began + blank).unwrap_or_default());
        counted = began + blank;
        let own = whole.trim_start_matches(['\r', '\n']);
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if cells.iter().all(|it| it.trim().is_empty()) {
            continue;
        }
        let odd = own.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
        let last = cells.last().map_or("", String::as_str);
        let unclosed = odd
            && ended == text.len()
            && (last.contains('\n') || own.ends_with(&format!("\"{last}")));
        rows.push(CsvRow { line, cells, unclosed, length: own.len() });
    }
}

fn position(reader: &csv::Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

/// How many lines end in a text: by a line feed, or by a carriage return that stands alone.
fn lines(text: &str) -> usize {
    let feeds = text.matches('\n').count();
    let returns = text.matches('\r').count() - text.matches("\r\n").count();
    feeds + returns
}

/// Takes a file of cells apart, whose first row names its columns.
///
/// # Errors
/// `invalid-encoding`, `payload-too-large`, or `validation-failed` with everything that is wrong with its columns.
pub fn cells(bytes: &[u8], source: Option<&str>) -> Result<Taken, Problem> {
    let mut all = csv_rows(bytes)?.into_iter();
    let header = all.next().map(|it| it.cells).unwrap_or_default();
    let header = Header::read(&header, source.is_some())?;
    let mut rows = Rows::default();
    for CsvRow { line, mut cells, unclosed, length } in all {
        // Spreadsheets write empty cells behind the last one.
        while cells.len() > header.width() && cells.last().is_some_and(|it| it.trim().is_empty()) {
            cells.pop();
        }
        let row = if unclosed {
            Err(fault(
                "malformed_row",
                "A quotation mark on this line is not closed.",
                "Close it; a quotation mark within quoted text is written twice.",
            ))
        } else if cells.len() != header.width() {
            Err(fault(
                "malformed_row",
                &format!(
                    "It has {} cells, and the first row names {} columns.",
                    cells.len(),
                    header.width()
                ),
                "Put text that has commas or line breaks in it in quotation marks, and close each one.",
            ))
        } else {
            Ok(Value::Object(header.record(&cells, source)))
        };
        rows.add(line, length, row)?;
    }
    Ok(Taken { columns: header.notes, rows: rows.rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "external_reference,raised_with_agency,theme,urgency,desired_outcome";

    fn told(text: &str) -> Vec<String> {
        let taken = cells(text.as_bytes(), Some("niche")).unwrap();
        let told = taken.rows.iter().map(|row| {
            let code = row.refused.as_ref().map_or("", |(_, fault)| fault.code.as_str());
            let record: Value = serde_json::from_slice(&row.text).unwrap_or_default();
            let name = record["external_reference"].as_str().unwrap_or("-");
            format!("{} {name} {code}", row.line).trim().to_owned()
        });
        told.collect()
    }

    #[test]
    fn every_row_knows_the_line_on_which_it_begins() {
        let row = |name: &str| format!("{name},cs,x,urgent,Do it.");
        let (a, b, c) = (row("a"), row("b"), row("c"));
        let two_lines = "b,cs,x,urgent,\"Do\nit, \"\"now\"\".\"";
        for (text, expected) in [
            (format!("{HEAD}\n{a}\n{b}\n"), vec!["2 a", "3 b"]),
            (format!("\u{feff}{HEAD}\r\n\r\n{a}\r\n\r\n\r\n{b}"), vec!["3 a", "6 b"]),
            (format!("\n{HEAD}\n{a}\n{two_lines}\n\n{c}\n"), vec!["3 a", "4 b", "7 c"]),
            (format!("{HEAD}\r{a}\r{b}\r"), vec!["2 a", "3 b"]),
            (format!("{HEAD}\n{a}\n,,,,\n{b}\n"), vec!["2 a", "4 b"]),
            (format!("{HEAD}\n{a},,\n{b}\n"), vec!["2 a", "3 b"]),
            (format!("{HEAD}\n"), vec![]),
            (HEAD.to_owned(), vec![]),
            (format!("{HEAD}\n{a}\nx,cs\n{b}\n"), vec!["2 a", "3 - malformed_row", "4 b"]),
            (format!("{HEAD}\n{a}\nx,cs,x,urgent,\"Do\n{b}\n"), vec!["2 a", "3 - malformed_row"]),
            (format!("{HEAD}\n{a}\n{b}\n{a}\n"), vec!["2 a", "3 b", "4 a not_unique"]),
        ] {
            assert_eq!(told(&text), expected, "{text:?}");
        }
        let semicolons = format!("{HEAD}\n{a}\n").replace(',', ";");
        assert_eq!(told(&semicolons), ["2 a"]);
        assert_eq!(told(&semicolons.replace(';', "\t")), ["2 a"]);
    }

    #[test]
    fn lines_of_json_stand_for_themselves() {
        let text = "\u{feff}{\"external_reference\": \"a\"}\n\n{\"a\": 1, \"a\": 2}\r\n[]\nnonsense\n\
                    {\"external_reference\": \"a\", \"source\": \"niche\"}\n";
        let taken = ndjson(text.as_bytes(), Some("niche")).unwrap();
        let told: Vec<_> = taken
            .rows
            .iter()
            .map(|row| {
                (row.line, row.refused.as_ref().map_or("", |(_, fault)| fault.code.as_str()))
            })
            .collect();
        let expected = [
            (1, ""),
            (3, "duplicate-member"),
            (4, "wrong_type"),
            (5, "malformed-json"),
            (6, "not_unique"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_no_utf_8_or_too_large_is_refused_whole() {
        let wrong = [HEAD.as_bytes(), b"\na,cs,x,urgent,caf\xe9\n"].concat();
        assert_eq!(cells(&wrong, Some("a")).err().unwrap().kind(), ProblemType::InvalidEncoding);
        let long = "x".repeat(MOST_OF_ROW);
        for file in [
            cells(format!("{HEAD}\na,cs,x,urgent,{long}\n").as_bytes(), Some("a")),
            ndjson(format!("{{\"a\": \"{long}\"}}").as_bytes(), None),
            ndjson("{}\n".repeat(MOST_ROWS + 1).as_bytes(), None),
        ] {
            assert_eq!(file.err().unwrap().kind(), ProblemType::PayloadTooLarge);
        }
        assert_eq!(
            ndjson("{}\n".repeat(MOST_ROWS).as_bytes(), None).unwrap().rows.len(),
            MOST_ROWS
        );
    }
}
