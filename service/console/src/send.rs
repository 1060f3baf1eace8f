//! Sending a message by hand.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use waxwing_api::escape;
use waxwing_core::{Address, Door, Message, Millis, Submission, want};

use crate::form::Posted;
use crate::session::SignedIn;
use crate::{Console, delivery, page};

pub(crate) async fn page(State(console): State<Console>, who: SignedIn) -> Response {
    page::page(&console, &who, "Send", false, &form(&console, &who, &Posted::default(), ""))
}

pub(crate) async fn submit(State(console): State<Console>, who: SignedIn, posted: Posted) -> Response {
    if let Err(refusal) = posted.check(&who) {
        return *refusal;
    }
    // Browsers send line ends as CR LF, whatever was typed; phones want LF.
    let text = posted.get("text").replace("\r\n", "\n");
    let error = if text.is_empty() {
        "The text is empty.".to_owned()
    } else {
        match submission(&posted, text, console.now()) {
            Err(why) => why,
            Ok(submission) => match console.gateway().submit(&who.account, vec![submission]).await.pop() {
                Some(Ok(id)) => return Redirect::to(&format!("/console/messages/{id}")).into_response(),
                Some(Err(e)) => e.to_string(),
                None => "the gateway gave no answer".to_owned(),
            },
        }
    };
    page::page(&console, &who, "Send", false, &form(&console, &who, &posted, &error))
}

fn submission(posted: &Posted, text: String, now: Millis) -> Result<Submission, String> {
    let mut message = Message::new_text(Address::parse(posted.get("from")), Address::parse(posted.get("to")), text);
    message.door = Door::Internal as i32;
    message.class = u32::from(posted.get("flash") == "1");
    // Nobody waits for the receipt; asking for it lets the message's page tell what became of it.
    message.want = want::FINAL;
    message.submitted_from = "console".into();
    let route = Some(posted.get("route").to_owned()).filter(|r| !r.is_empty());
    let port = |name: &str, label: &str| match posted.get(name).trim() {
        "" => Ok(None),
        given => given.parse::<u16>().map(Some).map_err(|_| format!("{label}: {given:?} is no port; they go from 0 to 65535")),
    };
    match (port("dest_port", "Port on the handset")?, port("source_port", "Port that it comes from")?) {
        (Some(to), from) => message.udh = ports(to, from.unwrap_or(0)).into(),
        (None, Some(_)) => return Err("Port that it comes from: there is no port on the handset; give that too".to_owned()),
        (None, None) => {}
    }
    let mut submission = Submission { message, route, ..Submission::default() };
    delivery::put(posted, &mut submission, now)?;
    Ok(submission)
}

/// A user data header with application ports (3GPP TS 23.040, 9.2.3.24.4).
fn ports(destination: u16, source: u16) -> Vec<u8> {
    [&[6, 5, 4][..], &destination.to_be_bytes(), &source.to_be_bytes()].concat()
}

fn form(console: &Console, who: &SignedIn, posted: &Posted, error: &str) -> String {
    let value = |name| escape(posted.get(name));
    let error = if error.is_empty() { String::new() } else { format!("<p class=\"error\" role=\"alert\">Not sent: {}</p>", escape(error)) };
    let setup = console.gateway().setup();
    let routes = setup.routes.lines().iter().fold(String::new(), |out, l| {
        let name = escape(&l.state.name);
        let selected = if *l.state.name == *posted.get("route") { " selected" } else { "" };
        out + &format!("<option{selected}>{name}</option>")
    });
    let ports = if posted.get("dest_port").is_empty() && posted.get("source_port").is_empty() { "" } else { " open" };
    let flash = if posted.get("flash") == "1" { " checked" } else { "" };
    format!(
        "<h1>Send a message</h1>{error}<form method=\"post\" action=\"/console/send\" class=\"fields card\">\
         <input type=\"hidden\" name=\"csrf\" value=\"{}\">\
         <div class=\"row\"><label>To<input name=\"to\" value=\"{}\" required autofocus placeholder=\"+447700900123\" inputmode=\"tel\"></label>\
         <label>From<input name=\"from\" value=\"{}\" placeholder=\"number or name\" maxlength=\"20\"></label></div>\
         <label>Text<textarea name=\"text\" rows=\"5\" required data-segments=\"segments\">{}</textarea></label>\
         <p class=\"hint\" id=\"segments\" aria-live=\"polite\"></p>\
         <div class=\"row\"><label>By<select name=\"route\"><option value=\"\">the usual route</option>{routes}</select></label>\
         <label class=\"check\"><input type=\"checkbox\" name=\"flash\" value=\"1\"{flash}> Flash: shown at once, not stored</label></div>\
         <details{ports}><summary>Application ports</summary><div class=\"row\">\
         <label>Port on the handset<input name=\"dest_port\" value=\"{}\" inputmode=\"numeric\" placeholder=\"none: a text for people\"></label>\
         <label>Port that it comes from<input name=\"source_port\" value=\"{}\" inputmode=\"numeric\" placeholder=\"0\"></label></div></details>{}\
         <button>Send</button></form>",
        who.csrf,
        value("to"),
        value("from"),
        value("text"),
        value("dest_port"),
        value("source_port"),
        delivery::fields(posted),
    )
}
