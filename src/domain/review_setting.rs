//! What a partnership agreed on for its review: targets, and how charts are computed; from a week on, version by
//! version, so that the review of a past week stays what it was.

use jiff::Timestamp;

use super::access::Caller;
use super::broken_rule::{BrokenRule, Faults, FieldRule};
use super::free_text::holds_identifier;
use super::recorded::Recorded;
use super::spc::{Rule, SpcSettings};
use super::week::IsoWeek;

/// The settings of a review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewSettings {
    /// The share of answers, from 0 to 1, that shall come in time.
    pub target_in_time: f64,
    /// The working days within which half of the matters shall be resolved.
    pub target_days: f64,
    /// How charts are computed.
    pub charts: SpcSettings,
}

impl Default for ReviewSettings {
    /// The targets are this product's choice, as in the picture of its review page.
    fn default() -> Self {
        Self { target_in_time: 0.9, target_days: 2.0, charts: SpcSettings::default() }
    }
}

/// What a person says who sets them. What is left out stays as it is for that week.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingStatement {
    /// The first week for whose review it is meant.
    pub effective_from: IsoWeek,
    /// [`ReviewSettings::target_in_time`].
    pub target_in_time: Option<f64>,
    /// [`ReviewSettings::target_days`].
    pub target_days: Option<f64>,
    /// [`SpcSettings::lock_after`].
    pub lock_after: Option<usize>,
    /// [`SpcSettings::enough_points`].
    pub enough_points: Option<usize>,
    /// [`SpcSettings::run_length`].
    pub run_length: Option<usize>,
    /// [`SpcSettings::screen_outliers`].
    pub screen_outliers: Option<bool>,
    /// [`SpcSettings::rules`].
    pub rules: Option<Vec<Rule>>,
    /// Why.
    pub reason: String,
}

/// One version of the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingVersion {
    /// Which, counted from 1.
    pub version: i32,
    /// The first week for whose review it is meant.
    pub effective_from: IsoWeek,
    /// All settings as they are from then on.
    pub settings: ReviewSettings,
    /// Why.
    pub reason: String,
    /// Who said so, and when.
    pub recorded: Recorded,
}

