//! The integration tests, in one binary: linking the library once per file would cost more than all of them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "panicking is how a test fails"
)]

mod access;
mod audit;
mod bad_requests;
mod contract;
mod demo_data;
mod embedded;
mod key_sets;
mod kill;
mod layers;
mod life;
mod migrations;
mod outage;
mod readme_tour;
mod row_security;
mod schema_rs;
mod support;
mod token_cases;
mod tree;
