//! Why a use case did not do what was asked.

use crate::domain::broken_rule::{BrokenRule, FieldRule};
use crate::domain::erasure::CannotErase;
use crate::domain::ids::{EscalationId, PracticeRecordId};
use crate::domain::papers::release::CannotRelease;
use crate::domain::sign_off::CannotSign;
use crate::store::StoreFailure;
use crate::vault::CannotOpen;
use crate::webhook::address::NotAllowed;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It does not exist, or is not for this caller to know of.
    #[error("not found")]
    NotFound,
    /// The caller's role may not do this.
    #[error("this role may not do this")]
    Forbidden,
    /// A rule of the domain stands against it.
    #[error(transparent)]
    Broken(#[from] BrokenRule),
    /// The sender's reference is taken by this escalation.
    #[error("the external reference is taken")]
    DuplicateExternalReference(EscalationId),
    /// The sender's reference is taken by this informal resolution or commendation.
    #[error("the external reference is taken")]
    DuplicatePracticeRecord(PracticeRecordId),
    /// The escalation has changed since the caller read it.
    #[error("changed since it was read")]
    Stale,
    /// The same key is at work on another request.
    #[error("a request with this key is under way")]
    KeyInProgress,
    /// The key stands for another request.
    #[error("the key stands for another request")]
    KeyReused,
    /// The review cannot be signed so.
    #[error(transparent)]
    CannotSign(CannotSign),
    /// The pack cannot be made or released so.
    #[error(transparent)]
    CannotRelease(CannotRelease),
    /// It cannot be erased so.
    #[error(transparent)]
    CannotErase(#[from] CannotErase),
    /// What stands does not allow it now, for this reason.
    #[error("not possible now")]
    NotNow(&'static str),
    /// The partnership has not agreed on what is needed, for example a stage policy.
    #[error("the partnership has no {0}")]
    NotSetUp(&'static str),
    /// The address may not be called.
    #[error(transparent)]
    Url(NotAllowed),
    /// A stored secret cannot be opened.
    #[error(transparent)]
    Sealed(#[from] CannotOpen),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl Failure {
    /// One member of the request breaks a rule.
    #[must_use]
    pub fn field(field: &'static str, rule: FieldRule) -> Self {
        Self::Broken(BrokenRule::field(field, rule))
    }
}
