//! The ladder of stages as data: who talks to whom at each rung, and how soon.

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::limit::{Limit, LimitUnit};
use super::urgency::Urgency;

codes! {
    /// What must be recorded beyond what every ending says, before a stage lets an escalation end.
    pub enum ClosingField {
        /// The role that owns what was agreed.
        OwnerRole => "owner_role",
        /// The day by which it is to be done.
        ActionDueOn => "action_due_on",
        /// The day on which the two sides met.
        MeetingOn => "meeting_on",
        /// Who was there, by role.
        AttendeeRoles => "attendee_roles",
        /// What else was considered.
        OptionsConsidered => "options_considered",
        /// Whether the child is safe meanwhile.
        InterimSafety => "interim_safety",
        /// Why the stage below did not settle it.
        WhyLowerStageFailed => "why_lower_stage_failed",
    }
}

codes! {
    /// Why the agency's time may be paused. The child's time never is.
    pub enum PauseReason {
        /// The raising agency owes information that was asked for.
        InformationFromRaiser => "information_from_raiser",
        /// A third party owes information that was asked for.
        InformationFromOthers => "information_from_others",
        /// A court or police process must not be prejudiced.
        LegalProcess => "legal_process",
        /// The child or the family cannot be reached.
        FamilyUnavailable => "family_unavailable",
        /// The agency works under a declared critical incident.
        CriticalIncident => "critical_incident",
    }
}

/// One version of a partnership's ladder. Versions never change once in force; an escalation keeps
/// the version that it was raised under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagePolicy {
    /// The name of this version, stored with each clock that it set.
    pub version: String,
    /// The stages, lowest first.
    pub stages: Vec<Stage>,
    /// When a stage may take longer.
    #[serde(default)]
    pub extension: ExtensionRule,
    /// What happens when a stage's time runs out.
    #[serde(default)]
    pub timeout: TimeoutRule,
    /// What is due after the end.
    #[serde(default)]
    pub follow_up: FollowUpRule,
    /// Whether and how long the agency's time may be paused.
    #[serde(default)]
    pub pause: PauseRule,
    /// When a running limit is warned of.
    #[serde(default)]
    pub warning: WarningRule,
    /// When nobody is reminded, unless it is urgent.
    #[serde(default)]
    pub quiet_hours: QuietHours,
    /// How soon the raiser judges an answer.
    #[serde(default = "usual_judgement")]
    pub judgement: Limit,
    /// How soon what was agreed is done and the ending recorded, from the acceptance of an answer.
    #[serde(default = "usual_resolution")]
    pub resolve_within: Limit,
    /// Two escalations of one child, one theme and one responding agency within so many days may be the same matter.
    #[serde(default = "usual_duplicate_days")]
    pub duplicate_days: u32,
}

const fn usual_judgement() -> Limit {
    Limit::after(2, LimitUnit::WorkingDay)
}

/// Source: this product's own choice, as much as the longest limit of a stage; what is accepted must not lie for ever.
pub(crate) const fn usual_resolution() -> Limit {
    Limit::after(10, LimitUnit::WorkingDay)
}

const fn usual_duplicate_days() -> u32 {
    28
}

/// One value for each urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerUrgency<T> {
    /// For standard escalations.
    pub standard: T,
    /// For urgent ones.
    pub urgent: T,
    /// For immediate ones.
    pub immediate: T,
}

impl<T: Copy> PerUrgency<T> {
    /// The value for this urgency.
    #[must_use]
    pub const fn of(&self, urgency: Urgency) -> T {
        match urgency {
            Urgency::Standard => self.standard,
            Urgency::Urgent => self.urgent,
            Urgency::Immediate => self.immediate,
        }
    }
}

/// When a stage may take longer. Both sides always agree, with a reason, and by no more than the stage's limit again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtensionRule {
    /// How often in one stage.
    pub times_per_stage: u32,
}

impl Default for ExtensionRule {
    fn default() -> Self {
        Self { times_per_stage: 1 }
    }
}

/// What happens when a stage's time runs out. Nothing ever ends by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeoutRule {
    /// How long the raiser has to advance or withdraw, once an answer is late; more time is agreed before that.
    pub raiser_chooses_within: PerUrgency<Limit>,
    /// Whether the service takes it to the next stage when the raiser has not chosen; otherwise it is flagged for the
    /// weekly review.
    pub auto_advance: PerUrgency<bool>,
    /// The same when receipt was not even acknowledged in time.
    pub auto_advance_unacknowledged: PerUrgency<bool>,
}

impl Default for TimeoutRule {
    fn default() -> Self {
        let day = Limit::after(1, LimitUnit::WorkingDay);
        let lanes = PerUrgency { standard: false, urgent: true, immediate: true };
        Self {
            raiser_chooses_within: PerUrgency { standard: day, urgent: day, immediate: day },
            auto_advance: lanes,
            auto_advance_unacknowledged: lanes,
        }
    }
}

/// What is due after an escalation ended with an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUpRule {
    /// How soon the raiser hears what came of it.
    pub feedback: Limit,
    /// How soon a learning note is due, where one is.
    pub learning: Limit,
    /// The first stage from which a learning note is due.
    pub learning_from_stage: u8,
    /// Whether every immediate escalation needs a learning note.
    pub learning_if_immediate: bool,
    /// How often one theme and one responding agency must come together for a learning note.
    pub learning_if_pair_repeats: Repeats,
    /// When it is asked whether the child is better off.
    pub impact_check: Limit,
}

