//! What is asked for by every request and changes rarely, kept for a few seconds.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Values by key, each good for a stated time. A change elsewhere shows here when that time is over.
#[derive(Debug)]
pub struct Cache<K, V> {
    life: Duration,
    most: usize,
    held: RwLock<HashMap<K, (Instant, V)>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// A cache whose values are good for `life`, at most `most` of them.
    #[must_use]
    pub fn new(life: Duration, most: usize) -> Self {
        Self { life, most, held: RwLock::default() }
    }

    /// The value, while it is good.
    pub fn get(&self, key: &K) -> Option<V> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.get(key).filter(|(since, _)| since.elapsed() < self.life).map(|(_, v)| v.clone())
    }

    /// Keeps a value. A full cache starts anew: callers with made-up keys must not make it grow.
    pub fn put(&self, key: K, value: V) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= self.most {
            held.clear();
        }
        held.insert(key, (Instant::now(), value));
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.held.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
