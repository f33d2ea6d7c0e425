//! Where the rows of a figure are: the address of the list that holds exactly them.

use jiff::Timestamp;

use crate::domain::figures::Measure;
use crate::domain::practice::PracticeKind;
use crate::domain::week::IsoWeek;

/// The addresses of one week's rows, whole or of one group.
pub struct Records {
    from: Timestamp,
    to: Timestamp,
    /// The filters, each with the `&` before it.
    filters: String,
    /// The same, as the list of good practice calls them.
    beside: String,
}

impl Records {
    /// The rows of `week` that pass `filters`, which are codes and instants, and need no escaping.
    pub fn new(week: IsoWeek, filters: &[(&'static str, String)]) -> Self {
        Self {
            from: week.starts_at(),
            to: week.ends_at(),
            filters: filters.iter().map(|(name, code)| format!("&{name}={code}")).collect(),
            beside: filters
                .iter()
                .map(|(name, code)| format!("&{}={code}", name_beside(name)))
                .collect(),
        }
    }

    /// The rows that a measure counts.
    pub fn url(&self, measure: Measure) -> String {
        let Self { from, to, filters, .. } = self;
        let ended = format!("/v1/episodes?ended_from={from}&ended_to={to}");
        let path = match measure {
            Measure::Raised | Measure::Excluded => {
                format!("/v1/escalations?raised_from={from}&raised_to={to}")
            }
            Measure::ReceivedLate => {
                format!("/v1/escalations?raised_from={from}&raised_to={to}&received_late=true")
            }
            Measure::Reopened => {
                format!("/v1/episodes?opened_from={from}&opened_to={to}&reopened=true")
            }
            Measure::Ended => ended,
            Measure::Resolved | Measure::WorkingDaysToResolve | Measure::ChildDaysToResolve => {
                format!("{ended}&resolved=true")
            }
            Measure::ResolvedSameDay => format!("{ended}&resolved=true&same_day=true"),
            Measure::OpenAtEnd => format!("/v1/episodes?open_at={to}"),
            Measure::OverdueAtEnd => format!("/v1/clocks?kind=answer&overdue_at={to}"),
            Measure::AnsweredInTime => return format!("{}&in_time=true", self.due()),
            Measure::InformalResolutions => return self.beside(PracticeKind::InformalResolution),
            Measure::Commendations => return self.beside(PracticeKind::Commendation),
        };
        let excluded = measure == Measure::Excluded;
        format!("{path}&excluded={excluded}{filters}")
    }

    /// The answers that fell due.
    pub fn due(&self) -> String {
        let Self { from, to, filters, .. } = self;
        format!(
            "/v1/clocks?kind=answer&due_from={from}&due_to={to}&counted=true&excluded=false{filters}"
        )
    }

    fn beside(&self, kind: PracticeKind) -> String {
        let Self { from, to, beside, .. } = self;
        format!("/v1/practice-records?kind={kind}&occurred_from={from}&occurred_to={to}{beside}")
    }
}

/// Who recorded something stands where others raised, and whom it is about where others must answer.
fn name_beside(name: &'static str) -> &'static str {
    match name {
        "raised_by_agency" => "by_agency",
        "raised_with_agency" => "about_agency",
        other => other,
    }
}
