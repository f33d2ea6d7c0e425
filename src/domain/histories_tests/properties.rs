//! What must be true after every accepted act, each under the words with which it is missed.

use jiff::{SignedDuration, Timestamp};

use super::world::seconds;
use crate::domain::access::{Caller, Role};
use crate::domain::act::ActKind;
use crate::domain::child_time::{ChildTime, Holder, Part};
use crate::domain::escalation::{Escalation, Status};
use crate::domain::event::{Change, Correction, Event};
use crate::domain::partnership::Partnership;
use crate::domain::proposal::Person;
use crate::domain::resolution::{ChildOutcome, ImpactResult, Outcome};
use crate::domain::stage_clock::{ClockKind, StageClock};
use crate::domain::stage_policy::StagePolicy;
use crate::domain::standing::Standing;
use crate::domain::transitions::TRANSITIONS;

/// One accepted act.
#[derive(Clone)]
pub struct Step<'a> {
    pub before: Escalation,
    pub after: Escalation,
    pub event: Event,
    pub kind: ActKind,
    pub caller: Option<&'a Caller>,
    /// What was told to be possible for the caller at the time of the act.
    pub possible: Vec<ActKind>,
    /// Without a calendar.
    pub agreed: &'a Partnership,
    /// When the service heard of it.
    pub now: Timestamp,
}

/// A property, and whether it holds.
pub type Property = (&'static str, fn(&Step<'_>) -> bool);

/// All of them.
pub const PROPERTIES: &[Property] = &[
    ("one act is one event and one version", one_event),
    ("the table of transitions lists it for a part of the actor", in_the_table),
    ("possible_acts lists it", listed),
    ("clocks only stop", clocks_only_stop),
    ("new clocks run, and start with the act", clocks_start_with_the_act),
    ("at most one clock of a kind runs", one_clock_of_a_kind),
    ("what runs is what is awaited", what_is_awaited_runs),
    ("nothing is due before it starts", nothing_due_before_it_starts),
    ("no other urgency takes a breach back", late_stays_late),
    ("no stage goes down", |it| it.after.stage >= it.before.stage),
    ("only a person's act that says so ends it", ended_by_a_person),
    ("the service takes up only what is late", the_service_is_late),
    ("nobody approves what they did or proposed", second_person),
    ("who had to answer does not say that the child is better off", impact_by_another),
    ("who holds it follows from where it stands", held_by_status),
    ("the parts of child time are the whole, without gap or overlap", parts_are_the_whole),
    ("held, unheld and paused time make up child time", standing_is_the_whole),
    ("child time begins no later, but by the Director's correction", begins_no_later),
    ("what happened happened no sooner, but by the Director's correction", happened_no_sooner),
    ("child time ends only as documented", ends_as_documented),
    ("child time that has passed stays as it was", the_past_stays),
    ("child time that has not ended goes on by the second", goes_on),
    ("a pause begins only with a pause", pauses_by_pausing),
    ("while it is paused, the clock of the answer knows", the_clock_knows_the_pause),
];

