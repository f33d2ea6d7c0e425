//! The HTTP server: one way to build it, used by the program and by the tests.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use utoipa_actix_web::AppExt;

use super::body::InputLimits;
use super::contract::no_operation;
use super::problems_everywhere::problems_everywhere;
use super::request_layer::request_layer;
use super::state::AppState;

/// How long requests in flight may take to end when the service is stopped.
const DRAIN_SECONDS: u64 = 25;

/// A server that listens on `listener`. It runs when awaited, and leaves signals to its owner.
///
/// # Errors
/// The listener cannot be used.
pub fn server(
    state: Data<AppState>,
    listener: TcpListener,
    workers: usize,
) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        let (app, _) = App::new().into_utoipa_app().configure(super::routes).split_for_parts();
        app.app_data(state.clone())
            .app_data(InputLimits::default())
            .configure(super::odata::serve)
            .configure(super::docs::docs)
            .configure(super::pages)
            .default_service(web::to(no_operation))
            .wrap(from_fn(problems_everywhere))
            .wrap(from_fn(request_layer))
    })
    .workers(workers)
    .client_request_timeout(Duration::from_secs(5))
    .shutdown_timeout(DRAIN_SECONDS)
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}
