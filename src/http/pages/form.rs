//! What every form of ours has in common: whatever was typed comes back, beside what is wrong with it.

use crate::domain::free_text::{FreeText, FreeTextError, Unfit};
use crate::http::field_codes::FieldCode;
use crate::http::problem::Problem;
use crate::http::problem_types::ProblemType;
use crate::usecases::Failure;

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The field's `id` in the page; none where it is about the whole form.
    pub(super) field: Option<String>,
    /// What is wrong, and how to mend it.
    pub(super) words: String,
}

/// Everything to mend, in the order of the form.
#[derive(Debug, Clone, Default)]
pub(super) struct Wrongs(Vec<Wrong>);

impl Wrongs {
    /// Something about the whole form.
    pub(super) fn all(&mut self, words: impl Into<String>) {
        self.0.push(Wrong { field: None, words: words.into() });
    }

    /// Something about one field, which is told one thing at a time.
    pub(super) fn at(&mut self, field: &str, words: impl Into<String>) {
        if self.of(field).is_some() {
            return;
        }
        self.0.push(Wrong { field: Some(field.to_owned()), words: words.into() });
    }

    /// Something that is wrong wherever it is.
    pub(super) fn code(&mut self, field: &str, code: FieldCode) {
        self.at(field, code.advice());
    }

    /// What a use case found wrong with the fields, of which `field` says what they are called in the page.
    ///
    /// # Errors
    /// It failed for another reason, which no field can mend.
    pub(super) fn refused(
        &mut self,
        failure: Failure,
        field: impl Fn(&str) -> String,
    ) -> Result<(), Problem> {
        let problem = Problem::from(failure);
        if problem.kind() != ProblemType::ValidationFailed {
            return Err(problem);
        }
        for error in &problem.document().errors {
            self.at(&field(error.pointer.trim_start_matches("#/")), error.detail.clone());
        }
        Ok(())
    }

    /// What is wrong with a field.
    pub(super) fn of(&self, field: &str) -> Option<&str> {
        let of = self.0.iter().find(|it| it.field.as_deref() == Some(field));
        of.map(|it| it.words.as_str())
    }

    /// All of them.
    pub(super) fn list(&self) -> &[Wrong] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a field in which no person may be named. `what` begins the sentence, as "The reason".
    pub(super) fn text<const MAX: usize>(
        &mut self,
        typed: &str,
        field: &str,
        what: &str,
    ) -> Option<FreeText<MAX>> {
        match FreeText::naming_nobody(typed) {
            Ok(text) => Some(text),
            Err(unfit) => {
                self.at(field, format!("{what} {}", unfit_words(unfit)));
                None
            }
        }
    }

    /// The same where the use case says whether it names a person, together with everything else that it finds.
    pub(super) fn form<const MAX: usize>(
        &mut self,
        typed: &str,
        field: &str,
        what: &str,
    ) -> Option<FreeText<MAX>> {
        match FreeText::parse(typed) {
            Ok(text) => Some(text),
            Err(error) => {
                self.at(field, format!("{what} {}", unfit_words(Unfit::Form(error))));
                None
            }
        }
    }

    /// [`Self::text`] where nothing need be typed.
    pub(super) fn optional<const MAX: usize>(
        &mut self,
        typed: &str,
        field: &str,
        what: &str,
    ) -> Option<FreeText<MAX>> {
        if typed.trim().is_empty() { None } else { self.text(typed, field, what) }
    }
}

fn unfit_words(unfit: Unfit) -> String {
    match unfit {
        Unfit::Form(FreeTextError::TooShort) => "is missing.".to_owned(),
        Unfit::Form(FreeTextError::TooLong { max }) => {
            format!("is longer than {max} characters; shorten it.")
        }
        Unfit::Form(FreeTextError::ControlCharacter) => {
            "holds a control character; type it again.".to_owned()
        }
        Unfit::PersonalData => {
            "looks as if it held a person's details, such as a telephone number or a postcode; leave them out.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_says_what_is_wrong_with_it_and_none_repeats_what_was_typed() {
        let mut wrong = Wrongs::default();
        assert!(wrong.text::<10>("ring 07700 900123", "a", "The reason").is_none());
        assert!(wrong.text::<40>("ring 07700 900123", "b", "The reason").is_none());
        assert!(wrong.text::<40>(" ", "c", "The reason").is_none());
        assert!(wrong.optional::<40>(" ", "d", "The reason").is_none());
        assert_eq!(
            wrong.text::<40>(" fine ", "e", "It").map(String::from),
            Some("fine".to_owned())
        );
        assert_eq!(wrong.list().len(), 3);
        assert_eq!(wrong.of("a"), Some("The reason is longer than 10 characters; shorten it."));
        assert!(wrong.of("b").is_some_and(|it| it.contains("telephone") && !it.contains("07700")));
        assert_eq!((wrong.of("c"), wrong.of("d")), (Some("The reason is missing."), None));
    }
}
