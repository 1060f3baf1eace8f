//! `POST /api/v1/push`.

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::response::Response;
use http::{HeaderMap, header};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use waxwing_core::{Address, Submission};
use waxwing_push::{Composed, FieldValue, Special, from_fields};

use super::request::{MessageRequest, Priority, ReceiptWish, Recipients, TlvRequest};
use super::submit::{MAX_RECIPIENTS, SubmitItem, SubmitReply, answer, answered, check_count, idempotency_key, outcome, recipient_key};
use crate::auth::Caller;
use crate::{ApiState, Problem, body, push};

/// Members that a push has in common with messages; all others are the kind's.
const ENVELOPE: [&str; 13] = [
    "to",
    "from",
    "service_type",
    "send_at",
    "delay",
    "validity",
    "valid_until",
    "priority",
    "receipt",
    "reference",
    "callback",
    "route",
    "reply_path",
];

/// A special message to one or several recipients: what every message has, and what its kind has.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the request body; the parser takes the members apart, for better errors")]
pub(crate) struct PushRequest {
    /// Recipient or recipients: international numbers with `+`, or as the gateway's country writes them.
    to: Recipients,
    /// Sender: a number, a short code or at most 20 characters; the account's default where it is absent.
    from: Option<String>,
    /// SMPP service_type, at most 5 characters.
    #[schema(max_length = 5)]
    service_type: Option<String>,
    /// Not before this time (RFC 3339).
    #[schema(format = DateTime)]
    send_at: Option<String>,
    /// Not before so many seconds from now.
    delay: Option<u32>,
    /// How long it is worth delivering, seconds.
    #[schema(minimum = 1)]
    validity: Option<u32>,
    /// Until when it is worth delivering (RFC 3339).
    #[schema(format = DateTime)]
    valid_until: Option<String>,
    /// 0 (low), 1 (normal), 2 (high), 3 (urgent), or the word.
    priority: Option<Priority>,
    /// Which receipts are pushed to the callback or the account's webhook: all final states unless said otherwise.
    receipt: Option<ReceiptWish>,
    /// Your own reference, given back with receipts.
    #[schema(max_length = 255)]
    reference: Option<String>,
    /// Where receipts of this message are posted, instead of the account's webhook.
    #[schema(max_length = 2048)]
    callback: Option<String>,
    /// Route or connector by name.
    route: Option<String>,
    /// Ask for the reply to take the same way back (TP-Reply-Path).
    reply_path: Option<bool>,
    /// Optional SMPP parameters to send along.
    tlvs: Option<Vec<TlvRequest>>,
    /// What is sent.
    #[serde(flatten)]
    special: Special,
}

