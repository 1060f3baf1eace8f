//! The page behind a link: the message in a browser, for phones that cannot fetch it and for people.
//!
//! Its address is the only key to it. What is shown was sent by a stranger: nothing of it is markup, and only what browsers show as media
//! is shown inline; all else is offered as a file.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use waxwing_api::escape;
use waxwing_core::State;
use waxwing_mms::{Content, Limits, MmsAddress, Part, RawContent};
use waxwing_spool::Op;

use crate::centre::Waiting;
use crate::mm1::{Asked, Reply};
use crate::{Centre, token};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:17px/1.5 system-ui,sans-serif;margin:0;background:#f3f2ef;color:#1c1b19}\
main{max-width:40rem;margin:0 auto;padding:1.2rem}\
article{background:#fff;border-radius:.8rem;padding:1.2rem;box-shadow:0 1px 4px #0002}\
h1{font-size:1.25rem;margin:0 0 .2rem;overflow-wrap:anywhere}\
.from{color:#6b6862;margin:0 0 1rem;overflow-wrap:anywhere}\
img,video{max-width:100%;height:auto;border-radius:.4rem;display:block;margin:0 auto}\
audio{width:100%}\
figure{margin:1rem 0}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:1rem 0}\
footer{color:#6b6862;font-size:.85rem;margin-top:1rem}\
a{color:#0b57a4}\
@media(prefers-color-scheme:dark){body{background:#1c1b19;color:#efece6}article{background:#2a2926}.from,footer{color:#a8a49b}a{color:#8ab8f0}}";

/// What browsers show as it is.
const IMAGES: [&str; 6] = ["image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/avif"];
const AUDIO: [&str; 7] = ["audio/mpeg", "audio/mp3", "audio/mp4", "audio/aac", "audio/ogg", "audio/wav", "audio/x-wav"];
const VIDEO: [&str; 4] = ["video/mp4", "video/webm", "video/3gpp", "video/ogg"];
/// Longest text that is shown; the rest is in the file.
const TEXT: usize = 100_000;

/// The page (`part` is `None`), or one of its parts by number.
pub(crate) async fn answer(centre: &Centre, link: &str, part: Option<&str>, asked: &Asked) -> Reply {
    let found = Some(link).filter(|l| token::is_token(l)).and_then(|l| centre.waiting(l)).filter(|w| w.facts.link == link);
    let Some(w) = found else {
        centre.bad_input("mm1", "no page", Some(asked.peer), "an address that leads to no page");
        return Reply::html(StatusCode::NOT_FOUND, absent());
    };
    let content = match centre.content(&w.facts) {
        Ok(Some(content)) => content,
        Ok(None) => return Reply::html(StatusCode::NOT_FOUND, absent()),
        Err(e) => {
            tracing::error!(message = %w.at.id, "Its content cannot be read: {e}");
            return Reply::text(StatusCode::SERVICE_UNAVAILABLE, "Try again later.");
        }
    };
    let parts = parts(content);
    match part {
        None => {
            opened(centre, link).await;
            Reply::html(StatusCode::OK, page(&w, &parts))
        }
        Some(n) => match n.parse::<usize>().ok().and_then(|n| parts.get(n)) {
            Some(part) => file(part),
            None => Reply::html(StatusCode::NOT_FOUND, absent()),
        },
    }
}

/// Its sender hears that it was delivered when the page is opened for the first time. It stays until its time is over.
async fn opened(centre: &Centre, link: &str) {
    let told = centre
        .change(link, |w| {
            let is_new = w.facts.link == link && w.state() != Some(State::Delivered);
            is_new.then(|| {
                let mut ops = centre.advance(w, State::Delivered, false, "", "opened");
                ops.push(Op::Note { id: None, kind: waxwing_core::Remark::Opened.code(), note: Bytes::new() });
                ops
            })
        })
        .await;
    match told {
        Ok(_) => centre.counters.opened.inc(),
        Err(e) => {
            tracing::warn!("that a page was opened could not be stored: {e}");
            0
        }
    };
}

/// All parts that are neither presentation nor multipart.
fn parts(content: Bytes) -> Vec<Part> {
    let limits = Limits::default();
    RawContent::split(content).and_then(|raw| Content::from(raw).leaves(limits)).unwrap_or_default()
}

fn media(part: &Part) -> String {
    part.content_type.media.to_ascii_lowercase()
}

fn page(w: &Waiting, parts: &[Part]) -> String {
    let facts = &w.facts;
    let from =
        if facts.from.is_empty() { "somebody".to_owned() } else { MmsAddress::parse(&facts.from).map(|a| a.bare()).unwrap_or_default() };
    let title = if facts.subject.is_empty() { "Multimedia message" } else { &facts.subject };
    let date = |seconds: u64| {
        let at = i64::try_from(seconds).ok().and_then(|s| Timestamp::from_second(s).ok());
        at.map(|t| t.to_zoned(TimeZone::UTC).strftime("%-d %B %Y, %H:%M UTC").to_string()).unwrap_or_default()
    };
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main><article><h1>{title}</h1><p class=\"from\">from {from}, {date}</p>\n",
        title = escape(title),
        from = escape(&from),
        date = date(facts.date),
    );
    for (n, part) in parts.iter().enumerate() {
        let media = media(part);
        let source = format!("/l/{}/{n}", facts.link);
        let name = part.name().unwrap_or_else(|| format!("part {}", n + 1));
        let name = escape(&name);
        match media.as_str() {
            "application/smil" => {}
            m if IMAGES.contains(&m) => {
                let _ = writeln!(html, "<figure><a href=\"{source}\"><img src=\"{source}\" alt=\"{name}\"></a></figure>");
            }
            m if VIDEO.contains(&m) => {
                let _ = writeln!(html, "<figure><video controls preload=\"metadata\" src=\"{source}\"></video></figure>");
            }
            m if AUDIO.contains(&m) => {
                let _ = writeln!(html, "<figure><audio controls src=\"{source}\"></audio></figure>");
            }
            "text/plain" => {
                let text = part.decoded_text();
                let shown: String = text.chars().take(TEXT).collect();
                let _ = writeln!(html, "<pre>{}</pre>", escape(shown.trim_end_matches('\0')));
            }
            other => {
                let size = part.data.len().div_ceil(1024);
                let _ = writeln!(html, "<p><a href=\"{source}\" download>{name}</a> ({}, {size} kB)</p>", escape(other));
            }
        }
    }
    let _ = writeln!(html, "</article><footer>This page can be opened until {}.</footer></main></body></html>", date(w.at.expires / 1000));
    html
}

/// A part as a file; only what browsers show as media is shown.
fn file(part: &Part) -> Reply {
    let media = media(part);
    let is_shown = IMAGES.contains(&media.as_str()) || AUDIO.contains(&media.as_str()) || VIDEO.contains(&media.as_str());
    let content_type = if is_shown { HeaderValue::from_str(&media).ok() } else { None };
    let name: String =
        part.name().unwrap_or_else(|| "part".into()).chars().filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c)).take(80).collect();
    let name = if name.is_empty() { "part".to_owned() } else { name };
    let kind = if is_shown { "inline" } else { "attachment" };
    let download = HeaderValue::from_str(&format!("{kind}; filename=\"{name}\"")).ok();
    let content_type = content_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    Reply { download, ..Reply::part(content_type, part.data.clone()) }
}

fn absent() -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>No such message</title><style>{STYLE}</style></head><body><main><article><h1>There is no such message</h1>\
         <p>The address is not complete, or the time of the message is over.</p></article></main></body></html>\n"
    )
}
