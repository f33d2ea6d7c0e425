//! How soon an escalation must be settled, because each stage has one limit per urgency.

use super::codes::codes;

codes! {
    /// How soon the child needs the disagreement to be settled.
    ///
    /// Immediate danger is not an urgency: that is 999, the emergency duty team or an emergency
    /// protection order first, and the record afterwards.
    pub enum Urgency {
        /// The ladder's ordinary limits are soon enough.
        Standard => "standard",
        /// The child would be worse off if the ordinary limits were used.
        Urgent => "urgent",
        /// Hours count; clocks in hours run day and night, because emergency duty teams do.
        Immediate => "immediate",
    }
}
