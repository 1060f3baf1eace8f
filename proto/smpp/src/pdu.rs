//! The table of every PDU and its fields. Views, decoding, encoding and field names all come from it.
//!
//! Order and sizes are those of SMPP 3.4 chapter 4 and 5.0 chapter 4; the three queries that only 3.3 has are from its chapter 6.

use std::fmt;

use crate::codes::codes;
use crate::error::Fault;
use crate::field::{
    Field, FieldSpec, Reader, Writer, address, cstring, destination, int1, list, message_id, new_message_id, password, short_message,
    source,
};
use crate::list::{Destinations, MessageIds, UnsuccessSmes};
use crate::tlv::Tlvs;
use crate::visit::{DebugVisitor, Visitor};
use crate::{
    Address, CommandStatus, DataCoding, EncodeError, EsmClass, InterfaceVersion, MessageState, PriorityFlag, RegisteredDelivery,
    ReplaceIfPresent,
};

const RINVSYSID: CommandStatus = CommandStatus::ESME_RINVSYSID;
const RINVSYSTYP: CommandStatus = CommandStatus::ESME_RINVSYSTYP;
const RINVSERTYP: CommandStatus = CommandStatus::ESME_RINVSERTYP;
const RINVSCHED: CommandStatus = CommandStatus::ESME_RINVSCHED;
const RINVEXPIRY: CommandStatus = CommandStatus::ESME_RINVEXPIRY;
const RINVPARLEN: CommandStatus = CommandStatus::ESME_RINVPARLEN;
const RINVNUMDESTS: CommandStatus = CommandStatus::ESME_RINVNUMDESTS;
const RINVNUMMSGS: CommandStatus = CommandStatus::ESME_RINVNUMMSGS;

/// The body of a PDU: what [`Encoder`](crate::Encoder) takes. Implemented by every view and by [`Pdu`].
pub trait Body: sealed::Sealed {
    /// Which PDU it is.
    fn command_id(&self) -> CommandId;

    /// Its optional parameters.
    fn tlvs(&self) -> Tlvs<'_>;

    /// Shows its fields, TLVs excepted, in wire order.
    fn visit(&self, visitor: &mut dyn Visitor);
}

pub(crate) mod sealed {
    use crate::EncodeError;
    use crate::field::Writer;

    /// The part of [`super::Body`] that is nobody else's business.
    #[allow(private_interfaces)]
    pub trait Sealed {
        /// Whether every field has its default.
        fn is_default(&self) -> bool;
        fn write_fields(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError>;
    }
}

macro_rules! pdus {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident, $konst:ident = $id:literal, $wire:literal {
            $( $(#[doc = $fdoc:literal])* $field:ident: $type:ty = $spec:expr; )*
        }
    )*) => {
        codes! {
            /// Which PDU it is (SMPP 3.4 section 5.1.2.1). Unknown ids are kept.
            pub struct CommandId(u32);
            $( $konst = $id, $wire, $wire; )*
        }

        $(
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Default, PartialEq, Eq)]
            pub struct $name<'a> {
                $( $(#[doc = $fdoc])* pub $field: $type, )*
                /// Optional parameters.
                pub tlvs: Tlvs<'a>,
            }

            impl<'a> $name<'a> {
                fn read_fields(#[allow(unused_variables)] reader: &mut Reader<'a>) -> Result<Self, Fault> {
                    Ok(Self {
                        $( $field: {
                            const SPEC: FieldSpec = $spec.named(stringify!($field));
                            if reader.is_absent() { Default::default() } else { Field::read(reader, &SPEC)? }
                        }, )*
                        tlvs: Tlvs::default(),
                    })
                }

                #[cfg(test)]
                fn arbitrary(#[allow(unused_variables)] source: &mut crate::arbitrary::Source) -> $name<'static> {
                    $name {
                        $( $field: {
                            const SPEC: FieldSpec = $spec.named(stringify!($field));
                            crate::arbitrary::Arbitrary::arbitrary(source, &SPEC)
                        }, )*
                        tlvs: Tlvs::default(),
                    }
                }
            }

            #[allow(private_interfaces)]
            impl sealed::Sealed for $name<'_> {
                fn is_default(&self) -> bool {
                    *self == Self::default()
                }

                fn write_fields(&self, #[allow(unused_variables)] writer: &mut Writer<'_>) -> Result<(), EncodeError> {
                    $({
                        const SPEC: FieldSpec = $spec.named(stringify!($field));
                        self.$field.write(writer, &SPEC)?;
                    })*
                    Ok(())
                }
            }

            impl Body for $name<'_> {
                fn command_id(&self) -> CommandId {
                    CommandId::$konst
                }

                fn tlvs(&self) -> Tlvs<'_> {
                    self.tlvs
                }

