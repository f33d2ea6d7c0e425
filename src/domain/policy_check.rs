//! What a ladder must keep before it is used, because a policy that comes into force wrong is found out by a child.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::limit::{Direction, Limit, LimitUnit};
use super::stage_policy::{ClosingField, PerUrgency, Stage, StagePolicy};
use super::urgency::Urgency;

/// The highest number that a stage can have.
const HIGHEST_STAGE: u8 = 9;
/// The stage at which an escalation starts when the raiser names none.
const STARTS_AT: u8 = 1;
/// No limit of a ladder is longer than a year, in hours.
const LONGEST_HOURS: u64 = 366 * 24;
/// More extensions or pauses than this in one stage are a slip of the pen.
const MOST_TIMES: u32 = 9;
const LONGEST_CODE: usize = 60;
const LONGEST_WORDS: usize = 300;

/// One thing that is wrong with a policy: where, and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct PolicyFault {
    /// The member, as a path in words, for example `stage 2, urgent`.
    pub place: String,
    /// What is wrong with it, and what is right.
    pub fault: String,
}

impl StagePolicy {
    /// Whether escalations can run under this policy: each can start, be answered at some stage and reach the last,
    /// and no rule contradicts another.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the document.
    pub fn check(&self) -> Result<(), Vec<PolicyFault>> {
        let mut found = Found(Vec::new());
        found.version("version", &self.version);
        found.ladder(&self.stages);
        for stage in &self.stages {
            found.stage(stage);
        }
        found.rules(self);
        if found.0.is_empty() { Ok(()) } else { Err(found.0) }
    }
}

