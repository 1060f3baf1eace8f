//! One message and its life.

use std::fmt::Write as _;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use waxwing_api::{MmsPart, escape, mms_steps};
use waxwing_core::{Kind, MsgId, State as MessageState};
use waxwing_ledger::{EventRecord, Life, MessageRecord};

use crate::form::Posted;
use crate::page::{state, time};
use crate::session::SignedIn;
use crate::{Console, page};

/// Images that browsers show as they are.
const IMAGES: [&str; 5] = ["image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp"];
/// Characters of a text that are shown.
const TEXT: usize = 2000;

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
            let parts = if life.message.kind == Kind::Mms { parts_of(&console, id).await } else { None };
            page::page(&console, &who, &format!("Message {id}"), refresh, &content(&life, parts.as_deref(), &who.csrf))
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

/// A part of a multimedia message: an image that browsers show as it is, all else as a file to be kept.
pub(crate) async fn part(State(console): State<Console>, _: SignedIn, Path((id, number)): Path<(String, String)>) -> Response {
    let absent = || page::error(StatusCode::NOT_FOUND, "There is no such part, or it is not stored any more.");
    let (Ok(id), Ok(number)) = (id.parse::<MsgId>(), number.parse::<usize>()) else { return absent() };
    let Some(part) = parts_of(&console, id).await.and_then(|parts| parts.into_iter().nth(number)) else { return absent() };
    let image = IMAGES.iter().find(|known| **known == part.media());
    let mut response = part.download();
    if let Some(image) = image {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(image));
        response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    }
    response
}

/// The parts of a multimedia message, while they are stored.
async fn parts_of(console: &Console, id: MsgId) -> Option<Vec<MmsPart>> {
    let door = console.0.options.api.mms().ok()?;
    match door.content(id).await {
        Ok(parts) => parts,
        Err(problem) => {
            tracing::error!(message = %id, "Its parts cannot be shown: {}", problem.detail);
            None
        }
    }
}

fn content(life: &Life, parts: Option<&[MmsPart]>, csrf: &str) -> String {
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
    if m.kind == Kind::Mms {
        out += &steps(&life.events);
        out += &shown(m.id, parts);
    }
    out += "<section><h2>Life</h2><ol class=\"life\">";
    life.events.iter().for_each(|e| out += &event(e));
    out + "</ol></section>"
}

/// What became of a multimedia message, step by step.
fn steps(events: &[EventRecord]) -> String {
    let mut out = String::from("<section><h2>Steps</h2><ol class=\"life\">");
    for s in mms_steps(events) {
        let _ = write!(out, "<li>{} <b>{}</b>", time(s.at), s.step.replace('_', " "));
        for (label, words) in [("by", &s.device), ("adapted:", &s.adapted), ("·", &s.detail)] {
            if !words.is_empty() && *words != s.step {
                let _ = write!(out, " <span class=\"words\">{label} {}</span>", escape(words));
            }
        }
        out += "</li>";
    }
    out + "</ol></section>"
}

/// The parts of a multimedia message.
fn shown(id: MsgId, parts: Option<&[MmsPart]>) -> String {
    let Some(parts) = parts else {
        return "<section><h2>Content</h2><p class=\"none\">It is not stored any more.</p></section>".to_owned();
    };
    let mut out = String::from("<section><h2>Content</h2><div class=\"parts\">");
    for (number, part) in parts.iter().enumerate() {
        let (source, media) = (format!("/console/messages/{id}/parts/{number}"), part.media());
        let name = if part.name.is_empty() { format!("part {}", number + 1) } else { part.name.clone() };
        let name = escape(&page::shorten(&name, 60));
        let _ = write!(out, "<figure class=\"card\">");
        if IMAGES.contains(&media.as_str()) {
            let _ = write!(out, "<a href=\"{source}\"><img src=\"{source}\" alt=\"{name}\" loading=\"lazy\"></a>");
        } else if media.starts_with("text/") || media == "application/smil" {
            let text = String::from_utf8_lossy(&part.data);
            let _ = write!(out, "<pre>{}</pre>", escape(&page::shorten(&text, TEXT)));
        }
        let _ = write!(
            out,
            "<figcaption><a href=\"{source}\" download>{name}</a> <span class=\"words\">{}, {} octets</span></figcaption></figure>",
            escape(&media),
            page::number(part.data.len() as u64)
        );
    }
    out + "</div></section>"
}

fn facts(m: &MessageRecord) -> String {
    let direction = match m.kind {
        Kind::Mo => "received from a handset",
        Kind::Mms => "multimedia message to one recipient",
        _ => "to a handset",
    };
    let parts = if m.parts > 1 { m.parts.to_string() } else { String::new() };
    let attempts = if m.attempts > 1 { m.attempts.to_string() } else { String::new() };
    let content = if m.text.is_none() { format!("{} octets, data coding {:02X}", m.octets, m.data_coding) } else { String::new() };
    let is_mms = m.kind == Kind::Mms;
    // A multimedia message that waits has no error, but a last word; and its number at the phone is the word that it is fetched by.
    let error = if is_mms && !m.state.is_final() { String::new() } else { escape(&[m.error.as_str(), m.reason.as_str()].join(" ")) };
    let remote = if is_mms { String::new() } else { escape(&m.remote_id) };
    let list = [
        ("From", escape(&m.source.to_string())),
        ("To", escape(&m.destination.to_string())),
        ("Direction", direction.to_owned()),
        ("Account", escape(&m.account)),
        ("Door", escape(&[m.door.as_str(), m.submitted_from.as_str()].join(" "))),
        ("Connector", escape(&m.connector)),
        ("Content", content),
        ("Accepted", time(m.accepted)),
        (
            if is_mms { "Next notification" } else { "Not before" },
            m.due.filter(|_| !(is_mms && m.state.is_final())).map(time).unwrap_or_default(),
        ),
        ("Sent", m.sent.map(time).unwrap_or_default()),
        ("Final", m.done.map(time).unwrap_or_default()),
        ("Valid until", time(m.expires)),
        ("Parts", parts),
        ("Attempts", attempts),
        ("Error", error),
        ("Carrier's id", remote),
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
