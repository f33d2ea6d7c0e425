//! The three kinds of files that a partnership's rules come in, known by what they list.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::shapes::{CalendarFile, StagePolicyFile, TimescaleSet};

/// A reviewed file with rules. Which kind it is follows from the one list that it has: `stages`, `timescales` or
/// `holidays`. The shipped files are of the same forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgreedFile {
    /// A ladder with its rules.
    StagePolicy(StagePolicyFile),
    /// Limits of the child's process.
    Timescales(TimescaleSet),
    /// Bank holidays of one nation.
    Calendar(CalendarFile),
}

/// Why a file is none of them.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is no JSON.
    #[error("is no JSON: {0}")]
    NotJson(#[source] serde_json::Error),
    /// It lists nothing that is known, or two things at once.
    #[error(
        "must have exactly one of \"stages\" (a stage policy), \"timescales\" (limits of the child's process) and \
         \"holidays\" (a calendar)"
    )]
    Kind,
    /// It is not of the form of its kind.
    #[error("is no {kind}: {source}")]
    Form {
        /// What its list says that it is.
        kind: &'static str,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
}

impl AgreedFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It is of no known kind, or not of the form of its kind; members that nobody knows are refused.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let value: Value = serde_json::from_str(text).map_err(FileError::NotJson)?;
        let has = |list: &str| value.get(list).is_some();
        match (has("stages"), has("timescales"), has("holidays")) {
            (true, false, false) => Ok(Self::StagePolicy(read("stage policy", text)?)),
            (false, true, false) => Ok(Self::Timescales(read("set of timescales", text)?)),
            (false, false, true) => Ok(Self::Calendar(read("calendar", text)?)),
            _ => Err(FileError::Kind),
        }
    }
}

// From the text and not from the value, which has forgotten lines and members that came twice.
fn read<T: DeserializeOwned>(kind: &'static str, text: &str) -> Result<T, FileError> {
    serde_json::from_str(text).map_err(|source| FileError::Form { kind, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::FILES;

    fn shipped(name: &str) -> &'static str {
        FILES.iter().find(|(file, _)| *file == name).expect(name).1
    }

    #[test]
    fn the_shipped_files_are_known_by_what_they_list() {
        let kind = |name: &str| match AgreedFile::parse(shipped(name)).expect(name) {
            AgreedFile::StagePolicy(_) => "policy",
            AgreedFile::Timescales(_) => "timescales",
            AgreedFile::Calendar(_) => "calendar",
        };
        assert_eq!(kind("stage_policy.json"), "policy");
        assert_eq!(kind("timescales.json"), "timescales");
        for nation in ["england_and_wales", "scotland", "northern_ireland"] {
            assert_eq!(kind(&format!("calendar_{nation}.json")), "calendar");
        }
        assert!(matches!(AgreedFile::parse(shipped("themes.json")), Err(FileError::Kind)));
    }

    #[test]
    fn what_is_none_of_them_says_why() {
        let told = |text: &str| AgreedFile::parse(text).expect_err(text).to_string();
        assert!(told("{").starts_with("is no JSON: "));
        for neither in ["{}", "[]", "{\"stages\": [], \"holidays\": []}"] {
            assert!(told(neither).starts_with("must have exactly one of \"stages\""), "{neither}");
        }
        let calendar = shipped("calendar_scotland.json");
        let slip = calendar.replace("\"first_year\"", "\"frist_year\"");
        assert!(
            told(&slip).starts_with("is no calendar: unknown field `frist_year`"),
            "{}",
            told(&slip)
        );
        let twice = calendar.replace("\"nation\"", "\"version\": \"other\", \"nation\"");
        assert!(told(&twice).contains("duplicate field `version`"), "{}", told(&twice));
    }
}
