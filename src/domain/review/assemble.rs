//! From figures and rows to the pack.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::charts::{self, Series};
use super::open_lines::{ages, open_lines};
use super::silences::agencies;
use super::table::theme_table;
use super::{
    AgencyLine, AskTile, CountTile, DaysTile, Notice, OpenLine, OverdueTile, PACK_VERSION, Pack,
    Record, ReviewNoticeKind, ShareTile, ThemeTable, Tiles,
};
use crate::domain::escalation::Escalation;
use crate::domain::figures::{DEFINITIONS_VERSION, WeekFigures};
use crate::domain::hearing::AgreedFeed;
use crate::domain::ids::{AgencyId, EscalationId};
use crate::domain::partnership::Partnership;
use crate::domain::rebase::{ChartName, DeclaredRebase, rebases_of};
use crate::domain::review_setting::ReviewSettings;
use crate::domain::silence::{Hearing, HearingRule};
use crate::domain::spc::{Goodness, Rebase, SpcSettings, Variation};
use crate::domain::unusual_cell::{CellCounts, CellRule};
use crate::domain::week::IsoWeek;

/// How many unusual cells want an answer: a page that points at everything points at nothing.
const MOST_CELLS: usize = 3;

/// How many were raised in one week of one theme, between one pair of agencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedCount {
    /// The week.
    pub week: IsoWeek,
    /// The theme.
    pub theme: String,
    /// The agency that raised.
    pub raised_by: AgencyId,
    /// The agency that must answer now.
    pub raised_with: AgencyId,
    /// How many.
    pub number: u32,
}

/// What a partnership has agreed on for its review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewRules {
    /// How charts are computed.
    pub charts: SpcSettings,
    /// The declared changes of each figure, at which what is usual begins anew.
    pub rebases: BTreeMap<ChartName, Vec<Rebase>>,
    /// When a cell is unusual.
    pub cells: CellRule,
    /// When an agency is quiet.
    pub hearing: HearingRule,
    /// The share of answers, from 0 to 1, that shall come in time.
    pub target_in_time: f64,
    /// The working days within which half of the matters shall be resolved.
    pub target_days: f64,
}

impl Default for ReviewRules {
    fn default() -> Self {
        Self::new(ReviewSettings::default(), &[])
    }
}

impl ReviewRules {
    /// The rules by these settings, with these declared changes.
    #[must_use]
    pub fn new(settings: ReviewSettings, declared: &[DeclaredRebase]) -> Self {
        let rebases = ChartName::ALL.iter().map(|chart| (*chart, rebases_of(declared, *chart)));
        Self {
            charts: settings.charts,
            rebases: rebases.collect(),
            cells: CellRule::default(),
            hearing: HearingRule::default(),
            target_in_time: settings.target_in_time,
            target_days: settings.target_days,
        }
    }

    /// The declared changes of one figure.
    pub(super) fn rebases(&self, chart: ChartName) -> &[Rebase] {
        self.rebases.get(&chart).map(Vec::as_slice).unwrap_or_default()
    }
}

/// All of which a pack is made. Everything is as it was known at `data_to`.
#[derive(Debug)]
pub struct Facts<'a> {
    /// What the partnership has agreed on.
    pub agreed: &'a Partnership,
    /// The rules of its review.
    pub rules: &'a ReviewRules,
    /// The week.
    pub week: IsoWeek,
    /// What had been recorded by this instant.
    pub data_to: Timestamp,
    /// The figures by group of themes, from the first week with any escalation to the review week.
    pub weeks: &'a [WeekFigures],
    /// The figures of the weeks that the table sums, as of one week.
    pub window: &'a WeekFigures,
    /// What was raised in each of the weeks.
    pub raised: &'a [RaisedCount],
    /// Every open escalation.
    pub open: &'a [Escalation],
    /// The role that holds it, where one said so.
    pub owners: &'a BTreeMap<EscalationId, String>,
    /// When each agency was last heard.
    pub contacts: &'a BTreeMap<AgencyId, Timestamp>,
    /// The agencies whose systems agreed to be heard.
    pub feeds: &'a BTreeMap<AgencyId, AgreedFeed>,
    /// The weeks for which agencies said that there was nothing to raise.
    pub nil_returns: &'a BTreeSet<(AgencyId, IsoWeek)>,
    /// Raised in the week and received after `data_to`.
    pub arrived_since: i64,
    /// What is known of the meetings before.
    pub record: &'a Record,
}

