//! The closed list of faults that one member can have, each with the advice that puts it right.

use crate::domain::codes::codes;

codes! {
    /// What is wrong with one member or parameter.
    pub enum FieldCode {
        /// A member that must be there is absent or null.
        Required => "required",
        /// The JSON type is another one.
        WrongType => "wrong_type",
        /// The member is not part of this operation.
        UnknownField => "unknown_field",
        /// The member is set by the service alone.
        ReadOnlyField => "read_only_field",
        /// The code is not in its list.
        UnknownCode => "unknown_code",
        /// The code may be read but no longer written.
        RetiredCode => "retired_code",
        /// Empty, or nothing visible in it.
        TooShort => "too_short",
        /// More characters than allowed.
        TooLong => "too_long",
        /// More items than allowed.
        TooManyItems => "too_many_items",
        /// The same item twice.
        NotUnique => "not_unique",
        /// A control character.
        ControlCharacter => "control_character",
        /// An invisible or direction-changing character.
        DisallowedCharacter => "disallowed_character",
        /// Not of the documented form.
        Pattern => "pattern",
        /// The check digit does not match.
        CheckDigit => "check_digit",
        /// The scheme may not be used here.
        SchemeNotAllowed => "scheme_not_allowed",
        /// A number or date outside its range.
        OutOfRange => "out_of_range",
        /// No such day.
        InvalidDate => "invalid_date",
        /// Not an RFC 3339 time.
        InvalidDatetime => "invalid_datetime",
        /// A time without its offset from UTC.
        OffsetRequired => "offset_required",
        /// Not an ISO week.
        InvalidWeek => "invalid_week",
        /// Later than now.
        InFuture => "in_future",
        /// Earlier than this service records.
        TooOld => "too_old",
        /// Known, and not permitted here or for this caller.
        NotPermitted => "not_permitted",
        /// Contradicts another member.
        Inconsistent => "inconsistent",
        /// Names something that is not there for this caller.
        UnknownReference => "unknown_reference",
        /// Names the item itself.
        SelfReference => "self_reference",
        /// Looks like a person's details where none belong.
        PersonalData => "personal_data",
        /// An address that must not be called.
        UrlNotAllowed => "url_not_allowed",
        /// A query parameter that the operation does not have.
        UnknownParameter => "unknown_parameter",
        /// A query parameter given more than once.
        RepeatedParameter => "repeated_parameter",
        /// Bad percent-encoding, or not UTF-8.
        InvalidEncoding => "invalid_encoding",
    }
}

impl FieldCode {
    /// What is wrong, in words that hold for every field.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Required => "It is missing.",
            Self::WrongType => "It is a value of another kind.",
            Self::UnknownField => "It is not part of the record.",
            Self::ReadOnlyField => "The service sets it itself.",
            Self::UnknownCode => "It is not one of the codes.",
            Self::RetiredCode => "This code is no longer used.",
            Self::TooShort => "It is empty.",
            Self::TooLong => "It is too long.",
            Self::TooManyItems => "These are too many.",
            Self::NotUnique => "It is there twice.",
            Self::ControlCharacter => "It has a control character in it.",
            Self::DisallowedCharacter => "It has a character in it that cannot be seen.",
            Self::Pattern => "It does not have its form.",
            Self::CheckDigit => "Its check digit is wrong.",
            Self::SchemeNotAllowed => "This scheme is not accepted.",
            Self::OutOfRange => "It is outside its range.",
            Self::InvalidDate => "It is no day.",
            Self::InvalidDatetime => "It is no time with a day.",
            Self::OffsetRequired => "It does not say its offset from UTC.",
            Self::InvalidWeek => "It is no week.",
            Self::InFuture => "It is later than now.",
            Self::TooOld => "It is too long ago.",
            Self::NotPermitted => "It is not permitted here.",
            Self::Inconsistent => "It contradicts another value.",
            Self::UnknownReference => "There is no such thing here.",
            Self::SelfReference => "It names itself.",
            Self::PersonalData => "It looks like a person's details.",
            Self::UrlNotAllowed => "This address must not be called.",
            Self::UnknownParameter => "It is not a parameter of this operation.",
            Self::RepeatedParameter => "It is there twice.",
            Self::InvalidEncoding => "It is not UTF-8.",
        }
    }

    /// How to put it right, in words that hold for every field.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Required => "This is required; send a value that is not null.",
            Self::WrongType => "The JSON type is not the one documented for this.",
            Self::UnknownField => {
                "This operation does not have this member; check its spelling or leave it out."
            }
            Self::ReadOnlyField => "The service sets this itself; leave it out.",
            Self::UnknownCode => "Use one of the documented codes exactly as written.",
            Self::RetiredCode => {
                "This code is retired; use a current one from the reference lists."
            }
            Self::TooShort => "Write at least one visible character.",
            Self::TooLong => "Shorten this text to the documented maximum.",
            Self::TooManyItems => "Send fewer items.",
            Self::NotUnique => "Each item may appear once; remove the repetition.",
            Self::ControlCharacter => {
                "Remove control characters; only line breaks and tabs are allowed."
            }
            Self::DisallowedCharacter => {
                "Remove invisible and direction-changing characters; typing it again usually helps."
            }
            Self::Pattern => "This does not have the documented form.",
            Self::CheckDigit => {
                "The check digit does not match; compare the number with its source."
            }
            Self::SchemeNotAllowed => {
                "This scheme may not be used here; use one that the partnership permits."
            }
            Self::OutOfRange => "Use a value within the documented range.",
            Self::InvalidDate => "Use an existing day in the form YYYY-MM-DD.",
            Self::InvalidDatetime => "Use RFC 3339 with seconds, for example 2026-01-31T09:30:00Z.",
            Self::OffsetRequired => "Add the offset from UTC, for example Z or +01:00.",
            Self::InvalidWeek => "Use an existing ISO week in the form 2026-W14.",
            Self::InFuture => "This must not be later than now.",
            Self::TooOld => "This is earlier than this service records; check the year.",
            Self::NotPermitted => {
                "This may not be used here; the documentation of this operation says what may."
            }
            Self::Inconsistent => "This contradicts another member; correct one of them.",
            Self::UnknownReference => {
                "There is no such item that you may use; check the reference."
            }
            Self::SelfReference => "This must not name itself; name another one.",
            Self::PersonalData => "This looks like a person's details; use a reference instead.",
            Self::UrlNotAllowed => "Use an https address on the public internet.",
            Self::UnknownParameter => {
                "This operation does not have this parameter; check its spelling or leave it out."
            }
            Self::RepeatedParameter => "Send this parameter once.",
            Self::InvalidEncoding => "Percent-encode this as UTF-8.",
        }
    }
}
