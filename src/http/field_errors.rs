//! Collects every fault of a body at once, so that a caller corrects them in one go.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, Value, ValueKind};
use serde::Serialize;
use utoipa::ToSchema;

pub use super::field_codes::FieldCode;
use super::problem::Problem;

pub use deserr::ValuePointerRef;

/// How many faults an answer lists.
const LISTED: usize = 100;
/// How many are collected before reading stops; bounds the work that one bad body causes.
const COLLECTED: usize = 1_000;
/// How much of a name that the caller made up is repeated in a pointer.
const NAME_SHOWN: usize = 100;

/// Members that the service sets itself. Sending one gets a clearer answer than "unknown".
const SERVER_OWNED: [&str; 18] = [
    "id",
    "reference",
    "version",
    "created_at",
    "updated_at",
    "received_at",
    "status",
    "state",
    "stage_entered_at",
    "agency_id",
    "partnership_id",
    "raised_by_agency",
    "due_at",
    "next_due_at",
    "links",
    "audit_id",
    "created_by",
    "updated_by",
];

/// One fault: where it is, what it is, and how to put it right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer to the member as a URI fragment, or `?name` for a query parameter.
    #[schema(example = "#/delay/started_at")]
    pub pointer: String,
    /// The stable code of the fault. Others may be added.
    #[schema(value_type = String, example = "offset_required")]
    pub code: FieldCode,
    /// How to put it right. Never contains what was sent.
    pub detail: String,
}

/// The faults found so far. As an error type of `deserr` it never stops at the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// No faults yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// One fault with the code's own advice. `pointer` is, for example, `#/delay/started_at`.
    #[must_use]
    pub fn single(pointer: &str, code: FieldCode) -> Self {
        let mut faults = Self::new();
        faults.push(pointer, code);
        faults
    }

    /// One fault where `deserr` is reading.
    #[must_use]
    pub fn at(location: ValuePointerRef<'_>, code: FieldCode) -> Self {
        Self::single(&fragment(location, None), code)
    }

    /// One fault where `deserr` is reading, with advice that names a limit or the allowed codes.
    #[must_use]
    pub fn at_with(location: ValuePointerRef<'_>, code: FieldCode, detail: String) -> Self {
        let mut faults = Self::new();
        faults.push_with(&fragment(location, None), code, detail);
        faults
    }

    /// The fault of a value of another JSON type; null where a value is needed is `required`.
    #[must_use]
    pub fn wrong_type<V: IntoValue>(
        value: &Value<V>,
        expected: ValueKind,
        location: ValuePointerRef<'_>,
    ) -> Self {
        // A body that is just `null` lacks no member; it is no object.
        if value.kind() == ValueKind::Null && !location.is_origin() {
            return Self::at(location, FieldCode::Required);
        }
        Self::at_with(location, FieldCode::WrongType, format!("Send {}.", in_words(expected)))
    }

    /// Adds a fault with the code's own advice.
    pub fn push(&mut self, pointer: &str, code: FieldCode) {
        self.push_with(pointer, code, code.advice().to_owned());
    }

    /// Adds a fault with its own advice, which must not contain what was sent.
    pub fn push_with(&mut self, pointer: &str, code: FieldCode, detail: String) {
        if self.0.len() < COLLECTED {
            self.0.push(FieldError { pointer: pointer.to_owned(), code, detail });
        }
    }

    /// Adds `not_unique` for every item whose key appeared before it in the list at `pointer`.
    pub fn push_repeated<K: Ord>(&mut self, pointer: &str, keys: impl IntoIterator<Item = K>) {
        let mut seen = BTreeSet::new();
        for (index, key) in keys.into_iter().enumerate() {
            if !seen.insert(key) {
                self.push(&format!("{pointer}/{index}"), FieldCode::NotUnique);
            }
        }
    }

    /// Adds all faults of another collection.
    pub fn append(&mut self, other: Self) {
        let room = COLLECTED.saturating_sub(self.0.len());
        self.0.extend(other.0.into_iter().take(room));
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The faults in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// Ends a check.
    ///
    /// # Errors
    /// `validation-failed` with all faults, if there are any.
    pub fn into_result(self) -> Result<(), Problem> {
        if self.is_empty() { Ok(()) } else { Err(self.into()) }
    }

    /// The first 100 by pointer, and whether there were more.
    pub(super) fn into_sorted(mut self) -> (Vec<FieldError>, bool) {
        self.0.sort();
        let truncated = self.0.len() > LISTED;
        self.0.truncate(LISTED);
        (self.0, truncated)
    }

    fn carry_on(self) -> ControlFlow<Self, Self> {
        if self.0.len() < COLLECTED {
            ControlFlow::Continue(self)
        } else {
            ControlFlow::Break(self)
        }
    }
}

