//! What every operation works with.

use std::sync::Arc;

use super::auth::doors::Doors;
use super::contract::Contract;
use super::cursor::CursorKey;
use super::limits::{Limits, Quotas};
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
    /// How people can come in.
    pub doors: Doors,
    /// How much a client and an agency may ask; none for no limit.
    pub limits: Option<Limits>,
}

/// Without root secrets, cursors live as long as this process.
fn cursor_key(deps: &Deps) -> CursorKey {
    let keys = deps.vault.cursor_keys().unwrap_or_default();
    match keys.split_first() {
        Some((newest, earlier)) => CursorKey::new(newest).and_earlier(earlier),
        None => CursorKey::new(&[deps.ids.salt(), deps.ids.salt()].concat()),
    }
}

impl AppState {
    /// The state of a service that has just started, and that opens to bearer tokens only.
    #[must_use]
    pub fn new(deps: Deps, verifier: Verifier, demonstration: bool) -> Self {
        let cursors = cursor_key(&deps);
        Self {
            deps,
            verifier,
            cursors,
            contract: Arc::new(Contract::new()),
            draining: Arc::default(),
            demonstration,
            doors: Doors::closed(),
            limits: None,
        }
    }

    /// The same with limits for those who call its operations.
    #[must_use]
    pub fn with_limits(mut self, quotas: Quotas) -> Self {
        self.limits = Some(Limits::new(quotas));
        self
    }

    /// The same with another contract, such as one with other deprecations.
    #[must_use]
    pub fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = Arc::new(contract);
        self
    }

    /// The same with doors for people.
    #[must_use]
    pub fn with_doors(mut self, doors: Doors) -> Self {
        self.doors = doors;
        self
    }
}