/// Whether `text` can be the name of a version: it stands in addresses, tables and spoken words.
pub(super) fn is_version_name(text: &str) -> bool {
    (1..=LONGEST_CODE).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Whether `text` can be a stable code: small letters, digits and `_`, a letter first.
pub(super) fn is_code(text: &str) -> bool {
    text.len() <= LONGEST_CODE
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The most hours that a limit usually gives, a week having five working days and a day ending at midnight: enough to
/// tell a slip from a choice when limits in different units are compared.
pub(super) fn most_hours(limit: &Limit) -> u64 {
    let amount = u64::from(limit.amount);
    match limit.unit {
        LimitUnit::Hour => amount,
        LimitUnit::SameDay => 24,
        LimitUnit::WorkingDay => amount * 168 / 5 + 24,
        LimitUnit::CalendarDay => amount * 24 + 24,
        LimitUnit::Week => amount * 168 + 24,
        LimitUnit::Month => amount * 744 + 24,
    }
}

/// What is wrong with one limit taken alone, if anything is.
pub(super) fn fault_of(limit: &Limit) -> Option<&'static str> {
    if limit.direction != Direction::After {
        Some("must follow its event, not precede it")
    } else if limit.amount == 0 && limit.unit != LimitUnit::SameDay {
        Some("must be more than 0; for the same day write the unit \"same_day\"")
    } else if most_hours(limit) > LONGEST_HOURS + 24 {
        Some("must not be longer than a year")
    } else {
        None
    }
}

struct Found(Vec<PolicyFault>);

impl Found {
    fn add(&mut self, place: impl Display, fault: impl Display) {
        self.0.push(PolicyFault { place: place.to_string(), fault: fault.to_string() });
    }

    fn add_if(&mut self, wrong: bool, place: impl Display, fault: impl Display) {
        if wrong {
            self.add(place, fault);
        }
    }

    fn version(&mut self, place: &str, version: &str) {
        self.add_if(
            !is_version_name(version),
            place,
            "must be 1 to 60 letters, digits, '-', '_' and '.'",
        );
    }

    fn ladder(&mut self, stages: &[Stage]) {
        let (Some(first), Some(top)) = (stages.first(), stages.last()) else {
            self.add("stages", "there must be at least one");
            return;
        };
        let upward = stages.iter().zip(stages.iter().skip(1));
        for (below, above) in upward {
            self.add_if(
                Some(above.number) != below.number.checked_add(1),
                format!("stage {}", above.number),
                format!(
                    "must follow stage {} without a gap, lowest first, each number once",
                    below.number
                ),
            );
        }
        self.add_if(first.number > STARTS_AT, "stages", "must begin with stage 0 or 1");
        self.add_if(
            top.number > HIGHEST_STAGE,
            "stages",
            format!("can be numbered up to {HIGHEST_STAGE}"),
        );
        let start = stages.iter().find(|stage| stage.number == STARTS_AT);
        self.add_if(
            start.is_none(),
            "stages",
            "there must be a stage 1, where an escalation starts that names none",
        );
        for urgency in Urgency::ALL {
            if let Some(start) = start {
                self.add_if(
                    start.answer_limit(*urgency).is_none(),
                    format!("stage {STARTS_AT}, {urgency}"),
                    "must have a limit: an escalation that names no stage starts here",
                );
            }
            self.add_if(
                top.answer_limit(*urgency).is_none() && top.number != STARTS_AT,
                format!("stage {}, {urgency}", top.number),
                "must have a limit: the last stage answers every urgency",
            );
        }
        let mut codes = BTreeSet::new();
        for stage in stages {
            let new = codes.insert(stage.code.as_str());
            self.add_if(
                !new,
                format!("stage {}, code", stage.number),
                "is the code of another stage",
            );
        }
        self.add_if(
            first.closing_requires.contains(&ClosingField::WhyLowerStageFailed),
            format!("stage {}, closing requires", first.number),
            "why_lower_stage_failed cannot be asked where there is no lower stage",
        );
    }

    fn stage(&mut self, stage: &Stage) {
        let at = |member: &str| format!("stage {}, {member}", stage.number);
        self.add_if(
            !is_code(&stage.code),
            at("code"),
            "must be small letters, digits and '_', a letter first",
        );
        for (member, words) in [
            ("label", &stage.label),
            ("raising role", &stage.raising_role),
            ("responding role", &stage.responding_role),
        ] {
            let length = words.chars().count();
            let bad = words.trim() != words || length == 0 || length > LONGEST_WORDS;
            self.add_if(bad, at(member), "must be words, up to 300 characters, no blanks around");
        }
        self.add_if(
            Urgency::ALL.iter().all(|urgency| stage.answer_limit(*urgency).is_none()),
            at("limits"),
            "at least one urgency must be answered here, or nobody ever enters the stage",
        );
        for (member, limit) in [
            ("acknowledge", stage.acknowledge),
            ("standard", stage.standard),
            ("urgent", stage.urgent),
            ("immediate", stage.immediate),
            ("standard with meeting", stage.standard_with_meeting),
            ("standard maximum", stage.standard_maximum),
        ] {
            self.limit(&at(member), limit);
        }
        for (shorter, longer, limits) in [
            ("immediate", "urgent", (stage.immediate, stage.urgent)),
            ("urgent", "standard", (stage.urgent, stage.standard)),
            ("immediate", "standard", (stage.immediate, stage.standard)),
            (
                "standard",
                "standard with meeting",
                (stage.standard, stage.standard_with_meeting.or(stage.standard)),
            ),
            (
                "standard",
                "standard maximum",
                (stage.standard, stage.standard_maximum.or(stage.standard)),
            ),
            (
                "standard with meeting",
                "standard maximum",
                (stage.standard_with_meeting, stage.standard_maximum),
            ),
        ] {
            if let (Some(short), Some(long)) = limits {
                self.not_longer(&at(shorter), &short, longer, &long);
            }
        }
        for (member, limit) in [
            ("standard with meeting", stage.standard_with_meeting),
            ("standard maximum", stage.standard_maximum),
        ] {
            self.add_if(
                limit.is_some() && stage.standard.is_none(),
                at(member),
                "says something of a standard limit that there is not",
            );
        }
        let mut fields = BTreeSet::new();
        for field in &stage.closing_requires {
            self.add_if(!fields.insert(field), at("closing requires"), format!("{field} twice"));
        }
        for (member, codes) in [("must record", &stage.must_record), ("told", &stage.told)] {
            let mut seen = BTreeSet::new();
            for code in codes {
                self.add_if(!seen.insert(code), at(member), format!("{code:?} twice"));
                self.add_if(!is_code(code), at(member), format!("{code:?} is no code"));
            }
        }
    }

    fn rules(&mut self, policy: &StagePolicy) {
        let often = |times: u32| times > MOST_TIMES;
        let too_often = format!("must be at most {MOST_TIMES}");
        self.add_if(
            often(policy.extension.times_per_stage),
            "extension, times per stage",
            &too_often,
        );
        let PerUrgency { standard, urgent, immediate } = policy.timeout.raiser_chooses_within;
        for (urgency, limit) in
            [("standard", standard), ("urgent", urgent), ("immediate", immediate)]
        {
            self.limit(&format!("timeout, raiser chooses within, {urgency}"), Some(limit));
        }
        let follow_up = &policy.follow_up;
        self.limit("follow up, feedback", Some(follow_up.feedback));
        self.limit("follow up, learning", Some(follow_up.learning));
        self.limit("follow up, impact check", Some(follow_up.impact_check));
        self.add_if(
            policy.stage(follow_up.learning_from_stage).is_none(),
            "follow up, learning from stage",
            format!("there is no stage {}", follow_up.learning_from_stage),
        );
        let repeats = follow_up.learning_if_pair_repeats;
        self.add_if(
            repeats.times < 2 || !(1..=520).contains(&repeats.weeks),
            "follow up, learning if pair repeats",
            "must be at least 2 times within 1 to 520 weeks",
        );
        self.add_if(often(policy.pause.times_per_stage), "pause, times per stage", &too_often);
        self.limit("pause, longest", Some(policy.pause.longest));
        self.limit("pause, longest approved", Some(policy.pause.longest_approved));
        self.not_longer(
            "pause, longest",
            &policy.pause.longest,
            "longest approved",
            &policy.pause.longest_approved,
        );
        let (amber, red) = (policy.warning.amber_percent, policy.warning.red_percent);
        self.add_if(
            amber == 0 || amber >= red || red > 100,
            "warning",
            format!(
                "amber ({amber}) must be more than 0 and less than red ({red}), and red at most 100"
            ),
        );
        let quiet = policy.quiet_hours;
        self.add_if(
            quiet.from == quiet.to,
            "quiet hours",
            "must not begin and end at the same time: that could mean all day or never",
        );
        self.limit("judgement", Some(policy.judgement));
        self.limit("resolve within", Some(policy.resolve_within));
        self.add_if(policy.duplicate_days > 366, "duplicate days", "must be at most 366");
    }

    fn limit(&mut self, place: &str, limit: Option<Limit>) {
        if let Some(fault) = limit.as_ref().and_then(fault_of) {
            self.add(place, fault);
        }
    }

    fn not_longer(&mut self, place: &str, short: &Limit, longer: &str, long: &Limit) {
        self.add_if(
            most_hours(short) > most_hours(long),
            place,
            format!("must not be longer than {longer}"),
        );
    }
}

#[cfg(test)]
mod tests;
