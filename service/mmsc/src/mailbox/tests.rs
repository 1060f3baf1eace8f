//! What mailboxes promise, over real files.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use waxwing_media::{MediaId, MediaOptions, MediaStore};
use waxwing_mms::MmState;

use super::model::{FLAG_LEN, FLAGS, Totals};
use super::*;

const ROOMY: Quota = Quota { messages: 10_000, octets: 1 << 30 };

struct Bench {
    folder: TempDir,
    media: Arc<MediaStore>,
    mailboxes: Arc<Mailboxes>,
}

impl Bench {
    fn new(quota: Quota) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let media = MediaStore::open(MediaOptions::new(folder.path().join("media"))).unwrap();
        let mailboxes = Mailboxes::open(folder.path().join("mmsc.db"), media.clone(), quota).unwrap();
        media.recovered();
        Bench { folder, media, mailboxes }
    }

    /// As after a crash: nothing but what the files have.
    async fn reopened(self) -> Bench {
        let Bench { folder, media, mailboxes } = self;
        let quota = mailboxes.quota();
        drop(mailboxes);
        drop(media);
        let media = MediaStore::open(MediaOptions::new(folder.path().join("media"))).unwrap();
        let mailboxes = Mailboxes::open(folder.path().join("mmsc.db"), media.clone(), quota).unwrap();
        mailboxes.tell_owners().await.unwrap();
        media.recovered();
        Bench { folder, media, mailboxes }
    }

    fn sweep(&self) {
        self.media.sweep(&is_owner);
    }

    async fn new_entry(&self, number: &str, content: &str) -> NewEntry {
        NewEntry {
            whose: whose(number),
            content: self.media.put(Bytes::from(content.to_owned())).await.unwrap(),
            headers: b"\x85\x04\x6a\x00\x00\x00".to_vec(),
            message_id: "1@mms.example.net".into(),
            from: "+447700900123/TYPE=PLMN".into(),
            subject: "Grüße".into(),
            date: 1_778_384_896,
            state: MmState::New,
            flags: Vec::new(),
            may_adapt: true,
            locked: false,
            origin: String::new(),
            expires: None,
            now: 1_778_384_896_000,
        }
    }

    async fn add(&self, number: &str, content: &str) -> Result<String, MailboxError> {
        let new = self.new_entry(number, content).await;
        self.mailboxes.add(new).await
    }

    async fn contents(&self, number: &str, query: Query) -> Vec<String> {
        let entries = self.mailboxes.select(&whose(number), query).await.unwrap();
        let content = |e: &Entry| String::from_utf8(self.media.get(&e.media).unwrap().unwrap().to_vec()).unwrap();
        entries.iter().map(content).collect()
    }

    async fn totals(&self, number: &str) -> (u64, u64) {
        let Totals { messages, octets } = self.mailboxes.totals(&whose(number)).await.unwrap();
        (messages, octets)
    }

    fn has(&self, content: &str) -> bool {
        self.media.contains(&id(content))
    }
}

fn whose(number: &str) -> Whose {
    Whose { number: number.into(), since: 1000 }
}

fn id(content: &str) -> MediaId {
    MediaId::of(content.as_bytes())
}

fn all() -> Query {
    Query { limit: 10_000, ..Query::default() }
}

fn flag(word: &str) -> FlagChange {
    FlagChange::Add(word.into())
}

#[tokio::test]
async fn messages_are_found_by_what_they_are() {
    let bench = Bench::new(ROOMY);
    let mut tokens = Vec::new();
    for (content, state, flags) in [
        ("one", MmState::Draft, vec![]),
        ("two", MmState::Sent, vec![flag("Work"), flag("urgent")]),
        ("three", MmState::New, vec![flag("family")]),
        ("four", MmState::New, vec![flag("work")]),
    ] {
        let new = NewEntry { state, flags, ..bench.new_entry("447700900123", content).await };
        tokens.push(bench.mailboxes.add(new).await.unwrap());
    }
    bench.add("447700900124", "somebody else's").await.unwrap();
    let found = |query| bench.contents("447700900123", query);
    assert_eq!(found(all()).await, ["four", "three", "two", "one"]);
    assert_eq!(found(Query { states: vec![MmState::Draft, MmState::Sent], ..all() }).await, ["two", "one"]);
    assert_eq!(found(Query { flags: vec!["WORK".into(), "none".into()], ..all() }).await, ["four", "two"]);
    assert_eq!(found(Query { flags: vec!["work".into()], states: vec![MmState::New], ..all() }).await, ["four"]);
    assert_eq!(found(Query { tokens: vec![tokens[2].clone(), "none".into()], ..all() }).await, ["three"]);
    assert_eq!(found(Query { start: 1, limit: 2, ..Query::default() }).await, ["three", "two"]);
    assert_eq!(found(Query { start: u64::MAX, ..all() }).await, Vec::<String>::new());
    // By name as well, another's message is none.
    assert_eq!(bench.contents("447700900124", Query { tokens, ..all() }).await, Vec::<String>::new());
    // A number that somebody else has now has another mailbox.
    let later = Whose { since: 2000, ..whose("447700900123") };
    assert_eq!(bench.mailboxes.select(&later, all()).await.unwrap(), []);
}

