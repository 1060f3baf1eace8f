//! Sending multimedia messages by hand.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use waxwing_api::{Delivery, MmsClass, MmsPart, MmsRequest, Protection, escape};
use waxwing_core::{Door, want};
use waxwing_wap::document::{Constraint, PermissionKind};

use crate::form::Posted;
use crate::session::SignedIn;
use crate::{Console, page};

/// Values and labels of the choices.
const PRIORITIES: [(&str, &str); 3] = [("1", "normal"), ("0", "low"), ("2", "high")];
const CLASSES: [(&str, &str); 4] =
    [("personal", "personal"), ("informational", "informational"), ("advertisement", "advertisement"), ("auto", "made by a machine")];
const PROTECTIONS: [(&str, &str); 4] = [
    ("", "none"),
    ("lock", "must not be passed on (forward lock)"),
    ("combined", "with rights inside (combined delivery)"),
    ("separate", "encrypted, rights follow by push (separate delivery)"),
];

pub(crate) async fn page(State(console): State<Console>, who: SignedIn) -> Response {
    page::page(&console, &who, "MMS", false, &form(&console, &who, &Posted::default(), ""))
}

pub(crate) async fn submit(State(console): State<Console>, who: SignedIn, posted: Posted) -> Response {
    if let Err(refusal) = posted.check(&who) {
        return *refusal;
    }
    match send(&console, &who, &posted).await {
        Ok(id) => Redirect::to(&format!("/console/messages/{id}")).into_response(),
        Err(why) => page::page(&console, &who, "MMS", false, &form(&console, &who, &posted, &why)),
    }
}

async fn send(console: &Console, who: &SignedIn, posted: &Posted) -> Result<String, String> {
    let door = console.0.options.api.mms().map_err(|p| p.detail)?;
    let list = |name: &str| posted.get(name).split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect();
    let mut request = MmsRequest::new(Door::Internal);
    request.to = list("to");
    request.from = posted.get("from").trim().to_owned();
    request.subject = posted.get("subject").trim().to_owned();
    let text = posted.get("text").replace("\r\n", "\n");
    if !text.is_empty() {
        request.parts.push(MmsPart::text(&text));
    }
    let files = posted.files("files").map(|f| MmsPart { name: f.name.clone(), media_type: f.media_type.clone(), data: f.octets.clone() });
    request.parts.extend(files);
    request.class = match posted.get("class") {
        "informational" => MmsClass::Informational,
        "advertisement" => MmsClass::Advertisement,
        "auto" => MmsClass::Auto,
        _ => MmsClass::Personal,
    };
    request.priority = posted.get("priority").parse().unwrap_or(1);
    request.read_report = posted.has("read_report");
    request.hide_sender = posted.has("hide_sender");
    request.may_adapt = !posted.has("as_is");
    request.protection = protection(posted)?;
    // Nobody waits for the receipt; asking for it lets the message's page tell what became of it.
    request.want = want::FINAL | if request.read_report { want::READ } else { 0 };
    let outcomes = door.submit(&who.account, request).await.map_err(|p| p.detail)?;
    let refused: Vec<String> = outcomes.iter().filter_map(|o| o.result.as_ref().err().map(|p| format!("{}: {}", o.to, p.detail))).collect();
    match outcomes.iter().find_map(|o| o.result.as_ref().ok()) {
        Some(id) if refused.is_empty() => Ok(id.to_string()),
        Some(_) => Err(format!("to some of them; the others have it: {}", refused.join("; "))),
        None => Err(refused.first().cloned().unwrap_or_else(|| "the message centre gave no answer".to_owned())),
    }
}

