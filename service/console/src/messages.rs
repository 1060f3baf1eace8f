//! Searching messages.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::extract::{Query, State};
use axum::response::Response;
use waxwing_api::escape;
use waxwing_core::{Kind, State as MessageState};
use waxwing_ledger::{MessageRecord, NumberQuery, Query as LedgerQuery};

use crate::page::{shorten, state, time};
use crate::session::SignedIn;
use crate::{Console, page};

/// Messages on a page.
const PAGE: usize = 50;
/// Characters of a text in the table.
const TEXT: usize = 60;
/// What can be searched by, in the order of the form.
const FIELDS: [(&str, &str); 5] =
    [("number", "Number"), ("account", "Account"), ("connector", "Connector"), ("reference", "Reference"), ("text", "Text")];

pub(crate) async fn page(State(console): State<Console>, who: SignedIn, Query(mut asked): Query<HashMap<String, String>>) -> Response {
    asked.retain(|_, v| !v.trim().is_empty());
    let Some(ledger) = console.0.options.api.ledger() else {
        return page::page(&console, &who, "Messages", false, "<p class=\"none\">This gateway keeps no record of messages.</p>");
    };
    let mut content = form(&asked);
    match ledger.search(query(&asked)).await {
        Ok(found) => {
            content += &table(&found.messages);
            if found.is_cut {
                content += "<p class=\"hint\">The time for a search was over; what follows may have more.</p>";
            }
            if let Some(next) = found.next {
                let mut link = String::from("/console/messages?");
                for (name, value) in asked.iter().filter(|(n, _)| *n != "after") {
                    let _ = write!(link, "{}={}&", query_value(name), query_value(value));
                }
                let _ = write!(content, "<p><a class=\"button\" href=\"{}after={next}\">Older messages</a></p>", escape(&link));
            }
        }
        Err(e) => {
            let _ = write!(content, "<p class=\"error\" role=\"alert\">{}</p>", escape(&e.to_string()));
        }
    }
    page::page(&console, &who, "Messages", false, &content)
}

fn query(asked: &HashMap<String, String>) -> LedgerQuery {
    let get = |name: &str| asked.get(name).map(|v| v.trim().to_owned());
    LedgerQuery {
        number: get("number").map(|n| NumberQuery::parse(&n)),
        account: get("account"),
        connector: get("connector"),
        text: get("text"),
        reference: get("reference"),
        state: get("state").and_then(|s| states().find(|k| k.name() == s)),
        kind: get("kind").and_then(|k| match k.as_str() {
            "mt" => Some(Kind::Mt),
            "mo" => Some(Kind::Mo),
            _ => None,
        }),
        limit: PAGE,
        after: get("after").and_then(|a| a.parse().ok()),
        ..LedgerQuery::default()
    }
}

fn states() -> impl Iterator<Item = MessageState> {
    (0..=11).filter_map(|n| MessageState::try_from(n).ok())
}

fn form(asked: &HashMap<String, String>) -> String {
    let value = |name: &str| asked.get(name).map(|v| escape(v)).unwrap_or_default();
    let mut out = String::from("<form method=\"get\" action=\"/console/messages\" class=\"search\">");
    for (name, label) in FIELDS {
        let hint = if name == "number" { " placeholder=\"+44* finds all that begin so\"" } else { "" };
        let _ = write!(out, "<label>{label}<input name=\"{name}\" value=\"{}\"{hint}></label>", value(name));
    }
    let option = |out: &mut String, value: &str, label: &str, chosen: &str| {
        let selected = if value == chosen { " selected" } else { "" };
        let _ = write!(out, "<option value=\"{value}\"{selected}>{label}</option>");
    };
    out += "<label>State<select name=\"state\">";
    option(&mut out, "", "any", &value("state"));
    states().for_each(|s| option(&mut out, s.name(), s.name(), &value("state")));
    out += "</select></label><label>Direction<select name=\"kind\">";
    for (v, label) in [("", "both"), ("mt", "sent"), ("mo", "received")] {
        option(&mut out, v, label, &value("kind"));
    }
    out + "</select></label><button>Search</button></form>"
}

/// Messages as a table.
pub(crate) fn table(messages: &[MessageRecord]) -> String {
    if messages.is_empty() {
        return "<p class=\"none\">No messages.</p>".into();
    }
    let mut out = String::from(
        "<div class=\"scroll\"><table><thead><tr><th>Number</th><th>Accepted</th><th></th><th>From</th><th>To</th><th>Text</th>\
         <th>State</th><th>Connector</th><th>Account</th></tr></thead><tbody>",
    );
    for m in messages {
        let (arrow, direction) = if m.kind == Kind::Mo { ("←", "received") } else { ("→", "sent") };
        let text = m.text.as_deref().map(|t| escape(&shorten(t, TEXT))).unwrap_or_else(|| format!("<i>{} octets</i>", m.octets));
        let _ = write!(
            out,
            "<tr><td><a href=\"/console/messages/{0}\"><code>{0}</code></a></td><td>{1}</td><td title=\"{direction}\">{arrow}</td><td>{2}</td>\
             <td>{3}</td><td class=\"text\">{text}</td><td>{4}</td><td>{5}</td><td>{6}</td></tr>",
            m.id,
            time(m.accepted),
            escape(&m.source.to_string()),
            escape(&m.destination.to_string()),
            state(m.state),
            escape(&m.connector),
            escape(&m.account),
        );
    }
    out + "</tbody></table></div>"
}

/// A value for a URL's query.
pub(crate) fn query_value(s: &str) -> String {
    url::form_urlencoded::byte_serialize(s.as_bytes()).collect()
}
