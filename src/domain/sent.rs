//! What a sender's system says again of an escalation that it raised: what of it is news, and what cannot be said so.
//!
//! A system repeats itself: whole records, every night, also after somebody here has corrected what it once sent. So
//! what it says is compared with what it said before, and only the difference is a correction.

use jiff::Timestamp;

use super::broken_rule::{BrokenRule, Faults, FieldRule, Hint};
use super::codes::codes;
use super::delay::DelayCause;
use super::event::{Change, Event, TextField};
use super::facts::{Delay, Facts};
use super::raise::Raise;
use super::theme::ThemeCode;
use super::urgency::Urgency;

codes! {
    /// What came of sending an escalation under its system's own reference.
    pub enum SendResult {
        /// It was not there and is now.
        Created => "created",
        /// What the system says now was recorded as a correction.
        Updated => "updated",
        /// The system said nothing new.
        Unchanged => "unchanged",
        /// The system said something newer before, so nothing was done.
        StaleIgnored => "stale_ignored",
    }
}

/// What a system says of that which can be corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The primary theme.
    pub theme: ThemeCode,
    /// The urgency.
    pub urgency: Urgency,
    /// The delayed process, if a timescale applies.
    pub delay: Option<SaidDelay>,
}

/// What a system says of a delayed process; what follows from it is counted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidDelay {
    /// The code of the timescale.
    pub timescale: String,
    /// When its time began to run.
    pub started_at: Timestamp,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// Why it was late.
    pub cause: Option<DelayCause>,
}

/// One thing that a system said, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRecord {
    /// Its place among those of the escalation, from 1.
    pub number: i32,
    /// The system's own number of what it said. What has a lower one is older.
    pub version: Option<i64>,
    /// What it said.
    pub said: Said,
}

/// What has to be corrected, so that the escalation says what its system says now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// The right theme.
    pub theme: Option<ThemeCode>,
    /// The right urgency.
    pub urgency: Option<Urgency>,
    /// The right delay.
    pub delay: Option<SaidDelay>,
}

impl From<&Delay> for SaidDelay {
    fn from(delay: &Delay) -> Self {
        Self {
            timescale: delay.timescale.clone(),
            started_at: delay.started_at,
            occurred_at: delay.occurred_at,
            cause: delay.cause,
        }
    }
}

impl From<&Facts> for Said {
    fn from(facts: &Facts) -> Self {
        Self {
            theme: facts.theme.clone(),
            urgency: facts.urgency,
            delay: facts.delay.as_ref().map(SaidDelay::from),
        }
    }
}

impl News {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Said {
    /// What this says otherwise than `before`, the system's own last word, and than `now`, the escalation as it stands.
    /// What others corrected meanwhile stays corrected, unless the system itself says something new of it.
    #[must_use]
    pub fn news(&self, before: &Self, now: &Self) -> News {
        fn new<T: PartialEq + Clone>(is: &T, before: &T, now: &T) -> Option<T> {
            (is != before && is != now).then(|| is.clone())
        }
        let delay = self.delay.as_ref().map(|is| match (&before.delay, &now.delay) {
            (Some(before), Some(now)) => is.onto(before, now),
            _ => is.clone(),
        });
        News {
            theme: new(&self.theme, &before.theme, &now.theme),
            urgency: new(&self.urgency, &before.urgency, &now.urgency),
            delay: delay
                .filter(|_| self.delay != before.delay)
                .filter(|it| Some(it) != now.delay.as_ref()),
        }
    }
}

impl SaidDelay {
    /// `now` with each part of it replaced of which this says something else than `before`.
    fn onto(&self, before: &Self, now: &Self) -> Self {
        fn part<T: PartialEq + Clone>(is: &T, before: &T, now: &T) -> T {
            if is == before { now.clone() } else { is.clone() }
        }
        Self {
            timescale: part(&self.timescale, &before.timescale, &now.timescale),
            started_at: part(&self.started_at, &before.started_at, &now.started_at),
            occurred_at: part(&self.occurred_at, &before.occurred_at, &now.occurred_at),
            cause: part(&self.cause, &before.cause, &now.cause),
        }
    }
}

/// Whether sending it again says something else of what no correction changes. Everything that differs is told at once,
/// so that nothing that was sent is taken for recorded. `first` is the event that raised it; a text that is no longer
/// kept cannot be compared.
///
/// # Errors
/// What differs, each with what to do instead.
pub fn check_same(again: &Raise, same_children: bool, first: &Event) -> Result<(), BrokenRule> {
    let Change::Raised { facts, stage, .. } = &first.change else { return Ok(()) };
    let mut faults = Faults::default();
    let mut same = |same: bool, field: &'static str| {
        faults.hint_if(!same, field, FieldRule::Inconsistent, Hint::RecordedOtherwise);
    };
    same(again.raised_with.id == facts.raised_with, "raised_with_agency");
    same(same_children, "child_references");
    same(again.secondary_themes == facts.secondary_themes, "secondary_themes");
    same(again.concern_arose_at == facts.concern_arose_at, "concern_arose_at");
    // When not said it was the moment of the first sending.
    same(again.raised_at.is_none_or(|at| at == facts.raised_at), "raised_at");
    same(again.child_impact == facts.child_impact, "child_impact");
    same(again.interim_safety == facts.interim_safety, "interim_safety");
    same(
        again.emergency_action_taken_at == facts.emergency_action_taken_at,
        "emergency_action_taken_at",
    );
    same(again.raised_by_role == facts.raised_by_role, "raised_by_role");
    same(again.raiser_visibility == facts.raiser_visibility, "raiser_visibility");
    same(again.first_stage() == *stage, "stage");
    same(again.delay.is_some() || facts.delay.is_none(), "delay");
    let texts = [
        (Some(&again.desired_outcome), TextField::DesiredOutcome, "desired_outcome"),
        (again.concern.as_ref(), TextField::Concern, "concern"),
        (again.skip_reason.as_ref(), TextField::Reason, "skip_reason"),
    ];
    // The desired outcome is never missing, so that without it the texts were erased.
    let kept = first.texts.iter().any(|(field, _)| *field == TextField::DesiredOutcome);
    for (text, kind, field) in texts {
        let was = first.texts.iter().find(|(field, _)| *field == kind).map(|(_, text)| text);
        same(!kept || text == was, field);
    }
    faults.none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(theme: &str, urgency: Urgency, delay: Option<SaidDelay>) -> Said {
        Said { theme: ThemeCode(theme.to_owned()), urgency, delay }
    }

