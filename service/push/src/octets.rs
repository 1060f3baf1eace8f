//! Octets in JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Octets, written in hexadecimal or in base 64: `{"hex": "0102"}` or `{"base64": "AQI="}`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct Octets(pub Bytes);

/// Octets.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Octets)]
pub(crate) struct Form {
    /// In hexadecimal. Either this or `base64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
    /// In base 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl utoipa::PartialSchema for Octets {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Form::schema()
    }
}

impl ToSchema for Octets {}

impl From<Vec<u8>> for Octets {
    fn from(octets: Vec<u8>) -> Octets {
        Octets(octets.into())
    }
}

impl From<Octets> for Form {
    fn from(octets: Octets) -> Form {
        Form { hex: None, base64: Some(STANDARD.encode(&octets.0)) }
    }
}

impl TryFrom<Form> for Octets {
    type Error = String;

    fn try_from(form: Form) -> Result<Octets, String> {
        match (form.hex, form.base64) {
            (Some(hex), None) => unhex(&hex).map(Octets::from),
            (None, Some(text)) => {
                let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                STANDARD.decode(plain).map(Octets::from).map_err(|e| format!("base64: {e}"))
            }
            _ => Err("octets are given as {\"hex\": ...} or {\"base64\": ...}, one of them".to_owned()),
        }
    }
}

/// Hexadecimal digits, in either case, spaces ignored.
pub(crate) fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let mut digits = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let digit = c.to_digit(16).and_then(|d| u8::try_from(d).ok());
        digits.push(digit.ok_or_else(|| format!("{c:?} at position {at} is not a hexadecimal digit"))?);
    }
    if digits.len() % 2 != 0 {
        return Err(format!("{} hexadecimal digits are no whole octets", digits.len()));
    }
    Ok(digits.chunks_exact(2).map(|d| d.iter().fold(0, |octet, digit| octet << 4 | digit)).collect())
}
