//! CSV that spreadsheets open without harm: RFC 4180, every text quoted, formulas defused.

use actix_web::HttpResponse;

use super::accept::Format;
use super::problem::Problem;
use super::problem_types::ProblemType;

/// Signs with which spreadsheets begin a formula, also in their full-width forms (OWASP, CSV
/// injection).
pub(super) const FORMULA_STARTS: &[char] =
    &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A text; quoted, and with a leading apostrophe where it could be taken for a formula.
    Text(String),
    /// A number, bare.
    Number(f64),
    /// A whole number, bare.
    Count(i64),
    /// Nothing.
    Empty,
}

impl Cell {
    /// A text, or nothing.
    pub fn optional(text: Option<impl ToString>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.to_string()))
    }

    /// A number, or nothing.
    #[must_use]
    pub fn number(number: Option<f64>) -> Self {
        number.map_or(Self::Empty, Self::Number)
    }

    fn written(&self, raw: bool) -> String {
        match self {
            Self::Text(text) if !raw && text.starts_with(FORMULA_STARTS) => format!("'{text}"),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Empty => String::new(),
        }
    }
}

/// How a table is written for those who ask for it otherwise than usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Texts stay as they are, also where a spreadsheet would take them for formulas.
    pub raw: bool,
    /// It begins with a byte order mark, by which spreadsheets know UTF-8.
    pub bom: bool,
}

/// A table as text, lines ended by CR LF, every cell quoted.
///
/// # Errors
/// Never: memory does not refuse to be written to.
pub fn table(
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<Vec<u8>, csv::Error> {
    table_as(columns, rows, Written::default())
}

fn table_as(
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<Cell>>,
    how: Written,
) -> Result<Vec<u8>, csv::Error> {
    let start = if how.bom { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(start);
    writer.write_record(columns)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| cell.written(how.raw)))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// A table as the answer, to be saved under `name`. `next` is where the next page is.
///
/// # Errors
/// The table cannot be written, or its name cannot be sent.
pub fn answer(
    name: &str,
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<Cell>>,
    next: Option<&str>,
) -> Result<HttpResponse, Problem> {
    answer_as(name, columns, rows, next, Written::default())
}

/// The same, written so.
///
/// # Errors
/// As [`answer`].
pub fn answer_as(
    name: &str,
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<Cell>>,
    next: Option<&str>,
    how: Written,
) -> Result<HttpResponse, Problem> {
    if name.contains(['"', '\\', '/']) {
        return Err(ProblemType::Internal.into());
    }
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header(("content-type", Format::Csv.content_type()))
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}.csv\"")))
        .insert_header(("vary", "accept"));
    if let Some(next) = next {
        answer.insert_header(("link", format!("<{next}>; rel=\"next\"")));
    }
    let body = table_as(columns, rows, how).map_err(|_| ProblemType::Internal)?;
    Ok(answer.body(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_cell_can_become_a_formula_or_another_cell() {
        for (text, written) in [
            ("plain", "\"plain\""),
            ("a \"b\", c", "\"a \"\"b\"\", c\""),
            ("=1+1", "\"'=1+1\""),
            ("+441", "\"'+441\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("＝1", "\"'＝1\""),
            ("two\r\nlines", "\"two\r\nlines\""),
        ] {
            let table = table(&["a"], [vec![Cell::Text(text.to_owned())]]).unwrap();
            assert_eq!(String::from_utf8(table).unwrap(), format!("\"a\"\r\n{written}\r\n"));
        }
        let how = Written { raw: true, bom: true };
        let raw = table_as(&["a"], [vec![Cell::Text("=1+1".to_owned())]], how).unwrap();
        assert_eq!(String::from_utf8(raw).unwrap(), "\u{feff}\"a\"\r\n\"=1+1\"\r\n");
        let numbers = table(&["a", "b"], [vec![Cell::Count(-1), Cell::Empty]]).unwrap();
        assert_eq!(numbers, b"\"a\",\"b\"\r\n\"-1\",\"\"\r\n");
    }
}
