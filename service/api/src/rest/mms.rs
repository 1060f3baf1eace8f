//! `POST /api/v1/mms`, and the content of multimedia messages.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest as _, Multipart, Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use waxwing_core::MsgId;

use super::messages::{number, unknown};
use super::mms_body::MmsBody;
use super::push::require_same_origin;
use super::submit::{SubmitItem, SubmitReply, answer, answered, check_count, idempotency_key, outcome, recipient_key};
use crate::auth::Caller;
use crate::mms::MmsPart;
use crate::{ApiState, Problem, body};

/// Most recipients of one request; a message centre may take fewer.
const MAX_RECIPIENTS: usize = 1000;
/// Fields of a form that are numbers, truth values or lists of the JSON.
const TYPED: [&str; 8] = ["delay", "validity", "receipt", "read_report", "hide_sender", "adapt", "drm", "parts"];
/// Fields of a form that may hold several recipients.
const LISTS: [&str; 3] = ["to", "cc", "bcc"];
/// Longest text that is shown among the parts, octets.
const SHOWN: usize = 4000;

/// Submits a multimedia message. As JSON, with parts as text, in base 64 or by URL; or as `multipart/form-data` whose fields are named like
/// the members, where every file is a part, and each `url` is the address of one.
///
/// The account needs the right `mms`. A presentation (SMIL) is made unless `smil` or one of the parts is one. The answer has a message for
/// each recipient.
#[utoipa::path(
    post,
    path = "/mms",
    tag = "messages",
    operation_id = "submitMms",
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of yours, at most 255 octets. The same request with the same key within a day is answered with the same ids, and nothing is sent twice.")),
    request_body(content((MmsBody = "application/json"), (MmsBody = "multipart/form-data"))),
    responses(
        (status = 202, description = "At least one recipient was accepted", body = SubmitReply),
        (status = 400, description = "Invalid: `field` names what is", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Neither JSON nor a form", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Unusable recipient, or no way to it", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Rate or limit exceeded", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The gateway cannot store messages", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway has no message centre", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Busy", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn submit(State(state): State<ApiState>, caller: Caller, request: Request) -> Response {
    answered(&state, &caller, handle(&state, &caller, request).await)
}

async fn handle(state: &ApiState, caller: &Caller, request: Request) -> Result<Response, Problem> {
    let door = state.mms()?;
    if !caller.account.config.mms {
        return Err(Problem::forbidden("the account may not send mms; add it to its allow setting"));
    }
    let key = idempotency_key(request.headers())?;
    let (asked, files) = if body::media_type(request.headers()) == "multipart/form-data" {
        require_same_origin(request.headers())?;
        of_form(state, request).await?
    } else {
        body::require_json(request.headers())?;
        (body::json::<MmsBody>(&body::read(request.into_body(), state.shared().options.body_limit).await?)?, Vec::new())
    };
    let reference = asked.reference();
    let mut mms = asked.request(state, files).await?;
    check_count(mms.recipients().count(), MAX_RECIPIENTS)?;
    mms.peer = caller.peer;
    // Keys of SMS are others, even where the submitter's are the same.
    mms.idempotency = key.map(|key| recipient_key(&key, usize::MAX, "mms"));
    let outcomes = door.submit(&caller.account, mms).await?;
    let item = |to| SubmitItem { id: None, to, reference: reference.clone(), problem: None };
    let items = outcomes.into_iter().map(|of| outcome(item(of.to), of.result));
    Ok(answer(items.collect(), false, None))
}

/// Fields of a form as the JSON would have them, and its files.
async fn of_form(state: &ApiState, request: Request) -> Result<(MmsBody, Vec<MmsPart>), Problem> {
    let broken = |e: String| Problem::invalid(format!("the multipart form cannot be read: {e}"));
    let (head, content) = request.into_parts();
    let whole = body::read(content, state.shared().options.body_limit).await?;
    let mut form = Multipart::from_request(Request::from_parts(head, Body::from(whole)), &()).await.map_err(|e| broken(e.body_text()))?;
    let (mut members, mut files) = (Map::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(|e| broken(e.body_text()))? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap_or_default().to_owned();
        let data = field.bytes().await.map_err(|e| broken(e.body_text()))?;
        if let Some(file_name) = file_name {
            // A file that was not chosen.
            if file_name.is_empty() && data.is_empty() {
                continue;
            }
            if name == "smil" {
                members.insert(name, Value::from(utf8("smil", &data)?));
            } else {
                files.push(MmsPart { name: file_name, media_type, data });
            }
            continue;
        }
        let text = utf8(&name, &data)?;
        if !text.is_empty() {
            put(&mut members, name, text);
        }
    }
    let body = serde_json::from_value(Value::Object(members)).map_err(|e| Problem::invalid(e.to_string()))?;
    Ok((body, files))
}

/// A field of a form as a member.
fn put(members: &mut Map<String, Value>, name: String, text: String) {
    let list = |members: &mut Map<String, Value>, name: &str, more: Vec<Value>| {
        if let Some(list) = members.entry(name).or_insert_with(|| Value::Array(Vec::new())).as_array_mut() {
            list.extend(more);
        }
    };
    match name.as_str() {
        known if LISTS.contains(&known) => {
            let all = text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(Value::from);
            list(members, &name, all.collect());
        }
        "url" => list(members, "parts", vec![serde_json::json!({ "url": text })]),
        // Further texts are parts like the first.
        "text" if members.contains_key("text") => list(members, "parts", vec![serde_json::json!({ "text": text })]),
        known if TYPED.contains(&known) => {
            let value = match text.to_ascii_lowercase().as_str() {
                "yes" | "on" => Value::Bool(true),
                "no" | "off" => Value::Bool(false),
                _ => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            };
            members.insert(name, value);
        }
        _ => {
            members.insert(name, Value::String(text));
        }
    }
}

fn utf8(name: &str, data: &[u8]) -> Result<String, Problem> {
    std::str::from_utf8(data).map(str::to_owned).map_err(|e| {
        let detail = format!("{name}: it is not UTF-8 at octet {}; give octets as a file", e.valid_up_to());
        Problem::invalid(detail).with("field", name)
    })
}

/// The parts of a multimedia message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MmsContent {
    /// The message's number.
    id: String,
    /// Octets of all parts.
    size: usize,
    /// The parts, in their order; a presentation is one of them.
    parts: Vec<MmsContentPart>,
}

/// A part of a multimedia message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MmsContentPart {
    /// From 0: `/mms/{id}/content/{number}` has its octets.
    number: usize,
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// Its media type.
    r#type: String,
    /// Its octets.
    size: usize,
    /// The beginning of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Where its octets are.
    url: String,
}

