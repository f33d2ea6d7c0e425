//! The member types of request bodies: each refuses what must not get any further.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use deserr::{Deserr, IntoValue, Sequence, Value, ValueKind, ValuePointerRef};
use utoipa::__dev::ComposeSchema;
use utoipa::openapi::schema::{ArrayBuilder, SchemaType};
use utoipa::openapi::{KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::field_errors::{FieldCode, FieldErrors};
use super::problem::Problem;
use super::strict_json::{JsonLimits, parse};
use crate::domain::codes::UnknownCode;

/// Reads a body into a request type.
///
/// # Errors
/// `malformed-json`, `duplicate-member`, `too-deep` or `invalid-encoding` when it cannot be read;
/// `validation-failed` with every fault when it can.
pub fn read<T: Deserr<FieldErrors>>(bytes: &[u8]) -> Result<T, Problem> {
    read_parsed(parse(bytes, JsonLimits::default())?)
}

/// The same of a body that was parsed already.
///
/// # Errors
/// Every field that is wrong.
pub fn read_parsed<T: Deserr<FieldErrors>>(value: serde_json::Value) -> Result<T, Problem> {
    deserr::deserialize::<T, _, FieldErrors>(value).map_err(Problem::from)
}

/// The text that a member must be.
pub(super) fn text<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<String, FieldErrors> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(FieldErrors::wrong_type(&other, ValueKind::String, location)),
    }
}

/// A schema of a text with a named format.
pub(super) fn text_schema(format: Option<KnownFormat>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .format(format.map(SchemaFormat::KnownFormat))
}

/// Text written by people, of 1 to `MAX` characters. It keeps what was sent; where it becomes free text of the domain, its
/// ends are trimmed and its line ends made alike. Line breaks and tabs
/// are allowed, other control characters are not.
#[derive(Clone, PartialEq, Eq)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Hides the text, which may be about a child, from logs.
impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(…)")
    }
}

impl<const MAX: usize> Deserr<FieldErrors> for Text<MAX> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let text = text(value, location)?;
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(FieldErrors::at(location, FieldCode::ControlCharacter));
        }
        if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
            return Err(FieldErrors::at(location, FieldCode::TooShort));
        }
        if text.chars().count() > MAX {
            return Err(too_long(location, MAX));
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        text_schema(None).min_length(Some(1)).max_length(Some(MAX)).into()
    }
}

impl<const MAX: usize> ToSchema for Text<MAX> {
    fn name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }
}

fn too_long(location: ValuePointerRef<'_>, max: usize) -> FieldErrors {
    let advice = format!("Shorten this to {max} characters or fewer.");
    FieldErrors::at_with(location, FieldCode::TooLong, advice)
}

/// Whether a character shows nothing or changes the direction of its neighbours: such characters
/// make two identifiers look alike, and a blank text look filled.
#[must_use]
pub fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A name given by another system, such as `source` or `external_reference`: 1 to 64 characters
/// of `A-Z a-z 0-9 . _ : / # -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(String);

impl Identifier {
    /// The most characters that one has.
    pub const MAX: usize = 64;

    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Checks a text from a path or a query.
    ///
    /// # Errors
    /// `too_short`, `too_long`, `control_character`, `disallowed_character` or `pattern`.
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/#-".contains(c);
        if text.chars().all(|c| c.is_whitespace() && !c.is_control()) {
            Err(FieldCode::TooShort)
        } else if text.chars().any(char::is_control) {
            Err(FieldCode::ControlCharacter)
        } else if text.chars().any(is_invisible) {
            Err(FieldCode::DisallowedCharacter)
        } else if text.chars().count() > Self::MAX {
            Err(FieldCode::TooLong)
        } else if text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldCode::Pattern)
        }
    }
}

impl Deserr<FieldErrors> for Identifier {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let text = text(value, location)?;
        Self::parse(&text).map_err(|code| match code {
            FieldCode::TooLong => too_long(location, Self::MAX),
            FieldCode::Pattern => FieldErrors::at_with(
                location,
                code,
                "Use only the letters A to Z and a to z, digits, and . _ : / # -".to_owned(),
            ),
            _ => FieldErrors::at(location, code),
        })
    }
}

impl PartialSchema for Identifier {
    fn schema() -> RefOr<Schema> {
        text_schema(None)
            .min_length(Some(1))
            .max_length(Some(Self::MAX))
            .pattern(Some("^[A-Za-z0-9._:/#-]{1,64}$"))
            .into()
    }
}

impl ToSchema for Identifier {}

