//! The small types that fields of PDUs have.

use std::fmt;

use crate::codes::codes;

codes! {
    /// Type of number of an address (SMPP 3.4 section 5.2.5).
    #[derive(Default)]
    pub struct Ton(u8);
    UNKNOWN = 0, "unknown", "Unknown";
    INTERNATIONAL = 1, "international", "International number, without prefix";
    NATIONAL = 2, "national", "National number";
    NETWORK_SPECIFIC = 3, "network specific", "Number of the network's own, e.g. a short code";
    SUBSCRIBER = 4, "subscriber", "Subscriber number";
    ALPHANUMERIC = 5, "alphanumeric", "A name in place of a number";
    ABBREVIATED = 6, "abbreviated", "Abbreviated number";
}

codes! {
    /// Numbering plan of an address (SMPP 3.4 section 5.2.6).
    #[derive(Default)]
    pub struct Npi(u8);
    UNKNOWN = 0, "unknown", "Unknown";
    ISDN = 1, "isdn", "ISDN (E.163, E.164): telephone numbers";
    DATA = 3, "data", "Data (X.121)";
    TELEX = 4, "telex", "Telex (F.69)";
    LAND_MOBILE = 6, "land mobile", "Land mobile (E.212)";
    NATIONAL = 8, "national", "National";
    PRIVATE = 9, "private", "Private";
    ERMES = 10, "ermes", "ERMES";
    INTERNET = 14, "internet", "Internet (IP)";
    WAP_CLIENT_ID = 18, "wap client id", "WAP client id";
}

codes! {
    /// State of a message (SMPP 3.4 section 5.2.28, 5.0 section 4.7.15).
    #[derive(Default)]
    pub struct MessageState(u8);
    SCHEDULED = 0, "SCHEDULED", "Scheduled for later (5.0)";
    ENROUTE = 1, "ENROUTE", "On its way";
    DELIVERED = 2, "DELIVERED", "Delivered to the destination";
    EXPIRED = 3, "EXPIRED", "Validity period has passed";
    DELETED = 4, "DELETED", "Deleted";
    UNDELIVERABLE = 5, "UNDELIVERABLE", "Cannot be delivered";
    ACCEPTED = 6, "ACCEPTED", "Accepted, e.g. read by customer service in place of the subscriber";
    UNKNOWN = 7, "UNKNOWN", "In an invalid state";
    REJECTED = 8, "REJECTED", "Rejected";
    SKIPPED = 9, "SKIPPED", "Accepted but not sent on purpose (5.0)";
}

impl MessageState {
    /// Whether no other state follows, by the specification. ACCEPTED is among them; some message centres use it for a message that
    /// they have merely taken, so leave that state to configuration.
    pub const fn is_final(self) -> bool {
        matches!(self.0, 2..=9)
    }
}

codes! {
    /// Version of the protocol, as interface_version and sc_interface_version carry it.
    pub struct InterfaceVersion(u8);
    V3_3 = 0x33, "3.3", "SMPP 3.3; every value up to 0x33 means this";
    V3_4 = 0x34, "3.4", "SMPP 3.4";
    V5_0 = 0x50, "5.0", "SMPP 5.0";
}

impl InterfaceVersion {
    /// Whether the peer knows TLVs: versions from 3.4 on (SMPP 3.4 section 3.4).
    pub const fn has_tlvs(self) -> bool {
        self.0 >= Self::V3_4.0
    }
}

/// The version that nearly every peer speaks: 3.4.
impl Default for InterfaceVersion {
    fn default() -> Self {
        Self::V3_4
    }
}

codes! {
    /// priority_flag (SMPP 3.4 section 5.2.14).
    #[derive(Default)]
    pub struct PriorityFlag(u8);
    LEVEL_0 = 0, "0", "Lowest priority; GSM: normal";
    LEVEL_1 = 1, "1", "Priority 1";
    LEVEL_2 = 2, "2", "Priority 2; ANSI-136: urgent";
    LEVEL_3 = 3, "3", "Highest priority; ANSI-136: very urgent";
    LEVEL_4 = 4, "4", "Priority 4 (5.0, cell broadcast)";
}

