//! `openapi`: prints the contract. `openapi/openapi.json` is made with it, and a test compares the two.

use std::io::Write;

use super::Outcome;
use crate::http::contract;

/// Prints the contract as it is published.
pub fn run() -> Outcome {
    std::io::stdout().write_all(contract::text().as_bytes())?;
    Ok(())
}
