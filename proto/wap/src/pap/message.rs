//! The control entities (WAP-247-PAP, sections 8 and 9).

use jiff::Timestamp;

use super::Code;

/// Which DTD a control entity is of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Version {
    /// PAP 1.0.
    V1_0,
    /// PAP 2.0.
    #[default]
    V2_0,
    /// PAP 2.1.
    V2_1,
}

/// A control entity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pap {
    /// Which DTD it is of.
    pub version: Version,
    /// Who made it: `product-name`.
    pub product: Option<String>,
    /// What it says.
    pub message: PapMessage,
}

/// What a control entity says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PapMessage {
    /// A push is submitted.
    Push(PushMessage),
    /// What became of the submission.
    PushResponse(PushResponse),
    /// A push is called back.
    Cancel(AddressedMessage),
    /// What became of that.
    CancelResponse(CancelResponse),
    /// A push has reached its end.
    ResultNotification(ResultNotification),
    /// The initiator has heard of it.
    ResultNotificationResponse(ResultNotificationResponse),
    /// How is a push?
    StatusQuery(AddressedMessage),
    /// This is how it is.
    StatusQueryResponse(StatusQueryResponse),
    /// What can a handset do?
    CapabilityQuery(CapabilityQuery),
    /// This is known of it.
    CapabilityQueryResponse(CapabilityQueryResponse),
    /// The control entity could not be understood.
    BadMessage(BadMessage),
}

/// Enumerated attributes: the words, and which of them counts where there is none.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash)]
        pub enum $name {
            $($(#[$item_doc])* $item,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$item),*];

            /// The word in XML.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$item => $word,)*
                }
            }
        }
    };
}

words! {
    /// Which addresses a replacement goes to.
    ReplaceMethod {
        /// Those that the old push has not reached yet.
        PendingOnly = "pending-only",
        /// All.
        #[default]
        All = "all",
    }
}

words! {
    /// How urgent a push is.
    Priority {
        /// More than others.
        High = "high",
        /// As usual.
        #[default]
        Medium = "medium",
        /// Less than others.
        Low = "low",
    }
}

words! {
    /// Whether the handset is to confirm that it has the push.
    DeliveryMethod {
        /// It has to.
        Confirmed = "confirmed",
        /// If that can be had.
        PreferConfirmed = "preferconfirmed",
        /// It need not.
        Unconfirmed = "unconfirmed",
        /// The gateway decides.
        #[default]
        NotSpecified = "notspecified",
    }
}

words! {
    /// The state of a push to one address.
    MessageState {
        /// It was not accepted.
        Rejected = "rejected",
        /// It is on its way, or waits.
        Pending = "pending",
        /// The handset has it.
        Delivered = "delivered",
        /// It cannot be delivered.
        Undeliverable = "undeliverable",
        /// It could not be delivered before its time was over.
        Expired = "expired",
        /// The handset gave it up.
        Aborted = "aborted",
        /// Somebody did not answer in time.
        Timeout = "timeout",
        /// The initiator called it back.
        Cancelled = "cancelled",
        /// Nobody knows.
        #[default]
        Unknown = "unknown",
    }
}

/// How a push is to be sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct QualityOfService {
    /// How urgently.
    pub priority: Priority,
    /// Confirmed or not.
    pub delivery_method: DeliveryMethod,
    /// Over no other network than `network`.
    pub network_required: bool,
    /// The network, such as GSM.
    pub network: Option<String>,
    /// Over no other bearer than `bearer`.
    pub bearer_required: bool,
    /// The bearer, such as SMS.
    pub bearer: Option<String>,
}

/// `push-message`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PushMessage {
    /// The initiator's name for it, different for each.
    pub push_id: String,
    /// The push that this one takes the place of.
    pub replace_push_id: Option<String>,
    /// For which addresses it does.
    pub replace_method: ReplaceMethod,
    /// Not after.
    pub deliver_before: Option<Timestamp>,
    /// Not before.
    pub deliver_after: Option<Timestamp>,
    /// Who is behind the initiator.
    pub source_reference: Option<String>,
    /// Where the result is told.
    pub notify_to: Option<String>,
    /// The response is to tell what the gateway did.
    pub progress_notes: bool,
    /// Whom it is for, as written; see [`PushAddress::parse`](super::PushAddress::parse).
    pub addresses: Vec<String>,
    /// How it is to be sent.
    pub quality: Option<QualityOfService>,
}

