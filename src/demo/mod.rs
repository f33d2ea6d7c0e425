//! A made-up partnership with two years of escalations, played through the same use cases as the API.

mod agencies;
mod besides;
mod case;
mod chance;
mod children;
mod course;
mod frame;
mod heard;
mod partnership;
mod play;
mod practice;
mod process;
mod rare_themes;
mod reviews;
mod script;
mod themes;
mod weeks;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::act::ActKind;
use crate::domain::event::Narrative;
use crate::domain::free_text::FreeTextError;
use crate::domain::practice::PracticeKind;
use crate::domain::week::IsoWeek;
use crate::domain::working_days::NoCalendar;
use crate::reference::ReferenceError;
use crate::usecases::policies::Refusal as RuleRefusal;
use crate::usecases::setup::SetupPlan;
use crate::usecases::{Deps, Failure};

pub use children::ChildText;
pub use course::By;
pub use reviews::MeetingDeed;
pub use script::{Deed, Refusal, Step};

/// What the made-up data depend on. The same options give the same data, but for what is encrypted.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// The seed of all chance.
    pub seed: u64,
    /// How many weeks.
    pub weeks: u32,
    /// The last of them: the last complete week.
    pub last_week: IsoWeek,
    /// The issuer of the tokens with which the made-up callers come.
    pub issuer: String,
}

/// The code of the made-up partnership.
pub const PARTNERSHIP: &str = "ANY";

/// A seed whose data show the relaunch and what was learned as clearly as the mean of all seeds.
const SEED: u64 = 4;

impl DemoOptions {
    /// Two years up to `last_week`.
    #[must_use]
    pub const fn two_years(last_week: IsoWeek, issuer: String) -> Self {
        Self { seed: SEED, weeks: 104, last_week, issuer }
    }
}

/// Why no data could be made up.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A shipped file cannot be read.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The weeks reach beyond the shipped calendar.
    #[error(transparent)]
    NoCalendar(#[from] NoCalendar),
    /// More weeks than there are.
    #[error("too many weeks")]
    TooManyWeeks,
    /// A list to choose from is empty; a fault of ours.
    #[error("there is nothing to choose from")]
    NothingToChoose,
    /// A sentence is not a text; a fault of ours.
    #[error(transparent)]
    Text(#[from] FreeTextError),
    /// A caller of the script is not registered.
    #[error("the caller {0} is not registered")]
    NotRegistered(String),
    /// The partnership could not be set up or asked.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The rules of the made-up partnership are not sound.
    #[error(transparent)]
    Rules(#[from] RuleRefusal),
    /// A step of the script was refused.
    #[error("escalation {case} of the script at {at}: {failure}")]
    Step {
        /// When.
        at: Timestamp,
        /// The number of the escalation in the script.
        case: u32,
        /// Why.
        failure: Box<Failure>,
    },
    /// What a meeting does was refused.
    #[error("the meeting at {at}: {why}")]
    Meeting {
        /// When.
        at: Timestamp,
        /// Why.
        why: Box<DemoError>,
    },
    /// A record of good practice was refused.
    #[error("good practice at {at}: {failure}")]
    Practice {
        /// When.
        at: Timestamp,
        /// Why.
        failure: Box<Failure>,
    },
    /// A step was taken that had to be refused, or refused for another reason than the script's.
    #[error("escalation {case} of the script at {at}: not taken or refused as written")]
    NotAsWritten {
        /// When.
        at: Timestamp,
        /// The number of the escalation in the script.
        case: u32,
    },
}

/// What was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DemoReport {
    /// The partnership had escalations, so nothing was added to them.
    pub already_there: bool,
    /// How many escalations were raised.
    pub raised: u64,
    /// How many acts of each kind followed.
    pub acts: BTreeMap<ActKind, u64>,
    /// How many records of good practice of each kind were made.
    pub practice: BTreeMap<PracticeKind, u64>,
    /// How many heartbeats were heard.
    pub heartbeats: u64,
    /// How many nil returns were given.
    pub nil_returns: u64,
    /// How much was refused, as it should be, by reason.
    pub refused: BTreeMap<Refusal, u64>,
}

/// The made-up partnership as it is on the first day of the series.
///
/// # Errors
/// The shipped reference data cannot be read, or do not cover the weeks.
pub fn partnership(options: &DemoOptions) -> Result<SetupPlan, DemoError> {
    partnership::plan(options, &frame::Frame::of(options)?)
}

/// Everything that happens, in the order in which the service hears of it.
///
/// # Errors
/// The shipped reference data cannot be read, or do not cover the weeks.
pub fn script(options: &DemoOptions) -> Result<Vec<Step>, DemoError> {
    script::write(options.seed, &frame::Frame::of(options)?)
}

/// Sets the partnership up and plays the script, unless it has escalations already.
///
/// `progress` hears how many steps of how many are done. An interrupted load is not continued: the partnership has
/// escalations then.
///
/// # Errors
/// The database fails, or a step goes otherwise than written.
pub async fn load(
    deps: &Deps,
    options: &DemoOptions,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<DemoReport, DemoError> {
    play::load(deps, options, progress).await
}

fn text(sentence: &str) -> Result<Narrative, DemoError> {
    Ok(Narrative::parse(sentence)?)
}

#[cfg(test)]
mod tests;
