//! Lists of open escalations, and of the agencies and what is heard of them.

use super::links;
use super::words::{self, counted};
use crate::domain::london::local_date;
use crate::domain::review::{AgencyLine, OpenLine, Pack};
use crate::domain::silence::Hearing;
use crate::domain::urgency::Urgency;

/// So many late escalations are shown at once: two sides of paper hold them.
const SHOWN: usize = 7;
/// So many of each other list.
const SHOWN_BESIDES: usize = 5;
/// So many agencies are shown at once, but never fewer than are to be asked.
const AGENCIES_SHOWN: usize = 3;
/// From this stage on an escalation has left the hands of those who work with the child.
const HIGH_STAGE: u8 = 3;

/// Escalations; what there are too many of is folded away.
pub(super) struct Open {
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    pub(super) aside: String,
    pub(super) caption: &'static str,
    pub(super) nothing: &'static str,
    pub(super) shown: Vec<OpenRow>,
    pub(super) folded: Vec<OpenRow>,
}

/// An open escalation.
pub(super) struct OpenRow {
    pub(super) reference: String,
    pub(super) href: String,
    pub(super) theme: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) stage: u8,
    pub(super) high: bool,
    /// Its urgency, where that is not the ordinary one, and the class of its tag.
    pub(super) urgency: Option<(&'static str, &'static str)>,
    pub(super) late: Option<(String, &'static str)>,
    pub(super) due: Option<String>,
    pub(super) raised: String,
    /// Whether the child still waits.
    pub(super) still_waits: bool,
    /// For how long it has, or had.
    pub(super) days: String,
    pub(super) owner: Option<String>,
    pub(super) next_step: Option<String>,
}

/// What is late.
pub(super) fn overdue(pack: &Pack) -> Open {
    let late = pack.overdue.len();
    let aside = match late {
        0 => String::new(),
        // Each says which it is of, because paper shows the first ones only.
        1..=SHOWN => format!("{late} past their due date, longest first"),
        _ => format!("{late} past their due date, the {SHOWN} longest here"),
    };
    open(
        pack,
        &pack.overdue,
        SHOWN,
        Open {
            id: "overdue",
            heading: "Overdue",
            aside,
            caption: "Overdue escalations, longest first",
            nothing: "Nothing is overdue.",
            shown: Vec::new(),
            folded: Vec::new(),
        },
    )
}

/// What is urgent, what moved up, and what is oldest.
pub(super) fn besides(pack: &Pack) -> [Open; 3] {
    let ages = &pack.ages;
    let mut of_ages = format!("of {} open", words::count(ages.open));
    if let Some(median) = ages.median_working_days {
        of_ages.push_str(&format!(", half for {} working days or more", words::number(median)));
    }
    if ages.over_ten_working_days > 0 {
        of_ages.push_str(&format!(", {} for over 10", words::count(ages.over_ten_working_days)));
    }
    if let Some(longest) = ages.longest_working_days {
        of_ages.push_str(&format!(", longest {}", words::number(longest)));
    }
    let frame = |id, heading, aside, caption, nothing| Open {
        id,
        heading,
        aside,
        caption,
        nothing,
        shown: Vec::new(),
        folded: Vec::new(),
    };
    [
        open(
            pack,
            &pack.urgent,
            SHOWN_BESIDES,
            frame(
                "urgent",
                "Immediate and urgent",
                format!("{} open, longest wait first", pack.urgent.len()),
                "Open escalations that are immediate or urgent, longest wait first",
                "Nothing immediate or urgent is open.",
            ),
        ),
        open(
            pack,
            &pack.high_stages,
            SHOWN_BESIDES,
            frame(
                "high",
                "Reached stage 3 or higher",
                "this week".to_owned(),
                "Escalations that reached stage 3 or higher this week",
                "Nothing reached stage 3 or higher.",
            ),
        ),
        open(
            pack,
            &pack.oldest,
            SHOWN_BESIDES,
            frame(
                "oldest",
                "Open longest",
                of_ages,
                "The escalations that have been open longest",
                "Nothing is open.",
            ),
        ),
    ]
}

fn open(pack: &Pack, lines: &[OpenLine], most: usize, frame: Open) -> Open {
    let mut shown: Vec<OpenRow> = lines.iter().map(|line| row(pack, line)).collect();
    let folded = shown.split_off(shown.len().min(most));
    Open { shown, folded, ..frame }
}

fn row(pack: &Pack, line: &OpenLine) -> OpenRow {
    let late = line.working_days_late.map(|days| match days {
        ..=0 => ("<1".to_owned(), "day"),
        1 => ("1".to_owned(), "day"),
        more => (words::count(more), "days"),
    });
    OpenRow {
        reference: line.reference.clone(),
        href: links::escalation(line.id),
        theme: line.theme_label.clone(),
        from: line.raised_by_name.clone(),
        to: line.raised_with_name.clone(),
        stage: line.stage,
        high: line.stage >= HIGH_STAGE,
        urgency: match line.urgency {
            Urgency::Standard => None,
            Urgency::Urgent => Some(("Urgent", "orange")),
            Urgency::Immediate => Some(("Immediate", "red")),
        },
        late,
        due: line.due_on.map(|date| words::day(date, pack.week)),
        raised: words::day(local_date(line.raised_at), pack.week),
        still_waits: line.child_waits,
        days: match line.child_days {
            days if days < 1.0 => "under a day".to_owned(),
            days if days < 2.0 => "1 day".to_owned(),
            days => format!("{:.0} days", days.floor()),
        },
        owner: line.owner.clone(),
        next_step: line.next_step.clone(),
    }
}

/// What is heard of the agencies; those that need not be asked are folded away.
pub(super) struct Agencies {
    pub(super) shown: Vec<AgencyRow>,
    pub(super) folded: Vec<AgencyRow>,
    pub(super) all: String,
}

/// An agency.
pub(super) struct AgencyRow {
    pub(super) name: String,
    pub(super) raised: String,
    pub(super) usual: String,
    pub(super) ask: bool,
    pub(super) tag: String,
    pub(super) tone: &'static str,
    pub(super) meaning: String,
    pub(super) contact: Option<String>,
}

/// The agencies in the order of the pack, which begins with those to ask.
pub(super) fn agencies(pack: &Pack) -> Agencies {
    let asked = pack.agencies.iter().filter(|line| line.ask).count();
    let mut shown: Vec<AgencyRow> =
        pack.agencies.iter().map(|line| agency_row(pack, line)).collect();
    let folded = shown.split_off(shown.len().min(AGENCIES_SHOWN.max(asked)));
    let all = counted(i64::try_from(folded.len()).unwrap_or(i64::MAX), "agency", "agencies");
    Agencies { shown, folded, all }
}

fn agency_row(pack: &Pack, line: &AgencyLine) -> AgencyRow {
    AgencyRow {
        name: line.name.clone(),
        raised: words::count(line.raised),
        usual: line.usual.map_or_else(|| "not known".to_owned(), words::number),
        ask: line.ask,
        tag: line.tag.clone(),
        tone: match line.hearing {
            Hearing::NotConnected => "purple",
            Hearing::Quiet | Hearing::NeverReported | Hearing::LowerThanUsual => "orange",
            Hearing::NilReturn if line.ask => "orange",
            Hearing::NilReturn | Hearing::TooFewToTell | Hearing::Usual => "grey",
        },
        // Whoever need not be asked needs no sentence either: the tag says it.
        meaning: if line.ask { line.meaning.clone() } else { String::new() },
        contact: line.last_contact.map(|at| words::day(local_date(at), pack.week)),
    }
}
