//! The body of a message: one CloudEvent that says what happened to which escalation, and nothing of it.

use serde_json::json;

use crate::domain::webhook::Told;

/// The media type of the body: a CloudEvent in structured mode.
pub const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// The most bytes of a body, as Standard Webhooks asks. Every part of one is bounded, so none comes near.
pub const MOST_BYTES: usize = 20_000;

/// The body. It is the same at each attempt: all of it was settled when the event was recorded.
#[must_use]
pub fn body(told: &Told, source: &str) -> Vec<u8> {
    let escalation = told.escalation.to_string();
    let mut data = json!({
        "escalation_id": escalation,
        "reference": told.reference,
        "kind": kind(&told.kind),
        "href": format!("/v1/escalations/{escalation}"),
    });
    if let (Some(version), Some(data)) = (told.version, data.as_object_mut()) {
        data.insert("version".to_owned(), version.into());
    }
    json!({
        "specversion": "1.0",
        "id": told.id.to_string(),
        "source": source,
        "type": told.kind,
        "subject": escalation,
        "time": told.at.to_string(),
        "datacontenttype": "application/json",
        "partitionkey": escalation,
        // CloudEvents compares it as a text.
        "sequence": format!("{:020}", told.position),
        "data": data,
    })
    .to_string()
    .into_bytes()
}

/// The body of a message that only tries an endpoint.
#[must_use]
pub fn test_body(told: &Told, source: &str) -> Vec<u8> {
    json!({
        "specversion": "1.0",
        "id": told.id.to_string(),
        "source": source,
        "type": told.kind,
        "time": told.at.to_string(),
        "datacontenttype": "application/json",
        "data": {"kind": kind(&told.kind)},
    })
    .to_string()
    .into_bytes()
}

/// The code in the middle of a type: `raised` of `escalation-tracker.escalation.raised.v1`.
fn kind(of: &str) -> &str {
    of.split('.').nth(2).unwrap_or(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::EscalationId;
    use uuid::Uuid;

    #[test]
    fn a_body_is_thin_ordered_and_small() {
        let told = Told {
            id: Uuid::from_u128(1),
            kind: "escalation-tracker.escalation.policy_migration_proposed.v1".to_owned(),
            position: i64::MAX,
            escalation: EscalationId(Uuid::from_u128(2)),
            reference: "X".repeat(64),
            version: Some(i32::MAX),
            at: "2026-11-18T10:00:00.123456Z".parse().unwrap(),
        };
        let source = format!("/partnerships/{}", "x".repeat(64));
        let made = body(&told, &source);
        assert!(made.len() < 1_000 && made.len() < MOST_BYTES, "{}", made.len());
        let read: serde_json::Value = serde_json::from_slice(&made).unwrap();
        assert_eq!(read["data"]["kind"], "policy_migration_proposed");
        assert_eq!(read["sequence"], "09223372036854775807");
        let names: Vec<&String> = read["data"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["escalation_id", "href", "kind", "reference", "version"]);
        let notice = Told { version: None, ..told };
        let read: serde_json::Value = serde_json::from_slice(&body(&notice, &source)).unwrap();
        assert!(read["data"].get("version").is_none());
    }
}
