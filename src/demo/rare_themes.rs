//! The rarer themes, which share one escalation in twenty.

use super::themes::ThemeKind;

/// The share of all escalations that these themes have together.
pub(super) const TOGETHER: f64 = 0.05;

const fn rare(
    code: &'static str,
    processes: &'static [(&'static str, f64)],
    concerns: &'static [&'static str],
    wishes: &'static [&'static str],
) -> ThemeKind {
    ThemeKind { code, share: 0.05 / 20.0, processes, concerns, wishes }
}

/// The twenty themes that are left.
pub(super) const RARE: &[ThemeKind] = &[
    rare(
        "strategy_meeting_partner_missed",
        &[("strategy_meeting", 0.3)],
        &["The practitioner who works with the adult in the home was not invited."],
        &["Everybody who works with the family is asked to the next meeting."],
    ),
    rare(
        "strategy_meeting_quality",
        &[("strategy_meeting_record", 0.7)],
        &["Minutes and actions of the strategy meeting have not been circulated."],
        &["The record of the meeting with its actions and owners."],
    ),
    rare(
        "mash_recommendation_drift",
        &[("mash_checks_amber", 0.3)],
        &["The recommendation of the MASH has waited with the assessment team without a date."],
        &["A date by which the recommendation is acted on."],
    ),
    rare(
        "child_voice_missing",
        &[],
        &["The assessment quotes the parents only; what the child says is not in it."],
        &["Direct work with the child before the plan is reviewed."],
    ),
    rare(
        "assessment_quality",
        &[],
        &["The assessment lists the incidents and does not say what they mean for the child."],
        &["The risk is analysed again with the full chronology."],
    ),
    rare(
        "abe_interview_delay",
        &[("other", 0.6)],
        &["The joint interview has been put off twice for want of a trained officer."],
        &["A date for the interview, with an intermediary if the child needs one."],
    ),
    rare(
        "supervision_gap",
        &[("supervision", 0.8)],
        &["No management oversight is recorded since the last review."],
        &["Supervision on this plan, and its decisions shared."],
    ),
    rare(
        "allocation_workload",
        &[("cin_visit", 0.4)],
        &["The case has had no allocated worker since the last one left."],
        &["A named worker this week."],
    ),
    rare(
        "linked_households_missed",
        &[],
        &["The same adult visits two homes, and only one of them has a plan."],
        &["One meeting about all children in both homes."],
    ),
    rare(
        "dash_not_completed_shared",
        &[("idva_contact", 0.5)],
        &["The risk checklist was not completed after the incident."],
        &["The checklist is completed and shared with the specialist service."],
    ),
    rare(
        "repeat_contact_unheeded",
        &[],
        &["This is the fourth contact in three months, and each was judged on its own."],
        &["The contacts are read together and the decision is made again."],
    ),
    rare(
        "cumulative_harm_missed",
        &[],
        &["Each incident was rated low; together they show a pattern of coercive control."],
        &["An assessment of the cumulative impact on the child."],
    ),
    rare(
        "perpetrator_not_considered",
        &[],
        &["All actions are for the survivor; nothing is asked of the person who causes harm."],
        &["Actions for the perpetrator, with an agency that owns them."],
    ),
    rare(
        "marac_failure",
        &[("marac_listing", 0.8)],
        &["The case was referred as high risk and has not been listed."],
        &["Listing at the next meeting and an interim action plan."],
    ),
    rare(
        "service_access_barrier",
        &[("other", 0.5)],
        &["The specialist service declined because the child has no diagnosis."],
        &["A service for the child, whoever commissions it."],
    ),
    rare(
        "escalation_unanswered",
        &[],
        &["An earlier challenge about this child was never answered."],
        &["An answer to the earlier challenge, with reasons."],
    ),
    rare(
        "challenge_discouraged",
        &[],
        &["Staff were told in the meeting that the decision was not open to question."],
        &["Clear word that challenge is welcome, and the question answered."],
    ),
    rare(
        "data_gap",
        &[],
        &["The child protection flag is missing from one record although the plan is current."],
        &["The record is put right and the cause found."],
    ),
    rare(
        "governance_gap",
        &[],
        &["No agency takes ownership of the action from the multi-agency audit."],
        &["A named owner and a date for the action."],
    ),
    rare(
        "other",
        &[],
        &["Three agencies attend the same home on the same day without knowing of each other."],
        &["One coordinated visiting plan."],
    ),
];
