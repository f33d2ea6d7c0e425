//! The one way in which a closed list of codes becomes a type.
//!
//! A code is what is stored, sent and published (`lower_snake`, never renamed); the variant is
//! what the rules name. The macro keeps the two in step, so that no list is written twice.

/// A text that is not one of the codes of a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the codes of {list}")]
pub struct UnknownCode {
    /// The Rust name of the list, for example `Urgency`.
    pub list: &'static str,
    /// The codes that the list has.
    pub known: &'static [&'static str],
}

/// Declares an enum whose variants each have one stable code.
///
/// The enum can be serialised, parsed from its code, listed in order (`ALL`, `CODES`) and shown in
/// the contract. Parsing is exact: case and blanks matter.
macro_rules! codes {
    ($(#[$list_doc:meta])* pub enum $name:ident {
        $($(#[$doc:meta])* $variant:ident => $code:tt,)+
    }) => {
        $(#[$list_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every member, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// Every code, in the same order.
            pub const CODES: &'static [&'static str] = &[$($code,)+];

            /// The code that is stored and sent.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::codes::UnknownCode;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($code => Ok(Self::$variant),)+
                    _ => Err($crate::domain::codes::UnknownCode {
                        list: stringify!($name),
                        known: Self::CODES,
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::codes::UnknownCode;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.code().to_owned()
            }
        }
    };
}
pub(crate) use codes;

#[cfg(test)]
mod tests {
    codes! {
        /// A list for the test.
        pub enum Colour {
            /// Not blue.
            Red => "red",
            /// Not red.
            DarkBlue => "dark_blue",
        }
    }

    #[test]
    fn a_code_is_read_exactly_and_written_back() {
        for colour in Colour::ALL {
            assert_eq!(colour.code().parse::<Colour>(), Ok(*colour));
        }
        for wrong in ["Red", " red", "red ", "", "darkblue"] {
            let refused = wrong.parse::<Colour>().expect_err(wrong);
            assert_eq!(refused.known, ["red", "dark_blue"]);
        }
    }
}
