//! `Type=SMS`: accounts.

use serde_json::{Map, Value};
use waxwing_core::Millis;
use waxwing_ledger::{AccountError, AccountStore, NewAccount};

use super::{Action, Done, Refusal, number, text_or_none, wrong, yes_or_no};
use crate::Registry;
use crate::params::Params;
use crate::registry::AccountCheck;

/// What NowSMS's accounts have and ours do not.
const IGNORED: [&str; 3] = ["FullName", "EnableSmtpLogin", "ReceiveEnabled"];
/// What asks for a balance.
const NO_CREDITS: &str = "credit balances are not supported; limit what the account sends with MessageLimitPerDay and MessageLimitPerMonth";

/// Which rights the forms of NowSMS's web menu need that an account may see.
const MENUS: [(&str, &[&str]); 7] = [
    ("all", &["sms", "mms", "push"]),
    ("advanced", &["sms", "mms", "push"]),
    ("textonly", &["sms"]),
    ("text", &["sms"]),
    ("smsmms", &["sms", "mms"]),
    ("smswapmm", &["sms", "push"]),
    ("smsmmswapmm", &["sms", "mms", "push"]),
];

/// Does it.
pub(super) async fn run(registry: &Registry, params: &Params, action: Action, now: Millis) -> Result<Done, Refusal> {
    let name = params.text("name")?.ok_or_else(|| wrong("Name", "it is missing; give the account's name"))?.trim().to_owned();
    let credits = params.get("creditstoadd").is_some() || yes_or_no(params, "EnableCreditBalance")? == Some(true);
    if action == Action::CreditCheck || (credits && action != Action::Delete) {
        return Err(Refusal::Text(NO_CREDITS.into()));
    }
    let (check, asked) = (registry.check(), params.clone());
    let done = registry.write(move |store| change(store, &*check, &asked, action, &name, now)).await??;
    registry.in_force().await;
    Ok(done)
}

fn change(store: &AccountStore, check: &AccountCheck, p: &Params, action: Action, name: &str, now: Millis) -> Result<Done, Refusal> {
    let there = store.get(name)?;
    let password = p.text("password")?;
    let kept = |password: Option<&str>| if password.is_some_and(|p| !p.is_empty()) { "$argon2" } else { "" };
    let word = match (action, there) {
        (Action::Add, None) => {
            let mut settings = Map::new();
            apply(&mut settings, p, true)?;
            check(name, kept(password), &settings).map_err(Refusal::Text)?;
            store.add(&NewAccount { name: name.to_owned(), password: password.map(str::to_owned), settings }, now)?;
            "added"
        }
        (Action::Add, Some(_)) => return Err(AccountError::Exists(name.to_owned()).into()),
        (Action::Modify, Some(mut account)) => {
            apply(&mut account.settings, p, false)?;
            check(name, kept(password.or(Some(&account.password))), &account.settings).map_err(Refusal::Text)?;
            store.modify(name, password, Some(&account.settings), now)?;
            "changed"
        }
        (Action::Delete, Some(_)) => {
            store.delete(name)?;
            "deleted"
        }
        (_, None) => {
            // One of the configuration file has words of its own.
            check(name, "", &Map::new()).map_err(Refusal::Text)?;
            return Err(AccountError::Unknown(name.to_owned()).into());
        }
        (Action::CreditCheck, Some(_)) => return Err(Refusal::Text(NO_CREDITS.into())),
    };
    let ignored = IGNORED.into_iter().filter(|n| p.has(&n.to_ascii_lowercase())).collect();
    Ok(Done { words: format!("Account {name} {word}."), ignored })
}

/// Puts the parameters into the keys of an `[[account]]` section.
fn apply(settings: &mut Map<String, Value>, p: &Params, is_new: bool) -> Result<(), Refusal> {
    let mut put = |key: &str, value: Option<Value>| match value {
        Some(value) => drop(settings.insert(key.to_owned(), value)),
        None => drop(settings.remove(key)),
    };
    if let Some(sender) = text_or_none(p, "ForcedSenderAddress")? {
        put("forced_sender", sender.map(Value::from));
    }
    if let Some(hosts) = text_or_none(p, "RestrictIPAddress")? {
        put("hosts", hosts.map(networks).transpose()?);
    }
    if let Some(numbers) = text_or_none(p, "RecipientAddresses")? {
        put("numbers", numbers.map(|n| list(n).collect()));
    }
    let unlimited = yes_or_no(p, "MessageLimitDefault")? == Some(true);
    for (key, limit) in [("per_day", number(p, "MessageLimitPerDay")?), ("per_month", number(p, "MessageLimitPerMonth")?)] {
        match limit {
            _ if unlimited => put(key, None),
            Some(limit) => put(key, Some(limit.into())),
            None => {}
        }
    }
    for (word, name) in [("http", "EnableWebLogin"), ("smpp", "EnableSmppLogin")] {
        if let Some(wanted) = yes_or_no(p, name)? {
            switch(settings, "doors", &["smpp", "http"], word, wanted);
        }
    }
    if let Some(menu) = p.text("weboptions")?.map(str::trim).or(is_new.then_some("All")) {
        let menu = MENUS.iter().find(|(name, _)| name.eq_ignore_ascii_case(menu));
        let (_, rights) =
            menu.ok_or_else(|| wrong("WebOptions", "it is none of All, Advanced, TextOnly, Text, SMSMMS, SMSWAPMM, SMSMMSWAPMM"))?;
        for right in ["sms", "mms", "push"] {
            switch(settings, "allow", &["sms"], right, rights.contains(&right));
        }
    }
    if let Some(wanted) = yes_or_no(p, "AdminEnabled")? {
        switch(settings, "allow", &["sms"], "admin", wanted);
    }
    Ok(())
}

