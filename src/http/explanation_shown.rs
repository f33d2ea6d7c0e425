//! How an explanation of a due date becomes what is shown, with its words for people.

use super::explanation_views::{
    AgreedStep, AtOnceStep, CalendarName, CountedStep, CountingView, EarlierStep, ExplanationLinks,
    ExplanationView, ListedDayView, LocalInstantView, PausedStep, RuleView, StageRule, StepView,
    TimescaleRule,
};
use super::explanations::CHILD_PROCESS;
use super::reference_views::LimitView;
use super::times::{Day, Instant};
use super::views::StageView;
use crate::domain::explanation::{Explanation, ListedDay, LocalInstant, Rule, Step};
use crate::domain::ids::{ClockId, EscalationId};
use crate::domain::limit::{Direction, Limit, LimitUnit};
use crate::domain::timescale::Timescale;
use crate::domain::working_days::{DayZero, Nation};

impl ExplanationView {
    /// The explanation of a clock of the escalation `id`.
    #[must_use]
    pub fn new(id: EscalationId, it: Explanation) -> Self {
        let agrees = it.agrees();
        let (clock, took_over_from) = match &it.rule {
            Rule::Stage { clock, took_over_from, .. } => (clock.to_string(), *took_over_from),
            Rule::Process(_) => (CHILD_PROCESS.to_owned(), None),
        };
        let escalation = format!("/v1/escalations/{id}");
        let link = |clock: &str| format!("{escalation}/clocks/{clock}/explanation");
        Self {
            links: ExplanationLinks {
                this: link(&clock),
                took_over_from: took_over_from.map(|clock: ClockId| link(&clock.to_string())),
                escalation: escalation.clone(),
            },
            clock,
            rule: it.rule.into(),
            limit: LimitView::from(&it.limit),
            counting: CountingView::new(&it.limit, it.nation),
            calendar: CalendarName { version: it.calendar_version, nation: it.nation },
            started: it.started.into(),
            steps: it.steps.into_iter().map(StepView::from).collect(),
            due: it.due.into(),
            agrees,
        }
    }
}

impl CountingView {
    fn new(limit: &Limit, nation: Nation) -> Self {
        let nation = match nation {
            Nation::EnglandAndWales => "England and Wales",
            Nation::Scotland => "Scotland",
            Nation::NorthernIreland => "Northern Ireland",
        };
        let unit = match limit.unit {
            LimitUnit::Hour => "Hours are counted day and night, on every day.".to_owned(),
            LimitUnit::SameDay => "It is due on the local date of its event.".to_owned(),
            LimitUnit::WorkingDay => format!(
                "A day is counted unless it is a Saturday, a Sunday or a bank holiday of {nation}."
            ),
            LimitUnit::CalendarDay => "Every day is counted.".to_owned(),
            LimitUnit::Week => "A week is seven days, and every day is counted.".to_owned(),
            LimitUnit::Month => {
                "A month ends on the same day of the next one, or on its last day if it is shorter."
                    .to_owned()
            }
        };
        let in_hours = limit.unit == LimitUnit::Hour;
        let day_zero = match limit.day_zero {
            _ if in_hours || limit.unit == LimitUnit::SameDay => "Days are not counted.",
            DayZero::ExcludeStart => {
                "The local date of the event is day 0, on any day of the week and at any time."
            }
            DayZero::IncludeStart => "The local date of the event is day 1, if it can be counted.",
        };
        let end = match limit.direction {
            Direction::After if in_hours => "It is due that many hours after its event.",
            Direction::Before if in_hours => "It is due that many hours before its event.",
            _ => "It is due at 23:59:59.999 local time of the last day.",
        };
        Self {
            unit,
            day_zero: day_zero.to_owned(),
            end: end.to_owned(),
            time_zone: "Europe/London".to_owned(),
        }
    }
}

impl From<Rule> for RuleView {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Stage { kind, policy_version, stage, code, label, urgency, .. } => {
                let stage = StageView { number: stage, code, label };
                Self::StagePolicy(StageRule { kind, policy_version, stage, urgency })
            }
            Rule::Process(Timescale {
                code,
                version,
                label,
                starts,
                stops,
                basis,
                source,
                verified_against_wt2026,
                limit: _,
            }) => Self::Timescale(TimescaleRule {
                code,
                version,
                label,
                starts,
                stops,
                basis,
                source,
                verified_against_wt2026,
            }),
        }
    }
}

impl From<LocalInstant> for LocalInstantView {
    fn from(it: LocalInstant) -> Self {
        // London was never off UTC by parts of a minute while the events of a childhood happened.
        let minutes = it.utc_offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        Self {
            at: Instant(it.at),
            local_date: Day(it.local_date),
            utc_offset: format!("{sign}{hours:02}:{minutes:02}"),
        }
    }
}

impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        match step {
            Step::Counted { from, days, months, due } => Self::Counted(CountedStep {
                from: from.into(),
                days: listed(days),
                months: months.map(|ends| ends.into_iter().map(Day).collect()),
                due: due.into(),
            }),
            Step::AtOnce { due } => Self::AtOnce(AtOnceStep { due: due.into() }),
            Step::Agreed { previous, due, times_per_stage } => Self::Agreed(AgreedStep {
                previous: previous.into(),
                due: due.into(),
                condition: agreement(times_per_stage),
            }),
            Step::Paused { previous, from, until, days_paused, days_gained, days_after, due } => {
                Self::Paused(PausedStep {
                    previous: previous.into(),
                    from: from.into(),
                    until: until.into(),
                    days_paused: listed(days_paused),
                    days_gained,
                    days_after: listed(days_after),
                    due: due.into(),
                })
            }
            Step::Earlier { previous, counted, due } => Self::Earlier(EarlierStep {
                previous: previous.into(),
                counted: counted.into(),
                due: due.into(),
            }),
        }
    }
}

fn listed(days: Vec<ListedDay>) -> Vec<ListedDayView> {
    days.into_iter()
        .map(|it| ListedDayView {
            date: Day(it.date),
            weekday: it.date.strftime("%A").to_string().to_lowercase(),
            counted: it.number.is_some(),
            why: it.reason,
            holiday: it.holiday,
            number: it.number,
        })
        .collect()
}

fn agreement(times_per_stage: u32) -> String {
    let often = match times_per_stage {
        1 => "once".to_owned(),
        times => format!("at most {times} times"),
    };
    format!(
        "The two agencies agreed on it, with a reason: {often} in a stage, and by no more than the \
         stage's limit again."
    )
}

#[cfg(test)]
#[path = "explanation_tests.rs"]
mod tests;