/// The parts of a multimedia message, while it is stored: until it was fetched or expired, and a while longer.
#[utoipa::path(
    get,
    path = "/mms/{id}/content",
    tag = "messages",
    operation_id = "getMmsContent",
    params(("id" = String, Path, description = "The message's number, hexadecimal")),
    responses(
        (status = 200, description = "Its parts", body = MmsContent),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is none, it is another account's, or its content is gone", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The content cannot be read", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway has no message centre", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn content(
    State(state): State<ApiState>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<MmsContent>, Problem> {
    let id = number(id)?;
    let parts = parts(&state, &caller, id).await?;
    let size = parts.iter().map(|p| p.data.len()).sum();
    let shown = parts.iter().enumerate().map(|(number, part)| MmsContentPart {
        number,
        name: part.name.clone(),
        r#type: part.media_type.clone(),
        size: part.data.len(),
        text: text_of(part),
        url: format!("/api/v1/mms/{id}/content/{number}"),
    });
    Ok(Json(MmsContent { id: id.to_string(), size, parts: shown.collect() }))
}

/// A part of a multimedia message, as a file.
#[utoipa::path(
    get,
    path = "/mms/{id}/content/{number}",
    tag = "messages",
    operation_id = "getMmsPart",
    params(
        ("id" = String, Path, description = "The message's number, hexadecimal"),
        ("number" = String, Path, description = "The part's number, from 0"),
    ),
    responses(
        (status = 200, description = "Its octets", content_type = "application/octet-stream"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is none, it is another account's, or its content is gone", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The content cannot be read", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway has no message centre", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn part(
    State(state): State<ApiState>,
    caller: Caller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((id, which)) = path.map_err(|e| Problem::not_found(e.body_text()))?;
    let id = number(Ok(Path(id)))?;
    let parts = parts(&state, &caller, id).await?;
    let part = which.parse::<usize>().ok().and_then(|n| parts.into_iter().nth(n));
    let part = part.ok_or_else(|| Problem::not_found(format!("message {id} has no part {which:?}; they are counted from 0")))?;
    Ok(part.download())
}

/// The parts of a message that the caller may see.
async fn parts(state: &ApiState, caller: &Caller, id: MsgId) -> Result<Vec<MmsPart>, Problem> {
    let door = state.mms()?;
    state.gateway().status(&caller.account, id).await.ok_or_else(|| unknown(id))?;
    let gone = || Problem::not_found(format!("message {id} has no multimedia content, or none any more"));
    door.content(id).await?.ok_or_else(gone)
}

fn text_of(part: &MmsPart) -> Option<String> {
    let media = part.media();
    if !media.starts_with("text/") && media != "application/smil" {
        return None;
    }
    let text = String::from_utf8_lossy(part.data.get(..part.data.len().min(SHOWN))?).into_owned();
    Some(text)
}

impl MmsPart {
    /// As a file to be kept: whoever sent it was a stranger, so nothing of it is shown or run in a browser.
    pub fn download(self) -> Response {
        let name: String = self.name.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c)).take(80).collect();
        let name = if name.trim_matches('.').is_empty() { "part".to_owned() } else { name };
        let media = HeaderValue::from_str(&self.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
        let headers = [
            (header::CONTENT_TYPE, media),
            (header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment"))),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        ];
        (StatusCode::OK, headers, Body::from(self.data)).into_response()
    }
}
