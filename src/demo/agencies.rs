//! The made-up agencies, and who raises with whom.

use jiff::civil::Date;

use super::DemoError;
use super::chance::Chance;
use super::frame::{Frame, SILENCE};
use super::heard::{CUT_OFF, CUT_OFF_WEEKS};
use crate::domain::agency::AgencyType;

/// The agency whose silence a review should notice.
pub(super) const SILENT: &str = "probation";
/// The company that ran one authority's services until the council took them back.
pub(super) const PREDECESSOR: &str = "families_first_anyborough";
/// The council that took them back.
pub(super) const SUCCESSOR: &str = "anyborough_cs";

pub(super) struct Row {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) agency_type: AgencyType,
    pub(super) aliases: &'static [&'static str],
    /// Who in it raises and answers at first.
    role: &'static str,
    /// How its system calls itself, and how its references begin; none where people type.
    source: Option<(&'static str, &'static str)>,
}

const fn row(
    code: &'static str,
    name: &'static str,
    agency_type: AgencyType,
    aliases: &'static [&'static str],
    role: &'static str,
    source: Option<(&'static str, &'static str)>,
) -> Row {
    Row { code, name, agency_type, aliases, role, source }
}

const CASEWORK: Option<(&str, &str)> = Some(("casework", "CW"));
const SCHOOL: Option<(&str, &str)> = Some(("school-log", "SL"));
const SURGERY: Option<(&str, &str)> = Some(("surgery-record", "SR"));

pub(super) const AGENCIES: &[Row] = {
    use AgencyType as T;
    &[
        row(
            PREDECESSOR,
            "Families First Anyborough",
            T::LaChildrensServices,
            &["FFA", "Families First"],
            "Team manager",
            CASEWORK,
        ),
        row(
            SUCCESSOR,
            "Anyborough Council Children's Services",
            T::LaChildrensServices,
            &["Anyborough CSC", "ABC Children's Services"],
            "Team manager",
            CASEWORK,
        ),
        row(
            "otherton_cs",
            "Otherton Borough Council Children's Services",
            T::LaChildrensServices,
            &["Otherton CSC", "OBC"],
            "Team manager",
            CASEWORK,
        ),
        row(
            "thirdshire_cs",
            "Thirdshire County Council Children's Services",
            T::LaChildrensServices,
            &["Thirdshire CSC", "TCC"],
            "Team manager",
            CASEWORK,
        ),
        row(
            "valeshire_police",
            "Valeshire Police",
            T::Police,
            &["Police", "Valeshire Constabulary"],
            "Detective sergeant",
            Some(("police-records", "VP")),
        ),
        row(
            "health_icb",
            "Valeshire Integrated Care Board",
            T::HealthCommissioner,
            &["ICB", "Health commissioner"],
            "Designated nurse",
            None,
        ),
        row(
            "health_community",
            "Valeshire Community Health Trust",
            T::HealthProvider,
            &["Health visiting", "HV", "School nursing"],
            "Named nurse",
            Some(("community-record", "CH")),
        ),
        row(
            "health_acute",
            "Anyborough General Hospital Trust",
            T::HealthProvider,
            &["Maternity", "AGH"],
            "Named midwife",
            Some(("hospital-record", "AH")),
        ),
        row(
            "gp_anyborough",
            "Anyborough Market Surgery",
            T::HealthGp,
            &["Market Surgery"],
            "GP safeguarding lead",
            SURGERY,
        ),
        row(
            "gp_otherton",
            "Otherton Lane Surgery",
            T::HealthGp,
            &["Lane Surgery"],
            "GP safeguarding lead",
            SURGERY,
        ),
        row(
            SILENT,
            "Probation Service, Valeshire",
            T::Probation,
            &["NPS", "Valeshire Probation"],
            "Senior probation officer",
            Some(("probation-record", "PR")),
        ),
        row(
            "anyborough_primary",
            "Anyborough Primary School",
            T::Education,
            &["Anyborough Primary"],
            "Designated safeguarding lead",
            SCHOOL,
        ),
        row(
            "otherton_academy",
            "Otherton Academy",
            T::Education,
            &["The Academy, Otherton"],
            "Designated safeguarding lead",
            SCHOOL,
        ),
        row(
            "thirdshire_college",
            "Thirdshire College",
            T::Education,
            &["Thirdshire Sixth Form"],
            "Designated safeguarding lead",
            SCHOOL,
        ),
        row(
            "early_help",
            "Valeshire Family Help",
            T::EarlyHelp,
            &["Family hubs", "Children's centres"],
            "Family help manager",
            None,
        ),
        row(
            "housing",
            "Valeshire Homes",
            T::Housing,
            &["Council housing"],
            "Housing manager",
            None,
        ),
        row(
            "vcs_da",
            "Valeshire Domestic Abuse Support",
            T::Voluntary,
            &["IDVA service", "DA support"],
            "Service manager",
            None,
        ),
        row("joint_legal", "Joint Legal Team", T::Team, &["Legal"], "Senior solicitor", None),
        row(
            "adult_social_care",
            "Valeshire Adult Social Care",
            T::AdultSocialCare,
            &["ASC"],
            "Team manager",
            None,
        ),
        row(
            "youth_justice",
            "Valeshire Youth Justice Service",
            T::YouthJustice,
            &["YJS"],
            "Practice manager",
            None,
        ),
        row(
            "business_unit",
            "Anyborough Partnership Business Unit",
            T::PartnershipUnit,
            &["SCP"],
            "Business manager",
            None,
        ),
    ]
};

