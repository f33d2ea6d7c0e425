//! Records of good practice: stored once, never changed, listed, and counted beside the weekly figures.

use std::collections::BTreeMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::Timestamp as SqlTimestamp;
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::list_parts::page;
use super::schema::practice_record;
use crate::domain::figures::{Beside, GroupBy, WeekBeside, WeeklyQuestion};
use crate::domain::ids::{AgencyId, ClientId, PartnershipId, PracticeRecordId};
use crate::domain::listing::{After, Page, PageRequest, Span};
use crate::domain::practice::{
    ExternalReference, PracticeFilter, PracticeNote, PracticeRecord, PracticeSummary,
};
use crate::domain::theme::ThemeCode;
use crate::domain::week::IsoWeek;

#[derive(Queryable, Selectable)]
#[diesel(table_name = practice_record, check_for_backend(Pg))]
struct SummaryRow {
    id: Uuid,
    kind: String,
    by_agency_id: Uuid,
    about_agency_id: Uuid,
    theme_code: String,
    urgency: Option<String>,
    occurred_at: SqlTimestamp,
    recorded_at: SqlTimestamp,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = practice_record, check_for_backend(Pg), treat_none_as_default_value = false)]
struct RecordRow {
    partnership_id: Uuid,
    id: Uuid,
    kind: String,
    by_agency_id: Uuid,
    about_agency_id: Uuid,
    theme_code: String,
    urgency: Option<String>,
    note: Option<String>,
    occurred_at: SqlTimestamp,
    recorded_at: SqlTimestamp,
    recorded_by_client_id: Uuid,
    recorded_by_subject: String,
    source: Option<String>,
    external_reference: Option<String>,
}

impl SummaryRow {
    fn into_domain(self) -> Result<PracticeSummary, StoreFailure> {
        let urgency = self.urgency.map(|it| code(&it, "practice_record.urgency")).transpose()?;
        Ok(PracticeSummary {
            id: PracticeRecordId(self.id),
            kind: code(&self.kind, "practice_record.kind")?,
            by: AgencyId(self.by_agency_id),
            about: AgencyId(self.about_agency_id),
            theme: ThemeCode(self.theme_code),
            urgency,
            occurred_at: self.occurred_at.to_jiff(),
            recorded_at: self.recorded_at.to_jiff(),
        })
    }
}

impl RecordRow {
    fn of(it: &PracticeRecord) -> Self {
        let summary = &it.summary;
        Self {
            partnership_id: it.partnership.0,
            id: summary.id.0,
            kind: summary.kind.into(),
            by_agency_id: summary.by.0,
            about_agency_id: summary.about.0,
            theme_code: summary.theme.0.clone(),
            urgency: summary.urgency.map(Into::into),
            note: it.note.clone().map(Into::into),
            occurred_at: summary.occurred_at.into(),
            recorded_at: summary.recorded_at.into(),
            recorded_by_client_id: it.client.0,
            recorded_by_subject: it.subject.clone(),
            source: it.external.as_ref().map(|it| it.source.clone()),
            external_reference: it.external.as_ref().map(|it| it.reference.clone()),
        }
    }

    fn into_domain(self) -> Result<PracticeRecord, StoreFailure> {
        let note = self.note.as_deref().map(PracticeNote::parse).transpose();
        let external = self.source.zip(self.external_reference);
        let summary = SummaryRow {
            id: self.id,
            kind: self.kind,
            by_agency_id: self.by_agency_id,
            about_agency_id: self.about_agency_id,
            theme_code: self.theme_code,
            urgency: self.urgency,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
        };
        Ok(PracticeRecord {
            partnership: PartnershipId(self.partnership_id),
            summary: summary.into_domain()?,
            note: note.map_err(|_| StoreFailure::Corrupt("practice_record.note"))?,
            external: external.map(|(source, reference)| ExternalReference { source, reference }),
            client: ClientId(self.recorded_by_client_id),
            subject: self.recorded_by_subject,
        })
    }
}

/// Stores a record.
///
/// # Errors
/// A constraint refuses it, `practice_record_external_reference` when the sender's reference is taken.
pub async fn insert(conn: &mut AsyncPgConnection, it: &PracticeRecord) -> Result<(), StoreFailure> {
    diesel::insert_into(practice_record::table).values(RecordRow::of(it)).execute(conn).await?;
    Ok(())
}

/// One record, or nothing when it does not exist or is not for this transaction to see.
///
/// # Errors
/// The database fails.
pub async fn find(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: PracticeRecordId,
) -> Result<Option<PracticeRecord>, StoreFailure> {
    practice_record::table
        .find((partnership.0, id.0))
        .select(RecordRow::as_select())
        .first(conn)
        .await
        .optional()?
        .map(RecordRow::into_domain)
        .transpose()
}

/// The record that an agency has sent under this reference.
///
/// # Errors
/// The database fails.
pub async fn by_external_reference(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    by: AgencyId,
    external: &ExternalReference,
) -> Result<Option<PracticeRecordId>, StoreFailure> {
    let found: Option<Uuid> = practice_record::table
        .filter(practice_record::partnership_id.eq(partnership.0))
        .filter(practice_record::by_agency_id.eq(by.0))
        .filter(practice_record::source.eq(&external.source))
        .filter(practice_record::external_reference.eq(&external.reference))
        .select(practice_record::id)
        .first(conn)
        .await
        .optional()?;
    Ok(found.map(PracticeRecordId))
}

