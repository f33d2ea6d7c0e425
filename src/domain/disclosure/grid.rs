//! The table while it is being protected: cells and totals alike, each with whether it is shown.

use super::audit::{Arc, Bounds, can_vary};
use super::{Profile, ProtectedTable, Shown};

/// Whether a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Shown,
    Hidden,
    Withheld,
}

/// The place of a number: row and column, the last of each holding the totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    row: usize,
    column: usize,
}

#[derive(Debug, Clone)]
struct Number {
    place: Place,
    count: u32,
    state: State,
}

pub(super) struct Grid {
    profile: Profile,
    /// How many rows and columns there are, without totals.
    rows: usize,
    columns: usize,
    numbers: Vec<Number>,
    /// What a reader knows of each number from another paper, in the order of `numbers`.
    beside: Vec<Bounds>,
}

impl Grid {
    /// The table with its totals, small numbers hidden.
    pub(super) fn new(rows: &[Vec<u32>], profile: Profile) -> Self {
        let columns = rows.first().map_or(0, Vec::len);
        let with_total = |row: &[u32]| -> Vec<u32> {
            let total = row.iter().fold(0, |sum: u32, count| sum.saturating_add(*count));
            row.iter().copied().chain([total]).collect()
        };
        let column_totals: Vec<u32> = (0..columns)
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                cells.fold(0, |sum: u32, count| sum.saturating_add(*count))
            })
            .collect();
        let numbers = rows
            .iter()
            .chain([&column_totals])
            .enumerate()
            .flat_map(|(row, counts)| {
                with_total(counts).into_iter().enumerate().map(move |(column, count)| {
                    let small = profile.is_small(count);
                    let state = if small { State::Hidden } else { State::Shown };
                    Number { place: Place { row, column }, count, state }
                })
            })
            .collect();
        Self { profile, rows: rows.len(), columns, numbers, beside: Vec::new() }
    }

    /// The same table for readers who have `other` too.
    pub(super) fn read_beside(mut self, other: &Self) -> Self {
        self.beside = other.numbers.iter().map(|number| other.bounds(number)).collect();
        self
    }

    pub(super) const fn profile(&self) -> Profile {
        self.profile
    }

    const fn is_total(&self, place: Place) -> bool {
        place.row == self.rows || place.column == self.columns
    }

    /// Hides a second number in each line that has one hidden number only, until there is no such
    /// line. A line is a row or column with its total.
    pub(super) fn hide_companions(&mut self) {
        loop {
            let lines = (0..=self.rows).map(Line::Row).chain((0..=self.columns).map(Line::Column));
            let companion = lines
                .filter(|line| self.hides_one(*line))
                .find_map(|line| self.smallest_shown(|place| line.holds(place)));
            match companion {
                Some(place) => self.hide(place),
                None => return,
            }
        }
    }

    fn hides_one(&self, line: Line) -> bool {
        let in_line = || self.numbers.iter().filter(|number| line.holds(number.place));
        in_line().filter(|number| number.state == State::Hidden).count() == 1
            && in_line().all(|number| number.state != State::Withheld)
    }

    /// The smallest number there that is shown and not nought, totals last.
    fn smallest_shown(&self, there: impl Fn(Place) -> bool) -> Option<Place> {
        self.numbers
            .iter()
            .filter(|number| there(number.place) && number.state == State::Shown)
            .filter(|number| number.count > 0)
            .min_by_key(|number| (self.is_total(number.place), number.count))
            .map(|number| number.place)
    }

    fn hide(&mut self, place: Place) {
        for number in self.numbers.iter_mut().filter(|number| number.place == place) {
            number.state = State::Hidden;
        }
    }

    /// Hides one more number in the row or column of this one, or anywhere if these have none left.
    /// False when nothing is left to hide.
    pub(super) fn hide_beside(&mut self, solved: Place) -> bool {
        let place = self
            .smallest_shown(|place| place.row == solved.row || place.column == solved.column)
            .or_else(|| self.smallest_shown(|_| true));
        place.map(|place| self.hide(place)).is_some()
    }

    /// Withholds the totals of rows, then those of columns, then that of all. False when all were.
    pub(super) fn withhold_totals(&mut self) -> bool {
        let (rows, columns) = (self.rows, self.columns);
        let margins: [&dyn Fn(Place) -> bool; 3] = [
            &|place| place.column == columns && place.row < rows,
            &|place| place.row == rows && place.column < columns,
            &|place| place.row == rows && place.column == columns,
        ];
        for margin in margins {
            let mut withheld = false;
            for number in self.numbers.iter_mut().filter(|number| margin(number.place)) {
                withheld |= number.state != State::Withheld;
                number.state = State::Withheld;
            }
            if withheld {
                return true;
            }
        }
        false
    }

    /// The first hidden number that has one possible value only: by this table alone, or, if it is small, by both.
    pub(super) fn first_solved(&self) -> Option<Place> {
        let alone: Vec<Arc> = self.numbers.iter().map(|number| self.arc(number)).collect();
        let solved = |arcs: &[Arc], wanted: &dyn Fn(&Number) -> bool| {
            self.numbers
                .iter()
                .enumerate()
                .filter(|(_, number)| wanted(number))
                .find(|(index, _)| !can_vary(arcs, *index))
                .map(|(_, number)| number.place)
        };
        solved(&alone, &|number| number.state == State::Hidden).or_else(|| {
            let both: Vec<Arc> = alone
                .iter()
                .zip(&self.beside)
                .map(|(arc, known)| Arc { bounds: arc.bounds.and(*known), ..*arc })
                .collect();
            // Another paper may show what is hidden here only to hide a small number.
            solved(&both, &|number| !both.is_empty() && self.profile.is_small(number.count))
        })
    }

    /// The number as a flow from its row to its column; totals close the circle. What flows into a
    /// row or column flows out of it, which is that its cells add up to its total.
    fn arc(&self, number: &Number) -> Arc {
        let Place { row, column } = number.place;
        // Rows are nodes 0 to rows − 1, then columns; then where all rows come from and where all
        // columns go.
        let source = self.rows.saturating_add(self.columns);
        let sink = source.saturating_add(1);
        let (from, to) = match (row == self.rows, column == self.columns) {
            (false, false) => (row, self.rows.saturating_add(column)),
            (false, true) => (source, row),
            (true, false) => (self.rows.saturating_add(column), sink),
            (true, true) => (sink, source),
        };
        Arc { from, to, value: number.count, bounds: self.bounds(number) }
    }

    /// What a reader who knows the rules knows of the number from what is shown in its place.
    fn bounds(&self, number: &Number) -> Bounds {
        match (number.state, self.profile.shown(number.count)) {
            (State::Withheld, _) => Bounds { least: 0, most: u32::MAX },
            // Where counts are rounded, only small ones are hidden; otherwise any but nought may be.
            (State::Hidden, _) => Bounds {
                least: 1,
                most: if self.profile.rounds() { self.profile.threshold() } else { u32::MAX },
            },
            (State::Shown, Shown::Rounded(shown)) => {
                let reach = self.profile.rounds_to().unwrap_or(1) / 2;
                Bounds {
                    least: shown.saturating_sub(reach).max(self.profile.threshold() + 1),
                    most: shown.saturating_add(reach),
                }
            }
            (State::Shown, _) => Bounds { least: number.count, most: number.count },
        }
    }

    pub(super) fn into_table(self, profile: Profile) -> ProtectedTable {
        let shown = |row: usize, column: usize| {
            let place = Place { row, column };
            let number = self.numbers.iter().find(|number| number.place == place);
            match number.map(|number| (number.state, number.count)) {
                Some((State::Shown, count)) => profile.shown(count),
                Some((State::Hidden, _)) => Shown::Hidden,
                Some((State::Withheld, _)) | None => Shown::Withheld,
            }
        };
        ProtectedTable {
            profile,
            cells: (0..self.rows)
                .map(|row| (0..self.columns).map(|column| shown(row, column)).collect())
                .collect(),
            row_totals: (0..self.rows).map(|row| shown(row, self.columns)).collect(),
            column_totals: (0..self.columns).map(|column| shown(self.rows, column)).collect(),
            grand_total: shown(self.rows, self.columns),
        }
    }
}

/// A row or column with its total.
#[derive(Debug, Clone, Copy)]
enum Line {
    Row(usize),
    Column(usize),
}

impl Line {
    const fn holds(self, place: Place) -> bool {
        match self {
            Self::Row(row) => place.row == row,
            Self::Column(column) => place.column == column,
        }
    }
}
