//! The child as a reference that another system can resolve, because a name in an oversight
//! record can reveal a safe address.

use std::collections::BTreeSet;
use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::characters::{is_dash, is_invisible};
use super::check_digits::{has_upn_form, is_nhs_number, is_nhs_test_number, is_upn};
use super::codes::codes;

/// The version of the normalisation behind [`ChildReference::lookup_text`].
///
/// Stored with every keyed hash. Whoever changes the rules raises it, because a hash made under
/// other rules matches nothing.
pub const NORMALISATION_VERSION: u16 = 1;

/// The longest normalised value, in characters.
const MAX_CHARACTERS: usize = 40;
/// The longest value that is looked at: blanks and hyphens disappear, compatibility forms expand.
const MAX_RAW_CHARACTERS: usize = 200;

codes! {
    /// The system that can say who is meant.
    pub enum Scheme {
        /// The local authority's child identifier, as in the children in need census.
        LaChildId => "la_child_id",
        /// Person identifier of Mosaic.
        MosaicPersonId => "mosaic_person_id",
        /// Person identifier of Liquidlogic.
        LiquidlogicId => "liquidlogic_id",
        /// Patient identifier of SystmOne.
        SystmoneId => "systmone_id",
        /// Nominal number of the police system Niche.
        NicheNominal => "niche_nominal",
        /// NHS number; off until regulations name the consistent identifier.
        NhsNumber => "nhs_number",
        /// Unique pupil number; for matching what schools send, never shown or exported.
        Upn => "upn",
        /// An identifier that only the sending agency can resolve.
        Opaque => "opaque",
    }
}

/// Which references a partnership accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemePolicy {
    /// The schemes that may be sent.
    pub allowed: BTreeSet<Scheme>,
    /// Whether NHS numbers of the test range (999…) may be sent; for synthetic data only.
    pub test_range_allowed: bool,
}

impl Default for SchemePolicy {
    /// Every scheme but the NHS number, and no test numbers.
    ///
    /// Source: the duty to use a consistent identifier (Children Act 2004 s.16LA ff., as inserted
    /// in 2026) is not in force, so the NHS number waits for a decision of the partnership.
    fn default() -> Self {
        Self {
            allowed: Scheme::ALL
                .iter()
                .copied()
                .filter(|scheme| *scheme != Scheme::NhsNumber)
                .collect(),
            test_range_allowed: false,
        }
    }
}

/// Why a reference is refused. No message repeats the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChildReferenceError {
    /// Not the form of an identifier of this scheme.
    #[error(
        "does not look like an identifier of this scheme; a name or other text is not accepted"
    )]
    Pattern,
    /// The check digit or letter is wrong.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// The partnership does not accept this scheme.
    #[error("this partnership does not accept identifiers of this scheme")]
    SchemeNotAllowed,
    /// A test number outside a test.
    #[error("a number of the test range is not accepted")]
    TestRange,
    /// A control character, or one that cannot be seen.
    #[error("contains a character that cannot be seen")]
    DisallowedCharacter,
    /// Too many characters.
    #[error("is too long")]
    TooLong,
    /// Nothing, or too few characters for the scheme.
    #[error("is too short")]
    TooShort,
}

impl ChildReferenceError {
    /// The stable code of the contract.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pattern => "pattern",
            Self::CheckDigit => "check_digit",
            Self::SchemeNotAllowed => "scheme_not_allowed",
            Self::TestRange => "test_range",
            Self::DisallowedCharacter => "disallowed_character",
            Self::TooLong => "too_long",
            Self::TooShort => "too_short",
        }
    }
}

/// A reference to a child: a scheme and a normalised value, never a name.
///
/// It has no `Display` and no serialisation, and `Debug` hides the value, so that it cannot reach
/// a log, an address or an error by accident.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChildReference {
    scheme: Scheme,
    value: String,
}

