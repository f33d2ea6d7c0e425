//! Dates that are said to be someone's birth; any other date is part of the work.

use super::page::Page;

/// The words that make a date a birth.
const CUES: [&str; 8] =
    ["DATE OF BIRTH", "BIRTH DATE", "BIRTHDATE", "BIRTHDAY", "D.O.B", "D O B", "DOB", "BORN"];
/// Words that may stand between the cue and its date.
const FILLERS: [&str; 9] = ["ON", "IS", "WAS", "THE", "OF", "HIS", "HER", "CHILD", "BEING"];
const MONTHS: [&str; 12] = [
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
];
/// The most characters between a date and a cue behind it.
const MAX_GAP: usize = 3;
/// The most fillers and marks between cue and date.
const MAX_STEPS: usize = 5;

/// The cue with its date, so that the whole stretch can be taken out.
pub(super) fn date_of_birth(page: Page<'_>, at: usize) -> Option<usize> {
    if !page.get(at)?.is_ascii_alphabetic() || !page.starts_word(at) {
        return None;
    }
    let mut next = CUES.iter().find_map(|cue| after_cue(page, at, cue))?;
    for _ in 0..MAX_STEPS {
        next += page.run(next, |c| " \n:=.,;()-".contains(c)).len();
        if let Some(end) = date(page, next).or_else(|| plain_date(page, next)) {
            return Some(end);
        }
        let word = page.token(next);
        if !FILLERS.contains(&word.as_str()) {
            return None;
        }
        next += word.len();
    }
    None
}

/// A date with the cue behind it, as in "3/4/2015 (DOB)", unless the cue has a date of its own.
pub(super) fn date_before_cue(page: Page<'_>, at: usize) -> Option<usize> {
    if !page.get(at)?.is_ascii_digit() || !page.starts_alone(at) {
        return None;
    }
    let end = date(page, at)?;
    let gap = page.run(end, |c| " (-,".contains(c)).len();
    let cue = end + gap;
    let after = ["DATE OF BIRTH", "D.O.B", "DOB"].iter().find_map(|it| after_cue(page, cue, it))?;
    ((1..=MAX_GAP).contains(&gap) && date_of_birth(page, cue).is_none()).then_some(after)
}

fn after_cue(page: Page<'_>, at: usize, cue: &str) -> Option<usize> {
    let mut next = at;
    for c in cue.chars() {
        if page.get(next)?.to_ascii_uppercase() != c {
            return None;
        }
        next += 1;
    }
    let goes_on = page.get(next).is_some_and(char::is_alphabetic);
    (!goes_on).then_some(next)
}

/// The end of a date in one of the forms 1/2/2015, 2015-02-01, 1st of Feb 2015, Feb 1, 2015.
fn date(page: Page<'_>, at: usize) -> Option<usize> {
    let numeric = |order: [Part; 3]| {
        let mut next = at;
        for (index, part) in order.into_iter().enumerate() {
            if index > 0 {
                let gap = page.run(next, |c| "/.- ".contains(c)).len();
                if !(1..=3).contains(&gap) {
                    return None;
                }
                next += gap;
            }
            next = part.end(page, next)?;
        }
        let goes_on = page.get(next).is_some_and(|c| c.is_ascii_digit());
        (!goes_on).then_some(next)
    };
    numeric([Part::Day, Part::Month, Part::Year])
        .or_else(|| numeric([Part::Year, Part::Month, Part::Day]))
        .or_else(|| named_month(page, at, true))
        .or_else(|| named_month(page, at, false))
}

/// Six or eight digits without marks: 120319, 12032019.
fn plain_date(page: Page<'_>, at: usize) -> Option<usize> {
    let digits: String = page.run(at, |c| c.is_ascii_digit()).iter().collect();
    let number = |from: usize| digits.get(from..from + 2)?.parse::<u32>().ok();
    let fits = matches!(digits.len(), 6 | 8)
        && (1..=31).contains(&number(0)?)
        && (1..=12).contains(&number(2)?);
    fits.then_some(at + digits.len())
}

fn named_month(page: Page<'_>, at: usize, day_first: bool) -> Option<usize> {
    let order = if day_first {
        [Part::Ordinal, Part::MonthName, Part::Year]
    } else {
        [Part::MonthName, Part::Ordinal, Part::Year]
    };
    let mut next = at;
    for part in order {
        next += page.run(next, |c| " ,.-/'".contains(c)).len().min(3);
        if page.token(next) == "OF" {
            next += 2;
            next += page.run(next, |c| c == ' ').len();
        }
        next = part.end(page, next)?;
    }
    let goes_on = page.get(next).is_some_and(|c| c.is_ascii_digit());
    (!goes_on).then_some(next)
}

#[derive(Clone, Copy)]
enum Part {
    Day,
    Ordinal,
    Month,
    MonthName,
    Year,
}

impl Part {
    fn end(self, page: Page<'_>, at: usize) -> Option<usize> {
        let digits: String = page.run(at, |c| c.is_ascii_digit()).iter().collect();
        let end = at + digits.len();
        let number = digits.parse::<u32>().ok();
        match self {
            Self::Day => (1..=31).contains(&number?).then_some(end),
            Self::Month => (1..=12).contains(&number?).then_some(end),
            Self::Year => matches!(digits.len(), 2 | 4).then_some(end),
            Self::Ordinal => {
                let ending = page.token(end);
                let ending =
                    if ["ST", "ND", "RD", "TH"].contains(&ending.as_str()) { 2 } else { 0 };
                (1..=31).contains(&number?).then_some(end + ending)
            }
            Self::MonthName => {
                let letters = page.run(at, char::is_alphabetic);
                let name: String = letters.iter().map(char::to_ascii_uppercase).collect();
                let known = name == "SEPT"
                    || MONTHS.iter().any(|month| {
                        *month == name || (name.len() == 3 && month.starts_with(&name))
                    });
                known.then_some(at + letters.len())
            }
        }
    }
}
