//! The made-up partnership as it is set up: agencies, callers, and the shipped reference data.

use jiff::ToSpan;
use jiff::civil::date;

use super::agencies::{AGENCIES, PREDECESSOR, Row, SUCCESSOR};
use super::frame::Frame;
use super::{DemoError, DemoOptions, PARTNERSHIP};
use crate::domain::access::Role;
use crate::domain::free_text_policy::FreeTextPolicy;
use crate::usecases::setup::{PlannedAgency, PlannedClient, SetupPlan};
use crate::usecases::shipped;

pub(super) fn plan(options: &DemoOptions, frame: &Frame) -> Result<SetupPlan, DemoError> {
    let shipped = shipped::plan(
        PARTNERSHIP.to_owned(),
        "Anyborough Safeguarding Children Partnership".to_owned(),
        AGENCIES.iter().map(|row| planned(row, frame)).collect(),
        clients(&options.issuer),
    )?;
    Ok(SetupPlan {
        policies: vec![frame.first_policy.clone()],
        calendar: (frame.first_calendar.clone(), "Made up: typed in, one day missing".to_owned()),
        ..shipped
    })
}

fn planned(row: &Row, frame: &Frame) -> PlannedAgency {
    let long_ago = date(2018, 12, 3);
    let ends = row.code == PREDECESSOR;
    PlannedAgency {
        code: row.code.to_owned(),
        name: row.name.to_owned(),
        agency_type: row.agency_type,
        aliases: row.aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        free_text: FreeTextPolicy::Refuse,
        valid_from: if row.code == SUCCESSOR { frame.succession } else { long_ago },
        valid_to: ends.then(|| frame.succession.saturating_sub(1.day())),
        successor: ends.then(|| SUCCESSOR.to_owned()),
    }
}

fn clients(issuer: &str) -> Vec<PlannedClient> {
    let of_agencies = AGENCIES.iter().map(|row| (row.code, Some(row.code), Role::Agency, row.name));
    let of_partnership = [
        ("director", None, Role::Director, "Director"),
        ("service-lead", None, Role::ServiceLead, "Service lead"),
        ("analyst", None, Role::Analyst, "Analyst"),
        ("auditor", None, Role::Auditor, "Auditor"),
        ("privacy-officer", None, Role::PrivacyOfficer, "Privacy officer"),
        ("operator", None, Role::Operator, "Operator"),
    ];
    of_agencies
        .chain(of_partnership)
        .map(|(id, agency, role, name)| PlannedClient {
            disabled: false,
            issuer: issuer.to_owned(),
            client_id: format!("demo-{id}"),
            agency: agency.map(str::to_owned),
            role,
            name: format!("{name} (made up)"),
        })
        .collect()
}
