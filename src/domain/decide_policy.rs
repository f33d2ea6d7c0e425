//! What the move of one escalation to another policy leads to.

use jiff::Timestamp;

use super::broken_rule::{BrokenRule, FieldRule, Hint};
use super::decide::Scene;
use super::escalation::Escalation;
use super::event::Change;
use super::proposal::ProposalKind;
use super::stage_clock::{ClockKind, StageClock, StopReason};
use super::stage_policy::StagePolicy;

impl Escalation {
    pub(super) fn propose_migration(
        &self,
        to: &StagePolicy,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        let limit = to.stage(self.stage).and_then(|stage| stage.answer_limit(self.facts.urgency));
        if to.version == self.facts.policy_version || limit.is_none() {
            return Err(BrokenRule::field("policy_version", FieldRule::Inconsistent));
        }
        self.check_no_agreed_time()?;
        let proposal = ProposalKind::PolicyMigration { version: to.version.clone() };
        let side = self.side(&self.parts_of(scene.caller), scene);
        Ok(Change::Proposed { proposal, side: side.into() })
    }

    /// Another policy counts from the start of the stage and knows of no time that was agreed or paused since.
    fn check_no_agreed_time(&self) -> Result<(), BrokenRule> {
        let running = self.running(ClockKind::Answer);
        let replaced = running.and_then(|clock| clock.predecessor(&self.clocks)?.stopped);
        let agreed = replaced.is_some_and(|stop| {
            use StopReason::{Extended, MeetingCalled, Paused, Resumed};
            matches!(stop.reason, Extended | MeetingCalled | Paused | Resumed)
        });
        if agreed {
            let (rule, hint) = (FieldRule::NotPermitted, Hint::TimeAgreed);
            return Err(BrokenRule::hinted("policy_version", rule, hint));
        }
        Ok(())
    }

    /// New clocks from where the old ones started, under the other policy and today's calendar.
    pub(super) fn migrate(
        &self,
        to: &StagePolicy,
        at: Timestamp,
        scene: &Scene<'_>,
    ) -> Result<Change, BrokenRule> {
        let proposed = |kind: &ProposalKind| matches!(kind, ProposalKind::PolicyMigration { version } if *version == to.version);
        if !self.proposes(proposed) {
            return Err(BrokenRule::field("policy_version", FieldRule::Inconsistent));
        }
        self.check_no_agreed_time()?;
        let mut clocks = Vec::new();
        let there = Scene { policy: to, ..*scene };
        for kind in [ClockKind::Acknowledgement, ClockKind::Answer] {
            let Some(running) = self.running(kind) else { continue };
            let from = self.first_of(running).started_at;
            let new = there.stage_clocks(self.here(from))?;
            if let Some(new) = new.into_iter().find(|clock| clock.kind == kind) {
                let (extends, due_at) = (Some(running.id), new.due_at.max(at));
                clocks.push(StageClock { started_at: at, due_at, extends, ..new });
            }
        }
        let from = self.facts.policy_version.clone();
        Ok(Change::PolicyMigrated { from, to: to.version.clone(), clocks })
    }
}
