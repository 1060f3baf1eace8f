//! The settings of CMPP listeners and connectors. Those of each SP are its account's (`waxwing_core::CmppProfile`).

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use waxwing_core::{ErrorTable, NoAnswer, RetryPolicy};
use waxwing_session::{BackoffOptions, FloodLimits, SourceList, TlsClientOptions, TlsServerOptions};

use crate::smpp::RequestReceipts;

/// Offset of China's clocks from UTC, minutes: the times in CMPP are local ones that name no zone.
pub const CHINA: i32 = 480;

/// Octets of the longest SUBMIT that can be written, with 255 recipients and 255 octets of content: beyond what the standard allows, so that
/// it is answered and not the end of the connection.
const MAX_PDU: usize = 8578;

/// A door for SPs and for other ISMGs.
#[derive(Clone, Debug)]
pub struct IsmgConfig {
    /// Address and port; port 0 takes any. The standard's are 7890 (long connections), 7900 (short ones) and 7930 (ISMG to ISMG).
    pub listen: SocketAddr,
    /// TLS; `None` for plain TCP, which is what the standard has.
    pub tls: Option<TlsServerOptions>,
    /// Who may connect; empty = everybody. The accounts have lists of their own.
    pub allow: SourceList,
    /// Connections at the same time, in all and from one address.
    pub flood: FloodLimits,
    /// From the connection to a completed CONNECT.
    pub login_timeout: Duration,
    /// Codes of this gateway (at most six digits), part of every Msg_Id. One gives 65,536 ids a second; with several, the next is used when
    /// one has none left. The first is our Source_Addr and Source_Id.
    pub gateways: Vec<u32>,
    /// Requests that a client may have unanswered before nothing more is read from it.
    pub max_unanswered: u32,
    /// Messages a second that one connection may submit; more are answered with result 8.
    pub rate: Option<NonZeroU32>,
    /// For short connections: nothing is delivered over them.
    pub short: bool,
    /// A CONNECT whose timestamp was first seen longer ago than this is a replay and refused with status 3; `None` takes it.
    pub replay_window: Option<Duration>,
    /// Minutes that our local time is ahead of UTC, for Msg_Ids and reports.
    pub utc_offset: i32,
    /// Longest PDU, octets.
    pub max_pdu: usize,
}

impl IsmgConfig {
    /// The defaults for an address and a gateway code.
    pub fn new(listen: SocketAddr, gateway: u32) -> IsmgConfig {
        IsmgConfig {
            listen,
            tls: None,
            allow: SourceList::default(),
            flood: FloodLimits::default(),
            login_timeout: Duration::from_secs(10),
            gateways: vec![gateway],
            max_unanswered: 1000,
            rate: None,
            short: false,
            replay_window: Some(Duration::from_secs(600)),
            utc_offset: CHINA,
            max_pdu: MAX_PDU,
        }
    }
}

/// What characters beyond ASCII leave in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wide {
    /// Msg_Fmt 8: UTF-16, big-endian.
    #[default]
    Ucs2,
    /// Msg_Fmt 15: GB 18030.
    Gbk,
}

/// How many characters fit, by Msg_Fmt. What a gateway takes is a matter of its operator; the standard only bounds Msg_Length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartLengths {
    /// Msg_Fmt 0, a message of one part, 1 to 160.
    pub ascii_single: u8,
    /// Msg_Fmt 0, each part of a long message beside its header, 1 to 153.
    pub ascii_part: u8,
    /// Msg_Fmt 15, one part, characters: the network sends them on as UCS-2. 1 to 140.
    pub gbk_single: u8,
    /// Msg_Fmt 15, each part, characters.
    pub gbk_part: u8,
    /// Msg_Fmt 8, one part, UTF-16 units, 1 to 70.
    pub ucs2_single: u8,
    /// Msg_Fmt 8, each part, UTF-16 units, 1 to 67.
    pub ucs2_part: u8,
}

impl Default for PartLengths {
    fn default() -> PartLengths {
        PartLengths { ascii_single: 159, ascii_part: 153, gbk_single: 70, gbk_part: 67, ucs2_single: 70, ucs2_part: 67 }
    }
}

/// Where the signature of domestic messages stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignaturePlace {
    /// Before the text.
    #[default]
    Start,
    /// Behind it.
    End,
}

/// The signature (`【...】`) that messages in China carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// With its brackets.
    pub text: String,
    /// Where.
    pub place: SignaturePlace,
    /// The carrier puts it there: it is taken out of texts that have it, and its room is left free in the part that it goes into.
    pub by_carrier: bool,
}

/// How recipients are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecipientForm {
    /// Chinese mobile numbers as eleven digits, others as digits with their country code.
    #[default]
    Bare,
    /// With the country code, without `+`.
    CountryCode,
    /// As the message has it.
    Same,
}

/// The charging fields of each SUBMIT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// Fee_UserType: 0 recipient, 1 sender, 2 SP, 3 `terminal_id`.
    pub user_type: u8,
    /// Fee_terminal_Id, with user type 3.
    pub terminal_id: String,
    /// FeeType: 01 free, 02 per message, 03 monthly, 04 capped, 05 by the SP.
    pub fee_type: String,
    /// FeeCode: a price in fen, or what the carrier assigned.
    pub code: String,
}

