//! CMPP 2.0 and 3.0 by hand, for what no library would send and to judge what the gateway sends: its own few lines of codec, nothing
//! shared with the gateway's. A service provider is in [`sp`], a gateway (ISMG) that does what a test says in [`ismg`].
//!
//! What is read is read strictly: a body of another length than the standard's, or padding that is not NUL, fails the test.

pub mod fields;
pub mod ismg;
pub mod sp;

pub use fields::{Deliver, Report, Submit};
pub use ismg::{Ismg, Link};
pub use sp::{Login, Sp};

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use md5::{Digest, Md5};

/// Command ids.
pub mod command {
    #![allow(missing_docs)]
    pub const CONNECT: u32 = 0x01;
    pub const TERMINATE: u32 = 0x02;
    pub const SUBMIT: u32 = 0x04;
    pub const DELIVER: u32 = 0x05;
    pub const QUERY: u32 = 0x06;
    pub const CANCEL: u32 = 0x07;
    pub const ACTIVE_TEST: u32 = 0x08;
    /// Set in the command id of every response.
    pub const RESPONSE: u32 = 0x8000_0000;
}

/// The two layouts of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 2.0 and 2.1.
    V2,
    /// 3.0.
    V3,
}

impl Version {
    /// The layout that goes with a version byte.
    pub fn of_byte(byte: u8) -> Self {
        if byte >> 4 == 3 { Self::V3 } else { Self::V2 }
    }

    /// Octets of a phone number in SUBMIT, DELIVER and reports.
    pub fn phone(self) -> usize {
        if self == Self::V3 { 32 } else { 21 }
    }

    /// A status or result in its width.
    pub fn result(self, value: u32) -> Vec<u8> {
        if self == Self::V3 { value.to_be_bytes().to_vec() } else { vec![u8::try_from(value).expect("a result of one octet")] }
    }

    /// Octets of a status report.
    pub fn report(self) -> usize {
        if self == Self::V3 { 71 } else { 60 }
    }
}

/// One PDU, its body undecoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// Command_Id
    pub command: u32,
    /// Sequence_Id
    pub sequence: u32,
    /// What follows the header.
    pub body: Vec<u8>,
}

impl Pdu {
    /// The octets on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let length = u32::try_from(12 + self.body.len()).expect("a small body");
        let mut octets = Vec::with_capacity(12 + self.body.len());
        for word in [length, self.command, self.sequence] {
            octets.extend(word.to_be_bytes());
        }
        octets.extend(&self.body);
        octets
    }

    /// The response to this request with that body.
    pub fn answer(&self, body: Vec<u8>) -> Self {
        Self { command: self.command | command::RESPONSE, sequence: self.sequence, body }
    }

    /// Msg_Id and Result of a SUBMIT_RESP or DELIVER_RESP; panics unless it is one in that layout.
    pub fn id_and_result(&self, version: Version) -> (u64, u32) {
        let answers = [command::SUBMIT, command::DELIVER].map(|command| command | command::RESPONSE);
        assert!(answers.contains(&self.command), "{self:?}");
        assert_eq!(self.body.len(), 8 + version.result(0).len(), "the body of {self:?}");
        let id = u64::from_be_bytes(self.body[..8].try_into().expect("eight octets"));
        (id, number(&self.body[8..]))
    }
}

/// An unsigned integer of up to four octets.
pub fn number(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))
}

/// AuthenticatorSource: over Source_Addr as it is given, nine NUL, the secret, and the timestamp in ten digits.
pub fn authenticator_source(source: &[u8], secret: &str, timestamp: u32) -> [u8; 16] {
    let digits = format!("{timestamp:010}");
    Md5::new().chain_update(source).chain_update([0; 9]).chain_update(secret).chain_update(digits).finalize().into()
}

/// AuthenticatorISMG: over the status in its wire width, AuthenticatorSource, and the secret.
pub fn authenticator_ismg(status: &[u8], source: &[u8; 16], secret: &str) -> [u8; 16] {
    Md5::new().chain_update(status).chain_update(source).chain_update(secret).finalize().into()
}

/// Year (two digits), month, day, hour, minute, second of a moment so many seconds from now, in UTC plus `offset` seconds.
pub fn clock(from_now: i64, offset: i64) -> [i64; 6] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let seconds = i64::try_from(now).expect("not so late") + from_now + offset;
    // Days since 0000-03-01, in eras of 400 years.
    let days = seconds.div_euclid(86_400) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let time = seconds.rem_euclid(86_400);
    [year % 100, month, day_of_year - (153 * shifted + 2) / 5 + 1, time / 3_600, time / 60 % 60, time % 60]
}

/// A time as ValId_Time and At_Time have it, `YYMMDDhhmmsstnnp`, China's, so many seconds from now.
pub fn time(from_now: i64) -> String {
    let digits: String = clock(from_now, 8 * 3_600).iter().map(|part| format!("{part:02}")).collect();
    digits + "032+"
}

/// The text of a Msg_Content with Msg_Fmt 0, 8 or a GSM data coding of one of them, without its user data header.
pub fn text(msg_fmt: u8, tp_udhi: u8, content: &[u8]) -> String {
    let content = if tp_udhi == 0 { content } else { &content[1 + usize::from(content[0])..] };
    match msg_fmt {
        0 => String::from_utf8(content.to_vec()).expect("ASCII"),
        8 | 24 => {
            assert!(content.len() % 2 == 0, "UCS-2 in {} octets", content.len());
            let units: Vec<u16> = content.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).expect("whole surrogate pairs")
        }
        other => panic!("Msg_Fmt {other} holds no text that is read here"),
    }
}

/// Text as UTF-16, big-endian.
pub fn ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// What came from the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A PDU.
    Pdu(Pdu),
    /// The connection was closed.
    Closed,
    /// Nothing within the bound.
    Silence,
}

/// A connection that carries PDUs.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    /// Over a connection.
    pub fn new(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Sends octets as they are.
    pub fn send_octets(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(octets)
    }

    /// Sends a PDU.
    pub fn send(&mut self, pdu: &Pdu) -> std::io::Result<()> {
        self.send_octets(&pdu.encode())
    }

    /// What comes next, within `bound`.
    pub fn receive(&mut self, bound: Duration) -> Received {
        loop {
            if let Some(pdu) = self.take_pdu() {
                return Received::Pdu(pdu);
            }
            self.stream.set_read_timeout(Some(bound.max(Duration::from_millis(1)))).expect("a bound above zero");
            let mut chunk = [0; 65_536];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Received::Closed,
                Ok(count) => self.received.extend(&chunk[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Received::Silence,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Received::Closed,
            }
        }
    }

    fn take_pdu(&mut self) -> Option<Pdu> {
        let word = |index: usize| Some(u32::from_be_bytes(self.received.get(index..index + 4)?.try_into().ok()?));
        let length = word(0)? as usize;
        assert!((12..=4_096).contains(&length), "a Total_Length of {length}: {:02x?}", self.received);
        let (command, sequence) = (word(4)?, word(8)?);
        let body = self.received.get(12..length)?.to_vec();
        self.received.drain(..length);
        Some(Pdu { command, sequence, body })
    }
}
