//! The content of a push: XML becomes WBXML, everything else goes as it is.

use waxwing_push::{Composed, Push, Special};
use waxwing_wap::document::{Document, is_xml_type, language_of};
use waxwing_wap::pap::{Code, Part, to_wsp};
use waxwing_wap::wbxml::Options;
use waxwing_wap::wsp::application_id_code;
use waxwing_wap::{mms, sms};

use super::Refusal;
use crate::ApiState;
use crate::push::plain;

/// `wml.ua`: the browser, which handsets give pushes to that name no application.
const BROWSER: u64 = 2;
/// `mms.ua`.
const MMS: u64 = 4;

/// The message of a content entity.
pub(super) async fn compose(state: &ApiState, part: &Part) -> Result<Composed, Refusal> {
    let special = special(part)?;
    let composed = plain(state, special).await.map_err(|p| Refusal::new(Code::BAD_REQUEST, format!("the content: {}", p.detail)))?;
    composed.into_iter().next().ok_or_else(|| Refusal::new(Code::TRANSFORMATION_FAILURE, "the content gives no message"))
}

fn special(part: &Part) -> Result<Special, Refusal> {
    let bad = |why: String| Refusal::new(Code::BAD_REQUEST, format!("the content: {why}"));
    let content_type = part.field("content-type").ok_or_else(|| bad("it has no Content-Type".to_owned()))?;
    let media = part.content_type().media.to_ascii_lowercase();
    let application = part.field("x-wap-application-id").map(application);
    if media.starts_with("multipart/") {
        let (content_type, octets) = to_wsp(content_type, &part.body).map_err(|e| bad(e.to_string()))?;
        return Ok(push(content_type.to_string(), octets, application, None));
    }
    if is_xml_type(&media) {
        let xml = part.text().ok_or_else(|| bad("it is not text of the charset that it says, or UTF-8".to_owned()))?;
        let xml = xml.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
        let is_generic = matches!(media.as_str(), "text/xml" | "application/xml");
        match (Document::from_xml(xml), application.as_deref()) {
            // XML of any other kind.
            (Err(_), _) if is_generic => {}
            (Ok(document), Some(application)) if application.parse() != Ok(BROWSER) => {
                let octets = document.to_wbxml(Options::default()).map_err(|e| bad(e.to_string()))?;
                return Ok(push(document.content_type().to_owned(), octets, Some(application.to_owned()), None));
            }
            // Composing says what is wrong with it, if anything is.
            _ => return Ok(Special::Document(waxwing_push::Document { xml: xml.to_owned() })),
        }
    }
    if let Some(language) = language_of(&media) {
        let document = Document::from_wbxml_as(&part.body, language).map_err(|e| bad(e.to_string()))?;
        let port = matches!(document, Document::Ota(_)).then_some(sms::OTA.destination);
        return Ok(push(content_type.to_owned(), part.body.clone(), application, port));
    }
    if media == mms::CONTENT_TYPE {
        if !part.body.starts_with(&[0x8c]) {
            return Err(bad("it is no MMS PDU: it does not begin with X-Mms-Message-Type (octet 8C)".to_owned()));
        }
        return Ok(push(content_type.to_owned(), part.body.clone(), application.or_else(|| Some(MMS.to_string())), None));
    }
    Ok(push(content_type.to_owned(), part.body.clone(), application, None))
}

fn push(content_type: String, octets: Vec<u8>, application_id: Option<String>, port: Option<u16>) -> Special {
    Special::Push(Push { content_type, data: octets.into(), application_id, port })
}

/// The number of an application, where its name has one: `x-wap-application:mms.ua`, and any other URI that ends so; else the name.
fn application(given: &str) -> String {
    let name = given.split(';').next().unwrap_or_default().trim();
    let last = name.rsplit(':').next().unwrap_or_default();
    application_id_code(last).map_or_else(|| name.to_owned(), |code| code.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn part(content_type: &str, body: &[u8]) -> Part {
        Part { fields: vec![("content-type".into(), content_type.into())], body: body.to_vec() }
    }

    #[test]
    fn applications_are_numbers_where_they_have_one() {
        for (given, number) in [
            ("x-wap-application:mms.ua", "4"),
            ("http://www.wiral.com:wml.ua", "2"),
            ("7", "7"),
            ("urn:x:own", "urn:x:own"),
            ("mms.ua; a=b", "4"),
        ] {
            assert_eq!(application(given), number);
        }
    }

    #[test]
    fn every_kind_of_content_finds_its_form() {
        let Special::Document(d) = special(&part("text/vnd.wap.sl", b"\n<sl href='http://a'/>")).unwrap() else { panic!() };
        assert!(d.xml.starts_with("<sl"));
        let pushed = |part: &Part| match special(part) {
            Ok(Special::Push(p)) => p,
            other => panic!("{other:?}"),
        };
        let mut sl = part("text/vnd.wap.sl; charset=utf-8", b"<sl href='http://a'/>");
        sl.fields.push(("x-wap-application-id".into(), "urn:own".into()));
        assert_eq!(
            (pushed(&sl).content_type.as_str(), pushed(&sl).application_id.as_deref()),
            ("application/vnd.wap.slc", Some("urn:own"))
        );
        assert_eq!(pushed(&part("application/xml", b"<html/>")).content_type, "application/xml");
        assert_eq!(pushed(&part("application/vnd.wap.mms-message", b"\x8c\x82")).application_id.as_deref(), Some("4"));
        assert_eq!(pushed(&part("text/plain; charset=x", b"hi")).data.0[..], *b"hi");
        let mixed = pushed(&part("multipart/mixed; boundary=x", b"--x\nContent-Type: text/plain\n\nhi\n--x--"));
        assert_eq!(mixed.content_type, "application/vnd.wap.multipart.mixed");
        assert_eq!(mixed.data.0[..], [1, 1, 2, 0x83, b'h', b'i']);
    }

    #[test]
    fn what_lies_about_itself_is_refused() {
        let why = |part: &Part| special(part).unwrap_err().why;
        // A string table of 100 octets in a document of 5.
        assert!(why(&part("application/vnd.wap.sic", &[2, 5, 0x6a, 100, 0x45])).starts_with("the content: "));
        assert!(why(&part("application/vnd.wap.mms-message", b"hello")).contains("no MMS PDU"));
        assert!(why(&part("text/vnd.wap.si", b"\xff")).contains("not text of the charset"));
        assert!(why(&part("multipart/mixed; boundary=x", b"--x\n\nhi")).contains("closing boundary"));
        assert!(why(&Part::default()).contains("has no Content-Type"));
    }
}
