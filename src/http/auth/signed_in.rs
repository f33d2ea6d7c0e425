//! Who is signed in, said in the signature of every page's handler.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::cookies::Cookie;
use super::return_to;
use crate::domain::access::{Action, Caller, Role};
use crate::domain::sign_in::WebSession;
use crate::http::access_purpose::call_of_page;
use crate::http::pages::error::PageError;
use crate::http::pages::{Frame, Who};
use crate::http::permission::{CallingClient, count};
use crate::http::problem_types::ProblemType;
use crate::http::state::AppState;
use crate::usecases::{reference, sign_in};

/// A person with a session whose registration still lets them in. Only a cookie makes one; a bearer token does not.
///
/// Without a session, whoever reads a page is sent to sign in first, and whoever sends a form gets a page that says so:
/// a form is not repeated by itself.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person as the use cases know callers.
    pub caller: Caller,
    /// The session.
    pub session: WebSession,
    /// What each form of this session must send as `csrf`.
    pub csrf: String,
    made_up: bool,
    partnership_name: String,
    at: jiff::Timestamp,
}

impl SignedIn {
    /// The frame of this person's pages.
    #[must_use]
    pub fn frame(&self) -> Frame {
        let who = Who {
            name: self.session.display_name.clone(),
            role: words(self.caller.role),
            csrf: self.csrf.clone(),
        };
        Frame {
            made_up: self.made_up,
            who: Some(who),
            raises: self.caller.may(Action::RaiseEscalation).is_some(),
            partnership: Some(self.partnership_name.clone()),
            ..Frame::default()
        }
    }

    /// Goes on if the person's role may do `action`.
    ///
    /// # Errors
    /// A page that says that it may not.
    pub fn may(&self, request: &HttpRequest, action: Action) -> Result<(), PageError> {
        match self.caller.may(action) {
            Some(_) => Ok(()),
            None => Err(PageError::of(request, ProblemType::Forbidden)),
        }
    }

    /// Goes on if the person proved within the last quarter of an hour who they are; for what cannot be taken back.
    ///
    /// # Errors
    /// Sign-in first, then `return_to`; after a form, a page with that link.
    pub fn recently(&self, request: &HttpRequest, return_to: &str) -> Result<(), PageError> {
        if self.session.is_fresh(self.at) {
            return Ok(());
        }
        let login = return_to::login(return_to, true);
        if request.method() == Method::GET {
            return Err(PageError::first(login));
        }
        let words = "This cannot be taken back, so it needs a sign-in of the last 15 minutes. Nothing was changed.";
        Err(PageError::new(request, StatusCode::FORBIDDEN, "Sign in again first", words)
            .with_link("Sign in again", login))
    }
}

impl SignedIn {
    /// Whether the person proved within the last quarter of an hour who they are; for forms whose text must not be
    /// lost when they did not.
    #[must_use]
    pub fn is_recent(&self) -> bool {
        self.session.is_fresh(self.at)
    }
}

impl FromRequest for SignedIn {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { signed_in(&request).await })
    }
}

/// Who sent this request.
///
/// # Errors
/// Nobody who is signed in, or the database fails.
pub(super) async fn signed_in(request: &HttpRequest) -> Result<SignedIn, PageError> {
    let state: &Data<AppState> =
        request.app_data().ok_or_else(|| PageError::of(request, ProblemType::Internal))?;
    let Some(cookie) = Cookie::Session.of(request, state.doors.secure()) else {
        return Err(nobody(request));
    };
    let failed = |failure| PageError::of(request, failure);
    let partnership = state.doors.partnership(&state.deps).await.map_err(failed)?;
    let found = sign_in::resume(&state.deps, partnership, &cookie).await;
    let Some((session, mut caller)) = found.map_err(|failure| PageError::of(request, failure))?
    else {
        return Err(nobody(request));
    };
    caller.call = Some(call_of_page(request));
    request.extensions_mut().insert(CallingClient(caller.client));
    count(request, &caller).map_err(|problem| PageError::of(request, problem))?;
    let agreed = reference::partnership(&state.deps, partnership)
        .await
        .map_err(|failure| PageError::of(request, failure))?;
    Ok(SignedIn {
        caller,
        session,
        csrf: csrf_of(&cookie),
        made_up: state.doors.made_up(),
        partnership_name: agreed.name.clone(),
        at: state.deps.clock.now(),
    })
}

