//! What an agency's weeks say, apart from whether it can be heard.

use super::{AgencyRecord, AgencyWeek, CellCounts, Hearing, HearingRule};

pub(super) struct Judgement {
    pub empty_weeks: usize,
    pub nil_returns_in_a_row: usize,
    pub recent: CellCounts,
    pub expected: Option<f64>,
    /// A week, before the silence.
    pub rate: Option<f64>,
    /// Whether it has raised nothing for longer than may be left alone.
    pub is_silent: bool,
    has_ever_raised: bool,
}

impl Judgement {
    pub(super) fn of(record: &AgencyRecord<'_>, rule: &HearingRule) -> Self {
        let first = record.weeks.len().saturating_sub(record.weeks_since_joined);
        let weeks = record.weeks.get(first..).unwrap_or_default();
        let empty_weeks = weeks.iter().rev().take_while(|week| week.raised == 0).count();
        let before = weeks.get(..weeks.len().saturating_sub(empty_weeks)).unwrap_or_default();
        let history = latest(before, rule.history_weeks);
        let raised_of_late = sum(latest(weeks, rule.history_weeks)) > 0;
        let rate = (history.len() >= rule.least_history_weeks)
            .then(|| f64::from(sum(history)) / real(history.len()));
        let somebody_must_raise = record.statutory_partner
            || record.open_cp_children.is_some_and(|children| children > 0);
        let silent_by_rate = rate.is_some_and(|rate| silence(rate, empty_weeks) < rule.chance);
        // A rate of long ago is none, and where there is none only time can tell.
        let silent_without_rate = (rate.is_none() || !raised_of_late)
            && empty_weeks >= rule.weeks_without_rate
            && somebody_must_raise;

        let window = count(rule.recent.window_weeks);
        let weeks_before = count(rule.recent.weeks_before);
        let older = weeks.get(..weeks.len().saturating_sub(window)).unwrap_or_default();
        let recent = CellCounts {
            now: sum(latest(weeks, window)),
            before: sum(latest(older, weeks_before)),
        };
        let expected = (older.len() >= weeks_before).then(|| rule.recent.expected(recent.before));
        Self {
            empty_weeks,
            nil_returns_in_a_row: weeks.iter().rev().take_while(|week| is_nil(week)).count(),
            recent,
            expected,
            rate,
            is_silent: silent_by_rate || silent_without_rate,
            // What happened before the weeks that are known cannot be denied.
            has_ever_raised: !before.is_empty() || weeks.len() < record.weeks_since_joined,
        }
    }

    /// What it means, and the chance of it for an agency as usual.
    pub(super) fn hearing(&self, rule: &HearingRule) -> (Hearing, Option<f64>) {
        let of_silence = self.rate.map(|rate| silence(rate, self.empty_weeks));
        let said_nothing_to_raise = self.nil_returns_in_a_row > 0;
        if (self.is_silent || !self.has_ever_raised) && said_nothing_to_raise {
            return (Hearing::NilReturn, of_silence);
        }
        if !self.has_ever_raised {
            return (Hearing::NeverReported, None);
        }
        if self.is_silent {
            return (Hearing::Quiet, of_silence);
        }
        let Some(expected) = self.expected else { return (Hearing::TooFewToTell, of_silence) };
        let of_so_few = rule.recent.chances(self.recent).at_most;
        if of_so_few < rule.recent.chance_of_lower {
            (Hearing::LowerThanUsual, Some(of_so_few))
        } else if expected < rule.least_expected {
            (Hearing::TooFewToTell, Some(of_so_few))
        } else {
            (Hearing::Usual, Some(of_so_few))
        }
    }
}

/// The chance of so many empty weeks at this rate.
fn silence(rate: f64, empty_weeks: usize) -> f64 {
    (-rate * real(empty_weeks)).exp()
}

const fn is_nil(week: &AgencyWeek) -> bool {
    week.nil_return && week.raised == 0
}

fn latest(weeks: &[AgencyWeek], most: usize) -> &[AgencyWeek] {
    weeks.get(weeks.len().saturating_sub(most)..).unwrap_or_default()
}

fn sum(weeks: &[AgencyWeek]) -> u32 {
    weeks.iter().fold(0, |sum, week| sum.saturating_add(week.raised))
}

fn count(weeks: u32) -> usize {
    usize::try_from(weeks).unwrap_or(usize::MAX)
}

fn real(weeks: usize) -> f64 {
    f64::from(u32::try_from(weeks).unwrap_or(u32::MAX))
}