impl Default for FollowUpRule {
    fn default() -> Self {
        Self {
            feedback: Limit::after(2, LimitUnit::WorkingDay),
            learning: Limit::after(10, LimitUnit::WorkingDay),
            learning_from_stage: 3,
            learning_if_immediate: true,
            learning_if_pair_repeats: Repeats { times: 3, weeks: 13 },
            impact_check: Limit::after(28, LimitUnit::CalendarDay),
        }
    }
}

/// So many times within so many weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeats {
    /// At least so many times.
    pub times: u32,
    /// Within so many weeks of seven days.
    pub weeks: u32,
}

/// Whether and how long the agency's time may be paused. No pause touches the child's time or a statutory limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseRule {
    /// How often in one stage.
    pub times_per_stage: u32,
    /// The longest pause that the responding agency may take by itself.
    pub longest: Limit,
    /// The longest pause that a second person may approve.
    pub longest_approved: Limit,
    /// Which urgencies may be paused at all.
    pub permitted: PerUrgency<bool>,
}

impl Default for PauseRule {
    fn default() -> Self {
        Self {
            times_per_stage: 1,
            longest: Limit::after(2, LimitUnit::WorkingDay),
            longest_approved: Limit::after(10, LimitUnit::WorkingDay),
            permitted: PerUrgency { standard: true, urgent: true, immediate: false },
        }
    }
}

/// When a running limit is warned of, and how it is coloured: shares of its time in hundredths. Limits in hours are
/// measured on the wall clock, others in working time from 09:00 to 17:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarningRule {
    /// From here on it is amber.
    pub amber_percent: u8,
    /// From here on it is red.
    pub red_percent: u8,
}

impl Default for WarningRule {
    fn default() -> Self {
        Self { amber_percent: 60, red_percent: 90 }
    }
}

/// Between these local times, and on days that are no working days, nobody is reminded unless it is urgent or
/// immediate. An agency can have its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The last reminder of a day comes before this.
    pub from: Time,
    /// The first reminder of a day comes from here on.
    pub to: Time,
}

impl Default for QuietHours {
    fn default() -> Self {
        Self { from: Time::constant(19, 0, 0, 0), to: Time::constant(7, 30, 0, 0) }
    }
}

/// One rung of the ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// 0 for the conversation before formal stages, then 1, 2, ….
    pub number: u8,
    /// A stable code, for example `first_line`.
    pub code: String,
    /// The words for people.
    pub label: String,
    /// Which role raises at this stage.
    pub raising_role: String,
    /// Which role answers at this stage.
    pub responding_role: String,
    /// How soon receipt must be acknowledged; none where no acknowledgement is asked.
    pub acknowledge: Option<Limit>,
    /// How soon a standard escalation must be answered; none where the stage is skipped.
    pub standard: Option<Limit>,
    /// The same for urgent ones.
    pub urgent: Option<Limit>,
    /// The same for immediate ones.
    pub immediate: Option<Limit>,
    /// How soon a standard escalation must be answered for which the two sides meet, counted from the stage's start.
    #[serde(default)]
    pub standard_with_meeting: Option<Limit>,
    /// The most that a standard escalation may be given at this stage, extension included.
    #[serde(default)]
    pub standard_maximum: Option<Limit>,
    /// What must be recorded before an escalation at this stage ends.
    #[serde(default)]
    pub closing_requires: Vec<ClosingField>,
    /// Codes of what people record at this stage.
    #[serde(default)]
    pub must_record: Vec<String>,
    /// Codes of who is told of what happens at this stage.
    #[serde(default)]
    pub told: Vec<String>,
}

impl Stage {
    /// How soon an answer is due at this stage, or nothing when this urgency skips the stage.
    #[must_use]
    pub const fn answer_limit(&self, urgency: Urgency) -> Option<Limit> {
        match urgency {
            Urgency::Standard => self.standard,
            Urgency::Urgent => self.urgent,
            Urgency::Immediate => self.immediate,
        }
    }
}

impl StagePolicy {
    /// The stage with this number.
    #[must_use]
    pub fn stage(&self, number: u8) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.number == number)
    }

    /// The number of the last stage, where the partners decide.
    #[must_use]
    pub fn top(&self) -> u8 {
        self.stages.iter().map(|stage| stage.number).max().unwrap_or(0)
    }

    /// The numbers of the stages above `number`, or of all, that an escalation of this urgency may enter.
    #[must_use]
    pub fn stages_for(&self, urgency: Urgency, above: Option<u8>) -> Vec<u8> {
        self.stages
            .iter()
            .filter(|stage| above.is_none_or(|number| stage.number > number))
            .filter(|stage| stage.answer_limit(urgency).is_some())
            .map(|stage| stage.number)
            .collect()
    }

    /// The next stage above `number` that an escalation of this urgency may enter.
    #[must_use]
    pub fn next_above(&self, number: u8, urgency: Urgency) -> Option<u8> {
        self.stages
            .iter()
            .filter(|stage| stage.number > number && stage.answer_limit(urgency).is_some())
            .map(|stage| stage.number)
            .min()
    }
}