/// `push-response`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PushResponse {
    /// Of the push.
    pub push_id: String,
    /// The gateway's address.
    pub sender_address: Option<String>,
    /// The gateway's name.
    pub sender_name: Option<String>,
    /// When it was answered.
    pub reply_time: Option<Timestamp>,
    /// What the gateway did.
    pub notes: Vec<ProgressNote>,
    /// What became of the submission.
    pub code: Code,
    /// The same in words.
    pub description: Option<String>,
}

/// `progress-note`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProgressNote {
    /// A step of the gateway's.
    pub stage: String,
    /// What happened in it.
    pub note: Option<String>,
    /// When.
    pub time: Option<Timestamp>,
}

/// `cancel-message` and `statusquery-message`: a push, to some addresses or to all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AddressedMessage {
    /// Of the push.
    pub push_id: String,
    /// For these, as written; none for all.
    pub addresses: Vec<String>,
}

/// `cancel-response`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CancelResponse {
    /// Of the push.
    pub push_id: String,
    /// What became of it; at least one.
    pub results: Vec<CancelResult>,
}

/// `cancel-result`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CancelResult {
    /// What became of it.
    pub code: Code,
    /// The same in words.
    pub description: Option<String>,
    /// At these addresses; none for all.
    pub addresses: Vec<String>,
}

/// `resultnotification-message`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResultNotification {
    /// Of the push.
    pub push_id: String,
    /// The gateway's address.
    pub sender_address: Option<String>,
    /// The gateway's name.
    pub sender_name: Option<String>,
    /// When the gateway got the push.
    pub received_time: Option<Timestamp>,
    /// When it reached its end.
    pub event_time: Option<Timestamp>,
    /// Which end.
    pub state: MessageState,
    /// The same as a code.
    pub code: Code,
    /// The same in words.
    pub description: Option<String>,
    /// At this address.
    pub address: String,
    /// How it was sent.
    pub quality: Option<QualityOfService>,
}

/// `resultnotification-response`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResultNotificationResponse {
    /// Of the push.
    pub push_id: String,
    /// Whether the initiator has understood.
    pub code: Code,
    /// The same in words.
    pub description: Option<String>,
    /// The address that the notification was about.
    pub address: String,
}

/// `statusquery-response`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusQueryResponse {
    /// Of the push.
    pub push_id: String,
    /// How it is; at least one.
    pub results: Vec<StatusQueryResult>,
}

/// `statusquery-result`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusQueryResult {
    /// Since when it is so.
    pub event_time: Option<Timestamp>,
    /// How it is.
    pub state: MessageState,
    /// The same as a code.
    pub code: Code,
    /// The same in words.
    pub description: Option<String>,
    /// At these addresses; none for all.
    pub addresses: Vec<String>,
    /// How it was sent.
    pub quality: Option<QualityOfService>,
}

/// `ccq-message`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CapabilityQuery {
    /// The initiator's name for the query.
    pub query_id: Option<String>,
    /// The application on the handset that is meant.
    pub app_id: Option<String>,
    /// The handset.
    pub address: String,
}

/// `ccq-response`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CapabilityQueryResponse {
    /// Of the query.
    pub query_id: Option<String>,
    /// What became of it.
    pub code: Code,
    /// The same in words.
    pub description: Option<String>,
    /// The handset.
    pub address: String,
}

/// `badmessage-response`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadMessage {
    /// What is wrong.
    pub code: Code,
    /// The same in words.
    pub description: Option<String>,
    /// The piece of the message where it is wrong.
    pub fragment: String,
}

impl Version {
    /// Public and system identifier of the DTD.
    pub fn identifiers(self) -> (&'static str, &'static str) {
        match self {
            Version::V1_0 => ("-//WAPFORUM//DTD PAP 1.0//EN", "http://www.wapforum.org/DTD/pap_1.0.dtd"),
            Version::V2_0 => ("-//WAPFORUM//DTD PAP 2.0//EN", "http://www.wapforum.org/DTD/pap_2.0.dtd"),
            Version::V2_1 => ("-//WAPFORUM//DTD PAP 2.1//EN", "http://www.openmobilealliance.org/tech/DTD/pap_2.1.dtd"),
        }
    }
}

impl From<PapMessage> for Pap {
    fn from(message: PapMessage) -> Pap {
        Pap { version: Version::default(), product: None, message }
    }
}
