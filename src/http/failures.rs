//! What a use case's failure looks like from outside: the one place where failures become problems.

use jiff::civil::Date;

use super::field_errors::{FieldCode, FieldErrors};
use super::problem::Problem;
use super::problem_types::ProblemType;
use crate::domain::broken_rule::{BrokenRule, FieldFault, OutOfOrder};
use crate::domain::disclosure::NotPublishable;
use crate::domain::erasure::CannotErase;
use crate::domain::papers::release::CannotRelease;
use crate::domain::sign_off::CannotSign;
use crate::store::StoreFailure;
use crate::usecases::{CannotOpen, Failure};

/// How long a caller should wait before trying again, in seconds.
const RETRY_AFTER: u32 = 2;

/// The same for a request of which another copy is under way: it takes less than that.
const KEY_RETRY_AFTER: u32 = 1;

/// The same while root secrets are not to be had: somebody has to see to it.
const KEYS_RETRY_AFTER: u32 = 30;

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotFound => ProblemType::NotFound.into(),
            Failure::Forbidden => ProblemType::Forbidden.into(),
            Failure::Broken(rule) => rule.into(),
            Failure::DuplicateExternalReference(id) => {
                Self::new(ProblemType::DuplicateExternalReference)
                    .location(&format!("/v1/escalations/{id}"))
            }
            Failure::DuplicatePracticeRecord(id) => {
                Self::new(ProblemType::DuplicateExternalReference)
                    .location(&format!("/v1/practice-records/{id}"))
            }
            Failure::Stale => ProblemType::PreconditionFailed.into(),
            Failure::KeyInProgress => {
                Self::new(ProblemType::IdempotencyInProgress).retry_after(KEY_RETRY_AFTER)
            }
            Failure::KeyReused => ProblemType::IdempotencyKeyReused.into(),
            Failure::CannotSign(reason) => reason.into(),
            Failure::CannotErase(reason) => reason.into(),
            Failure::CannotRelease(reason) => reason.into(),
            Failure::NotNow(why) => Self::new(ProblemType::InvalidTransition).detail(why),
            Failure::NotSetUp(what) => {
                tracing::error!(what, "the partnership is not set up");
                ProblemType::Internal.into()
            }
            Failure::Url(reason) => {
                let mut errors = FieldErrors::new();
                errors.push_with("#/url", FieldCode::UrlNotAllowed, reason.to_string());
                errors.into()
            }
            Failure::Sealed(error) => {
                tracing::error!(alert = true, %error, "stored data cannot be opened");
                match error {
                    CannotOpen::Changed => ProblemType::IntegrityFailure.into(),
                    CannotOpen::NoKey | CannotOpen::Away | CannotOpen::NoChance => {
                        Self::new(ProblemType::KeysUnavailable).retry_after(KEYS_RETRY_AFTER)
                    }
                }
            }
            Failure::Store(failure) => failure.into(),
        }
    }
}