/// Records, by the instant at which it happened.
///
/// # Errors
/// The database fails.
pub async fn list(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    filter: &PracticeFilter,
    request: PageRequest,
) -> Result<Page<PracticeSummary>, StoreFailure> {
    let mut query = practice_record::table
        .into_boxed::<Pg>()
        .filter(practice_record::partnership_id.eq(partnership.0));
    if let Some(kind) = filter.kind {
        query = query.filter(practice_record::kind.eq(kind.code()));
    }
    if let Some(themes) = &filter.themes {
        query = query.filter(practice_record::theme_code.eq_any(themes.clone()));
    }
    if let Some(by) = filter.by {
        query = query.filter(practice_record::by_agency_id.eq(by.0));
    }
    if let Some(about) = filter.about {
        query = query.filter(practice_record::about_agency_id.eq(about.0));
    }
    let Span { from, to } = filter.occurred;
    if let Some(from) = from {
        query = query.filter(practice_record::occurred_at.ge(SqlTimestamp::from(from)));
    }
    if let Some(to) = to {
        query = query.filter(practice_record::occurred_at.lt(SqlTimestamp::from(to)));
    }
    if let Some(after) = request.after {
        let (at, id) = (SqlTimestamp::from(after.at), after.id);
        let same = practice_record::occurred_at.eq(at);
        query = if request.oldest_first {
            let later = practice_record::occurred_at.gt(at);
            query.filter(later.or(same.and(practice_record::id.gt(id))))
        } else {
            let earlier = practice_record::occurred_at.lt(at);
            query.filter(earlier.or(same.and(practice_record::id.lt(id))))
        };
    }
    query = if request.oldest_first {
        query.order((practice_record::occurred_at.asc(), practice_record::id.asc()))
    } else {
        query.order((practice_record::occurred_at.desc(), practice_record::id.desc()))
    };
    let rows: Vec<SummaryRow> =
        query.limit(request.limit + 1).select(SummaryRow::as_select()).load(conn).await?;
    let items = rows.into_iter().map(SummaryRow::into_domain).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, request, |it| After { at: it.occurred_at, id: it.id.0 }))
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Integer)]
    week: i32,
    /// None in the line that sums the whole week.
    #[diesel(sql_type = Nullable<Text>)]
    key: Option<String>,
    #[diesel(sql_type = BigInt)]
    informal_resolutions: i64,
    #[diesel(sql_type = BigInt)]
    commendations: i64,
}

/// By what the counts are divided, if they can be divided so.
const fn key(group_by: GroupBy) -> Option<&'static str> {
    match group_by {
        GroupBy::Theme => Some("it.theme_code"),
        GroupBy::Group => Some("theme.group_code"),
        GroupBy::RaisedByAgency => Some("by_agency.code"),
        GroupBy::RaisedWithAgency => Some("about_agency.code"),
        GroupBy::Stage | GroupBy::Urgency => None,
    }
}

/// The statement. Weeks come in as instants, as in [`super::weekly`].
fn statement(group_by: GroupBy) -> String {
    let (key, shown, divided) = key(group_by).map_or(("null::text", "null::text", "n"), |key| {
        (key, "key", "grouping sets ((n, key), (n))")
    });
    format!(
        "with week as (
             select * from unnest($2::int[], $3::timestamptz[], $4::timestamptz[]) as w(n, starts_at, ends_at)
         ),
         counted as (
             select week.n, {key} as key, it.kind
             from week
             join practice_record it on it.partnership_id = $1
                  and it.occurred_at >= week.starts_at and it.occurred_at < week.ends_at
             join theme on theme.partnership_id = $1 and theme.code = it.theme_code
             join agency by_agency on by_agency.partnership_id = $1 and by_agency.id = it.by_agency_id
             join agency about_agency on about_agency.partnership_id = $1 and about_agency.id = it.about_agency_id
             where ($5::text is null or it.theme_code = $5)
               and ($6::uuid is null or it.by_agency_id = $6)
               and ($7::uuid is null or it.about_agency_id = $7)
         )
         select n as week, {shown} as key,
                count(*) filter (where kind = 'informal_resolution') as informal_resolutions,
                count(*) filter (where kind = 'commendation') as commendations
         from counted
         group by {divided}
         order by 1, 2 nulls first"
    )
}

/// What stands beside each week asked for, in order, weeks without any included. Who raised is who recorded it, and
/// whom it was raised with is whom it is about.
///
/// # Errors
/// The database fails.
pub async fn beside(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    question: &WeeklyQuestion,
) -> Result<Vec<WeekBeside>, StoreFailure> {
    let weeks: Vec<IsoWeek> = IsoWeek::range(question.from, question.to).collect();
    let numbers: Vec<i32> = (0..).take(weeks.len()).collect();
    let starts: Vec<SqlTimestamp> = weeks.iter().map(|week| week.starts_at().into()).collect();
    let ends: Vec<SqlTimestamp> = weeks.iter().map(|week| week.ends_at().into()).collect();
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
    let none =
        WeekBeside { groups: key(question.group_by).map(|_| Vec::new()), ..WeekBeside::default() };
    let mut by_week: BTreeMap<i32, WeekBeside> =
        numbers.iter().map(|number| (*number, none.clone())).collect();
    for line in lines {
        let counts = Beside {
            informal_resolutions: line.informal_resolutions,
            commendations: line.commendations,
        };
        let Some(week) = by_week.get_mut(&line.week) else { continue };
        match (line.key, &mut week.groups) {
            (None, _) => week.total = counts,
            (Some(key), Some(groups)) => groups.push((key, counts)),
            (Some(_), None) => {}
        }
    }
    Ok(by_week.into_values().collect())
}