/// The properties that do not hold.
pub fn broken(step: &Step<'_>) -> Vec<&'static str> {
    PROPERTIES.iter().filter(|(_, holds)| !holds(step)).map(|(name, _)| *name).collect()
}

/// Whether a pause, or more time, is refused for one of the reasons that there are. What was used up is counted from
/// the events: once for each pause, whether it was ended early or not.
pub fn refused_for_a_reason(
    kind: ActKind,
    it: &Escalation,
    events: &[Event],
    policy: &StagePolicy,
    at: Timestamp,
) -> bool {
    let begins = |event: &&Event| {
        use Change::{Advanced, Raised, Reopened};
        matches!(event.change, Raised { .. } | Advanced { .. } | Reopened { .. })
    };
    let of_stage = events.iter().rev().take_while(|event| !begins(event));
    let answer = it.running(ClockKind::Answer);
    let no_longer = it.is_paused(at) || !answer.is_some_and(|it| it.limit.can_be_longer());
    match kind {
        ActKind::Pause => {
            let used = of_stage.filter(|it| matches!(it.change, Change::Paused { .. })).count();
            no_longer
                || it.status != Status::Acknowledged
                || !policy.pause.permitted.of(it.facts.urgency)
                || answer.is_some_and(|clock| clock.is_overdue(at))
                || used >= times(policy.pause.times_per_stage)
        }
        ActKind::ProposeExtension => {
            let used = of_stage.filter(|it| matches!(it.change, Change::Extended { .. })).count();
            no_longer
                || !matches!(it.status, Status::Raised | Status::Acknowledged)
                || answer.is_some_and(|clock| clock.is_overdue(at))
                || used >= times(policy.extension.times_per_stage)
        }
        _ => true,
    }
}

fn times(number: u32) -> usize {
    usize::try_from(number).expect("small")
}

impl Step<'_> {
    fn at(&self) -> Timestamp {
        self.event.occurred_at
    }

    /// Instants at which child time is read: about the act, at a due instant, and more than a year later.
    fn probes(&self) -> [Timestamp; 5] {
        let now = self.now.max(self.at());
        let due = self.after.next_due().map_or(now, |clock| clock.due_at);
        let year = SignedDuration::from_hours(24 * 400);
        [self.at(), now, now + seconds(1), due.clamp(now, now + year), now + year]
    }

    fn corrects_the_delay(&self) -> bool {
        match &self.event.change {
            Change::Corrected { corrections } => {
                corrections.iter().any(|it| matches!(it, Correction::Delay { .. }))
            }
            _ => false,
        }
    }
}

fn one_event(it: &Step<'_>) -> bool {
    it.after.version == it.before.version + 1
        && it.event.version == it.after.version
        && it.event.recorded_at == it.now
        && it.event.occurred_at >= it.before.changed_at
        && it.after.changed_at <= it.event.occurred_at
}

fn in_the_table(it: &Step<'_>) -> bool {
    let parts = it.before.parts_of(it.caller);
    TRANSITIONS.iter().any(|(act, part, states)| {
        *act == it.kind && parts.contains(part) && states.contains(&it.before.status)
    })
}

fn listed(it: &Step<'_>) -> bool {
    it.caller.is_none() || it.possible.contains(&it.kind)
}

fn clocks_only_stop(it: &Step<'_>) -> bool {
    let (before, after) = (&it.before.clocks, &it.after.clocks);
    let same = |was: &StageClock, is: &StageClock| match was.stopped {
        Some(_) => was == is,
        None => *was == StageClock { stopped: None, ..is.clone() },
    };
    before.len() <= after.len() && before.iter().zip(after).all(|(was, is)| same(was, is))
}

fn clocks_start_with_the_act(it: &Step<'_>) -> bool {
    let new = it.after.clocks.iter().skip(it.before.clocks.len());
    new.into_iter().all(|clock| clock.is_running() && clock.started_at == it.at())
}

fn one_clock_of_a_kind(it: &Step<'_>) -> bool {
    ClockKind::ALL.iter().all(|kind| {
        it.after.clocks.iter().filter(|clock| clock.kind == *kind && clock.is_running()).count()
            <= 1
    })
}

fn what_is_awaited_runs(it: &Step<'_>) -> bool {
    use Status::{Acknowledged, Answered, Declined, Raised, Rejected};
    let status = it.after.status;
    let awaited = matches!(status, Raised | Acknowledged);
    let running = it.after.clocks.iter().filter(|clock| clock.is_running());
    it.after.running(ClockKind::Answer).is_some() == awaited
        && it.after.running(ClockKind::Resolution).is_some() == (status == Status::Accepted)
        && running.into_iter().all(|clock| match clock.kind {
            ClockKind::Acknowledgement => status == Raised,
            ClockKind::Answer => awaited,
            ClockKind::Judgement => matches!(status, Answered | Rejected | Declined),
            ClockKind::Resolution => status == Status::Accepted,
            ClockKind::Feedback | ClockKind::Learning | ClockKind::ImpactCheck => {
                status.has_ended()
            }
        })
}

fn nothing_due_before_it_starts(it: &Step<'_>) -> bool {
    it.after.clocks.iter().all(|clock| clock.due_at >= clock.started_at)
}

