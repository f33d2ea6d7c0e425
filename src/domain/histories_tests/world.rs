//! The world of the random histories: who takes part, and which policies, calendars and instants there are.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::access::{Caller, Role};
use crate::domain::agency::AgencyType;
use crate::domain::event::Narrative;
use crate::domain::ids::{AgencyId, ClientId, PartnershipId};
use crate::domain::limit::{Limit, LimitUnit};
use crate::domain::partnership::{Agency, Partnership};
use crate::domain::stage_policy::{PerUrgency, StagePolicy};
use crate::domain::working_days::{Calendar, DayZero, Nation};

/// Instants around which days, clocks and years turn. Chance goes to them more often than to others.
pub const TURNS: [&str; 12] = [
    "2026-03-29T00:30:00Z", // the clocks go forward at 01:00
    "2026-03-29T01:00:00Z",
    "2026-03-28T23:59:59.999Z",
    "2026-10-25T00:30:00Z", // the clocks go back at 01:00
    "2026-10-25T01:00:00Z",
    "2026-10-24T22:59:59.999Z",
    "2028-02-28T23:59:59.9995Z",
    "2028-02-29T12:00:00Z", // the leap day
    "2026-12-24T16:00:00Z",
    "2026-12-31T23:59:59.999Z",
    "2027-01-01T00:00:00Z",
    "2026-11-18T10:00:00.123456789Z",
];

/// Everything that a history can draw from.
pub struct World {
    /// What is agreed on; it has no calendar, so that standing is read without counting days.
    pub agreed: Partnership,
    /// Everybody who ever calls, the service itself among them.
    pub people: Vec<Option<&'static Caller>>,
    /// Of them, those of each agency, its successor's among them.
    pub staff: BTreeMap<AgencyId, Vec<&'static Caller>>,
    /// Of them, those who see the whole partnership and may do something.
    pub overseers: Vec<Option<&'static Caller>>,
    /// The policies, by their version.
    pub policies: BTreeMap<String, StagePolicy>,
    /// The calendars: a long one, the same with other holidays, and one that ends with 2026.
    pub calendars: Vec<Calendar>,
    /// What people write, short because it is searched each time.
    pub words: Narrative,
    /// What nobody may write.
    pub personal: Narrative,
    /// [`TURNS`].
    pub turns: Vec<Timestamp>,
}

/// An identifier that is always the same.
pub fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub const HERE: PartnershipId = PartnershipId(Uuid::from_u128(1));
const ELSEWHERE: PartnershipId = PartnershipId(Uuid::from_u128(2));

impl World {
    /// The one world.
    pub fn new() -> Self {
        let agencies = vec![
            agency(10, AgencyType::Police, "2015-01-01", None, None),
            agency(11, AgencyType::LaChildrensServices, "2026-04-01", None, None),
            agency(12, AgencyType::HealthProvider, "2015-01-01", None, None),
            // Its duties went to number 11; what it left behind goes on there.
            agency(13, AgencyType::LaChildrensServices, "2015-01-01", Some("2026-12-31"), Some(11)),
            agency(14, AgencyType::PartnershipUnit, "2015-01-01", None, None),
            agency(15, AgencyType::Education, "2015-01-01", None, None),
            agency(16, AgencyType::Probation, "2035-01-01", None, None),
        ];
        let agreed = Partnership {
            id: HERE,
            code: "ANY".to_owned(),
            name: "Anyborough".to_owned(),
            agencies,
            themes: Vec::new(),
            timescales: Vec::new(),
            policies: Vec::new(),
            calendars: Vec::new(),
        };
        let mut callers = Vec::new();
        for number in 10..=16 {
            for person in ["first", "second"] {
                let id = AgencyId(uuid(number));
                callers.push(Caller {
                    agency: Some(id),
                    predecessors: agreed.predecessors_of(id, Date::MAX),
                    client: ClientId(uuid(100 + number)),
                    subject: person.to_owned(),
                    ..somebody(HERE, Role::Agency)
                });
            }
        }
        for role in Role::ALL {
            callers.push(somebody(HERE, *role));
            callers.push(Caller { subject: "other".to_owned(), ..somebody(HERE, *role) });
            // The same agency and role of another partnership is a stranger here.
            let agency = Some(AgencyId(uuid(10)));
            callers.push(Caller { agency, ..somebody(ELSEWHERE, *role) });
        }
        // The world lasts as long as the test.
        let callers: &'static [Caller] = Vec::leak(callers);
        let of = |agency: &Agency| {
            let here = callers.iter().filter(|who| who.partnership == HERE);
            (agency.id, here.filter(|who| who.acts_for(agency.id)).collect())
        };
        let staff = agreed.agencies.iter().map(of).collect();
        let oversees = |who: &&Caller| {
            who.partnership == HERE && matches!(who.role, Role::Director | Role::ServiceLead)
        };
        let overseers = callers.iter().filter(oversees).map(Some).collect();
        let people = callers.iter().map(Some).chain([None, None]).collect();
        let policies = policies().into_iter().map(|it| (it.version.clone(), it)).collect();
        let turns = TURNS.iter().map(|it| it.parse().expect(it)).collect();
        let text = |text: &str| Narrative::parse(text).expect(text);
        Self {
            agreed,
            people,
            staff,
            overseers,
            policies,
            calendars: calendars(),
            words: text("So."),
            personal: text("07700 900123"),
            turns,
        }
    }

