//! The weekly theme aggregation: the one SQL source of its figures.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{
    Array, BigInt, Double, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::Timestamp as SqlTimestamp;

use super::exclusions::LEFT_OUT;
use super::failure::StoreFailure;
use crate::domain::figures::{Figures, GroupBy, GroupFigures, WeekFigures, WeeklyQuestion};
use crate::domain::ids::PartnershipId;
use crate::domain::week::IsoWeek;

/// A clock counts unless it was replaced, or ended with the matter, before it fell due.
pub(super) const COUNTED: &str = "(stage_clock.stopped_at is null or stage_clock.stopped_at > stage_clock.due_at \
     or stage_clock.stop_reason in ('answered', 'acknowledged'))";

/// What the clock waited for came by the due instant.
pub(super) const IN_TIME: &str = "coalesce(stage_clock.stop_reason in ('answered', 'acknowledged') \
     and stage_clock.stopped_at <= stage_clock.due_at, false)";

/// What [`crate::domain::figures::Measure::ReceivedLate`] calls late.
pub(super) const RECEIVED_LATE: &str =
    "(escalation.received_at > escalation.raised_at + interval '120 hours')";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Integer)]
    week: i32,
    /// None in the line that sums the whole week.
    #[diesel(sql_type = Nullable<Text>)]
    key: Option<String>,
    #[diesel(sql_type = BigInt)]
    open_at_start: i64,
    #[diesel(sql_type = BigInt)]
    raised: i64,
    #[diesel(sql_type = BigInt)]
    received_late: i64,
    #[diesel(sql_type = BigInt)]
    reopened: i64,
    #[diesel(sql_type = BigInt)]
    resolved: i64,
    #[diesel(sql_type = BigInt)]
    ended: i64,
    #[diesel(sql_type = BigInt)]
    resolved_same_day: i64,
    #[diesel(sql_type = BigInt)]
    open_at_end: i64,
    #[diesel(sql_type = BigInt)]
    overdue_at_end: i64,
    #[diesel(sql_type = BigInt)]
    answers_due: i64,
    #[diesel(sql_type = BigInt)]
    answers_in_time: i64,
    #[diesel(sql_type = BigInt)]
    excluded: i64,
    #[diesel(sql_type = Nullable<Double>)]
    median_working_seconds: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    p90_working_seconds: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    median_child_seconds: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    p90_child_seconds: Option<f64>,
}

/// By what the figures that count escalations and episodes are divided, and those that count clocks.
const fn keys(group_by: GroupBy) -> (&'static str, &'static str) {
    match group_by {
        GroupBy::Theme => ("escalation.theme_code", "escalation.theme_code"),
        GroupBy::Group => ("theme.group_code", "theme.group_code"),
        GroupBy::RaisedByAgency => ("raiser.code", "raiser.code"),
        GroupBy::RaisedWithAgency => ("responder.code", "responder.code"),
        GroupBy::Stage => ("escalation.stage::text", "stage_clock.stage::text"),
        GroupBy::Urgency => ("escalation.urgency", "escalation.urgency"),
    }
}

