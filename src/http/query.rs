//! Reads query parameters strictly, because a filter that is silently ignored shows wrong data.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::ISOWeekDate;
use uuid::Uuid;

use super::field_errors::{FieldCode, FieldErrors, escaped, one_of};
use super::fields::{Identifier, canonical_uuid};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::times::{Day, Instant, parse_week};
use crate::domain::codes::UnknownCode;

/// The largest whole number of the contract's `int32`, for what has no bound of its own.
pub const LARGEST: u32 = i32::MAX.unsigned_abs();

/// The parameters of one request. Getters note faults; [`QueryReader::finish`] answers with all of
/// them. Until then a getter gives `None` for an absent as for a faulty parameter.
#[derive(Debug)]
#[must_use = "faults count only when `finish` is called"]
pub struct QueryReader {
    values: BTreeMap<&'static str, String>,
    faults: FieldErrors,
}

impl QueryReader {
    /// Takes a query string apart. A name that is not in `known`, a repeated name and bad
    /// percent-encoding are noted as faults.
    pub fn new(query: &str, known: &'static [&'static str]) -> Self {
        Self::with(query, &[known])
    }

    /// As [`QueryReader::new`], for an operation whose parameters come from several lists.
    pub fn with(query: &str, known: &[&[&'static str]]) -> Self {
        let known = &known.concat();
        let mut reader = Self { values: BTreeMap::new(), faults: FieldErrors::new() };
        if !query.is_empty() {
            for pair in query.split('&') {
                reader.take(pair, known);
            }
        }
        reader
    }

    fn take(&mut self, pair: &str, known: &[&'static str]) {
        let (raw_name, raw_value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(name) = decoded(raw_name) else {
            self.faults.push("?", FieldCode::InvalidEncoding);
            return;
        };
        let Some(name) = known.iter().copied().find(|known| *known == name) else {
            let detail =
                format!("{} Known: {}.", FieldCode::UnknownParameter.advice(), known.join(", "));
            self.faults.push_with(&pointer(&name), FieldCode::UnknownParameter, detail);
            return;
        };
        match decoded(raw_value) {
            None => self.refuse(name, FieldCode::InvalidEncoding),
            // No text has one, and PostgreSQL takes none.
            Some(value) if value.contains('\0') => self.refuse(name, FieldCode::Pattern),
            Some(value) => {
                if self.values.insert(name, value).is_some() {
                    self.refuse(name, FieldCode::RepeatedParameter);
                }
            }
        }
    }

    /// Notes a fault that only the operation can see, such as `from` later than `to`.
    pub fn refuse(&mut self, name: &str, code: FieldCode) {
        self.faults.push(&pointer(name), code);
    }

    /// As [`QueryReader::refuse`], with advice of its own. It must not repeat what was sent.
    pub fn refuse_with(&mut self, name: &str, code: FieldCode, detail: String) {
        self.faults.push_with(&pointer(name), code, detail);
    }

    /// The text as sent, for parameters that check themselves, such as `cursor`.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A member of a closed list.
    pub fn code<T: FromStr<Err = UnknownCode>>(&mut self, name: &str) -> Option<T> {
        let parsed = self.raw(name)?.parse();
        parsed
            .map_err(|unknown: UnknownCode| {
                self.refuse_with(name, FieldCode::UnknownCode, one_of(unknown.known));
            })
            .ok()
    }

    /// The Monday of an ISO week, `2026-W14`.
    pub fn week(&mut self, name: &str) -> Option<ISOWeekDate> {
        self.parsed(name, parse_week)
    }

    /// A moment in RFC 3339 with offset. A `+` need not be escaped.
    pub fn instant(&mut self, name: &str) -> Option<Instant> {
        self.parsed(name, Instant::parse)
    }

    /// A day, `2026-04-01`.
    pub fn day(&mut self, name: &str) -> Option<Day> {
        self.parsed(name, Day::parse)
    }

    /// A canonical UUID.
    pub fn uuid(&mut self, name: &str) -> Option<Uuid> {
        self.parsed(name, |text| canonical_uuid(text).ok_or(FieldCode::Pattern))
    }

    /// A name of 1 to 64 plain characters.
    pub fn identifier(&mut self, name: &str) -> Option<Identifier> {
        self.parsed(name, Identifier::parse)
    }

    /// Exactly `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let read = match self.raw(name)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        if read.is_none() {
            self.refuse_with(name, FieldCode::WrongType, "Use true or false.".to_owned());
        }
        read
    }

    /// A whole number of plain digits from `least` to `most`.
    pub fn integer(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        let text = self.raw(name)?;
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| plain && (least..=most).contains(number));
        if number.is_none() {
            let code = if plain { FieldCode::OutOfRange } else { FieldCode::WrongType };
            let advice = format!("Use a whole number from {least} to {most} in plain digits.");
            self.refuse_with(name, code, advice);
        }
        number
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `invalid-parameter` with every fault that was noted.
    pub fn finish(self) -> Result<(), Problem> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Problem::new(ProblemType::InvalidParameter).errors(self.faults))
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, FieldCode>,
    ) -> Option<T> {
        let read = parse(self.raw(name)?);
        read.map_err(|code| self.refuse(name, code)).ok()
    }
}