#[tokio::test]
async fn an_entry_is_as_it_was_stored_after_a_restart() {
    let bench = Bench::new(ROOMY);
    let new = NewEntry { flags: vec![flag("b"), flag("a")], expires: Some(5), ..bench.new_entry("1", "x").await };
    let token = bench.mailboxes.add(new).await.unwrap();
    let before = bench.mailboxes.by_token(&token).await.unwrap().unwrap();
    assert_eq!((before.flags.clone(), before.expires, before.state), (vec!["a".to_owned(), "b".to_owned()], Some(5), MmState::New));
    let bench = bench.reopened().await;
    assert_eq!(bench.mailboxes.by_token(&token).await.unwrap().unwrap(), before);
    bench.sweep();
    assert!(bench.has("x"));
    assert_eq!(bench.mailboxes.by_token("nobody's").await.unwrap(), None);
}

#[tokio::test]
async fn no_mailbox_grows_beyond_its_quota() {
    let bench = Arc::new(Bench::new(Quota { messages: 10, octets: 1000 }));
    let adds = (0..50).map(|n| {
        let bench = bench.clone();
        async move { bench.add("1", if n % 2 == 0 { "even" } else { "odd" }).await }
    });
    let results = futures(adds.collect()).await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 10);
    assert!(results.iter().all(|r| matches!(r, Ok(_) | Err(MailboxError::Full { messages: 10, octets: 1000 }))), "{results:?}");
    assert_eq!(bench.totals("1").await.0, 10);
    // What was refused left nothing behind, and others have their own.
    bench.add("1", "refused").await.unwrap_err();
    assert!(!bench.has("refused"));
    bench.add("2", &"x".repeat(990)).await.unwrap();
    bench.add("2", &"y".repeat(11)).await.unwrap_err();
    bench.add("2", &"y".repeat(10)).await.unwrap();
    assert_eq!(bench.totals("2").await, (2, 1000));
    // Where something goes there is room again.
    let token = results.iter().flatten().next().unwrap().clone();
    assert_eq!(bench.mailboxes.delete(&whose("2"), vec![token.clone()]).await.unwrap(), [false]);
    assert_eq!(bench.mailboxes.delete(&whose("1"), vec![token.clone(), "none".into(), token]).await.unwrap(), [true, false, false]);
    bench.add("1", "new").await.unwrap();
}

#[tokio::test]
async fn a_crash_before_the_entry_leaves_neither_entry_nor_content() {
    let bench = Bench::new(ROOMY);
    bench.add("1", "kept").await.unwrap();
    drop(bench.media.put(Bytes::from_static(b"nobody's")).await.unwrap());
    // As if the end had come between the content and its entry: the file has the content, and nothing needs it.
    let bench = bench.reopened().await;
    bench.sweep();
    bench.media.maintain().unwrap();
    assert_eq!(bench.contents("1", all()).await, ["kept"]);
    assert!(!bench.has("nobody's"));
}

#[tokio::test]
async fn a_content_goes_with_the_last_entry_that_needs_it() {
    let bench = Bench::new(ROOMY);
    let one = bench.add("1", "shared").await.unwrap();
    let two = bench.add("2", "shared").await.unwrap();
    bench.mailboxes.delete(&whose("1"), vec![one]).await.unwrap();
    bench.sweep();
    assert!(bench.has("shared"));
    bench.mailboxes.delete(&whose("2"), vec![two]).await.unwrap();
    assert!(!bench.has("shared"));
    assert_eq!((bench.totals("1").await, bench.totals("2").await), ((0, 0), (0, 0)));
}

#[tokio::test]
async fn whoever_does_not_wait_for_the_answer_loses_nothing() {
    let bench = Bench::new(ROOMY);
    let new = bench.new_entry("1", "given up").await;
    {
        let mut add = Box::pin(bench.mailboxes.add(new));
        // Handed in at the first poll, and given up.
        let waker = std::task::Waker::noop();
        let _ = add.as_mut().poll(&mut std::task::Context::from_waker(waker));
    }
    // Writing is in order: what was handed in before is done when this is.
    let token = bench.add("1", "another").await.unwrap();
    bench.mailboxes.delete(&whose("1"), vec![token]).await.unwrap();
    bench.sweep();
    assert_eq!(bench.contents("1", all()).await, ["given up"]);
}

