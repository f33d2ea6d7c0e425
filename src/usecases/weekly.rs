//! The weekly theme aggregation.

use std::sync::Arc;

use super::deps::Deps;
use super::failure::Failure;
use super::reading::{Shown, read_at};
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::domain::figures::{WeekFigures, WeeklyQuestion};
use crate::domain::partnership::Partnership;
use crate::store::{practice, weekly};

/// The figures of the weeks asked for, with what is needed to label them.
///
/// # Errors
/// The database fails.
pub async fn figures(
    deps: &Deps,
    caller: &Caller,
    question: &WeeklyQuestion,
) -> Result<(Vec<WeekFigures>, Arc<Partnership>), Failure> {
    let reach = caller.may(Action::ReadWeeklyThemes).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let weeks = read_at(deps, caller, reach, question.as_of, async |conn| {
        let mut weeks = weekly::figures(conn, caller.partnership, question).await?;
        let beside = practice::beside(conn, caller.partnership, question).await?;
        for (week, beside) in weeks.iter_mut().zip(beside) {
            week.beside = beside;
        }
        Ok(Shown::of_nobody(weeks))
    })
    .await?;
    Ok((weeks, agreed))
}
