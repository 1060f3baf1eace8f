//! Values that are addresses.

use waxwing_wap::wsp::{Reader, write};
use waxwing_wap::{DecodeError, EncodeError};

use super::{Counted, Encoded, Syntax, WHAT, composed, inside, one_line, write_with_length};
use crate::address::MmsAddress;
use crate::quirks::Quirks;
use crate::values::{PreviouslySentBy, Sender};

/// An address.
pub(in crate::header) struct Address;

/// `From`.
pub(in crate::header) struct FromValue;

/// `X-Mms-Previously-Sent-By`.
pub(in crate::header) struct SentBy;

/// Tokens of `From`.
const ADDRESS_PRESENT: u8 = 0x80;
const INSERT_ADDRESS: u8 = 0x81;

impl Syntax for Address {
    type Value = MmsAddress;
    const EXPECTED: &'static str = "an address such as +447700900123/TYPE=PLMN or user@example.com";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<MmsAddress>, DecodeError> {
        address(reader, quirks)
    }

    fn write(value: &MmsAddress, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_address(value, out)
    }

    fn print(value: &MmsAddress) -> String {
        one_line(&value.to_string())
    }

    fn parse(text: &str) -> Option<MmsAddress> {
        MmsAddress::parse(text)
    }
}

impl Syntax for FromValue {
    type Value = Sender;
    const EXPECTED: &'static str = Address::EXPECTED;

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<Sender>, DecodeError> {
        match reader.peek() {
            Some(0x01..=0x1f) => inside(reader, quirks, |inner, quirks| {
                Ok(match inner.peek() {
                    Some(INSERT_ADDRESS) => {
                        inner.octet(WHAT)?;
                        Some(Sender::Insert)
                    }
                    Some(ADDRESS_PRESENT) => {
                        inner.octet(WHAT)?;
                        address(inner, quirks)?.map(Sender::Address)
                    }
                    _ => None,
                })
            }),
            // Bare text, as a few write it.
            Some(0x20..=0x7f) => {
                quirks.insert(Quirks::VALUE_LENGTH);
                Ok(address(reader, quirks)?.map(Sender::Address))
            }
            _ => Ok(None),
        }
    }

    fn write(value: &Sender, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            match value {
                Sender::Insert => out.push(INSERT_ADDRESS),
                Sender::Address(address) => {
                    out.push(ADDRESS_PRESENT);
                    write_address(address, out)?;
                }
            }
            Ok(())
        })
    }

    fn print(value: &Sender) -> String {
        match value {
            Sender::Insert => "insert-address-token".to_owned(),
            Sender::Address(address) => Address::print(address),
        }
    }

    fn parse(text: &str) -> Option<Sender> {
        match text {
            "insert-address-token" | "#insert" => Some(Sender::Insert),
            _ => MmsAddress::parse(text).map(Sender::Address),
        }
    }
}

impl Syntax for SentBy {
    type Value = PreviouslySentBy;
    const EXPECTED: &'static str = "a number, a comma, and an address";

    fn read(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<PreviouslySentBy>, DecodeError> {
        Ok(Counted::<Address>::read(reader, quirks)?.map(|counted| PreviouslySentBy { count: counted.number, address: counted.value }))
    }

    fn write(value: &PreviouslySentBy, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write_with_length(out, WHAT, |out| {
            write::integer(value.count, out);
            write_address(&value.address, out)
        })
    }

    fn print(value: &PreviouslySentBy) -> String {
        format!("{}, {}", value.count, Address::print(&value.address))
    }

    fn parse(text: &str) -> Option<PreviouslySentBy> {
        let (count, address) = composed::split_number(text)?;
        Some(PreviouslySentBy { count, address: MmsAddress::parse(address)? })
    }
}

/// An address as text with its charset.
fn address(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<MmsAddress>, DecodeError> {
    let Some(text) = Encoded::read(reader, quirks)? else { return Ok(None) };
    let address = MmsAddress::parse(&text.text);
    match &address {
        None => quirks.insert(Quirks::EMPTY_ADDRESS),
        Some(MmsAddress::Typed { .. }) => quirks.insert(Quirks::ADDRESS_TYPE),
        Some(MmsAddress::Number(_)) if text.text.to_ascii_uppercase().contains("/TYPE=PLNM") => quirks.insert(Quirks::ADDRESS_TYPE),
        Some(_) => {}
    }
    Ok(address)
}

fn write_address(address: &MmsAddress, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    Encoded::write(&address.to_string().into(), out)
}
