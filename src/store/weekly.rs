//! The weekly theme aggregation: the one SQL source of its figures.
//!
//! Each escalation, episode and clock is read once and told by the weeks in which it began and ended; what is open or
//! late at the end of a week follows by adding those up. So the time is that of reading the window, not the window times
//! its weeks.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as SqlTimestamp;

use super::exclusions::LEFT_OUT;
use super::failure::StoreFailure;
use crate::domain::figures::{GroupBy, WeekFigures, WeeklyQuestion};
use crate::domain::ids::PartnershipId;
use crate::domain::week::IsoWeek;
use sums::{Line, Sums, TimeLine};

mod sums;

/// A clock counts unless it was replaced, or ended with the matter, before it fell due.
pub(super) const COUNTED: &str = "(stage_clock.stopped_at is null or stage_clock.stopped_at > stage_clock.due_at \
     or stage_clock.stop_reason in ('answered', 'acknowledged'))";

/// What the clock waited for came by the due instant.
pub(super) const IN_TIME: &str = "coalesce(stage_clock.stop_reason in ('answered', 'acknowledged') \
     and stage_clock.stopped_at <= stage_clock.due_at, false)";

/// What [`crate::domain::figures::Measure::ReceivedLate`] calls late.
pub(super) const RECEIVED_LATE: &str =
    "(escalation.received_at > escalation.raised_at + interval '120 hours')";

/// By what the figures that count escalations and episodes are divided, and those that count clocks.
///
/// Labels are looked up and not joined: tables of a few rows are never analysed, and joined to one of them the planner
/// takes the whole for a handful.
const fn keys(group_by: GroupBy) -> (&'static str, &'static str) {
    const GROUP: &str = "(select group_code from theme
          where theme.partnership_id = $1 and theme.code = escalation.theme_code)";
    const RAISER: &str = "(select code from agency
          where agency.partnership_id = $1 and agency.id = escalation.raised_by_agency_id)";
    const RESPONDER: &str = "(select code from agency
          where agency.partnership_id = $1 and agency.id = escalation.raised_with_agency_id)";
    match group_by {
        GroupBy::Theme => ("escalation.theme_code", "escalation.theme_code"),
        GroupBy::Group => (GROUP, GROUP),
        GroupBy::RaisedByAgency => (RAISER, RAISER),
        GroupBy::RaisedWithAgency => (RESPONDER, RESPONDER),
        GroupBy::Stage => ("escalation.stage::text", "stage_clock.stage::text"),
        GroupBy::Urgency => ("escalation.urgency", "escalation.urgency"),
    }
}

/// What every statement asks of `escalation`.
const ASKED: &str = "escalation.partnership_id = $1
       and ($4::text is null or escalation.theme_code = $4)
       and ($5::uuid is null or escalation.raised_by_agency_id = $5)
       and ($6::uuid is null or escalation.raised_with_agency_id = $6)";

/// The statement that counts. Weeks come in as instants, so that the zone and the clock changes are decided in one
/// place, [`crate::domain::week`]: `$2` when each begins and the last ends, `$3` that end.
fn counting(group_by: GroupBy) -> String {
    let (by_escalation, by_clock) = keys(group_by);
    format!(
        "select what, key, began, ended, due, flag, resolved, same_day, count(*) as number from (
             select case when {LEFT_OUT} then 'excluded' else 'raised' end as what, {by_escalation} as key,
                    width_bucket(escalation.raised_at, $2) as began, null::int as ended, null::int as due,
                    {RECEIVED_LATE} as flag, false as resolved, false as same_day
             from escalation
             where escalation.raised_at >= ($2)[1] and escalation.raised_at < $3 and {ASKED}
           union all
             select 'episode', {by_escalation}, width_bucket(it.opened_at, $2),
                    width_bucket(it.ended_at, $2), null, it.number > 1,
                    coalesce(it.counts_as_resolved, false), coalesce(it.same_day, false)
             from episode it
             join escalation on escalation.id = it.escalation_id
             where it.partnership_id = $1 and it.opened_at < $3
               and (it.ended_at is null or it.ended_at >= ($2)[1]) and {ASKED} and not {LEFT_OUT}
           union all
             select 'clock', {by_clock}, width_bucket(greatest(stage_clock.started_at, stage_clock.due_at), $2),
                    width_bucket(stage_clock.stopped_at, $2),
                    case when {COUNTED} then width_bucket(stage_clock.due_at, $2) end,
                    {IN_TIME}, false, false
             from stage_clock
             join escalation on escalation.id = stage_clock.escalation_id
             where stage_clock.partnership_id = $1 and stage_clock.kind = 'answer' and stage_clock.due_at < $3
               and (stage_clock.stopped_at is null or stage_clock.stopped_at >= ($2)[1]
                    or stage_clock.due_at >= ($2)[1]) and {ASKED} and not {LEFT_OUT}
         ) counted
         group by 1, 2, 3, 4, 5, 6, 7, 8"
    )
}