/// Reads a member of a closed list of codes; `code_members` uses it.
///
/// # Errors
/// `wrong_type`, `required`, or `unknown_code` with the list.
pub fn read_code<T: FromStr<Err = UnknownCode>, V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
) -> Result<T, FieldErrors> {
    text(value, location)?
        .parse()
        .map_err(|unknown: UnknownCode| FieldErrors::unknown_code(location, unknown.known))
}

/// Makes lists declared with `codes!` usable as members of requests: `code_members!(Urgency);`.
macro_rules! code_members {
    ($($list:ty),+ $(,)?) => {
        $(impl deserr::Deserr<$crate::http::field_errors::FieldErrors> for $list {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                location: deserr::ValuePointerRef<'_>,
            ) -> Result<Self, $crate::http::field_errors::FieldErrors> {
                $crate::http::fields::read_code(value, location)
            }
        })+
    };
}
pub(crate) use code_members;

/// A whole number from `MIN` to `MAX`, written in plain digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole<const MIN: i32, const MAX: i32>(i32);

/// A whole number that is not negative.
pub type Count = Whole<0, { i32::MAX }>;

impl<const MIN: i32, const MAX: i32> Whole<MIN, MAX> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl<const MIN: i32, const MAX: i32> Deserr<FieldErrors> for Whole<MIN, MAX> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let number = match value {
            Value::Integer(number) => i32::try_from(number).ok(),
            Value::NegativeInteger(number) => i32::try_from(number).ok(),
            // Only a number with more digits than 64 bits hold is so large and a double.
            Value::Float(number) if number.abs() >= 9.2e18 => None,
            other => {
                return Err(FieldErrors::wrong_type(&other, ValueKind::Integer, location));
            }
        };
        number.filter(|number| (MIN..=MAX).contains(number)).map(Self).ok_or_else(|| {
            let advice = format!("Use a whole number from {MIN} to {MAX}.");
            FieldErrors::at_with(location, FieldCode::OutOfRange, advice)
        })
    }
}

impl<const MIN: i32, const MAX: i32> PartialSchema for Whole<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(MIN))
            .maximum(Some(MAX))
            .into()
    }
}

impl<const MIN: i32, const MAX: i32> ToSchema for Whole<MIN, MAX> {
    fn name() -> Cow<'static, str> {
        // A minus is allowed in the name of a component, but reads badly.
        format!("Whole{MIN}To{MAX}").replace('-', "Minus").into()
    }
}

/// A list of at most `MAX` items. What repetition means depends on the items, so the operation
/// checks it with [`FieldErrors::push_repeated`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// The items in the order in which they were sent.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// The items, owned.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T: Deserr<FieldErrors>, const MAX: usize> Deserr<FieldErrors> for List<T, MAX> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let items = match value {
            Value::Sequence(items) => items,
            other => {
                return Err(FieldErrors::wrong_type(&other, ValueKind::Sequence, location));
            }
        };
        if items.len() > MAX {
            let advice = format!("Send at most {MAX} items.");
            return Err(FieldErrors::at_with(location, FieldCode::TooManyItems, advice));
        }
        let mut read = Vec::with_capacity(items.len());
        let mut faults = FieldErrors::new();
        for (index, item) in items.into_iter().enumerate() {
            match T::deserialize_from_value(item.into_value(), location.push_index(index)) {
                Ok(item) => read.push(item),
                Err(found) => faults.append(found),
            }
        }
        if faults.is_empty() { Ok(Self(read)) } else { Err(faults) }
    }
}

impl<T: ToSchema, const MAX: usize> ComposeSchema for List<T, MAX> {
    fn compose(_: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let item = Ref::from_schema_name(T::name());
        ArrayBuilder::new().items(item).max_items(Some(MAX)).into()
    }
}

impl<T: ToSchema, const MAX: usize> ToSchema for List<T, MAX> {
    fn name() -> Cow<'static, str> {
        format!("ListOf{MAX}").into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

/// An identifier of this service: a UUID in its canonical lower-case form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub Uuid);

/// The UUID that a text is in canonical form: lower case, with hyphens and nothing around it.
#[must_use]
pub fn canonical_uuid(text: &str) -> Option<Uuid> {
    // The uuid crate also accepts braces, `urn:uuid:`, upper case and no hyphens.
    let id = Uuid::try_parse(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    (*id.as_hyphenated().encode_lower(&mut buffer) == *text).then_some(id)
}

impl Deserr<FieldErrors> for Id {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        canonical_uuid(&text(value, location)?)
            .map(Self)
            .ok_or_else(|| FieldErrors::at(location, FieldCode::Pattern))
    }
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        text_schema(Some(KnownFormat::Uuid)).into()
    }
}

impl ToSchema for Id {}
