//! The feed: everything that happened in a partnership in one order without gaps, each thing linked to what came before.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::chain::{Hash, Member, Said};
use super::event::{Actor, EventType};
use super::ids::{EscalationId, EventId};
use super::notice::NoticeKind;
use crate::sha256;

/// Before the name of a kind of event or notice, in what is published.
const PREFIX: &str = "escalation-tracker";
/// The first line of what is hashed.
const EVENT_FORM: &str = "escalation-tracker event v1\n";
const NOTICE_FORM: &str = "escalation-tracker notice v1\n";

/// What kind of thing the feed tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedType {
    /// An act on an escalation.
    Event(EventType),
    /// Something that came due by itself, and is told.
    Notice(NoticeKind),
}

impl FeedType {
    /// Every kind: events, then notices.
    pub fn all() -> impl Iterator<Item = Self> {
        let events = EventType::ALL.iter().map(|kind| Self::Event(*kind));
        events.chain(NoticeKind::ALL.iter().map(|kind| Self::Notice(*kind)))
    }
}

/// As it is published: a CloudEvents `type`, with the version of what its data say.
impl fmt::Display for FeedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(kind) => write!(f, "{PREFIX}.escalation.{kind}.v1"),
            Self::Notice(kind) => write!(f, "{PREFIX}.clock.{kind}.v1"),
        }
    }
}

/// A text that is not the name of a kind of event or notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a type of the feed")]
pub struct UnknownFeedType;

impl FromStr for FeedType {
    type Err = UnknownFeedType;

    fn from_str(text: &str) -> Result<Self, UnknownFeedType> {
        let (what, kind) = text
            .strip_prefix(PREFIX)
            .and_then(|it| it.strip_prefix('.')?.strip_suffix(".v1")?.split_once('.'))
            .ok_or(UnknownFeedType)?;
        match what {
            "escalation" => kind.parse().map(Self::Event).map_err(|_| UnknownFeedType),
            "clock" => kind.parse().map(Self::Notice).map_err(|_| UnknownFeedType),
            _ => Err(UnknownFeedType),
        }
    }
}

/// The hash by which a text enters a leaf. Without the salt nobody finds the text again by guessing.
#[must_use]
pub fn text_hash(salt: &[u8], text: &str) -> Hash {
    sha256::of(&[salt, text.as_bytes()])
}

/// Everything that an event says, as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct EventSaid<'a> {
    /// Its identifier.
    pub id: EventId,
    /// The escalation.
    pub escalation: EscalationId,
    /// The version that the escalation has after it.
    pub version: i32,
    /// The kind of event.
    pub kind: &'a str,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was received.
    pub recorded_at: Timestamp,
    /// Who acted.
    pub actor: &'a Actor,
    /// What changed, in the very form that is stored: a later program may write the same change otherwise.
    pub change: &'a Value,
    /// The hash of each text, in hexadecimal digits, by the code of its field.
    pub texts: &'a BTreeMap<String, String>,
}

impl EventSaid<'_> {
    /// What is hashed of it.
    #[must_use]
    pub fn said(&self) -> Said {
        let members = [
            ("actor_agency", Member::Id(self.actor.agency.map(|it| it.0))),
            ("actor_client", Member::Id(self.actor.client.map(|it| it.0))),
            ("actor_role", Member::Text(Some(self.actor.role.code()))),
            ("actor_subject", Member::Text(Some(&self.actor.subject))),
            ("change", Member::Json(self.change)),
            ("escalation", Member::Id(Some(self.escalation.0))),
            ("id", Member::Id(Some(self.id.0))),
            ("kind", Member::Text(Some(self.kind))),
            ("occurred_at", Member::Number(Some(self.occurred_at.as_microsecond()))),
            ("recorded_at", Member::Number(Some(self.recorded_at.as_microsecond()))),
            ("texts", Member::Named(self.texts)),
            ("version", Member::Number(Some(self.version.into()))),
        ];
        Said::new(EVENT_FORM, &members)
    }
}

/// Everything that a notice says.
#[derive(Debug, Clone, Copy)]
pub struct NoticeSaid<'a> {
    /// Its identifier.
    pub id: Uuid,
    /// The escalation.
    pub escalation: EscalationId,
    /// The clock.
    pub clock: Uuid,
    /// What came due.
    pub kind: &'a str,
    /// For a warning: how much of the time had been used, in hundredths.
    pub percent: Option<i16>,
    /// When it came due.
    pub fires_at: Timestamp,
    /// When the service noticed.
    pub fired_at: Timestamp,
    /// What is told.
    pub notice: &'a str,
    /// Who is told.
    pub told: &'a [String],
    /// When they are told.
    pub tell_at: Timestamp,
}

impl NoticeSaid<'_> {
    /// What is hashed of it.
    #[must_use]
    pub fn said(&self) -> Said {
        let members = [
            ("clock", Member::Id(Some(self.clock))),
            ("escalation", Member::Id(Some(self.escalation.0))),
            ("fired_at", Member::Number(Some(self.fired_at.as_microsecond()))),
            ("fires_at", Member::Number(Some(self.fires_at.as_microsecond()))),
            ("id", Member::Id(Some(self.id))),
            ("kind", Member::Text(Some(self.kind))),
            ("notice", Member::Text(Some(self.notice))),
            ("percent", Member::Number(self.percent.map(i64::from))),
            ("tell_at", Member::Number(Some(self.tell_at.as_microsecond()))),
            ("told", Member::Texts(self.told)),
        ];
        Said::new(NOTICE_FORM, &members)
    }
}

/// What an entry of the feed is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// An event, after which the escalation has this version.
    Event(EventId, i32),
    /// A notice.
    Notice(Uuid),
}

/// What the feed tells, and of which escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The escalation.
    pub escalation: EscalationId,
    /// What it is.
    pub what: What,
}

#[cfg(test)]
mod tests;
