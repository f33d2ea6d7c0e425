//! The made-up partnership as it is set up: agencies, callers, and the shipped reference data.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::agencies::{AGENCIES, PREDECESSOR, Row, SUCCESSOR};
use super::frame::Frame;
use super::{DemoError, DemoOptions, PARTNERSHIP};
use crate::domain::access::Role;
use crate::domain::agency::AgencyType;
use crate::domain::free_text_policy::FreeTextPolicy;
use crate::domain::london::local_date;
use crate::domain::sharing_agreement::{AgreementRule, LawfulBasis};
use crate::usecases::setup::{PlannedAgency, PlannedAgreement, PlannedClient, SetupPlan};
use crate::usecases::shipped;

pub(super) fn plan(options: &DemoOptions, frame: &Frame) -> Result<SetupPlan, DemoError> {
    let shipped = shipped::plan(
        PARTNERSHIP.to_owned(),
        "Anyborough Safeguarding Children Partnership".to_owned(),
        AGENCIES.iter().map(|row| planned(row, frame)).collect(),
        clients(&options.issuer),
    )?;
    Ok(SetupPlan {
        agreements: Some(AgreementRule::Required),
        policies: vec![frame.first_policy.clone()],
        calendar: (frame.first_calendar.clone(), "Made up: typed in, one day missing".to_owned()),
        ..shipped
    })
}

/// The agency whose agreement ends soon after the series, so that the warning is seen.
const ENDS_SOON: &str = "vcs_da";
/// How many days before its end the series ends.
const DAYS_LEFT: i32 = 40;
/// How long the renewed agreements of the others go on after the series.
const YEARS_LEFT: i32 = 2;

/// The agreements of an agency that takes part between these days: the first one from before the series, renewed in it.
fn agreements(row: &Row, frame: &Frame, (from, to): (Date, Option<Date>)) -> Vec<PlannedAgreement> {
    if !row.agency_type.may_raise() {
        return Vec::new();
    }
    let lawful_basis = match row.agency_type {
        AgencyType::Voluntary => LawfulBasis::RecognisedLegitimateInterest,
        _ => LawfulBasis::PublicTask,
    };
    let agreement = |from: Date, until: Date| PlannedAgreement {
        reference: format!("Anyborough ISA {}", from.year()),
        lawful_basis,
        from,
        until,
        replaces: None,
    };
    let ends = local_date(frame.ends_at);
    let renewed = frame.first.plus_weeks(52).monday().first_of_month();
    let last = ends.saturating_add(YEARS_LEFT.years());
    match to {
        Some(to) => vec![agreement(from, to)],
        None if row.code == ENDS_SOON => {
            vec![agreement(from, ends.saturating_add(DAYS_LEFT.days()))]
        }
        None if from >= renewed => vec![agreement(from, last)],
        None => vec![agreement(from, renewed.saturating_sub(1.day())), agreement(renewed, last)],
    }
}

fn planned(row: &Row, frame: &Frame) -> PlannedAgency {
    let long_ago = date(2018, 12, 3);
    let ends = row.code == PREDECESSOR;
    let valid_from = if row.code == SUCCESSOR { frame.succession } else { long_ago };
    let valid_to = ends.then(|| frame.succession.saturating_sub(1.day()));
    PlannedAgency {
        code: row.code.to_owned(),
        name: row.name.to_owned(),
        agency_type: row.agency_type,
        aliases: row.aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        free_text: FreeTextPolicy::Refuse,
        agreements: agreements(row, frame, (valid_from, valid_to)),
        valid_from,
        valid_to,
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
