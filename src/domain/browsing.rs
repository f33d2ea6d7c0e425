//! What in the log of reads is worth a question: reading without a reason to, very much at once, and at night.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::civil::{Time, Weekday};
use jiff::{SignedDuration, Timestamp};

use super::access::Role;
use super::codes::codes;
use super::ids::{AgencyId, ClientId, EscalationId};
use super::london::{local_date, local_time};

/// More children than this in one hour are more than anybody works on.
pub const MOST_CHILDREN_AN_HOUR: usize = 50;
/// The local time at which the day begins.
const MORNING: Time = Time::constant(7, 0, 0, 0);
/// The local time from which on it is over.
const EVENING: Time = Time::constant(20, 0, 0, 0);

codes! {
    /// What is worth a question. None of them says that anything was wrong: duty teams work at night.
    pub enum BrowsingSign {
        /// A reader for the whole partnership opened matters on which they never acted, and did not say what for.
        WithoutRelation => "without_relation",
        /// More than 50 children within an hour.
        ManyChildren => "many_children",
        /// Before 07:00, from 20:00 on, or at a week-end.
        OutOfHours => "out_of_hours",
    }
}

/// One matter that was opened: more than a line of it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub reader: Reader,
    /// The escalation.
    pub escalation: EscalationId,
    /// How many children it is about; a pattern is about none.
    pub children: Vec<Vec<u8>>,
    /// Whether the reader acted on it at any time.
    pub acted: bool,
    /// Whether it was said what for.
    pub said_what_for: bool,
}

/// A person or system that reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reader {
    /// The registered client.
    pub client: ClientId,
    /// The person or system, as its token names it.
    pub subject: String,
    /// The agency that it acts for; none for the partnership's own roles.
    pub agency: Option<AgencyId>,
    /// In which role.
    pub role: Role,
}

/// Something worth a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Who read.
    pub reader: Reader,
    /// What it is.
    pub sign: BrowsingSign,
    /// The first read that belongs to it.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
    /// How many reads.
    pub reads: usize,
    /// How many escalations.
    pub escalations: usize,
    /// How many children; of many in an hour, the most in any.
    pub children: usize,
}

/// Everything worth a question in these reads, reader by reader.
///
/// An agency reaches only what it raised or must answer, so that only readers for the whole partnership can be without
/// relation.
#[must_use]
pub fn findings(mut opened: Vec<Opened>) -> Vec<Finding> {
    opened.sort_by_key(|it| (it.at, it.escalation));
    let mut readers: BTreeMap<Reader, Vec<Opened>> = BTreeMap::new();
    for it in opened {
        readers.entry(it.reader.clone()).or_default().push(it);
    }
    let mut found = Vec::new();
    for (reader, all) in readers {
        let without: Vec<&Opened> = all
            .iter()
            .filter(|it| reader.agency.is_none() && !it.acted && !it.said_what_for)
            .collect();
        found.extend(finding(&reader, BrowsingSign::WithoutRelation, &without, None));
        let (busy, most) = busy_hours(&all);
        found.extend(finding(&reader, BrowsingSign::ManyChildren, &busy, Some(most)));
        let late: Vec<&Opened> = all.iter().filter(|it| is_out_of_hours(it.at)).collect();
        found.extend(finding(&reader, BrowsingSign::OutOfHours, &late, None));
    }
    found
}

fn finding(
    reader: &Reader,
    sign: BrowsingSign,
    reads: &[&Opened],
    most: Option<usize>,
) -> Option<Finding> {
    let (first, last) = (reads.first()?, reads.last()?);
    let escalations: BTreeSet<EscalationId> = reads.iter().map(|it| it.escalation).collect();
    let children: BTreeSet<&[u8]> =
        reads.iter().flat_map(|it| it.children.iter().map(Vec::as_slice)).collect();
    Some(Finding {
        reader: reader.clone(),
        sign,
        from: first.at,
        to: last.at,
        reads: reads.len(),
        escalations: escalations.len(),
        children: most.unwrap_or(children.len()),
    })
}

/// The reads of every hour, whenever it begins, in which there were too many children; with the most in any.
fn busy_hours(all: &[Opened]) -> (Vec<&Opened>, usize) {
    let mut hour: VecDeque<(usize, &Opened)> = VecDeque::new();
    let mut children: BTreeMap<&[u8], usize> = BTreeMap::new();
    let mut busy: BTreeMap<usize, &Opened> = BTreeMap::new();
    let mut most = 0;
    for (place, it) in all.iter().enumerate() {
        hour.push_back((place, it));
        for child in &it.children {
            *children.entry(child).or_default() += 1;
        }
        let over = |first: &Opened| it.at.duration_since(first.at) >= SignedDuration::from_hours(1);
        while let Some((_, gone)) = hour.pop_front_if(|(_, first)| over(first)) {
            for child in &gone.children {
                if let Some(reads) = children.get_mut(child.as_slice()) {
                    *reads -= 1;
                    if *reads == 0 {
                        children.remove(child.as_slice());
                    }
                }
            }
        }
        if children.len() > MOST_CHILDREN_AN_HOUR {
            most = most.max(children.len());
            busy.extend(hour.iter().copied());
        }
    }
    (busy.into_values().collect(), most)
}

fn is_out_of_hours(at: Timestamp) -> bool {
    let time = local_time(at);
    let day = local_date(at).weekday();
    matches!(day, Weekday::Saturday | Weekday::Sunday) || time < MORNING || time >= EVENING
}

#[cfg(test)]
mod tests;
