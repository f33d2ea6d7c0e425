//! Webhooks: where an agency's systems are told of what happens, and what they were told.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, delete, get, patch, post};

use super::actions::ChangeProblems;
use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::dry_runs::{self, DryRunView, Would};
use super::escalations::{expected_version, no_parameters};
use super::fields::canonical_uuid;
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::query::{LARGEST, QueryReader};
use super::state::AppState;
use super::webhook_views::{
    ChangeWebhookEndpoint, CreateWebhookEndpoint, DeliveryLinks, ReplayWebhooks, Sequence,
    WebhookDeliveries, WebhookEndpoint, WebhookEndpoints, WebhookReplay, WebhookTest,
};
use crate::domain::ids::WebhookEndpointId;
use crate::domain::webhook::DeliveryState;
use crate::usecases::Writing;
use crate::usecases::webhook_deliveries::{self, DeliveryFilter};
use crate::usecases::webhooks::{self, EndpointDetail};

/// How many deliveries a page has when the caller does not say.
const USUAL_LIMIT: u32 = 50;

/// An endpoint, or with `dry_run=true` that it could be made.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum WebhookEndpointOrDryRun {
    /// It was made.
    Endpoint(Box<WebhookEndpoint>),
    /// It was tried.
    DryRun(DryRunView),
}

fn endpoint_id(text: &str) -> Result<WebhookEndpointId, Problem> {
    canonical_uuid(text).map(WebhookEndpointId).ok_or_else(|| ProblemType::NotFound.into())
}

fn shown(mut answer: HttpResponseBuilder, detail: EndpointDetail) -> HttpResponse {
    let tag = format!("\"{}\"", detail.endpoint.version);
    answer.insert_header((header::ETAG, tag)).json(WebhookEndpoint::from(detail))
}

/// Make a webhook endpoint
///
/// Messages are thin CloudEvents, signed as Standard Webhooks 1.0.0 says: what happened to which escalation, and nothing
/// of it. Read the escalation with your own token. The endpoint is told of what your agency may see and happens from now
/// on; the feed, `GET /v1/events`, has everything. Messages come at least once, those of one escalation in their order;
/// the `webhook-id` is the event's. A message that fails is tried ten times in three days. With `ed25519` receivers verify
/// with the `public_key`; with `hmac_sha256` the `secret` is shown in this answer and never again. An agency has at most
/// 100 endpoints.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "create_webhook_endpoint",
    params(("dry_run" = Option<bool>, Query, description = "Only try: check everything, and make nothing.")),
    request_body(content = CreateWebhookEndpoint, content_type = "application/json", example = json!({
        "url": "https://hooks.example.org/escalations",
        "event_types": ["escalation-tracker.escalation.raised.v1", "escalation-tracker.clock.overdue.v1"]
    })),
    security(("bearer" = ["manage_webhooks"])),
    responses(
        (status = 201, description = "It was made.", body = WebhookEndpoint,
         headers(("ETag" = String, description = "Its version."),
                 ("Location" = String, description = "Its address."))),
        (status = 200, description = "It could be made; nothing was.", body = WebhookEndpointOrDryRun),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/webhook-endpoints")]
pub async fn create_webhook_endpoint(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let how = dry_runs::writing(&request)?;
    let input: CreateWebhookEndpoint = body.read().await?;
    let made = webhooks::create(&state.deps, &by, input.into_new()?, how).await?;
    if how == Writing::Tried {
        let (would, possible_duplicates) = (Would::Create, Vec::new());
        let tried = DryRunView {
            valid: true,
            would,
            result: None,
            possible_duplicates,
            warnings: Vec::new(),
        };
        return Ok(HttpResponse::Ok().json(tried));
    }
    let mut answer = HttpResponse::Created();
    let location = format!("/v1/webhook-endpoints/{}", made.endpoint.id);
    answer.insert_header((header::LOCATION, location));
    Ok(shown(answer, made))
}

/// List your webhook endpoints
///
/// Those of your own agency, the oldest first; for the partnership's own roles those of the partnership.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "list_webhook_endpoints",
    security(("bearer" = ["manage_webhooks"])),
    responses((status = 200, description = "The endpoints.", body = WebhookEndpoints), ReadProblems),
)]
#[get("/v1/webhook-endpoints")]
pub async fn list_webhook_endpoints(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let all = webhooks::list(&state.deps, &by).await?;
    Ok(HttpResponse::Ok()
        .json(WebhookEndpoints { items: all.into_iter().map(Into::into).collect() }))
}

