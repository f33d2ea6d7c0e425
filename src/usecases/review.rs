//! The Director's weekly review.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Time;

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{self, Shown as ShownTo};
use super::reference::partnership;
use super::review_record;
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::escalation::Escalation;
use crate::domain::figures::{GroupBy, WeeklyQuestion};
use crate::domain::london;
use crate::domain::partnership::Partnership;
use crate::domain::review::assemble::{Facts, ReviewRules, assemble};
use crate::domain::review::{Pack, TABLE_WEEKS};
use crate::domain::review_setting::in_force;
use crate::domain::sign_off::{CannotSign, SignOff, Signing, check};
use crate::domain::week::IsoWeek;
use crate::sha256;
use crate::store::session::{Connection, Stated, transaction};
use crate::store::weekly::{Span, figures_of};
use crate::store::{
    StoreFailure, escalations, hearing, review, review_rules, sign_offs as store_sign_offs, weekly,
};

/// The longest history on which charts rest: five years.
const MOST_WEEKS: i32 = 260;

/// The local time of the Monday after a week at which its data are taken: what arrives later is told apart.
const CUT_OFF: Time = Time::constant(6, 0, 0, 0);

/// The instant to which the data of a week's review reach: Monday 06:00 after it, or now as long as that has not come.
#[must_use]
pub fn cut_off(week: IsoWeek, now: Timestamp) -> Timestamp {
    cut_off_of(week).min(now)
}

/// The instant at which the data of a week's review are taken.
#[must_use]
pub fn cut_off_of(week: IsoWeek) -> Timestamp {
    london::at_time(week.next().monday(), CUT_OFF)
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
    reading::read_at(deps, caller, reach, past, async |conn| {
        let pack = read(conn, &agreed, week, data_to).await?;
        let ids = pack.escalations();
        Ok(ShownTo::of(pack, ids, FieldsShown::Lines))
    })
    .await
}

/// A review as it is shown: signed, or as it stands.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The pack as text. Of a signed week it is, to the byte, what was signed.
    pub text: String,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
    /// Which signed version it is; none as long as nobody signed.
    pub version: Option<i32>,
}

impl From<&SignOff> for Shown {
    fn from(signed: &SignOff) -> Self {
        Self {
            text: signed.pack.clone(),
            sha256: signed.sha256.clone(),
            version: Some(signed.version),
        }
    }
}

/// The review of a week: the last signed version, unless `as_of` asks what was known at an instant.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn shown(
    deps: &Deps,
    caller: &Caller,
    week: IsoWeek,
    as_of: Option<Timestamp>,
) -> Result<Shown, Failure> {
    if as_of.is_none()
        && let Some(signed) = sign_offs(deps, caller, week).await?.pop()
    {
        return Ok(Shown::from(&signed));
    }
    let text = text_of(&pack(deps, caller, week, as_of).await?)?;
    Ok(Shown { sha256: sha256::hexadecimal(text.as_bytes()), text, version: None })
}

/// Every signed version of a week, the first first, with the escalations that any of them lists.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn sign_offs(
    deps: &Deps,
    caller: &Caller,
    week: IsoWeek,
) -> Result<Vec<SignOff>, Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    reading::read(deps, caller, reach, async |conn| {
        let all = store_sign_offs::of_week(conn, caller.partnership, week).await?;
        let mut ids = Vec::new();
        for it in &all {
            let pack: Pack = serde_json::from_str(&it.pack)
                .map_err(|_| StoreFailure::Corrupt("review_sign_off.pack"))?;
            ids.extend(pack.escalations());
        }
        Ok(ShownTo::of(all, ids, FieldsShown::Lines))
    })
    .await
}

/// Signs what was read: the pack whose data reach to `data_to` and whose text has this hash.
///
/// # Errors
/// [`Failure::CannotSign`] with what is missing; the caller may not sign, or the database fails.
pub async fn sign(
    deps: &Deps,
    caller: &Caller,
    week: IsoWeek,
    (data_to, expected_sha256): (Timestamp, &str),
    said: Signing,
) -> Result<SignOff, Failure> {
    let reach = caller.may(Action::SignReview).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    if let Some(place) = said.attendance.iter().position(|it| agreed.agency(&it.agency).is_none()) {
        return Err(Failure::CannotSign(CannotSign::NoSuchAgency(place)));
    }
    if data_to > deps.clock.now() {
        return Err(Failure::CannotSign(CannotSign::NotWhatWasRead));
    }
    let pack = pack(deps, caller, week, Some(data_to)).await?;
    let text = text_of(&pack)?;
    let hash = sha256::hexadecimal(text.as_bytes());
    transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let before = store_sign_offs::of_week(conn, caller.partnership, week).await?;
        let version = before.last().map_or(0, |it| it.version);
        check(&pack, &said, caller.role, version).map_err(Failure::CannotSign)?;
        if hash != expected_sha256 {
            return Err(Failure::CannotSign(CannotSign::NotWhatWasRead));
        }
        let signed = SignOff {
            week,
            version: version + 1,
            data_to,
            pack: text,
            sha256: hash,
            definitions_version: pack.definitions_version,
            said,
            signed_at: deps.clock.now(),
            role: caller.role,
            client: caller.client,
            subject: caller.subject.clone(),
        };
        match store_sign_offs::insert(conn, caller.partnership, &signed).await {
            Err(StoreFailure::Constraint(name)) if name == "review_sign_off_pkey" => {
                Err(Failure::CannotSign(CannotSign::NotWhatWasRead))
            }
            other => Ok(other.map(|()| signed)?),
        }
    })
    .await
}

/// A pack or paper as the text that is shown and hashed.
pub(super) fn text_of(pack: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(pack).map_err(|error| StoreFailure::Other(error.to_string()).into())
}

/// The pack, as far as this transaction sees.
pub(super) async fn read(
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
    let window = figures_of(conn, agreed.id, &question, summed).await?;
    let all: Vec<IsoWeek> = IsoWeek::range(from.min(week.plus_weeks(-16)), week).collect();
    let raised = review::raised(conn, agreed.id, &all).await?;
    let ids = review::open(conn, agreed.id).await?;
    let open: Vec<Escalation> =
        escalations::many(conn, agreed.id, &ids).await?.into_values().collect();
    let owners = review::owners(conn, agreed.id, &ids, data_to).await?;
    let contacts = hearing::contacts(conn, agreed.id, data_to).await?;
    let feeds = hearing::agreed_feeds(conn, agreed.id, data_to).await?;
    let nil_returns = hearing::nil_weeks(conn, agreed.id, week, data_to).await?;
    let declared = review_rules::rebases(conn, agreed.id, data_to).await?;
    let settings = review_rules::settings(conn, agreed.id, data_to).await?;
    let rules = ReviewRules::new(in_force(&settings, week), &declared);
    let arrived_since = review::arrived_since(conn, agreed.id, week, data_to).await?;
    let record = review_record::known(conn, agreed, week, data_to).await?;
    Ok(assemble(&Facts {
        agreed,
        rules: &rules,
        week,
        data_to,
        weeks: &weeks,
        window: &window,
        raised: &raised,
        open: &open,
        owners: &owners,
        contacts: &contacts,
        feeds: &feeds,
        nil_returns: &nil_returns,
        arrived_since,
        record: &record,
    }))
}
