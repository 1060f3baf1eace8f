//! The style sheet and the script.

use axum::response::{IntoResponse, Response};
use http::header;

pub(crate) async fn css() -> Response {
    asset("text/css; charset=utf-8", include_str!("assets/console.css"))
}

pub(crate) async fn js() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("assets/console.js"))
}

fn asset(content_type: &'static str, content: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, content).into_response()
}
