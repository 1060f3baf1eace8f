//! `/pap`: a push proxy gateway, as push initiators speak to one (WAP-247-PAP over HTTP; PAP 1.0, 2.0 and 2.1).
//!
//! A push to several addresses is as many messages, stored together or not at all; the push-id is their reference. The status of an HTTP
//! response is about HTTP alone: whatever PAP has an answer for is answered with 202 and a document.

mod content;
mod control;
mod find;
mod notify;
mod pending;
mod submit;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use waxwing_core::{Account, Millis};
use waxwing_wap::pap::{
    AddressedMessage, BadMessage, CancelResponse, CancelResult, CapabilityQuery, CapabilityQueryResponse, Code, Pap, PapMessage, Part,
    PushResponse, StatusQueryResponse, StatusQueryResult, Version, parts_of,
};

use crate::state::peer_of;
use crate::{ApiState, Problem, auth, body};

pub(crate) use notify::notification;
pub(crate) use pending::Pending;

/// Media type of control entities.
pub(crate) const XML: &str = "application/xml";
/// `product-name` of what this gateway writes.
const PRODUCT: &str = concat!("Waxwing/", env!("CARGO_PKG_VERSION"));

/// Why something is refused.
#[derive(Debug)]
struct Refusal {
    code: Code,
    why: String,
    /// When to try again, milliseconds.
    retry_after: Option<u64>,
}

/// Who asks, and how they call this gateway.
struct Initiator<'a> {
    state: &'a ApiState,
    account: Arc<Account>,
    peer: Option<SocketAddr>,
    /// The host of the request, for addresses.
    host: String,
}

impl Refusal {
    fn new(code: Code, why: impl Into<String>) -> Refusal {
        Refusal { code, why: why.into(), retry_after: None }
    }
}

/// The handler of the router.
pub(crate) async fn pap(State(state): State<ApiState>, request: Request) -> Response {
    let peer = peer_of(request.extensions());
    match handle(&state, request, peer).await {
        Ok(response) => response,
        Err(problem) => {
            if problem.status.is_client_error() {
                state.bad_input("pap", problem.kind, peer, &problem.detail);
            }
            problem.into_response()
        }
    }
}

async fn handle(state: &ApiState, request: Request, peer: Option<SocketAddr>) -> Result<Response, Problem> {
    let (parts, content) = request.into_parts();
    if parts.method != Method::POST {
        let detail = format!("{} cannot be used here; POST a control entity", parts.method);
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "The method is not allowed", detail));
    }
    let (name, password) = auth::basic_of_client(&parts.headers)?.ok_or_else(Problem::unauthorized)?;
    let account = auth::sign_in(state, "pap", &name, &password, peer).await?;
    let octets = body::read(content, state.shared().options.body_limit).await?;
    let host = header_text(&parts.headers, header::HOST);
    let host = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(host, _)| host);
    let initiator = Initiator { state, account, peer, host: host.to_owned() };
    let (control, content) = match entities(header_text(&parts.headers, header::CONTENT_TYPE), &octets) {
        Ok(entities) => entities,
        Err(bad) => return Ok(initiator.bad(bad)),
    };
    Ok(initiator.answer(control, content).await)
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// The control entity, and the content behind it.
fn entities(content_type: &str, octets: &[u8]) -> Result<(Pap, Option<Part>), BadMessage> {
    let bad = |why: String, fragment: String| BadMessage { code: Code::BAD_REQUEST, description: Some(why), fragment };
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut parts = if media.starts_with("multipart/") {
        let beginning = || String::from_utf8_lossy(octets).chars().take(60).collect();
        parts_of(content_type, octets).map_err(|e| bad(e.to_string(), beginning()))?.into_iter()
    } else {
        vec![Part { fields: vec![("content-type".to_owned(), content_type.to_owned())], body: octets.to_vec() }].into_iter()
    };
    let control = parts.next().unwrap_or_default();
    let text = control
        .text()
        .ok_or_else(|| bad("the control entity is not text of the charset that it says, or UTF-8".to_owned(), String::new()))?;
    let pap =
        Pap::from_xml(&text).map_err(|e| BadMessage { code: e.code, description: Some(e.to_string()), fragment: e.fragment.clone() })?;
    // What the handset can do, behind the content, is for gateways that adapt content to it.
    Ok((pap, parts.next()))
}

