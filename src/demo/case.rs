//! One escalation as it is raised, and what chance holds in store for it.

use jiff::{SignedDuration, Timestamp};

use super::agencies::{PREDECESSOR, Sides, alias_of, role_in, sides, source_of};
use super::chance::{Chance, Quota};
use super::children::{ChildText, Children};
use super::frame::{Frame, LEARNING, seconds};
use super::process::{Limits, Process, process};
use super::rare_themes::{RARE, TOGETHER};
use super::themes::{COMMON, ThemeKind};
use super::{DemoError, text, words};
use crate::domain::delay::{ChildImpact, InterimSafety};
use crate::domain::escalation::RaiserVisibility;
use crate::domain::london::local_date;
use crate::domain::resolution::Outcome;
use crate::domain::urgency::Urgency;
use crate::usecases::raise::RaiseRequest;

/// What is decided about an escalation when it is raised.
pub(super) struct Case {
    pub(super) number: u32,
    pub(super) by: &'static str,
    pub(super) with: &'static str,
    pub(super) raised_at: Timestamp,
    pub(super) received_at: Timestamp,
    pub(super) urgency: Urgency,
    pub(super) theme: &'static ThemeKind,
    pub(super) children: Vec<ChildText>,
    pub(super) process: Option<Process>,
    pub(super) first_stage: u8,
    pub(super) final_stage: u8,
    pub(super) outcome: Outcome,
    /// Nobody goes on with it.
    pub(super) stalls: bool,
    /// When the one that it repeats is certainly known to the service.
    pub(super) original_known_at: Option<Timestamp>,
    pub(super) request: RaiseRequest,
}

/// Makes cases, one after the other.
pub(super) struct Cases<'a> {
    frame: &'a Frame,
    limits: Limits,
    children: Children,
    duplicates: Quota,
    made: u32,
}

/// The part of an escalation that a duplicate repeats.
struct Matter {
    sides: Sides,
    theme: &'static ThemeKind,
    children: Vec<ChildText>,
    urgency: Urgency,
    thematic: bool,
    is_duplicate: bool,
}

impl<'a> Cases<'a> {
    pub(super) fn new(frame: &'a Frame) -> Result<Self, DemoError> {
        Ok(Self {
            frame,
            limits: Limits::shipped()?,
            children: Children::new(),
            duplicates: Quota::new(0.015),
            made: 0,
        })
    }

    /// The escalation that is raised at `at`, sometimes followed by another agency's about the same matter.
    pub(super) fn next(
        &mut self,
        at: Timestamp,
        chance: &mut Chance,
    ) -> Result<Vec<Case>, DemoError> {
        let week = self.frame.week_of(at);
        let thematic = chance.happens(0.04);
        let urgency = chance.weighted(&[
            (Urgency::Standard, 0.70),
            (Urgency::Urgent, 0.25),
            (Urgency::Immediate, 0.05),
        ])?;
        let matter = Matter {
            sides: sides(week, local_date(at), self.frame, chance)?,
            theme: theme(week, chance)?,
            children: if thematic { vec![] } else { self.children.draw(at, self.frame, chance)? },
            urgency: if thematic { Urgency::Standard } else { urgency },
            thematic,
            is_duplicate: false,
        };
        let again = self.again(at, &matter, chance)?;
        let mut cases = vec![self.case(at, matter, chance)?];
        if let Some((at, matter)) = again {
            let mut repeated = self.case(at, matter, chance)?;
            // What is refused at first comes again within the hour.
            let hours = SignedDuration::from_hours(2);
            repeated.original_known_at = cases.first().map(|first| first.received_at + hours);
            cases.push(repeated);
        }
        Ok(cases)
    }

