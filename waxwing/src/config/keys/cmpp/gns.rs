//! `[gns]`: the directory of gateways.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CmppVersion;
use crate::config::value::{GatewayCode, Hosts, Listen, Period, UtcOffset};

/// A directory of CMPP gateways (GNS), which says by which other gateway a handset or an SP is reached. It is used where neither a route nor
/// a mask nor the `numbers` of an account says anything, before connectors that take any traffic, and chooses between the accounts that have a
/// `gateway` in their `[account.cmpp]`, and their connectors. Without `address` there is none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Gns {
    /// Where it is; the standard's port is 9168. Several addresses, in a list, are tried in turn.
    pub address: Hosts,
    /// Our own code (must be given), one of those of our listeners.
    pub gateway: Option<GatewayCode>,
    /// The shared secret (must be given).
    pub secret: String,
    /// Version that is spoken there.
    pub version: CmppVersion,
    /// The account that the GNS is when it connects to our listener to tell of changes. Its `[account.cmpp]` has the code of the GNS as
    /// `gateway`. Without it, changes are not told.
    pub account: String,
    /// How often all routes are fetched, each over a connection of its own; 0 asks for each one when it is needed.
    pub refresh: Period,
    /// How long the answer about one number is believed.
    pub keep: Period,
    /// How long it is believed that there is none.
    pub keep_none: Period,
    /// How long an answer is waited for.
    pub response_timeout: Period,
    /// Segments of numbers that we serve, told to the GNS at start: their first digits, seven (six in 2.0), such as `"1380013"` or
    /// `"1380013-1380099"`.
    pub segments: Vec<String>,
    /// Service codes of SPs that we serve, told to the GNS at start.
    pub service_codes: Vec<String>,
    /// The IPv4 address and port at which other gateways reach us, for the GNS to tell them.
    pub advertise: Option<Listen>,
    /// Area code of our province, told with our segments; at most 4 digits.
    pub area_code: String,
    /// Zone of this gateway's clock.
    pub utc_offset: UtcOffset,
}

// === impl Gns ===

impl Default for Gns {
    fn default() -> Gns {
        Gns {
            address: Hosts::default(),
            gateway: None,
            secret: String::new(),
            version: CmppVersion::V3,
            account: String::new(),
            refresh: Period::secs(3600),
            keep: Period::secs(3600),
            keep_none: Period::secs(60),
            response_timeout: Period::secs(10),
            segments: Vec::new(),
            service_codes: Vec::new(),
            advertise: None,
            area_code: String::new(),
            utc_offset: UtcOffset(480),
        }
    }
}

impl Gns {
    /// First and last of a segment as it is written.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn segment(written: &str) -> Result<(String, String), String> {
        let (first, last) = written.split_once('-').unwrap_or((written, written));
        let (first, last) = (first.trim(), last.trim());
        let good = |s: &str| (1..=9).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        if !good(first) || !good(last) || first.len() != last.len() || first > last {
            return Err(format!(
                "{written:?} is no segment; write the first digits of its numbers, such as \"1380013\" or \"1380013-1380099\""
            ));
        }
        Ok((first.to_owned(), last.to_owned()))
    }
}
