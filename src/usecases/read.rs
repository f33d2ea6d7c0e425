//! Reading: one escalation, its history, lists, and a search by child.

use std::sync::Arc;

use jiff::Timestamp;

use super::deps::Deps;
use super::failure::Failure;
use super::keys::{keys, open_children};
use super::reading::{Shown, read, read_at};
use super::reference::partnership;
use crate::domain::access::{Action, Caller};
use crate::domain::access_event::{FieldsShown, Seen};
use crate::domain::act::ActKind;
use crate::domain::child_reference::ChildReference;
use crate::domain::escalation::Escalation;
use crate::domain::event::{Event, Narrative, TextField};
use crate::domain::exclusion::is_left_out;
use crate::domain::free_text_policy::TextWarning;
use crate::domain::ids::EscalationId;
use crate::domain::listing::{
    ClockFilter, ClockSummary, EpisodeFilter, EpisodeSummary, EscalationFilter, EscalationSummary,
    Page, PageRequest,
};
use crate::domain::partnership::Partnership;
use crate::domain::sight::Sight;
use crate::domain::standing::Standing;
use crate::store::session::Connection;
use crate::store::{erasing, escalations, events, exclusions, finding, lists, run_lists};

/// The most escalations that a search answers with.
const SEARCH_LIMIT: i64 = 200;

/// An escalation as one caller may see it.
#[derive(Debug, Clone)]
pub struct Detail {
    /// The escalation.
    pub escalation: Escalation,
    /// The children's references; none where the caller may not see them.
    pub children: Option<Vec<ChildReference>>,
    /// What the raiser wants to happen.
    pub desired_outcome: Option<Narrative>,
    /// What the raiser is worried about.
    pub concern: Option<Narrative>,
    /// What this caller can do now.
    pub possible_acts: Vec<ActKind>,
    /// What this caller may see.
    pub sight: Sight,
    /// Escalations that the caller can see and that may be the same matter; looked for when one is raised.
    pub possible_duplicates: Vec<(EscalationId, String)>,
    /// What the texts that the caller just sent appear to hold.
    pub warnings: Vec<TextWarning>,
    /// The instant for which all this was said.
    pub now: Timestamp,
    /// What the partnership has agreed on, for codes and labels.
    pub partnership: Arc<Partnership>,
}

impl Detail {
    /// As it is shown, with what may be the same matter.
    pub(super) fn shown(self) -> Shown<Self> {
        let fields = match &self.children {
            Some(children) if !children.is_empty() => FieldsShown::WithChildReferences,
            _ => FieldsShown::Texts,
        };
        let alike = self.possible_duplicates.iter().map(|(id, _)| *id);
        let ids: Vec<EscalationId> = alike.chain(self.escalation.named()).collect();
        Shown::of(self, ids, fields)
    }
}

/// What the caller may see of `escalation`, inside the transaction that read it.
pub(super) async fn detail(
    deps: &Deps,
    conn: &mut Connection,
    caller: &Caller,
    agreed: &Arc<Partnership>,
    escalation: Escalation,
) -> Result<Detail, Failure> {
    let (partnership, id) = (escalation.partnership, escalation.id);
    let children = if caller.may(Action::ReadChildReference).is_some() {
        let stored = escalations::children(conn, partnership, id).await?;
        Some(open_children(deps, conn, (partnership, id), &stored).await?)
    } else {
        None
    };
    let mut first = events::texts(conn, partnership, id).await?.remove(&1).unwrap_or_default();
    let mut take = |wanted: TextField| {
        let at = first.iter().position(|(field, _)| *field == wanted)?;
        Some(first.swap_remove(at).1)
    };
    let now = deps.clock.now();
    let policy = super::acts::policy_of(agreed, &escalation)?;
    Ok(Detail {
        children,
        desired_outcome: take(TextField::DesiredOutcome),
        concern: take(TextField::Concern),
        possible_acts: escalation.possible_acts(caller, policy, now),
        sight: escalation.sight_of(caller),
        possible_duplicates: Vec::new(),
        warnings: Vec::new(),
        now,
        partnership: Arc::clone(agreed),
        escalation,
    })
}

