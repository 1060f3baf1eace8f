//! Forms that were posted, read only where they come from one of our own pages.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use subtle::ConstantTimeEq;
use waxwing_api::read_body;

use crate::page;
use crate::session::SignedIn;

/// Largest form, octets.
const LIMIT: usize = 256 * 1024;
/// Largest form with files, octets.
const FILES_LIMIT: usize = 8 << 20;

/// The fields of a form.
#[derive(Debug, Default)]
pub(crate) struct Posted {
    fields: HashMap<String, String>,
    /// Files that were chosen, by field; several of a field in their order.
    files: Vec<(String, Upload)>,
}

/// A file that was chosen.
#[derive(Debug)]
pub(crate) struct Upload {
    /// What it is called on the visitor's machine.
    pub(crate) name: String,
    /// What the browser says that it is.
    pub(crate) media_type: String,
    /// What is in it.
    pub(crate) octets: Bytes,
}

impl Posted {
    /// A field, empty where it is absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The same with a field of that value, where it has none.
    pub(crate) fn or(mut self, name: &str, value: &str) -> Posted {
        self.fields.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        self
    }

    /// Whether the field is there at all, even empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// A file that was chosen and is not empty.
    pub(crate) fn file<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        self.files(name).next().map(|f| &f.octets[..])
    }

    /// All files of a field that are not empty.
    pub(crate) fn files<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a Upload> {
        self.files.iter().filter(move |(f, upload)| f == field && !upload.octets.is_empty()).map(|(_, upload)| upload)
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
        let media = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if media.starts_with("multipart/form-data") {
            return with_files(request).await;
        }
        let body = read_body(request.into_body(), LIMIT).await.map_err(IntoResponse::into_response)?;
        Ok(Posted { fields: url::form_urlencoded::parse(&body).into_owned().collect(), files: Vec::new() })
    }
}

async fn with_files(request: Request) -> Result<Posted, Response> {
    let broken = |e: axum::extract::multipart::MultipartError| page::error(StatusCode::BAD_REQUEST, &e.body_text());
    let (parts, body) = request.into_parts();
    let whole = read_body(body, FILES_LIMIT).await.map_err(IntoResponse::into_response)?;
    let request = Request::from_parts(parts, Body::from(whole));
    let mut form = Multipart::from_request(request, &()).await.map_err(IntoResponse::into_response)?;
    let mut posted = Posted::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let media_type = field.content_type().unwrap_or_default().to_owned();
        let octets = field.bytes().await.map_err(broken)?;
        match file {
            Some(file) => posted.files.push((name, Upload { name: file, media_type, octets })),
            None => drop(posted.fields.insert(name, String::from_utf8_lossy(&octets).into_owned())),
        }
    }
    Ok(posted)
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
