//! Who is heard besides what is raised: systems that say they are alive, one of which stops; agencies that say they had
//! nothing to raise; and the change that the Director declares.

use jiff::civil::time;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::DemoError;
use super::agencies::role_in;
use super::frame::{Frame, RELAUNCH, local};
use super::script::Deed;
use crate::domain::hearing::{FeedState, FeedStatement};
use crate::domain::rebase::{ChartName, RebaseStatement};

/// The surgery whose system is not heard any more. In the last weeks it raises nothing either.
pub(super) const CUT_OFF: &str = "gp_otherton";
/// So many days before the end its system was heard last.
const CUT_OFF_DAYS: i64 = 9;
/// In so many last weeks it raises nothing.
pub(super) const CUT_OFF_WEEKS: i64 = 4;
/// A hospital whose system is heard every night.
const CONNECTED: &str = "health_acute";
/// The week in which both agreed to be heard.
const AGREED: i64 = 78;
/// Who gives nil returns, and in how many of the last weeks: a first word, and so many that it is asked about.
const NIL_RETURNS: [(&str, i64); 2] = [("health_icb", 2), ("adult_social_care", 9)];
/// So many weeks after the relaunch the Director declares it.
const DECLARED_AFTER: i32 = 3;

/// All of the series, with when the service hears of each, in no order.
pub(super) fn write(frame: &Frame) -> Result<Vec<(Timestamp, Deed)>, DemoError> {
    let mut deeds = Vec::new();
    let week = |number: i64| {
        Ok::<_, DemoError>(
            frame.first.plus_weeks(i32::try_from(number - 1).map_err(|_| DemoError::TooManyWeeks)?),
        )
    };
    let agreed_at = local(week(AGREED)?.monday(), time(11, 0, 0, 0));
    let agreements = [
        (CUT_OFF, 24, "The surgery's record sends every night."),
        (CONNECTED, 168, "The hospital's record sends every night; a week without it is noticed."),
    ];
    for (agency, hours, reason) in agreements {
        let said = FeedStatement {
            state: FeedState::Agreed,
            every: Some(SignedDuration::from_hours(hours)),
            reason: reason.to_owned(),
        };
        deeds.push((agreed_at, Deed::AgreeFeed { agency, said }));
    }
    let mut night = local(week(AGREED)?.monday().saturating_add(1.day()), time(2, 10, 0, 0));
    let cut_off_at = frame.ends_at - SignedDuration::from_hours(24 * CUT_OFF_DAYS);
    while night < frame.ends_at {
        deeds.push((night, Deed::Heartbeat { by: CONNECTED }));
        if night < cut_off_at {
            deeds.push((night, Deed::Heartbeat { by: CUT_OFF }));
        }
        night += SignedDuration::from_hours(24);
    }
    for (by, weeks) in NIL_RETURNS {
        for number in (frame.weeks - weeks + 1).max(1)..=frame.weeks {
            let week = week(number)?;
            let friday = local(week.monday().saturating_add(4.days()), time(15, 20, 0, 0));
            let signed_as = role_in(by).unwrap_or_default();
            deeds.push((friday, Deed::NilReturn { by, week, signed_as }));
        }
    }
    let relaunch = week(RELAUNCH)?;
    let said = RebaseStatement {
        charts: ChartName::ALL.to_vec(),
        first_week: relaunch,
        reason: "The escalation policy was relaunched: one form for all agencies, and a duty manager who answers."
            .to_owned(),
    };
    let declared_at = local(relaunch.plus_weeks(DECLARED_AFTER).monday(), time(14, 30, 0, 0));
    deeds.push((declared_at, Deed::Declare(said)));
    Ok(deeds)
}
