//! The integration tests, in one binary: linking the library once per file would cost more than all of them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "panicking is how a test fails"
)]

mod demo_data;
mod embedded;
mod kill;
mod life;
mod readme_tour;
mod support;
