//! The feed: everything that happened in a partnership in one order without gaps, each thing linked to what came before.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::event::{Actor, EventType};
use super::ids::{EscalationId, EventId};
use super::notice::NoticeKind;
use crate::sha256;

/// A SHA-256.
pub type Hash = [u8; 32];

/// Before the name of a kind of event or notice, in what is published.
const PREFIX: &str = "escalation-tracker";
/// What is hashed begins with this, so that another form of it can never be taken for this one.
const EVENT_FORM: &[u8] = b"escalation-tracker event v1\n";
const NOTICE_FORM: &[u8] = b"escalation-tracker notice v1\n";

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
    /// What the link of the event is taken of.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        let mut said = Map::new();
        let mut say = |name: &str, value: Value| said.insert(name.to_owned(), value);
        say("id", self.id.to_string().into());
        say("escalation", self.escalation.to_string().into());
        say("version", self.version.into());
        say("kind", self.kind.into());
        say("occurred_at", self.occurred_at.as_microsecond().into());
        say("recorded_at", self.recorded_at.as_microsecond().into());
        say("actor_agency", self.actor.agency.map(|it| it.to_string()).into());
        say("actor_role", self.actor.role.code().into());
        say("actor_client", self.actor.client.map(|it| it.to_string()).into());
        say("actor_subject", self.actor.subject.as_str().into());
        say("change", self.change.clone());
        let texts = self.texts.iter().map(|(field, hash)| (field.clone(), hash.as_str().into()));
        say("texts", Value::Object(texts.collect()));
        hashed(EVENT_FORM, &Value::Object(said))
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
    /// What the link of the notice is taken of.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        let mut said = Map::new();
        let mut say = |name: &str, value: Value| said.insert(name.to_owned(), value);
        say("id", self.id.to_string().into());
        say("escalation", self.escalation.to_string().into());
        say("clock", self.clock.to_string().into());
        say("kind", self.kind.into());
        say("percent", self.percent.into());
        say("fires_at", self.fires_at.as_microsecond().into());
        say("fired_at", self.fired_at.as_microsecond().into());
        say("notice", self.notice.into());
        say("told", self.told.into());
        say("tell_at", self.tell_at.as_microsecond().into());
        hashed(NOTICE_FORM, &Value::Object(said))
    }
}

pub(super) fn hashed(form: &[u8], said: &Value) -> Hash {
    let mut text = String::new();
    write_canonical(said, &mut text);
    sha256::of(&[form, text.as_bytes()])
}

/// JSON in one form: members by name, no blanks. Whatever a map of another build keeps in another order, the text is
/// the same.
fn write_canonical(value: &Value, to: &mut String) {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, &Value> = members.iter().collect();
            to.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    to.push(',');
                }
                to.push_str(&Value::from(name.as_str()).to_string());
                to.push(':');
                write_canonical(value, to);
            }
            to.push('}');
        }
        Value::Array(items) => {
            to.push('[');
            for (at, value) in items.iter().enumerate() {
                if at > 0 {
                    to.push(',');
                }
                write_canonical(value, to);
            }
            to.push(']');
        }
        plain => to.push_str(&plain.to_string()),
    }
}

/// How far a feed has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The position of the last entry; 0 when there is none.
    pub position: i64,
    /// Its link.
    pub link: Hash,
}

impl Head {
    /// The head of a feed that tells nothing yet.
    pub const START: Self = Self { position: 0, link: [0; 32] };

    /// The head after one entry more. Whoever knows a head can recompute every later one.
    #[must_use]
    pub fn after(self, leaf: &Hash) -> Self {
        Self { position: self.position.saturating_add(1), link: sha256::of(&[&self.link, leaf]) }
    }

    /// Gives each thing that waits the next position and its link, in order.
    #[must_use]
    pub fn sequence(mut self, waiting: Vec<Waiting>) -> (Vec<Entry>, Self) {
        let entries = waiting
            .into_iter()
            .map(|it| {
                self = self.after(&it.leaf);
                Entry {
                    position: self.position,
                    escalation: it.escalation,
                    what: it.what,
                    leaf: it.leaf,
                    link: self.link,
                }
            })
            .collect();
        (entries, self)
    }

    /// The head after this entry, if it follows this head and its content makes this leaf.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(self, entry: &Entry, recomputed: Option<Hash>) -> Result<Self, FeedFault> {
        self.check_link(entry.position, (entry.leaf, entry.link), recomputed)
    }

    /// The same for a link of any chain of this form.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check_link(
        self,
        position: i64,
        (leaf, link): (Hash, Hash),
        recomputed: Option<Hash>,
    ) -> Result<Self, FeedFault> {
        let next = self.after(&leaf);
        if position != next.position {
            return Err(FeedFault::Gap);
        }
        if recomputed != Some(leaf) {
            return Err(FeedFault::Content);
        }
        if link != next.link {
            return Err(FeedFault::Link);
        }
        Ok(next)
    }
}

/// What does not hold in a stored feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedFault {
    /// A position is missing, or is there twice.
    Gap,
    /// What is stored is not what was hashed when it was sequenced, or is gone.
    Content,
    /// The entry is not linked to the one before it.
    Link,
    /// The feed does not end where its head says.
    Head,
}

/// What an entry of the feed is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// An event, after which the escalation has this version.
    Event(EventId, i32),
    /// A notice.
    Notice(Uuid),
}

/// Something that was committed, and waits for its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The order in which it was written.
    pub number: i64,
    /// The escalation.
    pub escalation: EscalationId,
    /// What it is.
    pub what: What,
    /// What its link is taken of.
    pub leaf: Hash,
}

/// Something at its position for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its position, from 1 on.
    pub position: i64,
    /// The escalation.
    pub escalation: EscalationId,
    /// What it is.
    pub what: What,
    /// What its link is taken of.
    pub leaf: Hash,
    /// The SHA-256 of the link before it and of its leaf.
    pub link: Hash,
}

#[cfg(test)]
mod tests;
