//! Identifiers that are mostly digits, told from the reference numbers that surround them.

use super::page::Page;
use super::{is_nhs_number, is_upn};

/// How people group the ten digits of an NHS number.
const NHS_GROUPS: [&[usize]; 6] = [&[10], &[3, 3, 4], &[3, 3, 2, 2], &[3, 7], &[6, 4], &[5, 5]];

pub(super) fn nhs_number(page: Page<'_>, at: usize) -> Option<usize> {
    if !page.get(at)?.is_ascii_digit() || !(page.starts_alone(at) || follows_nhs(page, at)) {
        return None;
    }
    NHS_GROUPS.iter().find_map(|groups| {
        let (digits, end) = grouped_digits(page, at, groups)?;
        (page.ends_alone(end) && is_nhs_number(&digits)).then_some(end)
    })
}

pub(super) fn upn(page: Page<'_>, at: usize) -> Option<usize> {
    if !page.get(at)?.is_ascii_alphabetic() || !page.starts_alone(at) {
        return None;
    }
    let token = page.token(at);
    let end = at + 13;
    (is_upn(&token) && page.ends_alone(end)).then_some(end)
}

/// Source of the form: HM Revenue and Customs, National Insurance manual, prefixes never issued.
pub(super) fn national_insurance(page: Page<'_>, at: usize) -> Option<usize> {
    let first = page.get(at)?.to_ascii_uppercase();
    let second = page.get(at + 1)?.to_ascii_uppercase();
    let issued = first.is_ascii_uppercase()
        && !"DFIQUV".contains(first)
        && second.is_ascii_uppercase()
        && !"DFIOQUV".contains(second)
        && !["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"]
            .contains(&String::from_iter([first, second]).as_str());
    if !issued || !page.starts_alone(at) {
        return None;
    }
    let start = after_gap(page, at + 2);
    let (_, end) = [&[6][..], &[2, 2, 2], &[3, 3]]
        .iter()
        .find_map(|groups| grouped_digits(page, start, groups))?;
    let suffix = after_gap(page, end);
    let end = suffix + 1;
    let fits = matches!(page.get(suffix)?.to_ascii_uppercase(), 'A'..='D');
    (fits && page.ends_alone(end)).then_some(end)
}

/// Source of the form: Ofcom, national telephone numbering plan: 0 and ten digits, in the older
/// areas nine, after an area code of at least three.
pub(super) fn phone(page: Page<'_>, at: usize) -> Option<usize> {
    let opens = matches!(page.get(at)?, '0' | '+' | '(');
    if !opens || !page.starts_alone(at) {
        return None;
    }
    let (national, abroad) = trunk(page, at)?;
    let mut digits = String::new();
    let mut first_group = None;
    let mut end = national;
    let mut next = national;
    while let Some(c) = page.get(next) {
        if c.is_ascii_digit() {
            digits.push(c);
            end = next + 1;
            next = end;
        } else {
            first_group.get_or_insert(digits.len());
            let gap = page.run(next, |c| matches!(c, ' ' | '-' | '.' | '(' | ')'));
            next += gap.len();
            let goes_on = page.get(next).is_some_and(|c| c.is_ascii_digit());
            if gap.len() > 2 || !goes_on || digits.len() >= 10 {
                break;
            }
        }
    }
    let area_code = first_group.is_none_or(|len| len >= 2);
    let known = digits.starts_with(['1', '2', '3', '7', '8', '9']);
    let complete = digits.len() == 10
        || (digits.len() == 9 && digits.starts_with('1') && first_group == Some(4));
    let area_code = area_code || abroad;
    (area_code && known && complete && page.ends_alone(end)).then_some(end)
}

/// Words before a number that say that it is no person's.
const REFERENCES: [&str; 17] = [
    "REF",
    "REFERENCE",
    "CRIME",
    "LOG",
    "INCIDENT",
    "OCCURRENCE",
    "CAD",
    "EVENT",
    "CASE",
    "URN",
    "TICKET",
    "ORDER",
    "INVOICE",
    "JOB",
    "URL",
    "VERSION",
    "UPRN",
];
/// How far before a number such a word is looked for: "crime reference no. ".
const REFERENCE_REACH: usize = 24;

