//! `waxwing account`: the accounts that are kept in the data folder. A running gateway takes changes over within a second or two.

use std::io::Read as _;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use waxwing_core::Clock;
use waxwing_ledger::{AccountStore, NewAccount, hash_password};

use super::client::url_of;
use super::{ConfigFile, Failure, out};
use crate::config::Config;
use crate::node::{SIGN_IN_LINK, accounts_file, check_account, password, webhook_secret};

/// Arguments of `waxwing account`.
#[derive(Debug, Args)]
pub struct Accounts {
    /// What to do
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an account; without --password one is made up and printed, once
    Add {
        /// Its name
        name: String,
        /// Its password
        #[arg(long)]
        password: Option<String>,
        /// It may use the console and the admin calls
        #[arg(long)]
        admin: bool,
        /// A key of an [[account]] section with its value, such as rate=100 or 'numbers=["12345"]'
        #[arg(long = "set", value_name = "KEY=VALUE")]
        settings: Vec<String>,
    },
    /// List the accounts
    List,
    /// Change keys of an account; an empty value takes a key out
    Set {
        /// Its name
        name: String,
        /// Keys with their values
        #[arg(required = true, value_name = "KEY=VALUE")]
        settings: Vec<String>,
    },
    /// Give an account another password; without --password one is made up and printed, once
    Passwd {
        /// Its name
        name: String,
        /// The password
        #[arg(long)]
        password: Option<String>,
    },
    /// Remove an account
    Remove {
        /// Its name
        name: String,
    },
    /// Print a link that signs an administrator in to the console, once, within an hour
    Link {
        /// Its name
        name: String,
    },
    /// Print a hash for the configuration file of the password on standard input
    Hash,
    /// Print a new key for signing webhooks
    Secret,
}

/// Does it.
pub(super) fn run(args: &Accounts) -> Result<(), Failure> {
    match &args.action {
        Action::Hash => hash(),
        Action::Secret => {
            out::line(webhook_secret());
            Ok(())
        }
        action => {
            let none = || Failure::Usage("which gateway? give --config FILE".into());
            let config = args.file.load()?.ok_or_else(none)?;
            let store = AccountStore::open(accounts_file(&config)).map_err(Failure::of)?;
            on_store(action, &config, &store)
        }
    }
}

fn on_store(action: &Action, config: &Config, store: &AccountStore) -> Result<(), Failure> {
    let now = Clock::system().now();
    match action {
        Action::Add { name, password, admin, settings } => {
            if config.accounts.iter().any(|a| a.name.eq_ignore_ascii_case(name)) {
                return Err(Failure::Usage(format!("the configuration file has an account {name:?}; choose another name")));
            }
            let mut map = Map::new();
            apply(&mut map, settings)?;
            if *admin {
                let allowed = map.entry("allow").or_insert_with(|| serde_json::json!(["sms"]));
                if let Some(list) = allowed.as_array_mut().filter(|l| !l.contains(&Value::from("admin"))) {
                    list.push("admin".into());
                }
            }
            let secret = chosen(password.as_deref());
            // It is kept as a hash, and has to be in order as that.
            check(name, if secret.is_empty() { "" } else { "$argon2" }, &map, config, store)?;
            store.add(&NewAccount { name: name.clone(), password: Some(secret.clone()), settings: map }, now).map_err(Failure::of)?;
            tell(name, password.as_deref(), &secret);
        }
        Action::Set { name, settings } => {
            let account = store.get(name).map_err(Failure::of)?;
            let account = account
                .ok_or_else(|| Failure::Usage(format!("there is no account {name:?} in the data folder{}", in_file(config, name))))?;
            let mut map = account.settings;
            apply(&mut map, settings)?;
            check(name, &account.password, &map, config, store)?;
            store.modify(name, None, Some(&map), now).map_err(Failure::of)?;
        }
        Action::Passwd { name, password } => {
            let secret = chosen(password.as_deref());
            store.modify(name, Some(&secret), None, now).map_err(|e| Failure::Usage(format!("{e}{}", in_file(config, name))))?;
            tell(name, password.as_deref(), &secret);
        }
        Action::Remove { name } => store.delete(name).map_err(|e| Failure::Usage(format!("{e}{}", in_file(config, name))))?,
        Action::Link { name } => {
            let known = config.accounts.iter().any(|a| a.name == *name) || store.get(name).map_err(Failure::of)?.is_some();
            if !known {
                return Err(Failure::Usage(format!("there is no account {name:?}; `waxwing account list` lists them")));
            }
            let token = store.create_link(name, SIGN_IN_LINK, now).map_err(Failure::of)?;
            out::line(format_args!("{}{}", url_of(config), waxwing_console::sign_in_path(&token)));
        }
        Action::List => list(config, store)?,
        Action::Hash | Action::Secret => {}
    }
    Ok(())
}

