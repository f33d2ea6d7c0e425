//! Conditional requests (RFC 9110, section 13): what the caller knows, against what there is.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::problem::Problem;
use super::problem_types::ProblemType;
use crate::usecases::upsert::Expected;

/// What a header of this kind says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    /// `*`: anything that there is.
    Any,
    /// These, each with whether it is weak.
    These(Vec<(bool, String)>),
}

/// Reads `If-Match` or `If-None-Match`, as one list over all its lines; nothing when it is not there.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Problem> {
    let mut lines = Vec::new();
    for line in headers.get_all(name) {
        lines.push(line.to_str().map_err(|_| malformed(name))?);
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let text = lines.join(",");
    parse(&text).map(Some).ok_or_else(|| malformed(name))
}

fn malformed(name: &HeaderName) -> Problem {
    let name = if *name == header::IF_MATCH { "If-Match" } else { "If-None-Match" };
    Problem::new(ProblemType::InvalidHeader).detail(format!(
        "{name} must hold * or entity tags with commas between them, for example \"3\" with its quotes."
    ))
}

/// Whether this can stand between the quotes of an entity tag (RFC 9110, section 8.8.3): nothing but visible ASCII, no quotes.
pub(super) fn is_tag(text: &str) -> bool {
    text.bytes().all(|byte| byte == 0x21 || (0x23..=0x7E).contains(&byte))
}

/// `*`, or a list of entity tags; a tag may hold commas, so that it is read letter by letter.
fn parse(text: &str) -> Option<Tags> {
    let mut rest = text.trim_matches([' ', '\t']);
    if rest == "*" {
        return Some(Tags::Any);
    }
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        // Empty members of a list are permitted and mean nothing (RFC 9110, section 5.6.1).
        if let Some(after) = rest.strip_prefix(',') {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            break;
        }
        let (weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
        let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if !is_tag(tag) {
            return None;
        }
        found.push((weak, tag.to_owned()));
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
    (!found.is_empty()).then_some(Tags::These(found))
}

/// Whether the caller has this version already: `If-None-Match` is `*` or names it. Tags are compared weakly, as RFC 9110
/// asks for this header (section 13.1.2). What cannot be read is no condition: the whole answer is never wrong.
pub(super) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let named = tags(headers, &header::IF_NONE_MATCH).ok().flatten();
    let present = tag.to_str().ok().and_then(parse);
    match (named, present) {
        (Some(Tags::Any), Some(_)) => true,
        (Some(Tags::These(named)), Some(Tags::These(present))) => {
            named.iter().any(|(_, tag)| present.iter().any(|(_, present)| present == tag))
        }
        _ => false,
    }
}

/// What must be there for a sending to count: `If-Match` with one strong tag or `*`, or `If-None-Match: *`.
///
/// # Errors
/// `invalid-header`.
pub(super) fn expected(request: &HttpRequest) -> Result<Expected, Problem> {
    let named = tags(request.headers(), &header::IF_MATCH)?;
    let absent = tags(request.headers(), &header::IF_NONE_MATCH)?;
    match (named, absent) {
        (None, None) => Ok(Expected::Anything),
        (None, Some(Tags::Any)) => Ok(Expected::Nothing),
        (Some(Tags::Any), None) => Ok(Expected::Something),
        (Some(Tags::These(tags)), None) => match tags.as_slice() {
            // What is no version of ours, or weak, is simply not the present one.
            [(weak, tag)] => {
                Ok(Expected::Version(tag.parse().ok().filter(|_| !weak).unwrap_or(-1)))
            }
            _ => Err(malformed(&header::IF_MATCH)),
        },
        (None, Some(Tags::These(_))) => Err(Problem::new(ProblemType::InvalidHeader)
            .detail("If-None-Match can only be * here: send it when it was not sent before.")),
        (Some(_), Some(_)) => Err(Problem::new(ProblemType::InvalidHeader)
            .detail("Send If-Match or If-None-Match, and not both.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn these(tags: &[(bool, &str)]) -> Option<Tags> {
        Some(Tags::These(tags.iter().map(|(weak, tag)| (*weak, (*tag).to_owned())).collect()))
    }

    #[test]
    fn a_star_or_a_list_of_tags_is_read() {
        for (text, read) in [
            ("*", Some(Tags::Any)),
            (" * ", Some(Tags::Any)),
            ("\"3\"", these(&[(false, "3")])),
            ("W/\"3\"", these(&[(true, "3")])),
            ("\"1\", W/\"2\",\"a,b\"", these(&[(false, "1"), (true, "2"), (false, "a,b")])),
            (",\"1\",, \"2\" ,", these(&[(false, "1"), (false, "2")])),
            ("\"\"", these(&[(false, "")])),
            ("", None),
            (",", None),
            ("3", None),
            ("\"3", None),
            ("w/\"3\"", None),
            ("\"3\" \"4\"", None),
            ("\"3\", *", None),
            ("\"a b\"", None),
        ] {
            assert_eq!(parse(text), read, "{text}");
        }
    }

    #[test]
    fn what_the_caller_has_is_compared_weakly() {
        let known = |sent: &[&'static str], tag: &'static str| {
            let mut headers = HeaderMap::new();
            for line in sent {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(line));
            }
            is_known(&headers, &HeaderValue::from_static(tag))
        };
        for sent in ["*", "\"3\"", "W/\"3\"", "\"1\", \"3\"", "\"1\",W/\"3\" , \"2\""] {
            assert!(known(&[sent], "\"3\""), "{sent}");
        }
        assert!(known(&["\"1\"", "\"3\""], "\"3\""), "two lines are one list");
        assert!(known(&["\"3\""], "W/\"3\""));
        for sent in ["\"1\"", "\"33\"", "\"1, 3\"", "3", "\"3", "\"3\" \"1\"", ""] {
            assert!(!known(&[sent], "\"3\""), "{sent}");
        }
        assert!(!known(&[], "\"3\""));
    }
}
