//! What has a number for a value: statuses, priorities and the like, with their names (OMA-TS-MMS_ENC-V1_3, section 7.3).
//!
//! A number that no version up to 1.3 assigns is kept as `Other`, so that it goes on unchanged.

use std::fmt;

/// A set of numbers with names.
pub(crate) trait Code: Sized {
    fn from_code(code: u8) -> Self;
    fn code(&self) -> u8;
    fn from_name(name: &str) -> Option<Self>;
    fn known_name(&self) -> Option<&'static str>;
}

/// Makes an enum of numbered values: the name in the specification, the number, and the documentation.
macro_rules! codes {
    ($( $(#[$doc:meta])* $type:ident { $( $(#[$value_doc:meta])* $value:ident = $code:literal, $name:literal; )* } )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $type {
            $( $(#[$value_doc])* $value, )*
            /// A number that has no name; `from_code` makes it of no other.
            Other(u8),
        }

        impl $type {
            /// All that have a name.
            pub const ALL: &'static [Self] = &[$(Self::$value),*];

            /// The value of a number.
            pub const fn from_code(code: u8) -> Self {
                match code {
                    $( $code => Self::$value, )*
                    other => Self::Other(other),
                }
            }

            /// The number.
            pub const fn code(self) -> u8 {
                match self {
                    $( Self::$value => $code, )*
                    Self::Other(code) => code,
                }
            }

            /// The name in the specification; `None` for a number that has none.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $( Self::$value => Some($name), )*
                    Self::Other(_) => None,
                }
            }

            /// The value of a name, in any case, or of a number in decimal or hexadecimal digits.
            pub fn from_name(name: &str) -> Option<Self> {
                let known = Self::ALL.iter().find(|value| value.name().is_some_and(|known| known.eq_ignore_ascii_case(name)));
                known.copied().or_else(|| number(name).map(Self::from_code))
            }
        }

        impl Code for $type {
            fn from_code(code: u8) -> Self {
                Self::from_code(code)
            }

            fn code(&self) -> u8 {
                Self::code(*self)
            }

            fn from_name(name: &str) -> Option<Self> {
                Self::from_name(name)
            }

            fn known_name(&self) -> Option<&'static str> {
                Self::name(*self)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:#04x}", self.code()),
                }
            }
        }
    )*};
}

