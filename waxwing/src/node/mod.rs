//! A running gateway: everything opened in order, kept in agreement with the configuration, and ended in order.

mod accounts;
mod convert;
mod demo;
mod http;
mod listening;
mod mmsc;
mod open;
mod supervisor;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use waxwing_api::{ApiState, Hooks, HooksOptions, Registry, ServeOptions};
use waxwing_console::ConsoleOptions;
use waxwing_core::{AccountConfig, Clock, Gateway, Metrics, Normaliser, RouteTable, Setup};
use waxwing_ledger::{AccountStore, Ledger};
use waxwing_session::{TlsClient, TlsServer};
use waxwing_spool::Spool;
use waxwing_spool::log::EmbeddedSpool;

use crate::config::{self, Config, ListenerSetup};
use accounts::Roster;
use mmsc::MmscNode;
use supervisor::Supervisor;

pub(crate) use accounts::check as check_account;
pub(crate) use convert::segment_size;
pub use demo::DEMO_FILE;
pub(crate) use demo::{password, prepare, webhook_secret};
pub use listening::{Listening, ListeningDoor};
pub(crate) use open::accounts_file;

/// How long the start waits for the ledger to read what it has missed. After that, the doors open, and only accounts with daily or monthly
/// limits wait until what they have sent is counted.
const CATCH_UP: Duration = Duration::from_millis(300);
/// How long requests in progress may take at the end.
const DRAIN: Duration = Duration::from_secs(10);

/// How long a sign-in link can be used, milliseconds.
pub(crate) const SIGN_IN_LINK: u64 = 3_600_000;

/// A gateway at work.
pub struct Node {
    config: Config,
    /// Doors whose port is taken may have another one.
    anywhere: bool,
    gateway: Arc<Gateway>,
    spool: Arc<EmbeddedSpool>,
    ledger: Arc<Ledger>,
    store: Arc<AccountStore>,
    api: ApiState,
    roster: Roster,
    mmsc: Option<MmscNode>,
    supervisor: Supervisor,
    installed: Installed,
    listening: Listening,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    background: Vec<JoinHandle<()>>,
}

/// Why a gateway could not be started; the words are for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

/// Checks the files that a configuration names: certificates and keys.
///
/// # Errors
/// With the first that cannot be used.
pub fn check_files(config: &Config) -> Result<(), String> {
    http::tls(config)?;
    http::server_tls(config, "mmsc", config.mmsc.tls_cert.as_deref(), config.mmsc.tls_key.as_deref())?;
    for l in &config.listeners {
        convert::tls_server(config, l.files()).map(TlsServer::new).transpose().map_err(|e| format!("[[listener]] {}: {e}", l.name()))?;
    }
    for c in &config.connectors {
        let tls = c.tls().and_then(|t| convert::tls_client(config, t));
        tls.map(TlsClient::new).transpose().map_err(|e| format!("[[connector]] {:?}: {e}", c.name()))?;
    }
    Ok(())
}

// === impl Node ===

