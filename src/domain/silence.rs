//! Who we are not hearing from: whether an agency that raises nothing has nothing to raise, has
//! stopped raising, or cannot be heard.
//!
//! Silence is never good news here. People who had stopped raising concerns looked exactly like
//! people without any, so a silent agency is asked, and no words call it well.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::codes::codes;
use super::unusual_cell::{CellCounts, CellRule};
use judgement::Judgement;

mod judgement;
mod words;

codes! {
    /// What an agency's silence means, in the order in which it is asked.
    pub enum Hearing {
        /// Its systems have not been heard for too long: repair the connection, and read nothing into
        /// the silence.
        NotConnected => "not_connected",
        /// It said on record for this week that there was nothing to raise, and would be quiet or
        /// never have reported otherwise.
        NilReturn => "nil_return",
        /// It has raised nothing for longer than chance explains.
        Quiet => "quiet",
        /// It has never raised anything since it joined.
        NeverReported => "never_reported",
        /// It raises, but fewer than its past makes likely.
        LowerThanUsual => "lower_than_usual",
        /// So few are expected that silence would mean nothing.
        TooFewToTell => "too_few_to_tell",
        /// It raises about as many as before.
        Usual => "usual",
    }
}

/// The rule as data.
///
/// Sources: the silent-agency rule of the partnership's brief, which judges an agency by its own
/// rate; the review page's order of words. The default values are this product's choice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HearingRule {
    /// Silence is told when its chance, e^(−λk) for λ a week and k empty weeks, is below this. 0.05
    /// is one in twenty: k ≥ 3 ÷ λ.
    pub chance: f64,
    /// The rate comes from at most so many weeks before the silence.
    pub history_weeks: usize,
    /// With fewer weeks before the silence there is no rate.
    pub least_history_weeks: usize,
    /// Without a rate, silence is told after so many empty weeks, where somebody must be expected to
    /// raise.
    pub weeks_without_rate: usize,
    /// With fewer expected in the window of `recent`, a small count tells nothing.
    pub least_expected: f64,
    /// How often a system has to be heard whose agreement says no interval.
    pub usual_interval: SignedDuration,
    /// A connection is broken when it was last heard longer ago than the agreed interval times this.
    pub missed_intervals: i32,
    /// But never sooner than this.
    pub least_patience: SignedDuration,
    /// From so many nil returns in a row on the agency is asked all the same.
    pub nil_returns_in_a_row: usize,
    /// The windows and the chance by which a small count is lower than usual.
    pub recent: CellRule,
}

impl Default for HearingRule {
    fn default() -> Self {
        Self {
            chance: 0.05,
            history_weeks: 52,
            least_history_weeks: 26,
            weeks_without_rate: 13,
            least_expected: 3.0,
            usual_interval: SignedDuration::from_hours(24),
            missed_intervals: 2,
            least_patience: SignedDuration::from_hours(3 * 24),
            nil_returns_in_a_row: 4,
            recent: CellRule::default(),
        }
    }
}

/// One complete week of an agency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct AgencyWeek {
    /// How many escalations it raised.
    pub raised: u32,
    /// Whether it said on record that there was nothing to raise. Counts only where it raised nothing.
    pub nil_return: bool,
}

/// How an agency's systems are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// How often it agreed to call at least.
    pub agreed_interval: SignedDuration,
    /// Since when it has to: nobody is cut off before that.
    pub agreed_since: Timestamp,
    /// Its last authenticated call that recorded something, heartbeats included; none if there never was one. A nil
    /// return is a person's word and no sign of a system.
    pub last_contact: Option<Timestamp>,
}

/// What is known of an agency at the end of the review week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyRecord<'a> {
    /// Its complete weeks, the oldest first and the review week last. 52 are needed, and all since it
    /// joined are better: the rate is that of the weeks *before* the silence, so that a long silence
    /// does not come to look usual.
    pub weeks: &'a [AgencyWeek],
    /// How many complete weeks it has taken part; what lies before is not looked at.
    pub weeks_since_joined: usize,
    /// How its systems are heard; none where none agreed to be heard. Whose people use the pages is never cut off, however
    /// silent.
    pub connection: Option<Connection>,
    /// Whether it is a statutory safeguarding partner.
    pub statutory_partner: bool,
    /// With how many children with an open child protection plan it is involved, where that is
    /// known.
    pub open_cp_children: Option<u32>,
}

/// What is said of an agency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgencyHearing {
    /// What its silence, or its number, means.
    pub hearing: Hearing,
    /// Whether it is to be asked before the week is signed off.
    pub ask: bool,
    /// How many weeks it has raised nothing, the review week the last of them.
    pub empty_weeks: usize,
    /// How many of the last weeks in a row it said that there was nothing to raise.
    pub nil_returns_in_a_row: usize,
    /// Raised in the recent weeks, as the rule counts them.
    pub recent: u32,
    /// Expected in the recent weeks from those before them; none when these are not all known.
    pub expected: Option<f64>,
    /// Its usual number a week before the silence; none when too little is known.
    pub rate: Option<f64>,
    /// The chance, from 0 to 1, that an agency as usual is as silent, or raises as few; none when no
    /// rate is known, and where silence says nothing because nothing can be heard.
    pub chance: Option<f64>,
}

/// What is said of an agency at `now`, the moment to which its data reach.
///
/// Asked in this order: is it connected; is it silent for longer than chance explains (then, did it
/// say that there was nothing, has it ever raised anything); is it lower than usual; are there enough
/// to tell. A broken connection is never called silence.
#[must_use]
pub fn hearing(record: &AgencyRecord<'_>, rule: &HearingRule, now: Timestamp) -> AgencyHearing {
    let judgement = Judgement::of(record, rule);
    let (hearing, chance) = if is_cut_off(record, rule, now) {
        (Hearing::NotConnected, None)
    } else {
        judgement.hearing(rule)
    };
    let many_nil_returns = judgement.nil_returns_in_a_row >= rule.nil_returns_in_a_row;
    let ask = match hearing {
        Hearing::NotConnected | Hearing::Quiet => true,
        Hearing::NilReturn => many_nil_returns,
        Hearing::NeverReported => judgement.is_silent,
        Hearing::LowerThanUsual | Hearing::TooFewToTell | Hearing::Usual => false,
    };
    AgencyHearing {
        hearing,
        ask,
        empty_weeks: judgement.empty_weeks,
        nil_returns_in_a_row: judgement.nil_returns_in_a_row,
        recent: judgement.recent.now,
        expected: judgement.expected,
        rate: judgement.rate,
        chance,
    }
}

/// What was last heard before the agreement does not count against it.
fn is_cut_off(record: &AgencyRecord<'_>, rule: &HearingRule, now: Timestamp) -> bool {
    let Some(connection) = record.connection else { return false };
    let patience = connection
        .agreed_interval
        .checked_mul(rule.missed_intervals)
        .unwrap_or(SignedDuration::MAX)
        .max(rule.least_patience);
    let since = connection.agreed_since;
    let heard = connection.last_contact.map_or(since, |last| last.max(since));
    now.duration_since(heard) > patience
}

#[cfg(test)]
mod tests;
