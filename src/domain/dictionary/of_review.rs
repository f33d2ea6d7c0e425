//! The figures that only the review has: how things stand when its data are taken, and over four weeks.

use super::{DATA_TO, FOUR_WEEKS, Metric, NO_OPEN_CASES, Unit};
use crate::domain::spc::Goodness;

/// A number of escalations as they stand when the data are taken.
const STANDING: Metric = Metric {
    code: "",
    label: "",
    definition: "",
    unit: Unit::Number,
    counted: "",
    left_out: "What has ended.",
    denominator: None,
    still_open: "It counts what is open, however long.",
    time: DATA_TO,
    better: Goodness::Lower,
    shown_from: 1,
    charts: &[],
    since: 3,
    shown_in: &[],
};

pub(super) const METRICS: &[Metric] = &[
    Metric {
        code: "overdue",
        label: "Overdue",
        definition: "Open escalations whose answer was late when the data were taken. What is usual for it is judged by \
                     the number overdue at the end of each week.",
        counted: "Every open escalation with an answer that was due and had not come.",
        left_out: "Acknowledgements that are late; answers whose time is paused or was agreed to be longer.",
        shown_in: &["review:tiles.overdue.value"],
        ..STANDING
    },
    Metric {
        code: "overdue_without_owner",
        label: "Overdue, and nobody holds it",
        definition: "Of the overdue, those for which no role has said that it holds them.",
        counted: "Overdue escalations whose acknowledgement is missing, or names no role.",
        left_out: "Overdue escalations that a role holds.",
        shown_in: &["review:tiles.overdue.without_owner"],
        ..STANDING
    },
    Metric {
        code: "overdue_high_stage",
        label: "Overdue at stage 3 or higher",
        definition: "Of the overdue, those that had reached stage 3 or a higher one.",
        counted: "Overdue escalations by the stage that they had reached.",
        left_out: "Overdue escalations at a lower stage.",
        shown_in: &["review:tiles.overdue.high_stage"],
        ..STANDING
    },
    Metric {
        code: "working_days_late",
        label: "Working days late",
        definition: "Working days by which an awaited answer was late; 0 on the day on which it was due. The tile has the \
                     most of all.",
        unit: Unit::WorkingDays,
        counted: "Whole working days after the local date on which the answer was due.",
        left_out: "What is not late has none.",
        shown_in: &[
            "review:tiles.overdue.longest_working_days",
            "review:urgent.working_days_late",
            "review:overdue.working_days_late",
            "review:oldest.working_days_late",
            "review:high_stages.working_days_late",
        ],
        ..STANDING
    },
    Metric {
        code: "child_days",
        label: "Days the child has waited",
        definition: "Days of 24 hours from when the child's wait began until its situation changed, or until the data \
                     were taken where it had not. Never paused.",
        unit: Unit::Days,
        counted: "Each open escalation; of several the most, or the median from 5 on, as the member says.",
        left_out: "What has ended.",
        still_open: "A wait that goes on counts up to the instant at which the data were taken.",
        shown_in: &[
            "review:tiles.overdue.longest_child_days",
            "review:urgent.child_days",
            "review:overdue.child_days",
            "review:oldest.child_days",
            "review:high_stages.child_days",
            "review:ages.median_child_days",
            "review:ages.longest_child_days",
        ],
        ..STANDING
    },
    Metric {
        code: "open_now",
        label: "Open when the data were taken",
        definition: "Escalations that were open at the instant to which the data reach. It can differ from the number \
                     open at the end of the week by what happened since.",
        counted: "Every open escalation, however long.",
        better: Goodness::Neutral,
        shown_in: &["review:ages.open"],
        ..STANDING
    },
    Metric {
        code: "working_days_open",
        label: "Working days open",
        definition: "Working days since what is open was opened: the median from 5 on, and the most. It stands beside the \
                     time to resolve, which says nothing of what is open.",
        unit: Unit::WorkingDays,
        counted: "Every open escalation, from the opening of its present episode.",
        still_open: "It is about nothing else: each counts up to the instant at which the data were taken.",
        shown_in: &["review:ages.median_working_days", "review:ages.longest_working_days"],
        ..STANDING
    },
    Metric {
        code: "open_over_ten_days",
        label: "Open for more than ten working days",
        definition: "Escalations that had been open for more than ten working days.",
        counted: "Every open escalation, from the opening of its present episode.",
        shown_in: &["review:ages.over_ten_working_days"],
        ..STANDING
    },
    Metric {
        code: "arrived_since",
        label: "Arrived since",
        definition: "Escalations raised in the week and received after its data were taken, as far as known when the \
                     review was made. They are in no other figure of it.",
        counted: "Every escalation raised in the week and received later than the data reach.",
        left_out: "Other late records, such as acts.",
        still_open: NO_OPEN_CASES,
        time: "The review week, by the time at which each was raised.",
        shown_in: &["review:arrived_since"],
        ..STANDING
    },
    Metric {
        code: "raised_in_four_weeks",
        label: "Raised in four weeks",
        definition: "Escalations raised in the review week and the three before it: one week is too thin for a table. A \
                     cell is marked when it holds four or more and its own 13 weeks before make so many likely in fewer \
                     than one case in 100.",
        counted: "Every escalation, by the theme and the agencies that it has now.",
        left_out: "Groups of themes in which nothing was raised have no row; schools, surgeries and voluntary bodies are \
                   one column each.",
        still_open: NO_OPEN_CASES,
        time: FOUR_WEEKS,
        better: Goodness::Neutral,
        shown_in: &[
            "review:asked.rows.cells.value",
            "review:asked.rows.total",
            "review:asked.rows.themes.total",
            "review:asked.totals",
            "review:asked.total",
            "review:raised_by.rows.cells.value",
            "review:raised_by.rows.total",
            "review:raised_by.rows.themes.total",
            "review:raised_by.totals",
            "review:raised_by.total",
            "review:agencies.raised",
        ],
        ..STANDING
    },
    Metric {
        code: "usual_in_four_weeks",
        label: "Usual in four weeks",
        definition: "How many would be raised in four weeks as in the 13 weeks before them: their number times 4 divided \
                     by 13. For an agency that has been silent for longer than four weeks, as in the weeks before its \
                     silence. Neither a target nor a limit.",
        counted: "What was raised in the 13 weeks before the four; for such an agency, before its silence.",
        left_out: "The four weeks themselves. None for an agency with fewer than 17 weeks.",
        since: 4,
        still_open: NO_OPEN_CASES,
        time: "The 13 weeks before the four that end with the review week.",
        better: Goodness::Neutral,
        shown_in: &[
            "review:asked.rows.cells.usual",
            "review:raised_by.rows.cells.usual",
            "review:agencies.usual",
        ],
        ..STANDING
    },
    Metric {
        code: "raised_in_weeks_before",
        label: "Raised in the weeks before",
        definition: "How many were raised in the 13 weeks before the four that the table sums: the past with which a cell \
                     is compared.",
        counted: "Escalations raised in those weeks, by the same theme and agency.",
        left_out: "The four weeks themselves.",
        still_open: NO_OPEN_CASES,
        time: "The 13 weeks before the four that end with the review week.",
        better: Goodness::Neutral,
        shown_in: &["review:asked.rows.cells.before", "review:raised_by.rows.cells.before"],
        ..STANDING
    },
    Metric {
        code: "actions_agreed_last",
        label: "Actions agreed last",
        definition: "How many actions were agreed in the week of the last signed review, and how many of them are \
                     completed.",
        counted: "Actions of that week, as they stood when the data were taken.",
        left_out: "Actions of every other week, which are listed one by one.",
        since: 4,
        still_open: "Counted as agreed and not as completed.",
        time: "The week of the last signed review.",
        better: Goodness::Neutral,
        shown_in: &[
            "review:record.last_review.actions.agreed",
            "review:record.last_review.actions.completed",
        ],
        ..STANDING
    },
    Metric {
        code: "expected_change",
        label: "Expected change",
        definition: "The figure of which something learnt is expected to move: its mean in the weeks before, and its value \
                     in the week in which it is measured again.",
        counted: "The figure that the learning names, of its theme.",
        left_out: "Weeks in which the figure has no value.",
        still_open: "As in the figure that it names.",
        time: "The weeks before the learning was recorded, and the week named for measuring again.",
        better: Goodness::Neutral,
        shown_in: &[
            "review:record.learning.expected.usual_before",
            "review:record.learning.expected.value",
        ],
        ..STANDING
    },
    Metric {
        code: "agencies_to_ask",
        label: "Agencies to ask",
        definition: "Agencies that are quiet, whose systems are not connected, that never reported and must be expected \
                     to, or that said several weeks in a row that there was nothing to raise.",
        counted: "Each such agency. Quiet: it has raised nothing for so long that its own rate makes it likely in fewer \
                  than one case in 20. Not connected: its system agreed to be heard and was not, for twice the agreed \
                  interval and at least three days.",
        left_out: "Agencies that oversee. An agency without an agreed feed is never called not connected, and one that \
                   is not connected is never called silent.",
        still_open: NO_OPEN_CASES,
        shown_in: &["review:tiles.ask.value"],
        ..STANDING
    },
    Metric {
        code: "agencies",
        label: "Agencies",
        definition: "Agencies that take part and may raise: of whom it is asked whether they are heard.",
        counted: "Each agency that was part of the partnership at the end of the week.",
        left_out: "Those who oversee: the business unit, boards and inspectorates.",
        still_open: NO_OPEN_CASES,
        better: Goodness::Neutral,
        shown_in: &["review:tiles.ask.of"],
        ..STANDING
    },
    Metric {
        code: "nil_returns_in_a_row",
        label: "Nil returns in a row",
        definition: "For how many of the last weeks in a row an agency said, on record, that there was nothing to raise. \
                     It is the agency's word, not a finding; from four on it is asked all the same.",
        unit: Unit::Weeks,
        counted: "Weeks up to the review week with a nil return that was recorded before the data were taken.",
        left_out: "Weeks in which the agency raised something, whatever it had said.",
        still_open: NO_OPEN_CASES,
        time: "The weeks up to the review week.",
        better: Goodness::Neutral,
        shown_in: &["review:agencies.nil_returns_in_a_row"],
        ..STANDING
    },
];
