//! The lists of episodes and of stage clocks, page by page in a stable order.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::list_parts::{SummaryRow, escalation_filters, page};
use super::schema::{episode, escalation, stage_clock};
use crate::domain::escalation::RaiserVisibility;
use crate::domain::ids::{ClockId, PartnershipId};
use crate::domain::listing::{
    After, ClockFilter, ClockSummary, EpisodeFilter, EpisodeSummary, EscalationFilter, Page,
    PageRequest, Span,
};
use crate::domain::stage_clock::StopReason;

type EpisodeLine =
    (i16, SqlTimestamp, NullableTimestamp, Option<String>, Option<i64>, Option<i64>, SummaryRow);

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
            episode::child_seconds,
            SummaryRow::as_select(),
        ))
        .load(conn)
        .await?;
    let items = rows
        .into_iter()
        .map(|(number, opened_at, ended_at, outcome, working_seconds, child_seconds, summary)| {
            Ok(EpisodeSummary {
                escalation: summary.into_domain()?,
                number,
                opened_at: opened_at.to_jiff(),
                ended_at: ended_at.to_jiff(),
                outcome: outcome.map(|it| code(&it, "episode.outcome")).transpose()?,
                working_seconds,
                child_seconds,
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
