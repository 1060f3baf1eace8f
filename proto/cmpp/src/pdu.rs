//! The table of every message and its fields. Views, decoding, encoding and field names all come from it.
//!
//! Two widths of a field are its octets in 2.0 and 3.0; 0 means that the version does not have it. Order, names and types are those of
//! CMPP 2.0 chapter 7 and CMPP 3.0 chapter 8.

use std::fmt;

use crate::error::Fault;
use crate::field::{Reader, Writer, content, digest, flag, int, int_at_end, msg_fmt, msg_id, number, raw_at_end, recipients, text};
use crate::record::{Record, record};
use crate::visit::Visitor;
use crate::{CommandId, EncodeError, MsgId, Terminals, Version, words};

/// The body of a PDU: what [`Encoder`](crate::Encoder) takes. Implemented by every view and by [`Pdu`].
pub trait Body: sealed::Sealed {
    /// Which PDU it is.
    fn command_id(&self) -> CommandId;

    /// Shows the fields that the version has, in wire order.
    fn visit(&self, version: Version, visitor: &mut dyn Visitor);
}

pub(crate) mod sealed {
    use crate::EncodeError;
    use crate::field::Writer;

    /// The part of [`super::Body`] that is nobody else's business.
    #[allow(private_interfaces)]
    pub trait Sealed {
        /// Name in the standard.
        fn name(&self) -> &'static str;
        /// Octets of the body, unless writing fails.
        fn size(&self, v3: bool) -> usize;
        fn write_fields(&self, writer: &mut Writer<'_>, v3: bool) -> Result<(), EncodeError>;
    }
}

macro_rules! pdus {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident $(<$lt:lifetime>)?, $konst:ident = $id:literal, $wire:literal {
            $( $(#[doc = $fdoc:literal])* $field:ident: $type:ty = $fwire:literal, $spec:expr; )*
        }
    )*) => {
        impl CommandId {
            $( #[doc = $wire] pub const $konst: Self = Self($id); )*

            /// Every command, each before its response.
            pub const ALL: &'static [Self] = &[$(Self::$konst),*];

            /// Its name in the standard; `None` for an unknown one. 0x12 has the name of 3.0: it is CMPP_GET_ROUTE in 2.0.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $( $id => Some($wire), )*
                    _ => None,
                }
            }
        }

        $(
            record! {
                $(#[doc = $doc])*
                $name $(<$lt>)?, $wire {
                    $( $(#[doc = $fdoc])* $field: $type = $fwire, $spec; )*
                }
            }

            #[allow(private_interfaces)]
            impl $(<$lt>)? sealed::Sealed for $name $(<$lt>)? {
                fn name(&self) -> &'static str {
                    $wire
                }

                #[inline]
                fn size(&self, v3: bool) -> usize {
                    Record::size(self, v3)
                }

                #[inline]
                fn write_fields(&self, writer: &mut Writer<'_>, v3: bool) -> Result<(), EncodeError> {
                    if v3 { self.write::<true>(writer) } else { self.write::<false>(writer) }
                }
            }

            impl $(<$lt>)? Body for $name $(<$lt>)? {
                fn command_id(&self) -> CommandId {
                    CommandId::$konst
                }

                fn visit(&self, version: Version, visitor: &mut dyn Visitor) {
                    Record::visit(self, version.is_v3(), visitor);
                }
            }

            impl<'a> From<$name $(<$lt>)?> for Pdu<'a> {
                fn from(body: $name $(<$lt>)?) -> Self {
                    Self::$name(body)
                }
            }
        )*

        /// Any PDU. Borrows from the frame it was decoded from.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub enum Pdu<'a> {
            $(
                $(#[doc = $doc])*
                $name($name $(<$lt>)?),
            )*
        }

        impl<'a> Pdu<'a> {
            /// Octets of the body in 2.0 and 3.0, `None` inside where they depend on values; `None` for an unknown command.
            #[inline]
            pub(crate) fn fixed_lengths(command_id: CommandId) -> Option<[Option<usize>; 2]> {
                Some(match command_id {
                    $( CommandId::$konst => <$name as Record<'_>>::LENGTHS, )*
                    _ => return None,
                })
            }

            /// Reads the fields of a command.
            #[inline]
            pub(crate) fn read_fields(command_id: CommandId, version: Version, reader: &mut Reader<'a>) -> Result<Self, Fault> {
                match (command_id, version) {
                    $(
                        (CommandId::$konst, Version::V2) => <$name as Record<'a>>::read::<false>(reader).map(Self::$name),
                        (CommandId::$konst, Version::V3) => <$name as Record<'a>>::read::<true>(reader).map(Self::$name),
                    )*
                    _ => Err(Fault { field: "Command_Id", kind: crate::DecodeErrorKind::UnknownCommand, result: 2 }),
                }
            }

            #[cfg(test)]
            pub(crate) fn arbitrary(command_id: CommandId, source: &mut crate::arbitrary::Source, version: Version) -> Option<Self> {
                Some(match command_id {
                    $( CommandId::$konst => Self::$name(Record::arbitrary(source, version.is_v3())), )*
                    _ => return None,
                })
            }

            #[cfg(test)]
            pub(crate) fn specs(command_id: CommandId) -> &'static [crate::field::FieldSpec] {
                match command_id {
                    $( CommandId::$konst => <$name as Record<'_>>::SPECS, )*
                    _ => &[],
                }
            }

            fn body(&self) -> &dyn Body {
                match self {
                    $( Self::$name(body) => body, )*
                }
            }
        }

        impl fmt::Debug for Pdu<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $( Self::$name(body) => body.fmt(f), )*
                }
            }
        }
    };
}

