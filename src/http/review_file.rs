//! The review as a long table: one line for each number, so that any spreadsheet can filter and pivot it.

use super::csv_answer::Cell;
use crate::domain::review::{OpenLine, Pack, ThemeTable};

/// The columns.
pub const COLUMNS: &[&str] = &[
    "pack_version",
    "definitions_version",
    "week",
    "data_to",
    "section",
    "row",
    "column",
    "value",
];

/// The lines.
pub fn rows(pack: &Pack) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    let mut add = |section: &str, row: &str, column: &str, value: Cell| {
        rows.push(vec![
            Cell::Count(i64::from(pack.pack_version)),
            Cell::Count(i64::from(pack.definitions_version)),
            Cell::Text(pack.week.to_string()),
            Cell::Text(pack.data_to.to_string()),
            Cell::Text(section.to_owned()),
            Cell::Text(row.to_owned()),
            Cell::Text(column.to_owned()),
            value,
        ]);
    };
    let line = &pack.reconciliation;
    for (name, value) in [
        ("open_at_start", line.open_at_start),
        ("raised", line.raised),
        ("reopened", line.reopened),
        ("ended", line.ended),
        ("open_at_end", line.open_at_end),
    ] {
        add("reconciliation", name, "", Cell::Count(value));
    }
    add("late", "received_late", "", Cell::Count(pack.received_late));
    add("late", "excluded", "", Cell::Count(pack.excluded));
    add("late", "arrived_since", "", Cell::Count(pack.arrived_since));
    let tiles = &pack.tiles;
    for (row, column, value) in [
        ("new", "value", Cell::Count(tiles.new.value)),
        ("new", "last_week", Cell::Count(tiles.new.last_week)),
        ("new", "variation", Cell::Text(tiles.new.reading.variation.to_string())),
        ("open", "value", Cell::Count(tiles.open.value)),
        ("open", "last_week", Cell::Count(tiles.open.last_week)),
        ("open", "variation", Cell::Text(tiles.open.reading.variation.to_string())),
        ("overdue", "value", Cell::Count(tiles.overdue.value)),
        ("overdue", "without_owner", Cell::Count(tiles.overdue.without_owner)),
        ("overdue", "variation", Cell::Text(tiles.overdue.reading.variation.to_string())),
        ("in_time", "in_time", Cell::Count(tiles.in_time.in_time)),
        ("in_time", "due", Cell::Count(tiles.in_time.due)),
        ("in_time", "value", Cell::number(tiles.in_time.value)),
        ("in_time", "variation", Cell::Text(tiles.in_time.reading.variation.to_string())),
        ("median_days", "median", Cell::number(tiles.median_days.median)),
        ("median_days", "p90", Cell::number(tiles.median_days.p90)),
        ("median_days", "child_median", Cell::number(tiles.median_days.child_median)),
        ("median_days", "n", Cell::Count(tiles.median_days.n)),
        ("ask", "value", Cell::Count(tiles.ask.value)),
        ("ask", "of", Cell::Count(tiles.ask.of)),
    ] {
        add("tiles", row, column, value);
    }
    for (section, chart) in
        [("raised_by_week", &pack.raised), ("median_days_by_week", &pack.median_days)]
    {
        for point in &chart.points {
            add(section, &point.week.to_string(), "value", Cell::number(point.value));
        }
    }
    for (section, table) in [("asked", &pack.asked), ("raised_by", &pack.raised_by)] {
        themes(section, table, &mut add);
    }
    for agency in &pack.agencies {
        add("agencies", &agency.code, "raised", Cell::Count(agency.raised));
        add("agencies", &agency.code, "usual", Cell::number(agency.usual));
        add("agencies", &agency.code, "hearing", Cell::Text(agency.hearing.to_string()));
    }
    for (section, lines) in [
        ("overdue", &pack.overdue),
        ("urgent", &pack.urgent),
        ("high_stages", &pack.high_stages),
        ("oldest", &pack.oldest),
    ] {
        open(section, lines, &mut add);
    }
    record(pack, &mut add);
    rows
}

fn themes(section: &str, table: &ThemeTable, add: &mut impl FnMut(&str, &str, &str, Cell)) {
    for row in &table.rows {
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            add(section, &row.group, &column.code, Cell::Count(cell.value));
        }
        add(section, &row.group, "all", Cell::Count(row.total));
        add(section, &row.group, "median_days", Cell::number(row.median_days));
    }
    for (column, total) in table.columns.iter().zip(&table.totals) {
        add(section, "all", &column.code, Cell::Count(*total));
    }
    add(section, "all", "all", Cell::Count(table.total));
}

/// What was learnt, what is to be done, and what was decided last; each goes by its place in the review.
fn record(pack: &Pack, add: &mut impl FnMut(&str, &str, &str, Cell)) {
    for (place, it) in (1..).zip(&pack.record.actions) {
        let place = place.to_string();
        add("actions", &place, "title", Cell::Text(it.title.clone()));
        add("actions", &place, "owner_agency", Cell::Text(it.owner_agency.clone()));
        add("actions", &place, "owner_role", Cell::Text(it.owner_role.clone()));
        add("actions", &place, "due_on", Cell::Text(it.due_on.to_string()));
        add("actions", &place, "progress", Cell::Text(it.progress.to_string()));
        add("actions", &place, "overdue", Cell::Text(it.overdue.to_string()));
    }
    for (place, it) in (1..).zip(&pack.record.learning) {
        add("learning", &place.to_string(), "text", Cell::Text(it.text.clone()));
    }
    let last = pack.record.last_review.iter().flat_map(|it| &it.decisions);
    for (place, decision) in (1..).zip(last) {
        add("decided_last", &place.to_string(), "decision", Cell::Text(decision.clone()));
    }
}

fn open(section: &str, lines: &[OpenLine], add: &mut impl FnMut(&str, &str, &str, Cell)) {
    for line in lines {
        add(section, &line.reference, "theme", Cell::Text(line.theme.clone()));
        add(section, &line.reference, "raised_with", Cell::Text(line.raised_with.clone()));
        add(section, &line.reference, "stage", Cell::Count(i64::from(line.stage)));
        add(section, &line.reference, "child_days", Cell::Number(line.child_days));
        let late = line.working_days_late.map_or(Cell::Empty, Cell::Count);
        add(section, &line.reference, "working_days_late", late);
        add(section, &line.reference, "owner", Cell::optional(line.owner.as_ref()));
    }
}
