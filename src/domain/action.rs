//! What a review agreed shall be done: who owns it, by when, how it goes, and whether it had an effect.
//!
//! Progress is said by a person, in the partnership's own four words. Being overdue is no such word: it is told beside
//! them, from the date alone. Nothing of it is ever overwritten.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{Caller, Role};
use super::broken_rule::{BrokenRule, Faults, FieldRule};
use super::codes::codes;
use super::free_text::FreeText;
use super::ids::{ActionId, AgencyId, ClientId, LearningId};
use super::partnership::Partnership;
use super::week::IsoWeek;

/// What is to be done.
pub type ActionTitle = FreeText<200>;
/// A role, never a person's name.
pub type RoleName = FreeText<100>;
/// Where it stands in the partnership's plan, as `2.4`.
pub type PlanReference = FreeText<40>;
/// How it goes, or what effect it had.
pub type ActionNote = FreeText<500>;

/// An action is due soon within so many days; this product's choice, one review ahead.
const SOON_DAYS: i32 = 7;

codes! {
    /// How an action goes. Source: the key of the partnership's improvement plan.
    pub enum Progress {
        /// Done.
        Completed => "completed",
        /// It will be done in time.
        OnTrack => "on_track",
        /// It may not be done in time.
        AttentionNeeded => "attention_needed",
        /// It will very likely not be done in time.
        Urgent => "urgent",
    }
}

impl Progress {
    /// The plan's word.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::OnTrack => "On track",
            Self::AttentionNeeded => "Attention needed",
            Self::Urgent => "Urgent",
        }
    }
}

codes! {
    /// What effect an action has, by the colours that the partnership's plan has for it; apart from progress.
    pub enum ImpactRating {
        /// The effect is there.
        Blue => "blue",
        /// It shows as expected.
        Green => "green",
        /// It may not show.
        Amber => "amber",
        /// It does not show.
        Red => "red",
    }
}

impl ImpactRating {
    /// The plan's word.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Blue => "Blue",
            Self::Green => "Green",
            Self::Amber => "Amber",
            Self::Red => "Red",
        }
    }
}

/// What somebody says who agrees on an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAction {
    /// The week in whose review it is agreed.
    pub week: IsoWeek,
    /// What is to be done.
    pub title: ActionTitle,
    /// The code or alias of the agency that owns it.
    pub owner_agency: String,
    /// The role that owns it.
    pub owner_role: RoleName,
    /// By when.
    pub due_on: Date,
    /// How it goes.
    pub progress: Progress,
    /// What effect it has, where somebody rated it.
    pub impact: Option<ImpactRating>,
    /// Its place in the plan.
    pub plan_reference: Option<PlanReference>,
    /// What it follows from.
    pub learning: Option<LearningId>,
}

/// What somebody says of how an action goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionUpdate {
    /// How it goes.
    pub progress: Progress,
    /// What effect it has; as it was rated last, if not said.
    pub impact: Option<ImpactRating>,
    /// By when instead.
    pub due_on: Option<Date>,
    /// What there is to say.
    pub note: Option<ActionNote>,
    /// What effect it had for children; needed to complete it.
    pub evidence: Option<ActionNote>,
}

/// Who recorded something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When.
    pub at: Timestamp,
    /// In which role.
    pub role: Role,
    /// Through which client.
    pub client: ClientId,
    /// The person, as the token names them.
    pub subject: String,
}

impl Recorded {
    /// By a caller, now.
    #[must_use]
    pub fn by(caller: &Caller, now: Timestamp) -> Self {
        Self { at: now, role: caller.role, client: caller.client, subject: caller.subject.clone() }
    }
}

/// How an action stood from some instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionState {
    /// Counted from 1, which is how it was agreed.
    pub version: i32,
    /// How it goes.
    pub progress: Progress,
    /// What effect it has.
    pub impact: Option<ImpactRating>,
    /// By when.
    pub due_on: Date,
    /// What was said.
    pub note: Option<ActionNote>,
    /// What effect it had.
    pub evidence: Option<ActionNote>,
    /// Who said so.
    pub recorded: Recorded,
}

/// An action with all that was said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewAction {
    /// Its identifier.
    pub id: ActionId,
    /// The week in whose review it was agreed.
    pub week: IsoWeek,
    /// What is to be done.
    pub title: ActionTitle,
    /// The agency that owns it.
    pub owner_agency: AgencyId,
    /// The role that owns it.
    pub owner_role: RoleName,
    /// Its place in the plan.
    pub plan_reference: Option<PlanReference>,
    /// What it follows from.
    pub learning: Option<LearningId>,
    /// How it stands.
    pub state: ActionState,
    /// How it stood before, the first first.
    pub earlier: Vec<ActionState>,
}

/// Why the progress of an action cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotUpdate {
    /// It has changed since it was read.
    #[error("changed since it was read")]
    Stale,
    /// It is completed.
    #[error("completed")]
    Completed,
    /// What is said breaks a rule.
    #[error(transparent)]
    Broken(#[from] BrokenRule),
}

