//! Building TLVs.

use bytes::{BufMut, BytesMut};

use super::{Tag, Tlv, TlvKind, Tlvs};
use crate::EncodeError;

/// TLVs in the making. Lengths of known TLVs are held against the table; unknown and vendor tags take any octets.
///
/// ```
/// use waxwing_smpp::{Tag, TlvBuf};
/// let mut tlvs = TlvBuf::new();
/// tlvs.put_u16(Tag::SAR_MSG_REF_NUM, 7)?;
/// tlvs.put(Tag(0x1401), b"vendor")?;
/// assert_eq!(tlvs.as_tlvs().get_u16(Tag::SAR_MSG_REF_NUM), Some(7));
/// # Ok::<(), waxwing_smpp::EncodeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlvBuf {
    octets: BytesMut,
}

impl TlvBuf {
    /// No TLV yet; allocates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The TLVs, to be put into a PDU.
    pub fn as_tlvs(&self) -> Tlvs<'_> {
        Tlvs { octets: &self.octets }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Forgets the TLVs and keeps the memory.
    pub fn clear(&mut self) {
        self.octets.clear();
    }

    /// Appends a TLV. For a C-octet string prefer [`TlvBuf::put_cstring`], which adds the NUL.
    pub fn put(&mut self, tag: Tag, value: &[u8]) -> Result<(), EncodeError> {
        check_length(tag, value.len())?;
        self.put_head(tag, value.len());
        self.octets.put_slice(value);
        Ok(())
    }

    /// Appends a TLV as it was received, even with a length outside its range; at most 65535 octets can have been received.
    pub fn put_raw(&mut self, tlv: Tlv<'_>) {
        let value = &tlv.value[..tlv.value.len().min(usize::from(u16::MAX))];
        self.put_head(tlv.tag, value.len());
        self.octets.put_slice(value);
    }

    /// Appends a C-octet string and its NUL.
    pub fn put_cstring(&mut self, tag: Tag, value: &[u8]) -> Result<(), EncodeError> {
        if value.contains(&0) {
            return Err(EncodeError::ContainsNul { field: tag.name().unwrap_or("tlv") });
        }
        check_length(tag, value.len() + 1)?;
        self.put_head(tag, value.len() + 1);
        self.octets.put_slice(value);
        self.octets.put_u8(0);
        Ok(())
    }

    /// Appends an integer of one octet.
    pub fn put_u8(&mut self, tag: Tag, value: u8) -> Result<(), EncodeError> {
        self.put(tag, &[value])
    }

    /// Appends an integer of two octets.
    pub fn put_u16(&mut self, tag: Tag, value: u16) -> Result<(), EncodeError> {
        self.put(tag, &value.to_be_bytes())
    }

    /// Appends an integer of four octets.
    pub fn put_u32(&mut self, tag: Tag, value: u32) -> Result<(), EncodeError> {
        self.put(tag, &value.to_be_bytes())
    }

    fn put_head(&mut self, tag: Tag, length: usize) {
        // Few TLVs come alone: the first makes room for those that follow it.
        self.octets.reserve(if self.octets.capacity() == 0 { (4 + length).max(64) } else { 4 + length });
        self.octets.put_u16(tag.0);
        self.octets.put_u16(length as u16);
    }
}

fn check_length(tag: Tag, length: usize) -> Result<(), EncodeError> {
    let (min, max) = tag.spec().map_or((0, usize::from(u16::MAX)), |spec| (spec.min, spec.max));
    if (min..=max).contains(&length) { Ok(()) } else { Err(EncodeError::TlvLength { tag, length, min, max }) }
}

impl TlvKind {
    /// Whether the value is an integer.
    pub const fn is_integer(self) -> bool {
        matches!(self, Self::Int1 | Self::Int2 | Self::Int4)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn holds_known_lengths_against_the_table() {
        let mut tlvs = TlvBuf::new();
        let error = tlvs.put(Tag::USER_MESSAGE_REFERENCE, b"x").unwrap_err();
        assert_eq!(error.to_string(), "TLV user_message_reference has 1 octets, 2 to 2 are allowed");
        assert!(tlvs.put_cstring(Tag::RECEIPTED_MESSAGE_ID, &[b'a'; 65]).is_err());
        assert!(tlvs.put_cstring(Tag::RECEIPTED_MESSAGE_ID, b"a\0b").is_err());
        assert!(tlvs.put(Tag::MESSAGE_PAYLOAD, &vec![0; 65536]).is_err());
        assert!(tlvs.is_empty());
        tlvs.put_cstring(Tag::RECEIPTED_MESSAGE_ID, &[b'a'; 64]).unwrap();
        tlvs.put_raw(Tlv { tag: Tag::USER_MESSAGE_REFERENCE, value: b"x" });
        assert_eq!(tlvs.as_tlvs().iter().count(), 2);
    }
}
