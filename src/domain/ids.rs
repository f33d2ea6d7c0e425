//! A type for each kind of identifier, so that one can never be passed for another.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
            #[serde(transparent)]
            #[schema(value_type = Uuid)]
            pub struct $name(pub Uuid);

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }

            impl From<Uuid> for $name {
                fn from(id: Uuid) -> Self {
                    Self(id)
                }
            }

            impl From<$name> for Uuid {
                fn from(id: $name) -> Self {
                    id.0
                }
            }
        )+
    };
}

id! {
    /// A safeguarding partnership: the unit that owns its own escalations, agencies and policies.
    PartnershipId,
    /// An agency of a partnership.
    AgencyId,
    /// A registered program that calls the service for an agency.
    ClientId,
    /// An escalation, through all its stages and episodes.
    EscalationId,
    /// One recorded act on an escalation.
    EventId,
    /// One running or stopped time limit.
    ClockId,
    /// A record of an informal resolution or a commendation.
    PracticeRecordId,
    /// A declared change of the review.
    RebaseId,
    /// An action that a review agreed on.
    ActionId,
    /// Something that a review learnt.
    LearningId,
    /// A name that an agency gave an escalation.
    ExternalIdId,
    /// A file of escalations that left.
    ExportId,
    /// A file of escalations that was sent.
    ImportId,
    /// Where an agency's system is told of what happens.
    WebhookEndpointId,
    /// An entry of the log of who read what.
    AccessEventId,
    /// An order that something is not to be destroyed.
    LegalHoldId,
    /// A proposal to erase something, and what came of it.
    ErasureId,
}

/// Where new identifiers come from: version 7, so that they sort by the time they were made.
pub trait IdSource: Send + Sync {
    /// A new identifier made at `now`.
    fn new_id(&self, now: jiff::Timestamp) -> Uuid;

    /// Sixteen bytes that nobody can guess, to be hashed together with a text.
    fn salt(&self) -> [u8; 16];
}

/// A version 7 identifier from an instant and ten random bytes.
///
/// Instants before 1970 count as 1970: the millisecond field of the format is unsigned.
#[must_use]
pub fn uuid_v7(now: jiff::Timestamp, random: &[u8; 10]) -> Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_instants_make_later_identifiers() {
        let early = uuid_v7("2026-11-16T09:00:00Z".parse().unwrap(), &[0xff; 10]);
        let late = uuid_v7("2026-11-16T09:00:00.001Z".parse().unwrap(), &[0; 10]);
        assert!(early < late);
        assert_eq!(early.get_version_num(), 7);
    }
}
