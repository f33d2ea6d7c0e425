//! What was counted by weeks of beginning and end, added up to the figures of each week.

use std::collections::BTreeMap;
use std::ops::Range;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Nullable, Text};

use crate::domain::figures::{Figures, GroupFigures, WeekFigures};
use crate::domain::week::IsoWeek;

/// Some of what is counted that began and ended in the same weeks. A week is a place among those asked for, from 1; 0 is
/// any time before them, and one more than there are any time after.
#[derive(QueryableByName)]
pub(super) struct Line {
    #[diesel(sql_type = Text)]
    pub(super) what: String,
    #[diesel(sql_type = Text)]
    pub(super) key: String,
    #[diesel(sql_type = Integer)]
    pub(super) began: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    pub(super) ended: Option<i32>,
    /// The week in which an answer fell due, where it counts.
    #[diesel(sql_type = Nullable<Integer>)]
    pub(super) due: Option<i32>,
    #[diesel(sql_type = Bool)]
    pub(super) flag: bool,
    #[diesel(sql_type = Bool)]
    pub(super) resolved: bool,
    #[diesel(sql_type = Bool)]
    pub(super) same_day: bool,
    #[diesel(sql_type = BigInt)]
    pub(super) number: i64,
}

#[derive(QueryableByName)]
pub(super) struct TimeLine {
    #[diesel(sql_type = Integer)]
    pub(super) week: i32,
    /// None in the line of the whole week.
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) key: Option<String>,
    #[diesel(sql_type = Nullable<Double>)]
    pub(super) median_working_seconds: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub(super) p90_working_seconds: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub(super) median_child_seconds: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub(super) p90_child_seconds: Option<f64>,
}

/// The sums of each week.
pub(super) struct Sums {
    weeks: Vec<Sum>,
}

struct Sum {
    week: IsoWeek,
    open_at_start: i64,
    total: Figures,
    groups: BTreeMap<String, Figures>,
}

impl Sums {
    /// Nothing yet, for these weeks.
    pub(super) fn new(weeks: &[IsoWeek]) -> Self {
        let nothing = |week: &IsoWeek| Sum {
            week: *week,
            open_at_start: 0,
            total: Figures::default(),
            groups: BTreeMap::new(),
        };
        Self { weeks: weeks.iter().map(nothing).collect() }
    }

    /// Adds one line to every week in which it counts.
    pub(super) fn add(&mut self, line: Line) {
        let Line { key, number, began, .. } = &line;
        match line.what.as_str() {
            "excluded" => self.each(at(*began), key, |it| it.excluded += number),
            "raised" => self.each(at(*began), key, |it| {
                it.raised += number;
                it.received_late += if line.flag { *number } else { 0 };
            }),
            "episode" => self.add_episodes(&line),
            _ => {
                self.each(from(*began, line.ended), key, |it| it.overdue_at_end += number);
                let Some(due) = line.due else { return };
                self.each(at(due), key, |it| {
                    it.answers_due += number;
                    it.answers_in_time += if line.flag { *number } else { 0 };
                });
            }
        }
    }

    fn add_episodes(&mut self, line: &Line) {
        let Line { key, number, began, .. } = line;
        let open = from(*began, line.ended);
        // What is open when a week ends is open when the next one begins.
        let began_open = self.weeks.iter_mut().zip(0..).filter(|(_, before)| open.contains(before));
        began_open.for_each(|(sum, _)| sum.open_at_start += number);
        self.each(open, key, |it| it.open_at_end += number);
        if line.flag {
            self.each(at(*began), key, |it| it.reopened += number);
        }
        let Some(ended) = line.ended else { return };
        self.each(at(ended), key, |it| {
            it.ended += number;
            if line.resolved {
                it.resolved += number;
                it.resolved_same_day += if line.same_day { *number } else { 0 };
            }
        });
    }

    /// Adds how long the resolved of a week took.
    pub(super) fn add_times(&mut self, line: TimeLine) {
        let Some(sum) = self.week(line.week) else { return };
        let figures = match line.key {
            None => &mut sum.total,
            Some(key) => sum.groups.entry(key).or_default(),
        };
        figures.median_working_seconds = line.median_working_seconds;
        figures.p90_working_seconds = line.p90_working_seconds;
        figures.median_child_seconds = line.median_child_seconds;
        figures.p90_child_seconds = line.p90_child_seconds;
    }

    /// The figures of each week.
    pub(super) fn into_figures(self) -> Vec<WeekFigures> {
        let figures = self.weeks.into_iter().map(|sum| {
            let groups = sum.groups.into_iter().filter(|(_, it)| *it != Figures::default());
            WeekFigures {
                open_at_start: sum.open_at_start,
                total: sum.total,
                groups: groups.map(|(key, figures)| GroupFigures { key, figures }).collect(),
                ..WeekFigures::nothing(sum.week)
            }
        });
        figures.collect()
    }

    fn week(&mut self, place: i32) -> Option<&mut Sum> {
        usize::try_from(place - 1).ok().and_then(|place| self.weeks.get_mut(place))
    }

    fn each(&mut self, places: Range<i32>, key: &str, add: impl Fn(&mut Figures)) {
        let asked = i32::try_from(self.weeks.len()).unwrap_or(i32::MAX);
        for place in places.start.max(1)..places.end.min(asked.saturating_add(1)) {
            if let Some(sum) = self.week(place) {
                add(&mut sum.total);
                if !sum.groups.contains_key(key) {
                    sum.groups.insert(key.to_owned(), Figures::default());
                }
                sum.groups.get_mut(key).into_iter().for_each(&add);
            }
        }
    }
}

/// The week itself.
const fn at(place: i32) -> Range<i32> {
    place..place + 1
}

/// The weeks at whose ends something was so that began in one and ended in another, or has not ended.
fn from(began: i32, ended: Option<i32>) -> Range<i32> {
    began..ended.unwrap_or(i32::MAX)
}
