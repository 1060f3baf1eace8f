//! `Type=MMSC`: subscribers.

use waxwing_ledger::{SubscriberChange, SubscriberError};

use super::{Action, Done, Refusal, number, text_or_none, wrong, yes_or_no};
use crate::Subscribers;
use crate::params::Params;

/// Does it.
pub(super) async fn run(subscribers: &Subscribers, params: &Params, action: Action) -> Result<Done, Refusal> {
    // Where the number has a parameter of its own, the name is the alias.
    let apart = params.text("phonenumber")?.map(str::to_owned);
    let given = match &apart {
        Some(number) => number.clone(),
        None => params.text("name")?.ok_or_else(|| wrong("Name", "it is missing; give the phone's number"))?.to_owned(),
    };
    let (number, word) = match action {
        Action::Add => (subscribers.add(&given, change(params, apart.is_some())?).await?, "added"),
        Action::Modify => (subscribers.modify(&given, change(params, apart.is_some())?).await?, "changed"),
        Action::Delete => (subscribers.delete(&given).await?, "deleted"),
        Action::CreditCheck => return Err(wrong("AdminAction", "CreditCheck is for accounts (Type=SMS)")),
    };
    Ok(Done { words: format!("Subscriber +{number} {word}."), ignored: Vec::new() })
}

fn change(p: &Params, name_is_alias: bool) -> Result<SubscriberChange, Refusal> {
    let alias = match text_or_none(p, "Alias")? {
        None if name_is_alias => text_or_none(p, "Name")?,
        alias => alias,
    };
    let both = yes_or_no(p, "EnableMMS")?;
    Ok(SubscriberChange {
        alias: alias.map(|a| a.map(str::to_owned)),
        password: p.text("password")?.map(str::to_owned),
        name: text_or_none(p, "FullName")?.map(|n| n.unwrap_or_default().to_owned()),
        may_send: yes_or_no(p, "EnableMMSSend")?.or(both),
        may_receive: yes_or_no(p, "EnableMMSReceive")?.or(both),
        // None of its own.
        max_size: number(p, "MaxMessageSize")?.map(|n| Some(n).filter(|n| *n > 0)),
        web_link: yes_or_no(p, "EnableWebLink")?,
    })
}

impl From<SubscriberError> for Refusal {
    fn from(e: SubscriberError) -> Refusal {
        let (field, text) = (e.field().unwrap_or_default(), e.to_string());
        let why = text.strip_prefix(field).and_then(|t| t.strip_prefix(": ")).unwrap_or(&text);
        // The number is in the text; which parameter it came by, its sender knows.
        match (e, field) {
            (SubscriberError::File(e), _) => e.into(),
            (_, "alias") => wrong("Alias", why),
            (_, "name") => wrong("FullName", why),
            (_, "max_size") => wrong("MaxMessageSize", why),
            (_, "password") => wrong("Password", why),
            _ => Refusal::Text(why.to_owned()),
        }
    }
}
