//! `/api/v1/subscribers`: the phones that the message centre serves, for administrators.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use waxwing_ledger::{Subscriber, SubscriberChange, SubscriberError, SubscriberQuery};

use super::messages::rfc3339;
use crate::auth::Caller;
use crate::{ApiState, Problem, Subscribers, body};

/// Subscribers on a page unless the request says otherwise, and at most.
const PAGE: usize = 50;
const PAGE_MAX: usize = 1000;

/// A phone that the message centre serves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriberBody {
    /// Its number.
    #[schema(example = "+447700900123")]
    number: String,
    /// A name that it may sign in by and be written to instead of the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    /// Its owner's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// It has a password, and may sign in by it.
    has_password: bool,
    /// It may send multimedia messages.
    may_send: bool,
    /// It may receive multimedia messages.
    may_receive: bool,
    /// Largest message that it takes, octets; absent = as large as the message centre allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_size: Option<u64>,
    /// It gets an SMS with a link to a web page instead of notifications.
    web_link: bool,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
}

/// Settings of a subscriber.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the request body; the parser names the member that is wrong")]
pub(crate) struct SubscriberSettings {
    /// A name that it may sign in by and be written to instead of the number: letters, digits, `.`, `_` and `-`, not digits alone.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9._-]*$")]
    alias: Option<String>,
    /// Its password, in clear or as an argon2 hash; `null` or empty = it cannot sign in by one.
    password: Option<String>,
    /// Its owner's name.
    #[schema(max_length = 128)]
    name: Option<String>,
    /// It may send multimedia messages; true unless said otherwise.
    may_send: Option<bool>,
    /// It may receive multimedia messages; true unless said otherwise.
    may_receive: Option<bool>,
    /// Largest message that it takes, octets; `null` = as large as the message centre allows.
    #[schema(minimum = 1, maximum = 1073741824)]
    max_size: Option<u64>,
    /// It gets an SMS with a link to a web page instead of notifications; false unless said otherwise.
    web_link: Option<bool>,
}

/// A subscriber to be made.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the request body; the parser names the member that is wrong")]
pub(crate) struct SubscriberRequest {
    /// Its number: international with `+`, or as the gateway's country writes it.
    #[schema(example = "+447700900123")]
    number: String,
    /// The rest.
    #[serde(flatten)]
    settings: SubscriberSettings,
}

/// A page of subscribers, by number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SubscriberList {
    /// The subscribers.
    subscribers: Vec<SubscriberBody>,
    /// Give it as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// How many there are in all, whatever was looked for.
    total: u64,
}

/// What to look for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriberParams {
    /// Only those whose number, alias or name begins so.
    search: Option<String>,
    /// At most so many, 1 to 1000; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// `next` of the page before.
    #[param(pattern = "^[0-9]{0,15}$")]
    cursor: Option<String>,
}

/// Lists subscribers, by number.
#[utoipa::path(
    get,
    path = "/subscribers",
    tag = "subscribers",
    operation_id = "listSubscribers",
    params(SubscriberParams),
    responses(
        (status = 200, description = "A page of subscribers", body = SubscriberList),
        (status = 400, description = "Invalid", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "They cannot be read", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway keeps none", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    caller: Caller,
    params: Result<Query<SubscriberParams>, QueryRejection>,
) -> Result<Json<SubscriberList>, Problem> {
    caller.require_admin()?;
    let Query(p) = params.map_err(|e| Problem::invalid(e.body_text()))?;
    let limit = p.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::invalid(format!("limit: it has to be from 1 to {PAGE_MAX}")).with("field", "limit"));
    }
    let prefix = p.search.unwrap_or_default().trim().to_owned();
    let query = SubscriberQuery { prefix, after: p.cursor.unwrap_or_default(), limit };
    let subscribers = state.subscribers()?;
    let page = subscribers.list(query).await?;
    let total = subscribers.count().await?;
    Ok(Json(SubscriberList { subscribers: page.subscribers.iter().map(shown).collect(), next: page.next.map(Into::into), total }))
}

