//! `waxwing decode --push` and `--smart`: user data of short messages, joined where it came in parts.

use waxwing_describe::{Description, Value};
use waxwing_gsm::dcs::DataCoding;
use waxwing_gsm::udh::{Element, UserDataHeader};
use waxwing_smart::UserData;
use waxwing_wap::push::Push;

use super::Failure;
use super::decode::print;

/// The data coding of Smart Messaging: 8-bit data for the handset.
pub(super) const USUAL: u8 = 0xf5;

/// Prints what parts hold together: a push, or, known by its header or with a data coding, one of the smart messages.
pub(super) fn decode(parts: &[Vec<u8>], smart: Option<u8>, json: bool) -> Result<(), Failure> {
    let description = match smart {
        Some(data_coding) => {
            let parts: Vec<UserData> = parts.iter().map(|p| UserData::parse(p, true, DataCoding(data_coding), 0)).collect();
            waxwing_smart::describe::describe(&parts).unwrap_or_else(|| {
                let octets = parts.iter().map(|p| Value::octets(&p.octets())).collect();
                Description::new(
                    vec![Value::Object(vec![("parts", Value::List(octets))])],
                    Some("no smart message is known by that".to_owned()),
                )
            })
        }
        // Ring tones, logos and the like are known by their ports, EMS and message waiting by their elements.
        None if is_smart(parts) => return decode(parts, Some(USUAL), json),
        None => {
            let whole = joined(parts);
            // A transaction id may look like a header's length; a header with ports hardly looks like a transaction id.
            match UserDataHeader::parse(&whole) {
                Ok((header, payload)) if header.ports().is_some() => with_mms(waxwing_wap::describe::user_data(&whole), payload),
                _ => with_mms(waxwing_wap::describe::push(&whole), &whole),
            }
        }
    };
    print(&description, json)
}

/// The same with the MMS PDU that a push holds described too: the crate of pushes does not know what is in it.
pub(super) fn with_mms(description: Description, push: &[u8]) -> Description {
    let body = match Push::decode(push) {
        Ok(decoded) if decoded.push.content_type.is(waxwing_wap::mms::CONTENT_TYPE) => decoded.push.body,
        _ => return description,
    };
    let mms = waxwing_mms::describe::describe(&body);
    let mut pdus = description.pdus().to_vec();
    if let (Some(Value::Object(members)), [pdu]) = (pdus.last_mut(), mms.pdus())
        && let Some((_, shown)) = members.iter_mut().find(|(name, _)| *name == "mms")
    {
        *shown = pdu.clone();
    }
    let error = description.error().or(mms.error()).map(str::to_owned);
    Description::new(pdus, error)
}

/// Whether the parts have headers, of no push, and are one of the smart messages together.
fn is_smart(parts: &[Vec<u8>]) -> bool {
    let with_header =
        |part: &Vec<u8>| UserDataHeader::parse(part).is_ok_and(|(header, _)| !header.ports().is_some_and(waxwing_wap::sms::is_push));
    let read: Vec<UserData> = parts.iter().map(|p| UserData::parse(p, true, DataCoding(USUAL), 0)).collect();
    parts.iter().all(with_header) && matches!(waxwing_smart::Smart::decode(&read), Ok(Some(_)))
}

/// One user data of all parts, in the order of their numbers; parts that are none stay as they are.
fn joined(parts: &[Vec<u8>]) -> Vec<u8> {
    let read = |part: &Vec<u8>| {
        let (header, payload) = UserDataHeader::parse(part).ok()?;
        let number = header.concatenation()?.number;
        Some((number, header.without(|e| matches!(e, Element::Concat8 { .. } | Element::Concat16 { .. })), payload.to_vec()))
    };
    let Some(mut read) = parts.iter().map(read).collect::<Option<Vec<_>>>().filter(|all| all.len() > 1) else {
        return parts.concat();
    };
    read.sort_by_key(|(number, ..)| *number);
    let header = read.first().map(|(_, header, _)| header.encode()).unwrap_or_default();
    read.iter().fold(header, |whole, (.., payload)| [whole.as_slice(), payload].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_in_their_order() {
        let part = |number, rest: &[u8]| [&[0x0b, 5, 4, 0x0b, 0x84, 0x23, 0xf0, 0, 3, 7, 2, number], rest].concat();
        assert_eq!(joined(&[part(2, b"cd"), part(1, b"ab")]), b"\x06\x05\x04\x0b\x84\x23\xf0abcd");
        assert_eq!(joined(&[b"ab".to_vec(), b"c".to_vec()]), b"abc");
    }
}
