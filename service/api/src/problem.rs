//! Errors as RFC 9457 (`application/problem+json`) has them.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use waxwing_core::{AuthError, ChangeError, SubmitError};
use waxwing_ledger::LedgerError;

/// Media type of problems.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// An error, as the client is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Status of the response.
    pub status: StatusCode,
    /// Last part of `type` (`urn:waxwing:problem:KIND`): stable, for programs.
    pub kind: &'static str,
    /// What kind of problem, the same for all of a kind.
    pub title: &'static str,
    /// What is wrong here and how to mend it.
    pub detail: String,
    /// When to try again, milliseconds.
    pub retry_after: Option<u64>,
    /// Further members.
    pub more: Map<String, Value>,
}

impl Problem {
    /// A problem; `kind` is the last word of its type, a word of this crate's.
    pub fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status, kind, title, detail: detail.into(), retry_after: None, more: Map::new() }
    }

    /// 400.
    pub fn invalid(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "invalid", "The request is invalid", detail)
    }

    pub(crate) fn unauthorized() -> Problem {
        let detail = "give the name and password of an account that may use HTTP, by Basic authentication";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "Signing in is required", detail)
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", "The account may not do this", detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    pub(crate) fn unsupported(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_IMPLEMENTED, "not-implemented", "This is not available", detail)
    }

    /// 413.
    pub fn too_large(limit: usize) -> Problem {
        let detail = format!("the body is larger than the {limit} octets that are allowed; send fewer messages at once");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large", detail)
    }

    /// With a further member, such as `field`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Problem {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The JSON object.
    pub fn to_json(&self) -> Value {
        let mut out = json!({
            "type": format!("urn:waxwing:problem:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let (Some(object), more) = (out.as_object_mut(), &self.more) {
            object.extend(more.clone());
        }
        out
    }

    /// Puts `Retry-After` and `WWW-Authenticate` on a response of any form.
    pub(crate) fn headers(&self, response: &mut Response) {
        if let Some(ms) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000).max(1)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"waxwing\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        let mut response = (self.status, [content_type], self.to_json().to_string()).into_response();
        self.headers(&mut response);
        response
    }
}

impl From<&SubmitError> for Problem {
    fn from(e: &SubmitError) -> Problem {
        let (status, kind, title) = match e {
            SubmitError::Recipient(_) => (StatusCode::UNPROCESSABLE_ENTITY, "recipient", "The recipient cannot be used"),
            SubmitError::NoRoute(_) => (StatusCode::UNPROCESSABLE_ENTITY, "no-route", "Nothing carries this message"),
            SubmitError::SenderNotAllowed(_) => (StatusCode::FORBIDDEN, "sender-not-allowed", "The account may not use this sender"),
            SubmitError::NotAllowed(_) => (StatusCode::FORBIDDEN, "forbidden", "The account may not do this"),
            SubmitError::Throttled { .. } => (StatusCode::TOO_MANY_REQUESTS, "throttled", "Too many messages at once"),
            SubmitError::Quota { .. } => (StatusCode::TOO_MANY_REQUESTS, "quota", "The account's limit is used up"),
            SubmitError::TooLong { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-long", "The message is too long"),
            SubmitError::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy", "The gateway is busy"),
            SubmitError::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, "broken", "The gateway cannot store messages"),
            _ => (StatusCode::BAD_REQUEST, "invalid", "The request is invalid"),
        };
        Problem { retry_after: e.retry_after(), ..Problem::new(status, kind, title, e.to_string()) }
    }
}

impl From<SubmitError> for Problem {
    fn from(e: SubmitError) -> Problem {
        Problem::from(&e)
    }
}

impl From<ChangeError> for Problem {
    fn from(e: ChangeError) -> Problem {
        match &e {
            ChangeError::Unknown(_) => Problem::not_found(e.to_string()),
            ChangeError::NotDead(_) => Problem::new(StatusCode::CONFLICT, "not-failed", "The message has not failed", e.to_string()),
            ChangeError::TooLate(_) => Problem::new(StatusCode::CONFLICT, "too-late", "The message has left the queue", e.to_string()),
            ChangeError::Spool(s) => Problem::from(SubmitError::from(s.clone())),
        }
    }
}

impl From<LedgerError> for Problem {
    fn from(e: LedgerError) -> Problem {
        let (status, kind, title) = match &e {
            LedgerError::Timeout(_) => (StatusCode::SERVICE_UNAVAILABLE, "too-slow", "The search took too long"),
            LedgerError::Closing => (StatusCode::SERVICE_UNAVAILABLE, "busy", "The gateway is busy"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "broken", "The record of messages cannot be read"),
        };
        Problem::new(status, kind, title, e.to_string())
    }
}

impl From<AuthError> for Problem {
    fn from(e: AuthError) -> Problem {
        match e {
            AuthError::Busy => {
                let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The gateway is busy", e.to_string());
                Problem { retry_after: Some(1000), ..busy }
            }
            // Whoever is refused is not told which part was wrong; the log is.
            _ => Problem::unauthorized(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_core::NoRoute;

    #[test]
    fn every_refusal_has_its_status() {
        let cases = [
            (SubmitError::NoRoute(NoRoute::Nothing("1".into())), 422),
            (SubmitError::SenderNotAllowed("x".into()), 403),
            (SubmitError::Throttled { rate: 1, retry_after_ms: 1500 }, 429),
            (SubmitError::Quota { limit: 1, period: "day" }, 429),
            (SubmitError::Expired, 400),
            (SubmitError::Busy("x".into()), 503),
            (SubmitError::Broken("x".into()), 500),
        ];
        for (e, status) in cases {
            let p = Problem::from(&e);
            assert_eq!(p.status.as_u16(), status, "{e}");
            assert_eq!(p.to_json()["detail"], e.to_string());
        }
        let response = Problem::from(SubmitError::Throttled { rate: 1, retry_after_ms: 1500 }).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
    }
}
