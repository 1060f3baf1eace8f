//! What the GNS tells us at our listener.

use waxwing_cmpp::{PushMoRouteUpdate, PushMoRouteUpdateResp, PushMtRouteUpdate, PushMtRouteUpdateResp, Version};

use super::super::exchange::Exchange;
use super::super::requests::Asker;
use super::book::Changed;
use super::route::{TellsMo, TellsMt, refused};
use crate::door::Request;

/// Takes a changed route to handsets.
pub(in super::super) fn pushed_mt<Ask>(exchange: &Exchange, asker: &Asker, p: &PushMtRouteUpdate<'_>) -> Request<Ask> {
    let changed = exchange.directory_of(&asker.account.name).map(|d| d.change_mt(p.update_type, p.mt()));
    let result = result(changed, asker.version);
    Request::Answered { answer: asker.octets(&PushMtRouteUpdateResp { result }), bad: bad(result) }
}

/// Takes a changed route to an SP.
pub(in super::super) fn pushed_mo<Ask>(exchange: &Exchange, asker: &Asker, p: &PushMoRouteUpdate<'_>) -> Request<Ask> {
    let changed = exchange.directory_of(&asker.account.name).map(|d| d.change_mo(p.update_type, p.mo()));
    let result = result(changed, asker.version);
    Request::Answered { answer: asker.octets(&PushMoRouteUpdateResp { result }), bad: bad(result) }
}

/// Only the GNS may tell of routes.
fn result(changed: Option<Changed>, version: Version) -> u8 {
    match (changed, version) {
        (Some(Ok(())), _) => 0,
        (_, Version::V2) => refused::NO_ROUTE,
        (Some(Err(result)), Version::V3) => result,
        (None, Version::V3) => refused::SOURCE,
    }
}

fn bad(result: u8) -> Option<(&'static str, String)> {
    (result != 0).then(|| ("route update refused", format!("an update of a route is refused with result {result}")))
}