    fn again(
        &mut self,
        at: Timestamp,
        matter: &Matter,
        chance: &mut Chance,
    ) -> Result<Option<(Timestamp, Matter)>, DemoError> {
        let days = chance.real(0.5, 5.0);
        let again_at = self.frame.after(at, days, chance)?;
        let gone =
            matter.sides.with == PREDECESSOR && local_date(again_at) >= self.frame.succession;
        // Not the child who is raised nine times: that would be a tenth.
        let fits = !matter.thematic && !gone && matter.children.len() > 1;
        if !self.duplicates.falls_on(fits) {
            return Ok(None);
        }
        let others: Vec<&'static str> = ["health_community", "valeshire_police", "early_help"]
            .into_iter()
            .filter(|code| *code != matter.sides.by && *code != matter.sides.with)
            .collect();
        let matter = Matter {
            sides: Sides { by: chance.pick(&others)?, with: matter.sides.with },
            theme: matter.theme,
            children: matter.children.clone(),
            urgency: matter.urgency,
            thematic: false,
            is_duplicate: true,
        };
        Ok(Some((again_at, matter)))
    }

    fn case(
        &mut self,
        raised_at: Timestamp,
        matter: Matter,
        chance: &mut Chance,
    ) -> Result<Case, DemoError> {
        self.made += 1;
        let Matter { sides: Sides { by, with }, theme, children, urgency, thematic, is_duplicate } =
            matter;
        let process = if thematic {
            None
        } else {
            process(theme, raised_at, &self.limits, self.frame, chance)?
        };
        let (first_stage, final_stage) = stages(urgency, is_duplicate, chance)?;
        let source = source_of(by).filter(|_| chance.happens(0.95));
        let received_at = received(raised_at, source.is_some(), self.frame, chance)?;
        let year = local_date(raised_at).year();
        let impact = child_impact(urgency, chance)?;
        let request = RaiseRequest {
            raised_with_agency: if chance.happens(0.05) {
                alias_of(with, chance)?
            } else {
                with.to_owned()
            },
            thematic,
            children: vec![],
            urgency,
            theme: theme.code.to_owned(),
            secondary_themes: secondary(theme, chance)?,
            source: source.map(|(name, _)| name.to_owned()),
            external_reference: source
                .map(|(_, prefix)| format!("{prefix}-{year}-{:05}", 10_000 + self.made * 3)),
            concern_arose_at: chance
                .happens(0.85)
                .then(|| raised_at - seconds(chance.log_normal(1.2, 1.0) * 86_400.0)),
            raised_at: (received_at != raised_at).then_some(raised_at),
            child_impact: (!thematic).then_some(impact),
            interim_safety: (!thematic).then(|| interim_safety(urgency, chance)).transpose()?,
            emergency_action_taken_at: (urgency == Urgency::Immediate && chance.happens(0.6))
                .then(|| raised_at - seconds(chance.real(600.0, 7200.0))),
            raised_by_role: role_in(by),
            raiser_visibility: RaiserVisibility::Named,
            delay: process.as_ref().map(|process| process.request.clone()),
            stage: (first_stage != 1).then_some(first_stage),
            skip_reason: (first_stage > 1)
                .then(|| text(chance.pick(words::SKIPPED)?))
                .transpose()?,
            desired_outcome: text(chance.pick(theme.wishes)?)?,
            concern: Some(text(chance.pick(theme.concerns)?)?),
        };
        Ok(Case {
            number: self.made,
            by,
            with,
            raised_at,
            received_at,
            urgency,
            theme,
            children,
            process,
            first_stage,
            final_stage,
            outcome: outcome(final_stage, is_duplicate, chance)?,
            stalls: chance.happens(self.stalling(raised_at)),
            original_known_at: None,
            request,
        })
    }

    /// The share of escalations with which nobody goes on: most of these are young, because a review finds the old.
    fn stalling(&self, raised_at: Timestamp) -> f64 {
        match self.frame.weeks - self.frame.week_of(raised_at) {
            ..4 => 0.36,
            4..13 => 0.16,
            13..26 => 0.07,
            _ => 0.012,
        }
    }
}

