//! The reporting views over OData: what Power BI and Excel ask, and what nobody may.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use escalation_tracker::domain::access::Reach;
use escalation_tracker::usecases::{registry, reports};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use super::row_security::state;
use super::support::TestApp;
use super::support::people::Answer;
use super::support::tokens::ISSUER;

/// What Power Query sends with every request (NLstn/go-odata #874).
const MASHUP: [(&str, &str); 4] = [
    ("user-agent", "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)"),
    ("maxdataserviceversion", "3.0"),
    ("odata-maxversion", "4.0"),
    (
        "accept",
        "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,\
         application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7",
    ),
];

/// A tool that reads reports.
struct Reader<'a> {
    app: &'a TestApp,
    id: uuid::Uuid,
    secret: String,
}

impl<'a> Reader<'a> {
    async fn of(app: &'a TestApp, client: &str) -> Self {
        let client = registry::find(&app.deps, ISSUER, client).await.unwrap().unwrap();
        let (token, secret) = reports::create_token(&app.deps, &client, 90).await.unwrap();
        Self { app, id: token.id, secret }
    }

    fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.id, self.secret)))
    }

    async fn asks(&self, path: &str, more: &[(&str, &str)]) -> Answer {
        let basic = self.basic();
        let mut headers = vec![("authorization", basic.as_str())];
        headers.extend(more);
        self.app.stranger().send(Method::GET, path, &headers, "").await
    }

    async fn get(&self, path: &str) -> Answer {
        self.asks(path, &MASHUP).await
    }

    /// Every row of a set, page by page.
    async fn all(&self, path: &str, page: u32) -> Vec<Value> {
        let prefer = format!("odata.maxpagesize={page}");
        let (mut path, mut rows) = (path.to_owned(), Vec::new());
        loop {
            let answer = self.asks(&path, &[("prefer", &prefer)]).await.expect(200).json;
            let found = answer["value"].as_array().unwrap().clone();
            assert!(found.len() <= usize::try_from(page).unwrap());
            rows.extend(found);
            let Some(next) = answer["@odata.nextLink"].as_str() else { return rows };
            path = next.strip_prefix(&self.app.url).unwrap().to_owned();
        }
    }
}

