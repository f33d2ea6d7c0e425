//! The integration tests, in one binary: linking the library once per file would cost more than all of them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "panicking is how a test fails"
)]

mod access;
mod act_rules;
mod acts;
mod advice;
mod as_of;
mod audit;
mod bad_input;
mod bad_input_cases;
mod bad_input_flows;
mod bad_input_http_cases;
mod bad_requests;
mod calendars;
mod contract;
mod corrections;
mod demo_data;
mod demo_recount;
mod dry_runs;
mod embedded;
mod endings;
mod exclusions;
mod explanations;
mod feed;
mod feed_links;
mod feed_order;
mod hearing;
mod in_a_browser;
mod key_sets;
mod kill;
mod layers;
mod life;
mod life_story;
mod links;
mod lists;
mod lists_naive;
mod migrations;
mod more_time;
mod negative;
mod once;
mod one_value;
mod outage;
mod papers;
mod policies;
mod practice;
mod protected_raiser;
mod raise_page;
mod readme_tour;
mod real_sign_in;
mod recount;
mod redirects;
mod refusals;
mod review;
mod review_changes;
mod review_command;
mod review_forms;
mod review_page;
mod review_record;
mod review_rules;
mod row_security;
mod schema_rs;
mod second_person;
mod sending;
mod sessions;
mod sign_in;
mod support;
mod sweeper;
mod sweeper_faults;
mod sweeper_time;
mod token_cases;
mod tree;
mod two_at_once;
mod webhook_clients;
mod webhook_faults;
mod webhook_guard;
mod webhook_order;
mod webhooks;
mod weekly_api;
mod workbooks;