/// One escalation, as it stands or as what had been recorded by `as_of` made it; what is past permits no act.
///
/// # Errors
/// It is not for this caller to know of, or was not recorded yet.
pub async fn one(
    deps: &Deps,
    caller: &Caller,
    id: EscalationId,
    as_of: Option<Timestamp>,
) -> Result<Detail, Failure> {
    let reach = caller.may(Action::ReadEscalation).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    read_at(deps, caller, reach, as_of, async |conn| {
        let found = escalations::find(conn, caller.partnership, id).await?;
        let escalation = found.ok_or(Failure::NotFound)?;
        let mut detail = detail(deps, conn, caller, &agreed, escalation).await?;
        if let Some(then) = as_of {
            detail.now = then;
            detail.possible_acts.clear();
        }
        Ok(detail.shown())
    })
    .await
}

/// The history of one escalation with what is needed to show it.
#[derive(Debug, Clone)]
pub struct Past {
    /// The escalation as it stands.
    pub escalation: Escalation,
    /// Its events, oldest first.
    pub events: Vec<Event>,
    /// What the caller may see.
    pub sight: Sight,
    /// Whether it is left out of the figures.
    pub left_out: bool,
    /// The instant for which this was said.
    pub now: Timestamp,
    /// What the partnership has agreed on.
    pub partnership: Arc<Partnership>,
}

/// The history of one escalation.
///
/// # Errors
/// It is not for this caller to know of.
pub async fn history(deps: &Deps, caller: &Caller, id: EscalationId) -> Result<Past, Failure> {
    let reach = caller.may(Action::ReadEscalation).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    read(deps, caller, reach, async |conn| {
        let found = escalations::find(conn, caller.partnership, id).await?;
        let escalation = found.ok_or(Failure::NotFound)?;
        let steps = exclusions::of_escalation(conn, caller.partnership, id).await?;
        let past = Past {
            left_out: is_left_out(&steps, &escalation),
            events: events::history(conn, caller.partnership, id).await?,
            sight: escalation.sight_of(caller),
            now: deps.clock.now(),
            partnership: Arc::clone(&agreed),
            escalation,
        };
        let ids: Vec<EscalationId> = past.escalation.named().collect();
        Ok(Shown::of(past, ids, FieldsShown::Texts))
    })
    .await
}

/// A list of escalations.
///
/// # Errors
/// The database fails.
pub async fn escalations(
    deps: &Deps,
    caller: &Caller,
    filter: &EscalationFilter,
    page: PageRequest,
) -> Result<Page<EscalationSummary>, Failure> {
    let reach = caller.may(Action::ListEscalations).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let filter = &protected(filter, caller);
    let now = filter.as_of.unwrap_or_else(|| deps.clock.now());
    read_at(deps, caller, reach, filter.as_of, async |conn| {
        let mut page = lists::escalations(conn, caller.partnership, filter, page, now).await?;
        add_standing(conn, caller, &agreed, now, page.items.iter_mut()).await?;
        let ids: Vec<EscalationId> = page.items.iter().map(|it| it.id).collect();
        Ok(Shown::of(page, ids, FieldsShown::Lines))
    })
    .await
}

/// How many escalations are looked at as a whole at once.
const AT_ONCE: usize = 1_000;

/// All escalations of a list, the oldest first; nothing when there are more than `most`.
///
/// # Errors
/// The database fails.
pub(super) async fn all_escalations(
    deps: &Deps,
    caller: &Caller,
    filter: &EscalationFilter,
    most: usize,
) -> Result<Option<Vec<EscalationSummary>>, Failure> {
    let reach = caller.may(Action::ListEscalations).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let filter = &protected(filter, caller);
    let now = filter.as_of.unwrap_or_else(|| deps.clock.now());
    let limit = i64::try_from(most).unwrap_or(i64::MAX - 1);
    let page = PageRequest { limit, after: None, oldest_first: true, by_next_due: false };
    read_at(deps, caller, reach, filter.as_of, async |conn| {
        let page = lists::escalations(conn, caller.partnership, filter, page, now).await?;
        if page.next.is_some() {
            return Ok(Shown::of_nobody(None));
        }
        let mut items = page.items;
        for some in items.chunks_mut(AT_ONCE) {
            add_standing(conn, caller, &agreed, now, some.iter_mut()).await?;
        }
        let ids: Vec<EscalationId> = items.iter().map(|it| it.id).collect();
        Ok(Shown::of(Some(items), ids, FieldsShown::Lines))
    })
    .await
}

