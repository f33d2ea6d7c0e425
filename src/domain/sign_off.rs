//! The signing of a week's review: what must be answered before, and what is frozen by it.
//!
//! Whatever the page points at wants an answer, because a notice that nobody has to answer is soon read by nobody. No
//! answer is refused for what it says: people stop using a tool that blocks a meeting. Signing freezes the text of the
//! figures; a later correction is another version beside it, with a reason, and both stay readable.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::access::Role;
use super::codes::codes;
use super::free_text::FreeText;
use super::ids::ClientId;
use super::london::local_date;
use super::meeting::{Attendance, CheckAnswer, MeetingCheck, unanswered};
use super::review::Pack;
use super::week::IsoWeek;

/// A reason or a decision: a line or two, shown to a whole meeting and kept for ever, so that no person is named in it.
pub type SignedText = FreeText<500>;

/// The most decisions of one meeting.
pub const MOST_DECISIONS: usize = 50;

codes! {
    /// What is done about a notice.
    pub enum Disposition {
        /// Something is done now.
        Act => "act",
        /// It is watched, and looked at again.
        Watch => "watch",
        /// There is an explanation.
        Explained => "explained",
        /// It is not followed up.
        NotFollowed => "not_followed",
    }
}

/// The answer to one notice of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeAnswer {
    /// The key of the notice.
    pub key: String,
    /// What is done about it.
    pub disposition: Disposition,
    /// Why, in one line.
    pub reason: SignedText,
}

/// What somebody says who signs a week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signing {
    /// An answer to each notice.
    pub answers: Vec<NoticeAnswer>,
    /// What was decided.
    pub decisions: Vec<SignedText>,
    /// Whether the Director is stood in for.
    pub as_deputy: bool,
    /// Why it is signed again; none for the first time.
    pub reason: Option<SignedText>,
    /// Who took part, by agency and role.
    pub attendance: Vec<Attendance>,
    /// What is said of the checks that the data do not meet.
    pub checks: Vec<CheckAnswer>,
    /// The day of the next meeting, where one is set.
    pub next_meeting_on: Option<Date>,
}

/// A signed version of a week's review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOff {
    /// The week.
    pub week: IsoWeek,
    /// Which signing of it, counted from 1.
    pub version: i32,
    /// The instant to which its data reach.
    pub data_to: Timestamp,
    /// The pack, as the text that is shown for ever after.
    pub pack: String,
    /// SHA-256 of that text, in hexadecimal.
    pub sha256: String,
    /// The version of the definitions of its figures.
    pub definitions_version: u32,
    /// What was said.
    pub said: Signing,
    /// When.
    pub signed_at: Timestamp,
    /// The signer's role.
    pub role: Role,
    /// The client through which it was signed.
    pub client: ClientId,
    /// The person, as the token names them.
    pub subject: String,
}

/// Why a week cannot be signed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotSign {
    /// The week is not over.
    #[error("the week is not over")]
    NotOver,
    /// Another text was read than would be signed now: something was recorded, or signed, in between.
    #[error("the review is no longer what was read")]
    NotWhatWasRead,
    /// These notices have no answer.
    #[error("{} notices have no answer", .0.len())]
    Unanswered(Vec<String>),
    /// This answer is to no notice of the week, or repeats another.
    #[error("{0} is no notice of this week")]
    NoSuchNotice(String),
    /// It was signed before, and nobody said why it is signed again; or it never was, and somebody said so.
    #[error("a reason is for signing again, and needed for it")]
    Reason,
    /// These checks are not met, and nobody said why.
    #[error("{} checks are not met and without a reason", .0.len())]
    UnmetChecks(Vec<MeetingCheck>),
    /// The agency at this place of the list is none of the partnership.
    #[error("an agency of the meeting is unknown")]
    NoSuchAgency(usize),
    /// The next meeting would be before this one.
    #[error("the next meeting lies before the data of this one")]
    NextMeeting,
    /// The Director signs; whoever else does so stands in for them and has to say so.
    #[error("somebody else than the Director signs as deputy")]
    Deputy,
}

/// Whether `role` may sign this pack, saying this, after `before` versions.
///
/// # Errors
/// [`CannotSign`] with the first thing that is missing.
pub fn check(pack: &Pack, said: &Signing, role: Role, before: i32) -> Result<(), CannotSign> {
    if pack.part {
        return Err(CannotSign::NotOver);
    }
    if said.as_deputy == (role == Role::Director) {
        return Err(CannotSign::Deputy);
    }
    if said.reason.is_some() != (before > 0) {
        return Err(CannotSign::Reason);
    }
    let mut open: Vec<&str> = pack.notices.iter().map(|notice| notice.key.as_str()).collect();
    for answer in &said.answers {
        match open.iter().position(|key| *key == answer.key) {
            Some(place) => drop(open.swap_remove(place)),
            None => return Err(CannotSign::NoSuchNotice(answer.key.clone())),
        }
    }
    if !open.is_empty() {
        open.sort_unstable();
        return Err(CannotSign::Unanswered(open.into_iter().map(str::to_owned).collect()));
    }
    let unmet = unanswered(pack, &said.checks);
    if !unmet.is_empty() {
        return Err(CannotSign::UnmetChecks(unmet));
    }
    if said.next_meeting_on.is_some_and(|day| day <= local_date(pack.data_to)) {
        return Err(CannotSign::NextMeeting);
    }
    Ok(())
}
