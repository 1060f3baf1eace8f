//! Between gateways: FWD (CMPP 2.0 section 7.4.10, 3.0 section 8.4.9).
//!
//! Each gateway opens its own connections to send. What leaves for another gateway leaves over our connector to it ([`speaker`]): messages
//! that are routed there, messages from handsets to its SPs, and the reports about either. What it sends comes to our listener, where it
//! signs in with its gateway code ([`door`]). A message keeps the Msg_Id of the first gateway all the way, and that is how reports find it.

mod door;
mod inward;
mod outward;
mod speaker;
pub(super) mod stat;

pub(super) use self::door::{ForwardAsk, Forwarded, WayBack};
pub(super) use self::speaker::{Forwarder, Forwarding};

/// Msg_Fwd_Type.
mod kind {
    pub(super) const MT: u8 = 0;
    pub(super) const MO: u8 = 1;
    pub(super) const MT_REPORT: u8 = 2;
    pub(super) const MO_REPORT: u8 = 3;
}

/// A gateway code as fields have it: six digits.
pub(crate) fn code(gateway: u32) -> String {
    format!("{:06}", gateway.min(999_999))
}

/// The code in a field, if it is one.
pub(crate) fn gateway(code: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(code).ok().filter(|c| (1..=6).contains(&c.len()) && c.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok()
}
