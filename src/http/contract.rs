//! The published contract: made from the very routes that are served.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{App, HttpRequest, HttpResponse, get};
use serde_json::Value;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, RefOr, Required,
    ResponseBuilder, Server, Tag, Type,
};
use utoipa_actix_web::AppExt;

use super::access_purpose::tell_purpose;
use super::contract_shapes::name_alternatives;
use super::deprecations::{Announced, DEPRECATIONS, Deprecation, announce};
use super::paging::{Sort, SortByAge};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::state::AppState;
use crate::domain::access_event::AccessPurpose;

/// The contract, ready to be sent, and what it says about paths.
pub struct Contract {
    json: String,
    value: Value,
    paths: Vec<Path>,
    /// What is on its way out.
    pub announced: Vec<Announced>,
}

/// A path of the contract.
struct Path {
    template: String,
    segments: Vec<String>,
    methods: Vec<&'static str>,
    /// The names of its operations, by method.
    operations: Vec<(&'static str, String)>,
}

impl Contract {
    /// The contract of this program.
    #[must_use]
    pub fn new() -> Self {
        Self::with(DEPRECATIONS).unwrap_or_else(|_| Self::of(undated(), Vec::new()))
    }

    /// The contract with these deprecations, and answers that say so.
    ///
    /// # Errors
    /// What is wrong with a deprecation.
    pub fn with(table: &[Deprecation]) -> Result<Self, String> {
        document_with(table).map(|(document, announced)| Self::of(document, announced))
    }

    fn of(document: OpenApi, announced: Vec<Announced>) -> Self {
        let paths = document
            .paths
            .paths
            .iter()
            .map(|(template, item)| Path {
                template: template.clone(),
                segments: template.split('/').map(str::to_owned).collect(),
                methods: methods(item),
                operations: operations(item),
            })
            .collect();
        let value = serde_json::to_value(&document).unwrap_or_default();
        Self { json: written(&document), value, paths, announced }
    }

    /// The contract as JSON, for the pages that are made from it.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The name of the operation that a method of a path of the contract is.
    #[must_use]
    pub fn operation_id(&self, method: &actix_web::http::Method, template: &str) -> Option<&str> {
        let path = self.paths.iter().find(|known| known.template == template)?;
        let (_, id) = path.operations.iter().find(|(known, _)| *known == method.as_str())?;
        Some(id)
    }

