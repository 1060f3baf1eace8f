//! Header fields: one table of their numbers, names and forms, from which all else is made (OMA-TS-MMS_ENC-V1_3, sections 7.3 and 7.4).

mod syntax;

use std::fmt;

use syntax::Syntax;
use waxwing_wap::wsp::{HeaderValue, Reader, Value, write};
use waxwing_wap::{Charset, DecodeError, EncodeError};

use crate::address::MmsAddress;
use crate::codes::{
    CancelStatus, ContentClass, MessageStatus, MmState, Priority, ReadStatus, ReplyCharging, ResponseStatus, RetrievalMode, RetrieveStatus,
    SenderVisibility, StoreStatus,
};
use crate::kind::PduType;
use crate::pdu::Pdu;
use crate::quirks::Quirks;
use crate::values::{
    Amount, ElementDescriptor, EncodedText, MessageClass, MmFlag, Numbered, PreviouslySentBy, PreviouslySentDate, Sender, Time,
};

/// Makes [`Field`], [`Header`] and the accessors of [`Pdu`]: for each field its variant, its accessor, its number, its name, the type and
/// the form of its value, whether it may stand more than once, and its documentation.
macro_rules! fields {
    (
        pdu { $( $pdu_field:ident = $pdu_code:literal, $pdu_name:literal, $pdu_doc:literal; )* }
        header { $( $field:ident, $accessor:ident = $code:literal, $name:literal, $type:ty as $syntax:ty, $often:ident, $doc:literal; )* }
    ) => {
        /// A header field that has a number. `Display` gives its name.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u8)]
        pub enum Field {
            $( #[doc = $pdu_doc] $pdu_field = $pdu_code, )*
            $( #[doc = $doc] $field = $code, )*
        }

        impl Field {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$pdu_field,)* $(Self::$field),*];

            /// The field of a number, without the high bit.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $( $pdu_code => Some(Self::$pdu_field), )*
                    $( $code => Some(Self::$field), )*
                    _ => None,
                }
            }

            /// The number, without the high bit.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The name in the specification.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$pdu_field => $pdu_name, )*
                    $( Self::$field => $name, )*
                }
            }

            /// May stand more than once.
            const fn often(self) -> bool {
                match self {
                    $( Self::$pdu_field => false, )*
                    $( Self::$field => fields!(@often $often), )*
                }
            }
        }

        /// A header field with its value. `Display` gives `Name: value`.
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum Header {
            $( #[doc = $doc] $field($type), )*
            /// Which message of several a location is of; in answers to deletions (1.2).
            NumberedLocation(Numbered<String>),
            /// Which message of several a status is of; in answers to deletions (1.2).
            NumberedStatus(Numbered<ResponseStatus>),
            /// Which message of several a text is of; in answers to deletions (1.2).
            NumberedText(Numbered<EncodedText>),
            /// A field whose name is text.
            Named {
                /// The name.
                name: String,
                /// The value.
                value: HeaderValue,
            },
            /// A field whose number is not known, or whose value has a form that does not suit.
            Other {
                /// The number, without the high bit.
                code: u8,
                /// The value.
                value: HeaderValue,
            },
        }

        impl Header {
            /// The field; `None` where it has no number that is known.
            pub const fn field(&self) -> Option<Field> {
                match self {
                    $( Self::$field(_) => Some(Field::$field), )*
                    Self::NumberedLocation(_) => Some(Field::ContentLocation),
                    Self::NumberedStatus(_) => Some(Field::ResponseStatus),
                    Self::NumberedText(_) => Some(Field::ResponseText),
                    Self::Named { .. } => None,
                    Self::Other { code, .. } => Field::from_code(*code),
                }
            }

            fn read_value(field: Field, reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<Self>, DecodeError> {
                Ok(match field {
                    $( Field::$field => <$syntax>::read(reader, quirks)?.map(Self::$field), )*
                    $( Field::$pdu_field => None, )*
                })
            }

            fn write_value(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
                match self {
                    $( Self::$field(value) => <$syntax>::write(value, out), )*
                    Self::NumberedLocation(value) => syntax::Counted::<syntax::Token>::write(value, out),
                    Self::NumberedStatus(value) => syntax::Counted::<syntax::Coded<ResponseStatus>>::write(value, out),
                    Self::NumberedText(value) => syntax::Counted::<syntax::Encoded>::write(value, out),
                    Self::Named { value, .. } | Self::Other { value, .. } => write_any(value, out),
                }
            }

            /// The value as text on one line.
            pub fn value_text(&self) -> String {
                match self {
                    $( Self::$field(value) => <$syntax>::print(value), )*
                    Self::NumberedLocation(value) => syntax::Counted::<syntax::Token>::print(value),
                    Self::NumberedStatus(value) => syntax::Counted::<syntax::Coded<ResponseStatus>>::print(value),
                    Self::NumberedText(value) => syntax::Counted::<syntax::Encoded>::print(value),
                    Self::Named { value, .. } | Self::Other { value, .. } => any_text(value),
                }
            }

            /// The value for a description.
            pub(crate) fn describe_value(&self) -> waxwing_describe::Value {
                match self {
                    $( Self::$field(value) => <$syntax>::describe(value), )*
                    other => waxwing_describe::Value::text_or_octets(other.value_text().as_bytes()),
                }
            }

            /// The header field of a value as text; what is expected instead, if it is none.
            fn parse_value(field: Field, text: &str) -> Result<Self, &'static str> {
                match field {
                    $( Field::$field => <$syntax>::parse(text).map(Self::$field).ok_or(<$syntax>::EXPECTED), )*
                    $( Field::$pdu_field => Err("it among X-Mms-Attributes only"), )*
                }
            }
        }

        /// The values of header fields: of those that may stand more than once, the first.
        impl Pdu {
            $(
                #[doc = $doc]
                pub fn $accessor(&self) -> Option<&$type> {
                    self.headers.iter().find_map(|header| match header {
                        Header::$field(value) => Some(value),
                        _ => None,
                    })
                }
            )*
        }
    };
    (@often once) => { false };
    (@often often) => { true };
}

