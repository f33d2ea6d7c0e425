//! Messages to a receiver on the developer's own machine, signed here as the service signs its own.

use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::api_client::is_local;
use super::terminal::note;
use crate::domain::webhook::{SigningScheme, Told};
use crate::webhook::message::{MEDIA_TYPE, body};
use crate::webhook::signature::{ID, SIGNATURE, SigningKey, TIMESTAMP};

/// As long as the service itself waits for a receiver.
const PATIENCE: Duration = Duration::from_secs(15);

/// What messages are signed with.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// The key that messages are signed with, `whsec_…` or `whsk_…`; a new one when none is named.
    #[arg(long, env = "ESCALATION_WEBHOOK_KEY", hide_env_values = true, value_parser = signing_key)]
    key: Option<SigningKey>,
}

/// Reads a key that signs, and tells one that only verifies apart: it is the likeliest mistake.
fn signing_key(text: &str) -> Result<SigningKey, String> {
    if text.starts_with("whpk_") {
        return Err(
            "this is a public key, which verifies; messages are signed with whsk_… or whsec_…"
                .to_owned(),
        );
    }
    SigningKey::parse(text).map_err(|error| error.to_string())
}

impl KeyArgs {
    /// The key, and told how to verify where the developer does not know it yet.
    ///
    /// # Errors
    /// No randomness is to be had.
    pub fn key(&self) -> Result<SigningKey, String> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let mut random = [0; 32];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| "no randomness is to be had".to_owned())?;
        let key = SigningKey::from_random(SigningScheme::Ed25519, random);
        let public = key.verifying_key().map(|key| key.text()).unwrap_or_default();
        note(&format!("verify messages with {public}"));
        note(&format!("to keep this key: export ESCALATION_WEBHOOK_KEY={}", key.secret_text()));
        Ok(key)
    }
}

/// Where messages go, and what they are signed with.
#[derive(Debug)]
pub struct Forward {
    http: Client,
    url: Url,
    key: SigningKey,
}

/// What came of a message, for the person at the terminal.
#[derive(Debug)]
pub struct Forwarded {
    /// Whether the receiver took it.
    pub taken: bool,
    /// What it answered, and after how long.
    pub text: String,
}

impl Forward {
    /// A receiver at this address.
    ///
    /// # Errors
    /// Its connection could be listened to on the way.
    pub fn new(url: &Url, key: SigningKey) -> Result<Self, String> {
        let local = is_local(url);
        if url.scheme() != "https" && !(url.scheme() == "http" && local) {
            return Err(
                "--forward: use http for this machine, for example http://127.0.0.1:3000/hook, and https for others"
                    .to_owned(),
            );
        }
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none());
        // A proxy that leads out of the council does not lead back to this machine.
        let client = if local { client.no_proxy() } else { client };
        let http = client.build().map_err(|error| error.to_string())?;
        Ok(Self { http, url: url.clone(), key })
    }

    /// Sends one message, once.
    pub async fn send(&self, told: &Told, source: &str, now: Timestamp) -> Forwarded {
        let (id, body) = (told.id.to_string(), body(told, source));
        // No identifier of an event holds a dot.
        let signature = self.key.sign(&id, now, &body).unwrap_or_default();
        let request = self.http.post(self.url.clone()).header(CONTENT_TYPE, MEDIA_TYPE);
        let request = request
            .header(ID, id)
            .header(TIMESTAMP, now.as_second().to_string())
            .header(SIGNATURE, signature);
        let began = Instant::now();
        match request.body(body).send().await {
            Ok(answer) => {
                let status = answer.status();
                let after = began.elapsed().as_millis();
                Forwarded { taken: status.is_success(), text: format!("{status} after {after} ms") }
            }
            Err(error) => {
                let why = if error.is_timeout() { "no answer in 15 s" } else { "no connection" };
                Forwarded { taken: false, text: why.to_owned() }
            }
        }
    }
}
