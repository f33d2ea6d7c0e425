//! The rows of stage clocks, and how they and the domain's values become each other.

use diesel::prelude::*;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::{code, json, limit, small};
use super::failure::StoreFailure;
use super::schema::stage_clock;
use crate::domain::escalation::Escalation;
use crate::domain::ids::ClockId;
use crate::domain::stage_clock::{StageClock, Stop};

/// A row of `stage_clock`.
#[derive(Queryable, Selectable, Insertable, Clone)]
#[diesel(table_name = stage_clock, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
pub struct ClockRow {
    pub partnership_id: Uuid,
    pub id: Uuid,
    pub escalation_id: Uuid,
    pub position: i32,
    pub episode: i16,
    pub stage: i16,
    pub kind: String,
    pub urgency: String,
    pub time_limit: serde_json::Value,
    pub started_at: SqlTimestamp,
    pub due_at: SqlTimestamp,
    pub policy_version: String,
    pub calendar_version: String,
    pub extends_id: Option<Uuid>,
    pub stopped_at: NullableTimestamp,
    pub stop_reason: Option<String>,
    pub basis: Option<serde_json::Value>,
    pub recorded_at: NullableTimestamp,
    pub stop_recorded_at: NullableTimestamp,
}

impl ClockRow {
    /// The row of one clock of an escalation, the one at `position`.
    pub fn of(it: &Escalation, position: usize, clock: &StageClock) -> Result<Self, StoreFailure> {
        Ok(Self {
            partnership_id: it.partnership.0,
            id: clock.id.0,
            escalation_id: it.id.0,
            position: i32::try_from(position).map_err(|_| StoreFailure::Corrupt("number"))?,
            episode: small(clock.episode)?,
            stage: i16::from(clock.stage),
            kind: clock.kind.into(),
            urgency: clock.urgency.into(),
            time_limit: json(&clock.limit)?,
            started_at: clock.started_at.into(),
            due_at: clock.due_at.into(),
            policy_version: clock.policy_version.clone(),
            calendar_version: clock.calendar_version.clone(),
            extends_id: clock.extends.map(|id| id.0),
            stopped_at: clock.stopped.map(|stop| stop.at).into(),
            stop_reason: clock.stopped.map(|stop| stop.reason.into()),
            basis: clock.basis.as_ref().map(json).transpose()?,
            recorded_at: clock.recorded_at.into(),
            stop_recorded_at: clock.stopped.and_then(|stop| stop.recorded_at).into(),
        })
    }

    /// The clock that this row holds.
    pub fn into_domain(self) -> Result<StageClock, StoreFailure> {
        let wrong = || StoreFailure::Corrupt("stage_clock");
        let stopped = match (self.stopped_at.to_jiff(), self.stop_reason) {
            (Some(at), Some(reason)) => Some(Stop {
                at,
                reason: code(&reason, "stage_clock.stop_reason")?,
                recorded_at: self.stop_recorded_at.to_jiff(),
            }),
            _ => None,
        };
        Ok(StageClock {
            id: ClockId(self.id),
            episode: u16::try_from(self.episode).map_err(|_| wrong())?,
            stage: u8::try_from(self.stage).map_err(|_| wrong())?,
            kind: code(&self.kind, "stage_clock.kind")?,
            urgency: code(&self.urgency, "stage_clock.urgency")?,
            limit: limit(self.time_limit)?,
            started_at: self.started_at.to_jiff(),
            due_at: self.due_at.to_jiff(),
            policy_version: self.policy_version,
            calendar_version: self.calendar_version,
            extends: self.extends_id.map(ClockId),
            basis: self
                .basis
                .map(serde_json::from_value)
                .transpose()
                .map_err(|_| StoreFailure::Corrupt("stage_clock.basis"))?,
            recorded_at: self.recorded_at.to_jiff(),
            stopped,
        })
    }
}
