//! What makes a phone trust provisioning: a MAC over the WBXML, with a key that the network and the user share (OMA-WAP-ProvBoot 1.1,
//! section 7.2).

use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use crate::charset::lenient_text;
use crate::wsp::{ContentType, Parameter, ParameterValue};

/// How the key of a MAC is made: the parameter `sec` of the content type.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Method {
    /// From the IMSI: nobody has to do anything.
    NetwPin,
    /// From a PIN that the user is told by other means and types in.
    UserPin,
    /// From the IMSI and a PIN.
    UserNetwPin,
    /// From a PIN, of which one half is the key and the other the MAC: nothing but the method is sent.
    UserPinMac,
}

/// What the key of a MAC is made of.
#[derive(Clone, Eq, PartialEq)]
pub enum Secret {
    /// The IMSI, 6 to 15 digits.
    NetwPin {
        /// The IMSI.
        imsi: String,
    },
    /// A PIN of 1 to 16 digits.
    UserPin {
        /// The PIN.
        pin: String,
    },
    /// Both.
    UserNetwPin {
        /// The IMSI.
        imsi: String,
        /// The PIN.
        pin: String,
    },
    /// The key half of a PIN, 5 to 16 digits; [`user_pin`](Secret::user_pin) tells what the user has to type in.
    UserPinMac {
        /// The first half of the PIN.
        half: String,
    },
}

/// Why there is no key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretError {
    /// A PIN that a user can't type in.
    #[error("the PIN has to be {min} to {max} digits")]
    Pin {
        /// The least number of digits.
        min: usize,
        /// The largest number of digits.
        max: usize,
    },
    /// An IMSI that is none.
    #[error("the IMSI has to be 6 to 15 digits")]
    Imsi,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({:?})", self.method())
    }
}

impl Method {
    /// The number of the parameter `sec`.
    pub const fn code(self) -> u8 {
        match self {
            Self::NetwPin => 0,
            Self::UserPin => 1,
            Self::UserNetwPin => 2,
            Self::UserPinMac => 3,
        }
    }

    /// The method of a number.
    pub const fn from_code(code: u64) -> Option<Self> {
        Some(match code {
            0 => Self::NetwPin,
            1 => Self::UserPin,
            2 => Self::UserNetwPin,
            3 => Self::UserPinMac,
            _ => return None,
        })
    }

    /// The name, such as `USERPIN`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetwPin => "NETWPIN",
            Self::UserPin => "USERPIN",
            Self::UserNetwPin => "USERNETWPIN",
            Self::UserPinMac => "USERPINMAC",
        }
    }

    /// The method of a name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::NetwPin, Self::UserPin, Self::UserNetwPin, Self::UserPinMac]
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(name))
    }
}

impl Secret {
    /// The method.
    pub const fn method(&self) -> Method {
        match self {
            Self::NetwPin { .. } => Method::NetwPin,
            Self::UserPin { .. } => Method::UserPin,
            Self::UserNetwPin { .. } => Method::UserNetwPin,
            Self::UserPinMac { .. } => Method::UserPinMac,
        }
    }

    /// The MAC of a document, 40 upper-case hexadecimal digits.
    ///
    /// # Errors
    /// PIN or IMSI have letters, or too few or too many digits.
    pub fn mac(&self, wbxml: &[u8]) -> Result<String, SecretError> {
        Ok(self.digest(wbxml)?.iter().map(|octet| format!("{octet:02X}")).collect())
    }

    /// The content type of a document with this MAC.
    ///
    /// # Errors
    /// As [`mac`](Self::mac).
    pub fn content_type(&self, wbxml: &[u8]) -> Result<ContentType, SecretError> {
        let sec = Parameter { name: "sec".to_owned(), value: ParameterValue::Integer(self.method().code().into()) };
        let content_type = ContentType::new("application/vnd.wap.connectivity-wbxml").with(sec);
        let mac = self.mac(wbxml)?;
        Ok(match self {
            Self::UserPinMac { .. } => content_type,
            _ => content_type.with(Parameter::text("mac", mac)),
        })
    }

