//! Changing a partnership's rules: what a proposal changes and for whom, then the change, in one transaction.
//!
//! A version never changes once it is there, and nothing that runs is touched: an escalation keeps the stage policy
//! that it was raised under, a clock and a delay keep the calendar and the limit with which they were counted.

use jiff::civil::Date;

use super::deps::Deps;
use super::failure::Failure;
use super::policy_decision::decide;
use crate::domain::ids::PartnershipId;
use crate::domain::partnership::{PolicyVersion, TimescaleVersion};
use crate::domain::sharing_agreement::BadAgreement;
use crate::domain::stage_policy::StagePolicy;
use crate::domain::working_days::{Calendar, Nation};
use crate::store::in_use::RunningUnder;
use crate::store::session::{Stated, transaction};
use crate::store::{StoreFailure, agencies, calendars, reference};

/// Rules that somebody wants to come into force.
#[derive(Debug, Clone)]
pub enum Proposal {
    /// A version of the ladder.
    Policy(PolicyVersion),
    /// Limits of the child's process. Codes that it does not name stay as they are.
    Timescales {
        /// The name of the set.
        set: String,
        /// The first day of each limit that is new.
        effective_from: Date,
        /// The limits.
        timescales: Vec<TimescaleVersion>,
    },
    /// A calendar that counts new dates as soon as it is there.
    Calendar {
        /// The calendar.
        calendar: Calendar,
        /// Where its dates come from.
        source: String,
    },
}

/// Why rules do not come into force.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such partnership.
    #[error("no partnership has the code {0:?}")]
    UnknownPartnership(String),
    /// The rules contradict themselves.
    #[error("{what} cannot come into force:\n  {}", faults.join("\n  "))]
    Unsound {
        /// Which of them.
        what: String,
        /// Everything that is wrong.
        faults: Vec<String>,
    },
    /// The version is there with other content.
    #[error(
        "{what} is there already, and a version never changes; give yours another name. It differs in\n  {}",
        differences.join("\n  ")
    )]
    VersionTaken {
        /// Which of them.
        what: String,
        /// In what.
        differences: Vec<String>,
    },
    /// It would have been in force when things were counted otherwise.
    #[error(
        "{what} would be in force from {effective_from} on, and today is {today}: what was counted stays as it was \
         counted; write today or a later day"
    )]
    InThePast {
        /// Which of them.
        what: String,
        /// The day it names.
        effective_from: Date,
        /// The present day.
        today: Date,
    },
    /// An agreement contradicts itself or what is recorded.
    #[error("the agreement {reference:?} of {agency:?}: {why}")]
    Agreement {
        /// The code of the agency.
        agency: String,
        /// The reference of the agreement.
        reference: String,
        /// What is wrong.
        why: BadAgreement,
    },
    /// Only one calendar counts at a time.
    #[error("only one calendar can be used: name one calendar file at a time")]
    TwoCalendars,
    /// Somebody else was faster.
    #[error("somebody else applied the same version just now; type it again to see how it stands")]
    Meanwhile,
    /// Anything else.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<StoreFailure> for Refusal {
    fn from(failure: StoreFailure) -> Self {
        Self::Failure(failure.into())
    }
}

/// What a proposal changes, and for whom nothing changes.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The present day.
    pub today: Date,
    /// One for each proposal, in their order.
    pub steps: Vec<Step>,
    /// The escalations that are open now, by responding agency: each keeps the policy that it runs under.
    pub open: Vec<Open>,
}

/// So many open escalations of one responding agency under one stage policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The agency's code.
    pub agency: String,
    /// The version of the stage policy.
    pub policy_version: String,
    /// How many.
    pub open: i64,
}

/// What one proposal changes.
#[derive(Debug, Clone)]
pub enum Step {
    /// A ladder.
    Policy(PolicyStep),
    /// Limits of the child's process.
    Timescales(TimescalesStep),
    /// A calendar.
    Calendar(CalendarStep),
}

/// What a ladder changes.
#[derive(Debug, Clone)]
pub struct PolicyStep {
    /// Its version.
    pub version: String,
    /// Its first day.
    pub effective_from: Date,
    /// Whether it is there already, so that nothing is done.
    pub already_there: bool,
    /// The version that is in force now, and its first day.
    pub in_force: Option<(String, Date)>,
    /// How it differs from that one.
    pub changes: Vec<String>,
    /// The day on which another version that is known today takes over, and which.
    pub until: Option<(Date, String)>,
}

/// What a set of limits changes.
#[derive(Debug, Clone)]
pub struct TimescalesStep {
    /// The name of the set.
    pub set: String,
    /// The first day of what is new.
    pub effective_from: Date,
    /// How many of its limits are there already.
    pub unchanged: usize,
    /// Those that are new.
    pub new: Vec<NewTimescale>,
}

