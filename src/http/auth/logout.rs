//! Signing out, on this device or on all; the page after it leads nowhere by itself.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use askama::Template;

use super::cookies::Cookie;
use super::doors::Way;
use super::form::PageForm;
use crate::http::pages::error::PageError;
use crate::http::pages::{Frame, page};
use crate::http::problems_everywhere::RequestId;
use crate::http::state::AppState;
use crate::usecases::sign_in;

#[derive(Template)]
#[template(path = "auth/signed_out.html")]
struct SignedOut {
    frame: Frame,
    provider: Option<String>,
}

/// Signs out on this device.
#[post("/auth/logout")]
pub async fn logout(
    request: HttpRequest,
    state: Data<AppState>,
    form: PageForm,
) -> Result<HttpResponse, PageError> {
    let secure = state.doors.secure();
    if let Some(cookie) = Cookie::Session.of(&request, secure) {
        let partnership = form.by.session.partnership;
        let closed = sign_in::close(&state.deps, partnership, &cookie).await;
        closed.map_err(|failure| PageError::of(&request, failure))?;
        tracing::info!(request_id = %RequestId::of(&request), "signed out");
    }
    Ok(leave(&request, &state).await)
}

/// Signs out on all devices.
#[post("/auth/logout-everywhere")]
pub async fn logout_everywhere(
    request: HttpRequest,
    state: Data<AppState>,
    form: PageForm,
) -> Result<HttpResponse, PageError> {
    let closed = sign_in::close_all(&state.deps, &form.by.session).await;
    closed.map_err(|failure| PageError::of(&request, failure))?;
    tracing::info!(request_id = %RequestId::of(&request), "signed out everywhere");
    Ok(leave(&request, &state).await)
}

/// Where the provider sends the browser once it has signed the person out too.
#[get("/auth/signed-out")]
pub async fn signed_out(request: HttpRequest) -> HttpResponse {
    page(StatusCode::OK, &SignedOut { frame: Frame::of(&request), provider: None })
}

/// A page that leads on to the provider, if it offers to sign out there. See the note at the pages' headers for why
/// this is no redirect.
async fn leave(request: &HttpRequest, state: &AppState) -> HttpResponse {
    let provider = match state.doors.way() {
        Way::Provider(provider) => provider.end_session().await,
        _ => None,
    };
    let mut answer = page(StatusCode::OK, &SignedOut { frame: Frame::of(request), provider });
    let clear = Cookie::Session.clear(state.doors.secure());
    if let Ok(value) = header::HeaderValue::from_str(&clear) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
    answer
}
