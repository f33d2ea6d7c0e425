//! The release of a pack to the public: by a named person, after a check by hand, once for each quarter.

use jiff::Timestamp;

use super::Quarter;
use crate::domain::access::Role;
use crate::domain::disclosure::{NotPublishable, Profile, may_publish};
use crate::domain::ids::ClientId;

/// What somebody says who releases a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Releasing {
    /// Who answers for it: a name or a post, as it shall stand in the record.
    pub releaser: String,
    /// What was looked at by hand, and found in order.
    pub checked: String,
}

/// A released pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The quarter.
    pub quarter: Quarter,
    /// The rules by which small numbers are hidden in it.
    pub profile: Profile,
    /// What had been recorded by this instant is in it.
    pub data_to: Timestamp,
    /// The pack, as the text that is shown for ever after.
    pub pack: String,
    /// SHA-256 of that text, in hexadecimal.
    pub sha256: String,
    /// What was said.
    pub said: Releasing,
    /// When.
    pub released_at: Timestamp,
    /// The releaser's role.
    pub role: Role,
    /// The client through which it was released.
    pub client: ClientId,
    /// The person, as the token names them.
    pub subject: String,
}

/// Why a pack cannot be released so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotRelease {
    /// Its quarter is not over, or its data have not been taken yet.
    #[error("the quarter is not over")]
    NotOver,
    /// Another pack was read than would be released.
    #[error("the pack is not what was read")]
    NotWhatWasRead,
    /// Something was published before that its difference would open.
    #[error(transparent)]
    Published(#[from] NotPublishable),
}

/// Whether the pack of `quarter` may be released after those of `before`.
///
/// # Errors
/// [`CannotRelease::Published`].
pub fn check(quarter: Quarter, before: &[Quarter]) -> Result<(), CannotRelease> {
    let published: Vec<_> = before.iter().filter_map(|it| it.period()).collect();
    let period = quarter.period().ok_or(NotPublishable::NotAQuarter)?;
    Ok(may_publish(&published, period)?)
}
