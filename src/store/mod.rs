//! SQL: rows in, domain values out. No row type leaves this layer.

pub mod agencies;
pub mod clients;
mod escalation_rows;
pub mod escalations;
pub mod events;
pub mod failure;
pub mod lists;
pub mod migrations;
pub mod own_database;
pub mod pool;
pub mod practice;
pub mod reference;
mod schema;
pub mod session;
pub mod weekly;

pub use failure::StoreFailure;
pub use pool::Pool;
