//! The format of encrypted objects, `.dcf` (OMA-Download-DRMCF-V1_0, section 5).

use aes::Aes128;
use bytes::Bytes;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use waxwing_wap::wsp::{ContentType, Reader, write};

use super::{CONTENT, DrmError};
use crate::content::Part;

/// An encrypted object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Dcf {
    /// What the object is, once it is decrypted.
    pub content_type: String,
    /// Its content id, by which rights find it: `cid:...`.
    pub content_uri: String,
    /// Header fields, such as `Rights-Issuer`, `Content-Name` and `Encryption-Method`.
    pub headers: Vec<(String, String)>,
    /// Sixteen octets of initialisation vector, and the encrypted object.
    pub data: Bytes,
}

const VERSION: u8 = 1;
const ENCRYPTION: &str = "Encryption-Method";
/// The only method, and how the last block is filled.
const METHOD: &str = "AES128CBC;padding=RFC2630";
const BLOCK: usize = 16;

impl Dcf {
    /// Encrypts an object. Key and initialisation vector have to be random; a vector may be used once with a key.
    pub fn seal(content_type: &str, content_uri: &str, key: &[u8; 16], iv: &[u8; 16], object: &[u8]) -> Self {
        let encrypted = cbc::Encryptor::<Aes128>::new(key.into(), iv.into()).encrypt_padded_vec_mut::<Pkcs7>(object);
        let method = format!("{METHOD};plaintextlen={}", object.len());
        Self {
            content_type: content_type.to_owned(),
            content_uri: content_uri.to_owned(),
            headers: vec![(ENCRYPTION.to_owned(), method)],
            data: [&iv[..], &encrypted].concat().into(),
        }
    }

    /// The same with one more header field, such as `Rights-Issuer`.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a header field, its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Decrypts the object.
    ///
    /// # Errors
    /// The key is another, or the data is damaged, or encrypted in another way. CBC has no check of its own: of one key in 250 or so
    /// that are wrong nobody is told.
    pub fn open(&self, key: &[u8; 16]) -> Result<Vec<u8>, DrmError> {
        let method = self.header(ENCRYPTION).unwrap_or(METHOD);
        let name = method.split(';').next().unwrap_or_default().trim();
        if !name.eq_ignore_ascii_case("AES128CBC") {
            return Err(DrmError::Encryption(name.to_owned()));
        }
        let (iv, encrypted) = self.data.split_first_chunk::<BLOCK>().ok_or(DrmError::Key)?;
        let decryptor = cbc::Decryptor::<Aes128>::new(key.into(), iv.into());
        decryptor.decrypt_padded_vec_mut::<Pkcs7>(encrypted).map_err(|_| DrmError::Key)
    }

