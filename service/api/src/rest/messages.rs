//! Looking messages up and calling them back.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use waxwing_core::{Kind, Message, Millis, MsgId, State as MessageState};
use waxwing_ledger::{EventRecord, MessageRecord, NumberQuery, Query as LedgerQuery};

use crate::auth::Caller;
use crate::mms::{MmsStep, mms_steps};
use crate::{ApiState, Problem};

/// Messages on a page unless the request says otherwise, and at most.
const PAGE: usize = 50;
const PAGE_MAX: usize = 1000;

/// A message and where it stands.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct MessageBody {
    /// Its number.
    #[schema(example = "0000002A")]
    id: String,
    /// Account that submitted or received it.
    account: String,
    /// `mt` to a handset, `mo` from one, `mms` a multimedia message to one recipient.
    kind: &'static str,
    /// Door by which it came in.
    #[serde(skip_serializing_if = "String::is_empty")]
    door: String,
    /// Sender.
    from: String,
    /// Recipient.
    to: String,
    /// Its text, where it has one and texts are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Its state: queued, enroute, sent, delivered, expired, deleted, undeliverable, accepted, unknown, rejected, skipped or failed.
    state: &'static str,
    /// The last error code of the carrier or of this gateway.
    #[serde(skip_serializing_if = "String::is_empty")]
    error: String,
    /// The last error in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// Connector that it is to leave by, left by, or came by.
    #[serde(skip_serializing_if = "String::is_empty")]
    connector: String,
    /// The carrier's ids of its parts, separated by commas.
    #[serde(skip_serializing_if = "String::is_empty")]
    carrier_id: String,
    /// The submitter's reference.
    #[serde(skip_serializing_if = "String::is_empty")]
    reference: String,
    /// Parts it was sent in, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<u32>,
    /// Attempts that were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    /// When it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_at: Option<String>,
    /// When it last went out.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    /// When it reached a final state.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<String>,
    /// What happened to it, oldest first; only where one message is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventBody>>,
    /// The steps of a multimedia message to its recipient, oldest first; only where one message is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    mms: Option<Vec<StepBody>>,
}

/// A step of a multimedia message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepBody {
    /// When.
    at: Option<String>,
    /// What: stored, notified, notification_delivered, notification_failed, link_sent, deferred, fetched, opened, acknowledged, rejected,
    /// rights_sent, rights_failed, read, mailed, failed, expired or cancelled.
    step: &'static str,
    /// The phone that fetched it, as it calls itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    device: String,
    /// What was changed for that phone.
    #[serde(skip_serializing_if = "String::is_empty")]
    adapted: String,
    /// More words.
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

/// One thing that happened to a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventBody {
    /// When.
    at: Option<String>,
    /// What: accepted, sent, retry, moved, delivered, receipt, failed, expired, cancelled, replaced, receipt_sent, ...
    event: &'static str,
    /// Where: a connector, `webhook`, `account`.
    #[serde(skip_serializing_if = "String::is_empty")]
    place: String,
    /// Which part, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<u32>,
    /// State that the part or the message got by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
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
    /// The time for a search was over before the page was full: go on with `next`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

