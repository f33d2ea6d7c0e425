//! A browser, as far as sign-in needs one: cookies for each origin, links, forms and refreshes.

use std::collections::BTreeMap;

use reqwest::{Method, Url};

use super::people::Answer;

/// A browser. It follows no redirect by itself.
pub struct Browser {
    http: reqwest::Client,
    /// Cookies by origin and name. Paths are not looked at.
    pub cookies: BTreeMap<(String, String), String>,
    /// Every `Set-Cookie` of the last answer.
    pub set: Vec<String>,
}

impl Browser {
    /// One without cookies.
    pub fn new() -> Self {
        let redirect = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().redirect(redirect).build().unwrap();
        Self { http, cookies: BTreeMap::new(), set: Vec::new() }
    }

    /// Sends a request with the cookies of its origin.
    pub async fn send(
        &mut self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> Answer {
        let url: Url = url.parse().unwrap();
        let origin = url.origin().ascii_serialization();
        let mut request = self.http.request(method.clone(), url);
        let mine = self.cookies.iter().filter(|((of, _), _)| *of == origin);
        let cookies: Vec<_> = mine.map(|((_, name), value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == Method::POST {
            let mut body = Url::parse("http://localhost/").unwrap();
            body.query_pairs_mut().extend_pairs(form);
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.query().unwrap().to_owned());
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        self.set.clear();
        for value in headers.get_all("set-cookie") {
            let value = value.to_str().unwrap().to_owned();
            let (name, rest) = value.split_once('=').unwrap();
            let key = (origin.clone(), name.to_owned());
            let kept = rest.split(';').next().unwrap().to_owned();
            let gone = kept.is_empty() || rest.contains("Max-Age=0") || rest.contains("1970");
            if gone {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, kept);
            }
            self.set.push(value);
        }
        let text = answer.text().await.unwrap();
        Answer { status, headers, text, json: serde_json::Value::Null }
    }

    /// Reads an address.
    pub async fn get(&mut self, url: &str) -> Answer {
        self.send(Method::GET, url, &[], &[]).await
    }

    /// Sends a form, as a page of the same origin would.
    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Answer {
        let origin = url.parse::<Url>().unwrap().origin().ascii_serialization();
        let headers = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        self.send(Method::POST, url, &headers, form).await
    }

    /// Goes where the answer redirects to, until one does not; the answer and its address.
    pub async fn follow(&mut self, mut answer: Answer, mut url: String) -> (Answer, String) {
        for _ in 0..12 {
            if !(300..400).contains(&answer.status) {
                return (answer, url);
            }
            url = url.parse::<Url>().unwrap().join(answer.header("location")).unwrap().into();
            answer = self.get(&url).await;
        }
        panic!("a redirect loop at {url}");
    }
}

/// What stands between two texts, with the signs that HTML writes otherwise.
pub fn between(text: &str, from: &str, to: &str) -> String {
    let rest = text.split(from).nth(1).unwrap_or_else(|| panic!("no {from:?} in {text}"));
    rest.split(to).next().unwrap().replace("&amp;", "&").replace("&#38;", "&")
}

/// The token that the forms of a page send.
pub fn csrf(page: &str) -> String {
    between(page, "name=\"csrf\" value=\"", "\"")
}