/// A whole number as one that can be divided; what is counted here is small.
pub(super) fn real(number: i64) -> f64 {
    i32::try_from(number).map_or(f64::MAX, f64::from)
}

/// Makes the pack.
#[must_use]
pub fn assemble(facts: &Facts<'_>) -> Pack {
    let nothing = WeekFigures::nothing(facts.week);
    let last = facts.weeks.last().unwrap_or(&nothing);
    let total = &last.total;
    let lines = open_lines(facts);
    let overdue: Vec<OpenLine> = {
        let mut late: Vec<_> =
            lines.iter().filter(|it| it.working_days_late.is_some()).cloned().collect();
        late.sort_by_key(|it| it.due_at);
        late
    };
    let mut urgent: Vec<_> = lines
        .iter()
        .filter(|it| it.urgency != crate::domain::urgency::Urgency::Standard)
        .cloned()
        .collect();
    urgent.sort_by(|one, other| other.child_days.total_cmp(&one.child_days));
    let high_stages = super::open_lines::moved_up(facts, &lines);
    let agencies = agencies(facts);
    let asked = theme_table(facts, |it| it.raised_with);
    let raised_by = theme_table(facts, |it| it.raised_by);
    let series = [
        Series::counts(facts, ChartName::Raised, Goodness::Neutral, |it| it.raised),
        Series::counts(facts, ChartName::Open, Goodness::Neutral, |it| it.open_at_end),
        Series::counts(facts, ChartName::Overdue, Goodness::Lower, |it| it.overdue_at_end),
        Series::shares(facts),
        Series::median_days(facts),
    ];
    let [raised, open, late, in_time, days] = &series;
    let before = facts.weeks.iter().rev().nth(1).map_or(&nothing.total, |week| &week.total);
    let tiles = Tiles {
        new: CountTile { value: total.raised, last_week: before.raised, reading: raised.reading() },
        open: CountTile {
            value: total.open_at_end,
            last_week: before.open_at_end,
            reading: open.reading(),
        },
        overdue: OverdueTile {
            value: count(&overdue),
            without_owner: count(overdue.iter().filter(|it| it.owner.is_none())),
            high_stage: count(overdue.iter().filter(|it| it.stage >= 3)),
            longest_child_days: overdue.iter().map(|it| it.child_days).max_by(f64::total_cmp),
            longest_working_days: overdue.iter().filter_map(|it| it.working_days_late).max(),
            reading: late.reading(),
        },
        in_time: ShareTile {
            in_time: total.answers_in_time,
            due: total.answers_due,
            value: total.share_in_time().filter(|_| total.answers_due >= 5),
            target: facts.rules.target_in_time,
            assurance: in_time.assurance(facts.rules.target_in_time),
            reading: in_time.reading(),
        },
        median_days: DaysTile {
            median: total.median_working_days(),
            p90: total.p90_working_days(),
            child_median: total.median_child_days(),
            n: total.resolved,
            target: facts.rules.target_days,
            assurance: days.assurance(facts.rules.target_days),
            reading: days.reading(),
        },
        ask: AskTile { value: count(agencies.iter().filter(|it| it.ask)), of: count(&agencies) },
    };
    let notices = notices(&tiles, (&asked, &facts.rules.cells), &agencies);
    Pack {
        pack_version: PACK_VERSION,
        definitions_version: DEFINITIONS_VERSION,
        partnership: facts.agreed.name.clone(),
        week: facts.week,
        starts_at: facts.week.starts_at(),
        ends_at: facts.week.ends_at(),
        data_to: facts.data_to,
        part: facts.data_to < facts.week.ends_at(),
        reconciliation: last.reconciliation(),
        received_late: total.received_late,
        excluded: total.excluded,
        arrived_since: facts.arrived_since,
        tiles,
        notices,
        raised: raised.chart(None, charts::RAISED),
        median_days: days.chart(Some(facts.rules.target_days), charts::MEDIAN_DAYS),
        asked,
        raised_by,
        agencies,
        urgent,
        oldest: lines.iter().take(5).cloned().collect(),
        ages: ages(facts),
        overdue,
        high_stages,
        record: facts.record.clone(),
    }
}

