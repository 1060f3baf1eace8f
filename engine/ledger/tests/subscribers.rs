//! The message centre's subscribers: the file, and the directory in memory that follows it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use waxwing_core::{Accounts, AuthError, Normaliser};
use waxwing_ledger::*;

fn store() -> (tempfile::TempDir, AccountStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = AccountStore::open(dir.path().join("accounts.db")).unwrap();
    (dir, store)
}

fn alias(a: &str) -> SubscriberChange {
    SubscriberChange { alias: Some(Some(a.into())), ..Default::default() }
}

fn password(p: &str) -> SubscriberChange {
    SubscriberChange { password: Some(p.into()), ..Default::default() }
}

#[test]
fn subscribers_are_made_changed_and_deleted_and_stay_over_a_restart() {
    let (dir, store) = store();
    let (mut subscribers, accounts) = (store.subscriber_revision(), store.revision());
    let all = SubscriberChange {
        alias: Some(Some("anna".into())),
        password: Some("secret".into()),
        name: Some(" Anna Ångström ".into()),
        may_send: Some(false),
        max_size: Some(Some(300_000)),
        web_link: Some(true),
        ..Default::default()
    };
    store.add_subscriber("447700900001", &all, 10).unwrap();
    assert!(subscribers.has_changed().unwrap() && !accounts.has_changed().unwrap(), "accounts are not read again for a phone");
    subscribers.mark_unchanged();
    let s = store.subscriber("447700900001").unwrap().unwrap();
    assert_eq!((s.alias.as_deref(), &*s.name, s.may_send, s.may_receive), (Some("anna"), "Anna Ångström", false, true));
    assert_eq!((s.max_size, s.web_link, s.has_password(), s.created, s.changed), (Some(300_000), true, true, 10, 10));

    let more = SubscriberChange { may_send: Some(true), max_size: Some(None), ..Default::default() };
    store.modify_subscriber("447700900001", &more, 20).unwrap();
    drop(store);
    let store = AccountStore::open(dir.path().join("accounts.db")).unwrap();
    let s = store.subscriber("447700900001").unwrap().unwrap();
    assert_eq!((s.alias.as_deref(), s.may_send, s.max_size, s.web_link), (Some("anna"), true, None, true));
    assert_eq!((s.has_password(), s.created, s.changed), (true, 10, 20));

    // What is not said gets its default again; the password stays.
    assert!(!store.replace_subscriber("447700900001", &alias("ann"), 30).unwrap());
    let s = store.subscriber("447700900001").unwrap().unwrap();
    assert_eq!((s.alias.as_deref(), &*s.name, s.web_link, s.has_password(), s.created), (Some("ann"), "", false, true, 10));
    assert!(store.replace_subscriber("447700900002", &SubscriberChange::default(), 30).unwrap());
    store.modify_subscriber("447700900001", &password(""), 40).unwrap();
    assert!(!store.subscriber("447700900001").unwrap().unwrap().has_password());

    store.delete_subscriber("447700900001").unwrap();
    assert!(store.subscriber("447700900001").unwrap().is_none());
    assert_eq!(store.subscriber_count().unwrap(), 1);
}

#[test]
fn what_cannot_be_is_refused_with_its_field_and_changes_nothing() {
    let (_dir, store) = store();
    store.add_subscriber("447700900001", &alias("anna"), 1).unwrap();
    store.add_subscriber("447700900002", &alias("bert"), 1).unwrap();
    let before = *store.subscriber_revision().borrow();
    let none = SubscriberChange::default();
    let field = |r: Result<(), SubscriberError>| r.unwrap_err().field();
    for number in ["", "12", "1234567890123456", "0447700900", "+447700900003", "44 7700", "shop"] {
        assert_eq!(field(store.add_subscriber(number, &none, 2)), Some("number"), "{number:?}");
    }
    for a in ["12345", "a b", "a=b", "a/b", "ü", "a@b", &"x".repeat(65)] {
        assert_eq!(field(store.modify_subscriber("447700900001", &alias(a), 2)), Some("alias"), "{a:?}");
    }
    let taken = store.modify_subscriber("447700900001", &alias("BERT"), 2).unwrap_err();
    assert!(matches!(taken, SubscriberError::AliasTaken { number, .. } if number == "447700900002"));
    for name in ["a\nb".to_owned(), "x".repeat(129)] {
        let change = SubscriberChange { name: Some(name), ..Default::default() };
        assert_eq!(field(store.modify_subscriber("447700900001", &change, 2)), Some("name"));
    }
    for size in [0, u64::MAX] {
        let change = SubscriberChange { max_size: Some(Some(size)), ..Default::default() };
        assert_eq!(field(store.modify_subscriber("447700900001", &change, 2)), Some("max_size"));
    }
    assert!(matches!(store.add_subscriber("447700900001", &none, 2), Err(SubscriberError::Exists(_))));
    assert!(matches!(store.modify_subscriber("447700900009", &none, 2), Err(SubscriberError::Unknown(_))));
    assert!(matches!(store.delete_subscriber("447700900009"), Err(SubscriberError::Unknown(_))));
    // An own alias may be given again, in other letters.
    store.modify_subscriber("447700900001", &alias("Anna"), 3).unwrap();
    assert_eq!(*store.subscriber_revision().borrow(), before + 1);
}