impl ChildReference {
    /// Reads what a person or a system typed.
    ///
    /// Normalisation (version [`NORMALISATION_VERSION`]): compatibility forms to ordinary
    /// characters (NFKC), blanks and hyphens removed, upper case.
    ///
    /// # Errors
    /// [`ChildReferenceError`]; the scheme is checked first, so that a forbidden NHS number is
    /// never judged.
    pub fn parse(
        scheme: Scheme,
        text: &str,
        policy: &SchemePolicy,
    ) -> Result<Self, ChildReferenceError> {
        if !policy.allowed.contains(&scheme) {
            return Err(ChildReferenceError::SchemeNotAllowed);
        }
        if text.chars().nth(MAX_RAW_CHARACTERS).is_some() {
            return Err(ChildReferenceError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || is_invisible(c)) {
            return Err(ChildReferenceError::DisallowedCharacter);
        }
        if has_words(text) {
            return Err(ChildReferenceError::Pattern);
        }
        let value = normalised(text);
        match scheme {
            Scheme::NhsNumber => check_nhs_number(&value, policy)?,
            Scheme::Upn => check_upn(&value)?,
            Scheme::Opaque if hides_nhs_number(&value) => {
                return Err(ChildReferenceError::Pattern);
            }
            _ => check_identifier(&value)?,
        }
        Ok(Self { scheme, value })
    }

    /// The reference that was stored earlier, without judging it by today's policy.
    #[must_use]
    pub const fn restore(scheme: Scheme, normalised_value: String) -> Self {
        Self { scheme, value: normalised_value }
    }

    /// The system that can say who is meant.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The normalised value, for those who may see it and for encryption.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The text whose keyed hash finds this child again: `scheme:value`.
    ///
    /// To be hashed with the partnership's key and never stored: an unkeyed hash of an NHS number
    /// is reversed within minutes.
    #[must_use]
    pub fn lookup_text(&self) -> String {
        format!("{}:{}", self.scheme.code(), self.value)
    }
}

impl fmt::Debug for ChildReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildReference").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

fn normalised(text: &str) -> String {
    text.nfkc()
        .filter(|c| !c.is_whitespace() && !is_dash(*c))
        .flat_map(char::to_uppercase)
        .collect()
}

/// Whether two or more words stand in the text: a name with a date must not pass as an identifier
/// once its blanks are gone.
fn has_words(text: &str) -> bool {
    let is_word = |part: &&str| part.chars().count() > 1 && part.chars().all(char::is_alphabetic);
    text.split_whitespace().filter(is_word).nth(1).is_some()
}

fn check_identifier(value: &str) -> Result<(), ChildReferenceError> {
    if value.is_empty() {
        return Err(ChildReferenceError::TooShort);
    }
    if value.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(ChildReferenceError::TooLong);
    }
    let fits = |c: char| {
        c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '/' | '#')
    };
    if value.chars().all(fits) && value.contains(|c: char| c.is_ascii_digit()) {
        Ok(())
    } else {
        Err(ChildReferenceError::Pattern)
    }
}

fn check_nhs_number(value: &str, policy: &SchemePolicy) -> Result<(), ChildReferenceError> {
    check_identifier(value)?;
    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ChildReferenceError::Pattern);
    }
    check_length(value, 10)?;
    if !is_nhs_number(value) {
        return Err(ChildReferenceError::CheckDigit);
    }
    if is_nhs_test_number(value) && !policy.test_range_allowed {
        return Err(ChildReferenceError::TestRange);
    }
    Ok(())
}

fn check_upn(value: &str) -> Result<(), ChildReferenceError> {
    check_identifier(value)?;
    check_length(value, 13)?;
    if !has_upn_form(value) {
        return Err(ChildReferenceError::Pattern);
    }
    if is_upn(value) { Ok(()) } else { Err(ChildReferenceError::CheckDigit) }
}

fn check_length(value: &str, characters: usize) -> Result<(), ChildReferenceError> {
    match value.len().cmp(&characters) {
        std::cmp::Ordering::Less => Err(ChildReferenceError::TooShort),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(ChildReferenceError::TooLong),
    }
}

/// Whether a value of the opaque scheme is an NHS number in disguise, with or without a prefix
/// that says so.
fn hides_nhs_number(value: &str) -> bool {
    let bare: String = value.chars().filter(|c| !matches!(c, '.' | '_' | '/' | '#')).collect();
    let bare = match bare.strip_prefix("NHS") {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_uppercase()),
        None => &bare,
    };
    is_nhs_number(bare)
}

#[cfg(test)]
mod tests;
