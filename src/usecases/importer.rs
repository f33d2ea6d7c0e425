//! What taking files in needs from outside: how rows are read, and who is at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use uuid::Uuid;

use super::deps::Deps;
use super::failure::Failure;
use super::upsert::Sent;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::import::RowFault;

/// How a row is read, and how a refusal is told: the words of the contract, which this layer does not know.
pub trait RowForm: Send + Sync {
    /// Reads a row.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn read(&self, row: &[u8], schemes: &SchemePolicy) -> Result<Sent, Vec<RowFault>>;

    /// Tells why a row that was read is refused.
    fn refusal(&self, row: &[u8], failure: Failure) -> Vec<RowFault>;
}

/// Who works on files, and whether it was asked to stop.
#[derive(Debug, Clone)]
pub struct Importer {
    holder: Uuid,
    stopping: Arc<AtomicBool>,
}

impl Importer {
    /// One who works on files; each process has its own.
    #[must_use]
    pub fn new(deps: &Deps) -> Self {
        Self { holder: deps.ids.new_id(deps.clock.now()), stopping: Arc::default() }
    }

    /// By what others know whose lease it is.
    pub(super) const fn holder(&self) -> Uuid {
        self.holder
    }

    /// Asks it to stop after the row at hand.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
