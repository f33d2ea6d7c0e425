//! The child's time and the agencies' time as they are shown: never one without the other.

use serde::Serialize;
use utoipa::ToSchema;

use super::times::Instant;
use super::views::agency_code;
use crate::domain::child_time::{ChildTimeEnd, Holder, Part};
use crate::domain::ids::AgencyId;
use crate::domain::partnership::Partnership;
use crate::domain::sight::Sight;
use crate::domain::standing::Standing;

/// How long the child has waited, and with whom the matter lay.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Times)]
pub struct TimesView {
    /// The child's time: day and night, from when the wait began until the child's situation changed. Nobody can pause it.
    pub child: ChildTimeView,
    /// The agencies' time, by who held the matter; counted on working days, pauses left out.
    pub agencies: AgenciesTimeView,
    /// The whole escalation, from the first raising to the latest end or until now, over all reopenings.
    pub whole: WholeTimeView,
}

/// The child's time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChildTime)]
pub struct ChildTimeView {
    /// When the wait began: with the delayed process, when the concern arose, or with the raising.
    pub from: Instant,
    /// When it ended; absent while the child still waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Instant>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<ChildTimeEnd>,
    /// Seconds so far, or until it ended.
    pub seconds: i64,
    /// The same time by who held the matter. The seconds of the parts add up to the seconds above.
    pub parts: Vec<ChildTimePart>,
}

/// A stretch of the child's time.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChildTimePart {
    /// With whom the matter lay.
    pub holder: Holder,
    /// Code of that agency; absent with nobody, and where the raiser is protected from you.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
    /// Its seconds.
    pub seconds: i64,
}

/// The agencies' time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgenciesTime)]
pub struct AgenciesTimeView {
    /// Seconds on working days for which agencies held it; 86,400 make one working day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_seconds: Option<i64>,
    /// Seconds, day and night, for which an agency's time was paused.
    pub paused_seconds: i64,
    /// By agency.
    pub held: Vec<AgencyTimeView>,
}

/// The time for which one agency held it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgencyTime)]
pub struct AgencyTimeView {
    /// As which side.
    pub holder: Holder,
    /// Its code; absent where the raiser is protected from you.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// Seconds, day and night.
    pub seconds: i64,
    /// Seconds on working days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_seconds: Option<i64>,
}

/// The whole escalation's time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WholeTime)]
pub struct WholeTimeView {
    /// Seconds, day and night.
    pub seconds: i64,
    /// Seconds on working days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_seconds: Option<i64>,
}

impl TimesView {
    /// The times as a caller with this sight may see them.
    pub fn new(standing: &Standing, sight: &Sight, agreed: &Partnership) -> Self {
        let child = &standing.child;
        let named = |holder: Holder, agency: Option<AgencyId>| {
            agency
                .filter(|_| sight.raiser || holder != Holder::Raiser)
                .map(|agency| agency_code(agreed, agency))
        };
        let part = |part: &Part| ChildTimePart {
            holder: part.holder,
            agency: named(part.holder, part.agency),
            from: Instant(part.from),
            to: Instant(part.to),
            seconds: part.seconds(),
        };
        Self {
            child: ChildTimeView {
                from: Instant(child.from),
                ended_at: child.ended.map(|_| Instant(child.to)),
                ended_because: child.ended,
                seconds: child.seconds(),
                parts: child.parts.iter().map(part).collect(),
            },
            agencies: AgenciesTimeView {
                working_seconds: standing.agency_working_seconds(),
                paused_seconds: standing.paused_seconds,
                held: standing
                    .agencies
                    .iter()
                    .map(|it| AgencyTimeView {
                        holder: it.holder,
                        agency: named(it.holder, Some(it.agency)),
                        seconds: it.seconds,
                        working_seconds: it.working_seconds,
                    })
                    .collect(),
            },
            whole: WholeTimeView {
                seconds: standing.whole_seconds,
                working_seconds: standing.whole_working_seconds,
            },
        }
    }
}
