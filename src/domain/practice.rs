//! What went well without an escalation: settled by a conversation, or done well by another agency.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::access::Caller;
use super::broken_rule::{BrokenRule, Faults, FieldRule};
use super::codes::codes;
use super::decide::CLOCK_SKEW_SECONDS;
use super::free_text::FreeText;
use super::ids::{AgencyId, ClientId, PartnershipId, PracticeRecordId};
use super::listing::Span;
use super::london::local_date;
use super::partnership::{Agency, Partnership};
use super::theme::ThemeCode;
use super::urgency::Urgency;

/// Nothing about a child can be older than a childhood.
const OLDEST_YEARS: i32 = 18;

/// What is written about it: a few sentences, because it is to be told in a minute.
pub type PracticeNote = FreeText<500>;

codes! {
    /// What kind of good practice it was.
    pub enum PracticeKind {
        /// A disagreement was settled by talking, before anything was escalated.
        InformalResolution => "informal_resolution",
        /// Another agency challenged or responded well.
        Commendation => "commendation",
    }
}

/// What an agency says, with codes not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Practice {
    /// What kind it is.
    pub kind: PracticeKind,
    /// The code or alias of the agency with which it was settled, or which did well.
    pub about_agency: String,
    /// The code of the theme.
    pub theme: String,
    /// How urgent what was settled was; a commendation has none.
    pub urgency: Option<Urgency>,
    /// What there is to tell.
    pub note: Option<PracticeNote>,
    /// When it happened; now when not said.
    pub occurred_at: Option<Timestamp>,
    /// The sending system and its reference.
    pub external: Option<ExternalReference>,
}

/// How a sending system calls a record, so that sending it twice stores it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalReference {
    /// The sending system.
    pub source: String,
    /// Its reference, unique within the source.
    pub reference: String,
}

/// A line of a list: never the note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeSummary {
    /// Its identifier.
    pub id: PracticeRecordId,
    /// What kind it is.
    pub kind: PracticeKind,
    /// The agency that recorded it.
    pub by: AgencyId,
    /// The agency with which it was settled, or which did well.
    pub about: AgencyId,
    /// The theme.
    pub theme: ThemeCode,
    /// How urgent what was settled was, if said.
    pub urgency: Option<Urgency>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When the service received it.
    pub recorded_at: Timestamp,
}

/// One record. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeRecord {
    /// The partnership.
    pub partnership: PartnershipId,
    /// All but what only the two agencies and those who oversee them may read.
    pub summary: PracticeSummary,
    /// What there is to tell.
    pub note: Option<PracticeNote>,
    /// How the sending system calls it.
    pub external: Option<ExternalReference>,
    /// The client that sent it.
    pub client: ClientId,
    /// The person or system that its token named.
    pub subject: String,
}

/// Which records a list is about; everything named must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PracticeFilter {
    /// What kind.
    pub kind: Option<PracticeKind>,
    /// The theme is one of these.
    pub themes: Option<Vec<String>>,
    /// The agency that recorded it.
    pub by: Option<AgencyId>,
    /// The agency that it is about.
    pub about: Option<AgencyId>,
    /// When it happened.
    pub occurred: Span,
    /// What had been recorded by this instant; none for what is known now.
    pub as_of: Option<Timestamp>,
}

impl PracticeRecord {
    /// The record of what `caller` says for its agency `by`, received at `now`.
    ///
    /// # Errors
    /// The agency may add no data now; or every rule that it breaks.
    pub fn new(
        id: PracticeRecordId,
        said: Practice,
        caller: &Caller,
        by: &Agency,
        agreed: &Partnership,
        now: Timestamp,
    ) -> Result<Self, BrokenRule> {
        by.sharing.check_new_data(local_date(now))?;
        let occurred_at = said.occurred_at.unwrap_or(now);
        let about = agreed.agency(&said.about_agency);
        let mut faults = Faults::default();
        check_time(occurred_at, now, &mut faults);
        check_agencies(said.kind, by, about, occurred_at, &mut faults);
        match agreed.theme(&said.theme) {
            None => faults.add("theme", FieldRule::UnknownReference),
            Some(theme) => {
                let day = local_date(occurred_at);
                let retired = theme.valid_to.is_some_and(|last| day > last);
                faults.add_if(retired, "theme", FieldRule::RetiredCode);
            }
        }
        let hurried = said.kind == PracticeKind::Commendation && said.urgency.is_some();
        faults.add_if(hurried, "urgency", FieldRule::Inconsistent);
        let personal = said.note.as_ref().is_some_and(PracticeNote::holds_identifier);
        faults.add_if(personal, "note", FieldRule::PersonalData);
        faults.none()?;
        let about =
            about.ok_or_else(|| BrokenRule::field("about_agency", FieldRule::UnknownReference))?.id;
        Ok(Self {
            partnership: caller.partnership,
            summary: PracticeSummary {
                id,
                kind: said.kind,
                by: by.id,
                about,
                theme: ThemeCode(said.theme),
                urgency: said.urgency,
                occurred_at,
                recorded_at: now,
            },
            note: said.note,
            external: said.external,
            client: caller.client,
            subject: caller.subject.clone(),
        })
    }
}

fn check_time(occurred_at: Timestamp, now: Timestamp, faults: &mut Faults) {
    let skew = SignedDuration::from_secs(CLOCK_SKEW_SECONDS);
    let latest = now.checked_add(skew).unwrap_or(now);
    let oldest = now
        .to_zoned(TimeZone::UTC)
        .checked_sub(OLDEST_YEARS.years())
        .map_or(Timestamp::MIN, |zoned| zoned.timestamp());
    faults.add_if(occurred_at > latest, "occurred_at", FieldRule::InFuture);
    faults.add_if(occurred_at < oldest, "occurred_at", FieldRule::TooOld);
}

/// Both take part on the day on which it happened, and nobody commends itself.
fn check_agencies(
    kind: PracticeKind,
    by: &Agency,
    about: Option<&Agency>,
    occurred_at: Timestamp,
    faults: &mut Faults,
) {
    let day = local_date(occurred_at);
    let by_gone = !by.may_raise || !by.is_valid_on(day);
    faults.add_if(by_gone, "occurred_at", FieldRule::Inconsistent);
    let Some(about) = about else {
        faults.add("about_agency", FieldRule::UnknownReference);
        return;
    };
    let about_gone = !about.may_respond || !about.is_valid_on(day);
    faults.add_if(about_gone, "about_agency", FieldRule::RetiredCode);
    let itself = kind == PracticeKind::Commendation && about.id == by.id;
    faults.add_if(itself, "about_agency", FieldRule::SelfReference);
}

#[cfg(test)]
mod tests;
