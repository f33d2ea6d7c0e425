//! One public function for each thing that a caller can ask; each is one transaction.

pub mod act_request;
pub mod actions;
pub mod acts;
pub mod cache;
pub mod deliver;
pub mod deps;
pub mod exclusions;
pub mod explain;
pub mod failure;
pub mod feed;
pub mod hearing;
pub mod metrics;
pub mod notices;
pub mod once;
pub mod papers;
pub mod policies;
mod policy_decision;
pub mod practice;
pub mod raise;
pub mod read;
pub mod readiness;
pub mod reference;
pub mod registry;
pub mod review;
pub mod review_changes;
pub mod review_record;
pub mod review_rules;
pub mod sequence;
pub mod setup;
pub mod shipped;
pub mod sign_in;
pub mod signals;
pub mod sweep;
pub mod timers;
pub mod upsert;
pub mod webhook_deliveries;
pub mod webhooks;
pub mod weekly;

pub use deps::Deps;
pub use failure::Failure;

pub use crate::store::session::Writing;
