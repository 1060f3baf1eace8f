//! Pushes over SMS: with ports in the user data header, in as many segments as they take, and back.

use waxwing_gsm::segment::{Limits, Segment, SegmentError, segment_octets};
use waxwing_gsm::udh::{Element, Ports, UserDataHeader};

use crate::Document;
use crate::charset::Charset;
use crate::document::{is_xml_type, language_of};
use crate::error::{DecodeError, EncodeError};
use crate::mms;
use crate::push::{self, Push};
use crate::security::{Secret, SecretError, Security};
use crate::wbxml::Options;
use crate::wsp::{ContentType, HeaderName, HeaderValue, Parameter};

/// Where WAP Push goes, from the port of connectionless WSP.
pub const PUSH: Ports = Ports { destination: 2948, source: 9200, wide: true };
/// Where WAP Push goes that WTLS protects.
pub const PUSH_SECURE: Ports = Ports { destination: 2949, source: 9203, wide: true };
/// Where the settings and bookmarks of Nokia and Ericsson go.
pub const OTA: Ports = Ports { destination: 49_999, source: 0, wide: true };

/// What to send of a document: the push, and where it goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outgoing {
    /// The push, to which header fields can be added.
    pub push: Push,
    /// The ports.
    pub ports: Ports,
    /// What the user has to type in, if there is a secret that has such a part.
    pub user_pin: Option<String>,
}

/// Why a document can't be sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The document or the push have no coding.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The PIN or the IMSI is none.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// There is a secret, and the document is none that has one.
    #[error("a PIN goes with client provisioning only, and this is {0}")]
    NoSecret(&'static str),
    /// The push takes more segments than are allowed.
    #[error(transparent)]
    Segment(#[from] SegmentError),
}

impl Outgoing {
    /// The push of a document, as phones expect it: content type, application and charset.
    ///
    /// # Errors
    /// A rule of the document is broken, or the secret is none or has no place.
    pub fn of(document: &Document, secret: Option<&Secret>, options: Options, transaction_id: u8) -> Result<Self, SendError> {
        let wbxml = document.to_wbxml(options)?;
        let mut content_type = ContentType::new(document.content_type());
        let mut user_pin = None;
        if let Some(secret) = secret {
            if !matches!(document, Document::Provisioning(_)) {
                return Err(SendError::NoSecret(document.kind()));
            }
            content_type = secret.content_type(&wbxml)?;
            user_pin = secret.user_pin(&wbxml)?;
        }
        let ports = match document {
            Document::Ota(_) => {
                content_type = content_type.with(Parameter::charset(Charset::UTF_8));
                OTA
            }
            _ => PUSH,
        };
        let mut push = Push { transaction_id, ..Push::new(content_type, wbxml) };
        let application = match document {
            Document::Emn(_) => Some(9),
            Document::Rights(_) => Some(8),
            _ => None,
        };
        if let Some(application) = application {
            push.headers.push(HeaderName::APPLICATION_ID, HeaderValue::Short(application));
        }
        Ok(Self { push, ports, user_pin })
    }

    /// The push PDU.
    ///
    /// # Errors
    /// A header field that was added has no coding.
    pub fn pdu(&self) -> Result<Vec<u8>, EncodeError> {
        self.push.encode()
    }

    /// The user data of one message, however long: the header with the ports, and the PDU. Who sends it splits it.
    ///
    /// # Errors
    /// As [`pdu`](Self::pdu).
    pub fn user_data(&self) -> Result<Vec<u8>, EncodeError> {
        Ok(user_data(&self.pdu()?, self.ports))
    }

    /// The segments.
    ///
    /// # Errors
    /// The push takes more segments than the limits allow, or a header field that was added has no coding.
    pub fn segments(&self, limits: Limits, reference: u16) -> Result<Vec<Segment>, SendError> {
        Ok(segments(&self.pdu()?, self.ports, limits, reference)?)
    }
}

/// A header with ports.
fn header(ports: Ports) -> UserDataHeader {
    let element = match (u8::try_from(ports.destination), u8::try_from(ports.source)) {
        (Ok(destination), Ok(source)) if !ports.wide => Element::Ports8 { destination, source },
        _ => Element::Ports16 { destination: ports.destination, source: ports.source },
    };
    let mut header = UserDataHeader::new();
    // An empty header has room for one element.
    let _ = header.push(element);
    header
}

/// The user data of one message, however long: a header with ports, and a PDU.
pub fn user_data(pdu: &[u8], ports: Ports) -> Vec<u8> {
    [header(ports).encode().as_slice(), pdu].concat()
}

/// The segments of a PDU, each with the ports.
///
/// # Errors
/// The PDU takes more segments than the limits allow.
pub fn segments(pdu: &[u8], ports: Ports, limits: Limits, reference: u16) -> Result<Vec<Segment>, SegmentError> {
    segment_octets(pdu, &header(ports), limits, reference)
}

/// A push that came.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// The push, and what was wrong with it.
    pub decoded: push::Decoded,
    /// What it holds.
    pub content: Content,
}

