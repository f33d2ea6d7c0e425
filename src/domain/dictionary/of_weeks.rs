//! The figures of the weekly aggregation, which the review shows too.

use super::{COUNT_CHARTS, END_OF_WEEK, Metric, NO_OPEN_CASES, Unit, WEEK_OF_ACT};
use crate::domain::figures::Measure;
use crate::domain::spc::{ChartKind, Goodness};

/// A number of things that happened in a week.
const fn counted_in_week(measure: Measure, code: &'static str, label: &'static str) -> Metric {
    Metric {
        code,
        label,
        definition: measure.definition(),
        unit: Unit::Number,
        counted: "",
        left_out: "Records of good practice, which are no escalations.",
        denominator: None,
        still_open: NO_OPEN_CASES,
        time: WEEK_OF_ACT,
        better: Goodness::Neutral,
        shown_from: 1,
        charts: &[],
        since: 3,
        shown_in: &[],
    }
}

/// How long the resolved took.
const RESOLVED_ONLY: &str = "What is still open has no time to resolve and is not in it: read it beside what is open, \
                             because a week that resolves only what is easy looks quick.";

pub(super) const METRICS: &[Metric] = &[
    Metric {
        counted: "Every escalation, once, however it went on: also what was withdrawn, rerouted, declined or found to be \
                  a duplicate later.",
        charts: COUNT_CHARTS,
        shown_in: &[
            "weekly:reconciliation.raised",
            "weekly:total.raised.value",
            "review:reconciliation.raised",
            "review:tiles.new.value",
            "review:tiles.new.last_week",
            "review:raised.points.value",
            "review:asked.rows.weeks",
            "review:raised_by.rows.weeks",
        ],
        ..counted_in_week(Measure::Raised, "raised", "Raised")
    },
    Metric {
        counted: "Escalations counted as raised that the service received more than 120 hours after they were raised.",
        better: Goodness::Lower,
        shown_in: &["weekly:total.received_late.value", "review:received_late"],
        ..counted_in_week(Measure::ReceivedLate, "received_late", "Received late")
    },
    Metric {
        counted: "Escalations raised in the week that have ended and of which the last decision since they were last \
                  opened was to leave them out.",
        left_out: "What is proposed and not approved, what was taken back, and what was opened again since.",
        since: 4,
        still_open: "What is open always counts in the other figures, and so is not in this one.",
        shown_in: &["weekly:total.excluded.value", "review:excluded"],
        ..counted_in_week(Measure::Excluded, "excluded", "Left out")
    },
    Metric {
        counted: "Each opening after the first. One that is opened again twice in a week counts twice.",
        left_out: "The first opening, which is the raising.",
        shown_in: &[
            "weekly:reconciliation.reopened",
            "weekly:total.reopened.value",
            "review:reconciliation.reopened",
        ],
        ..counted_in_week(Measure::Reopened, "reopened", "Reopened")
    },
    Metric {
        counted: "Each episode that ended with such an outcome.",
        left_out: "What was withdrawn, rerouted or found to be a duplicate: it ended, and nothing was settled.",
        still_open: "What is still open has not ended and is not in it.",
        shown_in: &[
            "weekly:total.resolved.value",
            "weekly:total.working_days_to_resolve.n",
            "weekly:total.child_days_to_resolve.n",
            "review:tiles.median_days.n",
        ],
        ..counted_in_week(Measure::Resolved, "resolved", "Resolved")
    },
    Metric {
        counted: "Episodes counted as resolved whose opening and end lie on one local date.",
        left_out: "Everything else that was resolved.",
        still_open: "What is still open has not ended and is not in it.",
        shown_in: &["weekly:total.resolved_same_day.value"],
        ..counted_in_week(Measure::ResolvedSameDay, "resolved_same_day", "Resolved the same day")
    },
    Metric {
        counted: "Each episode that ended, whatever came of it.",
        left_out: "Nothing that ended.",
        still_open: "What is still open has not ended and is not in it.",
        shown_in: &[
            "weekly:reconciliation.ended",
            "weekly:total.ended.value",
            "review:reconciliation.ended",
        ],
        ..counted_in_week(Measure::Ended, "ended", "Ended")
    },
    Metric {
        code: "open_at_start",
        label: "Open at the start",
        definition: "Episodes opened before the week began and not ended by then: the same as open at the end of the \
                     week before.",
        counted: "Every open episode, however long.",
        left_out: "What ended before the week began.",
        still_open: "It counts what is open, however long.",
        time: "The first instant of the week: Monday 00:00 in Europe/London.",
        shown_in: &["weekly:reconciliation.open_at_start", "review:reconciliation.open_at_start"],
        ..counted_in_week(Measure::OpenAtEnd, "", "")
    },
    Metric {
        counted: "Every open episode, however long, also where nothing was due yet.",
        left_out: "What ended before the week did.",
        still_open: "It counts what is open, however long.",
        time: END_OF_WEEK,
        charts: COUNT_CHARTS,
        shown_in: &[
            "weekly:reconciliation.open_at_end",
            "weekly:total.open_at_end.value",
            "review:reconciliation.open_at_end",
            "review:tiles.open.value",
            "review:tiles.open.last_week",
        ],
        ..counted_in_week(Measure::OpenAtEnd, "open_at_end", "Open at the end")
    },
    Metric {
        counted: "Open escalations with an answer that was due and had not come. One with several stages counts once: only \
                  one answer is awaited at a time.",
        left_out: "Acknowledgements that are late; answers whose time is paused or was agreed to be longer.",
        still_open: "It counts what is open and late, however long.",
        time: END_OF_WEEK,
        better: Goodness::Lower,
        charts: COUNT_CHARTS,
        shown_in: &["weekly:total.overdue_at_end.value"],
        ..counted_in_week(Measure::OverdueAtEnd, "overdue_at_end", "Overdue at the end")
    },
    Metric {
        code: "answers_due",
        label: "Answers due",
        definition: "Answers that fell due in the week: what the share in time is a share of.",
        counted: "Each answer of each stage whose limit ended in the week, given or not.",
        left_out: "Limits that were replaced by more time, a pause, a meeting or another policy; limits that ended with \
                   the matter before they fell due; acknowledgements.",
        still_open: "An answer that is still awaited is counted in the week in which it fell due.",
        time: "The week in which it fell due, not the week in which it came.",
        shown_in: &["weekly:total.answered_in_time.due", "review:tiles.in_time.due"],
        ..counted_in_week(Measure::AnsweredInTime, "", "")
    },
    Metric {
        code: "answers_in_time",
        label: "Answers in time",
        definition: "Of the answers that fell due in the week, those given by the due instant.",
        counted: "Each answer that came by its due instant, by the time that the agencies state.",
        left_out: "What is left out of the answers due.",
        still_open: "An answer that is still awaited after its due instant is not in time.",
        time: "The week in which it fell due, not the week in which it came.",
        better: Goodness::Higher,
        shown_in: &["weekly:total.answered_in_time.in_time", "review:tiles.in_time.in_time"],
        ..counted_in_week(Measure::AnsweredInTime, "", "")
    },
    Metric {
        unit: Unit::Share,
        counted: "Answers in time, divided by answers due.",
        left_out: "What is left out of the answers due.",
        denominator: Some("The answers that fell due in the week."),
        still_open: "An answer that is still awaited after its due instant counts as not in time, so that waiting longer \
                     improves nothing.",
        time: "The week in which it fell due, not the week in which it came.",
        better: Goodness::Higher,
        // The review shows it from 5; below 10 a week is not charted.
        shown_from: 5,
        charts: &[ChartKind::Xmr],
        shown_in: &["weekly:total.answered_in_time.value", "review:tiles.in_time.value"],
        ..counted_in_week(Measure::AnsweredInTime, "answered_in_time", "Answered in time")
    },
    Metric {
        unit: Unit::WorkingDays,
        counted: "The median of the episodes counted as resolved, each from its own opening.",
        left_out: "Everything that ended otherwise; the times of earlier episodes of the same escalation.",
        still_open: RESOLVED_ONLY,
        time: "The week in which it was resolved.",
        better: Goodness::Lower,
        shown_from: 5,
        charts: &[ChartKind::Xmr],
        shown_in: &[
            "weekly:total.working_days_to_resolve.median",
            "review:tiles.median_days.median",
            "review:median_days.points.value",
            "review:asked.rows.median_days",
            "review:raised_by.rows.median_days",
        ],
        ..counted_in_week(
            Measure::WorkingDaysToResolve,
            "working_days_to_resolve",
            "Working days to resolve",
        )
    },
    Metric {
        code: "working_days_to_resolve_p90",
        label: "Working days to resolve, the slowest tenth",
        definition: "The number of working days within which nine of ten of the resolved were: the 90th percentile of \
                     working days to resolve, interpolated.",
        unit: Unit::WorkingDays,
        counted: "The episodes counted as resolved, each from its own opening.",
        left_out: "Everything that ended otherwise.",
        still_open: RESOLVED_ONLY,
        time: "The week in which it was resolved.",
        better: Goodness::Lower,
        shown_from: 10,
        shown_in: &["weekly:total.working_days_to_resolve.p90", "review:tiles.median_days.p90"],
        ..counted_in_week(Measure::WorkingDaysToResolve, "", "")
    },
    Metric {
        unit: Unit::Days,
        counted: "The median of the episodes counted as resolved.",
        left_out: "Everything that ended otherwise. No pause and no week-end is left out: the child waits on them too.",
        still_open: RESOLVED_ONLY,
        time: "The week in which it was resolved.",
        better: Goodness::Lower,
        shown_from: 5,
        since: 3,
        shown_in: &[
            "weekly:total.child_days_to_resolve.median",
            "review:tiles.median_days.child_median",
        ],
        ..counted_in_week(
            Measure::ChildDaysToResolve,
            "child_days_to_resolve",
            "Days the children waited",
        )
    },
    Metric {
        code: "child_days_to_resolve_p90",
        label: "Days the children waited, the slowest tenth",
        definition: "The number of days of 24 hours within which the wait of nine of ten children of the resolved was \
                     over: the 90th percentile of days the children waited, interpolated.",
        unit: Unit::Days,
        counted: "The episodes counted as resolved.",
        left_out: "Everything that ended otherwise.",
        still_open: RESOLVED_ONLY,
        time: "The week in which it was resolved.",
        better: Goodness::Lower,
        shown_from: 10,
        since: 3,
        shown_in: &["weekly:total.child_days_to_resolve.p90"],
        ..counted_in_week(Measure::ChildDaysToResolve, "", "")
    },
    Metric {
        counted: "Every record of one, by the agency that recorded it.",
        left_out: "What was escalated.",
        since: 1,
        shown_in: &["weekly:beside.informal_resolutions.value"],
        ..counted_in_week(
            Measure::InformalResolutions,
            "informal_resolutions",
            "Settled by talking",
        )
    },
    Metric {
        counted: "Every record of one, by the agency that recorded it.",
        left_out: "What was escalated.",
        since: 1,
        shown_in: &["weekly:beside.commendations.value"],
        ..counted_in_week(Measure::Commendations, "commendations", "Commendations")
    },
];