    fn delay(started_at: &str, occurred_at: Option<&str>) -> SaidDelay {
        SaidDelay {
            timescale: "icpc".to_owned(),
            started_at: started_at.parse().unwrap(),
            occurred_at: occurred_at.map(|at| at.parse().unwrap()),
            cause: None,
        }
    }

    const MONDAY: &str = "2026-11-16T09:00:00Z";
    const TUESDAY: &str = "2026-11-17T09:00:00Z";
    const FRIDAY: &str = "2026-11-20T09:00:00Z";

    #[test]
    fn the_same_word_is_no_news_whatever_others_corrected() {
        let sent = said("icpc_late", Urgency::Urgent, Some(delay(MONDAY, None)));
        for now in [
            sent.clone(),
            said("other", Urgency::Urgent, Some(delay(MONDAY, None))),
            said("other", Urgency::Standard, Some(delay(TUESDAY, Some(FRIDAY)))),
            said("icpc_late", Urgency::Urgent, None),
        ] {
            assert!(sent.news(&sent, &now).is_empty(), "{now:?}");
        }
    }

    #[test]
    fn only_what_the_system_says_anew_is_corrected() {
        let before = said("icpc_late", Urgency::Urgent, Some(delay(MONDAY, None)));
        // The Director corrected theme and start.
        let now = said("other", Urgency::Urgent, Some(delay(TUESDAY, None)));
        let again = said("icpc_late", Urgency::Standard, Some(delay(MONDAY, Some(FRIDAY))));
        let news = again.news(&before, &now);
        assert_eq!(news.theme, None, "the system never said another one");
        assert_eq!(news.urgency, Some(Urgency::Standard));
        assert_eq!(news.delay, Some(delay(TUESDAY, Some(FRIDAY))), "the start stays corrected");
        // Of what it says anew its word counts, also against a correction.
        let again = said("section_47_late", Urgency::Urgent, Some(delay(FRIDAY, None)));
        let news = again.news(&before, &now);
        assert_eq!(news.theme, Some(ThemeCode("section_47_late".to_owned())));
        assert_eq!((news.urgency, news.delay), (None, Some(delay(FRIDAY, None))));
    }

    #[test]
    fn what_is_so_already_is_no_news() {
        let before = said("icpc_late", Urgency::Urgent, None);
        let now = said("other", Urgency::Standard, Some(delay(MONDAY, None)));
        assert!(now.news(&before, &now).is_empty(), "others have corrected it so");
        let news = said("icpc_late", Urgency::Urgent, Some(delay(MONDAY, None)));
        assert_eq!(news.news(&before, &before).delay, Some(delay(MONDAY, None)));
    }
}
