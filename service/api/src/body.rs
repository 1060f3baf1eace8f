//! Reading request bodies: bounded in size and time, and with errors that say where they are wrong.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;

use crate::Problem;

/// How long a client may take for its body.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The whole of a request's body, at most `limit` octets, within half a minute.
///
/// # Errors
/// 413 when it is larger than `limit`, 408 when it does not come in time, 400 when the connection breaks.
pub async fn read<B>(body: B, limit: usize) -> Result<Bytes, Problem>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    if body.size_hint().lower() > limit as u64 {
        return Err(Problem::too_large(limit));
    }
    match tokio::time::timeout(BODY_TIME, collect(body, limit)).await {
        Ok(whole) => whole,
        Err(_) => {
            let detail = format!("the body did not arrive within {} seconds", BODY_TIME.as_secs());
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", "The request came too slowly", detail))
        }
    }
}

/// What comes in one piece, as most bodies do, is not copied.
async fn collect<B>(mut body: B, limit: usize) -> Result<Bytes, Problem>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| Problem::invalid(format!("the body could not be read: {e}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len().max(all.len()) + data.len() > limit {
            return Err(Problem::too_large(limit));
        }
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// The media type in lower case, without parameters; empty if none is given.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A parameter of the media type.
pub(crate) fn media_type_parameter<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let mut parameters = value.split(';').skip(1).filter_map(|p| p.split_once('='));
    parameters.find(|(n, _)| n.trim().eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().trim_matches('"'))
}

/// Only `application/json` (or `+json`): a page on another site can make a browser post the other types with its stored password.
///
/// # Errors
/// 415 otherwise.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(header::CONTENT_TYPE).is_some_and(|v| v == "application/json") {
        return Ok(());
    }
    let media = media_type(headers);
    if media == "application/json" || media.ends_with("+json") {
        return Ok(());
    }
    let detail = format!("the Content-Type is {media:?}; send application/json");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The body is not JSON", detail))
}

/// Reads JSON.
///
/// # Errors
/// 400 with line and column.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|e| {
        let at = e.valid_up_to();
        Problem::invalid(format!("the body is not UTF-8 at octet {at}; JSON is always UTF-8 (RFC 8259, 8.1)")).with("octet", at)
    })?;
    serde_json::from_str(text).map_err(|e| Problem::invalid(e.to_string()).with("line", e.line()).with("column", e.column()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::body::Body;

    #[test]
    fn json_errors_tell_the_place() {
        let e = json::<Vec<u8>>(b"[1,\n  x]").unwrap_err().to_json();
        assert_eq!((e["line"].as_u64(), e["column"].as_u64(), e["status"].as_u64()), (Some(2), Some(3), Some(400)));
        let e = json::<String>(b"\"\xff\"").unwrap_err().to_json();
        assert_eq!(e["octet"], 1);
        assert!(e["detail"].as_str().unwrap().contains("UTF-8"));
    }

    #[tokio::test]
    async fn bodies_are_bounded() {
        assert_eq!(read(Body::from("12345"), 4).await.unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
        let pieces = futures_util::stream::iter([Ok::<_, std::io::Error>("123"), Ok("45")]);
        assert_eq!(read(Body::from_stream(pieces), 4).await.unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(read(Body::from("1234"), 4).await.unwrap(), "1234");
    }
}
