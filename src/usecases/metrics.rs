//! What the service counts about itself, in the form that Prometheus reads. Labels come from closed lists only.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::deps::Deps;
use crate::domain::notice::NoticeKind;
use crate::domain::sharing_agreement::AgreementState;
use crate::domain::webhook::AttemptOutcome;
use crate::store::feed::FeedState;
use crate::store::sweeps::SweepState;
use crate::store::{StoreFailure, feed, sweeps, webhooks};

/// The upper ends of the classes of a sweep's duration, in seconds.
const SWEEP_SECONDS: [f64; 8] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRequest {
    method: &'static str,
    /// The pattern of the path, never the path that was asked for.
    path: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfNotice {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfWebhook {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfAgreement {
    state: &'static str,
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<OfRequest, Counter>,
    fired: Family<OfNotice, Counter>,
    sweep_duration: Histogram,
    sent: Family<OfWebhook, Counter>,
    webhooks_disabled: Gauge,
    webhooks_waiting: Gauge,
    webhooks_oldest: Gauge<f64, AtomicU64>,
    database_up: Gauge,
    last_sweep: Gauge<f64, AtomicU64>,
    waiting: Gauge,
    oldest_waiting: Gauge<f64, AtomicU64>,
    sequenced: Counter,
    feed_entries: Gauge,
    feed_waiting: Gauge,
    feed_oldest_waiting: Gauge<f64, AtomicU64>,
    agreements: Family<OfAgreement, Gauge>,
    agreement_days_left: Gauge<f64, AtomicU64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut made = Self {
            registry: Registry::with_prefix("escalation_tracker"),
            requests: Family::default(),
            fired: Family::default(),
            sweep_duration: Histogram::new(SWEEP_SECONDS),
            sent: Family::default(),
            webhooks_disabled: Gauge::default(),
            webhooks_waiting: Gauge::default(),
            webhooks_oldest: Gauge::default(),
            database_up: Gauge::default(),
            last_sweep: Gauge::default(),
            waiting: Gauge::default(),
            oldest_waiting: Gauge::default(),
            sequenced: Counter::default(),
            feed_entries: Gauge::default(),
            feed_waiting: Gauge::default(),
            feed_oldest_waiting: Gauge::default(),
            agreements: Family::default(),
            agreement_days_left: Gauge::default(),
        };
        made.register();
        made
    }
}

impl Metrics {
    fn register(&mut self) {
        let it = &mut self.registry;
        it.register("http_requests", "Requests that were answered", self.requests.clone());
        it.register(
            "timers_fired",
            "Timers that fired here, by what they led to",
            self.fired.clone(),
        );
        it.register_with_unit(
            "sweep_duration",
            "How long a sweep of all partnerships took here",
            Unit::Seconds,
            self.sweep_duration.clone(),
        );
        it.register(
            "database_up",
            "Whether the database answered just now",
            self.database_up.clone(),
        );
        it.register_with_unit(
            "last_sweep_timestamp",
            "When the partnership that was swept longest ago was swept, since 1970",
            Unit::Seconds,
            self.last_sweep.clone(),
        );
        it.register(
            "timers_due",
            "Timers of all partnerships that are due and have not fired",
            self.waiting.clone(),
        );
        it.register_with_unit(
            "timers_due_oldest_age",
            "For how long the oldest of these has been due; 0 when there is none",
            Unit::Seconds,
            self.oldest_waiting.clone(),
        );
        it.register(
            "feed_sequenced",
            "Events and notices that got their position in a feed here",
            self.sequenced.clone(),
        );
        it.register(
            "feed_entries",
            "Events and notices that have a position, in the feeds of all partnerships",
            self.feed_entries.clone(),
        );
        it.register(
            "feed_waiting",
            "Events and notices that are committed and have no position yet",
            self.feed_waiting.clone(),
        );
        it.register_with_unit(
            "feed_waiting_oldest_age",
            "For how long the oldest of these has waited; 0 when there is none",
            Unit::Seconds,
            self.feed_oldest_waiting.clone(),
        );
        it.register(
            "webhook_deliveries",
            "Attempts to deliver a message that were made here, by what came of them",
            self.sent.clone(),
        );
        it.register(
            "webhook_endpoints_disabled",
            "Endpoints of all partnerships that were disabled because nothing arrived",
            self.webhooks_disabled.clone(),
        );
        it.register(
            "webhook_deliveries_waiting",
            "Deliveries that wait at endpoints which are not disabled",
            self.webhooks_waiting.clone(),
        );
        it.register_with_unit(
            "webhook_deliveries_oldest_age",
            "For how long the oldest of these has waited; 0 when there is none",
            Unit::Seconds,
            self.webhooks_oldest.clone(),
        );
        it.register(
            "agency_agreements",
            "Agencies of all partnerships that take part and raise, by how it stands with their sharing agreement",
            self.agreements.clone(),
        );
        it.register(
            "agency_agreement_days_left",
            "For how many days the agreement that ends first is still in force; NaN when none is, or nobody has looked yet",
            self.agreement_days_left.clone(),
        );
        self.agreement_days_left.set(f64::NAN);
        for outcome in AttemptOutcome::ALL {
            let _ = self.sent.get_or_create(&OfWebhook { result: outcome.code() });
        }
        // Each kind is there from the start, so that an increase from nothing can be seen.
        for kind in NoticeKind::ALL {
            let _ = self.fired.get_or_create(&OfNotice { kind: kind.code() });
        }
    }

    /// Counts a request. `path` is the pattern of an operation, or `-`.
    pub fn answered(&self, method: &'static str, path: &str, status: u16) {
        self.requests.get_or_create(&OfRequest { method, path: path.to_owned(), status }).inc();
    }

    pub(super) fn webhook_sent(&self, outcome: AttemptOutcome) {
        self.sent.get_or_create(&OfWebhook { result: outcome.code() }).inc();
    }

    pub(super) fn fired(&self, kind: NoticeKind) {
        self.fired.get_or_create(&OfNotice { kind: kind.code() }).inc();
    }

    pub(super) fn agreements(&self, state: AgreementState, agencies: i64) {
        self.agreements.get_or_create(&OfAgreement { state: state.code() }).set(agencies);
    }

    pub(super) fn agreement_days_left(&self, days: f64) {
        self.agreement_days_left.set(days);
    }

    pub(super) fn sequenced(&self, entries: usize) {
        self.sequenced.inc_by(u64::try_from(entries).unwrap_or(u64::MAX));
    }

    pub(super) fn swept(&self, took: Duration) {
        self.sweep_duration.observe(took.as_secs_f64());
    }
}

/// All metrics as text. How far sweeping has come is asked now, so that it shows also when nobody sweeps; what the
/// database does not tell is no number.
///
/// # Errors
/// Never: memory does not refuse to be written to.
pub async fn text(deps: &Deps) -> Result<String, std::fmt::Error> {
    let it = &deps.metrics;
    let asked = asked(deps).await;
    it.database_up.set(i64::from(asked.is_ok()));
    let now = deps.clock.now();
    let (sweep, feed) = asked.map_or((None, None), |(sweep, feed)| (Some(sweep), Some(feed)));
    let seconds = |duration: jiff::SignedDuration| duration.as_secs_f64();
    let swept = sweep.and_then(|it| it.swept_until);
    it.last_sweep.set(swept.map_or(f64::NAN, |at| seconds(at.as_duration())));
    it.waiting.set(sweep.map_or(-1, |it| it.waiting));
    it.oldest_waiting.set(sweep.map_or(f64::NAN, |it| {
        it.oldest_waiting.map_or(0.0, |at| seconds(now.duration_since(at)))
    }));
    it.feed_entries.set(feed.map_or(-1, |it| it.entries));
    it.feed_waiting.set(feed.map_or(-1, |it| it.waiting));
    it.feed_oldest_waiting.set(feed.map_or(f64::NAN, |it| it.oldest_seconds));
    let (disabled, waiting, oldest) = webhooks_asked(deps).await.unwrap_or((-1, -1, f64::NAN));
    it.webhooks_disabled.set(disabled);
    it.webhooks_waiting.set(waiting);
    it.webhooks_oldest.set(oldest);
    let mut written = String::new();
    text::encode(&mut written, &it.registry)?;
    Ok(written)
}

async fn webhooks_asked(deps: &Deps) -> Result<(i64, i64, f64), StoreFailure> {
    let mut conn = deps.pool.get().await?;
    let (disabled, waiting, oldest) = webhooks::state(&mut conn).await?;
    let now = deps.clock.now();
    Ok((disabled, waiting, oldest.map_or(0.0, |at| now.duration_since(at).as_secs_f64())))
}

async fn asked(deps: &Deps) -> Result<(SweepState, FeedState), StoreFailure> {
    let mut conn = deps.pool.get().await?;
    let sweep = sweeps::state(&mut conn, deps.clock.now()).await?;
    Ok((sweep, feed::state(&mut conn).await?))
}