impl Node {
    /// Opens everything and lets it run. `anywhere` lets doors whose port is taken have another one (for the demonstration).
    ///
    /// # Errors
    /// With what to do about it.
    pub async fn start(mut config: Config, anywhere: bool) -> Result<Node, StartError> {
        let data = config.data();
        open::folder(&data)?;
        Listening::remove(&data);
        let clock = Clock::system();
        let spool = open::spool(&config).await?;
        let dynamic: Arc<dyn Spool> = spool.clone();
        let gateway = Gateway::new(dynamic.clone(), clock.clone(), Arc::new(Metrics::new()));
        let ledger = open::ledger(&config, &clock, dynamic).await?;
        gateway.set_history(ledger.clone());
        let store = open::accounts(&config).await?;
        let mut roster = Roster::default();
        let late = if ledger.caught_up(CATCH_UP).await {
            roster.restore(ledger.usage(clock.now()).await.map_err(|e| StartError(e.to_string()))?);
            None
        } else {
            tracing::warn!("The ledger is still reading what happened before the start; accounts with limits wait for it.");
            Some(tokio::spawn(late_counts(gateway.clone(), ledger.clone(), roster.wait_for_counts())))
        };

        let http_socket = http::bind(config.http.listen.0, anywhere).await.map_err(StartError)?;
        let tls = http::tls(&config).map_err(StartError)?;
        let guard = open::guard(&config);
        let installed = Installed::default();
        let registry = Registry::new(store.clone(), installed.check(store.clone()), installed.revision.subscribe());
        let api = ApiState::new(gateway.clone(), open::api_options(&config, &ledger, guard.clone(), registry));
        let (stop, stopped) = watch::channel(false);
        let mut node = Node {
            supervisor: Supervisor::new(gateway.clone()),
            listening: Listening { http: http_socket.local_addr().ok(), mmsc: None, smtp: None, listeners: Vec::new() },
            tasks: Vec::new(),
            background: vec![
                tokio::spawn(gateway.clone().janitor()),
                tokio::spawn(pressure(gateway.clone(), ledger.clone())),
                tokio::spawn(refresh(store.clone())),
            ]
            .into_iter()
            .chain(late)
            .collect(),
            gateway,
            spool,
            ledger,
            store,
            api,
            roster,
            mmsc: None,
            installed,
            stop,
            config: Config::default(),
            anywhere,
        };
        node.install(&config).await?;
        if anywhere {
            free_ports(&mut config, &[]);
        }
        // Before connectors are at work, since it takes some of what they receive.
        if let Some((mmsc, centre)) = MmscNode::start(&config, &node.gateway, &node.store, &guard).await? {
            node.listening.mmsc = mmsc.listening();
            node.listening.smtp = mmsc.smtp();
            node.mmsc = Some(mmsc);
            node.api.set_mms(Arc::new(centre));
        }
        let failures = node.supervisor.apply(&config).await;
        if !failures.is_empty() {
            let _ = node.stop.send(true);
            node.supervisor.stop().await;
            if let Some(mmsc) = node.mmsc {
                mmsc.stop().await.close();
            }
            return Err(StartError(failures.join("\n")));
        }
        let hooks = Hooks::new(node.gateway.clone(), HooksOptions { guard, mms: node.api.mms().ok().cloned(), ..HooksOptions::default() });
        node.tasks.push(tokio::spawn(hooks.run(until(stopped.clone()))));
        let options = ServeOptions {
            max_connections: config.http.max_connections as usize,
            drain: DRAIN,
            tls,
            ahead: Some(node.api.clone()),
            ..ServeOptions::default()
        };
        let console = ConsoleOptions {
            api: node.api.clone(),
            accounts: node.store.clone(),
            node: config.node.name.clone(),
            secure: options.tls.is_some(),
        };
        let router = waxwing_api::router(node.api.clone()).merge(waxwing_console::router(console));
        node.tasks.push(tokio::spawn(waxwing_api::serve(http_socket, router, options, until(stopped))));
        node.listening.listeners = node.supervisor.doors(&config);
        node.listening.write(&data).map_err(|e| StartError(format!("{}: {e}", data.display())))?;
        node.config = config;
        Ok(node)
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where it listens.
    pub fn listening(&self) -> &Listening {
        &self.listening
    }

    /// Puts another configuration in force. Connections whose settings did not change stay. Where it cannot be applied, the old one stays
    /// in force.
    ///
    /// # Errors
    /// With what could not be applied.
    pub async fn reload(&mut self, mut new: Config) -> Result<config::Diff, StartError> {
        let checked = new.clone();
        // Reads certificates from the disk.
        let files = tokio::task::spawn_blocking(move || check_files(&checked)).await;
        files.map_err(|e| StartError(e.to_string()))?.map_err(StartError)?;
        if self.anywhere {
            free_ports(&mut new, &self.config.listeners);
        }
        let diff = config::diff(&self.config, &new);
        for section in &diff.restart {
            tracing::warn!("{section} has changed; that takes effect at the next start.");
        }
        self.install(&new).await?;
        let failures = self.supervisor.apply(&new).await;
        if !failures.is_empty() {
            let old = self.config.clone();
            self.install(&old).await?;
            let worse = self.supervisor.apply(&old).await;
            for e in worse {
                tracing::error!("The old configuration could not be restored: {e}");
            }
            return Err(StartError(failures.join("\n")));
        }
        self.listening.listeners = self.supervisor.doors(&new);
        if let Err(e) = self.listening.write(&self.config.data()) {
            tracing::warn!("listening.json could not be written: {e}");
        }
        // What needs a restart stays as it is, so that the next reload says so again.
        let old = std::mem::take(&mut self.config);
        self.config = Config {
            node: old.node,
            http: old.http,
            spool: old.spool,
            ledger: old.ledger,
            callback: old.callback,
            log: old.log,
            mmsc: old.mmsc,
            mms_routes: old.mms_routes,
            mms_lines: old.mms_lines,
            base: old.base,
            ..new
        };
        Ok(diff)
    }

    /// Ends in order: no new work, sessions unbound after their outstanding answers, callbacks finished, everything stored.
    pub async fn drain(self) {
        self.api.set_draining();
        Listening::remove(&self.config.data());
        let _ = self.stop.send(true);
        self.supervisor.stop().await;
        for task in self.tasks {
            if let Err(e) = task.await {
                tracing::error!("A task ended badly: {e}");
            }
        }
        for task in self.background {
            task.abort();
        }
        let media = match self.mmsc {
            Some(mmsc) => Some(mmsc.stop().await),
            None => None,
        };
        let (ledger, spool) = (self.ledger, self.spool);
        // Both wait for the disk.
        let closed = tokio::task::spawn_blocking(move || {
            ledger.close();
            spool.close();
            if let Some(media) = media {
                media.close();
            }
        });
        if let Err(e) = closed.await {
            tracing::error!("The data folder was not closed in order: {e}");
        }
    }

    /// The path, to be put behind the gateway's address, that signs an account in to the console, once, within an hour.
    ///
    /// # Errors
    /// When the accounts' file cannot be written.
    pub async fn sign_in_path(&self, account: &str) -> Result<String, StartError> {
        let (store, account, now) = (self.store.clone(), account.to_owned(), self.gateway.clock.now());
        let made = tokio::task::spawn_blocking(move || store.create_link(&account, SIGN_IN_LINK, now)).await;
        let token = made.map_err(|e| StartError(e.to_string()))?.map_err(|e| StartError(e.to_string()))?;
        Ok(waxwing_console::sign_in_path(&token))
    }

    /// Changes with every change of an account that is kept in the data folder: then call [`Node::refresh_accounts`].
    pub fn accounts_revision(&self) -> watch::Receiver<u64> {
        self.store.revision()
    }

    /// Takes over accounts as they are kept now.
    ///
    /// # Errors
    /// When they cannot be read; those before stay in force.
    pub async fn refresh_accounts(&mut self) -> Result<(), StartError> {
        let config = self.config.clone();
        self.install(&config).await
    }

    /// The message centre's account: there as long as it runs, whatever a reloaded file says of it.
    fn own_account(&self, config: &Config) -> Option<AccountConfig> {
        if self.mmsc.is_some() { mmsc::account(&self.config) } else { mmsc::account(config) }
    }

    /// Accounts and routes, in force at once. Of two accounts with the same name the configuration file's counts.
    async fn install(&mut self, config: &Config) -> Result<(), StartError> {
        let store = self.store.clone();
        // Read first: what changes from now on is taken over the next time.
        let revision = *store.revision().borrow();
        let kept = tokio::task::spawn_blocking(move || store.list()).await;
        let kept = kept.map_err(|e| StartError(e.to_string()))?.map_err(|e| StartError(e.to_string()))?;
        let mut accounts = config.accounts.clone();
        for a in kept {
            let read = config::account(&a.name, &a.password, &a.settings, config);
            match read.and_then(|a| config::apart(&a, &accounts).map(|()| a)) {
                Ok(account) => accounts.push(account),
                Err(e) => tracing::error!("An account of the data folder is left out: {e}"),
            }
        }
        // The centre's own comes first: nobody else can have its name.
        let accounts = self.own_account(config).into_iter().chain(accounts.iter().map(convert::account)).collect();
        let accounts = self.roster.build(&self.gateway, accounts);
        let lines = config.connectors.iter().map(|c| convert::line(config, c, self.supervisor.state(c.name()))).collect();
        let routes = config.routes.iter().map(convert::route).collect();
        let normaliser = Normaliser::new(config.sms.country.as_ref().map(|c| c.0.as_str())).map_err(StartError)?;
        self.gateway.install(Setup {
            accounts,
            routes: RouteTable::new(lines, routes),
            normaliser,
            validity: config.sms.validity.millis(),
            validity_max: config.sms.validity_max.millis(),
            delivery_wait: config.sms.delivery_wait.millis(),
            parts_wait: config.sms.parts_wait.millis(),
        });
        self.installed.config.send_replace(Arc::new(config.clone()));
        self.installed.revision.send_replace(revision);
        Ok(())
    }
}

/// What is in force, for those who change accounts while the gateway runs.
#[derive(Default)]
struct Installed {
    config: watch::Sender<Arc<Config>>,
    /// That of the accounts in the data folder.
    revision: watch::Sender<u64>,
}

impl Installed {
    /// Checks accounts of the data folder against the configuration that is in force then.
    fn check(&self, store: Arc<AccountStore>) -> Arc<waxwing_api::AccountCheck> {
        let config = self.config.subscribe();
        Arc::new(move |name, password, settings| {
            let config = config.borrow().clone();
            if config.accounts.iter().any(|a| a.name.eq_ignore_ascii_case(name)) {
                return Err(format!("account {name:?} is in the configuration file: change it there"));
            }
            check_account(name, password, settings, &config, &store)
        })
    }
}

/// Listeners whose port is taken, and not by one of ours, get any free one.
fn free_ports(config: &mut Config, ours: &[ListenerSetup]) {
    for l in &mut config.listeners {
        if !ours.iter().any(|o| o.listen == l.listen)
            && std::net::TcpListener::bind(l.listen).is_err_and(|e| e.kind() == std::io::ErrorKind::AddrInUse)
        {
            l.listen.set_port(0);
        }
    }
}

/// Notices what other processes do to the accounts.
async fn refresh(store: Arc<AccountStore>) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let store = store.clone();
        match tokio::task::spawn_blocking(move || store.refresh()).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => tracing::warn!("{e}"),
            Err(_) => return,
        }
    }
}

