//! What a partnership has agreed on: who takes part, and the reference data in force.

use jiff::Timestamp;
use jiff::civil::Date;

use super::agency::AgencyType;
use super::free_text_policy::FreeTextPolicy;
use super::ids::{AgencyId, PartnershipId};
use super::london::local_date;
use super::sharing_agreement::Sharing;
use super::stage_policy::StagePolicy;
use super::timescale::Timescale;
use super::working_days::Calendar;

/// An agency that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Its identifier.
    pub id: AgencyId,
    /// Its stable code, for example `anyborough_cs`.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// What kind of agency it is.
    pub agency_type: AgencyType,
    /// Other names under which systems send it.
    pub aliases: Vec<String>,
    /// Whether it may raise.
    pub may_raise: bool,
    /// Whether it may be asked to answer.
    pub may_respond: bool,
    /// What becomes of a text of its people in which somebody's details are found.
    pub free_text: FreeTextPolicy,
    /// The agreements under which it shares data.
    pub sharing: Sharing,
    /// Its first day.
    pub valid_from: Date,
    /// Its last day, if it has ended.
    pub valid_to: Option<Date>,
    /// The agency that took over its duties.
    pub successor: Option<AgencyId>,
}

impl Agency {
    /// Whether the agency exists on `day`.
    #[must_use]
    pub fn is_valid_on(&self, day: Date) -> bool {
        day >= self.valid_from && self.valid_to.is_none_or(|last| day <= last)
    }

    /// Whether `name` is its code or one of its aliases; case does not matter for an alias.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.code == name
            || self.aliases.iter().any(|alias| alias.to_lowercase() == name.to_lowercase())
    }
}

/// A theme as the partnership uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Its stable code.
    pub code: String,
    /// The code of its group.
    pub group_code: String,
    /// The group, in words.
    pub group_label: String,
    /// The theme, in words.
    pub label: String,
    /// What belongs to it.
    pub description: String,
    /// Its first day.
    pub valid_from: Date,
    /// Its last day, if it was retired.
    pub valid_to: Option<Date>,
}

/// A stage policy with the day from which new escalations run under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// The first day.
    pub effective_from: Date,
    /// The policy.
    pub policy: StagePolicy,
}

/// A timescale with the day from which it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimescaleVersion {
    /// The first day.
    pub effective_from: Date,
    /// The timescale.
    pub timescale: Timescale,
}

/// A calendar with the instant from which new dates are counted with it.
#[derive(Debug, Clone)]
pub struct CalendarVersion {
    /// When it was loaded.
    pub loaded_at: Timestamp,
    /// The calendar.
    pub calendar: Calendar,
    /// The SHA-256 of its nation, years and dates, in hexadecimal digits: the same dates have the same.
    pub dates_sha256: String,
}

/// Everything that a partnership has agreed on.
#[derive(Debug, Clone)]
pub struct Partnership {
    /// Its identifier.
    pub id: PartnershipId,
    /// Its code, part of each spoken reference.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The agencies, by code.
    pub agencies: Vec<Agency>,
    /// The themes, in the order in which they are shown.
    pub themes: Vec<Theme>,
    /// The timescales, all versions.
    pub timescales: Vec<TimescaleVersion>,
    /// The stage policies, all versions.
    pub policies: Vec<PolicyVersion>,
    /// The calendars, all versions.
    pub calendars: Vec<CalendarVersion>,
}

impl Partnership {
    /// The agency with this code or alias.
    #[must_use]
    pub fn agency(&self, name: &str) -> Option<&Agency> {
        self.agencies
            .iter()
            .find(|agency| agency.code == name)
            .or_else(|| self.agencies.iter().find(|agency| agency.is_called(name)))
    }

    /// The agency with this identifier.
    #[must_use]
    pub fn agency_by_id(&self, id: AgencyId) -> Option<&Agency> {
        self.agencies.iter().find(|agency| agency.id == id)
    }

    /// What becomes of a text of somebody who acts for `agency`. The partnership's own people name nobody.
    #[must_use]
    pub fn free_text_of(&self, agency: Option<AgencyId>) -> FreeTextPolicy {
        agency
            .and_then(|id| self.agency_by_id(id))
            .map_or(FreeTextPolicy::Refuse, |agency| agency.free_text)
    }

