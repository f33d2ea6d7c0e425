//! The rows of an escalation, and how they and the domain's values become each other.

use diesel::prelude::*;
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::clock_rows::ClockRow;
use super::failure::StoreFailure;
use super::schema::{delay, episode, escalation};
use crate::domain::child_time::Holding;
use crate::domain::escalation::{AfterEnd, Delay, Episode, Escalation, Facts};
use crate::domain::event::Ending;
use crate::domain::ids::{AgencyId, EscalationId, PartnershipId};
use crate::domain::limit::Limit;
use crate::domain::link::Link;
use crate::domain::theme::ThemeCode;

/// A row of `escalation`.
#[derive(Queryable, Selectable, Insertable, Clone)]
#[diesel(table_name = escalation, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
pub struct EscalationRow {
    pub partnership_id: Uuid,
    pub id: Uuid,
    pub version: i32,
    pub reference: String,
    pub scope: String,
    pub raised_by_agency_id: Uuid,
    pub raised_with_agency_id: Uuid,
    pub urgency: String,
    pub theme_code: String,
    pub secondary_themes: Vec<String>,
    pub source: Option<String>,
    pub external_reference: Option<String>,
    pub child_count: i32,
    pub concern_arose_at: NullableTimestamp,
    pub raised_at: SqlTimestamp,
    pub received_at: SqlTimestamp,
    pub child_impact: Option<String>,
    pub interim_safety: Option<String>,
    pub emergency_action_taken_at: NullableTimestamp,
    pub raised_by_role: Option<String>,
    pub raiser_visibility: String,
    pub original_theme_code: Option<String>,
    pub policy_version: String,
    pub status: String,
    pub stage: i16,
    pub episode: i16,
    pub changed_at: SqlTimestamp,
    pub next_due_at: NullableTimestamp,
    pub next_due_clock_id: Option<Uuid>,
    pub next_due_kind: Option<String>,
    pub past_responder_ids: Vec<Uuid>,
    pub rule_state: serde_json::Value,
}

/// A row of `delay`.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = delay, primary_key(partnership_id, escalation_id), check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct DelayRow {
    pub partnership_id: Uuid,
    pub escalation_id: Uuid,
    pub timescale_code: String,
    pub timescale_version: String,
    pub time_limit: Option<serde_json::Value>,
    pub started_at: SqlTimestamp,
    pub due_at: NullableTimestamp,
    pub occurred_at: NullableTimestamp,
    pub cause: Option<String>,
    pub calendar_version: String,
}

/// A row of `episode`.
#[derive(Queryable, Selectable, Insertable, Clone)]
#[diesel(table_name = episode, check_for_backend(diesel::pg::Pg), treat_none_as_default_value = false)]
pub struct EpisodeRow {
    pub partnership_id: Uuid,
    pub escalation_id: Uuid,
    pub number: i16,
    pub opened_at: SqlTimestamp,
    pub ended_at: NullableTimestamp,
    pub outcome: Option<String>,
    pub counts_as_resolved: Option<bool>,
    pub child_outcome: Option<String>,
    pub delay_effect: Option<String>,
    pub working_seconds: Option<i64>,
    pub same_day: Option<bool>,
    pub calendar_version: Option<String>,
    pub child_seconds: Option<i64>,
    pub withdrawal_reason: Option<String>,
    pub reroute_code: Option<String>,
    pub details: Option<serde_json::Value>,
    pub feedback_at: NullableTimestamp,
    pub learning_type: Option<String>,
    pub impact_result: Option<String>,
    pub impact_checked_at: NullableTimestamp,
}

/// Reads a code that a check constraint or our own write put there.
pub fn code<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, StoreFailure> {
    text.parse().map_err(|_| StoreFailure::Corrupt(what))
}

pub(super) fn optional<T: std::str::FromStr>(
    text: Option<String>,
    what: &'static str,
) -> Result<Option<T>, StoreFailure> {
    text.map(|text| code(&text, what)).transpose()
}