/// Tells accounts what they had sent before the restart, when the ledger knows.
async fn late_counts(gateway: Arc<Gateway>, ledger: Arc<Ledger>, pending: Arc<AtomicBool>) {
    while !ledger.caught_up(Duration::from_secs(60)).await {}
    match ledger.usage(gateway.clock.now()).await {
        Ok(counts) => {
            let setup = gateway.setup();
            for (name, counts) in counts {
                if let Some(account) = setup.accounts.get(&name) {
                    account.usage.replace(counts);
                }
            }
        }
        Err(e) => tracing::error!("What accounts have sent could not be counted; their limits begin anew: {e}"),
    }
    pending.store(false, Ordering::Release);
}

/// Hands the ledger's pressure on to the doors, and its lag to the metrics.
async fn pressure(gateway: Arc<Gateway>, ledger: Arc<Ledger>) {
    let mut pressure = ledger.pressure();
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            changed = pressure.changed() => {
                if changed.is_err() {
                    return;
                }
                gateway.set_pressure(*pressure.borrow_and_update());
            }
            _ = every.tick() => {
                let lag = ledger.stats().lag.messages.unwrap_or(0);
                gateway.metrics.ledger_lag.set(i64::try_from(lag).unwrap_or(i64::MAX));
            }
        }
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the node itself is gone, which is the same.
    let _ = stopped.wait_for(|&s| s).await;
}