/// Submits a WAP push, settings, a ring tone, a picture or another special message. As JSON, or as `multipart/form-data` whose fields are
/// named like the members, with images, octets and documents as files.
///
/// The account needs the right `push` besides `sms`. EMS, and message waiting with a long text, may take several messages; the answer then
/// has several for a recipient.
#[utoipa::path(
    post,
    path = "/push",
    tag = "messages",
    operation_id = "submitPush",
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of yours, at most 255 octets. The same request with the same key within a day is answered with the same ids, and nothing is sent twice.")),
    request_body(content((PushRequest = "application/json"), (PushRequest = "multipart/form-data"))),
    responses(
        (status = 202, description = "At least one message was accepted", body = SubmitReply),
        (status = 400, description = "Invalid: `field` names what is, and of a document in XML `line` and `column` say where", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Neither JSON nor a form", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Unusable recipient, or no route", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Rate or limit exceeded", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The gateway cannot store messages", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Busy", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn submit(State(state): State<ApiState>, caller: Caller, request: Request) -> Response {
    answered(&state, &caller, handle(&state, &caller, request).await)
}

async fn handle(state: &ApiState, caller: &Caller, request: Request) -> Result<Response, Problem> {
    let key = idempotency_key(request.headers())?;
    let (envelope, special) = if body::media_type(request.headers()) == "multipart/form-data" {
        require_same_origin(request.headers())?;
        of_form(state, request).await?
    } else {
        body::require_json(request.headers())?;
        of_json(&body::read(request.into_body(), state.shared().options.body_limit).await?)?
    };
    check_count(envelope.to.list().len(), MAX_RECIPIENTS)?;
    let mut template = envelope.envelope(state.gateway().clock.now(), &state.shared().options.guard)?;
    template.message.submitted_from = caller.peer.map(|p| p.ip().to_string()).unwrap_or_default().into();
    let composed = push::compose(state, &caller.account, special).await?;
    let user_pin = composed.iter().find_map(|c| c.user_pin.clone());
    let items = run(state, caller, &envelope, &template, &composed, key.as_deref()).await;
    Ok(answer(items, false, user_pin))
}

async fn run(
    state: &ApiState,
    caller: &Caller,
    envelope: &MessageRequest,
    template: &Submission,
    composed: &[Composed],
    key: Option<&[u8]>,
) -> Vec<(SubmitItem, Option<Problem>)> {
    let mut submissions = Vec::new();
    let mut items = Vec::new();
    for to in envelope.to.list() {
        for content in composed {
            let mut s = template.clone();
            s.message.destination = Address::parse(to);
            content.put_into(&mut s.message);
            s.idempotency = key.map(|k| recipient_key(k, items.len(), to));
            submissions.push(s);
            items.push(SubmitItem { id: None, to: to.clone(), reference: envelope.reference.clone(), problem: None });
        }
    }
    let results = state.gateway().submit(&caller.account, submissions).await;
    items.into_iter().zip(results).map(|(item, result)| outcome(item, result.map_err(|e| Problem::from(&e)))).collect()
}

fn of_json(octets: &[u8]) -> Result<(MessageRequest, Special), Problem> {
    let whole: Map<String, Value> = body::json(octets)?;
    let (envelope, rest) = apart(whole);
    if !rest.contains_key("kind") {
        return Err(Problem::invalid("kind: it is missing; it says what is sent, such as si").with("field", "kind"));
    }
    let special = serde_json::from_value(Value::Object(rest)).map_err(|e| Problem::invalid(e.to_string()))?;
    Ok((request_of(envelope)?, special))
}

fn apart(whole: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    whole.into_iter().partition(|(name, _)| name == "tlvs" || ENVELOPE.contains(&name.as_str()))
}

fn request_of(envelope: Map<String, Value>) -> Result<MessageRequest, Problem> {
    serde_json::from_value(Value::Object(envelope)).map_err(|e| Problem::invalid(e.to_string()))
}

/// Fields of a form. `to` may be there several times, or have several numbers with commas between them.
async fn of_form(state: &ApiState, request: Request) -> Result<(MessageRequest, Special), Problem> {
    let broken = |e: String| Problem::invalid(format!("the multipart form cannot be read: {e}"));
    let (parts, content) = request.into_parts();
    let whole = body::read(content, state.shared().options.body_limit).await?;
    let mut form = Multipart::from_request(Request::from_parts(parts, Body::from(whole)), &()).await.map_err(|e| broken(e.body_text()))?;
    let (mut kind, mut to, mut envelope, mut fields) = (String::new(), Vec::new(), Map::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(|e| broken(e.body_text()))? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.file_name().is_some();
        let octets = field.bytes().await.map_err(|e| broken(e.body_text()))?.to_vec();
        if is_file {
            fields.push((name, FieldValue::Octets(octets)));
            continue;
        }
        let text = String::from_utf8(octets).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            Problem::invalid(format!("{name}: it is not UTF-8 at octet {at}; give octets as a file")).with("field", name.as_str())
        })?;
        match name.as_str() {
            "kind" => kind = text,
            "to" => to.extend(text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(|t| Value::from(t.to_owned()))),
            "delay" | "validity" | "priority" | "receipt" | "reply_path" if serde_json::from_str::<Value>(&text).is_ok() => {
                envelope.insert(name, serde_json::from_str(&text).unwrap_or_default());
            }
            known if ENVELOPE.contains(&known) => {
                envelope.insert(name, Value::from(text));
            }
            _ => fields.push((name, FieldValue::Text(text))),
        }
    }
    envelope.retain(|_, value| value.as_str() != Some(""));
    envelope.insert("to".to_owned(), Value::from(to));
    let special = from_fields(&kind, fields).map_err(|e| Problem::invalid(e.to_string()).with("field", e.field.as_str()))?;
    Ok((request_of(envelope)?, special))
}

/// A page on another site can make a browser post a form with its stored password; browsers tell where a form comes from.
pub(super) fn require_same_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let same = match (text("sec-fetch-site"), text(header::ORIGIN.as_str()), text(header::HOST.as_str())) {
        (Some(site), ..) => matches!(site, "same-origin" | "none"),
        (None, Some(origin), host) => origin.split_once("://").map(|(_, o)| o) == host,
        (None, None, _) => true,
    };
    if same { Ok(()) } else { Err(Problem::forbidden("this form was sent from another site")) }
}
