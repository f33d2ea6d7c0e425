//! Members of a merge patch: left out they stay as they are, and null, which would remove them, is refused (RFC 7396).

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::field_errors::{FieldCode, FieldErrors};

/// A member that can be left out and always has a value: null is `required`.
#[derive(Debug, Clone)]
pub struct Given<T>(pub Option<T>);

/// A member that can be left out and that nobody takes back once it is recorded: null is `not_permitted`.
#[derive(Debug, Clone)]
pub struct Kept<T>(pub Option<T>);

/// A member that can be left out, and that null takes away.
#[derive(Debug, Clone, Default)]
pub enum Cleared<T> {
    /// It stays.
    #[default]
    AsItIs,
    /// It is taken away.
    Gone,
    /// It becomes this.
    Is(T),
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for Cleared<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        match value {
            Value::Null => Ok(Self::Gone),
            value => T::deserialize_from_value(value, location).map(Self::Is),
        }
    }
}

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for Given<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        match value {
            Value::Null => Err(FieldErrors::at(location, FieldCode::Required)),
            value => T::deserialize_from_value(value, location).map(|it| Self(Some(it))),
        }
    }
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for Kept<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        match value {
            Value::Null => {
                let detail =
                    "What was recorded is not removed; send the right values, or leave it out.";
                Err(FieldErrors::at_with(location, FieldCode::NotPermitted, detail.to_owned()))
            }
            value => T::deserialize_from_value(value, location).map(|it| Self(Some(it))),
        }
    }
}
