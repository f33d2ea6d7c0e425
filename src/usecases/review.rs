//! The Director's weekly review.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Time;

use super::deps::Deps;
use super::failure::Failure;
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::domain::escalation::Escalation;
use crate::domain::figures::{GroupBy, WeekBeside, WeekFigures, WeeklyQuestion};
use crate::domain::london;
use crate::domain::partnership::Partnership;
use crate::domain::review::assemble::{Facts, ReviewRules, assemble};
use crate::domain::review::{Pack, TABLE_WEEKS};
use crate::domain::week::IsoWeek;
use crate::store::session::{Connection, Stated, known_at};
use crate::store::weekly::{Span, figures_of};
use crate::store::{StoreFailure, escalations, review, weekly};

/// The longest history on which charts rest: five years.
const MOST_WEEKS: i32 = 260;

/// The local time of the Monday after a week at which its data are taken: what arrives later is told apart.
const CUT_OFF: Time = Time::constant(6, 0, 0, 0);

/// The instant to which the data of a week's review reach: Monday 06:00 after it, or now as long as that has not come.
#[must_use]
pub fn cut_off(week: IsoWeek, now: Timestamp) -> Timestamp {
    london::at_time(week.next().monday(), CUT_OFF).min(now)
}

/// Everything that the review of a week shows, as it was known at `as_of` or else at its cut-off.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn pack(
    deps: &Deps,
    caller: &Caller,
    week: IsoWeek,
    as_of: Option<Timestamp>,
) -> Result<Pack, Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let now = deps.clock.now();
    let data_to = as_of.unwrap_or_else(|| cut_off(week, now));
    // What is known now needs no putting back.
    let past = Some(data_to).filter(|at| *at < now);
    known_at(&deps.pool, Stated::by(caller, reach), past, async |conn| {
        read(conn, &agreed, week, data_to).await
    })
    .await
}

async fn read(
    conn: &mut Connection,
    agreed: &Arc<Partnership>,
    week: IsoWeek,
    data_to: Timestamp,
) -> Result<Pack, Failure> {
    let first = review::first_raised_at(conn, agreed.id).await?.map_or(week, IsoWeek::containing);
    let from = first.max(week.plus_weeks(1 - MOST_WEEKS)).min(week);
    let question = WeeklyQuestion {
        from,
        to: week,
        group_by: GroupBy::Group,
        theme: None,
        raised_by: None,
        raised_with: None,
        as_of: Some(data_to),
    };
    let weeks = weekly::figures(conn, agreed.id, &question).await?;
    let summed = Span { from: week.plus_weeks(1 - TABLE_WEEKS), to: week };
    let window = figures_of(conn, agreed.id, &question, &[summed]).await?;
    let nothing = WeekFigures {
        week,
        open_at_start: 0,
        total: Default::default(),
        groups: Vec::new(),
        beside: WeekBeside::default(),
    };
    let all: Vec<IsoWeek> = IsoWeek::range(from.min(week.plus_weeks(-16)), week).collect();
    let raised = review::raised(conn, agreed.id, &all).await?;
    let ids = review::open(conn, agreed.id).await?;
    let open: Vec<Escalation> =
        escalations::many(conn, agreed.id, &ids).await?.into_values().collect();
    let owners = review::owners(conn, agreed.id, &ids, data_to).await?;
    let contacts = review::contacts(conn, agreed.id, data_to).await?;
    let arrived_since = review::arrived_since(conn, agreed.id, week, data_to).await?;
    Ok::<_, StoreFailure>(assemble(&Facts {
        agreed,
        rules: &ReviewRules::default(),
        week,
        data_to,
        weeks: &weeks,
        window: window.first().unwrap_or(&nothing),
        raised: &raised,
        open: &open,
        owners: &owners,
        contacts: &contacts,
        arrived_since,
    }))
    .map_err(Failure::from)
}