    /// The octets of a `.dcf` file.
    ///
    /// # Errors
    /// Type or content id have more than 255 octets, or a header field has a line end.
    pub fn encode(&self) -> Result<Vec<u8>, DrmError> {
        let mut headers = String::new();
        for (name, value) in &self.headers {
            if name.is_empty() || name.contains([':', '\r', '\n', ' ']) || value.contains(['\r', '\n']) {
                return Err(DrmError::Characters("a header field"));
            }
            headers.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        let mut out = vec![VERSION];
        for (what, text) in [("the content type", &self.content_type), ("the content id", &self.content_uri)] {
            let length = u8::try_from(text.len()).map_err(|_| DrmError::TooLong { what, length: text.len(), limit: 255 })?;
            out.push(length);
        }
        out.extend_from_slice(self.content_type.as_bytes());
        out.extend_from_slice(self.content_uri.as_bytes());
        for (what, length) in [("the header fields", headers.len()), ("the data", self.data.len())] {
            let length = u32::try_from(length).map_err(|_| DrmError::TooLong { what, length, limit: u32::MAX as usize })?;
            write::uintvar(length, &mut out);
        }
        out.extend_from_slice(headers.as_bytes());
        out.extend_from_slice(&self.data);
        Ok(out)
    }

    /// Reads a `.dcf` file; the data is a slice of it.
    ///
    /// # Errors
    /// It is none of version 1, or it is cut off before its data.
    pub fn decode(octets: &Bytes) -> Result<Self, DrmError> {
        let mut reader = Reader::new(octets);
        let cut = |_| DrmError::NoContent("it is cut off");
        if reader.octet("version").map_err(cut)? != VERSION {
            return Err(DrmError::NoContent("it does not begin with the version 1"));
        }
        let type_length = reader.octet("length").map_err(cut)?;
        let uri_length = reader.octet("length").map_err(cut)?;
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let content_type = text(reader.take(type_length.into(), "content type").map_err(cut)?);
        let content_uri = text(reader.take(uri_length.into(), "content id").map_err(cut)?);
        if content_type.is_empty() {
            return Err(DrmError::NoContent("it has no content type"));
        }
        let headers_length = reader.uintvar().map_err(cut)? as usize;
        let data_length = reader.uintvar().map_err(cut)? as usize;
        let headers = text(reader.take(headers_length, "header fields").map_err(cut)?);
        let start = reader.offset();
        // A length of 0 stands for "to the end".
        let end = match data_length {
            0 => octets.len(),
            length => start.saturating_add(length).min(octets.len()),
        };
        let headers = headers.lines().filter_map(|line| line.split_once(':'));
        Ok(Self {
            content_type,
            content_uri,
            headers: headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect(),
            data: octets.slice(start..end),
        })
    }

    /// The object as a part of a message.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn to_part(&self) -> Result<Part, DrmError> {
        Ok(Part::new(ContentType::new(CONTENT), self.encode()?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KEY: [u8; 16] = *b"0123456789abcdef";
    const IV: [u8; 16] = *b"fedcba9876543210";

    #[test]
    fn an_object_is_sealed_and_opened() {
        for length in [0, 1, 15, 16, 17, 1000] {
            let object: Vec<u8> = (0..length).map(|octet| octet as u8).collect();
            let sealed =
                Dcf::seal("image/gif", "cid:1@example.com", &KEY, &IV, &object).with_header("Rights-Issuer", "http://example.com/");
            let wire = Bytes::from(sealed.encode().unwrap());
            let again = Dcf::decode(&wire).unwrap();
            assert_eq!(again, sealed);
            assert_eq!(again.open(&KEY).unwrap(), object);
            assert_eq!(again.header("rights-issuer"), Some("http://example.com/"));
            assert_ne!(again.open(b"another key here").ok(), Some(object));
        }
    }

    #[test]
    fn the_layout_is_that_of_the_standard() {
        let wire = Dcf::seal("image/gif", "cid:1", &KEY, &IV, b"GIF").encode().unwrap();
        let method = b"Encryption-Method: AES128CBC;padding=RFC2630;plaintextlen=3\r\n";
        let head = [&b"\x01\x09\x05image/gifcid:1"[..], &[method.len() as u8, 32], method, &IV].concat();
        assert_eq!(wire[..head.len()], head);
        // By `printf GIF | openssl enc -aes-128-cbc -K 30313233343536373839616263646566 -iv 66656463626139383736353433323130`.
        assert_eq!(wire[head.len()..], waxwing_proto_testing::octets("ef1092f9bb4f08c732799be946b8a66e"));
    }

    #[test]
    fn what_is_none_is_refused() {
        for octets in [&b""[..], b"\x02", b"\x01\x09", b"\x01\x00\x00\x00\x00", b"\x01\x01\x00a\x7f\x00"] {
            assert!(Dcf::decode(&Bytes::copy_from_slice(octets)).is_err(), "{octets:02x?}");
        }
        // To the end, and a length beyond it.
        for length in [b"\x00", b"\x7f"] {
            let octets = [&b"\x01\x01\x01ab\x00"[..], length, b"data"].concat();
            let dcf = Dcf::decode(&octets.into()).unwrap();
            assert_eq!((&*dcf.data, dcf.open(&KEY)), (&b"data"[..], Err(DrmError::Key)));
        }
        let dcf = Dcf::seal("a/b", "cid:1", &KEY, &IV, b"");
        assert!(dcf.clone().with_header("A", "b\r\nc").encode().is_err());
        assert!(Dcf { content_uri: "c".repeat(256), ..dcf.clone() }.encode().is_err());
        let other = Dcf { headers: vec![("Encryption-Method".to_owned(), "ROT13".to_owned())], ..dcf };
        assert_eq!(other.open(&KEY), Err(DrmError::Encryption("ROT13".to_owned())));
    }
}
