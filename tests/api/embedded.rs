//! The embedded PostgreSQL against a real server: it must survive every way of dying.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::support::cluster::programs;
use escalation_tracker::embedded::{
    Durability, EmbeddedError, EmbeddedPostgres, Options, SUPERUSER,
};

/// A folder of its own for each test, gone afterwards.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("embedded-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn options(&self) -> Options {
        Options {
            data_dir: self.0.join("pg"),
            durability: Durability::Disposable,
            bin_dir: Some(programs()),
            may_install: false,
        }
    }

    fn start(&self) -> EmbeddedPostgres {
        EmbeddedPostgres::start(&self.options(), &mut |_| {}).unwrap()
    }

    fn pid_file(&self) -> PathBuf {
        self.0.join("pg/data/postmaster.pid")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A killed server may still be writing for a moment.
        for _ in 0..50 {
            match fs::remove_dir_all(&self.0) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                _ => return,
            }
        }
    }
}

/// Runs `statement` over a connection of its own and gives the first column of the last row.
fn ask(server: &EmbeddedPostgres, statement: &str) -> String {
    ask_at(&server.connection_string(SUPERUSER, "postgres"), statement).unwrap()
}

fn ask_at(target: &str, statement: &str) -> Result<String, tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(target, tokio_postgres::NoTls).await?;
        let traffic = tokio::spawn(connection);
        let mut answer = String::new();
        for message in client.simple_query(statement).await? {
            if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
                answer = row.get(0).unwrap_or_default().to_owned();
            }
        }
        drop(client);
        traffic.await.unwrap()?;
        Ok(answer)
    })
}

fn kill(signal: &str, pid: u32) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_row_outlives_stop_and_start() {
    let place = Place::new();
    let mut told = Vec::new();
    let cold = Instant::now();
    let server =
        EmbeddedPostgres::start(&place.options(), &mut |line| told.push(line.to_owned())).unwrap();
    eprintln!("cold start {:?}", cold.elapsed());
    assert!(told.iter().any(|line| line.starts_with("creating a database")), "{told:?}");
    ask(&server, "create table kept (word text); insert into kept values ('Grüße')");
    assert_eq!(ask(&server, "show server_encoding"), "UTF8");
    assert_eq!(ask(&server, "show data_checksums"), "on");
    assert_eq!(ask(&server, "show listen_addresses"), "");
    assert_eq!(ask(&server, "select 'Ä' < 'b'"), "f", "sorts by code point");
    let stop = Instant::now();
    server.stop().unwrap();
    eprintln!("stop {:?}", stop.elapsed());
    assert!(!place.pid_file().exists(), "it was stopped in good order");

    let warm = Instant::now();
    let server = place.start();
    eprintln!("warm start {:?}", warm.elapsed());
    assert_eq!(ask(&server, "select word from kept"), "Grüße");
    drop(server);
    assert!(!place.pid_file().exists(), "dropping stops it in good order too");
}

#[test]
fn a_durable_database_does_not_save_on_safety() {
    let place = Place::new();
    let options = Options { durability: Durability::Durable, ..place.options() };
    let server = EmbeddedPostgres::start(&options, &mut |_| {}).unwrap();
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        assert_eq!(ask(&server, &format!("show {setting}")), "on", "{setting}");
    }
    server.stop().unwrap();
    let server = place.start();
    assert_eq!(ask(&server, "show fsync"), "off");
}

#[test]
fn a_killed_server_is_started_again_with_its_rows() {
    let place = Place::new();
    let options = Options { durability: Durability::Durable, ..place.options() };
    let durable = || EmbeddedPostgres::start(&options, &mut |_| {}).unwrap();
    let server = durable();
    ask(&server, "create table kept (word text); insert into kept values ('here')");
    kill("-9", server.process_id());
    // Forgotten, it is never reaped: the dead server stays a zombie, as in a careless container.
    // Its lock stays with it, so the file is put aside, as when the service had died too.
    std::mem::forget(server);
    fs::remove_file(place.0.join("pg/lock")).unwrap();
    assert!(place.pid_file().exists());

    let again = Instant::now();
    let server = durable();
    eprintln!("start after kill -9, with a zombie: {:?}", again.elapsed());
    assert_eq!(ask(&server, "select word from kept"), "here");
    kill("-9", server.process_id());
    server.stop().unwrap();
    let server = durable();
    assert_eq!(ask(&server, "select word from kept"), "here");
}

#[test]
fn a_server_that_lives_on_without_its_service_is_stopped_first() {
    let place = Place::new();
    let server = place.start();
    ask(&server, "create table kept (word text); insert into kept values ('here')");
    let first = server.process_id();
    std::mem::forget(server);
    fs::remove_file(place.0.join("pg/lock")).unwrap();

    let mut told = Vec::new();
    let server =
        EmbeddedPostgres::start(&place.options(), &mut |line| told.push(line.to_owned())).unwrap();
    assert_ne!(server.process_id(), first);
    assert!(told.iter().any(|line| line.contains(&first.to_string())), "{told:?}");
    assert_eq!(ask(&server, "select word from kept"), "here");
}

