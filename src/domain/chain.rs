//! A chain: entries in one order, each linked to the one before it, so that none is changed or taken out unseen.
//!
//! A leaf is the SHA-256 of everything that a stored thing says; a link is the SHA-256 of the link before it and of the
//! leaf. There are two chains of this form: the feed of what happened, and the log of who read what.

use std::collections::BTreeMap;

use serde_json::Value;
use uuid::Uuid;

use super::codes::codes;
use super::ids::EscalationId;
use crate::sha256;

/// A SHA-256.
pub type Hash = [u8; 32];

codes! {
    /// The chains of a partnership.
    pub enum ChainName {
        /// What happened: events and notices, as the feed tells them.
        Events => "events",
        /// Who read what.
        Reads => "reads",
    }
}

/// What a stored thing says, in the one form that is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    form: &'static str,
    text: String,
}

impl Said {
    /// These members under the name of their form, so that what is hashed in another form can never be taken for this. They
    /// stand in the order of their names.
    #[must_use]
    pub(super) fn new(form: &'static str, members: &[(&'static str, Member<'_>)]) -> Self {
        debug_assert!(members.is_sorted_by_key(|(name, _)| name), "{form}");
        let mut text = String::with_capacity(1_024);
        write_members(members.iter().map(|(name, it)| (*name, it)), &mut text, Member::write);
        Self { form, text }
    }

    /// The first line of what is hashed, with its line break.
    #[must_use]
    pub const fn form(&self) -> &'static str {
        self.form
    }

    /// What follows it: JSON with its members by name and no blanks.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a link is taken of.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        sha256::of(&[self.form.as_bytes(), self.text.as_bytes()])
    }
}

/// Something that a stored thing says of itself. Written at once, because a check writes a million of them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member<'a> {
    /// A text, or that there is none.
    Text(Option<&'a str>),
    /// A number, or that there is none.
    Number(Option<i64>),
    /// An identifier, or that there is none.
    Id(Option<Uuid>),
    /// Several identifiers.
    Ids(&'a [EscalationId]),
    /// Several texts.
    Texts(&'a [String]),
    /// Texts by name.
    Named(&'a BTreeMap<String, String>),
    /// JSON as it is stored.
    Json(&'a Value),
}

impl Member<'_> {
    fn write(&self, to: &mut String) {
        match self {
            Self::Text(Some(text)) => write_text(text, to),
            Self::Number(Some(number)) => to.push_str(&number.to_string()),
            Self::Id(Some(id)) => write_id(*id, to),
            Self::Text(None) | Self::Number(None) | Self::Id(None) => to.push_str("null"),
            Self::Ids(ids) => write_items(ids, to, |id, to| write_id(id.0, to)),
            Self::Texts(texts) => write_items(texts, to, |text, to| write_text(text, to)),
            Self::Named(texts) => {
                let texts = texts.iter().map(|(name, text)| (name.as_str(), text));
                write_members(texts, to, |text, to| write_text(text, to));
            }
            Self::Json(value) => write_canonical(value, to),
        }
    }
}

/// JSON in one form: members by name, no blanks. Whatever a map of another build keeps in another order, the text is
/// the same.
fn write_canonical(value: &Value, to: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(name, it)| (name.as_str(), it)).collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            write_members(members, to, write_canonical);
        }
        Value::Array(items) => write_items(items, to, write_canonical),
        Value::String(text) => write_text(text, to),
        plain => to.push_str(&plain.to_string()),
    }
}

fn write_members<'a, T: 'a>(
    members: impl IntoIterator<Item = (&'a str, &'a T)>,
    to: &mut String,
    write: impl Fn(&T, &mut String),
) {
    to.push('{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            to.push(',');
        }
        write_text(name, to);
        to.push(':');
        write(value, to);
    }
    to.push('}');
}

fn write_items<T>(items: &[T], to: &mut String, write: impl Fn(&T, &mut String)) {
    to.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            to.push(',');
        }
        write(item, to);
    }
    to.push(']');
}

fn write_id(id: Uuid, to: &mut String) {
    to.push('"');
    to.push_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    to.push('"');
}

fn write_text(text: &str, to: &mut String) {
    if text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        to.push_str(&Value::from(text).to_string());
    } else {
        to.push('"');
        to.push_str(text);
        to.push('"');
    }
}

/// How far a chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The position of the last entry; 0 when there is none.
    pub position: i64,
    /// Its link.
    pub link: Hash,
}

impl Head {
    /// The head of a chain without entries.
    pub const START: Self = Self { position: 0, link: [0; 32] };

    /// The head after one entry more. Whoever knows a head can recompute every later one.
    #[must_use]
    pub fn after(self, leaf: &Hash) -> Self {
        Self { position: self.position.saturating_add(1), link: sha256::of(&[&self.link, leaf]) }
    }

    /// Gives each thing that waits the next position and its link, in order; and the head after them.
    #[must_use]
    pub fn place<T>(mut self, waiting: Vec<Waiting<T>>) -> (Vec<Placed<T>>, Self) {
        let placed = waiting
            .into_iter()
            .map(|it| {
                self = self.after(&it.leaf);
                Placed { head: self, leaf: it.leaf, what: it.what }
            })
            .collect();
        (placed, self)
    }

    /// The head after this link, if it follows this head and what is stored makes its leaf.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(self, link: &Link) -> Result<Self, ChainFault> {
        let next = self.after(&link.leaf);
        if link.position != next.position {
            return Err(ChainFault::Gap);
        }
        match link.stored {
            Stored::Gone => return Err(ChainFault::Gone),
            Stored::Makes(leaf) if leaf == link.leaf => {}
            Stored::Makes(_) | Stored::Differs => return Err(ChainFault::Content),
        }
        if link.link != next.link {
            return Err(ChainFault::Link);
        }
        Ok(next)
    }

    /// Whether a chain that was found whole up to here ends where its stored head says.
    ///
    /// # Errors
    /// [`ChainFault::Tail`] when the stored head is further on, [`ChainFault::Head`] when it is another one.
    pub fn ends_at(self, stored: Self) -> Result<(), ChainFault> {
        if self.position < stored.position {
            return Err(ChainFault::Tail);
        }
        if self == stored { Ok(()) } else { Err(ChainFault::Head) }
    }
}

/// Something that was committed, and waits for its place in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting<T> {
    /// The order in which it was written.
    pub number: i64,
    /// What its link is taken of.
    pub leaf: Hash,
    /// What it is.
    pub what: T,
}

/// Something in its place for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<T> {
    /// Its position and its link.
    pub head: Head,
    /// What its link is taken of.
    pub leaf: Hash,
    /// What it is.
    pub what: T,
}

/// An entry as it is stored, with what is stored of the thing itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its position, from 1 on.
    pub position: i64,
    /// What its link was taken of.
    pub leaf: Hash,
    /// The SHA-256 of the link before it and of its leaf.
    pub link: Hash,
    /// What the thing makes now.
    pub stored: Stored,
}

/// What a stored thing says now of the leaf that was once taken of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It makes this leaf.
    Makes(Hash),
    /// It contradicts what is stored with it, or is nothing that this program could have written.
    Differs,
    /// It is not there.
    Gone,
}

/// What does not hold in a stored chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainFault {
    /// A position is missing, or is there twice.
    Gap,
    /// What the entry is about is gone.
    Gone,
    /// What is stored is not what was hashed when it got its link.
    Content,
    /// The entry is not linked to the one before it.
    Link,
    /// The chain ends before its head.
    Tail,
    /// The chain does not end as its head says.
    Head,
}

#[cfg(test)]
mod tests;
