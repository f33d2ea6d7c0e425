//! `src/store/schema.rs` is what the migrated database says; with `UPDATE_SCHEMA=1` it is written again.

use std::fmt::Write;
use std::path::Path;

use tokio_postgres::Client;

use super::support::cluster::TestDatabase;

const HEADER: &str = "//! The tables as diesel sees them. Generated from the migrated database by \
                      `UPDATE_SCHEMA=1 cargo test schema_rs`.\n";

/// The word that diesel has for a type of PostgreSQL.
fn diesel_type(name: &str) -> String {
    if let Some(element) = name.strip_prefix('_') {
        return format!("Array<{}>", diesel_type(element));
    }
    let known = [
        "bool",
        "bytea",
        "date",
        "float8",
        "int2",
        "int4",
        "int8",
        "jsonb",
        "text",
        "timestamptz",
        "uuid",
    ];
    assert!(known.contains(&name), "say here how diesel calls the type {name}");
    name[..1].to_uppercase() + &name[1..]
}

async fn generated(database: &Client) -> String {
    let tables = database
        .query(
            "select c.relname::text,
                    (select string_agg(a.attname::text, ', ' order by k.position)
                     from pg_constraint p
                     cross join unnest(p.conkey) with ordinality k (number, position)
                     join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
                     where p.conrelid = c.oid and p.contype = 'p')
             from pg_class c
             where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
               and c.relname <> '__diesel_schema_migrations'
             order by c.relname::text collate \"C\"",
            &[],
        )
        .await
        .unwrap();
    let mut text = HEADER.to_owned();
    for table in &tables {
        let (name, key): (String, String) = (table.get(0), table.get(1));
        write!(text, "\ndiesel::table! {{\n    {name} ({key}) {{\n").unwrap();
        let columns = database
            .query(
                "select a.attname::text, t.typname::text, a.attnotnull
                 from pg_attribute a join pg_type t on t.oid = a.atttypid
                 where a.attrelid = $1::text::regclass and a.attnum > 0 and not a.attisdropped
                 order by a.attnum",
                &[&name],
            )
            .await
            .unwrap();
        for column in columns {
            let (name, kind): (String, String) = (column.get(0), column.get(1));
            let kind = diesel_type(&kind);
            let kind = if column.get(2) { kind } else { format!("Nullable<{kind}>") };
            writeln!(text, "        {name} -> {kind},").unwrap();
        }
        text.push_str("    }\n}\n");
    }
    text.push_str("\ndiesel::allow_tables_to_appear_in_same_query!(\n");
    for table in &tables {
        writeln!(text, "    {},", table.get::<_, String>(0)).unwrap();
    }
    text.push_str(");\n");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_in_the_code_are_the_tables_in_the_database() {
    let database = TestDatabase::create().await;
    let made = generated(&database.superuser().await).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/schema.rs");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    let differs = kept.lines().zip(made.lines()).enumerate().find(|(_, (kept, made))| kept != made);
    assert!(
        kept == made,
        "src/store/schema.rs is not what the database says, first in {differs:?}; \
         run `UPDATE_SCHEMA=1 cargo test schema_rs`"
    );
}
