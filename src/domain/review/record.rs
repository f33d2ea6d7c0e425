//! What a review knows of the meetings before it: what was learnt, what is to be done, and what was decided last.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Pack;
use crate::domain::access::Role;
use crate::domain::action::{ActionLine, Progress, ReviewAction};
use crate::domain::learning::{Learning, LearningLine};
use crate::domain::london::local_date;
use crate::domain::partnership::Partnership;
use crate::domain::sign_off::{Disposition, SignOff};
use crate::domain::week::IsoWeek;

/// So many weeks a notice stays watched of which no later review says anything.
pub const WATCHED_WEEKS: i32 = 8;

/// The record, as it was known when the data were taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewRecord)]
pub struct Record {
    /// What was learnt in the last four weeks, and what is due to be measured again.
    pub learning: Vec<LearningLine>,
    /// Every open action, and those completed in the week: urgent, overdue, due soon, the rest, completed.
    pub actions: Vec<ActionLine>,
    /// The last review before this one that was signed; none where there is none.
    pub last_review: Option<LastReview>,
}

/// The last review that was signed before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LastReview {
    /// Its week.
    #[schema(value_type = String, example = "2026-W46")]
    pub week: IsoWeek,
    /// Its last version.
    pub version: i32,
    /// When that was signed.
    #[schema(value_type = String, format = DateTime)]
    pub signed_at: Timestamp,
    /// The role that signed it.
    pub signed_by_role: Role,
    /// Whether it stood in for the Director.
    pub as_deputy: bool,
    /// What was decided.
    pub decisions: Vec<String>,
    /// What became of the actions agreed in its week; not told by what was signed before this was.
    #[serde(default)]
    pub actions: Option<ActionsAgreed>,
    /// The notices on which something is done or which are watched, of it and of those before.
    pub open: Vec<OpenDisposition>,
    /// The day of the next meeting, where one was set.
    #[schema(value_type = Option<String>, format = Date)]
    pub next_meeting_on: Option<Date>,
    /// The weeks between that one and this one, which nobody signed.
    #[schema(value_type = Vec<String>)]
    pub missed: Vec<IsoWeek>,
}

/// What became of the actions that were agreed in a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewActionsAgreed)]
pub struct ActionsAgreed {
    /// How many were agreed.
    pub agreed: i64,
    /// How many of them are completed.
    pub completed: i64,
}

/// A notice that was answered with more to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenDisposition {
    /// The key of the notice.
    pub key: String,
    /// The notice in words, as it was then.
    pub words: String,
    /// What is done about it.
    pub disposition: Disposition,
    /// Why.
    pub reason: String,
    /// The week in whose review it was last answered.
    #[schema(value_type = String, example = "2026-W46")]
    pub since: IsoWeek,
}

/// What was recorded, of which a review shows a part.
#[derive(Debug, Default)]
pub struct Recorded<'a> {
    /// Every action.
    pub actions: &'a [ReviewAction],
    /// Everything that was learnt.
    pub learning: &'a [Learning],
    /// The last version of each signed week before, the latest week first.
    pub signed: &'a [SignOff],
}

/// What the review of a week shows of all that had been recorded by `data_to`.
#[must_use]
pub fn record(
    of: &Recorded<'_>,
    agreed: &Partnership,
    week: IsoWeek,
    data_to: Timestamp,
) -> Record {
    let today = local_date(data_to);
    let mut actions: Vec<ActionLine> = of
        .actions
        .iter()
        .filter(|it| it.shown_in(week))
        .map(|it| ActionLine::new(it, agreed, today))
        .collect();
    actions.sort_by_key(|it| it.order(today));
    let mut learning: Vec<LearningLine> = of
        .learning
        .iter()
        .filter(|it| it.shown_in(week))
        .map(|it| LearningLine::new(it, agreed))
        .collect();
    learning.sort_by_key(|it| std::cmp::Reverse((it.week, it.recorded_at)));
    Record { learning, actions, last_review: last_review(of, week) }
}

