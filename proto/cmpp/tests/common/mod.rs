//! The golden PDUs.
#![allow(clippy::unwrap_used, dead_code)]

use waxwing_cmpp::{Version, frame};
use waxwing_proto_testing::octets;

/// A PDU that was not written by this crate.
pub(crate) struct Golden {
    pub(crate) version: Version,
    /// Name of the command.
    pub(crate) name: &'static str,
    pub(crate) sequence_id: u32,
    /// Its octets.
    pub(crate) wire: Vec<u8>,
}

impl std::fmt::Display for Golden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} of {}", self.name, self.sequence_id, self.version)
    }
}

/// Every golden PDU.
pub(crate) fn golden() -> Vec<Golden> {
    let lines = include_str!("../golden/pdus.txt").lines();
    let golden: Vec<Golden> = lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let version = if words[0] == "3.0" { Version::V3 } else { Version::V2 };
            Golden { version, name: words[1], sequence_id: words[2].parse().unwrap(), wire: octets(words[3]) }
        })
        .collect();
    assert_eq!(golden.len(), 36);
    golden
}

/// The golden PDU of this version, name and Sequence_Id.
pub(crate) fn golden_wire(version: Version, name: &str, sequence_id: u32) -> Vec<u8> {
    let mut all = golden().into_iter();
    all.find(|golden| golden.version == version && golden.name == name && golden.sequence_id == sequence_id).unwrap().wire
}

/// A PDU of a command id and a body.
pub(crate) fn pdu(command_id: u32, sequence_id: u32, body: &[u8]) -> Vec<u8> {
    let words = [(frame::HEADER_LEN + body.len()) as u32, command_id, sequence_id];
    words.iter().flat_map(|word| word.to_be_bytes()).chain(body.iter().copied()).collect()
}
