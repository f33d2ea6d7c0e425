//! What would be right, in words: the advice that only the rules of an escalation can give.

use crate::domain::broken_rule::Hint;

/// The advice, for the `detail` of one fault.
pub(super) fn words(hint: &Hint) -> String {
    match hint {
        Hint::OccurrenceStands => {
            "That the process happened is recorded. Only the Director takes it back or says that it happened earlier."
                .to_owned()
        }
    }
}
