//! Forms of our own pages: from nobody else's, by who is signed in, with that session's token.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Query};
use actix_web::{FromRequest, HttpRequest};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::de::DeserializeOwned;

use super::signed_in::{SignedIn, signed_in};
use crate::http::body::Body;
use crate::http::pages::error::PageError;
use crate::http::problem_types::ProblemType;
use crate::http::problems_everywhere::RequestId;
use crate::http::state::AppState;

/// A form that one of our pages sent. The first parameter of every handler of a page's POST but sign-in's own.
#[derive(Debug)]
pub struct PageForm {
    /// Who sent it.
    pub by: SignedIn,
    fields: Fields,
}

impl PageForm {
    /// What was filled in, as a type with a member for each field.
    ///
    /// # Errors
    /// A field is missing, of the wrong form, or there twice.
    pub fn read<T: DeserializeOwned>(&self, request: &HttpRequest) -> Result<T, PageError> {
        self.fields.read().ok_or_else(|| PageError::of(request, ProblemType::BadRequest))
    }

    /// What was filled in under one name, in the order in which it was sent.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.all(name)
    }
}

impl FromRequest for PageForm {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let body = Body::from_request(&request, payload);
        Box::pin(async move {
            own_origin(&request)?;
            let by = signed_in(&request).await?;
            let Ok(body) = body.await;
            let fields = Fields::of(&request, body).await?;
            let mut sent = fields.all("csrf");
            let (token, more) = (sent.next().unwrap_or_default(), sent.next());
            let same = verify_slices_are_equal(token.as_bytes(), by.csrf.as_bytes()).is_ok();
            if !same || more.is_some() {
                return Err(refused(&request));
            }
            drop(sent);
            Ok(Self { by, fields })
        })
    }
}

/// A form of our own pages that somebody sends who is not signed in yet.
#[derive(Debug)]
pub struct OpenForm(Fields);

impl OpenForm {
    /// What was filled in under a name, or nothing.
    pub fn field<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.all(name).next().unwrap_or_default()
    }
}

impl FromRequest for OpenForm {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let body = Body::from_request(&request, payload);
        Box::pin(async move {
            own_origin(&request)?;
            let Ok(body) = body.await;
            Ok(Self(Fields::of(&request, body).await?))
        })
    }
}

#[derive(Debug)]
struct Fields {
    text: String,
    pairs: Vec<(String, String)>,
}

impl Fields {
    async fn of(request: &HttpRequest, body: Body) -> Result<Self, PageError> {
        let bytes = body.form().await.map_err(|problem| PageError::of(request, problem))?;
        let wrong = || PageError::of(request, ProblemType::BadRequest);
        let text = String::from_utf8(bytes).map_err(|_| wrong())?;
        let pairs = Query::<Vec<(String, String)>>::from_query(&text).map_err(|_| wrong())?;
        Ok(Self { pairs: pairs.into_inner(), text })
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn read<T: DeserializeOwned>(&self) -> Option<T> {
        Query::<T>::from_query(&self.text).ok().map(Query::into_inner)
    }
}

/// Whether the browser says that one of our own pages sent this. A browser that says neither still needs the token.
fn own_origin(request: &HttpRequest) -> Result<(), PageError> {
    let state: &Data<AppState> =
        request.app_data().ok_or_else(|| PageError::of(request, ProblemType::Internal))?;
    let own = state.doors.origin(request);
    let headers = request.headers();
    let site = headers.get("sec-fetch-site").map(header::HeaderValue::as_bytes);
    let from_here = matches!(site, None | Some(b"same-origin" | b"none"));
    let same = headers.get_all(header::ORIGIN).all(|origin| origin.as_bytes() == own.as_bytes());
    if from_here && same { Ok(()) } else { Err(refused(request)) }
}

fn refused(request: &HttpRequest) -> PageError {
    let request_id = RequestId::of(request);
    tracing::warn!(request_id, "a form was refused that none of our pages sent");
    let words = "It did not come from a page of your session. Nothing was changed; go back, load the page again, and \
                 send it again.";
    PageError::new(request, StatusCode::FORBIDDEN, "This form is not accepted", words)
}