    /// What the user has to type in; `None` if nothing.
    ///
    /// # Errors
    /// As [`mac`](Self::mac).
    pub fn user_pin(&self, wbxml: &[u8]) -> Result<Option<String>, SecretError> {
        Ok(match self {
            Self::NetwPin { .. } => None,
            Self::UserPin { pin } | Self::UserNetwPin { pin, .. } => Some(pin.clone()),
            // A digit of each octet of the MAC, as many as the key has.
            Self::UserPinMac { half } => {
                let digest = self.digest(wbxml)?;
                let digits = digest.iter().take(half.len()).map(|octet| char::from(b'0' + octet % 10));
                Some(half.chars().chain(digits).collect())
            }
        })
    }

    /// The MAC is that of the document, with this secret. Takes as long whether it is or not.
    ///
    /// # Errors
    /// As [`mac`](Self::mac).
    pub fn check(&self, wbxml: &[u8], mac: &str) -> Result<bool, SecretError> {
        let expected = self.mac(wbxml)?;
        Ok(expected.as_bytes().ct_eq(mac.to_ascii_uppercase().as_bytes()).into())
    }

    fn digest(&self, wbxml: &[u8]) -> Result<[u8; 20], SecretError> {
        let key = self.key()?;
        // An HMAC takes keys of any length; no error can come.
        let mut hmac = Hmac::<Sha1>::new_from_slice(&key).map_err(|_| SecretError::Pin { min: 1, max: 64 })?;
        hmac.update(wbxml);
        Ok(hmac.finalize().into_bytes().into())
    }

    fn key(&self) -> Result<Vec<u8>, SecretError> {
        match self {
            Self::NetwPin { imsi } => imsi_key(imsi),
            Self::UserPin { pin } => pin_key(pin, 1, 16),
            Self::UserNetwPin { imsi, pin } => Ok([imsi_key(imsi)?, pin_key(pin, 1, 16)?].concat()),
            Self::UserPinMac { half } => pin_key(half, 5, 16),
        }
    }
}

/// What a content type says of its MAC.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Security {
    /// The method; `None` if its number is not known.
    pub method: Option<Method>,
    /// The MAC, if it is sent.
    pub mac: Option<String>,
}

impl Security {
    /// What a content type says; `None` if it has neither `sec` nor `mac`.
    pub fn of(content_type: &ContentType) -> Option<Self> {
        let (sec, mac) = (content_type.parameter("sec"), content_type.parameter("mac"));
        if sec.is_none() && mac.is_none() {
            return None;
        }
        let method = match sec {
            Some(ParameterValue::Integer(code)) => Method::from_code(*code),
            Some(ParameterValue::Text(text)) => Method::from_name(text).or_else(|| Method::from_code(text.parse().ok()?)),
            _ => None,
        };
        let mac = match mac {
            Some(ParameterValue::Text(mac)) => Some(mac.clone()),
            Some(ParameterValue::Octets(octets)) => Some(lenient_text(octets)),
            _ => None,
        };
        Some(Self { method, mac })
    }
}

fn pin_key(pin: &str, min: usize, max: usize) -> Result<Vec<u8>, SecretError> {
    if !(min..=max).contains(&pin.len()) || !pin.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(SecretError::Pin { min, max });
    }
    Ok(pin.as_bytes().to_vec())
}