#[tokio::test]
async fn a_waiting_message_is_kept_once() {
    let bench = Bench::new(ROOMY);
    let again = || async { NewEntry { origin: "a token".into(), ..bench.new_entry("1", "x").await } };
    let first = bench.mailboxes.add(again().await).await.unwrap();
    let second = bench.mailboxes.add(NewEntry { flags: vec![flag("again")], ..again().await }).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(bench.totals("1").await, (1, 1));
    assert_eq!(bench.mailboxes.by_token(&first).await.unwrap().unwrap().flags, ["again"]);
}

#[tokio::test]
async fn entries_change_and_a_change_that_fails_changes_nothing() {
    let bench = Bench::new(ROOMY);
    let token = bench.add("1", "x").await.unwrap();
    let change = |state, only_from, flags| bench.mailboxes.change(&WHOSE, &token, Change { state, only_from, flags });
    static WHOSE: std::sync::LazyLock<Whose> = std::sync::LazyLock::new(|| whose("1"));
    assert!(change(Some(MmState::Retrieved), Some(MmState::New), vec![flag("a"), flag("b")]).await.unwrap());
    assert!(!change(Some(MmState::Draft), Some(MmState::New), vec![]).await.unwrap());
    assert!(change(None, None, vec![FlagChange::Remove("A".into()), flag("c"), flag("C")]).await.unwrap());
    let before = bench.mailboxes.by_token(&token).await.unwrap().unwrap();
    assert_eq!((before.state, before.flags.clone()), (MmState::Retrieved, vec!["b".to_owned(), "c".to_owned()]));

    let many = (0..=FLAGS).map(|n| flag(&n.to_string())).collect();
    for flags in [many, vec![flag("d"), flag("")], vec![flag("d"), flag(&"x".repeat(FLAG_LEN + 1))], vec![flag("d"), flag("a\u{1f}b")]] {
        assert!(matches!(change(Some(MmState::Draft), None, flags).await, Err(MailboxError::Flags(FLAGS, FLAG_LEN))));
    }
    assert_eq!(bench.mailboxes.by_token(&token).await.unwrap().unwrap(), before);
    assert!(!bench.mailboxes.change(&whose("2"), &token, Change::default()).await.unwrap());
}

#[tokio::test]
async fn what_has_had_its_time_goes_and_so_do_mailboxes_of_nobody() {
    let bench = Arc::new(Bench::new(ROOMY));
    let adds = (0..2500u64).map(|n| {
        let bench = bench.clone();
        async move { bench.mailboxes.add(NewEntry { expires: Some(n + 1), ..bench.new_entry("1", "old").await }).await }
    });
    futures(adds.collect()).await.into_iter().for_each(|r| drop(r.unwrap()));
    bench.add("1", "for ever").await.unwrap();
    bench.add("2", "gone with its owner").await.unwrap();
    assert_eq!(bench.mailboxes.expire(2400).await.unwrap(), 2400);
    assert_eq!(bench.totals("1").await, (101, 3 * 100 + 8));
    assert_eq!(bench.mailboxes.expire(10_000).await.unwrap(), 100);
    assert!(!bench.has("old") && bench.has("for ever"));

    assert_eq!(bench.mailboxes.forget(|w| w.number == "1").await.unwrap(), 1);
    assert!(!bench.has("gone with its owner"));
    assert_eq!((bench.totals("1").await.0, bench.totals("2").await.0), (1, 0));
    assert_eq!(bench.mailboxes.forget(|w| w.number == "1").await.unwrap(), 0);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let bench = Bench::new(ROOMY);
    let path = bench.folder.path().join("newer.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let refused = Mailboxes::open(&path, bench.media.clone(), ROOMY).map(drop).unwrap_err();
    assert!(matches!(refused, MailboxError::Newer { found: 7, .. }), "{refused}");
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_an_error_and_no_more() {
    let bench = Bench::new(ROOMY);
    bench.add("1", "before").await.unwrap();
    // Somebody takes the table away.
    rusqlite::Connection::open(bench.folder.path().join("mmsc.db")).unwrap().execute_batch("ALTER TABLE flag RENAME TO gone").unwrap();
    let token = bench.add("1", "without keywords").await.unwrap();
    let change = Change { flags: vec![flag("a")], ..Change::default() };
    assert!(matches!(bench.mailboxes.change(&whose("1"), &token, change).await, Err(MailboxError::Sqlite { .. })));
    assert_eq!(bench.totals("1").await.0, 2);
    bench.mailboxes.close();
    assert!(matches!(bench.add("1", "after").await, Err(MailboxError::Stopped(_))));
}

/// All of them at the same time.
async fn futures<T: Send + 'static>(all: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let tasks: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
