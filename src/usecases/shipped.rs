//! The shipped reference data as a partnership starts with them.

use super::setup::{PlannedAgency, PlannedClient, SetupPlan};
use crate::domain::partnership::{PolicyVersion, Theme, TimescaleVersion};
use crate::domain::stage_policy::{Stage, StagePolicy};
use crate::domain::timescale::Timescale;
use crate::reference::{self, ReferenceError, StagePolicyFile};

/// A partnership with these agencies and clients, and everything else as shipped.
///
/// # Errors
/// A shipped file cannot be read, which tests rule out.
pub fn plan(
    code: String,
    name: String,
    agencies: Vec<PlannedAgency>,
    clients: Vec<PlannedClient>,
) -> Result<SetupPlan, ReferenceError> {
    let calendar = reference::calendar_file()?;
    Ok(SetupPlan {
        code,
        name,
        agencies,
        clients,
        themes: themes()?,
        timescales: timescales()?,
        policies: vec![policy_version(reference::stage_policy()?)],
        calendar: (reference::england_and_wales()?, calendar.source),
    })
}

fn themes() -> Result<Vec<Theme>, ReferenceError> {
    let groups = reference::themes()?.groups;
    Ok(groups
        .into_iter()
        .flat_map(|group| {
            group.themes.into_iter().map(move |row| Theme {
                code: row.code,
                group_code: group.code.clone(),
                group_label: group.label.clone(),
                label: row.label,
                description: row.description,
                valid_from: row.valid_from,
                valid_to: None,
            })
        })
        .collect())
}

fn timescales() -> Result<Vec<TimescaleVersion>, ReferenceError> {
    let set = reference::timescales()?;
    Ok(set
        .timescales
        .into_iter()
        .map(|row| TimescaleVersion {
            effective_from: set.effective_from,
            timescale: Timescale {
                code: row.code,
                version: row.source_version,
                label: row.label,
                limit: row.limit,
                starts: row.starts,
                stops: row.stops,
                basis: row.basis.map(|basis| basis.code().to_owned()).unwrap_or_default(),
                source: row.source,
                verified_against_wt2026: row.verified_against_wt2026,
            },
        })
        .collect())
}

/// A stage policy as it stands in a file.
#[must_use]
pub fn policy_version(file: StagePolicyFile) -> PolicyVersion {
    PolicyVersion {
        effective_from: file.effective_from,
        policy: StagePolicy {
            version: file.version,
            extension: file.extension,
            timeout: file.timeout,
            follow_up: file.follow_up,
            pause: file.pause,
            warning: file.warning,
            quiet_hours: file.quiet_hours,
            judgement: file.judgement,
            duplicate_days: file.duplicate_days,
            stages: file
                .stages
                .into_iter()
                .map(|row| Stage {
                    number: row.number,
                    code: row.code,
                    label: row.label,
                    raising_role: row.raising_role,
                    responding_role: row.responding_role,
                    acknowledge: row.acknowledge,
                    standard: row.standard,
                    urgent: row.urgent,
                    immediate: row.immediate,
                    standard_with_meeting: row.standard_with_meeting,
                    standard_maximum: row.standard_maximum,
                    closing_requires: row.closing_requires,
                    must_record: row.must_record,
                    told: row.told,
                })
                .collect(),
        },
    }
}
