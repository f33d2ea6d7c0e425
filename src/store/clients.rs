//! The registry of callers: which program acts for which agency, in which role.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as SqlTimestamp};
use uuid::Uuid;

use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::pool::Pool;
use super::schema::client;
use crate::domain::access::Role;
use crate::domain::ids::{AgencyId, ClientId, PartnershipId};

/// A registered caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The partnership that registered it.
    pub partnership: PartnershipId,
    /// Its identifier here.
    pub id: ClientId,
    /// The agency that it acts for.
    pub agency: Option<AgencyId>,
    /// What it is trusted to do.
    pub role: Role,
    /// Whether it has been switched off.
    pub disabled: bool,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    partnership_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    agency_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Bool)]
    disabled: bool,
}

/// Who the caller with this identity is; the one question that can be asked before a partnership is stated.
///
/// # Errors
/// The database fails.
pub async fn find(
    pool: &Pool,
    issuer: &str,
    client_id: &str,
) -> Result<Option<Registration>, StoreFailure> {
    let mut conn = pool.get().await?;
    let found: Option<Found> = sql_query("select * from find_client($1, $2)")
        .bind::<Text, _>(issuer)
        .bind::<Text, _>(client_id)
        .get_result(&mut *conn)
        .await
        .optional()?;
    found
        .map(|row| {
            Ok(Registration {
                partnership: PartnershipId(row.partnership_id),
                id: ClientId(row.id),
                agency: row.agency_id.map(AgencyId),
                role: code(&row.role, "client.role")?,
                disabled: row.disabled,
            })
        })
        .transpose()
}

/// The registration with this identifier.
///
/// # Errors
/// The database fails.
pub async fn by_id(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: ClientId,
) -> Result<Option<Registration>, StoreFailure> {
    let found: Option<(Option<Uuid>, String, NullableTimestamp)> = client::table
        .find((partnership.0, id.0))
        .select((client::agency_id, client::role, client::disabled_at))
        .first(conn)
        .await
        .optional()?;
    found
        .map(|(agency, role, disabled_at)| {
            Ok(Registration {
                partnership,
                id,
                agency: agency.map(AgencyId),
                role: code(&role, "client.role")?,
                disabled: disabled_at.to_jiff().is_some(),
            })
        })
        .transpose()
}

/// A caller to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    /// The issuer of its tokens.
    pub issuer: String,
    /// Its identity at that issuer.
    pub client_id: String,
    /// The agency that it acts for.
    pub agency: Option<AgencyId>,
    /// What it is trusted to do.
    pub role: Role,
    /// Its name for people.
    pub name: String,
    /// Whether it may no longer call.
    pub disabled: bool,
}

#[derive(Insertable)]
#[diesel(table_name = client, treat_none_as_default_value = false)]
struct ClientRow {
    partnership_id: Uuid,
    id: Uuid,
    issuer: String,
    client_id: String,
    agency_id: Option<Uuid>,
    role: String,
    name: String,
    created_at: SqlTimestamp,
    disabled_at: NullableTimestamp,
}

/// Registers a caller, or brings its registration up to date.
///
/// # Errors
/// The database fails, or the identity belongs to another partnership.
pub async fn register(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    id: ClientId,
    new: NewClient,
    now: jiff::Timestamp,
) -> Result<(), StoreFailure> {
    let row = ClientRow {
        partnership_id: partnership.0,
        id: id.0,
        issuer: new.issuer,
        client_id: new.client_id,
        agency_id: new.agency.map(|agency| agency.0),
        role: new.role.into(),
        name: new.name,
        created_at: now.into(),
        disabled_at: NullableTimestamp::from(new.disabled.then_some(now)),
    };
    diesel::insert_into(client::table)
        .values(&row)
        .on_conflict((client::issuer, client::client_id))
        .do_update()
        .set((
            client::role.eq(&row.role),
            client::agency_id.eq(row.agency_id),
            client::name.eq(&row.name),
            client::disabled_at.eq(row.disabled_at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