fn pointer(name: &str) -> String {
    format!("?{}", escaped(name))
}

/// Undoes percent-encoding. `+` stays `+`: no parameter here has blanks, but instants have offsets.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::codes::codes;

    codes! {
        /// How to sort.
        pub enum Sort {
            /// Oldest first.
            RaisedAt => "raised_at",
            /// Most urgent first.
            DueAt => "due_at",
        }
    }

    const KNOWN: &[&str] = &["limit", "sort", "from_week", "raised_from", "overdue", "after"];

    /// The faults of a query as `pointer code`, in the order of the answer.
    fn faults(query: &str) -> Vec<String> {
        let mut reader = QueryReader::new(query, KNOWN);
        reader.integer("limit", 1, 200);
        reader.code::<Sort>("sort");
        reader.week("from_week");
        reader.instant("raised_from");
        reader.flag("overdue");
        reader.uuid("after");
        let Err(problem) = reader.finish() else {
            return Vec::new();
        };
        assert_eq!(problem.kind(), ProblemType::InvalidParameter);
        let errors = &problem.document().errors;
        errors.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
    }

    #[test]
    fn valid_parameters_are_read() {
        let query = "limit=200&sort=due_at&from_week=2026-W53&overdue=false&raised_from=\
                     2026-01-01T00:00:00+01:00&after=0190a1b2-0000-7000-8000-000000000000";
        assert_eq!(faults(query), Vec::<String>::new());
        assert_eq!(faults(""), Vec::<String>::new());
        assert_eq!(faults("raised%5Ffrom=2026-01-01T00%3A00%3A00%2B01%3A00"), Vec::<String>::new());
        let mut reader = QueryReader::new("limit=7&sort=due_at", KNOWN);
        assert_eq!(reader.integer("limit", 1, 200), Some(7));
        assert_eq!(reader.code("sort"), Some(Sort::DueAt));
        assert_eq!(reader.flag("overdue"), None);
        assert!(reader.finish().is_ok());
    }

    #[test]
    fn bad_parameters_are_refused() {
        for (query, expected) in [
            ("limit=0", "?limit out_of_range"), // B58
            ("limit=201", "?limit out_of_range"),
            ("limit=99999999999999999999", "?limit out_of_range"),
            ("limit=-1", "?limit wrong_type"),
            ("limit=abc", "?limit wrong_type"),
            ("limit=1e2", "?limit wrong_type"),
            ("limit=+5", "?limit wrong_type"),
            ("limit=%D9%A5", "?limit wrong_type"),
            ("limit=", "?limit wrong_type"),
            ("limit", "?limit wrong_type"),
            ("limit=1&limit=1", "?limit repeated_parameter"),
            ("limit=1&limi%74=1", "?limit repeated_parameter"),
            ("unknown=1", "?unknown unknown_parameter"),
            ("Limit=1", "?Limit unknown_parameter"),
            ("limit=1&", "? unknown_parameter"),
            ("a%20b/c=1", "?a%20b~1c unknown_parameter"),
            ("limit=%zz", "?limit invalid_encoding"),
            ("limit=%f", "?limit invalid_encoding"),
            ("limit=%ff", "?limit invalid_encoding"),
            ("%ff=1", "? invalid_encoding"),
            ("sort=raised_at;drop table", "?sort unknown_code"), // B61
            ("sort=Raised_At", "?sort unknown_code"),
            ("filter[x]=1)or(1=1", "?filter%5Bx%5D unknown_parameter"),
            ("from_week=2025-W53", "?from_week invalid_week"), // B62
            ("from_week=2026-W54", "?from_week invalid_week"),
            ("from_week=2026-W00", "?from_week invalid_week"),
            ("raised_from=2026-01-01", "?raised_from invalid_datetime"),
            ("overdue=1", "?overdue wrong_type"),
            ("overdue=True", "?overdue wrong_type"),
            ("after=0190A1B2-0000-7000-8000-000000000000", "?after pattern"),
            ("after=%7B0190a1b2-0000-7000-8000-000000000000%7D", "?after pattern"),
            ("after=0190a1b2000070008000000000000000", "?after pattern"),
        ] {
            assert_eq!(faults(query), [expected], "{query}");
        }
    }

    #[test]
    fn all_faults_come_at_once_and_nothing_is_echoed() {
        let query = "sort=secret1&limit=secret2&nhs_number=9434765919&overdue=secret3";
        assert_eq!(
            faults(query),
            [
                "?limit wrong_type",
                "?nhs_number unknown_parameter",
                "?overdue wrong_type",
                "?sort unknown_code"
            ]
        );
        let mut reader = QueryReader::new(query, KNOWN);
        reader.code::<Sort>("sort");
        let problem = reader.finish().unwrap_err();
        let sent = serde_json::to_string(problem.document()).unwrap();
        assert!(!sent.contains("secret") && !sent.contains("9434765919"), "{sent}");
    }
}
