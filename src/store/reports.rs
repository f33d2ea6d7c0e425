//! The reporting views: what the database says of them, and their rows. Values are bound; names come from its catalogue.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::failure::StoreFailure;
use super::report_sql::Statement;
use crate::domain::report::{ColumnKind, ReportColumn, ReportPage, ReportQuestion, ReportView};

/// How long a report may take: it reads more than any page does.
const LONGEST: &str = "set local statement_timeout = '60s'";

#[derive(QueryableByName)]
struct Described {
    #[diesel(sql_type = Text)]
    view: String,
    #[diesel(sql_type = Text)]
    view_comment: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    comment: String,
}

/// Every reporting view with its columns and comments, by name.
///
/// # Errors
/// The database fails, or a column has a type that no report knows.
pub async fn views(conn: &mut AsyncPgConnection) -> Result<Vec<ReportView>, StoreFailure> {
    let described: Vec<Described> = sql_query(
        "select c.relname::text as view, coalesce(obj_description(c.oid, 'pg_class'), '') as view_comment,
                a.attname::text as name, t.typname::text as kind,
                coalesce(col_description(c.oid, a.attnum), '') as comment
         from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         join pg_type t on t.oid = a.atttypid
         where n.nspname = 'reporting_v1' and c.relkind = 'v'
         order by c.relname::text collate \"C\", a.attnum",
    )
    .load(conn)
    .await?;
    let mut views = Vec::new();
    let mut rest = described.into_iter().peekable();
    while let Some(first) = rest.next() {
        let (name, comment) = (first.view.clone(), first.view_comment.clone());
        let mut columns = vec![column(first)?];
        while let Some(next) = rest.next_if(|next| next.view == name) {
            columns.push(column(next)?);
        }
        views.extend(ReportView::described(name, comment, columns));
    }
    Ok(views)
}

fn column(it: Described) -> Result<ReportColumn, StoreFailure> {
    let kind = match it.kind.as_str() {
        "text" => ColumnKind::Text,
        "uuid" => ColumnKind::Guid,
        "int4" => ColumnKind::Int,
        "numeric" => ColumnKind::Decimal,
        "bool" => ColumnKind::Bool,
        "date" => ColumnKind::Date,
        "timestamptz" => ColumnKind::Instant,
        _ => return Err(StoreFailure::Corrupt("type of a reporting column")),
    };
    Ok(ReportColumn::described(it.name, kind, it.comment))
}

#[derive(QueryableByName)]
struct Cells {
    #[diesel(sql_type = Array<Nullable<Text>>)]
    cells: Vec<Option<String>>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The rows that a question is about; nothing when it goes on after a row that there is no longer.
///
/// # Errors
/// The database fails, or it takes too long.
pub async fn ask(
    conn: &mut AsyncPgConnection,
    question: &ReportQuestion,
) -> Result<Option<ReportPage>, StoreFailure> {
    conn.batch_execute(LONGEST).await?;
    let mut values = Vec::new();
    if let Some(after) = &question.after {
        let found = load::<Cells>(conn, Statement::place(question, after)).await?;
        let Some(place) = found.into_iter().next() else { return Ok(None) };
        values = place.cells;
    }
    let limit = usize::try_from(question.limit).unwrap_or(usize::MAX);
    let found = load::<Cells>(conn, Statement::rows(question, &values)).await?;
    let more = found.len() > limit;
    let mut page = ReportPage::default();
    for mut row in found.into_iter().take(limit) {
        // The key stands behind the columns that were asked for.
        page.last_key = row.cells.pop().flatten();
        page.rows.push(row.cells);
    }
    page.last_key = page.last_key.filter(|_| more);
    if question.count {
        let counted = load::<Counted>(conn, Statement::count(question)).await?;
        page.count = counted.into_iter().next().map(|it| it.number);
    }
    Ok(Some(page))
}

async fn load<Row: QueryableByName<Pg> + Send + 'static>(
    conn: &mut AsyncPgConnection,
    statement: Statement,
) -> Result<Vec<Row>, StoreFailure> {
    let (text, values) = statement.into_parts();
    let mut query = sql_query(text).into_boxed::<Pg>();
    for value in values {
        query = query.bind::<Nullable<Text>, _>(value);
    }
    Ok(query.load(conn).await?)
}
