//! The number by which a sender's system says which of two things it said is the newer one.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::field_errors::{FieldCode, FieldErrors};

/// A whole number from 0 to 2⁵³ − 1, the largest that every JSON reader keeps whole: a counter, or milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceVersion(i64);

impl SourceVersion {
    /// The highest.
    pub const MAX: i64 = (1 << 53) - 1;

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Deserr<FieldErrors> for SourceVersion {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let number = match value {
            Value::Integer(number) => i64::try_from(number).ok(),
            Value::NegativeInteger(_) => None,
            // Only a number with more digits than 64 bits hold is so large and a double.
            Value::Float(number) if number.abs() >= 9.2e18 => None,
            other => return Err(FieldErrors::wrong_type(&other, ValueKind::Integer, location)),
        };
        number.filter(|number| *number <= Self::MAX).map(Self).ok_or_else(|| {
            let advice = format!("Use a whole number from 0 to {}.", Self::MAX);
            FieldErrors::at_with(location, FieldCode::OutOfRange, advice)
        })
    }
}

impl PartialSchema for SourceVersion {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .maximum(Some(Self::MAX))
            .into()
    }
}

impl ToSchema for SourceVersion {
    fn name() -> Cow<'static, str> {
        "SourceVersion".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserr)]
    #[deserr(error = FieldErrors, deny_unknown_fields)]
    struct Sample {
        version: SourceVersion,
    }

    #[test]
    fn only_plain_whole_numbers_that_every_reader_keeps_are_read() {
        let read = |number: &str| {
            let body = format!("{{\"version\": {number}}}");
            super::super::fields::read::<Sample>(body.as_bytes()).map(|it| it.version.get())
        };
        for number in [0, 7, 1_795_000_000_000, SourceVersion::MAX] {
            assert_eq!(read(&number.to_string()).unwrap(), number);
        }
        for (number, code) in [
            ("-1", "out_of_range"),
            ("9007199254740992", "out_of_range"),
            ("99999999999999999999", "out_of_range"),
            ("1.0", "wrong_type"),
            ("\"7\"", "wrong_type"),
            ("true", "wrong_type"),
        ] {
            let problem = read(number).unwrap_err();
            assert_eq!(problem.document().errors[0].code.to_string(), code, "{number}");
        }
    }
}