/// The IMSI as a SIM has it: a nibble that tells whether the number of digits is odd, then the digits, two an octet with the first in the
/// low nibble, and a filler at the end if it is even (3GPP TS 24.008, 10.5.1.4).
fn imsi_key(imsi: &str) -> Result<Vec<u8>, SecretError> {
    if !(6..=15).contains(&imsi.len()) || !imsi.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(SecretError::Imsi);
    }
    let odd = imsi.len() % 2 == 1;
    let mut nibbles = vec![if odd { 9 } else { 1 }];
    nibbles.extend(imsi.bytes().map(|digit| digit - b'0'));
    if !odd {
        nibbles.push(15);
    }
    Ok(nibbles.chunks(2).map(|pair| pair.iter().rev().fold(0, |octet, nibble| octet << 4 | nibble)).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// A document that another product made a NETWPIN MAC of.
    const DOCUMENT: &str = "030B6A0674657374310045C6560187070683000101C655018707068300018711060374657374315F4E4150494400\
                            01871006AB0187080603746573743200018709068901871401C65A01870C069A01870D0603677072737573657\
                            26E616D650001870E06036770727370617373776F72640001010101";

    #[test]
    fn the_mac_of_another_product_is_ours() {
        let wbxml = unhex(&DOCUMENT.replace(' ', ""));
        let secret = Secret::NetwPin { imsi: "123456789012345".to_owned() };
        assert_eq!(secret.mac(&wbxml).unwrap(), "C483EC25F7E3E0CF100380DA5F6714CF204A5EC5");
        assert!(secret.check(&wbxml, "c483ec25f7e3e0cf100380da5f6714cf204a5ec5").unwrap());
        assert!(!secret.check(&wbxml, "C483EC25F7E3E0CF100380DA5F6714CF204A5EC6").unwrap());
        assert!(!secret.check(&wbxml, "").unwrap());
    }

    #[test]
    fn imsis_are_semi_octets() {
        assert_eq!(imsi_key("432129951539038").unwrap(), [0x49, 0x23, 0x21, 0x99, 0x15, 0x35, 0x09, 0x83]);
        assert_eq!(imsi_key("21407123456789").unwrap(), [0x21, 0x41, 0x70, 0x21, 0x43, 0x65, 0x87, 0xf9]);
    }

    #[test]
    fn what_is_no_pin_is_refused() {
        let error = Secret::UserPin { pin: "12ab".to_owned() }.mac(b"").unwrap_err();
        assert_eq!(error.to_string(), "the PIN has to be 1 to 16 digits");
        assert!(Secret::UserPin { pin: String::new() }.mac(b"").is_err());
        assert!(Secret::NetwPin { imsi: "12345".to_owned() }.mac(b"").is_err());
        assert!(Secret::UserNetwPin { imsi: "432129951539038".to_owned(), pin: "x".to_owned() }.mac(b"").is_err());
        assert!(Secret::UserPinMac { half: "1234".to_owned() }.mac(b"").is_err());
    }

    #[test]
    fn content_types_tell_method_and_mac() {
        let secret = Secret::UserPin { pin: "1111".to_owned() };
        let content_type = secret.content_type(b"document").unwrap();
        let mut wire = Vec::new();
        content_type.encode(&mut wire).unwrap();
        assert_eq!(wire.get(..6).unwrap(), [0x1f, 0x2d, 0xb6, 0x91, 0x81, 0x92]);
        let security = Security::of(&content_type).unwrap();
        assert_eq!(security.method, Some(Method::UserPin));
        assert!(secret.check(b"document", &security.mac.unwrap()).unwrap());
        assert_eq!(Security::of(&ContentType::new("a/b")), None);
    }

    #[test]
    fn half_a_pin_is_the_key_and_the_other_half_the_mac() {
        let secret = Secret::UserPinMac { half: "12345".to_owned() };
        let content_type = secret.content_type(b"document").unwrap();
        assert_eq!(content_type.to_string(), "application/vnd.wap.connectivity-wbxml; sec=3");
        let pin = secret.user_pin(b"document").unwrap().unwrap();
        let digest = unhex(&Secret::UserPin { pin: "12345".to_owned() }.mac(b"document").unwrap());
        let digits: String = digest[..5].iter().map(|octet| (octet % 10).to_string()).collect();
        assert_eq!(pin, format!("12345{digits}"));
        assert_eq!(format!("{secret:?}"), "Secret(UserPinMac)");
    }
}
