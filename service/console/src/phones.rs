//! The phones that the message centre serves: looking at them, adding and removing them.

use std::collections::HashMap;
use std::fmt::Write as _;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use waxwing_api::{Subscribers, escape};
use waxwing_ledger::{Subscriber, SubscriberChange, SubscriberPage, SubscriberQuery};

use crate::form::Posted;
use crate::messages::query_value;
use crate::page::{badge, number, time};
use crate::session::SignedIn;
use crate::{Console, page};

/// Phones on a page.
const PAGE: usize = 50;
/// Where they are.
const PATH: &str = "/console/phones";

pub(crate) async fn page(State(console): State<Console>, who: SignedIn, Query(asked): Query<HashMap<String, String>>) -> Response {
    // Only what add and remove lead to.
    let done = |name: &str| asked.get(name).filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let added = done("added").map(|n| format!("+{n} is added."));
    let removed = done("removed").map(|n| format!("+{n} is removed."));
    let note = added.or(removed).map(|words| format!("<p class=\"hint\" role=\"status\">{}</p>", escape(&words)));
    shown(&console, &who, &asked, &Posted::default(), &note.unwrap_or_default()).await
}

pub(crate) async fn add(State(console): State<Console>, who: SignedIn, posted: Posted) -> Response {
    if let Err(refusal) = posted.check(&who) {
        return *refusal;
    }
    let why = match settings(&posted) {
        Err(why) => why,
        Ok(settings) => match console.0.options.api.subscribers() {
            Err(problem) => problem.detail,
            Ok(subscribers) => match subscribers.add(posted.get("number"), settings).await {
                Ok(number) => return Redirect::to(&format!("{PATH}?added={number}")).into_response(),
                Err(e) => e.to_string(),
            },
        },
    };
    let note = format!("<p class=\"error\" role=\"alert\">Not added: {}</p>", escape(&why));
    shown(&console, &who, &HashMap::new(), &posted, &note).await
}

pub(crate) async fn remove(State(console): State<Console>, who: SignedIn, posted: Posted) -> Response {
    if let Err(refusal) = posted.check(&who) {
        return *refusal;
    }
    let why = match console.0.options.api.subscribers() {
        Err(problem) => problem.detail,
        Ok(subscribers) => match subscribers.delete(posted.get("number")).await {
            Ok(number) => return Redirect::to(&format!("{PATH}?removed={number}")).into_response(),
            Err(e) => e.to_string(),
        },
    };
    let note = format!("<p class=\"error\" role=\"alert\">Not removed: {}</p>", escape(&why));
    shown(&console, &who, &HashMap::new(), &Posted::default(), &note).await
}

fn settings(posted: &Posted) -> Result<SubscriberChange, String> {
    let size = posted.get("max_size").trim();
    let max_size = match size {
        "" => None,
        size => {
            let kib: u64 = size.parse().map_err(|_| format!("largest message: {size:?} is no number of KiB"))?;
            Some(kib.saturating_mul(1024))
        }
    };
    Ok(SubscriberChange {
        alias: Some(Some(posted.get("alias").trim().to_owned())),
        password: Some(posted.get("password").to_owned()),
        name: Some(posted.get("name").to_owned()),
        may_send: Some(posted.has("may_send")),
        may_receive: Some(posted.has("may_receive")),
        max_size: Some(max_size),
        web_link: Some(posted.has("web_link")),
    })
}

async fn shown(console: &Console, who: &SignedIn, asked: &HashMap<String, String>, posted: &Posted, note: &str) -> Response {
    let get = |name: &str| asked.get(name).map(|v| v.trim()).unwrap_or_default();
    let subscribers = match console.0.options.api.subscribers() {
        Ok(subscribers) => subscribers,
        Err(problem) => return page::page(console, who, "Phones", false, &format!("<p class=\"none\">{}</p>", escape(&problem.detail))),
    };
    let query = SubscriberQuery { prefix: get("search").to_owned(), after: get("after").to_owned(), limit: PAGE };
    let list = match found(&subscribers, query).await {
        Ok((page, total)) => {
            let mut list = format!("<h2>{} {}</h2>", number(total), if total == 1 { "phone" } else { "phones" })
                + &search(get("search"))
                + &table(&page.subscribers, &who.csrf);
            if let Some(next) = page.next {
                let link = format!("{PATH}?search={}&after={next}", query_value(get("search")));
                let _ = write!(list, "<p><a class=\"button\" href=\"{}\">More</a></p>", escape(&link));
            }
            list
        }
        Err(why) => format!("<p class=\"error\" role=\"alert\">{}</p>", escape(&why)),
    };
    let content = format!("<h1>Phones</h1>{note}{}{list}", form(&who.csrf, posted));
    page::page(console, who, "Phones", false, &content)
}

