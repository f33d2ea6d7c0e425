//! What is said inside one process when something was written or got its position: hints that save waiting, and nothing
//! that anybody may rely on.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use crate::domain::ids::PartnershipId;

/// How far a feed was known to have come, and when somebody last looked.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    position: i64,
    looked: Option<Instant>,
}

/// The hints of one process.
#[derive(Debug)]
pub struct Signals {
    written: Notify,
    news: watch::Sender<()>,
    stopping: watch::Sender<bool>,
    heads: Mutex<HashMap<PartnershipId, Known>>,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            written: Notify::new(),
            news: watch::Sender::new(()),
            stopping: watch::Sender::new(false),
            heads: Mutex::default(),
        }
    }
}

impl Signals {
    /// Says that something was committed that waits for its position.
    pub fn wrote(&self) {
        self.written.notify_one();
    }

    /// Waits until something was.
    pub async fn written(&self) {
        self.written.notified().await;
    }

    /// Says that a feed has come as far as this.
    pub fn sequenced(&self, partnership: PartnershipId, position: i64) {
        let mut heads = self.heads();
        let known = heads.entry(partnership).or_default();
        if position > known.position {
            known.position = position;
            drop(heads);
            self.news.send_replace(());
        }
    }

    /// Hears of every feed that comes further from now on. Ask how far it is after this, and nothing is missed.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// How far the feed is known to have come; 0 when nothing is known.
    #[must_use]
    pub fn position(&self, partnership: PartnershipId) -> i64 {
        self.heads().get(&partnership).map_or(0, |known| known.position)
    }

    /// Whether it is time to look how far the feed has come; then the caller is the one who looks.
    pub(super) fn may_look(&self, partnership: PartnershipId, every: Duration) -> bool {
        let mut heads = self.heads();
        let known = heads.entry(partnership).or_default();
        let may = known.looked.is_none_or(|looked| looked.elapsed() >= every);
        if may {
            known.looked = Some(Instant::now());
        }
        may
    }

    /// Says that the service is being stopped: whoever waits for news need wait no longer.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until the service is being stopped.
    pub async fn stopping(&self) {
        // The sender lives as long as this.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    fn heads(&self) -> MutexGuard<'_, HashMap<PartnershipId, Known>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