/// The statement that says how long the resolved took, which cannot be added up.
fn timing(group_by: GroupBy) -> String {
    let (key, _) = keys(group_by);
    let at = |share: &str, of: &str, name: &str| {
        format!("percentile_cont({share}) within group (order by {of}) as {name}")
    };
    let columns = [
        at("0.5", "it.working_seconds", "median_working_seconds"),
        at("0.9", "it.working_seconds", "p90_working_seconds"),
        at("0.5", "it.child_seconds", "median_child_seconds"),
        at("0.9", "it.child_seconds", "p90_child_seconds"),
    ]
    .join(", ");
    format!(
        "select width_bucket(it.ended_at, $2) as week, {key} as key, {columns}
         from episode it
         join escalation on escalation.id = it.escalation_id
         where it.partnership_id = $1 and it.counts_as_resolved
           and it.ended_at >= ($2)[1] and it.ended_at < $3 and {ASKED} and not {LEFT_OUT}
         group by grouping sets ((1, 2), (1))"
    )
}

/// The figures of each week asked for, in order, weeks without any included; what stands beside them is still empty.
///
/// # Errors
/// The database fails.
pub async fn figures(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    question: &WeeklyQuestion,
) -> Result<Vec<WeekFigures>, StoreFailure> {
    let weeks: Vec<IsoWeek> = IsoWeek::range(question.from, question.to).collect();
    let mut edges: Vec<Timestamp> = weeks.iter().map(|week| week.starts_at()).collect();
    edges.extend(weeks.last().map(|week| week.ends_at()));
    figures_between(conn, partnership, question, &weeks, edges).await
}

/// Some weeks that follow each other, counted as one; it goes by the name of the last.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The first week.
    pub from: IsoWeek,
    /// The last week.
    pub to: IsoWeek,
}

/// The figures of a span, by the definitions of a week; the weeks of the question play no part.
///
/// # Errors
/// The database fails.
pub async fn figures_of(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    question: &WeeklyQuestion,
    span: Span,
) -> Result<WeekFigures, StoreFailure> {
    let edges = vec![span.from.starts_at(), span.to.ends_at()];
    let found = figures_between(conn, partnership, question, &[span.to], edges).await?;
    Ok(found.into_iter().next().unwrap_or_else(|| WeekFigures::nothing(span.to)))
}

/// The figures between each edge and the next, by the names of these weeks.
async fn figures_between(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    question: &WeeklyQuestion,
    names: &[IsoWeek],
    edges: Vec<Timestamp>,
) -> Result<Vec<WeekFigures>, StoreFailure> {
    let Some(end) = edges.last().copied() else { return Ok(Vec::new()) };
    let edges: Vec<SqlTimestamp> = edges.into_iter().map(SqlTimestamp::from).collect();
    let asked = (partnership, question, edges.as_slice(), SqlTimestamp::from(end));
    let mut sums = Sums::new(names);
    for line in ask::<Line>(conn, counting(question.group_by), asked).await? {
        sums.add(line);
    }
    for line in ask::<TimeLine>(conn, timing(question.group_by), asked).await? {
        sums.add_times(line);
    }
    Ok(sums.into_figures())
}

async fn ask<Row: QueryableByName<Pg> + Send + 'static>(
    conn: &mut AsyncPgConnection,
    statement: String,
    (partnership, question, edges, end): (
        PartnershipId,
        &WeeklyQuestion,
        &[SqlTimestamp],
        SqlTimestamp,
    ),
) -> Result<Vec<Row>, StoreFailure> {
    let rows = sql_query(statement)
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<Array<Timestamptz>, _>(edges.to_vec())
        .bind::<Timestamptz, _>(end)
        .bind::<Nullable<Text>, _>(question.theme.as_deref())
        .bind::<Nullable<SqlUuid>, _>(question.raised_by.map(|agency| agency.0))
        .bind::<Nullable<SqlUuid>, _>(question.raised_with.map(|agency| agency.0))
        .load(conn)
        .await?;
    Ok(rows)
}
