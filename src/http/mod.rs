//! URLs, JSON, status codes and who is calling; and the contract that says all of it.

pub mod accept;
pub mod access_events;
pub mod access_findings;
pub mod access_purpose;
pub mod act_requests;
pub mod action_views;
pub mod actions;
pub mod acts;
pub mod answers;
pub mod auth;
pub mod batches;
pub mod body;
pub mod case_note;
pub mod checkpoints;
pub mod clock_views;
pub mod conditions;
pub mod contract;
mod contract_shapes;
pub mod csv_answer;
pub mod cursor;
pub mod deprecations;
pub mod dictionary;
pub mod docs;
pub mod dry_runs;
pub mod end_acts;
pub mod end_requests;
pub mod ending_views;
pub mod erasures;
pub mod escalations;
pub mod exclusions;
pub mod explanation_shown;
pub mod explanation_views;
pub mod explanations;
pub mod exports;
pub mod external_ids;
pub mod failures;
pub mod feed;
pub mod feed_views;
pub mod field_codes;
pub mod field_errors;
pub mod fields;
pub mod filters;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod health;
pub mod hearing;
pub mod hearing_views;
mod hints;
pub mod history;
pub mod import_columns;
pub mod import_file;
pub mod import_report;
pub mod import_rows;
pub mod import_template;
pub mod imports;
pub mod key_set;
pub mod legal_holds;
pub mod limits;
pub mod lines;
pub mod lists;
pub mod members;
pub mod metrics;
pub mod notices;
pub mod odata;
pub mod pages;
pub mod paging;
pub mod paper_views;
pub mod papers;
pub mod permission;
pub mod policy_views;
pub mod practice;
pub mod practice_views;
pub mod problem;
pub mod problem_pages;
pub mod problem_types;
pub mod problems_everywhere;
pub mod query;
pub mod reference;
pub mod reference_views;
pub mod request_layer;
pub mod requests;
pub mod review_book;
pub mod review_file;
pub mod review_rules;
pub mod review_rules_views;
pub mod review_views;
pub mod reviews;
pub mod server;
pub mod source_version;
pub mod sources;
pub mod state;
pub mod strict_json;
pub mod subject_export_file;
pub mod subject_exports;
pub mod text_warnings;
pub mod time_views;
pub mod times;
pub mod token;
pub mod views;
pub mod webhook_views;
pub mod webhooks;
pub mod week_member;
pub mod weekly;
pub mod weekly_records;
pub mod weekly_views;
pub mod workbook;

#[cfg(test)]
mod bad_input_tests;
#[cfg(test)]
mod operation_tests;
#[cfg(test)]
mod sample_request;

