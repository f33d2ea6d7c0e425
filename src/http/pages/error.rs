//! What a person reads when something is wrong: what it is, at most one thing to try, and what to quote.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::{Frame, page, see_other};
use crate::http::problem::Problem;
use crate::http::problems_everywhere::RequestId;

/// A page instead of the one that was asked for. Page handlers return it as `Result<_, PageError>`.
#[derive(Debug)]
pub struct PageError(Box<Instead>);

#[derive(Debug)]
enum Instead {
    Redirect(String),
    Page(StatusCode, ErrorPage),
}

#[derive(Debug, Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    title: String,
    words: String,
    again: Option<String>,
    again_words: &'static str,
    request_id: String,
}

impl PageError {
    /// A page that says what is wrong.
    #[must_use]
    pub fn new(request: &HttpRequest, status: StatusCode, title: &str, words: &str) -> Self {
        let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
        Self(Box::new(Instead::Page(
            status,
            ErrorPage {
                frame: Frame::of(request),
                title: title.to_owned(),
                words: words.to_owned(),
                again: None,
                again_words: "",
                request_id: id.unwrap_or_default(),
            },
        )))
    }

    /// The page of something that went wrong below, in the words that the API has for it.
    #[must_use]
    pub fn of(request: &HttpRequest, problem: impl Into<Problem>) -> Self {
        let problem = problem.into();
        let kind = problem.kind();
        Self::new(request, kind.status(), kind.title(), &problem.document().detail)
    }

    /// Another page first, such as sign-in.
    #[must_use]
    pub fn first(address: String) -> Self {
        Self(Box::new(Instead::Redirect(address)))
    }

    /// With the one link that may help.
    #[must_use]
    pub fn with_link(mut self, words: &'static str, address: String) -> Self {
        if let Instead::Page(_, page) = &mut *self.0 {
            page.again = Some(address);
            page.again_words = words;
        }
        self
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Instead::Redirect(_) => f.write_str("another page first"),
            Instead::Page(status, page) => write!(f, "{status}: {}", page.title),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match &*self.0 {
            Instead::Redirect(_) => StatusCode::SEE_OTHER,
            Instead::Page(status, _) => *status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match &*self.0 {
            Instead::Redirect(address) => see_other(address),
            Instead::Page(status, error) => page(*status, error),
        }
    }
}