/// The escalation with the reference that is safe to say aloud, if the caller may know of it.
///
/// # Errors
/// The database fails.
pub async fn by_reference(
    deps: &Deps,
    caller: &Caller,
    reference: &str,
) -> Result<Option<EscalationId>, Failure> {
    let reach = caller.may(Action::ReadEscalation).ok_or(Failure::Forbidden)?;
    read(deps, caller, reach, async |conn| {
        let id = finding::by_reference(conn, caller.partnership, reference).await?;
        Ok(Shown::of(id, id, FieldsShown::Lines))
    })
    .await
}

/// The same filter, so that it does not tell an agency who raised what is protected.
fn protected(filter: &EscalationFilter, caller: &Caller) -> EscalationFilter {
    let own = caller.agency.iter().chain(&caller.predecessors).copied().collect();
    EscalationFilter { protected_from: caller.agency.map(|_| own), ..filter.clone() }
}

/// Adds to each line how it stands, and what the caller may see of it.
async fn add_standing<'a>(
    conn: &mut Connection,
    caller: &Caller,
    agreed: &Partnership,
    now: Timestamp,
    lines: impl Iterator<Item = &'a mut EscalationSummary>,
) -> Result<(), Failure> {
    let lines: Vec<_> = lines.collect();
    let ids: Vec<EscalationId> = lines.iter().map(|line| line.id).collect();
    let mut whole = escalations::many(conn, caller.partnership, &ids).await?;
    let erased = erasing::erased_among(conn, caller.partnership, &ids).await?;
    for line in lines {
        line.erased = erased.contains(&line.id);
        if let Some(escalation) = whole.get(&line.id) {
            line.sight = Some(escalation.sight_of(caller));
            line.standing = Some(Standing::of(escalation, agreed, now));
        }
    }
    whole.clear();
    Ok(())
}

/// A list of episodes.
///
/// # Errors
/// The database fails.
pub async fn episodes(
    deps: &Deps,
    caller: &Caller,
    of: &EscalationFilter,
    filter: &EpisodeFilter,
    page: PageRequest,
) -> Result<Page<EpisodeSummary>, Failure> {
    let reach = caller.may(Action::ListEscalations).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let of = &protected(of, caller);
    let now = of.as_of.unwrap_or_else(|| deps.clock.now());
    read_at(deps, caller, reach, of.as_of, async |conn| {
        let mut page = run_lists::episodes(conn, caller.partnership, of, filter, page).await?;
        let lines = page.items.iter_mut().map(|line| &mut line.escalation);
        add_standing(conn, caller, &agreed, now, lines).await?;
        let ids: Vec<EscalationId> = page.items.iter().map(|it| it.escalation.id).collect();
        Ok(Shown::of(page, ids, FieldsShown::Lines))
    })
    .await
}

/// A list of stage clocks.
///
/// # Errors
/// The database fails.
pub async fn clocks(
    deps: &Deps,
    caller: &Caller,
    of: &EscalationFilter,
    filter: &ClockFilter,
    page: PageRequest,
) -> Result<Page<ClockSummary>, Failure> {
    let reach = caller.may(Action::ListEscalations).ok_or(Failure::Forbidden)?;
    let agreed = partnership(deps, caller.partnership).await?;
    let of = &protected(of, caller);
    let now = of.as_of.unwrap_or_else(|| deps.clock.now());
    read_at(deps, caller, reach, of.as_of, async |conn| {
        let mut page = run_lists::clocks(conn, caller.partnership, of, filter, page).await?;
        let lines = page.items.iter_mut().map(|line| &mut line.escalation);
        add_standing(conn, caller, &agreed, now, lines).await?;
        let ids: Vec<EscalationId> = page.items.iter().map(|it| it.escalation.id).collect();
        Ok(Shown::of(page, ids, FieldsShown::Lines))
    })
    .await
}

/// The escalations of one child that the caller may see, newest first.
///
/// # Errors
/// The database fails.
pub async fn of_child(
    deps: &Deps,
    caller: &Caller,
    child: &ChildReference,
) -> Result<Vec<EscalationId>, Failure> {
    let reach = caller.may(Action::ReadChildReference).ok_or(Failure::Forbidden)?;
    let key = keys(deps, caller.partnership).await?.child_key(child);
    read(deps, caller, reach, async |conn| {
        let ids = finding::of_child(conn, caller.partnership, &key, SEARCH_LIMIT).await?;
        let seen = Seen::of(ids.clone(), FieldsShown::WithChildReferences).searched();
        Ok(Shown::so(ids, seen))
    })
    .await
}
