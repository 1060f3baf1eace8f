//! Numbers of phones, what PDUs are made of (OMA-TS-MMS_ENC), and steps that several behaviours take.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use waxwing_tests::mm1::{Answer, Mm1, Pdu};
use waxwing_tests::mms::Network;

pub(crate) const BOUND: Duration = Duration::from_secs(20);
pub(crate) const ALICE: &str = "+4915112345699";
pub(crate) const BOB: &str = "+4915112345600";
pub(crate) const CAROL: &str = "+4915112345601";
pub(crate) const DAVE: &str = "+4915112345602";

// Types of PDUs.
pub(crate) const SEND_CONF: u8 = 0x81;
pub(crate) const NOTIFICATION_IND: u8 = 0x82;
pub(crate) const NOTIFYRESP_IND: u8 = 0x83;
pub(crate) const RETRIEVE_CONF: u8 = 0x84;
pub(crate) const ACKNOWLEDGE_IND: u8 = 0x85;
pub(crate) const DELIVERY_IND: u8 = 0x86;
pub(crate) const READ_REC_IND: u8 = 0x87;
pub(crate) const READ_ORIG_IND: u8 = 0x88;
pub(crate) const FORWARD_REQ: u8 = 0x89;
pub(crate) const FORWARD_CONF: u8 = 0x8a;

// Header fields.
pub(crate) const BCC: u8 = 0x01;
pub(crate) const CC: u8 = 0x02;
pub(crate) const LOCATION: u8 = 0x03;
pub(crate) const DELIVERY_REPORT: u8 = 0x06;
pub(crate) const DELIVERY_TIME: u8 = 0x07;
pub(crate) const EXPIRY: u8 = 0x08;
pub(crate) const FROM: u8 = 0x09;
pub(crate) const CLASS: u8 = 0x0a;
pub(crate) const MESSAGE_ID: u8 = 0x0b;
pub(crate) const PRIORITY: u8 = 0x0f;
pub(crate) const READ_REPORT: u8 = 0x10;
pub(crate) const REPORT_ALLOWED: u8 = 0x11;
pub(crate) const RESPONSE_STATUS: u8 = 0x12;
pub(crate) const SENDER_VISIBILITY: u8 = 0x14;
pub(crate) const STATUS: u8 = 0x15;
pub(crate) const SUBJECT: u8 = 0x16;
pub(crate) const TO: u8 = 0x17;
pub(crate) const TRANSACTION: u8 = 0x18;
pub(crate) const RETRIEVE_STATUS: u8 = 0x19;
pub(crate) const READ_STATUS: u8 = 0x1b;
pub(crate) const REPLY_CHARGING: u8 = 0x1c;
pub(crate) const PREVIOUSLY_SENT_BY: u8 = 0x20;

// Values.
pub(crate) const YES: u8 = 0x80;
pub(crate) const NO: u8 = 0x81;
pub(crate) const OK: u8 = 0x80;
pub(crate) const EXPIRED: u8 = 0x80;
pub(crate) const RETRIEVED: u8 = 0x81;
pub(crate) const REJECTED: u8 = 0x82;
pub(crate) const DEFERRED: u8 = 0x83;
pub(crate) const FORWARDED: u8 = 0x86;
pub(crate) const READ: u8 = 0x80;
pub(crate) const HIDE: u8 = 0x80;
pub(crate) const HIGH: u8 = 0x82;
pub(crate) const INFORMATIONAL: u8 = 0x82;
pub(crate) const SERVICE_DENIED: u8 = 0xe1;
pub(crate) const ADDRESS_UNRESOLVED: u8 = 0xe3;
pub(crate) const MESSAGE_NOT_FOUND: u8 = 0xe4;
pub(crate) const REPLY_CHARGING_NOT_SUPPORTED: u8 = 0xe9;
/// Of X-Mms-Retrieve-Status.
pub(crate) const NOT_FOUND: u8 = 0xe2;

/// A number as the centre writes it into PDUs.
pub(crate) fn typed(number: &str) -> String {
    format!("{number}/TYPE=PLMN")
}

/// A number as it stands in a short message.
pub(crate) fn bare(number: &str) -> &str {
    number.trim_start_matches('+')
}

pub(crate) fn start() -> Network {
    Network::start("unknown = \"phone\"")
}

/// Hands in what has to be taken, and gives its message id.
pub(crate) fn send(phone: &mut Mm1, pdu: &Pdu) -> String {
    let conf = phone.post(pdu);
    assert_eq!((conf.kind(), conf.octet(RESPONSE_STATUS)), (SEND_CONF, OK), "{conf:02x?}");
    conf.text(MESSAGE_ID)
}

/// What a phone reports of the reading of a message.
pub(crate) fn read_rec(message_id: &str, from: &str, to: &str) -> Pdu {
    let pdu = Pdu::without_transaction(READ_REC_IND).text(MESSAGE_ID, message_id).text(TO, &typed(to));
    pdu.from_address(&typed(from)).octet(READ_STATUS, READ)
}

/// The next push, which is a report to this number.
pub(crate) fn report(net: &mut Network, to: &str) -> Answer {
    let pushed = net.next_push();
    assert_eq!(pushed.to, bare(to), "{pushed:02x?}");
    pushed.pdu
}

/// Runs a program that has to succeed, in a folder, and gives what it printed. Arguments have blanks between them.
pub(crate) fn run(folder: &Path, program: &str, arguments: &str) -> String {
    let output = Command::new(program).args(arguments.split_ascii_whitespace()).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; run scripts/install-test-peers.sh"));
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}
