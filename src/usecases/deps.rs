//! What every use case works with: the database, the clock, chance and the keys.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::cache::Cache;
use super::metrics::Metrics;
use super::signals::Signals;
use crate::domain::child_reference::SchemePolicy;
use crate::domain::ids::{IdSource, PartnershipId, uuid_v7};
use crate::domain::partnership::Partnership;
use crate::store::Pool;
use crate::store::clients::Registration;
use crate::vault::{PartnershipKeys, Vault};
use crate::webhook::send::Outside;

/// How long a changed registration or reference row may go unseen. Revocation must take effect
/// within five seconds.
const CACHE_LIFE: Duration = Duration::from_secs(3);

/// How often all partnerships are swept when the settings do not say.
const USUAL_SWEEP: Duration = Duration::from_secs(15);

/// How many days backups live when the settings do not say (`trust.md` §5.6).
pub const USUAL_BACKUP_DAYS: u16 = 35;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock, cut to the microseconds that PostgreSQL keeps, so that what is answered is what is stored.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system's time enters")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// Identifiers from the operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn new_id(&self, now: Timestamp) -> uuid::Uuid {
        uuid_v7(now, &random())
    }

    fn salt(&self) -> [u8; 16] {
        random()
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut random = [0; N];
    // The operating system's randomness fails only where nothing else would work either.
    let filled = aws_lc_rs::rand::fill(&mut random);
    assert!(filled.is_ok(), "the operating system gives randomness");
    random
}

/// What the use cases need.
#[derive(Clone)]
pub struct Deps {
    /// The database.
    pub pool: Pool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New identifiers.
    pub ids: Arc<dyn IdSource>,
    /// The keys.
    pub vault: Arc<Vault>,
    /// Which child references are accepted.
    pub schemes: Arc<SchemePolicy>,
    /// How often all partnerships are swept.
    pub sweep_every: Duration,
    /// The way to receivers of webhooks.
    pub outside: Outside,
    /// A folder outside for copies of signed checkpoints.
    pub checkpoint_dir: Option<PathBuf>,
    /// How many days a backup of the database lives, and with it what was destroyed since.
    pub backup_days: u16,
    /// What the service counts about itself.
    pub metrics: Arc<Metrics>,
    /// What is said inside this process when something was written, or got its position.
    pub signals: Arc<Signals>,
    /// Partnerships, as read a moment ago.
    pub(super) partnerships: Arc<Cache<PartnershipId, Arc<Partnership>>>,
    /// The keys of partnerships. They never change, so that what was read once stays good.
    pub(super) keys: Arc<Cache<PartnershipId, Arc<PartnershipKeys>>>,
    /// Registrations, as read a moment ago; also the absence of one.
    pub(super) registrations: Arc<Cache<(String, String), Option<Registration>>>,
}

impl Deps {
    /// Everything with the machine's clock and randomness.
    #[must_use]
    pub fn new(pool: Pool, vault: Arc<Vault>, schemes: SchemePolicy) -> Self {
        Self {
            pool,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            vault,
            schemes: Arc::new(schemes),
            sweep_every: USUAL_SWEEP,
            outside: Outside::default(),
            checkpoint_dir: None,
            backup_days: USUAL_BACKUP_DAYS,
            metrics: Arc::default(),
            signals: Arc::default(),
            partnerships: Arc::new(Cache::new(CACHE_LIFE, 1_000)),
            keys: Arc::new(Cache::new(Duration::MAX, 1_000)),
            registrations: Arc::new(Cache::new(CACHE_LIFE, 10_000)),
        }
    }

    /// The same with another clock and other identifiers.
    #[must_use]
    pub fn with(mut self, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        self.clock = clock;
        self.ids = ids;
        self
    }

    /// Forgets what was read a moment ago.
    pub fn forget(&self) {
        self.partnerships.clear();
        self.registrations.clear();
    }
}
