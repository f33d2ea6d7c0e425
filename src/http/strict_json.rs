//! Reads JSON more strictly than the parser alone would: every doubtful body is refused early.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::Problem;
use super::problem_types::ProblemType;

/// What a body may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// How many objects and arrays may stand inside each other.
    pub depth: usize,
    /// How many characters one number may have.
    pub number_length: usize,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self { depth: 32, number_length: 100 }
    }
}

/// Why a body is not read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not UTF-8, or with a byte order mark.
    #[error("the body is not plain UTF-8")]
    InvalidEncoding,
    /// Nested beyond the limit.
    #[error("the body is nested too deeply")]
    TooDeep,
    /// One name twice in one object.
    #[error("a member is given twice at line {line} column {column}")]
    DuplicateMember {
        /// Line, counted from 1.
        line: usize,
        /// Column in bytes.
        column: usize,
    },
    /// Not one JSON document.
    #[error("the body is not JSON at line {line} column {column}")]
    Malformed {
        /// Line, counted from 1; 0 for an empty body.
        line: usize,
        /// Column in bytes.
        column: usize,
    },
}

impl From<JsonFault> for Problem {
    fn from(fault: JsonFault) -> Self {
        match fault {
            JsonFault::InvalidEncoding => ProblemType::InvalidEncoding.into(),
            JsonFault::TooDeep => ProblemType::TooDeep.into(),
            JsonFault::DuplicateMember { line, column } => {
                placed(ProblemType::DuplicateMember, line, column)
            }
            JsonFault::Malformed { line, column } => {
                placed(ProblemType::MalformedJson, line, column)
            }
        }
    }
}

fn placed(kind: ProblemType, line: usize, column: usize) -> Problem {
    Problem::new(kind)
        .detail(format!("{} Found at line {line}, column {column}.", kind.description()))
}

/// Reads exactly one JSON document of any type.
///
/// A number too small for a double does not become zero: it stays the smallest double above or
/// below it, so that range checks refuse it.
///
/// # Errors
/// A [`JsonFault`]; nothing of the body is in it but a position.
pub fn parse(bytes: &[u8], limits: JsonLimits) -> Result<Value, JsonFault> {
    let text = decoded(bytes)?;
    let vanishing = scan(text, limits)?;
    let context =
        Context { repeated: Cell::new(false), numbers: Cell::new(0), vanishing: &vanishing };
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Strict(&context).deserialize(&mut reader);
    read.and_then(|value| reader.end().map(|()| value)).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        if context.repeated.get() {
            JsonFault::DuplicateMember { line, column }
        } else {
            JsonFault::Malformed { line, column }
        }
    })
}

fn decoded(bytes: &[u8]) -> Result<&str, JsonFault> {
    // JSON starts with ASCII, so a NUL this early is UTF-16 or UTF-32 without a mark.
    if bytes.starts_with(b"\xEF\xBB\xBF") || bytes.iter().take(2).any(|byte| *byte == 0) {
        return Err(JsonFault::InvalidEncoding);
    }
    std::str::from_utf8(bytes).map_err(|_| JsonFault::InvalidEncoding)
}

/// Walks over the tokens without recursion, before anything is allocated for them. Gives back
/// which numbers, counted from 0, would vanish into zero.
fn scan(text: &str, limits: JsonLimits) -> Result<Vec<usize>, JsonFault> {
    let (mut depth, mut numbers) = (0_usize, 0_usize);
    let mut vanishing = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let used = match letter {
            '"' => string_length(rest),
            '[' | '{' => {
                depth += 1;
                if depth > limits.depth {
                    return Err(JsonFault::TooDeep);
                }
                1
            }
            ']' | '}' => {
                depth = depth.saturating_sub(1);
                1
            }
            '-' | '0'..='9' => {
                let token: &str = rest.split(|c| !is_number_part(c)).next().unwrap_or(rest);
                if token.len() > limits.number_length {
                    let (line, column) = place(text, text.len() - rest.len());
                    return Err(JsonFault::Malformed { line, column });
                }
                if vanishes(token) {
                    vanishing.push(numbers);
                }
                numbers += 1;
                token.len()
            }
            _ => letter.len_utf8(),
        };
        rest = rest.get(used..).unwrap_or_default();
    }
    Ok(vanishing)
}

fn is_number_part(letter: char) -> bool {
    letter.is_ascii_digit() || matches!(letter, '+' | '-' | '.' | 'e' | 'E')
}

fn vanishes(token: &str) -> bool {
    let digits = token.split(['e', 'E']).next().unwrap_or(token);
    digits.chars().any(|c| matches!(c, '1'..='9')) && token.parse::<f64>() == Ok(0.0)
}

/// The bytes of the string that `text` starts with, both quotation marks included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, str::len) + 1;
    (line, column)
}

struct Context<'a> {
    repeated: Cell<bool>,
    numbers: Cell<usize>,
    vanishing: &'a [usize],
}

impl Context<'_> {
    fn number(&self, number: Number) -> Value {
        let index = self.numbers.get();
        self.numbers.set(index + 1);
        if self.vanishing.binary_search(&index).is_ok() {
            let sign = if number.as_f64().is_some_and(f64::is_sign_negative) { -1.0 } else { 1.0 };
            return Value::from(f64::MIN_POSITIVE * sign);
        }
        Value::Number(number)
    }
}

/// Builds a [`Value`] as serde_json does, but refuses repeated names, compared after unescaping.
#[derive(Clone, Copy)]
struct Strict<'a>(&'a Context<'a>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(self.0.number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(self.0.number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not finite"))?;
        Ok(self.0.number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if read.contains_key(&name) {
                self.0.repeated.set(true);
                return Err(A::Error::custom("repeated member"));
            }
            read.insert(name, members.next_value_seed(self)?);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
#[path = "strict_json_tests.rs"]
mod tests;
