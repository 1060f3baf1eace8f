//! `POST /api/v1/messages`.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use waxwing_core::Address;

use super::request::{BatchRequest, MessageRequest};
use crate::auth::Caller;
use crate::{ApiState, Problem, body};

/// Most recipients of one request.
pub(crate) const MAX_RECIPIENTS: usize = 10_000;
/// Longest Idempotency-Key, octets.
const MAX_KEY: usize = 255;

/// What became of a submission.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubmitReply {
    /// One for each recipient, in the order of the request.
    pub(crate) messages: Vec<SubmitItem>,
    /// How many were accepted: they are stored and will be sent.
    pub(crate) accepted: usize,
    /// How many were refused, each with its problem.
    pub(crate) refused: usize,
    /// What the users have to type in for settings to be taken, where it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1234567890")]
    pub(crate) user_pin: Option<String>,
}

/// What became of one message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubmitItem {
    /// Its number, if it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0000002A")]
    pub(crate) id: Option<String>,
    /// Its recipient, as given.
    pub(crate) to: String,
    /// The reference, as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    /// Why it was refused (RFC 9457).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::openapi::ProblemBody>)]
    pub(crate) problem: Option<Value>,
}

/// One message, or a batch.
#[derive(ToSchema)]
#[schema(as = SubmitRequest)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes the request body; the parser decides by the key, for better errors")]
pub(crate) enum SubmitRequest {
    /// One.
    One(Box<MessageRequest>),
    /// Several.
    Batch(BatchRequest),
}

