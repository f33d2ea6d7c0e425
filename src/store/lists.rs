//! The list of escalations, page by page in a stable order.

use diesel::dsl::{exists, not};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::failure::StoreFailure;
use super::list_parts::{SummaryRow, escalation_filters, page};
use super::schema::{escalation, stage_clock};
use crate::domain::escalation::RaiserVisibility;
use crate::domain::ids::PartnershipId;
use crate::domain::listing::{After, EscalationFilter, EscalationSummary, Page, PageRequest};
use crate::domain::stage_clock::ClockKind;

type OnEscalation = escalation::table;

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
    if request.by_next_due {
        return by_next_due(conn, query, request).await;
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

/// Those that have something due, what is most overdue first; or, not oldest first, what has the most time.
async fn by_next_due(
    conn: &mut AsyncPgConnection,
    query: escalation::BoxedQuery<'_, Pg>,
    request: PageRequest,
) -> Result<Page<EscalationSummary>, StoreFailure> {
    let mut query = query.filter(escalation::next_due_at.is_not_null());
    let due_at = escalation::next_due_at.assume_not_null();
    if let Some(after) = request.after {
        let at = SqlTimestamp::from(after.at);
        let tie = escalation::next_due_at.assume_not_null().eq(at);
        query = if request.oldest_first {
            query.filter(due_at.gt(at).or(tie.and(escalation::id.gt(after.id))))
        } else {
            query.filter(due_at.lt(at).or(tie.and(escalation::id.lt(after.id))))
        };
    }
    query = if request.oldest_first {
        query.order((escalation::next_due_at.asc(), escalation::id.asc()))
    } else {
        query.order((escalation::next_due_at.desc(), escalation::id.desc()))
    };
    let rows: Vec<SummaryRow> =
        query.limit(request.limit + 1).select(SummaryRow::as_select()).load(conn).await?;
    let items = rows.into_iter().map(SummaryRow::into_domain).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, request, |it| After { at: it.next_due_at.unwrap_or(it.raised_at), id: it.id.0 }))
}