                fn visit(&self, #[allow(unused_variables)] visitor: &mut dyn Visitor) {
                    $({
                        const SPEC: FieldSpec = $spec.named(stringify!($field));
                        self.$field.visit(&SPEC, visitor);
                    })*
                }
            }

            impl fmt::Debug for $name<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    debug(self, $wire, f)
                }
            }

            impl<'a> From<$name<'a>> for Pdu<'a> {
                fn from(body: $name<'a>) -> Self {
                    Self::$name(body)
                }
            }
        )*

        /// Any PDU. Borrows from the frame it was decoded from.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub enum Pdu<'a> {
            $(
                $(#[doc = $doc])*
                $name($name<'a>),
            )*
        }

        impl<'a> Pdu<'a> {
            /// Reads the fields of a command; `None` for an unknown one.
            pub(crate) fn read_fields(command_id: CommandId, reader: &mut Reader<'a>) -> Option<Result<Self, Fault>> {
                Some(match command_id {
                    $( CommandId::$konst => $name::read_fields(reader).map(Self::$name), )*
                    _ => return None,
                })
            }

            #[cfg(test)]
            pub(crate) fn arbitrary(command_id: CommandId, source: &mut crate::arbitrary::Source) -> Option<Pdu<'static>> {
                Some(match command_id {
                    $( CommandId::$konst => Pdu::$name($name::arbitrary(source)), )*
                    _ => return None,
                })
            }

            pub(crate) fn set_tlvs(&mut self, tlvs: Tlvs<'a>) {
                match self {
                    $( Self::$name(body) => body.tlvs = tlvs, )*
                }
            }

            fn body(&self) -> &dyn Body {
                match self {
                    $( Self::$name(body) => body, )*
                }
            }

            /// Its optional parameters.
            pub fn tlvs(&self) -> Tlvs<'a> {
                match self {
                    $( Self::$name(body) => body.tlvs, )*
                }
            }

            /// The PDU of this command with every field at its default; `None` for an unknown command.
            pub fn empty(command_id: CommandId) -> Option<Self> {
                Some(match command_id {
                    $( CommandId::$konst => Self::$name(Default::default()), )*
                    _ => return None,
                })
            }
        }
    };
}

fn debug(body: &dyn Body, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut debug = f.debug_struct(name);
    body.visit(&mut DebugVisitor(&mut debug));
    if !body.tlvs().is_empty() {
        debug.field("tlvs", &body.tlvs());
    }
    debug.finish()
}

impl fmt::Debug for Pdu<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self.body(), self.command_id().name().unwrap_or("pdu"), f)
    }
}

#[allow(private_interfaces)]
impl sealed::Sealed for Pdu<'_> {
    fn is_default(&self) -> bool {
        self.body().is_default()
    }

    fn write_fields(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        self.body().write_fields(writer)
    }
}

impl Body for Pdu<'_> {
    fn command_id(&self) -> CommandId {
        self.body().command_id()
    }

    fn tlvs(&self) -> Tlvs<'_> {
        self.tlvs()
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        self.body().visit(visitor);
    }
}

impl CommandId {
    const RESPONSE: u32 = 0x8000_0000;

    /// Whether this is a response (generic_nack included).
    pub const fn is_response(self) -> bool {
        self.0 & Self::RESPONSE != 0
    }

