//! Heartbeats, agreements about feeds and nil returns, as they are sent and shown.

use deserr::Deserr;
use jiff::SignedDuration;
use serde::Serialize;
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::fields::{Text, Whole, code_members};
use super::times::Instant;
use super::week_member::Week;
use crate::domain::access::Role;
use crate::domain::hearing::{FeedAgreement, FeedState, FeedStatement, NilReturn};
use crate::domain::week::IsoWeek;

code_members!(FeedState);

/// That a system was heard.
#[derive(Debug, Serialize, ToSchema)]
pub struct Heartbeat {
    /// When.
    pub heard_at: Instant,
}

/// Say that there was nothing to raise in a week.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct GiveNilReturn {
    /// The ISO week. It can be said from its Friday on.
    pub week: Week,
    /// The role in which the signer says so, for example "Designated safeguarding lead". No names.
    pub signed_as: Text<80>,
}

/// An agency's word on record that it had nothing to raise. It never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NilReturn)]
pub struct NilReturnView {
    /// Code of the agency.
    pub agency: String,
    /// The week.
    #[schema(value_type = String, example = "2026-W46")]
    pub week: IsoWeek,
    /// The role in which the signer said so.
    pub signed_as: String,
    /// When the service received it.
    pub recorded_at: Instant,
}

impl NilReturnView {
    /// A nil return of the agency with this code.
    pub fn new(it: &NilReturn, agency: &str) -> Self {
        Self {
            agency: agency.to_owned(),
            week: it.week,
            signed_as: it.signed_as.clone(),
            recorded_at: Instant(it.recorded.at),
        }
    }
}

/// The nil returns of an agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct NilReturns {
    /// The latest week first.
    pub items: Vec<NilReturnView>,
}

/// Record how often an agency's system agreed to be heard, or that it need not be any more.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct StateFeed {
    /// Whether its system has to be heard.
    pub state: FeedState,
    /// The longest time between two contacts, in hours; 24 when not said. None where the agreement ends.
    #[deserr(default)]
    pub every_hours: Option<Whole<1, 8784>>,
    /// Why; no names.
    pub reason: Text<500>,
}

impl StateFeed {
    /// What is said, as the domain names it.
    pub fn into_statement(self) -> FeedStatement {
        FeedStatement {
            state: self.state,
            every: self.every_hours.map(|it| SignedDuration::from_hours(it.get().into())),
            reason: self.reason.into_string(),
        }
    }
}

/// A statement about an agency's feed. It never changes; the last one holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FeedAgreement)]
pub struct FeedView {
    /// Which statement about this agency, counted from 1.
    pub version: i32,
    /// Whether its system has to be heard.
    pub state: FeedState,
    /// The longest time between two contacts, in hours; absent where the agreement ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_hours: Option<i64>,
    /// Why.
    pub reason: String,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// The role that recorded it.
    pub recorded_by_role: Role,
}

impl FeedView {
    /// A statement as it is shown.
    pub fn new(it: &FeedAgreement) -> Self {
        Self {
            version: it.version,
            state: if it.every.is_some() { FeedState::Agreed } else { FeedState::Ended },
            every_hours: it.every.map(|every| every.as_hours()),
            reason: it.reason.clone(),
            recorded_at: Instant(it.recorded.at),
            recorded_by_role: it.recorded.role,
        }
    }
}

/// What was stated about an agency's feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Feeds {
    /// The first first; the last one holds.
    pub items: Vec<FeedView>,
}
