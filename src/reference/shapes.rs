//! The shapes of the shipped files, strict enough that a slip in a review does not go unread.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use super::ReferenceError;
use crate::domain::codes::codes;
use crate::domain::limit::Limit;
use crate::domain::stage_policy::{
    ClosingField, ExtensionRule, FollowUpRule, PauseRule, QuietHours, TimeoutRule, WarningRule,
    usual_resolution,
};
use crate::domain::working_days::{Calendar, Nation};

/// The escalation themes in their groups. They are not the themes of actions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThemeSet {
    /// The name of this version.
    pub version: String,
    /// Where the list comes from.
    pub source: String,
    /// The first day on which this version is in force.
    pub effective_from: Date,
    /// The groups in the order of the child's way through the system.
    pub groups: Vec<ThemeGroup>,
}

/// Themes that are shown together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThemeGroup {
    /// Stable code.
    pub code: String,
    /// The words for people.
    pub label: String,
    /// Its themes.
    pub themes: Vec<ThemeRow>,
}

/// What an escalation is about. A code is never renamed; it is retired.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThemeRow {
    /// Stable code.
    pub code: String,
    /// The words for people.
    pub label: String,
    /// When to choose it: one sentence.
    pub description: String,
    /// The first day on which it may be chosen.
    pub valid_from: Date,
}

codes! {
    /// What kind of authority sets a limit; a local standard must never be quoted as law.
    pub enum LimitBasis {
        /// Statute, regulations or court rules.
        Statute => "statute",
        /// Guidance that must be followed unless there is good reason not to.
        StatutoryGuidance => "statutory_guidance",
        /// A standard that differs from place to place.
        Local => "local",
        /// A target or a statistic of a national body.
        NationalTarget => "national_target",
    }
}

/// The limits of the child's process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimescaleSet {
    /// The name of this version.
    pub version: String,
    /// Where the list comes from.
    pub source: String,
    /// The first day on which this version is in force.
    pub effective_from: Date,
    /// One row per limit, in the order of the child's way through the system.
    pub timescales: Vec<TimescaleRow>,
}

/// How soon one step of the child's process must happen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimescaleRow {
    /// Stable code.
    pub code: String,
    /// The step, in words.
    pub label: String,
    /// The limit; none for `other`.
    pub limit: Option<Limit>,
    /// Who sets it; none for `other`.
    pub basis: Option<LimitBasis>,
    /// The event that starts the clock or, for a limit before an event, that event.
    pub starts: String,
    /// The event that stops the clock.
    pub stops: String,
    /// Where the number comes from, in words.
    pub source: String,
    /// The edition of the guidance from which the row was taken.
    pub source_version: String,
    /// Whether a person has compared it with Working Together 2026.
    pub verified_against_wt2026: bool,
    /// What other areas use, or another way of counting; none when nothing is known.
    pub local_variants: Option<String>,
}

