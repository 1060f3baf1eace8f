//! Looking messages up and calling them back.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use waxwing_core::{Address, Millis, MsgId, State as MessageState};

use crate::auth::Caller;
use crate::{ApiState, Life, Problem, Record, RecordEvent, RecordQuery};

/// Messages on a page unless the request says otherwise, and at most.
const PAGE: usize = 50;
const PAGE_MAX: usize = 1000;

/// A message and where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageBody {
    /// Its number.
    #[schema(example = "0000002A")]
    id: String,
    /// Account that submitted or received it.
    account: String,
    /// `mt` to a handset, `mo` from one, `receipt`.
    kind: String,
    /// Door by which it came in.
    door: String,
    /// Sender.
    from: String,
    /// Recipient.
    to: String,
    /// Its text, where it has one and texts are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Its state: queued, enroute, sent, delivered, expired, deleted, undeliverable, accepted, unknown, rejected, skipped or failed.
    state: String,
    /// Error code of the carrier or of this gateway.
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    /// Connector that carried it.
    #[serde(skip_serializing_if = "String::is_empty")]
    connector: String,
    /// The submitter's reference.
    #[serde(skip_serializing_if = "String::is_empty")]
    reference: String,
    /// When it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_at: Option<String>,
    /// When it reached a final state.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<String>,
    /// What happened to it, oldest first; only where one message is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventBody>>,
}

/// One thing that happened to a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventBody {
    /// When.
    at: Option<String>,
    /// What.
    event: String,
    /// Where: a connector, `webhook`, `account`.
    #[serde(skip_serializing_if = "String::is_empty")]
    place: String,
    /// State that the message got by it.
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
    /// The other side's code.
    #[serde(skip_serializing_if = "String::is_empty")]
    code: String,
    /// The words.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

/// A page of messages, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagePage {
    /// The messages.
    messages: Vec<MessageBody>,
    /// Give it as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What to look for; everything that is given must match.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchParams {
    /// Sender or recipient.
    number: Option<String>,
    /// Account (administrators; others see their own messages only).
    account: Option<String>,
    /// Connector.
    connector: Option<String>,
    /// State.
    state: Option<String>,
    /// Accepted at or after this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Accepted before this time (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// At most so many, 1 to 1000; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Searches messages, newest first.
#[utoipa::path(
    get,
    path = "/messages",
    tag = "messages",
    operation_id = "searchMessages",
    params(SearchParams),
    responses(
        (status = 200, description = "A page of messages", body = MessagePage),
        (status = 400, description = "Invalid", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Another account's messages", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The record cannot be read", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway keeps no record", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn search(
    State(state): State<ApiState>,
    caller: Caller,
    params: Result<Query<SearchParams>, QueryRejection>,
) -> Result<Json<MessagePage>, Problem> {
    let Query(p) = params.map_err(|e| Problem::invalid(e.body_text()))?;
    let records = state.records().ok_or_else(|| Problem::unsupported("this gateway keeps no record of messages"))?;
    let own = caller.account.name.to_string();
    let account = match p.account {
        asked if caller.account.config.admin => asked,
        Some(other) if other != own => return Err(Problem::forbidden("only administrators may see other accounts' messages")),
        _ => Some(own),
    };
    let query = RecordQuery {
        number: p.number.map(|n| Address::parse(&n).as_text().into_owned()),
        account,
        connector: p.connector,
        state: p.state.as_deref().map(state_named).transpose()?,
        since: p.since.map(to_millis),
        until: p.until.map(to_millis),
        limit: p.limit.map_or(Ok(PAGE), |n| {
            if (1..=PAGE_MAX).contains(&n) { Ok(n) } else { Err(Problem::invalid("limit: it has to be from 1 to 1000")) }
        })?,
        cursor: p.cursor,
    };
    let page = records.search(query).await?;
    Ok(Json(MessagePage { messages: page.records.into_iter().map(|r| message(r, None)).collect(), next: page.next }))
}

/// One message and its life.
#[utoipa::path(
    get,
    path = "/messages/{id}",
    tag = "messages",
    operation_id = "getMessage",
    params(("id" = String, Path, description = "Its number, hexadecimal")),
    responses(
        (status = 200, description = "The message", body = MessageBody),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it is another account's", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The record cannot be read", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn get(State(state): State<ApiState>, caller: Caller, Path(id): Path<String>) -> Result<Json<MessageBody>, Problem> {
    let id = number(&id)?;
    let kept = match state.records() {
        Some(records) => records.life(id).await?,
        None => None,
    };
    if let Some(Life { record, events }) = kept {
        if !caller.account.config.admin && record.account != *caller.account.name {
            return Err(unknown(id));
        }
        return Ok(Json(message(record, Some(events))));
    }
    // The record follows the spool; what was accepted a moment ago is only there.
    let status = state.gateway().status(&caller.account, id).await.ok_or_else(|| unknown(id))?;
    let record = Record {
        id: id.0,
        account: status.account.to_string(),
        kind: "mt".into(),
        from: status.source.to_string(),
        to: status.destination.to_string(),
        state: status.state.name().into(),
        error: status.error,
        accepted: state.gateway().spool.get(id).map_or(0, |s| s.accepted),
        done: status.done,
        ..Record::default()
    };
    Ok(Json(message(record, Some(Vec::new()))))
}

/// Takes a message out of the queue.
#[utoipa::path(
    delete,
    path = "/messages/{id}",
    tag = "messages",
    operation_id = "cancelMessage",
    params(("id" = String, Path, description = "Its number, hexadecimal")),
    responses(
        (status = 204, description = "It will not be sent"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it is another account's", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is being sent or was sent already", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The gateway cannot store this", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Busy", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn cancel(State(state): State<ApiState>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = number(&id)?;
    state.gateway().cancel(&caller.account, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn number(id: &str) -> Result<MsgId, Problem> {
    id.parse().map_err(|_| Problem::not_found(format!("{id:?} is no message number; it is hexadecimal, such as 0000002A")))
}

fn unknown(id: MsgId) -> Problem {
    Problem::not_found(format!("there is no message {id}"))
}

fn state_named(name: &str) -> Result<MessageState, Problem> {
    let all = (0..=11).filter_map(|n| MessageState::try_from(n).ok());
    let found = all.clone().find(|s| s.name() == name);
    found.ok_or_else(|| {
        let names: Vec<_> = all.map(MessageState::name).collect();
        Problem::invalid(format!("state: {name:?} is none of {}", names.join(", ")))
    })
}

fn to_millis(at: Timestamp) -> Millis {
    Millis::try_from(at.as_millisecond()).unwrap_or(0)
}

/// A time as RFC 3339 has it, UTC; `None` for 0.
pub(crate) fn rfc3339(at: Millis) -> Option<String> {
    let t = Timestamp::from_millisecond(i64::try_from(at).ok()?).ok()?;
    (at > 0).then(|| format!("{t:.3}"))
}

fn message(r: Record, events: Option<Vec<RecordEvent>>) -> MessageBody {
    MessageBody {
        id: MsgId(r.id).to_string(),
        account: r.account,
        kind: r.kind,
        door: r.door,
        from: r.from,
        to: r.to,
        text: r.text,
        state: r.state,
        error: r.error,
        connector: r.connector,
        reference: r.reference,
        accepted_at: rfc3339(r.accepted),
        done_at: r.done.and_then(rfc3339),
        events: events.map(|list| list.into_iter().map(event).collect()),
    }
}

fn event(e: RecordEvent) -> EventBody {
    EventBody { at: rfc3339(e.at), event: e.event, place: e.place, state: e.state, code: e.code, detail: e.detail }
}
