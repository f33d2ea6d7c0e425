//! Counts again what stands beside the weekly figures: informal resolutions and commendations.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::SimpleQueryRow;

use super::recount::{Week, instant, text};
use super::recount_figures::Figures;

struct Practice {
    id: String,
    figure: &'static str,
    by: String,
    about: String,
    theme: String,
    occurred_at: Timestamp,
}

/// Every record of good practice of a partnership.
pub struct Beside(Vec<Practice>);

impl Beside {
    /// From the rows of the table.
    pub fn read(rows: &[SimpleQueryRow]) -> Self {
        let practice = |row| Practice {
            id: text(row, "id"),
            figure: match text(row, "kind").as_str() {
                "informal_resolution" => "informal_resolutions",
                "commendation" => "commendations",
                other => panic!("{other} is counted nowhere"),
            },
            by: text(row, "by_agency_id"),
            about: text(row, "about_agency_id"),
            theme: text(row, "theme_code"),
            occurred_at: instant(row, "occurred_at").unwrap(),
        };
        Self(rows.iter().map(practice).collect())
    }

    /// Counts those of a week. Who recorded stands for who raised, and whom it is about for who must answer.
    pub fn count(
        &self,
        week: &mut Week,
        group_by: &str,
        filters: &[(&str, &str)],
        agencies: &BTreeMap<String, String>,
        groups_of_themes: &BTreeMap<String, String>,
    ) {
        let within = week.starts_at..week.ends_at;
        let fits = |it: &&Practice| {
            let passes = filters.iter().all(|(name, code)| match *name {
                "theme" => it.theme == *code,
                "raised_by_agency" => agencies[&it.by] == *code,
                "raised_with_agency" => agencies[&it.about] == *code,
                other => panic!("no filter is called {other}"),
            });
            passes && within.contains(&it.occurred_at)
        };
        let mut groups: BTreeMap<String, Figures> = BTreeMap::new();
        for it in self.0.iter().filter(fits) {
            week.beside.add(it.figure, it.id.clone());
            let key = match group_by {
                "theme" => &it.theme,
                "group" => &groups_of_themes[&it.theme],
                "raised_by_agency" => &agencies[&it.by],
                "raised_with_agency" => &agencies[&it.about],
                _ => continue,
            };
            groups.entry(key.clone()).or_default().add(it.figure, it.id.clone());
        }
        week.beside_groups = (!["stage", "urgency"].contains(&group_by)).then_some(groups);
    }
}