fields! {
    pdu {
        ContentType = 0x04, "Content-Type", "What the content is: [`Content`](crate::Content) has it.";
        MessageType = 0x0c, "X-Mms-Message-Type", "Which PDU it is: [`Pdu::kind`] has it.";
        Version = 0x0d, "X-Mms-MMS-Version", "The version of the protocol: [`Pdu::version`] has it.";
        TransactionId = 0x18, "X-Mms-Transaction-Id", "What ties an answer to its request: [`Pdu::transaction_id`] has it.";
        Content = 0x2e, "Content", "The content; among [`Attributes`](Self::Attributes) only (1.2).";
        AdditionalHeaders = 0x30, "X-Mms-Additional-Headers", "All other header fields; among [`Attributes`](Self::Attributes) only (1.2).";
    }
    header {
        Bcc, bcc = 0x01, "Bcc", MmsAddress as syntax::Address, often, "A recipient whom the others do not see.";
        Cc, cc = 0x02, "Cc", MmsAddress as syntax::Address, often, "A recipient who gets a copy.";
        ContentLocation, content_location = 0x03, "X-Mms-Content-Location", String as syntax::Token, often, "Where a message is: a URI.";
        Date, date = 0x05, "Date", u64 as syntax::Date, once, "When the message was handed in, in seconds since 1970 UTC.";
        DeliveryReport, delivery_report = 0x06, "X-Mms-Delivery-Report", bool as syntax::YesNo, once, "The sender wants to know what becomes of the message.";
        DeliveryTime, delivery_time = 0x07, "X-Mms-Delivery-Time", Time as syntax::When, once, "Not to be delivered before this.";
        Expiry, expiry = 0x08, "X-Mms-Expiry", Time as syntax::When, once, "Not to be kept longer than this.";
        From, from = 0x09, "From", Sender as syntax::FromValue, once, "The sender.";
        MessageClass, message_class = 0x0a, "X-Mms-Message-Class", MessageClass as syntax::Class, once, "What kind of message it is.";
        MessageId, message_id = 0x0b, "Message-ID", String as syntax::Text, once, "The message centre's name for the message.";
        MessageSize, message_size = 0x0e, "X-Mms-Message-Size", u64 as syntax::Long, once, "How large the message is, in octets.";
        Priority, priority = 0x0f, "X-Mms-Priority", Priority as syntax::Coded<Priority>, once, "How urgent the message is.";
        ReadReport, read_report = 0x10, "X-Mms-Read-Report", bool as syntax::YesNo, once, "The sender wants to know whether the message is read.";
        ReportAllowed, report_allowed = 0x11, "X-Mms-Report-Allowed", bool as syntax::YesNo, once, "Whether the sender may have a delivery report.";
        ResponseStatus, response_status = 0x12, "X-Mms-Response-Status", ResponseStatus as syntax::Coded<ResponseStatus>, often, "What became of the request.";
        ResponseText, response_text = 0x13, "X-Mms-Response-Text", EncodedText as syntax::Encoded, often, "The same in words.";
        SenderVisibility, sender_visibility = 0x14, "X-Mms-Sender-Visibility", SenderVisibility as syntax::Coded<SenderVisibility>, once, "Whether recipients see the sender's address.";
        Status, status = 0x15, "X-Mms-Status", MessageStatus as syntax::Coded<MessageStatus>, once, "What became of the message.";
        Subject, subject = 0x16, "Subject", EncodedText as syntax::Encoded, once, "What the message is about.";
        To, to = 0x17, "To", MmsAddress as syntax::Address, often, "A recipient.";
        RetrieveStatus, retrieve_status = 0x19, "X-Mms-Retrieve-Status", RetrieveStatus as syntax::Coded<RetrieveStatus>, once, "Whether the message is there (1.1).";
        RetrieveText, retrieve_text = 0x1a, "X-Mms-Retrieve-Text", EncodedText as syntax::Encoded, once, "The same in words (1.1).";
        ReadStatus, read_status = 0x1b, "X-Mms-Read-Status", ReadStatus as syntax::Coded<ReadStatus>, once, "Whether the message was read (1.1).";
        ReplyCharging, reply_charging = 0x1c, "X-Mms-Reply-Charging", ReplyCharging as syntax::Coded<ReplyCharging>, once, "Whether the sender pays for the reply (1.1).";
        ReplyChargingDeadline, reply_charging_deadline = 0x1d, "X-Mms-Reply-Charging-Deadline", Time as syntax::When, once, "Until when (1.1).";
        ReplyChargingId, reply_charging_id = 0x1e, "X-Mms-Reply-Charging-ID", String as syntax::Text, once, "The message id that a reply is to (1.1).";
        ReplyChargingSize, reply_charging_size = 0x1f, "X-Mms-Reply-Charging-Size", u64 as syntax::Long, once, "How large the reply may be, in octets (1.1).";
        PreviouslySentBy, previously_sent_by = 0x20, "X-Mms-Previously-Sent-By", PreviouslySentBy as syntax::SentBy, often, "Who passed the message on (1.1).";
        PreviouslySentDate, previously_sent_date = 0x21, "X-Mms-Previously-Sent-Date", PreviouslySentDate as syntax::SentDate, often, "When that was (1.1).";
        Store, store = 0x22, "X-Mms-Store", bool as syntax::YesNo, once, "The message is to be kept in the sender's mailbox (1.2).";
        MmState, mm_state = 0x23, "X-Mms-MM-State", MmState as syntax::Coded<MmState>, often, "Where the message is in its life (1.2).";
        MmFlags, mm_flags = 0x24, "X-Mms-MM-Flags", MmFlag as syntax::Flag, often, "Its keywords (1.2).";
        StoreStatus, store_status = 0x25, "X-Mms-Store-Status", StoreStatus as syntax::Coded<StoreStatus>, once, "Whether it was stored (1.2).";
        StoreStatusText, store_status_text = 0x26, "X-Mms-Store-Status-Text", EncodedText as syntax::Encoded, once, "The same in words (1.2).";
        Stored, stored = 0x27, "X-Mms-Stored", bool as syntax::YesNo, once, "The message is in the mailbox (1.2).";
        Attributes, attributes = 0x28, "X-Mms-Attributes", Field as syntax::Attribute, often, "A header field that the answer is to have (1.2).";
        Totals, totals = 0x29, "X-Mms-Totals", bool as syntax::YesNo, once, "The answer is to say how much the mailbox holds (1.2).";
        MboxTotals, mbox_totals = 0x2a, "X-Mms-Mbox-Totals", Amount as syntax::Size, often, "How much the mailbox holds (1.2).";
        Quotas, quotas = 0x2b, "X-Mms-Quotas", bool as syntax::YesNo, once, "The answer is to say how much it may hold (1.2).";
        MboxQuotas, mbox_quotas = 0x2c, "X-Mms-Mbox-Quotas", Amount as syntax::Size, often, "How much it may hold (1.2).";
        MessageCount, message_count = 0x2d, "X-Mms-Message-Count", u64 as syntax::Integer, once, "How many messages there are (1.2).";
        Start, start = 0x2f, "X-Mms-Start", u64 as syntax::Integer, once, "The first message that is wanted, from 0 on (1.2).";
        DistributionIndicator, distribution_indicator = 0x31, "X-Mms-Distribution-Indicator", bool as syntax::YesNo, once, "The message may be passed on (1.2).";
        ElementDescriptor, element_descriptor = 0x32, "X-Mms-Element-Descriptor", ElementDescriptor as syntax::Element, often, "A part of the message (1.2).";
        Limit, limit = 0x33, "X-Mms-Limit", u64 as syntax::Integer, once, "How many messages are wanted (1.2).";
        RecommendedRetrievalMode, recommended_retrieval_mode = 0x34, "X-Mms-Recommended-Retrieval-Mode", RetrievalMode as syntax::Coded<RetrievalMode>, once, "How the phone should fetch the message (1.3).";
        RecommendedRetrievalModeText, recommended_retrieval_mode_text = 0x35, "X-Mms-Recommended-Retrieval-Mode-Text", EncodedText as syntax::Encoded, once, "Why (1.3).";
        StatusText, status_text = 0x36, "X-Mms-Status-Text", EncodedText as syntax::Encoded, once, "The status in words (1.3).";
        ApplicId, applic_id = 0x37, "X-Mms-Applic-ID", String as syntax::Text, once, "The application that the message is for (1.3).";
        ReplyApplicId, reply_applic_id = 0x38, "X-Mms-Reply-Applic-ID", String as syntax::Text, once, "The application that a reply is for (1.3).";
        AuxApplicInfo, aux_applic_info = 0x39, "X-Mms-Aux-Applic-Info", String as syntax::Text, once, "What the application wants to be told (1.3).";
        ContentClass, content_class = 0x3a, "X-Mms-Content-Class", ContentClass as syntax::Coded<ContentClass>, once, "The class that the content keeps to (1.2).";
        DrmContent, drm_content = 0x3b, "X-Mms-DRM-Content", bool as syntax::YesNo, once, "Something of the content is protected (1.2).";
        AdaptationAllowed, adaptation_allowed = 0x3c, "X-Mms-Adaptation-Allowed", bool as syntax::YesNo, once, "The content may be changed to suit the phone (1.2).";
        ReplaceId, replace_id = 0x3d, "X-Mms-Replace-ID", String as syntax::Text, once, "The message that this one replaces (1.3).";
        CancelId, cancel_id = 0x3e, "X-Mms-Cancel-ID", String as syntax::Text, once, "The message that is to be removed (1.3).";
        CancelStatus, cancel_status = 0x3f, "X-Mms-Cancel-Status", CancelStatus as syntax::Coded<CancelStatus>, once, "Whether the phone took the order (1.3).";
    }
}

