//! What a submission says that its delivery reports must repeat; kept with the message as JSON.

use serde::{Deserialize, Serialize};

/// Fields of a sendsms request that dlr-url escapes show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DoorData {
    /// The user that sent it (%n).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) service: String,
    /// account (%o).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) account: String,
    /// binfo (%B).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) binfo: String,
    /// meta-data (%D).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) meta: String,
    /// charset (%C).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) charset: String,
    /// User data header in hexadecimal (%u, %U).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) udh: String,
    /// coding: 0 7-bit, 1 8-bit, 2 UCS-2 (%c).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coding: Option<u8>,
    /// mclass (%m).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mclass: Option<u8>,
    /// mwi (%M).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mwi: Option<u8>,
    /// alt-dcs is set.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) alt_dcs: bool,
    /// priority (%y).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<u8>,
}

impl DoorData {
    /// The data coding octet that these fields stand for (3GPP TS 23.038, 4), as Kannel computes it.
    pub(crate) fn dcs(&self) -> u8 {
        let coding = self.coding.unwrap_or(0);
        if let Some(mwi) = self.mwi {
            let group = if coding == 2 { 0xe0 } else { 0xd0 };
            return group | (mwi & 3) | if mwi & 4 == 0 { 8 } else { 0 };
        }
        match (self.mclass, self.alt_dcs) {
            // Group 1111 has no UCS-2.
            (Some(class), true) if coding != 2 => 0xf0 | class | if coding == 1 { 4 } else { 0 },
            (Some(class), _) => 0x10 | class | coding << 2,
            (None, _) => coding << 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_coding_octets() {
        let dcs = |coding, mclass, mwi, alt_dcs| DoorData { coding, mclass, mwi, alt_dcs, ..DoorData::default() }.dcs();
        assert_eq!(dcs(None, None, None, false), 0);
        assert_eq!(dcs(Some(1), None, None, false), 4);
        assert_eq!(dcs(Some(2), Some(0), None, false), 0x18);
        assert_eq!(dcs(Some(1), Some(1), None, true), 0xf5);
        assert_eq!(dcs(Some(2), Some(1), None, true), 0x19);
        assert_eq!(dcs(None, None, Some(0), false), 0xd8);
        assert_eq!(dcs(None, None, Some(6), false), 0xd2);
        assert_eq!(dcs(Some(2), None, Some(1), false), 0xe9);
    }
}
