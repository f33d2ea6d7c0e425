//! What people write on the way: answers, reasons, agreements and notes, short and without a name.

use crate::domain::resolution::Outcome;

pub(super) const AGREED: &[&str] = &[
    "Agreed. It will be done within the time asked for.",
    "We accept the concern. The action is allocated and will be confirmed today.",
    "Reviewed with the team manager; what was asked for has been arranged.",
];

pub(super) const PARTLY_AGREED: &[&str] = &[
    "Part of this can be done now; the rest needs the outcome of the visit.",
    "We propose another way to the same end and will start this week.",
    "The meeting can be held, but not before all reports are in.",
];

pub(super) const NOT_AGREED: &[&str] = &[
    "The decision stands: the information available does not change the threshold.",
    "We have reviewed the record and consider the present plan sufficient.",
    "The responsibility lies with another service; we cannot take the action.",
];

pub(super) const ACCEPTED: &[&str] = &[
    "Thank you, this settles it.",
    "Accepted; please confirm when it is done.",
    "We accept the explanation.",
];

pub(super) const REJECTED: &[&str] = &[
    "The answer does not address the risk that we described.",
    "No date is given, and the child is no safer than before.",
    "The history was not considered in the answer.",
];

pub(super) const ADVANCED: &[&str] = &[
    "Not settled at this stage; managers above are asked to meet.",
    "The disagreement about risk remains.",
    "Practitioners agree that this needs a decision at a higher level.",
];

pub(super) const NO_ANSWER: &[&str] = &[
    "No answer within the limit, and a reminder has not helped.",
    "The time has run out without an answer.",
];

pub(super) const SKIPPED: &[&str] = &[
    "The risk does not allow the lower stage: the child returns home tonight.",
    "The first-line managers are themselves part of the disagreement.",
];

pub(super) const EXTENDED: &[&str] = &[
    "Agreed by telephone with the responding manager: the record has to be read first.",
    "Both sides agree to wait for the outcome of the visit.",
];

pub(super) const WITHDRAWN: &[&str] = &[
    "Talked through with the manager; no longer needed.",
    "New information answers our concern.",
    "Raised in error about a decision that had already been changed.",
];

/// Of what turns out to repeat an escalation that has ended.
pub(super) const REPEATED: &str = "The same had been raised before and is settled there.";

pub(super) const REOPENED: &[&str] = &[
    "What was agreed has not happened.",
    "The same concern has arisen again since it was closed.",
];

pub(super) const WRONG_THEME: &[&str] = &["The theme was chosen in haste; this one fits better."];

pub(super) const WRONG_URGENCY: &[&str] = &["The urgency was misjudged when this was raised."];

pub(super) const HAS_HAPPENED: &[&str] = &["It has taken place in the meantime."];

pub(super) const PROGRESS: &[&str] = &[
    "Spoke to the duty manager, who will call back.",
    "The family has been told that agencies are in discussion.",
    "Supervision held; the interim arrangement stays in place.",
];

pub(super) const LEARNING: &[&str] = &[
    "Learning: deputies for core agencies need to be named on the invitation.",
    "Learning: the history has to be read before the threshold is decided; for the next briefing.",
    "Learning: reports should be asked for on the day the enquiry is opened.",
    "Learning: good practice in resolving this at the lowest stage; shared with the service.",
    "Learning: the notification route failed over a week-end; to be looked at with partners.",
];

/// What is written as agreed and done.
pub(super) const fn agreed_action(outcome: Outcome) -> &'static [&'static str] {
    match outcome {
        Outcome::ResolvedAsRequested => &[
            "Done as asked; confirmed to the raiser.",
            "The meeting was held and its actions have owners.",
            "The child was seen, and the plan is updated.",
        ],
        Outcome::ResolvedAlternative => &[
            "A joint visit instead of a new assessment; outcome shared.",
            "Another service takes the lead; both agencies review it in four weeks.",
        ],
        Outcome::PartiallyResolved => &["The urgent part is done; the rest is in the plan."],
        Outcome::ExplainedAndAccepted => &["No change; the reasons were explained in a meeting."],
        Outcome::DecidedByPartners => {
            &["The safeguarding partners direct that the action is taken; dissent is recorded."]
        }
        Outcome::OvertakenByEvent => &["The court's decision has made the question pointless."],
        Outcome::NotEscalationRerouted => &["Sent to the complaints route; the raiser was told."],
        Outcome::TransferredOutOfArea => {
            &["The family has moved; the receiving authority was told."]
        }
        Outcome::Duplicate => &["The same matter is on an earlier record, which stays open."],
        Outcome::UnresolvedClosed => {
            &["Closed without settlement; the disagreement goes to the annual review."]
        }
        Outcome::WithdrawnByRaiser => &["Withdrawn."],
    }
}

/// Why the stage below did not settle it.
pub(super) const LOWER_STAGE_FAILED: &str = "Both managers held to their reading of the threshold.";
