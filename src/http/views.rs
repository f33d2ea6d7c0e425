//! An escalation as it is shown: the answer of every operation that reads or changes one.

use serde::Serialize;
use utoipa::ToSchema;

use super::clock_views::{ClockView, DelayView};
use super::ending_views::ResolutionView;
use super::text_warnings::{self, TextWarningView};
use super::time_views::TimesView;
use super::times::Instant;
use crate::domain::act::ActKind;
use crate::domain::child_reference::{ChildReference, Scheme};
use crate::domain::delay::{ChildImpact, InterimSafety};
use crate::domain::escalation::{RaiserVisibility, Scope, Status};
use crate::domain::figures::SECONDS_PER_DAY;
use crate::domain::ids::{AgencyId, ClockId, EscalationId};
use crate::domain::link::LinkKind;
use crate::domain::partnership::Partnership;
use crate::domain::proposal::{ProposalKind, Side};
use crate::domain::rag::Rag;
use crate::domain::sent::SendResult;
use crate::domain::stage_clock::ClockKind;
use crate::domain::standing::Standing;
use crate::domain::theme::ThemeCode;
use crate::domain::urgency::Urgency;
use crate::usecases::read::Detail;

/// What to do first when a child is in immediate danger. This service is no emergency route.
const EMERGENCY: &str = "A child in immediate danger: call 999 or the emergency duty team first, \
     and ask for an emergency protection order where it is needed. Nobody watches this record \
     minute by minute.";

/// An escalation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Escalation)]
pub struct EscalationView {
    /// Its identifier.
    pub id: EscalationId,
    /// A reference that is safe to say aloud; it tells nothing about the child.
    #[schema(example = "ESC-ANY-2026-00042")]
    pub reference: String,
    /// The number of recorded acts; also the `ETag`. Send it as `If-Match` to act on what you read.
    pub version: i32,
    /// Where it stands.
    pub status: Status,
    /// The stage that it reached.
    pub stage: StageView,
    /// Which run this is; reopening starts another.
    pub episode: u16,
    /// Between whom it runs.
    pub scope: Scope,
    /// How urgent it is for the child.
    pub urgency: Urgency,
    /// What to do first when the urgency is `immediate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_notice: Option<String>,
    /// What kind of thing went wrong.
    pub theme: ThemeCode,
    /// Further themes.
    pub secondary_themes: Vec<ThemeCode>,
    /// The theme under which it was raised, where it was changed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_theme: Option<ThemeCode>,
    /// How much of the raiser the responding agency may see.
    pub raiser_visibility: RaiserVisibility,
    /// Code of the agency that raised it; absent where it is protected from you.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raised_by_agency: Option<String>,
    /// Code of the agency that must answer.
    pub raised_with_agency: String,
    /// The role of the person who raised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raised_by_role: Option<String>,
    /// The sending system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// That system's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_reference: Option<String>,
    /// How many children it concerns.
    pub child_count: u16,
    /// The children, for the two agencies of the escalation only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_references: Option<Vec<ChildReferenceView>>,
    /// When the concern arose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concern_arose_at: Option<Instant>,
    /// When it was raised, as the raiser says.
    pub raised_at: Instant,
    /// When the service received it.
    pub received_at: Instant,
    /// What the delay meant for the child when it was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub child_impact: Option<ChildImpact>,
    /// Whether the child is safe meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interim_safety: Option<InterimSafety>,
    /// When the emergency route was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_action_taken_at: Option<Instant>,
    /// What the raiser wants to happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_outcome: Option<String>,
    /// What the raiser is worried about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concern: Option<String>,
    /// The delayed process: the child's time. Not to be mixed with the clocks below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<DelayView>,
    /// The child's time and the agencies' time, which make it up.
    pub times: TimesView,
    /// The limits of every stage so far, and of what follows the end: the agencies' time.
    pub clocks: Vec<ClockView>,
    /// Its colour by the time that its running limit has used: red may be late soon, or is. Blue has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rag: Option<Rag>,
    /// Whether the answer that is awaited now is late; no colour says that.
    pub overdue: bool,
    /// When the next running clock is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_at: Option<Instant>,
    /// Which clock that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_clock: Option<NextDueView>,
    /// When the present pause of the agency's time ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Instant>,
    /// What waits for a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalView>,
    /// What it has to do with others.
    pub links_to_others: Vec<LinkView>,
    /// What came of sending it under its system's own reference: `created`, `updated`, `unchanged` or `stale_ignored`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<SendResult>,
    /// When it was just raised: others of yours that may be the same matter. Nothing is merged; say which they are with
    /// `duplicate` or `links`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible_duplicates: Vec<PossibleDuplicate>,
    /// What the texts that you just sent appear to hold and should not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<TextWarningView>,
    /// How the latest episode ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<ResolutionView>,
    /// What you can do now.
    pub possible_acts: Vec<ActKind>,
    /// Where to go on.
    pub links: EscalationLinks,
}

/// A stage of the ladder.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stage)]
pub struct StageView {
    /// 0 for the conversation before the formal stages, then 1, 2, ….
    pub number: u8,
    /// Its stable code.
    #[schema(example = "first_line")]
    pub code: String,
    /// Its name.
    pub label: String,
}

/// A child, as the raising agency's systems know it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChildReferenceShown)]
pub struct ChildReferenceView {
    /// Whose numbering it is.
    pub scheme: Scheme,
    /// The normalised reference.
    pub value: String,
}

/// The clock that is due next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextDueClock)]
pub struct NextDueView {
    /// Which one.
    pub id: ClockId,
    /// What it waits for.
    pub kind: ClockKind,
}