/// One of the three authorities, whose children and schools an escalation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    Anyborough,
    Otherton,
    Thirdshire,
}

/// Who raises with whom.
pub(super) struct Sides {
    pub(super) by: &'static str,
    pub(super) with: &'static str,
}

const OUTSIDE: &[(&str, f64)] = &[
    ("valeshire_police", 0.14),
    ("health_community", 0.07),
    ("health_acute", 0.04),
    ("health_icb", 0.02),
    ("school", 0.03),
    ("probation", 0.02),
    ("joint_legal", 0.02),
    ("housing", 0.02),
    ("adult_social_care", 0.01),
    ("early_help", 0.005),
    ("youth_justice", 0.005),
];

/// The share of partners' escalations that goes to children's services, so that with what these raise inside
/// themselves they answer 62 of 100.
const PARTNERS_WITH_CHILDRENS_SERVICES: f64 = 0.68;

/// Draws who raises with whom on `day` of a week of the series.
pub(super) fn sides(
    week: i64,
    day: Date,
    frame: &Frame,
    chance: &mut Chance,
) -> Result<Sides, DemoError> {
    let area = chance.weighted(&[
        (Area::Anyborough, 0.45),
        (Area::Otherton, 0.30),
        (Area::Thirdshire, 0.25),
    ])?;
    let services = childrens_services(area, day, frame);
    let silent = if week >= SILENCE { 0.0 } else { 0.03 };
    let cut_off = if week > frame.weeks - CUT_OFF_WEEKS { 0.0 } else { 0.01 };
    let by = chance.weighted(&[
        (services, 0.34),
        (school(area), 0.20),
        ("health_community", 0.13),
        ("valeshire_police", 0.10),
        ("health_acute", 0.06),
        ("gp_anyborough", 0.02),
        (CUT_OFF, cut_off),
        (SILENT, silent),
        ("vcs_da", 0.05),
        ("housing", 0.02),
        ("early_help", 0.03),
        ("youth_justice", 0.01),
    ])?;
    let inside = if by == services { 0.5 } else { PARTNERS_WITH_CHILDRENS_SERVICES };
    if chance.happens(inside) {
        return Ok(Sides { by, with: services });
    }
    let others: Vec<(&'static str, f64)> = OUTSIDE
        .iter()
        .map(|(code, share)| (if *code == "school" { school(area) } else { *code }, *share))
        .filter(|(code, _)| *code != by)
        .collect();
    Ok(Sides { by, with: chance.weighted(&others)? })
}

fn childrens_services(area: Area, day: Date, frame: &Frame) -> &'static str {
    match area {
        Area::Anyborough if day < frame.succession => PREDECESSOR,
        Area::Anyborough => SUCCESSOR,
        Area::Otherton => "otherton_cs",
        Area::Thirdshire => "thirdshire_cs",
    }
}

const fn school(area: Area) -> &'static str {
    match area {
        Area::Anyborough => "anyborough_primary",
        Area::Otherton => "otherton_academy",
        Area::Thirdshire => "thirdshire_college",
    }
}

fn find(code: &str) -> Option<&'static Row> {
    AGENCIES.iter().find(|row| row.code == code)
}

/// The role in which somebody of this agency raises or holds a matter.
pub(super) fn role_in(code: &str) -> Option<String> {
    find(code).map(|row| row.role.to_owned())
}

/// The sending system of this agency and how its references begin.
pub(super) fn source_of(code: &str) -> Option<(&'static str, &'static str)> {
    find(code).and_then(|row| row.source)
}

/// Another name of this agency.
pub(super) fn alias_of(code: &str, chance: &mut Chance) -> Result<String, DemoError> {
    let aliases = find(code).map(|row| row.aliases).unwrap_or_default();
    Ok(chance.pick(aliases)?.to_owned())
}
