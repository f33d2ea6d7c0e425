//! What reviews agreed on: actions, how they go, what was learnt, and whether it worked.

use std::sync::Arc;

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read};
use super::reference::partnership;
use super::review::cut_off_of;
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::FieldsShown;
use crate::domain::action::{ActionUpdate, CannotUpdate, NewAction, Recorded, ReviewAction};
use crate::domain::broken_rule::FieldRule;
use crate::domain::figures::{DEFINITIONS_VERSION, Figures, GroupBy, WeekFigures, WeeklyQuestion};
use crate::domain::ids::{ActionId, EscalationId, LearningId};
use crate::domain::learning::{
    BASELINE_WEEKS, Baseline, ExpectedFigure, Learning, Measured, NewLearning, check, judge,
};
use crate::domain::partnership::Partnership;
use crate::domain::spc::WeekValue;
use crate::domain::week::IsoWeek;
use crate::store::session::{Connection, Stated, transaction};
use crate::store::{StoreFailure, actions, learning, review, weekly};

/// Every action that is known now, with what is needed to show it.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn list(
    deps: &Deps,
    caller: &Caller,
) -> Result<(Vec<ReviewAction>, Arc<Partnership>), Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let now = deps.clock.now();
    let all = read(deps, caller, reach, async |conn| {
        Ok(Shown::of_nobody(actions::known_at(conn, caller.partnership, now).await?))
    })
    .await?;
    Ok((all, agreed))
}

/// One action.
///
/// # Errors
/// There is none, the caller may not review, or the database fails.
pub async fn one(
    deps: &Deps,
    caller: &Caller,
    id: ActionId,
) -> Result<(ReviewAction, Arc<Partnership>), Failure> {
    let (all, agreed) = list(deps, caller).await?;
    let found = all.into_iter().find(|it| it.id == id).ok_or(Failure::NotFound)?;
    Ok((found, agreed))
}

/// Agrees on an action in the review of a week.
///
/// # Errors
/// Rules that are broken; the caller may not, or the database fails.
pub async fn agree(
    deps: &Deps,
    caller: &Caller,
    said: NewAction,
) -> Result<(ReviewAction, Arc<Partnership>), Failure> {
    let reach = caller.may(Action::KeepReview).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let now = deps.clock.now();
    let action = ReviewAction::new(ActionId(deps.ids.new_id(now)), said, caller, &agreed, now)?;
    let stored = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        Ok::<_, Failure>(actions::insert(conn, caller.partnership, &action).await?)
    })
    .await;
    match stored {
        Err(Failure::Store(StoreFailure::Constraint(name)))
            if name == "review_action_partnership_id_learning_id_fkey" =>
        {
            Err(Failure::field("learning", FieldRule::UnknownReference))
        }
        other => other.map(|()| (action, agreed)),
    }
}

/// Says how an action goes, on the version that was read.
///
/// # Errors
/// It has changed meanwhile or is completed, or rules are broken; the caller may not, or the database fails.
pub async fn update(
    deps: &Deps,
    caller: &Caller,
    id: ActionId,
    read_version: i32,
    said: ActionUpdate,
) -> Result<(ReviewAction, Arc<Partnership>), Failure> {
    let reach = caller.may(Action::KeepReview).ok_or(Failure::Forbidden)?;
    let (mut action, agreed) = one(deps, caller, id).await?;
    let now = deps.clock.now();
    let state = action.updated(said, read_version, caller, now).map_err(|refused| match refused {
        CannotUpdate::Stale => Failure::Stale,
        CannotUpdate::Completed => Failure::NotNow(
            "The action is completed and stays as it was closed; agree on another one for what is still to be done.",
        ),
        CannotUpdate::Broken(rule) => rule.into(),
    })?;
    let stored = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        Ok::<_, Failure>(actions::append(conn, caller.partnership, id, &state).await?)
    })
    .await;
    match stored {
        Err(Failure::Store(StoreFailure::Constraint(name)))
            if name == "review_action_state_pkey" =>
        {
            Err(Failure::Stale)
        }
        Err(failure) => Err(failure),
        Ok(()) => {
            action.earlier.push(std::mem::replace(&mut action.state, state));
            Ok((action, agreed))
        }
    }
}

/// Everything that was learnt, as known now.
///
/// # Errors
/// The caller may not review, or the database fails.
pub async fn learnt(
    deps: &Deps,
    caller: &Caller,
) -> Result<(Vec<Learning>, Arc<Partnership>), Failure> {
    let reach = caller.may(Action::ReadReview).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let now = deps.clock.now();
    let all = read(deps, caller, reach, async |conn| {
        let all = learning::known_at(conn, caller.partnership, now).await?;
        let ids: Vec<EscalationId> = all.iter().flat_map(|it| &it.escalations).copied().collect();
        Ok(Shown::of(all, ids, FieldsShown::Lines))
    })
    .await?;
    Ok((all, agreed))
}

