//! Stage policies as they are shown: every rule of a version, so that what a clock did can be read off here.

use serde::Serialize;
use utoipa::ToSchema;

use super::reference_views::LimitView;
use super::times::Day;
use crate::domain::partnership::PolicyVersion;
use crate::domain::stage_policy::{
    ClosingField, ExtensionRule, FollowUpRule, PauseRule, PerUrgency, QuietHours, Stage,
    StagePolicy, TimeoutRule, WarningRule,
};

/// The stage policies.
#[derive(Debug, Serialize, ToSchema)]
pub struct StagePolicies {
    /// They, oldest first.
    pub items: Vec<StagePolicyView>,
}

/// A version of the ladder with its rules. It never changes; an escalation keeps the version that it was raised under.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StagePolicy)]
pub struct StagePolicyView {
    /// Its version.
    pub version: String,
    /// The day from which new escalations run under it.
    pub effective_from: Day,
    /// Its stages, lowest first.
    pub stages: Vec<StageOfPolicy>,
    /// When a stage may take longer.
    pub extension: ExtensionRuleView,
    /// What happens when a stage's time runs out. Nothing ever ends by it.
    pub timeout: TimeoutRuleView,
    /// What is due after an escalation has ended with an outcome.
    pub follow_up: FollowUpRuleView,
    /// Whether and how long the agency's time may be paused. The child's time never is.
    pub pause: PauseRuleView,
    /// When a running limit is warned of.
    pub warning: WarningRuleView,
    /// When nobody is reminded, unless it is urgent.
    pub quiet_hours: QuietHoursView,
    /// How soon the raiser judges an answer.
    pub judgement: LimitView,
    /// How soon what was agreed is done and the ending recorded, from the acceptance of an answer.
    pub resolve_within: LimitView,
    /// Two escalations of one child, one theme and one responding agency within so many days may be the same matter.
    pub duplicate_days: u32,
}

/// A stage of a ladder, with its limits.
#[derive(Debug, Serialize, ToSchema)]
pub struct StageOfPolicy {
    /// Its number.
    pub number: u8,
    /// Its stable code.
    pub code: String,
    /// In words.
    pub label: String,
    /// Who raises at this stage.
    pub raising_role: String,
    /// Who answers at this stage.
    pub responding_role: String,
    /// How soon receipt is acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledge: Option<LimitView>,
    /// How soon a standard escalation is answered; absent where it skips the stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard: Option<LimitView>,
    /// How soon an urgent one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent: Option<LimitView>,
    /// How soon an immediate one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immediate: Option<LimitView>,
    /// How soon a standard one is when the two sides meet, counted from the stage's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_with_meeting: Option<LimitView>,
    /// The most that a standard one is given at this stage, extension included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_maximum: Option<LimitView>,
    /// What must be recorded before an escalation at this stage ends, besides what every ending says.
    pub closing_requires: Vec<ClosingField>,
    /// Codes of what people record at this stage.
    pub must_record: Vec<String>,
    /// Codes of who is told of what happens at this stage.
    pub told: Vec<String>,
}

/// When a stage may take longer: both sides agree, with a reason, and by no more than the stage's limit again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtensionRule)]
pub struct ExtensionRuleView {
    /// How often in one stage.
    pub times_per_stage: u32,
}

/// What happens when a stage's time runs out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimeoutRule)]
pub struct TimeoutRuleView {
    /// How long the raiser has to advance or withdraw, once an answer is late; more time is agreed before that.
    pub raiser_chooses_within: LimitPerUrgency,
    /// Whether the service takes it to the next stage when the raiser has not chosen.
    pub auto_advance: FlagPerUrgency,
    /// The same when receipt was not even acknowledged in time.
    pub auto_advance_unacknowledged: FlagPerUrgency,
}

/// A limit for each urgency.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitPerUrgency {
    /// For standard escalations.
    pub standard: LimitView,
    /// For urgent ones.
    pub urgent: LimitView,
    /// For immediate ones.
    pub immediate: LimitView,
}

/// Yes or no for each urgency.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlagPerUrgency {
    /// For standard escalations.
    pub standard: bool,
    /// For urgent ones.
    pub urgent: bool,
    /// For immediate ones.
    pub immediate: bool,
}

/// What is due after an escalation ended with an outcome.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FollowUpRule)]
pub struct FollowUpRuleView {
    /// How soon the raiser hears what came of it.
    pub feedback: LimitView,
    /// How soon a learning note is due, where one is.
    pub learning: LimitView,
    /// The first stage from which a learning note is due.
    pub learning_from_stage: u8,
    /// Whether every immediate escalation needs a learning note.
    pub learning_if_immediate: bool,
    /// How often one theme and one responding agency must come together for a learning note.
    pub learning_if_pair_repeats: RepeatsView,
    /// When it is asked whether the child is better off.
    pub impact_check: LimitView,
}

/// So many times within so many weeks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Repeats)]
pub struct RepeatsView {
    /// At least so many times.
    pub times: u32,
    /// Within so many weeks.
    pub weeks: u32,
}

/// Whether and how long the agency's time may be paused. No pause touches the child's time or a statutory limit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PauseRule)]
pub struct PauseRuleView {
    /// How often in one stage.
    pub times_per_stage: u32,
    /// The longest pause that the responding agency takes by itself.
    pub longest: LimitView,
    /// The longest pause that a second person approves.
    pub longest_approved: LimitView,
    /// Which urgencies are paused at all.
    pub permitted: FlagPerUrgency,
}

