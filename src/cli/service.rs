//! Running the service until it is told to stop, then letting requests in flight end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::web::Data;
use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use super::database::Database;
use super::terminal::note;
use crate::http::import_rows::ContractRows;
use crate::http::limits::Quotas;
use crate::http::metrics;
use crate::http::server::server;
use crate::http::state::AppState;
use crate::settings::{Mode, ServiceSettings};
use crate::webhook::address::{Rules, host_of};
use crate::webhook::send::Outside;
use crate::worker::Worker;

/// The ports that are ours.
pub struct Listeners {
    /// For the service.
    pub service: TcpListener,
    /// For metrics, if they are served.
    pub metrics: Option<TcpListener>,
}

/// Ports that are ours, so that a taken one is told before anything else is done.
///
/// # Errors
/// An address is taken or is not this machine's.
pub fn listen(settings: &ServiceSettings) -> Result<Listeners, String> {
    let bind = |address: SocketAddr, setting: &str| {
        TcpListener::bind(address).map_err(|error| {
            format!("cannot listen on {address}: {error}; choose another address with {setting}")
        })
    };
    let metrics = settings.metrics_listen.0;
    Ok(Listeners {
        service: bind(settings.listen, "--listen")?,
        metrics: metrics.map(|address| bind(address, "--metrics-listen")).transpose()?,
    })
}

/// Serves and sweeps until SIGTERM or SIGINT, then drains, closes the pool and stops the program's own PostgreSQL.
///
/// # Errors
/// The server or the database does not stop as it should, or the program's own PostgreSQL ended by itself.
pub async fn run(
    state: AppState,
    listeners: Listeners,
    settings: &ServiceSettings,
    mut database: Database,
) -> Outcome {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = settings.workers.map_or(cores, usize::from);
    let state = Data::new(state.with_limits(Quotas {
        client: settings.client_requests_per_minute,
        agency: settings.agency_requests_per_minute,
    }));
    let draining = Arc::clone(&state.draining);
    let deps = state.deps.clone();
    let server = server(state, listeners.service, workers)?;
    let handle = server.handle();
    let running = tokio::spawn(server);
    if let Some(listener) = listeners.metrics {
        note(&format!("metrics at http://{}/metrics", listener.local_addr()?));
        tokio::spawn(metrics::server(deps.clone(), listener)?);
    }
    let worker = Worker::start(deps.clone(), Arc::new(ContractRows));

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let lost_database = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        () = database.ended() => true,
    };
    note("stopping: requests in flight may end");
    draining.store(true, Ordering::Relaxed);
    deps.signals.stop();
    tokio::time::sleep(Duration::from_secs(settings.drain_delay_seconds)).await;
    worker.stop().await;
    handle.stop(true).await;
    running.await??;
    deps.pool.close();
    database.close().await?;
    if lost_database {
        return Err("the program's own PostgreSQL ended; see postgres.log in its directory, and \
             start again: what was acknowledged is there"
            .into());
    }
    Ok(())
}

/// The way to receivers of webhooks; each that is listed is named.
///
/// # Errors
/// The certificates of their authorities cannot be read.
pub fn outside(
    settings: &ServiceSettings,
    public_url: Option<&str>,
) -> Result<Outside, Box<dyn std::error::Error + Send + Sync>> {
    let listed = settings.webhook_allow_hosts.0.clone();
    let listed_without_tls = settings.mode == Mode::Development;
    for receiver in &listed {
        let tls = if listed_without_tls { ", also without TLS" } else { "" };
        note(&format!("WEBHOOK_ALLOW_HOSTS: webhooks may go to {receiver}, inside or not{tls}"));
    }
    let own = public_url.and_then(host_of).into_iter().collect();
    let roots = settings.webhook_root_certificates.as_ref().map(std::fs::read).transpose()?;
    Ok(Outside::new(Rules { listed, listed_without_tls, own }, roots.as_deref())?)
}
