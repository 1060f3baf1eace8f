//! Routes of a GNS, and its results.

use std::net::{IpAddr, SocketAddr};

use waxwing_cmpp::{
    GetMoRouteResp, GetMtRouteResp, MoRouteResp, MoRouteUpdate, MtRouteResp, MtRouteUpdate, PushMoRouteUpdate, PushMtRouteUpdate,
};

/// Digits that segments are compared by: those of the longest field (3.0).
const SEGMENT: usize = 9;

/// Update_type.
pub(crate) mod update {
    pub(crate) const ADD: u8 = 0;
    pub(crate) const DELETE: u8 = 1;
    pub(crate) const CHANGE: u8 = 2;
}

/// Result, of 3.0; in 2.0, whatever is not 0 is 1.
pub(crate) mod refused {
    pub(crate) const NO_ROUTE: u8 = 1;
    /// 2.0: what comes with it is the last route.
    pub(crate) const LAST_ROUTE: u8 = 2;
    pub(crate) const SOURCE: u8 = 2;
    pub(crate) const ROUTE_TYPE: u8 = 3;
    pub(crate) const FAILED: u8 = 5;
    pub(crate) const UPDATE_TYPE: u8 = 10;
    pub(crate) const ROUTE_ID: u8 = 11;
    pub(crate) const GATEWAY: u8 = 12;
    pub(crate) const START_SEGMENT: u8 = 15;
    pub(crate) const END_SEGMENT: u8 = 16;
    pub(crate) const SP_CODE: u8 = 20;
}

/// A segment of numbers, and the gateway that serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MtEntry {
    /// Number of the route.
    pub id: u32,
    /// Code of the gateway.
    pub gateway: u32,
    /// Where it listens for other gateways, if it says so.
    pub address: Option<SocketAddr>,
    /// First of the numbers: their first digits, 1 to 9, mostly 7 (`1380013`).
    pub start: String,
    /// Last of them.
    pub end: String,
    /// Area code of the province (`0010`).
    pub area: String,
}

/// Service code of an SP, and the gateway that serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoEntry {
    /// Number of the route.
    pub id: u32,
    /// Code of the gateway.
    pub gateway: u32,
    /// Where it listens for other gateways, if it says so.
    pub address: Option<SocketAddr>,
    /// The service code that numbers begin with.
    pub sp_code: String,
    /// SP_Id; empty if it is not told.
    pub sp_id: String,
}

impl MtEntry {
    /// The segment as numbers of equal length, first and last; the result to answer where it is none.
    pub(crate) fn range(&self) -> Result<(u64, u64), u8> {
        let first = padded(&self.start, '0').ok_or(refused::START_SEGMENT)?;
        let last = padded(&self.end, '9').filter(|last| *last >= first).ok_or(refused::END_SEGMENT)?;
        Ok((first, last))
    }
}

/// A handset's number as segments are compared: without a country code, its first digits.
pub(crate) fn place(number: &str) -> Option<u64> {
    let digits = number.strip_prefix("86").filter(|rest| rest.len() == 11 && rest.starts_with('1')).unwrap_or(number);
    padded(digits.get(..SEGMENT).unwrap_or(digits), '0')
}

fn padded(digits: &str, with: char) -> Option<u64> {
    if digits.is_empty() || digits.len() > SEGMENT || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.chars().chain(std::iter::repeat(with)).take(SEGMENT).collect::<String>().parse().ok()
}

pub(crate) fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn address(ip: &[u8], port: u16) -> Option<SocketAddr> {
    Some(SocketAddr::new(text(ip).parse::<IpAddr>().ok()?, port)).filter(|a| a.port() != 0)
}

/// Gateway_IP and Gateway_port.
pub(crate) fn written(address: Option<SocketAddr>) -> (String, u16) {
    // 15 octets have room for no other than an IPv4 address.
    address.filter(SocketAddr::is_ipv4).map_or_else(Default::default, |a| (a.ip().to_string(), a.port()))
}

