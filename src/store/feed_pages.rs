//! Pages of the feed: entries that a transaction may see, with what each tells.

use std::collections::HashMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::chain::by_index;
use super::escalation_rows::code;
use super::failure::StoreFailure;
use super::feed::what;
use super::schema::{escalation, event, feed_entry, timer};
use super::{events, timers};
use crate::domain::escalation::RaiserVisibility;
use crate::domain::event::Event;
use crate::domain::feed::{FeedType, What};
use crate::domain::ids::{AgencyId, EscalationId, PartnershipId};
use crate::domain::notice::Notice;

/// Which entries are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// After this position.
    pub after: i64,
    /// At this one at the latest.
    pub until: i64,
    /// At most so many.
    pub limit: i64,
    /// Of these types; of all when there are none.
    pub types: &'a [FeedType],
}

/// What of an escalation decides who may see what of it, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its reference, safe to say aloud.
    pub reference: String,
    /// Who raised it.
    pub raised_by: AgencyId,
    /// How much of the raiser the other side may see.
    pub raiser_visibility: RaiserVisibility,
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tells {
    /// An act on an escalation, without its texts.
    Event(Box<Event>, Origin),
    /// Something that came due, and is told.
    Notice(Box<Notice>),
}

impl Tells {
    /// Every escalation that it names.
    pub fn escalations(&self) -> impl Iterator<Item = EscalationId> {
        let (one, other) = match self {
            Self::Event(event, _) => (event.escalation, event.change.names()),
            Self::Notice(notice) => (notice.escalation, None),
        };
        std::iter::once(one).chain(other)
    }
}

/// Entries in order, each with its position.
///
/// # Errors
/// The database fails.
pub async fn page(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    wanted: Wanted<'_>,
) -> Result<Vec<(i64, Tells)>, StoreFailure> {
    by_index(conn).await?;
    let entries = entries(conn, partnership, wanted).await?;
    let mut event_ids = Vec::new();
    let mut timer_ids = Vec::new();
    let mut escalations: Vec<Uuid> = Vec::new();
    for (_, escalation, what) in &entries {
        match what {
            What::Event(id, _) => {
                event_ids.push(id.0);
                escalations.push(escalation.0);
            }
            What::Notice(id) => timer_ids.push(*id),
        }
    }
    escalations.sort_unstable();
    escalations.dedup();
    let mut events = events::by_ids(conn, partnership, &event_ids).await?;
    let mut notices = timers::by_ids(conn, partnership, &timer_ids).await?;
    let origins = origins(conn, partnership, &escalations).await?;
    let missing = StoreFailure::Corrupt("feed_entry");
    let told: Option<Vec<_>> = entries
        .into_iter()
        .map(|(position, escalation, what)| {
            let tells = match what {
                What::Event(id, _) => {
                    let origin = origins.get(&escalation)?.clone();
                    Tells::Event(Box::new(events.remove(&id)?), origin)
                }
                What::Notice(id) => Tells::Notice(Box::new(notices.remove(&id)?)),
            };
            Some((position, tells))
        })
        .collect();
    told.ok_or(missing)
}

type EntryRow = (i64, Uuid, Option<Uuid>, Option<Uuid>, Option<i32>);

async fn entries(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    wanted: Wanted<'_>,
) -> Result<Vec<(i64, EscalationId, What)>, StoreFailure> {
    let mut query = feed_entry::table
        .into_boxed::<Pg>()
        .filter(feed_entry::partnership_id.eq(partnership.0))
        .filter(feed_entry::position.gt(wanted.after))
        .filter(feed_entry::position.le(wanted.until));
    if !wanted.types.is_empty() {
        let (mut events, mut notices) = (Vec::new(), Vec::new());
        for kind in wanted.types {
            match kind {
                FeedType::Event(kind) => events.push(kind.code()),
                FeedType::Notice(kind) => notices.push(kind.code()),
            }
        }
        let is_event = event::table
            .filter(event::partnership_id.eq(feed_entry::partnership_id))
            .filter(event::id.nullable().eq(feed_entry::event_id))
            .filter(event::event_type.eq_any(events));
        let is_notice = timer::table
            .filter(timer::partnership_id.eq(feed_entry::partnership_id))
            .filter(timer::id.nullable().eq(feed_entry::timer_id))
            .filter(timer::notice.eq_any(notices));
        query = query.filter(diesel::dsl::exists(is_event).or(diesel::dsl::exists(is_notice)));
    }
    let rows: Vec<EntryRow> = query
        .order(feed_entry::position)
        .limit(wanted.limit)
        .select((
            feed_entry::position,
            feed_entry::escalation_id,
            feed_entry::event_id,
            feed_entry::timer_id,
            feed_entry::version,
        ))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(position, escalation, event_id, timer_id, version)| {
            Ok((position, EscalationId(escalation), what(event_id, timer_id, version)?))
        })
        .collect()
}

async fn origins(
    conn: &mut AsyncPgConnection,
    partnership: PartnershipId,
    ids: &[Uuid],
) -> Result<HashMap<EscalationId, Origin>, StoreFailure> {
    let rows: Vec<(Uuid, String, Uuid, String)> = escalation::table
        .filter(escalation::partnership_id.eq(partnership.0))
        .filter(escalation::id.eq_any(ids))
        .select((
            escalation::id,
            escalation::reference,
            escalation::raised_by_agency_id,
            escalation::raiser_visibility,
        ))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(id, reference, raised_by, visibility)| {
            let raiser_visibility = code(&visibility, "escalation.raiser_visibility")?;
            let raised_by = AgencyId(raised_by);
            Ok((EscalationId(id), Origin { reference, raised_by, raiser_visibility }))
        })
        .collect()
}
