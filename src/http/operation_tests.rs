//! How an operation uses all parts together, and what the published contract then says.

use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, post, test as harness, web};
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::body::Body;
use super::problem::Problem;
use super::problems_everywhere::problems_everywhere;
use super::sample_request::{RaiseEscalation, valid};

#[derive(OpenApi)]
#[openapi(components(schemas(RaiseEscalation, Problem)))]
struct Contract;

#[test]
fn the_contract_shows_the_limits() {
    let contract = serde_json::to_value(Contract::openapi()).unwrap();
    let schemas = &contract["components"]["schemas"];
    let request = &schemas["RaiseEscalation"];
    assert_eq!(request["required"].as_array().unwrap().len(), 6);
    assert_eq!(schemas["ListOf5_Theme"]["items"]["$ref"], "#/components/schemas/Theme");
    for name in schemas.to_string().split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        assert!(schemas.get(name).is_some(), "{name} is referred to but not there");
    }
    assert_eq!(request["additionalProperties"], false);
    assert_eq!(schemas["Text20000"]["maxLength"], 20_000);
    assert_eq!(schemas["Instant"]["format"], "date-time");
    assert_eq!(schemas["Problem"]["properties"]["status"]["type"], "integer");
}

#[post("/v1/escalations")]
async fn raise(body: Body) -> Result<HttpResponse, Problem> {
    let command: RaiseEscalation = body.read().await?;
    command.check()?;
    Ok(HttpResponse::Created().finish())
}

#[actix_web::test]
async fn an_operation_answers_with_problems() {
    let app =
        harness::init_service(App::new().wrap(from_fn(problems_everywhere)).service(raise)).await;
    let send = async |body: String| {
        let request = harness::TestRequest::post()
            .uri("/v1/escalations?x=1")
            .insert_header(("content-type", "application/json"))
            .set_payload(web::Bytes::from(body));
        let response = harness::call_service(&app, request.to_request()).await;
        let status = response.status().as_u16();
        let body = harness::read_body(response).await;
        (status, serde_json::from_slice::<Value>(&body).unwrap_or(Value::Null))
    };
    assert_eq!(send(valid().to_string()).await.0, 201);
    let (status, body) = send("{".to_owned()).await;
    assert_eq!((status, &body["code"]), (400, &json!("malformed-json")));
    assert_eq!(body["instance"], "/v1/escalations");
    let (status, body) = send(valid().to_string().replace("routine", "x")).await;
    assert_eq!(status, 422);
    assert_eq!(body["errors"][0]["pointer"], "#/urgency");
    assert_eq!(body["errors"][0]["code"], "unknown_code");
}