/// Makes a subscriber.
#[utoipa::path(
    post,
    path = "/subscribers",
    tag = "subscribers",
    operation_id = "createSubscriber",
    request_body = SubscriberRequest,
    responses(
        (status = 201, description = "It is made", body = SubscriberBody),
        (status = 400, description = "Invalid: `field` names what is", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another subscriber has that number or alias (`field` says which)", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "It cannot be stored", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway keeps none", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn create(State(state): State<ApiState>, caller: Caller, request: Request) -> Result<Response, Problem> {
    caller.require_admin()?;
    let subscribers = state.subscribers()?;
    let (number, change) = settings(&state, request).await?;
    let number = number.ok_or_else(|| field("number", "it is missing"))?;
    let number = subscribers.add(&number, change).await?;
    created(&subscribers, &number).await
}

/// A subscriber.
#[utoipa::path(
    get,
    path = "/subscribers/{number}",
    tag = "subscribers",
    operation_id = "getSubscriber",
    params(("number" = String, Path, description = "Its number, with or without `+`")),
    responses(
        (status = 200, description = "The subscriber", body = SubscriberBody),
        (status = 400, description = "No number", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is none", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "It cannot be read", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway keeps none", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    caller: Caller,
    number: Result<Path<String>, PathRejection>,
) -> Result<Json<SubscriberBody>, Problem> {
    caller.require_admin()?;
    Ok(Json(shown(&state.subscribers()?.get(&named(number)?).await?)))
}

/// Makes a subscriber or replaces its settings: what is not given gets its default, but for the password, which then stays.
#[utoipa::path(
    put,
    path = "/subscribers/{number}",
    tag = "subscribers",
    operation_id = "replaceSubscriber",
    params(("number" = String, Path, description = "Its number, with or without `+`")),
    request_body = SubscriberSettings,
    responses(
        (status = 200, description = "It has these settings", body = SubscriberBody),
        (status = 201, description = "It is made", body = SubscriberBody),
        (status = 400, description = "Invalid: `field` names what is", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another subscriber has that alias", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "It cannot be stored", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway keeps none", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn replace(
    State(state): State<ApiState>,
    caller: Caller,
    number: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    caller.require_admin()?;
    let (subscribers, number) = (state.subscribers()?, named(number)?);
    let change = settings_of(&state, &subscribers, &number, request).await?;
    match subscribers.replace(&number, change).await? {
        (number, true) => created(&subscribers, &number).await,
        (number, false) => Ok(Json(shown(&subscribers.get(&number).await?)).into_response()),
    }
}

/// Changes settings of a subscriber, a JSON merge patch (RFC 7396): what is not given stays, what is `null` goes.
#[utoipa::path(
    patch,
    path = "/subscribers/{number}",
    tag = "subscribers",
    operation_id = "changeSubscriber",
    params(("number" = String, Path, description = "Its number, with or without `+`")),
    request_body(content((SubscriberSettings = "application/json"), (SubscriberSettings = "application/merge-patch+json"))),
    responses(
        (status = 200, description = "It is changed", body = SubscriberBody),
        (status = 400, description = "Invalid: `field` names what is", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is none", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another subscriber has that alias", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "It cannot be stored", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway keeps none", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn change(
    State(state): State<ApiState>,
    caller: Caller,
    number: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Json<SubscriberBody>, Problem> {
    caller.require_admin()?;
    let (subscribers, number) = (state.subscribers()?, named(number)?);
    let change = settings_of(&state, &subscribers, &number, request).await?;
    let number = subscribers.modify(&number, change).await?;
    Ok(Json(shown(&subscribers.get(&number).await?)))
}

/// Deletes a subscriber.
#[utoipa::path(
    delete,
    path = "/subscribers/{number}",
    tag = "subscribers",
    operation_id = "deleteSubscriber",
    params(("number" = String, Path, description = "Its number, with or without `+`")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "No number", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Not an administrator", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is none", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 500, description = "It cannot be stored", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "This gateway keeps none", body = super::openapi::ProblemBody, content_type = "application/problem+json"),
    ),
    security(("basic" = []))
)]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    caller: Caller,
    number: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    caller.require_admin()?;
    state.subscribers()?.delete(&named(number)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn created(subscribers: &Subscribers, number: &str) -> Result<Response, Problem> {
    let mut response = (StatusCode::CREATED, Json(shown(&subscribers.get(number).await?))).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/subscribers/{number}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn shown(s: &Subscriber) -> SubscriberBody {
    SubscriberBody {
        number: format!("+{}", s.number),
        alias: s.alias.as_deref().map(str::to_owned),
        name: s.name.to_string(),
        has_password: s.has_password(),
        may_send: s.may_send,
        may_receive: s.may_receive,
        max_size: s.max_size,
        web_link: s.web_link,
        created_at: rfc3339(s.created),
        changed_at: rfc3339(s.changed),
    }
}

fn named(number: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    number.map(|Path(number)| number).map_err(|e| Problem::not_found(e.body_text()))
}

/// The settings of a body whose subscriber the path names; where the body names one as well, it has to be the same.
async fn settings_of(state: &ApiState, subscribers: &Subscribers, number: &str, request: Request) -> Result<SubscriberChange, Problem> {
    let (given, change) = settings(state, request).await?;
    match given {
        Some(given) if subscribers.number(&given)? != subscribers.number(number)? => {
            Err(field("number", "it is not the one of the path; numbers cannot be changed: delete the one and make the other"))
        }
        _ => Ok(change),
    }
}

/// The number and the settings of a body.
async fn settings(state: &ApiState, request: Request) -> Result<(Option<String>, SubscriberChange), Problem> {
    body::require_json(request.headers())?;
    let body = body::read(request.into_body(), state.shared().options.body_limit).await?;
    read(body::json::<Map<String, Value>>(&body)?)
}

fn read(body: Map<String, Value>) -> Result<(Option<String>, SubscriberChange), Problem> {
    let (mut number, mut change) = (None, SubscriberChange::default());
    for (name, value) in body {
        let wrong = |what: &str| field(&name, &format!("it has to be {what}"));
        match (name.as_str(), value) {
            ("number", Value::String(n)) => number = Some(n),
            ("number", _) => return Err(wrong("a text, such as \"+447700900123\"")),
            ("alias", Value::Null) => change.alias = Some(None),
            ("alias", Value::String(a)) => change.alias = Some(Some(a)),
            ("alias", _) => return Err(wrong("a text or null")),
            ("password", Value::Null) => change.password = Some(String::new()),
            ("password", Value::String(p)) => change.password = Some(p),
            ("password", _) => return Err(wrong("a text or null")),
            ("name", Value::Null) => change.name = Some(String::new()),
            ("name", Value::String(n)) => change.name = Some(n),
            ("name", _) => return Err(wrong("a text")),
            ("max_size", Value::Null) => change.max_size = Some(None),
            ("max_size", size) => change.max_size = Some(Some(size.as_u64().ok_or_else(|| wrong("a number of octets or null"))?)),
            ("may_send", yes) => change.may_send = Some(yes.as_bool().ok_or_else(|| wrong("true or false"))?),
            ("may_receive", yes) => change.may_receive = Some(yes.as_bool().ok_or_else(|| wrong("true or false"))?),
            ("web_link", yes) => change.web_link = Some(yes.as_bool().ok_or_else(|| wrong("true or false"))?),
            _ => {
                let known = "number, alias, password, name, may_send, may_receive, max_size, web_link";
                return Err(field(&name, &format!("there is no such member; there are {known}")));
            }
        }
    }
    Ok((number, change))
}

fn field(name: &str, why: &str) -> Problem {
    Problem::invalid(format!("{name}: {why}")).with("field", name)
}

impl From<SubscriberError> for Problem {
    fn from(e: SubscriberError) -> Problem {
        let problem = match &e {
            SubscriberError::Exists(_) | SubscriberError::AliasTaken { .. } => {
                Problem::new(StatusCode::CONFLICT, "conflict", "There is such a thing already", e.to_string())
            }
            SubscriberError::Unknown(_) => Problem::not_found(e.to_string()),
            SubscriberError::File(_) => {
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "broken", "The accounts file cannot be used", e.to_string())
            }
            _ => Problem::invalid(e.to_string()),
        };
        match e.field() {
            Some(name) => problem.with("field", name),
            None => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn of(body: Value) -> Result<(Option<String>, SubscriberChange), Problem> {
        read(body.as_object().unwrap().clone())
    }

    #[test]
    fn null_and_absent_are_two_things() {
        assert_eq!(of(json!({})).unwrap(), (None, SubscriberChange::default()));
        let (number, change) = of(json!({ "number": "+44", "alias": null, "password": null, "max_size": null, "web_link": true })).unwrap();
        let expected = SubscriberChange {
            alias: Some(None),
            password: Some(String::new()),
            max_size: Some(None),
            web_link: Some(true),
            ..SubscriberChange::default()
        };
        assert_eq!((number.as_deref(), change), (Some("+44"), expected));
    }

    #[test]
    fn the_member_that_is_wrong_is_named() {
        for (body, name) in [
            (json!({ "number": 44 }), "number"),
            (json!({ "alias": 1 }), "alias"),
            (json!({ "password": true }), "password"),
            (json!({ "may_send": "yes" }), "may_send"),
            (json!({ "may_receive": null }), "may_receive"),
            (json!({ "max_size": -1 }), "max_size"),
            (json!({ "max_size": "1k" }), "max_size"),
            (json!({ "colour": "red" }), "colour"),
        ] {
            let problem = of(body).unwrap_err().to_json();
            assert_eq!((problem["status"].as_u64(), problem["field"].as_str()), (Some(400), Some(name)), "{problem}");
        }
    }
}
