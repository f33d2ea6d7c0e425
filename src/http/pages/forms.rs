//! What the forms of our pages have in common: what was typed is read, and what is wrong with it is said beside it.

use crate::domain::free_text::FreeText;
use crate::http::field_codes::FieldCode;
use crate::http::problem::Problem;
use crate::http::problem_types::ProblemType;
use crate::usecases::Failure;

/// What is wrong with one field of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The field, as it is called in the form.
    pub(super) field: String,
    /// How to put it right.
    pub(super) words: String,
}

impl Wrong {
    /// Something that is wrong wherever it is.
    pub(super) fn new(field: &str, code: FieldCode) -> Self {
        Self { field: field.to_owned(), words: code.advice().to_owned() }
    }
}

/// A text of at most `MAX` characters as it was typed.
pub(super) fn text<const MAX: usize>(field: &str, typed: &str) -> Result<String, Wrong> {
    FreeText::<MAX>::parse(typed).map(String::from).map_err(|error| {
        let code = error.code().parse().unwrap_or(FieldCode::Pattern);
        match code {
            FieldCode::TooLong => Wrong {
                field: field.to_owned(),
                words: format!("Shorten this to {MAX} characters."),
            },
            code => Wrong::new(field, code),
        }
    })
}

/// What a use case found wrong with the fields of a form.
///
/// # Errors
/// It failed for another reason, which no field can mend.
pub(super) fn wrongs(failure: Failure) -> Result<Vec<Wrong>, Problem> {
    let problem = Problem::from(failure);
    if problem.kind() != ProblemType::ValidationFailed {
        return Err(problem);
    }
    let errors = problem.document().errors.iter();
    Ok(errors
        .map(|it| Wrong {
            field: it.pointer.trim_start_matches("#/").to_owned(),
            words: it.detail.clone(),
        })
        .collect())
}