impl Initiator<'_> {
    async fn answer(&self, control: Pap, content: Option<Part>) -> Response {
        let version = control.version;
        if !self.account.config.push {
            let why = Refusal::new(Code::FORBIDDEN, "the account may not send push; add it to its allow setting");
            return self.refused(version, control.message, why);
        }
        match control.message {
            PapMessage::Push(message) => match self.submit(&message, content).await {
                Ok(response) => respond(version, PapMessage::PushResponse(response)),
                Err(why) => self.refused(version, PapMessage::Push(message), why),
            },
            PapMessage::Cancel(message) => match self.cancel(&message).await {
                Ok(results) => respond(version, PapMessage::CancelResponse(CancelResponse { push_id: message.push_id, results })),
                Err(why) => self.refused(version, PapMessage::Cancel(message), why),
            },
            PapMessage::StatusQuery(message) => match self.status(&message).await {
                Ok(results) => respond(version, PapMessage::StatusQueryResponse(StatusQueryResponse { push_id: message.push_id, results })),
                Err(why) => self.refused(version, PapMessage::StatusQuery(message), why),
            },
            PapMessage::CapabilityQuery(query) => match self.profile(&query).await {
                Ok(profile) => capabilities(version, query, &profile),
                Err(why) => self.refused(version, PapMessage::CapabilityQuery(query), why),
            },
            _ => {
                let why = "only push-message, cancel-message, statusquery-message and ccq-message can be sent to a push proxy gateway";
                self.bad(BadMessage { code: Code::BAD_REQUEST, description: Some(why.to_owned()), fragment: String::new() })
            }
        }
    }

    /// The profile of a handset.
    async fn profile(&self, query: &CapabilityQuery) -> Result<Bytes, Refusal> {
        let number = self.recipient(&query.address)?.number;
        let unknown = || Refusal::new(Code::CAPABILITIES_NOT_AVAILABLE, "nothing is known of what this handset can do");
        let mms = self.state.mms().map_err(|_| unknown())?;
        mms.profile(&number.as_text()).await.ok_or_else(unknown)
    }

    /// A refusal, in the words of the answer to a message.
    fn refused(&self, version: Version, message: PapMessage, why: Refusal) -> Response {
        let Refusal { code, why, retry_after } = why;
        if code.0 / 1000 == 2 {
            self.state.bad_input("pap", "refused", self.peer, &format!("{code}: {why}"));
        }
        let description = Some(why);
        let answer = match message {
            PapMessage::Push(m) => PapMessage::PushResponse(push_response(m.push_id, code, description)),
            PapMessage::Cancel(AddressedMessage { push_id, addresses }) => {
                PapMessage::CancelResponse(CancelResponse { push_id, results: vec![CancelResult { code, description, addresses }] })
            }
            PapMessage::StatusQuery(AddressedMessage { push_id, addresses }) => {
                let state = waxwing_wap::pap::MessageState::Unknown;
                let result = StatusQueryResult { event_time: None, state, code, description, addresses, quality: None };
                PapMessage::StatusQueryResponse(StatusQueryResponse { push_id, results: vec![result] })
            }
            PapMessage::CapabilityQuery(q) => {
                let response = CapabilityQueryResponse { query_id: q.query_id, code, description, address: q.address };
                PapMessage::CapabilityQueryResponse(response)
            }
            _ => PapMessage::BadMessage(BadMessage { code, description, fragment: String::new() }),
        };
        let mut response = respond(version, answer);
        if let Some(ms) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000).max(1)));
        }
        response
    }

    fn bad(&self, bad: BadMessage) -> Response {
        self.state.bad_input("pap", "message", self.peer, bad.description.as_deref().unwrap_or_default());
        respond(Version::default(), PapMessage::BadMessage(bad))
    }
}

fn push_response(push_id: String, code: Code, description: Option<String>) -> PushResponse {
    PushResponse {
        push_id,
        sender_address: None,
        sender_name: Some(PRODUCT.to_owned()),
        reply_time: Some(Timestamp::now()),
        notes: Vec::new(),
        code,
        description,
    }
}

/// What a handset can do: the answer, and its profile behind it (WAP-247-PAP, ccq-response).
fn capabilities(version: Version, query: CapabilityQuery, profile: &[u8]) -> Response {
    let CapabilityQuery { query_id, address, .. } = query;
    let answer = CapabilityQueryResponse { query_id, code: Code::OK, description: None, address };
    let answer = xml(version, PapMessage::CapabilityQueryResponse(answer));
    // Nothing that is in either, whoever made it.
    let mut boundary = "waxwing".to_owned();
    while profile.windows(boundary.len()).any(|w| w == boundary.as_bytes()) || answer.contains(&boundary) {
        boundary.push('x');
    }
    let mut body =
        format!("--{boundary}\r\nContent-Type: {XML}\r\n\r\n{answer}\r\n--{boundary}\r\nContent-Type: text/xml\r\n\r\n").into_bytes();
    body.extend_from_slice(profile);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let media = format!("multipart/related; type=\"application/xml\"; boundary=\"{boundary}\"");
    let media = HeaderValue::from_str(&media).unwrap_or(HeaderValue::from_static("multipart/related"));
    (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, media)], body).into_response()
}

fn xml(version: Version, message: PapMessage) -> String {
    Pap { version, product: Some(PRODUCT.to_owned()), message }.to_xml()
}

fn respond(version: Version, message: PapMessage) -> Response {
    let xml = xml(version, message);
    let mut response = Response::new(Body::from(xml));
    *response.status_mut() = StatusCode::ACCEPTED;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(XML));
    response
}

/// `None` for 0, which is never.
fn timestamp(at: Millis) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(at).ok()?).ok().filter(|_| at > 0)
}