fn list(config: &Config, store: &AccountStore) -> Result<(), Failure> {
    let mut rows: Vec<Vec<String>> =
        config.accounts.iter().map(|a| vec![a.name.clone(), "configuration file".into(), String::new()]).collect();
    for a in store.list().map_err(Failure::of)? {
        rows.push(vec![a.name, "data folder".into(), shown("", &a.settings).join(" ")]);
    }
    out::table(&["name", "kept in", "settings"], &rows);
    Ok(())
}

/// Settings as `account set` takes them, without the secrets.
fn shown(prefix: &str, settings: &Map<String, Value>) -> Vec<String> {
    let one = |(key, value): (&String, &Value)| match value {
        Value::Object(inner) => shown(&format!("{prefix}{key}."), inner),
        _ if key.ends_with("secret") => vec![format!("{prefix}{key}=(hidden)")],
        _ => vec![format!("{prefix}{key}={value}")],
    };
    settings.iter().flat_map(one).collect()
}

fn check(name: &str, password: &str, settings: &Map<String, Value>, config: &Config, store: &AccountStore) -> Result<(), Failure> {
    check_account(name, password, settings, config, store).map_err(Failure::Usage)
}

fn in_file(config: &Config, name: &str) -> &'static str {
    if config.accounts.iter().any(|a| a.name == name) { "; it is in the configuration file: change it there" } else { "" }
}

fn chosen(given: Option<&str>) -> String {
    given.map_or_else(password, str::to_owned)
}

fn tell(name: &str, given: Option<&str>, secret: &str) {
    match given {
        Some(_) => out::line(format_args!("account {name}: done")),
        None => out::line(format_args!("account {name}, password {secret} (shown this once)")),
    }
}

/// Puts `KEY=VALUE`s into settings. A value is read as TOML, or as text where it is none.
fn apply(map: &mut Map<String, Value>, settings: &[String]) -> Result<(), Failure> {
    for s in settings {
        let (key, value) = s.split_once('=').ok_or_else(|| Failure::Usage(format!("{s:?}: write KEY=VALUE, such as rate=100")))?;
        let (key, value) = (key.trim(), value.trim());
        if matches!(key, "name" | "password") {
            return Err(Failure::Usage(format!("{key} cannot be set like that; see waxwing account --help")));
        }
        let parsed = toml::from_str::<Map<String, Value>>(&format!("v = {value}")).ok().and_then(|mut m| m.remove("v"));
        put(map, key, (!value.is_empty()).then(|| parsed.unwrap_or_else(|| Value::from(value))));
    }
    Ok(())
}

/// Puts a value under a key, which may lead through tables (`cmpp.sp_id`); without one, takes the key out, and tables that are empty then.
fn put(map: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    match (key.split_once('.'), value) {
        (None, Some(value)) => {
            map.insert(key.to_owned(), value);
        }
        (None, None) => {
            map.remove(key);
        }
        (Some((table, key)), value) => {
            let entry = map.entry(table).or_insert_with(|| Value::Object(Map::new()));
            if !entry.is_object() {
                *entry = Value::Object(Map::new());
            }
            if let Some(inner) = entry.as_object_mut() {
                put(inner, key, value);
                if inner.is_empty() {
                    map.remove(table);
                }
            }
        }
    }
}

