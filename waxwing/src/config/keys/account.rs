//! `[[account]]`: who may submit and receive.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CmppAccount;
use crate::config::value::{CharsetName, Country, Masks, Network, Period, Url};

/// Who may submit messages and receive them: the user of an SMPP bind, of a CMPP connection, of the HTTP calls,
/// of the console. Accounts may also be made in the
/// console and with `waxwing account add`; those of this file are read-only there.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Unique name (must be given); the system_id over SMPP, where at most 15 octets fit.
    pub name: String,
    /// Password, in clear or as an argon2 hash (`$argon2id$...`, as `waxwing account hash` prints it). Without one, nobody can sign in.
    /// SMPP passwords have at most 8 octets by the book; longer ones are taken.
    pub password: String,
    /// What it may do.
    pub allow: Vec<Right>,
    /// Doors it may use. CMPP is not among them: an account that has an `[account.cmpp]` may use it.
    pub doors: Vec<Door>,
    /// Numbers (masks) whose received messages are this account's.
    pub numbers: Masks,
    /// Senders (masks) it may use; empty = any.
    pub senders: Masks,
    /// Sender where it gives none.
    pub default_sender: Option<String>,
    /// Sender that replaces any it gives.
    pub forced_sender: Option<String>,
    /// Messages a second; more are answered with ESME_RTHROTTLED, CMPP's result 8 or HTTP 429.
    pub rate: Option<f64>,
    /// Messages a day (UTC).
    pub per_day: Option<u64>,
    /// Messages a month (UTC).
    pub per_month: Option<u64>,
    /// SMPP binds at the same time.
    pub max_binds: u32,
    /// Messages and receipts that are sent to each of its SMPP binds without waiting for an answer.
    pub window: u32,
    /// Networks it may come from; empty = any.
    pub hosts: Vec<Network>,
    /// Where its receipts and received messages are posted by HTTP. Without it they wait for an SMPP bind or a CMPP
    /// connection.
    pub webhook: Option<Url>,
    /// Key for the signature of those posts (Standard Webhooks, `whsec_...`, as `waxwing account secret` makes one); without it they are
    /// unsigned. Several, separated by spaces, sign each post several times, so that keys can be exchanged.
    pub webhook_secret: Option<String>,
    /// HTTP calls (to `webhook`, to addresses that its messages name, to Kannel's dlr-url) that may wait for their answer at the same time,
    /// 1 to 1000. An application that takes 20 ms to answer gets at most 50 a second for each of them. They overtake each other; with 1
    /// they are made one after the other.
    pub webhook_calls: u32,
    /// Priority where it gives none, 0 (low) to 3.
    pub priority: u8,
    /// Highest priority it may ask for, 0 to 3.
    pub max_priority: u8,
    /// How long its messages are tried where it does not say; without it, `[sms] validity`.
    pub validity: Option<Period>,
    /// What data_coding 0 means in its PDUs; without it, the listener's `charset`.
    pub charset: Option<CharsetName>,
    /// Name of the route or connector that carries all it sends.
    pub route: Option<String>,
    /// Join long received messages before they are handed over an SMPP bind; otherwise their parts are handed over as they came.
    pub join_long: bool,
    /// Two-letter code of the country that its national numbers belong to; without it, `[sms] country`.
    pub country: Option<Country>,
    /// What it is over CMPP, as a section `[account.cmpp]` of its own below this one. Without it, it has no CMPP.
    #[schemars(extend("x-section" = true))]
    pub cmpp: Option<CmppAccount>,
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Submit SMS.
    Sms,
    /// Submit MMS (in a later version).
    Mms,
    /// Submit WAP pushes, settings and other special messages, besides `sms`.
    Push,
    /// Use the console and the admin calls.
    Admin,
}

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// SMPP binds.
    Smpp,
    /// HTTP calls and the console.
    Http,
}

// === impl Account ===

impl Default for Account {
    fn default() -> Account {
        Account {
            name: String::new(),
            password: String::new(),
            allow: vec![Right::Sms],
            doors: vec![Door::Smpp, Door::Http],
            numbers: Masks::default(),
            senders: Masks::default(),
            default_sender: None,
            forced_sender: None,
            rate: None,
            per_day: None,
            per_month: None,
            max_binds: 8,
            window: 32,
            hosts: Vec::new(),
            webhook: None,
            webhook_secret: None,
            webhook_calls: 64,
            priority: 1,
            max_priority: 3,
            validity: None,
            charset: None,
            route: None,
            join_long: false,
            country: None,
            cmpp: None,
        }
    }
}