fn nobody(request: &HttpRequest) -> PageError {
    if request.method() == Method::GET {
        let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
        return PageError::first(return_to::login(wanted, false));
    }
    let words = "Your session is over. Nothing was changed; sign in and send it again.";
    PageError::new(request, StatusCode::UNAUTHORIZED, "You are not signed in", words)
        .with_link("Sign in", return_to::login("", false))
}

/// Made from the cookie, which no other site can read, so that nothing more has to be stored; the cookie cannot be
/// found from it.
fn csrf_of(cookie: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, format!("csrf:{cookie}").as_bytes()))
}

/// A role as people read it.
pub const fn words(role: Role) -> &'static str {
    match role {
        Role::Agency => "agency",
        Role::ServiceLead => "service lead",
        Role::Director => "Director",
        Role::Analyst => "analyst",
        Role::Auditor => "auditor",
        Role::PrivacyOfficer => "privacy officer",
        Role::Operator => "operator",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;
    use actix_web::http::header;
    use actix_web::test::TestRequest;

    use super::*;
    use crate::domain::ids::{ClientId, PartnershipId};

    fn proved(auth_time: Option<&str>) -> SignedIn {
        let (partnership, at) = (PartnershipId(uuid::Uuid::nil()), "2026-11-18T10:00:00Z");
        let caller = Caller {
            partnership,
            agency: None,
            predecessors: Vec::new(),
            role: Role::Director,
            client: ClientId(uuid::Uuid::nil()),
            subject: "s".to_owned(),
            call: None,
        };
        let session = WebSession {
            partnership,
            issuer: "i".to_owned(),
            subject: "s".to_owned(),
            registered_as: "c".to_owned(),
            role: Role::Director,
            agency: None,
            display_name: "D".to_owned(),
            auth_time: auth_time.map(|at| at.parse().unwrap()),
            created_at: at.parse().unwrap(),
            last_seen_at: at.parse().unwrap(),
        };
        let csrf = String::new();
        SignedIn {
            caller,
            session,
            csrf,
            made_up: false,
            partnership_name: String::new(),
            at: at.parse().unwrap(),
        }
    }

    #[test]
    fn what_cannot_be_taken_back_needs_a_recent_sign_in() {
        let (get, post) = (TestRequest::get(), TestRequest::post());
        let (get, post) = (get.to_http_request(), post.to_http_request());
        let recent = proved(Some("2026-11-18T09:50:00Z"));
        assert!(recent.recently(&post, "/review").is_ok());
        for old in [proved(Some("2026-11-18T09:45:00Z")), proved(None)] {
            let login = "/auth/login?return_to=%2Freview&fresh=1";
            let answer = old.recently(&get, "/review").unwrap_err().error_response();
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            assert_eq!(answer.headers().get(header::LOCATION).unwrap(), login);
            let refused = old.recently(&post, "/review").unwrap_err();
            assert_eq!(refused.status_code(), StatusCode::FORBIDDEN);
        }
    }

    #[test]
    fn a_role_may_what_the_access_table_says() {
        let request = TestRequest::get().to_http_request();
        let director = proved(None);
        assert!(director.may(&request, Action::ReadWeeklyThemes).is_ok());
        let refused = director.may(&request, Action::RaiseEscalation).unwrap_err();
        assert_eq!(refused.status_code(), StatusCode::FORBIDDEN);
    }
}
