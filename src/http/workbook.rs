//! Workbooks for spreadsheets (XLSX): the same tables as in the CSV files, with what they mean beside them.
//!
//! Identifiers and instants are text cells, so that no spreadsheet turns them into something else; numbers are numbers.
//! Each sheet is one table from its first cell with filters, the header stays in sight, and no cell is merged, because
//! a screen reader and a pivot table both need that. The same content makes the same bytes.

use actix_web::HttpResponse;
use jiff::Timestamp;
use rust_xlsxwriter::{
    DataValidation, DocProperties, Format, FormatAlign, Formula, IntoCustomDateTime, Table,
    TableColumn, Workbook, Worksheet, XlsxError, utility,
};

use utoipa::openapi::{KnownFormat, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::accept::Format as Answer;
use super::csv_answer::{Cell, FORMULA_STARTS};
use super::fields::text_schema;
use super::problem::Problem;
use super::problem_types::ProblemType;
use crate::domain::dictionary::metrics;
use crate::domain::partnership::Partnership;

/// The widest column, in characters; longer text wraps.
const WIDEST: usize = 60;

/// How many rows of a form offer lists.
const FORM_ROWS: u32 = 5_000;

/// A table on a sheet of its own.
#[derive(Debug)]
pub struct Sheet {
    /// The sheet's name, at most 31 characters.
    pub name: &'static str,
    /// The heads of the columns, each another.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// A table.
    pub fn new(name: &'static str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Self {
        Self { name, columns: columns.iter().map(|it| (*it).to_owned()).collect(), rows }
    }
}

/// A workbook as the contract sees it: its bytes.
pub struct WorkbookFile;

impl PartialSchema for WorkbookFile {
    fn schema() -> RefOr<Schema> {
        text_schema(Some(KnownFormat::Binary)).into()
    }
}

impl ToSchema for WorkbookFile {}

/// The first sheet: what this is, line by line.
pub fn read_me(lines: &[(&str, String)]) -> Sheet {
    let rows = lines
        .iter()
        .map(|(what, text)| vec![Cell::Text((*what).to_owned()), Cell::Text(text.clone())])
        .chain([vec![
            Cell::Text("times".to_owned()),
            Cell::Text(
                "Instants are text in UTC, which the Z at their end says. Weeks run from Monday 00:00 to Sunday 24:00 in \
                 Europe/London."
                    .to_owned(),
            ),
        ]]);
    Sheet::new("Read me", &["what", "text"], rows.collect())
}

/// What every figure means, from the one table that says it.
pub fn definitions() -> Sheet {
    let rows = metrics().map(|it| {
        [
            it.code,
            it.label,
            it.unit.code(),
            it.definition,
            it.counted,
            it.left_out,
            it.still_open,
            it.time,
        ]
        .map(|text| Cell::Text(text.to_owned()))
        .to_vec()
    });
    let columns =
        ["metric", "label", "unit", "definition", "counted", "left_out", "still_open", "time"];
    Sheet::new("Definitions", &columns, rows.collect())
}

/// What codes stand for: the list, the code, its words.
pub fn codes(rows: impl IntoIterator<Item = [String; 3]>) -> Sheet {
    let rows = rows.into_iter().map(|it| it.map(Cell::Text).to_vec());
    Sheet::new("Codes", &["list", "code", "words"], rows.collect())
}

/// The codes of a partnership's themes and agencies.
pub fn codes_of(agreed: &Partnership) -> Sheet {
    let line = |list: &str, code: &str, words: &str| [list, code, words].map(str::to_owned);
    let themes = agreed.themes.iter().map(|it| line("theme", &it.code, &it.label));
    let mut groups: Vec<_> = agreed
        .themes
        .iter()
        .map(|it| line("theme_group", &it.group_code, &it.group_label))
        .collect();
    groups.sort();
    groups.dedup();
    let agencies = agreed.agencies.iter().map(|it| line("agency", &it.code, &it.name));
    codes(groups.into_iter().chain(themes).chain(agencies))
}

/// An instant of ours as the workbook's own.
struct At(Timestamp);

impl IntoCustomDateTime for At {
    fn utc_datetime(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

/// The workbook as bytes. `at` stands in it as the time at which it was made, so that the same content makes the same
/// bytes.
///
/// # Errors
/// A table that no spreadsheet can hold.
pub fn bytes(title: &str, at: Timestamp, sheets: &[Sheet]) -> Result<Vec<u8>, Problem> {
    written(title, at, sheets).map_err(|error| {
        tracing::error!(%error, "a workbook could not be written");
        ProblemType::Internal.into()
    })
}

/// The workbook as the answer, to be saved under `name`.
///
/// # Errors
/// A table that no spreadsheet can hold, or a name that cannot be sent.
pub fn answer(
    name: &str,
    title: &str,
    at: Timestamp,
    sheets: &[Sheet],
    next: Option<&str>,
) -> Result<HttpResponse, Problem> {
    saved(name, bytes(title, at, sheets)?, next)
}

/// A written workbook as the answer.
///
/// # Errors
/// A name that cannot be sent.
pub fn saved(name: &str, body: Vec<u8>, next: Option<&str>) -> Result<HttpResponse, Problem> {
    if name.contains(['"', '\\', '/']) {
        return Err(ProblemType::Internal.into());
    }
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header(("content-type", Answer::Xlsx.content_type()))
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}.xlsx\"")))
        .insert_header(("vary", "accept"));
    if let Some(next) = next {
        answer.insert_header(("link", format!("<{next}>; rel=\"next\"")));
    }
    Ok(answer.body(body))
}

