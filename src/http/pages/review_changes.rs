//! A signed week and what changed beside it: the strip on its page, and the page that lists it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use askama::Template;

use super::error::PageError;
use super::review::{begun, frame};
use super::sign_off::DISPOSITIONS;
use super::{Frame, links, page, words};
use crate::domain::access::Action;
use crate::domain::event::EventType;
use crate::domain::review::Pack;
use crate::domain::review::changes::{ChangedRecord, Changes, FigureChange, RecordKind};
use crate::domain::sign_off::{NoticeAnswer, SignOff};
use crate::http::auth::signed_in::SignedIn;
use crate::http::problem_types::ProblemType;
use crate::http::state::AppState;
use crate::usecases::review_changes;

/// What the page of a signed week says of its signature.
pub(super) struct SignedCard {
    pub(super) words: String,
    /// Why it was signed again.
    pub(super) reason: Option<String>,
    /// Whether it is not the first version.
    pub(super) restatement: bool,
    /// Whether it was restated since.
    pub(super) superseded: bool,
    /// Every version, where there are several.
    pub(super) versions: Vec<VersionLink>,
    /// Where it can be signed again.
    pub(super) again: Option<String>,
    /// What was done about each notice, and why.
    pub(super) answers: Vec<AnswerRow>,
    /// What was decided.
    pub(super) decisions: Vec<String>,
    /// Who took part.
    pub(super) attendance: Vec<String>,
    /// What was said of the checks that the data did not meet.
    pub(super) checks: Vec<String>,
    /// The next meeting.
    pub(super) next_meeting: Option<String>,
}

/// The answer to one notice.
pub(super) struct AnswerRow {
    pub(super) notice: String,
    pub(super) disposition: &'static str,
    pub(super) reason: String,
}

/// One signed version.
pub(super) struct VersionLink {
    pub(super) label: String,
    pub(super) href: String,
    pub(super) json: String,
    pub(super) shown: bool,
}

/// The card of one version among all of a week.
pub(super) fn signed_card(it: &SignOff, all: &[SignOff], pack: &Pack) -> SignedCard {
    let deputy = if it.said.as_deputy { ", as deputy" } else { "" };
    let last = all.last().map_or(it.version, |last| last.version);
    let versions = all.iter().map(|version| {
        let address = format!("/review/{}", version.week);
        VersionLink {
            label: format!(
                "Version {}, signed {}",
                version.version,
                words::instant(version.signed_at)
            ),
            href: format!("{address}?version={}", version.version),
            json: format!("{address}.json?version={}", version.version),
            shown: version.version == it.version,
        }
    });
    SignedCard {
        words: format!(
            "Signed off on {}{deputy}, version {} of {last}. These figures do not change any more. Hash {}",
            words::instant(it.signed_at),
            it.version,
            it.sha256.get(..16).unwrap_or_default()
        ),
        reason: it.said.reason.clone().map(Into::into),
        restatement: it.version > 1,
        superseded: it.version < last,
        versions: if all.len() > 1 { versions.collect() } else { Vec::new() },
        again: None,
        answers: it.said.answers.iter().map(|answer| answer_row(answer, pack)).collect(),
        decisions: it.said.decisions.iter().map(|it| it.as_str().to_owned()).collect(),
        attendance: it
            .said
            .attendance
            .iter()
            .map(|it| {
                let name = pack.agencies.iter().find(|line| line.code == it.agency);
                let name = name.map_or(it.agency.as_str(), |line| line.name.as_str());
                format!("{name}, {}: {}", it.role.as_str(), it.presence.words().to_lowercase())
            })
            .collect(),
        checks: it
            .said
            .checks
            .iter()
            .map(|it| {
                let said = if it.confirmed { "yes, as whoever signed says" } else { "no" };
                let reason = it.reason.as_ref().map_or("", |reason| reason.as_str());
                let dot = if reason.is_empty() { "." } else { ". " };
                format!("{}: {said}{dot}{reason}", it.check.words())
            })
            .collect(),
        next_meeting: it.said.next_meeting_on.map(words::long_date),
    }
}

fn answer_row(answer: &NoticeAnswer, pack: &Pack) -> AnswerRow {
    let notice = pack.notices.iter().find(|notice| notice.key == answer.key);
    let words = DISPOSITIONS.iter().find(|(code, _)| *code == answer.disposition);
    AnswerRow {
        notice: notice.map_or_else(|| answer.key.clone(), |notice| notice.words.clone()),
        disposition: words.map_or("", |(_, words)| words),
        reason: answer.reason.as_str().to_owned(),
    }
}

