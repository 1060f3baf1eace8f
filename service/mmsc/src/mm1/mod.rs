//! MM1: phones over HTTP. POST hands in PDUs, GET fetches messages by their tokens.

mod answer;
mod fetch;
mod forward;
mod identity;
mod mailbox;
mod reports;
mod send;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use tokio::sync::Semaphore;
use waxwing_api::{Peer, Problem, read_body};
use waxwing_mms::{DecodeError, Pdu, PduType, ResponseStatus};

use crate::{Centre, page, pdus, token};

pub(crate) use answer::Reply;
pub(crate) use send::describe;

/// The content type of PDUs.
pub(crate) const MMS: &str = waxwing_wap::mms::CONTENT_TYPE;
/// What a PDU may have besides its content, octets.
const HEADERS: usize = 64 << 10;
/// Octets that one permit of the upload memory stands for.
const UNIT: usize = 1024;

/// The door of phones and browsers.
#[derive(Clone)]
pub(crate) struct Door {
    centre: Centre,
    uploads: Arc<Semaphore>,
}

/// A request without its body.
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: SocketAddr,
}

impl Door {
    pub(crate) fn new(centre: Centre) -> Door {
        let permits = (centre.options.upload_memory / UNIT).clamp(1, Semaphore::MAX_PERMITS);
        Door { centre, uploads: Arc::new(Semaphore::new(permits)) }
    }