    /// The agency with a number.
    pub fn agency(&self, number: u128) -> &Agency {
        self.agreed.agency_by_id(AgencyId(uuid(number))).expect("an agency")
    }
}

fn agency(
    number: u128,
    kind: AgencyType,
    from: &str,
    to: Option<&str>,
    successor: Option<u128>,
) -> Agency {
    let day = |text: &str| -> Date { text.parse().expect(text) };
    Agency {
        id: AgencyId(uuid(number)),
        code: format!("agency_{number}"),
        name: format!("Agency {number}"),
        agency_type: kind,
        aliases: Vec::new(),
        may_raise: kind.may_raise(),
        free_text: crate::domain::free_text_policy::FreeTextPolicy::Refuse,
        sharing: crate::domain::sharing_agreement::Sharing::default(),
        may_respond: kind.may_respond(),
        valid_from: day(from),
        valid_to: to.map(day),
        successor: successor.map(|number| AgencyId(uuid(number))),
    }
}

fn somebody(partnership: PartnershipId, role: Role) -> Caller {
    Caller {
        partnership,
        agency: None,
        predecessors: Vec::new(),
        role,
        client: ClientId(uuid(200)),
        subject: format!("{role}"),
        call: None,
    }
}

/// The shipped policy, the same under another name, a generous one, and an absurd one.
fn policies() -> Vec<StagePolicy> {
    let shipped: StagePolicy =
        serde_json::from_str(include_str!("../../reference/stage_policy.json")).expect("shipped");
    let next = StagePolicy { version: "next".to_owned(), ..shipped.clone() };

    let mut generous = StagePolicy { version: "generous".to_owned(), ..shipped.clone() };
    generous.extension.times_per_stage = 2;
    generous.pause.times_per_stage = 2;
    generous.pause.permitted = PerUrgency { standard: true, urgent: true, immediate: true };
    generous.pause.longest = Limit::after(36, LimitUnit::Hour);
    generous.pause.longest_approved = Limit::after(2, LimitUnit::Month);
    generous.timeout.auto_advance = PerUrgency { standard: true, urgent: true, immediate: true };
    generous.timeout.raiser_chooses_within.standard = Limit::after(0, LimitUnit::Hour);
    for stage in &mut generous.stages {
        stage.immediate = Some(Limit::after(3, LimitUnit::Hour));
        stage.standard_with_meeting = Some(Limit::after(2, LimitUnit::Week));
        stage.acknowledge = Some(Limit::after(4, LimitUnit::Hour));
        stage.closing_requires.clear();
    }

    let mut absurd = StagePolicy { version: "absurd".to_owned(), ..shipped.clone() };
    absurd.extension.times_per_stage = 0;
    absurd.pause.longest = Limit::after(0, LimitUnit::SameDay);
    absurd.follow_up.feedback = Limit::after(0, LimitUnit::Hour);
    absurd.follow_up.learning_if_pair_repeats.times = 0;
    absurd.judgement = Limit::after(0, LimitUnit::WorkingDay);
    absurd.stages.retain(|stage| stage.number != 2);
    for stage in &mut absurd.stages {
        let own_day =
            Limit { day_zero: DayZero::IncludeStart, ..Limit::after(1, LimitUnit::WorkingDay) };
        stage.acknowledge = (stage.number > 1).then_some(own_day);
        stage.standard = Some(Limit::after(0, LimitUnit::Hour));
        stage.urgent = Some(Limit::after(1, LimitUnit::Month));
        stage.immediate = (stage.number != 3).then_some(own_day);
        stage.standard_with_meeting = Some(Limit::after(u32::MAX, LimitUnit::CalendarDay));
        stage.standard_maximum = Some(Limit::after(1, LimitUnit::WorkingDay));
    }
    vec![shipped, next, generous, absurd]
}

fn calendars() -> Vec<Calendar> {
    let named = |years: std::ops::RangeInclusive<i16>, days: &[&str]| -> BTreeMap<Date, String> {
        years
            .flat_map(|year| days.iter().map(move |day| format!("{year}-{day}")))
            .map(|day| (day.parse().expect(&day), "Holiday".to_owned()))
            .collect()
    };
    let calendar = |version: &str, last: i16, days: &[&str]| {
        let years = 2005..=last;
        let nation = Nation::EnglandAndWales;
        Calendar::new(version, nation, years.clone(), named(years, days)).expect("all inside")
    };
    vec![
        calendar("long", 2040, &["01-01", "12-25", "12-26"]),
        calendar("longer", 2045, &["01-01", "01-02", "03-30", "10-26", "12-25", "12-26", "12-28"]),
        calendar("ends", 2026, &["01-01", "12-25", "12-26"]),
    ]
}

/// So many seconds.
pub const fn seconds(number: i64) -> SignedDuration {
    SignedDuration::from_secs(number)
}
