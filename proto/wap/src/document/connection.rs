//! What browser and MMS settings have in common: an access point and a proxy.

use super::{Characteristic, OtaCharacteristic};

/// A GPRS connection, with a WAP or HTTP proxy if the operator has one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Connection {
    /// What the user knows the settings by.
    pub name: String,
    /// The access point name, such as `internet`.
    pub apn: String,
    /// The user name at the access point.
    pub user: Option<String>,
    /// The password at the access point.
    pub password: Option<String>,
    /// How user and password are sent.
    pub authentication: Authentication,
    /// The IPv4 address of a proxy and its port: 9201 for WAP 1.x with sessions, 8080 for HTTP.
    pub proxy: Option<(String, u16)>,
}

/// How user and password are sent to an access point.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Authentication {
    /// PAP, in the clear.
    #[default]
    Pap,
    /// CHAP, by challenge.
    Chap,
}

impl Authentication {
    fn name(self) -> &'static str {
        match self {
            Self::Pap => "PAP",
            Self::Chap => "CHAP",
        }
    }
}

/// Identifiers inside a document, by which its parts refer to each other.
const NAP_ID: &str = "NAP1";
const PROXY_ID: &str = "PX1";

impl Connection {
    /// What an application goes through: the proxy, or the access point itself.
    pub(super) fn target(&self) -> (&'static str, &'static str) {
        if self.proxy.is_some() { ("TO-PROXY", PROXY_ID) } else { ("TO-NAPID", NAP_ID) }
    }

    pub(super) fn nap_characteristic(&self) -> Characteristic {
        let nap = Characteristic::new("NAPDEF").with("NAPID", NAP_ID).with("BEARER", "GSM-GPRS").with("NAME", self.name.as_str());
        let nap = nap.with("NAP-ADDRESS", self.apn.as_str()).with("NAP-ADDRTYPE", "APN");
        if self.user.is_none() && self.password.is_none() {
            return nap;
        }
        let mut authentication = Characteristic::new("NAPAUTHINFO").with("AUTHTYPE", self.authentication.name());
        if let Some(user) = &self.user {
            authentication = authentication.with("AUTHNAME", user.as_str());
        }
        if let Some(password) = &self.password {
            authentication = authentication.with("AUTHSECRET", password.as_str());
        }
        nap.holding(authentication)
    }

    pub(super) fn proxy_characteristic(&self, start_page: Option<&str>) -> Option<Characteristic> {
        let (address, port) = self.proxy.as_ref()?;
        let service = match port {
            9200 => Some("CL-WSP"),
            9201 => Some("CO-WSP"),
            9202 => Some("CL-SEC-WSP"),
            9203 => Some("CO-SEC-WSP"),
            _ => None,
        };
        let mut ports = Characteristic::new("PORT").with("PORTNBR", port.to_string());
        if let Some(service) = service {
            ports = ports.with("SERVICE", service);
        }
        let physical = Characteristic::new("PXPHYSICAL").with("PHYSICAL-PROXY-ID", "PPX1").with("PXADDR", address.as_str());
        let physical = physical.with("PXADDRTYPE", "IPV4").with("TO-NAPID", NAP_ID).holding(ports);
        let mut proxy = Characteristic::new("PXLOGICAL").with("PROXY-ID", PROXY_ID).with("NAME", self.name.as_str());
        if let Some(start_page) = start_page {
            proxy = proxy.with("STARTPAGE", start_page);
        }
        Some(proxy.holding(physical))
    }

    pub(super) fn ota_address(&self) -> OtaCharacteristic {
        let mut address = OtaCharacteristic::new("ADDRESS").with("BEARER", "GPRS");
        if let Some((proxy, port)) = &self.proxy {
            address = address.with("PROXY", proxy.as_str()).with("PORT", port.to_string());
        }
        address = address.with("GPRS_ACCESSPOINTNAME", self.apn.as_str());
        if self.user.is_none() && self.password.is_none() {
            return address;
        }
        address = address.with("PPP_AUTHTYPE", self.authentication.name());
        if let Some(user) = &self.user {
            address = address.with("PPP_AUTHNAME", user.as_str());
        }
        match &self.password {
            Some(password) => address.with("PPP_AUTHSECRET", password.as_str()),
            None => address,
        }
    }
}