/// The escalations that have these spoken references, in no order.
///
/// # Errors
/// One is unknown; the caller may not, or the database fails.
pub async fn referred(
    deps: &Deps,
    caller: &Caller,
    references: &[String],
) -> Result<Vec<EscalationId>, Failure> {
    let reach = caller.may(Action::KeepReview).ok_or(Failure::Forbidden)?;
    let found = read(deps, caller, reach, async |conn| {
        let found = learning::escalations(conn, caller.partnership, &[], references).await?;
        let ids: Vec<EscalationId> = found.iter().map(|(id, _)| *id).collect();
        Ok(Shown::of(found, ids, FieldsShown::Lines))
    })
    .await?;
    let unknown = references.iter().any(|wanted| !found.iter().any(|(_, it)| it == wanted));
    if unknown {
        return Err(Failure::field("escalations", FieldRule::UnknownReference));
    }
    Ok(found.into_iter().map(|(id, _)| id).collect())
}

/// Writes down what was learnt, and freezes what was usual before where a change is expected.
///
/// # Errors
/// Rules that are broken; the caller may not, or the database fails.
pub async fn learn(
    deps: &Deps,
    caller: &Caller,
    said: NewLearning,
) -> Result<(Learning, Arc<Partnership>), Failure> {
    let reach = caller.may(Action::KeepReview).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let said_by = check(&said, &agreed)?;
    let now = deps.clock.now();
    let id = LearningId(deps.ids.new_id(now));
    let stored = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let named = learning::escalations(conn, caller.partnership, &said.escalations, &[]).await?;
        if said.escalations.iter().any(|id| !named.iter().any(|(known, _)| known == id)) {
            return Err(Failure::field("escalations", FieldRule::UnknownReference));
        }
        let baseline = match said.expected {
            None => None,
            Some(expected) => {
                let from = said.week.plus_weeks(1 - BASELINE_WEEKS);
                let first = review::first_raised_at(conn, caller.partnership).await?;
                let from = first.map_or(said.week, IsoWeek::containing).max(from).min(said.week);
                let about = (said.group.as_deref(), said.theme.as_deref());
                let values =
                    series(conn, caller, about, expected.figure, (from, said.week), now).await?;
                Some(Baseline {
                    values: values.iter().map(|it| (it.week, it.value)).collect(),
                    definitions_version: DEFINITIONS_VERSION,
                })
            }
        };
        let learnt = Learning::new(id, said, said_by, baseline, caller, now);
        learning::insert(conn, caller.partnership, &learnt).await?;
        Ok(learnt)
    })
    .await?;
    Ok((stored, agreed))
}

/// Measures whether what was learnt worked, once and not before the week that was agreed.
///
/// # Errors
/// It is too early, was measured before, or nothing was expected; the caller may not, or the database fails.
pub async fn measure(
    deps: &Deps,
    caller: &Caller,
    id: LearningId,
) -> Result<(Learning, Arc<Partnership>), Failure> {
    let reach = caller.may(Action::KeepReview).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let now = deps.clock.now();
    let stored = transaction(&deps.pool, Stated::by(caller, reach), async |conn| {
        let all = learning::known_at(conn, caller.partnership, now).await?;
        let mut it = all.into_iter().find(|it| it.id == id).ok_or(Failure::NotFound)?;
        let Some((expected, baseline)) = &it.expected else {
            return Err(Failure::NotNow("No measurable change was expected, so there is nothing to measure."));
        };
        if it.measured.is_some() {
            return Err(Failure::NotNow("It was measured before; a result is never measured anew."));
        }
        if now < cut_off_of(expected.remeasure) {
            return Err(Failure::NotNow(
                "It is too early: measure it when the data of its re-measure week are taken, on the Monday after it.",
            ));
        }
        let about = (it.group.as_deref(), it.theme.as_deref());
        let span = (it.week.next(), expected.remeasure);
        let since = series(conn, caller, about, expected.figure, span, now).await?;
        let measured = Measured {
            result: judge(*expected, baseline, &since),
            value: since.last().and_then(|it| it.value),
            definitions_version: DEFINITIONS_VERSION,
            recorded: Recorded::by(caller, now),
        };
        learning::insert_result(conn, caller.partnership, id, &measured).await?;
        it.measured = Some(measured);
        Ok(it)
    })
    .await;
    match stored {
        Err(Failure::Store(StoreFailure::Constraint(name)))
            if name == "review_learning_result_pkey" =>
        {
            Err(Failure::NotNow("It was measured before; a result is never measured anew."))
        }
        other => other.map(|it| (it, agreed)),
    }
}

/// The values of a figure of one group or theme, week by week, from the statement of the weekly figures.
async fn series(
    conn: &mut Connection,
    caller: &Caller,
    (group, theme): (Option<&str>, Option<&str>),
    figure: ExpectedFigure,
    (from, to): (IsoWeek, IsoWeek),
    now: Timestamp,
) -> Result<Vec<WeekValue>, StoreFailure> {
    let question = WeeklyQuestion {
        from,
        to,
        group_by: if theme.is_some() { GroupBy::Theme } else { GroupBy::Group },
        theme: None,
        raised_by: None,
        raised_with: None,
        as_of: Some(now),
    };
    let weeks = weekly::figures(conn, caller.partnership, &question).await?;
    let key = theme.or(group).unwrap_or_default();
    let of = |week: &WeekFigures| {
        let found = week.groups.iter().find(|it| it.key == key);
        figure.of(&found.map_or_else(Figures::default, |it| it.figures))
    };
    Ok(weeks.iter().map(|week| WeekValue { week: week.week, value: of(week) }).collect())
}
