//! Pages for people: HTML made on the server, without a script, from values that are computed elsewhere.
//!
//! A page decides nothing. What every page has in common is here: one frame, one set of headers, one way to say that
//! something is wrong.

pub mod about;
pub mod account;
mod action_form;
pub mod actions;
pub mod assets;
pub mod board_copy;
mod cards;
pub mod changes;
mod charts;
pub mod deep_link;
pub mod error;
pub mod escalations;
mod form;
mod links;
mod lists;
pub mod nil_return;
pub mod raise;
mod raise_form;
mod record_card;
pub mod review;
pub mod review_changes;
mod review_page;
mod scale;
pub mod sign_off;
mod sign_off_form;
mod themes;
mod tiles;
mod words;

pub use review_page::ReviewPage;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::problems_everywhere::OwnBody;
use super::state::AppState;
use crate::domain::week::IsoWeek;

#[cfg(test)]
mod tests;

/// Where somebody lands who did not say where to.
pub const HOME: &str = "/review";

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
    /// The partnership's name; none where nobody is signed in.
    pub partnership: Option<String>,
    /// Whether who is signed in may raise an escalation.
    pub raises: bool,
    /// Which entry of the navigation the page belongs to.
    pub place: Place,
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
        Self { made_up: state.is_some_and(|state| state.doors.made_up()), ..Self::default() }
    }

    /// The address of the style sheet, which changes with its content.
    #[must_use]
    pub fn stylesheet(&self) -> &'static str {
        assets::stylesheet_address()
    }

    /// Where the name of the service leads.
    #[must_use]
    pub const fn home(&self) -> &'static str {
        HOME
    }

    /// Whose pages these are, in words.
    #[must_use]
    pub fn name(&self) -> &str {
        self.partnership.as_deref().unwrap_or("Escalation tracker")
    }

    /// Whether the page is the weekly review.
    #[must_use]
    pub fn in_review(&self) -> bool {
        self.place == Place::Review
    }

    /// Whether the page is for raising.
    #[must_use]
    pub fn in_raise(&self) -> bool {
        self.place == Place::Raise
    }

    /// Whether the page is about escalations.
    #[must_use]
    pub fn in_escalations(&self) -> bool {
        self.place == Place::Escalations
    }
}

impl Frame {
    /// Whether the page is one of the reference for developers.
    #[must_use]
    pub fn in_docs(&self) -> bool {
        self.place == Place::Docs
    }

    /// Whether the page is about learning and actions.
    #[must_use]
    pub fn in_actions(&self) -> bool {
        self.place == Place::Actions
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

/// An entry of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// The weekly review.
    Review,
    /// Lists of escalations, and single ones.
    Escalations,
    /// Raising an escalation.
    Raise,
    /// Learning and actions.
    Actions,
    /// The reference for developers.
    Docs,
    /// None of them.
    #[default]
    Elsewhere,
}

/// How a review is looked at. None of it changes a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// How many weeks the charts show.
    pub weeks: Weeks,
    /// Whose side the table of themes shows.
    pub side: Side,
    /// The review before, where there is one.
    pub previous: Option<IsoWeek>,
    /// The review after, where its week has begun.
    pub next: Option<IsoWeek>,
}

/// How many weeks a chart shows. The limits are the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weeks {
    /// A quarter.
    Thirteen,
    /// A year.
    #[default]
    FiftyTwo,
}

impl Weeks {
    /// The value of `weeks` in an address.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Thirteen => "13",
            Self::FiftyTwo => "52",
        }
    }

    /// The value that this text names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Thirteen, Self::FiftyTwo].into_iter().find(|it| it.code() == code)
    }

    const fn count(self) -> usize {
        match self {
            Self::Thirteen => 13,
            Self::FiftyTwo => 52,
        }
    }
}

/// Whose side a table of agencies shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The agencies that were asked, and must act.
    #[default]
    Asked,
    /// The agencies that raised.
    RaisedBy,
}

impl Side {
    /// The value of `view` in an address.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::RaisedBy => "raised",
        }
    }

    /// The value that this text names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Asked, Self::RaisedBy].into_iter().find(|it| it.code() == code)
    }
}
