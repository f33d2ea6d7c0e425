//! Who reads reports: by a report token, sent as HTTP Basic (RFC 7617). A bearer token opens nothing here, as a report
//! token opens nothing elsewhere.

use actix_web::HttpRequest;
use actix_web::http::header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::super::permission::{CallingClient, count};
use super::super::problems_everywhere::RequestId;
use super::super::state::AppState;
use super::fault::Fault;
use crate::domain::access::Caller;
use crate::domain::access_event::Call;
use crate::http::access_purpose::call_of_page;
use crate::usecases::reports;

/// Longer ones are not even looked at.
const MOST_BYTES: usize = 512;

/// Who is signed in.
///
/// # Errors
/// Nobody; or the database fails.
pub async fn caller(state: &AppState, request: &HttpRequest) -> Result<Caller, Fault> {
    use actix_web::HttpMessage;
    let (id, secret) = sent(request).ok_or_else(Fault::signed_out)?;
    match reports::sign_in(&state.deps, id, &secret).await? {
        Ok(mut caller) => {
            caller.call = Some(Call { operation: "odata".to_owned(), ..call_of_page(request) });
            request.extensions_mut().insert(CallingClient(caller.client));
            count(request, &caller).map_err(|_| Fault::too_much())?;
            Ok(caller)
        }
        Err(refusal) => {
            // The name of a token is no secret; what was sent as its secret is never logged.
            let (reason, request_id) = (refusal.word(), RequestId::of(request));
            tracing::warn!(token = %id, reason, request_id, "report token refused");
            Err(Fault::signed_out())
        }
    }
}

fn sent(request: &HttpRequest) -> Option<(Uuid, String)> {
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (sent.next(), sent.next()) else { return None };
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || credentials.len() > MOST_BYTES {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (user, password) = credentials.split_once(':')?;
    Some((Uuid::try_parse(user).ok()?, password.to_owned()))
}
