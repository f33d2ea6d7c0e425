//! Whether a hidden number can be worked out, exactly, all rows, columns and totals together.
//!
//! A table with its totals is a flow in a network, and the tables that a reader must think possible
//! are the flows that keep within what is shown. Two such flows differ by circles, and along a circle
//! every number can be changed by one. So a number has two possible values exactly when a circle of
//! allowed changes of one leads through it, which is a question of reaching one node from another.
//! Any more linear reasoning finds nothing more: a flow between whole bounds is whole.

/// The values that a reader must think possible for a number seen by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub least: u32,
    pub most: u32,
}

impl Bounds {
    /// What is known from both.
    pub(super) fn and(self, other: Self) -> Self {
        Self { least: self.least.max(other.least), most: self.most.min(other.most) }
    }
}

/// A number as a flow from one node to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arc {
    pub from: usize,
    pub to: usize,
    pub value: u32,
    pub bounds: Bounds,
}

impl Arc {
    const fn can_rise(&self) -> bool {
        self.value < self.bounds.most
    }

    const fn can_fall(&self) -> bool {
        self.value > self.bounds.least
    }
}

/// Whether the number at this place has a second possible value.
pub(super) fn can_vary(arcs: &[Arc], place: usize) -> bool {
    let Some(arc) = arcs.get(place) else { return true };
    (arc.can_rise() && reaches(arcs, place, arc.to, arc.from))
        || (arc.can_fall() && reaches(arcs, place, arc.from, arc.to))
}

/// Whether changes of one, none of them at `without`, lead from one node to another.
fn reaches(arcs: &[Arc], without: usize, from: usize, to: usize) -> bool {
    let mut reached = vec![from];
    let mut next = 0;
    while let Some(node) = reached.get(next).copied() {
        next += 1;
        for (place, arc) in arcs.iter().enumerate() {
            if place == without {
                continue;
            }
            let steps = [(arc.can_rise(), arc.from, arc.to), (arc.can_fall(), arc.to, arc.from)];
            for (allowed, start, end) in steps {
                if allowed && start == node && !reached.contains(&end) {
                    reached.push(end);
                }
            }
        }
    }
    reached.contains(&to)
}
