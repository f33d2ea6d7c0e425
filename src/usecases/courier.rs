//! Whoever delivers in one process: who is at work for which endpoint, and which endpoints rest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use crate::domain::ids::WebhookEndpointId;
use crate::domain::webhook::{Due, rest_after};

/// How many lanes of one endpoint are sent at once.
const LANES: usize = 4;
/// How many statements of delivering may be at the database at once, so that requests always find a connection.
const AT_THE_DATABASE: usize = 3;

/// Whoever delivers in this process.
#[derive(Debug)]
pub struct Courier {
    at_work: Mutex<BTreeMap<WebhookEndpointId, usize>>,
    refusing: Mutex<BTreeMap<WebhookEndpointId, Refusing>>,
    ended: Notify,
    database: Semaphore,
    stopping: AtomicBool,
}

impl Default for Courier {
    fn default() -> Self {
        Self {
            at_work: Mutex::default(),
            refusing: Mutex::default(),
            ended: Notify::new(),
            database: Semaphore::new(AT_THE_DATABASE),
            stopping: AtomicBool::new(false),
        }
    }
}

/// An endpoint at which attempts failed one after another.
#[derive(Debug, Clone, Copy)]
struct Refusing {
    failures: u32,
    rests_until: Timestamp,
}

/// Somebody of this process who sends to an endpoint, until it is dropped.
pub(super) struct AtWork {
    courier: Arc<Courier>,
    endpoint: WebhookEndpointId,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut at_work = self.courier.at_work();
        if let Some(count) = at_work.get_mut(&self.endpoint) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                at_work.remove(&self.endpoint);
            }
        }
        self.courier.ended.notify_one();
    }
}

impl Courier {
    /// Asks it to stop after the messages that are on their way.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Waits until somebody who was sending has ended: there may be more to send.
    pub async fn has_ended(&self) {
        self.ended.notified().await;
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn at_work(&self) -> std::sync::MutexGuard<'_, BTreeMap<WebhookEndpointId, usize>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusing(&self) -> std::sync::MutexGuard<'_, BTreeMap<WebhookEndpointId, Refusing>> {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers how an attempt ended. An endpoint where one after another fails rests, longer each time: every event would
    /// otherwise cost an attempt that fails, at the expense of those who record.
    pub(super) fn ended(&self, endpoint: WebhookEndpointId, arrived: bool, now: Timestamp) {
        let mut refusing = self.refusing();
        if arrived {
            refusing.remove(&endpoint);
            return;
        }
        let failures = refusing.get(&endpoint).map_or(0, |it| it.failures).saturating_add(1);
        let rest = rest_after(failures);
        let rests_until = now.checked_add(rest).unwrap_or(now);
        refusing.insert(endpoint, Refusing { failures, rests_until });
    }

    /// Waits for a turn at the database, and keeps it until it is dropped.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.database.acquire().await.ok()
    }

    /// How many more may send to an endpoint. Whoever does not answer gets one call at a time.
    pub(super) fn free(&self, it: &Due, now: Timestamp) -> usize {
        // One that was enabled again does not fail any more, whatever is remembered here.
        if it.failing && self.refusing().get(&it.endpoint).is_some_and(|it| it.rests_until > now) {
            return 0;
        }
        let lanes = if it.failing { 1 } else { LANES };
        lanes.saturating_sub(self.at_work().get(&it.endpoint).copied().unwrap_or(0))
    }

    /// One more sends to an endpoint.
    pub(super) fn begin(self: &Arc<Self>, endpoint: WebhookEndpointId) -> AtWork {
        *self.at_work().entry(endpoint).or_default() += 1;
        AtWork { courier: Arc::clone(self), endpoint }
    }
}
