//! The table of every TLV of SMPP 3.4 (section 5.3.2) and 5.0 (section 4.8.4).

use crate::codes::codes;

/// How the value of a TLV is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlvKind {
    /// C-octet string. The closing NUL counts in the length; peers that leave it out are accepted.
    CString,
    /// Integer of one octet.
    Int1,
    /// Integer of two octets, big endian.
    Int2,
    /// Integer of four octets, big endian.
    Int4,
    /// Octets without a terminator.
    Octets,
}

/// What the specification says of one TLV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlvSpec {
    /// How the value is coded.
    pub kind: TlvKind,
    /// Fewest octets of the value.
    pub min: usize,
    /// Most octets of the value.
    pub max: usize,
}

macro_rules! tlvs {
    ($( $konst:ident = $value:literal, $name:literal, $kind:ident, $min:literal, $max:literal, $doc:literal; )*) => {
        codes! {
            /// Tag of a TLV. Vendor tags (0x1400 to 0x3FFF) and unknown ones are kept as they are.
            pub struct Tag(u16);
            $( $konst = $value, $name, $doc; )*
        }

        impl Tag {
            /// Kind and length range of a TLV of the specification; `None` for an unknown or vendor tag.
            pub const fn spec(self) -> Option<TlvSpec> {
                match self.0 {
                    $( $value => Some(TlvSpec { kind: TlvKind::$kind, min: $min, max: $max }), )*
                    _ => None,
                }
            }
        }
    };
}