/// A limit that is new.
#[derive(Debug, Clone)]
pub struct NewTimescale {
    /// Its code.
    pub code: String,
    /// Its version.
    pub version: String,
    /// The limit.
    pub limit: String,
    /// The version that is in force now, if there is one.
    pub in_force: Option<String>,
    /// How it differs from that one.
    pub changes: Vec<String>,
    /// How many delays of open escalations wait under which version: they keep it.
    pub waiting: Vec<RunningUnder>,
}

/// What a calendar changes.
#[derive(Debug, Clone)]
pub struct CalendarStep {
    /// Its version.
    pub version: String,
    /// Its nation.
    pub nation: Nation,
    /// The first and the last year that it covers.
    pub years: (i16, i16),
    /// The SHA-256 of its nation, years and dates.
    pub dates_sha256: String,
    /// Whether it is there already, so that nothing is done.
    pub already_there: bool,
    /// The version that counts new dates now, with its SHA-256.
    pub in_use: Option<(String, String)>,
    /// How it differs from that one.
    pub changes: Vec<String>,
    /// How many clocks run under which calendar: they keep it.
    pub running: Vec<RunningUnder>,
}

impl Proposal {
    /// Whether the rules are sound in themselves.
    ///
    /// # Errors
    /// [`Refusal::Unsound`] with everything that is wrong.
    pub fn check(&self, today: Date) -> Result<(), Refusal> {
        match self {
            Self::Policy(it) => sound_policy(&it.policy),
            Self::Calendar { calendar, .. } => sound_calendar(calendar, today),
            Self::Timescales { set, timescales, .. } => {
                let mut seen = std::collections::BTreeSet::new();
                let mut faults = Vec::new();
                for it in timescales.iter().map(|it| &it.timescale) {
                    let own = told(it.check());
                    faults.extend(own.into_iter().map(|fault| format!("{}: {fault}", it.code)));
                    if !seen.insert(&it.code) {
                        faults.push(format!("{}: is there twice", it.code));
                    }
                }
                sound(format!("the timescales {set}"), faults)
            }
        }
    }
}

/// Whether escalations can run under the policy.
///
/// # Errors
/// [`Refusal::Unsound`] with everything that is wrong.
pub(super) fn sound_policy(policy: &StagePolicy) -> Result<(), Refusal> {
    sound(format!("the stage policy {}", policy.version), told(policy.check()))
}

/// Whether dates can be counted with the calendar from today on.
///
/// # Errors
/// [`Refusal::Unsound`] with everything that is wrong.
pub(super) fn sound_calendar(calendar: &Calendar, today: Date) -> Result<(), Refusal> {
    sound(format!("the calendar {}", calendar.version()), told(calendar.check(today)))
}

fn sound(what: String, faults: Vec<String>) -> Result<(), Refusal> {
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Unsound { what, faults }) }
}

fn told<F: std::fmt::Display>(checked: Result<(), Vec<F>>) -> Vec<String> {
    checked.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The partnership with this code.
///
/// # Errors
/// There is none, or the database fails.
pub async fn partnership_called(deps: &Deps, code: &str) -> Result<PartnershipId, Refusal> {
    let found = agencies::find_partnership(&deps.pool, code).await?;
    found.ok_or_else(|| Refusal::UnknownPartnership(code.to_owned()))
}

/// What the proposals would change. Changes nothing.
///
/// # Errors
/// Why they could not come into force.
pub async fn plan(
    deps: &Deps,
    id: PartnershipId,
    proposals: Vec<Proposal>,
) -> Result<Plan, Refusal> {
    let now = deps.clock.now();
    transaction(&deps.pool, Stated::partnership(id), async |conn| {
        Ok(decide(conn, id, proposals, now).await?.0)
    })
    .await
}

/// Puts the proposals into force, all of them or none. What is there already stays as it is.
///
/// # Errors
/// Why they do not come into force.
pub async fn apply(
    deps: &Deps,
    id: PartnershipId,
    proposals: Vec<Proposal>,
) -> Result<Plan, Refusal> {
    let now = deps.clock.now();
    let plan = transaction(&deps.pool, Stated::partnership(id), async |conn| {
        let (plan, new) = decide(conn, id, proposals, now).await?;
        reference::add_policies(conn, id, &new.policies, now).await?;
        reference::add_timescales(conn, id, &new.timescales, now).await?;
        for (calendar, source) in &new.calendars {
            calendars::add(conn, id, calendar, source, now).await?;
        }
        Ok::<_, Refusal>(plan)
    })
    .await
    .map_err(|refusal| match refusal {
        // What was not there a moment ago is there now.
        Refusal::Failure(Failure::Store(StoreFailure::Constraint(_))) => Refusal::Meanwhile,
        other => other,
    })?;
    deps.forget();
    Ok(plan)
}