codes! {
    /// replace_if_present_flag (SMPP 3.4 section 5.2.18).
    #[derive(Default)]
    pub struct ReplaceIfPresent(u8);
    KEEP = 0, "do not replace", "Do not replace";
    REPLACE = 1, "replace", "Replace a message of the same source, destination and service type that still waits";
}

codes! {
    /// Message mode of an esm_class (bits 1 and 0).
    #[derive(Default)]
    pub struct MessageMode(u8);
    DEFAULT = 0, "default", "What the message centre does by default, mostly store and forward";
    DATAGRAM = 1, "datagram", "Datagram: one attempt, no receipt";
    FORWARD = 2, "forward", "Forward (transaction): the response tells the outcome";
    STORE_AND_FORWARD = 3, "store and forward", "Store and forward, where that is not the default";
}

codes! {
    /// Message type of an esm_class (bits 5 to 2).
    #[derive(Default)]
    pub struct MessageType(u8);
    DEFAULT = 0, "default", "An ordinary message";
    DELIVERY_RECEIPT = 1, "delivery receipt", "Delivery receipt of the message centre";
    DELIVERY_ACKNOWLEDGEMENT = 2, "delivery acknowledgement", "Acknowledgement by the receiving entity";
    USER_ACKNOWLEDGEMENT = 4, "user acknowledgement", "Acknowledgement by the user";
    CONVERSATION_ABORT = 6, "conversation abort", "Conversation abort (Korean CDMA)";
    INTERMEDIATE_NOTIFICATION = 8, "intermediate notification", "Notification of a state that is not final";
}

/// esm_class (SMPP 3.4 section 5.2.12): mode, type and GSM features of a message.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct EsmClass(pub u8);

impl EsmClass {
    /// The bit that announces a user data header.
    pub const UDHI: u8 = 0x40;
    /// The bit that asks for a reply path.
    pub const REPLY_PATH: u8 = 0x80;

    /// Puts an esm_class together.
    pub const fn new(mode: MessageMode, kind: MessageType, udhi: bool, reply_path: bool) -> Self {
        let features = if udhi { Self::UDHI } else { 0 } | if reply_path { Self::REPLY_PATH } else { 0 };
        Self(mode.0 & 0x03 | (kind.0 & 0x0F) << 2 | features)
    }

    /// Message mode.
    pub const fn mode(self) -> MessageMode {
        MessageMode(self.0 & 0x03)
    }

    /// Message type.
    pub const fn message_type(self) -> MessageType {
        MessageType((self.0 >> 2) & 0x0F)
    }

    /// Whether the message begins with a user data header.
    pub const fn udhi(self) -> bool {
        self.0 & Self::UDHI != 0
    }

    /// Whether a reply path is set.
    pub const fn reply_path(self) -> bool {
        self.0 & Self::REPLY_PATH != 0
    }
}

impl fmt::Display for EsmClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mode {}, type {}", self.mode(), self.message_type())?;
        f.write_str(if self.udhi() { ", UDHI" } else { "" })?;
        f.write_str(if self.reply_path() { ", reply path" } else { "" })
    }
}

/// registered_delivery (SMPP 3.4 section 5.2.17): which reports the submitter wants.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct RegisteredDelivery(pub u8);

codes! {
    /// The receipt that a submitter asks for (bits 1 and 0 of registered_delivery).
    #[derive(Default)]
    pub struct ReceiptRequest(u8);
    NONE = 0, "no receipt", "No receipt";
    ALWAYS = 1, "receipt", "Receipt of success or failure";
    ON_FAILURE = 2, "receipt on failure", "Receipt of failure only";
    ON_SUCCESS = 3, "receipt on success", "Receipt of success only (5.0)";
}

impl RegisteredDelivery {
    /// No report at all.
    pub const NONE: Self = Self(0);
    /// Receipt of the final outcome.
    pub const RECEIPT: Self = Self(1);

    /// The receipt asked for.
    pub const fn receipt(self) -> ReceiptRequest {
        ReceiptRequest(self.0 & 0x03)
    }