impl SignedCard {
    /// The same with the way to signing again.
    pub(super) fn with_again(self, by: &SignedIn, it: &SignOff) -> Self {
        let may = by.caller.may(Action::SignReview).is_some();
        Self { again: may.then(|| format!("/review/{}/sign-off", it.week)), ..self }
    }
}

/// The strip of a signed week.
pub(super) struct Changed {
    pub(super) words: String,
    pub(super) href: String,
}

/// What arrived for the week since, in words, and the strip, where anything changed.
pub(super) fn changed(since: &Changes) -> (Option<String>, Option<Changed>) {
    let arrived = since.records.iter().filter(|it| {
        it.what == RecordKind::Act(EventType::Raised) && since.week.contains(it.occurred_at)
    });
    let arrived = i64::try_from(arrived.count()).unwrap_or(i64::MAX);
    let arrived = (arrived > 0).then(|| {
        format!("{} arrived since, not counted here", words::counted(arrived, "record", "records"))
    });
    let number = i64::try_from(since.records.len()).unwrap_or(i64::MAX);
    let changed = (number > 0 || !since.figures.is_empty()).then(|| Changed {
        words: format!("{} changed since sign-off.", words::counted(number, "record", "records")),
        href: format!("/review/{}/changes", since.week),
    });
    (arrived, changed)
}

#[derive(Template)]
#[template(path = "review_changes.html", whitespace = "minimize")]
struct ChangesPage {
    frame: Frame,
    week: String,
    address: String,
    version: i32,
    signed_to: String,
    known_at: String,
    definitions: Option<(u32, u32)>,
    records: Vec<RecordRow>,
    figures: Vec<FigureRow>,
}

struct RecordRow {
    reference: String,
    href: String,
    what: String,
    recorded: String,
    occurred: String,
    changes: &'static str,
}

struct FigureRow {
    words: String,
    signed: String,
    now: String,
    difference: String,
}

/// Everything that changed since the last signature of a week.
#[get("/review/{week}/changes")]
pub async fn changes_of_week(
    by: SignedIn,
    state: Data<AppState>,
    request: HttpRequest,
    week: Path<String>,
) -> Result<HttpResponse, PageError> {
    by.may(&request, Action::ReadReview)?;
    let week = begun(&request, &week, state.deps.clock.now())?;
    let since = review_changes::since_sign_off(&state.deps, &by.caller, week).await;
    let since = since
        .map_err(|failure| PageError::of(&request, failure))?
        .ok_or_else(|| PageError::of(&request, ProblemType::NotFound))?;
    let other = since.signed_definitions_version != since.definitions_version;
    let html = ChangesPage {
        frame: frame(&by),
        week: format!("week {}: {}", week.week(), words::week_span(week)),
        address: format!("/review/{week}"),
        version: since.version,
        signed_to: words::instant(since.signed_data_to),
        known_at: words::instant(since.known_at),
        definitions: other.then_some((since.signed_definitions_version, since.definitions_version)),
        records: since.records.iter().map(record_row).collect(),
        figures: since.figures.iter().map(figure_row).collect(),
    };
    Ok(page(StatusCode::OK, &html))
}

fn record_row(it: &ChangedRecord) -> RecordRow {
    RecordRow {
        reference: it.reference.clone(),
        href: links::escalation(it.escalation),
        what: match it.what {
            RecordKind::Act(EventType::Raised) => "raised, and received late".to_owned(),
            RecordKind::LeftOut => "left out of the figures".to_owned(),
            other => other.code().replace('_', " "),
        },
        recorded: words::instant(it.recorded_at),
        occurred: words::instant(it.occurred_at),
        changes: match (it.changes_figures, it.changes_rows) {
            (true, true) => "figures and lists",
            (true, false) => "figures",
            _ => "lists",
        },
    }
}

fn figure_row(it: &FigureChange) -> FigureRow {
    let shown = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), words::number);
    FigureRow {
        words: it.words.clone(),
        signed: shown(it.signed),
        now: shown(it.now),
        difference: it.difference.map_or_else(
            || "not comparable".to_owned(),
            |by| {
                let sign = if by < 0.0 { "\u{2212}" } else { "+" };
                format!("{sign}{}", words::number(by.abs()))
            },
        ),
    }
}