    /// Answers a request.
    pub(crate) async fn answer(self, request: Request<Incoming>, Peer(peer): Peer) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let asked = Asked { path: parts.uri.path().to_owned(), headers: parts.headers, peer };
        let reply = match parts.method {
            Method::HEAD if self.is_fetch(&asked) => Reply::octets(Bytes::new()),
            Method::GET | Method::HEAD => self.get(&asked).await,
            Method::POST => match self.read(&asked, body).await {
                Ok(octets) => self.post(&asked, octets).await,
                Err(problem) => {
                    self.centre.bad_input("mm1", "body", Some(peer), &problem.detail);
                    Reply::text(problem.status, &problem.detail)
                }
            },
            _ => Reply::text(StatusCode::METHOD_NOT_ALLOWED, "Use GET or POST."),
        };
        let mut response = reply.into_response(&asked.headers);
        if parts.method == Method::HEAD {
            *response.body_mut() = Full::default();
        }
        Ok(response)
    }

    /// Whether it asks for a message that waits. HEAD fetches nothing, and nothing is adapted for it.
    fn is_fetch(&self, asked: &Asked) -> bool {
        asked.path.strip_prefix("/m/").is_some_and(|word| token::is_token(word) && self.centre.waiting(word).is_some())
    }

    async fn get(&self, asked: &Asked) -> Reply {
        let mut words = asked.path.split('/').skip(1);
        match (words.next(), words.next(), words.next()) {
            (Some("m"), Some(token), None) => self.centre.fetch(token, asked).await,
            (Some("b"), Some(token), None) => self.centre.fetch_kept(token, asked).await,
            (Some("l"), Some(link), part) if words.next().is_none() => page::answer(&self.centre, link, part, asked).await,
            (Some(""), None, None) => {
                Reply::text(StatusCode::OK, "This is a multimedia message centre. Phones use this address as their MMSC.")
            }
            _ => Reply::text(StatusCode::NOT_FOUND, "There is nothing here."),
        }
    }

    /// The body of an upload: refused before it is read where it is too large, and read within the memory that uploads may take.
    async fn read(&self, asked: &Asked, body: Incoming) -> Result<Bytes, Problem> {
        let most = self.centre.options.max_size + HEADERS;
        let said = body.size_hint().exact().map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        if said.is_some_and(|n| n > most) {
            return Err(Problem::too_large(most));
        }
        let permits = u32::try_from(said.unwrap_or(most) / UNIT + 1).unwrap_or(u32::MAX);
        let Ok(_permit) = self.uploads.try_acquire_many(permits) else {
            let detail = "too many messages are being uploaded at the moment";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Try again later", detail));
        };
        let octets = read_body(body, most).await?;
        match asked.headers.get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok()).map(str::to_ascii_lowercase).as_deref() {
            None | Some("identity") => Ok(octets),
            Some("gzip" | "x-gzip") => inflate(&octets, most),
            Some(other) => {
                let detail = format!("the Content-Encoding {other:?} is not known; send gzip or none");
                Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "encoding", "The body cannot be decoded", detail))
            }
        }
    }

    async fn post(&self, asked: &Asked, octets: Bytes) -> Reply {
        let decoded = match Pdu::decode_headers(octets) {
            Ok(d) => d.pdu,
            Err(e) => return self.undecodable(asked, &e),
        };
        let centre = &self.centre;
        // Before anything is done: what is to be answered by a PDU, and has no transaction, has no answer that could tell of it.
        let is_told = matches!(decoded.kind, PduType::NotifyRespInd | PduType::AcknowledgeInd | PduType::ReadRecInd | PduType::CancelConf);
        if !is_told && !decoded.transaction_id.as_deref().is_some_and(can_be_told) {
            centre.bad_input("mm1", "pdu", Some(asked.peer), &format!("{} without X-Mms-Transaction-Id", decoded.kind));
            return Reply::text(StatusCode::BAD_REQUEST, "X-Mms-Transaction-Id is missing.");
        }
        match decoded.kind {
            PduType::SendReq => centre.send_req(decoded, asked).await,
            PduType::NotifyRespInd | PduType::AcknowledgeInd => centre.retrieved(&decoded, asked).await,
            PduType::ReadRecInd => centre.read_rec(&decoded, asked).await,
            PduType::ForwardReq => centre.forward_req(&decoded, asked).await,
            PduType::MboxStoreReq => centre.mbox_store(&decoded, asked).await,
            PduType::MboxViewReq => centre.mbox_view(&decoded, asked).await,
            PduType::MboxUploadReq => centre.mbox_upload(&decoded, asked).await,
            PduType::MboxDeleteReq => centre.mbox_delete(&decoded, asked).await,
            PduType::DeleteReq => centre.delete_req(&decoded, asked).await,
            PduType::CancelConf => Reply::done(),
            kind => {
                centre.bad_input("mm1", "kind", Some(asked.peer), &format!("{kind} is not offered"));
                answer::refusal(&decoded, ResponseStatus::UnsupportedMessage, "This message centre does not offer that.")
            }
        }
    }

    /// What cannot be read gets the protocol's own answer, where enough was read for one.
    fn undecodable(&self, asked: &Asked, e: &DecodeError) -> Reply {
        self.centre.bad_input("mm1", "pdu", Some(asked.peer), &e.to_string());
        let Some(id) = e.transaction_id.clone().filter(|id| can_be_told(id)) else {
            return Reply::text(StatusCode::BAD_REQUEST, &e.to_string());
        };
        let status = match (e.kind, &e.problem) {
            (None, waxwing_mms::Problem::MessageType(_)) => ResponseStatus::UnsupportedMessage,
            _ => ResponseStatus::PermanentFormatCorrupt,
        };
        let version = e.version.map_or(pdus::VERSION, |v| pdus::version(v.0.into()));
        Reply::pdu(&Pdu::send_conf(version, id, status, Some(e.to_string().into()), None))
    }
}

/// Whether a transaction can be named in an answer: some have nothing in it, or begin with what is no text.
fn can_be_told(id: &str) -> bool {
    id.starts_with(|first: char| !first.is_control())
}

fn inflate(octets: &[u8], most: usize) -> Result<Bytes, Problem> {
    use std::io::Read as _;
    let mut out = Vec::new();
    match GzDecoder::new(octets).take(most as u64 + 1).read_to_end(&mut out) {
        Ok(_) if out.len() > most => Err(Problem::too_large(most)),
        Ok(_) => Ok(Bytes::from(out)),
        Err(e) => Err(Problem::invalid(format!("the body is not gzip: {e}"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write as _;

    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_small_body_does_not_become_a_large_one() {
        let mut bomb = GzEncoder::new(Vec::new(), flate2::Compression::best());
        bomb.write_all(&vec![0; 10 << 20]).unwrap();
        let bomb = bomb.finish().unwrap();
        assert!(bomb.len() < 20_000);
        assert_eq!(inflate(&bomb, 1 << 20).unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(inflate(&bomb, 10 << 20).unwrap().len(), 10 << 20);
        assert_eq!(inflate(b"no gzip", 100).unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