/// What to look for; everything that is given must match.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchParams {
    /// Sender or recipient; with `*` at its end, those that begin so.
    number: Option<String>,
    /// Account (administrators; others see their own messages only).
    account: Option<String>,
    /// Connector.
    connector: Option<String>,
    /// State.
    #[param(pattern = "^(queued|enroute|delivered|expired|deleted|undeliverable|accepted|unknown|rejected|skipped|failed|sent)?$")]
    state: Option<String>,
    /// `mt`, `mo` or `mms`.
    #[param(pattern = "^(mt|mo|mms)?$")]
    kind: Option<String>,
    /// Contained in the text.
    text: Option<String>,
    /// The carrier's id of one of its parts.
    carrier_id: Option<String>,
    /// The reference that it was submitted with, or a word of it.
    reference: Option<String>,
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
    #[param(pattern = "^([0-9]{1,19}\\.[0-9A-F]{1,16})?$")]
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
        (status = 503, description = "The search took too long", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
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
    let ledger = state.ledger().ok_or_else(|| Problem::unsupported("this gateway keeps no record of messages"))?;
    // What is there but empty was left out by a form.
    let given = |v: Option<String>| v.filter(|v| !v.is_empty());
    let own = caller.account.name.to_string();
    let account = match given(p.account) {
        asked if caller.account.config.admin => asked,
        Some(other) if other != own => return Err(Problem::forbidden("only administrators may see other accounts' messages")),
        _ => Some(own),
    };
    let limit = p.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::invalid(format!("limit: it has to be from 1 to {PAGE_MAX}")));
    }
    let query = LedgerQuery {
        number: given(p.number).map(|n| NumberQuery::parse(&n)),
        account,
        connector: given(p.connector),
        state: given(p.state).map(|s| state_named(&s)).transpose()?,
        kind: given(p.kind).map(|k| kind_named(&k)).transpose()?,
        from: p.since.map(to_millis),
        to: p.until.map(to_millis),
        text: given(p.text),
        remote_id: given(p.carrier_id),
        reference: given(p.reference),
        limit,
        after: given(p.cursor).map(|c| c.parse().map_err(|e| Problem::invalid(format!("cursor: {e}")))).transpose()?,
    };
    let page = ledger.search(query).await?;
    let messages = page.messages.into_iter().map(|m| message(m, None)).collect();
    Ok(Json(MessagePage { messages, next: page.next.map(|k| k.to_string()), cut: page.is_cut }))
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
pub(crate) async fn get(
    State(state): State<ApiState>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<MessageBody>, Problem> {
    let id = number(id)?;
    let kept = match state.ledger() {
        Some(ledger) => ledger.get(id).await?,
        None => None,
    };
    if let Some(life) = kept {
        if !caller.account.config.admin && life.message.account != *caller.account.name {
            return Err(unknown(id));
        }
        return Ok(Json(message(life.message, Some(life.events))));
    }
    // The ledger follows the spool; what was accepted a moment ago is only there.
    let body = state.gateway().spool.read_body(id).ok().flatten();
    let kind = body.and_then(|b| Message::from_bytes(b).ok()).map_or(Kind::Mt, |m| m.kind());
    let status = state.gateway().status(&caller.account, id).await.ok_or_else(|| unknown(id))?;
    Ok(Json(MessageBody {
        id: id.to_string(),
        account: status.account.to_string(),
        kind: kind_name(kind),
        from: status.source.to_string(),
        to: status.destination.to_string(),
        state: status.state.name(),
        error: status.error,
        accepted_at: state.gateway().spool.get(id).and_then(|s| rfc3339(s.accepted)),
        done_at: status.done.and_then(rfc3339),
        events: Some(Vec::new()),
        ..MessageBody::default()
    }))
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
pub(crate) async fn cancel(
    State(state): State<ApiState>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let id = number(id)?;
    state.gateway().cancel(&caller.account, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Queues a message again that had failed for good.
#[utoipa::path(
    post,
    path = "/messages/{id}/replay",
    tag = "messages",
    operation_id = "replayMessage",
    params(("id" = String, Path, description = "Its number, hexadecimal")),
    responses(
        (status = 204, description = "It is queued again, its attempts counted from 0 and its validity begun anew"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or it is another account's", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has not failed", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "The gateway cannot store this", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Busy", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn replay(
    State(state): State<ApiState>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let id = number(id)?;
    state.gateway().replay(&caller.account, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn number(id: Result<Path<String>, PathRejection>) -> Result<MsgId, Problem> {
    let Path(id) = id.map_err(|e| Problem::not_found(e.body_text()))?;
    id.parse().map_err(|_| Problem::not_found(format!("{id:?} is no message number; it is hexadecimal, such as 0000002A")))
}

pub(super) fn unknown(id: MsgId) -> Problem {
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

fn kind_named(name: &str) -> Result<Kind, Problem> {
    match name {
        "mt" => Ok(Kind::Mt),
        "mo" => Ok(Kind::Mo),
        "mms" => Ok(Kind::Mms),
        _ => Err(Problem::invalid(format!("kind: {name:?} is none of mt, mo, mms"))),
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Mo => "mo",
        Kind::Mms => "mms",
        _ => "mt",
    }
}

fn to_millis(at: Timestamp) -> Millis {
    Millis::try_from(at.as_millisecond()).unwrap_or(0)
}

/// A time as RFC 3339 has it, UTC; `None` for 0.
pub(crate) fn rfc3339(at: Millis) -> Option<String> {
    let t = Timestamp::from_millisecond(i64::try_from(at).ok()?).ok()?;
    (at > 0).then(|| format!("{t:.3}"))
}

fn message(m: MessageRecord, events: Option<Vec<EventRecord>>) -> MessageBody {
    let steps = events.as_deref().filter(|_| m.kind == Kind::Mms).map(|all| mms_steps(all).into_iter().map(step).collect());
    MessageBody {
        mms: steps,
        id: m.id.to_string(),
        account: m.account,
        kind: kind_name(m.kind),
        door: m.door,
        from: m.source.to_string(),
        to: m.destination.to_string(),
        text: m.text,
        state: m.state.name(),
        error: m.error,
        reason: m.reason,
        connector: m.connector,
        // Of a multimedia message it is the word that its phone fetches it by.
        carrier_id: if m.kind == Kind::Mms { String::new() } else { m.remote_id },
        reference: m.reference,
        parts: Some(m.parts),
        attempts: Some(m.attempts),
        accepted_at: rfc3339(m.accepted),
        sent_at: m.sent.and_then(rfc3339),
        done_at: m.done.and_then(rfc3339),
        events: events.map(|list| list.into_iter().map(event).collect()),
    }
}

fn step(s: MmsStep) -> StepBody {
    StepBody { at: rfc3339(s.at), step: s.step, device: s.device, adapted: s.adapted, detail: s.detail }
}

fn event(e: EventRecord) -> EventBody {
    EventBody {
        at: rfc3339(e.at),
        event: e.kind.name(),
        place: e.connector,
        part: e.part,
        state: e.state.map(MessageState::name),
        code: e.code,
        detail: e.words,
    }
}
