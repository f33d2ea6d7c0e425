//! Takes a body without reading it, so that who asks is settled before what was sent.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io::Read;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest};
use deserr::Deserr;
use futures_util::StreamExt;

use super::field_errors::FieldErrors;
use super::fields;
use super::problem::Problem;
use super::problem_types::ProblemType;
use super::strict_json::{JsonLimits, parse};

/// The media type of a merge patch (RFC 7396).
pub const MERGE_PATCH: &str = "application/merge-patch+json";
/// The most bytes of a file, compressed or not.
pub const FILE_BYTES: usize = 50 * 1024 * 1024;
/// How long the whole of a file may be on its way.
const FILE_DEADLINE: Duration = Duration::from_secs(300);
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// How much and how long a body may be. Set with `App::app_data`; without it the default counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputLimits {
    /// The most bytes.
    pub body_bytes: usize,
    /// The time from the first look at the body to its last byte.
    pub body_deadline: Duration,
}

impl Default for InputLimits {
    fn default() -> Self {
        Self { body_bytes: 256 * 1024, body_deadline: Duration::from_secs(10) }
    }
}

/// The body of a request, not read yet. As an extractor it never fails.
pub struct Body {
    headers: HeaderMap,
    payload: Payload,
    limits: InputLimits,
}

impl FromRequest for Body {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut headers = HeaderMap::new();
        for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LENGTH] {
            for value in request.headers().get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        let limits = request.app_data::<InputLimits>().copied().unwrap_or_default();
        ready(Ok(Self { headers, payload: payload.take(), limits }))
    }
}

impl Body {
    /// Reads a JSON body into a request type.
    ///
    /// # Errors
    /// `unsupported-media-type`, `unsupported-encoding`, `payload-too-large`, `request-timeout`,
    /// `bad-request` if the connection broke off, and all that [`fields::read`] gives.
    pub async fn read<T: Deserr<FieldErrors>>(self) -> Result<T, Problem> {
        self.check_type(JSON)?;
        fields::read(&self.bytes().await?)
    }

    /// The same, with its meaning: one text for all ways to write the same, whatever the order of members and the blanks.
    ///
    /// # Errors
    /// As [`Body::read`].
    pub async fn read_with_meaning<T: Deserr<FieldErrors>>(self) -> Result<(T, Vec<u8>), Problem> {
        self.check_type(JSON)?;
        let value = parse(&self.bytes().await?, JsonLimits::default())?;
        // Members of a parsed object are sorted by name.
        let meaning = value.to_string().into_bytes();
        Ok((fields::read_parsed(value)?, meaning))
    }

    /// Reads a merge patch into a request type.
    ///
    /// # Errors
    /// As [`Body::read`]; a wrong media type is answered with `Accept-Patch`.
    pub async fn read_merge_patch<T: Deserr<FieldErrors>>(self) -> Result<T, Problem> {
        self.check_type(MERGE_PATCH).map_err(|problem| {
            let accepted = HeaderValue::from_static(MERGE_PATCH);
            problem
                .detail(format!("Send {MERGE_PATCH} in UTF-8."))
                .header(header::HeaderName::from_static("accept-patch"), accepted)
        })?;
        fields::read(&self.bytes().await?)
    }

    /// Reads what a page's form sent.
    ///
    /// # Errors
    /// As [`Body::read`], but for what is in it.
    pub async fn form(self) -> Result<Vec<u8>, Problem> {
        self.check_type(FORM)?;
        Ok(self.bytes().await?.to_vec())
    }

