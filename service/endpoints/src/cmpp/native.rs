//! Fields of CMPP that no other protocol has, on their way through the gateway.
//!
//! They travel in `Message::native`, which nobody but this module reads: from an SP to the next gateway, from a handset to an SP and back
//! with its answer.

use bytes::Bytes;
use prost::Message as _;
use waxwing_core::{Message, Tlv};

/// The fields. Numbers are never reused: they are stored.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Native {
    /// The first octets of the stored form, to tell it from those of other protocols: see [`Native::stored`].
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) mark: Bytes,
    /// Msg_Fmt plus 1, of octets that came with it; 0 = none.
    #[prost(uint32, tag = "2")]
    pub(crate) msg_fmt: u32,
    #[prost(uint32, tag = "3")]
    pub(crate) msg_level: u32,
    #[prost(uint32, tag = "4")]
    pub(crate) fee_user_type: u32,
    #[prost(bytes = "bytes", tag = "5")]
    pub(crate) fee_terminal_id: Bytes,
    #[prost(uint32, tag = "6")]
    pub(crate) fee_terminal_type: u32,
    #[prost(bytes = "bytes", tag = "7")]
    pub(crate) fee_type: Bytes,
    #[prost(bytes = "bytes", tag = "8")]
    pub(crate) fee_code: Bytes,
    #[prost(bytes = "bytes", tag = "9")]
    pub(crate) msg_src: Bytes,
    /// Src_terminal_type of what a handset sent, Dest_terminal_type of what is sent to one.
    #[prost(uint32, tag = "10")]
    pub(crate) terminal_type: u32,
    /// As it stood on the wire.
    #[prost(bytes = "bytes", tag = "11")]
    pub(crate) link_id: Bytes,
    /// As it stood on the wire.
    #[prost(bytes = "bytes", tag = "12")]
    pub(crate) reserve: Bytes,
    /// Gateways that it has passed before this one.
    #[prost(uint32, tag = "13")]
    pub(crate) nodes: u32,
    /// Msg_Id of the first gateway, of what came from another one.
    #[prost(fixed64, tag = "14")]
    pub(crate) msg_id: u64,
    /// Code of the gateway that it came from.
    #[prost(bytes = "bytes", tag = "15")]
    pub(crate) from_gateway: Bytes,
    /// Came with FeeType, FeeCode and the like: they are to be kept.
    #[prost(bool, tag = "16")]
    pub(crate) has_fee: bool,
    /// Pk_total and Pk_number of a part that came without a user data header.
    #[prost(uint32, tag = "17")]
    pub(crate) pk_total: u32,
    #[prost(uint32, tag = "18")]
    pub(crate) pk_number: u32,
    /// Recipient, as the SP wrote it: its report says it alike.
    #[prost(bytes = "bytes", tag = "19")]
    pub(crate) recipient: Bytes,
    /// Pseudo-codes and subscriptions (User_Type) of payer, sender and recipient, of what another gateway forwarded in 3.0.
    #[prost(bytes = "bytes", tag = "20")]
    pub(crate) fee_pseudo: Bytes,
    #[prost(uint32, tag = "21")]
    pub(crate) fee_plan: u32,
    #[prost(bytes = "bytes", tag = "22")]
    pub(crate) src_pseudo: Bytes,
    #[prost(uint32, tag = "23")]
    pub(crate) src_plan: u32,
    #[prost(bytes = "bytes", tag = "24")]
    pub(crate) dest_pseudo: Bytes,
    #[prost(uint32, tag = "25")]
    pub(crate) dest_plan: u32,
}

const MARK: &[u8] = b"cmpp";

/// LinkID of a received message, for those who answer it by another protocol: a TLV of the range that SMPP leaves to vendors (5.3.1). Given
/// back with the answer, it becomes the LinkID of the SUBMIT.
pub(super) const LINK_ID_TLV: u16 = 0x3C01;
/// And Reserve.
pub(super) const RESERVE_TLV: u16 = 0x3C02;

/// LinkID and Reserve as TLVs, those that there are.
pub(super) fn tlvs(link_id: &Bytes, reserve: &Bytes) -> Vec<Tlv> {
    let both = [(LINK_ID_TLV, link_id), (RESERVE_TLV, reserve)];
    both.into_iter().filter(|(_, v)| !v.is_empty()).map(|(tag, v)| Tlv { tag: tag.into(), value: v.clone() }).collect()
}

impl Native {
    /// Those of a message, if it came by CMPP.
    pub(crate) fn of(m: &Message) -> Option<Native> {
        if m.native.is_empty() {
            return None;
        }
        Native::decode(m.native.clone()).ok().filter(|n| n.mark == MARK)
    }

    /// As a message keeps them. Values that the standard does not know are not handed on: no PDU could be made of them.
    pub(crate) fn stored(mut self) -> Bytes {
        let types = [&mut self.terminal_type, &mut self.fee_terminal_type].map(|f| (f, 1));
        let plans = [&mut self.fee_plan, &mut self.src_plan, &mut self.dest_plan].map(|f| (f, 2));
        for (field, most) in types.into_iter().chain(plans).chain([(&mut self.fee_user_type, 3)]) {
            if *field > most {
                *field = 0;
            }
        }
        self.mark = Bytes::from_static(MARK);
        Bytes::from(self.encode_to_vec())
    }

    /// Msg_Fmt of the octets, if they came with one.
    pub(crate) fn fmt(&self) -> Option<u8> {
        u8::try_from(self.msg_fmt.checked_sub(1)?).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn they_come_back_and_those_of_others_do_not() {
        let n = Native { link_id: Bytes::from_static(b"12345678901234567890"), msg_fmt: 16, ..Native::default() };
        let m = Message { native: n.clone().stored(), ..Message::default() };
        let read = Native::of(&m).unwrap();
        assert_eq!((read.fmt(), &read.link_id), (Some(15), &n.link_id));
        assert_eq!(Native::of(&Message::default()), None);
        assert_eq!(Native::of(&Message { native: Bytes::from_static(b"\x0a\x04smgp"), ..Message::default() }), None);
    }

    #[test]
    fn values_that_no_pdu_can_have_are_not_kept() {
        let odd = Native { terminal_type: 7, fee_terminal_type: 200, fee_user_type: 4, dest_plan: 3, ..Native::default() };
        let read = |n: Native| Native::of(&Message { native: n.stored(), ..Message::default() }).unwrap();
        let (odd, good) = (read(odd), read(Native { terminal_type: 1, fee_user_type: 3, src_plan: 2, ..Native::default() }));
        assert_eq!((odd.terminal_type, odd.fee_terminal_type, odd.fee_user_type, odd.dest_plan), (0, 0, 0, 0));
        assert_eq!((good.terminal_type, good.fee_user_type, good.src_plan), (1, 3, 2));
    }
}
