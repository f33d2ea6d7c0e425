//! How people can come in: through a provider, by choosing who they are among made-up people, or not at all.

use actix_web::HttpRequest;
use tokio::sync::OnceCell;

use super::provider::Provider;
use crate::domain::ids::PartnershipId;
use crate::usecases::{Deps, Failure, sign_in};

/// The way in.
pub enum Way {
    /// None: the API only.
    Closed,
    /// Everybody is whom they choose, among the clients of this issuer. For made-up data only.
    Choice {
        /// The issuer.
        issuer: String,
    },
    /// An OpenID provider says who somebody is.
    Provider(Box<Provider>),
}

/// The doors for people.
pub struct Doors {
    way: Way,
    public_url: Option<String>,
    code: String,
    partnership: OnceCell<PartnershipId>,
}

impl Doors {
    /// No way in for people.
    #[must_use]
    pub fn closed() -> Self {
        Self::new(Way::Closed, None, String::new())
    }

    /// A way into the pages of the partnership with this code. `public_url` is the address that browsers know, without
    /// a path; without it, that of the request, which is right where no proxy stands before the service.
    #[must_use]
    pub fn new(way: Way, public_url: Option<String>, code: String) -> Self {
        let public_url = public_url.map(|url| url.trim_end_matches('/').to_owned());
        Self { way, public_url, code, partnership: OnceCell::new() }
    }

    /// The way in.
    #[must_use]
    pub const fn way(&self) -> &Way {
        &self.way
    }

    /// Whether everything behind these doors is made up.
    #[must_use]
    pub const fn made_up(&self) -> bool {
        matches!(self.way, Way::Choice { .. })
    }

    /// Whether browsers come by TLS.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }

    /// The origin of our own pages, as browsers name it.
    #[must_use]
    pub fn origin(&self, request: &HttpRequest) -> String {
        self.public_url.clone().unwrap_or_else(|| {
            let host = request.headers().get(actix_web::http::header::HOST);
            let host = host.and_then(|host| host.to_str().ok()).or_else(|| request.uri().host());
            format!("http://{}", host.unwrap_or_default())
        })
    }

    /// The partnership whose pages these are. It may be set up after the service has started.
    ///
    /// # Errors
    /// It is not set up, or the database fails.
    pub async fn partnership(&self, deps: &Deps) -> Result<PartnershipId, Failure> {
        let found = self.partnership.get_or_try_init(|| sign_in::partnership(deps, &self.code));
        found.await.copied()
    }
}
