//! `webhook listen` and `webhook resend`: the feed, event by event, as messages to a receiver on this machine.

use std::time::Duration;

use clap::{ArgGroup, Args};
use jiff::Timestamp;
use reqwest::{Method, Url};
use serde_json::Value;

use super::Outcome;
use super::api_client::{NotDone, Service, ServiceArgs};
use super::terminal::{answer, note};
use super::webhook_forward::{Forward, KeyArgs};
use crate::domain::feed::FeedType;
use crate::domain::ids::{EscalationId, WebhookEndpointId};
use crate::domain::webhook::Told;
use crate::usecases::deps::{Clock, SystemClock};
use crate::webhook::message::body;

/// How long to leave a service alone that does not answer.
const PAUSE: Duration = Duration::from_secs(2);

/// Follows the feed from now on, and sends each event to a receiver on this machine as the service would: the same body,
/// signed with a key of your own. It asks the service, so nothing has to be open for it, and a proxy on the way is fine
/// (HTTPS_PROXY). Every event is sent once; what the receiver did not take is named, for `resend`.
#[derive(Debug, Args)]
pub struct Listen {
    #[command(flatten)]
    service: ServiceArgs,

    /// The receiver, for example http://127.0.0.1:3000/hook. Without it events are only shown.
    #[arg(long)]
    forward: Option<Url>,

    #[command(flatten)]
    key: KeyArgs,

    /// Only these, separated by commas, for example `escalation.raised,clock.overdue`.
    #[arg(long, value_delimiter = ',', value_parser = feed_type)]
    types: Vec<FeedType>,

    /// Begin after this position of the feed instead of now.
    #[arg(long)]
    after: Option<u64>,

    /// End after so many events; with 1 when the receiver did not take all of them.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Show the body of each message, one a line, instead of a summary.
    #[arg(long)]
    json: bool,
}

/// Sends one event again, under the same `webhook-id`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("to").required(true).multiple(true).args(["forward", "endpoint"])))]
pub struct Resend {
    /// The event: its `sequence` in the feed, as `listen` shows it.
    sequence: u64,

    #[command(flatten)]
    service: ServiceArgs,

    /// A receiver on this machine, such as the one that `listen` sends to.
    #[arg(long)]
    forward: Option<Url>,

    #[command(flatten)]
    key: KeyArgs,

    /// An endpoint of yours: the service sends it the event again.
    #[arg(long)]
    endpoint: Option<uuid::Uuid>,
}

/// A type of event as it stands in the feed, or the short form of it: `escalation.raised`.
pub fn feed_type(text: &str) -> Result<FeedType, String> {
    let long = format!("escalation-tracker.{text}.v1");
    text.parse().or_else(|_| long.parse()).map_err(|_| {
        let short: Vec<String> = FeedType::all().map(short).collect();
        format!("known: {}", short.join(", "))
    })
}

fn short(kind: FeedType) -> String {
    let long = kind.to_string();
    let middle = long.strip_prefix("escalation-tracker.").and_then(|it| it.strip_suffix(".v1"));
    middle.unwrap_or(&long).to_owned()
}

/// An item of the feed as a message tells it, with the partnership that it is of.
fn told(item: &Value) -> Option<(Told, String)> {
    let text = |at: &str| item.pointer(at).and_then(Value::as_str);
    // A message says when an event was recorded; a notice is told when it was made.
    let at: Timestamp = text("/data/recorded_at").or(text("/time"))?.parse().ok()?;
    let told = Told {
        id: text("/id")?.parse().ok()?,
        kind: text("/type")?.to_owned(),
        position: text("/sequence")?.parse().ok()?,
        escalation: EscalationId(text("/subject")?.parse().ok()?),
        reference: text("/data/reference")?.to_owned(),
        version: match item.pointer("/data/version") {
            Some(version) => Some(version.as_i64()?.try_into().ok()?),
            None => None,
        },
        at,
    };
    Some((told, text("/source")?.to_owned()))
}

/// The items of a page, and where to go on.
async fn page(service: &Service, path: &str) -> Result<(Vec<(Told, String)>, String), NotDone> {
    let page = service.read(path).await?;
    let other = || NotDone::Refused("the answer is not one of this service".to_owned());
    let items = page.get("items").and_then(Value::as_array).ok_or_else(other)?;
    let items: Option<Vec<_>> = items.iter().map(told).collect();
    let next = page.pointer("/links/next").and_then(Value::as_str).ok_or_else(other)?;
    Ok((items.ok_or_else(other)?, next.to_owned()))
}

