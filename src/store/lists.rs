//! Lists: escalations, episodes and stage clocks, page by page in a stable order.

use diesel::dsl::{exists, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::schema::{episode, escalation, stage_clock};
use crate::domain::ids::{AgencyId, ClockId, EscalationId, PartnershipId};
use crate::domain::listing::{
    After, ClockFilter, ClockSummary, EpisodeFilter, EpisodeSummary, EscalationFilter,
    EscalationSummary, Page, PageRequest, Span,
};
use crate::domain::stage_clock::{ClockKind, StopReason};
use crate::domain::theme::ThemeCode;

type OnEscalation = escalation::table;

/// The conditions of a filter on the escalation alone.
macro_rules! escalation_filters {
    ($query:expr, $partnership:expr, $filter:expr) => {{
        let filter: &EscalationFilter = $filter;
        let mut query = $query.filter(escalation::partnership_id.eq($partnership.0));
        if let Some(status) = filter.status {
            query = query.filter(escalation::status.eq(String::from(status)));
        }
        if let Some(themes) = &filter.themes {
            query = query.filter(escalation::theme_code.eq_any(themes.clone()));
        }
        if let Some(urgency) = filter.urgency {
            query = query.filter(escalation::urgency.eq(String::from(urgency)));
        }
        if let Some(agency) = filter.raised_by {
            query = query.filter(escalation::raised_by_agency_id.eq(agency.0));
        }
        if let Some(agency) = filter.raised_with {
            query = query.filter(escalation::raised_with_agency_id.eq(agency.0));
        }
        if let Some(from) = filter.raised.from {
            query = query.filter(escalation::raised_at.ge(SqlTimestamp::from(from)));
        }
        if let Some(to) = filter.raised.to {
            query = query.filter(escalation::raised_at.lt(SqlTimestamp::from(to)));
        }
        if let Some(late) = filter.received_late {
            let is_late = diesel::dsl::sql::<Bool>(super::weekly::RECEIVED_LATE);
            query = query.filter(is_late.eq(late));
        }
        if let Some(source) = &filter.source {
            query = query.filter(escalation::source.eq(source.clone()));
        }
        if let Some(reference) = &filter.external_reference {
            query = query.filter(escalation::external_reference.eq(reference.clone()));
        }
        query
    }};
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = escalation, check_for_backend(Pg))]
struct SummaryRow {
    id: Uuid,
    reference: String,
    version: i32,
    status: String,
    stage: i16,
    episode: i16,
    scope: String,
    urgency: String,
    theme_code: String,
    raised_by_agency_id: Uuid,
    raised_with_agency_id: Uuid,
    raised_at: SqlTimestamp,
    received_at: SqlTimestamp,
    child_count: i32,
    changed_at: SqlTimestamp,
    next_due_at: NullableTimestamp,
}

impl SummaryRow {
    fn into_domain(self) -> Result<EscalationSummary, StoreFailure> {
        Ok(EscalationSummary {
            id: EscalationId(self.id),
            reference: self.reference,
            version: self.version,
            status: code(&self.status, "escalation.status")?,
            stage: u8::try_from(self.stage).map_err(|_| StoreFailure::Corrupt("stage"))?,
            episode: u16::try_from(self.episode).map_err(|_| StoreFailure::Corrupt("episode"))?,
            scope: code(&self.scope, "escalation.scope")?,
            urgency: code(&self.urgency, "escalation.urgency")?,
            theme: ThemeCode(self.theme_code),
            raised_by: AgencyId(self.raised_by_agency_id),
            raised_with: AgencyId(self.raised_with_agency_id),
            raised_at: self.raised_at.to_jiff(),
            received_at: self.received_at.to_jiff(),
            child_count: self.child_count,
            changed_at: self.changed_at.to_jiff(),
            next_due_at: self.next_due_at.to_jiff(),
        })
    }
}

/// Splits off the line that was read only to learn whether there is a next page.
pub(super) fn page<T>(
    mut items: Vec<T>,
    request: PageRequest,
    key: impl Fn(&T) -> After,
) -> Page<T> {
    let wanted = usize::try_from(request.limit).unwrap_or(0);
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next = if more { items.last().map(key) } else { None };
    Page { items, next }
}

