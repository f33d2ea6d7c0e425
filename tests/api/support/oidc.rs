//! A provider that can be told to misbehave, and how the service is started with one.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use escalation_tracker::domain::access::Role;
use escalation_tracker::domain::ids::PartnershipId;
use escalation_tracker::http::auth::claims::ClaimRules;
use escalation_tracker::http::auth::doors::{Doors, Way};
use escalation_tracker::http::auth::provider::{Provider, ProviderSettings};
use escalation_tracker::usecases::setup::PlannedClient;
use escalation_tracker::usecases::{Deps, setup};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use super::tokens::{KEY_ID, Token, jwks};
use super::{TestApp, people};

/// What the service is called at the provider.
pub const CLIENT: &str = "pages";
/// What proves it.
pub const SECRET: &str = "secret of the tests, with = and : and +";

/// What the misbehaving provider does.
pub struct Behaviour {
    /// Claims of the next identity token that replace good ones; null removes.
    pub claims: Value,
    /// The header of the next identity token, if not a good one.
    pub header: Option<Header>,
    /// The token itself, if not the signed one.
    pub token: Option<String>,
    /// The nonce that the service asked for last.
    pub nonce: String,
    /// The challenge that the service sent last.
    pub challenge: String,
    /// What was sent to the token endpoint last.
    pub redeemed: String,
    /// The `Authorization` with it.
    pub authorization: String,
    /// The present second.
    pub now: i64,
    /// Whether it is out of order.
    pub away: bool,
}

/// A provider that does as it is told.
pub struct FalseProvider {
    /// Its issuer.
    pub issuer: String,
    /// What it does.
    pub behaviour: Arc<Mutex<Behaviour>>,
}

type Shared = Data<(String, Arc<Mutex<Behaviour>>)>;

async fn answer(request: HttpRequest, body: web::Bytes, shared: Shared) -> HttpResponse {
    let (issuer, behaviour) = &**shared;
    let mut it = behaviour.lock().unwrap();
    if it.away {
        return HttpResponse::BadGateway().finish();
    }
    match request.path() {
        "/.well-known/openid-configuration" => HttpResponse::Ok().json(json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "end_session_endpoint": format!("{issuer}/end"),
        })),
        "/jwks" => HttpResponse::Ok().json(jwks()),
        "/token" => {
            it.redeemed = String::from_utf8(body.to_vec()).unwrap();
            let header = request.headers().get("authorization");
            it.authorization = header.map_or("", |it| it.to_str().unwrap()).to_owned();
            let mut token = Token::of("any")
                .with("client_id", Value::Null)
                .with("iss", json!(issuer))
                .with("aud", json!(CLIENT))
                .with("sub", json!("person-1"))
                .with("name", json!("Ada <b>Okafor</b>"))
                .with("roles", json!(["director"]))
                .with("nonce", json!(it.nonce))
                .with("iat", json!(it.now))
                .with("auth_time", json!(it.now))
                .with("exp", json!(it.now + 300));
            token.header.typ = Some("JWT".to_owned());
            for (name, value) in it.claims.as_object().unwrap() {
                token = token.with(name, value.clone());
            }
            if let Some(header) = &it.header {
                token.header = header.clone();
            }
            let signed = it.token.clone().unwrap_or_else(|| token.signed());
            HttpResponse::Ok()
                .json(json!({"id_token": signed, "access_token": "x", "token_type": "Bearer"}))
        }
        _ => HttpResponse::NotFound().finish(),
    }
}

impl FalseProvider {
    /// Starts one.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let behaviour = Arc::new(Mutex::new(Behaviour {
            claims: json!({}),
            header: None,
            token: None,
            nonce: String::new(),
            challenge: String::new(),
            redeemed: String::new(),
            authorization: String::new(),
            now: 0,
            away: false,
        }));
        let shared = Data::new((issuer.clone(), Arc::clone(&behaviour)));
        let server = HttpServer::new(move || {
            App::new().app_data(shared.clone()).default_service(web::to(answer))
        });
        let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
        tokio::spawn(server);
        Self { issuer, behaviour }
    }

    /// A service whose people sign in here.
    pub async fn app(&self) -> TestApp {
        let issuer = self.issuer.clone();
        TestApp::start_with_doors(
            async |deps| register(deps, &issuer).await,
            |url| doors(&self.issuer, url, Algorithm::EdDSA),
        )
        .await
    }
}

/// Sets both partnerships up, with the registrations that let people in.
pub async fn register(deps: &Deps, issuer: &str) -> PartnershipId {
    let mut plan = people::anyborough();
    plan.clients.extend(registrations(issuer));
    let partnership = setup::apply(deps, &plan).await.unwrap();
    setup::apply(deps, &people::elsewhere()).await.unwrap();
    partnership
}

/// The registrations that let people in.
pub fn registrations(issuer: &str) -> Vec<PlannedClient> {
    let of = |id: &str, role, agency| PlannedClient {
        issuer: issuer.to_owned(),
        ..people::client(&format!("{CLIENT}/{id}"), role, agency)
    };
    vec![
        of("director", Role::Director, None),
        of("analyst", Role::Analyst, None),
        of("agency/valeshire_police", Role::Agency, Some("valeshire_police")),
    ]
}

/// Doors through which people come in by this provider.
pub fn doors(issuer: &str, url: &str, algorithm: Algorithm) -> Doors {
    let provider = Provider::new(ProviderSettings {
        issuer: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.to_owned(),
        algorithm,
        scope: "openid profile email".to_owned(),
        tenant: None,
        public_url: url.to_owned(),
        claims: ClaimRules {
            roles: "/roles".to_owned(),
            role_names: "Escalations.Analyst=analyst".parse().unwrap(),
            agency: "/agency".to_owned(),
            agency_names: "Valeshire Police=valeshire_police".parse().unwrap(),
        },
        plain_http: true,
    });
    Doors::new(Way::Provider(Box::new(provider.unwrap())), Some(url.to_owned()), "ANY".to_owned())
}

/// A header of another key or algorithm.
pub fn header(algorithm: Algorithm, key_id: Option<&str>) -> Header {
    let mut header = Header::new(algorithm);
    header.kid = key_id.map(str::to_owned);
    header
}

/// The one key's id.
pub const GOOD_KEY: Option<&str> = Some(KEY_ID);
