//! A door for SMPP clients.

use std::sync::Arc;

use waxwing_core::Gateway;
use waxwing_session::Trace;

use super::config::ListenerConfig;
use super::server::Smsc;
use crate::door::{self, DoorOptions};
use crate::{Endpoint, OpenError};

/// Opens a listener.
///
/// # Errors
/// When its address or its TLS settings cannot be used.
pub fn start_listener(gateway: &Arc<Gateway>, config: ListenerConfig, trace: &Trace) -> Result<Endpoint, OpenError> {
    let options = DoorOptions {
        protocol: "smpp",
        listen: config.listen,
        tls: config.tls.clone(),
        allow: config.allow.clone(),
        flood: config.flood,
        login_timeout: config.login_timeout,
        keep_alive: config.enquire_link,
        response_timeout: config.response_timeout,
        inactivity_timeout: config.inactivity_timeout,
        max_unanswered: config.max_unanswered,
        rate: config.rate,
        // Each is answered with a generic_nack, which tells the client enough.
        max_malformed: u32::MAX,
    };
    door::start::<Smsc>(gateway, options, config, trace)
}