/// What may be done with the files: shown and played so often and until then, where that is said.
fn protection(posted: &Posted) -> Result<Option<Protection>, String> {
    let delivery = match posted.get("protection") {
        "lock" => Delivery::ForwardLock,
        "combined" => Delivery::Combined,
        "separate" => Delivery::Separate,
        _ => return Ok(None),
    };
    let given = |name: &str| Some(posted.get(name).trim().to_owned()).filter(|v| !v.is_empty());
    let (uses, until) = (given("uses"), given("until"));
    if delivery == Delivery::ForwardLock {
        return match uses.or(until) {
            Some(_) => Err("a forward lock has no limits; choose combined or separate delivery for them".to_owned()),
            None => Ok(Some(Protection::new(delivery, Vec::new(), &Constraint::default(), false))),
        };
    }
    let count = uses.map(|n| n.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("Uses: {n:?} is no number from 1"))).transpose()?;
    let end = until.map(|day| day.parse::<jiff::civil::Date>().map_err(|_| format!("Until: {day:?} is no date"))).transpose()?;
    let constraint = Constraint { count, end: end.map(|day| format!("{day}T23:59:59")), ..Constraint::default() };
    Ok(Some(Protection::new(delivery, vec![PermissionKind::Play, PermissionKind::Display], &constraint, false)))
}

fn form(console: &Console, who: &SignedIn, posted: &Posted, error: &str) -> String {
    let value = |name| escape(posted.get(name));
    let notice = match console.0.options.api.mms() {
        Err(problem) => format!("<p class=\"error\" role=\"alert\">{}</p>", escape(&problem.detail)),
        Ok(_) if error.is_empty() => String::new(),
        Ok(_) => format!("<p class=\"error\" role=\"alert\">Not sent: {}</p>", escape(error)),
    };
    let choice = |name: &str, all: &[(&str, &str)]| {
        let options = all.iter().fold(String::new(), |out, (value, label)| {
            let selected = if *value == posted.get(name) { " selected" } else { "" };
            out + &format!("<option value=\"{value}\"{selected}>{label}</option>")
        });
        format!("<select name=\"{name}\">{options}</select>")
    };
    let tick = |name: &str, label: &str| {
        let checked = if posted.has(name) { " checked" } else { "" };
        format!("<label class=\"check\"><input type=\"checkbox\" name=\"{name}\" value=\"yes\"{checked}> {label}</label>")
    };
    format!(
        "<h1>Send a multimedia message</h1>{notice}\
         <form method=\"post\" action=\"/console/mms\" enctype=\"multipart/form-data\" class=\"fields card\">\
         <input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
         <div class=\"row\"><label>To<input name=\"to\" value=\"{to}\" required autofocus placeholder=\"+447700900123, name@example.net\"></label>\
         <label>From<input name=\"from\" value=\"{from}\" placeholder=\"number, e-mail address or name\"></label></div>\
         <label>Subject<input name=\"subject\" value=\"{subject}\" maxlength=\"200\"></label>\
         <label>Text<textarea name=\"text\" rows=\"4\">{text}</textarea></label>\
         <label>Pictures, sounds, videos and other files<input type=\"file\" name=\"files\" multiple></label>\
         <p class=\"hint\">They are shown in this order, and made to fit each recipient's phone. A presentation (.smil) is made where none is chosen.</p>\
         <div class=\"row\"><label>Class{class}</label><label>Priority{priority}</label><label>Protection{protection}</label></div>\
         <div class=\"row\"><label>Uses at the most<input name=\"uses\" value=\"{uses}\" inputmode=\"numeric\" pattern=\"[0-9]*\" placeholder=\"any number\"></label>\
         <label>Usable until<input type=\"date\" name=\"until\" value=\"{until}\"></label></div>\
         <p class=\"hint\">Both limits are for combined and separate delivery.</p>\
         <div class=\"row\">{read}{hide}{as_is}</div>\
         <button>Send</button></form>",
        csrf = who.csrf,
        to = value("to"),
        from = value("from"),
        subject = value("subject"),
        text = value("text"),
        class = choice("class", &CLASSES),
        priority = choice("priority", &PRIORITIES),
        protection = choice("protection", &PROTECTIONS),
        uses = value("uses"),
        until = value("until"),
        read = tick("read_report", "ask whether it was read"),
        hide = tick("hide_sender", "hide the sender"),
        as_is = tick("as_is", "leave the files as they are"),
    )
}