/// A partnership with seven escalations in several states.
async fn world() -> TestApp {
    let app = TestApp::start().await;
    for number in 0..7 {
        let theme = if number % 2 == 0 { "icpc_late" } else { "strategy_meeting_late" };
        let id = app.police().raises(json!({"theme": theme})).await;
        if number % 3 == 0 {
            app.childrens_services().agrees(&id).await;
            app.police().accepts(&id).await;
        }
        if number == 3 {
            app.childrens_services().resolves(&id).await;
        }
        app.clock.advance(SignedDuration::from_hours(20));
    }
    app.person("else-police").raises(json!({"raised_with_agency": "elsewhere_cs"})).await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn what_power_bi_and_excel_send_is_answered_as_they_need_it() {
    let app = world().await;
    let reader = Reader::of(&app, "test-analyst").await;
    // Recorded from issues and documentation: `path | status | media type | a piece of the answer`.
    let requests = include_str!("odata_requests.txt");
    let mut asked = 0;
    for line in requests.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [path, status, kind, piece] = parts.as_slice() else { panic!("{line}") };
        let answer = reader.get(path).await.expect(status.parse().unwrap());
        assert!(answer.header("content-type").starts_with(kind), "{line}: {:?}", answer.headers);
        // Twice, Power Query reads "4.0,4.0" and gives up (NLstn/go-odata #874).
        assert_eq!(answer.headers.get_all("odata-version").iter().count(), 1, "{line}");
        assert_eq!(answer.header("odata-version"), "4.0", "{line}");
        let piece = piece.replace("{root}", &format!("{}/odata/v1/", app.url));
        assert!(answer.text.contains(&piece), "{line}: {}", answer.text);
        asked += 1;
    }
    assert!(asked > 25, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_xml_for_any_accept_and_says_what_every_column_means() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, "test-analyst").await;
    let mut documents = Vec::new();
    for accept in [
        "application/json",
        "*/*",
        "application/xml",
        "text/html",
        "application/json;odata.metadata=full",
    ] {
        let answer = reader.asks("/odata/v1/$metadata", &[("accept", accept)]).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/xml", "{accept}");
        documents.push(answer.text);
    }
    documents.dedup();
    let [document] = documents.as_slice() else { panic!("one document for all") };
    for trouble in ["EnumType", "NavigationProperty", "edmx:Reference", "EnumMember"] {
        assert!(!document.contains(trouble), "{trouble}");
    }
    for view in reports::views(&app.deps).await.unwrap() {
        assert!(
            document.contains(&format!("<EntitySet Name=\"{}\"", view.name())),
            "{}",
            view.name()
        );
        let key = format!("<Key><PropertyRef Name=\"{}\"/></Key>", view.key().name());
        assert!(document.contains(&key), "{key}");
        for column in view.columns() {
            let meaning =
                column.comment().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            assert!(document.contains(&meaning), "{}", column.comment());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_comes_once_in_whatever_order_and_page() {
    let app = world().await;
    let reader = Reader::of(&app, "test-analyst").await;
    let key = |row: &Value| row["escalation_id"].as_str().unwrap().to_owned();
    let mut by_key =
        reader.all("/odata/v1/escalation", 1).await.iter().map(key).collect::<Vec<_>>();
    assert_eq!(by_key.len(), 7);
    assert!(by_key.is_sorted(), "without another order the key decides");
    by_key.sort();
    for order in [
        "raised_at",
        "raised_at%20desc",
        "ended_at",
        "ended_at%20desc",
        "theme,status%20desc",
        "outcome%20desc,theme",
        "escalation_id%20desc",
        "past_due,next_due_at%20desc",
    ] {
        let path = format!("/odata/v1/escalation?$orderby={order}&$count=true");
        let whole: Vec<String> = reader.get(&path).await.expect(200).json["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(key)
            .collect();
        for page in [1, 2, 3, 7] {
            let paged: Vec<String> = reader.all(&path, page).await.iter().map(key).collect();
            assert_eq!(paged, whole, "{order} in pages of {page}");
        }
        let mut sorted = whole.clone();
        sorted.sort();
        assert_eq!(sorted, by_key, "{order}");
    }
    // What is not said comes first, as OData has it.
    let ended = reader.all("/odata/v1/escalation?$orderby=ended_at", 2).await;
    assert!(ended[0]["ended_at"].is_null() && !ended[6]["ended_at"].is_null(), "{ended:?}");
    assert_eq!(reader.all("/odata/v1/escalation?$top=5", 2).await.len(), 5);
    assert_eq!(reader.all("/odata/v1/escalation?$top=4", 2).await.len(), 4);
    assert_eq!(reader.all("/odata/v1/escalation?$skip=3", 2).await.len(), 4);
    assert_eq!(
        reader.get("/odata/v1/escalation?$top=0").await.expect(200).json["value"],
        json!([])
    );
    // A row that went between two pages is said so, where the order needs it.
    let answer = reader.get("/odata/v1/escalation?$orderby=theme&$skiptoken=MDE5OWE5YjAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAx").await;
    assert_eq!(answer.status, 400, "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_finds_what_sql_finds() {
    let app = world().await;
    let reader = Reader::of(&app, "test-analyst").await;
    let service = app.database.connect("escalation_app").await;
    state(&service, &app.partnership.to_string(), "", Reach::Partnership).await;
    let first = reader.get("/odata/v1/escalation?$top=1").await.json["value"][0].clone();
    let id = first["escalation_id"].as_str().unwrap();
    let by_id = format!("escalation_id eq {id}");
    let by_id_sql = format!("escalation_id = '{id}'");
    let mut found = Vec::new();
    for (filter, sql) in [
        ("theme eq 'icpc_late'", "theme = 'icpc_late'"),
        ("theme ne 'icpc_late'", "theme <> 'icpc_late'"),
        ("outcome eq null", "outcome is null"),
        ("outcome ne null", "outcome is not null"),
        ("outcome ne 'withdrawn'", "true"),
        (
            "not (outcome eq 'resolved_as_requested')",
            "outcome is distinct from 'resolved_as_requested'",
        ),
        ("ended_at gt 2000-01-01T00:00:00Z", "ended_at is not null"),
        ("not (ended_at gt 2000-01-01T00:00:00Z)", "ended_at is null"),
        ("counts_in_figures", "counts_in_figures"),
        ("counts_as_resolved eq true", "counts_as_resolved"),
        ("counts_as_resolved ne true", "counts_as_resolved is not true"),
        ("contains(theme,'meeting') and stage lt 3", "theme like '%meeting%'"),
        ("startswith(theme,'icpc') or endswith(theme,'_late')", "true"),
        ("contains(theme,'%') or contains(theme,'_x')", "false"),
        ("contains(reference,'''')", "false"),
        ("year(raised_at) eq 2026 and month(raised_at) eq 11", "true"),
        ("day(raised_at) gt 25", "extract(day from raised_at at time zone 'UTC') > 25"),
        ("stage eq 99999999999999999999", "false"),
        ("stage ge 0.5 and child_count le 1e2", "stage >= 1"),
        ("raised_at eq received_at", "raised_at = received_at"),
        (&by_id, &by_id_sql),
        ("true", "true"),
        ("false", "false"),
    ] {
        let sql = format!("select count(*) from reporting_v1.escalation where {sql}");
        let expected: i64 = service.query_one(&sql, &[]).await.unwrap().get(0);
        let encoded = encoded(filter);
        let answer =
            reader.get(&format!("/odata/v1/escalation/$count?$filter={encoded}")).await.expect(200);
        assert_eq!(answer.text, expected.to_string(), "{filter}");
        let answer = reader
            .get(&format!("/odata/v1/escalation?$count=true&$filter={encoded}"))
            .await
            .expect(200);
        assert_eq!(answer.json["@odata.count"], expected, "{filter}");
        assert_eq!(
            answer.json["value"].as_array().unwrap().len(),
            usize::try_from(expected).unwrap(),
            "{filter}"
        );
        found.push(expected);
    }
    assert!(
        found.contains(&0) && found.contains(&7) && found.iter().any(|it| (1..7).contains(it)),
        "{found:?}"
    );
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_request_becomes_sql() {
    let app = world().await;
    let reader = Reader::of(&app, "test-analyst").await;
    let before = reader.get("/odata/v1/escalation/$count").await.text;
    let nasty = [
        "'; drop table escalation; --",
        "' or '1'='1",
        "\\'; select 1",
        "$1",
        "$$x$$",
        "\"theme\"",
        "theme\" or \"1",
        "{0}",
        "' || pg_sleep(10) || '",
        "1) or (1=1",
        "/* x */",
        "\u{2019}; --",
        "%27",
        "é'\u{0}",
        "\u{202e}",
        "theme::text",
        "current_user",
        "it.theme",
        "pg_catalog.pg_class",
        "'::regclass",
        "E'\\x27'",
        "U&'\\0027'",
    ];
    for text in nasty {
        let quoted = text.replace('\'', "''");
        for (query, statuses) in [
            (format!("$filter=theme eq '{quoted}'"), &[200, 400][..]),
            (format!("$filter=contains(theme,'{quoted}')"), &[200, 400]),
            (format!("$filter={text}"), &[400, 501]),
            (format!("$filter=theme eq {text}"), &[200, 400, 501]),
            (format!("$orderby={text}"), &[400]),
            (format!("$select={text}"), &[400]),
            (format!("$top={text}"), &[400]),
            (format!("$skiptoken={text}"), &[400]),
            (format!("$count={text}"), &[400]),
        ] {
            let (name, value) = query.split_once('=').unwrap();
            let answer =
                reader.get(&format!("/odata/v1/escalation?{name}={}", encoded(value))).await;
            assert!(
                statuses.contains(&answer.status),
                "{query}: {} {}",
                answer.status,
                answer.text
            );
            if answer.status == 200 {
                assert_eq!(answer.json["value"], json!([]), "{query}");
            } else {
                assert!(answer.json["error"]["message"].is_string(), "{query}: {}", answer.text);
                assert!(
                    !answer.text.contains(text) || text.len() < 5,
                    "{query} is repeated: {}",
                    answer.text
                );
            }
        }
        let path = format!("/odata/v1/weekly_measure({})", encoded(&format!("'{quoted}'")));
        let status = reader.get(&path).await.status;
        assert!([400, 404].contains(&status), "{path}: {status}");
        let path = format!("/odata/v1/{}", encoded(text));
        assert!([400, 404].contains(&reader.get(&path).await.status), "{path}");
    }
    assert_eq!(reader.get("/odata/v1/escalation/$count").await.text, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_is_read_by_its_key_and_nothing_of_another_partnership() {
    let app = world().await;
    let reader = Reader::of(&app, "test-analyst").await;
    let row = reader.get("/odata/v1/escalation?$top=1").await.json["value"][0].clone();
    let id = row["escalation_id"].as_str().unwrap();
    for path in
        [format!("/odata/v1/escalation({id})"), format!("/odata/v1/escalation(escalation_id={id})")]
    {
        let mut answer = reader.get(&path).await.expect(200).json;
        let context = answer.as_object_mut().unwrap().remove("@odata.context").unwrap();
        assert_eq!(context, format!("{}/odata/v1/$metadata#escalation/$entity", app.url));
        assert_eq!(answer, row);
    }
    let sql = "select id::text from escalation where reference like 'ESC-ELSE%'";
    let foreign: String = app.database.superuser().await.query_one(sql, &[]).await.unwrap().get(0);
    reader.get(&format!("/odata/v1/escalation({foreign})")).await.expect(404);
    reader.get("/odata/v1/escalation(x)").await.expect(400);
    let theirs = Reader::of(&app, "else-director").await;
    let rows = theirs.all("/odata/v1/escalation", 5).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["escalation_id"], foreign);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_token_opens_reports_and_nothing_else_until_it_ends() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, "test-analyst").await;
    reader.get("/odata/v1/").await.expect(200);
    // Basic opens no operation, and a bearer token no report.
    for path in ["/v1/themes/weekly", "/v1/escalations", "/v1/reviews"] {
        let answer = reader.get(path).await.expect(401);
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{path}");
    }
    let basic = "Basic realm=\"escalation-tracker reports\", charset=\"UTF-8\"";
    let wrong = Reader { app: &app, id: reader.id, secret: "etr_wrong".to_owned() };
    let unknown = Reader { app: &app, id: uuid::Uuid::nil(), secret: reader.secret.clone() };
    for answer in [
        app.person("test-analyst").get("/odata/v1/").await,
        app.stranger().get("/odata/v1/$metadata").await,
        app.stranger().get("/odata/v1/nothing").await,
        wrong.get("/odata/v1/").await,
        unknown.get("/odata/v1/").await,
    ] {
        let answer = answer.expect(401);
        assert_eq!(answer.header("www-authenticate"), basic);
        assert_eq!(answer.json["error"]["code"], "unauthenticated");
    }
    for (method, path, status) in [
        (Method::POST, "/odata/v1/escalation", 405),
        (Method::DELETE, "/odata/v1/escalation(1)", 405),
        (Method::POST, "/odata/v1/$batch", 501),
        (Method::GET, "/odata/v2/", 404),
        (Method::GET, "/odata/", 404),
    ] {
        let credentials = reader.basic();
        let headers = [("authorization", credentials.as_str())];
        let answer = app.stranger().send(method, path, &headers, "").await.expect(status);
        assert!(answer.json["error"]["message"].is_string(), "{path}: {}", answer.text);
    }
    // Who may not read reports gets no token.
    for client in ["test-police", "test-operator"] {
        let client = registry::find(&app.deps, ISSUER, client).await.unwrap().unwrap();
        reports::create_token(&app.deps, &client, 90).await.unwrap_err();
    }
    let second = Reader::of(&app, "test-analyst").await;
    reports::revoke_token(&app.deps, reader.id).await.unwrap();
    reports::revoke_token(&app.deps, reader.id).await.unwrap();
    reader.get("/odata/v1/").await.expect(401);
    second.get("/odata/v1/").await.expect(200);
    let analyst = registry::find(&app.deps, ISSUER, "test-analyst").await.unwrap().unwrap();
    let listed = reports::tokens(&app.deps, &analyst).await.unwrap();
    let revoked = |id| listed.iter().find(|it| it.id == id).unwrap().revoked_at.is_some();
    assert_eq!((listed.len(), revoked(reader.id), revoked(second.id)), (2, true, false));
    app.clock.advance(SignedDuration::from_hours(90 * 24 - 1));
    second.get("/odata/v1/").await.expect(200);
    app.clock.advance(SignedDuration::from_hours(1));
    second.get("/odata/v1/").await.expect(401);
    let kept: Vec<u8> = app
        .database
        .superuser()
        .await
        .query_one("select secret_sha256 from report_token limit 1", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(kept.len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_after_another_is_asked_for_where_the_caller_asked() {
    let app = world().await;
    let reader = Reader::of(&app, "test-analyst").await;
    let headers = [
        ("prefer", "odata.maxpagesize=2"),
        ("x-forwarded-proto", "https"),
        ("host", "reports.example"),
    ];
    let answer =
        reader.asks("/odata/v1/escalation?$select=theme&custom=1", &headers).await.expect(200);
    assert_eq!(
        answer.json["@odata.context"],
        "https://reports.example/odata/v1/$metadata#escalation(theme)"
    );
    let next = answer.json["@odata.nextLink"].as_str().unwrap();
    assert!(
        next.starts_with(
            "https://reports.example/odata/v1/escalation?$select=theme&custom=1&$skiptoken="
        ),
        "{next}"
    );
    assert_eq!(answer.header("preference-applied"), "odata.maxpagesize=2");
    assert_eq!(answer.json["value"][0].as_object().unwrap().len(), 1);
}