    /// The response to this request; `None` where there is none (responses, outbind, alert_notification, unknown commands).
    pub fn response(self) -> Option<Self> {
        let response = Self(self.0 | Self::RESPONSE);
        (!self.is_response() && self.name().is_some() && response.name().is_some()).then_some(response)
    }

    /// The request that this responds to; `None` for requests, generic_nack and unknown commands.
    pub fn request(self) -> Option<Self> {
        let request = Self(self.0 & !Self::RESPONSE);
        (self.is_response() && self.name().is_some() && request.name().is_some()).then_some(request)
    }

    /// What a refusal of this request is sent as: its response, generic_nack for an unknown request, `None` where nothing may be
    /// answered (to responses, outbind, alert_notification).
    pub fn refusal(self) -> Option<Self> {
        let unknown = !self.is_response() && self.name().is_none();
        if unknown { Some(Self::GENERIC_NACK) } else { self.response() }
    }

    /// Whether this opens a session for an ESME.
    pub const fn is_bind(self) -> bool {
        matches!(self, Self::BIND_RECEIVER | Self::BIND_TRANSMITTER | Self::BIND_TRANSCEIVER)
    }
}

pdus! {
    /// Refusal of a PDU whose header is wrong or whose command is unknown.
    GenericNack, GENERIC_NACK = 0x80000000, "generic_nack" {}

    /// Opens a session for receiving.
    BindReceiver, BIND_RECEIVER = 0x00000001, "bind_receiver" {
        /// Who binds, up to 15 octets.
        system_id: &'a [u8] = cstring(15, RINVSYSID);
        /// Password: 8 octets by the specification, up to 64 by what carriers hand out.
        password: &'a [u8] = password();
        /// Kind of ESME, up to 12 octets.
        system_type: &'a [u8] = cstring(12, RINVSYSTYP);
        /// Version of SMPP that the ESME speaks.
        interface_version: InterfaceVersion = int1();
        /// Addresses that the ESME serves (up to 40 octets, a pattern).
        address_range: Address<'a> = address("addr_ton", "addr_npi", 40, RINVPARLEN);
    }

    /// Answer to bind_receiver.
    BindReceiverResp, BIND_RECEIVER_RESP = 0x80000001, "bind_receiver_resp" {
        /// Name of the message centre, up to 15 octets.
        system_id: &'a [u8] = cstring(15, RINVSYSID);
    }

    /// Opens a session for submitting.
    BindTransmitter, BIND_TRANSMITTER = 0x00000002, "bind_transmitter" {
        /// Who binds, up to 15 octets.
        system_id: &'a [u8] = cstring(15, RINVSYSID);
        /// Password: 8 octets by the specification, up to 64 by what carriers hand out.
        password: &'a [u8] = password();
        /// Kind of ESME, up to 12 octets.
        system_type: &'a [u8] = cstring(12, RINVSYSTYP);
        /// Version of SMPP that the ESME speaks.
        interface_version: InterfaceVersion = int1();
        /// Addresses that the ESME serves (up to 40 octets, a pattern).
        address_range: Address<'a> = address("addr_ton", "addr_npi", 40, RINVPARLEN);
    }

    /// Answer to bind_transmitter.
    BindTransmitterResp, BIND_TRANSMITTER_RESP = 0x80000002, "bind_transmitter_resp" {
        /// Name of the message centre, up to 15 octets.
        system_id: &'a [u8] = cstring(15, RINVSYSID);
    }

    /// Asks for the state of a message.
    QuerySm, QUERY_SM = 0x00000003, "query_sm" {
        /// Message id that the message centre gave out, up to 64 octets.
        message_id: &'a [u8] = message_id();
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
    }

    /// Answer to query_sm.
    QuerySmResp, QUERY_SM_RESP = 0x80000003, "query_sm_resp" {
        /// Message id that the message centre gave out, up to 64 octets.
        message_id: &'a [u8] = message_id();
        /// When the message reached its final state, in SMPP's time format; empty: not yet.
        final_date: &'a [u8] = cstring(16, RINVPARLEN);
        /// State of the message.
        message_state: MessageState = int1();
        /// Error code of the network; 0: none.
        error_code: u8 = int1();
    }

    /// Submits a message.
    SubmitSm, SUBMIT_SM = 0x00000004, "submit_sm" {
        /// Service type, up to 5 octets; empty: default.
        service_type: &'a [u8] = cstring(5, RINVSERTYP);
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
        /// Recipient, up to 20 octets.
        destination_addr: Address<'a> = destination(20);
        /// Mode, type and features of the message.
        esm_class: EsmClass = int1();
        /// GSM protocol identifier.
        protocol_id: u8 = int1();
        /// Priority.
        priority_flag: PriorityFlag = int1();
        /// When to deliver, in SMPP's time format; empty: at once.
        schedule_delivery_time: &'a [u8] = cstring(16, RINVSCHED);
        /// How long to try, in SMPP's time format; empty: as the message centre likes.
        validity_period: &'a [u8] = cstring(16, RINVEXPIRY);
        /// Reports that are asked for.
        registered_delivery: RegisteredDelivery = int1();
        /// Whether to replace a message that still waits.
        replace_if_present_flag: ReplaceIfPresent = int1();
        /// Alphabet of the message.
        data_coding: DataCoding = int1();
        /// Number of a message that the message centre has in store; 0: none.
        sm_default_msg_id: u8 = int1();
        /// The message, up to 254 octets (255 in 5.0); longer ones go into message_payload.
        short_message: &'a [u8] = short_message();
    }

    /// Answer to submit_sm.
    SubmitSmResp, SUBMIT_SM_RESP = 0x80000004, "submit_sm_resp" {
        /// Message id, up to 64 octets (8 in 3.3). `None` when the body was missing.
        message_id: Option<&'a [u8]> = new_message_id();
    }

    /// Hands a message or a receipt to an ESME.
    DeliverSm, DELIVER_SM = 0x00000005, "deliver_sm" {
        /// Service type, up to 5 octets; empty: default.
        service_type: &'a [u8] = cstring(5, RINVSERTYP);
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
        /// Recipient, up to 20 octets.
        destination_addr: Address<'a> = destination(20);
        /// Mode, type and features of the message.
        esm_class: EsmClass = int1();
        /// GSM protocol identifier.
        protocol_id: u8 = int1();
        /// Priority.
        priority_flag: PriorityFlag = int1();
        /// When to deliver, in SMPP's time format; empty: at once.
        schedule_delivery_time: &'a [u8] = cstring(16, RINVSCHED);
        /// How long to try, in SMPP's time format; empty: as the message centre likes.
        validity_period: &'a [u8] = cstring(16, RINVEXPIRY);
        /// Reports that are asked for.
        registered_delivery: RegisteredDelivery = int1();
        /// Whether to replace a message that still waits.
        replace_if_present_flag: ReplaceIfPresent = int1();
        /// Alphabet of the message.
        data_coding: DataCoding = int1();
        /// Number of a message that the message centre has in store; 0: none.
        sm_default_msg_id: u8 = int1();
        /// The message, up to 254 octets (255 in 5.0); longer ones go into message_payload.
        short_message: &'a [u8] = short_message();
    }

    /// Answer to deliver_sm. The message id is unused: an empty one is written.
    DeliverSmResp, DELIVER_SM_RESP = 0x80000005, "deliver_sm_resp" {
        /// Message id, up to 64 octets (8 in 3.3). `None` when the body was missing.
        message_id: Option<&'a [u8]> = new_message_id();
    }

    /// Closes the session.
    Unbind, UNBIND = 0x00000006, "unbind" {}

    /// Answer to unbind.
    UnbindResp, UNBIND_RESP = 0x80000006, "unbind_resp" {}

    /// Replaces a message that still waits.
    ReplaceSm, REPLACE_SM = 0x00000007, "replace_sm" {
        /// Message id that the message centre gave out, up to 64 octets.
        message_id: &'a [u8] = message_id();
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
        /// When to deliver, in SMPP's time format; empty: at once.
        schedule_delivery_time: &'a [u8] = cstring(16, RINVSCHED);
        /// How long to try, in SMPP's time format; empty: as the message centre likes.
        validity_period: &'a [u8] = cstring(16, RINVEXPIRY);
        /// Reports that are asked for.
        registered_delivery: RegisteredDelivery = int1();
        /// Number of a message that the message centre has in store; 0: none.
        sm_default_msg_id: u8 = int1();
        /// The message, up to 254 octets (255 in 5.0); longer ones go into message_payload.
        short_message: &'a [u8] = short_message();
    }

    /// Answer to replace_sm.
    ReplaceSmResp, REPLACE_SM_RESP = 0x80000007, "replace_sm_resp" {}

    /// Cancels one message, or all of a sender to a recipient.
    CancelSm, CANCEL_SM = 0x00000008, "cancel_sm" {
        /// Service type, up to 5 octets; empty: default.
        service_type: &'a [u8] = cstring(5, RINVSERTYP);
        /// Message id that the message centre gave out, up to 64 octets.
        message_id: &'a [u8] = message_id();
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
        /// Recipient, up to 20 octets.
        destination_addr: Address<'a> = destination(20);
    }

    /// Answer to cancel_sm.
    CancelSmResp, CANCEL_SM_RESP = 0x80000008, "cancel_sm_resp" {}

    /// Opens a session for submitting and receiving (3.4).
    BindTransceiver, BIND_TRANSCEIVER = 0x00000009, "bind_transceiver" {
        /// Who binds, up to 15 octets.
        system_id: &'a [u8] = cstring(15, RINVSYSID);
        /// Password: 8 octets by the specification, up to 64 by what carriers hand out.
        password: &'a [u8] = password();
        /// Kind of ESME, up to 12 octets.
        system_type: &'a [u8] = cstring(12, RINVSYSTYP);
        /// Version of SMPP that the ESME speaks.
        interface_version: InterfaceVersion = int1();
        /// Addresses that the ESME serves (up to 40 octets, a pattern).
        address_range: Address<'a> = address("addr_ton", "addr_npi", 40, RINVPARLEN);
    }

    /// Answer to bind_transceiver.
    BindTransceiverResp, BIND_TRANSCEIVER_RESP = 0x80000009, "bind_transceiver_resp" {
        /// Name of the message centre, up to 15 octets.
        system_id: &'a [u8] = cstring(15, RINVSYSID);
    }

    /// The message centre asks an ESME to bind as receiver (3.4). Has no answer.
    Outbind, OUTBIND = 0x0000000B, "outbind" {
        /// Name of the message centre, up to 15 octets.
        system_id: &'a [u8] = cstring(15, RINVSYSID);
        /// Password: 8 octets by the specification, up to 64 by what carriers hand out.
        password: &'a [u8] = password();
    }

    /// Asks whether the peer is alive.
    EnquireLink, ENQUIRE_LINK = 0x00000015, "enquire_link" {}

    /// Answer to enquire_link.
    EnquireLinkResp, ENQUIRE_LINK_RESP = 0x80000015, "enquire_link_resp" {}

    /// Submits a message to several recipients.
    SubmitMulti, SUBMIT_MULTI = 0x00000021, "submit_multi" {
        /// Service type, up to 5 octets; empty: default.
        service_type: &'a [u8] = cstring(5, RINVSERTYP);
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
        /// Recipients and distribution lists.
        dest_address: Destinations<'a> = list("number_of_dests", RINVNUMDESTS);
        /// Mode, type and features of the message.
        esm_class: EsmClass = int1();
        /// GSM protocol identifier.
        protocol_id: u8 = int1();
        /// Priority.
        priority_flag: PriorityFlag = int1();
        /// When to deliver, in SMPP's time format; empty: at once.
        schedule_delivery_time: &'a [u8] = cstring(16, RINVSCHED);
        /// How long to try, in SMPP's time format; empty: as the message centre likes.
        validity_period: &'a [u8] = cstring(16, RINVEXPIRY);
        /// Reports that are asked for.
        registered_delivery: RegisteredDelivery = int1();
        /// Whether to replace a message that still waits.
        replace_if_present_flag: ReplaceIfPresent = int1();
        /// Alphabet of the message.
        data_coding: DataCoding = int1();
        /// Number of a message that the message centre has in store; 0: none.
        sm_default_msg_id: u8 = int1();
        /// The message, up to 254 octets (255 in 5.0); longer ones go into message_payload.
        short_message: &'a [u8] = short_message();
    }

    /// Answer to submit_multi.
    SubmitMultiResp, SUBMIT_MULTI_RESP = 0x80000021, "submit_multi_resp" {
        /// Message id, up to 64 octets (8 in 3.3). `None` when the body was missing.
        message_id: Option<&'a [u8]> = new_message_id();
        /// Recipients that failed.
        unsuccess_sme: UnsuccessSmes<'a> = list("no_unsuccess", RINVNUMDESTS);
    }

    /// Asks for a parameter of the message centre (3.3 only).
    ParamRetrieve, PARAM_RETRIEVE = 0x00000022, "param_retrieve" {
        /// Name of the parameter, up to 31 octets.
        param_name: &'a [u8] = cstring(31, RINVPARLEN);
    }

    /// Answer to param_retrieve (3.3 only).
    ParamRetrieveResp, PARAM_RETRIEVE_RESP = 0x80000022, "param_retrieve_resp" {
        /// Value of the parameter, up to 100 octets.
        param_value: &'a [u8] = cstring(100, RINVPARLEN);
    }

    /// Asks for the latest messages of a sender (3.3 only).
    QueryLastMsgs, QUERY_LAST_MSGS = 0x00000023, "query_last_msgs" {
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
        /// How many message ids to return, up to 100.
        num_message: u8 = int1();
    }

    /// Answer to query_last_msgs (3.3 only).
    QueryLastMsgsResp, QUERY_LAST_MSGS_RESP = 0x80000023, "query_last_msgs_resp" {
        /// The message ids.
        message_id: MessageIds<'a> = list("no_messages", RINVNUMMSGS);
    }

    /// Asks for a message with its details (3.3 only).
    QueryMsgDetails, QUERY_MSG_DETAILS = 0x00000024, "query_msg_details" {
        /// Message id that the message centre gave out, up to 64 octets.
        message_id: &'a [u8] = message_id();
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
        /// How many octets of the message to return, up to 160.
        sm_length: u8 = int1();
    }

    /// Answer to query_msg_details (3.3 only).
    QueryMsgDetailsResp, QUERY_MSG_DETAILS_RESP = 0x80000024, "query_msg_details_resp" {
        /// Service type, up to 5 octets; empty: default.
        service_type: &'a [u8] = cstring(5, RINVSERTYP);
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
        /// Recipients and distribution lists.
        dest_address: Destinations<'a> = list("number_of_dests", RINVNUMDESTS);
        /// GSM protocol identifier.
        protocol_id: u8 = int1();
        /// Priority.
        priority_flag: PriorityFlag = int1();
        /// When to deliver, in SMPP's time format; empty: at once.
        schedule_delivery_time: &'a [u8] = cstring(16, RINVSCHED);
        /// How long to try, in SMPP's time format; empty: as the message centre likes.
        validity_period: &'a [u8] = cstring(16, RINVEXPIRY);
        /// Reports that are asked for.
        registered_delivery: RegisteredDelivery = int1();
        /// Alphabet of the message.
        data_coding: DataCoding = int1();
        /// The message, up to 254 octets (255 in 5.0); longer ones go into message_payload.
        short_message: &'a [u8] = short_message();
        /// Message id that the message centre gave out, up to 64 octets.
        message_id: &'a [u8] = message_id();
        /// When the message reached its final state, in SMPP's time format; empty: not yet.
        final_date: &'a [u8] = cstring(16, RINVPARLEN);
        /// State of the message.
        message_state: MessageState = int1();
        /// Error code of the network; 0: none.
        error_code: u8 = int1();
    }

    /// Tells an ESME that a subscriber can be reached again (3.4). Has no answer.
    AlertNotification, ALERT_NOTIFICATION = 0x00000102, "alert_notification" {
        /// Sender, up to 64 octets.
        source_addr: Address<'a> = source(64);
        /// ESME that asked for the alert, up to 64 octets.
        esme_addr: Address<'a> = address("esme_addr_ton", "esme_addr_npi", 64, RINVPARLEN);
    }

    /// Hands over a message, in both directions; its octets are in message_payload (3.4).
    DataSm, DATA_SM = 0x00000103, "data_sm" {
        /// Service type, up to 5 octets; empty: default.
        service_type: &'a [u8] = cstring(5, RINVSERTYP);
        /// Sender, up to 64 octets.
        source_addr: Address<'a> = source(64);
        /// Recipient, up to 64 octets.
        destination_addr: Address<'a> = destination(64);
        /// Mode, type and features of the message.
        esm_class: EsmClass = int1();
        /// Reports that are asked for.
        registered_delivery: RegisteredDelivery = int1();
        /// Alphabet of the message.
        data_coding: DataCoding = int1();
    }

    /// Answer to data_sm.
    DataSmResp, DATA_SM_RESP = 0x80000103, "data_sm_resp" {
        /// Message id, up to 64 octets (8 in 3.3). `None` when the body was missing.
        message_id: Option<&'a [u8]> = new_message_id();
    }

    /// Submits a cell broadcast (5.0).
    BroadcastSm, BROADCAST_SM = 0x00000111, "broadcast_sm" {
        /// Service type, up to 5 octets; empty: default.
        service_type: &'a [u8] = cstring(5, RINVSERTYP);
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
        /// Message id of a broadcast to replace; empty: a new one.
        message_id: &'a [u8] = message_id();
        /// Priority.
        priority_flag: PriorityFlag = int1();
        /// When to deliver, in SMPP's time format; empty: at once.
        schedule_delivery_time: &'a [u8] = cstring(16, RINVSCHED);
        /// How long to try, in SMPP's time format; empty: as the message centre likes.
        validity_period: &'a [u8] = cstring(16, RINVEXPIRY);
        /// Whether to replace a message that still waits.
        replace_if_present_flag: ReplaceIfPresent = int1();
        /// Alphabet of the message.
        data_coding: DataCoding = int1();
        /// Number of a message that the message centre has in store; 0: none.
        sm_default_msg_id: u8 = int1();
    }

    /// Answer to broadcast_sm.
    BroadcastSmResp, BROADCAST_SM_RESP = 0x80000111, "broadcast_sm_resp" {
        /// Message id, up to 64 octets (8 in 3.3). `None` when the body was missing.
        message_id: Option<&'a [u8]> = new_message_id();
    }

    /// Asks for the state of a broadcast (5.0).
    QueryBroadcastSm, QUERY_BROADCAST_SM = 0x00000112, "query_broadcast_sm" {
        /// Message id that the message centre gave out, up to 64 octets.
        message_id: &'a [u8] = message_id();
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
    }

    /// Answer to query_broadcast_sm.
    QueryBroadcastSmResp, QUERY_BROADCAST_SM_RESP = 0x80000112, "query_broadcast_sm_resp" {
        /// Message id that the message centre gave out, up to 64 octets.
        message_id: &'a [u8] = message_id();
    }

    /// Cancels a broadcast (5.0).
    CancelBroadcastSm, CANCEL_BROADCAST_SM = 0x00000113, "cancel_broadcast_sm" {
        /// Service type, up to 5 octets; empty: default.
        service_type: &'a [u8] = cstring(5, RINVSERTYP);
        /// Message id that the message centre gave out, up to 64 octets.
        message_id: &'a [u8] = message_id();
        /// Sender, up to 20 octets.
        source_addr: Address<'a> = source(20);
    }

    /// Answer to cancel_broadcast_sm.
    CancelBroadcastSmResp, CANCEL_BROADCAST_SM_RESP = 0x80000113, "cancel_broadcast_sm_resp" {}
}