fn hash() -> Result<(), Failure> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let password = text.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(Failure::Usage("give the password on standard input: echo -n PASSWORD | waxwing account hash".into()));
    }
    out::line(hash_password(password).map_err(Failure::of)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config;
    use serde_json::json;

    #[test]
    fn values_are_toml_or_text() {
        let mut map = Map::new();
        let settings = ["rate=100", "numbers=[\"12345\"]", "route = uk", "join_long=true", "validity=1h", "webhook=https://example.net/in"];
        apply(&mut map, &settings.map(str::to_owned)).unwrap();
        let expected = json!({ "rate": 100, "numbers": ["12345"], "route": "uk", "join_long": true, "validity": "1h", "webhook": "https://example.net/in" });
        assert_eq!(Value::Object(map.clone()), expected);
        apply(&mut map, &["route=".to_owned()]).unwrap();
        assert!(!map.contains_key("route"));
        assert!(apply(&mut map, &["password=x".to_owned()]).is_err());
    }

    #[test]
    fn keys_lead_into_tables_and_secrets_are_not_shown() {
        let mut map = Map::new();
        apply(&mut map, &["cmpp.sp_id=\"901234\"", "cmpp.secret=open", "rate=5"].map(str::to_owned)).unwrap();
        assert_eq!(Value::Object(map.clone()), json!({ "cmpp": { "sp_id": "901234", "secret": "open" }, "rate": 5 }));
        assert_eq!(shown("", &map), ["cmpp.secret=(hidden)", "cmpp.sp_id=\"901234\"", "rate=5"]);
        apply(&mut map, &["cmpp.sp_id=", "cmpp.secret="].map(str::to_owned)).unwrap();
        assert_eq!(Value::Object(map), json!({ "rate": 5 }));
    }

    #[test]
    fn stored_accounts_have_a_secret_and_a_name_of_their_own_over_cmpp() {
        let file = "[[account]]\nname = \"first\"\npassword = \"x\"\n[account.cmpp]\nsp_id = \"901234\"\n";
        let config = config::parse(std::path::Path::new("t"), std::path::Path::new("."), file).unwrap();
        let check = |password: &str, cmpp: Value| {
            let settings = json!({ "rate": 5, "cmpp": cmpp });
            config::account("shop", password, settings.as_object().unwrap(), &config)
        };
        let a = check("$argon2", json!({ "sp_id": "901235", "secret": "open" })).unwrap();
        assert_eq!(a.cmpp.unwrap().sp_id, "901235");
        assert_eq!(
            check("$argon2", json!({ "sp_id": "901235" })).unwrap_err(),
            "account \"shop\": missing key `cmpp.secret`: the account's password is a hash, with which the digest of CMPP cannot be checked"
        );
        assert_eq!(
            check("open", json!({ "sp_id": "901234" })).unwrap_err(),
            "account \"shop\": cmpp: 901234 is already account \"first\"'s; each signs in with its own"
        );
    }

    #[test]
    fn stored_settings_are_checked_like_those_of_a_file() {
        let config = config::parse(
            std::path::Path::new("t"),
            std::path::Path::new("."),
            "[[connector]]\nname = \"sim\"\nprotocol = \"simulator\"\n",
        )
        .unwrap();
        let check = |settings: Value| config::account("shop", "x", settings.as_object().unwrap(), &config);
        let a = check(json!({ "rate": 5, "numbers": "1*", "route": "sim", "validity": "1h" })).unwrap();
        assert_eq!((a.rate, a.route.as_deref(), a.validity.map(|v| v.millis())), (Some(5.0), Some("sim"), Some(3_600_000)));
        assert_eq!(check(json!({ "rat": 5 })).unwrap_err(), "account \"shop\": unknown key `rat`; did you mean `rate`?");
        assert_eq!(
            check(json!({ "route": "sin" })).unwrap_err(),
            "account \"shop\": route: there is no route or connector \"sin\"; did you mean \"sim\"?"
        );
    }
}
