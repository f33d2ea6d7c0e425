//! What Prometheus reads, on an address of its own that needs no token; no part of the contract.

use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::web::Data;
use actix_web::{App, HttpResponse, HttpServer, get};

use crate::usecases::{Deps, metrics};

/// The text form of OpenMetrics, which Prometheus reads.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[get("/metrics")]
async fn read_metrics(deps: Data<Deps>) -> HttpResponse {
    match metrics::text(&deps).await {
        Ok(text) => HttpResponse::Ok().content_type(TEXT).body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// A server for `/metrics` and nothing else. It runs when awaited.
///
/// # Errors
/// The listener cannot be used.
pub fn server(deps: Deps, listener: TcpListener) -> std::io::Result<Server> {
    let deps = Data::new(deps);
    let server = HttpServer::new(move || App::new().app_data(deps.clone()).service(read_metrics))
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}
