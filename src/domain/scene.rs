//! Everything around an act that decides what it leads to. Nothing is looked up on the way.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::access::Caller;
use super::broken_rule::{BrokenRule, FieldRule};
use super::event::{Actor, ActorRole};
use super::free_text_policy::FreeTextPolicy;
use super::ids::{ClockId, PartnershipId};
use super::limit::Limit;
use super::proposal::Person;
use super::stage_clock::{ClockKind, DueBasis, StageClock};
use super::stage_policy::StagePolicy;
use super::urgency::Urgency;
use super::working_days::Calendar;

/// How far ahead of the service's clock a caller's clock may be.
pub const CLOCK_SKEW_SECONDS: i64 = 300;

/// No concern about a child can be older than a childhood.
const OLDEST_YEARS: i32 = 18;

/// The name under which the service itself acts.
pub const SERVICE: &str = "escalation-tracker";

/// Everything around an act.
pub struct Scene<'a> {
    /// Who acts; none when the service itself does, because time has run out.
    pub caller: Option<&'a Caller>,
    /// When it happened, if not now.
    pub occurred_at: Option<Timestamp>,
    /// When the service received it.
    pub now: Timestamp,
    /// The stage policy that the escalation runs under.
    pub policy: &'a StagePolicy,
    /// The calendar in force now; new clocks are counted with it.
    pub calendar: &'a Calendar,
    /// How many escalations of this theme and this responding agency were raised in the weeks that the policy looks
    /// back over, this one included. Only an ending asks.
    pub pair_repeats: u32,
    /// What becomes of a text of the caller's in which somebody's details are found.
    pub free_text: FreeTextPolicy,
    /// Makes identifiers.
    pub new_id: &'a dyn Fn() -> uuid::Uuid,
}

/// Where and for what a clock is started.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) episode: u16,
    pub(super) stage: u8,
    pub(super) urgency: Urgency,
    pub(super) started_at: Timestamp,
}

impl Scene<'_> {
    pub(super) fn actor(&self) -> Actor {
        match self.caller {
            Some(caller) => Actor {
                agency: caller.agency,
                role: caller.role.into(),
                client: Some(caller.client),
                subject: caller.subject.clone(),
            },
            None => Actor {
                agency: None,
                role: ActorRole::System,
                client: None,
                subject: SERVICE.to_owned(),
            },
        }
    }

    pub(super) fn person(&self) -> Option<Person> {
        self.caller.map(Person::of)
    }

    pub(super) fn partnership(&self) -> Option<PartnershipId> {
        self.caller.map(|caller| caller.partnership)
    }

    pub(super) fn latest_permitted(&self) -> Timestamp {
        self.now
            .checked_add(jiff::SignedDuration::from_secs(CLOCK_SKEW_SECONDS))
            .unwrap_or(self.now)
    }

    pub(super) fn oldest_permitted(&self) -> Timestamp {
        let now = self.now.to_zoned(TimeZone::UTC);
        now.checked_sub(OLDEST_YEARS.years()).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
    }

    /// The clocks of a stage that is entered.
    pub(super) fn stage_clocks(&self, at: At) -> Result<Vec<StageClock>, BrokenRule> {
        let unknown = BrokenRule::field("stage", FieldRule::OutOfRange);
        let stage = self.policy.stage(at.stage).ok_or_else(|| unknown.clone())?;
        let answer = stage.answer_limit(at.urgency).ok_or(unknown)?;
        let limits =
            [(ClockKind::Acknowledgement, stage.acknowledge), (ClockKind::Answer, Some(answer))];
        limits
            .into_iter()
            .filter_map(|(kind, limit)| limit.map(|limit| self.clock(kind, limit, at)))
            .collect()
    }

    /// One clock that starts now and is counted from its start.
    pub(super) fn clock(
        &self,
        kind: ClockKind,
        limit: Limit,
        at: At,
    ) -> Result<StageClock, BrokenRule> {
        Ok(StageClock {
            id: ClockId((self.new_id)()),
            episode: at.episode,
            stage: at.stage,
            kind,
            urgency: at.urgency,
            limit,
            started_at: at.started_at,
            // A day ends for a limit at 23:59:59.999; what starts after that is due at once, not before.
            due_at: limit.due_at(at.started_at, self.calendar)?.max(at.started_at),
            policy_version: self.policy.version.clone(),
            calendar_version: self.calendar.version().to_owned(),
            extends: None,
            basis: Some(DueBasis::Counted { from: at.started_at }),
            recorded_at: Some(self.now),
            stopped: None,
        })
    }

    /// A clock that takes over from `running` with another due instant.
    pub(super) fn successor(
        &self,
        running: &StageClock,
        at: Timestamp,
        due_at: Timestamp,
        basis: DueBasis,
    ) -> StageClock {
        StageClock {
            id: ClockId((self.new_id)()),
            started_at: at,
            due_at: due_at.max(at),
            calendar_version: self.calendar.version().to_owned(),
            extends: Some(running.id),
            basis: Some(basis),
            recorded_at: Some(self.now),
            stopped: None,
            ..running.clone()
        }
    }
}