/// A workbook to fill in: the columns of its first sheet are text, and those with a list offer it in each cell.
///
/// # Errors
/// As [`bytes`].
pub fn form(
    title: &str,
    at: Timestamp,
    sheets: &[Sheet],
    lists: &[(&str, Vec<String>)],
) -> Result<Vec<u8>, Problem> {
    let names: Vec<&str> = lists.iter().map(|(name, _)| *name).collect();
    let longest = lists.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
    let rows = (0..longest)
        .map(|at| lists.iter().map(|(_, list)| Cell::optional(list.get(at).cloned())).collect());
    let offered = Sheet::new("Lists", &names, rows.collect());
    filled_in(title, at, sheets, &offered, lists).map_err(|error| {
        tracing::error!(%error, "a workbook could not be written");
        ProblemType::Internal.into()
    })
}

fn filled_in(
    title: &str,
    at: Timestamp,
    sheets: &[Sheet],
    offered: &Sheet,
    lists: &[(&str, Vec<String>)],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_title(title).set_creation_datetime(At(at)));
    for (place, sheet) in sheets.iter().chain([offered]).enumerate() {
        let page = book.add_worksheet();
        write(page, sheet)?;
        if place > 0 {
            continue;
        }
        let text = Format::new().set_num_format("@");
        for (column, head) in (0_u16..).zip(&sheet.columns) {
            page.set_column_format(column, &text)?;
            let Some((from, (_, list))) = (0_u16..).zip(lists).find(|(_, (name, _))| name == head)
            else {
                continue;
            };
            let letter = utility::column_number_to_name(from);
            let range = format!("={}!${letter}$2:${letter}${}", offered.name, list.len() + 1);
            let choice = DataValidation::new().allow_list_formula(Formula::new(range));
            page.add_data_validation(1, column, FORM_ROWS, column, &choice)?;
        }
    }
    book.save_to_buffer()
}

fn written(title: &str, at: Timestamp, sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_title(title).set_creation_datetime(At(at)));
    for sheet in sheets {
        write(book.add_worksheet(), sheet)?;
    }
    book.save_to_buffer()
}