#[allow(private_interfaces)]
impl sealed::Sealed for Pdu<'_> {
    fn name(&self) -> &'static str {
        self.body().name()
    }

    fn size(&self, v3: bool) -> usize {
        self.body().size(v3)
    }

    fn write_fields(&self, writer: &mut Writer<'_>, v3: bool) -> Result<(), EncodeError> {
        self.body().write_fields(writer, v3)
    }
}

impl Body for Pdu<'_> {
    fn command_id(&self) -> CommandId {
        self.body().command_id()
    }

    fn visit(&self, version: Version, visitor: &mut dyn Visitor) {
        self.body().visit(version, visitor);
    }
}

pdus! {
    /// Opens a session: an SP or ISMG to an ISMG, an ISMG to a GNS. The same in both versions.
    Connect<'a>, CONNECT = 0x00000001, "CMPP_CONNECT" {
        /// Who connects: SP_Id, or code of the gateway, up to 6 octets.
        source_addr: &'a [u8] = "Source_Addr", text(6, 6);
        /// Proof that the client knows the secret: [`auth::source`](crate::auth::source).
        authenticator_source: [u8; 16] = "AuthenticatorSource", digest();
        /// Version that the client speaks, high nibble major: 0x20, 0x30. See [`Version::of_byte`].
        version: u8 = "Version", int(1, 1).words(words::version);
        /// MMDDHHMMSS as a number: [`auth::timestamp`](crate::auth::timestamp).
        timestamp: u32 = "Timestamp", int(4, 4).values(0, 1231235959, 1231235959);
    }

    /// Answer to CONNECT.
    ConnectResp, CONNECT_RESP = 0x80000001, "CMPP_CONNECT_RESP" {
        /// 0: logged in; others are in [`status`](crate::status).
        status: u32 = "Status", int(1, 4).words(words::login_status);
        /// Proof that the server knows the secret: [`auth::ismg`](crate::auth::ismg); zeros where it refuses the client's.
        authenticator_ismg: [u8; 16] = "AuthenticatorISMG", digest();
        /// Highest version that the server speaks.
        version: u8 = "Version", int(1, 1).words(words::version);
    }

    /// Ends a session.
    Terminate, TERMINATE = 0x00000002, "CMPP_TERMINATE" {}

    /// Answer to TERMINATE.
    TerminateResp, TERMINATE_RESP = 0x80000002, "CMPP_TERMINATE_RESP" {}

    /// Submits a message to one or more recipients.
    Submit<'a>, SUBMIT = 0x00000004, "CMPP_SUBMIT" {
        /// Zero: the ISMG gives it out.
        msg_id: MsgId = "Msg_Id", msg_id();
        /// Parts of the message, from 1.
        pk_total: u8 = "Pk_total", int(1, 1).values(1, 255, 255);
        /// Which part this is, from 1.
        pk_number: u8 = "Pk_number", int(1, 1).values(1, 255, 255);
        /// 0: no report, 1: a report, 2: a billing record (2.0 only).
        registered_delivery: u8 = "Registered_Delivery", int(1, 1).values(0, 2, 1).words(words::registered_delivery);
        /// Priority.
        msg_level: u8 = "Msg_level", int(1, 1);
        /// Service, up to 10 octets.
        service_id: &'a [u8] = "Service_Id", text(10, 10);
        /// Who pays: 0 recipient, 1 sender, 2 SP, 3 the number in Fee_terminal_Id.
        fee_user_type: u8 = "Fee_UserType", int(1, 1).values(0, 3, 3).words(words::fee_user_type);
        /// Number that pays, up to 21 or 32 octets.
        fee_terminal_id: &'a [u8] = "Fee_terminal_Id", number(21, 32);
        /// 0: real number, 1: pseudo-code (3.0).
        fee_terminal_type: u8 = "Fee_terminal_type", flag(0, 1).words(words::terminal_type);
        /// GSM protocol identifier.
        tp_pid: u8 = "TP_pId", int(1, 1);
        /// 1: Msg_Content begins with a user data header. See [`Submit::has_udh`].
        tp_udhi: u8 = "TP_udhi", flag(1, 1).words(words::udhi);
        /// Coding: 0 ASCII, 3 SIM write, 4 binary, 8 UCS2, 15 GB; others as data coding scheme of GSM.
        msg_fmt: u8 = "Msg_Fmt", msg_fmt();
        /// SP_Id of the SP, up to 6 octets.
        msg_src: &'a [u8] = "Msg_src", text(6, 6);
        /// Kind of fee, 2 digits: 01 free, 02 per message, 03 monthly, 04 capped, 05 by the SP.
        fee_type: &'a [u8] = "FeeType", text(2, 2);
        /// Fee in fen, up to 6 digits.
        fee_code: &'a [u8] = "FeeCode", text(6, 6);
        /// How long to try, in SMPP 3.3's time format; empty: as the gateway likes.
        valid_time: &'a [u8] = "ValId_Time", text(17, 17);
        /// When to deliver, in SMPP 3.3's time format; empty: at once.
        at_time: &'a [u8] = "At_Time", text(17, 17);
        /// Sender: the SP's service code, or a longer number that begins with it, up to 21 octets.
        src_id: &'a [u8] = "Src_Id", number(21, 21);
        /// Recipients, 1 to 99, up to 21 or 32 octets each.
        dest_terminal_id: Terminals<'a> = "Dest_terminal_Id", recipients(21, 32, 99, false);
        /// 0: real numbers, 1: pseudo-codes (3.0).
        dest_terminal_type: u8 = "Dest_terminal_type", flag(0, 1).words(words::terminal_type);
        /// The message, up to 160 octets with Msg_Fmt 0, else 140.
        msg_content: &'a [u8] = "Msg_Content", content();
        /// Id of the MO message that ordered this one, up to 20 octets, as it stands on the wire (3.0).
        link_id: &'a [u8] = "LinkID", raw_at_end(0, 20);
        /// Reserved, up to 8 octets, as it stands on the wire (2.0).
        reserve: &'a [u8] = "Reserve", raw_at_end(8, 0);
    }

    /// Answer to SUBMIT.
    SubmitResp, SUBMIT_RESP = 0x80000004, "CMPP_SUBMIT_RESP" {
        /// Id of the message; of the first recipient, the others count on: [`MsgId::nth`].
        msg_id: MsgId = "Msg_Id", msg_id();
        /// 0: taken; others are in [`result`](crate::result).
        result: u32 = "Result", int(1, 4).words(words::submit_result);
    }

    /// Hands a message or a status report to an SP.
    Deliver<'a>, DELIVER = 0x00000005, "CMPP_DELIVER" {
        /// Id of this DELIVER, not of the message that a report is about.
        msg_id: MsgId = "Msg_Id", msg_id();
        /// Recipient: the SP's service code, up to 21 octets.
        dest_id: &'a [u8] = "Dest_Id", number(21, 21);
        /// Service, up to 10 octets.
        service_id: &'a [u8] = "Service_Id", text(10, 10);
        /// GSM protocol identifier.
        tp_pid: u8 = "TP_pid", int(1, 1);
        /// 1: Msg_Content begins with a user data header. See [`Deliver::has_udh`].
        tp_udhi: u8 = "TP_udhi", flag(1, 1).words(words::udhi);
        /// Coding: 0 ASCII, 3 SIM write, 4 binary, 8 UCS2, 15 GB; others as data coding scheme of GSM.
        msg_fmt: u8 = "Msg_Fmt", msg_fmt();
        /// Sender; of a report the recipient of its message. Up to 21 or 32 octets.
        src_terminal_id: &'a [u8] = "Src_terminal_Id", number(21, 32);
        /// 0: real number, 1: pseudo-code (3.0).
        src_terminal_type: u8 = "Src_terminal_type", flag(0, 1).words(words::terminal_type);
        /// 1: Msg_Content is a status report. See [`Deliver::report`].
        registered_delivery: u8 = "Registered_Delivery", flag(1, 1).words(words::deliver_kind);
        /// The message, up to 160 octets with Msg_Fmt 0, else 140; or a report.
        msg_content: &'a [u8] = "Msg_Content", content();
        /// Id of this message in a service on demand, up to 20 octets, as it stands on the wire (3.0).
        link_id: &'a [u8] = "LinkID", raw_at_end(0, 20);
        /// Reserved, up to 8 octets, as it stands on the wire (2.0).
        reserve: &'a [u8] = "Reserved", raw_at_end(8, 0);
    }

    /// Answer to DELIVER.
    DeliverResp, DELIVER_RESP = 0x80000005, "CMPP_DELIVER_RESP" {
        /// Id of the DELIVER.
        msg_id: MsgId = "Msg_Id", msg_id();
        /// 0: taken; others are in [`result`](crate::result).
        result: u32 = "Result", int(1, 4).words(words::common_result);
    }

    /// Asks for an SP's figures of a day. The same in both versions.
    Query<'a>, QUERY = 0x00000006, "CMPP_QUERY" {
        /// The day, YYYYMMDD.
        time: &'a [u8] = "Time", text(8, 8);
        /// 0: totals, 1: of one service.
        query_type: u8 = "Query_Type", flag(1, 1).words(words::query_type);
        /// The service, where one is asked for, up to 10 octets.
        query_code: &'a [u8] = "Query_Code", text(10, 10);
        /// Reserved, up to 8 octets.
        reserve: &'a [u8] = "Reserve", raw_at_end(8, 8);
    }

    /// Answer to QUERY. The same in both versions.
    QueryResp<'a>, QUERY_RESP = 0x80000006, "CMPP_QUERY_RESP" {
        /// The day, YYYYMMDD.
        time: &'a [u8] = "Time", text(8, 8);
        /// 0: totals, 1: of one service.
        query_type: u8 = "Query_Type", flag(1, 1).words(words::query_type);
        /// The service, up to 10 octets.
        query_code: &'a [u8] = "Query_Code", text(10, 10);
        /// Messages that came from the SP.
        mt_tlmsg: u32 = "MT_TLMsg", int(4, 4);
        /// Recipients of those.
        mt_tlusr: u32 = "MT_Tlusr", int(4, 4);
        /// Forwarded.
        mt_scs: u32 = "MT_Scs", int(4, 4);
        /// Waiting.
        mt_wt: u32 = "MT_WT", int(4, 4);
        /// Failed.
        mt_fl: u32 = "MT_FL", int(4, 4);
        /// Delivered to the SP.
        mo_scs: u32 = "MO_Scs", int(4, 4);
        /// Waiting for the SP.
        mo_wt: u32 = "MO_WT", int(4, 4);
        /// Not delivered to the SP.
        mo_fl: u32 = "MO_FL", int(4, 4);
    }

    /// Takes a message back that was not sent yet. The same in both versions.
    Cancel, CANCEL = 0x00000007, "CMPP_CANCEL" {
        /// Id of the message.
        msg_id: MsgId = "Msg_Id", msg_id();
    }

    /// Answer to CANCEL.
    CancelResp, CANCEL_RESP = 0x80000007, "CMPP_CANCEL_RESP" {
        /// 0: taken back, 1: failed.
        success_id: u32 = "Success_Id", int(1, 4).words(words::cancel_result);
    }

    /// Asks whether the peer is there.
    ActiveTest, ACTIVE_TEST = 0x00000008, "CMPP_ACTIVE_TEST" {}

    /// Answer to ACTIVE_TEST.
    ActiveTestResp, ACTIVE_TEST_RESP = 0x80000008, "CMPP_ACTIVE_TEST_RESP" {
        /// Reserved; some peers leave it out.
        reserved: u8 = "Reserved", int_at_end(1);
    }

    /// Hands a message or a status report from one ISMG to the next.
    Fwd<'a>, FWD = 0x00000009, "CMPP_FWD" {
        /// Code of the gateway that sends, 6 digits.
        source_id: &'a [u8] = "Source_Id", text(6, 6);
        /// Code of the gateway that it is for, 6 digits.
        destination_id: &'a [u8] = "Destination_Id", text(6, 6);
        /// Gateways passed, against loops.
        nodes_count: u8 = "NodesCount", int(1, 1);
        /// What it is: [`Fwd::MT`], [`Fwd::MO`], [`Fwd::MT_REPORT`], [`Fwd::MO_REPORT`].
        msg_fwd_type: u8 = "Msg_Fwd_Type", int(1, 1).values(0, 3, 3).words(words::fwd_type);
        /// Id that the first gateway gave out.
        msg_id: MsgId = "Msg_Id", msg_id();
        /// Parts of the message, from 1.
        pk_total: u8 = "Pk_total", int(1, 1).values(1, 255, 255);
        /// Which part this is, from 1.
        pk_number: u8 = "Pk_number", int(1, 1).values(1, 255, 255);
        /// 0: no report, 1: a report, 2: a billing record.
        registered_delivery: u8 = "Registered_Delivery", int(1, 1).values(0, 2, 2).words(words::registered_delivery);
        /// Priority.
        msg_level: u8 = "Msg_level", int(1, 1);
        /// Service, up to 10 octets.
        service_id: &'a [u8] = "Service_Id", text(10, 10);
        /// Who pays: 0 recipient, 1 sender, 2 SP, 3 the number in Fee_terminal_Id.
        fee_user_type: u8 = "Fee_UserType", int(1, 1).values(0, 3, 3).words(words::fee_user_type);
        /// Number that pays, up to 21 octets.
        fee_terminal_id: &'a [u8] = "Fee_terminal_Id", number(21, 21);
        /// Pseudo-code of the number that pays, up to 32 octets (3.0).
        fee_terminal_pseudo: &'a [u8] = "Fee_terminal_Pseudo", text(0, 32);
        /// Subscription of the number that pays: 0 GoTone, 1 Easyown, 2 M-Zone (3.0).
        fee_terminal_user_type: u8 = "Fee_terminal_UserType", int(0, 1).values(0, 2, 2).words(words::user_type);
        /// GSM protocol identifier.
        tp_pid: u8 = "TP_pid", int(1, 1);
        /// 1: Msg_Content begins with a user data header. See [`Fwd::has_udh`].
        tp_udhi: u8 = "TP_udhi", flag(1, 1).words(words::udhi);
        /// Coding: 0 ASCII, 3 SIM write, 4 binary, 8 UCS2, 15 GB; others as data coding scheme of GSM.
        msg_fmt: u8 = "Msg_Fmt", msg_fmt();
        /// SP_Id of the SP, up to 6 octets.
        msg_src: &'a [u8] = "Msg_src", text(6, 6);
        /// Kind of fee, 2 digits; as in SUBMIT, and 00 (2.0), 06 (3.0).
        fee_type: &'a [u8] = "FeeType", text(2, 2);
        /// Fee in fen, up to 6 digits.
        fee_code: &'a [u8] = "FeeCode", text(6, 6);
        /// How long to try, in SMPP 3.3's time format; empty: as the gateway likes.
        valid_time: &'a [u8] = "Valid_Time", text(17, 17);
        /// When to deliver, in SMPP 3.3's time format; empty: at once.
        at_time: &'a [u8] = "At_Time", text(17, 17);
        /// MT and MO report: the SP's service code. MO and MT report: the phone.
        src_id: &'a [u8] = "Src_Id", number(21, 21);
        /// Pseudo-code of the sender, up to 32 octets (3.0).
        src_pseudo: &'a [u8] = "Src_Pseudo", text(0, 32);
        /// Subscription of the sender: 0 GoTone, 1 Easyown, 2 M-Zone (3.0).
        src_user_type: u8 = "Src_UserType", int(0, 1).values(0, 2, 2).words(words::user_type);
        /// 0: real number, 1: pseudo-code (3.0).
        src_type: u8 = "Src_type", flag(0, 1).words(words::terminal_type);
        /// MT and MO report: the phone. MO and MT report: the SP's service code. One only in 3.0.
        dest_id: Terminals<'a> = "Dest_Id", recipients(21, 21, 1, true);
        /// Pseudo-code of the recipient, up to 32 octets (3.0).
        dest_pseudo: &'a [u8] = "Dest_Pseudo", text(0, 32);
        /// Subscription of the recipient: 0 GoTone, 1 Easyown, 2 M-Zone (3.0).
        dest_user_type: u8 = "Dest_UserType", int(0, 1).values(0, 2, 2).words(words::user_type);
        /// The message, up to 160 octets with Msg_Fmt 0, else 140; or a report.
        msg_content: &'a [u8] = "Msg_Content", content();
        /// Id of the MO message in a service on demand, up to 20 octets, as it stands on the wire (3.0).
        link_id: &'a [u8] = "LinkID", raw_at_end(0, 20);
        /// Reserved, up to 8 octets, as it stands on the wire (2.0).
        reserve: &'a [u8] = "Reserve", raw_at_end(8, 0);
    }

    /// Answer to FWD.
    FwdResp, FWD_RESP = 0x80000009, "CMPP_FWD_RESP" {
        /// As in the FWD.
        msg_id: MsgId = "Msg_Id", msg_id();
        /// As in the FWD.
        pk_total: u8 = "Pk_total", int(1, 1);
        /// As in the FWD.
        pk_number: u8 = "Pk_number", int(1, 1);
        /// 0: taken; others are in [`result`](crate::result), 9: the recipient is not on this gateway.
        result: u32 = "Result", int(1, 4).words(words::fwd_result);
    }

    /// Asks a GNS which gateway serves a phone. The same in both versions.
    MtRoute<'a>, MT_ROUTE = 0x00000010, "CMPP_MT_ROUTE" {
        /// Code of the gateway that asks, 6 digits.
        source_id: &'a [u8] = "Source_Id", text(6, 6);
        /// The phone, up to 21 octets.
        terminal_id: &'a [u8] = "Terminal_Id", number(21, 21);
    }

    /// Answer to MT_ROUTE.
    MtRouteResp<'a>, MT_ROUTE_RESP = 0x80000010, "CMPP_MT_ROUTE_RESP" {
        /// Number of the route.
        route_id: u32 = "Route_Id", int(4, 4);
        /// Code of the gateway that serves the route, 6 digits.
        destination_id: &'a [u8] = "Destination_Id", text(6, 6);
        /// Its IP address, up to 15 octets: "192.0.2.1".
        gateway_ip: &'a [u8] = "Gateway_IP", text(15, 15);
        /// Its port.
        gateway_port: u16 = "Gateway_port", int(2, 2);
        /// First number segment of the route, up to 6 or 9 octets.
        start_id: &'a [u8] = "Start_Id", text(6, 9);
        /// Last number segment of the route, up to 6 or 9 octets.
        end_id: &'a [u8] = "End_Id", text(6, 9);
        /// Area code of the province, up to 4 octets.
        area_code: &'a [u8] = "Area_code", text(4, 4);
        /// 0: done; others are named in the standard.
        result: u8 = "Result", int(1, 1).words(words::gns_result);
        /// Subscription: 0 GoTone, 1 Easyown, 2 M-Zone (3.0).
        user_type: u8 = "User_type", int(0, 1).values(0, 2, 2).words(words::user_type);
        /// When the route was changed, YYYYMMDDHHMMSS (3.0).
        time_stamp: &'a [u8] = "Time_stamp", text(0, 14);
    }

    /// Asks a GNS which gateway serves an SP. The same in both versions.
    MoRoute<'a>, MO_ROUTE = 0x00000011, "CMPP_MO_ROUTE" {
        /// Code of the gateway that asks, 6 digits.
        source_id: &'a [u8] = "Source_Id", text(6, 6);
        /// Service code of the SP, up to 21 octets.
        sp_code: &'a [u8] = "SP_Code", text(21, 21);
        /// Service, up to 10 octets.
        service_id: &'a [u8] = "Service_Id", text(10, 10);
        /// Code of the service.
        service_code: u32 = "Service_Code", int(4, 4);
    }

    /// Answer to MO_ROUTE.
    MoRouteResp<'a>, MO_ROUTE_RESP = 0x80000011, "CMPP_MO_ROUTE_RESP" {
        /// Number of the route.
        route_id: u32 = "Route_Id", int(4, 4);
        /// Code of the gateway that serves the route, 6 digits.
        destination_id: &'a [u8] = "Destination_Id", text(6, 6);
        /// Its IP address, up to 15 octets: "192.0.2.1".
        gateway_ip: &'a [u8] = "Gateway_IP", text(15, 15);
        /// Its port.
        gateway_port: u16 = "Gateway_port", int(2, 2);
        /// SP_Id of the SP, up to 21 or 6 octets.
        sp_id: &'a [u8] = "SP_Id", text(21, 6);
        /// Service code of the SP, up to 21 octets (3.0).
        sp_code: &'a [u8] = "SP_Code", text(0, 21);
        /// How the SP is connected (3.0).
        sp_access_type: u8 = "SP_AcessType", int(0, 1);
        /// First code of the route.
        start_code: u32 = "Start_code", int(4, 4);
        /// Last code of the route.
        end_code: u32 = "End_code", int(4, 4);
        /// 0: done; others are named in the standard.
        result: u8 = "Result", int(1, 1).words(words::gns_result);
        /// When the route was changed, YYYYMMDDHHMMSS (3.0).
        time_stamp: &'a [u8] = "Time_stamp", text(0, 14);
    }

    /// Asks a GNS for its routes, one at a time: CMPP_GET_ROUTE of 2.0, for MT and MO; CMPP_GET_MT_ROUTE of 3.0.
    GetMtRoute<'a>, GET_MT_ROUTE = 0x00000012, "CMPP_GET_MT_ROUTE" {
        /// Code of the gateway that asks, 6 digits.
        source_id: &'a [u8] = "Source_Id", text(6, 6);
        /// Kind of route, up to 2 or 4 octets: "MT", "MO".
        route_type: &'a [u8] = "Route_type", text(2, 4);
        /// Route_Id of the route that came last; -1 at first.
        last_route_id: i32 = "Last_route_Id", int(4, 4);
    }

    /// Answer to GET_MT_ROUTE: one route.
    GetMtRouteResp<'a>, GET_MT_ROUTE_RESP = 0x80000012, "CMPP_GET_MT_ROUTE_RESP" {
        /// Number of the route.
        route_id: u32 = "Route_Id", int(4, 4);
        /// Code of the gateway that serves the route, 6 digits.
        destination_id: &'a [u8] = "Destination_Id", text(6, 6);
        /// Its IP address, up to 15 octets: "192.0.2.1".
        gateway_ip: &'a [u8] = "Gateway_IP", text(15, 15);
        /// Its port.
        gateway_port: u16 = "Gateway_port", int(2, 2);
        /// First number segment of the route, up to 9 octets (3.0).
        start_id: &'a [u8] = "Start_Id", text(0, 9);
        /// Last number segment of the route, up to 9 octets (3.0).
        end_id: &'a [u8] = "End_Id", text(0, 9);
        /// Service code of the SP, up to 21 octets (2.0).
        sp_code: &'a [u8] = "SP_Code", text(21, 0);
        /// Service, up to 10 octets (2.0).
        service_id: &'a [u8] = "Service_Id", text(10, 0);
        /// First code of the route (2.0).
        start_code: u32 = "Start_code", int(4, 0);
        /// Last code of the route (2.0).
        end_code: u32 = "End_code", int(4, 0);
        /// Area code of the province, up to 4 octets.
        area_code: &'a [u8] = "Area_code", text(4, 4);
        /// 0: done; others are named in the standard.
        result: u8 = "Result", int(1, 1).words(words::gns_result);
        /// Subscription: 0 GoTone, 1 Easyown, 2 M-Zone (3.0).
        user_type: u8 = "User_type", int(0, 1).values(0, 2, 2).words(words::user_type);
        /// How many routes there are (3.0).
        route_total: u32 = "Route_total", int(0, 4);
        /// Which of them this is (3.0).
        route_number: u32 = "Route_number", int(0, 4);
        /// When the route was changed, YYYYMMDDHHMMSS (3.0).
        time_stamp: &'a [u8] = "Time_stamp", text(0, 14);
    }

    /// Tells a GNS of a route to phones.
    MtRouteUpdate<'a>, MT_ROUTE_UPDATE = 0x00000013, "CMPP_MT_ROUTE_UPDATE" {
        /// What is to be done with the route.
        update_type: u8 = "Update_type", int(1, 1);
        /// Number of the route; 0 for a new one.
        route_id: u32 = "Route_Id", int(4, 4);
        /// Code of the gateway that serves the route, 6 digits.
        destination_id: &'a [u8] = "Destination_Id", text(6, 6);
        /// Its IP address, up to 15 octets: "192.0.2.1".
        gateway_ip: &'a [u8] = "Gateway_IP", text(15, 15);
        /// Its port.
        gateway_port: u16 = "Gateway_port", int(2, 2);
        /// First number segment of the route, up to 6 or 9 octets.
        start_id: &'a [u8] = "Start_Id", text(6, 9);
        /// Last number segment of the route, up to 6 or 9 octets.
        end_id: &'a [u8] = "End_Id", text(6, 9);
        /// Area code of the province, up to 4 octets.
        area_code: &'a [u8] = "Area_code", text(4, 4);
        /// Subscription: 0 GoTone, 1 Easyown, 2 M-Zone (3.0).
        user_type: u8 = "User_type", int(0, 1).values(0, 2, 2).words(words::user_type);
    }

    /// Answer to MT_ROUTE_UPDATE: only that it will be looked at.
    MtRouteUpdateResp<'a>, MT_ROUTE_UPDATE_RESP = 0x80000013, "CMPP_MT_ROUTE_UPDATE_RESP" {
        /// 0: done; others are named in the standard.
        result: u8 = "Result", int(1, 1).words(words::gns_result);
        /// Number of the route, of a new one too (3.0).
        route_id: u32 = "Route_Id", int(0, 4);
        /// When the route was changed, YYYYMMDDHHMMSS (3.0).
        time_stamp: &'a [u8] = "Time_stamp", text(0, 14);
    }

    /// Tells a GNS of a route to an SP.
    MoRouteUpdate<'a>, MO_ROUTE_UPDATE = 0x00000014, "CMPP_MO_ROUTE_UPDATE" {
        /// What is to be done with the route.
        update_type: u8 = "Update_type", int(1, 1);
        /// Number of the route; 0 for a new one.
        route_id: u32 = "Route_Id", int(4, 4);
        /// Code of the gateway that serves the route, 6 digits.
        destination_id: &'a [u8] = "Destination_Id", text(6, 6);
        /// Its IP address, up to 15 octets: "192.0.2.1".
        gateway_ip: &'a [u8] = "Gateway_IP", text(15, 15);
        /// Its port.
        gateway_port: u16 = "Gateway_port", int(2, 2);
        /// SP_Id of the SP, up to 6 octets (3.0).
        sp_id: &'a [u8] = "SP_Id", text(0, 6);
        /// Service code of the SP, up to 21 octets.
        sp_code: &'a [u8] = "SP_Code", text(21, 21);
        /// How the SP is connected (3.0).
        sp_access_type: u8 = "SP_AcessType", int(0, 1);
        /// Service, up to 10 octets.
        service_id: &'a [u8] = "Service_Id", text(10, 10);
        /// First code of the route.
        start_code: u32 = "Start_code", int(4, 4);
        /// Last code of the route.
        end_code: u32 = "End_code", int(4, 4);
    }

    /// Answer to MO_ROUTE_UPDATE: only that it will be looked at.
    MoRouteUpdateResp<'a>, MO_ROUTE_UPDATE_RESP = 0x80000014, "CMPP_MO_ROUTE_UPDATE_RESP" {
        /// 0: done; others are named in the standard.
        result: u8 = "Result", int(1, 1).words(words::gns_result);
        /// Number of the route, of a new one too (3.0).
        route_id: u32 = "Route_Id", int(0, 4);
        /// When the route was changed, YYYYMMDDHHMMSS (3.0).
        time_stamp: &'a [u8] = "Time_stamp", text(0, 14);
    }

    /// Tells a gateway of a changed route to phones.
    PushMtRouteUpdate<'a>, PUSH_MT_ROUTE_UPDATE = 0x00000015, "CMPP_PUSH_MT_ROUTE_UPDATE" {
        /// What is to be done with the route.
        update_type: u8 = "Update_type", int(1, 1);
        /// Number of the route.
        route_id: u32 = "Route_Id", int(4, 4);
        /// Code of the gateway that serves the route, 6 digits.
        destination_id: &'a [u8] = "Destination_Id", text(6, 6);
        /// Its IP address, up to 15 octets: "192.0.2.1".
        gateway_ip: &'a [u8] = "Gateway_IP", text(15, 15);
        /// Its port.
        gateway_port: u16 = "Gateway_port", int(2, 2);
        /// First number segment of the route, up to 6 or 9 octets.
        start_id: &'a [u8] = "Start_Id", text(6, 9);
        /// Last number segment of the route, up to 6 or 9 octets.
        end_id: &'a [u8] = "End_Id", text(6, 9);
        /// Area code of the province, up to 4 octets.
        area_code: &'a [u8] = "Area_code", text(4, 4);
        /// Subscription: 0 GoTone, 1 Easyown, 2 M-Zone (3.0).
        user_type: u8 = "User_type", int(0, 1).values(0, 2, 2).words(words::user_type);
        /// When the route was changed, YYYYMMDDHHMMSS (3.0).
        time_stamp: &'a [u8] = "Time_stamp", text(0, 14);
    }

    /// Answer to PUSH_MT_ROUTE_UPDATE. The same in both versions.
    PushMtRouteUpdateResp, PUSH_MT_ROUTE_UPDATE_RESP = 0x80000015, "CMPP_PUSH_MT_ROUTE_UPDATE_RESP" {
        /// 0: done; others are named in the standard.
        result: u8 = "Result", int(1, 1).words(words::gns_result);
    }

    /// Tells a gateway of a changed route to an SP.
    PushMoRouteUpdate<'a>, PUSH_MO_ROUTE_UPDATE = 0x00000016, "CMPP_PUSH_MO_ROUTE_UPDATE" {
        /// What is to be done with the route.
        update_type: u8 = "Update_type", int(1, 1);
        /// Number of the route.
        route_id: u32 = "Route_Id", int(4, 4);
        /// Code of the gateway that serves the route, 6 digits.
        destination_id: &'a [u8] = "Destination_Id", text(6, 6);
        /// Its IP address, up to 15 octets: "192.0.2.1".
        gateway_ip: &'a [u8] = "Gateway_IP", text(15, 15);
        /// Its port.
        gateway_port: u16 = "Gateway_port", int(2, 2);
        /// SP_Id of the SP, up to 6 octets (3.0).
        sp_id: &'a [u8] = "SP_Id", text(0, 6);
        /// Service code of the SP, up to 21 octets.
        sp_code: &'a [u8] = "SP_Code", text(21, 21);
        /// How the SP is connected (3.0).
        sp_access_type: u8 = "SP_AcessType", int(0, 1);
        /// Service, up to 10 octets.
        service_id: &'a [u8] = "Service_Id", text(10, 10);
        /// First code of the route.
        start_code: u32 = "Start_code", int(4, 4);
        /// Last code of the route.
        end_code: u32 = "End_code", int(4, 4);
        /// When the route was changed, YYYYMMDDHHMMSS (3.0).
        time_stamp: &'a [u8] = "Time_stamp", text(0, 14);
    }

    /// Answer to PUSH_MO_ROUTE_UPDATE. The same in both versions.
    PushMoRouteUpdateResp, PUSH_MO_ROUTE_UPDATE_RESP = 0x80000016, "CMPP_PUSH_MO_ROUTE_UPDATE_RESP" {
        /// 0: done; others are named in the standard.
        result: u8 = "Result", int(1, 1).words(words::gns_result);
    }

    /// Asks a GNS for its routes to SPs, one at a time (3.0).
    GetMoRoute<'a>, GET_MO_ROUTE = 0x00000017, "CMPP_GET_MO_ROUTE" {
        /// Code of the gateway that asks, 6 digits.
        source_id: &'a [u8] = "Source_Id", text(6, 6);
        /// Kind of route, up to 4 octets: "MO".
        route_type: &'a [u8] = "Route_type", text(4, 4);
        /// Route_Id of the route that came last; -1 at first.
        last_route_id: i32 = "Last_route_Id", int(4, 4);
    }

    /// Answer to GET_MO_ROUTE: one route (3.0).
    GetMoRouteResp<'a>, GET_MO_ROUTE_RESP = 0x80000017, "CMPP_GET_MO_ROUTE_RESP" {
        /// Number of the route.
        route_id: u32 = "Route_Id", int(4, 4);
        /// Code of the gateway that serves the route, 6 digits.
        destination_id: &'a [u8] = "Destination_Id", text(6, 6);
        /// Its IP address, up to 15 octets: "192.0.2.1".
        gateway_ip: &'a [u8] = "Gateway_IP", text(15, 15);
        /// Its port.
        gateway_port: u16 = "Gateway_port", int(2, 2);
        /// SP_Id of the SP, up to 6 octets.
        sp_id: &'a [u8] = "SP_Id", text(6, 6);
        /// Service code of the SP, up to 21 octets.
        sp_code: &'a [u8] = "SP_Code", text(21, 21);
        /// How the SP is connected.
        sp_access_type: u8 = "SP_AcessType", int(1, 1);
        /// Service, up to 10 octets.
        service_id: &'a [u8] = "Service_Id", text(10, 10);
        /// First code of the route.
        start_code: u32 = "Start_code", int(4, 4);
        /// Last code of the route.
        end_code: u32 = "End_code", int(4, 4);
        /// 0: done; others are named in the standard.
        result: u8 = "Result", int(1, 1).words(words::gns_result);
        /// How many routes there are.
        route_total: u32 = "Route_total", int(4, 4);
        /// Which of them this is.
        route_number: u32 = "Route_number", int(4, 4);
        /// When the route was changed, YYYYMMDDHHMMSS.
        time_stamp: &'a [u8] = "Time_stamp", text(14, 14);
    }
}
