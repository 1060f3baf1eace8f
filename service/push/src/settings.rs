//! Settings over the air: OMA client provisioning, and what Nokia's and Ericsson's handsets took before it.

use waxwing_wap::Document;
use waxwing_wap::document::{self, Authentication, Connection};
use waxwing_wap::security::Secret;

use crate::wap::{other_document, parse, send, url};
use crate::{
    AccessAuthentication, Bookmark, BrowserSettings, ComposeError, Composed, Limits, MmsSettings, Ota, PinType, Provisioning, SettingsForm,
};

/// Port of a proxy unless given.
const PROXY_PORT: u16 = 8080;

pub(crate) fn bookmark(bookmark: &Bookmark, limits: &Limits) -> Result<Composed, ComposeError> {
    let url = url("url", &bookmark.url)?;
    let title = bookmark.title.clone().filter(|t| !t.is_empty()).unwrap_or_else(|| bookmark.url.trim().to_owned());
    send("url", &Document::Ota(document::Ota::bookmark(&title, &url)), None, limits)
}

pub(crate) fn browser(s: &BrowserSettings, limits: &Limits) -> Result<Composed, ComposeError> {
    let connection = Access {
        name: &s.name,
        apn: &s.apn,
        user: s.user.as_ref(),
        password: s.password.as_ref(),
        authentication: s.authentication,
        proxy: s.proxy.as_ref(),
        port: s.port,
    }
    .connection()?;
    let home_page = s.home_page.as_deref().filter(|p| !p.trim().is_empty()).map(|p| url("home_page", p)).transpose()?;
    let document = match s.form {
        SettingsForm::Oma => Document::Provisioning(document::Provisioning::browser(&connection, home_page.as_deref())),
        SettingsForm::Ota => Document::Ota(document::Ota::browser(&connection, home_page.as_deref())),
    };
    send("name", &document, secret(s.pin.as_deref(), s.pin_type, s.imsi.as_deref())?.as_ref(), limits)
}

pub(crate) fn mms(s: &MmsSettings, limits: &Limits) -> Result<Composed, ComposeError> {
    let connection = Access {
        name: &s.name,
        apn: &s.apn,
        user: s.user.as_ref(),
        password: s.password.as_ref(),
        authentication: s.authentication,
        proxy: s.proxy.as_ref(),
        port: s.port,
    }
    .connection()?;
    let mmsc = url("mmsc", &s.mmsc)?;
    let document = match s.form {
        SettingsForm::Oma => Document::Provisioning(document::Provisioning::mms(&connection, &mmsc)),
        SettingsForm::Ota => Document::Ota(document::Ota::mms(&connection, &mmsc)),
    };
    send("name", &document, secret(s.pin.as_deref(), s.pin_type, s.imsi.as_deref())?.as_ref(), limits)
}

pub(crate) fn provisioning(p: &Provisioning, limits: &Limits) -> Result<Composed, ComposeError> {
    match parse("xml", &p.xml)? {
        document @ Document::Provisioning(_) => {
            send("xml", &document, secret(p.pin.as_deref(), p.pin_type, p.imsi.as_deref())?.as_ref(), limits)
        }
        other => Err(other_document("xml", &other, "wap-provisioningdoc")),
    }
}

pub(crate) fn ota(ota: &Ota, limits: &Limits) -> Result<Composed, ComposeError> {
    match parse("xml", &ota.xml)? {
        document @ Document::Ota(_) => send("xml", &document, None, limits),
        other => Err(other_document("xml", &other, "CHARACTERISTIC-LIST")),
    }
}

/// What both kinds of settings say of their way to the network.
struct Access<'a> {
    name: &'a str,
    apn: &'a str,
    user: Option<&'a String>,
    password: Option<&'a String>,
    authentication: AccessAuthentication,
    proxy: Option<&'a String>,
    port: Option<u16>,
}

impl Access<'_> {
    fn connection(&self) -> Result<Connection, ComposeError> {
        let needed = |field, value: &str| match value.trim() {
            "" => Err(ComposeError::field(field, "it is missing")),
            value => Ok(value.to_owned()),
        };
        let given = |value: Option<&String>| value.filter(|v| !v.is_empty()).cloned();
        Ok(Connection {
            name: needed("name", self.name)?,
            apn: needed("apn", self.apn)?,
            user: given(self.user),
            password: given(self.password),
            authentication: match self.authentication {
                AccessAuthentication::Pap => Authentication::Pap,
                AccessAuthentication::Chap => Authentication::Chap,
            },
            proxy: given(self.proxy).map(|host| (host, self.port.unwrap_or(PROXY_PORT))),
        })
    }
}

