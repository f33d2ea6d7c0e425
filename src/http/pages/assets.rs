//! The one style sheet and the icon. The sheet is part of the program, and its address changes with its content, so that
//! a browser keeps it for a year and never shows an old one.

use std::sync::OnceLock;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, get};

use crate::sha256;

/// The style sheet.
pub const STYLE: &[u8] = include_bytes!("../../../assets/style.css");

const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "public, no-cache";

/// The SHA-256 of the style sheet.
fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| sha256::hexadecimal(STYLE))
}

/// The address under which the style sheet may be kept for good.
#[must_use]
pub fn stylesheet_address() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| format!("/assets/style.css?v={}", hash()))
}

/// The style sheet, for anybody: it holds no data.
#[get("/assets/style.css")]
pub async fn stylesheet(request: HttpRequest) -> HttpResponse {
    let tag = format!("\"{}\"", hash());
    // Under an older address it is sent all the same, but not kept.
    let current = request.query_string() == format!("v={}", hash());
    let known = known(&request, &tag);
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::CACHE_CONTROL, if current { FOR_A_YEAR } else { ASK_AGAIN }));
    answer.insert_header((header::ETAG, tag));
    if known { answer.finish() } else { answer.content_type("text/css; charset=utf-8").body(STYLE) }
}

/// The sign by which a browser shows a page among others.
const ICON: &str = include_str!("../../../assets/icon.svg");

/// The icon, for anybody.
#[get("/assets/icon.svg")]
pub async fn icon() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=86400"))
        .content_type("image/svg+xml")
        .body(ICON)
}

fn known(request: &HttpRequest, tag: &str) -> bool {
    let sent = request.headers().get(header::IF_NONE_MATCH).map(HeaderValue::to_str);
    matches!(sent, Some(Ok(sent)) if sent.split(',').any(|it| it.trim() == tag))
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, body::MessageBody};

    use super::*;

    async fn sent(address: &str, tag: Option<&str>) -> (u16, String, String, usize) {
        let app = init_service(App::new().service(stylesheet)).await;
        let mut request = TestRequest::get().uri(address);
        if let Some(tag) = tag {
            request = request.insert_header((header::IF_NONE_MATCH, tag));
        }
        let answer = call_service(&app, request.to_request()).await;
        let text = |name| {
            let value = answer.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
            value.unwrap_or_default()
        };
        let (status, kept, tag) =
            (answer.status().as_u16(), text(header::CACHE_CONTROL), text(header::ETAG));
        assert!(status == 304 || text(header::CONTENT_TYPE) == "text/css; charset=utf-8");
        let body = read_body(answer).await;
        (status, kept, tag, body.try_into_bytes().unwrap().len())
    }

    #[actix_web::test]
    async fn the_style_sheet_is_kept_under_its_own_address_only() {
        let (status, kept, tag, length) = sent(stylesheet_address(), None).await;
        assert_eq!((status, kept.as_str(), length), (200, FOR_A_YEAR, STYLE.len()));
        for old in ["/assets/style.css", "/assets/style.css?v=0", "/assets/style.css?v="] {
            assert_eq!(sent(old, None).await.1, ASK_AGAIN, "{old}");
        }
        let again = sent(stylesheet_address(), Some(&format!("\"x\", {tag}"))).await;
        assert_eq!((again.0, again.3), (304, 0));
        assert_eq!(sent(stylesheet_address(), Some("\"x\"")).await.0, 200);
    }
}
