//! From the figures of a quarter to what may leave of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Counts, Headlines, PaperColumn, PaperFigure, PaperRow, PaperTable, Quarter};
use crate::domain::disclosure::{
    CountTable, PackPeriod, Profile, ProtectedTable, Shown, protect, protect_beside,
};
use crate::domain::figures::{Figures, WeekFigures};
use crate::domain::ids::AgencyId;
use crate::domain::partnership::Partnership;
use crate::domain::review::assemble::RaisedCount;
use crate::domain::review::rolled;

/// What was counted of a quarter, nothing hidden yet.
#[derive(Debug)]
pub struct Counted<'a> {
    /// What the partnership has agreed on.
    pub agreed: &'a Partnership,
    /// The quarter.
    pub quarter: Quarter,
    /// Its weeks.
    pub period: PackPeriod,
    /// What had been recorded by this instant.
    pub data_to: Timestamp,
    /// The figures of the quarter, by group of themes.
    pub figures: &'a WeekFigures,
    /// What was raised in each of its weeks.
    pub raised: &'a [RaisedCount],
}

/// The counts as they may leave under this profile. None where there are too many to be counted.
#[must_use]
pub fn counts(of: &Counted<'_>, profile: Profile) -> Option<Counts> {
    let table = Themes::of(of);
    let themes = table.protected(profile, of)?;
    let total = &of.figures.total;
    let due = (count(total.answers_in_time), count(total.answers_due));
    Some(Counts {
        quarter: of.quarter,
        from: of.period.from,
        to: of.period.to,
        data_to: of.data_to,
        profile,
        headlines: Headlines {
            // One number in one table: told twice and apart, the one would tell of the other.
            raised: themes.total.clone(),
            resolved: single(profile, total.resolved)?,
            open_at_end: single(profile, total.open_at_end)?,
            overdue_at_end: single(profile, total.overdue_at_end)?,
            answers_due: single(profile, total.answers_due)?,
            percent_in_time: told(profile, profile.percentage(due.0, due.1).map(f64::round), due.1),
            median_working_days: median(profile, total, total.median_working_days()),
            median_child_days: median(profile, total, total.median_child_days()),
        },
        themes,
    })
}

fn count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// A count that is part of no table.
fn single(profile: Profile, number: i64) -> Option<PaperFigure> {
    let alone = protect(&CountTable::new(vec![vec![count(number)]]).ok()?, profile);
    alone.cells.first()?.first().map(|shown| figure(profile, *shown))
}

fn figure(profile: Profile, shown: Shown) -> PaperFigure {
    PaperFigure { value: shown.number().map(f64::from), text: shown.text(profile) }
}

/// A figure that is no count, of so many cases.
fn told(profile: Profile, value: Option<f64>, cases: u32) -> PaperFigure {
    let text = match value {
        Some(value) => value.to_string(),
        None if cases == 0 => "\u{2013}".to_owned(),
        None => profile.hidden_mark().to_owned(),
    };
    PaperFigure { value, text }
}

/// To half a day: a finer one can be that of a single case.
fn median(profile: Profile, figures: &Figures, days: Option<f64>) -> PaperFigure {
    let cases = count(figures.resolved);
    let shown = days.and_then(|median| profile.median(median, cases));
    told(profile, shown.map(|days| (days * 2.0).round() / 2.0), cases)
}

/// Groups of themes and agencies, with counts.
struct Themes {
    columns: Vec<PaperColumn>,
    groups: Vec<(String, String)>,
    cells: BTreeMap<(usize, usize), u32>,
}

impl Themes {
    fn of(of: &Counted<'_>) -> Self {
        let in_quarter =
            || of.raised.iter().filter(|it| of.period.from <= it.week && it.week <= of.period.to);
        let asked: BTreeSet<AgencyId> = in_quarter().map(|it| it.raised_with).collect();
        let mut columns: Vec<PaperColumn> = Vec::new();
        let mut place: BTreeMap<AgencyId, usize> = BTreeMap::new();
        for agency in of.agreed.agencies.iter().filter(|agency| asked.contains(&agency.id)) {
            let (code, label) = match rolled(agency.agency_type) {
                Some((label, _)) => (agency.agency_type.code().to_owned(), label.to_owned()),
                None => (agency.code.clone(), agency.name.clone()),
            };
            let at = columns.iter().position(|column| column.code == code).unwrap_or_else(|| {
                columns.push(PaperColumn { code, label });
                columns.len() - 1
            });
            place.insert(agency.id, at);
        }
        let group = |code: &str| {
            of.agreed.theme(code).map(|it| (it.group_label.clone(), it.group_code.clone()))
        };
        // By name: an order by number would tell which of two hidden numbers is larger.
        let groups: BTreeSet<_> = in_quarter().filter_map(|it| group(&it.theme)).collect();
        let groups: Vec<(String, String)> = groups.into_iter().collect();
        let mut cells: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for it in in_quarter() {
            let row = group(&it.theme).and_then(|own| groups.iter().position(|it| *it == own));
            if let (Some(row), Some(column)) = (row, place.get(&it.raised_with)) {
                let cell = cells.entry((row, *column)).or_default();
                *cell = cell.saturating_add(it.number);
            }
        }
        Self { columns, groups, cells }
    }

    fn protected(self, profile: Profile, of: &Counted<'_>) -> Option<PaperTable> {
        let rows: Vec<Vec<u32>> = (0..self.groups.len())
            .map(|row| {
                let cell = |column| self.cells.get(&(row, column)).copied().unwrap_or(0);
                (0..self.columns.len()).map(cell).collect()
            })
            .collect();
        let nothing = || PaperFigure { value: Some(0.0), text: "0".to_owned() };
        if rows.is_empty() {
            let (columns, rows, totals) = (Vec::new(), Vec::new(), Vec::new());
            return Some(PaperTable { columns, rows, totals, total: nothing() });
        }
        let table = CountTable::new(rows).ok()?;
        let told = for_readers(&table, profile);
        let shown = |all: &[Shown]| all.iter().map(|it| figure(profile, *it)).collect::<Vec<_>>();
        let groups = self.groups.into_iter().zip(&told.cells).zip(&told.row_totals);
        Some(PaperTable {
            rows: groups
                .map(|(((label, group), cells), total)| {
                    let figures = of.figures.groups.iter().find(|it| it.key == group);
                    let figures = figures.map_or_else(Figures::default, |it| it.figures);
                    PaperRow {
                        group,
                        label,
                        cells: shown(cells),
                        total: figure(profile, *total),
                        median_working_days: median(
                            profile,
                            &figures,
                            figures.median_working_days(),
                        ),
                        median_child_days: median(profile, &figures, figures.median_child_days()),
                    }
                })
                .collect(),
            columns: self.columns,
            totals: shown(&told.column_totals),
            total: figure(profile, told.grand_total),
        })
    }
}

/// The table for readers who may have it under the other profile too: members of a committee read what the public reads.
/// Where counts are rounded nothing more can be hidden, so it is the other table that gives way.
pub(super) fn for_readers(table: &CountTable, profile: Profile) -> ProtectedTable {
    match profile {
        Profile::NhsSubNational => protect(table, profile),
        Profile::DfeCin => protect_beside(table, profile, Profile::NhsSubNational),
    }
}
