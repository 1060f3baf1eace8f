//! The golden PDUs.
#![allow(clippy::unwrap_used, dead_code)]

use waxwing_proto_testing::octets;
use waxwing_smpp::frame;

/// A PDU that somebody else wrote.
pub(crate) struct Golden {
    /// Who wrote it.
    pub(crate) maker: &'static str,
    /// What it is: the command's name, perhaps with more behind it.
    pub(crate) label: &'static str,
    /// Its octets.
    pub(crate) wire: Vec<u8>,
}

impl std::fmt::Display for Golden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} by {}", self.label, self.maker)
    }
}

/// Every golden PDU.
pub(crate) fn golden() -> Vec<Golden> {
    let lines = include_str!("../golden/pdus.txt").lines();
    let golden: Vec<Golden> = lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split(' ');
            let (maker, label, digits) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            Golden { maker, label, wire: octets(digits) }
        })
        .collect();
    assert!(golden.len() > 60);
    golden
}

/// The golden PDU of this label; the first, where several makers have it.
pub(crate) fn golden_wire(label: &str) -> Vec<u8> {
    golden().into_iter().find(|golden| golden.label == label).unwrap().wire
}

/// A PDU of a command id and a body.
pub(crate) fn pdu(command_id: u32, status: u32, sequence_number: u32, body: &[u8]) -> Vec<u8> {
    let words = [(frame::HEADER_LEN + body.len()) as u32, command_id, status, sequence_number];
    words.iter().flat_map(|word| word.to_be_bytes()).chain(body.iter().copied()).collect()
}

/// Body of a submit_sm from `source` with `tail` after its message of two octets.
pub(crate) fn submit_body(source: &[u8], tail: &[u8]) -> Vec<u8> {
    [&b"\0\x05\0"[..], source, b"\0\x01\x01447900900123\0\0\0\0\0\0\x01\0\0\0\x02hi", tail].concat()
}