/// The default ladder with its rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagePolicyFile {
    /// The name of this version, stored with every clock that it sets.
    pub version: String,
    /// Where the ladder comes from.
    pub source: String,
    /// The first day on which this version is in force.
    pub effective_from: Date,
    /// The stages, lowest first.
    pub stages: Vec<StageRow>,
    /// When a stage may take longer.
    pub extension: ExtensionRule,
    /// What happens when a stage's time runs out.
    pub timeout: TimeoutRule,
    /// What is due after the end.
    pub follow_up: FollowUpRule,
    /// Whether and how long the agency's time may be paused.
    pub pause: PauseRule,
    /// When a running limit is warned of.
    pub warning: WarningRule,
    /// When nobody is reminded, unless it is urgent.
    pub quiet_hours: QuietHours,
    /// How soon the raiser judges an answer.
    pub judgement: Limit,
    /// How soon what was agreed is done; the usual limit where a file from before says nothing.
    #[serde(default = "usual_resolution")]
    pub resolve_within: Limit,
    /// Within how many days two escalations may be the same matter.
    pub duplicate_days: u32,
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRow {
    /// 0 for the conversation before the formal stages, then 1, 2, ….
    pub number: u8,
    /// Stable code.
    pub code: String,
    /// The words for people.
    pub label: String,
    /// Who speaks for the raising side.
    pub raising_role: String,
    /// Who speaks for the responding side.
    pub responding_role: String,
    /// How soon receipt must be acknowledged; none where no acknowledgement is asked.
    pub acknowledge: Option<Limit>,
    /// How soon a standard escalation must be answered; none where the stage is skipped.
    pub standard: Option<Limit>,
    /// The same for a standard escalation for which a meeting is held.
    pub standard_with_meeting: Option<Limit>,
    /// The most that a standard escalation may be given, extension included.
    pub standard_maximum: Option<Limit>,
    /// How soon an urgent escalation must be answered.
    pub urgent: Option<Limit>,
    /// How soon an immediate escalation must be answered.
    pub immediate: Option<Limit>,
    /// What must be recorded before an escalation at this stage ends.
    pub closing_requires: Vec<ClosingField>,
    /// Codes of what people record at this stage.
    pub must_record: Vec<String>,
    /// Codes of who is told.
    pub told: Vec<String>,
}

/// The bank holidays of one nation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarFile {
    /// The name of this version, stored with every due date that it produces.
    pub version: String,
    /// Where the dates come from.
    pub source: String,
    /// The first day that is covered.
    pub effective_from: Date,
    /// Whose bank holidays these are.
    pub nation: Nation,
    /// The first year whose bank holidays are all known.
    pub first_year: i16,
    /// The last year whose bank holidays are all known.
    pub last_year: i16,
    /// The bank holidays in order.
    pub holidays: Vec<BankHoliday>,
}

/// One bank holiday.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankHoliday {
    /// The day that is not worked; for a substitute day, that day.
    pub date: Date,
    /// Its name.
    pub name: String,
}

impl CalendarFile {
    /// The calendar that counts with these dates.
    ///
    /// # Errors
    /// [`ReferenceError`] when a date lies outside the years that the file says it covers, or is there twice.
    pub fn calendar(&self) -> Result<Calendar, ReferenceError> {
        let mut holidays = BTreeMap::new();
        for holiday in &self.holidays {
            if holidays.insert(holiday.date, holiday.name.clone()).is_some() {
                return Err(ReferenceError::Twice(holiday.date));
            }
        }
        let years = self.first_year..=self.last_year;
        Ok(Calendar::new(self.version.clone(), self.nation, years, holidays)?)
    }
}

/// The words for the closed code lists.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeLists {
    /// The name of this version.
    pub version: String,
    /// Where the lists come from.
    pub source: String,
    /// The first day on which this version is in force.
    pub effective_from: Date,
    /// How an escalation ends.
    pub outcomes: Vec<OutcomeRow>,
    /// What it did for the child.
    pub child_outcomes: Vec<CodeRow>,
    /// What it did to the delay.
    pub delay_effects: Vec<CodeRow>,
    /// Why the process was late.
    pub delay_causes: Vec<CodeRow>,
    /// What it meant for the child when it was raised.
    pub child_impacts: Vec<CodeRow>,
    /// Whether the child is safe meanwhile.
    pub interim_safety: Vec<CodeRow>,
    /// What kind of learning came of it.
    pub learning_types: Vec<CodeRow>,
    /// Kinds of agencies.
    pub agency_types: Vec<CodeRow>,
    /// Where matters belong that are no escalations; the code and the time are stored, no more.
    pub reroute_codes: Vec<CodeRow>,
}

/// One code with its words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeRow {
    /// Stable code.
    pub code: String,
    /// The words for people.
    pub label: String,
    /// What it means: one sentence.
    pub definition: String,
}

/// One ending with its words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRow {
    /// Stable code.
    pub code: String,
    /// The words for people.
    pub label: String,
    /// What it means: one sentence.
    pub definition: String,
    /// Whether the disagreement was settled; agrees with the domain's own rule.
    pub counts_as_resolved: bool,
}
