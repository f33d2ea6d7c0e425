//! Setting a partnership up: who takes part, who may call, and the reference data it starts with.

use jiff::Timestamp;
use jiff::civil::Date;

use super::deps::Deps;
use super::failure::Failure;
use super::policies::{self, Proposal, Refusal};
use crate::domain::access::Role;
use crate::domain::agency::AgencyType;
use crate::domain::free_text_policy::FreeTextPolicy;
use crate::domain::ids::{AgencyId, ClientId, PartnershipId};
use crate::domain::london::local_date;
use crate::domain::partnership::{Agency, PolicyVersion, Theme, TimescaleVersion};
use crate::domain::sharing_agreement::{AgreementRule, LawfulBasis, Sharing, SharingAgreement};
use crate::domain::working_days::Calendar;
use crate::store::clients::{self, NewClient};
use crate::store::session::{Connection, Stated, transaction};
use crate::store::{agencies, calendars, reference, sharing_agreements};

/// A partnership as it should be.
#[derive(Debug, Clone)]
pub struct SetupPlan {
    /// Its code, part of each spoken reference.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What agreements mean in it. When nothing is said, a partnership that exists keeps what it has, and a new one
    /// requires agreements if any of its agencies has one.
    pub agreements: Option<AgreementRule>,
    /// Who takes part.
    pub agencies: Vec<PlannedAgency>,
    /// Who may call.
    pub clients: Vec<PlannedClient>,
    /// The themes that it starts with.
    pub themes: Vec<Theme>,
    /// The timescales that it starts with.
    pub timescales: Vec<TimescaleVersion>,
    /// The stage policies that it starts with.
    pub policies: Vec<PolicyVersion>,
    /// The calendar that it starts with, and where it comes from.
    pub calendar: (Calendar, String),
}

/// An agency as it should be.
#[derive(Debug, Clone)]
pub struct PlannedAgency {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its kind, which decides whether it raises and answers.
    pub agency_type: AgencyType,
    /// Other names under which systems send it.
    pub aliases: Vec<String>,
    /// What becomes of a text of its people in which somebody's details are found.
    pub free_text: FreeTextPolicy,
    /// The agreements under which it shares data; those that are recorded and not named stay.
    pub agreements: Vec<PlannedAgreement>,
    /// Its first day.
    pub valid_from: Date,
    /// Its last day.
    pub valid_to: Option<Date>,
    /// The code of the agency that took over.
    pub successor: Option<String>,
}

/// An agreement as it should be recorded.
#[derive(Debug, Clone)]
pub struct PlannedAgreement {
    /// What the partnership calls the document.
    pub reference: String,
    /// On which basis the agency shares.
    pub lawful_basis: LawfulBasis,
    /// The first day, in Europe/London.
    pub from: Date,
    /// The last day, in Europe/London.
    pub until: Date,
    /// The reference of the agreement that this one replaces, because it was wrong or ended early.
    pub replaces: Option<String>,
}

/// A caller as it should be registered.
#[derive(Debug, Clone)]
pub struct PlannedClient {
    /// The issuer of its tokens.
    pub issuer: String,
    /// Its identity there.
    pub client_id: String,
    /// The code of the agency that it acts for.
    pub agency: Option<String>,
    /// What it is trusted to do.
    pub role: Role,
    /// Its name for people.
    pub name: String,
    /// Whether it may no longer call.
    pub disabled: bool,
}

/// Makes the partnership, or brings it up to date. What is not named stays as it is.
///
/// Shipped rules are for a new partnership: one that exists takes a newer policy, limit or calendar only when somebody
/// applies it, so that setting up again after an upgrade moves no due date.
///
/// # Errors
/// A rule is not sound, a client or a successor names an agency that is not among the agencies, or the database fails.
pub async fn apply(deps: &Deps, plan: &SetupPlan) -> Result<PartnershipId, Refusal> {
    let now = deps.clock.now();
    let known = agencies::find_partnership(&deps.pool, &plan.code).await?;
    let id = known.unwrap_or_else(|| PartnershipId(deps.ids.new_id(now)));
    transaction(&deps.pool, Stated::partnership(id), async |conn| {
        if known.is_none() {
            agencies::create_partnership(conn, id, &plan.code, &plan.name, now).await?;
        }
        reference::add_themes(conn, id, &plan.themes).await?;
        put_rules(conn, id, plan, now).await?;
        put_agencies(deps, conn, id, &plan.agencies).await?;
        put_agreements(conn, id, plan, (known.is_none(), now)).await?;
        let agencies = agencies::all(conn, id).await?;
        for client in &plan.clients {
            let agency = match &client.agency {
                None => None,
                Some(code) => Some(find(&agencies, code)?),
            };
            let new = NewClient {
                issuer: client.issuer.clone(),
                client_id: client.client_id.clone(),
                agency,
                role: client.role,
                name: client.name.clone(),
                disabled: client.disabled,
            };
            clients::register(conn, id, ClientId(deps.ids.new_id(now)), new, now).await?;
        }
        Ok::<_, Refusal>(())
    })
    .await?;
    deps.forget();
    Ok(id)
}

