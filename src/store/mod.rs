//! SQL: rows in, domain values out. No row type leaves this layer.

pub mod actions;
pub mod agencies;
mod as_of;
pub mod calendars;
pub mod clients;
mod clock_rows;
mod escalation_rows;
pub mod escalations;
pub mod events;
pub mod failure;
pub mod finding;
pub mod in_use;
pub mod learning;
mod list_parts;
pub mod lists;
pub mod migrations;
pub mod own_database;
pub mod pool;
pub mod practice;
pub mod reference;
pub mod review;
pub mod review_changes;
pub mod run_lists;
mod schema;
pub mod session;
pub mod sign_in;
pub mod sign_offs;
pub mod sweeps;
pub mod timers;
mod turns;
pub mod weekly;

pub use failure::StoreFailure;
pub use pool::Pool;