/// When a running limit is warned of: hundredths of its time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WarningRule)]
pub struct WarningRuleView {
    /// From here on it is amber.
    pub amber_percent: u8,
    /// From here on it is red.
    pub red_percent: u8,
}

/// Between these times in London, and on days that are no working days, nobody is reminded unless it is urgent or
/// immediate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuietHours)]
pub struct QuietHoursView {
    /// The last reminder of a day comes before this, as `HH:MM:SS`.
    #[schema(example = "19:00:00")]
    pub from: String,
    /// The first reminder of a day comes from here on, as `HH:MM:SS`.
    #[schema(example = "07:30:00")]
    pub to: String,
}

// Each part is taken apart by name: a rule that is added to the policy and forgotten here does not compile.

impl From<&PolicyVersion> for StagePolicyView {
    fn from(it: &PolicyVersion) -> Self {
        let StagePolicy {
            version,
            stages,
            extension,
            timeout,
            follow_up,
            pause,
            warning,
            quiet_hours,
            judgement,
            resolve_within,
            duplicate_days,
        } = &it.policy;
        Self {
            version: version.clone(),
            effective_from: Day(it.effective_from),
            stages: stages.iter().map(StageOfPolicy::from).collect(),
            extension: ExtensionRuleView::from(extension),
            timeout: TimeoutRuleView::from(timeout),
            follow_up: FollowUpRuleView::from(follow_up),
            pause: PauseRuleView::from(pause),
            warning: WarningRuleView::from(warning),
            quiet_hours: QuietHoursView::from(quiet_hours),
            judgement: LimitView::from(judgement),
            resolve_within: LimitView::from(resolve_within),
            duplicate_days: *duplicate_days,
        }
    }
}

impl From<&Stage> for StageOfPolicy {
    fn from(it: &Stage) -> Self {
        let Stage {
            number,
            code,
            label,
            raising_role,
            responding_role,
            acknowledge,
            standard,
            urgent,
            immediate,
            standard_with_meeting,
            standard_maximum,
            closing_requires,
            must_record,
            told,
        } = it;
        Self {
            number: *number,
            code: code.clone(),
            label: label.clone(),
            raising_role: raising_role.clone(),
            responding_role: responding_role.clone(),
            acknowledge: acknowledge.as_ref().map(LimitView::from),
            standard: standard.as_ref().map(LimitView::from),
            urgent: urgent.as_ref().map(LimitView::from),
            immediate: immediate.as_ref().map(LimitView::from),
            standard_with_meeting: standard_with_meeting.as_ref().map(LimitView::from),
            standard_maximum: standard_maximum.as_ref().map(LimitView::from),
            closing_requires: closing_requires.clone(),
            must_record: must_record.clone(),
            told: told.clone(),
        }
    }
}

impl From<&ExtensionRule> for ExtensionRuleView {
    fn from(it: &ExtensionRule) -> Self {
        let ExtensionRule { times_per_stage } = *it;
        Self { times_per_stage }
    }
}

impl From<&TimeoutRule> for TimeoutRuleView {
    fn from(it: &TimeoutRule) -> Self {
        let TimeoutRule { raiser_chooses_within, auto_advance, auto_advance_unacknowledged } = it;
        let PerUrgency { standard, urgent, immediate } = raiser_chooses_within;
        Self {
            raiser_chooses_within: LimitPerUrgency {
                standard: LimitView::from(standard),
                urgent: LimitView::from(urgent),
                immediate: LimitView::from(immediate),
            },
            auto_advance: FlagPerUrgency::from(auto_advance),
            auto_advance_unacknowledged: FlagPerUrgency::from(auto_advance_unacknowledged),
        }
    }
}

impl From<&PerUrgency<bool>> for FlagPerUrgency {
    fn from(it: &PerUrgency<bool>) -> Self {
        let PerUrgency { standard, urgent, immediate } = *it;
        Self { standard, urgent, immediate }
    }
}

impl From<&FollowUpRule> for FollowUpRuleView {
    fn from(it: &FollowUpRule) -> Self {
        let FollowUpRule {
            feedback,
            learning,
            learning_from_stage,
            learning_if_immediate,
            learning_if_pair_repeats: repeats,
            impact_check,
        } = it;
        Self {
            feedback: LimitView::from(feedback),
            learning: LimitView::from(learning),
            learning_from_stage: *learning_from_stage,
            learning_if_immediate: *learning_if_immediate,
            learning_if_pair_repeats: RepeatsView { times: repeats.times, weeks: repeats.weeks },
            impact_check: LimitView::from(impact_check),
        }
    }
}

impl From<&PauseRule> for PauseRuleView {
    fn from(it: &PauseRule) -> Self {
        let PauseRule { times_per_stage, longest, longest_approved, permitted } = it;
        Self {
            times_per_stage: *times_per_stage,
            longest: LimitView::from(longest),
            longest_approved: LimitView::from(longest_approved),
            permitted: FlagPerUrgency::from(permitted),
        }
    }
}

impl From<&WarningRule> for WarningRuleView {
    fn from(it: &WarningRule) -> Self {
        let WarningRule { amber_percent, red_percent } = *it;
        Self { amber_percent, red_percent }
    }
}

impl From<&QuietHours> for QuietHoursView {
    fn from(it: &QuietHours) -> Self {
        let QuietHours { from, to } = it;
        Self {
            from: from.strftime("%H:%M:%S").to_string(),
            to: to.strftime("%H:%M:%S").to_string(),
        }
    }
}
