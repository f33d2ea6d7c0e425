//! What a proposal changes in what a partnership has agreed on: decided from what it has, before anything is written.

use jiff::Timestamp;
use jiff::civil::Date;

use super::policies::{
    CalendarStep, NewTimescale, Open, Plan, PolicyStep, Proposal, Refusal, Step, TimescalesStep,
};
use crate::domain::calendar_check::calendar_changes;
use crate::domain::ids::PartnershipId;
use crate::domain::london::{local_date, start_of_day};
use crate::domain::partnership::{CalendarVersion, Partnership, PolicyVersion, TimescaleVersion};
use crate::domain::timescale::Timescale;
use crate::domain::working_days::Calendar;
use crate::store::in_use::{self, RunningUnder};
use crate::store::session::Connection;
use crate::store::{calendars, reference};

/// What has to be written.
#[derive(Debug, Default)]
pub(super) struct Additions {
    pub(super) policies: Vec<PolicyVersion>,
    pub(super) timescales: Vec<TimescaleVersion>,
    pub(super) calendars: Vec<(Calendar, String)>,
}

/// What the proposals change, and what has to be written for it.
///
/// # Errors
/// Why they cannot come into force, or the database fails.
pub(super) async fn decide(
    conn: &mut Connection,
    id: PartnershipId,
    proposals: Vec<Proposal>,
    now: Timestamp,
) -> Result<(Plan, Additions), Refusal> {
    let today = local_date(now);
    let calendars = proposals.iter().filter(|it| matches!(it, Proposal::Calendar { .. })).count();
    if calendars > 1 {
        return Err(Refusal::TwoCalendars);
    }
    for proposal in &proposals {
        proposal.check(today)?;
    }
    let agreed = reference::load(conn, id).await?;
    let open = in_use::open_by_policy(conn, id)
        .await?
        .into_iter()
        .map(|it| Open {
            agency: agreed.agency_by_id(it.agency).map(|it| it.code.clone()).unwrap_or_default(),
            policy_version: it.policy_version,
            open: it.open,
        })
        .collect();
    let mut decision = Decision {
        now,
        today,
        past_counts: in_use::anything_raised(conn, id).await?,
        running: in_use::running_by_calendar(conn, id).await?,
        waiting: in_use::waiting_by_timescale(conn, id).await?,
        agreed,
        new: Additions::default(),
    };
    let mut steps = Vec::with_capacity(proposals.len());
    for proposal in proposals {
        steps.push(match proposal {
            Proposal::Policy(version) => Step::Policy(decision.policy(version)?),
            Proposal::Timescales { set, effective_from, timescales } => {
                Step::Timescales(decision.timescales(set, effective_from, timescales)?)
            }
            Proposal::Calendar { calendar, source } => {
                Step::Calendar(decision.calendar(calendar, source)?)
            }
        });
    }
    for step in &mut steps {
        if let Step::Policy(step) = step {
            step.until = decision.until(&step.version, step.effective_from);
        }
    }
    Ok((Plan { today, steps, open }, decision.new))
}

struct Decision {
    now: Timestamp,
    today: Date,
    /// Whether something was raised, so that there is a past.
    past_counts: bool,
    running: Vec<RunningUnder>,
    waiting: Vec<RunningUnder>,
    /// What the partnership has, with what was decided so far.
    agreed: Partnership,
    new: Additions,
}

impl Decision {
    fn policy(&mut self, version: PolicyVersion) -> Result<PolicyStep, Refusal> {
        let what = format!("the stage policy {}", version.policy.version);
        let same_name =
            self.agreed.policies.iter().find(|it| it.policy.version == version.policy.version);
        if let Some(known) = same_name {
            let mut differences = version.policy.changes_since(&known.policy);
            differences.extend(first_day(known.effective_from, version.effective_from));
            if !differences.is_empty() {
                return Err(Refusal::VersionTaken { what, differences });
            }
        } else {
            self.not_in_the_past(what, version.effective_from)?;
        }
        let in_force = self.agreed.policy_at(self.now);
        let step = PolicyStep {
            version: version.policy.version.clone(),
            effective_from: version.effective_from,
            already_there: same_name.is_some(),
            in_force: in_force
                .and_then(|now| self.agreed.policies.iter().find(|it| it.policy == *now))
                .map(|it| (it.policy.version.clone(), it.effective_from)),
            changes: in_force.map(|it| version.policy.changes_since(it)).unwrap_or_default(),
            until: None,
        };
        if !step.already_there {
            self.agreed.policies.push(version.clone());
            self.new.policies.push(version);
        }
        Ok(step)
    }

