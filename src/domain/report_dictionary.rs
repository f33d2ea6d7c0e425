//! The data dictionary of the reporting views as a text for people: the comments of the database, and nothing else.

use super::report::{ColumnKind, ReportView};

impl ColumnKind {
    /// The word for the kind, as PostgreSQL has it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Guid => "uuid",
            Self::Int => "integer",
            Self::Decimal => "numeric",
            Self::Bool => "boolean",
            Self::Date => "date",
            Self::Instant => "timestamptz",
        }
    }
}

const HEAD: &str = "# Reporting views\n\n\
    Schema `reporting_v1`, for Power BI, Excel and SQL. Columns are only added at the end; another meaning or name would \
    be another schema.\nHow to connect: [odata.md](odata.md). This page is written by the program: \
    `escalation-tracker data-dictionary`.\n";

/// The dictionary as Markdown.
#[must_use]
pub fn markdown(views: &[ReportView]) -> String {
    let mut text = HEAD.to_owned();
    for view in views {
        let head = format!(
            "\n## {}\n\n{}\n\n| Column | Type | Meaning |\n|---|---|---|\n",
            view.name(),
            view.comment()
        );
        text.push_str(&head);
        for column in view.columns() {
            let key = if column.name() == view.key().name() { ", key" } else { "" };
            let (name, kind, comment) = (column.name(), column.kind().word(), column.comment());
            text.push_str(&format!("| `{name}` | {kind}{key} | {comment} |\n"));
        }
    }
    text
}

/// The columns of the dictionary as a table.
pub const COLUMNS: &[&str] = &["view", "view_meaning", "column", "type", "is_key", "meaning"];

/// The dictionary as lines of a table, one for each column.
#[must_use]
pub fn lines(views: &[ReportView]) -> Vec<[String; 6]> {
    let of_view = |view: &ReportView| {
        view.columns()
            .map(|column| {
                [
                    view.name().to_owned(),
                    view.comment().to_owned(),
                    column.name().to_owned(),
                    column.kind().word().to_owned(),
                    (column.name() == view.key().name()).to_string(),
                    column.comment().to_owned(),
                ]
            })
            .collect::<Vec<_>>()
    };
    views.iter().flat_map(of_view).collect()
}