/// Every operation: serving one and publishing it are the same line.
pub fn routes(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(escalations::raise_escalation)
        .service(batches::send_batch)
        .service(lists::list_escalations)
        .service(escalations::read_escalation)
        .service(escalations::correct_escalation)
        .service(sources::read_sent_escalation)
        .service(sources::send_escalation)
        .service(imports::start_import)
        .service(import_template::read_import_template)
        .service(import_template::read_import_workbook)
        .service(imports::read_import)
        .service(history::read_history)
        .service(case_note::read_case_note)
        .service(explanations::explain_due_date)
        .service(acts::acknowledge)
        .service(acts::decline)
        .service(acts::redirect)
        .service(acts::answer)
        .service(acts::state_account)
        .service(acts::accept)
        .service(acts::reject)
        .service(acts::advance)
        .service(acts::change_urgency)
        .service(acts::propose_extension)
        .service(acts::extend)
        .service(acts::call_meeting)
        .service(acts::pause)
        .service(acts::approve_pause)
        .service(acts::resume)
        .service(end_acts::resolve)
        .service(end_acts::withdraw)
        .service(end_acts::reroute)
        .service(end_acts::mark_duplicate)
        .service(end_acts::link)
        .service(end_acts::reopen)
        .service(end_acts::give_feedback)
        .service(end_acts::record_learning)
        .service(end_acts::check_impact)
        .service(end_acts::propose_policy_migration)
        .service(end_acts::migrate_policy)
        .service(acts::add_note)
        .service(external_ids::add_external_id)
        .service(external_ids::remove_external_id)
        .service(external_ids::list_external_ids)
        .service(external_ids::search_by_external_id)
        .service(escalations::search_by_child)
        .service(lists::list_episodes)
        .service(lists::list_clocks)
        .service(practice::record_informal_resolution)
        .service(practice::record_commendation)
        .service(practice::list_practice_records)
        .service(practice::read_practice_record)
        .service(notices::list_notices)
        .service(feed::read_feed)
        .service(exports::export_escalations)
        .service(exports::list_exports)
        .service(weekly::read_weekly_themes)
        .service(reviews::list_reviews)
        .service(reviews::read_review)
        .service(reviews::list_sign_offs)
        .service(reviews::sign_review)
        .service(exclusions::propose_exclusion)
        .service(exclusions::approve_exclusion)
        .service(exclusions::end_exclusion)
        .service(exclusions::list_exclusions)
        .service(papers::read_board_copy)
        .service(papers::list_public_packs)
        .service(papers::read_public_pack)
        .service(papers::release_public_pack)
        .service(review_rules::declare_rebase)
        .service(review_rules::list_rebases)
        .service(review_rules::withdraw_rebase)
        .service(review_rules::set_review)
        .service(review_rules::list_review_settings)
        .service(dictionary::list_metrics)
        .service(webhooks::create_webhook_endpoint)
        .service(webhooks::list_webhook_endpoints)
        .service(webhooks::read_webhook_endpoint)
        .service(webhooks::change_webhook_endpoint)
        .service(webhooks::remove_webhook_endpoint)
        .service(webhooks::rotate_webhook_secret)
        .service(webhooks::enable_webhook_endpoint)
        .service(webhooks::test_webhook_endpoint)
        .service(webhooks::list_webhook_deliveries)
        .service(webhooks::replay_webhook_delivery)
        .service(webhooks::replay_webhooks)
        .service(hearing::send_heartbeat)
        .service(hearing::give_nil_return)
        .service(hearing::list_nil_returns)
        .service(hearing::agree_feed)
        .service(hearing::list_feed_agreements)
        .service(reviews::read_sign_off)
        .service(reviews::list_review_changes)
        .service(actions::list_actions)
        .service(actions::list_review_actions)
        .service(actions::read_action)
        .service(actions::agree_action)
        .service(actions::record_progress)
        .service(actions::list_review_learning)
        .service(actions::note_learning)
        .service(actions::measure_learning)
        .service(access_events::list_access_events)
        .service(access_events::search_access_events)
        .service(access_findings::list_access_findings)
        .service(subject_exports::create_subject_export)
        .service(checkpoints::list_checkpoints)
        .service(legal_holds::place_legal_hold)
        .service(legal_holds::list_legal_holds)
        .service(legal_holds::lift_legal_hold)
        .service(erasures::propose_erasure)
        .service(erasures::approve_erasure)
        .service(erasures::decline_erasure)
        .service(erasures::list_erasures)
        .service(erasures::read_erasure)
        .service(reference::list_agencies)
        .service(reference::list_themes)
        .service(reference::list_timescales)
        .service(reference::list_stage_policies)
        .service(reference::list_calendars)
        .service(reference::list_outcomes)
        .service(contract::read_contract)
        .service(problem_pages::read_problem_type)
        .service(health::livez)
        .service(health::readyz)
        .service(health::version);
}

/// Every page for people. They are no part of the contract: programs use the operations above.
pub fn pages(config: &mut actix_web::web::ServiceConfig) {
    config
        .service(pages::assets::stylesheet)
        .service(pages::assets::icon)
        .service(pages::account::account)
        .service(pages::about::how_it_works)
        .service(pages::about::accessibility)
        .service(pages::escalations::list)
        .service(pages::escalations::detail)
        .service(pages::deep_link::deep_link)
        .service(pages::raise::raise_form)
        .service(pages::raise::raise_sent)
        .service(pages::raise::raised_page)
        .service(pages::nil_return::nil_return)
        .service(pages::nil_return::give)
        .service(pages::changes::changes)
        .service(pages::changes::declare)
        .service(pages::changes::withdraw)
        .service(pages::review::latest_review)
        .service(pages::sign_off::sign_off_form)
        .service(pages::sign_off::sign_off)
        .service(pages::review_changes::changes_of_week)
        .service(pages::actions::all_actions)
        .service(pages::actions::new_action_form)
        .service(pages::actions::new_action)
        .service(pages::actions::new_learning)
        .service(pages::actions::progress_form)
        .service(pages::actions::progress)
        .service(pages::actions::measure_learning)
        .service(pages::board_copy::board_copy)
        .service(pages::review::review_of_week)
        .service(auth::login::login)
        .service(auth::login::callback)
        .service(auth::choice::choose)
        .service(auth::logout::logout)
        .service(auth::logout::logout_everywhere)
        .service(auth::logout::signed_out);
}
