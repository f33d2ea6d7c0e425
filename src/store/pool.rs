//! Connections: few, named, patient for a stated time only, and encrypted unless local.

use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::Pool as Deadpool;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::StoreFailure;

/// The name under which connections show in `pg_stat_activity`.
const APPLICATION_NAME: &str = "escalation-tracker";

/// How the service connects.
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// A PostgreSQL connection URL or `key=value` text.
    pub url: String,
    /// The most connections held at once.
    pub size: usize,
    /// How long a request waits for a free connection.
    pub wait: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// PEM certificates to trust besides the system's.
    pub root_certificates: Option<Vec<u8>>,
}

impl PoolOptions {
    /// The usual patience for a database at `url`.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self {
            url,
            size: 16,
            wait: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(10),
            root_certificates: None,
        }
    }
}

/// A pool of connections to PostgreSQL.
#[derive(Clone)]
pub struct Pool(Deadpool<AsyncPgConnection>);

impl Pool {
    /// A pool; nothing is connected before the first use.
    ///
    /// # Errors
    /// The URL or the certificates cannot be read.
    pub fn new(options: &PoolOptions) -> Result<Self, StoreFailure> {
        let config = connection_config(options)?;
        let tls = Arc::new(tls_config(options)?);
        let mut manager_config = ManagerConfig::default();
        // A connection that broke is noticed at its first statement; asking each time costs a
        // round trip.
        manager_config.recycling_method = RecyclingMethod::Fast;
        manager_config.custom_setup = Box::new(move |_| connect(config.clone(), Arc::clone(&tls)));
        let manager = AsyncDieselConnectionManager::new_with_config(&options.url, manager_config);
        let pool = Deadpool::builder(manager)
            .max_size(options.size)
            .runtime(deadpool::Runtime::Tokio1)
            .wait_timeout(Some(options.wait))
            .create_timeout(Some(Duration::from_secs(5)))
            .build()
            .map_err(|error| StoreFailure::Other(error.to_string()))?;
        Ok(Self(pool))
    }

    /// A free connection.
    ///
    /// # Errors
    /// None became free, or none could be opened, in time.
    pub async fn get(&self) -> Result<PooledConnection, StoreFailure> {
        self.0.get().await.map_err(|error| StoreFailure::Unavailable(error.to_string()))
    }

    /// Closes all connections; later requests fail.
    pub fn close(&self) {
        self.0.close();
    }
}

/// A connection that returns to its pool when dropped.
pub type PooledConnection =
    deadpool::managed::Object<AsyncDieselConnectionManager<AsyncPgConnection>>;

/// One connection outside any pool, for migrations.
///
/// # Errors
/// The database cannot be reached or refuses.
pub async fn connect_once(options: &PoolOptions) -> Result<AsyncPgConnection, StoreFailure> {
    let config = connection_config(options)?;
    connect(config, Arc::new(tls_config(options)?))
        .await
        .map_err(|error| StoreFailure::Unavailable(error.to_string()))
}

fn connection_config(options: &PoolOptions) -> Result<Config, StoreFailure> {
    // Names are always verified here, so the two stricter words of libpq mean what `require` does.
    let url = options
        .url
        .replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require");
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        // The text of this error names the key that is wrong, never a value.
        StoreFailure::Unavailable(format!("the database URL cannot be read: {error}"))
    })?;
    // The driver's own default takes an unencrypted connection when the server, or somebody on the way, offers no
    // other. Here that has to be asked for by name.
    let remote = config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_)));
    if remote && !url.contains("sslmode") {
        config.ssl_mode(tokio_postgres::config::SslMode::Require);
    }
    let millis = options.statement_timeout.as_millis();
    // Compiling a statement takes longer than running any of these.
    let settings = format!(
        "-c statement_timeout={millis} -c lock_timeout=5000 -c jit=off \
         -c idle_in_transaction_session_timeout=30000"
    );
    let given = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{settings} {given}"));
    config.application_name(APPLICATION_NAME);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    Ok(config)
}

fn tls_config(options: &PoolOptions) -> Result<rustls::ClientConfig, StoreFailure> {
    let refused = |error: rustls::Error| StoreFailure::Other(error.to_string());
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = &options.root_certificates {
        use rustls::pki_types::pem::PemObject;
        for certificate in rustls::pki_types::CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| {
                StoreFailure::Other("the database's root certificates are not PEM".to_owned())
            })?;
            roots.add(certificate).map_err(refused)?;
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn connect(
    config: Config,
    tls: Arc<rustls::ClientConfig>,
) -> BoxFuture<'static, ConnectionResult<AsyncPgConnection>> {
    async move {
        let refused =
            |error: tokio_postgres::Error| ConnectionError::BadConnection(describe(&error));
        let local = config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
        if local {
            let (client, connection) = config.connect(NoTls).await.map_err(refused)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        } else {
            let tls = MakeRustlsConnect::new((*tls).clone());
            let (client, connection) = config.connect(tls).await.map_err(refused)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        }
    }
    .boxed()
}

/// The whole chain of causes: the outermost alone says only "error connecting to server".
fn describe(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
