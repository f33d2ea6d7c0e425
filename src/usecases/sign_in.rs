//! Signing people in and out, and knowing with each request whether they still are.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};

use super::deps::Deps;
use super::failure::Failure;
use super::{reference, registry};
use crate::domain::access::{Caller, Role};
use crate::domain::ids::PartnershipId;
use crate::domain::london::local_date;
use crate::domain::sign_in::{IDLE, LONGEST, LoginAttempt, WebSession};
use crate::store::session::{Stated, transaction};
use crate::store::{agencies, sign_in};

/// A session is not written to more often than this: a page with its style sheet is one use.
const LEAST_BETWEEN_MARKS: SignedDuration = SignedDuration::from_secs(60);

/// A person whom the issuer has just named.
#[derive(Debug, Clone)]
pub struct Person {
    /// The issuer.
    pub issuer: String,
    /// How the issuer names the person.
    pub subject: String,
    /// The `client_id` of the registration that would let the person in.
    pub registered_as: String,
    /// The person's name, for that person to see; the registration's when the issuer says none.
    pub display_name: Option<String>,
    /// When the person proved who they are, if the issuer says.
    pub auth_time: Option<Timestamp>,
}

/// Under which key something with this cookie is kept.
#[must_use]
pub fn key_of(cookie: &str) -> Vec<u8> {
    digest(&SHA256, cookie.as_bytes()).as_ref().to_vec()
}

/// The partnership with this code.
///
/// # Errors
/// There is none yet, or the database fails.
pub async fn partnership(deps: &Deps, code: &str) -> Result<PartnershipId, Failure> {
    let found = agencies::find_partnership(&deps.pool, code).await?;
    found.ok_or(Failure::NotSetUp("partnership with the code that PARTNERSHIP names"))
}

/// Keeps an attempt under its cookie, and forgets those that are over.
///
/// # Errors
/// The database fails.
pub async fn begin(
    deps: &Deps,
    partnership: PartnershipId,
    cookie: &str,
    attempt: LoginAttempt,
) -> Result<(), Failure> {
    let now = deps.clock.now();
    transaction(&deps.pool, Stated::partnership(partnership), async |conn| {
        sign_in::forget_attempts(conn, partnership, now).await?;
        Ok(sign_in::add_attempt(conn, partnership, &key_of(cookie), attempt).await?)
    })
    .await
}

/// The attempt of this cookie, if it is in time; it can be taken once.
///
/// # Errors
/// The database fails.
pub async fn take(
    deps: &Deps,
    partnership: PartnershipId,
    cookie: &str,
) -> Result<Option<LoginAttempt>, Failure> {
    let now = deps.clock.now();
    transaction(&deps.pool, Stated::partnership(partnership), async |conn| {
        let taken = sign_in::take_attempt(conn, partnership, &key_of(cookie)).await?;
        Ok(taken.filter(|attempt| now < attempt.expires_at))
    })
    .await
}

/// Begins a session under `cookie`, ends the one that the same browser had, and gives whether the person was let in.
///
/// # Errors
/// The database fails.
pub async fn open(
    deps: &Deps,
    partnership: PartnershipId,
    cookie: &str,
    person: Person,
    replaced: Option<&str>,
) -> Result<bool, Failure> {
    let now = deps.clock.now();
    let Person { issuer, subject, registered_as, display_name, auth_time } = person;
    let Some(caller) =
        admitted(deps, partnership, &issuer, &registered_as, subject.clone()).await?
    else {
        return Ok(false);
    };
    let session = WebSession {
        partnership,
        display_name: display_name.unwrap_or_else(|| registered_as.clone()),
        issuer,
        subject,
        registered_as,
        role: caller.role,
        agency: caller.agency,
        auth_time,
        created_at: now,
        last_seen_at: now,
    };
    let before = |span| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    transaction(&deps.pool, Stated::partnership(partnership), async |conn| {
        sign_in::forget_sessions(conn, partnership, before(IDLE), before(LONGEST)).await?;
        if let Some(replaced) = replaced {
            sign_in::end_session(conn, partnership, &key_of(replaced)).await?;
        }
        Ok::<_, Failure>(sign_in::add_session(conn, &key_of(cookie), &session).await?)
    })
    .await?;
    Ok(true)
}

/// The session of this cookie and whom it makes its person, while both the session and the registration are good.
///
/// # Errors
/// The database fails.
pub async fn resume(
    deps: &Deps,
    partnership: PartnershipId,
    cookie: &str,
) -> Result<Option<(WebSession, Caller)>, Failure> {
    let now = deps.clock.now();
    let key = key_of(cookie);
    let found = transaction(&deps.pool, Stated::partnership(partnership), async |conn| {
        let found = sign_in::find_session(conn, partnership, &key).await?;
        let alive = found.filter(|session| session.is_alive(now));
        if let Some(session) = &alive
            && now.duration_since(session.last_seen_at) >= LEAST_BETWEEN_MARKS
        {
            sign_in::mark_seen(conn, partnership, &key, now).await?;
        }
        Ok::<_, Failure>(alive)
    })
    .await?;
    let Some(session) = found else { return Ok(None) };
    let caller = admitted(
        deps,
        partnership,
        &session.issuer,
        &session.registered_as,
        session.subject.clone(),
    )
    .await?;
    // A registration that says something else now than at sign-in asks for another sign-in.
    let same = |caller: &Caller| caller.role == session.role && caller.agency == session.agency;
    Ok(caller.filter(same).map(|caller| (session, caller)))
}

/// Ends the session of this cookie.
///
/// # Errors
/// The database fails.
pub async fn close(deps: &Deps, partnership: PartnershipId, cookie: &str) -> Result<(), Failure> {
    transaction(&deps.pool, Stated::partnership(partnership), async |conn| {
        Ok(sign_in::end_session(conn, partnership, &key_of(cookie)).await?)
    })
    .await
}

/// Ends every session of a person, on all their devices.
///
/// # Errors
/// The database fails.
pub async fn close_all(deps: &Deps, session: &WebSession) -> Result<usize, Failure> {
    let partnership = session.partnership;
    transaction(&deps.pool, Stated::partnership(partnership), async |conn| {
        let (issuer, subject) = (&session.issuer, &session.subject);
        Ok(sign_in::end_sessions_of(conn, partnership, issuer, subject).await?)
    })
    .await
}

/// The registrations of an issuer, as somebody who tries the service can choose among them.
///
/// # Errors
/// The database fails.
pub async fn stand_ins(
    deps: &Deps,
    partnership: PartnershipId,
    issuer: &str,
) -> Result<Vec<(String, String, Role)>, Failure> {
    transaction(&deps.pool, Stated::partnership(partnership), async |conn| {
        Ok(sign_in::registrations_of(conn, partnership, issuer).await?)
    })
    .await
}

/// The person as a caller, if a registration of this partnership lets them in now.
async fn admitted(
    deps: &Deps,
    partnership: PartnershipId,
    issuer: &str,
    registered_as: &str,
    subject: String,
) -> Result<Option<Caller>, Failure> {
    let Some(registration) = registry::find(deps, issuer, registered_as).await? else {
        return Ok(None);
    };
    if registration.disabled || registration.partnership != partnership {
        return Ok(None);
    }
    if let Some(agency) = registration.agency {
        let today = local_date(deps.clock.now());
        let agreed = reference::partnership(deps, partnership).await?;
        if !agreed.agency_by_id(agency).is_some_and(|agency| agency.is_valid_on(today)) {
            return Ok(None);
        }
    }
    Ok(Some(registry::caller(deps, &registration, subject).await?))
}
