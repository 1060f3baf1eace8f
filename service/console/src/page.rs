//! What all pages have in common.

use std::fmt::Write as _;

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use waxwing_api::escape;
use waxwing_core::{Millis, State};

use crate::session::SignedIn;
use crate::{Console, HOME};

/// Nothing but our own style and script; no frames; forms go to ourselves.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// A page behind the sign-in. `refresh` lets its content be fetched again every few seconds.
pub(crate) fn page(console: &Console, who: &SignedIn, title: &str, refresh: bool, content: &str) -> Response {
    let node = escape(&console.0.options.node);
    let links = [
        (HOME, "Status"),
        ("/console/messages", "Messages"),
        ("/console/send", "Send"),
        ("/console/push", "Push"),
        ("/console/mms", "MMS"),
        ("/console/phones", "Phones"),
    ];
    let nav = links.iter().fold(String::new(), |mut nav, (to, name)| {
        let here = if *name == title { " aria-current=\"page\"" } else { "" };
        let _ = write!(nav, "<a href=\"{to}\"{here}>{name}</a>");
        nav
    });
    let header = format!(
        "<header><a class=\"brand\" href=\"{HOME}\">waxwing</a><span class=\"node\">{node}</span><nav>{nav}</nav>\
         <form method=\"post\" action=\"/console/sign-out\"><input type=\"hidden\" name=\"csrf\" value=\"{}\">\
         <span class=\"who\">{}</span><button class=\"quiet\">Sign out</button></form></header>",
        who.csrf,
        escape(&who.account.name)
    );
    let refresh = if refresh { " data-refresh" } else { "" };
    bare(StatusCode::OK, title, &format!("{header}<main{refresh}>{content}</main>"))
}

/// A page without the navigation.
pub(crate) fn bare(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{} - waxwing</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/console/console.css\">\
         <script src=\"/console/console.js\" defer></script></head><body>{body}</body></html>",
        escape(title)
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// An error as a page.
pub(crate) fn error(status: StatusCode, words: &str) -> Response {
    let body = format!(
        "<main class=\"narrow\"><h1>{}</h1><p>{}</p><p><a href=\"{HOME}\">Back to the console</a></p></main>",
        status,
        escape(words)
    );
    bare(status, status.canonical_reason().unwrap_or("Error"), &body)
}

/// Something of ours failed.
pub(crate) fn broken(words: &str) -> Response {
    tracing::error!("A console page could not be made: {words}");
    error(StatusCode::INTERNAL_SERVER_ERROR, words)
}

pub(crate) async fn not_found(_: SignedIn) -> Response {
    error(StatusCode::NOT_FOUND, "There is no such page.")
}

impl Console {
    pub(crate) fn gateway(&self) -> &std::sync::Arc<waxwing_core::Gateway> {
        self.0.options.api.gateway()
    }

    pub(crate) fn now(&self) -> Millis {
        self.gateway().clock.now()
    }
}

/// A time; the script shows it in the visitor's zone.
pub(crate) fn time(at: Millis) -> String {
    match Timestamp::from_millisecond(i64::try_from(at).unwrap_or(0)) {
        Ok(t) if at > 0 => format!("<time datetime=\"{t:.3}\">{}</time>", t.strftime("%Y-%m-%d %H:%M:%S UTC")),
        _ => String::new(),
    }
}

/// A state as a coloured word.
pub(crate) fn state(s: State) -> String {
    let colour = match s {
        State::Delivered => "good",
        State::Queued | State::Enroute | State::Accepted | State::Sent => "busy",
        State::Deleted | State::Skipped | State::Unknown => "dull",
        State::Expired | State::Undeliverable | State::Rejected | State::Failed => "bad",
    };
    badge(colour, s.name())
}

/// A word on a colour: good, busy, dull or bad.
pub(crate) fn badge(colour: &str, word: &str) -> String {
    format!("<span class=\"badge {colour}\">{}</span>", escape(word))
}

/// A number with its thousands apart.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(d);
    }
    out
}

/// At most `most` characters of a text.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_made_readable() {
        assert_eq!((number(0), number(999), number(1_234_567)), ("0".into(), "999".into(), "1\u{202f}234\u{202f}567".into()));
        assert_eq!((shorten("äöü", 3), shorten("äöü", 2)), ("äöü".into(), "äö…".into()));
        assert!(time(1_700_000_000_123).contains("2023-11-14T22:13:20.123Z"));
        assert_eq!(time(0), "");
    }
}
