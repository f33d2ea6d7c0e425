//! Endpoints of webhooks and what was delivered to them, as they are sent and shown.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::field_errors::{FieldCode, FieldErrors, one_of};
use super::fields::{List, Text, code_members, text, text_schema};
use super::members::{Cleared, Given};
use super::problem::Problem;
use super::times::Instant;
use crate::domain::ids::{EscalationId, WebhookEndpointId};
use crate::domain::webhook::{
    Attempt, AttemptOutcome, Delivery, DeliveryState, DisabledBecause, EndpointKey, EndpointState,
    SigningScheme, event_types,
};
use crate::usecases::webhooks::{EndpointChange, EndpointDetail, NewEndpoint};

code_members!(SigningScheme);

/// A type of the feed, for example `escalation-tracker.escalation.raised.v1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventTypeName(String);

impl Deserr<FieldErrors> for EventTypeName {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let sent = text(value, location)?;
        let known = event_types();
        if known.contains(&sent) {
            return Ok(Self(sent));
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        Err(FieldErrors::at_with(location, FieldCode::UnknownCode, one_of(&known)))
    }
}

impl PartialSchema for EventTypeName {
    fn schema() -> RefOr<Schema> {
        text_schema(None).enum_values(Some(event_types())).into()
    }
}

impl ToSchema for EventTypeName {
    fn name() -> Cow<'static, str> {
        "FeedEventType".into()
    }
}

/// A position in the feed: the `sequence` of an event, with or without its zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence(pub i64);

impl Sequence {
    /// Reads plain digits.
    #[must_use]
    pub fn parse(sent: &str) -> Option<Self> {
        let plain =
            (1..=20).contains(&sent.len()) && sent.bytes().all(|byte| byte.is_ascii_digit());
        sent.parse().ok().filter(|position| plain && *position >= 1).map(Self)
    }
}

impl Deserr<FieldErrors> for Sequence {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, FieldErrors> {
        let sent = text(value, location)?;
        Self::parse(&sent).ok_or_else(|| {
            let advice =
                "Send the sequence of an event: 1 to 20 digits in quotation marks.".to_owned();
            FieldErrors::at_with(location, FieldCode::Pattern, advice)
        })
    }
}

impl PartialSchema for Sequence {
    fn schema() -> RefOr<Schema> {
        text_schema(None).pattern(Some("^[0-9]{1,20}$")).into()
    }
}

impl ToSchema for Sequence {
    fn name() -> Cow<'static, str> {
        "FeedSequence".into()
    }
}

/// A new endpoint.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhookEndpoint {
    /// Where messages go: an https address on the public internet, on port 443 or 8443, by name.
    pub url: Text<2048>,
    /// The types of events that it is told of; all when not said.
    #[deserr(default)]
    pub event_types: Option<List<EventTypeName, 100>>,
    /// How messages are signed; `ed25519` when not said.
    #[deserr(default)]
    pub signing: Option<SigningScheme>,
}

fn names(types: List<EventTypeName, 100>) -> Result<Vec<String>, Problem> {
    let types = types.into_vec();
    let mut faults = FieldErrors::new();
    if types.is_empty() {
        let advice = "Name at least one type, or leave this out for all.".to_owned();
        faults.push_with("#/event_types", FieldCode::TooShort, advice);
    }
    faults.push_repeated("#/event_types", &types);
    faults.into_result()?;
    Ok(types.into_iter().map(|it| it.0).collect())
}

impl CreateWebhookEndpoint {
    /// The endpoint, as the use cases name it.
    ///
    /// # Errors
    /// A type is named twice, or none is.
    pub fn into_new(self) -> Result<NewEndpoint, Problem> {
        Ok(NewEndpoint {
            url: self.url.into_string(),
            event_types: self.event_types.map(names).transpose()?,
            scheme: self.signing.unwrap_or(SigningScheme::Ed25519),
        })
    }
}

/// What is changed of an endpoint. What is not named stays.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ChangeWebhookEndpoint {
    /// The new address, by the same rules.
    #[deserr(default)]
    #[schema(value_type = String, required = false)]
    pub url: Given<Text<2048>>,
    /// The types of events that it is told of from now on; null for all.
    #[deserr(default)]
    #[schema(value_type = Option<Vec<EventTypeName>>, required = false)]
    pub event_types: Cleared<List<EventTypeName, 100>>,
}

impl ChangeWebhookEndpoint {
    /// The change, as the use cases name it.
    ///
    /// # Errors
    /// A type is named twice, or none is.
    pub fn into_change(self) -> Result<EndpointChange, Problem> {
        let event_types = match self.event_types {
            Cleared::AsItIs => None,
            Cleared::Gone => Some(None),
            Cleared::Is(types) => Some(Some(names(types)?)),
        };
        Ok(EndpointChange { url: self.url.0.map(Text::into_string), event_types })
    }
}

/// A key that signs messages now.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookKey {
    /// Its identifier.
    pub id: Uuid,
    /// What receivers verify with, for `ed25519`. It is no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=")]
    pub public_key: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops to sign: a day after another took over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}