/// Escalations, by the instant at which they were raised. `now` decides what is overdue.
///
/// # Errors
/// The database fails.
pub async fn escalations(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    filter: &EscalationFilter,
    request: PageRequest,
    now: jiff::Timestamp,
) -> Result<Page<EscalationSummary>, StoreFailure> {
    let mut query = escalation_filters!(escalation::table.into_boxed::<Pg>(), partnership, filter);
    if let Some(stage) = filter.stage {
        query = query.filter(escalation::stage.eq(i16::from(stage)));
    }
    if let Some(overdue) = filter.overdue {
        let late = exists(
            stage_clock::table
                .filter(stage_clock::partnership_id.eq(escalation::partnership_id))
                .filter(stage_clock::escalation_id.eq(escalation::id))
                .filter(stage_clock::kind.eq(ClockKind::Answer.code()))
                .filter(stage_clock::stopped_at.is_null())
                .filter(stage_clock::due_at.lt(SqlTimestamp::from(now))),
        );
        let condition: Box<dyn BoxableExpression<OnEscalation, Pg, SqlType = Bool>> =
            if overdue { Box::new(late) } else { Box::new(not(late)) };
        query = query.filter(condition);
    }
    if let Some(after) = request.after {
        let at = SqlTimestamp::from(after.at);
        query = if request.oldest_first {
            query.filter(
                escalation::raised_at
                    .gt(at)
                    .or(escalation::raised_at.eq(at).and(escalation::id.gt(after.id))),
            )
        } else {
            query.filter(
                escalation::raised_at
                    .lt(at)
                    .or(escalation::raised_at.eq(at).and(escalation::id.lt(after.id))),
            )
        };
    }
    query = if request.oldest_first {
        query.order((escalation::raised_at.asc(), escalation::id.asc()))
    } else {
        query.order((escalation::raised_at.desc(), escalation::id.desc()))
    };
    let rows: Vec<SummaryRow> =
        query.limit(request.limit + 1).select(SummaryRow::as_select()).load(conn).await?;
    let items = rows.into_iter().map(SummaryRow::into_domain).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, request, |it| After { at: it.raised_at, id: it.id.0 }))
}

type EpisodeLine = (i16, SqlTimestamp, NullableTimestamp, Option<String>, Option<i64>, SummaryRow);

/// Episodes, by the instant at which they opened.
///
/// # Errors
/// The database fails.
pub async fn episodes(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    of: &EscalationFilter,
    filter: &EpisodeFilter,
    request: PageRequest,
) -> Result<Page<EpisodeSummary>, StoreFailure> {
    let joined = episode::table.inner_join(
        escalation::table.on(escalation::partnership_id
            .eq(episode::partnership_id)
            .and(escalation::id.eq(episode::escalation_id))),
    );
    let mut query = escalation_filters!(joined.into_boxed::<Pg>(), partnership, of);
    if let Some(stage) = of.stage {
        query = query.filter(escalation::stage.eq(i16::from(stage)));
    }
    if let Some(from) = filter.opened.from {
        query = query.filter(episode::opened_at.ge(SqlTimestamp::from(from)));
    }
    if let Some(to) = filter.opened.to {
        query = query.filter(episode::opened_at.lt(SqlTimestamp::from(to)));
    }
    if let Some(from) = filter.ended.from {
        query = query.filter(episode::ended_at.ge(NullableTimestamp::from(Some(from))));
    }
    if let Some(to) = filter.ended.to {
        query = query.filter(episode::ended_at.lt(NullableTimestamp::from(Some(to))));
    }
    if let Some(reopened) = filter.reopened {
        query = query.filter(episode::number.gt(1).eq(reopened));
    }
    if let Some(resolved) = filter.resolved {
        query = query.filter(episode::counts_as_resolved.eq(resolved));
    }
    if let Some(same_day) = filter.same_day {
        query = query.filter(episode::same_day.eq(same_day));
    }
    if let Some(at) = filter.open_at {
        query = query.filter(episode::opened_at.lt(SqlTimestamp::from(at))).filter(
            episode::ended_at
                .is_null()
                .or(episode::ended_at.ge(NullableTimestamp::from(Some(at))).assume_not_null()),
        );
    }
    if let Some(after) = request.after {
        let at = SqlTimestamp::from(after.at);
        query = if request.oldest_first {
            query.filter(
                episode::opened_at
                    .gt(at)
                    .or(episode::opened_at.eq(at).and(episode::escalation_id.gt(after.id))),
            )
        } else {
            query.filter(
                episode::opened_at
                    .lt(at)
                    .or(episode::opened_at.eq(at).and(episode::escalation_id.lt(after.id))),
            )
        };
    }
    query = if request.oldest_first {
        query.order((episode::opened_at.asc(), episode::escalation_id.asc()))
    } else {
        query.order((episode::opened_at.desc(), episode::escalation_id.desc()))
    };
    let rows: Vec<EpisodeLine> = query
        .limit(request.limit + 1)
        .select((
            episode::number,
            episode::opened_at,
            episode::ended_at,
            episode::outcome,
            episode::working_seconds,
            SummaryRow::as_select(),
        ))
        .load(conn)
        .await?;
    let items = rows
        .into_iter()
        .map(|(number, opened_at, ended_at, outcome, working_seconds, summary)| {
            Ok(EpisodeSummary {
                escalation: summary.into_domain()?,
                number,
                opened_at: opened_at.to_jiff(),
                ended_at: ended_at.to_jiff(),
                outcome: outcome.map(|it| code(&it, "episode.outcome")).transpose()?,
                working_seconds,
            })
        })
        .collect::<Result<Vec<_>, StoreFailure>>()?;
    Ok(page(items, request, |it| After { at: it.opened_at, id: it.escalation.id.0 }))
}