impl From<BrokenRule> for Problem {
    fn from(rule: BrokenRule) -> Self {
        match rule {
            BrokenRule::NotPossible { act, possible } => Self::new(ProblemType::InvalidTransition)
                .detail(format!(
                    "{act} is not possible for you now; possible_acts lists what is. \
                     Read the escalation again if you expected otherwise."
                ))
                .possible_acts(possible.into_iter().map(|kind| kind.code())),
            BrokenRule::SecondPerson { act } => Self::new(ProblemType::SecondPersonRequired)
                .detail(format!(
                    "{act} has to be done by somebody else than the one who proposed or answered."
                )),
            BrokenRule::OutOfOrder(why) => Self::new(ProblemType::InvalidTransition).detail(match why {
                OutOfOrder::StillOpen => {
                    "An open escalation always counts. Leave it out when it has ended, if it still should be."
                }
                OutOfOrder::LeftOutAlready => {
                    "It is left out of the figures already; POST …/inclusion lets it count again."
                }
                OutOfOrder::NotProposed => {
                    "Nobody has proposed to leave it out; POST …/exclusion-proposal with the reason first."
                }
                OutOfOrder::Counts => "It is not left out: it counts in the figures.",
            }),
            BrokenRule::NotAfter { last } => {
                let mut errors = FieldErrors::new();
                let detail = format!("It was opened at {last} and can be opened again only after that.");
                errors.push_with("#/occurred_at", FieldCode::Inconsistent, detail);
                errors.into()
            }
            BrokenRule::BeforeLastAct { last } => {
                let mut errors = FieldErrors::new();
                let detail = format!(
                    "Acts are recorded in the order in which they happened; the last one happened at {last}."
                );
                errors.push_with("#/occurred_at", FieldCode::Inconsistent, detail);
                errors.into()
            }
            BrokenRule::NoAgreement { ended, again_from } => {
                Self::new(ProblemType::AgreementLapsed).detail(no_agreement(ended, again_from))
            }
            BrokenRule::Fields(faults) => field_errors(&faults).into(),
            BrokenRule::NoCalendar(missing) => {
                Self::new(ProblemType::NoCalendar).detail(format!(
                    "No calendar of bank holidays covers the year {}, which a due date needs. \
                     Check the dates you sent; if they are right, ask the partnership to load that calendar.",
                    missing.year
                ))
            }
        }
    }
}

impl From<CannotSign> for Problem {
    fn from(reason: CannotSign) -> Self {
        let (pointer, code, detail) = match reason {
            CannotSign::NotOver => {
                return Self::new(ProblemType::InvalidTransition)
                    .detail("A week is signed when it is over; its data reach to the Monday after it.");
            }
            CannotSign::NotWhatWasRead => {
                return Self::new(ProblemType::PreconditionFailed).detail(
                    "This is not the review that would be signed now. Read it again with its data_to as as_of, \
                     and send the ETag of that answer.",
                );
            }
            CannotSign::Unanswered(keys) => {
                let detail = format!("Answer every notice of the week. Without an answer: {}.", keys.join(", "));
                ("#/answers", FieldCode::Required, detail)
            }
            CannotSign::NoSuchNotice(_) => (
                "#/answers",
                FieldCode::UnknownReference,
                "An answer is to no notice of this week, or the second to one; name each key of notices once."
                    .to_owned(),
            ),
            CannotSign::UnmetChecks(checks) => {
                let checks: Vec<&str> = checks.into_iter().map(|check| check.code()).collect();
                let detail = format!(
                    "Say in a line why these checks are not met, or that they are where you may: {}.",
                    checks.join(", ")
                );
                ("#/checks", FieldCode::Required, detail)
            }
            CannotSign::NoSuchAgency(place) => {
                let mut errors = FieldErrors::new();
                errors.push(&format!("#/attendance/{place}/agency"), FieldCode::UnknownReference);
                return errors.into();
            }
            CannotSign::NextMeeting => (
                "#/next_meeting_on",
                FieldCode::OutOfRange,
                "The next meeting comes after the day on which the data were taken.".to_owned(),
            ),
            CannotSign::Reason => (
                "#/reason",
                FieldCode::Inconsistent,
                "A week that was signed before is signed again with a reason; the first signing has none."
                    .to_owned(),
            ),
            CannotSign::Deputy => (
                "#/as_deputy",
                FieldCode::Inconsistent,
                "The Director signs for themselves; whoever else signs does so as deputy.".to_owned(),
            ),
        };
        let mut errors = FieldErrors::new();
        errors.push_with(pointer, code, detail);
        errors.into()
    }
}

