//! One callback: what is called, and what its answer means.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use waxwing_core::{Account, Door, ErrorClass, Millis, Outgoing, SendResult};

use super::client::{CallError, Reply};
use super::{HookSchedule, payload, sign};
use crate::kannel;

const USER_AGENT: &str = concat!("waxwing/", env!("CARGO_PKG_VERSION"));

/// A call to be made.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) url: String,
    pub(crate) request: Request<Full<Bytes>>,
}

/// What to call for an entry of an account's queue; `None` where the account has no webhook (any more).
pub(crate) fn prepare(out: &Outgoing, account: Option<&Arc<Account>>, now: Millis) -> Option<Call> {
    let m = &out.message;
    let builder = Request::builder().header(header::USER_AGENT, USER_AGENT);
    if let (Door::Kannel, Some(receipt), false) = (m.door(), &m.receipt, m.callback.is_empty()) {
        let url = kannel::callback_url(m, receipt);
        let request = builder.method(Method::GET).body(Full::default()).ok()?;
        return Some(Call { url, request });
    }
    let webhook = account.and_then(|a| a.config.webhook.as_ref());
    let url = if m.callback.is_empty() { webhook?.url.clone() } else { m.callback.clone() };
    let body = payload::body(m, out.id(), out.accepted).to_string();
    // The id is that of the entry: the same for every attempt, another for every event.
    let (id, seconds) = (format!("msg_{}", out.id()), now / 1000);
    let keys = webhook.map(|w| w.secret.as_str()).unwrap_or_default();
    let mut builder = builder
        .method(Method::POST)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", seconds);
    if let Some(signature) = sign::signature(keys, &id, seconds, body.as_bytes()) {
        builder = builder.header("webhook-signature", signature);
    }
    Some(Call { url, request: builder.body(Full::from(body)).ok()? })
}

/// What an answer means: 2xx is success, 410 is "never again", everything else is tried again by the schedule.
pub(crate) fn verdict(answer: Result<Reply, CallError>, failures: u16, schedule: &HookSchedule, now: Millis) -> SendResult {
    let (code, reason, retry_after) = match answer {
        Ok(r) if r.status.is_success() => return SendResult::Sent { parts: Vec::new(), total: 1, receipt: false },
        Ok(r) if r.status == StatusCode::GONE => {
            return refused(code(r.status), "the callback is gone and wants no more calls".into());
        }
        Ok(r) => (code(r.status), words(r.status), r.retry_after),
        Err(CallError::Address(why)) => return refused(String::new(), why),
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
