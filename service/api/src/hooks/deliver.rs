//! One callback: what is called, and what its answer means.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Full;
use waxwing_core::{Door, ErrorClass, Message, Millis, Outgoing, SendResult};

use super::client::{CallError, Reply};
use super::target::{Hook, Target};
use super::{AddressGuard, HookSchedule, payload};
use crate::{MmsReceived, kannel, pap};

const USER_AGENT: &str = concat!("waxwing/", env!("CARGO_PKG_VERSION"));

/// The call for an entry of an account's queue; `received` is what a multimedia message is made of.
///
/// # Errors
/// [`CallError::Address`] where it cannot be called, [`CallError::Failed`] where the account has no webhook (any more).
pub(crate) fn prepare(
    out: &Outgoing,
    received: Option<&MmsReceived>,
    hook: &Hook,
    guard: &AddressGuard,
    now: Millis,
) -> Result<Request<Full<Bytes>>, CallError> {
    let m = &out.message;
    if let (Door::Kannel, Some(receipt), false) = (m.door(), &m.receipt, m.callback.is_empty()) {
        let target = Target::parse(&kannel::callback_url(m, receipt), guard).map_err(CallError::Address)?;
        return request(Method::GET, target).body(Full::default()).map_err(unwritable);
    }
    let target = match &hook.target {
        _ if !m.callback.is_empty() => Target::parse(&m.callback, guard),
        Some(target) => target.clone(),
        None => return Err(CallError::Failed("the account has no webhook".to_owned())),
    };
    let (media, body) = match (&m.receipt, received) {
        (Some(receipt), _) if is_for_initiator(m) => (pap::XML, Ok(pap::notification(m, receipt).into_bytes())),
        (None, Some(received)) => ("application/json", payload::multimedia(m, received, out.id(), out.accepted)),
        _ => ("application/json", payload::body(m, out.id(), out.accepted)),
    };
    let body = body.map_err(|e| CallError::Failed(e.to_string()))?;
    // The id is that of the entry: the same for every attempt, another for every event.
    let (id, seconds) = (format!("msg_{}", out.id()), now / 1000);
    let mut builder = request(Method::POST, target.map_err(CallError::Address)?)
        .header(header::CONTENT_TYPE, HeaderValue::from_static(media))
        .header("webhook-id", &id)
        .header("webhook-timestamp", seconds);
    if let Some(signature) = hook.keys.signature(&id, seconds, &body) {
        builder = builder.header("webhook-signature", signature);
    }
    builder.body(Full::from(body)).map_err(unwritable)
}

/// A push initiator named this address for it; an account's webhook gets what all webhooks get.
pub(super) fn is_for_initiator(m: &Message) -> bool {
    m.door() == Door::Pap && m.receipt.is_some() && !m.callback.is_empty()
}

fn request(method: Method, target: Target) -> http::request::Builder {
    let builder = Request::builder().method(method).uri(target.uri).header(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    match target.authorization {
        Some(value) => builder.header(header::AUTHORIZATION, value),
        None => builder,
    }
}

fn unwritable(e: http::Error) -> CallError {
    CallError::Failed(format!("the call cannot be written: {e}"))
}

/// What an answer means: 2xx is success, 410 is "never again", everything else is tried again by the schedule.
pub(crate) fn verdict(answer: Result<Reply, CallError>, failures: u16, schedule: &HookSchedule, now: Millis) -> SendResult {
    let (code, reason, retry_after) = match answer {
        Ok(r) if r.status.is_success() => return SendResult::Sent { parts: Vec::new(), total: 1, receipt: false },
        Ok(r) if r.status == StatusCode::GONE => {
            return refused(code(r.status), "the callback is gone and wants no more calls".into());
        }
        Ok(r) => (code(r.status), words(r.status), r.retry_after),
        Err(CallError::Address(why) | CallError::Gone(why)) => return refused(String::new(), why),
        Err(CallError::Failed(why)) => (String::new(), why, None),
    };
    match schedule.next(failures, now, retry_after) {
        Some(at) => SendResult::Later { at, code, reason },
        None => refused(code, format!("{reason} (attempt {failures}, the last)")),
    }
}

fn refused(code: String, reason: String) -> SendResult {
    SendResult::Refused { class: ErrorClass::Permanent, code, reason, sent: Vec::new() }
}

fn code(status: StatusCode) -> String {
    format!("HTTP {}", status.as_u16())
}

fn words(status: StatusCode) -> String {
    if status.is_redirection() {
        return "the callback redirects elsewhere, which is not followed; give the final address".to_owned();
    }
    status.canonical_reason().unwrap_or("no success").to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;

    fn of(status: u16, retry_after: Option<u64>, failures: u16) -> SendResult {
        let reply = Reply { status: StatusCode::from_u16(status).unwrap(), retry_after: retry_after.map(Duration::from_secs) };
        verdict(Ok(reply), failures, &HookSchedule::default(), 0)
    }

    #[test]
    fn only_2xx_is_success() {
        assert!(matches!(of(200, None, 1), SendResult::Sent { .. }));
        assert!(matches!(of(204, None, 1), SendResult::Sent { .. }));
        assert!(matches!(of(302, None, 1), SendResult::Later { at: 5000, .. }));
        assert!(matches!(of(404, None, 2), SendResult::Later { at: 300_000, .. }));
        assert!(matches!(of(503, Some(90), 1), SendResult::Later { at: 90_000, .. }));
        assert!(matches!(of(410, None, 1), SendResult::Refused { class: ErrorClass::Permanent, .. }));
        assert!(matches!(of(500, None, 10), SendResult::Refused { class: ErrorClass::Permanent, .. }));
        let denied = verdict(Err(CallError::Address("x".into())), 1, &HookSchedule::default(), 0);
        assert!(matches!(denied, SendResult::Refused { class: ErrorClass::Permanent, .. }));
        let broken = verdict(Err(CallError::Failed("x".into())), 1, &HookSchedule::default(), 0);
        assert!(matches!(broken, SendResult::Later { .. }));
    }
}
