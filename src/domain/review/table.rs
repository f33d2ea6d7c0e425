//! Themes by agency over four weeks, with what is unusual in it.

use std::collections::BTreeMap;

use super::assemble::{Facts, RaisedCount};
use super::{Cell, Column, SPARK_WEEKS, TABLE_WEEKS, ThemeCount, ThemeRow, ThemeTable};
use crate::domain::agency::AgencyType;
use crate::domain::ids::AgencyId;
use crate::domain::partnership::Agency;
use crate::domain::unusual_cell::{CellCounts, CellFlag};
use crate::domain::week::IsoWeek;

/// Kinds of which there are too many for a column each: schools, practices, voluntary bodies.
pub(in crate::domain) const fn rolled(kind: AgencyType) -> Option<(&'static str, &'static str)> {
    match kind {
        AgencyType::Education => Some(("Schools and nurseries", "School")),
        AgencyType::HealthGp => Some(("General practices", "GP")),
        AgencyType::Voluntary => Some(("Voluntary organisations", "Vol.")),
        _ => None,
    }
}

/// A name where there is little room: what follows the place name, cut short.
fn short(agency: &Agency) -> String {
    let name =
        agency.aliases.iter().min_by_key(|alias| alias.chars().count()).unwrap_or(&agency.name);
    let words: String = name.chars().take(7).collect();
    if words.chars().count() < name.chars().count() {
        format!("{}.", words.trim_end())
    } else {
        words
    }
}

fn columns(
    agencies: &[Agency],
    occurring: impl Fn(AgencyId) -> bool,
) -> (Vec<Column>, BTreeMap<AgencyId, usize>) {
    let mut columns: Vec<Column> = Vec::new();
    let mut place = BTreeMap::new();
    for agency in agencies.iter().filter(|agency| occurring(agency.id)) {
        let (code, label, short) = match rolled(agency.agency_type) {
            Some((label, short)) => {
                (agency.agency_type.code().to_owned(), label.to_owned(), short.to_owned())
            }
            None => (agency.code.clone(), agency.name.clone(), short(agency)),
        };
        let known = columns.iter().position(|column| column.code == code);
        let at = known.unwrap_or_else(|| {
            columns.push(Column { code, label, short, agencies: Vec::new() });
            columns.len() - 1
        });
        if let Some(column) = columns.get_mut(at) {
            column.agencies.push(agency.code.clone());
        }
        place.insert(agency.id, at);
    }
    (columns, place)
}

#[derive(Default, Clone)]
struct Row {
    now: BTreeMap<usize, u32>,
    before: BTreeMap<usize, u32>,
    weeks: BTreeMap<IsoWeek, i64>,
    themes: BTreeMap<String, i64>,
}

/// The table, by the agency that `of` names.
pub(super) fn theme_table(facts: &Facts<'_>, of: impl Fn(&RaisedCount) -> AgencyId) -> ThemeTable {
    let rule = &facts.rules.cells;
    let from = facts.week.plus_weeks(1 - TABLE_WEEKS);
    let before_weeks = i32::try_from(rule.weeks_before).unwrap_or(i32::MAX);
    let before = from.plus_weeks(before_weeks.saturating_neg());
    let recent = |it: &RaisedCount| it.week >= before && it.week <= facts.week;
    let occurring = |agency| facts.raised.iter().any(|it| recent(it) && of(it) == agency);
    let (columns, place) = columns(&facts.agreed.agencies, occurring);
    let group_of: BTreeMap<&str, (&str, &str)> = facts
        .agreed
        .themes
        .iter()
        .map(|theme| (theme.code.as_str(), (theme.group_code.as_str(), theme.group_label.as_str())))
        .collect();
    let mut rows: BTreeMap<(&str, &str), Row> = BTreeMap::new();
    for it in facts.raised.iter().filter(|it| recent(it)) {
        let (Some(group), Some(column)) = (group_of.get(it.theme.as_str()), place.get(&of(it)))
        else {
            continue;
        };
        let row = rows.entry(*group).or_default();
        *row.weeks.entry(it.week).or_default() += i64::from(it.number);
        if it.week >= from {
            *row.now.entry(*column).or_default() += it.number;
            *row.themes.entry(it.theme.clone()).or_default() += i64::from(it.number);
        } else {
            *row.before.entry(*column).or_default() += it.number;
        }
    }
    let spark: Vec<IsoWeek> = {
        let weeks = i32::try_from(SPARK_WEEKS).unwrap_or(i32::MAX);
        IsoWeek::range(facts.week.plus_weeks(1 - weeks), facts.week).collect()
    };
    let mut rows: Vec<ThemeRow> = rows
        .into_iter()
        .map(|((group, label), row)| {
            let cells: Vec<Cell> = (0..columns.len())
                .map(|column| {
                    let count = |of: &BTreeMap<usize, u32>| of.get(&column).copied().unwrap_or(0);
                    let counts = CellCounts { now: count(&row.now), before: count(&row.before) };
                    Cell {
                        value: i64::from(counts.now),
                        before: i64::from(counts.before),
                        usual: rule.expected(counts.before),
                        flag: match rule.flag(counts) {
                            CellFlag::Higher => CellFlag::Higher,
                            // A low cell is no news in a table of few: silence is told by agency.
                            _ => CellFlag::Usual,
                        },
                    }
                })
                .collect();
            let figures = facts.window.groups.iter().find(|it| it.key == group);
            ThemeRow {
                group: group.to_owned(),
                label: label.to_owned(),
                total: cells.iter().map(|cell| cell.value).sum(),
                cells,
                weeks: spark.iter().map(|week| row.weeks.get(week).copied().unwrap_or(0)).collect(),
                median_days: figures.and_then(|it| it.figures.median_working_days()),
                themes: theme_counts(facts, row.themes),
            }
        })
        .collect();
    rows.sort_by(|one, other| {
        other.total.cmp(&one.total).then_with(|| one.label.cmp(&other.label))
    });
    let totals: Vec<i64> = (0..columns.len())
        .map(|column| {
            rows.iter().filter_map(|row| row.cells.get(column)).map(|cell| cell.value).sum()
        })
        .collect();
    ThemeTable { from, total: totals.iter().sum(), totals, columns, rows }
}

fn theme_counts(facts: &Facts<'_>, themes: BTreeMap<String, i64>) -> Vec<ThemeCount> {
    let mut all: Vec<ThemeCount> = themes
        .into_iter()
        .map(|(code, total)| {
            let label =
                facts.agreed.theme(&code).map_or_else(|| code.clone(), |theme| theme.label.clone());
            ThemeCount { code, label, total }
        })
        .collect();
    all.sort_by(|one, other| other.total.cmp(&one.total).then_with(|| one.label.cmp(&other.label)));
    all
}
