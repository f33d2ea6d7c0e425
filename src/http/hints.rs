//! What would be right, in words: the advice that only the rules of an escalation can give.

use crate::domain::broken_rule::Hint;

/// The advice, for the `detail` of one fault.
pub(super) fn words(hint: &Hint) -> String {
    match hint {
        Hint::OccurrenceStands => {
            "That the process happened is recorded. Only the Director takes it back or says that it happened earlier."
                .to_owned()
        }
        Hint::RecordedOtherwise => {
            "It is recorded otherwise since the first sending, and sending it again changes theme, urgency and delay only. \
             Send what you sent first, or act on the escalation: redirect it, add a note, or withdraw it and send it under \
             another reference."
                .to_owned()
        }
        Hint::DuplicateItself => {
            "That escalation is a duplicate itself; name the one that it is a duplicate of.".to_owned()
        }
        Hint::HasEnded => {
            "That escalation has ended, so nothing would go on there. Name one that is open, or link them instead."
                .to_owned()
        }
        Hint::HasItNow => {
            "That agency has to answer already, or stands for the one that has; name another one.".to_owned()
        }
        Hint::RaisedIt => {
            "That agency raised this, or stands for the one that did; name another one.".to_owned()
        }
        Hint::HadItBefore => {
            "That agency had to answer before and passed it on. Name another one, or decline; then the raising agency decides."
                .to_owned()
        }
        Hint::TimeAgreed => {
            "More time, a meeting or a pause was agreed for the answer that is awaited, and would be lost. Wait for the \
             answer or the next stage."
                .to_owned()
        }
        Hint::Between { after, latest } if after < latest => {
            format!("Name an instant after {after} and at the latest {latest}.")
        }
        Hint::Between { latest, .. } => {
            format!("The latest instant that is permitted, {latest}, is not later than now or what is due.")
        }
        Hint::NotBefore(day) => format!("This must not lie before the day of the ending, {day}."),
        Hint::NotAfter(day) => format!("This must not lie after the day of the ending, {day}."),
        Hint::Within { from, to } => format!("Name an instant from {from} to {to}."),
        Hint::Stages(numbers) if numbers.is_empty() => "There is no such stage for this urgency.".to_owned(),
        Hint::Stages(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(u8::to_string).collect();
            format!("Name one of the stages {}.", numbers.join(", "))
        }
        Hint::StageSkipped => {
            "The present stage is none for that urgency; take it to the next stage first.".to_owned()
        }
        Hint::LongerAlready(due_at) => {
            format!("The answer is due at {due_at} already, which is no earlier than with a meeting.")
        }
        Hint::InUse { from, to: None } => format!("The agency is part of the partnership from {from} on."),
        Hint::InUse { from, to: Some(to) } => {
            format!("The agency was part of the partnership from {from} to {to}.")
        }
        Hint::Over => "The end that was proposed has passed; propose another one.".to_owned(),
        Hint::SameUrgency => {
            "It is of this urgency already, and so are the limits that run; name another one.".to_owned()
        }
        Hint::NilReturnFrom(day) => {
            format!("A nil return for this week can be given from {day} on, when the week is nearly over.")
        }
        Hint::RaisedInWeek => {
            "The agency raised something in this week, so a nil return would contradict it. Nothing needs to be sent: \
             what was raised is counted."
                .to_owned()
        }
        Hint::DeclaredAlready => {
            "A change is declared for one of these charts from this week on. Withdraw that one first if it is wrong."
                .to_owned()
        }
        Hint::OtherChild => {
            "That escalation concerns another child; name one of the same child, or link them instead.".to_owned()
        }
    }
}