    /// The agencies whose duties this one has taken over by `day`, however long the chain: an agency that has not ended
    /// still has its own.
    #[must_use]
    pub fn predecessors_of(&self, id: AgencyId, day: Date) -> Vec<AgencyId> {
        let mut found = Vec::new();
        let mut wanted = vec![id];
        let ended = |agency: &&Agency| agency.valid_to.is_some_and(|last| last < day);
        while let Some(next) = wanted.pop() {
            for agency in self.agencies.iter().filter(ended).filter(|it| it.successor == Some(next))
            {
                // Two agencies that succeed each other would never end.
                if agency.id != id && !found.contains(&agency.id) {
                    found.push(agency.id);
                    wanted.push(agency.id);
                }
            }
        }
        found
    }

    /// The theme with this code.
    #[must_use]
    pub fn theme(&self, code: &str) -> Option<&Theme> {
        self.themes.iter().find(|theme| theme.code == code)
    }

    /// The timescale in force on the local date of `at`; before the first version, that one.
    #[must_use]
    pub fn timescale(&self, code: &str, at: Timestamp) -> Option<&Timescale> {
        let versions = self.timescales.iter().filter(|version| version.timescale.code == code);
        in_force(versions, local_date(at), |version| version.effective_from)
            .map(|version| &version.timescale)
    }

    /// This version of a timescale.
    #[must_use]
    pub fn timescale_version(&self, code: &str, version: &str) -> Option<&Timescale> {
        self.timescales
            .iter()
            .map(|it| &it.timescale)
            .find(|timescale| timescale.code == code && timescale.version == version)
    }

    /// The stage policy for an escalation that is raised at `at`; before the first version, that
    /// one: a concern from before the partnership's first policy has to follow some policy.
    #[must_use]
    pub fn policy_at(&self, at: Timestamp) -> Option<&StagePolicy> {
        in_force(self.policies.iter(), local_date(at), |version| version.effective_from)
            .map(|version| &version.policy)
    }

    /// The stage policy with this version.
    #[must_use]
    pub fn policy(&self, version: &str) -> Option<&StagePolicy> {
        self.policies.iter().map(|it| &it.policy).find(|policy| policy.version == version)
    }

    /// The calendar with this version.
    #[must_use]
    pub fn calendar(&self, version: &str) -> Option<&Calendar> {
        self.calendars.iter().map(|it| &it.calendar).find(|it| it.version() == version)
    }

    /// The calendar with which a date is counted at `now`: the latest loaded by then.
    #[must_use]
    pub fn calendar_at(&self, now: Timestamp) -> Option<&Calendar> {
        self.calendars
            .iter()
            .filter(|version| version.loaded_at <= now)
            .max_by_key(|version| version.loaded_at)
            .or_else(|| self.calendars.iter().min_by_key(|version| version.loaded_at))
            .map(|version| &version.calendar)
    }
}

/// The latest version that took effect by `day`, or else the earliest of all; of two with the same first day the one
/// further down, which was agreed on later.
fn in_force<'a, T>(
    versions: impl Iterator<Item = &'a T> + Clone,
    day: Date,
    from: impl Fn(&T) -> Date,
) -> Option<&'a T> {
    versions
        .clone()
        .filter(|version| from(version) <= day)
        .max_by_key(|version| from(version))
        .or_else(|| versions.reduce(|best, it| if from(it) <= from(best) { it } else { best }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_versions_with_one_first_day_the_later_one_counts() {
        let day = |text: &str| -> Date { text.parse().expect(text) };
        let versions = [
            (day("2026-11-22"), "one"),
            (day("2026-11-22"), "two"),
            (day("2026-12-01"), "three"),
            (day("2026-12-01"), "four"),
        ];
        let on = |text| in_force(versions.iter(), day(text), |it| it.0).map(|it| it.1);
        assert_eq!(on("2026-11-22"), Some("two"));
        assert_eq!(on("2026-11-30"), Some("two"));
        assert_eq!(on("2026-12-01"), Some("four"));
        assert_eq!(on("2026-11-01"), Some("two"), "before the first");
        assert_eq!(in_force([].iter(), day("2026-11-01"), |it: &Date| *it), None);
    }
}
