//! Who may call, said in the signature of every operation.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::accept::{Format, preferred};
use super::access_purpose::call_of;
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::problems_everywhere::RequestId;
use super::state::AppState;
use crate::domain::access::{Action, Caller};
use crate::usecases::registry;

/// An action as a type, so that a handler's first parameter says what its caller must be allowed.
pub trait Permission {
    /// The action of the access table.
    const ACTION: Action;
    /// The formats in which the operation answers, the usual one first.
    const FORMATS: &'static [Format] = &[Format::Json];
}

/// The permissions of the operations, one type each.
macro_rules! permissions {
    ($($name:ident => $action:ident $(, $formats:expr)?;)+) => {
        /// One type for each action that an operation can need.
        pub mod needs {
            use super::*;
            $(
                #[doc = concat!("The caller may: ", stringify!($action), ".")]
                pub struct $name;
                impl Permission for $name {
                    const ACTION: Action = Action::$action;
                    $(const FORMATS: &'static [Format] = $formats;)?
                }
            )+
        }
    };
}

permissions! {
    Raise => RaiseEscalation;
    ImportReport => RaiseEscalation, &[Format::Json, Format::Csv];
    ImportTemplate => RaiseEscalation, &[Format::Csv];
    ImportWorkbook => RaiseEscalation, &[Format::Xlsx];
    Read => ReadEscalation;
    Feed => ReadEscalation, &[Format::Json, Format::CloudEvents];
    KeepExternalIds => KeepExternalIds;
    CaseNote => ReadEscalation, &[Format::Json, Format::Text];
    Export => ListEscalations, &[Format::Csv, Format::Ndjson, Format::Xlsx];
    Exports => ListEscalations;
    List => ListEscalations, &[Format::Json, Format::Csv];
    ListEscalations => ListEscalations, &[Format::Json, Format::Csv, Format::Xlsx];
    Acknowledge => Acknowledge;
    Decline => Decline;
    Redirect => Redirect;
    Answer => Answer;
    State => State;
    Review => ReadReview;
    ReviewFile => ReadReview, &[Format::Json, Format::Csv, Format::Xlsx];
    BoardCopy => ReadReview, &[Format::Json, Format::Csv];
    PublicPack => ReadPublicPack;
    ReleasePack => ReleasePack;
    SignReview => SignReview;
    ProposeExclusion => ProposeExclusion;
    DecideExclusion => DecideExclusion;
    Heartbeat => SendHeartbeat;
    NilReturn => GiveNilReturn;
    Hearing => ReadHearing;
    AgreeFeed => AgreeFeed;
    DeclareRebase => DeclareRebase;
    SetReview => SetReview;
    KeepReview => KeepReview;
    Accept => Accept;
    Reject => Reject;
    Advance => Advance;
    ChangeUrgency => ChangeUrgency;
    Extend => Extend;
    CallMeeting => CallMeeting;
    Pause => Pause;
    ApprovePause => ApprovePause;
    Resume => Resume;
    Resolve => Resolve;
    Withdraw => Withdraw;
    Reroute => Reroute;
    Link => Link;
    Reopen => Reopen;
    GiveFeedback => GiveFeedback;
    RecordLearning => RecordLearning;
    CheckImpact => CheckImpact;
    ProposePolicyMigration => ProposePolicyMigration;
    MigratePolicy => MigratePolicy;
    AddNote => AddNote;
    Correct => Correct;
    Webhooks => ManageWebhooks;
    SearchByChild => ReadChildReference;
    RecordPractice => RecordPractice;
    ReadPractice => ReadPractice;
    ListPractice => ListPractice, &[Format::Json, Format::Csv];
    WeeklyThemes => ReadWeeklyThemes, &[Format::Json, Format::Csv, Format::Xlsx];
    AccessLog => ReadAccessLog;
    LegalHolds => ManageLegalHolds;
    ProposeErasure => ProposeErasure;
    ApproveErasure => ApproveErasure;
    Erasures => ReadErasures;
    SubjectExport => ExportSubject, &[Format::Zip];
    Checkpoints => ReadCheckpoints;
    Reference => ReadReference;
}

/// A caller who may do what `P` names. It must be the first parameter of a handler: parameters
/// that look at the body come after it and wait for the handler.
pub struct Allowed<P> {
    caller: Caller,
    format: Format,
    permission: PhantomData<P>,
}

impl<P> Allowed<P> {
    /// The format that the caller prefers among those that the operation has.
    pub const fn format(&self) -> Format {
        self.format
    }
}

impl<P> Deref for Allowed<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// Which client called, for the request log.
#[derive(Debug, Clone, Copy)]
pub struct CallingClient(pub crate::domain::ids::ClientId);

impl<P: Permission> FromRequest for Allowed<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let mut caller = identify(&request).await?;
            request.extensions_mut().insert(CallingClient(caller.client));
            count(&request, &caller)?;
            if caller.may(P::ACTION).is_none() {
                return Err(ProblemType::Forbidden.into());
            }
            caller.call = Some(call_of(&request)?);
            let accept = request.headers().get_all(header::ACCEPT);
            let format = preferred(accept, P::FORMATS).ok_or(ProblemType::NotAcceptable)?;
            Ok(Self { caller, format, permission: PhantomData })
        })
    }
}

/// Counts a request against what its caller may ask in a minute. Also what the caller may not do counts, or it could be
/// asked for ever.
///
/// # Errors
/// `rate-limited`.
pub fn count(request: &HttpRequest, caller: &Caller) -> Result<(), Problem> {
    let state: &Data<AppState> = request.app_data().ok_or(ProblemType::Internal)?;
    if let Some(limits) = &state.limits {
        let left = limits.count(caller, request.method())?;
        request.extensions_mut().insert(left);
    }
    Ok(())
}

async fn identify(request: &HttpRequest) -> Result<Caller, Problem> {
    let state: &Data<AppState> = request.app_data().ok_or(ProblemType::Internal)?;
    let token = bearer(request)?;
    let now = state.deps.clock.now();
    let identity = state.verifier.check(token, now).await.map_err(|bad| {
        tracing::info!(reason = bad.0, request_id = %RequestId::of(request), "token refused");
        challenged(ProblemType::InvalidToken, "Bearer error=\"invalid_token\"")
    })?;
    let registration = registry::find(&state.deps, &identity.issuer, &identity.client_id)
        .await?
        .ok_or(ProblemType::ClientNotRegistered)?;
    if registration.disabled {
        return Err(ProblemType::ClientDisabled.into());
    }
    Ok(registry::caller(&state.deps, &registration, identity.subject).await?)
}

fn bearer(request: &HttpRequest) -> Result<&str, Problem> {
    let missing = || challenged(ProblemType::Unauthenticated, "Bearer");
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (sent.next(), sent.next()) else { return Err(missing()) };
    let value = value.to_str().map_err(|_| missing())?;
    let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token) } else { Err(missing()) }
}

fn challenged(kind: ProblemType, challenge: &'static str) -> Problem {
    Problem::new(kind).header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}
