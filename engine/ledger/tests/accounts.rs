//! The accounts file.
#![allow(clippy::unwrap_used)]

use serde_json::{Map, Value, json};
use waxwing_core::{Account, AccountConfig, Secret};
use waxwing_ledger::{AccountError, AccountStore, NewAccount, hash_password};

fn settings(v: Value) -> Map<String, Value> {
    v.as_object().unwrap().clone()
}

fn new(name: &str, password: Option<&str>) -> NewAccount {
    NewAccount { name: name.into(), password: password.map(Into::into), settings: settings(json!({"rate": 5, "allow": ["sms"]})) }
}

/// As the gateway checks passwords.
fn lets_in(hash: &str, password: &str) -> bool {
    let config = AccountConfig { password: Secret::parse(hash), ..AccountConfig::default() };
    let (group, queue) = (waxwing_spool::GroupId(0), waxwing_spool::QueueId(0));
    Account::new(config, group, queue, queue, Default::default(), Default::default()).verify(password.as_bytes())
}

#[test]
fn accounts_are_made_changed_and_deleted_and_stay_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/accounts.db");
    let store = AccountStore::open(&path).unwrap();
    let mut revision = store.revision();
    assert!(store.list().unwrap().is_empty());
    store.add(&new("shop", Some("secret")), 10).unwrap();
    assert!(revision.has_changed().unwrap());
    revision.mark_unchanged();
    store.add(&new("bank", None), 11).unwrap();
    assert!(matches!(store.add(&new("shop", None), 12), Err(AccountError::Exists(n)) if n == "shop"));
    for name in ["", " a", "a ", "a\nb", &"x".repeat(65)] {
        assert!(matches!(store.add(&new(name, None), 12), Err(AccountError::Name(_))), "{name:?}");
    }
    let shop = store.get("shop").unwrap().unwrap();
    assert!(lets_in(&shop.password, "secret") && !lets_in(&shop.password, "Secret") && !lets_in(&shop.password, ""));
    assert_eq!((shop.settings["rate"].as_u64(), shop.created, shop.changed), (Some(5), 10, 10));

    store.modify("shop", None, Some(&settings(json!({"rate": 7}))), 20).unwrap();
    store.modify("bank", Some("other"), None, 21).unwrap();
    assert!(matches!(store.modify("nobody", Some("x"), None, 22), Err(AccountError::Unknown(_))));
    drop(store);
    let store = AccountStore::open(&path).unwrap();
    let list = store.list().unwrap();
    assert_eq!(list.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["bank", "shop"]);
    assert_eq!((&list[1].password, list[1].settings["rate"].as_u64(), list[1].created, list[1].changed), (&shop.password, Some(7), 10, 20));
    assert!(lets_in(&list[0].password, "other") && list[0].settings["rate"].as_u64() == Some(5));
    store.modify("bank", Some(""), None, 23).unwrap();
    assert!(!lets_in(&store.get("bank").unwrap().unwrap().password, ""));
    store.delete("bank").unwrap();
    assert!(matches!(store.delete("bank"), Err(AccountError::Unknown(_))));
    assert!(store.get("bank").unwrap().is_none());
}

#[test]
fn hashes_are_salted_and_kept_as_they_are_given() {
    let (a, b) = (hash_password("secret").unwrap(), hash_password("secret").unwrap());
    assert!(a.starts_with("$argon2id$") && a != b);
    let dir = tempfile::tempdir().unwrap();
    let store = AccountStore::open(dir.path().join("accounts.db")).unwrap();
    store.add(&new("shop", Some(&a)), 1).unwrap();
    assert_eq!(store.get("shop").unwrap().unwrap().password, a);
}

