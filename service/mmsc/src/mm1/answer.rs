//! What phones and browsers are answered.

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use waxwing_mms::{Deletion, EncodedText, Header, Pdu, PduType, ResponseStatus, StoreStatus};

use super::MMS;
use crate::pdus;

/// Shorter answers are not worth compressing.
const SMALL: usize = 1400;

/// An answer in the making.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) content_type: HeaderValue,
    pub(crate) body: Bytes,
    /// Worth compressing for who takes that.
    pub(crate) is_text: bool,
    /// Pages are not to be kept or framed by others.
    pub(crate) page: bool,
    /// A name for the file, where a part is downloaded.
    pub(crate) download: Option<HeaderValue>,
    pub(crate) retry_after: Option<u64>,
}

impl Reply {
    fn new(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Reply {
        Reply { status, content_type, body, is_text: false, page: false, download: None, retry_after: None }
    }

    /// A line for people.
    pub(crate) fn text(status: StatusCode, text: &str) -> Reply {
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(2);
        let body = Bytes::from(format!("{text}\n"));
        Reply { retry_after, ..Reply::new(status, HeaderValue::from_static("text/plain; charset=utf-8"), body) }
    }

    /// A page.
    pub(crate) fn html(status: StatusCode, html: String) -> Reply {
        let body = Bytes::from(html);
        Reply { is_text: true, page: true, ..Reply::new(status, HeaderValue::from_static("text/html; charset=utf-8"), body) }
    }

    /// Something of a page.
    pub(crate) fn part(content_type: HeaderValue, body: Bytes) -> Reply {
        Reply { page: true, ..Reply::new(StatusCode::OK, content_type, body) }
    }

    /// The octets of a PDU.
    pub(crate) fn octets(body: Bytes) -> Reply {
        Reply::new(StatusCode::OK, HeaderValue::from_static(MMS), body)
    }

    /// A PDU; phones wait for 200 whatever it says.
    pub(crate) fn pdu(pdu: &Pdu) -> Reply {
        match pdu.encode() {
            Ok(octets) => Reply::octets(Bytes::from(octets)),
            Err(e) => Reply::text(StatusCode::INTERNAL_SERVER_ERROR, &e.to_string()),
        }
    }

    /// Nothing more is to be said. Some phones take only 200 for success.
    pub(crate) fn done() -> Reply {
        Reply::new(StatusCode::OK, HeaderValue::from_static(MMS), Bytes::new())
    }

    pub(crate) fn into_response(self, asked: &HeaderMap) -> Response<Full<Bytes>> {
        let (mut body, mut is_gzip) = (self.body, false);
        if self.is_text
            && body.len() >= SMALL
            && takes_gzip(asked)
            && let Some(smaller) = compressed(&body)
        {
            (body, is_gzip) = (smaller, true);
        }
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.content_type);
        if self.is_text {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if is_gzip {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(name) = self.download {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
        if self.page {
            let page = [
                (header::CACHE_CONTROL, "private, no-store"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::X_FRAME_OPTIONS, "DENY"),
                (header::REFERRER_POLICY, "no-referrer"),
                (
                    header::CONTENT_SECURITY_POLICY,
                    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                     frame-ancestors 'none'; sandbox allow-downloads",
                ),
            ];
            for (name, value) in page {
                headers.insert(name, HeaderValue::from_static(value));
            }
            headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
        }
        response
    }
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let given = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    given.flat_map(|v| v.split(',')).any(|coding| {
        let mut words = coding.split(';').map(str::trim);
        let is_gzip = words.next().is_some_and(|c| c.eq_ignore_ascii_case("gzip") || c == "*");
        is_gzip && !words.any(|q| matches!(q, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn compressed(body: &[u8]) -> Option<Bytes> {
    use std::io::Write as _;
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().filter(|out| out.len() < body.len()).map(Bytes::from)
}

/// The answer that a request of this kind gets when it is refused.
pub(crate) fn refusal(request: &Pdu, status: ResponseStatus, text: &str) -> Reply {
    let version = pdus::version(request.version.0.into());
    let id = request.transaction_id.clone().unwrap_or_default();
    let text: Option<EncodedText> = Some(text.into());
    let store = match status {
        s if s.is_transient() => StoreStatus::TransientFailure,
        ResponseStatus::PermanentFormatCorrupt => StoreStatus::PermanentFormatCorrupt,
        ResponseStatus::PermanentMessageNotFound => StoreStatus::PermanentMessageNotFound,
        _ => StoreStatus::PermanentServiceDenied,
    };
    match request.kind {
        PduType::ForwardReq => Reply::pdu(&Pdu::forward_conf(version, id, status, text, None)),
        PduType::MboxViewReq => match Pdu::mbox_view_conf(version, id, status, text, &[]) {
            Ok(conf) => Reply::pdu(&conf),
            Err(e) => Reply::text(StatusCode::INTERNAL_SERVER_ERROR, &e.to_string()),
        },
        PduType::MboxDeleteReq => Reply::pdu(&Pdu::mbox_delete_conf(version, id, deletions(request, status, text))),
        PduType::DeleteReq => Reply::pdu(&Pdu::delete_conf(version, id, deletions(request, status, text))),
        PduType::MboxStoreReq => Reply::pdu(&Pdu::mbox_store_conf(version, id, None, store, text)),
        PduType::MboxUploadReq => Reply::pdu(&Pdu::mbox_upload_conf(version, id, None, store, text)),
        _ => Reply::pdu(&Pdu::send_conf(version, id, status, text, None)),
    }
}

/// What became of a message that was to be deleted. A location that cannot be written is not told again; its number is.
pub(crate) fn deletion(location: &str, status: ResponseStatus) -> Deletion {
    let can_be_told = Header::ContentLocation(location.to_owned()).write(&mut Vec::new()).is_ok();
    Deletion { location: can_be_told.then(|| location.to_owned()), status, text: None }
}

/// The same for each message that was to be deleted.
fn deletions(request: &Pdu, status: ResponseStatus, text: Option<EncodedText>) -> Vec<Deletion> {
    let all: Vec<Deletion> =
        request.content_locations().map(|location| Deletion { text: text.clone(), ..deletion(location, status) }).collect();
    if all.is_empty() { vec![Deletion { location: None, status, text }] } else { all }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn asked(coding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(coding))])
    }

    #[test]
    fn only_text_is_compressed_and_only_for_who_takes_it() {
        let long = "x".repeat(5000);
        let encoding = |reply: Reply, coding| reply.into_response(&asked(coding)).headers().get(header::CONTENT_ENCODING).cloned();
        assert_eq!(encoding(Reply::html(StatusCode::OK, long.clone()), "gzip, deflate").unwrap(), "gzip");
        assert_eq!(encoding(Reply::html(StatusCode::OK, long.clone()), "gzip;q=0, br"), None);
        assert_eq!(encoding(Reply::html(StatusCode::OK, "short".into()), "gzip"), None);
        assert_eq!(encoding(Reply::octets(Bytes::from(long)), "gzip"), None);
    }
}
