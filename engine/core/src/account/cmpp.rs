//! What an account is over CMPP: the operator's side of the agreement with a service provider, or with another gateway.

/// How received text leaves for an account over CMPP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CmppText {
    /// UTF-16BE (Msg_Fmt 8), at most 70 characters a part.
    #[default]
    Ucs2,
    /// GB 18030 (Msg_Fmt 15); what it lacks leaves as UCS-2.
    Gbk,
}

/// An account's CMPP side: how it signs in, what it may put into its fields, and how it wants to be served. Plain data; an account
/// without one has no CMPP.
#[derive(Clone, PartialEq, Eq)]
pub struct CmppProfile {
    /// Source_Addr that it signs in with: an SP_Id of 6 digits. Empty for a gateway.
    pub sp_id: String,
    /// The shared secret, in clear: the digest that a peer sends can be checked in no other way.
    pub secret: String,
    /// Version that it is held to (0x20 or 0x30); `None` = the one that it asks for.
    pub version: Option<u8>,
    /// Service_Ids that it may use; empty = any.
    pub service_ids: Vec<String>,
    /// What its Src_Ids have to begin with; empty = anything.
    pub src_id: String,
    /// Connections at the same time.
    pub max_links: u32,
    /// Requests of ours that may be unanswered on each connection. For those of theirs a listener has a bound.
    pub window: u32,
    /// Msg_src has to be its SP_Id.
    pub check_msg_src: bool,
    /// Most recipients in one SUBMIT, 1 to 255; the standard has 99.
    pub max_recipients: u8,
    /// The parts of a long message that it submits are put together before they are routed.
    pub merge_long: bool,
    /// Messages without a user data header whose Pk_total is above 1 are parts as well.
    pub join_by_pk: bool,
    /// Octets of a status report towards it, 60 or 71; `None` = by the version.
    pub report_form: Option<u8>,
    /// How received text leaves for it.
    pub deliver_fmt: CmppText,
    /// Most octets of an ASCII (Msg_Fmt 0) message that is not split.
    pub ascii_single: u8,
    /// Most ASCII characters in a part, without the header.
    pub ascii_part: u8,
    /// Most characters of a GB (Msg_Fmt 15) message that is not split.
    pub gbk_single: u8,
    /// Most GB characters in a part.
    pub gbk_part: u8,
    /// How long an answer of it is waited for before a request goes out again (the standard's T), milliseconds.
    pub resend: u64,
    /// How often a request goes out in all (the standard's N), at least 1.
    pub sends: u32,
    /// Silence after which the connection is tested (the standard's C), milliseconds.
    pub link_test: u64,
    /// Its gateway code of 6 digits, where it is another gateway (ISMG) and no service provider.
    pub gateway: Option<String>,
    /// For a gateway: the connector over which leaves what is for it.
    pub connector: Option<String>,
}

impl Default for CmppProfile {
    fn default() -> CmppProfile {
        CmppProfile {
            sp_id: String::new(),
            secret: String::new(),
            version: None,
            service_ids: Vec::new(),
            src_id: String::new(),
            max_links: 4,
            window: 16,
            check_msg_src: true,
            max_recipients: 99,
            merge_long: true,
            join_by_pk: false,
            report_form: None,
            deliver_fmt: CmppText::Ucs2,
            ascii_single: 159,
            ascii_part: 153,
            gbk_single: 70,
            gbk_part: 67,
            resend: 60_000,
            sends: 3,
            link_test: 30_000,
            gateway: None,
            connector: None,
        }
    }
}

impl CmppProfile {
    /// The names that it may sign in with: Source_Addr of CMPP_CONNECT.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.sp_id.as_str()).chain(self.gateway.as_deref()).filter(|s| !s.is_empty())
    }
}

impl std::fmt::Debug for CmppProfile {
    /// All but the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CmppProfile")
            .field("sp_id", &self.sp_id)
            .field("version", &self.version)
            .field("service_ids", &self.service_ids)
            .field("src_id", &self.src_id)
            .field("max_links", &self.max_links)
            .field("window", &self.window)
            .field("gateway", &self.gateway)
            .field("connector", &self.connector)
            .finish_non_exhaustive()
    }
}
