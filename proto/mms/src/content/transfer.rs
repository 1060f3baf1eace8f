//! Transfer encodings inside of binary multiparts: of no use there, and nevertheless sent by gateways from e-mail.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Padding may be missing, and last bits may be left over.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// The octets behind a transfer encoding; `None` if they are as they stand, or are not what the encoding says.
pub(crate) fn decode(encoding: &str, data: &[u8]) -> Option<Vec<u8>> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => base64(data),
        "quoted-printable" => quoted_printable(data),
        _ => None,
    }
}

fn base64(data: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = data.iter().copied().filter(|octet| !octet.is_ascii_whitespace() && *octet != 0).collect();
    LENIENT.decode(digits).ok()
}

/// RFC 2045, section 6.7; what is no escape stands for itself, as readers take it.
fn quoted_printable(data: &[u8]) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8);
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    loop {
        rest = match rest {
            [] => return Some(out),
            [b'=', b'\r', b'\n', rest @ ..] | [b'=', b'\n', rest @ ..] => rest,
            [b'='] => &[],
            [b'=', high, low, after @ ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    after
                }
                _ => {
                    out.push(b'=');
                    rest.get(1..).unwrap_or_default()
                }
            },
            [octet, rest @ ..] => {
                // Octets that never stand in it: it is none.
                if *octet >= 0x80 {
                    return None;
                }
                out.push(*octet);
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone() {
        for (encoding, data, octets) in [
            ("base64", &b"R0lG\r\nODlh"[..], Some(&b"GIF89a"[..])),
            ("BASE64 ", b"aGk", Some(b"hi")),
            ("base64", b"aGk=\n", Some(b"hi")),
            ("base64", b"\xff\xd8\xff", None),
            ("quoted-printable", b"gr=C3=BC=\r\n=c3=9fe =3D a=b", Some("gr\u{fc}\u{df}e = a=b".as_bytes())),
            ("quoted-printable", b"end=", Some(b"end")),
            ("quoted-printable", b"\xff\xd8", None),
            ("binary", b"abc", None),
            ("8bit", b"abc", None),
        ] {
            assert_eq!(decode(encoding, data).as_deref(), octets, "{encoding} {data:?}");
        }
    }
}
