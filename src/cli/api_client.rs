//! A service over HTTP, as the commands of those who call it see it: where it is, as whom it is called, what it answers.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;

/// How long one request may take: a file may be large and a line slow.
const PATIENCE: Duration = Duration::from_secs(300);

/// Why a service did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// The service is away; the same may work later.
    #[error("{0}")]
    Away(String),
    /// The service refuses; the same will be refused again.
    #[error("{0}")]
    Refused(String),
}

/// Where a service is, and as whom it is called. A proxy is taken from HTTPS_PROXY and NO_PROXY.
#[derive(Debug, Args)]
pub struct ServiceArgs {
    /// Where the service is, for example https://escalations.example.
    #[arg(long, env = "ESCALATION_URL")]
    url: String,

    /// A file with the access token.
    #[arg(long, env = "ESCALATION_TOKEN_FILE")]
    token_file: Option<PathBuf>,

    /// The access token. Others on this machine can see what is typed: a file is better.
    #[arg(
        long,
        env = "ESCALATION_TOKEN",
        hide_env_values = true,
        required_unless_present = "token_file"
    )]
    token: Option<String>,
}

impl ServiceArgs {
    /// The service.
    ///
    /// # Errors
    /// The file with the token cannot be read, or the address is not one that is safe to send a token to.
    pub fn service(&self) -> Result<Service, String> {
        let token: String = match (&self.token_file, &self.token) {
            (Some(path), _) => std::fs::read_to_string(path)
                .map_err(|error| format!("{}: {error}", path.display()))?
                .trim()
                .to_owned(),
            (None, token) => token.clone().unwrap_or_default(),
        };
        if token.is_empty() {
            return Err("the access token is empty; it comes from --token-file, --token or ESCALATION_TOKEN".to_owned());
        }
        Service::new(&self.url, token)
    }
}

/// A service, and as whom it is called.
#[derive(Debug, Clone)]
pub struct Service {
    http: Client,
    url: Url,
    token: String,
}

impl Service {
    fn new(url: &str, token: String) -> Result<Self, String> {
        let url: Url = url.parse().map_err(|error| {
            format!("--url: {error}; name the service as https://escalations.example")
        })?;
        if url.scheme() != "https" && !is_local(&url) {
            return Err("--url must begin with https://: on the way everybody could read the token and what is sent"
                .to_owned());
        }
        let http =
            Client::builder().timeout(PATIENCE).build().map_err(|error| error.to_string())?;
        Ok(Self { http, url, token })
    }

    /// The address of a path.
    ///
    /// # Errors
    /// The path is none.
    pub fn at(&self, path: &str) -> Result<Url, NotDone> {
        self.url.join(path).map_err(|error| NotDone::Refused(error.to_string()))
    }

    /// A request that is not sent yet.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// Reads what stands at a path, as JSON.
    ///
    /// # Errors
    /// The service is away, refuses, or answers something else.
    pub async fn read(&self, path: &str) -> Result<Value, NotDone> {
        let answer = self.ask(self.request(Method::GET, self.at(path)?)).await?;
        let bytes = bytes(answer).await?;
        serde_json::from_slice(&bytes).map_err(|error| NotDone::Refused(error.to_string()))
    }

    /// Sends a request, and gives the answer when it is a good one.
    ///
    /// # Errors
    /// The service is away, or refuses; in the words of its problem.
    pub async fn ask(&self, request: RequestBuilder) -> Result<Response, NotDone> {
        let answer = request.bearer_auth(&self.token).send().await.map_err(away)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let problem: Value = serde_json::from_slice(&bytes(answer).await?).unwrap_or_default();
        let text = told(status, &problem);
        let passes = status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT
            );
        Err(if passes { NotDone::Away(text) } else { NotDone::Refused(text) })
    }
}

/// What is in an answer.
///
/// # Errors
/// The connection breaks.
pub async fn bytes(answer: Response) -> Result<Vec<u8>, NotDone> {
    Ok(answer.bytes().await.map_err(away)?.to_vec())
}

/// Whether an address is on this very machine, where nobody listens on the way.
pub fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
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
fn away(error: reqwest::Error) -> NotDone {
    if error.is_builder() {
        return NotDone::Refused(
            "the access token cannot be sent: it is one line without blanks; look at the file or variable that it is in"
                .to_owned(),
        );
    }
    let error = error.without_url();
    // What is behind it says whether nobody listens, the name leads nowhere, or TLS was answered by something else.
    let mut causes = vec![error.to_string()];
    let mut cause = std::error::Error::source(&error);
    while let Some(it) = cause {
        causes.push(it.to_string());
        cause = it.source();
    }
    causes.dedup();
    NotDone::Away(causes.join(": "))
}
