//! The rows of files in the words of the contract: a row is read as a record that is sent alone, and refused in the same way.

use deserr::deserialize;
use serde_json::Value;

use super::field_errors::{FieldCode, FieldErrors};
use super::import_columns::of_pointer;
use super::problem::Problem;
use super::requests::RaiseEscalation;
use super::sources::named;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::import::RowFault;
use crate::usecases::Failure;
use crate::usecases::import_work::RowForm;
use crate::usecases::upsert::Sent;

/// Reads and refuses rows as the contract says.
#[derive(Debug, Clone, Copy)]
pub struct ContractRows;

impl RowForm for ContractRows {
    fn read(&self, row: &[u8], schemes: &SchemePolicy) -> Result<Sent, Vec<RowFault>> {
        // What was accepted was JSON; what is not is a record without members.
        let record: Value = serde_json::from_slice(row).unwrap_or_default();
        let read = deserialize::<RaiseEscalation, _, FieldErrors>(record.clone());
        read.map_err(Problem::from)
            .and_then(|input| named(input, schemes))
            .map_err(|problem| faults(&problem, &record))
    }

    fn refusal(&self, row: &[u8], failure: Failure) -> Vec<RowFault> {
        faults(&failure.into(), &serde_json::from_slice(row).unwrap_or_default())
    }
}

/// A problem as what is wrong with a row.
fn faults(problem: &Problem, record: &Value) -> Vec<RowFault> {
    let kind = problem.kind();
    let document = problem.document();
    if document.errors.is_empty() {
        return vec![RowFault {
            pointer: None,
            column: None,
            code: kind.slug().to_owned(),
            message: kind.title().to_owned(),
            fix: document.detail.clone(),
        }];
    }
    let errors = document.errors.iter().map(|error| {
        let sent = error.pointer.strip_prefix('#').and_then(|it| record.pointer(it));
        let damage = sent.and_then(Value::as_str).and_then(|sent| damage(sent, error.code));
        let usual = (error.code.says().to_owned(), error.detail.clone());
        let (message, fix) =
            damage.map_or(usual, |(message, fix)| (message.to_owned(), fix.to_owned()));
        RowFault {
            pointer: Some(error.pointer.clone()),
            column: of_pointer(&error.pointer).map(str::to_owned),
            code: error.code.code().to_owned(),
            message,
            fix,
        }
    });
    errors.collect()
}

const FORMAT: &str = "Format the column as text before you enter or paste values, take the value from its source again, \
                      and save the file as CSV UTF-8.";

/// What a spreadsheet did to a value that is refused, if it looks so.
fn damage(sent: &str, code: FieldCode) -> Option<(&'static str, &'static str)> {
    let of_time = matches!(
        code,
        FieldCode::InvalidDatetime
            | FieldCode::InvalidDate
            | FieldCode::OffsetRequired
            | FieldCode::OutOfRange
    );
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let (whole, part) = sent.split_once('.').unwrap_or((sent, "0"));
    if of_time && whole.len() == 5 && digits(whole) && digits(part) {
        let message = "A spreadsheet has made a number of this time: it counts days since 1900.";
        return Some((
            message,
            "Format the column as text and enter the time as 2026-01-31T09:30:00Z.",
        ));
    }
    if of_time && sent.contains('/') && sent.split(['/', ' ', ':']).all(digits) {
        let message =
            "A spreadsheet has rewritten this time; which number is the month is not certain.";
        return Some((
            message,
            "Format the column as text and enter the time as 2026-01-31T09:30:00Z.",
        ));
    }
    let (number, power) = sent.split_once("E+").or_else(|| sent.split_once("e+"))?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let scientific = digits(whole) && digits(part) && digits(power);
    scientific.then_some((
        "A spreadsheet has shortened this long number, and its last digits are lost.",
        FORMAT,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_did_is_told_as_that() {
        for (sent, code, part) in [
            ("46082", FieldCode::InvalidDatetime, "made a number"),
            ("46082.395", FieldCode::InvalidDatetime, "made a number"),
            ("5/6/2026", FieldCode::InvalidDatetime, "which number is the month"),
            ("5/6/2026 10:15", FieldCode::InvalidDatetime, "which number is the month"),
            ("1.23E+15", FieldCode::Pattern, "last digits are lost"),
            ("9E+20", FieldCode::Pattern, "last digits are lost"),
        ] {
            assert!(damage(sent, code).unwrap().0.contains(part), "{sent}");
        }
        for (sent, code) in [
            ("46082", FieldCode::Pattern),
            ("2026-06-05", FieldCode::InvalidDatetime),
            ("yesterday", FieldCode::InvalidDatetime),
            ("ABCE+1", FieldCode::Pattern),
            ("a/b", FieldCode::InvalidDatetime),
        ] {
            assert_eq!(damage(sent, code), None, "{sent}");
        }
    }

    #[test]
    fn a_row_is_refused_with_everything_that_is_wrong_and_nothing_that_it_says() {
        let row = br#"{"external_reference": "1.23E+15", "urgency": "zq7", "raised_at": "46082",
                       "child_references": [{"scheme": "la_child_id", "value": "Zq7 Name"}]}"#;
        let faults = ContractRows.read(row, &SchemePolicy::default()).unwrap_err();
        let told: Vec<_> = faults
            .iter()
            .map(|it| (it.column.as_deref().unwrap_or_default(), it.code.as_str()))
            .collect();
        let expected = [
            ("desired_outcome", "required"),
            ("external_reference", "pattern"),
            ("raised_at", "invalid_datetime"),
            ("raised_with_agency", "required"),
            ("theme", "required"),
            ("urgency", "unknown_code"),
        ];
        assert_eq!(told, expected);
        assert!(!format!("{faults:?}").to_lowercase().contains("zq7"));
    }
}
