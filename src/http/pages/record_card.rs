//! The cards of the review about the meetings: learning and actions, and what was decided last.

use jiff::Timestamp;

use super::words;
use crate::domain::action::{ActionLine, Progress};
use crate::domain::learning::{ExpectedDirection, LearningLine, LearningResult};
use crate::domain::review::Pack;
use crate::domain::review::record::{ActionsAgreed, LastReview};
use crate::domain::sign_off::Disposition;
use crate::domain::week::IsoWeek;

/// So many actions are shown at once; the others are on their own page.
const SHOWN: usize = 6;

/// One action.
pub(super) struct ActionRow {
    pub(super) title: String,
    pub(super) href: Option<String>,
    pub(super) owner: String,
    pub(super) plan: Option<String>,
    pub(super) due: String,
    pub(super) overdue: bool,
    /// The plan's word and the class of its tag.
    pub(super) progress: (&'static str, &'static str),
    pub(super) impact: Option<&'static str>,
    pub(super) evidence: Option<String>,
    pub(super) agreed_in: String,
}

/// The row; with a link to its form where the reader may fill it in.
pub(super) fn action_row(it: &ActionLine, keeps: bool) -> ActionRow {
    ActionRow {
        title: it.title.clone(),
        href: keeps.then(|| format!("/actions/{}", it.id)),
        owner: format!("{}, {}", it.owner_role, it.owner_agency_name),
        plan: it.plan_reference.clone(),
        due: words::short_date(it.due_on),
        overdue: it.overdue,
        progress: (
            it.progress.words(),
            match it.progress {
                Progress::Completed => "blue",
                Progress::OnTrack => "green",
                Progress::AttentionNeeded => "orange",
                Progress::Urgent => "red",
            },
        ),
        impact: it.impact.map(crate::domain::action::ImpactRating::words),
        evidence: it.evidence.clone(),
        agreed_in: it.agreed_in.to_string(),
    }
}

/// One thing that was learnt.
pub(super) struct LearningRow {
    pub(super) text: String,
    pub(super) about: String,
    pub(super) said_by: String,
    pub(super) plan: Option<String>,
    pub(super) week: String,
    /// What is expected and what came of it, in a sentence.
    pub(super) expected: Option<String>,
    /// Where it can be measured now.
    pub(super) measure: Option<String>,
}

/// The row; with the way to measuring it, for those who may, when its week has come at `now`.
pub(super) fn learning_row(it: &LearningLine, now: Option<Timestamp>) -> LearningRow {
    let expected = it.expected.as_ref().map(|expected| {
        let side = match expected.direction {
            ExpectedDirection::Higher => "More",
            ExpectedDirection::Lower => "Fewer or less",
        };
        let usual = expected
            .usual_before
            .map_or_else(String::new, |usual| format!(" Usual before: {}.", words::number(usual)));
        let result = match (expected.result, expected.value) {
            (None, _) => format!(" To be measured in {}.", expected.remeasure_week),
            (Some(LearningResult::NotMeasurable), _) | (Some(_), None) => {
                let result = expected.result.map_or("", LearningResult::words);
                format!(" Measured in {}: {}.", expected.remeasure_week, result.to_lowercase())
            }
            (Some(result), Some(value)) => format!(
                " Measured in {}: {} ({}).",
                expected.remeasure_week,
                result.words().to_lowercase(),
                words::number(value)
            ),
        };
        format!("Expected: {}, {}.{usual}{result}", side.to_lowercase(), expected.figure.words())
    });
    let due = it.expected.as_ref().is_some_and(|expected| {
        let over = now
            .is_some_and(|now| now >= crate::usecases::review::cut_off_of(expected.remeasure_week));
        over && expected.result.is_none()
    });
    LearningRow {
        text: it.text.clone(),
        about: it.about.clone(),
        said_by: format!("{}, {}", it.said_by_role, it.said_by_agency),
        plan: it.plan_reference.clone(),
        week: it.week.to_string(),
        expected,
        measure: due.then(|| format!("/learning/{}/result", it.id)),
    }
}

/// The card "Learning and actions".
pub(super) struct RecordCard {
    pub(super) learning: Vec<LearningRow>,
    pub(super) actions: Vec<ActionRow>,
    /// How many more there are.
    pub(super) more: usize,
    /// What was agreed in the meeting on this week, after its data were taken.
    pub(super) since: Vec<String>,
    /// Where something can be added, for those who may.
    pub(super) add: Option<String>,
}

/// The card of a pack.
pub(super) fn record_card(pack: &Pack) -> RecordCard {
    let record = &pack.record;
    RecordCard {
        learning: record.learning.iter().map(|it| learning_row(it, None)).collect(),
        actions: record.actions.iter().take(SHOWN).map(|it| action_row(it, false)).collect(),
        more: record.actions.len().saturating_sub(SHOWN),
        since: Vec::new(),
        add: None,
    }
}

/// The card "Last review".
pub(super) struct LastCard {
    pub(super) heading: String,
    pub(super) href: String,
    pub(super) signed: String,
    pub(super) missed: Option<String>,
    pub(super) decisions: Vec<String>,
    /// What became of the actions that were agreed then.
    pub(super) actions: Option<String>,
    pub(super) open: Vec<OpenRow>,
    pub(super) next_meeting: Option<String>,
}

/// A notice that is still watched, or on which something is done.
pub(super) struct OpenRow {
    pub(super) what: &'static str,
    pub(super) tone: &'static str,
    pub(super) words: String,
    pub(super) reason: String,
    pub(super) since: String,
}

/// What was decided last, where there is a last review.
pub(super) fn last_card(pack: &Pack) -> Option<LastCard> {
    let last = pack.record.last_review.as_ref()?;
    let deputy = if last.as_deputy { ", by a deputy" } else { "" };
    let open = last.open.iter().map(|it| OpenRow {
        what: if it.disposition == Disposition::Act { "Act" } else { "Watch" },
        tone: if it.disposition == Disposition::Act { "orange" } else { "grey" },
        words: it.words.clone(),
        reason: it.reason.clone(),
        since: name(it.since),
    });
    Some(LastCard {
        heading: name(last.week),
        href: format!("/review/{}", last.week),
        signed: format!("Signed on {}{deputy}.", words::instant(last.signed_at)),
        missed: missed(last),
        decisions: last.decisions.clone(),
        actions: last.actions.map(agreed_then),
        open: open.collect(),
        next_meeting: last.next_meeting_on.map(words::long_date),
    })
}

fn agreed_then(it: ActionsAgreed) -> String {
    match (it.agreed, it.completed) {
        (0, _) => "No action was agreed then.".to_owned(),
        (1, 0) => "1 action was agreed then; it is not completed.".to_owned(),
        (1, _) => "1 action was agreed then; it is completed.".to_owned(),
        (all, 0) => format!("{all} actions were agreed then; none is completed."),
        (all, done) if all == done => format!("{all} actions were agreed then; all are completed."),
        (all, done) => format!("{all} actions were agreed then; {done} of them are completed."),
    }
}

fn missed(last: &LastReview) -> Option<String> {
    let names: Vec<String> = last.missed.iter().map(|week| name(*week)).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("{one} was missed: nobody signed it.")),
        [rest @ .., one] => {
            Some(format!("{} and {one} were missed: nobody signed them.", rest.join(", ")))
        }
    }
}

/// `Week 45`
fn name(week: IsoWeek) -> String {
    format!("Week {}", week.week())
}
