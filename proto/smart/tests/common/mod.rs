//! What several tests need.
#![allow(dead_code, clippy::unwrap_used)]

use waxwing_gsm::alphabet::pack;
use waxwing_gsm::dcs::{Coding, DataCoding};
use waxwing_gsm::udh::UserDataHeader;
use waxwing_smart::UserData;

/// An SMS-DELIVER from number 123 (3GPP TS 23.040, 9.2.2.1).
pub(crate) fn deliver(part: &UserData) -> Vec<u8> {
    let header = part.header.encode();
    let mut tpdu = vec![0x04 | if header.is_empty() { 0 } else { 0x40 }, 3, 0x81, 0x21, 0xf3, part.protocol_id, part.data_coding.0];
    tpdu.extend([0x62, 0x10, 0x13, 0x21, 0x95, 0x85, 0]);
    let (length, payload) = match part.data_coding.coding() {
        Coding::Gsm7 | Coding::Reserved => {
            let length = pack::header_septets(header.len()) + part.payload.len();
            let mut packed = pack::pack(&part.payload, pack::fill_bits(header.len()));
            // Fill bits are there even if there is no text behind them.
            packed.resize((length * 7).div_ceil(8) - header.len(), 0);
            (length, packed)
        }
        _ => (header.len() + part.payload.len(), part.payload.to_vec()),
    };
    tpdu.push(u8::try_from(length).unwrap());
    tpdu.extend([header, payload].concat());
    tpdu
}

/// The user data of an SMS-SUBMIT with a relative validity period, behind the address of a message centre.
pub(crate) fn of_submit(octets: &[u8]) -> UserData {
    let tpdu = &octets[1 + usize::from(octets[0])..];
    let address = tpdu[2].div_ceil(2);
    let [protocol_id, data_coding, _validity, length, user_data @ ..] = &tpdu[4 + usize::from(address)..] else { panic!("{octets:02x?}") };
    let data_coding = DataCoding(*data_coding);
    let part = UserData::parse(user_data, tpdu[0] & 0x40 != 0, data_coding, *protocol_id);
    if data_coding.coding() != Coding::Gsm7 {
        return part;
    }
    let header: &UserDataHeader = &part.header;
    let octets = header.octets();
    let septets = usize::from(*length) - pack::header_septets(octets);
    UserData { payload: pack::unpack(&user_data[octets..], septets, pack::fill_bits(octets)).into(), ..part }
}