impl SettingVersion {
    /// What `caller` sets at `now`, after the versions that there are.
    ///
    /// # Errors
    /// Every rule that it breaks: nothing is set; limits that would lock before a chart is judged; no rule, or one twice;
    /// personal data in the reason.
    pub fn new(
        said: SettingStatement,
        known: &[Self],
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Self, BrokenRule> {
        let held = in_force(known, said.effective_from);
        let charts = SpcSettings {
            lock_after: said.lock_after.or(held.charts.lock_after),
            enough_points: said.enough_points.unwrap_or(held.charts.enough_points),
            run_length: said.run_length.unwrap_or(held.charts.run_length),
            screen_outliers: said.screen_outliers.unwrap_or(held.charts.screen_outliers),
            rules: said.rules.clone().unwrap_or_else(|| held.charts.rules.clone()),
        };
        let settings = ReviewSettings {
            target_in_time: said.target_in_time.unwrap_or(held.target_in_time),
            target_days: said.target_days.unwrap_or(held.target_days),
            charts,
        };
        let mut faults = Faults::default();
        let nothing = said.target_in_time.is_none()
            && said.target_days.is_none()
            && said.lock_after.is_none()
            && said.enough_points.is_none()
            && said.run_length.is_none()
            && said.screen_outliers.is_none()
            && said.rules.is_none();
        faults.add_if(nothing, "target_in_time", FieldRule::Required);
        let early = settings.charts.lock_after.is_some_and(|it| it < settings.charts.enough_points);
        faults.add_if(early, "lock_after", FieldRule::Inconsistent);
        let rules = &settings.charts.rules;
        faults.add_if(rules.is_empty(), "rules", FieldRule::Required);
        let mut seen = Vec::new();
        let twice = rules.iter().any(|rule| {
            let known = seen.contains(rule);
            seen.push(*rule);
            known
        });
        faults.add_if(twice, "rules", FieldRule::NotUnique);
        faults.add_if(holds_identifier(&said.reason), "reason", FieldRule::PersonalData);
        faults.none()?;
        Ok(Self {
            version: known.iter().map(|it| it.version).max().unwrap_or(0) + 1,
            effective_from: said.effective_from,
            settings,
            reason: said.reason,
            recorded: Recorded::by(caller, now),
        })
    }
}

/// The settings for the review of a week: of the versions that took effect by then the one with the latest first week,
/// of two with the same the later one; before all of them this product's own.
#[must_use]
pub fn in_force(known: &[SettingVersion], week: IsoWeek) -> ReviewSettings {
    known
        .iter()
        .filter(|it| it.effective_from <= week)
        .max_by_key(|it| (it.effective_from, it.version))
        .map(|it| it.settings.clone())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Role;
    use crate::domain::ids::{ClientId, PartnershipId};

    fn caller() -> Caller {
        Caller {
            partnership: PartnershipId(uuid::Uuid::nil()),
            agency: None,
            predecessors: Vec::new(),
            role: Role::Director,
            client: ClientId(uuid::Uuid::nil()),
            subject: "somebody".to_owned(),
            call: None,
        }
    }

    fn from(week: &str) -> SettingStatement {
        SettingStatement {
            effective_from: week.parse().unwrap(),
            target_in_time: None,
            target_days: None,
            lock_after: None,
            enough_points: None,
            run_length: None,
            screen_outliers: None,
            rules: None,
            reason: "The board agreed.".to_owned(),
        }
    }

    fn set(
        said: SettingStatement,
        known: &[SettingVersion],
    ) -> Result<SettingVersion, Vec<String>> {
        let now = "2026-11-18T10:00:00Z".parse().unwrap();
        SettingVersion::new(said, known, &caller(), now).map_err(|broken| match broken {
            BrokenRule::Fields(all) => {
                all.iter().map(|it| format!("{} {}", it.field, it.rule)).collect()
            }
            other => panic!("{other}"),
        })
    }

    #[test]
    fn a_version_holds_from_its_week_on_and_what_it_leaves_out_stays() {
        let target = SettingStatement { target_in_time: Some(0.8), ..from("2026-W40") };
        let one = set(target, &[]).unwrap();
        let days = SettingStatement { target_days: Some(3.0), ..from("2026-W45") };
        let two = set(days, std::slice::from_ref(&one)).unwrap();
        assert_eq!((one.version, two.version), (1, 2));
        let known = [one, two];
        let held = |week: &str| {
            let it = in_force(&known, week.parse().unwrap());
            (it.target_in_time, it.target_days, it.charts.lock_after)
        };
        assert_eq!(held("2026-W39"), (0.9, 2.0, Some(20)));
        assert_eq!(held("2026-W40"), (0.8, 2.0, Some(20)));
        assert_eq!(held("2026-W45"), (0.8, 3.0, Some(20)));
        // A correction of the same week is the later version.
        let right = SettingStatement { target_in_time: Some(0.85), ..from("2026-W40") };
        let three = set(right, &known).unwrap();
        let all = [known.to_vec(), vec![three]].concat();
        assert_eq!(in_force(&all, "2026-W44".parse().unwrap()).target_in_time, 0.85);
        assert_eq!(in_force(&all, "2026-W45".parse().unwrap()).target_in_time, 0.8);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_all_that_is_wrong() {
        assert_eq!(set(from("2026-W40"), &[]).unwrap_err(), ["target_in_time required"]);
        let early = SettingStatement {
            lock_after: Some(12),
            enough_points: Some(16),
            rules: Some(vec![Rule::Shift, Rule::Shift]),
            reason: "Ring NHS number 999 000 0018".to_owned(),
            ..from("2026-W40")
        };
        let wrong = ["lock_after inconsistent", "rules not_unique", "reason personal_data"];
        assert_eq!(set(early, &[]).unwrap_err(), wrong);
        let none = SettingStatement { rules: Some(vec![]), ..from("2026-W40") };
        assert_eq!(set(none, &[]).unwrap_err(), ["rules required"]);
    }
}
