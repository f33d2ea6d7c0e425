//! A file sent to a service over HTTP, and what came of it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use serde_json::Value;

use super::api_client::{NotDone, Service, bytes};
use super::terminal::note;
use crate::sha256::hexadecimal;

/// How often it is asked how far the service is.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How often that is told where nobody sees a bar move.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// For how long a service that does not answer is asked again.
const GIVE_UP_AFTER: Duration = Duration::from_secs(120);

/// A file and how it is to be taken in.
#[derive(Debug, Clone)]
pub struct ToSend {
    /// Its media type.
    pub kind: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The sending system, where its rows do not say.
    pub source: Option<String>,
    /// Whether it is only checked.
    pub dry_run: bool,
    /// Whether a refused row stops the others.
    pub all_or_nothing: bool,
    /// What makes this sending another one than the same bytes at another time.
    pub occasion: String,
}

/// What came of a file.
#[derive(Debug, Clone)]
pub struct Done {
    /// The report, with its first rows that were refused.
    pub report: Value,
    /// The report as a file.
    pub file: Vec<u8>,
}

impl Done {
    /// How many rows have this result.
    pub fn count(&self, of: &str) -> u64 {
        self.report.pointer(&format!("/counts/{of}")).and_then(Value::as_u64).unwrap_or(0)
    }

    /// How many rows have to be corrected.
    pub fn refused(&self) -> u64 {
        self.count("rejected") + self.count("duplicate")
    }
}

/// Sends a file, waits until it has ended, and reads what came of it.
///
/// # Errors
/// The service is away, or does not take the file.
pub async fn take_in(service: &Service, file: &ToSend) -> Result<Done, NotDone> {
    let path = send(service, file).await?;
    let bar = bar();
    let (mut told, mut heard) = (Instant::now(), Instant::now());
    loop {
        match service.read(&format!("{path}?limit=1")).await {
            Ok(report) => {
                heard = Instant::now();
                let count = |of: &str| {
                    report.pointer(&format!("/counts/{of}")).and_then(Value::as_u64).unwrap_or(0)
                };
                let (all, done) = (count("rows"), count("rows").saturating_sub(count("waiting")));
                bar.set_length(all);
                bar.set_position(done);
                let state = report.get("state").and_then(Value::as_str);
                if state.is_some_and(|it| ["succeeded", "failed"].contains(&it)) {
                    break;
                }
                if bar.is_hidden() && told.elapsed() >= TELL_EVERY {
                    told = Instant::now();
                    note(&format!("{done} of {all} rows"));
                }
            }
            // The service goes on by itself, also after a restart; so does this.
            Err(NotDone::Away(why)) if heard.elapsed() < GIVE_UP_AFTER => {
                if told.elapsed() >= TELL_EVERY {
                    told = Instant::now();
                    note(&format!("waiting for the service: {why}"));
                }
            }
            Err(other) => return Err(other),
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    bar.finish_and_clear();
    let rejected = service.read(&format!("{path}?status=rejected&limit=20")).await?;
    let mut report = rejected;
    if report.get("rows").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        report = service.read(&format!("{path}?status=duplicate&limit=20")).await?;
    }
    let request = service.request(Method::GET, service.at(&path)?).header(ACCEPT, "text/csv");
    let file = bytes(service.ask(request).await?).await?;
    Ok(Done { report, file })
}

async fn send(service: &Service, file: &ToSend) -> Result<String, NotDone> {
    let mut url = service.at("/v1/imports")?;
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("dry_run", if file.dry_run { "true" } else { "false" });
        query.append_pair("mode", if file.all_or_nothing { "all_or_nothing" } else { "per_row" });
        if let Some(source) = &file.source {
            query.append_pair("source", source);
        }
    }
    let mut request = service.request(Method::POST, url.clone()).header(CONTENT_TYPE, file.kind);
    if !file.dry_run {
        // The same file on the same occasion is one import, also when this program was killed after it was sent.
        let parts =
            [url.query().unwrap_or_default().as_bytes(), file.occasion.as_bytes(), &file.bytes];
        request = request.header("idempotency-key", hexadecimal(&parts.concat()));
    }
    let answer = service.ask(request.body(file.bytes.clone())).await?;
    let path = answer.headers().get(LOCATION).and_then(|it| it.to_str().ok());
    let path = path.filter(|it| it.starts_with("/v1/imports/"));
    path.map(str::to_owned)
        .ok_or_else(|| NotDone::Refused("the answer is not one of this service".to_owned()))
}

fn bar() -> ProgressBar {
    // It hides itself where there is no terminal.
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {eta} left") {
        bar.set_style(style);
    }
    bar
}
