//! A multi-agency escalation tracker, told in the order in which data flows through it.

/// The rules, as pure functions on plain values.
pub mod domain;
/// The reference data that is shipped: themes, timescales, stages, bank holidays, outcomes.
pub mod reference;
/// The PostgreSQL that runs when no other is named.
pub mod embedded;
