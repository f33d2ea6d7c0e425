//! The database that a command works with: the one that is named, or the program's own.

use super::terminal::note;
use crate::embedded::{Durability, EmbeddedPostgres, Options, SUPERUSER};
use crate::settings::DatabaseSettings;
use crate::store::migrations::{self, SchemaState};
use crate::store::own_database::{self, DATABASE, OWNER};
use crate::store::pool::{PoolOptions, connect_once};
use crate::store::{Pool, StoreFailure};

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The program's own PostgreSQL.
    #[error(transparent)]
    Embedded(#[from] crate::embedded::EmbeddedError),
    /// The database answers with an error, or not at all.
    #[error(transparent)]
    Store(#[from] StoreFailure),
    /// A setting is missing or wrong.
    #[error("{0}")]
    Setting(String),
}

/// A database, ready to be connected to.
pub struct Database {
    embedded: Option<EmbeddedPostgres>,
    superuser: Option<PoolOptions>,
    service: PoolOptions,
    owner: Option<PoolOptions>,
}

impl Database {
    /// The database that the settings name, or the program's own, started and with its roles made.
    ///
    /// # Errors
    /// It cannot be found, installed or started; each message says what to do.
    pub async fn open(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        let root_certificates = match &settings.database_root_certificates {
            None => None,
            Some(path) => Some(std::fs::read(path).map_err(|error| {
                DatabaseError::Setting(format!(
                    "the certificates {} cannot be read: {error}",
                    path.display()
                ))
            })?),
        };
        let options = |url: String| PoolOptions {
            size: usize::from(settings.database_connections),
            statement_timeout: settings.statement_timeout(),
            root_certificates: root_certificates.clone(),
            ..PoolOptions::new(url)
        };
        if let Some(url) = &settings.database_url {
            let owner = settings.owner_database_url.clone().map(&options);
            return Ok(Self {
                embedded: None,
                superuser: None,
                service: options(url.clone()),
                owner,
            });
        }
        if settings.owner_database_url.is_some() {
            return Err(DatabaseError::Setting(
                "OWNER_DATABASE_URL is set and DATABASE_URL is not; set both, or neither for the \
                 program's own PostgreSQL"
                    .to_owned(),
            ));
        }
        let embedded = start(settings).await?;
        let superuser = options(embedded.connection_string(SUPERUSER, "postgres"));
        own_database::make(&mut connect_once(&superuser).await?).await?;
        Ok(Self {
            service: options(embedded.connection_string(migrations::APPLICATION_ROLE, DATABASE)),
            owner: Some(options(embedded.connection_string(OWNER, DATABASE))),
            superuser: Some(superuser),
            embedded: Some(embedded),
        })
    }

    /// Whether it is the program's own.
    pub const fn is_own(&self) -> bool {
        self.embedded.is_some()
    }

    /// Brings the schema up to date; the names of the migrations that ran.
    ///
    /// # Errors
    /// There is no owner to connect as, or a migration fails.
    pub async fn migrate(&self) -> Result<Vec<String>, DatabaseError> {
        let owner = self.owner.as_ref().ok_or_else(|| {
            DatabaseError::Setting(
                "set OWNER_DATABASE_URL to the same database as DATABASE_URL, with the role that \
                 owns the tables: it may create tables and roles, which the service's role may not"
                    .to_owned(),
            )
        })?;
        let mut owner = owner.clone();
        // A migration may take as long as it takes.
        owner.statement_timeout = std::time::Duration::ZERO;
        Ok(migrations::run(connect_once(&owner).await?).await?)
    }

    /// Connections for the service, once the schema matches and the role is fit.
    ///
    /// # Errors
    /// The schema does not match, and the message says what to type; or the role is not fit.
    pub async fn pool(&self) -> Result<Pool, DatabaseError> {
        let pool = Pool::new(&self.service)?;
        let mut conn = pool.get().await?;
        if let Some(reason) = migrations::unfit_to_serve(&mut conn).await? {
            return Err(DatabaseError::Setting(reason));
        }
        match migrations::state(&mut conn).await? {
            SchemaState::Current => {}
            SchemaState::Behind(missing) => {
                return Err(DatabaseError::Setting(format!(
                    "the database lacks {} migration(s), the first being {}; type: escalation-tracker migrate",
                    missing.len(),
                    missing.first().map_or("", String::as_str)
                )));
            }
            SchemaState::Ahead(unknown) => {
                return Err(DatabaseError::Setting(format!(
                    "the database has the migration {}, which this program does not know; \
                     run the newer program that made it",
                    unknown.first().map_or("", String::as_str)
                )));
            }
        }
        drop(conn);
        Ok(pool)
    }

    /// Waits until the program's own PostgreSQL has ended; for ever when there is none.
    pub async fn ended(&mut self) {
        let Some(embedded) = &mut self.embedded else {
            return std::future::pending().await;
        };
        while embedded.is_running() {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    }

    /// Empties the program's own database. Never done to one that somebody named.
    ///
    /// # Errors
    /// The database fails.
    pub async fn recreate(&self) -> Result<(), DatabaseError> {
        let Some(superuser) = &self.superuser else { return Ok(()) };
        Ok(own_database::remake(&mut connect_once(superuser).await?).await?)
    }

    /// Stops the program's own PostgreSQL, if it runs.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn close(self) -> Result<(), DatabaseError> {
        let Some(embedded) = self.embedded else { return Ok(()) };
        tokio::task::spawn_blocking(move || embedded.stop())
            .await
            .map_err(|error| DatabaseError::Setting(error.to_string()))??;
        Ok(())
    }
}

async fn start(settings: &DatabaseSettings) -> Result<EmbeddedPostgres, DatabaseError> {
    let options = Options {
        data_dir: settings.data_dir.join("postgres"),
        durability: Durability::Durable,
        bin_dir: settings.pg_bin_dir.clone(),
        may_install: true,
    };
    let started = tokio::task::spawn_blocking(move || {
        EmbeddedPostgres::start(&options, &mut |line| note(line))
    });
    Ok(started.await.map_err(|error| DatabaseError::Setting(error.to_string()))??)
}
