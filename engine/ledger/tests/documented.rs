//! The page about the schema says what the schema is.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use rusqlite::Connection;
use waxwing_core::{Door, State};
use waxwing_ledger::{EventKind, SCHEMA_VERSION};

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/ledger.md")).unwrap()
}

/// The page's part under a heading.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("the page has no section {heading:?}"));
    rest.split("\n## ").next().unwrap()
}

async fn a_day(dir: &std::path::Path) -> Connection {
    let feed = FakeFeed::default();
    feed.tx(day0(), vec![accept(&feed, 1, "shop", "connector:a", &mt("S", "+441", "x"), day0() + HOUR)]);
    open(dir, &feed).await.close();
    Connection::open(dir.join("2026-11-20.db")).unwrap()
}

fn column_of(conn: &Connection, sql: &str) -> Vec<String> {
    let mut stmt = conn.prepare(sql).unwrap();
    let rows = stmt.query_map([], |r| r.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn every_table_column_state_and_event_is_described() {
    let dir = tempfile::tempdir().unwrap();
    let conn = a_day(dir.path()).await;
    let page = page();
    for table in
        column_of(&conn, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT IN ('receipt', 'position', 'life')")
    {
        let text = section(&page, &table);
        for column in column_of(&conn, &format!("SELECT name FROM pragma_table_xinfo('{table}')")) {
            assert!(text.contains(&format!("`{column}`")), "{table}.{column}");
        }
    }
    for state in (0..).map_while(|n| State::try_from(n).ok()) {
        assert!(section(&page, "message").contains(&format!("| `{}` |", state.name())), "{state:?}");
    }
    for kind in EventKind::ALL.into_iter().filter(|k| *k != EventKind::Accepted) {
        assert!(section(&page, "event").contains(&format!("| `{}` |", kind.name())), "{kind:?}");
    }
    for door in (0..).map_while(|n| Door::try_from(n).ok()) {
        assert!(section(&page, "message").contains(&format!("`{}`", door.name())), "{door:?}");
    }
    assert!(page.contains(&format!("is the version of the schema, **{SCHEMA_VERSION}** now")));
}

#[tokio::test]
async fn its_examples_work_and_go_by_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let conn = a_day(dir.path()).await;
    let page = page();
    let indexes = ["message_handset (slice=? AND handset=?)", "message_failed (slice=? AND state=?)"];
    let examples: Vec<&str> = page.split("```sql\n").skip(1).map(|s| s.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), indexes.len());
    for (sql, index) in examples.into_iter().zip(indexes) {
        let mut stmt = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = stmt.query_map([], |r| r.get::<_, String>(3)).unwrap();
        let how = rows.collect::<Result<Vec<_>, _>>().unwrap().join("; ");
        assert!(how.contains(&format!("USING INDEX {index}")), "{how}");
    }
    let shell = page.split("-readonly data/ledger/2026-11-22.db \\\n").nth(1).unwrap();
    let sql = shell.split('"').nth(1).unwrap();
    let found: (String, String, String) = conn.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap();
    assert_eq!(found, ("2026-11-20 00:00:00".into(), "441".into(), "queued".into()));
}
