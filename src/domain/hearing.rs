//! What an agency's silence is read with: whether its system agreed to be heard, and whether the agency said that it
//! had nothing to raise.

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::access::Caller;
use super::broken_rule::{BrokenRule, Faults, FieldRule, Hint};
use super::codes::codes;
use super::free_text::holds_identifier;
use super::ids::AgencyId;
use super::london;
use super::partnership::Agency;
use super::recorded::Recorded;
use super::week::IsoWeek;

codes! {
    /// Whether an agency's system has to be heard.
    pub enum FeedState {
        /// It agreed to be heard at least so often.
        Agreed => "agreed",
        /// It did once, and does no more: its people use the pages.
        Ended => "ended",
    }
}

/// That an agency's system agreed to be heard, or that this agreement ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedAgreement {
    /// Which statement of this agency, counted from 1.
    pub version: i32,
    /// The longest time between two contacts; none where the agreement ends.
    pub every: Option<SignedDuration>,
    /// Why.
    pub reason: String,
    /// Who recorded it, and when.
    pub recorded: Recorded,
}

/// What is asked for with a statement about an agency's feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedStatement {
    /// Whether the agency's system has to be heard.
    pub state: FeedState,
    /// The longest time between two contacts, if said.
    pub every: Option<SignedDuration>,
    /// Why.
    pub reason: String,
}

impl FeedStatement {
    /// The longest time between two contacts: as said, or else `usual`; none where the agreement ends.
    ///
    /// # Errors
    /// An end with an interval; a reason that holds personal data.
    pub fn every(&self, usual: SignedDuration) -> Result<Option<SignedDuration>, BrokenRule> {
        let mut faults = Faults::default();
        let ends = self.state == FeedState::Ended;
        faults.add_if(ends && self.every.is_some(), "every_hours", FieldRule::Inconsistent);
        faults.add_if(holds_identifier(&self.reason), "reason", FieldRule::PersonalData);
        faults.none()?;
        Ok((!ends).then(|| self.every.unwrap_or(usual)))
    }
}

/// The agreement that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgreedFeed {
    /// The longest time between two contacts.
    pub every: SignedDuration,
    /// Since when its system has had to be heard. Another interval does not begin this anew, so that an agreement that
    /// is renewed does not hide that nothing is heard.
    pub since: Timestamp,
}

/// The agreement that holds after these statements, the first first; none where there is none, or it ended.
#[must_use]
pub fn agreed_feed(statements: &[FeedAgreement]) -> Option<AgreedFeed> {
    statements.iter().fold(None, |held: Option<AgreedFeed>, it| {
        it.every.map(|every| AgreedFeed {
            every,
            since: held.map_or(it.recorded.at, |held| held.since),
        })
    })
}

/// An agency's word on record that it had nothing to raise in a week. It never changes; what the agency raised in that
/// week, whenever it is received, counts before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NilReturn {
    /// The agency.
    pub agency: AgencyId,
    /// The week.
    pub week: IsoWeek,
    /// The role in which the signer gave it, in the agency's own words.
    pub signed_as: String,
    /// Who recorded it, and when.
    pub recorded: Recorded,
}

/// From when on a nil return for a week can be given: its Friday in London, because a working week is told of when it
/// ends, and a review whose data are taken on Monday at 06:00 could know of no nil return that people can give only
/// after the week.
#[must_use]
pub fn nil_return_from(week: IsoWeek) -> Timestamp {
    london::start_of_day(week.monday().saturating_add(4.days()))
}

impl NilReturn {
    /// What `caller` says for `agency`, which raised something in the week or did not, at `now`.
    ///
    /// # Errors
    /// Every rule that it breaks: the week is not nearly over, the agency did not take part in it or raised something,
    /// or the role holds personal data.
    pub fn new(
        (agency, week, signed_as): (&Agency, IsoWeek, String),
        caller: &Caller,
        raised_in_week: bool,
        now: Timestamp,
    ) -> Result<Self, BrokenRule> {
        let mut faults = Faults::default();
        let from = nil_return_from(week);
        let apart = agency.valid_from > week.sunday()
            || agency.valid_to.is_some_and(|it| it < week.monday());
        let in_use = Hint::InUse { from: agency.valid_from, to: agency.valid_to };
        if now < from {
            let hint = Hint::NilReturnFrom(london::local_date(from));
            faults.hint_if(true, "week", FieldRule::InFuture, hint);
        } else if apart {
            faults.hint_if(true, "week", FieldRule::Inconsistent, in_use);
        } else {
            let hint = Hint::RaisedInWeek;
            faults.hint_if(raised_in_week, "week", FieldRule::Inconsistent, hint);
        }
        faults.add_if(holds_identifier(&signed_as), "signed_as", FieldRule::PersonalData);
        faults.none()?;
        Ok(Self { agency: agency.id, week, signed_as, recorded: Recorded::by(caller, now) })
    }
}

#[cfg(test)]
mod tests;
