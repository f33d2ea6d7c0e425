//! Raising an escalation: the rules that hold before there is one.

use jiff::Timestamp;

use super::broken_rule::{BrokenRule, Faults, FieldRule, Hint};
use super::delay::{ChildImpact, DelayCause, InterimSafety};
use super::escalation::{Delay, Escalation, Facts, RaiserVisibility, Scope};
use super::event::{Change, Event, Narrative, TextField};
use super::free_text::holds_identifier;
use super::ids::{EscalationId, EventId};
use super::limit::Direction;
use super::london::local_date;
use super::partnership::Agency;
use super::scene::{At, Scene};
use super::theme::ThemeCode;
use super::timescale::Timescale;
use super::urgency::Urgency;
use super::working_days::Calendar;

/// The highest stage at which an escalation may start without a reason for skipping.
const USUAL_FIRST_STAGE: u8 = 1;

/// What a raiser says.
#[derive(Debug, Clone)]
pub struct Raise {
    /// The raising agency: the caller's own.
    pub raised_by: Agency,
    /// The agency that must answer.
    pub raised_with: Agency,
    /// A pattern rather than a child.
    pub thematic: bool,
    /// How urgent it is.
    pub urgency: Urgency,
    /// The primary theme.
    pub theme: ThemeCode,
    /// Up to three further themes.
    pub secondary_themes: Vec<ThemeCode>,
    /// The sending system.
    pub source: Option<String>,
    /// That system's reference.
    pub external_reference: Option<String>,
    /// How many children.
    pub child_count: u16,
    /// When the concern arose.
    pub concern_arose_at: Option<Timestamp>,
    /// When it was raised; now when not said.
    pub raised_at: Option<Timestamp>,
    /// What it means for the child.
    pub child_impact: Option<ChildImpact>,
    /// Whether the child is safe meanwhile.
    pub interim_safety: Option<InterimSafety>,
    /// When the emergency route was used.
    pub emergency_action_taken_at: Option<Timestamp>,
    /// The raiser's role.
    pub raised_by_role: Option<String>,
    /// How much of the raiser the responding agency may see.
    pub raiser_visibility: RaiserVisibility,
    /// The delayed process.
    pub delay: Option<Delay>,
    /// The stage to start at; the first formal one when not said.
    pub stage: Option<u8>,
    /// Why lower stages were skipped.
    pub skip_reason: Option<Narrative>,
    /// What should happen.
    pub desired_outcome: Narrative,
    /// What the worry is.
    pub concern: Option<Narrative>,
}

impl Delay {
    /// The delay of a process that follows `timescale`, its due instant counted once and for all.
    ///
    /// # Errors
    /// No calendar covers a year that the due date needs.
    pub fn measured(
        timescale: &Timescale,
        started_at: Timestamp,
        occurred_at: Option<Timestamp>,
        cause: Option<DelayCause>,
        calendar: &Calendar,
    ) -> Result<Self, BrokenRule> {
        let due_at = timescale.limit.map(|limit| limit.due_at(started_at, calendar)).transpose()?;
        Ok(Self {
            timescale: timescale.code.clone(),
            timescale_version: timescale.version.clone(),
            limit: timescale.limit,
            started_at,
            due_at,
            occurred_at,
            cause,
            calendar_version: calendar.version().to_owned(),
        })
    }
}

/// A process cannot have happened before it began, nor in the future.
pub(super) fn check_delay(delay: &Delay, scene: &Scene<'_>, faults: &mut Faults) {
    let latest = scene.latest_permitted();
    // Only a limit that is counted down to an event can start at one that is still to come.
    let ahead = delay.limit.is_some_and(|limit| limit.direction == Direction::Before);
    let early = delay.started_at > latest && !ahead;
    faults.add_if(early, "delay/started_at", FieldRule::InFuture);
    faults.add_if(
        delay.started_at < scene.oldest_permitted(),
        "delay/started_at",
        FieldRule::TooOld,
    );
    let Some(occurred_at) = delay.occurred_at else { return };
    let before_start = occurred_at < delay.started_at && !ahead;
    faults.add_if(before_start, "delay/occurred_at", FieldRule::Inconsistent);
    faults.add_if(occurred_at > latest, "delay/occurred_at", FieldRule::InFuture);
}

impl Escalation {
    /// Raises an escalation: the escalation and its first event.
    ///
    /// # Errors
    /// The raising agency may add no data now; or every rule that the raiser's words break.
    pub fn raise(
        raise: Raise,
        id: EscalationId,
        reference: String,
        scene: &Scene<'_>,
    ) -> Result<(Self, Vec<Event>), BrokenRule> {
        // Whatever way a concern comes in, it comes through here. What is asked for is the day on which it is shared.
        raise.raised_by.sharing.check_new_data(local_date(scene.now))?;
        let raised_at = raise.raised_at.or(scene.occurred_at).unwrap_or(scene.now);
        let stage = raise.first_stage();
        raise.check(raised_at, stage, scene)?;
        let scope = raise.scope();
        let at = At { episode: 1, stage, urgency: raise.urgency, started_at: raised_at };
        let clocks = scene.stage_clocks(at)?;
        let texts: Vec<(TextField, Narrative)> = [
            (TextField::DesiredOutcome, Some(raise.desired_outcome)),
            (TextField::Concern, raise.concern),
            (TextField::Reason, raise.skip_reason),
        ]
        .into_iter()
        .filter_map(|(field, text)| text.map(|text| (field, text)))
        .collect();

        let facts = Facts {
            reference,
            scope,
            raised_by: raise.raised_by.id,
            raised_with: raise.raised_with.id,
            urgency: raise.urgency,
            theme: raise.theme,
            secondary_themes: raise.secondary_themes,
            source: raise.source,
            external_reference: raise.external_reference,
            child_count: raise.child_count,
            concern_arose_at: raise.concern_arose_at,
            raised_at,
            received_at: scene.now,
            child_impact: raise.child_impact,
            interim_safety: raise.interim_safety,
            emergency_action_taken_at: raise.emergency_action_taken_at,
            raised_by_role: raise.raised_by_role,
            raiser_visibility: raise.raiser_visibility,
            original_theme: None,
            delay: raise.delay,
            policy_version: scene.policy.version.clone(),
        };
        let event = Event {
            id: EventId((scene.new_id)()),
            escalation: id,
            version: 1,
            occurred_at: raised_at,
            recorded_at: scene.now,
            actor: scene.actor(),
            change: Change::Raised { facts: Box::new(facts), stage, clocks },
            texts,
        };
        let raised = scene
            .partnership()
            .and_then(|partnership| Self::from_first(partnership, &event))
            .ok_or(BrokenRule::field("", FieldRule::Inconsistent))?;
        Ok((raised, vec![event]))
    }
}

