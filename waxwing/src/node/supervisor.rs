//! Keeps the endpoints that a configuration names running: those whose settings did not change keep their connections.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use waxwing_core::{ConnectorState, Gateway};
use waxwing_endpoints::cmpp::gns::GnsConfig;
use waxwing_endpoints::simulator::start_simulator;
use waxwing_endpoints::{Endpoint, cmpp, smpp};
use waxwing_session::{Trace, TraceOptions, TraceScope};

use super::convert;
use super::listening::ListeningDoor;
use crate::config::keys::Tls;
use crate::config::value::Period;
use crate::config::{Config, ConnectorKind, ConnectorSetup, ListenerKind, ListenerSetup};

/// How long an endpoint may take to unbind its sessions.
const GRACE: Duration = Duration::from_secs(10);

/// The endpoints at work.
pub(super) struct Supervisor {
    gateway: Arc<Gateway>,
    /// Msg_Ids, and the logins that were seen, over reloads.
    exchange: Arc<cmpp::Exchange>,
    trace: Trace,
    traced: Vec<String>,
    states: HashMap<String, Arc<ConnectorState>>,
    listeners: HashMap<String, Running<ListenerSetup>>,
    connectors: HashMap<String, Running<ConnectorSettings>>,
    gns: Option<(GnsConfig, Endpoint)>,
}

/// A connector's own settings, and those of `[sms]` that it uses.
#[derive(Clone, Debug, PartialEq)]
struct ConnectorSettings {
    setup: ConnectorSetup,
    receipt_wait: Period,
    transliterate: bool,
}

struct Running<S> {
    settings: S,
    /// When the certificates and keys that it uses were last changed: renewed ones are taken with a reload.
    files: Vec<Option<SystemTime>>,
    endpoint: Endpoint,
}

// === impl Supervisor ===

impl Supervisor {
    pub(super) fn new(gateway: Arc<Gateway>) -> Supervisor {
        Supervisor {
            exchange: Arc::new(cmpp::Exchange::new(gateway.clock.clone())),
            gateway,
            trace: Trace::new(),
            traced: Vec::new(),
            states: HashMap::new(),
            listeners: HashMap::new(),
            connectors: HashMap::new(),
            gns: None,
        }
    }

    /// The live state of a connector, the same object for the same name.
    pub(super) fn state(&mut self, name: &str) -> Arc<ConnectorState> {
        let queue = self.gateway.spool.queue(&format!("connector:{name}"));
        self.states.entry(name.to_owned()).or_insert_with(|| ConnectorState::new(name, queue)).clone()
    }

    /// Brings what runs into agreement with a configuration: stops what is gone or different, starts what is new or different. What could
    /// not be started is told; everything else runs.
    pub(super) async fn apply(&mut self, config: &Config) -> Vec<String> {
        self.stop_what_differs(config).await;
        let mut failures = Vec::new();
        for (key, setup) in keyed(&config.listeners) {
            if !self.listeners.contains_key(&key) {
                match self.listener(config, setup) {
                    Ok(endpoint) => {
                        self.listeners.insert(
                            key,
                            Running { settings: setup.clone(), files: stamps(config, setup.files().named().collect()), endpoint },
                        );
                    }
                    Err(e) => failures.push(format!("[[listener]] {}: {e}", setup.name())),
                }
            }
        }
        for setup in &config.connectors {
            if !self.connectors.contains_key(setup.name()) {
                match self.connector(config, setup) {
                    Ok(endpoint) => {
                        let settings = ConnectorSettings::new(config, setup);
                        let files = stamps(config, connector_files(setup));
                        self.connectors.insert(setup.name().to_owned(), Running { settings, files, endpoint });
                    }
                    Err(e) => failures.push(format!("[[connector]] {:?}: {e}", setup.name())),
                }
            }
        }
        self.gns(config).await;
        if let Err(e) = self.trace(config) {
            failures.push(e);
        }
        failures
    }

    /// Where the listeners really listen, in the configuration's order.
    pub(super) fn doors(&self, config: &Config) -> Vec<ListeningDoor> {
        let address = |key: &String| self.listeners.get(key).and_then(|r| r.endpoint.address);
        keyed(&config.listeners)
            .filter_map(|(key, setup)| address(&key).map(|listen| ListeningDoor { protocol: setup.protocol().to_owned(), listen }))
            .collect()
    }

    /// Stops the doors, then the lines, all sessions unbound in an orderly way within the grace.
    pub(super) async fn stop(self) {
        join_all(self.listeners.into_values().map(|r| r.endpoint.stop(GRACE))).await;
        join_all(self.connectors.into_values().map(|r| r.endpoint.stop(GRACE))).await;
        if let Some((_, gns)) = self.gns {
            gns.stop(GRACE).await;
        }
        let trace = self.trace;
        if let Err(e) = tokio::task::spawn_blocking(move || trace.stop()).await {
            tracing::error!("The trace could not be ended: {e}");
        }
    }

    /// The directory of gateways, with its routes, stays as long as its settings do.
    async fn gns(&mut self, config: &Config) {
        let wanted = convert::gns(config);
        if self.gns.as_ref().map(|(settings, _)| settings) == wanted.as_ref() {
            return;
        }
        if let Some((_, endpoint)) = self.gns.take() {
            endpoint.stop(GRACE).await;
        }
        self.gns = wanted.map(|settings| {
            let endpoint = cmpp::gns::start_directory(&self.gateway, &self.exchange, settings.clone());
            (settings, endpoint)
        });
    }

