//! The OpenAPI 3.1 description of `/api/v1`, made from the handlers themselves.

use std::sync::OnceLock;

use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

use super::{messages, mms, node, push, submit, subscribers};

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "describes what Problem::to_json writes")]
pub(crate) struct ProblemBody {
    /// `urn:waxwing:problem:KIND`
    #[schema(example = "urn:waxwing:problem:invalid")]
    r#type: String,
    /// What kind of problem.
    title: String,
    /// The response's status.
    status: u16,
    /// What is wrong here and how to mend it.
    detail: String,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Waxwing",
        description = "An SMS and MMS gateway. Messages are stored durably before they are acknowledged. Receipts and received messages are pushed to webhooks signed as Standard Webhooks has it.",
        license(name = "MIT OR Apache-2.0")
    ),
    servers((url = "/api/v1")),
    paths(
        submit::submit,
        push::submit,
        mms::submit,
        mms::content,
        mms::part,
        messages::search,
        messages::get,
        messages::cancel,
        messages::replay,
        node::connectors,
        node::queues,
        node::account,
        subscribers::list,
        subscribers::create,
        subscribers::get,
        subscribers::replace,
        subscribers::change,
        subscribers::delete,
    ),
    components(schemas(ProblemBody)),
    modifiers(&Basic),
    tags(
        (name = "messages", description = "Sending messages and following them"),
        (name = "gateway", description = "The state of the gateway, for administrators"),
        (name = "account", description = "The account that asks"),
        (name = "subscribers", description = "The phones that the message centre serves, for administrators"),
    )
)]
struct Document;

struct Basic;

impl Modify for Basic {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some("Name and password of an account.")).build();
        openapi.components.get_or_insert_default().add_security_scheme("basic", SecurityScheme::Http(scheme));
    }
}

/// The document, as JSON.
pub(crate) fn document() -> &'static str {
    static JSON: OnceLock<String> = OnceLock::new();
    // The document is plain data; it cannot fail to become JSON.
    JSON.get_or_init(|| Document::openapi().to_json().unwrap_or_default())
}

pub(crate) async fn serve() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document()).into_response()
}