fn late_stays_late(it: &Step<'_>) -> bool {
    let later = it.now.max(it.at()) + SignedDuration::from_nanos(1);
    let late = |it: &Escalation, at| it.is_overdue(at);
    !matches!(it.event.change, Change::UrgencyChanged { .. })
        || !late(&it.before, it.now.max(it.at()))
        || late(&it.after, later)
}

fn ended_by_a_person(it: &Step<'_>) -> bool {
    use ActKind::{MarkDuplicate, Reroute, Resolve, Withdraw};
    let ends = it.after.status.has_ended() && !it.before.status.has_ended();
    let says_so = matches!(it.kind, Resolve | Withdraw | Reroute | MarkDuplicate);
    ends == says_so
        && (!ends || it.caller.is_some())
        && it.after.episode.ending.is_some() == it.after.status.has_ended()
}

fn the_service_is_late(it: &Step<'_>) -> bool {
    let late = it.before.clocks.iter().any(|clock| clock.is_running() && clock.is_overdue(it.at()));
    it.caller.is_some() || (it.kind == ActKind::Advance && late)
}

fn second_person(it: &Step<'_>) -> bool {
    let rules = &it.before.rule_state;
    let first = match it.kind {
        ActKind::Accept | ActKind::Reject => rules.answered_by.as_ref(),
        ActKind::Extend | ActKind::ApprovePause | ActKind::MigratePolicy => {
            rules.proposal.as_ref().map(|proposal| &proposal.by)
        }
        ActKind::CheckImpact if it.before.facts.raised_by == it.before.facts.raised_with => {
            rules.resolved_by.as_ref()
        }
        _ => return true,
    };
    first.is_some() && first != it.caller.map(Person::of).as_ref()
}

fn impact_by_another(it: &Step<'_>) -> bool {
    use crate::domain::london::local_date;
    let facts = &it.before.facts;
    let answers = |caller: &Caller| caller.acts_for(facts.raised_with);
    let raises = |caller: &Caller| caller.acts_for(facts.raised_by);
    let ended = it.before.episode.ending.as_ref();
    it.kind != ActKind::CheckImpact
        || (it.caller.is_some_and(|caller| !answers(caller) || raises(caller))
            && ended.is_some_and(|ending| local_date(it.at()) > local_date(ending.at)))
}

fn held_by_status(it: &Step<'_>) -> bool {
    use Status::{Accepted, Acknowledged, Answered, Declined, Raised, Rejected};
    let facts = &it.after.facts;
    let (usual, agency) = match it.after.status {
        Raised | Acknowledged | Accepted => (Holder::Responder, Some(facts.raised_with)),
        Answered | Rejected | Declined => (Holder::Raiser, Some(facts.raised_by)),
        Status::Resolved | Status::Withdrawn => (Holder::Nobody, None),
    };
    let paused = it.after.is_paused(it.at());
    let holder = if paused { Holder::Paused } else { usual };
    let child = it.after.child_time(it.at() + SignedDuration::from_nanos(1));
    let last = child.parts.last();
    child.ended.is_some() || last.is_some_and(|part| (part.holder, part.agency) == (holder, agency))
}

/// Whether these parts lie side by side and are all of it.
fn whole(child: &ChildTime) -> bool {
    let mut at = child.from;
    for part in &child.parts {
        if part.from != at || part.to <= part.from {
            return false;
        }
        at = part.to;
    }
    let sum: i64 = child.parts.iter().map(Part::seconds).sum();
    at == child.to && sum == child.seconds() && sum == child.to.as_second() - child.from.as_second()
}

fn parts_are_the_whole(it: &Step<'_>) -> bool {
    it.probes().iter().all(|probe| whole(&it.after.child_time(*probe)))
}

fn standing_is_the_whole(it: &Step<'_>) -> bool {
    it.probes().iter().all(|probe| {
        let standing = Standing::of(&it.after, it.agreed, *probe);
        let held: i64 = standing.agencies.iter().map(|agency| agency.seconds).sum();
        let parts = standing.child.parts.iter();
        let unheld: i64 = parts
            .filter(|part| part.holder == Holder::Nobody)
            .map(|part| part.to.as_second() - part.from.as_second())
            .sum();
        held + unheld + standing.paused_seconds == standing.child.seconds()
            && standing.agencies.iter().all(|agency| agency.holder != Holder::Paused)
    })
}

