//! Reference data as they stand in files, made into what a partnership agrees on; above all the shipped ones.

use super::policies::Proposal;
use super::setup::{PlannedAgency, PlannedClient, SetupPlan};
use crate::domain::partnership::{PolicyVersion, Theme, TimescaleVersion};
use crate::domain::stage_policy::{Stage, StagePolicy};
use crate::domain::timescale::Timescale;
use crate::reference::{self, AgreedFile, ReferenceError, StagePolicyFile, TimescaleSet};

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
        agreements: None,
        agencies,
        clients,
        themes: themes()?,
        timescales: timescale_versions(reference::timescales()?),
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

/// The timescales as they stand in a file.
#[must_use]
pub fn timescale_versions(set: TimescaleSet) -> Vec<TimescaleVersion> {
    let effective_from = set.effective_from;
    set.timescales
        .into_iter()
        .map(|row| TimescaleVersion {
            effective_from,
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
        .collect()
}

/// What a file proposes.
///
/// # Errors
/// [`ReferenceError`] when a calendar contradicts itself.
pub fn proposal(file: AgreedFile) -> Result<Proposal, ReferenceError> {
    Ok(match file {
        AgreedFile::StagePolicy(file) => Proposal::Policy(policy_version(file)),
        AgreedFile::Timescales(file) => Proposal::Timescales {
            set: file.version.clone(),
            effective_from: file.effective_from,
            timescales: timescale_versions(file),
        },
        AgreedFile::Calendar(file) => {
            Proposal::Calendar { calendar: file.calendar()?, source: file.source }
        }
    })
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
            resolve_within: file.resolve_within,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::working_days::Nation;

    #[test]
    fn every_shipped_file_with_rules_is_sound() {
        let today = "2026-11-23".parse().expect("a day");
        let mut checked = 0;
        for (name, text) in reference::FILES {
            let Ok(file) = AgreedFile::parse(text) else { continue };
            proposal(file).expect(name).check(today).expect(name);
            checked += 1;
        }
        assert_eq!(checked, 2 + Nation::ALL.len());
    }
}
