//! One message and its life.

use std::fmt::Write as _;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use waxwing_api::escape;
use waxwing_core::{Kind, MsgId, State as MessageState};
use waxwing_ledger::{EventRecord, Life, MessageRecord};

use crate::form::Posted;
use crate::page::{state, time};
use crate::session::SignedIn;
use crate::{Console, page};

/// How long the ledger may take to catch up before the page is made with what it has.
const CATCH_UP: Duration = Duration::from_millis(500);

pub(crate) async fn page(State(console): State<Console>, who: SignedIn, Path(id): Path<String>) -> Response {
    let Some(ledger) = console.0.options.api.ledger() else {
        return page::error(StatusCode::NOT_FOUND, "This gateway keeps no record of messages.");
    };
    let Ok(id) = id.parse::<MsgId>() else {
        return page::error(StatusCode::NOT_FOUND, "That is no message number.");
    };
    // Whoever has just sent it wants to see it.
    ledger.caught_up(CATCH_UP).await;
    match ledger.get(id).await {
        Ok(Some(life)) => {
            let refresh = !life.message.state.is_final();
            page::page(&console, &who, &format!("Message {id}"), refresh, &content(&life, &who.csrf))
        }
        Ok(None) => page::error(StatusCode::NOT_FOUND, "There is no message of that number."),
        Err(e) => page::broken(&e.to_string()),
    }
}

pub(crate) async fn cancel(State(console): State<Console>, who: SignedIn, Path(id): Path<String>, posted: Posted) -> Response {
    if let Err(refusal) = posted.check(&who) {
        return *refusal;
    }
    let Ok(id) = id.parse::<MsgId>() else {
        return page::error(StatusCode::NOT_FOUND, "That is no message number.");
    };
    match console.gateway().cancel(&who.account, id).await {
        Ok(()) => Redirect::to(&format!("/console/messages/{id}")).into_response(),
        Err(e) => page::error(StatusCode::CONFLICT, &e.to_string()),
    }
}

fn content(life: &Life, csrf: &str) -> String {
    let m = &life.message;
    let mut out = format!("<h1>Message <code>{}</code> {}</h1>", m.id, state(m.state));
    if let Some(text) = &m.text {
        let _ = write!(out, "<blockquote>{}</blockquote>", escape(text));
    }
    out += &facts(m);
    if m.state == MessageState::Queued && m.kind == Kind::Mt {
        let _ = write!(
            out,
            "<form method=\"post\" action=\"/console/messages/{}/cancel\"><input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
             <button class=\"danger\">Take it out of the queue</button></form>",
            m.id
        );
    }
    out += "<section><h2>Life</h2><ol class=\"life\">";
    life.events.iter().for_each(|e| out += &event(e));
    out + "</ol></section>"
}

fn facts(m: &MessageRecord) -> String {
    let direction = if m.kind == Kind::Mo { "received from a handset" } else { "to a handset" };
    let parts = if m.parts > 1 { m.parts.to_string() } else { String::new() };
    let attempts = if m.attempts > 1 { m.attempts.to_string() } else { String::new() };
    let content = if m.text.is_none() { format!("{} octets, data coding {:02X}", m.octets, m.data_coding) } else { String::new() };
    let list = [
        ("From", escape(&m.source.to_string())),
        ("To", escape(&m.destination.to_string())),
        ("Direction", direction.to_owned()),
        ("Account", escape(&m.account)),
        ("Door", escape(&[m.door.as_str(), m.submitted_from.as_str()].join(" "))),
        ("Connector", escape(&m.connector)),
        ("Content", content),
        ("Accepted", time(m.accepted)),
        ("Not before", m.due.map(time).unwrap_or_default()),
        ("Sent", m.sent.map(time).unwrap_or_default()),
        ("Final", m.done.map(time).unwrap_or_default()),
        ("Valid until", time(m.expires)),
        ("Parts", parts),
        ("Attempts", attempts),
        ("Error", escape(&[m.error.as_str(), m.reason.as_str()].join(" "))),
        ("Carrier's id", escape(&m.remote_id)),
        ("Reference", escape(&m.reference)),
    ];
    let mut out = String::from("<dl class=\"card\">");
    for (name, value) in list.iter().filter(|(_, v)| !v.trim().is_empty()) {
        let _ = write!(out, "<dt>{name}</dt><dd>{value}</dd>");
    }
    out + "</dl>"
}

fn event(e: &EventRecord) -> String {
    let mut out = format!("<li>{} <b>{}</b>", time(e.at), e.kind.name().replace('_', " "));
    if let Some(part) = e.part {
        let _ = write!(out, " part {}", part + 1);
    }
    if let Some(s) = e.state {
        let _ = write!(out, " {}", state(s));
    }
    if !e.connector.is_empty() {
        let _ = write!(out, " <span class=\"place\">{}</span>", escape(&e.connector));
    }
    for words in [&e.code, &e.words].into_iter().filter(|w| !w.is_empty()) {
        let _ = write!(out, " <span class=\"words\">· {}</span>", escape(words));
    }
    out + "</li>"
}
