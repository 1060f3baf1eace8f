//! A door for SPs and other gateways.

use std::sync::Arc;

use waxwing_core::Gateway;
use waxwing_session::Trace;

use super::config::IsmgConfig;
use super::exchange::Exchange;
use super::server::{Ismg, Settings};
use crate::door::{self, DoorOptions};
use crate::{Endpoint, OpenError};

/// PDUs in a row whose command nobody knows, before the connection is closed: CMPP has no way to answer them.
const MAX_MALFORMED: u32 = 5;

/// Opens a listener. All those of a process share an [`Exchange`].
///
/// # Errors
/// When its address or its TLS settings cannot be used.
pub fn start_listener(gateway: &Arc<Gateway>, exchange: &Arc<Exchange>, config: IsmgConfig, trace: &Trace) -> Result<Endpoint, OpenError> {
    // The accounts' own T and C count once somebody has signed in.
    let account = waxwing_core::CmppProfile::default();
    let options = DoorOptions {
        protocol: "cmpp",
        listen: config.listen,
        tls: config.tls.clone(),
        allow: config.allow.clone(),
        flood: config.flood,
        login_timeout: config.login_timeout,
        keep_alive: std::time::Duration::from_millis(account.link_test),
        response_timeout: std::time::Duration::from_millis(account.resend),
        inactivity_timeout: None,
        max_unanswered: config.max_unanswered,
        rate: config.rate,
        max_malformed: MAX_MALFORMED,
    };
    door::start::<Ismg>(gateway, options, Settings { config, exchange: exchange.clone() }, trace)
}
