//! Where a page leads: each number to its rows, as they were known when the number was counted.

use jiff::Timestamp;

use super::{Side, View, Weeks};
use crate::domain::ids::EscalationId;
use crate::domain::review::Pack;
use crate::domain::week::IsoWeek;

/// The address of a review in another view.
pub(super) fn review(week: IsoWeek, weeks: Weeks, side: Side) -> String {
    let mut parts = Vec::new();
    if weeks != Weeks::default() {
        parts.push(format!("weeks={}", weeks.code()));
    }
    if side != Side::default() {
        parts.push(format!("view={}", side.code()));
    }
    let sign = if parts.is_empty() { "" } else { "?" };
    format!("/review/{week}{sign}{}", parts.join("&"))
}

/// The address of the review of another week in the same view.
pub(super) fn other_week(week: IsoWeek, view: &View) -> String {
    review(week, view.weeks, view.side)
}

/// The address of an escalation.
pub(super) fn escalation(id: EscalationId) -> String {
    format!("/escalations/{id}")
}

/// A list of escalations, with the filters that the lists of the API have.
pub(super) struct List {
    query: String,
}

impl List {
    /// All of them, as they were known when the pack was made.
    pub(super) fn of(pack: &Pack) -> Self {
        Self { query: String::new() }
            .with("as_of", &pack.data_to.to_string())
            .with("excluded", "false")
    }

    /// What is left out of the figures, as it was known when the pack was made.
    pub(super) fn left_out(pack: &Pack) -> Self {
        Self { query: String::new() }
            .with("as_of", &pack.data_to.to_string())
            .with("excluded", "true")
    }

    /// With one more filter.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        for byte in value.bytes() {
            let plain = byte.is_ascii_alphanumeric() || b"-_.~:".contains(&byte);
            if plain {
                self.query.push(char::from(byte));
            } else {
                self.query.push_str(&format!("%{byte:02X}"));
            }
        }
        self
    }

    /// Between two instants, the first in and the last out.
    pub(super) fn between(self, name: &str, from: Timestamp, to: Timestamp) -> Self {
        self.with(&format!("{name}_from"), &from.to_string())
            .with(&format!("{name}_to"), &to.to_string())
    }

    /// The agencies of a column, on the side that is shown. Several are one parameter each.
    pub(super) fn agencies(self, side: Side, codes: &[String]) -> Self {
        let name = match side {
            Side::Asked => "raised_with_agency",
            Side::RaisedBy => "raised_by_agency",
        };
        codes.iter().fold(self, |list, code| list.with(name, code))
    }

    /// The address.
    pub(super) fn address(self) -> String {
        format!("/escalations?{}", self.query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_view_has_the_shortest_address() {
        let week = "2025-W45".parse().expect("a week");
        for (weeks, side, address) in [
            (Weeks::FiftyTwo, Side::Asked, "/review/2025-W45"),
            (Weeks::Thirteen, Side::Asked, "/review/2025-W45?weeks=13"),
            (Weeks::FiftyTwo, Side::RaisedBy, "/review/2025-W45?view=raised"),
            (Weeks::Thirteen, Side::RaisedBy, "/review/2025-W45?weeks=13&view=raised"),
        ] {
            assert_eq!(review(week, weeks, side), address);
            assert_eq!(Weeks::from_code(weeks.code()), Some(weeks));
            assert_eq!(Side::from_code(side.code()), Some(side));
        }
    }

    #[test]
    fn no_value_can_leave_its_parameter() {
        let list = List { query: String::new() }.with("theme", "a&b=c d\"<é").with("x", "1");
        assert_eq!(list.address(), "/escalations?theme=a%26b%3Dc%20d%22%3C%C3%A9&x=1");
    }
}
