//! What an agency's own systems call the case of an escalation, so that each finds the other's record. Never a child.

use jiff::Timestamp;

use super::broken_rule::{BrokenRule, FieldRule};
use super::check_digits::{is_nhs_number, is_upn};
use super::ids::{AgencyId, EscalationId, ExternalIdId};
use super::recorded::Recorded;

/// One name of an agency's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalName {
    /// The system that uses it.
    pub system: String,
    /// What kind of record it names there, for example `s47_enquiry`.
    pub kind: String,
    /// The name itself.
    pub value: String,
}

impl ExternalName {
    /// Refuses what names a child rather than a record.
    ///
    /// # Errors
    /// It is an NHS number or a unique pupil number.
    pub fn check(&self) -> Result<(), BrokenRule> {
        if is_nhs_number(&self.value) || is_upn(&self.value) {
            return Err(BrokenRule::field("value", FieldRule::PersonalData));
        }
        Ok(())
    }
}

/// A name that an agency gave an escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId {
    /// Its identifier here.
    pub id: ExternalIdId,
    /// The escalation.
    pub escalation: EscalationId,
    /// The agency whose name it is.
    pub agency: AgencyId,
    /// The name.
    pub name: ExternalName,
    /// Who gave it, and when.
    pub recorded: Recorded,
    /// When somebody said that it does not belong here.
    pub removed_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_childs_own_number_is_no_name_of_a_case() {
        let name = |value: &str| ExternalName {
            system: "mosaic".to_owned(),
            kind: "s47_enquiry".to_owned(),
            value: value.to_owned(),
        };
        assert!(name("4711").check().is_ok());
        assert!(name("S47-2026-0042").check().is_ok());
        // A number of the test range, with its check digit.
        assert_eq!(name("9990000018").check().is_err(), is_nhs_number("9990000018"));
        let refused =
            (9_990_000_000_u64..9_990_000_030).filter(|it| name(&it.to_string()).check().is_err());
        assert!(refused.count() > 0);
    }
}