fn write(page: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    page.set_name(sheet.name)?;
    // Text stays text, also when somebody edits it: nothing that begins like a formula can become one.
    let guarded = Format::new().set_quote_prefix();
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let mut widths: Vec<usize> = sheet.columns.iter().map(|it| it.chars().count() + 4).collect();
    for (row, cells) in (1_u32..).zip(&sheet.rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            let length = match cell {
                Cell::Text(text) if text.starts_with(FORMULA_STARTS) => {
                    page.write_string_with_format(row, column, text, &guarded)?;
                    text.chars().count()
                }
                Cell::Text(text) if text.chars().count() > WIDEST => {
                    page.write_string_with_format(row, column, text, &wrapped)?;
                    WIDEST
                }
                Cell::Text(text) => {
                    page.write_string(row, column, text)?;
                    text.chars().count()
                }
                Cell::Number(number) => {
                    page.write_number(row, column, *number)?;
                    8
                }
                Cell::Count(count) => {
                    match i32::try_from(*count) {
                        Ok(count) => page.write_number(row, column, count)?,
                        Err(_) => page.write_string(row, column, count.to_string())?,
                    };
                    8
                }
                Cell::Empty => 0,
            };
            if let Some(width) = widths.get_mut(usize::from(column)) {
                *width = (*width).max(length + 2).min(WIDEST);
            }
        }
    }
    let last_row = u32::try_from(sheet.rows.len().max(1)).unwrap_or(u32::MAX);
    let last_column = u16::try_from(sheet.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
    let heads: Vec<TableColumn> =
        sheet.columns.iter().map(|head| TableColumn::new().set_header(head)).collect();
    let name = sheet.name.replace(' ', "_");
    let table = Table::new().set_columns(&heads).set_name(name).set_alt_text(sheet.name);
    page.add_table(0, 0, last_row, last_column, &table)?;
    page.set_freeze_panes(1, 0)?;
    for (column, width) in (0_u16..).zip(widths) {
        page.set_column_width(column, u32::try_from(width).unwrap_or(8))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;

    fn book(rows: Vec<Vec<Cell>>) -> Vec<u8> {
        let at = "2026-11-23T06:00:00Z".parse().unwrap();
        let sheets = [
            read_me(&[("what", "A test.".to_owned())]),
            Sheet::new("Rows", &["text", "number"], rows),
            definitions(),
        ];
        bytes("A test", at, &sheets).unwrap()
    }

    #[test]
    fn text_stays_text_numbers_are_numbers_and_the_same_content_is_the_same_bytes() {
        let texts =
            ["00123", "=1+1", "@SUM(A1)", "2026-11-23T06:00:00Z", "a \"b\" <c> & d", "é\u{1}"];
        let rows = || texts.iter().map(|it| vec![Cell::Text((*it).to_owned()), Cell::Count(-7)]);
        let told = book(rows().chain([vec![Cell::Empty, Cell::Number(1.5)]]).collect());
        assert_eq!(told, book(rows().chain([vec![Cell::Empty, Cell::Number(1.5)]]).collect()));
        let mut read: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(told)).unwrap();
        assert_eq!(read.sheet_names(), ["Read me", "Rows", "Definitions"]);
        let range = read.worksheet_range("Rows").unwrap();
        assert_eq!(range.get_value((0, 1)), Some(&Data::String("number".to_owned())));
        for (row, text) in (1..).zip(&texts[..5]) {
            assert_eq!(range.get_value((row, 0)), Some(&Data::String((*text).to_owned())));
            assert_eq!(range.get_value((row, 1)), Some(&Data::Float(-7.0)));
        }
        assert_eq!(range.get_value((7, 1)), Some(&Data::Float(1.5)));
        assert!(read.worksheet_formula("Rows").unwrap().is_empty());
        read.load_tables().unwrap();
        let mut tables: Vec<_> = read.table_names().into_iter().cloned().collect();
        tables.sort();
        assert_eq!(tables, ["Definitions", "Read_me", "Rows"]);
        assert!(read.merge_cells_by_sheet_name("Rows").unwrap().is_empty());
    }

    #[test]
    fn a_table_without_rows_is_a_table() {
        let told = book(Vec::new());
        let mut read: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(told)).unwrap();
        assert_eq!(read.worksheet_range("Rows").unwrap().height(), 1);
    }
}