/// Puts a word into a list or takes it out. `default` is what the list is where there is none.
fn switch(settings: &mut Map<String, Value>, key: &str, default: &[&str], word: &str, wanted: bool) {
    let list = settings.entry(key).or_insert_with(|| default.iter().copied().collect());
    if !list.is_array() {
        *list = default.iter().copied().collect();
    }
    let Some(list) = list.as_array_mut() else { return };
    list.retain(|w| w != word);
    if wanted {
        list.push(word.into());
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', ' ']).map(str::trim).filter(|t| !t.is_empty())
}

/// Addresses, whose last octets may be `*`.
fn networks(text: &str) -> Result<Value, Refusal> {
    let one = |given: &str| {
        let octets: Vec<&str> = given.split('.').collect();
        let fixed = octets.iter().take_while(|o| **o != "*").count();
        if fixed == octets.len() {
            return Ok(Value::from(given));
        }
        if octets.len() > 4 || octets[fixed..].iter().any(|o| *o != "*") {
            return Err(wrong("RestrictIPAddress", format!("{given:?} cannot be read; write an address such as 192.0.2.1 or 192.0.2.*")));
        }
        let mut whole = octets[..fixed].to_vec();
        whole.resize(4, "0");
        Ok(Value::from(format!("{}/{}", whole.join("."), 8 * fixed)))
    };
    list(text).map(one).collect::<Result<Vec<_>, _>>().map(Value::from)
}

impl From<AccountError> for Refusal {
    fn from(e: AccountError) -> Refusal {
        match e {
            AccountError::File(e) => e.into(),
            e => Refusal::Text(e.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn applied(before: Value, query: &str, is_new: bool) -> Result<Value, String> {
        let mut p = Params::default();
        p.extend(query.as_bytes());
        let mut settings = before.as_object().unwrap().clone();
        match apply(&mut settings, &p, is_new) {
            Ok(()) => Ok(settings.into()),
            Err(Refusal::Text(why)) => Err(why),
            Err(Refusal::Http(p)) => Err(p.detail),
        }
    }

    #[test]
    fn every_parameter_has_its_key() {
        let all = "ForcedSenderAddress=Shop&RestrictIPAddress=192.0.2.1,10.1.*.*,*&MessageLimitPerDay=10&MessageLimitPerMonth=100\
                   &RecipientAddresses=12345,%2B4477*&EnableWebLogin=Yes&EnableSmppLogin=No&WebOptions=SMSMMS&AdminEnabled=Yes";
        assert_eq!(
            applied(json!({ "rate": 5 }), all, true).unwrap(),
            json!({ "rate": 5, "forced_sender": "Shop", "hosts": ["192.0.2.1", "10.1.0.0/16", "0.0.0.0/0"], "per_day": 10, "per_month": 100,
                    "numbers": ["12345", "+4477*"], "doors": ["http"], "allow": ["sms", "mms", "admin"] })
        );
        assert_eq!(applied(json!({}), "", true).unwrap(), json!({ "allow": ["sms", "mms", "push"] }));
    }

    #[test]
    fn what_is_not_said_stays_and_what_is_empty_goes() {
        let before = json!({ "forced_sender": "Shop", "per_day": 10, "per_month": 5, "allow": ["sms", "admin"], "numbers": ["1"], "hosts": ["::1"] });
        assert_eq!(applied(before.clone(), "Name=shop&Password=x", false).unwrap(), before);
        let change =
            "forcedsenderaddress=&RECIPIENTADDRESSES=&RestrictIPAddress=&MessageLimitDefault=Yes&MessageLimitPerDay=7&AdminEnabled=no";
        assert_eq!(applied(before, change, false).unwrap(), json!({ "allow": ["sms"] }));
    }

    #[test]
    fn nonsense_is_named() {
        for query in [
            "EnableWebLogin=maybe",
            "AdminEnabled=2",
            "MessageLimitPerDay=-1",
            "MessageLimitPerMonth=many",
            "WebOptions=Everything",
            "RestrictIPAddress=10.*.1.2",
            "RestrictIPAddress=1.2.3.4.*",
        ] {
            let why = applied(json!({}), query, false).unwrap_err();
            assert!(why.starts_with(query.split('=').next().unwrap()), "{why}");
        }
    }
}
