//! The commoner themes: how often each is raised, which process was late, and what people write.

/// What is known of a theme for making data up.
pub(super) struct ThemeKind {
    pub(super) code: &'static str,
    /// Of all escalations.
    pub(super) share: f64,
    /// Which process was delayed, and in what share of its escalations; in the others none is named.
    pub(super) processes: &'static [(&'static str, f64)],
    pub(super) concerns: &'static [&'static str],
    pub(super) wishes: &'static [&'static str],
}

/// The themes of which most escalations are; what is left for all others is 0.05.
pub(super) const COMMON: &[ThemeKind] = &[
    ThemeKind {
        code: "threshold_disagreement",
        share: 0.13,
        processes: &[("ref_decision", 0.1)],
        concerns: &[
            "Referral closed with advice although three earlier contacts raised the same neglect concerns.",
            "Our view is that the threshold for a child in need assessment is met; the decision rests on one visit.",
            "The decision does not mention the injury that was recorded at the last health contact.",
        ],
        wishes: &[
            "Review of the threshold decision by a manager who did not make it.",
            "A child and family assessment is opened.",
            "A joint discussion of the history before the case is closed.",
        ],
    },
    ThemeKind {
        code: "strategy_meeting_late",
        share: 0.11,
        processes: &[("strategy_meeting", 0.95)],
        concerns: &[
            "No strategy meeting has been convened since the disclosure, and the child returns home today.",
            "The strategy meeting was put off twice without a new time.",
            "Reasonable cause was agreed by telephone, but the meeting has not been held.",
        ],
        wishes: &[
            "Strategy meeting held today.",
            "A time for the strategy meeting within the local limit, with all three core agencies.",
        ],
    },
    ThemeKind {
        code: "strategy_meeting_partner_absent",
        share: 0.09,
        processes: &[("strategy_meeting", 0.9)],
        concerns: &[
            "The meeting went ahead without police, so it was not quorate and no decision could be taken.",
            "Health was not represented and the medical history was not heard.",
            "Nobody from the agency that holds the information joined the call.",
        ],
        wishes: &[
            "Quorate strategy meeting today.",
            "A named deputy for each core agency so that meetings are quorate.",
        ],
    },
    ThemeKind {
        code: "information_not_shared",
        share: 0.09,
        processes: &[("mash_checks_amber", 0.35), ("da_notification", 0.2)],
        concerns: &[
            "Checks were requested for the MASH and nothing has come back.",
            "The incident was known to one agency for a week before anyone else was told.",
            "The chronology was asked for twice and has not been sent.",
        ],
        wishes: &[
            "Return of the requested information.",
            "Agreement on what is shared, by whom and by when.",
        ],
    },
    ThemeKind {
        code: "plan_drift",
        share: 0.08,
        processes: &[("core_group_next", 0.35), ("rcpc_next", 0.1)],
        concerns: &[
            "The same actions have been carried forward through three core groups.",
            "The plan has not moved for two months and the home conditions are unchanged.",
            "Parents are not engaging and there is no contingency.",
        ],
        wishes: &[
            "A plan with dates, owners and a contingency.",
            "Consideration of legal advice because the plan does not work.",
        ],
    },
    ThemeKind {
        code: "child_not_seen",
        share: 0.07,
        processes: &[("cp_visit", 0.6), ("child_seen_s47", 0.2), ("cin_visit", 0.1)],
        concerns: &[
            "The child has not been seen since the last core group.",
            "Two visits found nobody at home; the child was not seen alone.",
            "School has raised absence and no home visit has followed.",
        ],
        wishes: &["The child is seen alone this week.", "A visit today and its outcome shared."],
    },
    ThemeKind {
        code: "information_late",
        share: 0.06,
        processes: &[
            ("da_notification", 0.5),
            ("icpc_report_parents", 0.2),
            ("mash_checks_green", 0.2),
        ],
        concerns: &[
            "The notification of the domestic abuse incident reached school after the week-end.",
            "The report arrived on the morning of the conference.",
            "The surgery learned of the plan three weeks after the conference.",
        ],
        wishes: &[
            "Notifications within one working day.",
            "Reports shared in time for professionals and family to read them.",
        ],
    },
    ThemeKind {
        code: "core_group_late",
        share: 0.05,
        processes: &[("core_group_next", 0.55), ("core_group_first", 0.4)],
        concerns: &[
            "The core group was cancelled and not arranged again.",
            "No first core group has been held since the conference.",
        ],
        wishes: &["A core group this week.", "Dates for the core groups until the review."],
    },
    ThemeKind {
        code: "single_assessment_late",
        share: 0.05,
        processes: &[("single_assessment", 0.95)],
        concerns: &[
            "The assessment is past its limit and the family has no support meanwhile.",
            "The assessment waits for a manager's decision; partners have not been told the outcome.",
        ],
        wishes: &[
            "The assessment is completed and shared.",
            "Support starts before the assessment is authorised.",
        ],
    },
    ThemeKind {
        code: "icpc_late",
        share: 0.05,
        processes: &[("icpc", 1.0)],
        concerns: &[
            "The initial conference has been put off for want of a report.",
            "No date has been given for the conference although the enquiry was substantiated.",
            "The conference was adjourned because a core agency was missing.",
        ],
        wishes: &[
            "A date for the conference within the limit.",
            "An interim safety arrangement until the conference.",
        ],
    },
    ThemeKind {
        code: "s47_late",
        share: 0.04,
        processes: &[("s47_outcome", 0.6), ("s47_start", 0.3)],
        concerns: &[
            "The enquiry was agreed at the strategy meeting and has not been started.",
            "The outcome of the enquiry is not recorded and partners do not know what was decided.",
        ],
        wishes: &["The enquiry starts today.", "The outcome of the enquiry with its reasons."],
    },
    ThemeKind {
        code: "safety_plan_missing",
        share: 0.025,
        processes: &[("safety_plan", 0.9)],
        concerns: &[
            "There is no safety plan for the time until the conference.",
            "Partners left the strategy meeting without an agreed safety plan.",
        ],
        wishes: &["A safety plan that all agencies hold by tonight."],
    },
    ThemeKind {
        code: "safety_plan_inadequate",
        share: 0.015,
        processes: &[("safety_plan", 0.4)],
        concerns: &[
            "The safety plan relies on the survivor to keep the perpetrator away.",
            "The plan does not say what happens at contact and handover.",
        ],
        wishes: &["A safety plan that puts the responsibility on agencies and on the perpetrator."],
    },
    ThemeKind {
        code: "closure_stepdown_dispute",
        share: 0.03,
        processes: &[],
        concerns: &[
            "The case is to be closed although the plan's main action is not done.",
            "Step-down was decided at a meeting to which we were not invited.",
        ],
        wishes: &[
            "The case stays open until the outstanding action is done.",
            "A step-down meeting with all agencies.",
        ],
    },
    ThemeKind {
        code: "care_proceedings_delay",
        share: 0.03,
        processes: &[
            ("proceedings_issue", 0.4),
            ("plo_preproceedings", 0.25),
            ("legal_gateway", 0.25),
        ],
        concerns: &[
            "The decision to issue was taken, and the application has not been made.",
            "Pre-proceedings have passed their limit with two assessments outstanding.",
        ],
        wishes: &["A date for issue.", "A legal planning meeting this week."],
    },
    ThemeKind {
        code: "referral_no_response",
        share: 0.03,
        processes: &[("ref_feedback", 0.5), ("ref_decision", 0.45)],
        concerns: &[
            "A referral was made last week and no decision has reached us.",
            "We have rung the front door three times about the referral without an answer.",
        ],
        wishes: &["The decision on the referral, with its reasons."],
    },
];
