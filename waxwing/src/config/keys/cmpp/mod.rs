//! CMPP: what its listeners, its connectors and the accounts that use it have in common.

mod account;
mod connector;
mod gns;
mod listener;

pub use account::{CmppAccount, CmppVersion};
pub use connector::{CmppConnector, CmppLong, ConnectVersion, RecipientForm, Role, SignatureBy, SignaturePlace};
pub use gns::Gns;
pub use listener::CmppListener;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What text that is not ASCII leaves in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wide {
    /// Msg_Fmt 8: UTF-16, big-endian.
    #[default]
    Ucs2,
    /// Msg_Fmt 15: GB 18030.
    Gbk,
}
