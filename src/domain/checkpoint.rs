//! A checkpoint: how far both chains of a partnership had come at an instant, in words that are signed and kept outside, so
//! that a history which was written anew contradicts what others hold.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::chain::{ChainName, Head};
use super::ids::PartnershipId;

/// The first line begins with it; the partnership follows. It is the name of the key too.
const ORIGIN: &str = "escalation-tracker/";

/// A checkpoint is due when the last is this old and anything was added since (`trust.md` §5.5).
pub const EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Or when so many entries were added, whatever its age.
pub const AFTER_ENTRIES: i64 = 1_000;

/// How far the chains had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose chains.
    pub partnership: PartnershipId,
    /// When.
    pub at: Timestamp,
    /// The feed.
    pub events: Head,
    /// The log of reads.
    pub reads: Head,
}

/// A checkpoint as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCheckpoint {
    /// Which it is, from 1 on.
    pub number: i64,
    /// When it was made.
    pub at: Timestamp,
    /// The signed note.
    pub note: String,
}

/// A text that is no checkpoint of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the text of a checkpoint")]
pub struct NoCheckpoint;

impl Checkpoint {
    /// The name under which a partnership's checkpoints are signed.
    #[must_use]
    pub fn key_name(partnership: PartnershipId) -> String {
        format!("{ORIGIN}{partnership}")
    }

    /// How far this chain had come.
    #[must_use]
    pub const fn head(&self, chain: ChainName) -> Head {
        match chain {
            ChainName::Events => self.events,
            ChainName::Reads => self.reads,
        }
    }

    /// The text that is signed. Its first three lines are those of a C2SP `tlog-checkpoint`: origin, size and hash of the
    /// chain of events; the hash is the last link, not the root of a tree.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\nreads {} {}\nat {}\n",
            Self::key_name(self.partnership),
            self.events.position,
            STANDARD.encode(self.events.link),
            self.reads.position,
            STANDARD.encode(self.reads.link),
            self.at,
        )
    }

    /// Whether it is time for another one after this, or for the first.
    #[must_use]
    pub fn is_due(last: Option<&Self>, events: Head, reads: Head, now: Timestamp) -> bool {
        let (at, was) = match last {
            None => (Timestamp::MIN, (Head::START, Head::START)),
            Some(last) => (last.at, (last.events, last.reads)),
        };
        let since = |now: Head, then: Head| now.position.saturating_sub(then.position);
        let added = since(events, was.0).saturating_add(since(reads, was.1));
        added >= AFTER_ENTRIES || (added > 0 && now.duration_since(at) >= EVERY)
    }
}

impl FromStr for Checkpoint {
    type Err = NoCheckpoint;

    fn from_str(text: &str) -> Result<Self, NoCheckpoint> {
        let mut lines = text.lines();
        let mut line = || lines.next().ok_or(NoCheckpoint);
        let origin = line()?.strip_prefix(ORIGIN).ok_or(NoCheckpoint)?;
        let partnership = PartnershipId(Uuid::try_parse(origin).map_err(|_| NoCheckpoint)?);
        let events = head(line()?, line()?)?;
        let (position, link) =
            line()?.strip_prefix("reads ").and_then(|it| it.split_once(' ')).ok_or(NoCheckpoint)?;
        let reads = head(position, link)?;
        let at = line()?.strip_prefix("at ").ok_or(NoCheckpoint)?;
        let at = at.parse().map_err(|_| NoCheckpoint)?;
        let read = Self { partnership, at, events, reads };
        // One checkpoint has one text, or the same signature could be read in two ways.
        if read.text() == text { Ok(read) } else { Err(NoCheckpoint) }
    }
}

fn head(position: &str, link: &str) -> Result<Head, NoCheckpoint> {
    let position = position.parse().map_err(|_| NoCheckpoint)?;
    let link = STANDARD.decode(link).map_err(|_| NoCheckpoint)?;
    Ok(Head { position, link: link.try_into().map_err(|_| NoCheckpoint)? })
}

#[cfg(test)]
mod tests;
