//! The record of the reviews: what one of them knows of those before it, and how every week stands.

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read};
use super::review::cut_off_of;
use crate::domain::access::{Action, Caller};
use crate::domain::meeting::{ReviewWeek, WeekState};
use crate::domain::partnership::Partnership;
use crate::domain::review::record::{Record, Recorded, WATCHED_WEEKS, record};
use crate::domain::week::IsoWeek;
use crate::store::session::Connection;
use crate::store::{StoreFailure, actions, learning, review, sign_offs};

/// The most weeks that are listed: two years.
pub const MOST_LISTED: i32 = 104;

/// What the review of a week shows of what had been recorded by `data_to`.
pub(super) async fn known(
    conn: &mut Connection,
    agreed: &Partnership,
    week: IsoWeek,
    data_to: Timestamp,
) -> Result<Record, StoreFailure> {
    let from = week.plus_weeks(-WATCHED_WEEKS);
    let of = Recorded {
        actions: &actions::known_at(conn, agreed.id, data_to).await?,
        learning: &learning::known_at(conn, agreed.id, data_to).await?,
        signed: &sign_offs::before(conn, agreed.id, (from, week), data_to).await?,
    };
    Ok(record(&of, agreed, week, data_to))
}

/// How each week stands, the latest first: from the first that was signed on, because before that no review was kept
/// here; where none was signed, from the first with an escalation on. At most the last two years.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn weeks(deps: &Deps, caller: &Caller) -> Result<Vec<ReviewWeek>, Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    let now = deps.clock.now();
    let present = IsoWeek::containing(now);
    read(deps, caller, reach, async |conn| {
        let oldest = present.plus_weeks(1 - MOST_LISTED);
        // Without their texts, of which two years are some ten megabytes.
        let signed = sign_offs::heads(conn, caller.partnership).await?;
        let first = match signed.last() {
            Some(first) => Some(first.week),
            None => {
                review::first_raised_at(conn, caller.partnership).await?.map(IsoWeek::containing)
            }
        };
        let from = first.unwrap_or(present).max(oldest).min(present);
        let last_signed = signed.first().map(|it| it.week);
        let listed = IsoWeek::range(from, present).rev().map(|week| {
            let last = signed.iter().find(|it| it.week == week);
            let versions = last.map_or(0, |it| it.version);
            let later = last_signed.is_some_and(|last| last > week);
            ReviewWeek {
                week,
                state: WeekState::of(week, versions, later, cut_off_of(week.next()), now),
                version: last.map(|it| it.version),
                signed_at: last.map(|it| it.signed_at),
                signed_by_role: last.map(|it| it.role),
                as_deputy: last.map(|it| it.as_deputy),
            }
        });
        Ok(Shown::of_nobody(listed.collect()))
    })
    .await
}
