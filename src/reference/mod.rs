//! The data that ships with the program, so that a new partnership starts with reviewed lists and
//! not with an empty table.

mod files;
mod shapes;

use jiff::civil::Date;
use serde::de::DeserializeOwned;

use crate::domain::working_days::{Calendar, HolidayOutsideYears, Nation};

pub use files::{AgreedFile, FileError};
pub use shapes::{
    BankHoliday, CalendarFile, CodeRow, LimitBasis, OutcomeLists, OutcomeRow, StagePolicyFile,
    StageRow, ThemeGroup, ThemeRow, ThemeSet, TimescaleRow, TimescaleSet,
};

const THEMES: &str = include_str!("themes.json");
const TIMESCALES: &str = include_str!("timescales.json");
const STAGE_POLICY: &str = include_str!("stage_policy.json");
const CALENDAR_ENGLAND_AND_WALES: &str = include_str!("calendar_england_and_wales.json");
const CALENDAR_SCOTLAND: &str = include_str!("calendar_scotland.json");
const CALENDAR_NORTHERN_IRELAND: &str = include_str!("calendar_northern_ireland.json");
const OUTCOMES: &str = include_str!("outcomes.json");

/// Every shipped file with its text, so that a start-up check can hash and name what is used.
pub const FILES: &[(&str, &str)] = &[
    ("themes.json", THEMES),
    ("timescales.json", TIMESCALES),
    ("stage_policy.json", STAGE_POLICY),
    ("calendar_england_and_wales.json", CALENDAR_ENGLAND_AND_WALES),
    ("calendar_scotland.json", CALENDAR_SCOTLAND),
    ("calendar_northern_ireland.json", CALENDAR_NORTHERN_IRELAND),
    ("outcomes.json", OUTCOMES),
];

/// A file that cannot be used; the tests keep this from happening to a shipped one.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The file is not of its form.
    #[error("the shipped file {file} cannot be read")]
    Unreadable {
        /// Its name.
        file: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A calendar contradicts itself.
    #[error("the calendar contradicts itself: {0}")]
    Calendar(#[from] HolidayOutsideYears),
    /// A calendar has a date twice, of which one may be a slip for another.
    #[error("the calendar has {0} twice")]
    Twice(Date),
}

/// The shipped escalation themes.
///
/// # Errors
/// [`ReferenceError`] when the file is not of its form.
pub fn themes() -> Result<ThemeSet, ReferenceError> {
    read("themes.json", THEMES)
}

/// The shipped limits of the child's process.
///
/// # Errors
/// [`ReferenceError`] when the file is not of its form.
pub fn timescales() -> Result<TimescaleSet, ReferenceError> {
    read("timescales.json", TIMESCALES)
}

/// The shipped default ladder.
///
/// # Errors
/// [`ReferenceError`] when the file is not of its form.
pub fn stage_policy() -> Result<StagePolicyFile, ReferenceError> {
    read("stage_policy.json", STAGE_POLICY)
}

/// The shipped bank holidays of England and Wales, as the file has them.
///
/// # Errors
/// [`ReferenceError`] when the file is not of its form.
pub fn calendar_file() -> Result<CalendarFile, ReferenceError> {
    read("calendar_england_and_wales.json", CALENDAR_ENGLAND_AND_WALES)
}

/// The shipped calendar of England and Wales.
///
/// # Errors
/// [`ReferenceError`] when the file is not of its form or contradicts itself.
pub fn england_and_wales() -> Result<Calendar, ReferenceError> {
    calendar_file()?.calendar()
}

/// The shipped bank holidays of a nation, as the file has them.
///
/// # Errors
/// [`ReferenceError`] when the file is not of its form.
pub fn calendar_of(nation: Nation) -> Result<CalendarFile, ReferenceError> {
    match nation {
        Nation::EnglandAndWales => calendar_file(),
        Nation::Scotland => read("calendar_scotland.json", CALENDAR_SCOTLAND),
        Nation::NorthernIreland => {
            read("calendar_northern_ireland.json", CALENDAR_NORTHERN_IRELAND)
        }
    }
}

/// The shipped words for the closed code lists.
///
/// # Errors
/// [`ReferenceError`] when the file is not of its form.
pub fn outcomes() -> Result<OutcomeLists, ReferenceError> {
    read("outcomes.json", OUTCOMES)
}

fn read<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, ReferenceError> {
    serde_json::from_str(text).map_err(|source| ReferenceError::Unreadable { file, source })
}

#[cfg(test)]
mod tests;