#[test]
fn what_another_process_changes_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("accounts.db");
    let (gateway, command_line) = (AccountStore::open(&path).unwrap(), AccountStore::open(&path).unwrap());
    let mut revision = gateway.revision();
    gateway.refresh().unwrap();
    assert!(!revision.has_changed().unwrap());
    command_line.add(&new("shop", None), 1).unwrap();
    gateway.refresh().unwrap();
    assert!(revision.has_changed().unwrap());
    revision.mark_unchanged();
    command_line.create_session("shop", "::1", 10, 1).unwrap();
    gateway.refresh().unwrap();
    assert!(!revision.has_changed().unwrap(), "signing in changes no account");
    assert_eq!(gateway.list().unwrap().len(), 1);
}

#[test]
fn links_work_once_and_sessions_until_they_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("accounts.db");
    let store = AccountStore::open(&path).unwrap();
    let link = store.create_link("admin", 100, 1000).unwrap();
    assert_eq!(store.session(&link, 1001).unwrap(), None, "a link is no session");
    assert_eq!(store.redeem_link("nonsense", 1001).unwrap(), None);
    assert_eq!(store.redeem_link(&link, 1001).unwrap().as_deref(), Some("admin"));
    assert_eq!(store.redeem_link(&link, 1001).unwrap(), None, "once");
    let late = store.create_link("admin", 100, 1000).unwrap();
    assert_eq!(store.redeem_link(&late, 1100).unwrap(), None, "too late");

    let token = store.create_session("admin", "127.0.0.1", 100, 1000).unwrap();
    assert!(token.len() >= 43);
    drop(store);
    let store = AccountStore::open(&path).unwrap();
    let s = store.session(&token, 1099).unwrap().unwrap();
    assert_eq!((s.account.as_str(), s.source.as_str(), s.created, s.expires), ("admin", "127.0.0.1", 1000, 1100));
    assert_eq!(store.session(&token, 1100).unwrap(), None);
    assert_eq!(store.redeem_link(&token, 1001).unwrap(), None, "a session is no link");
    assert!(store.end_session(&token).unwrap());
    assert!(!store.end_session(&token).unwrap());
    // The file has only digests.
    let token = store.create_session("admin", "127.0.0.1", 100, 1000).unwrap();
    for f in std::fs::read_dir(dir.path()).unwrap() {
        let octets = std::fs::read(f.unwrap().path()).unwrap();
        assert!(!octets.windows(token.len()).any(|w| w == token.as_bytes()));
    }
}

#[test]
fn who_loses_the_account_or_its_password_is_signed_out() {
    let dir = tempfile::tempdir().unwrap();
    let store = AccountStore::open(dir.path().join("accounts.db")).unwrap();
    for name in ["shop", "bank"] {
        store.add(&new(name, None), 1).unwrap();
    }
    let [shop, bank, again] = ["shop", "bank", "bank"].map(|n| store.create_session(n, "", 1000, 1).unwrap());
    store.modify("bank", None, Some(&Map::new()), 2).unwrap();
    assert!(store.session(&bank, 2).unwrap().is_some());
    store.modify("bank", Some("new"), None, 2).unwrap();
    assert!(store.session(&bank, 2).unwrap().is_none() && store.session(&again, 2).unwrap().is_none());
    assert!(store.session(&shop, 2).unwrap().is_some());
    store.delete("shop").unwrap();
    assert!(store.session(&shop, 2).unwrap().is_none());
    // They are not without number.
    let tokens: Vec<_> = (0..150).map(|n| store.create_session("x", "", 10_000, n).unwrap()).collect();
    assert_eq!(tokens.iter().filter(|t| store.session(t, 200).unwrap().is_some()).count(), 100);
    assert_eq!(store.end_sessions_of("x").unwrap(), 100);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_hashes() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = AccountStore::open(dir.path().join("accounts.db")).unwrap();
    store.add(&new("shop", Some("x")), 1).unwrap();
    for f in std::fs::read_dir(dir.path()).unwrap() {
        let f = f.unwrap();
        assert_eq!(f.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", f.path());
    }
}
