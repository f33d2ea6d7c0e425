//! A timescale: how soon one step of a child's process must happen, and on whose authority.

use super::limit::Limit;

/// One version of a timescale, as a partnership uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timescale {
    /// Its stable code, for example `icpc`.
    pub code: String,
    /// The guidance or local decision that set it, for example `WT2023`.
    pub version: String,
    /// The step, in words.
    pub label: String,
    /// How soon; none for `other`.
    pub limit: Option<Limit>,
    /// The event from which the time runs.
    pub starts: String,
    /// The event that must happen in time.
    pub stops: String,
    /// What kind of authority set it.
    pub basis: String,
    /// Where it is written.
    pub source: String,
    /// Whether a person has checked it against Working Together 2026.
    pub verified_against_wt2026: bool,
}