fn begins_no_later(it: &Step<'_>) -> bool {
    let director = it.caller.is_some_and(|caller| caller.role == Role::Director);
    let facts = &it.after.facts;
    let delay = facts.delay.as_ref().map(|delay| delay.started_at);
    let known = [Some(facts.raised_at), facts.concern_arose_at, delay].into_iter().flatten();
    if known.min() != Some(it.after.child_time_from()) {
        return false;
    }
    it.after.child_time_from() <= it.before.child_time_from()
        || (director && it.corrects_the_delay())
}

fn happened_no_sooner(it: &Step<'_>) -> bool {
    let happened = |it: &Escalation| it.facts.delay.as_ref().and_then(|delay| delay.occurred_at);
    let director = it.caller.is_some_and(|caller| caller.role == Role::Director);
    director
        || happened(&it.before).is_none_or(|was| happened(&it.after).is_some_and(|is| is >= was))
}

/// The list of `Escalation::child_time_end`, told by the acts that bring it about.
fn ends_as_documented(it: &Step<'_>) -> bool {
    let documented = match &it.event.change {
        Change::Resolved { ending, .. } => {
            ending.outcome == Outcome::TransferredOutOfArea
                || matches!(
                    ending.child_outcome,
                    ChildOutcome::Safer | ChildOutcome::NeedMet | ChildOutcome::PlanProgressed
                )
        }
        Change::Rerouted { .. } | Change::MarkedDuplicate { .. } => true,
        Change::Withdrawn { .. } => it.before.facts.delay.is_none(),
        Change::ImpactChecked { result } => *result == ImpactResult::Better,
        Change::Corrected { .. } => it.corrects_the_delay(),
        _ => false,
    };
    let stops_now = it.after.child_time_end().is_none_or(|(at, _)| at == it.at());
    let now = it.now.max(it.at());
    it.probes().iter().filter(|probe| **probe >= now).all(|probe| {
        let (was, is) = (it.before.child_time(*probe), it.after.child_time(*probe));
        let ends = was.ended.is_none() && is.ended.is_some();
        let shorter = is.to < was.to;
        (documented && (stops_now || it.corrects_the_delay())) || !(ends || shorter)
    })
}

fn holder_at(
    child: &ChildTime,
    at: Timestamp,
) -> Option<(Holder, Option<crate::domain::ids::AgencyId>)> {
    let part = child.parts.iter().find(|part| part.from <= at && at < part.to)?;
    Some((part.holder, part.agency))
}

fn the_past_stays(it: &Step<'_>) -> bool {
    let nanosecond = SignedDuration::from_nanos(1);
    let (was, is) = (it.before.child_time(it.at()), it.after.child_time(it.now.max(it.at())));
    it.corrects_the_delay()
        || was.parts.iter().all(|part| {
            let held = Some((part.holder, part.agency));
            holder_at(&is, part.from) == held && holder_at(&is, part.to - nanosecond) == held
        })
}

fn goes_on(it: &Step<'_>) -> bool {
    let [.., now, _, _, last] = it.probes();
    let (early, late) = (it.after.child_time(now), it.after.child_time(last));
    let sum = |child: &ChildTime| child.parts.iter().map(Part::seconds).sum::<i64>();
    late.ended.is_some() || sum(&late) - sum(&early) == last.as_second() - early.to.as_second()
}

fn pauses_by_pausing(it: &Step<'_>) -> bool {
    let begins = it.after.is_paused(it.at()) && !it.before.is_paused(it.at());
    begins == matches!(it.event.change, Change::Paused { .. })
}

fn the_clock_knows_the_pause(it: &Step<'_>) -> bool {
    let until = it.after.holdings.last().and_then(|turn| turn.until);
    !it.after.is_paused(it.at())
        || it
            .after
            .running(ClockKind::Answer)
            .and_then(StageClock::pause)
            .is_some_and(|(_, end)| Some(end) == until)
}
