//! The child's process behind an escalation: which limit it had, when it began, and when it happened at last.

use std::collections::BTreeMap;

use jiff::civil::{Date, time};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::DemoError;
use super::chance::{Chance, floor};
use super::frame::{Frame, local, seconds};
use super::themes::ThemeKind;
use crate::domain::delay::DelayCause;
use crate::domain::limit::{Direction, Limit, LimitUnit};
use crate::domain::london::local_date;
use crate::domain::working_days::DayZero;
use crate::reference;
use crate::usecases::raise::DelayRequest;

/// The limits by the code of their timescale.
pub(super) struct Limits(BTreeMap<String, Option<Limit>>);

impl Limits {
    pub(super) fn shipped() -> Result<Self, DemoError> {
        let rows = reference::timescales()?.timescales;
        Ok(Self(rows.into_iter().map(|row| (row.code, row.limit)).collect()))
    }

    fn of(&self, code: &str) -> Option<Limit> {
        self.0.get(code).copied().flatten()
    }
}

/// A delayed process.
pub(super) struct Process {
    /// As it is known when the escalation is raised.
    pub(super) request: DelayRequest,
    /// When it will be recorded that it has happened, if that is still to come.
    pub(super) happens_at: Option<Timestamp>,
    /// Whether nothing can stand before its start.
    pub(super) counts_forward: bool,
}

/// Draws the process that was late for an escalation of this theme; some themes have none.
pub(super) fn process(
    theme: &ThemeKind,
    raised_at: Timestamp,
    limits: &Limits,
    frame: &Frame,
    chance: &mut Chance,
) -> Result<Option<Process>, DemoError> {
    let named: f64 = theme.processes.iter().map(|(_, share)| share).sum();
    if theme.processes.is_empty() || !chance.happens(named) {
        return Ok(None);
    }
    let code = chance.weighted(theme.processes)?;
    let limit = limits.of(code);
    let over = chance.happens(0.7);
    let happened = if over {
        let days = chance.whole(1_u32..=3);
        let date = frame.calendar.subtract_working_days(
            local_date(raised_at),
            days,
            DayZero::ExcludeStart,
        )?;
        in_office_hours(date, chance)
    } else {
        let days = chance.log_normal(2.0, 0.8);
        frame.after(raised_at, days, chance)?
    };
    let started_at = start(code, limit, happened, frame, chance)?;
    let told_later = !over && chance.happens(2.0 / 3.0);
    Ok(Some(Process {
        request: DelayRequest {
            timescale: code.to_owned(),
            // What has not happened yet may not seem to begin later than it was raised.
            started_at: if over { started_at } else { started_at.min(raised_at) },
            occurred_at: over.then_some(happened),
            cause: chance.happens(0.85).then(|| cause(theme.code, chance)).transpose()?,
        },
        happens_at: told_later.then_some(happened),
        counts_forward: limit.is_none_or(|limit| limit.direction == Direction::After),
    }))
}

/// When a process began that happened at `happened`, too late by an overrun that is usual for it.
fn start(
    code: &str,
    limit: Option<Limit>,
    happened: Timestamp,
    frame: &Frame,
    chance: &mut Chance,
) -> Result<Timestamp, DemoError> {
    let date = local_date(happened);
    let Some(limit) = limit else {
        let days = chance.whole(10_i64..=30);
        return Ok(in_office_hours(date.saturating_sub(days.days()), chance));
    };
    if limit.direction == Direction::Before {
        let days = chance.whole(0_i64..=1);
        return Ok(local(date.saturating_add(days.days()), time(18, 0, 0, 0)));
    }
    let late = overrun(code, limit, chance)?;
    let total = (i64::from(limit.amount) + late).max(1);
    let date = match limit.unit {
        LimitUnit::Hour => return Ok(happened - SignedDuration::from_hours(total)),
        LimitUnit::WorkingDay => {
            let total = u32::try_from(total).unwrap_or(1);
            frame.calendar.subtract_working_days(date, total, DayZero::ExcludeStart)?
        }
        LimitUnit::Week => date.saturating_sub((i64::from(limit.amount) * 7 + late).days()),
        LimitUnit::Month => {
            date.saturating_sub(i64::from(limit.amount).months()).saturating_sub(late.days())
        }
        LimitUnit::CalendarDay | LimitUnit::SameDay => date.saturating_sub(total.days()),
    };
    Ok(in_office_hours(date, chance))
}

/// By how many units the limit was missed.
fn overrun(code: &str, limit: Limit, chance: &mut Chance) -> Result<i64, DemoError> {
    let mean = match code {
        "icpc" => {
            // The slowest three in ten of all conferences: some of them are still within the limit.
            let (from, to) =
                chance.weighted(&[((14, 15), 0.114), ((16, 20), 0.089), ((21, 45), 0.097)])?;
            return Ok(chance.whole(from..=to) - i64::from(limit.amount));
        }
        "single_assessment" => 12.0,
        "cp_visit" | "cin_visit" | "child_seen_s47" => 5.0,
        _ if limit.unit == LimitUnit::Hour => 20.0,
        // A geometric distribution with mean 1.3.
        _ if limit.unit == LimitUnit::WorkingDay && limit.amount <= 1 => 0.682,
        _ => 4.0,
    };
    Ok(1 + floor(chance.exponential(mean)))
}

fn in_office_hours(date: Date, chance: &mut Chance) -> Timestamp {
    local(date, time(9, 0, 0, 0)) + seconds(chance.real(0.0, 8.0 * 3600.0))
}

fn cause(theme: &str, chance: &mut Chance) -> Result<DelayCause, DemoError> {
    use DelayCause as C;
    let usual = match theme {
        "strategy_meeting_partner_absent" => C::PartnerUnavailable,
        "information_not_shared" | "information_late" => C::InformationAwaited,
        "referral_no_response" => C::NoResponse,
        "child_not_seen" => C::FamilyUnavailable,
        "care_proceedings_delay" => C::CourtListing,
        "service_access_barrier" => C::CommissioningGap,
        _ => C::Workload,
    };
    chance.weighted(&[
        (usual, 0.45),
        (C::Staffing, 0.13),
        (C::Workload, 0.12),
        (C::ProcessUnclear, 0.08),
        (C::PartnerUnavailable, 0.06),
        (C::RecordingSystem, 0.04),
        (C::ThresholdDispute, 0.03),
        (C::Interpreter, 0.02),
        (C::PartnerDeclined, 0.02),
        (C::Unknown, 0.05),
    ])
}
