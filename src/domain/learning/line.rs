//! What was learnt as a line: what a review, the lists and the pages show of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Baseline, ExpectedDirection, ExpectedFigure, Learning, LearningResult};
use crate::domain::ids::{EscalationId, LearningId};
use crate::domain::partnership::Partnership;
use crate::domain::week::IsoWeek;

/// What was learnt, as a review shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewLearningLine)]
pub struct LearningLine {
    /// Its identifier.
    pub id: LearningId,
    /// What was learnt.
    pub text: String,
    /// The week in whose review it was said.
    #[schema(value_type = String, example = "2026-W46")]
    pub week: IsoWeek,
    /// The code of the group of themes that it is about, or none.
    pub group: Option<String>,
    /// The code of the theme that it is about, or none.
    pub theme: Option<String>,
    /// The name of either.
    pub about: String,
    /// The escalations from which it was learnt.
    pub escalations: Vec<EscalationId>,
    /// The name of the agency that said it.
    pub said_by_agency: String,
    /// The role that said it.
    pub said_by_role: String,
    /// Its place in the plan.
    pub plan_reference: Option<String>,
    /// The change that is expected.
    pub expected: Option<ExpectedLine>,
    /// When it was written down.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
}

/// An expected change, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewExpectedLine)]
pub struct ExpectedLine {
    /// Of which figure.
    pub figure: ExpectedFigure,
    /// To which side.
    pub direction: ExpectedDirection,
    /// The week in which it is measured again.
    #[schema(value_type = String, example = "2027-W06")]
    pub remeasure_week: IsoWeek,
    /// The mean of the weeks before, as it was known then; none where no week had a value.
    pub usual_before: Option<f64>,
    /// The version of the definitions by which these were counted.
    pub definitions_version: u32,
    /// What the figures showed; none as long as nobody measured.
    pub result: Option<LearningResult>,
    /// The figure in that week.
    pub value: Option<f64>,
}

impl LearningLine {
    /// The line.
    #[must_use]
    pub fn new(it: &Learning, agreed: &Partnership) -> Self {
        let theme = it.theme.as_deref().and_then(|code| agreed.theme(code));
        let group = it
            .group
            .as_ref()
            .and_then(|code| agreed.themes.iter().find(|theme| theme.group_code == *code));
        let agency = agreed.agency_by_id(it.said_by_agency);
        Self {
            id: it.id,
            text: it.text.as_str().to_owned(),
            week: it.week,
            group: it.group.clone(),
            theme: it.theme.clone(),
            about: theme
                .map(|it| it.label.clone())
                .or_else(|| group.map(|it| it.group_label.clone()))
                .unwrap_or_default(),
            escalations: it.escalations.clone(),
            said_by_agency: agency.map(|it| it.name.clone()).unwrap_or_default(),
            said_by_role: it.said_by_role.as_str().to_owned(),
            plan_reference: it.plan_reference.clone().map(Into::into),
            expected: it.expected.as_ref().map(|(expected, baseline)| ExpectedLine {
                figure: expected.figure,
                direction: expected.direction,
                remeasure_week: expected.remeasure,
                usual_before: baseline.mean(),
                definitions_version: baseline.definitions_version,
                result: it.measured.as_ref().map(|it| it.result),
                value: it.measured.as_ref().and_then(|it| it.value),
            }),
            recorded_at: it.recorded.at,
        }
    }
}

impl Baseline {
    fn mean(&self) -> Option<f64> {
        let values: Vec<f64> = self.values.iter().filter_map(|(_, value)| *value).collect();
        let number = u32::try_from(values.len()).ok().filter(|number| *number > 0)?;
        Some(values.iter().sum::<f64>() / f64::from(number))
    }
}
