//! `webhook trigger`: a made-up message, so that a receiver meets every kind before the first real one comes.

use clap::Args;
use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Outcome;
use super::terminal::answer;
use super::webhook_forward::{Forward, KeyArgs};
use super::webhook_listen::feed_type;
use crate::domain::feed::FeedType;
use crate::domain::ids::{EscalationId, IdSource};
use crate::domain::webhook::Told;
use crate::usecases::deps::{Clock, RandomIds, SystemClock};

/// Sends a made-up message. What it names exists nowhere, unless `--data` names something that does.
#[derive(Debug, Args)]
pub struct Trigger {
    /// The type, for example `escalation.raised` or `clock.overdue`.
    #[arg(value_parser = feed_type)]
    kind: FeedType,

    /// The receiver, for example http://127.0.0.1:3000/hook.
    #[arg(long)]
    forward: Url,

    /// What the message says instead of something made up: a JSON object of what a message can say, `escalation_id`,
    /// `reference`, `version`, `sequence`, `time` and `id`.
    #[arg(long, value_parser = object, default_value = "{}")]
    data: Map<String, Value>,

    /// The partnership that it comes from.
    #[arg(long, default_value = "ANY")]
    partnership: String,

    #[command(flatten)]
    key: KeyArgs,
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))
}

/// The member of this name, where it is there.
fn member<T: serde::de::DeserializeOwned>(
    data: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<T>, String> {
    let given = data.remove(name);
    given
        .map(|it| serde_json::from_value(it).map_err(|error| format!("--data: {name}: {error}")))
        .transpose()
}

impl Trigger {
    /// Sends it, and says what came of it.
    pub async fn run(self) -> Outcome {
        let now = SystemClock.now();
        let told = self.told(now, &RandomIds)?;
        let forward = Forward::new(&self.forward, self.key.key()?)?;
        let done = forward.send(&told, &format!("/partnerships/{}", self.partnership), now).await;
        answer(&format!("{} {} -> {}", told.kind, told.id, done.text));
        if done.taken { Ok(()) } else { Err("the receiver did not take it".into()) }
    }

    fn told(&self, now: Timestamp, ids: &dyn IdSource) -> Result<Told, String> {
        let mut data = self.data.clone();
        let escalation: Option<Uuid> = member(&mut data, "escalation_id")?;
        // A notice has no version, and an event always has one.
        let version: Option<i32> = member(&mut data, "version")?;
        let told = Told {
            id: member(&mut data, "id")?.unwrap_or_else(|| ids.new_id(now)),
            kind: self.kind.to_string(),
            position: member(&mut data, "sequence")?.unwrap_or(1),
            escalation: EscalationId(escalation.unwrap_or_else(|| ids.new_id(now))),
            reference: member(&mut data, "reference")?
                .unwrap_or_else(|| "ESC-ANY-2026-00001".to_owned()),
            version: match self.kind {
                FeedType::Event(_) => Some(version.unwrap_or(1)),
                FeedType::Notice(_) => version,
            },
            at: member(&mut data, "time")?.unwrap_or(now),
        };
        match data.keys().next() {
            Some(other) => Err(format!(
                "--data: no message says {other:?}; it can say escalation_id, reference, version, sequence, time and id"
            )),
            None => Ok(told),
        }
    }
}
