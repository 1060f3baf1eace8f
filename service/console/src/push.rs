//! Sending WAP pushes, settings, tones, pictures and other special messages by hand: a form for each kind, drawn from the table of kinds.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use waxwing_api::{compose_push, escape};
use waxwing_core::{Address, Door, Message, Submission, want};
use waxwing_push::{FieldInfo, FieldValue, Input, KINDS, KindInfo, from_fields};

use crate::form::Posted;
use crate::session::SignedIn;
use crate::{Console, delivery, page};

/// Before the names of the kind's fields, so that they are apart from those that every message has.
const PREFIX: &str = "f_";

#[derive(Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    kind: String,
    /// What stood in the form of another kind.
    #[serde(default)]
    to: String,
    #[serde(default)]
    from: String,
}

pub(crate) async fn page(State(console): State<Console>, who: SignedIn, Query(which): Query<Which>) -> Response {
    let posted = Posted::default().or("kind", &which.kind).or("to", &which.to).or("from", &which.from);
    page::page(&console, &who, "Push", false, &form(&console, &who, &posted, ""))
}

pub(crate) async fn submit(State(console): State<Console>, who: SignedIn, posted: Posted) -> Response {
    if let Err(refusal) = posted.check(&who) {
        return *refusal;
    }
    match send(&console, &who, &posted).await {
        Ok(Sent { id, user_pin: None }) => Redirect::to(&format!("/console/messages/{id}")).into_response(),
        Ok(Sent { id, user_pin: Some(pin) }) => {
            let (id, pin) = (escape(&id), escape(&pin));
            let words = format!(
                "<h1>Sent</h1><p>The user has to type in the PIN <strong>{pin}</strong>.</p><p><a href=\"/console/messages/{id}\">The message</a></p>"
            );
            page::page(&console, &who, "Push", false, &words)
        }
        Err(why) => page::page(&console, &who, "Push", false, &form(&console, &who, &posted, &why)),
    }
}

struct Sent {
    /// Of the first message.
    id: String,
    user_pin: Option<String>,
}

async fn send(console: &Console, who: &SignedIn, posted: &Posted) -> Result<Sent, String> {
    let kind = kind_of(posted);
    let fields = kind.fields.iter().filter_map(|f| Some((f.name.to_owned(), value_of(posted, f)?)));
    let special = from_fields(kind.name, fields).map_err(|e| e.to_string())?;
    let composed = compose_push(&console.0.options.api, &who.account, special).await.map_err(|problem| problem.detail)?;
    let user_pin = composed.iter().find_map(|c| c.user_pin.clone());
    let submission = |content: &waxwing_push::Composed| -> Result<Submission, String> {
        let mut message = Message {
            source: Address::parse(posted.get("from")),
            destination: Address::parse(posted.get("to")),
            door: Door::Internal as i32,
            // Nobody waits for the receipt; asking for it lets the message's page tell what became of it.
            want: want::FINAL,
            submitted_from: "console".into(),
            ..Message::default()
        };
        content.put_into(&mut message);
        let route = Some(posted.get("route").to_owned()).filter(|r| !r.is_empty());
        let mut submission = Submission { message, route, ..Submission::default() };
        delivery::put(posted, &mut submission, console.now())?;
        Ok(submission)
    };
    let submissions = composed.iter().map(submission).collect::<Result<Vec<_>, _>>()?;
    let results = console.gateway().submit(&who.account, submissions).await;
    let ids = results.into_iter().collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    let id = ids.first().ok_or_else(|| "the gateway gave no answer".to_owned())?.to_string();
    Ok(Sent { id, user_pin })
}

fn kind_of(posted: &Posted) -> &'static KindInfo {
    const FIRST: &KindInfo = &KINDS[0];
    KINDS.iter().find(|k| k.name == posted.get("kind")).unwrap_or(FIRST)
}

/// A file, or else what was typed in. A box that is not ticked is not sent at all, and means no.
fn value_of(posted: &Posted, field: &FieldInfo) -> Option<FieldValue> {
    let name = format!("{PREFIX}{}", field.name);
    if let Some(octets) = posted.file(&format!("{name}_file")) {
        return Some(FieldValue::Octets(octets.to_vec()));
    }
    let text = match field.input {
        Input::Flag(default) if posted.has(&name) != default => if default { "no" } else { "yes" }.to_owned(),
        Input::Flag(_) => return None,
        // The first is what it is anyway.
        Input::Choice(all) if all.first() == Some(&posted.get(&name)) && field.name != "type" => return None,
        _ => posted.get(&name).to_owned(),
    };
    Some(FieldValue::Text(text))
}