pub(super) fn limit(value: serde_json::Value) -> Result<Limit, StoreFailure> {
    serde_json::from_value(value).map_err(|_| StoreFailure::Corrupt("limit"))
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StoreFailure> {
    serde_json::to_value(value).map_err(|error| StoreFailure::Other(error.to_string()))
}

pub(super) fn small<T: TryInto<i16>>(number: T) -> Result<i16, StoreFailure> {
    number.try_into().map_err(|_| StoreFailure::Corrupt("number"))
}

impl TryFrom<&Escalation> for EscalationRow {
    type Error = StoreFailure;

    fn try_from(it: &Escalation) -> Result<Self, StoreFailure> {
        let facts = &it.facts;
        let next = it.next_due();
        Ok(Self {
            partnership_id: it.partnership.0,
            id: it.id.0,
            version: it.version,
            reference: facts.reference.clone(),
            scope: facts.scope.code().to_owned(),
            raised_by_agency_id: facts.raised_by.0,
            raised_with_agency_id: facts.raised_with.0,
            urgency: facts.urgency.code().to_owned(),
            theme_code: facts.theme.0.clone(),
            secondary_themes: facts.secondary_themes.iter().map(|theme| theme.0.clone()).collect(),
            source: facts.source.clone(),
            external_reference: facts.external_reference.clone(),
            child_count: i32::from(facts.child_count),
            concern_arose_at: facts.concern_arose_at.into(),
            raised_at: facts.raised_at.into(),
            received_at: facts.received_at.into(),
            child_impact: facts.child_impact.map(Into::into),
            interim_safety: facts.interim_safety.map(Into::into),
            emergency_action_taken_at: facts.emergency_action_taken_at.into(),
            raised_by_role: facts.raised_by_role.clone(),
            raiser_visibility: facts.raiser_visibility.into(),
            original_theme_code: facts.original_theme.as_ref().map(|theme| theme.0.clone()),
            policy_version: facts.policy_version.clone(),
            status: it.status.code().to_owned(),
            stage: i16::from(it.stage),
            episode: small(it.episode.number)?,
            changed_at: it.changed_at.into(),
            next_due_at: next.map(|clock| clock.due_at).into(),
            next_due_clock_id: next.map(|clock| clock.id.0),
            next_due_kind: next.map(|clock| clock.kind.into()),
            past_responder_ids: it.past_responders.iter().map(|agency| agency.0).collect(),
            rule_state: json(&it.rule_state)?,
        })
    }
}

impl DelayRow {
    /// The row of an escalation's delay, if it has one.
    pub fn of(it: &Escalation) -> Result<Option<Self>, StoreFailure> {
        let Some(delay) = &it.facts.delay else { return Ok(None) };
        Ok(Some(Self {
            partnership_id: it.partnership.0,
            escalation_id: it.id.0,
            timescale_code: delay.timescale.clone(),
            timescale_version: delay.timescale_version.clone(),
            time_limit: delay.limit.as_ref().map(json).transpose()?,
            started_at: delay.started_at.into(),
            due_at: delay.due_at.into(),
            occurred_at: delay.occurred_at.into(),
            cause: delay.cause.map(Into::into),
            calendar_version: delay.calendar_version.clone(),
        }))
    }

    /// The delay that this row holds.
    pub fn into_domain(self) -> Result<Delay, StoreFailure> {
        Ok(Delay {
            timescale: self.timescale_code,
            timescale_version: self.timescale_version,
            limit: self.time_limit.map(limit).transpose()?,
            started_at: self.started_at.to_jiff(),
            due_at: self.due_at.to_jiff(),
            occurred_at: self.occurred_at.to_jiff(),
            cause: optional(self.cause, "delay.cause")?,
            calendar_version: self.calendar_version,
        })
    }
}

impl EpisodeRow {
    /// The row of an escalation's latest episode.
    pub fn of(it: &Escalation) -> Result<Self, StoreFailure> {
        let ending = it.episode.ending.as_ref();
        let after = it.episode.after;
        Ok(Self {
            partnership_id: it.partnership.0,
            escalation_id: it.id.0,
            number: small(it.episode.number)?,
            opened_at: it.episode.opened_at.into(),
            ended_at: ending.map(|ending| ending.at).into(),
            outcome: ending.map(|ending| ending.outcome.into()),
            counts_as_resolved: ending.map(|ending| ending.outcome.counts_as_resolved()),
            child_outcome: ending.map(|ending| ending.child_outcome.into()),
            delay_effect: ending.map(|ending| ending.delay_effect.into()),
            working_seconds: ending.map(|ending| ending.working_seconds),
            same_day: ending.map(|ending| ending.same_day),
            calendar_version: ending.map(|ending| ending.calendar_version.clone()),
            child_seconds: ending.map(|ending| ending.child_seconds),
            withdrawal_reason: ending.and_then(|it| it.withdrawal_reason).map(Into::into),
            reroute_code: ending.and_then(|it| it.reroute).map(Into::into),
            details: ending.and_then(|it| it.details.as_deref()).map(json).transpose()?,
            feedback_at: after.feedback_at.into(),
            learning_type: after.learning.map(Into::into),
            impact_result: after.impact.map(|(result, _)| result.into()),
            impact_checked_at: after.impact.map(|(_, at)| at).into(),
        })
    }

    /// The episode that this row holds.
    pub fn into_domain(self) -> Result<Episode, StoreFailure> {
        let impact = optional(self.impact_result, "episode.impact_result")?;
        let after = AfterEnd {
            feedback_at: self.feedback_at.to_jiff(),
            learning: optional(self.learning_type, "episode.learning_type")?,
            impact: impact.zip(self.impact_checked_at.to_jiff()),
        };
        let ending = match (
            self.ended_at.to_jiff(),
            self.outcome,
            self.child_outcome,
            self.delay_effect,
            self.working_seconds,
            self.same_day,
            self.calendar_version,
        ) {
            (
                Some(at),
                Some(outcome),
                Some(child_outcome),
                Some(delay_effect),
                Some(working_seconds),
                Some(same_day),
                Some(calendar_version),
            ) => Some(Ending {
                at,
                outcome: code(&outcome, "episode.outcome")?,
                child_outcome: code(&child_outcome, "episode.child_outcome")?,
                delay_effect: code(&delay_effect, "episode.delay_effect")?,
                working_seconds,
                same_day,
                calendar_version,
                child_seconds: self.child_seconds.unwrap_or_default(),
                withdrawal_reason: optional(self.withdrawal_reason, "episode.withdrawal_reason")?,
                reroute: optional(self.reroute_code, "episode.reroute_code")?,
                details: self
                    .details
                    .map(serde_json::from_value)
                    .transpose()
                    .map_err(|_| StoreFailure::Corrupt("episode.details"))?,
            }),
            _ => None,
        };
        Ok(Episode {
            number: u16::try_from(self.number).map_err(|_| StoreFailure::Corrupt("episode"))?,
            opened_at: self.opened_at.to_jiff(),
            ending,
            after,
        })
    }
}

/// Puts an escalation together from its rows; clocks, holdings and links come oldest first.
pub fn assemble(
    row: EscalationRow,
    delay: Option<DelayRow>,
    episode: EpisodeRow,
    clocks: Vec<ClockRow>,
    holdings: Vec<Holding>,
    links: Vec<Link>,
) -> Result<Escalation, StoreFailure> {
    Ok(Escalation {
        id: EscalationId(row.id),
        partnership: PartnershipId(row.partnership_id),
        version: row.version,
        status: code(&row.status, "escalation.status")?,
        stage: u8::try_from(row.stage).map_err(|_| StoreFailure::Corrupt("escalation.stage"))?,
        episode: episode.into_domain()?,
        changed_at: row.changed_at.to_jiff(),
        clocks: clocks.into_iter().map(ClockRow::into_domain).collect::<Result<_, _>>()?,
        holdings,
        links,
        past_responders: row.past_responder_ids.into_iter().map(AgencyId).collect(),
        rule_state: serde_json::from_value(row.rule_state)
            .map_err(|_| StoreFailure::Corrupt("escalation.rule_state"))?,
        facts: Facts {
            reference: row.reference,
            scope: code(&row.scope, "escalation.scope")?,
            raised_by: AgencyId(row.raised_by_agency_id),
            raised_with: AgencyId(row.raised_with_agency_id),
            urgency: code(&row.urgency, "escalation.urgency")?,
            theme: ThemeCode(row.theme_code),
            secondary_themes: row.secondary_themes.into_iter().map(ThemeCode).collect(),
            source: row.source,
            external_reference: row.external_reference,
            child_count: u16::try_from(row.child_count)
                .map_err(|_| StoreFailure::Corrupt("escalation.child_count"))?,
            concern_arose_at: row.concern_arose_at.to_jiff(),
            raised_at: row.raised_at.to_jiff(),
            received_at: row.received_at.to_jiff(),
            child_impact: optional(row.child_impact, "escalation.child_impact")?,
            interim_safety: optional(row.interim_safety, "escalation.interim_safety")?,
            emergency_action_taken_at: row.emergency_action_taken_at.to_jiff(),
            raised_by_role: row.raised_by_role,
            raiser_visibility: code(&row.raiser_visibility, "escalation.raiser_visibility")?,
            original_theme: row.original_theme_code.map(ThemeCode),
            delay: delay.map(DelayRow::into_domain).transpose()?,
            policy_version: row.policy_version,
        },
    })
}
