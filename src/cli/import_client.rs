//! A file sent to a service over HTTP, and what came of it.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;

use super::terminal::note;
use crate::sha256::hexadecimal;

/// How long one request may take: a file may be large and a line slow.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often it is asked how far the service is.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// How often that is told where nobody sees a bar move.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// For how long a service that does not answer is asked again.
const GIVE_UP_AFTER: Duration = Duration::from_secs(120);

/// Why a file was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The service is away; the same may work later.
    #[error("{0}")]
    Away(String),
    /// The service does not take this file.
    #[error("{0}")]
    Refused(String),
}

/// A service, and as whom it is called.
#[derive(Debug, Clone)]
pub struct Service {
    http: Client,
    url: Url,
    token: String,
}

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

impl Service {
    /// A service at this address.
    ///
    /// # Errors
    /// The address is not one that is safe to send a token to.
    pub fn new(url: &str, token: String) -> Result<Self, String> {
        let url: Url = url.parse().map_err(|error| format!("--url: {error}"))?;
        let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if url.scheme() != "https" && !local {
            return Err("--url must begin with https://: on the way everybody could read the token and what is sent"
                .to_owned());
        }
        // A proxy is taken from HTTPS_PROXY and NO_PROXY.
        let http =
            Client::builder().timeout(PATIENCE).build().map_err(|error| error.to_string())?;
        Ok(Self { http, url, token })
    }

    /// Sends a file, waits until it has ended, and reads what came of it.
    ///
    /// # Errors
    /// The service is away, or does not take the file.
    pub async fn take_in(&self, file: &ToSend) -> Result<Done, NotTaken> {
        let path = self.send(file).await?;
        let bar = bar();
        let (mut told, mut heard) = (Instant::now(), Instant::now());
        loop {
            match self.read(&format!("{path}?limit=1")).await {
                Ok(report) => {
                    heard = Instant::now();
                    let count = |of: &str| {
                        report
                            .pointer(&format!("/counts/{of}"))
                            .and_then(Value::as_u64)
                            .unwrap_or(0)
                    };
                    let (all, done) =
                        (count("rows"), count("rows").saturating_sub(count("waiting")));
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
                Err(NotTaken::Away(why)) if heard.elapsed() < GIVE_UP_AFTER => {
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
        let rejected = self.read(&format!("{path}?status=rejected&limit=20")).await?;
        let mut report = rejected;
        if report.get("rows").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            report = self.read(&format!("{path}?status=duplicate&limit=20")).await?;
        }
        let request = self.http.get(self.at(&path)?).header(ACCEPT, "text/csv");
        let file = self.ask(request).await?.bytes().await.map_err(away)?.to_vec();
        Ok(Done { report, file })
    }

    async fn send(&self, file: &ToSend) -> Result<String, NotTaken> {
        let mut url = self.at("/v1/imports")?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("dry_run", if file.dry_run { "true" } else { "false" });
            query.append_pair(
                "mode",
                if file.all_or_nothing { "all_or_nothing" } else { "per_row" },
            );
            if let Some(source) = &file.source {
                query.append_pair("source", source);
            }
        }
        let mut request = self.http.post(url.clone()).header(CONTENT_TYPE, file.kind);
        if !file.dry_run {
            // The same file on the same occasion is one import, also when this program was killed after it was sent.
            let parts =
                [url.query().unwrap_or_default().as_bytes(), file.occasion.as_bytes(), &file.bytes];
            request = request.header("idempotency-key", hexadecimal(&parts.concat()));
        }
        let answer = self.ask(request.body(file.bytes.clone())).await?;
        let path = answer.headers().get(LOCATION).and_then(|it| it.to_str().ok());
        let path = path.filter(|it| it.starts_with("/v1/imports/"));
        path.map(str::to_owned)
            .ok_or_else(|| NotTaken::Refused("the answer is not one of this service".to_owned()))
    }

    async fn read(&self, path: &str) -> Result<Value, NotTaken> {
        let answer = self.ask(self.http.get(self.at(path)?)).await?;
        let bytes = answer.bytes().await.map_err(away)?;
        serde_json::from_slice(&bytes).map_err(|error| NotTaken::Refused(error.to_string()))
    }

    fn at(&self, path: &str) -> Result<Url, NotTaken> {
        self.url.join(path).map_err(|error| NotTaken::Refused(error.to_string()))
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Response, NotTaken> {
        let answer = request.bearer_auth(&self.token).send().await.map_err(away)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let problem: Value =
            serde_json::from_slice(&answer.bytes().await.map_err(away)?).unwrap_or_default();
        let text = told(status, &problem);
        let passes = status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT
            );
        Err(if passes { NotTaken::Away(text) } else { NotTaken::Refused(text) })
    }
}

/// A problem in words for the person at the terminal.
fn told(status: StatusCode, problem: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut lines = vec![format!("{status}: {}", text(problem, "detail"))];
    for error in problem["errors"].as_array().into_iter().flatten() {
        lines.push(format!("  {}: {}", text(error, "pointer"), text(error, "detail")));
    }
    lines.join("\n")
}

/// The address is left out of what is told: nothing secret is in it, and the proxy's may be in the error.
fn away(error: reqwest::Error) -> NotTaken {
    let mut text = error.without_url().to_string();
    if text.is_empty() {
        "no connection".clone_into(&mut text);
    }
    NotTaken::Away(text)
}

fn bar() -> ProgressBar {
    // It hides itself where there is no terminal.
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {eta} left") {
        bar.set_style(style);
    }
    bar
}