/// Nine digits or more, or ten in the groups of an NHS number, that no check and no form explains: an NHS number with a
/// slip of the finger, a passport, a number of a hospital.
pub(super) fn long_number(page: Page<'_>, at: usize) -> Option<usize> {
    if !page.get(at)?.is_ascii_digit() || !page.starts_alone(at) {
        return None;
    }
    if matches!(page.before(at), Some('£' | '/' | '#' | '$' | '€')) {
        return None;
    }
    let digits = page.run(at, |c| c.is_ascii_digit());
    // Fourteen digits that begin with 20 are a time.
    let is_time = matches!(digits.len(), 12 | 14) && digits.starts_with(&['2', '0']);
    let end = match digits.len() {
        9..=16 if !is_time => at + digits.len(),
        3 => grouped_digits(page, at, &[3, 3, 4])?.1,
        _ => return None,
    };
    let alone = page.ends_alone(end) && page.get(end) != Some('/');
    (alone && !is_called_reference(page, at)).then_some(end)
}

fn is_called_reference(page: Page<'_>, at: usize) -> bool {
    let start = at.saturating_sub(REFERENCE_REACH);
    let before: String = (start..at)
        .filter_map(|at| page.get(at))
        .map(|c| if c == '\n' { '.' } else { c.to_ascii_uppercase() })
        .collect();
    // Not beyond the sentence before; "no." and "ref." end none.
    let sentence = before.rsplit(['!', '?', ';', ',']).next().unwrap_or_default();
    sentence.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| REFERENCES.contains(&word))
}

/// Where the digits after the trunk 0 or the country code begin, and whether it was the latter.
fn trunk(page: Page<'_>, at: usize) -> Option<(usize, bool)> {
    let inside = if page.get(at) == Some('(') { at + 1 } else { at };
    let starts = |text: &str, from: usize| {
        text.chars().zip(from..).all(|(c, place)| page.get(place) == Some(c))
    };
    let country = ["+44", "0044"].into_iter().find(|code| starts(code, inside));
    let Some(country) = country else {
        return (page.get(inside) == Some('0')).then_some((inside + 1, false));
    };
    let mut next = inside + country.len();
    next += page.run(next, |c| matches!(c, ' ' | '-' | '(' | ')')).len().min(2);
    if page.get(next) == Some('0') {
        next += 1;
        next += page.run(next, |c| matches!(c, ' ' | ')')).len().min(2);
    }
    Some((next, true))
}

/// Digits in groups of these sizes with at most one blank, hyphen or dot between them.
fn grouped_digits(page: Page<'_>, at: usize, groups: &[usize]) -> Option<(String, usize)> {
    let mut digits = String::new();
    let mut end = at;
    for (index, size) in groups.iter().enumerate() {
        if index > 0 {
            if !matches!(page.get(end)?, ' ' | '-' | '.') {
                return None;
            }
            end += 1;
        }
        let group = page.run(end, |c| c.is_ascii_digit());
        if group.len() != *size {
            return None;
        }
        digits.extend(group);
        end += size;
    }
    Some((digits, end))
}

fn after_gap(page: Page<'_>, at: usize) -> usize {
    match page.get(at) {
        Some(' ' | '-') => at + 1,
        _ => at,
    }
}

/// Whether a word that begins with NHS stands directly before, as in `NHS-9434765919`.
fn follows_nhs(page: Page<'_>, at: usize) -> bool {
    let mark = usize::from(matches!(page.before(at), Some('-' | '_' | '.' | '/')));
    let end = at - mark;
    // Long enough for NHSNUMBER; a longer word is no label.
    (end.saturating_sub(9)..end).filter(|start| page.starts_word(*start)).any(|start| {
        let word = page.run(start, char::is_alphabetic);
        start + word.len() == end && page.token(start).starts_with("NHS")
    })
}