fn count<T>(of: impl IntoIterator<Item = T>) -> i64 {
    i64::try_from(of.into_iter().count()).unwrap_or(i64::MAX)
}

/// What nobody holds comes first, then what is unusual in a cell, who is silent, and what varies as a whole.
fn notices(
    tiles: &Tiles,
    (asked, cells): (&ThemeTable, &CellRule),
    agencies: &[AgencyLine],
) -> Vec<Notice> {
    let mut notices = Vec::new();
    let plain = |kind: ReviewNoticeKind, subject: &str, words: String| Notice {
        kind,
        key: format!("{kind}:{subject}"),
        words,
        variation: None,
        group: None,
        agency: None,
    };
    let unowned = tiles.overdue.without_owner;
    if unowned > 0 {
        let are = if unowned == 1 {
            "escalation is late and nobody holds it"
        } else {
            "escalations are late and nobody holds them"
        };
        notices.push(plain(
            ReviewNoticeKind::OverdueWithoutOwner,
            "all",
            format!("{unowned} {are}."),
        ));
    }
    for (row, column, cell) in asked.flagged(cells) {
        let usual = cell.usual.round();
        let words =
            format!("{}, {}: {} in 4 weeks, usually {usual}.", column.label, row.label, cell.value);
        let one =
            plain(ReviewNoticeKind::UnusualCell, &format!("{}:{}", row.group, column.code), words);
        let variation = Some(Variation::NeutralHigh);
        notices.push(Notice {
            variation,
            group: Some(row.group.clone()),
            agency: Some(column.code.clone()),
            ..one
        });
    }
    for agency in agencies.iter().filter(|it| it.ask) {
        let kind = if agency.hearing == Hearing::NotConnected {
            ReviewNoticeKind::NotConnected
        } else {
            ReviewNoticeKind::QuietAgency
        };
        let one = plain(kind, &agency.code, format!("{}: {}", agency.name, agency.meaning));
        notices.push(Notice { agency: Some(agency.code.clone()), ..one });
    }
    for (name, words, reading) in [
        ("raised", "New escalations", tiles.new.reading),
        ("open", "Open escalations", tiles.open.reading),
        ("overdue", "Late answers", tiles.overdue.reading),
        ("in_time", "Answers in time", tiles.in_time.reading),
        ("median_days", "Time to resolve", tiles.median_days.reading),
    ] {
        let variation = reading.variation;
        if !matches!(variation, Variation::CommonCause | Variation::NotEnoughData) {
            let told = format!("{words}: {}.", variation.words().to_lowercase());
            notices.push(Notice {
                variation: Some(variation),
                ..plain(ReviewNoticeKind::Signal, name, told)
            });
        }
    }
    // A breach wants an answer also where somebody holds it.
    let owned = tiles.overdue.value - unowned;
    if owned > 0 {
        let are = if owned == 1 { "escalation is late" } else { "escalations are late" };
        let words = format!("{owned} {are} with an owner.");
        notices.push(plain(ReviewNoticeKind::Overdue, "all", words));
    }
    notices
}

impl ThemeTable {
    /// The unusually high cells, the least likely first, at most [`MOST_CELLS`].
    fn flagged(&self, rule: &CellRule) -> Vec<(&super::ThemeRow, &super::Column, &super::Cell)> {
        let all: Vec<_> = self
            .rows
            .iter()
            .flat_map(|row| {
                row.cells.iter().zip(&self.columns).map(move |(cell, column)| (row, column, cell))
            })
            .collect();
        let counts: Vec<CellCounts> = all.iter().map(|(_, _, cell)| cell.counts()).collect();
        let places = rule.most_unusual(&counts, MOST_CELLS);
        places.into_iter().filter_map(|place| all.get(place).copied()).collect()
    }
}

#[cfg(test)]
mod tests;
