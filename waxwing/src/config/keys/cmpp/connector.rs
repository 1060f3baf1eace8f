//! `[[connector]]` with `protocol = "cmpp"`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Wide;
use crate::config::keys::{ReceiptRequest, Tls};
use crate::config::value::{GatewayCode, Hosts, Period, UtcOffset};

/// A carrier's gateway (ISMG), spoken to as a service provider (`role = "sp"`), or another gateway that messages are forwarded to
/// (`role = "ismg"`).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CmppConnector {
    /// The gateway's address (must be given). Several, in a list, are tried in turn.
    pub address: Hosts,
    /// TLS: `true`, or a table with the details.
    pub tls: Tls,
    /// What we are there.
    pub role: Role,
    /// As an SP: our SP_Id there, at most 6 characters (must be given).
    pub sp_id: String,
    /// As an ISMG: our own code (must be given), one of those of our listeners.
    pub gateway: Option<GatewayCode>,
    /// As an ISMG: the code of the other side (must be given).
    pub peer: Option<GatewayCode>,
    /// As an ISMG: the account that the other side is (must be given). What it sends comes over its own connection to our listener, as that
    /// account; what is for that account (received messages, reports) leaves here.
    pub account: String,
    /// As an ISMG: a message that has passed more gateways than this is going in circles and refused, 1 to 255.
    pub max_nodes: u8,
    /// The shared secret (must be given).
    pub secret: String,
    /// Version to ask for. `auto` begins with 3.0 and does what the answer says.
    pub version: ConnectVersion,
    /// Compute the digest of CONNECT over the SP_Id padded to six octets, as a few servers want it where it is shorter.
    pub padded_authenticator: bool,
    /// End the connection if the other side's digest is wrong. Otherwise that is a line in the log, because many servers get it wrong.
    pub strict_authenticator: bool,
    /// Connections at the same time.
    pub links: u32,
    /// Requests that are sent on each connection without waiting for an answer.
    pub window: u32,
    /// Messages a second, over all its connections.
    pub rate: Option<f64>,
    /// After so much silence an ACTIVE_TEST is sent (the standard's C, which is 3 minutes there); 0 sends none.
    pub link_test: Period,
    /// How long an answer is waited for before the request is sent again (the standard's T).
    pub response_timeout: Period,
    /// How often a request is sent in all (the standard's N).
    pub sends: u32,
    /// Wait before the first new attempt to connect; it doubles with every further one.
    pub reconnect_min: Period,
    /// Longest such wait.
    pub reconnect_max: Period,
    /// How long all connections pause after result 8.
    pub throttle_pause: Period,
    /// Our service code there, at most 20 digits. Senders that begin with it are kept; it replaces the others.
    pub src_id: String,
    /// Senders of digits that do not begin with `src_id` are put behind it, instead of being replaced by it.
    pub extend_src_id: bool,
    /// Service_Id of all messages, at most 10 characters; without it, the one that a message came with.
    pub service_id: String,
    /// Msg_src of all messages, at most 6 characters; without it, `sp_id`.
    pub msg_src: String,
    /// Who pays: 0 the recipient, 1 the sender, 2 the SP, 3 `fee_terminal_id`.
    pub fee_user_type: u8,
    /// The number that pays, with `fee_user_type = 3`; at most 21 digits, 32 with `version = "3.0"`.
    pub fee_terminal_id: String,
    /// FeeType: 01 free, 02 for each message, 03 monthly, 04 capped, 05 as the SP says.
    pub fee_type: String,
    /// FeeCode: a price in fen, or what the carrier assigned; at most 6 characters.
    pub fee_code: String,
    /// As an SP: pass on what an SP wrote into Fee_UserType, Fee_terminal_Id, FeeType and FeeCode of its message, instead of the four keys
    /// above. Those are then for messages that came by other protocols, and (all four together) where the payer is a pseudo-code and the
    /// version is 2.0. Between gateways (`role = "ismg"`) it is always so.
    pub keep_fee: bool,
    /// When the carrier is asked for a report.
    pub request_receipts: ReceiptRequest,
    /// What text that is not ASCII leaves in.
    pub wide: Wide,
    /// Most characters of an ASCII message (Msg_Fmt 0) that leaves in one piece, 1 to 160.
    pub ascii_single: u8,
    /// Most characters in each part of a longer one, 1 to 153.
    pub ascii_part: u8,
    /// Most characters of a message in GB 18030 (Msg_Fmt 15) that leaves in one piece, 1 to 140.
    pub gbk_single: u8,
    /// Most characters in each part of a longer one, 1 to 134.
    pub gbk_part: u8,
    /// Most UTF-16 units of a message in UCS-2 (Msg_Fmt 8) that leaves in one piece, 1 to 70.
    pub ucs2_single: u8,
    /// Most UTF-16 units in each part of a longer one, 1 to 67.
    pub ucs2_part: u8,
    /// The signature that texts carry, with its brackets: `"【Shop】"`. Without it, texts stay as they are.
    pub signature: Option<String>,
    /// Where the signature stands.
    pub signature_place: SignaturePlace,
    /// Who puts the signature there.
    pub signature_by: SignatureBy,
    /// How recipients are written.
    pub recipient: RecipientForm,
    /// How messages longer than one SMS leave.
    #[serde(rename = "long")]
    pub long_messages: CmppLong,
    /// Zone of the carrier's clock: the times in its reports are local ones.
    pub utc_offset: UtcOffset,
    /// Write every PDU into pcap files in the data folder's `trace`, for tshark and Wireshark. What is said there is not encrypted.
    pub trace: bool,
}