    /// Reads a file of one of these media types: which of them it is, and its bytes. It may be compressed with gzip.
    ///
    /// # Errors
    /// As [`Body::read`], with [`FILE_BYTES`] as the limit, also of what is unpacked.
    pub async fn file(mut self, kinds: &[&str]) -> Result<(usize, Vec<u8>), Problem> {
        let mut sent = self.headers.get_all(header::CONTENT_TYPE);
        let kind = match (sent.next().map(HeaderValue::to_str), sent.next()) {
            (Some(Ok(sent)), None) => {
                // Our own files say that they have a header.
                let sent = sent.replace("; header=present", "");
                kinds.iter().position(|kind| is_media_type(&sent, kind))
            }
            _ => None,
        };
        let kind = kind.ok_or_else(|| {
            Problem::new(ProblemType::UnsupportedMediaType)
                .detail(format!("Send {} in UTF-8.", kinds.join(" or ")))
        })?;
        let mut codings = self.headers.get_all(header::CONTENT_ENCODING);
        let packed = codings.next().is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"gzip"))
            && codings.next().is_none();
        if packed {
            self.headers.remove(header::CONTENT_ENCODING);
        }
        let announced = |name: &HeaderValue| name.as_bytes().eq_ignore_ascii_case(b"identity");
        if !self.headers.get_all(header::CONTENT_ENCODING).all(announced) {
            let accepted = HeaderValue::from_static("gzip, identity");
            return Err(Problem::new(ProblemType::UnsupportedEncoding)
                .detail("Send it without Content-Encoding, or with gzip.")
                .header(header::ACCEPT_ENCODING, accepted));
        }
        self.limits = InputLimits { body_bytes: FILE_BYTES, body_deadline: FILE_DEADLINE };
        let limits = self.limits;
        let bytes = self.bytes().await?;
        if !packed {
            return Ok((kind, bytes.to_vec()));
        }
        let most = u64::try_from(FILE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let mut unpacked = Vec::new();
        flate2::read::MultiGzDecoder::new(&*bytes).take(most).read_to_end(&mut unpacked).map_err(
            |_| {
                Problem::new(ProblemType::BadRequest)
                    .detail("The body is not gzip; compress it again.")
            },
        )?;
        if unpacked.len() > FILE_BYTES { Err(too_large(limits)) } else { Ok((kind, unpacked)) }
    }

    fn check_type(&self, wanted: &str) -> Result<(), Problem> {
        let mut types = self.headers.get_all(header::CONTENT_TYPE);
        let fits = match (types.next().map(HeaderValue::to_str), types.next()) {
            (Some(Ok(sent)), None) => is_media_type(sent, wanted),
            _ => false,
        };
        if fits { Ok(()) } else { Err(ProblemType::UnsupportedMediaType.into()) }
    }

    async fn bytes(self) -> Result<BytesMut, Problem> {
        let Self { headers, mut payload, limits } = self;
        let plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
        if !headers.get_all(header::CONTENT_ENCODING).all(plain) {
            let identity = HeaderValue::from_static("identity");
            return Err(Problem::new(ProblemType::UnsupportedEncoding)
                .header(header::ACCEPT_ENCODING, identity));
        }
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        // A length that is no number was refused by the framework; one too large to read is too
        // large to accept.
        if announced.is_some_and(|length| length.parse().unwrap_or(usize::MAX) > limits.body_bytes)
        {
            return Err(too_large(limits));
        }
        let collect = async {
            let mut body = BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|error| match error {
                    PayloadError::Overflow => too_large(limits),
                    _ => Problem::new(ProblemType::BadRequest)
                        .detail("The body ended early or was not framed properly; send it again."),
                })?;
                if body.len().saturating_add(chunk.len()) > limits.body_bytes {
                    return Err(too_large(limits));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        };
        tokio::time::timeout(limits.body_deadline, collect)
            .await
            .unwrap_or_else(|_| Err(ProblemType::RequestTimeout.into()))
    }
}

fn too_large(limits: InputLimits) -> Problem {
    let most = limits.body_bytes;
    Problem::new(ProblemType::PayloadTooLarge)
        .detail(format!("The body may have at most {most} bytes; send less, or send it in parts."))
}

