//! The search for personal identifiers in what people write, because an oversight record must
//! not become a second case file.

use super::characters::as_seen;
use super::check_digits::{is_nhs_number, is_upn};
use super::codes::codes;

codes! {
    /// What a stretch of text appears to be.
    pub enum FindingKind {
        /// An NHS number that passes its check.
        NhsNumber => "nhs_number",
        /// A unique pupil number that passes its check.
        Upn => "upn",
        /// An e-mail address.
        Email => "email",
        /// A telephone number of the United Kingdom.
        Phone => "phone",
        /// A full postcode of the United Kingdom.
        Postcode => "postcode",
        /// A date that is said to be someone's birth.
        DateOfBirth => "date_of_birth",
        /// A National Insurance number.
        NationalInsurance => "national_insurance",
    }
}

/// One identifier found in a text.
///
/// It holds no part of the text, so that it can be reported and logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What it appears to be.
    pub kind: FindingKind,
    /// The first character, counted in Unicode scalar values from 0.
    pub start: usize,
    /// The character after the last one.
    pub end: usize,
}

/// Every personal identifier that the text appears to hold, in order and without overlaps.
///
/// Source: the list of what partnerships keep out of an oversight record. Shapes with a check
/// digit are reported only when the check passes, dates only after a word for birth, and nothing
/// inside a longer reference number, because a search that cries wolf is switched off.
#[must_use]
pub fn findings(text: &str) -> Vec<Finding> {
    let (places, characters): (Vec<usize>, Vec<char>) = as_seen(text).unzip();
    let page = Page(&characters);
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        match page.identifier_at(at) {
            Some((kind, end)) if end > at => {
                let place = |index: usize| places.get(index).copied().unwrap_or_default();
                found.push(Finding { kind, start: place(at), end: place(end - 1) + 1 });
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

mod birth;
mod number;
mod page;
mod word;

use page::Page;

/// Where the identifier that begins at a place ends, if one does.
type Detector<'text> = fn(Page<'text>, usize) -> Option<usize>;

impl<'text> Page<'text> {
    fn identifier_at(self, at: usize) -> Option<(FindingKind, usize)> {
        let detectors: [(FindingKind, Detector<'text>); 7] = [
            (FindingKind::Email, word::email),
            (FindingKind::DateOfBirth, birth::date_of_birth),
            (FindingKind::Upn, number::upn),
            (FindingKind::NationalInsurance, number::national_insurance),
            (FindingKind::NhsNumber, number::nhs_number),
            (FindingKind::Phone, number::phone),
            (FindingKind::Postcode, word::postcode),
        ];
        detectors.into_iter().find_map(|(kind, detector)| Some((kind, detector(self, at)?)))
    }
}

#[cfg(test)]
mod tests;
