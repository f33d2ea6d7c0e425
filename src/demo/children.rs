//! The made-up children: new ones, ones who were raised before, and one who is raised again and again.

use jiff::{SignedDuration, Timestamp};

use super::DemoError;
use super::chance::Chance;
use super::frame::Frame;
use crate::domain::check_digits::is_upn;
use crate::domain::child_reference::Scheme;

/// A child reference as it was typed, before anybody has judged it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildText {
    /// The system that could say who is meant.
    pub scheme: Scheme,
    /// What was typed.
    pub text: String,
}

/// The weeks in which the one child is raised.
const AGAIN_AND_AGAIN: [i64; 9] = [18, 27, 36, 43, 49, 57, 66, 79, 95];

/// How long a child counts as raised before.
const HALF_A_YEAR: SignedDuration = SignedDuration::from_hours(26 * 7 * 24);

pub(super) struct Children {
    made: u32,
    before: Vec<(Timestamp, String)>,
    due_again: std::iter::Peekable<std::array::IntoIter<i64, 9>>,
}

impl Children {
    pub(super) fn new() -> Self {
        Self { made: 0, before: Vec::new(), due_again: AGAIN_AND_AGAIN.into_iter().peekable() }
    }

    /// The children of an escalation that is raised at `at`.
    pub(super) fn draw(
        &mut self,
        at: Timestamp,
        frame: &Frame,
        chance: &mut Chance,
    ) -> Result<Vec<ChildText>, DemoError> {
        let week = frame.week_of(at);
        if self.due_again.next_if(|due| *due <= week).is_some() {
            return Ok(vec![local_id("SYN100009".to_owned())]);
        }
        let many = chance.whole(4..=6);
        let count = chance.weighted(&[(1, 0.62), (2, 0.21), (3, 0.11), (many, 0.06)])?;
        let known: Vec<String> = self
            .before
            .iter()
            .filter(|(raised, _)| at.duration_since(*raised) < HALF_A_YEAR)
            .map(|(_, text)| text.clone())
            .collect();
        let mut texts = Vec::new();
        if !known.is_empty() && chance.happens(0.12) {
            let last = known.len().saturating_sub(1);
            texts.extend(known.into_iter().nth(chance.whole(0..=last)));
        }
        while texts.len() < count {
            self.made += 1;
            let unborn = texts.is_empty() && count == 1 && chance.happens(0.08);
            let prefix = if unborn { "SYNU" } else { "SYN" };
            texts.push(format!("{prefix}{}", 200_000 + self.made * 7));
        }
        self.before.extend(texts.iter().map(|text| (at, text.clone())));
        Ok(texts.into_iter().map(local_id).collect())
    }
}

const fn local_id(text: String) -> ChildText {
    ChildText { scheme: Scheme::LaChildId, text }
}

/// A pupil number of the made-up authority 999 whose check letter is wrong.
pub(super) fn mistyped(chance: &mut Chance) -> ChildText {
    let rest = format!("999{:04}25{:03}", chance.whole(1000..=9999), chance.whole(1..=999));
    let text = format!("A{rest}");
    let text = if is_upn(&text) { format!("B{rest}") } else { text };
    ChildText { scheme: Scheme::Upn, text }
}
