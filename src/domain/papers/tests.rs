//! That no paper, and no two papers together, tell a number that one of them hides.

use proptest::prelude::*;

use super::counts::{Counted, counts};
use super::*;
use crate::domain::agency::AgencyType;
use crate::domain::disclosure::tests::attacker::Attacker;
use crate::domain::disclosure::{ProtectedTable, Shown};
use crate::domain::figures::{Figures, GroupFigures, WeekBeside, WeekFigures};
use crate::domain::ids::{AgencyId, PartnershipId};
use crate::domain::partnership::{Agency, Partnership, Theme};
use crate::domain::review::assemble::RaisedCount;

const KINDS: [AgencyType; 5] = [
    AgencyType::Police,
    AgencyType::Education,
    AgencyType::Education,
    AgencyType::HealthGp,
    AgencyType::HealthGp,
];
const WEEKS: i32 = 26;

fn id(number: u128) -> AgencyId {
    AgencyId(uuid::Uuid::from_u128(number))
}

fn agreed() -> Partnership {
    let agency = |(number, kind): (u128, AgencyType)| Agency {
        id: id(number),
        code: format!("agency_{number}"),
        name: format!("Agency {number}"),
        agency_type: kind,
        aliases: Vec::new(),
        may_raise: true,
        free_text: crate::domain::free_text_policy::FreeTextPolicy::Refuse,
        sharing: crate::domain::sharing_agreement::Sharing::default(),
        may_respond: true,
        valid_from: "2020-01-01".parse().unwrap(),
        valid_to: None,
        successor: None,
    };
    let theme = |number: usize| Theme {
        code: format!("theme_{number}"),
        group_code: format!("group_{}", number / 2),
        group_label: format!("Group {}", number / 2),
        label: format!("Theme {number}"),
        description: String::new(),
        valid_from: "2020-01-01".parse().unwrap(),
        valid_to: None,
    };
    Partnership {
        id: PartnershipId(uuid::Uuid::nil()),
        code: "ANY".to_owned(),
        name: "Anyborough".to_owned(),
        agencies: (0..).zip(KINDS).map(agency).collect(),
        themes: (0..6).map(theme).collect(),
        timescales: Vec::new(),
        policies: Vec::new(),
        calendars: Vec::new(),
    }
}

fn first() -> IsoWeek {
    "2026-W14".parse().unwrap()
}

/// Half a year of what was raised: mostly little, so that there is much to hide.
fn history() -> impl Strategy<Value = Vec<RaisedCount>> {
    let one = (0..WEEKS, 0..6_u8, 0..KINDS.len(), prop_oneof![4 => 1..=2_u32, 1 => 3..=12_u32]);
    prop::collection::vec(one, 0..60).prop_map(|all| {
        all.into_iter()
            .map(|(week, theme, agency, number)| RaisedCount {
                week: first().plus_weeks(week),
                theme: format!("theme_{theme}"),
                raised_by: id(0),
                raised_with: id(u128::try_from(agency).unwrap()),
                number,
            })
            .collect()
    })
}

fn of_quarter(name: &str, raised: &[RaisedCount], profile: Profile, resolved: i64) -> Counts {
    let quarter: Quarter = name.parse().unwrap();
    let period = quarter.period().unwrap();
    let some = Figures {
        resolved,
        median_working_seconds: Some(300_000.0),
        answers_due: resolved * 2,
        answers_in_time: resolved,
        ..Figures::default()
    };
    let figures = WeekFigures {
        week: period.to,
        open_at_start: 0,
        total: some,
        groups: vec![GroupFigures { key: "group_0".to_owned(), figures: some }],
        beside: WeekBeside::default(),
    };
    let data_to = period.to.ends_at();
    let agreed = agreed();
    let of = Counted { agreed: &agreed, quarter, period, data_to, figures: &figures, raised };
    counts(&of, profile).unwrap()
}

/// What a reader has: the printed marks, and the published rules of the profile.
fn read(of: &Counts) -> Option<ProtectedTable> {
    let table = &of.themes;
    let shown = |it: &PaperFigure| match (it.value, it.text.as_str()) {
        (None, mark) if mark == of.profile.withheld_mark() => Shown::Withheld,
        (None, _) => Shown::Hidden,
        (Some(_), text) => {
            let number = text.parse().unwrap();
            let rounded = of.profile.rounds_to().is_some() && number > 0;
            if rounded { Shown::Rounded(number) } else { Shown::Exact(number) }
        }
    };
    let all = |of: &[PaperFigure]| of.iter().map(shown).collect::<Vec<_>>();
    (!table.rows.is_empty()).then(|| ProtectedTable {
        profile: of.profile,
        cells: table.rows.iter().map(|row| all(&row.cells)).collect(),
        row_totals: table.rows.iter().map(|row| shown(&row.total)).collect(),
        column_totals: all(&table.totals),
        grand_total: shown(&table.total),
    })
}