/// The theme of what happens in a week of the series.
pub(super) fn theme(week: i64, chance: &mut Chance) -> Result<&'static ThemeKind, DemoError> {
    let mut weights: Vec<(Option<&'static ThemeKind>, f64)> = vec![(None, TOGETHER)];
    weights.extend(COMMON.iter().map(|kind| {
        let learned = kind.code == "strategy_meeting_partner_absent" && week >= LEARNING;
        (Some(kind), if learned { 0.4 * kind.share } else { kind.share })
    }));
    match chance.weighted(&weights)? {
        Some(kind) => Ok(kind),
        None => {
            let rare: Vec<&'static ThemeKind> = RARE.iter().collect();
            chance.pick(&rare)
        }
    }
}

fn secondary(first: &ThemeKind, chance: &mut Chance) -> Result<Vec<String>, DemoError> {
    if !chance.happens(0.18) {
        return Ok(vec![]);
    }
    let others: Vec<&'static str> =
        COMMON.iter().map(|kind| kind.code).filter(|code| *code != first.code).collect();
    Ok(vec![chance.pick(&others)?.to_owned()])
}

fn stages(
    urgency: Urgency,
    is_duplicate: bool,
    chance: &mut Chance,
) -> Result<(u8, u8), DemoError> {
    if is_duplicate {
        return Ok((1, 1));
    }
    let last = chance.weighted(&[(0, 0.14), (1, 0.52), (2, 0.23), (3, 0.09), (4, 0.02)])?;
    Ok(match last {
        // Nobody begins with a conversation when hours count.
        0 if urgency == Urgency::Immediate => (1, 1),
        0 => (0, 0),
        last if last >= 2 && chance.happens(0.09) => (2, last),
        last => (1, last),
    })
}

/// When the service learns of it: at once, after some minutes from a system, or days later from paper.
fn received(
    raised_at: Timestamp,
    by_system: bool,
    frame: &Frame,
    chance: &mut Chance,
) -> Result<Timestamp, DemoError> {
    if chance.happens(0.08) {
        let days = chance.real(3.0, 20.0);
        return frame.after(raised_at, days, chance);
    }
    let delay = if by_system { chance.whole(20..=900) } else { 0 };
    Ok(raised_at + SignedDuration::from_secs(delay))
}

fn child_impact(urgency: Urgency, chance: &mut Chance) -> Result<ChildImpact, DemoError> {
    use ChildImpact as I;
    match urgency {
        Urgency::Immediate => {
            chance.weighted(&[(I::ImmediateSafety, 0.85), (I::LikelySignificantHarm, 0.15)])
        }
        Urgency::Urgent => chance.weighted(&[(I::LikelySignificantHarm, 0.6), (I::NeedUnmet, 0.4)]),
        Urgency::Standard => chance.weighted(&[
            (I::LikelySignificantHarm, 0.15),
            (I::NeedUnmet, 0.35),
            (I::Drift, 0.4),
            (I::NoneIdentified, 0.1),
        ]),
    }
}

fn interim_safety(urgency: Urgency, chance: &mut Chance) -> Result<InterimSafety, DemoError> {
    use InterimSafety as S;
    match urgency {
        Urgency::Standard => {
            chance.weighted(&[(S::InPlace, 0.45), (S::NotNeeded, 0.52), (S::NotInPlace, 0.03)])
        }
        _ => chance.weighted(&[(S::InPlace, 0.78), (S::NotNeeded, 0.07), (S::NotInPlace, 0.15)]),
    }
}

fn outcome(stage: u8, is_duplicate: bool, chance: &mut Chance) -> Result<Outcome, DemoError> {
    use Outcome as O;
    if is_duplicate {
        return Ok(O::Duplicate);
    }
    if stage == 4 {
        return chance.weighted(&[(O::DecidedByPartners, 0.7), (O::UnresolvedClosed, 0.3)]);
    }
    chance.weighted(&[
        (O::ResolvedAsRequested, 0.44),
        (O::ResolvedAlternative, 0.16),
        (O::PartiallyResolved, 0.10),
        (O::ExplainedAndAccepted, 0.12),
        (O::OvertakenByEvent, 0.07),
        (O::WithdrawnByRaiser, 0.06),
        (O::NotEscalationRerouted, 0.006),
        (O::TransferredOutOfArea, 0.004),
    ])
}
