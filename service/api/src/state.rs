//! What every handler shares.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use ipnet::IpNet;
use jiff::tz::TimeZone;
use waxwing_core::{Account, AuthError, Gateway, LogLimit};
use waxwing_ledger::Ledger;

use crate::pap::Pending;
use crate::push::Pusher;
use crate::{AddressGuard, MmsDoor, Problem, Registry, Subscribers, WebFetch, auth};

/// Largest request body unless configured otherwise, octets.
pub const DEFAULT_BODY_LIMIT: usize = 8 << 20;

/// What the one who builds the router decides.
#[derive(Clone)]
pub struct ApiOptions {
    /// Where messages are looked up; without it only those still in the spool are found.
    pub ledger: Option<Arc<Ledger>>,
    /// Where `/` sends browsers (`/console`); `None` answers 404.
    pub home: Option<String>,
    /// Largest request body, octets.
    pub body_limit: usize,
    /// Which addresses callbacks may go to; the same that [`crate::Hooks`] has, so that a bad callback is refused when it is submitted.
    pub guard: AddressGuard,
    /// Networks that may read `/metrics`; empty = any.
    pub metrics_from: Vec<IpNet>,
    /// The zone of NowSMS's local times.
    pub time_zone: TimeZone,
    /// The folder of stored settings (`NAME.OTA`) that NowSMS's OTA and OMAOTA name; `None` stores none.
    pub ota_folder: Option<PathBuf>,
    /// How large special messages may be.
    pub push: waxwing_push::Limits,
    /// Accounts and subscribers that can be changed; without it, none can.
    pub registry: Option<Registry>,
}

impl Default for ApiOptions {
    fn default() -> ApiOptions {
        ApiOptions {
            ledger: None,
            home: None,
            body_limit: DEFAULT_BODY_LIMIT,
            guard: AddressGuard::default(),
            metrics_from: Vec::new(),
            time_zone: TimeZone::system(),
            ota_folder: None,
            push: waxwing_push::Limits::default(),
            registry: None,
        }
    }
}

/// The state of the HTTP doors; cheap to clone.
#[derive(Clone)]
pub struct ApiState(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) options: ApiOptions,
    pub(crate) pusher: Pusher,
    pub(crate) pap: Pending,
    /// For contents that requests name.
    pub(crate) web: WebFetch,
    /// Set by whoever has a message centre.
    pub(crate) mms: OnceLock<Arc<dyn MmsDoor>>,
    draining: AtomicBool,
    log: LogLimit,
}

impl ApiState {
    /// Over a gateway.
    pub fn new(gateway: Arc<Gateway>, options: ApiOptions) -> ApiState {
        let log = LogLimit::new(gateway.clock.clone());
        let pusher = Pusher::new(&options);
        ApiState(Arc::new(Shared {
            pusher,
            gateway,
            web: WebFetch::new(&options.guard),
            options,
            pap: Pending::default(),
            mms: OnceLock::new(),
            draining: AtomicBool::new(false),
            log,
        }))
    }

    /// The gateway.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.0.gateway
    }

    /// Where messages are looked up.
    pub fn ledger(&self) -> Option<&Arc<Ledger>> {
        self.0.options.ledger.as_ref()
    }

    /// The message centre's subscribers.
    ///
    /// # Errors
    /// 501 where this gateway has no accounts file.
    pub fn subscribers(&self) -> Result<Subscribers, Problem> {
        Ok(Subscribers::new(self.registry()?.clone(), self.gateway().clone()))
    }

    /// What changing accounts takes.
    ///
    /// # Errors
    /// 501 where this gateway has no accounts file.
    pub(crate) fn registry(&self) -> Result<&Registry, Problem> {
        let none = || Problem::unsupported("this gateway keeps no accounts that can be changed");
        self.0.options.registry.as_ref().ok_or_else(none)
    }

    /// Signs an account in at a door (a word for log and metrics) that is HTTP's. Failures are counted and logged with what was wrong.
    ///
    /// # Errors
    /// See [`AuthError`]; clients must be told the same for all of them.
    pub async fn sign_in(&self, door: &str, name: &str, password: &[u8], peer: Option<SocketAddr>) -> Result<Arc<Account>, AuthError> {
        auth::sign_in(self, door, name, password, peer).await
    }

    /// From now on `/readyz` says that this process is going away.
    pub fn set_draining(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }

    /// Counts bad input and, unless there is a flood of it, logs it.
    pub(crate) fn bad_input(&self, place: &str, reason: &str, peer: Option<SocketAddr>, detail: &str) {
        self.0.gateway.metrics.bad(place, reason);
        if let Some(left_out) = self.0.log.allow() {
            let peer = peer.map(|p| p.to_string()).unwrap_or_default();
            tracing::warn!(place, reason, peer, left_out, "Refused a request: {detail}");
        }
    }
}

/// The other end of a connection; [`crate::serve`] puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The other end of the connection that a request came by, where it is known.
pub fn peer_of(extensions: &http::Extensions) -> Option<SocketAddr> {
    extensions.get::<Peer>().map(|p| p.0)
}
