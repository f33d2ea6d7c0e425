//! The one style sheet, inside the program, under an address that changes with its content.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const STYLE: &[u8] = include_bytes!("../../../assets/style.css");

static ADDRESS: LazyLock<String> = LazyLock::new(|| {
    let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, STYLE));
    format!("/assets/style.css?v={}", hash.get(..16).unwrap_or_default())
});

/// The address of the style sheet as it is now.
#[must_use]
pub fn stylesheet() -> &'static str {
    &ADDRESS
}

/// The style sheet. Under its full address it can be kept for ever; under any other it has to be asked for again.
#[get("/assets/style.css")]
pub async fn style(request: HttpRequest) -> HttpResponse {
    let now = request.uri().path_and_query().is_some_and(|it| it.as_str() == stylesheet());
    let keep = if now { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, keep))
        .body(STYLE)
}