/// Read a webhook endpoint
///
/// With its public keys and how it goes: since when every attempt has failed, and whether and why the service disabled it.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "read_webhook_endpoint",
    params(("endpoint_id" = WebhookEndpointId, Path, description = "The endpoint.")),
    security(("bearer" = ["manage_webhooks"])),
    responses(
        (status = 200, description = "The endpoint.", body = WebhookEndpoint),
        ReadProblems,
    ),
)]
#[get("/v1/webhook-endpoints/{endpoint_id}")]
pub async fn read_webhook_endpoint(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    endpoint_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = self::endpoint_id(&endpoint_id)?;
    Ok(shown(HttpResponse::Ok(), webhooks::read(&state.deps, &by, id).await?))
}

/// Change a webhook endpoint
///
/// Its address or its types. Messages that wait go to the new address.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "change_webhook_endpoint",
    params(
        ("endpoint_id" = WebhookEndpointId, Path, description = "The endpoint."),
        ("If-Match" = String, Header, description = "The ETag of the endpoint that was read."),
    ),
    request_body(content = ChangeWebhookEndpoint, content_type = "application/merge-patch+json",
        example = json!({"url": "https://hooks.example.org/escalations/v2"})),
    security(("bearer" = ["manage_webhooks"])),
    responses(
        (status = 200, description = "It is changed.", body = WebhookEndpoint),
        ReadProblems, BodyProblems, ChangeProblems,
    ),
)]
#[patch("/v1/webhook-endpoints/{endpoint_id}")]
pub async fn change_webhook_endpoint(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    endpoint_id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = self::endpoint_id(&endpoint_id)?;
    let version = expected_version(&request)?.ok_or(ProblemType::PreconditionRequired)?;
    let input: ChangeWebhookEndpoint = body.read_merge_patch().await?;
    let changed = webhooks::change(&state.deps, &by, id, version, input.into_change()?).await?;
    Ok(shown(HttpResponse::Ok(), changed))
}

/// Remove a webhook endpoint
///
/// Nothing more is sent to it. What was delivered stays on record.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "remove_webhook_endpoint",
    params(
        ("endpoint_id" = WebhookEndpointId, Path, description = "The endpoint."),
        ("If-Match" = String, Header, description = "The ETag of the endpoint that was read."),
    ),
    security(("bearer" = ["manage_webhooks"])),
    responses((status = 204, description = "It is removed."), ReadProblems, ChangeProblems),
)]
#[delete("/v1/webhook-endpoints/{endpoint_id}")]
pub async fn remove_webhook_endpoint(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    endpoint_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = self::endpoint_id(&endpoint_id)?;
    let version = expected_version(&request)?.ok_or(ProblemType::PreconditionRequired)?;
    webhooks::remove(&state.deps, &by, id, version).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Give a webhook endpoint a new key
///
/// For a day every message carries two signatures, one of the former key and one of the new one, so that receivers can
/// change in their own time. Rotated again within that day, the oldest key stops at once.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "rotate_webhook_secret",
    params(("endpoint_id" = WebhookEndpointId, Path, description = "The endpoint.")),
    security(("bearer" = ["manage_webhooks"])),
    responses((status = 200, description = "The endpoint, with the new secret if there is one.", body = WebhookEndpoint),
              ReadProblems),
)]
#[post("/v1/webhook-endpoints/{endpoint_id}/secret-rotation")]
pub async fn rotate_webhook_secret(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    endpoint_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = self::endpoint_id(&endpoint_id)?;
    Ok(shown(HttpResponse::Ok(), webhooks::rotate(&state.deps, &by, id).await?))
}

/// Enable a webhook endpoint again
///
/// It catches up with everything that it missed, in order: what waited, what was given up while nothing arrived, and what
/// happened meanwhile. For one that is active this changes nothing.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "enable_webhook_endpoint",
    params(("endpoint_id" = WebhookEndpointId, Path, description = "The endpoint.")),
    security(("bearer" = ["manage_webhooks"])),
    responses(
        (status = 200, description = "It is enabled.", body = WebhookEndpoint),
        (status = 422, description = "Its address may not be called any more; change it first.", body = Problem,
         content_type = "application/problem+json"),
        ReadProblems,
    ),
)]
#[post("/v1/webhook-endpoints/{endpoint_id}/enable")]
pub async fn enable_webhook_endpoint(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    endpoint_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = self::endpoint_id(&endpoint_id)?;
    Ok(shown(HttpResponse::Ok(), webhooks::enable(&state.deps, &by, id).await?))
}

/// Try a webhook endpoint
///
/// Sends one signed message of the type `escalation-tracker.webhook.test.v1` now, once, and says what came of it.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "test_webhook_endpoint",
    params(("endpoint_id" = WebhookEndpointId, Path, description = "The endpoint.")),
    security(("bearer" = ["manage_webhooks"])),
    responses((status = 200, description = "What came of it.", body = WebhookTest), ReadProblems),
)]
#[post("/v1/webhook-endpoints/{endpoint_id}/test")]
pub async fn test_webhook_endpoint(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    endpoint_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = self::endpoint_id(&endpoint_id)?;
    let (outcome, took_ms) = webhook_deliveries::test(&state.deps, &by, id).await?;
    let shown = WebhookTest { outcome: outcome.outcome, status: outcome.status, took_ms };
    Ok(HttpResponse::Ok().json(shown))
}

