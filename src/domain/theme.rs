//! The code of an escalation theme: what kind of thing went wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A theme's stable code, `lower_snake`. That a partnership uses it is checked against its themes.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = String, example = "strategy_meeting_late")]
pub struct ThemeCode(pub String);

impl fmt::Display for ThemeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
