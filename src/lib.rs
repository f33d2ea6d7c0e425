//! A multi-agency escalation tracker, told in the order in which data flows through it.

/// The commands, one file each.
pub mod cli;
/// A made-up partnership with two years of escalations.
pub mod demo;
/// The rules, as pure functions on plain values.
pub mod domain;
/// The PostgreSQL that runs when no other is named.
pub mod embedded;
/// What must hold of every reader of hostile input, for fuzzing and for tests.
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
/// URLs, JSON, status codes and who is calling.
pub mod http;
/// The reference data that is shipped: themes, timescales, stages, bank holidays, outcomes.
pub mod reference;
/// Every setting, read once and checked before anything starts.
pub mod settings;
/// The hash by which texts are known to be the same.
pub mod sha256;
/// Texts that are signed so that anybody can verify them.
pub mod signed_note;
/// SQL: rows in, domain values out.
pub mod store;
/// The log, and what must never be in it.
pub mod telemetry;
/// One public function for each thing that a caller can ask.
pub mod usecases;
/// The keys: a child is found without being readable.
pub mod vault;
/// What leaves to receivers of webhooks: signatures, addresses that may be called, calls.
pub mod webhook;
/// What happens without a request.
pub mod worker;
