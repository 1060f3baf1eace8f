//! The first page: is it running, what waits where, what happened last.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::extract::State;
use axum::response::Response;
use waxwing_api::escape;
use waxwing_core::{Accounts, ConnectorLabel, Kind, Millis, State as MessageState};
use waxwing_ledger::{Day, DayCount, LedgerError, Query};
use waxwing_spool::QueueDepth;

use crate::page::{badge, number, time};
use crate::session::SignedIn;
use crate::{Console, messages, page};

/// Messages shown.
const LAST: usize = 12;

pub(crate) async fn page(State(console): State<Console>, who: SignedIn) -> Response {
    match content(&console).await {
        Ok(content) => page::page(&console, &who, "Status", true, &content),
        Err(e) => page::broken(&e.to_string()),
    }
}

async fn content(console: &Console) -> Result<String, LedgerError> {
    let depths = console.gateway().spool.depths();
    let mut out = trouble(console);
    let (today, last) = match console.0.options.api.ledger() {
        Some(ledger) => {
            let today = Day::of(console.now());
            (ledger.counters(today, today).await?, ledger.search(Query { limit: LAST, ..Query::default() }).await?.messages)
        }
        None => Default::default(),
    };
    out += &cards(console, &today, &depths);
    out += &connectors(console, &depths);
    out += &queues(&depths, &console.gateway().setup().accounts, console.now());
    out += "<section><h2>Last messages</h2>";
    out += &messages::table(&last);
    out += "</section>";
    Ok(out)
}

/// What an operator has to know first.
fn trouble(console: &Console) -> String {
    let gateway = console.gateway();
    let mut words: Vec<String> = gateway.spool.unhealthy().map(|e| e.to_string()).into_iter().collect();
    words.extend(gateway.pressure().map(str::to_owned));
    words
        .iter()
        .fold(String::new(), |out, w| out + &format!("<p class=\"error\" role=\"alert\">New messages are refused: {}</p>", escape(w)))
}

fn cards(console: &Console, today: &[DayCount], depths: &[QueueDepth]) -> String {
    let count = |kind: Kind, wanted: &dyn Fn(MessageState) -> bool| -> u64 {
        today.iter().filter(|c| c.kind == kind && wanted(c.state)).map(|c| c.messages).sum()
    };
    let failed = |s| {
        matches!(
            s,
            MessageState::Failed | MessageState::Rejected | MessageState::Undeliverable | MessageState::Expired | MessageState::Unknown
        )
    };
    let sum = |f: &dyn Fn(&QueueDepth) -> u64| -> u64 { depths.iter().map(f).sum() };
    let outbound = |d: &QueueDepth| d.name.starts_with("connector:");
    let stats = console.gateway().spool.stats();
    let list = [
        ("Accepted today", number(count(Kind::Mt, &|_| true)), ""),
        ("Delivered", number(count(Kind::Mt, &|s| s == MessageState::Delivered)), "good"),
        ("Failed", number(count(Kind::Mt, &failed)), "bad"),
        ("Received", number(count(Kind::Mo, &|_| true)), ""),
        ("Queued", number(sum(&|d| if outbound(d) { d.ready + d.deferred + d.leased } else { 0 })), ""),
        ("Awaiting receipts", number(sum(&|d| d.awaiting)), ""),
        ("Dead letters", number(sum(&|d| d.dead)), "bad"),
        ("Disk free", octets(stats.disk_free), ""),
    ];
    let mut out = String::from("<section class=\"cards\">");
    for (name, value, colour) in list {
        let colour = if value == "0" { "" } else { colour };
        let _ = write!(out, "<div class=\"card {colour}\"><b>{value}</b><span>{name}</span></div>");
    }
    out + "</section>"
}

