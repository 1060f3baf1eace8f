//! `waxwing subscriber`: the phones that the message centre serves, kept in the data folder. A running gateway takes changes over within a
//! second or two.

use clap::{Args, Subcommand};
use waxwing_core::{Clock, Normaliser};
use waxwing_ledger::{AccountStore, SubscriberChange, SubscriberError, SubscriberQuery, subscriber_number};

use super::{ConfigFile, Failure, out};
use crate::config::Config;
use crate::node::{accounts_file, password};

/// Subscribers that `list` reads at once.
const PAGE: usize = 1000;

/// Arguments of `waxwing subscriber`.
#[derive(Debug, Args)]
pub struct Subscribers {
    /// What to do
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a subscriber; without --password or --no-password one is made up and printed, once
    Add {
        /// Its number: international with +, or as [sms] country writes it
        number: String,
        /// A name that it may sign in by instead of the number
        #[arg(long)]
        alias: Option<String>,
        /// Its password
        #[arg(long, conflicts_with = "no_password")]
        password: Option<String>,
        /// It has no password: its network tells its number
        #[arg(long)]
        no_password: bool,
        /// Its owner's name
        #[arg(long)]
        name: Option<String>,
        /// It may not send
        #[arg(long)]
        no_send: bool,
        /// It may not receive
        #[arg(long)]
        no_receive: bool,
        /// Largest message that it takes, octets
        #[arg(long, value_name = "OCTETS")]
        max_size: Option<u64>,
        /// It gets an SMS with a link to a web page instead of notifications
        #[arg(long)]
        web_link: bool,
    },
    /// List the subscribers, or those whose number, alias or name begins so
    List {
        /// How it begins
        #[arg(default_value = "", hide_default_value = true)]
        search: String,
    },
    /// Remove a subscriber
    Remove {
        /// Its number
        number: String,
    },
    /// Give a subscriber another password; without --password one is made up and printed, once
    SetPassword {
        /// Its number
        number: String,
        /// The password; empty = none
        #[arg(long)]
        password: Option<String>,
    },
}

/// Does it.
pub(super) fn run(args: &Subscribers) -> Result<(), Failure> {
    let none = || Failure::Usage("which gateway? give --config FILE".into());
    let config = args.file.load()?.ok_or_else(none)?;
    let store = AccountStore::open(accounts_file(&config)).map_err(Failure::of)?;
    let now = Clock::system().now();
    match &args.action {
        Action::Add { number, alias, password, no_password, name, no_send, no_receive, max_size, web_link } => {
            let number = normal(&config, number)?;
            let secret = if *no_password { String::new() } else { chosen(password.as_deref()) };
            let settings = SubscriberChange {
                alias: Some(alias.clone()),
                password: Some(secret.clone()),
                name: name.clone(),
                may_send: Some(!no_send),
                may_receive: Some(!no_receive),
                max_size: Some(*max_size),
                web_link: Some(*web_link),
            };
            store.add_subscriber(&number, &settings, now).map_err(failure)?;
            tell(&number, password.is_some() || *no_password, &secret);
        }
        Action::SetPassword { number, password } => {
            let number = normal(&config, number)?;
            let secret = chosen(password.as_deref());
            let change = SubscriberChange { password: Some(secret.clone()), ..SubscriberChange::default() };
            store.modify_subscriber(&number, &change, now).map_err(failure)?;
            tell(&number, password.is_some(), &secret);
        }
        Action::Remove { number } => store.delete_subscriber(&normal(&config, number)?).map_err(failure)?,
        Action::List { search } => list(&store, search)?,
    }
    Ok(())
}

fn normal(config: &Config, given: &str) -> Result<String, Failure> {
    let normaliser = Normaliser::new(config.sms.country.as_ref().map(|c| c.0.as_str())).map_err(Failure::Usage)?;
    subscriber_number(&normaliser, given).map_err(failure)
}

fn failure(e: SubscriberError) -> Failure {
    match e {
        SubscriberError::File(e) => Failure::of(e),
        e => Failure::Usage(e.to_string()),
    }
}

fn chosen(given: Option<&str>) -> String {
    given.map_or_else(password, str::to_owned)
}

fn tell(number: &str, given: bool, secret: &str) {
    if given {
        out::line(format_args!("subscriber +{number}: done"));
    } else {
        out::line(format_args!("subscriber +{number}, password {secret} (shown this once)"));
    }
}

fn list(store: &AccountStore, search: &str) -> Result<(), Failure> {
    let mut query = SubscriberQuery { prefix: search.trim().to_owned(), limit: PAGE, ..SubscriberQuery::default() };
    let mut rows = Vec::new();
    loop {
        let page = store.subscribers(&query).map_err(Failure::of)?;
        for s in page.subscribers {
            let words = [
                (!s.may_send).then(|| "may not send".to_owned()),
                (!s.may_receive).then(|| "may not receive".to_owned()),
                s.web_link.then(|| "web link".to_owned()),
                s.max_size.map(|octets| format!("at most {octets} octets")),
                (!s.has_password()).then(|| "no password".to_owned()),
            ];
            let words = words.into_iter().flatten().collect::<Vec<_>>().join(", ");
            rows.push(vec![format!("+{}", s.number), s.alias.as_deref().unwrap_or_default().to_owned(), s.name.to_string(), words]);
        }
        let Some(next) = page.next else { break };
        query.after = next.into();
    }
    out::table(&["number", "alias", "name", "settings"], &rows);
    Ok(())
}
