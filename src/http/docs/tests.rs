//! Every page of the reference can be made, and says what the contract says.

use askama::Template;
use serde_json::Value;

use super::*;
use crate::http::contract;

fn contract() -> Value {
    contract::text().parse().expect("JSON")
}

#[test]
fn every_operation_and_every_schema_that_a_page_leads_to_has_its_own() {
    let contract = contract();
    let mut wanted = std::collections::BTreeSet::new();
    let mut operations = 0;
    for entry in reference::groups(&contract).into_iter().flat_map(|group| group.operations) {
        let it = reference::operation(&contract, &entry.id).expect("is there");
        assert!(!it.text.is_empty() && !it.entry.summary.is_empty(), "{}", entry.id);
        let page = OperationPage { frame: Frame::default(), it }.render().expect("renders");
        assert_well_formed(&page, &entry.id);
        wanted.extend(leads(&page));
        operations += 1;
    }
    let paths = contract["paths"].as_object().expect("paths").values();
    let all: usize = paths.map(|item| item.as_object().expect("operations").len()).sum();
    assert_eq!(operations, all, "an operation has no tag that the contract lists");
    let mut done = std::collections::BTreeSet::new();
    while let Some(name) = wanted.pop_first() {
        if done.insert(name.clone()) {
            let it = reference::schema(&contract, &name).unwrap_or_else(|| panic!("no {name}"));
            assert!(!it.rows.is_empty() || !it.alternatives.is_empty(), "{name}");
            let page = SchemaPage { frame: Frame::default(), it }.render().expect("renders");
            assert_well_formed(&page, &name);
            wanted.extend(leads(&page));
        }
    }
    assert!(done.len() > 50, "{}", done.len());
}

fn leads(page: &str) -> Vec<String> {
    let links = page.split("href=\"/docs/schemas/").skip(1);
    links.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

/// No script, headings in order, each table with a caption and each head with a scope, and no anchor twice.
fn assert_well_formed(page: &str, what: &str) {
    for forbidden in ["<script", "<style", " style=", "src=\"http"] {
        assert!(!page.contains(forbidden), "{what}: {forbidden}");
    }
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count(), "{what}");
    assert_eq!(page.matches("<th ").count(), page.matches("<th scope=\"").count(), "{what}");
    assert!(!page.contains("<th>"), "{what}");
    let mut before = 0;
    for heading in page.split("<h").skip(1) {
        let Some(depth) = heading.chars().next().and_then(|it| it.to_digit(10)) else { continue };
        assert!(depth <= before + 1, "{what}: h{depth} after h{before}");
        before = depth;
    }
    let ids: Vec<_> = page.split(" id=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "{what}: {ids:?}");
}

#[test]
fn the_page_of_an_operation_says_what_the_contract_says() {
    let it = reference::operation(&contract(), "send_escalation").expect("is there");
    assert_eq!(it.callers, ["agencies"]);
    let page = OperationPage { frame: Frame::default(), it }.render().expect("renders");
    for told in [
        "<h1>Send an escalation</h1>",
        "<code>PUT /v1/sources/{source}/escalations/{external_reference}</code>",
        "<code>dry_run</code> <small>query</small>",
        "curl -sS -X PUT",
        "Invoke-RestMethod -Method PUT",
        "<a href=\"/problems/validation-failed\">validation-failed</a>",
        "<h3 id=\"body-DelayInput\">DelayInput</h3>",
        "1 to 2000 characters",
        "&#34;source_version&#34;: 3",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
}

#[test]
fn texts_become_pages() {
    let frame = Frame::default;
    let page = Start { frame: frame(), quickstart: quickstart(), groups: Vec::new() };
    let page = page.render().expect("renders");
    assert!(page.contains("<pre class=\"lines\"><code>"), "the quickstart has lines to type");
    assert_well_formed(&page, "start");
    for (title, blocks) in
        [("Conventions", blocks(CONVENTIONS)), ("What changed", changelog::shown())]
    {
        let blocks = blocks.into_iter().filter(|it| !matches!(it, Block::Heading { depth: 1, .. }));
        let text = TextPage { frame: frame(), title, blocks: blocks.collect(), feed: None };
        let page = text.render().expect("renders");
        assert!(page.contains("<h2 id=") && page.contains("<li>"), "{title}");
        assert_well_formed(&page, title);
    }
}
