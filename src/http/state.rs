//! What every operation works with.

use std::sync::Arc;

use super::contract::Contract;
use super::cursor::CursorKey;
use super::token::Verifier;
use crate::usecases::Deps;

/// Shared by all operations of all workers.
pub struct AppState {
    /// The use cases' needs.
    pub deps: Deps,
    /// Checks access tokens.
    pub verifier: Verifier,
    /// Authenticates page cursors.
    pub cursors: CursorKey,
    /// The published contract.
    pub contract: Arc<Contract>,
    /// Whether the service is being stopped.
    pub draining: Arc<std::sync::atomic::AtomicBool>,
    /// Whether this is a demonstration with made-up data.
    pub demonstration: bool,
}

impl AppState {
    /// The state of a service that has just started.
    #[must_use]
    pub fn new(deps: Deps, verifier: Verifier, demonstration: bool) -> Self {
        let cursors = CursorKey::new(&deps.vault.cursor_key());
        Self {
            deps,
            verifier,
            cursors,
            contract: Arc::new(Contract::new()),
            draining: Arc::default(),
            demonstration,
        }
    }
}
