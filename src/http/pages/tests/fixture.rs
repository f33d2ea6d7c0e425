//! A made-up review, as full as a real one gets.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::figures::Reconciliation;
use crate::domain::ids::EscalationId;
use crate::domain::review::*;
use crate::domain::silence::Hearing;
use crate::domain::spc::Variation;
use crate::domain::unusual_cell::CellFlag;
use crate::domain::urgency::Urgency;
use crate::domain::week::IsoWeek;

mod empty;
mod record;
mod tiles;

pub(super) use empty::empty_pack;

const RAISED: [i32; 52] = [
    5, 7, 4, 6, 8, 3, 1, 2, 6, 5, 7, 4, 6, 9, 5, 7, 4, 6, 8, 7, 5, 6, 4, 7, 9, 6, 5, 8, 7, 6, 9, 7,
    8, 10, 14, 17, 15, 19, 16, 13, 18, 20, 15, 17, 21, 16, 19, 22, 18, 21, 19, 23,
];
const HALF_DAYS: [i32; 52] = [
    10, 13, 8, 11, 14, 12, 16, 15, 10, 9, 12, 11, 8, 13, 10, 11, 14, 9, 12, 10, 11, 13, 8, 10, 12,
    11, 9, 10, 12, 9, 10, 8, 10, 9, 7, 6, 8, 5, 7, 6, 5, 7, 6, 5, 6, 5, 4, 4, 3, 4, 4, 3,
];
const COLUMNS: [(&str, &str, &str, &[&str]); 10] = [
    ("anyborough_cs", "Anyborough Council Children’s Services", "CSC A", &["anyborough_cs"]),
    ("otherton_cs", "Otherton Children’s Services", "CSC O", &["otherton_cs"]),
    ("valeshire_police", "Valeshire Police", "Police", &["valeshire_police"]),
    ("health_acute", "Anyborough General Hospital Trust", "Acute", &["health_acute"]),
    ("health_community", "Valeshire Community Health Trust", "Comm.", &["health_community"]),
    ("gp", "General practice", "GPs", &["gp_anyborough", "gp_otherton"]),
    ("school", "Schools", "Schools", &["anyborough_primary", "otherton_academy"]),
    ("probation", "Probation Service, Valeshire", "Prob.", &["probation"]),
    ("housing", "Valeshire Homes", "Hous.", &["housing"]),
    ("vcs", "Voluntary sector", "VCS", &["vcs_da"]),
];
const GROUPS: [(&str, &str, [i64; 10]); 11] = [
    ("strategy", "Strategy meetings", [9, 4, 5, 1, 6, 0, 0, 1, 0, 0]),
    ("information", "Information sharing", [3, 1, 3, 1, 2, 3, 1, 1, 0, 0]),
    ("threshold", "Threshold and referral", [7, 2, 0, 0, 0, 0, 2, 0, 0, 0]),
    ("seeing_children", "Seeing and hearing children", [4, 1, 1, 0, 1, 0, 1, 0, 0, 0]),
    ("safety_plans", "Safety plans", [3, 0, 1, 0, 0, 0, 0, 1, 0, 1]),
    ("enquiry_assessment", "Enquiry and assessment", [2, 1, 1, 0, 0, 0, 0, 1, 0, 0]),
    ("conference_plan", "Conference and plan", [3, 0, 0, 0, 1, 0, 0, 0, 0, 0]),
    ("domestic_abuse", "Domestic abuse", [0, 0, 2, 0, 0, 0, 0, 0, 1, 0]),
    ("oversight", "Management oversight", [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("legal", "Legal proceedings", [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    ("system", "The way the partnership works", [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]),
];
type Late =
    (&'static str, &'static str, &'static str, u8, i64, Option<(&'static str, &'static str)>);
const OVERDUE: [Late; 7] = [
    (
        "Partner not at the meeting",
        "Otherton Academy",
        "Valeshire Community Health Trust",
        3,
        7,
        Some(("Named nurse", "Executive call Tue 11 Nov")),
    ),
    (
        "Threshold not agreed",
        "Anyborough Primary School",
        "Anyborough Council Children’s Services",
        3,
        6,
        Some(("Head of front door", "Panel Wed 12 Nov")),
    ),
    (
        "Risk or repeat harm not weighed",
        "Anyborough General Hospital Trust",
        "Valeshire Police",
        2,
        5,
        Some(("Detective inspector", "Reply promised today")),
    ),
    (
        "Information not shared in time",
        "Valeshire Community Health Trust",
        "Anyborough Market Surgery",
        2,
        4,
        None,
    ),
    (
        "Threshold not agreed",
        "Valeshire Domestic Abuse Service",
        "Otherton Children’s Services",
        2,
        3,
        Some(("Head of front door", "Joint visit Tue 11 Nov")),
    ),
    (
        "Partner not at the meeting",
        "Anyborough Council Children’s Services",
        "Valeshire Community Health Trust",
        1,
        2,
        Some(("Named nurse", "Rota change agreed")),
    ),
    (
        "Safety plan missing or weak",
        "Valeshire Police",
        "Anyborough Council Children’s Services",
        1,
        0,
        Some(("Service manager", "Plan due today")),
    ),
];

pub(super) fn week(text: &str) -> IsoWeek {
    text.parse().expect(text)
}

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn last() -> IsoWeek {
    week("2025-W45")
}

fn weeks() -> Vec<IsoWeek> {
    let first = (0..51).fold(last(), |week, _| week.previous());
    IsoWeek::range(first, last()).collect()
}

type Lines = (f64, Option<f64>, f64);

fn chart(values: &[f64], old: Lines, new: Lines, variation: fn(usize) -> Variation) -> WeekChart {
    let points = weeks().into_iter().zip(values).enumerate().map(|(place, (week, value))| {
        let (centre, lower, upper) = if place < 34 { old } else { new };
        ChartPoint {
            week,
            value: Some(*value),
            centre: Some(centre),
            lower,
            upper: Some(upper),
            variation: variation(place),
        }
    });
    WeekChart {
        message: String::new(),
        method: "Five or more a week and hardly ever nought: single values with limits from their \
                 moving range, average ± 2.66 × mean moving range."
            .to_owned(),
        points: points.collect(),
        rebases: vec![RebaseLine {
            declared_at: Some(at("2025-06-23T09:00:00Z")),
            week: week("2025-W28"),
            reason: "Escalation policy relaunched".to_owned(),
            by: "Director of Quality Assurance".to_owned(),
        }],
        target: None,
    }
}

fn table(flagged: bool) -> ThemeTable {
    let rows: Vec<ThemeRow> = GROUPS
        .iter()
        .enumerate()
        .map(|(place, (group, label, values))| {
            let cells = values.iter().enumerate().map(|(column, value)| Cell {
                value: *value,
                before: 4,
                usual: 1.2,
                flag: match (flagged, place, column) {
                    (true, 0, 4) | (true, 2, 0) => CellFlag::Higher,
                    (true, 1, 9) => CellFlag::Lower,
                    _ => CellFlag::Usual,
                },
            });
            let total: i64 = values.iter().sum();
            ThemeRow {
                group: (*group).to_owned(),
                label: (*label).to_owned(),
                cells: cells.collect(),
                total,
                weeks: (0..13).map(|week| (total + week * 7 + 3) % 6).collect(),
                median_days: (total >= 5).then_some(2.5),
                themes: vec![ThemeCount {
                    code: format!("{group}_late"),
                    label: format!("{label}: held late"),
                    total,
                }],
            }
        })
        .collect();
    let sum = |column: usize| GROUPS.iter().map(|(_, _, values)| values[column]).sum();
    ThemeTable {
        from: week("2025-W42"),
        columns: COLUMNS
            .iter()
            .map(|(code, label, short, agencies)| Column {
                code: (*code).to_owned(),
                label: (*label).to_owned(),
                short: (*short).to_owned(),
                agencies: agencies.iter().map(|it| (*it).to_owned()).collect(),
            })
            .collect(),
        total: rows.iter().map(|row| row.total).sum(),
        totals: (0..10).map(sum).collect(),
        rows,
    }
}

fn open_line(number: u128, late: &Late, urgency: Urgency) -> OpenLine {
    let (theme, from, to, stage, days, held) = late;
    let due = last().monday().saturating_sub(jiff::Span::new().days(*days));
    OpenLine {
        id: EscalationId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + number)),
        reference: format!("ESC-ANY-2025-{number:05}"),
        theme: "strategy_meeting_late".to_owned(),
        theme_label: (*theme).to_owned(),
        raised_by: "from".to_owned(),
        raised_by_name: (*from).to_owned(),
        raised_with: "to".to_owned(),
        raised_with_name: (*to).to_owned(),
        stage: *stage,
        urgency,
        raised_at: at("2025-10-24T10:00:00Z"),
        due_at: None,
        due_on: Some(due),
        working_days_late: Some(*days),
        child_days: 17.0 - f64::from(*stage),
        child_waits: *days != 3,
        owner: held.map(|(owner, _)| owner.to_owned()),
        next_step: held.map(|(_, step)| step.to_owned()),
    }
}

fn agency(code: &str, name: &str, counts: (i64, f64), hearing: Hearing, more: &str) -> AgencyLine {
    AgencyLine {
        code: code.to_owned(),
        name: name.to_owned(),
        raised: counts.0,
        usual: Some(counts.1),
        hearing,
        tag: hearing.tag().to_owned(),
        meaning: format!("{more}{}", hearing.meaning()),
        ask: matches!(hearing, Hearing::Quiet | Hearing::NotConnected),
        last_contact: Some(at("2025-11-10T05:30:00Z")),
        agreed_hours: None,
        nil_returns_in_a_row: 0,
    }
}

fn notice(kind: ReviewNoticeKind, words: &str, variation: Option<Variation>) -> Notice {
    let cell = kind == ReviewNoticeKind::UnusualCell;
    Notice {
        kind,
        key: kind.code().to_owned(),
        words: words.to_owned(),
        variation,
        group: cell.then(|| "strategy".to_owned()),
        agency: cell.then(|| "gp".to_owned()),
    }
}

fn agencies() -> Vec<AgencyLine> {
    let mut agencies = vec![
        agency(
            "probation",
            "Probation Service, Valeshire",
            (0, 3.2),
            Hearing::Quiet,
            "Nothing raised for 6 weeks. By chance 1 in 25. ",
        ),
        agency("housing", "Valeshire Homes", (0, 1.1), Hearing::NotConnected, ""),
        agency("gp_anyborough", "Anyborough Market Surgery", (1, 1.4), Hearing::TooFewToTell, ""),
        agency("valeshire_police", "Valeshire Police", (9, 8.5), Hearing::Usual, ""),
    ];
    for number in 5..18 {
        let (code, name) = (format!("agency_{number}"), format!("Agency {number}"));
        agencies.push(agency(&code, &name, (4, 4.1), Hearing::Usual, ""));
    }
    agencies
}

fn notices() -> Vec<Notice> {
    vec![
        notice(ReviewNoticeKind::OverdueWithoutOwner, "1 overdue escalation has no owner.", None),
        notice(
            ReviewNoticeKind::UnusualCell,
            "Strategy meetings with community health: 6 in 4 weeks, usually 1.",
            Some(Variation::NeutralHigh),
        ),
        notice(
            ReviewNoticeKind::Signal,
            "Time to resolve is improving: at or under 2 days for 6 weeks.",
            Some(Variation::ImprovementLow),
        ),
        notice(
            ReviewNoticeKind::QuietAgency,
            "Probation has raised none in 4 weeks, usually 3. Good news, or silence?",
            None,
        ),
    ]
}

/// A review like that of the visual target.
pub(super) fn pack() -> Pack {
    let raised: Vec<f64> = RAISED.iter().copied().map(f64::from).collect();
    let days: Vec<f64> = HALF_DAYS.iter().map(|half| f64::from(*half) / 2.0).collect();
    let mut new = chart(&raised, (4.8, None, 11.4), (16.8, Some(7.6), 25.9), |place| match place {
        23..34 => Variation::NeutralHigh,
        _ => Variation::CommonCause,
    });
    new.message =
        "More concerns are raised since July. This week is in the usual range.".to_owned();
    let mut median =
        chart(&days, (5.9, Some(2.1), 9.6), (3.0, Some(1.1), 5.0), |place| match place {
            6 | 7 => Variation::ConcernHigh,
            42.. => Variation::ImprovementLow,
            _ => Variation::CommonCause,
        });
    median.message = "Improving: below the average for 10 weeks. The target is 2 days.".to_owned();
    median.target = Some(2.0);
    let late = |urgency: fn(usize) -> Urgency| {
        let rows = OVERDUE.iter().enumerate();
        rows.map(|(place, late)| {
            open_line(1187 + u128::try_from(place).unwrap(), late, urgency(place))
        })
        .collect::<Vec<_>>()
    };
    let overdue = late(|place| if place == 1 { Urgency::Urgent } else { Urgency::Standard });
    let urgent = late(|place| if place == 0 { Urgency::Immediate } else { Urgency::Urgent });
    Pack {
        pack_version: PACK_VERSION,
        definitions_version: 1,
        partnership: "Anyborough Safeguarding Children Partnership".to_owned(),
        week: last(),
        starts_at: last().starts_at(),
        ends_at: last().ends_at(),
        data_to: at("2025-11-10T06:00:00Z"),
        part: false,
        reconciliation: Reconciliation {
            open_at_start: 30,
            raised: 23,
            reopened: 1,
            ended: 20,
            open_at_end: 34,
            balances: true,
        },
        received_late: 2,
        excluded: 0,
        arrived_since: 1,
        tiles: tiles::tiles(),
        notices: notices(),
        raised: new,
        median_days: median,
        asked: table(true),
        raised_by: table(false),
        agencies: agencies(),
        urgent: urgent[..3].to_vec(),
        high_stages: overdue[..2].to_vec(),
        record: record::record(),
        oldest: overdue[..5].to_vec(),
        overdue,
        ages: Ages {
            open: 34,
            median_working_days: Some(4.2),
            median_child_days: Some(4.2),
            longest_working_days: Some(23.0),
            longest_child_days: Some(23.0),
            over_ten_working_days: 5,
        },
    }
}