/// A number as text: how a value without a name is printed, and in decimal.
fn number(text: &str) -> Option<u8> {
    match text.strip_prefix("0x") {
        Some(digits) => u8::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
    .filter(|code| *code >= 0x80)
}

codes! {
    /// What became of a message, as phones and delivery reports say it (`X-Mms-Status`).
    MessageStatus {
        /// Its time ran out.
        Expired = 0x80, "Expired";
        /// The recipient has it.
        Retrieved = 0x81, "Retrieved";
        /// The recipient does not want it.
        Rejected = 0x82, "Rejected";
        /// The recipient will fetch it later.
        Deferred = 0x83, "Deferred";
        /// The phone did not understand the PDU.
        Unrecognised = 0x84, "Unrecognised";
        /// Nobody knows.
        Indeterminate = 0x85, "Indeterminate";
        /// It was forwarded without being retrieved.
        Forwarded = 0x86, "Forwarded";
        /// The recipient can't be reached.
        Unreachable = 0x87, "Unreachable";
    }

    /// What became of a request (`X-Mms-Response-Status`). Peers of 1.0 know those up to [`UnsupportedMessage`](Self::UnsupportedMessage) alone.
    ResponseStatus {
        /// It is done.
        Ok = 0x80, "Ok";
        /// Something went wrong.
        Unspecified = 0x81, "Error-unspecified";
        /// The sender may not do this.
        ServiceDenied = 0x82, "Error-service-denied";
        /// The PDU is damaged.
        FormatCorrupt = 0x83, "Error-message-format-corrupt";
        /// An address is none.
        AddressUnresolved = 0x84, "Error-sending-address-unresolved";
        /// The message is not there.
        MessageNotFound = 0x85, "Error-message-not-found";
        /// The network fails.
        NetworkProblem = 0x86, "Error-network-problem";
        /// Too large, or of a kind that is not taken.
        ContentNotAccepted = 0x87, "Error-content-not-accepted";
        /// The kind of the PDU is not known.
        UnsupportedMessage = 0x88, "Error-unsupported-message";
        /// Something went wrong; the request may be tried again (1.1, as all that follow).
        TransientFailure = 0xc0, "Error-transient-failure";
        /// An address can't be resolved now.
        TransientAddressUnresolved = 0xc1, "Error-transient-sending-address-unresolved";
        /// The message is not there yet.
        TransientMessageNotFound = 0xc2, "Error-transient-message-not-found";
        /// The network fails, for now.
        TransientNetworkProblem = 0xc3, "Error-transient-network-problem";
        /// Some recipients have it.
        TransientPartialSuccess = 0xc4, "Error-transient-partial-success";
        /// Something went wrong; there is no use in trying again.
        PermanentFailure = 0xe0, "Error-permanent-failure";
        /// The sender may not do this.
        PermanentServiceDenied = 0xe1, "Error-permanent-service-denied";
        /// The PDU is damaged.
        PermanentFormatCorrupt = 0xe2, "Error-permanent-message-format-corrupt";
        /// An address is none.
        PermanentAddressUnresolved = 0xe3, "Error-permanent-sending-address-unresolved";
        /// The message is not there.
        PermanentMessageNotFound = 0xe4, "Error-permanent-message-not-found";
        /// Too large, or of a kind that is not taken.
        PermanentContentNotAccepted = 0xe5, "Error-permanent-content-not-accepted";
        /// A reply does not keep to what its charging allows.
        PermanentReplyChargingLimitationsNotMet = 0xe6, "Error-permanent-reply-charging-limitations-not-met";
        /// Replies can't be charged as asked for.
        PermanentReplyChargingRequestNotAccepted = 0xe7, "Error-permanent-reply-charging-request-not-accepted";
        /// A message with reply charging can't be forwarded.
        PermanentReplyChargingForwardingDenied = 0xe8, "Error-permanent-reply-charging-forwarding-denied";
        /// There is no reply charging.
        PermanentReplyChargingNotSupported = 0xe9, "Error-permanent-reply-charging-not-supported";
        /// The sender can't be hidden (1.2).
        PermanentAddressHidingNotSupported = 0xea, "Error-permanent-address-hiding-not-supported";
        /// The account is empty (1.3).
        PermanentLackOfPrepaid = 0xeb, "Error-permanent-lack-of-prepaid";
    }

    /// Whether the message that was asked for is there (`X-Mms-Retrieve-Status`).
    RetrieveStatus {
        /// It is.
        Ok = 0x80, "Ok";
        /// Something went wrong; it may be tried again.
        TransientFailure = 0xc0, "Error-transient-failure";
        /// It is not there yet.
        TransientMessageNotFound = 0xc1, "Error-transient-message-not-found";
        /// The network fails, for now.
        TransientNetworkProblem = 0xc2, "Error-transient-network-problem";
        /// Something went wrong; there is no use in trying again.
        PermanentFailure = 0xe0, "Error-permanent-failure";
        /// Not for this phone.
        PermanentServiceDenied = 0xe1, "Error-permanent-service-denied";
        /// It is not there.
        PermanentMessageNotFound = 0xe2, "Error-permanent-message-not-found";
        /// The phone can't show it.
        PermanentContentUnsupported = 0xe3, "Error-permanent-content-unsupported";
    }

    /// Whether a message was stored in a mailbox (`X-Mms-Store-Status`, 1.2).
    StoreStatus {
        /// It was.
        Success = 0x80, "Success";
        /// Something went wrong; it may be tried again.
        TransientFailure = 0xc0, "Error-transient-failure";
        /// The network fails, for now.
        TransientNetworkProblem = 0xc1, "Error-transient-network-problem";
        /// Something went wrong; there is no use in trying again.
        PermanentFailure = 0xe0, "Error-permanent-failure";
        /// Not for this phone.
        PermanentServiceDenied = 0xe1, "Error-permanent-service-denied";
        /// The PDU is damaged.
        PermanentFormatCorrupt = 0xe2, "Error-permanent-message-format-corrupt";
        /// The message is not there.
        PermanentMessageNotFound = 0xe3, "Error-permanent-message-not-found";
        /// The mailbox is full.
        PermanentMmboxFull = 0xe4, "Error-permanent-mmbox-full";
    }

    /// Whether the recipient read a message (`X-Mms-Read-Status`).
    ReadStatus {
        /// Yes.
        Read = 0x80, "Read";
        /// No, and will not.
        Deleted = 0x81, "Deleted without being read";
    }

    /// Whether the phone took the order to remove a message (`X-Mms-Cancel-Status`, 1.3).
    CancelStatus {
        /// Yes.
        Received = 0x80, "Cancel Request Successfully received";
        /// The PDU is damaged.
        Corrupted = 0x81, "Cancel Request corrupted";
    }

    /// How urgent a message is (`X-Mms-Priority`).
    Priority {
        /// Not very.
        Low = 0x80, "Low";
        /// As most.
        Normal = 0x81, "Normal";
        /// Very.
        High = 0x82, "High";
    }

    /// Whether recipients see the sender's address (`X-Mms-Sender-Visibility`).
    SenderVisibility {
        /// They don't.
        Hide = 0x80, "Hide";
        /// They do.
        Show = 0x81, "Show";
    }

    /// Whether the sender pays for the reply (`X-Mms-Reply-Charging`).
    ReplyCharging {
        /// That is asked for.
        Requested = 0x80, "Requested";
        /// That is asked for, for replies that are text.
        RequestedTextOnly = 0x81, "Requested text only";
        /// Yes.
        Accepted = 0x82, "Accepted";
        /// Yes, if it is text.
        AcceptedTextOnly = 0x83, "Accepted text only";
    }

    /// Where a message of a mailbox is in its life (`X-Mms-MM-State`, 1.2).
    MmState {
        /// Not sent yet.
        Draft = 0x80, "Draft";
        /// Sent.
        Sent = 0x81, "Sent";
        /// Received and not retrieved.
        New = 0x82, "New";
        /// Retrieved.
        Retrieved = 0x83, "Retrieved";
        /// Forwarded.
        Forwarded = 0x84, "Forwarded";
    }

    /// How the phone should fetch a message (`X-Mms-Recommended-Retrieval-Mode`, 1.3).
    RetrievalMode {
        /// When its user wants to.
        Manual = 0x80, "Manual";
    }

    /// The class that the content keeps to (`X-Mms-Content-Class`, 1.2 and 1.3; OMA-TS-MMS_CONF, section 7.1.6).
    ContentClass {
        /// Text.
        Text = 0x80, "text";
        /// Small images.
        ImageBasic = 0x81, "image-basic";
        /// Images.
        ImageRich = 0x82, "image-rich";
        /// Short videos.
        VideoBasic = 0x83, "video-basic";
        /// Videos.
        VideoRich = 0x84, "video-rich";
        /// Photographs.
        Megapixel = 0x85, "megapixel";
        /// Any kind of file, small.
        ContentBasic = 0x86, "content-basic";
        /// Any kind of file.
        ContentRich = 0x87, "content-rich";
    }
}

impl ResponseStatus {
    /// It is done.
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Ok)
    }

    /// The request may be tried again; also numbers that are reserved for such.
    pub const fn is_transient(self) -> bool {
        matches!(self.code(), 0xc0..=0xdf)
    }

    /// What peers of 1.0 know that comes next to this.
    pub const fn for_version_1_0(self) -> Self {
        match self.code() {
            0x80..=0x88 => self,
            0xc1 | 0xe3 => Self::AddressUnresolved,
            0xc2 | 0xe4 => Self::MessageNotFound,
            0xc3 => Self::NetworkProblem,
            0xe1 | 0xeb => Self::ServiceDenied,
            0xe2 => Self::FormatCorrupt,
            0xe5 => Self::ContentNotAccepted,
            _ => Self::Unspecified,
        }
    }
}

