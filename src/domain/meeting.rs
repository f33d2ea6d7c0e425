//! The meeting that reviews a week: who took part, what was looked at before signing, and which weeks had none.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::action::{Progress, RoleName};
use super::codes::codes;
use super::review::Pack;
use super::sign_off::SignedText;
use super::week::IsoWeek;

codes! {
    /// How a role took part.
    pub enum Presence {
        /// It was there.
        Present => "present",
        /// Somebody stood in for it.
        Deputy => "deputy",
        /// It was not there.
        Absent => "absent",
    }
}

impl Presence {
    /// In a word.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Present => "Present",
            Self::Deputy => "Deputy",
            Self::Absent => "Absent",
        }
    }
}

/// How one agency's role took part. No person is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    /// The code of the agency.
    pub agency: String,
    /// The role.
    pub role: RoleName,
    /// Whether it was there.
    pub presence: Presence,
}

/// The theme of what fits none. Source: the list of themes, which has each use of it looked at in the weekly review.
const NO_THEME_OF_ITS_OWN: &str = "other";

codes! {
    /// What is looked at before a week is signed.
    pub enum MeetingCheck {
        /// Every agency to ask was contacted.
        QuietAgenciesContacted => "quiet_agencies_contacted",
        /// Every overdue escalation has an owner.
        OverdueOwned => "overdue_owned",
        /// Every escalation of the four weeks of the table has a theme other than "other".
        ThemesSet => "themes_set",
        /// Something was said in the week of every open action.
        ActionsUpdated => "actions_updated",
        /// The records that came late were seen.
        LateRecordsSeen => "late_records_seen",
    }
}

impl MeetingCheck {
    /// What is to be so.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::QuietAgenciesContacted => "Every quiet agency has been contacted",
            Self::OverdueOwned => "Every overdue escalation has an owner",
            Self::ThemesSet => "Every escalation of the last four weeks has a theme of its own",
            Self::ActionsUpdated => "Open actions were updated in the week",
            Self::LateRecordsSeen => "Records that came late were seen",
        }
    }

    /// Whether each of its matters is a notice, which wants a reason of its own and is not asked about twice.
    #[must_use]
    pub const fn is_told_by_notices(self) -> bool {
        matches!(self, Self::QuietAgenciesContacted | Self::OverdueOwned)
    }

    /// Whether the data cannot tell it, so that whoever signs may say that it is so.
    #[must_use]
    pub const fn is_said(self) -> bool {
        matches!(self, Self::QuietAgenciesContacted | Self::LateRecordsSeen)
    }
}

/// What was said about a check that is not met by the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckAnswer {
    /// The check.
    pub check: MeetingCheck,
    /// Whether whoever signs says that it is so.
    pub confirmed: bool,
    /// Why it is not.
    pub reason: Option<SignedText>,
}

/// How a check stands by the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckState {
    /// The check.
    pub check: MeetingCheck,
    /// Whether the data say that it is so.
    pub met: bool,
    /// How many stand against it.
    pub against: i64,
}

/// How every check stands, in the order of the list.
#[must_use]
pub fn checks(pack: &Pack) -> Vec<CheckState> {
    let actions = &pack.record.actions;
    let stale = actions
        .iter()
        .filter(|it| it.progress != Progress::Completed && it.updated_at < pack.starts_at);
    let themes = pack.asked.rows.iter().flat_map(|row| &row.themes);
    let without_theme: i64 =
        themes.filter(|theme| theme.code == NO_THEME_OF_ITS_OWN).map(|theme| theme.total).sum();
    MeetingCheck::ALL
        .iter()
        .map(|check| {
            let against = match check {
                MeetingCheck::QuietAgenciesContacted => pack.tiles.ask.value,
                MeetingCheck::OverdueOwned => pack.tiles.overdue.without_owner,
                MeetingCheck::ThemesSet => without_theme,
                MeetingCheck::ActionsUpdated => {
                    i64::try_from(stale.clone().count()).unwrap_or(i64::MAX)
                }
                MeetingCheck::LateRecordsSeen => pack.received_late + pack.arrived_since,
            };
            CheckState { check: *check, met: against == 0, against }
        })
        .collect()
}

/// The checks that are not met and of which nothing is said.
#[must_use]
pub fn unanswered(pack: &Pack, said: &[CheckAnswer]) -> Vec<MeetingCheck> {
    let answered = |check: MeetingCheck| {
        said.iter().any(|it| {
            it.check == check && (it.reason.is_some() || (it.confirmed && check.is_said()))
        })
    };
    let told = |check: MeetingCheck| check.is_told_by_notices() || answered(check);
    let open = checks(pack).into_iter().filter(|it| !it.met && !told(it.check));
    open.map(|it| it.check).collect()
}

codes! {
    /// How the review of a week stands.
    pub enum WeekState {
        /// The week is not over.
        InProgress => "in_progress",
        /// It is over and not signed, and its meeting can still be held in time.
        Draft => "draft",
        /// It is signed.
        Signed => "signed",
        /// It was signed again.
        Restated => "restated",
        /// Nobody signed it, and a later one is signed or the next week's data are taken.
        Missed => "missed",
    }
}

impl WeekState {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::InProgress => "In progress",
            Self::Draft => "Draft",
            Self::Signed => "Signed",
            Self::Restated => "Restated",
            Self::Missed => "Missed",
        }
    }

    /// How a week stands: signed so often, with whether a later one is signed, when the data of the week after it are
    /// taken.
    #[must_use]
    pub fn of(
        week: IsoWeek,
        versions: i32,
        later_signed: bool,
        next_cut_off: Timestamp,
        now: Timestamp,
    ) -> Self {
        match versions {
            1 => Self::Signed,
            2.. => Self::Restated,
            _ if now < week.ends_at() => Self::InProgress,
            _ if later_signed || now >= next_cut_off => Self::Missed,
            _ => Self::Draft,
        }
    }
}

/// How the review of one week stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReviewWeek)]
pub struct ReviewWeek {
    /// The week.
    #[schema(value_type = String, example = "2026-W46")]
    pub week: IsoWeek,
    /// How it stands.
    pub state: WeekState,
    /// The last signed version; none where nobody signed.
    pub version: Option<i32>,
    /// When it was signed last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signed_at: Option<Timestamp>,
    /// The role that signed it last.
    pub signed_by_role: Option<super::access::Role>,
    /// Whether it stood in for the Director.
    pub as_deputy: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_missed_when_the_next_has_passed_or_a_later_one_is_signed() {
        let week: IsoWeek = "2026-W46".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        // The data of week 47 are taken on Monday 23 November at 06:00.
        let next = at("2026-11-23T06:00:00Z");
        for (now, versions, later, state) in [
            ("2026-11-15T12:00:00Z", 0, false, WeekState::InProgress),
            ("2026-11-16T00:00:00Z", 0, false, WeekState::Draft),
            ("2026-11-23T05:59:59Z", 0, false, WeekState::Draft),
            ("2026-11-23T06:00:00Z", 0, false, WeekState::Missed),
            ("2026-11-17T12:00:00Z", 0, true, WeekState::Missed),
            ("2026-11-30T12:00:00Z", 1, true, WeekState::Signed),
            ("2026-11-30T12:00:00Z", 2, true, WeekState::Restated),
        ] {
            assert_eq!(WeekState::of(week, versions, later, next, at(now)), state, "{now}");
        }
    }
}
