//! `/cgi-bin/sendsms`: Kannel's HTTP interface, with the words of its answers, and the numbers of the messages in a header of our own.

mod data;
mod escapes;
mod meta;
mod request;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use waxwing_core::{Account, AuthError, MsgId, SubmitError};
use waxwing_spool::Stage;

use crate::params::Params;
use crate::state::peer_of;
use crate::{ApiState, Problem, auth, body};

pub(crate) use escapes::callback_url;

/// Numbers of the accepted messages, in the order of the recipients, separated by commas.
const IDS: &str = "x-waxwing-message-id";

/// Kannel's words for what may succeed later.
const LATER: &str = "Temporal failure, try again later.";

/// The words and status of an answer.
struct Answer {
    status: StatusCode,
    text: Cow<'static, str>,
    ids: Vec<MsgId>,
    retry_after: Option<u64>,
}

/// The handler of the router.
pub(crate) async fn sendsms(State(state): State<ApiState>, request: Request) -> Response {
    let peer = peer_of(request.extensions());
    answer(&state, request, peer).await
}

/// The answer to a request.
pub(crate) async fn answer<B>(state: &ApiState, request: http::Request<B>, peer: Option<SocketAddr>) -> Response
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let answer = match handle(state, request, peer).await {
        Ok(answer) => answer,
        Err(answer) => {
            if answer.status.is_client_error() {
                state.bad_input("kannel", "refused", peer, &answer.text);
            }
            answer
        }
    };
    let mut response = Response::new(Body::from(answer.text));
    *response.status_mut() = answer.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if let Some(ids) = ids_of(&answer.ids) {
        response.headers_mut().insert(IDS, ids);
    }
    if let Some(ms) = answer.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000).max(1)));
    }
    response
}

fn ids_of(ids: &[MsgId]) -> Option<HeaderValue> {
    let (first, others) = ids.split_first()?;
    let mut text = first.to_string();
    for id in others {
        // Writing to a string cannot fail.
        let _ = write!(text, ",{id}");
    }
    HeaderValue::try_from(text).ok()
}

async fn handle<B>(state: &ApiState, request: http::Request<B>, peer: Option<SocketAddr>) -> Result<Answer, Answer>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let (parts, content) = request.into_parts();
    if !matches!(parts.method, Method::GET | Method::POST) {
        return Err(auth::wrong_method(&parts.method).into());
    }
    let basic = auth::basic_of_client(&parts.headers)?;
    let mut params = Params::default();
    params.extend(parts.uri.query().unwrap_or_default().as_bytes());
    if parts.method == Method::POST {
        let body = body::read(content, state.shared().options.body_limit).await?;
        match body::media_type(&parts.headers).as_str() {
            "application/x-www-form-urlencoded" => params.extend(&body),
            "text/xml" | "application/xml" => {
                return Err(Answer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "XML is not supported; use parameters or X-Kannel headers"));
            }
            media => request::from_headers(&mut params, &parts.headers, media, &body),
        }
    }
    // They hold the connection's buffer.
    drop(parts);
    let account = sign_in(state, &params, basic, peer).await?;
    let request = request::read(&params, &account.name, state.gateway().clock.now(), &state.shared().options.guard)
        .map_err(|text| Answer::new(StatusCode::BAD_REQUEST, text))?;
    let deferred = request.is_deferred();
    let submissions = request.submissions(peer);
    let results = state.gateway().submit(&account, submissions).await;
    let ids: Vec<MsgId> = results.iter().filter_map(|r| r.as_ref().ok().copied()).collect();
    match (ids.first(), results.into_iter().find_map(Result::err)) {
        (Some(&first), _) => {
            let text = if is_waiting(state, first, deferred) { "3: Queued for later delivery" } else { "0: Accepted for delivery" };
            Ok(Answer { ids, ..Answer::new(StatusCode::ACCEPTED, text) })
        }
        (None, Some(e)) => Err(Answer::from(e)),
        (None, None) => Err(Answer::new(StatusCode::BAD_REQUEST, "Empty receiver number not allowed, rejected")),
    }
}

async fn sign_in(state: &ApiState, p: &Params, basic: Option<(String, Vec<u8>)>, peer: Option<SocketAddr>) -> Result<Arc<Account>, Answer> {
    let name = p.get("username").or(p.get("user")).map(|n| String::from_utf8_lossy(n).into_owned());
    let password = p.get("password").or(p.get("pass")).map(<[u8]>::to_vec);
    let refused = || Answer::new(StatusCode::FORBIDDEN, "Authorization failed for sendsms");
    let (name, password) = name.map(|n| (n, password.unwrap_or_default())).or(basic).ok_or_else(refused)?;
    auth::sign_in(state, "kannel", &name, &password, peer).await.map_err(|e| match e {
        AuthError::Busy => Answer { retry_after: Some(1000), ..Answer::new(StatusCode::SERVICE_UNAVAILABLE, LATER) },
        _ => refused(),
    })
}

/// Whether it waits: for its time, or for a connector that is not up. What is no longer queued has gone out already; the time of such a
/// one is something else.
fn is_waiting(state: &ApiState, id: MsgId, deferred: bool) -> bool {
    let gateway = state.gateway();
    let (now, setup) = (gateway.clock.now(), gateway.setup());
    // Looked up only where it may be so.
    if !deferred && setup.routes.lines().iter().all(|l| l.state.is_healthy(now)) {
        return false;
    }
    let unhealthy = |queue| setup.routes.line_of(queue).is_some_and(|l| !l.state.is_healthy(now));
    gateway.spool.get(id).is_some_and(|s| s.stage == Stage::Queued && (s.due > now || unhealthy(s.queue)))
}

impl Answer {
    fn new(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Answer {
        Answer { status, text: text.into(), ids: Vec::new(), retry_after: None }
    }
}

impl From<Problem> for Answer {
    fn from(p: Problem) -> Answer {
        Answer { retry_after: p.retry_after, ..Answer::new(p.status, p.detail) }
    }
}

impl From<SubmitError> for Answer {
    fn from(e: SubmitError) -> Answer {
        let retry_after = e.retry_after();
        let answer = match &e {
            SubmitError::NoRoute(_) => Answer::new(StatusCode::FORBIDDEN, "Not routable. Do not try again."),
            SubmitError::Throttled { .. } | SubmitError::Busy(_) | SubmitError::Broken(_) => {
                Answer::new(StatusCode::SERVICE_UNAVAILABLE, LATER)
            }
            SubmitError::SenderNotAllowed(_) | SubmitError::NotAllowed(_) | SubmitError::Quota { .. } => {
                Answer::new(StatusCode::FORBIDDEN, e.to_string())
            }
            _ => Answer::new(StatusCode::BAD_REQUEST, e.to_string()),
        };
        Answer { retry_after, ..answer }
    }
}
