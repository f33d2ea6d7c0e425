//! Who recorded something, and when: what every record has that is not an act on an escalation.

use jiff::Timestamp;

use super::access::{Caller, Role};
use super::ids::ClientId;

/// Who recorded it, and when the service received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When the service received it. What was known at an instant is what was recorded by then.
    pub at: Timestamp,
    /// The role in which they did.
    pub role: Role,
    /// The client through which they did.
    pub client: ClientId,
    /// The person or system, as the token names them.
    pub subject: String,
}

impl Recorded {
    /// Recorded by this caller at `at`.
    #[must_use]
    pub fn by(caller: &Caller, at: Timestamp) -> Self {
        Self { at, role: caller.role, client: caller.client, subject: caller.subject.clone() }
    }
}