#[test]
fn numbers_come_in_any_form() {
    let (plain, gb) = (Normaliser::new(None).unwrap(), Normaliser::new(Some("GB")).unwrap());
    for given in ["+447700900001", "00447700900001", "447700900001", "+44 7700 900001", " 447700900001"] {
        assert_eq!(subscriber_number(&plain, given).unwrap(), "447700900001", "{given:?}");
    }
    assert_eq!(subscriber_number(&gb, "07778 001210").unwrap(), "447778001210");
    for given in ["07700900001", "", "anna", "*100#", "12", "+1234567890123456", "+0123456"] {
        assert_eq!(subscriber_number(&plain, given).unwrap_err().field(), Some("number"), "{given:?}");
    }
}

#[test]
fn pages_and_beginnings() {
    let (_dir, store) = store();
    for n in 0..25_u32 {
        let change = SubscriberChange { name: Some(format!("Owner_{n}")), ..alias(&format!("phone{n}")) };
        store.add_subscriber(&format!("4477009000{n:02}"), &change, 1).unwrap();
    }
    store.add_subscriber("4915112345", &alias("Berlin"), 1).unwrap();
    let (mut seen, mut query) = (Vec::new(), SubscriberQuery { limit: 10, ..Default::default() });
    loop {
        let page = store.subscribers(&query).unwrap();
        assert!(page.subscribers.len() <= 10);
        seen.extend(page.subscribers.iter().map(|s| s.number.to_string()));
        let Some(next) = page.next else { break };
        query.after = next.into();
    }
    assert_eq!(seen.len(), 26);
    assert!(seen.is_sorted());
    let found = |prefix: &str| {
        store.subscribers(&SubscriberQuery { prefix: prefix.into(), limit: 1000, ..Default::default() }).unwrap().subscribers.len()
    };
    assert_eq!((found("+49"), found("44"), found("44770090001"), found("5"), found("447700900012")), (1, 25, 10, 0, 1));
    assert_eq!((found("berlin"), found("PHONE1"), found("owner_2"), found("owner%"), found("o'")), (1, 11, 6, 0, 0));
}

#[test]
fn a_file_from_before_there_were_subscribers_gets_their_tables() {
    let (dir, store) = store();
    store.add(&NewAccount { name: "shop".into(), ..Default::default() }, 1).unwrap();
    drop(store);
    let path = dir.path().join("accounts.db");
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch("DROP TABLE subscriber; DROP TABLE subscriber_gone; DROP TABLE subscriber_revision").unwrap();
    drop(conn);
    let store = AccountStore::open(&path).unwrap();
    assert_eq!((store.list().unwrap().len(), store.subscriber_count().unwrap()), (1, 0));
    store.add_subscriber("447700900001", &SubscriberChange::default(), 1).unwrap();
}

/// What a directory is to answer, and what it does.
fn assert_agree(directory: &Directory, model: &BTreeMap<String, Option<String>>, numbers: &[String], aliases: &[&str], step: usize) {
    assert_eq!(directory.len(), model.len(), "step {step}");
    for n in numbers {
        let found = directory.by_number(n).map(|s| s.alias.as_deref().map(str::to_owned));
        assert_eq!(found.as_ref(), model.get(n), "step {step}, {n}");
    }
    for a in aliases {
        let found = directory.by_alias(&a.to_uppercase()).map(|s| s.number.to_string());
        let expected = model.iter().find(|(_, alias)| alias.as_deref() == Some(a)).map(|(n, _)| n.clone());
        assert_eq!(found, expected, "step {step}, {a}");
    }
}