/// What makes the handset trust the settings, if anything was given.
fn secret(pin: Option<&str>, pin_type: Option<PinType>, imsi: Option<&str>) -> Result<Option<Secret>, ComposeError> {
    let (pin, imsi) = (pin.map(str::trim).filter(|p| !p.is_empty()), imsi.map(str::trim).filter(|i| !i.is_empty()));
    let pin_type = match (pin_type, pin, imsi) {
        (Some(pin_type), ..) => pin_type,
        (None, Some(_), _) => PinType::UserPin,
        (None, None, Some(_)) => PinType::NetwPin,
        (None, None, None) => return Ok(None),
    };
    let pin = || pin.map(str::to_owned).ok_or_else(|| ComposeError::field("pin", "this pin_type needs a PIN of digits"));
    let imsi = || imsi.map(str::to_owned).ok_or_else(|| ComposeError::field("imsi", "this pin_type needs the IMSI of the SIM"));
    Ok(Some(match pin_type {
        PinType::UserPin => Secret::UserPin { pin: pin()? },
        PinType::NetwPin | PinType::NetPin => Secret::NetwPin { imsi: imsi()? },
        PinType::UserNetwPin | PinType::UserNetPin => Secret::UserNetwPin { imsi: imsi()?, pin: pin()? },
        PinType::UserPinMac => Secret::UserPinMac { half: pin()? },
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use waxwing_wap::security::{Method, Security};
    use waxwing_wap::sms::{self, Received};

    use super::*;
    use crate::compose;

    fn composed(json: &str) -> Result<Composed, ComposeError> {
        compose(&serde_json::from_str(json).unwrap(), &Limits::default()).map(|mut all| all.remove(0))
    }

    fn received(composed: &Composed) -> Received {
        let (header, octets) = waxwing_gsm::udh::UserDataHeader::parse(&composed.payload).unwrap();
        sms::receive(header.ports().unwrap(), octets).unwrap().unwrap()
    }

    #[test]
    fn bookmarks_and_settings_come_in_both_forms() {
        let bookmark = composed(r#"{"kind":"bookmark","url":"wap.example.net"}"#).unwrap();
        assert_eq!(bookmark.payload[..7], [6, 5, 4, 0xc3, 0x4f, 0, 0]);
        assert_eq!(received(&bookmark).kind(), sms::Kind::OtaBookmark);
        for (form, kind) in [("oma", sms::Kind::Provisioning), ("ota", sms::Kind::OtaSettings)] {
            let json = format!(
                r#"{{"kind":"browser_settings","form":"{form}","name":"N","apn":"internet","proxy":"10.0.0.1","home_page":"a.b"}}"#
            );
            assert_eq!(received(&composed(&json).unwrap()).kind(), kind);
            let json = format!(r#"{{"kind":"mms_settings","form":"{form}","name":"N","apn":"mms","mmsc":"mms.example.net"}}"#);
            assert_eq!(received(&composed(&json).unwrap()).kind(), kind);
        }
    }

    #[test]
    fn pins_authenticate_settings() {
        for (secret, method, user_pin) in [
            (r#""pin":"1234""#, Method::UserPin, Some("1234")),
            (r#""imsi":"262011234567890""#, Method::NetwPin, None),
            (r#""pin_type":"netpin","imsi":"262011234567890""#, Method::NetwPin, None),
            (r#""pin_type":"usernetwpin","pin":"1234","imsi":"262011234567890""#, Method::UserNetwPin, Some("1234")),
        ] {
            let json = format!(r#"{{"kind":"mms_settings","name":"N","apn":"mms","mmsc":"m.example.net",{secret}}}"#);
            let c = composed(&json).unwrap();
            let security = Security::of(&received(&c).decoded.push.content_type).unwrap();
            assert_eq!((security.method, c.user_pin.as_deref()), (Some(method), user_pin));
        }
        let mac = composed(r#"{"kind":"browser_settings","name":"N","apn":"a","pin":"12345","pin_type":"userpinmac"}"#).unwrap();
        assert_eq!(mac.user_pin.unwrap().len(), 10);
    }

    #[test]
    fn what_is_no_pin_is_refused() {
        let with = |rest: &str| composed(&format!(r#"{{"kind":"browser_settings","name":"N","apn":"a",{rest}}}"#)).unwrap_err().to_string();
        assert!(with(r#""pin":"12ab""#).starts_with("pin: the PIN has to be"));
        assert_eq!(with(r#""pin_type":"netwpin""#), "imsi: this pin_type needs the IMSI of the SIM");
        assert_eq!(with(r#""imsi":"x""#), "imsi: the IMSI has to be 6 to 15 digits");
        assert_eq!(with(r#""form":"ota","pin":"1234""#), "pin: a PIN goes with client provisioning only, and this is OTA settings");
    }

    #[test]
    fn documents_of_the_other_kind_are_refused() {
        let ota = "<CHARACTERISTIC-LIST><CHARACTERISTIC TYPE='BOOKMARK'><PARM NAME='URL' VALUE='http://a'/></CHARACTERISTIC></CHARACTERISTIC-LIST>";
        assert!(composed(&format!(r#"{{"kind":"ota","xml":"{ota}"}}"#)).is_ok());
        let e = composed(&format!(r#"{{"kind":"provisioning","xml":"{ota}"}}"#)).unwrap_err();
        assert_eq!(e.to_string(), "xml: the document is OTA bookmark, and this kind takes wap-provisioningdoc; use kind document");
    }
}