    /// Whether an acknowledgement by the receiving entity is asked for.
    pub const fn delivery_acknowledgement(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// Whether an acknowledgement by the user is asked for.
    pub const fn user_acknowledgement(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// Whether notifications of intermediate states are asked for.
    pub const fn intermediate(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// Whether a message that ends in this state has to be reported.
    pub fn wants(self, state: MessageState) -> bool {
        if !state.is_final() {
            return self.intermediate();
        }
        match self.receipt() {
            ReceiptRequest::ALWAYS => true,
            ReceiptRequest::ON_FAILURE => state != MessageState::DELIVERED,
            ReceiptRequest::ON_SUCCESS => state == MessageState::DELIVERED,
            _ => false,
        }
    }
}

impl fmt::Display for RegisteredDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.receipt())?;
        f.write_str(if self.delivery_acknowledgement() { ", delivery acknowledgement" } else { "" })?;
        f.write_str(if self.user_acknowledgement() { ", user acknowledgement" } else { "" })?;
        f.write_str(if self.intermediate() { ", intermediate" } else { "" })
    }
}

/// data_coding (SMPP 3.4 section 5.2.19). What a value means is partly the message centre's choice; this only names the specification's.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DataCoding(pub u8);

impl DataCoding {
    /// The message centre's default alphabet: mostly GSM 7-bit, one character an octet.
    pub const DEFAULT: Self = Self(0);
    /// ASCII by the specification; some peers mean the default alphabet.
    pub const IA5: Self = Self(1);
    /// Latin-1.
    pub const LATIN1: Self = Self(3);
    /// Binary octets.
    pub const BINARY: Self = Self(4);
    /// UCS-2, big endian (in practice UTF-16).
    pub const UCS2: Self = Self(8);

    /// Name of the coding; `None` for a reserved value.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "default alphabet",
            1 => "IA5 (ASCII)",
            2 | 4 => "binary",
            3 => "Latin-1",
            5 => "JIS",
            6 => "Cyrillic (ISO 8859-5)",
            7 => "Latin/Hebrew (ISO 8859-8)",
            8 => "UCS-2",
            9 => "pictogram",
            10 => "ISO-2022-JP",
            13 => "extended Kanji JIS",
            14 => "KS C 5601",
            0xC0..=0xDF => "GSM message waiting indication",
            0xF0..=0xFF => "GSM data coding and message class",
            _ => return None,
        })
    }
}

impl fmt::Display for DataCoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name().unwrap_or("reserved"))
    }
}

/// An address: type of number, numbering plan and its octets (mostly ASCII digits, sometimes text in Latin-1 or UTF-8).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Address<'a> {
    /// Type of number.
    pub ton: Ton,
    /// Numbering plan.
    pub npi: Npi,
    /// The address itself, without its NUL. Up to 20 octets in most PDUs, up to 64 in data_sm and alert_notification.
    pub addr: &'a [u8],
}

impl<'a> Address<'a> {
    /// An address of its three parts.
    pub const fn new(ton: Ton, npi: Npi, addr: &'a [u8]) -> Self {
        Self { ton, npi, addr }
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (ton {}, npi {})", self.addr.escape_ascii(), self.ton.0, self.npi.0)
    }
}

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

macro_rules! debug_with_octet {
    ($($type:ty),*) => {
        $(impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#04x} ({self})", self.0)
            }
        })*
    };
}
debug_with_octet!(EsmClass, RegisteredDelivery, DataCoding);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn esm_class_goes_together_and_apart() {
        let class = EsmClass::new(MessageMode::STORE_AND_FORWARD, MessageType::DELIVERY_RECEIPT, true, false);
        assert_eq!(class.0, 0x47);
        assert_eq!((class.mode(), class.message_type()), (MessageMode::STORE_AND_FORWARD, MessageType::DELIVERY_RECEIPT));
        assert_eq!(class.to_string(), "mode store and forward, type delivery receipt, UDHI");
    }

    #[test]
    fn registered_delivery_says_what_to_report() {
        assert!(RegisteredDelivery(1).wants(MessageState::EXPIRED));
        assert!(!RegisteredDelivery(2).wants(MessageState::DELIVERED));
        assert!(!RegisteredDelivery(1).wants(MessageState::ENROUTE));
        assert!(RegisteredDelivery(0x1D).wants(MessageState::ENROUTE));
        assert!(RegisteredDelivery(0x1D).user_acknowledgement());
        assert!(!RegisteredDelivery(0).wants(MessageState::DELIVERED));
    }
}