impl RetrieveStatus {
    /// The message is there.
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Ok)
    }

    /// It may be tried again; also numbers that are reserved for such.
    pub const fn is_transient(self) -> bool {
        matches!(self.code(), 0xc0..=0xdf)
    }
}

impl StoreStatus {
    /// It was stored.
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Success)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_by_code_and_name() {
        for code in 0x80..=0xff {
            let status = ResponseStatus::from_code(code);
            assert_eq!(status.code(), code);
            assert_eq!(ResponseStatus::from_name(&status.to_string()), Some(status));
            assert!(matches!(status.for_version_1_0().code(), 0x80..=0x88));
        }
        assert_eq!(ResponseStatus::Other(0xc9).to_string(), "0xc9");
        assert_eq!(ResponseStatus::from_name("Error-permanent-lack-of-prepaid").map(ResponseStatus::code), Some(0xeb));
        assert_eq!(MessageStatus::from_name("retrieved"), Some(MessageStatus::Retrieved));
        assert_eq!(Priority::from_name("129"), Some(Priority::Normal));
        assert_eq!((Priority::from_name("1"), Priority::from_name("urgent")), (None, None));
        assert!(ResponseStatus::from_code(0xd0).is_transient() && !ResponseStatus::from_code(0xe0).is_transient());
    }
}
