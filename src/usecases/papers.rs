//! What leaves the partnership: board copies, and packs for the public with their release.

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read, read_at};
use super::reference::partnership;
use super::review::{self, cut_off, text_of};
use crate::domain::access::{Action, Caller};
use crate::domain::disclosure::Profile;
use crate::domain::figures::{GroupBy, WeeklyQuestion};
use crate::domain::papers::release::{CannotRelease, Release, Releasing, check};
use crate::domain::papers::{
    BoardCopy, Counted, Counts, MadeFrom, PublicPack, Quarter, board_copy, counts, public_pack,
};
use crate::domain::review::Pack;
use crate::domain::week::IsoWeek;
use crate::sha256;
use crate::store::review as store_review;
use crate::store::session::{Stated, transaction};
use crate::store::weekly::{Span, figures_of};
use crate::store::{StoreFailure, public_releases};

/// The instant to which the data of a week reach for ever; none as long as that has not come.
fn data_of(week: IsoWeek, now: Timestamp) -> Option<Timestamp> {
    Some(cut_off(week, Timestamp::MAX)).filter(|at| *at <= now)
}

/// The copy of a week's review for committees.
///
/// # Errors
/// [`CannotRelease::NotOver`] before the week's data are taken; the caller may not review, or the database fails.
pub async fn copy_for_board(
    deps: &Deps,
    caller: &Caller,
    week: IsoWeek,
    profile: Profile,
) -> Result<BoardCopy, Failure> {
    caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    data_of(week, deps.clock.now()).ok_or(Failure::CannotRelease(CannotRelease::NotOver))?;
    let shown = review::shown(deps, caller, week, None).await?;
    let pack: Pack = serde_json::from_str(&shown.text)
        .map_err(|_| StoreFailure::Corrupt("review_sign_off.pack"))?;
    let quarter = Quarter::over_with(week).ok_or(Failure::NotFound)?;
    let counts = of_quarter(deps, caller, quarter, profile).await?;
    let made_from =
        MadeFrom { data_to: pack.data_to, sha256: shown.sha256, version: shown.version };
    Ok(board_copy(&pack, made_from, counts))
}

/// A pack for the public as it is shown.
#[derive(Debug, Clone)]
pub struct ShownPack {
    /// The pack as text; of a released quarter, to the byte what was released.
    pub text: String,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
    /// Whether it was released.
    pub released: bool,
}

/// The pack of a quarter: as it was released, and before that, for those who review, as it would be.
///
/// # Errors
/// [`Failure::NotFound`] for everybody else before; the quarter is not over, or the database fails.
pub async fn pack_of(
    deps: &Deps,
    caller: &Caller,
    quarter: Quarter,
    profile: Profile,
) -> Result<ShownPack, Failure> {
    let released = releases(deps, caller).await?;
    if let Some(it) = released.into_iter().find(|it| it.quarter == quarter) {
        return Ok(ShownPack { text: it.pack, sha256: it.sha256, released: true });
    }
    caller.may(Action::ReadReview).ok_or(Failure::NotFound)?;
    let text = preview(deps, caller, quarter, profile).await?;
    Ok(ShownPack { sha256: sha256::hexadecimal(text.as_bytes()), text, released: false })
}

/// Every released pack, that of the latest quarter first.
///
/// # Errors
/// The caller may not read, or the database fails.
pub async fn releases(deps: &Deps, caller: &Caller) -> Result<Vec<Release>, Failure> {
    let reach = caller.may(Action::ReadPublicPack).ok_or(Failure::Forbidden)?;
    read(deps, caller, reach, async |conn| {
        Ok(Shown::of_nobody(public_releases::all(conn, caller.partnership).await?))
    })
    .await
}

/// Releases the pack that was read: the one whose text has this hash.
///
/// # Errors
/// [`Failure::CannotRelease`] with what stands against it; the caller may not release, or the database fails.
pub async fn release(
    deps: &Deps,
    caller: &Caller,
    (quarter, profile): (Quarter, Profile),
    expected_sha256: &str,
    said: Releasing,
) -> Result<Release, Failure> {
    let reach = caller.may(Action::ReleasePack).ok_or(Failure::Forbidden)?;
    let period = quarter.period().ok_or(Failure::NotFound)?;
    let now = deps.clock.now();
    let data_to = data_of(period.to, now).ok_or(Failure::CannotRelease(CannotRelease::NotOver))?;
    let text = preview(deps, caller, quarter, profile).await?;
    let hash = sha256::hexadecimal(text.as_bytes());
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let before = public_releases::all(conn, caller.partnership).await?;
        let before: Vec<Quarter> = before.iter().map(|it| it.quarter).collect();
        check(quarter, &before).map_err(Failure::CannotRelease)?;
        if hash != expected_sha256 {
            return Err(Failure::CannotRelease(CannotRelease::NotWhatWasRead));
        }
        let released = Release {
            quarter,
            profile,
            data_to,
            pack: text,
            sha256: hash,
            said,
            released_at: now,
            role: caller.role,
            client: caller.client,
            subject: caller.subject.clone(),
        };
        match public_releases::insert(conn, caller.partnership, period, &released).await {
            Err(StoreFailure::Constraint(name)) if name == "public_release_pkey" => {
                Err(Failure::CannotRelease(
                    check(quarter, &[quarter]).err().unwrap_or(CannotRelease::NotWhatWasRead),
                ))
            }
            other => Ok(other.map(|()| released)?),
        }
    })
    .await
}

async fn preview(
    deps: &Deps,
    caller: &Caller,
    quarter: Quarter,
    profile: Profile,
) -> Result<String, Failure> {
    let agreed = partnership(deps, caller.partnership).await?;
    let pack: PublicPack =
        public_pack(&agreed.name, of_quarter(deps, caller, quarter, profile).await?);
    text_of(&pack)
}

/// The counts of a quarter, as known on the Monday after it.
async fn of_quarter(
    deps: &Deps,
    caller: &Caller,
    quarter: Quarter,
    profile: Profile,
) -> Result<Counts, Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    let period = quarter.period().ok_or(Failure::NotFound)?;
    let now = deps.clock.now();
    let data_to = data_of(period.to, now).ok_or(Failure::CannotRelease(CannotRelease::NotOver))?;
    let agreed = partnership(deps, caller.partnership).await?;
    let past = Some(data_to).filter(|at| *at < now);
    read_at(deps, caller, reach, past, async |conn| {
        let question = WeeklyQuestion {
            from: period.from,
            to: period.to,
            group_by: GroupBy::Group,
            theme: None,
            raised_by: None,
            raised_with: None,
            as_of: Some(data_to),
        };
        let whole = Span { from: period.from, to: period.to };
        let figures = figures_of(conn, agreed.id, &question, whole).await?;
        let weeks: Vec<IsoWeek> = IsoWeek::range(period.from, period.to).collect();
        let raised = store_review::raised(conn, agreed.id, &weeks).await?;
        let counted = Counted {
            agreed: &agreed,
            quarter,
            period,
            data_to,
            figures: &figures,
            raised: &raised,
        };
        let told = counts(&counted, profile);
        Ok(Shown::of_nobody(told.ok_or(StoreFailure::Corrupt("the counts of a quarter"))?))
    })
    .await
}
