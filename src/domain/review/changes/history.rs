//! One history told twice: as it was known when the data were taken, and with one record more.

use jiff::Timestamp;

use super::{ChangedRecord, History, RecordKind};
use crate::domain::escalation::{Episode, Escalation};
use crate::domain::event::{Change, Event};
use crate::domain::exclusion::{Exclusion, ExclusionStep, is_left_out};
use crate::domain::ids::{AgencyId, PartnershipId};
use crate::domain::review::TABLE_WEEKS;
use crate::domain::stage_clock::{ClockKind, StageClock, StopReason};
use crate::domain::urgency::Urgency;
use crate::domain::week::IsoWeek;

/// Of how many weeks the table of themes counts what was raised: those that it sums, and the 13 before.
const TABLE_AND_USUAL_WEEKS: i32 = TABLE_WEEKS + 13;

/// The records of one history that came after `data_to` and change the week, the oldest first.
pub(super) fn changed_records(
    history: &History,
    partnership: PartnershipId,
    week: IsoWeek,
    data_to: Timestamp,
) -> Vec<ChangedRecord> {
    let mut seen = Seen::default();
    let mut found = Vec::new();
    for record in in_order(history) {
        if record.recorded_at() <= data_to {
            seen.take(record, partnership, data_to);
            continue;
        }
        let (figures, row) = (seen.in_figures(week, data_to), seen.in_rows(data_to));
        seen.take(record, partnership, data_to);
        let changes_figures = figures != seen.in_figures(week, data_to);
        let changes_rows = row != seen.in_rows(data_to);
        if (changes_figures || changes_rows)
            && let Some(it) = &seen.all
        {
            found.push(ChangedRecord {
                escalation: it.id,
                reference: it.facts.reference.clone(),
                version: record.version(),
                what: record.kind(),
                occurred_at: record.occurred_at(),
                recorded_at: record.recorded_at(),
                changes_figures,
                changes_rows,
            });
        }
    }
    found
}

/// One record of a history.
#[derive(Clone, Copy)]
enum Record<'a> {
    Act(&'a Event),
    Exclusion(&'a Exclusion),
}

/// The records of a history in the order in which they came.
fn in_order(history: &History) -> Vec<Record<'_>> {
    let acts = history.acts.iter().map(Record::Act);
    let mut all: Vec<Record<'_>> =
        acts.chain(history.exclusions.iter().map(Record::Exclusion)).collect();
    all.sort_by_key(|record| record.recorded_at());
    all
}

impl Record<'_> {
    const fn recorded_at(&self) -> Timestamp {
        match self {
            Self::Act(event) => event.recorded_at,
            Self::Exclusion(step) => step.recorded_at,
        }
    }

    /// A decision takes effect when it is recorded.
    const fn occurred_at(&self) -> Timestamp {
        match self {
            Self::Act(event) => event.occurred_at,
            Self::Exclusion(step) => step.recorded_at,
        }
    }

    const fn version(&self) -> Option<i32> {
        match self {
            Self::Act(event) => Some(event.version),
            Self::Exclusion(_) => None,
        }
    }

    fn kind(&self) -> RecordKind {
        match self {
            Self::Act(event) => RecordKind::Act(event.change.event_type()),
            Self::Exclusion(step) if step.step == ExclusionStep::Ended => RecordKind::CountedAgain,
            Self::Exclusion(_) => RecordKind::LeftOut,
        }
    }
}

/// A history told as far as some record: for the figures, which are about times, with all of it; for the lists, which
/// say how things stood at an instant, without what happened later.
#[derive(Default)]
struct Seen {
    all: Option<Escalation>,
    earlier: Vec<Episode>,
    then: Option<Escalation>,
    owner: Option<String>,
    /// The decisions whether it counts.
    exclusions: Vec<Exclusion>,
}

impl Seen {
    fn take(&mut self, record: Record<'_>, partnership: PartnershipId, data_to: Timestamp) {
        match record {
            Record::Act(event) => self.take_act(event, partnership, data_to),
            Record::Exclusion(step) => self.exclusions.push(step.clone()),
        }
    }

    fn take_act(&mut self, event: &Event, partnership: PartnershipId, data_to: Timestamp) {
        if let Some(it) = &mut self.all {
            let before = it.episode.clone();
            it.apply(event);
            if it.episode.number > before.number {
                self.earlier.push(before);
            }
        } else {
            self.all = Escalation::from_first(partnership, event);
        }
        let corrects = matches!(event.change, Change::Corrected { .. });
        if event.recorded_at > data_to && event.occurred_at > data_to && !corrects {
            return;
        }
        if let Change::Acknowledged { held_by_role } = &event.change {
            self.owner.clone_from(held_by_role);
        }
        match &mut self.then {
            Some(it) => it.apply(event),
            None => self.then = Escalation::from_first(partnership, event),
        }
    }

