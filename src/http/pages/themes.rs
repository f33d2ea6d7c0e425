//! The table of themes and agencies, every number of which leads to its rows.

use super::charts::{Svg, sparkline};
use super::links::List;
use super::{Side, View, words};
use crate::domain::review::{Cell, Column, Pack, TABLE_WEEKS, ThemeRow, ThemeTable};
use crate::domain::unusual_cell::CellFlag;

/// The table as it is shown.
pub(super) struct Themes {
    pub(super) aside: String,
    /// How many cells stand out.
    pub(super) standing_out: String,
    pub(super) caption: String,
    pub(super) columns: Vec<Head>,
    pub(super) rows: Vec<Row>,
    pub(super) totals: Vec<Count>,
    pub(super) total: Count,
    /// What the short names of columns stand for.
    pub(super) names: String,
}

/// A column's head.
pub(super) struct Head {
    pub(super) short: String,
    pub(super) label: String,
}

/// A group of themes.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) cells: Vec<Count>,
    pub(super) total: Count,
    pub(super) spark: Svg,
    pub(super) days: String,
    pub(super) themes: Vec<Theme>,
}

/// A number that leads to its rows; nought leads nowhere.
pub(super) struct Count {
    pub(super) value: String,
    pub(super) href: Option<String>,
    /// The class of its ground.
    pub(super) heat: &'static str,
    /// The sign of an unusual cell.
    pub(super) sign: Option<&'static str>,
    /// The same in words.
    pub(super) words: String,
}

/// A theme of a group.
pub(super) struct Theme {
    pub(super) label: String,
    pub(super) count: Count,
}

/// The table on the side that is shown.
pub(super) fn themes(pack: &Pack, view: &View) -> Themes {
    let (table, by) = match view.side {
        Side::Asked => (&pack.asked, "the agency asked to respond"),
        Side::RaisedBy => (&pack.raised_by, "the agency that raised"),
    };
    let base = || List::of(pack).between("raised", table.from.starts_at(), pack.ends_at);
    let column = |list: List, of: &Column| list.agencies(view.side, &of.agencies);
    let row = |row: &ThemeRow| {
        let group = || base().with("group", &row.group);
        let cells = table.columns.iter().zip(&row.cells);
        Row {
            label: row.label.clone(),
            cells: cells.map(|(of, cell)| heat(of, cell, column(group(), of))).collect(),
            total: plain(row.total, group()),
            spark: sparkline(&row.weeks),
            days: row.median_days.map_or_else(|| "\u{2013}".to_owned(), words::number),
            themes: row
                .themes
                .iter()
                .map(|theme| Theme {
                    label: theme.label.clone(),
                    count: plain(theme.total, base().with("theme", &theme.code)),
                })
                .collect(),
        }
    };
    let totals = table.columns.iter().zip(&table.totals);
    let date = words::long_date(pack.week.sunday());
    let flagged = table.rows.iter().flat_map(|row| &row.cells);
    let flagged = flagged.filter(|cell| cell.flag != CellFlag::Usual).count();
    Themes {
        standing_out: match flagged {
            0 => "No cell stands out this week".to_owned(),
            1 => "1 cell stands out this week".to_owned(),
            more => format!("{more} cells stand out this week"),
        },
        aside: format!(
            "{TABLE_WEEKS} weeks, {}",
            words::counted(table.total, "escalation", "escalations")
        ),
        caption: format!(
            "Escalations raised in the {TABLE_WEEKS} weeks to {date}, by theme and by {by}"
        ),
        columns: table.columns.iter().map(head).collect(),
        rows: table.rows.iter().map(row).collect(),
        totals: totals.map(|(of, total)| plain(*total, column(base(), of))).collect(),
        total: plain(table.total, base()),
        names: names(table),
    }
}

fn head(column: &Column) -> Head {
    Head { short: column.short.clone(), label: column.label.clone() }
}

fn names(table: &ThemeTable) -> String {
    let differ = table.columns.iter().filter(|column| column.short != column.label);
    let names: Vec<String> =
        differ.map(|column| format!("{}: {}", column.short, column.label)).collect();
    names.join("; ")
}

fn plain(value: i64, list: List) -> Count {
    Count {
        value: words::count(value),
        href: (value > 0).then(|| list.address()),
        heat: "",
        sign: None,
        words: String::new(),
    }
}

fn heat(column: &Column, cell: &Cell, list: List) -> Count {
    let heat = match cell.value {
        ..=0 => "h0",
        1 => "h1",
        2..=3 => "h2",
        4..=5 => "h3",
        6.. => "h4",
    };
    let (sign, than) = match cell.flag {
        CellFlag::Higher => (Some("\u{25b2}"), "more than usual"),
        CellFlag::Lower => (Some("\u{25bc}"), "fewer than usual"),
        CellFlag::Usual => (None, ""),
    };
    let words = if sign.is_some() {
        format!(" {}: {than}, usually {}", column.label, words::number(cell.usual))
    } else {
        String::new()
    };
    Count { heat, sign, words, ..plain(cell.value, list) }
}
