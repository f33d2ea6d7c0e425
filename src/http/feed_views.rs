//! The feed as CloudEvents: what each thing that happened looks like outside.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::history::event_shown;
use super::notices::NoticeLine;
use super::times::Instant;
use crate::domain::access::Caller;
use crate::domain::event::{ActorRole, EventType};
use crate::domain::feed::FeedType;
use crate::domain::ids::EscalationId;
use crate::domain::sight::Sight;
use crate::usecases::feed::{FeedPage, Tells};

/// The version of CloudEvents.
const SPECVERSION: &str = "1.0";
/// Names what the data of an event say; the contract has it as `FeedEventData`.
pub const EVENT_SCHEMA: &str = "urn:escalation-tracker:schema:escalation-event:v1";
/// Names what the data of a notice say; the contract has it as `Notice`.
pub const NOTICE_SCHEMA: &str = "urn:escalation-tracker:schema:clock-notice:v1";

/// A part of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventFeed {
    /// What happened, in order.
    pub items: Vec<CloudEvent>,
    /// Where to go on.
    pub links: FeedLinks,
}

/// Where to go on from a part of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedLinks {
    /// This part.
    #[serde(rename = "self")]
    pub this: String,
    /// What happened after it; it is always there, also when nothing has happened yet.
    pub next: String,
}

/// One thing that happened, as a CloudEvent 1.0 in its JSON form.
#[derive(Debug, Serialize, ToSchema)]
pub struct CloudEvent {
    /// The version of CloudEvents.
    #[schema(example = "1.0")]
    pub specversion: &'static str,
    /// The identifier of the event or notice; the same however often it is sent.
    pub id: Uuid,
    /// The partnership.
    #[schema(example = "/partnerships/ANY")]
    pub source: String,
    /// What happened: `escalation-tracker.escalation.` and a kind of event, or `escalation-tracker.clock.` and a kind
    /// of notice, with the version of what the data say.
    #[serde(rename = "type")]
    #[schema(example = "escalation-tracker.escalation.raised.v1")]
    pub kind: String,
    /// The escalation.
    pub subject: EscalationId,
    /// When it happened, as the actor says; of a notice, when the service noticed.
    pub time: Instant,
    /// Names what the data say: `FeedEventData` or `Notice` of this contract.
    #[schema(example = "urn:escalation-tracker:schema:escalation-event:v1")]
    pub dataschema: &'static str,
    /// Always `application/json`.
    #[schema(example = "application/json")]
    pub datacontenttype: &'static str,
    /// The escalation: what has the same is in its own order.
    pub partitionkey: EscalationId,
    /// The position in the feed of the partnership, in 20 digits; as texts they sort as the feed does. What lies between
    /// two of them is not for this caller.
    #[schema(example = "00000000000000000042", pattern = "^[0-9]{20}$")]
    pub sequence: String,
    /// What it says.
    pub data: FeedData,
}

/// What a CloudEvent of the feed says.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum FeedData {
    /// Of an event.
    Event(Box<FeedEventData>),
    /// Of a notice.
    Notice(Box<NoticeLine>),
}

/// What an event of the feed says (`urn:escalation-tracker:schema:escalation-event:v1`): the same as in the history of
/// the escalation, without texts.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedEventData {
    /// The escalation.
    pub escalation_id: EscalationId,
    /// Its reference, safe to say aloud.
    pub reference: String,
    /// The version that the escalation has after it; of one escalation they rise by one.
    pub version: i32,
    /// What kind of act it was.
    pub kind: EventType,
    /// When it happened, as the actor says.
    pub occurred_at: Instant,
    /// When the service received it.
    pub recorded_at: Instant,
    /// The role in which it was done; `system` when the service acted because time ran out.
    pub role: ActorRole,
    /// The agency that acted, where the caller may know it; absent for the partnership's own roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    /// What changed, by the kind of act. Never free text, never a child.
    #[schema(value_type = Object)]
    pub change: serde_json::Value,
    /// Where the escalation is.
    pub href: String,
}

/// A position as it is published: texts of one length, so that they sort as numbers do.
pub fn sequence(position: i64) -> String {
    format!("{position:020}")
}

impl CloudEvent {
    /// What a page tells, as far as its caller may see it.
    pub fn all(page: FeedPage, caller: &Caller) -> Vec<Self> {
        let FeedPage { items, partnership, now, .. } = page;
        let source = format!("/partnerships/{}", partnership.code);
        let items = items.into_iter().map(|(position, tells)| {
            let (id, kind, subject, time, dataschema, data) = match tells {
                Tells::Event(event, origin) => {
                    let sight = Sight::of(caller, origin.raised_by, origin.raiser_visibility);
                    let shown =
                        event_shown((*event).clone(), origin.raised_by, &sight, &partnership, now);
                    let kind = FeedType::Event(shown.kind);
                    let subject = event.escalation;
                    let data = FeedEventData {
                        escalation_id: subject,
                        reference: origin.reference,
                        version: shown.version,
                        kind: shown.kind,
                        occurred_at: shown.occurred_at,
                        recorded_at: shown.recorded_at,
                        role: shown.role,
                        agency: shown.agency,
                        change: shown.change,
                        href: format!("/v1/escalations/{subject}"),
                    };
                    let time = shown.occurred_at;
                    let data = FeedData::Event(Box::new(data));
                    (event.id.0, kind, subject, time, EVENT_SCHEMA, data)
                }
                Tells::Notice(notice) => {
                    let (id, subject) = (notice.id, notice.escalation);
                    let (kind, time) = (FeedType::Notice(notice.kind), Instant(notice.fired_at));
                    let data = FeedData::Notice(Box::new(NoticeLine::new(*notice, &partnership)));
                    (id, kind, subject, time, NOTICE_SCHEMA, data)
                }
            };
            Self {
                specversion: SPECVERSION,
                id,
                source: source.clone(),
                kind: kind.to_string(),
                subject,
                time,
                dataschema,
                datacontenttype: "application/json",
                partitionkey: subject,
                sequence: sequence(position),
                data,
            }
        });
        items.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-CE2.
    #[test]
    fn sequences_sort_as_numbers() {
        let mut positions: Vec<i64> = (0..1_000).collect();
        for power in 0..19 {
            let round = 10_i64.pow(power);
            positions.extend([round - 1, round, round.saturating_add(1)]);
        }
        positions.extend([i64::MAX - 1, i64::MAX]);
        positions.sort_unstable();
        positions.dedup();
        let texts: Vec<String> = positions.iter().map(|it| sequence(*it)).collect();
        assert!(texts.is_sorted());
        assert!(texts.iter().all(|it| it.len() == 20));
        // What no position reaches would still fit and sort: 10^19 and the largest of 20 digits.
        assert!(sequence(i64::MAX) < "10000000000000000000".to_owned());
        assert_eq!(sequence(10), "00000000000000000010");
    }
}
