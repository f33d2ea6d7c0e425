//! Everything that is held about one child, as a file that opens with a password only.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use deserr::Deserr;
use utoipa::ToSchema;

use super::accept::Format;
use super::answers::{BodyProblems, ReadProblems};
use super::body::Body;
use super::escalations::no_parameters;
use super::field_errors::{FieldCode, FieldErrors};
use super::fields::{Text, code_members};
use super::permission::{Allowed, needs};
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::requests::{ChildReferenceInput, child_fault};
use super::state::AppState;
use super::subject_export_file::{Head, file};
use super::workbook::WorkbookFile;
use crate::domain::access_event::AccessPurpose;
use crate::domain::child_reference::ChildReference;
use crate::usecases::{reference, subject_exports};

code_members!(AccessPurpose);

/// The fewest characters of a password. ZIP derives its key with 1,000 rounds of PBKDF2 only (WinZip AE-2), so that the
/// strength has to be in the password.
const FEWEST: usize = 20;
/// The fewest different characters of a password.
const FEWEST_DIFFERENT: usize = 8;

/// Of whom everything is taken out, what for, and what the file opens with.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct CreateSubjectExport {
    /// The child.
    pub child_reference: ChildReferenceInput,
    /// What it is for; recorded with who took the file, whatever `X-Access-Purpose` says.
    pub purpose: AccessPurpose,
    /// What the file opens with: 20 to 128 characters of ASCII without control characters, at least eight different ones. It
    /// is not kept and cannot be asked for again; tell it to the recipient on another way than the file.
    #[schema(example = "correct horse battery staple")]
    pub password: Text<128>,
}

/// Take out everything that is held about a child
///
/// Everything that this tracker holds about one child, whoever raised it: each escalation with its texts, clocks, episodes,
/// history, delay and names in other systems, what was learnt from it, and everybody who was shown it. The answer is a ZIP
/// archive, encrypted with AES-256 under the password that you send; 7-Zip, WinZip and Keka open it. In it are
/// `what-is-held.html` to be read and `what-is-held.json`.
///
/// Other children, a raiser under protection and the pseudonyms of staff are withheld, each with a reason code. Texts are as
/// they were written: read them before you give the file to anybody, for what they say of others and for what could do serious
/// harm. A child of whom nothing is held has a file as well, which says so.
///
/// The file is made at once and kept nowhere. Who took it, and what for, is in the log of reads before it leaves.
#[utoipa::path(
    tag = "privacy",
    operation_id = "create_subject_export",
    request_body(content = CreateSubjectExport, example = json!({
        "child_reference": {"scheme": "la_child_id", "value": "SYN100234"},
        "purpose": "subject_access",
        "password": "correct horse battery staple"
    })),
    security(("bearer" = ["export_subject"])),
    responses(
        (status = 200, description = "The file.", content((WorkbookFile = "application/zip"))),
        ReadProblems, BodyProblems,
    ),
)]
#[post("/v1/privacy/subject-exports")]
pub async fn create_subject_export(
    by: Allowed<needs::SubjectExport>,
    state: Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    no_parameters(&request)?;
    let input: CreateSubjectExport = body.read().await?;
    let mut faults = FieldErrors::new();
    if !is_strong(input.password.as_str()) {
        let advice = format!(
            "Send {FEWEST} to 128 characters that a keyboard has (ASCII), at least {FEWEST_DIFFERENT} of them different: \
             for example five words that have nothing to do with each other."
        );
        faults.push_with("#/password", FieldCode::Pattern, advice);
    }
    let reference = input.child_reference;
    let child =
        ChildReference::parse(reference.scheme, reference.value.as_str(), &state.deps.schemes)
            .map_err(|error| {
                faults.push_with("#/child_reference/value", child_fault(error), error.to_string());
            });
    let Ok(child) = child else { return Err(faults.into()) };
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let agreed = reference::partnership(&state.deps, by.partnership).await?;
    let held = subject_exports::of_child(&state.deps, &by, &child, input.purpose).await?;
    let head = Head {
        made_at: state.deps.clock.now(),
        request_id: by.call.as_ref().map(|it| it.request_id.clone()).unwrap_or_default(),
        purpose: input.purpose,
        child,
        partnership: agreed,
    };
    let name = format!("subject-export_{}", head.made_at.strftime("%Y-%m-%dT%H%M%SZ"));
    let password = input.password.into_string();
    // Packing is work for a processor, which others wait for.
    let packed = actix_web::web::block(move || file(&head, &held, &password)).await;
    let bytes = packed.map_err(|_| ProblemType::Internal)?.map_err(|error| {
        tracing::error!(%error, "a subject export could not be packed");
        ProblemType::Internal
    })?;
    Ok(HttpResponse::Ok()
        .insert_header(("content-type", Format::Zip.content_type()))
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}.zip\"")))
        .insert_header(("cache-control", "no-store"))
        .body(bytes))
}

/// Whether a password is worth an archive that may lie about for years.
fn is_strong(password: &str) -> bool {
    let mut different: Vec<u8> = password.bytes().collect();
    different.sort_unstable();
    different.dedup();
    password.len() >= FEWEST
        && different.len() >= FEWEST_DIFFERENT
        && password.bytes().all(|it| (b' '..=b'~').contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_varied_and_can_be_typed() {
        for (password, strong) in [
            ("correct horse battery staple", true),
            ("short", false),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("abcabcabcabcabcabcabcabc", false),
            ("pässwörter mit umlauten drin", false),
            ("two\nlines of a long password", false),
        ] {
            assert_eq!(is_strong(password), strong, "{password}");
        }
    }
}