fn form(console: &Console, who: &SignedIn, posted: &Posted, error: &str) -> String {
    let kind = kind_of(posted);
    let error = if error.is_empty() { String::new() } else { format!("<p class=\"error\" role=\"alert\">Not sent: {}</p>", escape(error)) };
    let kinds = KINDS.iter().fold(String::new(), |out, k| {
        let selected = if k.name == kind.name { " selected" } else { "" };
        out + &format!("<option value=\"{}\"{selected}>{}</option>", k.name, escape(k.label))
    });
    let setup = console.gateway().setup();
    let routes = setup.routes.lines().iter().fold(String::new(), |out, l| {
        let name = escape(&l.state.name);
        let selected = if *l.state.name == *posted.get("route") { " selected" } else { "" };
        out + &format!("<option{selected}>{name}</option>")
    });
    let fields = kind.fields.iter().fold(String::new(), |out, f| out + &drawn(f, posted));
    format!(
        "<h1>Send a push or another special message</h1>{error}\
         <form method=\"get\" action=\"/console/push\" class=\"fields card\"><div class=\"row\">\
         <label>Kind<select name=\"kind\" id=\"kind\">{kinds}</select></label><button class=\"quiet\">Choose</button></div></form>\
         <form method=\"post\" action=\"/console/push\" enctype=\"multipart/form-data\" class=\"fields card\">\
         <input type=\"hidden\" name=\"csrf\" value=\"{}\"><input type=\"hidden\" name=\"kind\" value=\"{}\">\
         <h2>{}</h2>\
         <div class=\"row\"><label>To<input name=\"to\" value=\"{}\" required placeholder=\"+447700900123\" inputmode=\"tel\"></label>\
         <label>From<input name=\"from\" value=\"{}\" placeholder=\"number or name\" maxlength=\"20\"></label></div>\
         <div class=\"row top\">{fields}</div>\
         <label>By<select name=\"route\"><option value=\"\">the usual route</option>{routes}</select></label>{}\
         <button>Send</button></form>",
        who.csrf,
        kind.name,
        escape(kind.label),
        escape(posted.get("to")),
        escape(posted.get("from")),
        delivery::fields(posted),
    )
}

/// One field. Files cannot be drawn again with what was chosen; browsers do not allow it.
fn drawn(field: &FieldInfo, posted: &Posted) -> String {
    let (name, label) = (format!("{PREFIX}{}", field.name), escape(field.label));
    let value = escape(posted.get(&name));
    let file = |accept: &str| format!("<input type=\"file\" name=\"{name}_file\" accept=\"{accept}\">");
    let area = |rows: u8, more: &str| format!("<textarea name=\"{name}\" rows=\"{rows}\"{more}>{value}</textarea>");
    let needed = if field.needed { " required" } else { "" };
    let like = if field.example.is_empty() { String::new() } else { format!(" placeholder=\"{}\"", escape(field.example)) };
    let input = match field.input {
        Input::Text => format!("<input name=\"{name}\" value=\"{value}\"{like}{needed}>"),
        Input::Number => format!("<input name=\"{name}\" value=\"{value}\" inputmode=\"numeric\" pattern=\"[0-9]*\"{like}{needed}>"),
        Input::Time => format!("<input type=\"datetime-local\" name=\"{name}\" value=\"{value}\">"),
        Input::LongText | Input::Lines => area(3, &format!("{like}{needed}")),
        Input::Image => {
            format!("<input type=\"file\" name=\"{name}_file\" accept=\"image/png,image/jpeg,image/gif,image/bmp,image/webp\"{needed}>")
        }
        Input::Octets => area(2, " placeholder=\"hexadecimal, or a file\"") + &file(""),
        Input::Xml => area(6, " placeholder=\"XML, or a file\"") + &file(".xml,.ota,.OTA,text/xml"),
        Input::Choice(all) => {
            let options = all.iter().fold(String::new(), |out, o| {
                let selected = if *o == posted.get(&name) { " selected" } else { "" };
                out + &format!("<option value=\"{o}\"{selected}>{}</option>", words_of(o))
            });
            format!("<select name=\"{name}\">{options}</select>")
        }
        Input::Flag(default) => {
            // A form that was posted says what is ticked; a new one has what is usual.
            let ticked = if posted.has("csrf") { posted.has(&name) } else { default };
            let checked = if ticked { " checked" } else { "" };
            return format!("<label class=\"check\"><input type=\"checkbox\" name=\"{name}\" value=\"yes\"{checked}> {label}</label>");
        }
    };
    let wide = field.name == "url" || matches!(field.input, Input::LongText | Input::Lines | Input::Xml | Input::Octets | Input::Image);
    let class = if wide { " class=\"wide\"" } else { "" };
    format!("<label{class}>{label}{input}</label>")
}

/// A choice in words, where the word itself says little.
fn words_of(choice: &str) -> &str {
    match choice {
        "" => "as usual",
        "pap" => "PAP: in the clear",
        "chap" => "CHAP: by challenge",
        "oma" => "OMA client provisioning",
        "ota" => "Nokia and Ericsson OTA settings",
        "userpin" => "USERPIN: the user types in the PIN",
        "netwpin" => "NETWPIN: by the IMSI",
        "usernetwpin" => "USERNETWPIN: by both",
        "userpinmac" => "USERPINMAC: the user types in PIN and MAC",
        "language" => "as the language has it",
        other => other,
    }
}
