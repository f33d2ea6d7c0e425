//! A timescale: how soon one step of a child's process must happen, and on whose authority.

use super::limit::{Limit, LimitUnit};
use super::policy_check::{is_code, is_version_name, most_hours};

/// One version of a timescale, as a partnership uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timescale {
    /// Its stable code, for example `icpc`.
    pub code: String,
    /// The guidance or local decision that set it, for example `WT2023`.
    pub version: String,
    /// The step, in words.
    pub label: String,
    /// How soon; none for `other`.
    pub limit: Option<Limit>,
    /// The event from which the time runs.
    pub starts: String,
    /// The event that must happen in time.
    pub stops: String,
    /// What kind of authority set it.
    pub basis: String,
    /// Where it is written.
    pub source: String,
    /// Whether a person has checked it against Working Together 2026.
    pub verified_against_wt2026: bool,
}

/// No step of a child's process is given more than three years, in hours.
const LONGEST_HOURS: u64 = 3 * 366 * 24;

/// One thing that is wrong with a timescale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimescaleFault {
    /// Its code is none.
    #[error("the code must be small letters, digits and '_', a letter first")]
    Code,
    /// Its version is no name.
    #[error("the version must be 1 to 60 letters, digits, '-', '_' and '.'")]
    Version,
    /// It says nothing of what it is.
    #[error("label, start and stop must be words")]
    Words,
    /// Nothing would ever be in time.
    #[error(
        "the limit must be more than 0; 0 is for working_day and same_day, and means the same day"
    )]
    Nothing,
    /// A slip of the pen.
    #[error("the limit must not be longer than three years")]
    TooLong,
}

impl Timescale {
    /// Whether delays can be measured by it.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn check(&self) -> Result<(), Vec<TimescaleFault>> {
        let mut faults = Vec::new();
        if !is_code(&self.code) {
            faults.push(TimescaleFault::Code);
        }
        if !is_version_name(&self.version) {
            faults.push(TimescaleFault::Version);
        }
        if [&self.label, &self.starts, &self.stops].iter().any(|words| words.trim().is_empty()) {
            faults.push(TimescaleFault::Words);
        }
        if let Some(limit) = self.limit {
            let same_day = matches!(limit.unit, LimitUnit::SameDay | LimitUnit::WorkingDay);
            if limit.amount == 0 && !same_day {
                faults.push(TimescaleFault::Nothing);
            }
            if most_hours(&limit) > LONGEST_HOURS + 24 {
                faults.push(TimescaleFault::TooLong);
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}