#[test]
fn the_directory_follows_this_process_and_others() {
    let (dir, ours) = store();
    let theirs = AccountStore::open(dir.path().join("accounts.db")).unwrap();
    ours.add_subscriber("4410", &alias("a"), 1).unwrap();
    let directory = ours.directory().unwrap();
    assert!(Arc::ptr_eq(&directory, &ours.directory().unwrap()));
    let numbers: Vec<String> = (10..18).map(|n| format!("44{n}")).collect();
    let aliases = ["a", "b", "c", "d"];
    let mut model = BTreeMap::from([("4410".to_owned(), Some("a".to_owned()))]);
    // A generator of our own, so that a failure comes again.
    let mut state = 7_u64;
    let mut next = move |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for step in 0..600 {
        let store = if next(2) == 0 { &ours } else { &theirs };
        let number = &numbers[next(numbers.len())];
        let wanted = aliases.get(next(aliases.len() + 1)).map(|a| (*a).to_owned());
        let change = SubscriberChange { alias: Some(wanted.clone()), ..Default::default() };
        match next(3) {
            0 => {
                if store.delete_subscriber(number).is_ok() {
                    model.remove(number);
                }
            }
            _ => {
                if store.replace_subscriber(number, &change, 1).is_ok() {
                    model.insert(number.clone(), wanted);
                }
            }
        }
        // Several changes of others may come at once.
        if next(3) == 0 {
            ours.refresh().unwrap();
            assert_agree(&directory, &model, &numbers, &aliases, step);
        }
    }
    ours.refresh().unwrap();
    assert_agree(&directory, &model, &numbers, &aliases, 600);
    assert!(!theirs.directory().unwrap().is_empty());
    assert!(directory.by_number("+4410").is_some() == model.contains_key("4410") && directory.by_number("").is_none());
}

#[test]
fn a_directory_that_missed_too_much_is_built_anew() {
    let (dir, ours) = store();
    ours.add_subscriber("4410", &alias("a"), 1).unwrap();
    ours.add_subscriber("4411", &alias("b"), 1).unwrap();
    let directory = ours.directory().unwrap();
    let theirs = AccountStore::open(dir.path().join("accounts.db")).unwrap();
    theirs.delete_subscriber("4410").unwrap();
    let conn = rusqlite::Connection::open(dir.path().join("accounts.db")).unwrap();
    // As after 10,000 further deletions.
    conn.execute_batch("DELETE FROM subscriber_gone; UPDATE subscriber_revision SET number = 20000, gone_from = 10000").unwrap();
    ours.refresh().unwrap();
    assert!(directory.by_number("4410").is_none() && directory.by_alias("a").is_none() && directory.by_alias("b").is_some());
    assert_eq!(directory.len(), 1);
}

#[tokio::test]
async fn subscribers_sign_in_by_number_or_alias() {
    let (_dir, store) = store();
    let (accounts, directory) = (Accounts::default(), store.directory().unwrap());
    store.add_subscriber("447700900001", &SubscriberChange { password: Some("secret".into()), ..alias("anna") }, 1).unwrap();
    store.add_subscriber("447700900002", &SubscriberChange::default(), 1).unwrap();
    let sign_in =
        async |name: &str, password: &str| directory.authenticate(&accounts, name, password.as_bytes()).await.map(|s| s.number.to_string());
    assert_eq!(sign_in("anna", "secret").await.as_deref(), Ok("447700900001"));
    assert_eq!(sign_in("+447700900001", "secret").await.as_deref(), Ok("447700900001"));
    assert_eq!(sign_in("anna", "Secret").await, Err(AuthError::Password));
    assert_eq!(sign_in("447700900002", "").await, Err(AuthError::Password));
    assert_eq!(sign_in("nobody", "secret").await, Err(AuthError::Unknown));

    // What was found right is remembered over changes of other settings, and forgotten with the password.
    let known = |p: &str| {
        let s = directory.by_number("447700900001").unwrap();
        let (secret, verified) = waxwing_core::HasPassword::password(&*s);
        secret.verify_fast(p.as_bytes(), verified)
    };
    assert_eq!(known("secret"), Some(true));
    store.modify_subscriber("447700900001", &SubscriberChange { web_link: Some(true), ..Default::default() }, 2).unwrap();
    assert_eq!(known("secret"), Some(true));
    store.modify_subscriber("447700900001", &password("other"), 3).unwrap();
    assert_eq!((known("secret"), sign_in("anna", "secret").await), (None, Err(AuthError::Password)));
    assert_eq!(sign_in("anna", "other").await.as_deref(), Ok("447700900001"));
}