    /// When another version takes over, and which; on its own first day when it never counts.
    fn until(&self, version: &str, from: Date) -> Option<(Date, String)> {
        let on_that_day = self.agreed.policy_at(start_of_day(from))?;
        if on_that_day.version != version {
            return Some((from, on_that_day.version.clone()));
        }
        let next = self
            .agreed
            .policies
            .iter()
            .map(|it| it.effective_from)
            .filter(|first| *first > from)
            .min()?;
        Some((next, self.agreed.policy_at(start_of_day(next))?.version.clone()))
    }

    fn timescales(
        &mut self,
        set: String,
        effective_from: Date,
        timescales: Vec<TimescaleVersion>,
    ) -> Result<TimescalesStep, Refusal> {
        let mut step = TimescalesStep { set, effective_from, unchanged: 0, new: Vec::new() };
        for version in timescales {
            let it = &version.timescale;
            // Compared with what would be in force on that day, so that a set can be sent again with new days for
            // what is new in it.
            let then = self.agreed.timescale(&it.code, start_of_day(effective_from));
            if then == Some(it) {
                step.unchanged += 1;
                continue;
            }
            let what = format!("the timescale {} {}", it.code, it.version);
            if let Some(known) = self.known(it) {
                let mut differences = it.changes_since(&known.timescale);
                if differences.is_empty() {
                    let other = then.map_or("none", |then| then.version.as_str());
                    differences.push(format!(
                        "in force on {effective_from}: {other}, so that this one would come back; a version does not"
                    ));
                }
                return Err(Refusal::VersionTaken { what, differences });
            }
            self.not_in_the_past(what, effective_from)?;
            let in_force = self.agreed.timescale(&it.code, self.now);
            step.new.push(NewTimescale {
                code: it.code.clone(),
                version: it.version.clone(),
                limit: it.limit.map_or_else(|| "none".to_owned(), |limit| limit.in_words()),
                in_force: in_force.map(|was| was.version.clone()),
                changes: in_force.map(|was| it.changes_since(was)).unwrap_or_default(),
                waiting: self.waiting.iter().filter(|its| its.code == it.code).cloned().collect(),
            });
            self.agreed.timescales.push(version.clone());
            self.new.timescales.push(version);
        }
        Ok(step)
    }

    fn known(&self, it: &Timescale) -> Option<&TimescaleVersion> {
        self.agreed
            .timescales
            .iter()
            .find(|known| known.timescale.code == it.code && known.timescale.version == it.version)
    }

    fn calendar(&mut self, calendar: Calendar, source: String) -> Result<CalendarStep, Refusal> {
        let version = calendar.version();
        let known = self.agreed.calendars.iter().find(|it| it.calendar.version() == version);
        if let Some(known) = known
            && known.calendar != calendar
        {
            let mut differences = calendar_changes(&known.calendar, &calendar);
            if differences.is_empty() {
                differences.push("the names of its days".to_owned());
            }
            let what = format!("the calendar {version}");
            return Err(Refusal::VersionTaken { what, differences });
        }
        let in_use = self.agreed.calendar_at(self.now);
        let step = CalendarStep {
            version: version.to_owned(),
            nation: calendar.nation(),
            years: calendar.years().into_inner(),
            dates_sha256: calendars::dates_sha256(&calendar),
            already_there: known.is_some(),
            in_use: in_use.map(|it| (it.version().to_owned(), calendars::dates_sha256(it))),
            changes: in_use.map(|it| calendar_changes(it, &calendar)).unwrap_or_default(),
            running: self.running.clone(),
        };
        if !step.already_there {
            self.agreed.calendars.push(CalendarVersion {
                loaded_at: self.now,
                calendar: calendar.clone(),
                dates_sha256: step.dates_sha256.clone(),
            });
            self.new.calendars.push((calendar, source));
        }
        Ok(step)
    }

    /// Before anything was raised there is no past that could be rewritten.
    fn not_in_the_past(&self, what: String, effective_from: Date) -> Result<(), Refusal> {
        if self.past_counts && effective_from < self.today {
            return Err(Refusal::InThePast { what, effective_from, today: self.today });
        }
        Ok(())
    }
}

fn first_day(was: Date, is: Date) -> Option<String> {
    (was != is).then(|| format!("effective from: {was} → {is}"))
}