    /// The methods that a path serves, or nothing when it is no path of the contract.
    fn methods(&self, path: &str) -> Option<&[&'static str]> {
        let segments: Vec<&str> = path.split('/').collect();
        self.paths
            .iter()
            .find(|known| {
                known.segments.len() == segments.len()
                    && known.segments.iter().zip(&segments).all(|(known, sent)| {
                        known == sent || (known.starts_with('{') && !sent.is_empty())
                    })
            })
            .map(|known| known.methods.as_slice())
    }
}

impl Default for Contract {
    fn default() -> Self {
        Self::new()
    }
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    let mut methods = vec!["OPTIONS"];
    if item.get.is_some() {
        methods.extend(["GET", "HEAD"]);
    }
    for (name, operation) in
        [("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)]
    {
        if operation.is_some() {
            methods.push(name);
        }
    }
    methods
}

fn operations(item: &PathItem) -> Vec<(&'static str, String)> {
    by_method(item)
        .into_iter()
        .filter_map(|(method, it)| Some((method, it.as_ref()?.operation_id.clone()?)))
        .collect()
}

const fn by_method(item: &PathItem) -> [(&'static str, &Option<Operation>); 5] {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
}

/// The contract as a document. A test keeps the table of deprecations right.
#[must_use]
pub fn document() -> OpenApi {
    document_with(DEPRECATIONS).map_or_else(|_| undated(), |(document, _)| document)
}

/// The contract with these deprecations, and what the answers are to say of them.
///
/// # Errors
/// What is wrong with a deprecation.
pub fn document_with(table: &[Deprecation]) -> Result<(OpenApi, Vec<Announced>), String> {
    let mut document = undated();
    let announced = announce(&mut document, table)?;
    Ok((document, announced))
}

fn undated() -> OpenApi {
    let (_, mut document) =
        App::new().into_utoipa_app().openapi(frame()).configure(super::routes).split_for_parts();
    for item in document.paths.paths.values_mut() {
        if let Some(read) = &mut item.get {
            tell_condition(read);
        }
        let all = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        all.into_iter().flatten().for_each(tell_purpose);
    }
    if let Some(components) = &mut document.components {
        name_alternatives(components);
    }
    document
}

/// Every reading that answers with a tag can be asked for something newer only; the outermost layer sees to it.
fn tell_condition(read: &mut Operation) {
    let told = |status: &str| match read.responses.responses.get(status) {
        Some(RefOr::T(answer)) => answer.headers.contains_key("ETag"),
        _ => false,
    };
    if !told("200") {
        return;
    }
    let known = ResponseBuilder::new().description("It is the version that you have.").build();
    read.responses.responses.insert("304".to_owned(), known.into());
    let parameter = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The `ETag` that you have, or several; what has it still is answered with 304 and no body."))
        .schema(Some(ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))))
        .build();
    read.parameters.get_or_insert_default().push(parameter.into());
}

/// The contract as the text that is published and kept in the repository.
#[must_use]
pub fn text() -> String {
    written(&document())
}

fn written(document: &OpenApi) -> String {
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

fn frame() -> OpenApi {
    let mut frame = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Escalation tracker")
                .version("1")
                .description(Some(
                    "Records multi-agency child-safeguarding escalations, keeps their clocks, and \
                     gives the Director the weekly theme review.\n\n\
                     Times are RFC 3339, sent with an offset and answered in UTC. Weeks are ISO \
                     weeks in Europe/London. Every error is `application/problem+json`. Lists of \
                     codes can grow: expect codes that you do not know.",
                ))
                .license(Some(
                    LicenseBuilder::new()
                        .name("MIT OR Apache-2.0")
                        .identifier(Some("MIT OR Apache-2.0"))
                        .build(),
                ))
                .build(),
        )
        .servers(Some([Server::new("/")]))
        .tags(Some(
            [
                ("escalations", "Raise, read and correct escalations."),
                ("acts", "Act on an escalation. Each act says who may do it and when."),
                (
                    "imports",
                    "Files of escalations: checked, taken in row by row, and what came of each.",
                ),
                ("exports", "Files of escalations that leave, with what they are for."),
                ("external ids", "What your own systems call the case of an escalation."),
                ("lists", "Lists, page by page, as JSON or CSV."),
                ("feed", "What happened, in one order, for systems that keep a copy or act on it."),
                ("practice", "What was settled or done well without an escalation."),
                ("review", "The figures of the weekly review."),
                (
                    "hearing",
                    "Who is heard: systems that are alive, and agencies with nothing to raise.",
                ),
                (
                    "webhooks",
                    "Where your systems are told of what happens, and what they were told.",
                ),
                (
                    "access log",
                    "Who read what, and signed checkpoints that show later that the record was not written anew.",
                ),
                (
                    "privacy",
                    "What is held about a child, legal holds, and erasure by two people.",
                ),
                ("reference", "The codes that can be sent, with their words and definitions."),
                ("health", "Whether the service lives and is ready."),
                ("contract", "This contract."),
            ]
            .map(|(name, description)| {
                let mut tag = Tag::new(name);
                tag.description = Some(description.to_owned());
                tag
            }),
        ))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "An access token of the configured issuer. Agency and role come from the registry of \
             clients, never from the token or the body. The names in brackets are actions of the \
             access table.",
        ))
        .build();
    let components = frame.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    // Schemas are gathered from bodies; these are named by parameters only.
    components.schemas.extend([named::<AccessPurpose>(), named::<Sort>(), named::<SortByAge>()]);
    frame
}

fn named<T: utoipa::ToSchema>() -> (String, RefOr<utoipa::openapi::Schema>) {
    (T::name().into_owned(), T::schema())
}

/// Read the contract
///
/// This document, in OpenAPI 3.1.
#[utoipa::path(tag = "contract", operation_id = "read_contract", security(()),
    responses((status = 200, description = "The contract.", body = Object),
              (status = "default", description = "Any problem.", body = Problem, content_type = "application/problem+json")))]
#[get("/openapi.json")]
pub async fn read_contract(state: Data<AppState>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(state.contract.json.clone())
}

/// What answers where no operation does: 404, 405 with the methods there are, or the methods alone.
pub async fn no_operation(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let state: &Data<AppState> = request.app_data().ok_or(ProblemType::Internal)?;
    let methods = state.contract.methods(request.path()).ok_or(ProblemType::NotFound)?;
    let allow = HeaderValue::from_str(&methods.join(", ")).map_err(|_| ProblemType::Internal)?;
    if request.method() == actix_web::http::Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish());
    }
    Err(Problem::new(ProblemType::MethodNotAllowed).header(header::ALLOW, allow))
}
