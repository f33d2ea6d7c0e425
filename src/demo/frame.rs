//! The frame of the series: its weeks, its turning points, and the calendars and policies in force.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, time};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::chance::{Chance, floor};
use super::{DemoError, DemoOptions};
use crate::domain::limit::{Limit, LimitUnit};
use crate::domain::london::{local_date, london};
use crate::domain::partnership::PolicyVersion;
use crate::domain::stage_policy::StagePolicy;
use crate::domain::week::IsoWeek;
use crate::domain::working_days::{Calendar, DayZero};
use crate::reference::{self, CalendarFile};
use crate::usecases::shipped;

/// The week of the relaunch: from then on people raise more.
pub(super) const RELAUNCH: i64 = 40;
/// From this week on one agency raises nothing any more.
pub(super) const SILENCE: i64 = 60;
/// From this week on answers come sooner, and one theme falls: what was learned shows.
pub(super) const LEARNING: i64 = 70;
/// The week before which a bank holiday is found to be missing from the calendar.
const MISSING_HOLIDAY: i32 = 30;
/// The week around which one agency takes over from another.
const SUCCESSION: i32 = 50;
/// The week from which a changed ladder applies.
const NEW_POLICY: i32 = 56;

/// Longer than anything lasts here; keeps a draw from the far tail within the calendar.
const LONGEST_DAYS: f64 = 120.0;
const OPENING: Time = time(8, 30, 0, 0);
const CLOSING: Time = time(18, 0, 0, 0);
/// The working hours between opening and what people still do before closing.
const OFFICE_SECONDS: f64 = 9.0 * 3600.0;

/// Everything that is fixed before anything happens.
pub(super) struct Frame {
    pub(super) first: IsoWeek,
    pub(super) starts_at: Timestamp,
    /// The first instant after the series.
    pub(super) ends_at: Timestamp,
    pub(super) weeks: i64,
    /// The first day of the agency that takes over.
    pub(super) succession: Date,
    /// Lacks one bank holiday, as a list does that was typed in.
    pub(super) first_calendar: Calendar,
    pub(super) calendar: Calendar,
    pub(super) calendar_added_at: Timestamp,
    pub(super) first_policy: PolicyVersion,
    pub(super) policy: PolicyVersion,
    pub(super) policy_added_at: Timestamp,
}

impl Frame {
    pub(super) fn of(options: &DemoOptions) -> Result<Self, DemoError> {
        let weeks = i32::try_from(options.weeks).map_err(|_| DemoError::TooManyWeeks)?;
        let first = options.last_week.plus_weeks(1_i32.saturating_sub(weeks));
        let ends_at = options.last_week.ends_at();
        let before_end = ends_at - SignedDuration::from_hours(12);
        let file = reference::calendar_file()?;
        let from = first.plus_weeks(MISSING_HOLIDAY).monday();
        let missing = file.holidays.iter().map(|holiday| holiday.date).find(|date| *date >= from);
        let noticed = missing.unwrap_or(from).saturating_sub(14.days());
        let calendar = reference::england_and_wales()?;
        let changed = first.plus_weeks(NEW_POLICY - 1);
        let month = first.plus_weeks(SUCCESSION).monday();
        Ok(Self {
            first,
            starts_at: first.starts_at(),
            ends_at,
            weeks: i64::from(weeks),
            succession: month.first_of_month().saturating_add(1.month()),
            first_calendar: without(&file, missing)?,
            calendar,
            calendar_added_at: local(noticed, time(10, 12, 0, 0)).min(before_end),
            first_policy: PolicyVersion {
                effective_from: first.monday(),
                policy: first_policy("any-1")?,
            },
            policy: PolicyVersion {
                effective_from: changed.monday(),
                policy: changed_policy("any-2")?,
            },
            policy_added_at: local(changed.monday().saturating_sub(3.days()), time(15, 5, 0, 0)),
        })
    }

    /// The number of the week in the series, counted from 1.
    pub(super) fn week_of(&self, at: Timestamp) -> i64 {
        self.first.weeks_between(IsoWeek::containing(at)) + 1
    }

    /// The calendar with which the service counts at `now`.
    pub(super) fn calendar_at(&self, now: Timestamp) -> &Calendar {
        if now < self.calendar_added_at { &self.first_calendar } else { &self.calendar }
    }

    /// The policy under which an escalation that is raised at `at` runs.
    pub(super) fn policy_at(&self, at: Timestamp) -> &StagePolicy {
        if local_date(at) < self.policy.effective_from {
            &self.first_policy.policy
        } else {
            &self.policy.policy
        }
    }

    /// The instant, on working days and in office hours, at which something that takes so many working days is done.
    ///
    /// What takes up to n working days is done by the end of the nth: so a limit of n is kept exactly when the
    /// duration is at most n.
    pub(super) fn after(
        &self,
        start: Timestamp,
        working_days: f64,
        chance: &mut Chance,
    ) -> Result<Timestamp, DemoError> {
        let date = local_date(start);
        let days = working_days.clamp(0.0, LONGEST_DAYS);
        if days <= 1.0 && self.calendar.is_working_day(date)? {
            let opened = start.max(local(date, OPENING));
            let done = opened + seconds(60.0 + days * OFFICE_SECONDS);
            if done < local(date, CLOSING) {
                return Ok(done);
            }
        }
        let days = u32::try_from(floor(days.ceil()).max(1)).unwrap_or(1);
        let date = self.calendar.add_working_days(date, days, DayZero::ExcludeStart)?;
        Ok(local(date, OPENING) + seconds(chance.real(0.0, OFFICE_SECONDS)))
    }
}

/// The instant at which a clock on a London wall shows this.
pub(super) fn local(date: Date, at: Time) -> Timestamp {
    london().to_timestamp(date.to_datetime(at)).unwrap_or(Timestamp::MIN)
}

/// Whole seconds, because nobody's record is finer.
pub(super) fn seconds(number: f64) -> SignedDuration {
    SignedDuration::from_secs(floor(number))
}

fn without(file: &CalendarFile, missing: Option<Date>) -> Result<Calendar, DemoError> {
    let holidays: BTreeMap<Date, String> = file
        .holidays
        .iter()
        .filter(|holiday| Some(holiday.date) != missing)
        .map(|holiday| (holiday.date, holiday.name.clone()))
        .collect();
    let years = file.first_year..=file.last_year;
    Ok(Calendar::new("anyborough-typed-1", file.nation, years, holidays)
        .map_err(reference::ReferenceError::from)?)
}

fn first_policy(version: &str) -> Result<StagePolicy, DemoError> {
    let shipped = shipped::plan(String::new(), String::new(), vec![], vec![])?.policies;
    let first = shipped.into_iter().next().ok_or(DemoError::NothingToChoose)?;
    Ok(StagePolicy { version: version.to_owned(), ..first.policy })
}

/// The ladder after its first review: strategic leads acknowledge on the same day, and the partners have two days more.
fn changed_policy(version: &str) -> Result<StagePolicy, DemoError> {
    let mut policy = first_policy(version)?;
    for stage in &mut policy.stages {
        match stage.number {
            3 => stage.acknowledge = Some(Limit::after(0, LimitUnit::SameDay)),
            4 => stage.standard = Some(Limit::after(7, LimitUnit::WorkingDay)),
            _ => {}
        }
    }
    Ok(policy)
}
