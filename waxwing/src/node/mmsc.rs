//! The message centre: opened with the gateway where the configuration has one.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use waxwing_api::{AddressGuard, WebFetch};
use waxwing_core::{AccountConfig, Gateway};
use waxwing_ledger::AccountStore;
use waxwing_mail::{AuthPolicy, Relay, RelayOptions};
use waxwing_media::{MediaOptions, MediaStore};
use waxwing_mmsc::{ACCOUNT, Centre, MailDoor, MailDoorOptions, Mailboxes, MmscOptions, OperatorLine, Quota, RunOptions, Running, Unknown};
use waxwing_session::{TlsClientOptions, client_config};

use super::{StartError, http};
use crate::config::Config;
use crate::config::keys::{MailPolicy, MmsLine, MmsWay, RelayTls};

/// The message centre of a node.
pub(super) struct MmscNode {
    running: Running,
    media: Arc<MediaStore>,
    listen: Option<SocketAddr>,
    smtp: Option<SocketAddr>,
}

/// The centre's own account, where there is a centre: SMS and MMS, no door, no limits.
pub(super) fn account(config: &Config) -> Option<AccountConfig> {
    config.mmsc.listen.map(|_| AccountConfig { name: ACCOUNT.into(), mms: true, smpp: false, http: false, ..AccountConfig::default() })
}

impl MmscNode {
    /// Opens the media store and the door. `None` where there is no centre.
    pub(super) async fn start(
        config: &Config,
        gateway: &Arc<Gateway>,
        store: &Arc<AccountStore>,
        guard: &AddressGuard,
    ) -> Result<Option<(MmscNode, Centre)>, StartError> {
        let Some(listen) = config.mmsc.listen else { return Ok(None) };
        let failed = |e: &dyn std::fmt::Display| StartError(e.to_string());
        let contents = media_options(config);
        let opened = tokio::task::spawn_blocking(move || MediaStore::open(contents)).await;
        let media = opened.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
        let (file, contents) = (config.data().join("mmsc.db"), media.clone());
        let quota = Quota { messages: config.mmsc.mailbox_messages.into(), octets: config.mmsc.mailbox_size.0 };
        let opened = tokio::task::spawn_blocking(move || Mailboxes::open(file, contents, quota)).await;
        let mailboxes = opened.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
        let kept = store.clone();
        let directory = tokio::task::spawn_blocking(move || kept.directory()).await;
        let directory = directory.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
        let listener = bind(listen.0).await?;
        let address = listener.local_addr().ok();
        let options = MmscOptions { secret: secret(&config.data())?, ..options(config, address.unwrap_or(listen.0)) };
        let centre = Centre::new(gateway.clone(), (media.clone(), mailboxes), (directory, store.clone()), WebFetch::new(guard), options);
        let tls = http::server_tls(config, "mmsc", config.mmsc.tls_cert.as_deref(), config.mmsc.tls_key.as_deref()).map_err(StartError)?;
        let mail = mail_door(config, &centre, tls.clone())?;
        let smtp = mail.as_ref().and_then(|door| door.local_addr().ok());
        let relay = relay(config)?;
        let running = Running::start(&centre, RunOptions { listener, tls, mail, relay });
        Ok(Some((MmscNode { running, media, listen: address, smtp }, centre)))
    }

    /// Where phones reach it.
    pub(super) fn listening(&self) -> Option<SocketAddr> {
        self.listen
    }

    /// Where e-mail comes in.
    pub(super) fn smtp(&self) -> Option<SocketAddr> {
        self.smtp
    }

    /// Ends it in order. The media store is closed by [`MmscNode::close`], after everything that uses it.
    pub(super) async fn stop(self) -> Arc<MediaStore> {
        self.running.stop().await;
        self.media
    }
}

/// The media store's: what the spool is told of the disk counts for it too.
fn media_options(config: &Config) -> MediaOptions {
    let usual = MediaOptions::new(config.data().join("media"));
    let largest = u32::try_from(config.mmsc.max_size.0).unwrap_or(u32::MAX);
    MediaOptions { min_free: config.spool.min_free.0, sync: config.spool.sync, max_blob: usual.max_blob.max(largest), ..usual }
}

/// The centre's key, made at the first start and kept in the data folder.
fn secret(data: &Path) -> Result<Vec<u8>, StartError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    const OCTETS: usize = 32;
    let path = data.join("mmsc.key");
    let failed = |e: &dyn std::fmt::Display| StartError(format!("{}: {e}", path.display()));
    match std::fs::read(&path) {
        Ok(key) if key.len() == OCTETS => Ok(key),
        Ok(key) => Err(failed(&format!("it has {} octets instead of {OCTETS}; remove it, and a new one is made", key.len()))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let mut key = vec![0; OCTETS];
            getrandom::fill(&mut key).map_err(|e| failed(&e))?;
            let new = data.join("mmsc.key.new");
            let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
            let written = file.and_then(|mut f| f.write_all(&key).and_then(|()| f.sync_all())).and_then(|()| std::fs::rename(&new, &path));
            written.map_err(|e| failed(&e)).map(|()| key)
        }
        Err(e) => Err(failed(&e)),
    }
}