/// Submits messages. What is accepted is stored durably before the answer.
#[utoipa::path(
    post,
    path = "/messages",
    tag = "messages",
    operation_id = "submitMessages",
    params(("Idempotency-Key" = Option<String>, Header, description = "A key of yours, at most 255 octets. The same request with the same key within a day is answered with the same ids, and nothing is sent twice.")),
    request_body = SubmitRequest,
    responses(
        (status = 202, description = "At least one message was accepted", body = SubmitReply),
        (status = 400, description = "Invalid", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Unusable recipient, or no route", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Rate or limit exceeded", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The gateway cannot store messages", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Busy", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn submit(State(state): State<ApiState>, caller: Caller, request: Request) -> Response {
    respond(&state, &caller, request).await
}

/// The same ahead of the router.
pub(crate) async fn direct<B>(state: &ApiState, request: http::Request<B>, peer: Option<SocketAddr>) -> Response
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    match Caller::of(state, request.headers(), peer).await {
        Ok(caller) => respond(state, &caller, request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn respond<B>(state: &ApiState, caller: &Caller, request: http::Request<B>) -> Response
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    answered(state, caller, handle(state, caller, request).await)
}

/// The answer, or what is wrong, which is counted and logged where it is the caller's doing.
pub(super) fn answered(state: &ApiState, caller: &Caller, result: Result<Response, Problem>) -> Response {
    result.unwrap_or_else(|problem| {
        if problem.status.is_client_error() {
            state.bad_input("rest", problem.kind, caller.peer, &problem.detail);
        }
        problem.into_response()
    })
}

/// Whether so many recipients can be taken at once.
///
/// # Errors
/// 400 that names `to`.
pub(super) fn check_count(count: usize, most: usize) -> Result<(), Problem> {
    match count {
        0 => Err(Problem::invalid("to: there is no recipient").with("field", "to")),
        n if n > most => {
            let detail = format!("to: there are {n} recipients, at most {most} are taken at once; send several requests");
            Err(Problem::invalid(detail).with("field", "to"))
        }
        _ => Ok(()),
    }
}

/// A recipient's place in the answer, with what became of it.
pub(super) fn outcome(item: SubmitItem, result: Result<waxwing_core::MsgId, Problem>) -> (SubmitItem, Option<Problem>) {
    match result {
        Ok(id) => (SubmitItem { id: Some(id.to_string()), ..item }, None),
        Err(problem) => (item, Some(problem)),
    }
}

async fn handle<B>(state: &ApiState, caller: &Caller, request: http::Request<B>) -> Result<Response, Problem>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    body::require_json(request.headers())?;
    let key = idempotency_key(request.headers())?;
    let body = body::read(request.into_body(), state.shared().options.body_limit).await?;
    let (requests, batch) = parse(&body)?;
    drop(body);
    let total: usize = requests.iter().map(|r| r.to.list().len()).sum();
    check_count(total, MAX_RECIPIENTS)?;
    let reply = run(state, caller, requests, total, key.as_deref()).await;
    Ok(answer(reply, batch, None))
}

async fn run(
    state: &ApiState,
    caller: &Caller,
    requests: Vec<MessageRequest>,
    total: usize,
    key: Option<&[u8]>,
) -> Vec<(SubmitItem, Option<Problem>)> {
    let now = state.gateway().clock.now();
    let from = caller.peer.map(|p| p.ip().to_string()).unwrap_or_default();
    let mut items: Vec<(SubmitItem, Option<Problem>)> = Vec::with_capacity(total);
    let mut submissions = Vec::with_capacity(total);
    for r in requests {
        let mut template = r.template(now, &state.shared().options.guard).map(|mut t| {
            t.message.submitted_from = from.clone().into();
            Some(t)
        });
        let MessageRequest { to, reference, .. } = r;
        let mut left = to.list().len();
        for to in to.into_list() {
            left -= 1;
            let mut problem = None;
            match &mut template {
                // The last one needs no copy.
                Ok(t) => submissions.extend(if left == 0 { t.take() } else { t.clone() }.map(|mut s| {
                    s.message.destination = Address::parse(&to);
                    s.idempotency = key.map(|k| recipient_key(k, items.len(), &to));
                    s
                })),
                Err(p) => problem = Some(p.clone()),
            }
            items.push((SubmitItem { id: None, to, reference: reference.clone(), problem: None }, problem));
        }
    }
    let results = state.gateway().submit(&caller.account, submissions).await;
    // Those that were refused already were not submitted.
    for ((item, problem), result) in items.iter_mut().filter(|(_, problem)| problem.is_none()).zip(results) {
        match result {
            Ok(id) => item.id = Some(id.to_string()),
            Err(e) => *problem = Some(Problem::from(&e)),
        }
    }
    items
}

/// One message that is refused is a refused request; of several, the answer tells each one's fate.
pub(super) fn answer(items: Vec<(SubmitItem, Option<Problem>)>, batch: bool, user_pin: Option<String>) -> Response {
    let refused = items.iter().filter(|(_, p)| p.is_some()).count();
    let accepted = items.len() - refused;
    let first = items.iter().find_map(|(_, p)| p.clone());
    if let ([(_, Some(_))], false, Some(problem)) = (items.as_slice(), batch, &first) {
        return problem.clone().into_response();
    }
    let location = match items.as_slice() {
        [(SubmitItem { id: Some(id), .. }, None)] => HeaderValue::try_from(format!("/api/v1/messages/{id}")).ok(),
        _ => None,
    };
    let messages: Vec<SubmitItem> = items.into_iter().map(|(item, p)| SubmitItem { problem: p.map(|p| p.to_json()), ..item }).collect();
    let reply = SubmitReply { messages, accepted, refused, user_pin };
    match (accepted, first) {
        (0, Some(problem)) => {
            let list = serde_json::to_value(&reply.messages).unwrap_or_default();
            problem.with("messages", list).with("accepted", 0).with("refused", refused).into_response()
        }
        _ => accepted_reply(&reply, location),
    }
}

fn accepted_reply(reply: &SubmitReply, location: Option<HeaderValue>) -> Response {
    let mut text = Vec::with_capacity(64 + 96 * reply.messages.len());
    if let Err(e) = serde_json::to_writer(&mut text, reply) {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", "The answer cannot be written", e.to_string()).into_response();
    }
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::ACCEPTED;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(location) = location {
        headers.insert(header::LOCATION, location);
    }
    response
}

/// One object, or several in `messages`; true for the latter.
fn parse(body: &[u8]) -> Result<(Vec<MessageRequest>, bool), Problem> {
    const KEY: &str = "\"messages\"";
    #[derive(Deserialize)]
    struct Probe {
        messages: Option<serde::de::IgnoredAny>,
    }
    // Which of the two it is meant to be is decided by the key, so that errors are about what was meant. Where the key cannot be, written
    // plainly or with an escape, nobody has to look.
    let may_be = std::str::from_utf8(body).is_ok_and(|text| text.contains(KEY) || text.contains('\\'));
    let is_batch = may_be && body::json::<Probe>(body).is_ok_and(|p| p.messages.is_some());
    if is_batch {
        return body::json::<BatchRequest>(body).map(|b| (b.messages, true));
    }
    body::json::<MessageRequest>(body).map(|m| (vec![m], false))
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<Vec<u8>>, Problem> {
    match headers.get("idempotency-key").map(HeaderValue::as_bytes) {
        None => Ok(None),
        Some(key) if !key.is_empty() && key.len() <= MAX_KEY => Ok(Some(key.to_vec())),
        Some(key) => Err(Problem::invalid(format!("Idempotency-Key: it has {} octets; 1 to {MAX_KEY} are allowed", key.len()))),
    }
}

/// The key of one recipient: the same request again gives the same keys, in whatever pieces it is stored.
pub(super) fn recipient_key(key: &[u8], index: usize, to: &str) -> Bytes {
    let mut h = Sha256::new();
    h.update((key.len() as u64).to_be_bytes());
    h.update(key);
    h.update((index as u64).to_be_bytes());
    h.update(to.as_bytes());
    Bytes::copy_from_slice(&h.finalize()[..16])
}
