//! Which of an operation's formats a caller prefers (RFC 9110 §12.5.1).

use actix_web::http::header::HeaderValue;

/// A format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json`.
    Json,
    /// `text/csv` with a header row (RFC 4180).
    Csv,
    /// A workbook for spreadsheets (Office Open XML).
    Xlsx,
    /// CloudEvents in one array (their JSON batch form).
    CloudEvents,
    /// `application/x-ndjson`: one JSON object in each line.
    Ndjson,
    /// `text/plain`.
    Text,
    /// A ZIP archive.
    Zip,
}

impl Format {
    const fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::Csv => ("text", "csv"),
            Self::Xlsx => ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            Self::CloudEvents => ("application", "cloudevents-batch+json"),
            Self::Ndjson => ("application", "x-ndjson"),
            Self::Text => ("text", "plain"),
            Self::Zip => ("application", "zip"),
        }
    }

    /// As it stands in the head of an answer.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::CloudEvents => "application/cloudevents-batch+json; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Text => "text/plain; charset=utf-8",
            Self::Zip => "application/zip",
        }
    }
}

/// The caller's favourite among `offered`; nothing when the caller accepts none of them. Without a
/// wish, or with equal ones, the first offered.
pub fn preferred<'a>(
    wishes: impl Iterator<Item = &'a HeaderValue>,
    offered: &[Format],
) -> Option<Format> {
    let mut ranges = Vec::new();
    for wish in wishes {
        ranges.extend(
            wish.to_str().ok()?.split(',').filter(|it| !it.trim().is_empty()).map(Range::read),
        );
    }
    if ranges.is_empty() {
        return offered.first().copied();
    }
    let mut best: Option<(u32, Format)> = None;
    for format in offered {
        // The most precise range that matches decides.
        let quality = ranges
            .iter()
            .flatten()
            .filter(|range| range.matches(*format))
            .max_by_key(|range| range.precision())
            .map_or(0, |range| range.quality);
        if quality > best.map_or(0, |(known, _)| known) {
            best = Some((quality, *format));
        }
    }
    best.map(|(_, format)| format)
}

/// One media range of an `Accept` header.
struct Range {
    kind: String,
    subtype: String,
    /// In thousandths.
    quality: u32,
}

impl Range {
    /// Reads a range; nothing when it is malformed, which then simply matches nothing.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut quality = 1_000;
        for parameter in parts {
            if let Some(value) =
                parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))
            {
                quality = thousandths(value)?;
            }
        }
        Some(Self {
            kind: kind.to_ascii_lowercase(),
            subtype: subtype.to_ascii_lowercase(),
            quality,
        })
    }

    fn matches(&self, format: Format) -> bool {
        let (kind, subtype) = format.media_type();
        (self.kind == "*" && self.subtype == "*")
            || (self.kind == kind && (self.subtype == "*" || self.subtype == subtype))
    }

    fn precision(&self) -> u8 {
        u8::from(self.kind != "*") + u8::from(self.subtype != "*")
    }
}

/// `0`, `1`, `0.5`, at most three decimals.
fn thousandths(value: &str) -> Option<u32> {
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals: u32 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(decimals),
        "1" if decimals == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_wish_decides_and_the_first_offer_breaks_ties() {
        const BOTH: &[Format] = &[Format::Json, Format::Csv];
        const ONE: &[Format] = &[Format::Json];
        const ALL: &[Format] = &[Format::Json, Format::Csv, Format::Xlsx];
        const FEED: &[Format] = &[Format::Json, Format::CloudEvents];
        const SHEET: &str = Format::Xlsx.content_type();
        for (accept, offered, expected) in [
            ("", BOTH, Some(Format::Json)),
            ("*/*", BOTH, Some(Format::Json)),
            ("text/csv", BOTH, Some(Format::Csv)),
            ("text/*", BOTH, Some(Format::Csv)),
            ("TEXT/CSV; header=present", BOTH, Some(Format::Csv)),
            ("application/json;q=0.5, text/csv", BOTH, Some(Format::Csv)),
            ("application/json;q=0, */*", BOTH, Some(Format::Csv)),
            ("text/csv;q=0.9, */*;q=0.1", BOTH, Some(Format::Csv)),
            ("text/csv, application/json", BOTH, Some(Format::Json)),
            ("image/png", BOTH, None),
            ("text/csv", ONE, None),
            ("application/json;q=0", ONE, None),
            ("text/html, application/xhtml+xml, */*;q=0.8", ONE, Some(Format::Json)),
            (SHEET, ALL, Some(Format::Xlsx)),
            (SHEET, BOTH, None),
            ("application/*", ALL, Some(Format::Json)),
            ("application/cloudevents-batch+json", FEED, Some(Format::CloudEvents)),
            ("application/*", FEED, Some(Format::Json)),
            ("application/cloudevents-batch+json", BOTH, None),
            ("nonsense", BOTH, None),
            ("application/json;q=2", ONE, None),
        ] {
            let header = HeaderValue::from_str(accept).unwrap();
            let wishes = if accept.is_empty() { vec![] } else { vec![&header] };
            assert_eq!(preferred(wishes.into_iter(), offered), expected, "{accept}");
        }
    }
}
