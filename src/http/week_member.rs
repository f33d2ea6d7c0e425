//! A week and a share in requests: one exact form each.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type, schema::SchemaType};
use utoipa::{PartialSchema, ToSchema};

use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{text, text_schema};
use super::times::parse_week;
use crate::domain::week::IsoWeek;

/// An ISO week, sent as `2026-W47`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week(pub IsoWeek);

impl Deserr<FieldErrors> for Week {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let text = text(value, location)?;
        let week = parse_week(&text).map_err(|code| FieldErrors::at(location, code))?;
        IsoWeek::new(week.year(), week.week())
            .map(Self)
            .map_err(|_| FieldErrors::at(location, FieldCode::InvalidWeek))
    }
}

impl PartialSchema for Week {
    fn schema() -> RefOr<Schema> {
        text_schema(None).pattern(Some("^[0-9]{4}-W[0-9]{2}$")).into()
    }
}

impl ToSchema for Week {}

/// A number above nought and up to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UpTo<const MAX: i32>(f64);

impl<const MAX: i32> UpTo<MAX> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl<const MAX: i32> Deserr<FieldErrors> for UpTo<MAX> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let number = match value {
            Value::Float(number) => number,
            Value::Integer(number) => i32::try_from(number).map_or(f64::INFINITY, f64::from),
            Value::NegativeInteger(_) => -1.0,
            other => return Err(FieldErrors::wrong_type(&other, ValueKind::Float, location)),
        };
        if number > 0.0 && number <= f64::from(MAX) {
            return Ok(Self(number));
        }
        let advice = format!("Use a number above 0 and up to {MAX}.");
        Err(FieldErrors::at_with(location, FieldCode::OutOfRange, advice))
    }
}

impl<const MAX: i32> PartialSchema for UpTo<MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Number))
            .exclusive_minimum(Some(0))
            .maximum(Some(MAX))
            .into()
    }
}

impl<const MAX: i32> ToSchema for UpTo<MAX> {
    fn name() -> Cow<'static, str> {
        format!("NumberUpTo{MAX}").into()
    }
}
