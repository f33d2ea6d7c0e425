//! What is open: how late, how old, with whom, and held by which role.

use super::assemble::{Facts, real};
use super::{Ages, OpenLine};
use crate::domain::escalation::{Escalation, Status};
use crate::domain::figures::{MEDIAN_FROM, SECONDS_PER_DAY};
use crate::domain::london;
use crate::domain::stage_clock::ClockKind;

/// From this stage on a matter is with senior leaders.
const HIGH_STAGE: u8 = 3;

/// Every open escalation, the longest open first.
pub(super) fn open_lines(facts: &Facts<'_>) -> Vec<OpenLine> {
    let mut open: Vec<&Escalation> = facts.open.iter().collect();
    open.sort_by_key(|it| (it.episode.opened_at, it.id));
    open.into_iter().map(|it| line(facts, it)).collect()
}

fn line(facts: &Facts<'_>, it: &Escalation) -> OpenLine {
    let agency = |id| {
        let found = facts.agreed.agency_by_id(id);
        found.map(|agency| (agency.code.clone(), agency.name.clone())).unwrap_or_default()
    };
    let (raised_by, raised_by_name) = agency(it.facts.raised_by);
    let (raised_with, raised_with_name) = agency(it.facts.raised_with);
    let theme = it.facts.theme.to_string();
    let theme_label =
        facts.agreed.theme(&theme).map_or_else(|| theme.clone(), |it| it.label.clone());
    let due_at = it.running(ClockKind::Answer).map(|clock| clock.due_at);
    let due_on = due_at.map(london::local_date);
    let today = london::local_date(facts.data_to);
    let working_days_late = due_on.filter(|_| it.is_overdue(facts.data_to)).map(|due| {
        let calendar = facts.agreed.calendar_at(facts.data_to);
        calendar.and_then(|it| it.count_working_days(due, today).ok()).unwrap_or(0)
    });
    let child = it.child_time(facts.data_to);
    OpenLine {
        id: it.id,
        reference: it.facts.reference.clone(),
        theme,
        theme_label,
        raised_by,
        raised_by_name,
        raised_with,
        raised_with_name,
        stage: it.stage,
        urgency: it.facts.urgency,
        raised_at: it.facts.raised_at,
        due_at,
        due_on,
        working_days_late,
        child_days: real(child.seconds()) / SECONDS_PER_DAY,
        child_waits: child.ended.is_none(),
        owner: facts.owners.get(&it.id).cloned(),
        next_step: Some(next_step(it, facts)),
    }
}

/// Whose turn it is and for what, as far as the state tells; what is late can be taken up where there is a next stage.
fn next_step(it: &Escalation, facts: &Facts<'_>) -> String {
    let policy = facts.agreed.policy(&it.facts.policy_version);
    let above = policy.and_then(|policy| policy.next_above(it.stage, it.facts.urgency));
    let up = match above {
        Some(stage) => format!("take it up to stage {stage}"),
        None => "ask the Director to decide".to_owned(),
    };
    let late = it.is_overdue(facts.data_to);
    match it.status {
        Status::Raised if late => format!("Acknowledge and answer; raiser can {up}"),
        Status::Raised => "Acknowledge and answer".to_owned(),
        Status::Acknowledged if late => format!("Answer; raiser can {up}"),
        Status::Acknowledged if it.is_paused(facts.data_to) => "Answer after the pause".to_owned(),
        Status::Acknowledged => "Answer".to_owned(),
        Status::Answered => "Raiser judges the answer".to_owned(),
        Status::Accepted => "Do what was agreed, and record how it ended".to_owned(),
        Status::Rejected => format!("Raiser can {up}"),
        Status::Declined => format!("Raiser can redirect it, or {up}"),
        Status::Resolved | Status::Withdrawn => "None".to_owned(),
    }
}

/// Those that reached a high stage in the week, by advancing or because they were raised there.
pub(super) fn moved_up(facts: &Facts<'_>, lines: &[OpenLine]) -> Vec<OpenLine> {
    let moved = |line: &&OpenLine| {
        line.stage >= HIGH_STAGE
            && facts.open.iter().filter(|it| it.id == line.id).any(|it| {
                let first = it.clocks.iter().find(|clock| clock.stage == it.stage);
                first.is_some_and(|clock| facts.week.contains(clock.started_at))
            })
    };
    lines.iter().filter(moved).cloned().collect()
}

/// How old what is open is: in working days since it was opened, and by how long the children have waited.
pub(super) fn ages(facts: &Facts<'_>) -> Ages {
    let calendar = facts.agreed.calendar_at(facts.data_to);
    let days = |seconds: i64| real(seconds) / SECONDS_PER_DAY;
    let working = |it: &Escalation| {
        calendar?.working_seconds(it.episode.opened_at, facts.data_to).ok().map(days)
    };
    let worked = sorted(facts.open.iter().filter_map(working));
    let waited = sorted(facts.open.iter().map(|it| days(it.child_time(facts.data_to).seconds())));
    Ages {
        open: i64::try_from(facts.open.len()).unwrap_or(i64::MAX),
        median_working_days: median(&worked),
        longest_working_days: worked.last().copied(),
        median_child_days: median(&waited),
        longest_child_days: waited.last().copied(),
        over_ten_working_days: i64::try_from(worked.iter().filter(|days| **days > 10.0).count())
            .unwrap_or(i64::MAX),
    }
}

fn sorted(days: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut days: Vec<f64> = days.collect();
    days.sort_by(f64::total_cmp);
    days
}

/// The median, between the two nearest, when there are enough.
fn median(sorted: &[f64]) -> Option<f64> {
    let enough = i64::try_from(sorted.len()).is_ok_and(|number| number >= MEDIAN_FROM);
    let (low, high) =
        (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    enough.then(|| f64::midpoint(*low, *high))
}