/// Everything that tells of a route to handsets.
pub(crate) trait TellsMt {
    fn mt(&self) -> Option<MtEntry>;
}

/// Everything that tells of a route to an SP.
pub(crate) trait TellsMo {
    fn mo(&self) -> Option<MoEntry>;
}

macro_rules! tells_mt {
    ($($body:ident),*) => { $(
        impl TellsMt for $body<'_> {
            fn mt(&self) -> Option<MtEntry> {
                Some(MtEntry {
                    id: self.route_id,
                    gateway: super::super::forward::gateway(self.destination_id)?,
                    address: address(self.gateway_ip, self.gateway_port),
                    start: text(self.start_id),
                    end: text(self.end_id),
                    area: text(self.area_code),
                })
            }
        }
    )* };
}

macro_rules! tells_mo {
    ($($body:ident),*) => { $(
        impl TellsMo for $body<'_> {
            fn mo(&self) -> Option<MoEntry> {
                // 2.0 has one field for both in some messages, and the code is what is asked for.
                let sp_code = if self.sp_code.is_empty() { self.sp_id } else { self.sp_code };
                Some(MoEntry {
                    id: self.route_id,
                    gateway: super::super::forward::gateway(self.destination_id)?,
                    address: address(self.gateway_ip, self.gateway_port),
                    sp_code: text(sp_code),
                    sp_id: text(self.sp_id),
                })
            }
        }
    )* };
}

tells_mt!(MtRouteResp, MtRouteUpdate, PushMtRouteUpdate);
tells_mo!(MoRouteResp, MoRouteUpdate, PushMoRouteUpdate, GetMoRouteResp);

impl TellsMt for GetMtRouteResp<'_> {
    /// 2.0 has segments in Start_code and End_code.
    fn mt(&self) -> Option<MtEntry> {
        let segment = |id: &[u8], code: u32| if id.is_empty() && code > 0 { code.to_string() } else { text(id) };
        Some(MtEntry {
            id: self.route_id,
            gateway: super::super::forward::gateway(self.destination_id)?,
            address: address(self.gateway_ip, self.gateway_port),
            start: segment(self.start_id, self.start_code),
            end: segment(self.end_id, self.end_code),
            area: text(self.area_code),
        })
    }
}

impl TellsMo for GetMtRouteResp<'_> {
    /// CMPP_GET_ROUTE of 2.0 is for both.
    fn mo(&self) -> Option<MoEntry> {
        Some(MoEntry {
            id: self.route_id,
            gateway: super::super::forward::gateway(self.destination_id)?,
            address: address(self.gateway_ip, self.gateway_port),
            sp_code: text(self.sp_code),
            sp_id: String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_of_any_length_are_compared() {
        let entry = |start: &str, end: &str| MtEntry {
            id: 0,
            gateway: 1001,
            address: None,
            start: start.into(),
            end: end.into(),
            area: String::new(),
        };
        assert_eq!(entry("1380013", "1380013").range(), Ok((138_001_300, 138_001_399)));
        assert_eq!(entry("138001", "138002").range(), Ok((138_001_000, 138_002_999)));
        assert_eq!(entry("1380014", "1380013").range(), Err(refused::END_SEGMENT));
        assert_eq!(entry("", "1").range(), Err(refused::START_SEGMENT));
        assert_eq!(entry("1x", "1").range(), Err(refused::START_SEGMENT));
        for number in ["13800138000", "8613800138000"] {
            assert_eq!(place(number), Some(138_001_380));
        }
        assert_eq!((place("447778001210"), place(""), place("Shop")), (Some(447_778_001), None, None));
    }

    #[test]
    fn an_address_has_room_in_its_field_or_is_left_out() {
        assert_eq!(written("192.0.2.1:7930".parse().ok()), ("192.0.2.1".into(), 7930));
        assert_eq!(written("[2001:db8::1]:7930".parse().ok()), (String::new(), 0));
    }
}
