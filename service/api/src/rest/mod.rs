//! `/api/v1`: REST in JSON, described by OpenAPI.

mod messages;
mod mms;
mod mms_body;
mod node;
mod openapi;
mod push;
mod request;
mod submit;
mod subscribers;

use axum::Router;
use axum::routing::{get, post};
use http::{Method, StatusCode, Uri};

use crate::{ApiState, Problem};

pub(crate) use messages::rfc3339;
pub(crate) use request::MAX_CALLBACK;
pub(crate) use submit::{SubmitItem, SubmitReply, direct};

/// Every path with its methods; a test compares it with the OpenAPI document.
#[cfg(test)]
pub(crate) const ROUTES: [(&str, &[&str]); 12] = [
    ("/messages", &["get", "post"]),
    ("/messages/{id}", &["get", "delete"]),
    ("/messages/{id}/replay", &["post"]),
    ("/mms", &["post"]),
    ("/mms/{id}/content", &["get"]),
    ("/mms/{id}/content/{number}", &["get"]),
    ("/push", &["post"]),
    ("/connectors", &["get"]),
    ("/queues", &["get"]),
    ("/account", &["get"]),
    ("/subscribers", &["get", "post"]),
    ("/subscribers/{number}", &["get", "put", "patch", "delete"]),
];

/// The routes.
pub(crate) fn router() -> Router<ApiState> {
    Router::new()
        .route("/api/v1/messages", get(messages::search).post(submit::submit).fallback(method))
        .route("/api/v1/messages/{id}", get(messages::get).delete(messages::cancel).fallback(method))
        .route("/api/v1/messages/{id}/replay", post(messages::replay).fallback(method))
        .route("/api/v1/mms", post(mms::submit).fallback(method))
        .route("/api/v1/mms/{id}/content", get(mms::content).fallback(method))
        .route("/api/v1/mms/{id}/content/{number}", get(mms::part).fallback(method))
        .route("/api/v1/push", post(push::submit).fallback(method))
        .route("/api/v1/connectors", get(node::connectors).fallback(method))
        .route("/api/v1/queues", get(node::queues).fallback(method))
        .route("/api/v1/account", get(node::account).fallback(method))
        .route("/api/v1/subscribers", get(subscribers::list).post(subscribers::create).fallback(method))
        .route(
            "/api/v1/subscribers/{number}",
            get(subscribers::get).put(subscribers::replace).patch(subscribers::change).delete(subscribers::delete).fallback(method),
        )
        .route("/api/v1/openapi.json", get(openapi::serve).fallback(method))
        .route("/api/{*path}", axum::routing::any(unknown))
}

async fn method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} cannot be used with {}; see /api/v1/openapi.json", method, uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "The method is not allowed", detail)
}

async fn unknown(uri: Uri) -> Problem {
    Problem::not_found(format!("there is no {}; see /api/v1/openapi.json", uri.path()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_route_is_in_the_openapi_document() {
        let doc: serde_json::Value = serde_json::from_str(openapi::document()).unwrap();
        assert_eq!(doc["openapi"], "3.1.0");
        let paths = doc["paths"].as_object().unwrap();
        assert_eq!(paths.len(), ROUTES.len());
        for (path, methods) in ROUTES {
            let mut found: Vec<_> = paths[path].as_object().unwrap().keys().map(String::as_str).collect();
            let mut expected = methods.to_vec();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{path}");
        }
        let text = openapi::document();
        for name in [
            "ProblemBody",
            "SubmitReply",
            "MessageRequest",
            "Recipients",
            "PushRequest",
            "Special",
            "Si",
            "Octets",
            "MmsBody",
            "MmsContent",
            "SubscriberRequest",
        ] {
            assert!(doc["components"]["schemas"][name].is_object(), "{name} in {text}");
        }
    }
}
