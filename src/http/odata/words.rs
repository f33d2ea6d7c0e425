//! A filter taken apart into words.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::fault::Fault;
use crate::domain::report::ReportValue;

/// The most digits on either side of a point.
const MOST_DIGITS: usize = 38;

/// A word of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    /// A name: of a column, an operator or a function.
    Name(String),
    /// A value.
    Value(ReportValue),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

/// The words of a filter.
///
/// # Errors
/// A character that begins no word, or a value that is none.
pub fn words(filter: &str) -> Result<Vec<Word>, Fault> {
    let mut words = Vec::new();
    let mut rest = filter.chars().peekable();
    while let Some(next) = rest.next() {
        let word = match next {
            ' ' | '\t' => continue,
            '(' => Word::Open,
            ')' => Word::Close,
            ',' => Word::Comma,
            '\'' => {
                let mut text = String::new();
                loop {
                    match rest.next() {
                        // Two of them stand for one.
                        Some('\'') if rest.next_if_eq(&'\'').is_some() => text.push('\''),
                        Some('\'') => break,
                        // PostgreSQL has no text with it, so nothing could be found.
                        Some('\0') => {
                            return Err(Fault::bad(
                                "A text in $filter holds a character that no text has.",
                            ));
                        }
                        Some(letter) => text.push(letter),
                        None => return Err(Fault::bad("A text in $filter does not end.")),
                    }
                }
                Word::Value(ReportValue::Text(text))
            }
            first if first.is_ascii_alphanumeric() || first == '_' || first == '-' => {
                let mut run = String::from(first);
                while let Some(letter) = rest.next_if(|it| {
                    it.is_ascii_alphanumeric() || ['_', '-', '.', ':', '+'].contains(it)
                }) {
                    run.push(letter);
                }
                run_of(run)?
            }
            '/' => return Err(Fault::not_served("A path in $filter")),
            _ => return Err(Fault::bad("$filter holds a character that begins no word.")),
        };
        words.push(word);
    }
    Ok(words)
}

fn run_of(run: String) -> Result<Word, Fault> {
    if run.len() == 36
        && let Ok(id) = Uuid::try_parse(&run)
    {
        return Ok(Word::Value(ReportValue::Guid(id)));
    }
    if run.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_') {
        return Ok(match run.as_str() {
            "true" => Word::Value(ReportValue::Bool(true)),
            "false" => Word::Value(ReportValue::Bool(false)),
            name if name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_') => {
                Word::Name(run)
            }
            _ => return Err(Fault::bad("$filter holds a name that is none.")),
        });
    }
    let value = if is_number(&run) {
        Some(ReportValue::Number(run))
    } else if run.contains('T') {
        instant(&run).map(ReportValue::Instant)
    } else if run.len() == 10 {
        run.parse().ok().filter(|day: &Date| day.year() > 0).map(ReportValue::Date)
    } else {
        None
    };
    let advice = "$filter holds a value that is none: numbers look like 1.5, dates like 2026-11-23, instants like \
                  2026-11-23T09:00:00Z, texts like 'icpc_late'.";
    value.map(Word::Value).ok_or_else(|| Fault::bad(advice))
}

fn instant(run: &str) -> Option<Timestamp> {
    // The years that the database has too.
    let known = |at: &Timestamp| (-62_135_596_800..253_402_300_800).contains(&at.as_second());
    run.parse().ok().filter(known)
}

fn is_number(run: &str) -> bool {
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit())
    };
    let run = run.strip_prefix('-').unwrap_or(run);
    let (number, exponent) = match run.split_once(['e', 'E']) {
        None => (run, None),
        Some((number, exponent)) => (number, Some(exponent.trim_start_matches(['+', '-']))),
    };
    let whole = match number.split_once('.') {
        None => digits(number, MOST_DIGITS),
        Some((whole, part)) => digits(whole, MOST_DIGITS) && digits(part, MOST_DIGITS),
    };
    whole && exponent.is_none_or(|it| digits(it, 2))
}