/// Something that waits for a second person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Proposal)]
pub struct ProposalView {
    /// What is proposed: `extension`, `pause` or `policy_migration`, with what belongs to it.
    #[schema(value_type = Object)]
    pub what: ProposalKind,
    /// For which side it was proposed.
    pub side: Side,
}

/// What an escalation has to do with another one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Link)]
pub struct LinkView {
    /// What.
    pub kind: LinkKind,
    /// The other one; whether you may read it is another matter.
    pub escalation: EscalationId,
    /// When this was said.
    pub at: Instant,
}

/// Another escalation that may be the same matter.
#[derive(Debug, Serialize, ToSchema)]
pub struct PossibleDuplicate {
    /// Its identifier.
    pub id: EscalationId,
    /// The reference that is safe to say aloud.
    pub reference: String,
    /// Where it is.
    pub href: String,
}

/// Where to go on from an escalation.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationLinks {
    /// This escalation.
    #[serde(rename = "self")]
    pub this: String,
    /// Its history.
    pub events: String,
}

/// The code of an agency; every agency of an escalation is one of its partnership.
pub(super) fn agency_code(partnership: &Partnership, id: AgencyId) -> String {
    partnership.agency_by_id(id).map_or_else(|| id.to_string(), |agency| agency.code.clone())
}

/// Seconds on working days as working days, to four decimals.
pub(super) fn working_days(seconds: f64) -> f64 {
    (seconds / SECONDS_PER_DAY * 10_000.0).round() / 10_000.0
}

impl From<Detail> for EscalationView {
    fn from(detail: Detail) -> Self {
        let Detail { escalation, partnership, now, sight, .. } = detail;
        let standing = Standing::of(&escalation, &partnership, now);
        let next = escalation.next_due();
        let facts = &escalation.facts;
        let policy = partnership.policy(&facts.policy_version);
        let stage = policy.and_then(|policy| policy.stage(escalation.stage));
        let this = format!("/v1/escalations/{}", escalation.id);
        Self {
            id: escalation.id,
            reference: facts.reference.clone(),
            version: escalation.version,
            status: escalation.status,
            stage: StageView {
                number: escalation.stage,
                code: stage.map(|stage| stage.code.clone()).unwrap_or_default(),
                label: stage.map(|stage| stage.label.clone()).unwrap_or_default(),
            },
            episode: escalation.episode.number,
            scope: facts.scope,
            urgency: facts.urgency,
            emergency_notice: (facts.urgency == Urgency::Immediate).then(|| EMERGENCY.to_owned()),
            theme: facts.theme.clone(),
            secondary_themes: facts.secondary_themes.clone(),
            original_theme: facts.original_theme.clone(),
            raiser_visibility: facts.raiser_visibility,
            raised_by_agency: sight.raiser.then(|| agency_code(&partnership, facts.raised_by)),
            raised_with_agency: agency_code(&partnership, facts.raised_with),
            raised_by_role: facts.raised_by_role.clone().filter(|_| sight.raiser_role),
            source: facts.source.clone().filter(|_| sight.raiser),
            external_reference: facts.external_reference.clone().filter(|_| sight.raiser),
            child_count: facts.child_count,
            child_references: detail
                .children
                .map(|children| children.iter().map(ChildReferenceView::from).collect()),
            concern_arose_at: facts.concern_arose_at.map(Instant),
            raised_at: Instant(facts.raised_at),
            received_at: Instant(facts.received_at),
            child_impact: facts.child_impact,
            interim_safety: facts.interim_safety,
            emergency_action_taken_at: facts.emergency_action_taken_at.map(Instant),
            desired_outcome: detail.desired_outcome.map(String::from),
            concern: detail.concern.map(String::from),
            delay: facts
                .delay
                .as_ref()
                .map(|delay| DelayView::new(delay, &this, &partnership, now)),
            times: TimesView::new(&standing, &sight, &partnership),
            clocks: escalation
                .clocks
                .iter()
                .map(|clock| ClockView::new(clock, &escalation, &partnership, now))
                .collect(),
            rag: standing.rag,
            overdue: escalation.is_overdue(now),
            next_due_at: next.map(|clock| Instant(clock.due_at)),
            next_due_clock: next.map(|clock| NextDueView { id: clock.id, kind: clock.kind }),
            paused_until: escalation
                .holdings
                .last()
                .filter(|_| escalation.is_paused(now))
                .and_then(|turn| turn.until)
                .map(Instant),
            proposal: escalation
                .rule_state
                .proposal
                .as_ref()
                .map(|it| ProposalView { what: it.kind.clone(), side: it.side }),
            links_to_others: escalation
                .links
                .iter()
                .map(|it| LinkView { kind: it.kind, escalation: it.to, at: Instant(it.at) })
                .collect(),
            result: None,
            warnings: text_warnings::shown(&detail.warnings),
            possible_duplicates: detail
                .possible_duplicates
                .into_iter()
                .map(|(id, reference)| PossibleDuplicate {
                    id,
                    reference,
                    href: format!("/v1/escalations/{id}"),
                })
                .collect(),
            resolution: escalation.episode.ending.as_ref().map(|ending| {
                ResolutionView::new(ending, &escalation.episode.after, &sight, &partnership)
            }),
            possible_acts: detail.possible_acts,
            links: EscalationLinks { events: format!("{this}/events"), this },
        }
    }
}

impl From<&ChildReference> for ChildReferenceView {
    fn from(child: &ChildReference) -> Self {
        Self { scheme: child.scheme(), value: child.value().to_owned() }
    }
}