    /// Everything by which this escalation counts in a figure of the week or of a week before.
    fn in_figures(&self, week: IsoWeek, data_to: Timestamp) -> Option<InFigures> {
        let it = self.all.as_ref()?;
        let by = |at: Timestamp| Some(IsoWeek::containing(at)).filter(|of| *of <= week);
        let raised = by(it.facts.raised_at)?;
        if is_left_out(&self.exclusions, it) {
            return Some(InFigures { raised, counts: None });
        }
        let episodes: Vec<EpisodeCounts> = self
            .earlier
            .iter()
            .chain([&it.episode])
            .filter_map(|episode| {
                let ending = episode.ending.as_ref();
                let ended = ending.and_then(|ending| Some((by(ending.at)?, ending)));
                Some(EpisodeCounts {
                    opened: by(episode.opened_at)?,
                    ended: ended.map(|(week, _)| week),
                    resolved: ended
                        .filter(|(_, ending)| ending.outcome.counts_as_resolved())
                        .map(|(_, ending)| (ending.working_seconds, ending.child_seconds)),
                })
            })
            .collect();
        let summed = |of: IsoWeek, weeks: i32| of > week.plus_weeks(-weeks);
        let in_table = summed(raised, TABLE_AND_USUAL_WEEKS)
            || episodes.iter().any(|it| {
                it.resolved.is_some() && it.ended.is_some_and(|of| summed(of, TABLE_WEEKS))
            });
        let facts = &it.facts;
        let counts = Counts {
            table: in_table.then(|| (facts.theme.to_string(), facts.raised_by, facts.raised_with)),
            episodes,
            answers: it.clocks.iter().filter_map(|clock| answer(clock, week, data_to)).collect(),
        };
        Some(InFigures { raised, counts: Some(counts) })
    }

    /// Everything that its line in a list of what was open says.
    fn in_rows(&self, data_to: Timestamp) -> Option<InRows> {
        let it = self.then.as_ref().filter(|it| !it.status.has_ended())?;
        Some(InRows {
            theme: it.facts.theme.to_string(),
            raised_with: it.facts.raised_with,
            stage: it.stage,
            urgency: it.facts.urgency,
            due_at: it.running(ClockKind::Answer).map(|clock| clock.due_at),
            child_seconds: it.child_time(data_to).seconds(),
            owner: self.owner.clone(),
        })
    }
}

#[derive(Debug, PartialEq)]
struct InFigures {
    raised: IsoWeek,
    /// None while it is left out.
    counts: Option<Counts>,
}

#[derive(Debug, PartialEq)]
struct Counts {
    table: Option<(String, AgencyId, AgencyId)>,
    episodes: Vec<EpisodeCounts>,
    answers: Vec<AnswerCounts>,
}

#[derive(Debug, PartialEq)]
struct EpisodeCounts {
    opened: IsoWeek,
    ended: Option<IsoWeek>,
    resolved: Option<(i64, i64)>,
}

#[derive(Debug, PartialEq)]
struct AnswerCounts {
    /// The week in which it fell due, and whether it came in time; none where it does not count.
    due: Option<(IsoWeek, bool)>,
    /// The weeks at whose ends it was late: from the first, up to but not with the second.
    late: Option<(IsoWeek, Option<IsoWeek>)>,
    late_then: bool,
}

#[derive(Debug, PartialEq)]
struct InRows {
    theme: String,
    raised_with: AgencyId,
    stage: u8,
    urgency: Urgency,
    due_at: Option<Timestamp>,
    child_seconds: i64,
    owner: Option<String>,
}

/// What the clock of an answer counts for, by the definitions of the weekly figures.
fn answer(clock: &StageClock, week: IsoWeek, data_to: Timestamp) -> Option<AnswerCounts> {
    if clock.kind != ClockKind::Answer {
        return None;
    }
    let due = IsoWeek::containing(clock.due_at);
    let stopped = clock.stopped.as_ref();
    let given = stopped
        .is_some_and(|stop| matches!(stop.reason, StopReason::Answered | StopReason::Acknowledged));
    let counted = given || stopped.is_none_or(|stop| stop.at > clock.due_at);
    let in_time = given && stopped.is_some_and(|stop| stop.at <= clock.due_at);
    let until = stopped.map(|stop| IsoWeek::containing(stop.at)).filter(|of| *of <= week);
    let late = due <= week && until.is_none_or(|until| until > due);
    let late_then = clock.started_at < data_to
        && clock.due_at < data_to
        && stopped.is_none_or(|stop| stop.at >= data_to);
    let counts = AnswerCounts {
        due: (counted && due <= week).then_some((due, in_time)),
        late: late.then_some((due, until)),
        late_then,
    };
    let nothing = counts.due.is_none() && counts.late.is_none() && !late_then;
    (!nothing).then_some(counts)
}
