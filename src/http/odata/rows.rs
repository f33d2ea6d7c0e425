//! Rows as the JSON of OData, the numbers as the database wrote them.

use serde_json::Value;

use crate::domain::report::{ColumnKind, ReportColumn};

/// The members of a row, without braces.
pub fn members(columns: &[ReportColumn], cells: &[Option<String>]) -> String {
    let members: Vec<String> = columns
        .iter()
        .zip(cells)
        .map(|(column, cell)| {
            format!("{}:{}", text(column.name()), value(column.kind(), cell.as_deref()))
        })
        .collect();
    members.join(",")
}

fn value(kind: ColumnKind, cell: Option<&str>) -> String {
    match (kind, cell) {
        (_, None) => "null".to_owned(),
        (ColumnKind::Int | ColumnKind::Decimal | ColumnKind::Bool, Some(cell)) => cell.to_owned(),
        (_, Some(cell)) => text(cell),
    }
}

/// A text as JSON.
pub fn text(it: &str) -> String {
    Value::from(it).to_string()
}