#[test]
fn a_statement_that_outlives_its_killed_server_is_ended() {
    let place = Place::new();
    let server = place.start();
    let busy = server.connection_string(SUPERUSER, "postgres");
    let statement = std::thread::spawn(move || {
        ask_at(&busy, "select count(*) from generate_series(1, 2000000000)").unwrap_err()
    });
    std::thread::sleep(Duration::from_millis(300));
    kill("-9", server.process_id());
    server.stop().unwrap();
    let again = Instant::now();
    let server = place.start();
    eprintln!("start after kill -9 under a long statement: {:?}", again.elapsed());
    assert_eq!(ask(&server, "select 1"), "1");
    statement.join().unwrap();
}

#[test]
fn a_second_instance_is_refused_and_told_why() {
    let place = Place::new();
    let server = place.start();
    let error = EmbeddedPostgres::start(&place.options(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, EmbeddedError::InUse { .. }), "{error}");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    assert_eq!(ask(&server, "select 1"), "1", "the first is not disturbed");
}

#[test]
fn a_stale_file_that_names_a_foreign_process_harms_nobody() {
    let place = Place::new();
    place.start().stop().unwrap();
    let mut foreign = Command::new("sleep").arg("60").spawn().unwrap();
    let data = place.0.join("pg/data").canonicalize().unwrap();
    let text = format!("{}\n{}\n1700000000\n5432\n\n\n\nready\n", foreign.id(), data.display());
    fs::write(place.pid_file(), text).unwrap();
    let server = place.start();
    assert_eq!(ask(&server, "select 1"), "1");
    assert!(foreign.try_wait().unwrap().is_none(), "the foreign process lives");
    foreign.kill().unwrap();
    foreign.wait().unwrap();
}

#[test]
fn a_crash_while_creating_leaves_nothing_in_the_way() {
    let place = Place::new();
    fs::create_dir_all(place.0.join("pg/data.new/base")).unwrap();
    let server = place.start();
    assert_eq!(ask(&server, "select 1"), "1");
}

#[test]
fn a_folder_closed_to_others_needs_no_opening() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    set_mode(&place.0, 0o700);
    let server = place.start();
    ask(&server, "create table kept (word text); insert into kept values ('here')");
    server.stop().unwrap();
    assert_eq!(fs::metadata(place.0.join("pg/data")).unwrap().uid(), 0, "its files stay root's");
    let server = place.start();
    assert_eq!(ask(&server, "select word from kept"), "here");
}

#[test]
fn a_long_path_gets_its_socket_elsewhere() {
    let place = Place::new();
    let options =
        Options { data_dir: place.0.join("long, 'and' odd ".repeat(8)), ..place.options() };
    let server = EmbeddedPostgres::start(&options, &mut |_| {}).unwrap();
    assert_eq!(ask(&server, "select 1"), "1");
    let sockets = PathBuf::from(ask(&server, "show unix_socket_directories").replace('"', ""));
    server.stop().unwrap();
    fs::remove_dir(sockets).unwrap();
}

#[test]
fn another_major_version_is_refused_before_anything_is_touched() {
    let place = Place::new();
    fs::create_dir_all(place.0.join("pg/data")).unwrap();
    fs::write(place.0.join("pg/data/PG_VERSION"), "12\n").unwrap();
    // Looking for a fitting version is what is tried here, so no programs are named.
    let options = Options { bin_dir: None, ..place.options() };
    let error = EmbeddedPostgres::start(&options, &mut |_| {}).unwrap_err();
    assert!(matches!(error, EmbeddedError::OtherVersion { needed: 12, .. }), "{error}");
    fs::remove_file(place.0.join("pg/data/PG_VERSION")).unwrap();
    let error = EmbeddedPostgres::start(&place.options(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, EmbeddedError::NotACluster(_)), "{error}");
}

#[test]
fn the_log_keeps_values_and_statements_to_itself() {
    let place = Place::new();
    let server = place.start();
    ask(&server, "create table kept (word text primary key); insert into kept values ('marker')");
    let target = server.connection_string(SUPERUSER, "postgres");
    assert!(ask_at(&target, "insert into kept values ('marker')").is_err());
    let log = fs::read_to_string(place.0.join("pg/postgres.log")).unwrap();
    assert!(log.contains("duplicate key"), "{log}");
    assert!(!log.contains("marker"), "{log}");
}

#[test]
fn a_server_ends_with_the_thread_of_nobody_but_its_own() {
    let place = Place::new();
    let options = place.options();
    let server = std::thread::spawn(move || EmbeddedPostgres::start(&options, &mut |_| {}))
        .join()
        .unwrap()
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(ask(&server, "select 1"), "1");
}