fn connectors(console: &Console, depths: &[QueueDepth]) -> String {
    let gateway = console.gateway();
    let (setup, now) = (gateway.setup(), console.now());
    let sent: HashMap<String, u64> = setup
        .routes
        .lines()
        .iter()
        .map(|l| {
            let label = ConnectorLabel { connector: l.state.name.to_string() };
            (l.state.name.to_string(), gateway.metrics.sent.get_or_create(&label).get())
        })
        .collect();
    let rates = console.0.rates.of(now, &sent);
    let mut out = String::from(
        "<section><h2>Connectors</h2><div class=\"scroll\"><table><thead><tr><th>Name</th><th>State</th><th class=\"n\">Sessions</th>\
         <th class=\"n\">Messages/s</th><th class=\"n\">Sent</th><th class=\"n\">Ready</th><th class=\"n\">Waiting</th>\
         <th class=\"n\">In flight</th><th class=\"n\">Awaiting</th></tr></thead><tbody>",
    );
    for l in setup.routes.lines() {
        let name = &*l.state.name;
        let d = depths.iter().find(|d| d.queue == l.state.queue);
        let n = |f: &dyn Fn(&QueueDepth) -> u64| number(d.map_or(0, f));
        let word = l.state.word(now);
        let colour = match word {
            "up" => "good",
            "paused" => "dull",
            "failing" => "busy",
            _ => "bad",
        };
        let rate = rates.get(name).map_or("–".to_owned(), |r| format!("{r:.1}"));
        let _ = write!(
            out,
            "<tr><td><a href=\"/console/messages?connector={}\">{}</a></td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{rate}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            messages::query_value(name),
            escape(name),
            badge(colour, word),
            l.state.sessions(),
            number(sent.get(name).copied().unwrap_or(0)),
            n(&|d| d.ready),
            n(&|d| d.deferred),
            n(&|d| d.leased),
            n(&|d| d.awaiting),
        );
    }
    if setup.routes.lines().is_empty() {
        out += "<tr><td colspan=\"9\" class=\"none\">There is no connector. Add a [[connector]] section to the configuration.</td></tr>";
    }
    out + "</tbody></table></div></section>"
}

/// Queues other than the connectors': receipts and received messages on their way to accounts.
fn queues(depths: &[QueueDepth], accounts: &Accounts, now: Millis) -> String {
    let others: Vec<_> = depths.iter().filter(|d| !d.name.starts_with("connector:")).collect();
    if others.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<section><h2>On the way to accounts</h2><div class=\"scroll\"><table><thead><tr><th>Queue</th><th class=\"n\">Ready</th>\
         <th class=\"n\">Waiting</th><th class=\"n\">In flight</th><th class=\"n\">Dead letters</th><th>Oldest</th></tr></thead><tbody>",
    );
    for d in others {
        let oldest = d.oldest.filter(|&at| at <= now).map(time).unwrap_or_default();
        let _ = write!(
            out,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{oldest}</td></tr>",
            escape(&queue_name(&d.name, accounts)),
            number(d.ready),
            number(d.deferred),
            number(d.leased),
            number(d.dead),
        );
    }
    out + "</tbody></table></div></section>"
}

/// What a queue is to people.
fn queue_name(name: &str, accounts: &Accounts) -> String {
    match name.split_once(':') {
        Some(("account", account)) => {
            let doors = accounts.get(account).map_or((true, false), |a| (a.config.smpp, a.config.cmpp.is_some()));
            let by = match doors {
                (true, true) => "SMPP or CMPP",
                (false, true) => "CMPP",
                (_, false) => "SMPP",
            };
            format!("{account}, by {by}")
        }
        Some(("hook", account)) => format!("{account}, by webhook"),
        Some(("inbox", _)) => "received for nobody's number".to_owned(),
        Some(("parts", _)) => "parts of long messages that wait for the others".to_owned(),
        _ => name.to_owned(),
    }
}

/// Octets in a unit that suits.
fn octets(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{n} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use waxwing_core::{Account, AccountConfig, CmppProfile};
    use waxwing_spool::{GroupId, QueueId};

    #[test]
    fn queues_of_accounts_say_how_they_are_emptied() {
        let account = |name: &str, smpp, cmpp| {
            let cmpp = if cmpp { Some(Box::new(CmppProfile::default())) } else { None };
            let config = AccountConfig { name: name.into(), smpp, cmpp, ..AccountConfig::default() };
            Arc::new(Account::new(config, GroupId(0), QueueId(0), QueueId(0), Arc::default(), Default::default()))
        };
        let accounts = Accounts::new(vec![account("esme", true, false), account("sp", false, true), account("both", true, true)]);
        for (queue, said) in [
            ("account:esme", "esme, by SMPP"),
            ("account:sp", "sp, by CMPP"),
            ("account:both", "both, by SMPP or CMPP"),
            ("account:gone", "gone, by SMPP"),
            ("hook:sp", "sp, by webhook"),
        ] {
            assert_eq!(queue_name(queue, &accounts), said);
        }
    }

    #[test]
    fn octets_have_a_unit_that_suits() {
        assert_eq!((octets(5), octets(1536), octets(20 << 30)), ("5 B".into(), "1.5 KiB".into(), "20.0 GiB".into()));
    }
}