/// What we are to the other side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A service provider: SUBMIT out, DELIVER in.
    #[default]
    Sp,
    /// Another gateway: FWD out.
    Ismg,
}

/// The version byte of CONNECT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ConnectVersion {
    /// 3.0 first, then what the answer says.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// 0x20.
    #[serde(rename = "2.0")]
    V20,
    /// 0x21, with the PDUs of 2.0.
    #[serde(rename = "2.1")]
    V21,
    /// 0x30.
    #[serde(rename = "3.0")]
    V30,
}

/// Where a signature stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignaturePlace {
    /// Before the text.
    #[default]
    Start,
    /// Behind it.
    End,
}

/// Who signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignatureBy {
    /// This gateway, where a text does not have it.
    #[default]
    Us,
    /// The carrier: it is taken out of texts that have it, and its room is left free.
    Carrier,
}

/// How recipients are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecipientForm {
    /// Chinese mobile numbers with eleven digits, others with their country code.
    #[default]
    Bare,
    /// With the country code, without `+`.
    CountryCode,
    /// As the message has it.
    Same,
}

/// How messages longer than one SMS leave over CMPP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CmppLong {
    /// In parts with a user data header, 8-bit reference.
    #[default]
    Udh,
    /// In parts with a user data header, 16-bit reference.
    Udh16,
}

// === impl CmppConnector ===

impl Default for CmppConnector {
    fn default() -> CmppConnector {
        CmppConnector {
            address: Hosts::default(),
            tls: Tls::Off,
            role: Role::Sp,
            sp_id: String::new(),
            gateway: None,
            peer: None,
            account: String::new(),
            max_nodes: 8,
            secret: String::new(),
            version: ConnectVersion::Auto,
            padded_authenticator: false,
            strict_authenticator: false,
            links: 1,
            window: 16,
            rate: None,
            link_test: Period::secs(30),
            response_timeout: Period::secs(60),
            sends: 3,
            reconnect_min: Period::secs(1),
            reconnect_max: Period::secs(60),
            throttle_pause: Period::secs(1),
            src_id: String::new(),
            extend_src_id: false,
            service_id: String::new(),
            msg_src: String::new(),
            fee_user_type: 2,
            fee_terminal_id: String::new(),
            fee_type: "01".into(),
            fee_code: "0".into(),
            keep_fee: false,
            request_receipts: ReceiptRequest::Always,
            wide: Wide::Ucs2,
            ascii_single: 159,
            ascii_part: 153,
            gbk_single: 70,
            gbk_part: 67,
            ucs2_single: 70,
            ucs2_part: 67,
            signature: None,
            signature_place: SignaturePlace::Start,
            signature_by: SignatureBy::Us,
            recipient: RecipientForm::Bare,
            long_messages: CmppLong::Udh,
            utc_offset: UtcOffset(480),
            trace: false,
        }
    }
}