/// List what was delivered to a webhook endpoint
///
/// The latest first, with every attempt. Of a receiver's answer only the status is kept.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "list_webhook_deliveries",
    params(
        ("endpoint_id" = WebhookEndpointId, Path, description = "The endpoint."),
        ("state" = Option<DeliveryState>, Query, description = "Only those that have come so far."),
        ("sequence" = Option<String>, Query, description = "Only those of this position of the feed."),
        ("before" = Option<u32>, Query, description = "Only those with a lower number: the next page."),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 when not said."),
    ),
    security(("bearer" = ["manage_webhooks"])),
    responses((status = 200, description = "The deliveries.", body = WebhookDeliveries), ReadProblems),
)]
#[get("/v1/webhook-endpoints/{endpoint_id}/deliveries")]
pub async fn list_webhook_deliveries(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    endpoint_id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let known = &["state", "sequence", "before", "limit"];
    let mut query = QueryReader::new(request.query_string(), known);
    let limit = query.integer("limit", 1, 200).unwrap_or(USUAL_LIMIT);
    let read_state: Option<DeliveryState> = query.code("state");
    let before = query.integer("before", 1, LARGEST);
    let position = query.raw("sequence").map(Sequence::parse);
    if position == Some(None) {
        query.refuse("sequence", super::field_errors::FieldCode::Pattern);
    }
    query.finish()?;
    let id = self::endpoint_id(&endpoint_id)?;
    let filter = DeliveryFilter {
        before: before.map(i64::from),
        state: read_state,
        position: position.flatten().map(|it| it.0),
    };
    let found =
        webhook_deliveries::list(&state.deps, &by, id, filter, i64::from(limit) + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > wanted;
    let last = found.iter().take(wanted).next_back().map_or(0, |it| it.number);
    let next = more.then(|| {
        let rest = request
            .query_string()
            .split('&')
            .filter(|it| !it.is_empty() && !it.starts_with("before="));
        let rest: String = rest.map(|it| format!("{it}&")).collect();
        format!("{}?{rest}before={last}", request.path())
    });
    let links = DeliveryLinks { this: request.uri().to_string(), next };
    let items = found.into_iter().take(wanted).map(Into::into).collect();
    Ok(HttpResponse::Ok().json(WebhookDeliveries { items, links }))
}

/// Deliver one event again
///
/// Under the same `webhook-id`. It waits for its turn behind what was never sent of the same escalation.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "replay_webhook_delivery",
    params(
        ("endpoint_id" = WebhookEndpointId, Path, description = "The endpoint."),
        ("sequence" = String, Path, description = "The position of the event in the feed.", example = "1"),
    ),
    security(("bearer" = ["manage_webhooks"])),
    responses((status = 202, description = "It is delivered again.", body = WebhookReplay), ReadProblems),
)]
#[post("/v1/webhook-endpoints/{endpoint_id}/deliveries/{sequence}/replay")]
pub async fn replay_webhook_delivery(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let (endpoint_id, sequence) = path.into_inner();
    let id = self::endpoint_id(&endpoint_id)?;
    let Sequence(at) = Sequence::parse(&sequence).ok_or(ProblemType::NotFound)?;
    let added = webhook_deliveries::replay(&state.deps, &by, id, (at, at)).await?;
    if added == 0 {
        return Err(ProblemType::NotFound.into());
    }
    Ok(HttpResponse::Accepted().json(WebhookReplay { added }))
}

/// Deliver part of the feed again
///
/// Everything between two positions that is for this endpoint, each event under its own `webhook-id`, in order.
#[utoipa::path(
    tag = "webhooks",
    operation_id = "replay_webhooks",
    params(("endpoint_id" = WebhookEndpointId, Path, description = "The endpoint.")),
    request_body(content = ReplayWebhooks, content_type = "application/json",
        example = json!({"from": "00000000000000000001", "to": "00000000000000000100"})),
    security(("bearer" = ["manage_webhooks"])),
    responses((status = 202, description = "They are delivered again.", body = WebhookReplay), ReadProblems, BodyProblems),
)]
#[post("/v1/webhook-endpoints/{endpoint_id}/replay")]
pub async fn replay_webhooks(
    by: Allowed<needs::Webhooks>,
    state: Data<AppState>,
    request: HttpRequest,
    endpoint_id: Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let id = self::endpoint_id(&endpoint_id)?;
    let input: ReplayWebhooks = body.read().await?;
    let added =
        webhook_deliveries::replay(&state.deps, &by, id, (input.from.0, input.to.0)).await?;
    Ok(HttpResponse::Accepted().json(WebhookReplay { added }))
}