/// What a push holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// A document, and what says whom it comes from.
    Document(Document, Option<Security>),
    /// The octets of an MMS PDU: mostly m-notification-ind, else a report.
    Mms(Vec<u8>),
    /// Something else; its content type is that of the push.
    Other,
    /// A document that can't be read, and why.
    Unreadable(String),
}

/// What a push holds, in a word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Cache operation.
    Co,
    /// E-mail notification.
    Emn,
    /// MMS notification, or another PDU of MMS.
    MmsNotification,
    /// Bookmarks of Nokia and Ericsson.
    OtaBookmark,
    /// Settings of Nokia and Ericsson.
    OtaSettings,
    /// Client provisioning.
    Provisioning,
    /// DRM rights.
    Rights,
    /// Service indication.
    Si,
    /// Service loading.
    Sl,
    /// Something else, or a document that can't be read, of this content type.
    Other(String),
}

/// The ports are ones that pushes come to.
pub fn is_push(ports: Ports) -> bool {
    [PUSH.destination, PUSH_SECURE.destination, OTA.destination].contains(&ports.destination)
}

/// Reads what came to the ports of pushes; parts are to be joined first. `None` if the ports are others.
///
/// # Errors
/// It is no push PDU.
pub fn receive(ports: Ports, payload: &[u8]) -> Option<Result<Received, DecodeError>> {
    is_push(ports).then(|| Received::decode(payload))
}

impl Received {
    /// Reads a push PDU and what it holds.
    ///
    /// # Errors
    /// It is no push PDU. What it holds may be unreadable all the same; then [`Content::Unreadable`] says why.
    pub fn decode(pdu: &[u8]) -> Result<Self, DecodeError> {
        let decoded = Push::decode(pdu)?;
        let content = Content::of(&decoded.push);
        Ok(Self { decoded, content })
    }

    /// What the push holds, in a word.
    pub fn kind(&self) -> Kind {
        match &self.content {
            Content::Document(document, _) => match document {
                Document::Co(_) => Kind::Co,
                Document::Emn(_) => Kind::Emn,
                Document::Ota(ota) if ota.is_bookmarks() => Kind::OtaBookmark,
                Document::Ota(_) => Kind::OtaSettings,
                Document::Provisioning(_) => Kind::Provisioning,
                Document::Rights(_) => Kind::Rights,
                Document::Si(_) => Kind::Si,
                Document::Sl(_) => Kind::Sl,
            },
            Content::Mms(_) => Kind::MmsNotification,
            Content::Other | Content::Unreadable(_) => Kind::Other(self.decoded.push.content_type.to_string()),
        }
    }
}