impl ReviewAction {
    /// The action that `caller` agrees on.
    ///
    /// # Errors
    /// Every rule that it breaks.
    pub fn new(
        id: ActionId,
        said: NewAction,
        caller: &Caller,
        agreed: &Partnership,
        now: Timestamp,
    ) -> Result<Self, BrokenRule> {
        let mut faults = Faults::default();
        let owner = agreed.agency(&said.owner_agency);
        faults.add_if(owner.is_none(), "owner_agency", FieldRule::UnknownReference);
        faults.add_if(said.due_on < said.week.monday(), "due_on", FieldRule::OutOfRange);
        faults.add_if(said.progress == Progress::Completed, "progress", FieldRule::NotPermitted);
        faults.none()?;
        let owner =
            owner.ok_or_else(|| BrokenRule::field("owner_agency", FieldRule::UnknownReference))?;
        Ok(Self {
            id,
            week: said.week,
            title: said.title,
            owner_agency: owner.id,
            owner_role: said.owner_role,
            plan_reference: said.plan_reference,
            learning: said.learning,
            state: ActionState {
                version: 1,
                progress: said.progress,
                impact: said.impact,
                due_on: said.due_on,
                note: None,
                evidence: None,
                recorded: Recorded::by(caller, now),
            },
            earlier: Vec::new(),
        })
    }

    /// How it stands when `caller`, who read this version, says so.
    ///
    /// # Errors
    /// It has changed meanwhile, is completed, or what is said breaks a rule.
    pub fn updated(
        &self,
        said: ActionUpdate,
        read_version: i32,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<ActionState, CannotUpdate> {
        if self.state.version != read_version {
            return Err(CannotUpdate::Stale);
        }
        if self.state.progress == Progress::Completed {
            return Err(CannotUpdate::Completed);
        }
        let completes = said.progress == Progress::Completed;
        let due_on = said.due_on.unwrap_or(self.state.due_on);
        let mut faults = Faults::default();
        faults.add_if(completes && said.evidence.is_none(), "evidence", FieldRule::Required);
        faults.add_if(!completes && said.evidence.is_some(), "evidence", FieldRule::Inconsistent);
        faults.add_if(due_on < self.week.monday(), "due_on", FieldRule::OutOfRange);
        faults.none()?;
        Ok(ActionState {
            version: read_version + 1,
            progress: said.progress,
            impact: said.impact.or(self.state.impact),
            due_on,
            note: said.note,
            evidence: said.evidence,
            recorded: Recorded::by(caller, now),
        })
    }

    /// Whether a review of `week` shows it: open, or completed in that very week.
    #[must_use]
    pub fn shown_in(&self, week: IsoWeek) -> bool {
        self.state.progress != Progress::Completed
            || IsoWeek::containing(self.state.recorded.at) == week
    }
}

/// An action as a review shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewActionLine)]
pub struct ActionLine {
    /// Its identifier.
    pub id: ActionId,
    /// What is to be done.
    pub title: String,
    /// The code of the agency that owns it.
    pub owner_agency: String,
    /// Its name.
    pub owner_agency_name: String,
    /// The role that owns it.
    pub owner_role: String,
    /// By when.
    #[schema(value_type = String, format = Date)]
    pub due_on: Date,
    /// How it goes, as somebody said.
    pub progress: Progress,
    /// What effect it has, as somebody rated it.
    pub impact: Option<ImpactRating>,
    /// Whether its date has passed and it is not completed, whatever was said of its progress.
    pub overdue: bool,
    /// Its place in the plan.
    pub plan_reference: Option<String>,
    /// What effect it had; of completed ones.
    pub evidence: Option<String>,
    /// The week in whose review it was agreed.
    #[schema(value_type = String, example = "2026-W46")]
    pub agreed_in: IsoWeek,
    /// How often something was said of it.
    pub version: i32,
    /// When something was said of it last.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl ActionLine {
    /// The line on a day.
    #[must_use]
    pub fn new(it: &ReviewAction, agreed: &Partnership, today: Date) -> Self {
        let owner = agreed.agency_by_id(it.owner_agency);
        let state = &it.state;
        Self {
            id: it.id,
            title: it.title.as_str().to_owned(),
            owner_agency: owner.map(|it| it.code.clone()).unwrap_or_default(),
            owner_agency_name: owner.map(|it| it.name.clone()).unwrap_or_default(),
            owner_role: it.owner_role.as_str().to_owned(),
            due_on: state.due_on,
            progress: state.progress,
            impact: state.impact,
            overdue: state.progress != Progress::Completed && state.due_on < today,
            plan_reference: it.plan_reference.clone().map(Into::into),
            evidence: state.evidence.clone().map(Into::into),
            agreed_in: it.week,
            version: state.version,
            updated_at: state.recorded.at,
        }
    }

    /// Urgent, overdue, due soon, the rest, and what is done; each by its date.
    #[must_use]
    pub fn order(&self, today: Date) -> (u8, Date, String) {
        let soon = today.saturating_add(jiff::Span::new().days(SOON_DAYS));
        let rank = match self.progress {
            Progress::Completed => 4,
            Progress::Urgent => 0,
            _ if self.overdue => 1,
            _ if self.due_on <= soon => 2,
            _ => 3,
        };
        (rank, self.due_on, self.title.clone())
    }
}

#[cfg(test)]
mod tests;
