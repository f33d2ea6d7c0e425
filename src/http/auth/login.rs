//! Signing in: out to the provider, and back with what it says.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;
use serde::Deserialize;

use super::choice;
use super::cookies::{Cookie, secret};
use super::doors::Way;
use super::provider::{Provider, ProviderError};
use super::return_to;
use crate::domain::sign_in::{ATTEMPT, LoginAttempt};
use crate::http::pages::error::PageError;
use crate::http::pages::{Frame, page};
use crate::http::problem_types::ProblemType;
use crate::http::problems_everywhere::RequestId;
use crate::http::state::AppState;
use crate::usecases::sign_in::{self, Person};

#[derive(Template)]
#[template(path = "auth/continue.html")]
pub(super) struct Continue {
    pub(super) frame: Frame,
    pub(super) onward: String,
}

/// What can be said when sign-in begins.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    return_to: String,
    /// There when the person must prove again who they are.
    fresh: Option<String>,
}

/// What the provider sends back.
#[derive(Debug, Default, Deserialize)]
pub struct SentBack {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Begins to sign somebody in, who goes on to `return_to` afterwards.
#[get("/auth/login")]
pub async fn login(
    request: HttpRequest,
    state: Data<AppState>,
    asked: Result<Query<Asked>, actix_web::Error>,
) -> Result<HttpResponse, PageError> {
    let (wanted, fresh) =
        asked.map(|it| (it.return_to.clone(), it.fresh.is_some())).unwrap_or_default();
    let wanted = return_to::local(&wanted);
    match state.doors.way() {
        Way::Closed => Err(PageError::new(
            &request,
            StatusCode::NOT_FOUND,
            "There is no sign-in here",
            "This service answers programs only. Whoever runs it can set OIDC_ISSUER.",
        )),
        Way::Choice { issuer } => choice::offer(&request, &state, issuer, wanted).await,
        Way::Provider(provider) => depart(&request, &state, provider, wanted, fresh).await,
    }
}

async fn depart(
    request: &HttpRequest,
    state: &AppState,
    provider: &Provider,
    wanted: &str,
    fresh: bool,
) -> Result<HttpResponse, PageError> {
    let failed = |failure| PageError::of(request, failure);
    let now = state.deps.clock.now();
    let attempt = LoginAttempt {
        state: secret(),
        nonce: secret(),
        pkce_verifier: secret(),
        return_to: wanted.to_owned(),
        must_be_fresh: fresh,
        expires_at: now.saturating_add(ATTEMPT).unwrap_or(now),
    };
    let to = provider.authorization(&attempt).await.map_err(|error| refused(request, &error))?;
    let cookie = secret();
    let partnership = state.doors.partnership(&state.deps).await.map_err(failed)?;
    sign_in::begin(&state.deps, partnership, &cookie, attempt)
        .await
        .map_err(|failure| PageError::of(request, failure))?;
    Ok(HttpResponse::Found()
        .insert_header((header::LOCATION, to))
        .insert_header((header::SET_COOKIE, Cookie::Attempt.set(&cookie, state.doors.secure())))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}

/// Takes back whom the provider sends. Whatever is wrong here is said on a page: going to the provider again by itself
/// could go on for ever.
#[get("/auth/callback")]
pub async fn callback(
    request: HttpRequest,
    state: Data<AppState>,
    sent: Result<Query<SentBack>, actix_web::Error>,
) -> Result<HttpResponse, PageError> {
    let Way::Provider(provider) = state.doors.way() else {
        return Err(PageError::of(&request, ProblemType::NotFound));
    };
    let sent = sent.map(Query::into_inner).unwrap_or_default();
    let secure = state.doors.secure();
    let failed = |failure| PageError::of(&request, failure);
    let lost = || not_completed(&request, "the attempt is not known, or over");
    let cookie = Cookie::Attempt.of(&request, secure).ok_or_else(lost)?;
    let partnership = state.doors.partnership(&state.deps).await.map_err(failed)?;
    let attempt = sign_in::take(&state.deps, partnership, &cookie).await;
    let attempt = attempt.map_err(|failure| PageError::of(&request, failure))?.ok_or_else(lost)?;
    if sent.state.as_deref() != Some(&attempt.state) {
        return Err(not_completed(&request, "another state"));
    }
    if sent.iss.is_some_and(|iss| iss != provider.settings().issuer) {
        return Err(not_completed(&request, "another issuer sent it back"));
    }
    let Some(code) = sent.code.filter(|_| sent.error.is_none()) else {
        return Err(not_completed(&request, "the provider did not sign the person in"));
    };
    let told = provider.redeem(&code, &attempt, state.deps.clock.now()).await;
    let told = told.map_err(|error| refused(&request, &error))?;

    let settings = provider.settings();
    let registration = settings.claims.registration(&settings.client_id, &told.claims);
    let fits = |name: &String| name.len() <= 200 && !name.chars().any(char::is_control);
    let registered_as =
        registration.filter(fits).ok_or_else(|| stranger(&request, "no role of ours"))?;
    let person = Person {
        issuer: settings.issuer.clone(),
        subject: told.subject,
        registered_as,
        display_name: told.display_name,
        auth_time: told.auth_time,
    };
    enter(&request, &state, person, &attempt.return_to).await
}

/// Begins the session, and answers with a page that leads on. A redirect would still count as coming from the
/// provider's site, and browsers would leave strict cookies behind.
pub(super) async fn enter(
    request: &HttpRequest,
    state: &AppState,
    person: Person,
    onward: &str,
) -> Result<HttpResponse, PageError> {
    let failed = |failure| PageError::of(request, failure);
    let secure = state.doors.secure();
    let partnership = state.doors.partnership(&state.deps).await.map_err(failed)?;
    let cookie = secret();
    let replaced = Cookie::Session.of(request, secure);
    let registered_as = person.registered_as.clone();
    let let_in =
        sign_in::open(&state.deps, partnership, &cookie, person, replaced.as_deref()).await;
    if !let_in.map_err(|failure| PageError::of(request, failure))? {
        return Err(stranger(request, "no registration that lets the person in"));
    }
    tracing::info!(registered_as, request_id = %RequestId::of(request), "signed in");
    let frame = Frame::of(request);
    let mut answer = page(StatusCode::OK, &Continue { frame, onward: onward.to_owned() });
    for cookie in [Cookie::Session.set(&cookie, secure), Cookie::Attempt.clear(secure)] {
        if let Ok(value) = header::HeaderValue::from_str(&cookie) {
            answer.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    Ok(answer)
}

fn refused(request: &HttpRequest, error: &ProviderError) -> PageError {
    match error {
        ProviderError::Refused(reason) => not_completed(request, reason),
        ProviderError::Away(_) => {
            tracing::warn!(%error, "sign-in is not possible");
            let words = "The service that says who you are does not answer. Try again in a minute.";
            PageError::new(
                request,
                StatusCode::SERVICE_UNAVAILABLE,
                "Sign-in is not possible now",
                words,
            )
            .with_link("Try again", return_to::login("", false))
        }
    }
}

/// Why is only logged: who tampers learns nothing.
fn not_completed(request: &HttpRequest, reason: &'static str) -> PageError {
    tracing::info!(reason, request_id = %RequestId::of(request), "sign-in refused");
    let words = "It was not completed, or took too long, or your browser does not keep cookies.";
    PageError::new(request, StatusCode::BAD_REQUEST, "Sign-in could not be completed", words)
        .with_link("Try again", return_to::login("", false))
}

fn stranger(request: &HttpRequest, reason: &'static str) -> PageError {
    tracing::info!(reason, request_id = %RequestId::of(request), "sign-in refused");
    let words = "Your organisation says who you are, and nobody has given you a part in this service. Ask whoever \
                 looks after it in your partnership.";
    PageError::new(request, StatusCode::FORBIDDEN, "You have no part in this service", words)
        .with_link("Try again", return_to::login("", false))
}