async fn found(subscribers: &Subscribers, query: SubscriberQuery) -> Result<(SubscriberPage, u64), String> {
    let page = subscribers.list(query).await.map_err(|e| e.to_string())?;
    let total = subscribers.count().await.map_err(|e| e.to_string())?;
    Ok((page, total))
}

fn search(wanted: &str) -> String {
    format!(
        "<form method=\"get\" action=\"{PATH}\" class=\"search one\"><label>Number, alias or name\
         <input name=\"search\" value=\"{}\" placeholder=\"+44 finds all that begin so\"></label><button>Search</button></form>",
        escape(wanted)
    )
}

fn form(csrf: &str, posted: &Posted) -> String {
    let value = |name| escape(posted.get(name));
    // Both are ticked until the form has been sent.
    let fresh = !posted.has("csrf");
    let ticked = |name| if posted.has(name) || (fresh && name != "web_link") { " checked" } else { "" };
    let open = if fresh { "" } else { " open" };
    format!(
        "<details class=\"card\"{open}><summary>Add a phone</summary><form method=\"post\" action=\"{PATH}\" class=\"fields\">\
         <input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
         <div class=\"row\"><label>Number<input name=\"number\" value=\"{}\" required placeholder=\"+447700900123\" inputmode=\"tel\"></label>\
         <label>Owner<input name=\"name\" value=\"{}\" maxlength=\"128\"></label></div>\
         <div class=\"row\"><label>Alias<input name=\"alias\" value=\"{}\" maxlength=\"64\" placeholder=\"to sign in by, besides the number\"></label>\
         <label>Password<input name=\"password\" type=\"password\" autocomplete=\"new-password\" placeholder=\"none\"></label></div>\
         <div class=\"row\"><label>Largest message, KiB<input name=\"max_size\" value=\"{}\" inputmode=\"numeric\" placeholder=\"no limit of its own\"></label></div>\
         <div class=\"row\"><label class=\"check\"><input type=\"checkbox\" name=\"may_send\" value=\"1\"{}> May send</label>\
         <label class=\"check\"><input type=\"checkbox\" name=\"may_receive\" value=\"1\"{}> May receive</label>\
         <label class=\"check\"><input type=\"checkbox\" name=\"web_link\" value=\"1\"{}> Web link instead of notifications</label></div>\
         <button>Add</button></form></details>",
        value("number"),
        value("name"),
        value("alias"),
        value("max_size"),
        ticked("may_send"),
        ticked("may_receive"),
        ticked("web_link"),
    )
}

fn table(subscribers: &[Subscriber], csrf: &str) -> String {
    if subscribers.is_empty() {
        return "<p class=\"none\">No phones.</p>".into();
    }
    let mut out = String::from(
        "<div class=\"scroll\"><table><thead><tr><th>Number</th><th>Alias</th><th>Owner</th><th>May</th><th>Password</th>\
         <th class=\"n\">Largest message</th><th>Changed</th><th></th></tr></thead><tbody>",
    );
    for s in subscribers {
        let may = |allowed, word| if allowed { badge("good", word) } else { String::new() };
        let link = if s.web_link { badge("busy", "web link") } else { String::new() };
        let password = if s.has_password() { "set" } else { "none" };
        let size = s.max_size.map(|n| format!("{} KiB", number(n.div_ceil(1024)))).unwrap_or_default();
        let _ = write!(
            out,
            "<tr><td><code>+{0}</code></td><td>{1}</td><td class=\"text\">{2}</td><td>{3} {4} {link}</td><td>{password}</td>\
             <td class=\"n\">{size}</td><td>{5}</td><td><form method=\"post\" action=\"{PATH}/remove\">\
             <input type=\"hidden\" name=\"csrf\" value=\"{csrf}\"><input type=\"hidden\" name=\"number\" value=\"+{0}\">\
             <button class=\"danger\" aria-label=\"Remove +{0}\">Remove</button></form></td></tr>",
            escape(&s.number),
            escape(s.alias.as_deref().unwrap_or_default()),
            escape(&s.name),
            may(s.may_send, "send"),
            may(s.may_receive, "receive"),
            time(s.changed),
        );
    }
    out + "</tbody></table></div>"
}
