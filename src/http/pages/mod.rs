//! What every page for people has in common: one frame, one set of headers, one way to say that something is wrong.

pub mod account;
pub mod assets;
pub mod error;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::problems_everywhere::OwnBody;
use super::state::AppState;

/// Where somebody lands who did not say where to.
pub const HOME: &str = "/account";

/// Nothing from elsewhere, no script at all, and no form that sends to another origin. A browser applies `form-action`
/// also to where an answered form redirects, so that no form may be answered with a redirect to the provider: sign-in
/// begins with a link, and signing out answers with a page that leads on.
const CONTENT_SECURITY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                                base-uri 'none'; frame-ancestors 'none'";

/// What the frame of a page shows.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Whether everything here is made up, which each page says.
    pub made_up: bool,
    /// Who is signed in.
    pub who: Option<Who>,
}

/// Who is signed in, as the frame shows it.
#[derive(Debug, Clone)]
pub struct Who {
    /// The person's name.
    pub name: String,
    /// The role in words.
    pub role: &'static str,
    /// What each form of this person's pages must send as `csrf`.
    pub csrf: String,
}

impl Frame {
    /// The frame of a page that anybody may see.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let state: Option<&Data<AppState>> = request.app_data();
        Self { made_up: state.is_some_and(|state| state.doors.made_up()), who: None }
    }

    /// The address of the style sheet, which changes with its content.
    #[must_use]
    pub fn stylesheet(&self) -> &'static str {
        assets::stylesheet()
    }

    /// Where the name of the service leads.
    #[must_use]
    pub const fn home(&self) -> &'static str {
        HOME
    }
}

/// A page, with the headers that every page has. Pages are answered through here only.
pub fn page<T: Template>(status: StatusCode, template: &T) -> HttpResponse {
    let Ok(html) = template.render() else {
        tracing::error!("a page could not be written");
        return HttpResponse::InternalServerError().finish();
    };
    let mut answer = HttpResponse::build(status);
    answer.content_type("text/html; charset=utf-8");
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
        (header::CACHE_CONTROL, "no-store"),
        // The API's `no-referrer` would make browsers send `Origin: null` with our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        answer.insert_header((name, HeaderValue::from_static(value)));
    }
    // A person cannot read a problem document.
    answer.extensions_mut().insert(OwnBody);
    answer.body(html)
}

/// A redirect after which the browser reads the other address.
pub fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, to))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .finish()
}