/// Where a system is told of what happens.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookEndpoint {
    /// Its identifier.
    pub id: WebhookEndpointId,
    /// Where messages go.
    pub url: String,
    /// The types of events that it is told of; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// How messages are signed.
    pub signing: SigningScheme,
    /// Whether messages are sent.
    pub state: EndpointState,
    /// Why the service disabled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_because: Option<DisabledBecause>,
    /// When the service disabled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Instant>,
    /// Since when every attempt has failed; absent when the last one did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Instant>,
    /// When a message arrived last, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_delivered_at: Option<Instant>,
    /// Up to where the feed was looked through for it, as the `sequence` of an event.
    pub sequence: String,
    /// Its version.
    pub version: i32,
    /// When it was made.
    pub created_at: Instant,
    /// The keys that sign now, the newest first. Each message carries one signature of each.
    pub keys: Vec<WebhookKey>,
    /// The secret that was just made, for `hmac_sha256`. It is shown this once, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: Option<String>,
    /// Where to go on.
    pub links: WebhookLinks,
}

/// Where to go on from an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookLinks {
    /// The endpoint.
    #[serde(rename = "self")]
    pub this: String,
    /// What was delivered to it.
    pub deliveries: String,
}

/// A position as the feed writes it.
fn sequence(position: i64) -> String {
    format!("{position:020}")
}

impl From<EndpointDetail> for WebhookEndpoint {
    fn from(detail: EndpointDetail) -> Self {
        let it = detail.endpoint;
        let this = format!("/v1/webhook-endpoints/{}", it.id);
        let (because, at) = it.disabled.unzip();
        let key = |key: EndpointKey| WebhookKey {
            id: key.id,
            public_key: key.public,
            created_at: Instant(key.created_at),
            expires_at: key.expires_at.map(Instant),
        };
        Self {
            id: it.id,
            url: it.url,
            event_types: it.event_types,
            signing: it.scheme,
            state: it.state,
            disabled_because: because,
            disabled_at: at.map(Instant),
            failing_since: it.failing_since.map(Instant),
            last_delivered_at: it.last_delivered_at.map(Instant),
            sequence: sequence(it.position),
            version: it.version,
            created_at: Instant(it.recorded.at),
            keys: detail.keys.into_iter().map(key).collect(),
            secret: detail.secret,
            links: WebhookLinks { deliveries: format!("{this}/deliveries"), this },
        }
    }
}

/// The endpoints of the caller's agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookEndpoints {
    /// The oldest first.
    pub items: Vec<WebhookEndpoint>,
}

/// One attempt to deliver a message. Nothing of the answer is kept but its status.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAttempt {
    /// When it began.
    pub at: Instant,
    /// How long it took, in milliseconds.
    pub took_ms: i32,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The status of the answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// That an endpoint is, was or will be told of one event.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// Which delivery it is; later ones have higher numbers.
    pub number: i64,
    /// The event, and the `webhook-id` of each attempt.
    pub event_id: Uuid,
    /// Its position in the feed.
    pub sequence: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The escalation.
    pub escalation_id: EscalationId,
    /// 0, or which repetition this is.
    pub replay: i32,
    /// How far it has come.
    pub state: DeliveryState,
    /// When it was found that the endpoint is to be told.
    pub created_at: Instant,
    /// When it was delivered, given up or withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Instant>,
    /// When the next message of this escalation is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Instant>,
    /// Every attempt, the first first. They are kept for good.
    pub attempts: Vec<WebhookAttempt>,
}

impl From<Delivery> for WebhookDelivery {
    fn from(it: Delivery) -> Self {
        let attempt = |it: Attempt| WebhookAttempt {
            at: Instant(it.at),
            took_ms: it.took_ms,
            outcome: it.outcome,
            status: it.status,
        };
        Self {
            number: it.number,
            event_id: it.message,
            sequence: sequence(it.position),
            kind: it.kind,
            escalation_id: it.escalation,
            replay: it.replay,
            state: it.state,
            created_at: Instant(it.created_at),
            settled_at: it.settled_at.map(Instant),
            next_attempt_at: it.next_at.map(Instant),
            attempts: it.attempts.into_iter().map(attempt).collect(),
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveries {
    /// The latest first.
    pub items: Vec<WebhookDelivery>,
    /// Where to go on.
    pub links: DeliveryLinks,
}

/// Where to go on from a page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryLinks {
    /// This page.
    #[serde(rename = "self")]
    pub this: String,
    /// The next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which part of the feed is delivered again.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ReplayWebhooks {
    /// The `sequence` of the first event.
    pub from: Sequence,
    /// The `sequence` of the last event; at most 10,000 positions at once.
    pub to: Sequence,
}

/// What is delivered again.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookReplay {
    /// How many messages.
    pub added: usize,
}

/// What came of a message that only tried the endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookTest {
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The status of the answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}
