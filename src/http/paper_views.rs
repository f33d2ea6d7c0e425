//! Papers as tables, and the release of packs as it is said and shown.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::csv_answer::Cell;
use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{Text, code_members};
use super::problem::Problem;
use super::review_views::naming_nobody;
use super::times::Instant;
use crate::domain::access::Role;
use crate::domain::disclosure::Profile;
use crate::domain::free_text::FreeText;
use crate::domain::papers::release::{Release, Releasing};
use crate::domain::papers::{BoardCopy, PaperFigure};

code_members!(Profile);

/// Release a pack.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct ReleasePack {
    /// The rules for small numbers with which it was read; `nhs_sub_national` when not said.
    #[deserr(default)]
    pub profile: Option<Profile>,
    /// Who answers for the release: a name or a post, as it shall stand in the record.
    pub releaser: Text<120>,
    /// What was looked at by hand, and found in order.
    pub checked: Text<2000>,
}

impl ReleasePack {
    /// What is said, as the domain names it.
    pub fn into_releasing(self) -> Result<(Option<Profile>, Releasing), Problem> {
        let releaser = FreeText::<120>::parse(self.releaser.as_str()).map_err(|error| {
            let code = error.code().parse().unwrap_or(FieldCode::Pattern);
            FieldErrors::single("#/releaser", code)
        })?;
        // What is released stands in the record for ever, for every agency to read.
        let mut errors = FieldErrors::new();
        let checked = naming_nobody(&self.checked, "#/checked", &mut errors).ok_or(errors)?;
        let said = Releasing {
            releaser: releaser.as_str().to_owned(),
            checked: checked.as_str().to_owned(),
        };
        Ok((self.profile, said))
    }
}

/// The released packs.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicReleases {
    /// The releases, that of the latest quarter first.
    pub items: Vec<ReleaseView>,
}

/// A release.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicRelease)]
pub struct ReleaseView {
    /// The quarter.
    #[schema(example = "2026-Q3")]
    pub quarter: String,
    /// The rules for small numbers.
    pub profile: Profile,
    /// To when its data reach.
    pub data_to: Instant,
    /// SHA-256 of the text that was released, in hexadecimal.
    pub sha256: String,
    /// Who answers for it.
    pub releaser: String,
    /// What was checked by hand.
    pub checked: String,
    /// When it was released.
    pub released_at: Instant,
    /// The role that released it.
    pub released_by_role: Role,
    /// Where it is.
    pub href: String,
}

impl ReleaseView {
    /// A release as it is shown.
    pub fn new(it: &Release) -> Self {
        Self {
            quarter: it.quarter.to_string(),
            profile: it.profile,
            data_to: Instant(it.data_to),
            sha256: it.sha256.clone(),
            releaser: it.said.releaser.clone(),
            checked: it.said.checked.clone(),
            released_at: Instant(it.released_at),
            released_by_role: it.role,
            href: format!("/v1/public-packs/{}", it.quarter),
        }
    }
}

/// The columns of a board copy as a table.
pub const COLUMNS: &[&str] = &[
    "paper_version",
    "definitions_version",
    "week",
    "review_sha256",
    "profile",
    "quarter",
    "section",
    "row",
    "column",
    "value",
];

/// A board copy as a long table: one line for each figure, hidden ones as the mark of their profile.
pub fn rows(copy: &BoardCopy) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    let mut add = |section: &str, row: &str, column: &str, value: Cell| {
        rows.push(vec![
            Cell::Count(i64::from(copy.paper_version)),
            Cell::Count(i64::from(copy.definitions_version)),
            Cell::Text(copy.week.to_string()),
            Cell::Text(copy.made_from.sha256.clone()),
            Cell::Text(copy.counts.profile.to_string()),
            Cell::Text(copy.counts.quarter.to_string()),
            Cell::Text(section.to_owned()),
            Cell::Text(row.to_owned()),
            Cell::Text(column.to_owned()),
            value,
        ]);
    };
    for it in &copy.standing {
        add("standing", &it.figure, "words", Cell::Text(it.words.clone()));
    }
    add("agencies", "to_ask", "value", Cell::Count(copy.agencies_to_ask));
    add("agencies", "all", "value", Cell::Count(copy.agencies));
    let headlines = &copy.counts.headlines;
    for (row, figure) in [
        ("raised", &headlines.raised),
        ("resolved", &headlines.resolved),
        ("open_at_end", &headlines.open_at_end),
        ("overdue_at_end", &headlines.overdue_at_end),
        ("answers_due", &headlines.answers_due),
        ("percent_in_time", &headlines.percent_in_time),
        ("median_working_days", &headlines.median_working_days),
        ("median_child_days", &headlines.median_child_days),
    ] {
        add("headlines", row, "value", cell(figure));
    }
    let table = &copy.counts.themes;
    for row in &table.rows {
        for (column, figure) in table.columns.iter().zip(&row.cells) {
            add("themes", &row.group, &column.code, cell(figure));
        }
        add("themes", &row.group, "all", cell(&row.total));
        add("themes", &row.group, "median_working_days", cell(&row.median_working_days));
        add("themes", &row.group, "median_child_days", cell(&row.median_child_days));
    }
    for (column, figure) in table.columns.iter().zip(&table.totals) {
        add("themes", "all", &column.code, cell(figure));
    }
    add("themes", "all", "all", cell(&table.total));
    rows
}

fn cell(figure: &PaperFigure) -> Cell {
    figure.value.map_or_else(|| Cell::Text(figure.text.clone()), Cell::Number)
}