impl Raise {
    fn check(&self, raised_at: Timestamp, stage: u8, scene: &Scene<'_>) -> Result<(), BrokenRule> {
        let mut faults = Faults::default();
        self.check_times(raised_at, scene, &mut faults);
        self.check_agencies(raised_at, &mut faults);
        self.check_children(&mut faults);
        self.check_stage(stage, scene, &mut faults);
        self.check_texts(scene, &mut faults);
        faults.none()
    }

    fn check_times(&self, raised_at: Timestamp, scene: &Scene<'_>, faults: &mut Faults) {
        let latest = scene.latest_permitted();
        let oldest = scene.oldest_permitted();
        let times = [
            ("raised_at", Some(raised_at)),
            ("concern_arose_at", self.concern_arose_at),
            ("emergency_action_taken_at", self.emergency_action_taken_at),
        ];
        for (field, at) in times {
            let Some(at) = at else { continue };
            faults.add_if(at > latest, field, FieldRule::InFuture);
            faults.add_if(at < oldest, field, FieldRule::TooOld);
        }
        let arose_late = self.concern_arose_at.is_some_and(|arose| arose > raised_at);
        faults.add_if(arose_late, "concern_arose_at", FieldRule::Inconsistent);
        if let Some(delay) = &self.delay {
            check_delay(delay, scene, faults);
        }
    }

    fn check_agencies(&self, raised_at: Timestamp, faults: &mut Faults) {
        let day = local_date(raised_at);
        let raiser_gone = !self.raised_by.may_raise || !self.raised_by.is_valid_on(day);
        let used = |it: &Agency| Hint::InUse { from: it.valid_from, to: it.valid_to };
        faults.hint_if(raiser_gone, "raised_at", FieldRule::Inconsistent, used(&self.raised_by));
        let responder_gone = !self.raised_with.is_valid_on(day);
        let used = used(&self.raised_with);
        faults.hint_if(responder_gone, "raised_with_agency", FieldRule::RetiredCode, used);
        let oversees = !responder_gone && !self.raised_with.may_respond;
        faults.add_if(oversees, "raised_with_agency", FieldRule::NotPermitted);
        let hidden = self.raiser_visibility != RaiserVisibility::Named;
        let inside = hidden && self.raised_by.id == self.raised_with.id;
        faults.add_if(inside, "raiser_visibility", FieldRule::Inconsistent);
    }

    fn check_children(&self, faults: &mut Faults) {
        let some = self.child_count > 0;
        faults.add_if(self.thematic && some, "child_references", FieldRule::Inconsistent);
        faults.add_if(!self.thematic && !some, "child_references", FieldRule::Required);
        let mut seen = std::collections::BTreeSet::from([&self.theme]);
        let repeated = self.secondary_themes.iter().any(|theme| !seen.insert(theme));
        faults.add_if(repeated, "secondary_themes", FieldRule::NotUnique);
    }

    fn check_stage(&self, stage: u8, scene: &Scene<'_>, faults: &mut Faults) {
        let limit = scene.policy.stage(stage).and_then(|stage| stage.answer_limit(self.urgency));
        let open = Hint::Stages(scene.policy.stages_for(self.urgency, None));
        faults.hint_if(limit.is_none(), "stage", FieldRule::OutOfRange, open);
        let unexplained = stage > USUAL_FIRST_STAGE && self.skip_reason.is_none();
        faults.add_if(unexplained, "skip_reason", FieldRule::Required);
    }

    fn check_texts(&self, scene: &Scene<'_>, faults: &mut Faults) {
        let texts = [
            ("desired_outcome", Some(&self.desired_outcome)),
            ("concern", self.concern.as_ref()),
            ("skip_reason", self.skip_reason.as_ref()),
        ];
        for (field, text) in texts {
            let personal = text.is_some_and(|text| scene.free_text.refuses(text));
            faults.add_if(personal, field, FieldRule::PersonalData);
        }
        let role = self.raised_by_role.as_deref().unwrap_or_default();
        faults.add_if(holds_identifier(role), "raised_by_role", FieldRule::PersonalData);
    }

    /// The stage at which it starts.
    pub(super) fn first_stage(&self) -> u8 {
        self.stage.unwrap_or(USUAL_FIRST_STAGE)
    }

    fn scope(&self) -> Scope {
        if self.thematic {
            Scope::Thematic
        } else if self.raised_by.id == self.raised_with.id {
            Scope::IntraAgency
        } else {
            Scope::InterAgency
        }
    }
}
