//! One PostgreSQL for the whole test run, and a database of its own for each test.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use escalation_tracker::embedded::{Durability, EmbeddedPostgres, Options, SUPERUSER};
use escalation_tracker::store::pool::{PoolOptions, connect_once};
use escalation_tracker::store::{Pool, migrations};
use tokio_postgres::NoTls;

const TEMPLATE: &str = "template_escalations";

/// The server of this test run. It dies with the process.
pub fn cluster() -> &'static EmbeddedPostgres {
    static CLUSTER: OnceLock<EmbeddedPostgres> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        // Test runs side by side each take a slot of their own.
        let base = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("postgres");
        let mut last = None;
        for slot in 0..4 {
            let options = Options {
                data_dir: base.join(slot.to_string()),
                durability: Durability::Disposable,
                bin_dir: None,
                may_install: true,
            };
            match EmbeddedPostgres::start(&options, &mut |line| eprintln!("{line}")) {
                Ok(server) => return server,
                Err(error) => last = Some(error),
            }
        }
        panic!("no PostgreSQL for the tests: {}", last.unwrap());
    })
}

/// Where the server's programs are. Only the test run's own server installs them where there are none; everything
/// else that starts a server is told where they are.
pub fn programs() -> PathBuf {
    cluster().programs().to_owned()
}

/// A client of the superuser's, for looking at what the service may not see.
pub async fn superuser(database: &str) -> tokio_postgres::Client {
    connect(SUPERUSER, database).await
}

/// A client with a role.
pub async fn connect(role: &str, database: &str) -> tokio_postgres::Client {
    let text = cluster().connection_string(role, database);
    let (client, connection) = tokio_postgres::connect(&text, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Makes the roles and the migrated template once for a test run.
async fn template() {
    static READY: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    READY
        .get_or_init(|| async {
            // Starting waits for the server, which must not hold up the runtime.
            tokio::task::spawn_blocking(cluster).await.unwrap();
            let postgres = superuser("postgres").await;
            postgres
                .batch_execute(
                    "do $$ begin
                         if not exists (select from pg_roles where rolname = 'escalation_owner') then
                             create role escalation_owner login nosuperuser createrole nobypassrls;
                         end if;
                     end $$",
                )
                .await
                .unwrap();
            for row in postgres
                .query("select datname from pg_database where datname like 't\\_%' or datname = $1", &[&TEMPLATE])
                .await
                .unwrap()
            {
                let name: String = row.get(0);
                postgres
                    .batch_execute(&format!("drop database if exists {name} with (force)"))
                    .await
                    .unwrap();
            }
            postgres
                .batch_execute(&format!("create database {TEMPLATE} owner escalation_owner"))
                .await
                .unwrap();
            let url = cluster().connection_string("escalation_owner", TEMPLATE);
            let conn = connect_once(&PoolOptions::new(url)).await.unwrap();
            migrations::run(conn).await.unwrap();
        })
        .await;
}

/// A migrated database for one test, dropped with it.
pub struct TestDatabase {
    /// Its name.
    pub name: String,
}

impl TestDatabase {
    /// A copy of the migrated template.
    pub async fn create() -> Self {
        template().await;
        Self::copy_of(TEMPLATE).await
    }

    /// An empty database, owned by the owner of tables.
    pub async fn empty() -> Self {
        template().await;
        Self::copy_of("template0").await
    }

    /// A copy of another test's database, to which nobody is connected.
    pub async fn copy(of: &Self) -> Self {
        Self::copy_of(&of.name).await
    }

    async fn copy_of(template: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        superuser("postgres")
            .await
            .batch_execute(&format!(
                "create database {name} owner escalation_owner template {template} strategy file_copy"
            ))
            .await
            .unwrap();
        Self { name }
    }

    /// The service's connections.
    pub fn pool(&self) -> Pool {
        let mut options = PoolOptions::new(self.url("escalation_app"));
        options.size = 8;
        Pool::new(&options).unwrap()
    }

    /// Where it is, for a role.
    pub fn url(&self, role: &str) -> String {
        cluster().connection_string(role, &self.name)
    }

    /// A client with a role.
    pub async fn connect(&self, role: &str) -> tokio_postgres::Client {
        connect(role, &self.name).await
    }

    /// A client of the superuser's.
    pub async fn superuser(&self) -> tokio_postgres::Client {
        superuser(&self.name).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let name = self.name.clone();
        // A runtime of its own: the test's may be ending already.
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let postgres = superuser("postgres").await;
                let _ = postgres
                    .batch_execute(&format!("drop database if exists {name} with (force)"))
                    .await;
            });
        })
        .join();
        assert!(dropped.is_ok() || std::thread::panicking());
    }
}
