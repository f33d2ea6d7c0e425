//! Reading the reporting views, and the tokens with which tools for figures sign in to do so.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use uuid::Uuid;

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read};
use super::registry;
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::{FieldsShown, Seen};
use crate::domain::ids::EscalationId;
use crate::domain::report::{ReportColumn, ReportPage, ReportQuestion, ReportToken, ReportView};
use crate::store::clients::Registration;
use crate::store::session::{Connection, Stated, transaction};
use crate::store::{StoreFailure, report_tokens, reports};

/// How long a token holds when nobody says otherwise, and at most.
pub const DAYS: i64 = 90;
/// What a secret begins with, so that one that got into the wrong place is known for what it is.
const MARK: &str = "etr_";
/// Bytes of chance in a secret.
const CHANCE: usize = 32;

/// Why somebody with a token is not let in. It is logged, and not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such token.
    Unknown,
    /// The secret is another.
    WrongSecret,
    /// It was revoked.
    Revoked,
    /// Its time is over.
    Expired,
    /// Its client is switched off, or its role may not read reports.
    NotAllowed,
}

impl Refusal {
    /// The word for the log.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::WrongSecret => "another secret",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::NotAllowed => "not allowed",
        }
    }
}

fn hash(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// Who signs in with a token, as a caller who may read reports.
///
/// # Errors
/// The database fails. That somebody is not let in is no error, but an answer.
pub async fn sign_in(
    deps: &Deps,
    id: Uuid,
    secret: &str,
) -> Result<Result<Caller, Refusal>, Failure> {
    let Some(held) = report_tokens::find(&deps.pool, id).await? else {
        return Ok(Err(Refusal::Unknown));
    };
    if verify_slices_are_equal(&held.secret_sha256, &hash(secret)).is_err() {
        return Ok(Err(Refusal::WrongSecret));
    }
    if held.revoked {
        return Ok(Err(Refusal::Revoked));
    }
    if held.expires_at <= deps.clock.now() {
        return Ok(Err(Refusal::Expired));
    }
    let registration = registry::find(deps, &held.issuer, &held.client_id).await?;
    let Some(registration) = registration.filter(|it| !it.disabled) else {
        return Ok(Err(Refusal::NotAllowed));
    };
    let caller = registry::caller(deps, &registration, format!("report token {id}")).await?;
    if caller.may(Action::ReadReports).is_none() {
        return Ok(Err(Refusal::NotAllowed));
    }
    Ok(Ok(caller))
}

/// Every reporting view. What the views are is the same for everybody.
///
/// # Errors
/// The database fails.
pub async fn views(deps: &Deps) -> Result<Vec<ReportView>, Failure> {
    let mut conn = deps.pool.get().await?;
    Ok(reports::views(&mut conn).await?)
}

/// The rows that a question is about, all as they stand at one instant.
///
/// # Errors
/// The caller may not; there is no longer the row after which the question goes on ([`Failure::NotFound`]); the
/// database fails.
pub async fn ask(
    deps: &Deps,
    caller: &Caller,
    question: &ReportQuestion,
) -> Result<ReportPage, Failure> {
    let reach = caller.may(Action::ReadReports).ok_or(Failure::Forbidden)?;
    read(deps, &asking(caller, question), reach, async |conn| {
        let page = reports::ask(conn, question).await?;
        let page = page.ok_or(Failure::NotFound)?;
        let Some(seen) = seen(question, &page) else { return Ok(Shown::of_nobody(page)) };
        Ok(Shown::so(page, seen))
    })
    .await
}

/// The caller, who asks for a view.
fn asking(caller: &Caller, question: &ReportQuestion) -> Caller {
    let mut caller = caller.clone();
    if let Some(call) = &mut caller.call {
        call.operation = format!("{} {}", call.operation, question.view.name());
    }
    caller
}

/// What rows of a view tell of single escalations, by their identifiers where these were asked for; nothing where the rows
/// of the view are figures or reference data.
fn seen(question: &ReportQuestion, page: &ReportPage) -> Option<Seen> {
    let names = |column: &ReportColumn| column.name().ends_with("escalation_id");
    question.view.columns().find(|column| names(column))?;
    let place = question.columns.iter().position(names);
    let ids = page.rows.iter().filter_map(|row| row.get(place?)?.as_ref()?.parse().ok());
    let ids = ids.map(|id: Uuid| EscalationId(id)).collect();
    Some(Seen { rows: page.rows.len(), ..Seen::of(ids, FieldsShown::Report) })
}

/// Makes a token for a client, and tells its secret, which is kept nowhere.
///
/// # Errors
/// The client's role may not read reports; the database fails.
pub async fn create_token(
    deps: &Deps,
    client: &Registration,
    days: i64,
) -> Result<(ReportToken, String), Failure> {
    let stated = of(deps, client).await?;
    let now = deps.clock.now();
    let mut chance = [0; CHANCE];
    let filled = aws_lc_rs::rand::fill(&mut chance);
    assert!(filled.is_ok(), "the operating system gives randomness");
    let secret = format!("{MARK}{}", URL_SAFE_NO_PAD.encode(chance));
    let token = ReportToken {
        id: deps.ids.new_id(now),
        created_at: now,
        expires_at: now + SignedDuration::from_hours(24 * days.clamp(1, DAYS)),
        revoked_at: None,
    };
    let (kept, hash) = (token.clone(), hash(&secret));
    transaction(&deps.pool, stated, async |conn: &mut Connection| {
        report_tokens::insert(conn, client.partnership, client.id, &kept, &hash).await
    })
    .await?;
    Ok((token, secret))
}

/// Every token of a client, the newest first.
///
/// # Errors
/// The client's role may not read reports; the database fails.
pub async fn tokens(deps: &Deps, client: &Registration) -> Result<Vec<ReportToken>, Failure> {
    let stated = of(deps, client).await?;
    let found = transaction(&deps.pool, stated, async |conn: &mut Connection| {
        report_tokens::of_client(conn, client.partnership, client.id).await
    });
    Ok(found.await?)
}

/// Revokes a token. It opens nothing from the next request on.
///
/// # Errors
/// There is no such token; the database fails.
pub async fn revoke_token(deps: &Deps, id: Uuid) -> Result<(), Failure> {
    let held = report_tokens::find(&deps.pool, id).await?.ok_or(Failure::NotFound)?;
    let (stated, now) = (Stated::partnership(held.partnership), deps.clock.now());
    let done: Result<(), StoreFailure> =
        transaction(&deps.pool, stated, async |conn: &mut Connection| {
            report_tokens::revoke(conn, held.partnership, id, now).await
        })
        .await;
    Ok(done?)
}

async fn of(deps: &Deps, client: &Registration) -> Result<Stated, Failure> {
    let caller = registry::caller(deps, client, "command line".to_owned()).await?;
    let reach = caller.may(Action::ReadReports).ok_or(Failure::Forbidden)?;
    Ok(Stated::by(&caller, reach))
}
