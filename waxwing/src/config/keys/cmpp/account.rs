//! `[account.cmpp]`: an account as a service provider or as another gateway.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Wide;
use crate::config::value::{GatewayCode, Period};

/// What an account is over CMPP: a service provider (`sp_id`) or another gateway (`gateway`). An account that has this section may sign in at
/// CMPP listeners; `hosts`, `rate` and the limits of the account count there as well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CmppAccount {
    /// SP_Id that it signs in with, at most 6 characters (this or `gateway` must be given).
    pub sp_id: String,
    /// The shared secret, in clear: nothing else can check the digest that a peer sends. Without it, the account's `password`, which must
    /// be in clear then.
    pub secret: Option<String>,
    /// Version that it is held to; without it, the one that it asks for.
    pub version: Option<CmppVersion>,
    /// Service_Ids it may use, at most 10 characters each; empty = any. Others are refused with result 7.
    pub service_ids: Vec<String>,
    /// What its Src_Ids (senders) begin with, at most 20 digits; empty = anything. Others are refused with result 10 (9 in 2.0).
    pub src_id: String,
    /// Connections at the same time; a CONNECT beyond them is answered with status 5.
    pub max_links: u32,
    /// Requests that are sent on each of its connections without waiting for an answer.
    pub window: u32,
    /// Refuse messages whose Msg_src is not its SP_Id (result 11, in 2.0 9).
    pub check_msg_src: bool,
    /// Most recipients in one SUBMIT, 1 to 255. The standard has 99.
    pub max_recipients: u8,
    /// Put the parts of long messages that it submits together before they are routed; their answers do not wait for that. Otherwise they
    /// leave as they came. Without it: yes for a service provider, no for another gateway.
    pub merge_long: Option<bool>,
    /// Messages without a user data header whose Pk_total is above 1 are parts as well.
    pub join_by_pk: bool,
    /// Octets of a status report towards it: 60 or 71. Without it, 60 in 2.0 and 71 in 3.0.
    pub report_octets: Option<u8>,
    /// What received text that is not ASCII is handed over in.
    pub wide: Wide,
    /// Most characters of a received ASCII message (Msg_Fmt 0) that is handed over in one piece, 1 to 160.
    pub ascii_single: u8,
    /// Most characters in each part of a longer one, 1 to 153.
    pub ascii_part: u8,
    /// Most characters of a received message in GB 18030 (Msg_Fmt 15) that is handed over in one piece, 1 to 140.
    pub gbk_single: u8,
    /// Most characters in each part of a longer one, 1 to 134.
    pub gbk_part: u8,
    /// How long an answer to DELIVER or ACTIVE_TEST is waited for before it is sent again (the standard's T).
    pub response_timeout: Period,
    /// How often a request is sent in all (the standard's N).
    pub sends: u32,
    /// After so much silence an ACTIVE_TEST is sent (the standard's C, which is 3 minutes there); 0 sends none.
    pub link_test: Period,
    /// The account is another gateway, with this code: it may forward (FWD) and may not submit.
    pub gateway: Option<GatewayCode>,
    /// Where the account is another gateway: the connector (`role = "ismg"`) by which what is for it leaves.
    pub connector: Option<String>,
}

/// A version that an account is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum CmppVersion {
    /// 2.0, and 2.1, which has the same PDUs.
    #[serde(rename = "2.0")]
    V2,
    /// 3.0.
    #[serde(rename = "3.0")]
    V3,
}

// === impl CmppAccount ===

impl Default for CmppAccount {
    fn default() -> CmppAccount {
        CmppAccount {
            sp_id: String::new(),
            secret: None,
            version: None,
            service_ids: Vec::new(),
            src_id: String::new(),
            max_links: 4,
            window: 16,
            check_msg_src: true,
            max_recipients: 99,
            merge_long: None,
            join_by_pk: false,
            report_octets: None,
            wide: Wide::Ucs2,
            ascii_single: 159,
            ascii_part: 153,
            gbk_single: 70,
            gbk_part: 67,
            response_timeout: Period::secs(60),
            sends: 3,
            link_test: Period::secs(30),
            gateway: None,
            connector: None,
        }
    }
}

impl CmppAccount {
    /// What it signs in with: Source_Addr of CONNECT.
    pub fn source(&self) -> Option<String> {
        self.gateway.map(|g| g.to_string()).or_else(|| (!self.sp_id.is_empty()).then(|| self.sp_id.clone()))
    }
}