tlvs! {
    DEST_ADDR_SUBUNIT = 0x0005, "dest_addr_subunit", Int1, 1, 1, "Subcomponent of the destination device that the message is for";
    DEST_NETWORK_TYPE = 0x0006, "dest_network_type", Int1, 1, 1, "Network type of the destination";
    DEST_BEARER_TYPE = 0x0007, "dest_bearer_type", Int1, 1, 1, "Bearer type of the destination";
    DEST_TELEMATICS_ID = 0x0008, "dest_telematics_id", Int2, 2, 2, "Telematics identifier of the destination";
    SOURCE_ADDR_SUBUNIT = 0x000D, "source_addr_subunit", Int1, 1, 1, "Subcomponent of the device that made the message";
    SOURCE_NETWORK_TYPE = 0x000E, "source_network_type", Int1, 1, 1, "Network type of the source";
    SOURCE_BEARER_TYPE = 0x000F, "source_bearer_type", Int1, 1, 1, "Bearer type of the source";
    SOURCE_TELEMATICS_ID = 0x0010, "source_telematics_id", Octets, 1, 2, "Telematics identifier of the source (peers differ about its length)";
    QOS_TIME_TO_LIVE = 0x0017, "qos_time_to_live", Int4, 4, 4, "Seconds that the message may be kept";
    PAYLOAD_TYPE = 0x0019, "payload_type", Int1, 1, 1, "Type of the message payload (0 default, 1 WCMP)";
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D, "additional_status_info_text", CString, 1, 256, "Text that explains the command status";
    RECEIPTED_MESSAGE_ID = 0x001E, "receipted_message_id", CString, 1, 65, "Message id that a receipt is about";
    MS_MSG_WAIT_FACILITIES = 0x0030, "ms_msg_wait_facilities", Int1, 1, 1, "Message waiting indication for the handset";
    PRIVACY_INDICATOR = 0x0201, "privacy_indicator", Int1, 1, 1, "Privacy level";
    SOURCE_SUBADDRESS = 0x0202, "source_subaddress", Octets, 2, 23, "Subaddress of the source";
    DEST_SUBADDRESS = 0x0203, "dest_subaddress", Octets, 2, 23, "Subaddress of the destination";
    USER_MESSAGE_REFERENCE = 0x0204, "user_message_reference", Int2, 2, 2, "Reference that the ESME assigned";
    USER_RESPONSE_CODE = 0x0205, "user_response_code", Int1, 1, 1, "Response code of a user acknowledgement";
    SOURCE_PORT = 0x020A, "source_port", Int2, 2, 2, "Application port of the source";
    DESTINATION_PORT = 0x020B, "destination_port", Int2, 2, 2, "Application port of the destination";
    SAR_MSG_REF_NUM = 0x020C, "sar_msg_ref_num", Int2, 2, 2, "Reference number of a segmented message";
    LANGUAGE_INDICATOR = 0x020D, "language_indicator", Int1, 1, 1, "Language of the message";
    SAR_TOTAL_SEGMENTS = 0x020E, "sar_total_segments", Int1, 1, 1, "Number of segments";
    SAR_SEGMENT_SEQNUM = 0x020F, "sar_segment_seqnum", Int1, 1, 1, "Number of this segment, from 1";
    SC_INTERFACE_VERSION = 0x0210, "sc_interface_version", Int1, 1, 1, "SMPP version that the message centre supports";
    CALLBACK_NUM_PRES_IND = 0x0302, "callback_num_pres_ind", Int1, 1, 1, "Presentation of a callback number";
    CALLBACK_NUM_ATAG = 0x0303, "callback_num_atag", Octets, 0, 65, "Alphanumeric tag of a callback number";
    NUMBER_OF_MESSAGES = 0x0304, "number_of_messages", Int1, 1, 1, "Messages waiting in a mailbox";
    CALLBACK_NUM = 0x0381, "callback_num", Octets, 4, 19, "Callback number";
    DPF_RESULT = 0x0420, "dpf_result", Int1, 1, 1, "Whether the delivery pending flag was set";
    SET_DPF = 0x0421, "set_dpf", Int1, 1, 1, "Whether to set the delivery pending flag";
    MS_AVAILABILITY_STATUS = 0x0422, "ms_availability_status", Int1, 1, 1, "Whether the handset can be reached";
    NETWORK_ERROR_CODE = 0x0423, "network_error_code", Octets, 3, 3, "Network type (1 octet) and error code (2 octets)";
    MESSAGE_PAYLOAD = 0x0424, "message_payload", Octets, 0, 65535, "Message octets, in place of short_message";
    DELIVERY_FAILURE_REASON = 0x0425, "delivery_failure_reason", Int1, 1, 1, "Why a data_sm could not be delivered";
    MORE_MESSAGES_TO_SEND = 0x0426, "more_messages_to_send", Int1, 1, 1, "More messages follow for the same handset";
    MESSAGE_STATE = 0x0427, "message_state", Int1, 1, 1, "State of the message that a receipt is about";
    CONGESTION_STATE = 0x0428, "congestion_state", Int1, 1, 1, "Load of the peer, 0 to 99 percent";
    USSD_SERVICE_OP = 0x0501, "ussd_service_op", Octets, 1, 1, "USSD service operation";
    BROADCAST_CHANNEL_INDICATOR = 0x0600, "broadcast_channel_indicator", Int1, 1, 1, "Cell broadcast channel";
    BROADCAST_CONTENT_TYPE = 0x0601, "broadcast_content_type", Octets, 3, 3, "Network type and content type of a broadcast";
    BROADCAST_CONTENT_TYPE_INFO = 0x0602, "broadcast_content_type_info", Octets, 1, 255, "More about the content type";
    BROADCAST_MESSAGE_CLASS = 0x0603, "broadcast_message_class", Int1, 1, 1, "Message class of a broadcast";
    BROADCAST_REP_NUM = 0x0604, "broadcast_rep_num", Int2, 2, 2, "Number of repetitions";
    BROADCAST_FREQUENCY_INTERVAL = 0x0605, "broadcast_frequency_interval", Octets, 3, 3, "Time unit and number between repetitions";
    BROADCAST_AREA_IDENTIFIER = 0x0606, "broadcast_area_identifier", Octets, 0, 100, "Area of a broadcast";
    BROADCAST_ERROR_STATUS = 0x0607, "broadcast_error_status", Int4, 4, 4, "Command status for a failed area";
    BROADCAST_AREA_SUCCESS = 0x0608, "broadcast_area_success", Int1, 1, 1, "Share of the area that was reached, in percent";
    BROADCAST_END_TIME = 0x0609, "broadcast_end_time", CString, 1, 17, "When the broadcast ends";
    BROADCAST_SERVICE_GROUP = 0x060A, "broadcast_service_group", Octets, 1, 255, "Service group of a broadcast";
    BILLING_IDENTIFICATION = 0x060B, "billing_identification", Octets, 1, 1024, "Billing information";
    SOURCE_NETWORK_ID = 0x060D, "source_network_id", CString, 7, 65, "Network that the message comes from";
    DEST_NETWORK_ID = 0x060E, "dest_network_id", CString, 7, 65, "Network that the message goes to";
    SOURCE_NODE_ID = 0x060F, "source_node_id", Octets, 6, 6, "SS7 node that the message comes from";
    DEST_NODE_ID = 0x0610, "dest_node_id", Octets, 6, 6, "SS7 node that the message goes to";
    DEST_ADDR_NP_RESOLUTION = 0x0611, "dest_addr_np_resolution", Int1, 1, 1, "Whether number portability was queried";
    DEST_ADDR_NP_INFORMATION = 0x0612, "dest_addr_np_information", Octets, 10, 10, "Number portability information";
    DEST_ADDR_NP_COUNTRY = 0x0613, "dest_addr_np_country", Octets, 1, 5, "E.164 country code for number portability";
    DISPLAY_TIME = 0x1201, "display_time", Int1, 1, 1, "Display time on a TDMA handset";
    SMS_SIGNAL = 0x1203, "sms_signal", Int2, 2, 2, "Alert signal of a TDMA handset";
    MS_VALIDITY = 0x1204, "ms_validity", Octets, 1, 4, "How long the message is valid for the handset's user";
    ALERT_ON_MESSAGE_DELIVERY = 0x130C, "alert_on_message_delivery", Octets, 0, 1, "Alert the user when the message is delivered";
    ITS_REPLY_TYPE = 0x1380, "its_reply_type", Int1, 1, 1, "Reply method for interactive teleservice";
    ITS_SESSION_INFO = 0x1383, "its_session_info", Octets, 2, 2, "Session control for interactive teleservice";
}

impl Tag {
    /// Whether the tag is in the range left to vendors (0x1400 to 0x3FFF).
    pub const fn is_vendor(self) -> bool {
        self.0 >= 0x1400 && self.0 <= 0x3FFF
    }
}