/// Adds a calendar version, from now on used for new dates. Running clocks keep theirs.
///
/// # Errors
/// It is not sound, is there with other dates, or the database fails.
pub async fn add_calendar(
    deps: &Deps,
    id: PartnershipId,
    calendar: &Calendar,
    source: &str,
) -> Result<(), Refusal> {
    let proposal = Proposal::Calendar { calendar: calendar.clone(), source: source.to_owned() };
    policies::apply(deps, id, vec![proposal]).await.map(drop)
}

/// Adds a stage policy. Escalations that were raised before it keep theirs.
///
/// # Errors
/// It is not sound, is there with other content, would rewrite the past, or the database fails.
pub async fn add_policy(
    deps: &Deps,
    id: PartnershipId,
    policy: &PolicyVersion,
) -> Result<(), Refusal> {
    policies::apply(deps, id, vec![Proposal::Policy(policy.clone())]).await.map(drop)
}

/// Gives a partnership the rules of the plan that it has none of.
async fn put_rules(
    conn: &mut Connection,
    id: PartnershipId,
    plan: &SetupPlan,
    now: Timestamp,
) -> Result<(), Refusal> {
    let agreed = reference::load(conn, id).await?;
    let unknown = |it: &&TimescaleVersion| {
        !agreed.timescales.iter().any(|known| known.timescale.code == it.timescale.code)
    };
    let timescales: Vec<TimescaleVersion> =
        plan.timescales.iter().filter(unknown).cloned().collect();
    reference::add_timescales(conn, id, &timescales, now).await?;
    if agreed.policies.is_empty() {
        for policy in &plan.policies {
            policies::sound_policy(&policy.policy)?;
        }
        reference::add_policies(conn, id, &plan.policies, now).await?;
    }
    if agreed.calendars.is_empty() {
        policies::sound_calendar(&plan.calendar.0, local_date(now))?;
        calendars::add(conn, id, &plan.calendar.0, &plan.calendar.1, now).await?;
    }
    Ok(())
}

async fn put_agencies(
    deps: &Deps,
    conn: &mut Connection,
    id: PartnershipId,
    planned: &[PlannedAgency],
) -> Result<(), Failure> {
    let known = agencies::all(conn, id).await?;
    let now = deps.clock.now();
    let mut wanted: Vec<Agency> = planned
        .iter()
        .map(|it| Agency {
            id: known
                .iter()
                .find(|agency| agency.code == it.code)
                .map_or_else(|| AgencyId(deps.ids.new_id(now)), |agency| agency.id),
            code: it.code.clone(),
            name: it.name.clone(),
            agency_type: it.agency_type,
            aliases: it.aliases.clone(),
            may_raise: it.agency_type.may_raise(),
            may_respond: it.agency_type.may_respond(),
            // Agreements are recorded when the agencies are there.
            sharing: Sharing::default(),
            free_text: it.free_text,
            valid_from: it.valid_from,
            valid_to: it.valid_to,
            successor: None,
        })
        .collect();
    for agency in &wanted {
        agencies::put(conn, id, agency).await?;
    }
    // Successors come second: the agency that takes over may stand further down.
    let all = wanted.clone();
    for (agency, plan) in wanted.iter_mut().zip(planned) {
        if let Some(successor) = &plan.successor {
            agency.successor = Some(find(&all, successor)?);
            agencies::put(conn, id, agency).await?;
        }
    }
    Ok(())
}

/// Adds the agreements that are not recorded yet, and says what agreements mean.
async fn put_agreements(
    conn: &mut Connection,
    id: PartnershipId,
    plan: &SetupPlan,
    (is_new, now): (bool, Timestamp),
) -> Result<(), Refusal> {
    let any = plan.agencies.iter().any(|it| !it.agreements.is_empty());
    let usual = if any { AgreementRule::Required } else { AgreementRule::Recorded };
    if let Some(rule) = plan.agreements.or(is_new.then_some(usual)) {
        sharing_agreements::set_rule(conn, id, rule).await?;
    }
    if !any {
        return Ok(());
    }
    let mut known = agencies::all(conn, id).await?;
    for planned in &plan.agencies {
        let Some(agency) = known.iter_mut().find(|it| it.code == planned.code) else { continue };
        for it in &planned.agreements {
            let new = SharingAgreement {
                reference: it.reference.clone(),
                lawful_basis: it.lawful_basis,
                from: it.from,
                until: it.until,
                replaces: it.replaces.clone(),
                recorded_at: now,
            };
            let is_news = agency.sharing.record(new.clone()).map_err(|why| Refusal::Agreement {
                agency: planned.code.clone(),
                reference: it.reference.clone(),
                why,
            })?;
            if is_news {
                sharing_agreements::add(conn, id, agency.id, &new).await?;
            }
        }
    }
    Ok(())
}

fn find(agencies: &[Agency], code: &str) -> Result<AgencyId, Failure> {
    agencies
        .iter()
        .find(|agency| agency.code == code)
        .map(|agency| agency.id)
        .ok_or(Failure::NotSetUp("agency with a code that the set-up names"))
}