impl Content {
    /// What a push holds.
    pub fn of(push: &Push) -> Self {
        let content_type = &push.content_type;
        let document = |document| Self::Document(document, Security::of(content_type));
        if content_type.is(mms::CONTENT_TYPE) {
            return Self::Mms(push.body.clone());
        }
        let read = if let Some(language) = language_of(&content_type.media) {
            Document::from_wbxml_as(&push.body, language).map_err(|error| error.to_string())
        } else if content_type.is("application/vnd.wap.wbxml") {
            Document::from_wbxml(&push.body).map_err(|error| error.to_string())
        } else if is_xml_type(&content_type.media) {
            Document::from_xml_octets(&push.body, content_type.charset()).map_err(|error| error.to_string())
        } else {
            return Self::Other;
        };
        read.map_or_else(Self::Unreadable, document)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use waxwing_gsm::segment::Concat;

    use super::*;
    use crate::document::{Ota, Si};

    #[test]
    fn a_short_push_goes_in_one_segment() {
        let document = Document::Si(Si::new("http://wap.ozeki.hu", "Ozeki"));
        let outgoing = Outgoing::of(&document, None, Options::default(), 0xea).unwrap();
        let segments = outgoing.segments(Limits::default(), 1).unwrap();
        let [segment] = &segments[..] else { panic!("{segments:?}") };
        assert_eq!(segment.user_data(), outgoing.user_data().unwrap());
        assert_eq!(
            segment.user_data(),
            b"\x06\x05\x04\x0b\x84\x23\xf0\xea\x06\x01\xae\x02\x05\x6a\0\x45\xc6\x0c\x03wap.ozeki.hu\0\x01\x03Ozeki\0\x01\x01"
        );
    }

    #[test]
    fn long_pushes_are_split_and_limited() {
        let document = Document::Si(Si::new(format!("http://a.b/{}", "x".repeat(400)), "Long"));
        let outgoing = Outgoing::of(&document, None, Options::default(), 1).unwrap();
        for (concat, room, header) in [(Concat::Udh8, 128, 12), (Concat::Udh16, 127, 13)] {
            let segments = outgoing.segments(Limits { concat, ..Limits::default() }, 0x1234).unwrap();
            assert_eq!(segments.len(), outgoing.pdu().unwrap().len().div_ceil(room));
            assert!(segments.iter().all(|segment| segment.udh.len() == header && segment.user_data().len() <= 140));
            let joined: Vec<u8> = segments.iter().flat_map(|segment| segment.payload.to_vec()).collect();
            let (parsed, _) = UserDataHeader::parse(&segments[0].udh).unwrap();
            let received = receive(parsed.ports().unwrap(), &joined).unwrap().unwrap();
            assert_eq!(received.content, Content::Document(document.clone(), None));
        }
        let error = outgoing.segments(Limits { max_segments: 3, ..Limits::default() }, 1).unwrap_err();
        assert_eq!(error.to_string(), "the message takes 4 segments and 3 are allowed; shorten it or raise the limit");
    }

    #[test]
    fn bookmarks_go_to_the_port_of_nokia() {
        let document = Document::Ota(Ota::bookmark("T", "http://a"));
        let outgoing = Outgoing::of(&document, None, Options::default(), 1).unwrap();
        assert!(
            outgoing
                .user_data()
                .unwrap()
                .starts_with(b"\x06\x05\x04\xc3\x4f\0\0\x01\x06\x2d\x1f\x2bapplication/x-wap-prov.browser-bookmarks\0\x81\xea")
        );
        assert_eq!(receive(OTA, &outgoing.pdu().unwrap()).unwrap().unwrap().kind(), Kind::OtaBookmark);
        let secret = Secret::UserPin { pin: "1234".to_owned() };
        let error = Outgoing::of(&document, Some(&secret), Options::default(), 1).unwrap_err();
        assert_eq!(error.to_string(), "a PIN goes with client provisioning only, and this is OTA bookmark");
    }

    #[test]
    fn other_pushes_are_told_by_their_type() {
        let push = Push::new(ContentType::new("application/vnd.syncml.notification"), vec![1, 2]);
        let received = receive(PUSH, &push.encode().unwrap()).unwrap().unwrap();
        assert_eq!(received.kind(), Kind::Other("application/vnd.syncml.notification".to_owned()));
        let text = Push::new(ContentType::new("text/vnd.wap.sl"), b"<sl href=\"http://a\"/>".to_vec());
        assert_eq!(receive(PUSH, &text.encode().unwrap()).unwrap().unwrap().kind(), Kind::Sl);
        let broken = Push::new(ContentType::new("application/vnd.wap.sic"), vec![2, 5]);
        assert!(matches!(receive(PUSH, &broken.encode().unwrap()).unwrap().unwrap().content, Content::Unreadable(_)));
        assert_eq!(receive(Ports { destination: 5505, source: 0, wide: true }, b""), None);
    }
}