/// Whether a Content-Type is the wanted one, with no parameter but a charset of UTF-8.
fn is_media_type(sent: &str, wanted: &str) -> bool {
    let mut parts = sent.split(';').map(|part| part.trim_matches([' ', '\t']));
    let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
    let parameter = parts.next();
    let utf8 = parameter.is_none_or(|parameter| {
        parameter.eq_ignore_ascii_case("charset=utf-8")
            || parameter.eq_ignore_ascii_case("charset=\"utf-8\"")
    });
    named && utf8 && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::TryIntoHeaderPair;
    use actix_web::test::TestRequest;
    use actix_web::web::Bytes;
    use futures_util::stream;

    use super::*;

    #[derive(Debug, Deserr)]
    #[deserr(error = FieldErrors, deny_unknown_fields)]
    struct Sample {
        name: String,
    }

    fn json() -> TestRequest {
        TestRequest::post().insert_header((header::CONTENT_TYPE, JSON))
    }

    async fn read(request: TestRequest) -> Result<Sample, Problem> {
        let (request, mut payload) = request.to_http_parts();
        Body::from_request(&request, &mut payload).await.unwrap().read().await
    }

    async fn code(request: TestRequest) -> &'static str {
        read(request).await.map_or_else(|problem| problem.kind().slug(), |_| "ok")
    }

    #[actix_web::test]
    async fn only_plain_json_in_utf8_is_read() {
        let body = r#"{"name":"a"}"#;
        for (sent, expected) in [
            ("application/json", "ok"),
            ("Application/JSON; charset=UTF-8", "ok"),
            ("application/json;charset=\"utf-8\"", "ok"),
            ("application/json; charset=latin1", "unsupported-media-type"), // B35
            ("application/json; charset=utf-8; x=y", "unsupported-media-type"),
            ("application/json;", "unsupported-media-type"),
            ("application/jsonx", "unsupported-media-type"),
            ("text/plain", "unsupported-media-type"),
            ("nonsense", "unsupported-media-type"),
            ("multipart/form-data; boundary=x", "unsupported-media-type"), // B36
            ("application/x-www-form-urlencoded", "unsupported-media-type"),
            ("application/xml", "unsupported-media-type"),
            ("text/csv", "unsupported-media-type"),
            ("application/merge-patch+json", "unsupported-media-type"), // B37
        ] {
            let request = TestRequest::post().insert_header((header::CONTENT_TYPE, sent));
            assert_eq!(code(request.set_payload(body)).await, expected, "{sent}");
        }
        assert_eq!(code(TestRequest::post().set_payload(body)).await, "unsupported-media-type");
        let twice = json().append_header((header::CONTENT_TYPE, JSON));
        assert_eq!(code(twice.set_payload(body)).await, "unsupported-media-type");
    }

    #[actix_web::test]
    async fn compressed_bodies_are_refused_with_what_is_accepted() {
        for coding in ["gzip", "gzip, gzip", "br", "deflate", "zstd", "x", "identity, gzip", ""] {
            let request = json().insert_header((header::CONTENT_ENCODING, coding));
            let problem = read(request.set_payload("{}")).await.unwrap_err();
            assert_eq!(problem.kind(), ProblemType::UnsupportedEncoding, "{coding}");
            let answer = actix_web::ResponseError::error_response(&problem);
            assert_eq!(answer.headers().get(header::ACCEPT_ENCODING).unwrap(), "identity");
        }
        let request = json().insert_header((header::CONTENT_ENCODING, "Identity"));
        assert_eq!(code(request.set_payload(r#"{"name":"a"}"#)).await, "ok");
    }

    async fn from_stream(
        extra: impl TryIntoHeaderPair,
        limits: InputLimits,
        chunks: impl futures_util::Stream<Item = Result<Bytes, PayloadError>> + 'static,
    ) -> Result<Sample, Problem> {
        let request = json().insert_header(extra).app_data(limits).to_http_request();
        let chunks: std::pin::Pin<Box<dyn futures_util::Stream<Item = _>>> = Box::pin(chunks);
        let mut payload = Payload::Stream { payload: chunks };
        Body::from_request(&request, &mut payload).await.unwrap().read().await
    }

    #[actix_web::test]
    async fn large_bodies_are_refused_as_early_as_possible() {
        let limits = InputLimits { body_bytes: 20, ..InputLimits::default() };
        // B29: announced too large; the body must not be touched.
        let untouched = stream::poll_fn(|_| panic!("the body was read"));
        let problem = from_stream(("content-length", "21"), limits, untouched).await.unwrap_err();
        assert_eq!(problem.kind(), ProblemType::PayloadTooLarge);
        let endless = stream::repeat_with(|| Ok(Bytes::from_static(b"1234567")));
        let problem = from_stream(("x", "y"), limits, endless).await.unwrap_err(); // B30
        assert_eq!(problem.kind(), ProblemType::PayloadTooLarge);
        let exact = stream::iter([Ok(Bytes::from_static(br#"{"name":"123456789"}"#))]);
        let read = from_stream(("content-length", "20"), limits, exact).await.unwrap();
        assert_eq!(read.name, "123456789");
    }

    #[actix_web::test]
    async fn a_slow_body_meets_one_deadline_for_all_of_it() {
        let limits =
            InputLimits { body_deadline: Duration::from_millis(120), ..InputLimits::default() };
        let drip = stream::repeat(()).then(|()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok(Bytes::from_static(b" "))
        });
        let start = std::time::Instant::now();
        let problem = from_stream(("x", "y"), limits, drip).await.unwrap_err(); // B45
        assert_eq!(problem.kind(), ProblemType::RequestTimeout);
        assert!(start.elapsed() < Duration::from_secs(2));
        let broken = stream::iter([Err(PayloadError::Incomplete(None))]);
        let problem = from_stream(("x", "y"), limits, broken).await.unwrap_err();
        assert_eq!(problem.kind(), ProblemType::BadRequest);
    }

    #[actix_web::test]
    async fn a_patch_is_told_what_it_must_be() {
        let (request, mut payload) = json().set_payload("{}").to_http_parts();
        let body = Body::from_request(&request, &mut payload).await.unwrap();
        let problem = body.read_merge_patch::<Sample>().await.unwrap_err();
        let answer = actix_web::ResponseError::error_response(&problem);
        assert_eq!(answer.status(), 415);
        assert_eq!(answer.headers().get("accept-patch").unwrap(), MERGE_PATCH);
    }
}
