//! What every operation shares on its way in and out: strict input, and one shape of error.

pub mod body;
pub mod cursor;
pub mod field_codes;
pub mod field_errors;
pub mod fields;
pub mod problem;
pub mod problem_types;
pub mod problems_everywhere;
pub mod query;
pub mod strict_json;
pub mod times;

#[cfg(test)]
mod bad_input_tests;
#[cfg(test)]
mod operation_tests;
#[cfg(test)]
mod sample_request;
