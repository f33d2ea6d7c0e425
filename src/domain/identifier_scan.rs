//! The search for personal identifiers in what people write, because an oversight record must
//! not become a second case file.

use std::ops::Range;

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
        /// Nine digits or more that no word calls a reference: it may be somebody's number.
        LongNumber => "long_number",
        /// What the words around it say is the name of a person.
        PersonName => "person_name",
    }
}

impl FindingKind {
    /// Whether it is too uncertain to refuse a text for: an agency's or a street's name can look like a person's.
    #[must_use]
    pub const fn is_hint(self) -> bool {
        matches!(self, Self::LongNumber | Self::PersonName)
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
/// digit are reported only when the check passes, dates only beside a word for birth, and nothing
/// inside a longer reference number, because a search that cries wolf is switched off. What it
/// finds and misses is measured on made-up narratives: `docs/free-text.md`.
#[must_use]
pub fn findings(text: &str) -> Vec<Finding> {
    let (places, characters): (Vec<usize>, Vec<char>) = as_seen(text).unzip();
    let page = Page(&characters);
    let place = |index: usize| places.get(index).copied().unwrap_or_default();
    let finding = |kind, stretch: Range<usize>| Finding {
        kind,
        start: place(stretch.start),
        end: place(stretch.end.saturating_sub(1)) + 1,
    };
    let mut names = names::names(page).into_iter().peekable();
    let mut found = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        // A name that something surer overlaps is none.
        while names.next_if(|name| name.start < at).is_some() {}
        match page.identifier_at(at) {
            Some((kind, end)) if end > at => {
                found.push(finding(kind, at..end));
                at = end;
            }
            _ => {
                found.extend(
                    names
                        .next_if(|name| name.start == at)
                        .map(|name| finding(FindingKind::PersonName, name)),
                );
                at += 1;
            }
        }
    }
    without_overlaps(found)
}

/// Whether the text appears to hold something that is surely a personal identifier.
#[must_use]
pub fn holds_identifier(text: &str) -> bool {
    findings(text).iter().any(|finding| !finding.kind.is_hint())
}

/// A name whose end something surer overlaps is none either.
fn without_overlaps(found: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(found.len());
    for finding in found {
        kept.pop_if(|last| last.end > finding.start);
        kept.push(finding);
    }
    kept
}

mod birth;
mod names;
mod number;
mod page;
mod vocabulary;
mod word;

use page::Page;

/// Where the identifier that begins at a place ends, if one does.
type Detector<'text> = fn(Page<'text>, usize) -> Option<usize>;

impl<'text> Page<'text> {
    fn identifier_at(self, at: usize) -> Option<(FindingKind, usize)> {
        let detectors: [(FindingKind, Detector<'text>); 9] = [
            (FindingKind::Email, word::email),
            (FindingKind::DateOfBirth, birth::date_of_birth),
            (FindingKind::DateOfBirth, birth::date_before_cue),
            (FindingKind::Upn, number::upn),
            (FindingKind::NationalInsurance, number::national_insurance),
            (FindingKind::NhsNumber, number::nhs_number),
            (FindingKind::Phone, number::phone),
            (FindingKind::Postcode, word::postcode),
            (FindingKind::LongNumber, number::long_number),
        ];
        detectors.into_iter().find_map(|(kind, detector)| Some((kind, detector(self, at)?)))
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