fn last_review(of: &Recorded<'_>, week: IsoWeek) -> Option<LastReview> {
    let last = of.signed.first()?;
    let agreed: Vec<&ReviewAction> = of.actions.iter().filter(|it| it.week == last.week).collect();
    let completed = agreed.iter().filter(|it| it.state.progress == Progress::Completed).count();
    let number = |of: usize| i64::try_from(of).unwrap_or(i64::MAX);
    Some(LastReview {
        week: last.week,
        version: last.version,
        signed_at: last.signed_at,
        signed_by_role: last.role,
        as_deputy: last.said.as_deputy,
        decisions: last.said.decisions.iter().map(|it| it.as_str().to_owned()).collect(),
        actions: Some(ActionsAgreed { agreed: number(agreed.len()), completed: number(completed) }),
        open: open(of.signed, week),
        next_meeting_on: last.said.next_meeting_on,
        missed: IsoWeek::range(last.week.next(), week.previous()).collect(),
    })
}

/// What the last review does or watches, and what those before watch that none since has answered otherwise.
fn open(signed: &[SignOff], week: IsoWeek) -> Vec<OpenDisposition> {
    let mut answered = BTreeSet::new();
    let mut found = Vec::new();
    for (place, it) in signed.iter().enumerate() {
        if it.week.weeks_between(week) > i64::from(WATCHED_WEEKS) {
            break;
        }
        let words: BTreeMap<String, String> = serde_json::from_str::<Pack>(&it.pack)
            .map(|pack| pack.notices.into_iter().map(|it| (it.key, it.words)).collect())
            .unwrap_or_default();
        for answer in &it.said.answers {
            let watched = answer.disposition == Disposition::Watch
                || (answer.disposition == Disposition::Act && place == 0);
            if answered.insert(answer.key.clone()) && watched {
                found.push(OpenDisposition {
                    key: answer.key.clone(),
                    words: words.get(&answer.key).unwrap_or(&answer.key).clone(),
                    disposition: answer.disposition,
                    reason: answer.reason.as_str().to_owned(),
                    since: it.week,
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::free_text::FreeText;
    use crate::domain::ids::ClientId;
    use crate::domain::sign_off::{NoticeAnswer, Signing};

    fn signed(week: &str, answers: &[(&str, Disposition)]) -> SignOff {
        let reason = FreeText::parse("Asked.").unwrap();
        let answers = answers.iter().map(|(key, disposition)| NoticeAnswer {
            key: (*key).to_owned(),
            disposition: *disposition,
            reason: reason.clone(),
        });
        let at: Timestamp = "2026-11-16T10:00:00Z".parse().unwrap();
        SignOff {
            week: week.parse().unwrap(),
            version: 1,
            data_to: at,
            pack: String::new(),
            sha256: String::new(),
            definitions_version: 1,
            said: Signing { answers: answers.collect(), ..Signing::default() },
            signed_at: at,
            role: Role::Director,
            client: ClientId(uuid::Uuid::nil()),
            subject: String::new(),
        }
    }

    #[test]
    fn a_watch_carries_over_until_it_is_answered_otherwise_and_missed_weeks_are_named() {
        use Disposition::{Act, Explained, Watch};
        let all = [
            signed("2026-W45", &[("quiet_agency:probation", Watch), ("signal:open", Act)]),
            signed(
                "2026-W44",
                &[("signal:raised", Watch), ("overdue:all", Act), ("signal:open", Watch)],
            ),
            signed("2026-W43", &[("signal:raised", Explained), ("not_connected:housing", Watch)]),
            signed("2026-W30", &[("signal:in_time", Watch)]),
        ];
        let of = Recorded { signed: &all, ..Recorded::default() };
        let last = last_review(&of, "2026-W48".parse().unwrap()).unwrap();
        let open: Vec<(&str, Disposition, String)> = last
            .open
            .iter()
            .map(|it| (it.key.as_str(), it.disposition, it.since.to_string()))
            .collect();
        let expected = [
            ("quiet_agency:probation", Watch, "2026-W45"),
            ("signal:open", Act, "2026-W45"),
            ("signal:raised", Watch, "2026-W44"),
            ("not_connected:housing", Watch, "2026-W43"),
        ];
        assert_eq!(open, expected.map(|(key, done, since)| (key, done, since.to_owned())));
        let missed: Vec<String> = last.missed.iter().map(ToString::to_string).collect();
        assert_eq!(missed, ["2026-W46", "2026-W47"]);
        let none = Recorded::default();
        assert_eq!(last_review(&none, "2026-W48".parse().unwrap()), None);
    }
}