impl Default for Fee {
    fn default() -> Fee {
        Fee { user_type: 2, terminal_id: String::new(), fee_type: "01".into(), code: "0".into() }
    }
}

/// What we are to the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// An SP: SUBMIT out, DELIVER in.
    Sp,
    /// Another ISMG: FWD out; what the peer has for us comes over its own connection to our listener, as the account `account`.
    Ismg {
        /// Name of the account that is the peer: what waits for it (received messages, reports) leaves here as well.
        account: String,
        /// Gateway code of the peer, Destination_Id of what we send.
        peer: u32,
        /// Gateways that a message may have passed before it is refused as going in circles.
        max_nodes: u8,
    },
}

/// A line to an ISMG.
#[derive(Clone, Debug)]
pub struct ConnectorConfig {
    /// Addresses (`host:port`), tried in turn.
    pub addresses: Vec<String>,
    /// TLS; `None` for plain TCP.
    pub tls: Option<TlsClientOptions>,
    /// What we are there.
    pub part: Part,
    /// Source_Addr: our SP_Id, or our gateway code.
    pub source_addr: String,
    /// The shared secret.
    pub secret: String,
    /// Version byte of CONNECT: 0x20, 0x21 or 0x30. `None` begins with 0x30 and does what the answer says.
    pub version: Option<u8>,
    /// AuthenticatorSource over Source_Addr padded to six octets, as a few servers want it; otherwise over the bare account.
    pub padded_authenticator: bool,
    /// Ends the session if AuthenticatorISMG is not right; otherwise that is a line in the log.
    pub strict_authenticator: bool,
    /// Connections at the same time.
    pub links: u32,
    /// Unanswered requests on each.
    pub window: u32,
    /// Messages a second over all links; `None` = no limit.
    pub rate: Option<f64>,
    /// C: idle time after which an ACTIVE_TEST is sent.
    pub link_test: Duration,
    /// T: time for an answer.
    pub response_timeout: Duration,
    /// N: how often a request is sent in all, each time waiting for T.
    pub sends: u32,
    /// Waits between attempts to connect.
    pub reconnect: BackoffOptions,
    /// How long all links pause after result 8.
    pub throttle_pause: Duration,
    /// Src_Id: our service code. Senders that begin with it are kept.
    pub src_id: String,
    /// Senders of digits that do not begin with `src_id` are put behind it; otherwise `src_id` alone is the sender.
    pub extend_src_id: bool,
    /// Service_Id; empty = the message's own.
    pub service_id: String,
    /// Msg_src; empty = `source_addr`.
    pub msg_src: String,
    /// Charging.
    pub fee: Fee,
    /// What an SP wrote into the charging fields leaves as it came; `fee` is for messages of other doors.
    pub keep_fee: bool,
    /// When reports are asked for.
    pub request_receipts: RequestReceipts,
    /// What text beyond ASCII leaves in.
    pub wide: Wide,
    /// Lengths of parts.
    pub lengths: PartLengths,
    /// The signature rule; `None` leaves texts alone.
    pub signature: Option<Signature>,
    /// How recipients are written.
    pub recipient: RecipientForm,
    /// References of long messages have 16 bits.
    pub wide_reference: bool,
    /// Minutes that the carrier's local time is ahead of UTC.
    pub utc_offset: i32,
    /// Which results are what.
    pub errors: ErrorTable,
    /// When to try again.
    pub retry: RetryPolicy,
    /// What an unanswered message becomes.
    pub no_answer: NoAnswer,
    /// How long to wait for reports after the validity has ended, milliseconds.
    pub receipt_wait: u64,
}

impl ConnectorConfig {
    /// The defaults of an SP for an address.
    pub fn new(address: impl Into<String>) -> ConnectorConfig {
        ConnectorConfig {
            addresses: vec![address.into()],
            tls: None,
            part: Part::Sp,
            source_addr: String::new(),
            secret: String::new(),
            version: None,
            padded_authenticator: false,
            strict_authenticator: false,
            links: 1,
            window: 16,
            rate: None,
            link_test: Duration::from_secs(30),
            response_timeout: Duration::from_secs(60),
            sends: 3,
            reconnect: BackoffOptions::default(),
            throttle_pause: Duration::from_secs(1),
            src_id: String::new(),
            extend_src_id: false,
            service_id: String::new(),
            msg_src: String::new(),
            fee: Fee::default(),
            keep_fee: false,
            request_receipts: RequestReceipts::Always,
            wide: Wide::Ucs2,
            lengths: PartLengths::default(),
            signature: None,
            recipient: RecipientForm::Bare,
            wide_reference: false,
            utc_offset: CHINA,
            errors: ErrorTable::cmpp(),
            retry: RetryPolicy::default(),
            no_answer: NoAnswer::Resend,
            receipt_wait: 72 * 3_600_000,
        }
    }
}
