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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timescale_that_measures_nothing_is_found() {
        let sound = Timescale {
            code: "cp_visit".to_owned(),
            version: "local-1".to_owned(),
            label: "See the child".to_owned(),
            limit: Some(Limit::after(10, LimitUnit::WorkingDay)),
            starts: "Previous visit".to_owned(),
            stops: "Child seen".to_owned(),
            basis: "local".to_owned(),
            source: "Local standard".to_owned(),
            verified_against_wt2026: false,
        };
        assert_eq!(sound.check(), Ok(()));
        let with = |limit| Timescale { limit, ..sound.clone() }.check();
        assert_eq!(with(None), Ok(()));
        assert_eq!(with(Some(Limit::after(0, LimitUnit::WorkingDay))), Ok(()), "the same day");
        assert_eq!(with(Some(Limit::after(156, LimitUnit::Week))), Ok(()));
        for (amount, unit, fault) in [
            (0, LimitUnit::Hour, TimescaleFault::Nothing),
            (0, LimitUnit::Month, TimescaleFault::Nothing),
            (158, LimitUnit::Week, TimescaleFault::TooLong),
            (u32::MAX, LimitUnit::WorkingDay, TimescaleFault::TooLong),
        ] {
            assert_eq!(with(Some(Limit::after(amount, unit))), Err(vec![fault]), "{unit}");
        }
        let slips = Timescale {
            code: "CP visit".to_owned(),
            version: String::new(),
            stops: " ".to_owned(),
            ..sound
        };
        let all = [TimescaleFault::Code, TimescaleFault::Version, TimescaleFault::Words];
        assert_eq!(slips.check(), Err(all.to_vec()));
    }
}
