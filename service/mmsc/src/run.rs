//! The message centre at work: its listener and its workers, started and ended in order.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use waxwing_api::{ServeOptions, serve_with};
use waxwing_mail::Relay;

use crate::mm1::Door;
use crate::{Centre, MailDoor, keep, mail, notify, received, reports};

/// What it runs with.
pub struct RunOptions {
    /// Where phones and browsers reach it.
    pub listener: TcpListener,
    /// Serve HTTPS with this.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Where e-mail comes in.
    pub mail: Option<MailDoor>,
    /// Where e-mail leaves; needed where [`crate::MmscOptions::mail`] is set.
    pub relay: Option<Relay>,
}

/// A message centre at work.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    keeper: JoinHandle<()>,
}

impl Running {
    /// Starts everything.
    pub fn start(centre: &Centre, options: RunOptions) -> Running {
        let (stop, stopped) = watch::channel(false);
        let until = |mut stopped: watch::Receiver<bool>| async move {
            // An error means that nobody is left who could say so.
            let _ = stopped.wait_for(|&s| s).await;
        };
        let door = Door::new(centre.clone());
        let serve = ServeOptions { max_connections: centre.options.max_connections, tls: options.tls, ..ServeOptions::default() };
        let service = move |peer| {
            let door = door.clone();
            hyper::service::service_fn(move |request| door.clone().answer(request, peer))
        };
        let mut tasks = vec![
            tokio::spawn(serve_with(options.listener, service, serve, until(stopped.clone()))),
            tokio::spawn(notify::run(centre.clone(), until(stopped.clone()))),
            tokio::spawn(reports::run(centre.clone(), until(stopped.clone()))),
            tokio::spawn(received::run(centre.clone(), until(stopped.clone()))),
        ];
        if let Some(door) = options.mail {
            tasks.push(tokio::spawn(door.serve(until(stopped.clone()))));
        }
        if let Some(relay) = options.relay {
            centre.counters.mail.show_relay(&relay);
            let worker = || tokio::spawn(mail::run(centre.clone(), relay.clone(), until(stopped.clone())));
            tasks.extend((0..mail::WORKERS).map(|_| worker()));
        }
        Running { stop, tasks, keeper: tokio::spawn(keep::run(centre.clone())) }
    }

    /// Ends: no new requests, those in progress are answered.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            if let Err(e) = task.await {
                tracing::error!("A task of the message centre ended badly: {e}");
            }
        }
        self.keeper.abort();
    }
}