impl From<CannotRelease> for Problem {
    fn from(reason: CannotRelease) -> Self {
        match reason {
            CannotRelease::NotOver => Self::new(ProblemType::InvalidTransition).detail(
                "Papers are made of weeks and quarters that are over; their data are taken at 06:00 on the Monday after.",
            ),
            CannotRelease::NotWhatWasRead => Self::new(ProblemType::PreconditionFailed).detail(
                "This is not the pack that would be released. Read it again with the same profile, check it, and send \
                 the ETag of that answer.",
            ),
            CannotRelease::Published(NotPublishable::NotAQuarter) => ProblemType::NotFound.into(),
            CannotRelease::Published(NotPublishable::Overlaps(before)) => {
                Self::new(ProblemType::InvalidTransition).detail(format!(
                    "Weeks of it were released before, {} to {}. A second pack about them would tell, by its difference \
                     from the first, what is hidden in both.",
                    before.from, before.to
                ))
            }
        }
    }
}

impl From<CannotErase> for Problem {
    fn from(reason: CannotErase) -> Self {
        let not_now = |detail| Self::new(ProblemType::InvalidTransition).detail(detail);
        match reason {
            CannotErase::Held => ProblemType::LegalHold.into(),
            CannotErase::StillOpen => not_now(
                "An escalation that this is about is open. Erase it when it has ended; nothing vanishes that somebody \
                 still has to do for a child.",
            ),
            CannotErase::Decided => not_now("It is decided; read it to see what came of it."),
            CannotErase::SamePerson => Self::new(ProblemType::SecondPersonRequired)
                .detail("Whoever proposed an erasure does not decide it; somebody else has to."),
            CannotErase::NothingLeft => not_now(
                "Nothing that this was about is left; it may have been erased by another proposal. Decline this one.",
            ),
        }
    }
}

/// Why nothing new is taken, what still works, and who puts it right.
fn no_agreement(ended: Option<Date>, again_from: Option<Date>) -> String {
    let why = ended.map_or_else(
        || "Your agency has no sharing agreement in force".to_owned(),
        |last| format!("Your agency's sharing agreement ended on {last}"),
    );
    let next = again_from.map_or_else(String::new, |first| {
        format!(" The next one that is registered begins on {first}.")
    });
    format!(
        "{why}, so nothing new was stored for it.{next} The partnership's business manager registers a renewal with the \
         command setup; send this again after that. What is there can still be read, answered and resolved, and others \
         can raise with you. If a child is in danger, telephone now."
    )
}

fn field_errors(faults: &[FieldFault]) -> FieldErrors {
    let mut errors = FieldErrors::new();
    for fault in faults {
        let pointer =
            if fault.field.is_empty() { "#".to_owned() } else { format!("#/{}", fault.field) };
        // Each rule has the field code of the same name; a test holds the two lists together.
        let code = fault.rule.code().parse().unwrap_or(FieldCode::Inconsistent);
        match &fault.hint {
            Some(hint) => errors.push_with(&pointer, code, super::hints::words(hint)),
            None => errors.push(&pointer, code),
        }
    }
    errors
}

impl From<StoreFailure> for Problem {
    fn from(failure: StoreFailure) -> Self {
        let kind = match &failure {
            StoreFailure::Contention => ProblemType::Contention,
            StoreFailure::Deadline => ProblemType::Deadline,
            StoreFailure::Unavailable(_) => ProblemType::Overloaded,
            StoreFailure::OutcomeUnknown => ProblemType::OutcomeUnknown,
            StoreFailure::ReadOnly => ProblemType::ReadOnly,
            StoreFailure::NotRecorded(_) => ProblemType::AccessNotRecorded,
            StoreFailure::Erased => return ProblemType::Erased.into(),
            StoreFailure::Constraint(_) | StoreFailure::Corrupt(_) | StoreFailure::Other(_) => {
                tracing::error!(error = %failure, "the store failed");
                return ProblemType::Internal.into();
            }
        };
        tracing::warn!(error = %failure, "the store is not available");
        Self::new(kind).retry_after(RETRY_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::broken_rule::FieldRule;

    #[test]
    fn every_rule_of_the_domain_has_a_field_code_of_the_same_name() {
        for rule in FieldRule::ALL {
            assert!(rule.code().parse::<FieldCode>().is_ok(), "{rule}");
        }
    }
}
