//! Who one is signed in as, and the way out on all devices.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get};
use askama::Template;

use super::{Frame, page};
use crate::domain::access::Action;
use crate::http::auth::signed_in::SignedIn;

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    frame: Frame,
    /// Whether this person can say that there was nothing to raise.
    nil_return: bool,
}

/// The page of whoever is signed in.
#[get("/account")]
pub async fn account(by: SignedIn) -> HttpResponse {
    page(
        StatusCode::OK,
        &Account { frame: by.frame(), nil_return: by.caller.may(Action::GiveNilReturn).is_some() },
    )
}