impl MergeWithError<Self> for FieldErrors {
    fn merge(found: Option<Self>, other: Self, _: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        match found {
            None => other.carry_on(),
            Some(mut found) => {
                found.append(other);
                found.carry_on()
            }
        }
    }
}

impl DeserializeError for FieldErrors {
    fn error<V: IntoValue>(
        found: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let fault = match error {
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                let expected = accepted.first().copied().unwrap_or(ValueKind::Null);
                Self::wrong_type(&actual, expected, location)
            }
            ErrorKind::MissingField { field } => {
                Self::single(&fragment(location, Some(field)), FieldCode::Required)
            }
            ErrorKind::UnknownKey { key, .. } => {
                let server_owned = SERVER_OWNED.contains(&key) || key.starts_with("audit_");
                let code =
                    if server_owned { FieldCode::ReadOnlyField } else { FieldCode::UnknownField };
                Self::single(&fragment(location, Some(key)), code)
            }
            ErrorKind::UnknownValue { accepted, .. } => Self::unknown_code(location, accepted),
            ErrorKind::BadSequenceLen { .. } => Self::at(location, FieldCode::TooManyItems),
            // deserr's own messages repeat the value; its number types say this when out of range.
            ErrorKind::Unexpected { .. } => Self::at(location, FieldCode::OutOfRange),
        };
        Self::merge(found, fault, location)
    }
}

impl FieldErrors {
    /// The fault of a code that is not in its list, with the list.
    #[must_use]
    pub fn unknown_code(location: ValuePointerRef<'_>, known: &[&str]) -> Self {
        Self::at_with(location, FieldCode::UnknownCode, one_of(known))
    }
}

/// Advice that lists the codes which are allowed.
pub(super) fn one_of(known: &[&str]) -> String {
    format!("Use one of these codes exactly as written: {}.", known.join(", "))
}

const fn in_words(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "true or false, without quotation marks",
        ValueKind::Integer | ValueKind::NegativeInteger => {
            "a whole number in plain digits, without quotation marks, decimal point or exponent"
        }
        ValueKind::Float => "a number, without quotation marks",
        ValueKind::String => "a text in quotation marks",
        ValueKind::Sequence => "an array",
        ValueKind::Map => "an object",
    }
}

/// The place as a JSON Pointer in a URI fragment (RFC 6901, section 6).
fn fragment(location: ValuePointerRef<'_>, member: Option<&str>) -> String {
    let mut parts: Vec<String> = member.map(escaped).into_iter().collect();
    let mut here = &location;
    loop {
        match here {
            ValuePointerRef::Origin => break,
            ValuePointerRef::Key { key, prev } => {
                parts.push(escaped(key));
                here = prev;
            }
            ValuePointerRef::Index { index, prev } => {
                parts.push(index.to_string());
                here = prev;
            }
        }
    }
    let mut pointer = String::from("#");
    for part in parts.iter().rev() {
        pointer.push('/');
        pointer.push_str(part);
    }
    pointer
}

/// One name, cut, with `~` and `/` escaped for the pointer and the rest for a URI.
pub(super) fn escaped(name: &str) -> String {
    let mut shown = String::new();
    for letter in name.chars().take(NAME_SHOWN) {
        match letter {
            '~' => shown.push_str("~0"),
            '/' => shown.push_str("~1"),
            _ if letter.is_ascii_alphanumeric() || "-._!$&'()*+,;=:@?".contains(letter) => {
                shown.push(letter);
            }
            _ => {
                let mut bytes = [0; 4];
                for byte in letter.encode_utf8(&mut bytes).bytes() {
                    shown.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    shown
}
