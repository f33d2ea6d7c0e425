//! Readers of headers and filters that nobody else in the program may call, for [`crate::fuzzing`].

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::test::TestRequest;

use super::accept::{Format, preferred};
use super::{access_purpose, conditions, escalations, odata};
use crate::domain::report::{ColumnKind, ReportColumn, ReportView};

fn view() -> Option<ReportView> {
    let columns = [
        ("escalation_id", ColumnKind::Text),
        ("theme", ColumnKind::Text),
        ("stage", ColumnKind::Int),
        ("share", ColumnKind::Decimal),
        ("overdue", ColumnKind::Bool),
        ("raised_on", ColumnKind::Date),
        ("raised_at", ColumnKind::Instant),
    ];
    let columns =
        columns.map(|(name, kind)| ReportColumn::described(name.to_owned(), kind, String::new()));
    ReportView::described("escalations".to_owned(), String::new(), columns.into())
}

/// A filter is one condition, or none.
pub fn odata_filter(data: &[u8]) {
    let (Ok(text), Some(view)) = (std::str::from_utf8(data), view()) else { return };
    let read = odata::filter::condition(text, &view).ok();
    assert_eq!(read, odata::filter::condition(text, &view).ok());
}

/// Headers are read in one way; a key is what was sent; lines of one header are parted by line breaks.
pub fn headers(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    let names =
        ["if-match", "if-none-match", "idempotency-key", "prefer", "accept", "x-access-purpose"];
    let Some(name) = names.get(usize::from(*which) % names.len()) else { return };
    let lines: Vec<_> = rest
        .split(|byte| *byte == b'\n')
        .filter_map(|it| HeaderValue::from_bytes(it).ok())
        .collect();
    let mut request = TestRequest::default();
    for line in &lines {
        request = request.append_header((HeaderName::from_static(name), line.clone()));
    }
    let request = request.to_http_request();
    if let Ok(Some(key)) = escalations::idempotency_key(&request) {
        assert!((1..=255).contains(&key.len()));
        assert!(lines.iter().any(|line| line.as_bytes() == key.as_bytes()) && lines.len() == 1);
    }
    if let Ok(Some(tag)) = escalations::expected_tag(&request) {
        assert!(!tag.contains('"'));
        // What is one tag here is one tag there.
        assert!(conditions::expected(&request).is_ok() || *name != "if-match", "{lines:?}");
    }
    let _ = escalations::expected_version(&request);
    let known = HeaderValue::from_static("\"7\"");
    let knows = conditions::is_known(request.headers(), &known);
    assert!(!knows || *name == "if-none-match");
    assert!(odata::preferred_page(&request).is_none_or(|size| size > 0));
    let offered = [Format::Json, Format::Csv, Format::Xlsx];
    let format = preferred(request.headers().get_all("accept"), &offered);
    assert!(format.is_none_or(|it| offered.contains(&it)));
    let _ = access_purpose::call_of(&request);
}