impl Listen {
    /// Follows the feed until stopped, or until so many events have come.
    pub async fn run(self) -> Outcome {
        let service = self.service.service()?;
        let forward = match &self.forward {
            Some(url) => Some(Forward::new(url, self.key.key()?)?),
            None => None,
        };
        let after = self.after.map_or_else(|| "latest".to_owned(), |after| after.to_string());
        let types: Vec<String> = self.types.iter().map(ToString::to_string).collect();
        let only =
            if types.is_empty() { String::new() } else { format!("&types={}", types.join(",")) };
        // The first answer is awaited without patience: whoever listens is to know from where on.
        let mut next = format!("/v1/events?after={after}&limit=100{only}");
        let (mut begun, mut shown, mut not_taken) = (false, 0_u64, 0_u64);
        loop {
            let patient = format!("{next}{}", if begun { "&wait=25" } else { "" });
            let (items, then) = match page(&service, &patient).await {
                Ok(page) => page,
                Err(NotDone::Away(why)) => {
                    note(&format!("waiting for the service: {why}"));
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(refused) => return Err(refused.into()),
            };
            if !begun {
                begun = true;
                note("listening; Ctrl-C ends it");
            }
            next = then.replace("&wait=25", "");
            for (told, source) in items {
                not_taken += u64::from(!self.show(&told, &source, forward.as_ref()).await);
                shown += 1;
                if self.count.is_some_and(|count| shown >= count) {
                    return match not_taken {
                        0 => Ok(()),
                        _ => {
                            Err(format!("the receiver did not take {not_taken} of {shown}").into())
                        }
                    };
                }
            }
        }
    }

    /// Shows an event, and gives whether the receiver took it.
    async fn show(&self, told: &Told, source: &str, forward: Option<&Forward>) -> bool {
        if self.json {
            answer(&String::from_utf8_lossy(&body(told, source)));
        }
        let Some(forward) = forward else {
            if !self.json {
                answer(&summary(told));
            }
            return true;
        };
        let done = forward.send(told, source, SystemClock.now()).await;
        let line = format!("{} -> {}", summary(told), done.text);
        if self.json {
            note(&line)
        } else {
            answer(&line)
        }
        if !done.taken {
            note(&format!(
                "not taken; to send it again: webhook resend {} --forward …",
                told.position
            ));
        }
        done.taken
    }
}

fn summary(told: &Told) -> String {
    let kind = told.kind.parse().map_or_else(|_| told.kind.clone(), short);
    let version = told.version.map(|version| format!(", version {version}")).unwrap_or_default();
    format!("{} {kind} {}{version}", told.position, told.reference)
}

impl Resend {
    /// Sends it, and says what came of it.
    pub async fn run(self) -> Outcome {
        let service = self.service.service()?;
        if let Some(url) = &self.forward {
            let before = self.sequence.checked_sub(1).ok_or("the first sequence is 1")?;
            let (items, _) = page(&service, &format!("/v1/events?after={before}&limit=1")).await?;
            let position = i64::try_from(self.sequence)?;
            let (told, source) =
                items.into_iter().find(|(told, _)| told.position == position).ok_or(
                    "nothing of yours has this position in the feed; listen shows the positions",
                )?;
            let forward = Forward::new(url, self.key.key()?)?;
            let done = forward.send(&told, &source, SystemClock.now()).await;
            answer(&format!("{} -> {}", summary(&told), done.text));
            if !done.taken {
                return Err("the receiver did not take it".into());
            }
        }
        if let Some(endpoint) = self.endpoint.map(WebhookEndpointId) {
            let path =
                format!("/v1/webhook-endpoints/{endpoint}/deliveries/{:020}/replay", self.sequence);
            service.ask(service.request(Method::POST, service.at(&path)?)).await?;
            answer(&format!("the service sends {} to the endpoint again", self.sequence));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_in_both_forms() {
        let raised = feed_type("escalation.raised").unwrap();
        assert_eq!(feed_type("escalation-tracker.escalation.raised.v1"), Ok(raised));
        assert_eq!(short(raised), "escalation.raised");
        assert!(feed_type("clock.overdue").is_ok());
        let refused = feed_type("escalation.vanished").unwrap_err();
        assert!(refused.contains("escalation.raised, "), "{refused}");
    }
}
