//! `waxwing serve`: starts, reloads on SIGHUP, drains on SIGTERM and SIGINT.

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use super::{ConfigFile, Failure, out};
use crate::config::keys::LogFormat;
use crate::config::{self, Config};
use crate::node::{DEMO_FILE, Node, prepare};

/// Arguments of `waxwing serve`.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    file: ConfigFile,
}

/// Runs until it is told to end.
pub(super) fn run(args: &Serve) -> Result<(), Failure> {
    let (path, demo) = match &args.file.config {
        Some(path) => (path.clone(), false),
        None => (PathBuf::from(DEMO_FILE), true),
    };
    if demo {
        prepare(&path).map_err(|e| Failure::Failed(format!("{}: {e}; start where you may write, or give --config", path.display())))?;
    }
    let config = config::load(&path)?;
    log_to_stderr(&config, demo);
    for w in &config.warnings {
        tracing::warn!("{w}");
    }
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(serve(&path, config, demo));
    // What still blocks has had its grace.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

/// Connections and the spool's log files need more descriptors than the usual soft limit of 1,024 allows.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(e) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!("The limit of open files stays at {:?}: {e}.", limit.current);
    }
}

async fn serve(path: &Path, config: Config, demo: bool) -> Result<(), Failure> {
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut node = Node::start(config, demo).await.map_err(Failure::of)?;
    announce(&node, demo).await;
    let mut accounts = node.accounts_revision();
    loop {
        tokio::select! {
            Ok(()) = accounts.changed() => match node.refresh_accounts().await {
                Ok(()) => tracing::info!("Accounts have changed and are taken over."),
                Err(e) => tracing::error!("Accounts have changed and cannot be taken over: {e}"),
            },
            Some(()) = hang_up.recv() => reload(&mut node, path).await,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    tracing::info!("Draining: no new connections, sessions end after their outstanding answers. A second signal ends at once.");
    tokio::select! {
        () = node.drain() => {
            tracing::info!("Ended in order.");
            Ok(())
        }
        () = either(&mut terminate, &mut interrupt) => Err(Failure::Failed("ended at once, as told; the next start recovers".into())),
    }
}

async fn either(a: &mut Signal, b: &mut Signal) {
    tokio::select! {
        _ = a.recv() => {}
        _ = b.recv() => {}
    }
}

async fn reload(node: &mut Node, path: &Path) {
    let problems = match config::load(path) {
        Ok(new) => {
            for w in &new.warnings {
                tracing::warn!("{w}");
            }
            match node.reload(new).await {
                Ok(diff) => {
                    tracing::info!("Reloaded {}: {diff}.", path.display());
                    return;
                }
                Err(e) => e.to_string(),
            }
        }
        Err(problems) => problems.to_string(),
    };
    for line in problems.lines() {
        tracing::error!("{line}");
    }
    tracing::error!("The configuration was not reloaded; the one before stays in force.");
}

async fn announce(node: &Node, demo: bool) {
    let listening = node.listening();
    for door in &listening.listeners {
        tracing::info!(protocol = door.protocol, "Listening on {}.", door.listen);
    }
    for (protocol, at) in [("mm1", listening.mmsc), ("smtp", listening.smtp)] {
        if let Some(at) = at {
            tracing::info!(protocol, "Listening on {at}.");
        }
    }
    let Some(http) = listening.http else { return };
    tracing::info!(protocol = "http", "Listening on {http}.");
    if !demo {
        return;
    }
    if http != node.config().http.listen.0 {
        out::notice(format_args!("{} is taken by another program.", node.config().http.listen));
    }
    let Some(account) = node.config().accounts.first() else { return };
    let (name, password) = (&account.name, &account.password);
    // Without a link the password does.
    let console = format!("http://{http}{}", node.sign_in_path(name).await.unwrap_or_else(|_| "/console".to_owned()));
    let smpp = listening.listeners.first().map(|l| l.listen.to_string()).unwrap_or_default();
    out::notice(format_args!(
        "\n\
         Waxwing is running as a demonstration; its carrier is simulated. Configuration: {DEMO_FILE}\n\
         \n\
         Console   {console}\n\
         HTTP      http://{http}/   account {name}, password {password}\n\
         SMPP      {smpp}   system_id {name}, password {password}\n\
         \n\
         Send a message:\n\
         \n\
         curl -u {name}:{password} http://{http}/api/v1/messages --json '{{\"to\": \"+447700900123\", \"from\": \"12345\", \"text\": \"Hello\"}}'\n"
    ));
}

fn log_to_stderr(config: &Config, demo: bool) {
    // The demonstration is for people who want to see their own lines, not ours.
    let level = if demo { "warn" } else { config.log.level.as_str() };
    let from_environment = std::env::var("WAXWING_LOG").ok().and_then(|l| EnvFilter::try_new(l).ok());
    // The check has accepted the level.
    let filter = from_environment.unwrap_or_else(|| EnvFilter::new(level));
    // What cannot be written is left out: telling that would go the same way, and panic where standard error is a file on a full disk.
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    match config.log.format {
        LogFormat::Text => subscriber.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
}
