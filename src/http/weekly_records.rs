//! Where the rows of a figure are: the address of the list that holds exactly them.

use jiff::Timestamp;

use crate::domain::figures::Measure;
use crate::domain::week::IsoWeek;

/// The addresses of one week's rows, whole or of one group.
pub struct Records {
    from: Timestamp,
    to: Timestamp,
    /// The filters, each with the `&` before it.
    filters: String,
}

impl Records {
    /// The rows of `week` that pass `filters`, which are codes and need no escaping.
    pub fn new(week: IsoWeek, filters: &[(&'static str, String)]) -> Self {
        Self {
            from: week.starts_at(),
            to: week.ends_at(),
            filters: filters.iter().map(|(name, code)| format!("&{name}={code}")).collect(),
        }
    }

    /// The rows that a measure counts.
    pub fn url(&self, measure: Measure) -> String {
        let Self { from, to, filters } = self;
        let ended = format!("/v1/episodes?ended_from={from}&ended_to={to}");
        let path = match measure {
            Measure::Raised => format!("/v1/escalations?raised_from={from}&raised_to={to}"),
            Measure::ReceivedLate => {
                format!("/v1/escalations?raised_from={from}&raised_to={to}&received_late=true")
            }
            Measure::Reopened => {
                format!("/v1/episodes?opened_from={from}&opened_to={to}&reopened=true")
            }
            Measure::Ended => ended,
            Measure::Resolved | Measure::WorkingDaysToResolve => format!("{ended}&resolved=true"),
            Measure::ResolvedSameDay => format!("{ended}&resolved=true&same_day=true"),
            Measure::OpenAtEnd => format!("/v1/episodes?open_at={to}"),
            Measure::OverdueAtEnd => format!("/v1/clocks?kind=answer&overdue_at={to}"),
            Measure::AnsweredInTime => return format!("{}&in_time=true", self.due()),
        };
        format!("{path}{filters}")
    }

    /// The answers that fell due.
    pub fn due(&self) -> String {
        let Self { from, to, filters } = self;
        format!("/v1/clocks?kind=answer&due_from={from}&due_to={to}&counted=true{filters}")
    }
}
