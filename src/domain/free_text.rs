//! Text that a person writes, bounded and cleaned, because free text is where names and numbers
//! leak.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::characters::is_invisible;

pub use super::identifier_scan::{Finding, FindingKind, findings, holds_identifier};

/// Why a text is refused. No message repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FreeTextError {
    /// Nothing that can be read.
    #[error("is empty")]
    TooShort,
    /// More characters than the field holds.
    #[error("is longer than {max} characters")]
    TooLong {
        /// The most characters that the field holds.
        max: usize,
    },
    /// A control character other than line break and tab.
    #[error("contains a control character")]
    ControlCharacter,
}

impl FreeTextError {
    /// The stable code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter => "control_character",
        }
    }
}

/// Why a text is refused where nobody may be named, and nobody may override that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no text of this kind.
    #[error(transparent)]
    Form(#[from] FreeTextError),
    /// It appears to hold a personal identifier.
    #[error("appears to hold a person's details")]
    PersonalData,
}

impl Unfit {
    /// The stable code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Form(error) => error.code(),
            Self::PersonalData => "personal_data",
        }
    }
}

/// A text of 1 to `MAX` characters (Unicode scalar values), without blanks at its ends.
///
/// `Debug` hides it, so that no log repeats what was written about a child. It is stored as it
/// was written: what must not be in it is told by [`findings`], and whether that is refused is
/// for [`FreeTextPolicy`](super::free_text_policy::FreeTextPolicy) to say.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FreeText<const MAX: usize>(String);

impl<const MAX: usize> FreeText<MAX> {
    /// Reads what was typed; CR LF becomes LF.
    ///
    /// # Errors
    /// [`FreeTextError`] when nothing readable is left, or too much, or a control character.
    pub fn parse(text: &str) -> Result<Self, FreeTextError> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
            return Err(FreeTextError::TooShort);
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(FreeTextError::ControlCharacter);
        }
        if text.chars().nth(MAX).is_some() {
            return Err(FreeTextError::TooLong { max: MAX });
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads what was typed where no person may be named: in what is shown to a whole meeting and kept for ever.
    ///
    /// # Errors
    /// [`Unfit`] as [`FreeText::parse`], or because a personal identifier appears to be in it.
    pub fn naming_nobody(text: &str) -> Result<Self, Unfit> {
        let text = Self::parse(text)?;
        if text.holds_identifier() { Err(Unfit::PersonalData) } else { Ok(text) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The personal identifiers that the text appears to hold, hints among them.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        findings(&self.0)
    }

    /// Whether it appears to hold something that is surely a personal identifier.
    #[must_use]
    pub fn holds_identifier(&self) -> bool {
        holds_identifier(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for FreeText<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreeText(..)")
    }
}

impl<const MAX: usize> std::str::FromStr for FreeText<MAX> {
    type Err = FreeTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl<const MAX: usize> TryFrom<String> for FreeText<MAX> {
    type Error = FreeTextError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl<const MAX: usize> From<FreeText<MAX>> for String {
    fn from(text: FreeText<MAX>) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        FreeText::<10>::parse(text).map_or_else(FreeTextError::code, |_| "ok")
    }

    #[test]
    fn a_text_is_bounded_in_characters_and_must_say_something() {
        for (text, expected) in [
            ("a", "ok"),
            ("  quorate  ", "ok"),
            ("one\ntwo\tx", "ok"),
            ("one\r\ntwo", "ok"),
            ("éééééééééé", "ok"),
            ("ééééééééééé", "too_long"),
            ("          a          ", "ok"),
            ("", "too_short"),
            (" \n\t ", "too_short"),
            ("\u{200B}\u{FEFF}\u{AD}", "too_short"),
            ("a\u{0}b", "control_character"),
            ("a\u{1B}[31m", "control_character"),
            ("a\rb", "control_character"),
            ("a\u{85}b", "control_character"),
            ("a\u{7F}b", "control_character"),
        ] {
            assert_eq!(code(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_kept_as_written_but_for_its_ends() {
        let text = FreeText::<40>::parse("  Two lines:\r\n  the second \n").expect("fits");
        assert_eq!(text.as_str(), "Two lines:\n  the second");
        assert_eq!(String::from(text), "Two lines:\n  the second");
    }

    #[test]
    fn where_nobody_may_be_named_an_identifier_is_refused_and_not_cut_out() {
        let code =
            |text: &str| FreeText::<60>::naming_nobody(text).map_or_else(Unfit::code, |_| "ok");
        assert_eq!(code("Health joins the duty rota."), "ok");
        assert_eq!(code("Mr Sample brings the Strategy Meeting's plan."), "ok");
        assert_eq!(code("Ring 07700 900123 first."), "personal_data");
        assert_eq!(code("Ask someone@example.org about it."), "personal_data");
        assert_eq!(code(&"x".repeat(61)), "too_long");
        assert_eq!(code(" "), "too_short");
    }

    #[test]
    fn neither_debug_nor_an_error_repeats_the_text() {
        let text = FreeText::<40>::parse("secret address").expect("fits");
        assert!(!format!("{text:?}").contains("secret"));
        let refused = FreeText::<3>::parse("secret address").expect_err("too long");
        assert!(!format!("{refused} {refused:?}").contains("secret"));
    }

    #[test]
    fn json_is_held_to_the_same_bounds() {
        assert!(serde_json::from_str::<FreeText<3>>("\"abc\"").is_ok());
        assert!(serde_json::from_str::<FreeText<3>>("\"abcd\"").is_err());
        let json = serde_json::to_string(&FreeText::<3>::parse("abc").expect("fits"));
        assert_eq!(json.expect("writes"), "\"abc\"");
    }
}
