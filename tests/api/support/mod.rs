//! A service to test against: real HTTP, a real PostgreSQL, a database of its own for each test, a clock that the
//! test sets.

pub mod asking;
pub mod breaking;
pub mod browser;
pub mod chance_acts;
pub mod cluster;
pub mod histories;
pub mod kept_log;
pub mod node;
pub mod oidc;
pub mod operations;
pub mod past;
pub mod people;
pub mod program;
pub mod real_provider;
pub mod receiver;
pub mod recompute;
pub mod recount;
pub mod recount_beside;
pub mod recount_check;
pub mod recount_figures;
pub mod story;
pub mod tokens;

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::web::Data;
use escalation_tracker::domain::child_reference::SchemePolicy;
use escalation_tracker::domain::ids::PartnershipId;
use escalation_tracker::http::auth::doors::Doors;
use escalation_tracker::http::server::server;
use escalation_tracker::http::state::AppState;
use escalation_tracker::usecases::chain::sequence_all;
use escalation_tracker::usecases::deps::{Clock, RandomIds};
use escalation_tracker::usecases::{Deps, setup};
use escalation_tracker::vault::Vault;
use escalation_tracker::webhook::send::Outside;
use jiff::Timestamp;

use cluster::TestDatabase;
use people::Person;

/// How much of a long check is done: `usual`, or `all` where EVERYTHING is set.
pub fn thorough<T>(usual: T, all: T) -> T {
    if std::env::var_os("EVERYTHING").is_some() { all } else { usual }
}

/// The instant at which every test begins: a Wednesday in winter, 10:00 in London.
pub const START: &str = "2026-11-18T10:00:00Z";

/// A clock that stands still until the test moves it.
pub struct TestClock(Mutex<Timestamp>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl TestClock {
    /// Moves the clock.
    pub fn set(&self, to: &str) {
        *self.0.lock().unwrap() = to.parse().unwrap();
    }

    /// Moves the clock on.
    pub fn advance(&self, by: jiff::SignedDuration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }
}

/// A running service. Dropping it drops its database.
pub struct TestApp {
    /// Where it listens.
    pub url: String,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// Its use cases' needs.
    pub deps: Deps,
    /// The partnership "ANY".
    pub partnership: PartnershipId,
    /// Its database.
    pub database: TestDatabase,
    http: reqwest::Client,
    handle: actix_web::dev::ServerHandle,
}

impl TestApp {
    /// Starts a service with the partnerships of [`people`].
    pub async fn start() -> Self {
        Self::start_with(Self::usual).await
    }

    /// The partnerships of [`people`].
    pub async fn usual(deps: &Deps) -> PartnershipId {
        let partnership = setup::apply(deps, &people::anyborough()).await.unwrap();
        setup::apply(deps, &people::elsewhere()).await.unwrap();
        partnership
    }

    /// Starts a service with what `fill` puts into its database; it gives the partnership "ANY".
    pub async fn start_with(fill: impl AsyncFnOnce(&Deps) -> PartnershipId) -> Self {
        Self::start_with_doors(fill, |_| Doors::closed()).await
    }

    /// The same with doors for people, which may need to know where the service listens.
    pub async fn start_with_doors(
        fill: impl AsyncFnOnce(&Deps) -> PartnershipId,
        doors: impl FnOnce(&str) -> Doors,
    ) -> Self {
        Self::start_as(fill, |state, url| state.with_doors(doors(url))).await
    }

    /// The same with a state of one's own, made of the usual one and of where the service listens.
    pub async fn start_as(
        fill: impl AsyncFnOnce(&Deps) -> PartnershipId,
        change: impl FnOnce(AppState, &str) -> AppState,
    ) -> Self {
        Self::start_whole(fill, change, receiver::outside(&[])).await
    }

    /// Starts a service that calls receivers of webhooks this way.
    pub async fn start_calling(outside: Outside) -> Self {
        Self::start_whole(Self::usual, |state, _| state, outside).await
    }

    async fn start_whole(
        fill: impl AsyncFnOnce(&Deps) -> PartnershipId,
        change: impl FnOnce(AppState, &str) -> AppState,
        outside: Outside,
    ) -> Self {
        let database = TestDatabase::create().await;
        let clock = Arc::new(TestClock(Mutex::new(START.parse().unwrap())));
        let schemes = SchemePolicy { test_range_allowed: true, ..SchemePolicy::default() };
        let vault = Arc::new(Vault::new([7; 32]));
        let mut deps =
            Deps::new(database.pool(), vault, schemes).with(clock.clone(), Arc::new(RandomIds));
        deps.outside = outside;
        let partnership = fill(&deps).await;

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = AppState::new(deps.clone(), tokens::verifier().await, true);
        let state = change(state, &url);
        let server = server(Data::new(state), listener, 1).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, clock, deps, partnership, database, http: http_client(), handle }
    }

    /// Starts the service anew on the same database, with other root secrets. Nothing else of the process stays.
    pub async fn restart(&mut self, vault: Vault) {
        drop(self.handle.stop(false));
        self.deps.pool.close();
        let schemes = (*self.deps.schemes).clone();
        let deps = Deps::new(self.database.pool(), Arc::new(vault), schemes);
        self.deps = deps.with(self.clock.clone(), Arc::new(RandomIds));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        self.url = format!("http://{}", listener.local_addr().unwrap());
        let state = AppState::new(self.deps.clone(), tokens::verifier().await, true);
        let server = server(Data::new(state), listener, 1).unwrap();
        self.handle = server.handle();
        tokio::spawn(server);
    }

    /// Gives everything that was committed its position in the feed, as the program's worker does all the time.
    pub async fn sequence(&self) -> usize {
        sequence_all(&self.deps).await.unwrap()
    }

    /// Somebody who calls the service with the token of a registered client.
    pub fn person(&self, client_id: &str) -> Person<'_> {
        let now = self.clock.now();
        Person::new(self, tokens::Token::of(client_id).at(now).signed())
    }

    /// Another person who calls the service with the same registered client.
    pub fn colleague(&self, client_id: &str) -> Person<'_> {
        let token = tokens::Token::of(client_id).at(self.clock.now());
        let subject = format!("colleague-at-{client_id}");
        Person::new(self, token.with("sub", subject.into()).signed())
    }

    /// Somebody who calls without a token.
    pub fn stranger(&self) -> Person<'_> {
        Person::new(self, String::new())
    }

    /// Somebody who calls with this token.
    pub fn bearer(&self, token: String) -> Person<'_> {
        Person::new(self, token)
    }

    /// The raising agency of most tests.
    pub fn police(&self) -> Person<'_> {
        self.person("test-police")
    }

    /// The answering agency of most tests.
    pub fn childrens_services(&self) -> Person<'_> {
        self.person("test-cs")
    }

    /// An agency that is not involved.
    pub fn health(&self) -> Person<'_> {
        self.person("test-health")
    }

    /// The Director.
    pub fn director(&self) -> Person<'_> {
        self.person("test-director")
    }
}

/// A client that lets go of a connection before the server does, so that no request is sent into one that is closing.
fn http_client() -> reqwest::Client {
    reqwest::Client::builder().pool_idle_timeout(std::time::Duration::from_secs(1)).build().unwrap()
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let handle = self.handle.clone();
        // The server ends on its own workers; nothing here has to wait for it.
        drop(handle.stop(false));
        self.deps.pool.close();
    }
}