async fn bind(listen: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(listen).await.map_err(|e| {
        let mend = match e.kind() {
            std::io::ErrorKind::AddrInUse => "; another program listens there: stop it or give another port",
            std::io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege: give a higher one",
            _ => "",
        };
        StartError(format!("[mmsc] listen: cannot listen on {listen}: {e}{mend}"))
    })
}

fn mail_door(config: &Config, centre: &Centre, tls: Option<Arc<rustls::ServerConfig>>) -> Result<Option<MailDoor>, StartError> {
    let m = &config.mmsc;
    let Some(listen) = m.smtp_listen else { return Ok(None) };
    let options = MailDoorOptions {
        listen: listen.0,
        tls,
        sms_domain: m.sms_domain.clone(),
        trusted: m.smtp_trusted.iter().map(|n| n.0).collect(),
        policy: match m.smtp_unverified {
            MailPolicy::Ignore => AuthPolicy::Ignore,
            MailPolicy::Refuse => AuthPolicy::RefuseFailed,
            MailPolicy::Require => AuthPolicy::RequirePass,
        },
        authserv: m.smtp_authserv.clone().unwrap_or_default(),
    };
    MailDoor::bind(centre, options).map(Some).map_err(|e| StartError(format!("[mmsc] smtp_listen: {e}")))
}

/// The way out for e-mail. Where TLS is taken only if it is offered, any certificate will do: without TLS nothing would be proved either.
fn relay(config: &Config) -> Result<Option<Relay>, StartError> {
    use waxwing_mail::relay::RelayTls as Mode;
    let m = &config.mmsc;
    let Some(address) = &m.smtp_relay else { return Ok(None) };
    let (tls, trust) = match m.smtp_relay_tls {
        RelayTls::None => (Mode::None, None),
        RelayTls::Opportunistic => (Mode::Offered, Some(TlsClientOptions { insecure: true, ..TlsClientOptions::default() })),
        RelayTls::Starttls => (Mode::StartTls, Some(TlsClientOptions::default())),
        RelayTls::Tls => (Mode::Implicit, Some(TlsClientOptions::default())),
    };
    let tls_config = trust.map(|t| client_config(&t)).transpose().map_err(|e| StartError(format!("[mmsc] smtp_relay_tls: {e}")))?;
    let minutes = |m: u64| std::time::Duration::from_secs(60 * m);
    let options = RelayOptions {
        tls,
        tls_config,
        login: m.smtp_relay_user.clone().zip(m.smtp_relay_password.clone()),
        // Whoever writes smtp_relay_tls = "none" beside a password wants it so.
        login_without_tls: m.smtp_relay_tls == RelayTls::None,
        hello: m.domain.clone(),
        message_time: minutes(5),
        command_time: minutes(1),
        ..RelayOptions::new(address.0.clone())
    };
    Ok(Some(Relay::new(options)))
}

fn options(config: &Config, listens: SocketAddr) -> MmscOptions {
    let m = &config.mmsc;
    let way = |w: MmsWay| match w {
        MmsWay::Phone => Unknown::Phone,
        MmsWay::Link => Unknown::Link,
        MmsWay::Refuse => Unknown::Refuse,
    };
    let scheme = if m.tls_cert.is_some() { "https" } else { "http" };
    let size = |s: u64| usize::try_from(s).unwrap_or(usize::MAX);
    let path = |p: &Option<std::path::PathBuf>| p.as_deref().map(|p: &Path| config.path(p));
    MmscOptions {
        public_url: m.public_url.clone().unwrap_or_else(|| format!("{scheme}://{listens}")),
        domain: m.domain.clone(),
        max_size: size(m.max_size.0),
        max_recipients: m.max_recipients as usize,
        retention: m.retention.0,
        notify_again: m.notify_again.iter().map(|p| p.0).collect(),
        link_after: m.link_after.map(|p| p.0),
        routes: config.mms_routes.iter().map(|r| waxwing_mmsc::MmsRoute { to: r.to.0.clone(), way: way(r.way) }).collect(),
        lines: config.mms_lines.iter().filter_map(line).collect(),
        unknown: way(m.unknown),
        link_text: m.link_text.clone(),
        sender: m.sender.clone().unwrap_or_default(),
        msisdn_headers: m.msisdn_headers.iter().filter_map(|h| h.parse().ok()).collect(),
        trusted: m.trusted.iter().map(|n| n.0).collect(),
        auto_provision: m.auto_provision,
        adapt: m.adapt,
        phone_max_size: m.phone_max_size.0,
        // A bare name is looked for in PATH.
        ffmpeg: m.ffmpeg.as_deref().map(|p| if p.components().count() > 1 { config.path(p) } else { p.to_owned() }),
        nowsms_log: path(&m.nowsms_log),
        mailbox_keep: m.mailbox_keep.map(|p| p.0),
        max_connections: m.max_connections as usize,
        upload_memory: size(m.upload_memory.0),
        mail: m.smtp_relay.is_some(),
        ..MmscOptions::default()
    }
}

fn line(l: &MmsLine) -> Option<OperatorLine> {
    // The configuration check has refused addresses that are none.
    let url = l.url.parse().ok()?;
    Some(OperatorLine { connector: l.connector.clone(), url, proxy: l.proxy.as_ref().map(|p| p.0.clone()) })
}
