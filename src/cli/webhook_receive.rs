//! `webhook receive`: a receiver that shows what comes, for trying endpoints before there is a real one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, to};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use clap::Args;
use tokio::sync::Notify;

use super::Outcome;
use super::terminal::{answer, note};
use super::webhook_verify::{Finding, examine, verifying_key};
use crate::usecases::deps::{Clock, SystemClock};
use crate::webhook::signature::{ID, SIGNATURE, SignedHeaders, TIMESTAMP, VerifyingKey};

/// How long the sender of the last message has for taking its answer, in seconds.
const LAST_ANSWER_SECONDS: u64 = 5;

/// Shows each message that comes, and whether it is genuine. The demonstration may call it where it listens by itself.
#[derive(Debug, Args)]
pub struct Receive {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:9900")]
    listen: SocketAddr,

    /// A key of the endpoint, `whpk_…` or `whsec_…`; without one, messages are shown and not verified.
    #[arg(long, value_parser = verifying_key, env = "ESCALATION_WEBHOOK_VERIFY_KEY", hide_env_values = true,
        value_delimiter = ',')]
    key: Vec<VerifyingKey>,

    /// What is answered to a message that is genuine, for example 500 to see it come again.
    #[arg(long, default_value_t = 204, value_parser = clap::value_parser!(u16).range(200..=599))]
    status: u16,

    /// End after so many messages.
    #[arg(long)]
    count: Option<u64>,
}

struct Desk {
    keys: Vec<VerifyingKey>,
    status: StatusCode,
    count: Option<u64>,
    seen: AtomicU64,
    enough: Notify,
}

impl Desk {
    /// Shows a message, and gives what is answered.
    fn take(&self, request: &HttpRequest, body: &[u8]) -> StatusCode {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let headers = SignedHeaders {
            id: header(ID),
            timestamp: header(TIMESTAMP),
            signature: header(SIGNATURE),
        };
        let found = if self.keys.is_empty() {
            Ok("not verified, because no --key was named".to_owned())
        } else {
            examine(&self.keys, headers, body, SystemClock.now())
                .map(|()| "genuine".to_owned())
                .map_err(|Finding { refused, hint }| match hint {
                    Some(hint) => format!("not accepted: {refused}; {hint}"),
                    None => format!("not accepted: {refused}"),
                })
        };
        let (status, verdict) = match found {
            Ok(verdict) => (self.status, verdict),
            Err(verdict) => (StatusCode::UNAUTHORIZED, verdict),
        };
        answer(&format!("{} {verdict}", visible(headers.id.unwrap_or("no webhook-id:"))));
        answer(&visible(&String::from_utf8_lossy(body)));
        let seen = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        if self.count.is_some_and(|count| seen >= count) {
            self.enough.notify_one();
        }
        status
    }
}

/// A text without what a terminal would obey: anybody may have sent it.
fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            if letter.is_control() { letter.escape_default().collect() } else { vec![letter] }
        })
        .collect()
}

async fn take(desk: Data<Desk>, request: HttpRequest, body: Bytes) -> HttpResponse {
    HttpResponse::build(desk.take(&request, &body)).finish()
}

impl Receive {
    /// Listens until stopped, or until so many messages have come.
    pub async fn run(self) -> Outcome {
        let desk = Data::from(Arc::new(Desk {
            keys: self.key,
            status: StatusCode::from_u16(self.status)?,
            count: self.count,
            seen: AtomicU64::new(0),
            enough: Notify::new(),
        }));
        let shared = desk.clone();
        let server =
            HttpServer::new(move || App::new().app_data(shared.clone()).default_service(to(take)))
                .workers(1)
                .bind(self.listen)
                .map_err(|error| {
                    format!("{}: {error}; --listen names another address", self.listen)
                })?;
        for address in server.addrs() {
            note(&format!("receiving at http://{address}/; Ctrl-C ends it"));
        }
        let mut server = server.shutdown_timeout(LAST_ANSWER_SECONDS).run();
        let handle = server.handle();
        tokio::select! {
            ended = &mut server => ended?,
            // What was taken last is answered before it ends: the server goes on until its stop is complete.
            () = desk.enough.notified() => tokio::join!(server, handle.stop(true)).0?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_comes_does_not_command_the_terminal() {
        assert_eq!(super::visible("a\u{1b}[31m\u{7}é\n"), "a\\u{1b}[31m\\u{7}é\\n");
    }
}