/// The statement. Weeks come in as instants, so that the zone and the clock changes are decided in one place,
/// [`crate::domain::week`]. Each branch yields one line per counted thing and week; one aggregation adds them up.
fn statement(group_by: GroupBy) -> String {
    let (by_escalation, by_clock) = keys(group_by);
    let of_escalation =
        "join escalation on escalation.partnership_id = $1 and escalation.id = it.escalation_id";
    let all = "join theme on theme.partnership_id = $1 and theme.code = escalation.theme_code
         join agency raiser on raiser.partnership_id = $1 and raiser.id = escalation.raised_by_agency_id
         join agency responder on responder.partnership_id = $1 and responder.id = escalation.raised_with_agency_id
         where escalation.partnership_id = $1
           and ($5::text is null or escalation.theme_code = $5)
           and ($6::uuid is null or escalation.raised_by_agency_id = $6)
           and ($7::uuid is null or escalation.raised_with_agency_id = $7)";
    let context = format!("{all} and not {LEFT_OUT}");
    format!(
        "with week as (
             select * from unnest($2::int[], $3::timestamptz[], $4::timestamptz[]) as w(n, starts_at, ends_at)
         ),
         counted as (
             select week.n, {by_escalation} as key, 'raised' as what, null::bigint as seconds,
                    null::bigint as child_seconds, {RECEIVED_LATE} as flag
             from week
             join escalation on escalation.partnership_id = $1
                  and escalation.raised_at >= week.starts_at and escalation.raised_at < week.ends_at
             {context}
           union all
             select week.n, {by_escalation}, 'excluded', null, null, false
             from week
             join escalation on escalation.partnership_id = $1
                  and escalation.raised_at >= week.starts_at and escalation.raised_at < week.ends_at
             {all} and {LEFT_OUT}
           union all
             select week.n, {by_escalation}, 'reopened', null, null, false
             from week
             join episode it on it.partnership_id = $1 and it.number > 1
                  and it.opened_at >= week.starts_at and it.opened_at < week.ends_at
             {of_escalation} {context}
           union all
             select week.n, {by_escalation}, case when it.counts_as_resolved then 'resolved' else 'ended' end,
                    it.working_seconds, it.child_seconds, it.same_day
             from week
             join episode it on it.partnership_id = $1
                  and it.ended_at >= week.starts_at and it.ended_at < week.ends_at
             {of_escalation} {context}
           union all
             select week.n, {by_escalation}, 'open_at_start', null, null, false
             from week
             join episode it on it.partnership_id = $1 and it.opened_at < week.starts_at
                  and (it.ended_at is null or it.ended_at >= week.starts_at)
             {of_escalation} {context}
           union all
             select week.n, {by_escalation}, 'open_at_end', null, null, false
             from week
             join episode it on it.partnership_id = $1 and it.opened_at < week.ends_at
                  and (it.ended_at is null or it.ended_at >= week.ends_at)
             {of_escalation} {context}
           union all
             select week.n, {by_clock}, 'overdue_at_end', null, null, false
             from week
             join stage_clock on stage_clock.partnership_id = $1 and stage_clock.kind = 'answer'
                  and stage_clock.started_at < week.ends_at and stage_clock.due_at < week.ends_at
                  and (stage_clock.stopped_at is null or stage_clock.stopped_at >= week.ends_at)
             join escalation on escalation.partnership_id = $1 and escalation.id = stage_clock.escalation_id
             {context}
           union all
             select week.n, {by_clock}, 'answer_due', null, null, {IN_TIME}
             from week
             join stage_clock on stage_clock.partnership_id = $1 and stage_clock.kind = 'answer'
                  and stage_clock.due_at >= week.starts_at and stage_clock.due_at < week.ends_at
                  and {COUNTED}
             join escalation on escalation.partnership_id = $1 and escalation.id = stage_clock.escalation_id
             {context}
         )
         select n as week, key,
                count(*) filter (where what = 'open_at_start') as open_at_start,
                count(*) filter (where what = 'raised') as raised,
                count(*) filter (where what = 'raised' and flag) as received_late,
                count(*) filter (where what = 'excluded') as excluded,
                count(*) filter (where what = 'reopened') as reopened,
                count(*) filter (where what = 'resolved') as resolved,
                count(*) filter (where what in ('resolved', 'ended')) as ended,
                count(*) filter (where what = 'resolved' and flag) as resolved_same_day,
                count(*) filter (where what = 'open_at_end') as open_at_end,
                count(*) filter (where what = 'overdue_at_end') as overdue_at_end,
                count(*) filter (where what = 'answer_due') as answers_due,
                count(*) filter (where what = 'answer_due' and flag) as answers_in_time,
                percentile_cont(0.5) within group (order by seconds)
                    filter (where what = 'resolved') as median_working_seconds,
                percentile_cont(0.9) within group (order by seconds)
                    filter (where what = 'resolved') as p90_working_seconds,
                percentile_cont(0.5) within group (order by child_seconds)
                    filter (where what = 'resolved') as median_child_seconds,
                percentile_cont(0.9) within group (order by child_seconds)
                    filter (where what = 'resolved') as p90_child_seconds
         from counted
         group by grouping sets ((n, key), (n))
         order by n, key nulls first"
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
    let weeks: Vec<Span> = IsoWeek::range(question.from, question.to)
        .map(|week| Span { from: week, to: week })
        .collect();
    figures_of(conn, partnership, question, &weeks).await
}

/// Some weeks that follow each other, counted as one; it goes by the name of the last.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The first week.
    pub from: IsoWeek,
    /// The last week.
    pub to: IsoWeek,
}

/// The figures of each span, by the definitions of a week; the weeks of the question play no part.
///
/// # Errors
/// The database fails.
pub async fn figures_of(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    question: &WeeklyQuestion,
    spans: &[Span],
) -> Result<Vec<WeekFigures>, StoreFailure> {
    let numbers: Vec<i32> = (0..).take(spans.len()).collect();
    let starts: Vec<SqlTimestamp> = spans.iter().map(|it| it.from.starts_at().into()).collect();
    let ends: Vec<SqlTimestamp> = spans.iter().map(|it| it.to.ends_at().into()).collect();
    let lines: Vec<Line> = sql_query(statement(question.group_by))
        .bind::<SqlUuid, _>(partnership.0)
        .bind::<Array<Integer>, _>(&numbers)
        .bind::<Array<Timestamptz>, _>(starts)
        .bind::<Array<Timestamptz>, _>(ends)
        .bind::<Nullable<Text>, _>(question.theme.as_deref())
        .bind::<Nullable<SqlUuid>, _>(question.raised_by.map(|agency| agency.0))
        .bind::<Nullable<SqlUuid>, _>(question.raised_with.map(|agency| agency.0))
        .load(conn)
        .await?;

    let mut by_week: BTreeMap<i32, WeekFigures> = numbers
        .iter()
        .zip(spans)
        .map(|(number, span)| (*number, WeekFigures::nothing(span.to)))
        .collect();
    for line in lines {
        let figures = line.figures();
        let Some(week) = by_week.get_mut(&line.week) else { continue };
        match line.key {
            None => {
                week.open_at_start = line.open_at_start;
                week.total = figures;
            }
            // What was open when the week began is no figure of a group.
            Some(key) if figures != Figures::default() => {
                week.groups.push(GroupFigures { key, figures });
            }
            Some(_) => {}
        }
    }
    Ok(by_week.into_values().collect())
}

impl Line {
    const fn figures(&self) -> Figures {
        Figures {
            raised: self.raised,
            reopened: self.reopened,
            resolved: self.resolved,
            ended: self.ended,
            open_at_end: self.open_at_end,
            overdue_at_end: self.overdue_at_end,
            answers_due: self.answers_due,
            answers_in_time: self.answers_in_time,
            resolved_same_day: self.resolved_same_day,
            received_late: self.received_late,
            excluded: self.excluded,
            median_working_seconds: self.median_working_seconds,
            p90_working_seconds: self.p90_working_seconds,
            median_child_seconds: self.median_child_seconds,
            p90_child_seconds: self.p90_child_seconds,
        }
    }
}