/// The counts that the paper is about, from the history itself.
fn truth(of: &Counts, raised: &[RaisedCount]) -> Vec<Vec<u32>> {
    let agreed = agreed();
    let column = |it: &RaisedCount| {
        let agency = agreed.agency_by_id(it.raised_with).unwrap();
        match agency.agency_type {
            AgencyType::Police => agency.code.clone(),
            kind => kind.code().to_owned(),
        }
    };
    let group = |it: &RaisedCount| agreed.theme(&it.theme).unwrap().group_code.clone();
    let within = |it: &&RaisedCount| of.from <= it.week && it.week <= of.to;
    of.themes
        .rows
        .iter()
        .map(|row| {
            of.themes
                .columns
                .iter()
                .map(|head| {
                    let cell =
                        |it: &&RaisedCount| column(it) == head.code && group(it) == row.group;
                    raised.iter().filter(within).filter(cell).map(|it| it.number).sum()
                })
                .collect()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn nothing_hidden_can_be_computed_from_the_papers_of_a_quarter(raised in history()) {
        for name in ["2026-Q2", "2026-Q3"] {
            let papers = Profile::ALL.iter().map(|it| of_quarter(name, &raised, *it, 9));
            let papers: Vec<Counts> = papers.collect();
            let readers: Vec<Attacker> =
                papers.iter().filter_map(|it| read(it).map(|it| Attacker::new(&it))).collect();
            let counted = truth(&papers[0], &raised);
            for reader in &readers {
                prop_assert!(reader.allows(&counted));
                prop_assert!(reader.solved().is_empty());
            }
            if let [one, other] = readers.as_slice() {
                let both = one.and(other);
                let small = both.small(&counted, 5);
                prop_assert!(!both.solved().iter().any(|at| small.contains(at)));
            }
        }
    }

    /// Papers of two quarters share no escalation: whatever of the one changes, not a letter of the other does. So no
    /// sum, difference or other arithmetic on both tells more than each tells alone.
    #[test]
    fn what_happens_in_one_quarter_changes_nothing_in_the_paper_of_another(
        raised in history(), more in history(),
    ) {
        let before = "2026-Q3".parse::<Quarter>().unwrap().period().unwrap().from;
        let changed: Vec<RaisedCount> = raised
            .iter()
            .filter(|it| it.week < before)
            .chain(more.iter().filter(|it| it.week >= before))
            .cloned()
            .collect();
        for profile in Profile::ALL {
            let told = of_quarter("2026-Q2", &raised, *profile, 9);
            prop_assert_eq!(&told, &of_quarter("2026-Q2", &changed, *profile, 9));
        }
    }
}

#[test]
fn every_week_has_one_quarter_that_is_over_and_copies_of_a_quarter_show_the_same_weeks() {
    for (week, quarter) in [
        ("2026-W38", "2026-Q2"),
        ("2026-W39", "2026-Q3"),
        ("2026-W46", "2026-Q3"),
        ("2026-W52", "2026-Q3"),
        ("2026-W53", "2026-Q4"),
        ("2027-W01", "2026-Q4"),
        ("2027-W13", "2027-Q1"),
    ] {
        let week: IsoWeek = week.parse().unwrap();
        assert_eq!(Quarter::over_with(week).unwrap().to_string(), quarter, "{week}");
    }
    for wrong in ["2026-Q0", "2026-Q5", "2026Q3", "26-Q3", "2026-Q33", "+026-Q3", "2026-Q", ""] {
        assert_eq!(wrong.parse::<Quarter>(), Err(NotAQuarter), "{wrong}");
    }
}

#[test]
fn percentages_and_medians_of_few_are_hidden_and_the_rest_is_rounded() {
    let few = of_quarter("2026-Q3", &[], Profile::DfeCin, 7);
    assert_eq!(few.headlines.median_working_days.text, "c");
    assert_eq!(few.headlines.percent_in_time.text, "50");
    assert_eq!(few.headlines.raised.text, "0");
    let enough = of_quarter("2026-Q3", &[], Profile::DfeCin, 8);
    // 300,000 seconds are 3.47 days.
    assert_eq!(enough.headlines.median_working_days.value, Some(3.5));
    let public = of_quarter("2026-Q3", &[], Profile::NhsSubNational, 7);
    assert_eq!(
        (public.headlines.resolved.text.as_str(), public.headlines.percent_in_time.text.as_str()),
        ("*", "*")
    );
}