    async fn stop_what_differs(&mut self, config: &Config) {
        let mut stopping = Vec::new();
        let listeners: HashMap<String, &ListenerSetup> = keyed(&config.listeners).collect();
        let same_listener = |key: &String, r: &Running<ListenerSetup>| {
            listeners.get(key).is_some_and(|s| **s == r.settings && stamps(config, s.files().named().collect()) == r.files)
        };
        stopping.extend(self.listeners.extract_if(|key, r| !same_listener(key, r)).map(|(_, r)| r.endpoint));
        let wanted = |name: &str| config.connectors.iter().find(|c| c.name() == name);
        let same_connector = |name: &String, r: &Running<ConnectorSettings>| {
            wanted(name).is_some_and(|s| ConnectorSettings::new(config, s) == r.settings && stamps(config, connector_files(s)) == r.files)
        };
        let differing: Vec<_> = self.connectors.extract_if(|name, r| !same_connector(name, r)).collect();
        for (name, running) in differing {
            if wanted(&name).is_none() {
                self.states.remove(&name);
                self.warn_about_queue(&name);
            }
            stopping.push(running.endpoint);
        }
        join_all(stopping.into_iter().map(|e| e.stop(GRACE))).await;
    }

    /// Says so when messages stay behind for a connector that is no more.
    fn warn_about_queue(&self, name: &str) {
        let queue = format!("connector:{name}");
        if let Some(d) = self.gateway.spool.depths().into_iter().find(|d| *d.name == queue) {
            let left = d.ready + d.deferred + d.leased;
            if left > 0 {
                tracing::warn!(connector = name, "Removed with {left} messages queued; they wait until it is back, or expire.");
            }
        }
    }

    fn listener(&self, config: &Config, setup: &ListenerSetup) -> Result<Endpoint, String> {
        match &setup.kind {
            ListenerKind::Smpp(l) => {
                let settings = convert::smpp_listener(config, setup, l).map_err(|e| e.to_string())?;
                smpp::start_listener(&self.gateway, settings, &self.trace).map_err(|e| e.to_string())
            }
            ListenerKind::Cmpp(l) => {
                let settings = convert::cmpp_listener(config, setup, l).map_err(|e| e.to_string())?;
                cmpp::start_listener(&self.gateway, &self.exchange, settings, &self.trace).map_err(|e| e.to_string())
            }
        }
    }

    fn connector(&mut self, config: &Config, setup: &ConnectorSetup) -> Result<Endpoint, String> {
        let state = self.state(setup.name());
        match &setup.kind {
            ConnectorKind::Smpp(c) => {
                let settings = convert::smpp_connector(config, setup, c);
                smpp::start_connector(&self.gateway, &state, settings, &self.trace).map_err(|e| e.to_string())
            }
            ConnectorKind::Cmpp(c) => {
                let settings = convert::cmpp_connector(config, setup, c);
                cmpp::start_connector(&self.gateway, &self.exchange, &state, settings, &self.trace).map_err(|e| e.to_string())
            }
            ConnectorKind::Simulator(s) => Ok(start_simulator(&self.gateway, &state, convert::simulator(setup, s))),
        }
    }

    /// Traces the links whose settings say so.
    fn trace(&mut self, config: &Config) -> Result<(), String> {
        let listeners = keyed(&config.listeners).filter(|(_, l)| l.trace());
        let named = listeners.filter_map(|(key, l)| {
            let address = self.listeners.get(&key)?.endpoint.address?;
            Some(format!("{}-{}", l.protocol(), address.port()))
        });
        let mut names: Vec<String> = named.collect();
        names.extend(config.connectors.iter().filter(|c| c.trace()).map(|c| c.common.name.clone()));
        if names == self.traced {
            return Ok(());
        }
        tokio::task::block_in_place(|| {
            self.trace.stop();
            if names.is_empty() {
                Ok(())
            } else {
                self.trace.start(TraceScope::Names(names.clone()), &TraceOptions::new(config.data().join("trace")))
            }
        })
        .map_err(|e| e.to_string())?;
        self.traced = names;
        Ok(())
    }
}

// === impl ConnectorSettings ===

impl ConnectorSettings {
    fn new(config: &Config, setup: &ConnectorSetup) -> ConnectorSettings {
        let transliterate = matches!(setup.kind, ConnectorKind::Smpp(_)) && config.sms.transliterate;
        ConnectorSettings { setup: setup.clone(), receipt_wait: config.sms.receipt_wait, transliterate }
    }
}

/// The certificates and keys of a connector.
fn connector_files(setup: &ConnectorSetup) -> Vec<&Path> {
    match setup.tls() {
        Some(Tls::On(t)) => [&t.ca, &t.cert, &t.key].into_iter().filter_map(Option::as_deref).collect(),
        Some(Tls::Off) | None => Vec::new(),
    }
}

fn stamps(config: &Config, files: Vec<&Path>) -> Vec<Option<SystemTime>> {
    files.into_iter().map(|f| std::fs::metadata(config.path(f)).and_then(|m| m.modified()).ok()).collect()
}

/// Listeners with a key each that two files agree on: protocol, address, and the how-manieth of those (port 0 may be there twice).
fn keyed(listeners: &[ListenerSetup]) -> impl Iterator<Item = (String, &ListenerSetup)> {
    listeners.iter().enumerate().map(|(i, l)| {
        let nth = listeners[..i].iter().filter(|o| o.name() == l.name()).count();
        (format!("{} #{nth}", l.name()), l)
    })
}
