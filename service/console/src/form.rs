//! Forms that were posted, read only where they come from one of our own pages.

use std::collections::HashMap;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use subtle::ConstantTimeEq;
use waxwing_api::read_body;

use crate::page;
use crate::session::SignedIn;

/// Largest form, octets.
const LIMIT: usize = 256 * 1024;

/// The fields of a form.
#[derive(Debug, Default)]
pub(crate) struct Posted(HashMap<String, String>);

impl Posted {
    /// A field, empty where it is absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Whether it carries the session's token.
    ///
    /// # Errors
    /// 403 as a page.
    pub(crate) fn check(&self, who: &SignedIn) -> Result<(), Box<Response>> {
        if bool::from(self.get("csrf").as_bytes().ct_eq(who.csrf.as_bytes())) {
            return Ok(());
        }
        let words = "This form is older than your session. Go back, load the page again and repeat.";
        Err(Box::new(page::error(StatusCode::FORBIDDEN, words)))
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Posted, Response> {
        if !is_same_origin(request.headers()) {
            return Err(page::error(StatusCode::FORBIDDEN, "This form was sent from another site."));
        }
        let body = read_body(request.into_body(), LIMIT).await.map_err(IntoResponse::into_response)?;
        Ok(Posted(url::form_urlencoded::parse(&body).into_owned().collect()))
    }
}

/// Browsers say where a form comes from; what says nothing is no browser.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, o)| o.eq_ignore_ascii_case(host)),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn same(headers: &[(&'static str, &'static str)]) -> bool {
        is_same_origin(&headers.iter().map(|(n, v)| (n.parse::<header::HeaderName>().unwrap(), v.parse().unwrap())).collect())
    }

    #[test]
    fn forms_of_other_sites_are_seen() {
        assert!(same(&[]));
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(!same(&[("sec-fetch-site", "cross-site")]));
        assert!(!same(&[("sec-fetch-site", "same-site"), ("origin", "http://a"), ("host", "a")]));
        assert!(same(&[("origin", "http://127.0.0.1:8800"), ("host", "127.0.0.1:8800")]));
        assert!(!same(&[("origin", "http://evil.example"), ("host", "127.0.0.1:8800")]));
        assert!(!same(&[("origin", "null"), ("host", "127.0.0.1:8800")]));
    }
}