type ClockLine =
    (Uuid, String, i16, SqlTimestamp, SqlTimestamp, NullableTimestamp, Option<String>, SummaryRow);

/// Stage clocks, by the instant at which they are due.
///
/// # Errors
/// The database fails.
pub async fn clocks(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    of: &EscalationFilter,
    filter: &ClockFilter,
    request: PageRequest,
) -> Result<Page<ClockSummary>, StoreFailure> {
    let joined = stage_clock::table.inner_join(
        escalation::table.on(escalation::partnership_id
            .eq(stage_clock::partnership_id)
            .and(escalation::id.eq(stage_clock::escalation_id))),
    );
    let mut query = escalation_filters!(joined.into_boxed::<Pg>(), partnership, of);
    if let Some(stage) = of.stage {
        query = query.filter(stage_clock::stage.eq(i16::from(stage)));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(stage_clock::kind.eq(kind.code()));
    }
    let Span { from, to } = filter.due;
    if let Some(from) = from {
        query = query.filter(stage_clock::due_at.ge(SqlTimestamp::from(from)));
    }
    if let Some(to) = to {
        query = query.filter(stage_clock::due_at.lt(SqlTimestamp::from(to)));
    }
    if let Some(counted) = filter.counted {
        query = query.filter(diesel::dsl::sql::<Bool>(super::weekly::COUNTED).eq(counted));
    }
    if let Some(in_time) = filter.in_time {
        query = query.filter(diesel::dsl::sql::<Bool>(super::weekly::IN_TIME).eq(in_time));
    }
    if let Some(at) = filter.overdue_at {
        query = query
            .filter(stage_clock::started_at.lt(SqlTimestamp::from(at)))
            .filter(stage_clock::due_at.lt(SqlTimestamp::from(at)))
            .filter(stage_clock::stopped_at.is_null().or(
                stage_clock::stopped_at.ge(NullableTimestamp::from(Some(at))).assume_not_null(),
            ));
    }
    if let Some(after) = request.after {
        let at = SqlTimestamp::from(after.at);
        query = if request.oldest_first {
            query.filter(
                stage_clock::due_at
                    .gt(at)
                    .or(stage_clock::due_at.eq(at).and(stage_clock::id.gt(after.id))),
            )
        } else {
            query.filter(
                stage_clock::due_at
                    .lt(at)
                    .or(stage_clock::due_at.eq(at).and(stage_clock::id.lt(after.id))),
            )
        };
    }
    query = if request.oldest_first {
        query.order((stage_clock::due_at.asc(), stage_clock::id.asc()))
    } else {
        query.order((stage_clock::due_at.desc(), stage_clock::id.desc()))
    };
    let rows: Vec<ClockLine> = query
        .limit(request.limit + 1)
        .select((
            stage_clock::id,
            stage_clock::kind,
            stage_clock::stage,
            stage_clock::started_at,
            stage_clock::due_at,
            stage_clock::stopped_at,
            stage_clock::stop_reason,
            SummaryRow::as_select(),
        ))
        .load(conn)
        .await?;
    let items = rows
        .into_iter()
        .map(|(id, kind, stage, started_at, due_at, stopped_at, stop_reason, summary)| {
            Ok(ClockSummary {
                id: ClockId(id),
                escalation: summary.into_domain()?,
                kind: code(&kind, "stage_clock.kind")?,
                stage,
                started_at: started_at.to_jiff(),
                due_at: due_at.to_jiff(),
                stopped_at: stopped_at.to_jiff(),
                stop_reason: stop_reason
                    .map(|it| code::<StopReason>(&it, "stage_clock.stop_reason"))
                    .transpose()?,
            })
        })
        .collect::<Result<Vec<_>, StoreFailure>>()?;
    Ok(page(items, request, |it| After { at: it.due_at, id: it.id.0 }))
}
