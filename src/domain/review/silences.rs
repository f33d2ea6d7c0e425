//! Who we are not hearing from, for every agency that may raise.

use std::collections::BTreeMap;

use super::assemble::Facts;
use super::{AgencyLine, TABLE_WEEKS};
use crate::domain::agency::AgencyType;
use crate::domain::ids::AgencyId;
use crate::domain::partnership::Agency;
use crate::domain::silence::{
    AgencyHearing, AgencyRecord, AgencyWeek, Connection, Hearing, hearing,
};
use crate::domain::week::IsoWeek;

/// The statutory safeguarding partners. Source: Children Act 2004, section 16E.
const fn is_statutory_partner(kind: AgencyType) -> bool {
    matches!(
        kind,
        AgencyType::LaChildrensServices | AgencyType::Police | AgencyType::HealthCommissioner
    )
}

/// Those who take part and may raise; those who oversee are not waited for.
fn takes_part(agency: &Agency, week: IsoWeek) -> bool {
    let oversees = matches!(
        agency.agency_type,
        AgencyType::PartnershipUnit | AgencyType::Governance | AgencyType::Regulator
    );
    let ended = agency.valid_to.is_some_and(|last| last < week.sunday());
    agency.may_raise && !oversees && !ended && agency.valid_from <= week.sunday()
}

/// Every agency, those to ask first, then the most silent.
pub(super) fn agencies(facts: &Facts<'_>) -> Vec<AgencyLine> {
    // A week that is not over cannot be compared with whole ones.
    let whole: Vec<IsoWeek> = facts
        .weeks
        .iter()
        .map(|week| week.week)
        .filter(|week| week.ends_at() <= facts.data_to)
        .collect();
    let mut raised: BTreeMap<(AgencyId, IsoWeek), u32> = BTreeMap::new();
    for it in facts.raised {
        *raised.entry((it.raised_by, it.week)).or_default() += it.number;
    }
    let mut lines: Vec<AgencyLine> = facts
        .agreed
        .agencies
        .iter()
        .filter(|agency| takes_part(agency, facts.week))
        .map(|agency| {
            let weeks: Vec<AgencyWeek> = whole
                .iter()
                .filter(|week| week.monday() >= agency.valid_from)
                .map(|week| AgencyWeek {
                    raised: raised.get(&(agency.id, *week)).copied().unwrap_or(0),
                    nil_return: facts.nil_returns.contains(&(agency.id, *week)),
                })
                .collect();
            let last_contact = facts.contacts.get(&agency.id).copied();
            let feed = facts.feeds.get(&agency.id);
            let record = AgencyRecord {
                weeks_since_joined: weeks.len(),
                weeks: &weeks,
                connection: feed.map(|feed| Connection {
                    agreed_interval: feed.every,
                    agreed_since: feed.since,
                    last_contact,
                }),
                statutory_partner: is_statutory_partner(agency.agency_type),
                open_cp_children: None,
            };
            let told = hearing(&record, &facts.rules.hearing, facts.data_to);
            AgencyLine {
                code: agency.code.clone(),
                name: agency.name.clone(),
                raised: i64::from(told.recent),
                usual: usual(&told),
                hearing: told.hearing,
                tag: told.hearing.tag().to_owned(),
                meaning: told.words(),
                ask: told.ask,
                last_contact,
                agreed_hours: feed.map(|feed| feed.every.as_hours()),
                nil_returns_in_a_row: i64::try_from(told.nil_returns_in_a_row).unwrap_or(i64::MAX),
            }
        })
        .collect();
    let rank = |hearing: Hearing| Hearing::ALL.iter().position(|it| *it == hearing);
    lines.sort_by(|one, other| {
        let key = |it: &AgencyLine| (!it.ask, rank(it.hearing));
        key(one)
            .cmp(&key(other))
            .then_with(|| other.usual.unwrap_or(0.0).total_cmp(&one.usual.unwrap_or(0.0)))
            .then_with(|| one.name.cmp(&other.name))
    });
    lines
}
/// What is usual in the summed weeks: by the weeks before them, or before the silence where that is longer, because
/// nothing is no measure of who has fallen silent.
fn usual(told: &AgencyHearing) -> Option<f64> {
    let silent = i32::try_from(told.empty_weeks).is_ok_and(|weeks| weeks > TABLE_WEEKS);
    let before_silence = told.rate.filter(|_| silent);
    before_silence.map(|rate| rate * f64::from(TABLE_WEEKS)).or(told.expected)
}