impl Field {
    /// The field of a name, in any case, with or without `X-Mms-` before it; also of the names that other products give it.
    pub fn from_name(name: &str) -> Option<Self> {
        /// Names of WAP-209, and of NowSMS.
        const ALIASES: &[(&str, Field)] = &[
            ("read-reply", Field::ReadReport),
            ("version", Field::Version),
            ("delivery-date", Field::DeliveryTime),
            ("aux-applic-id", Field::AuxApplicInfo),
            ("retrieved-status", Field::RetrieveStatus),
        ];
        let short = |name: &str| -> usize {
            if name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX)) { PREFIX.len() } else { 0 }
        };
        let wanted = name.get(short(name)..)?;
        let known = Self::ALL.iter().find(|field| {
            let name = field.name();
            name.get(short(name)..).is_some_and(|name| name.eq_ignore_ascii_case(wanted))
        });
        known.copied().or_else(|| ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(wanted)).map(|(_, field)| *field))
    }
}

const PREFIX: &str = "X-Mms-";

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Header {
    /// The name, or the number of a field without one.
    pub fn name(&self) -> String {
        match (self, self.field()) {
            (_, Some(field)) => field.name().to_owned(),
            (Self::Named { name, .. }, _) => name.clone(),
            (Self::Other { code, .. }, _) => format!("header-{code:#04x}"),
            _ => String::new(),
        }
    }

    /// The header field may stand more than once.
    pub(crate) fn often(&self) -> bool {
        self.field().is_none_or(Field::often)
    }

    /// Reads the value behind a number. What can't be understood is stepped over by its syntax and kept; what is empty is left out.
    ///
    /// # Errors
    /// A length is more than there is.
    pub(crate) fn read(code: u8, kind: Option<PduType>, reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Option<Self>, DecodeError> {
        let (start, before) = (*reader, *quirks);
        let Some(field) = Field::from_code(code) else {
            quirks.insert(Quirks::UNKNOWN_HEADER);
            return read_any(reader).map(|value| Some(Self::Other { code, value }));
        };
        let numbered = matches!(kind, Some(PduType::MboxDeleteConf | PduType::DeleteConf)) && matches!(reader.peek(), Some(0x01..=0x1f));
        let read = match field {
            Field::ContentLocation if numbered => {
                syntax::Counted::<syntax::Token>::read(reader, quirks).map(|value| value.map(Self::NumberedLocation))
            }
            Field::ResponseStatus if numbered => {
                syntax::Counted::<syntax::Coded<ResponseStatus>>::read(reader, quirks).map(|value| value.map(Self::NumberedStatus))
            }
            Field::ResponseText if numbered => {
                syntax::Counted::<syntax::Encoded>::read(reader, quirks).map(|value| value.map(Self::NumberedText))
            }
            _ => Self::read_value(field, reader, quirks),
        };
        match read {
            Ok(Some(header)) => Ok(Some(header)),
            Ok(None) if quirks.contains(Quirks::EMPTY_ADDRESS) && !before.contains(Quirks::EMPTY_ADDRESS) => Ok(None),
            _ => {
                *reader = start;
                *quirks = before;
                quirks.insert(Quirks::UNREADABLE_VALUE);
                read_any(reader).map(|value| Some(Self::Other { code, value }))
            }
        }
    }

    /// Reads a field whose name is text.
    ///
    /// # Errors
    /// A length is more than there is.
    pub(crate) fn read_named(reader: &mut Reader<'_>, quirks: &mut Quirks) -> Result<Self, DecodeError> {
        let name = reader.string();
        if reader.is_empty() {
            quirks.insert(Quirks::UNTERMINATED_TEXT);
            return Ok(Self::Named { name, value: HeaderValue::Text(String::new()) });
        }
        Ok(Self::Named { name, value: read_any(reader)? })
    }

    /// Writes the field.
    ///
    /// # Errors
    /// Name or value have no coding.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match (self, self.field()) {
            (Self::Other { code, .. }, _) => out.push(0x80 | code),
            (Self::Named { name, .. }, _) => write::token(name, "the name of a header field", out)?,
            (_, Some(field)) => out.push(0x80 | field.code()),
            (_, None) => {}
        }
        self.write_value(out)
    }

    /// The header field of a name and a value as text.
    ///
    /// # Errors
    /// What is expected instead of the value.
    pub fn parse(name: &str, value: &str) -> Result<Self, &'static str> {
        let value = value.trim();
        match Field::from_name(name) {
            Some(field) => Self::parse_value(field, value),
            None => Ok(Self::Named { name: name.to_owned(), value: HeaderValue::Text(value.to_owned()) }),
        }
    }

    /// Texts that have no charset yet get one, in which they are written.
    pub(crate) fn set_charset(&mut self, charset: Charset) {
        if let Self::Subject(text)
        | Self::ResponseText(text)
        | Self::RetrieveText(text)
        | Self::StoreStatusText(text)
        | Self::RecommendedRetrievalModeText(text)
        | Self::StatusText(text)
        | Self::MmFlags(MmFlag::Add(text) | MmFlag::Filter(text) | MmFlag::Remove(text)) = self
        {
            text.charset.get_or_insert(charset);
        }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.value_text())
    }
}

fn read_any(reader: &mut Reader<'_>) -> Result<HeaderValue, DecodeError> {
    Ok(match reader.value()? {
        Value::Short(short) => HeaderValue::Short(short),
        Value::Octets(octets) => HeaderValue::Octets(octets.to_vec()),
        Value::Text(text) => HeaderValue::Text(Charset(0).decode(text).unwrap_or_default()),
    })
}

fn write_any(value: &HeaderValue, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    const WHAT: &str = "the value";
    match value {
        HeaderValue::Short(short) => out.push(0x80 | short),
        HeaderValue::Octets(octets) => {
            write::value_length(octets.len(), WHAT, out)?;
            out.extend_from_slice(octets);
        }
        HeaderValue::Text(text) => write::text(text, WHAT, out)?,
    }
    Ok(())
}

fn any_text(value: &HeaderValue) -> String {
    match value {
        HeaderValue::Short(short) => short.to_string(),
        HeaderValue::Octets(octets) => octets.iter().map(|octet| format!("{octet:02x}")).collect(),
        HeaderValue::Text(text) => text.replace(char::is_control, " "),
    }
}
