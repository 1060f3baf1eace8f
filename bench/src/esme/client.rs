//! One bind of a load.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use waxwing_endpoints::smpp::dialect::{Frame, Smpp};
use waxwing_session::{Engine, Event, Link, Options};
use waxwing_smpp::{BindTransceiver, CommandStatus, DeliverSmResp, encode};

use super::body::Writer;
use super::{End, Pace, Shared};
use crate::stamp;

/// Pause of a bind that was told "queue full" or "throttled": a client that tries again at once only makes it worse.
const PAUSE: Duration = Duration::from_millis(50);

/// How often a bind with nothing to do looks whether all is done.
const TICK: Duration = Duration::from_millis(100);

/// The runtime's timers are that coarse: what is late by less was not kept waiting by the gateway.
const COARSE: u64 = 2000;

struct Client {
    shared: Arc<Shared>,
    link: Link<Smpp, TcpStream>,
    out: BytesMut,
    writer: Writer,
    /// Nothing is sent before.
    paused_until: Option<Instant>,
    /// When the next one is due, microseconds as stamps have them, and the interval; of a steady rate only.
    schedule: Option<(f64, f64)>,
}

/// Binds, sends until enough is sent, and waits for the answers to all that any bind has sent.
pub(super) async fn run(shared: Arc<Shared>, number: u32) -> io::Result<()> {
    let mut client = Client::bind(shared, number).await?;
    client.shared.ready.wait().await;
    let now = stamp::micros();
    let begin = match client.shared.begin.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => now,
        Err(begin) => begin,
    };
    let load = &client.shared.load;
    if let Pace::Rate(rate) = load.pace {
        let interval = 1e6 * f64::from(load.binds) / rate;
        client.schedule = Some((begin as f64 + interval * f64::from(number) / f64::from(load.binds), interval));
    }
    let mut batch: Vec<Event<Frame>> = Vec::new();
    let mut sleep = Box::pin(sleep_until(Instant::now()));
    loop {
        let enough = client.send()?;
        if enough && client.shared.settled() {
            let now = stamp::micros();
            let _ = client.shared.finished.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
            let _ = client.link.close(Duration::from_secs(1)).await;
            return Ok(());
        }
        client.set_alarm(sleep.as_mut());
        tokio::select! {
            biased;
            result = client.link.events(&mut batch) => result.map_err(io::Error::other)?,
            () = sleep.as_mut() => {}
        }
        client.handle(&mut batch)?;
    }
}

impl Client {
    async fn bind(shared: Arc<Shared>, number: u32) -> io::Result<Client> {
        let load = &shared.load;
        let stream = TcpStream::connect(load.to).await?;
        stream.set_nodelay(true)?;
        let patience = Duration::from_secs(60);
        let options = Options {
            window: load.window,
            max_unanswered: 100_000,
            max_output: 4 << 20,
            response_timeout: patience,
            login_timeout: patience,
            ..Options::default()
        };
        let mut link = Link::new(Engine::client(Smpp::new(70_000), options, std::time::Instant::now()), stream);
        let mut out = BytesMut::new();
        let login = BindTransceiver { system_id: load.system_id.as_bytes(), password: load.password.as_bytes(), ..Default::default() };
        encode(&login, CommandStatus::ESME_ROK, 0, &mut out).map_err(io::Error::other)?;
        link.login(&out).map_err(io::Error::other)?;
        let mut batch: Vec<Event<Frame>> = Vec::new();
        link.events(&mut batch).await.map_err(io::Error::other)?;
        match batch.first() {
            Some(Event::LoginResponse { pdu }) if pdu.header.command_status.is_ok() => link.bound(),
            other => return Err(io::Error::other(format!("the bind failed: {other:?}"))),
        }
        // References differ by bind, so that parts with the same number to the same recipient are not mixed up.
        let writer = Writer::new(load.body, load.high, load.receipts, (number * 16) as u8);
        Ok(Client { shared, link, out, writer, paused_until: None, schedule: None })
    }

    /// Sends what may be sent now; true if nothing more is to be sent.
    fn send(&mut self) -> io::Result<bool> {
        let shared = self.shared.clone();
        let elapsed = shared.since_begin();
        if let Some(until) = self.paused_until {
            if Instant::now() < until {
                return Ok(shared.enough(elapsed) && !self.writer.inside_message());
            }
            self.paused_until = None;
        }
        let mut sent = 0;
        let mut enough = false;
        while self.link.window_free() > 0 {
            // What was begun is sent whole.
            if shared.enough(elapsed) && !self.writer.inside_message() {
                enough = true;
                break;
            }
            let mut at = stamp::micros();
            if let Some((due, interval)) = &mut self.schedule {
                let this = *due as u64;
                if this > at {
                    break;
                }
                if at - this > COARSE {
                    at = this;
                }
                *due += *interval;
            }
            self.out.clear();
            self.writer.submit(shared.load.stamped.then_some(at), &mut self.out).map_err(io::Error::other)?;
            if self.link.request(&self.out, at).is_err() {
                break;
            }
            shared.begun.fetch_add(1, Ordering::Relaxed);
            sent += 1;
        }
        shared.submitted.fetch_add(sent, Ordering::Relaxed);
        Ok(enough || (self.link.window_free() == 0 && shared.enough(elapsed)))
    }

    /// Wakes the bind for its next message, the end of a pause, or just to look round.
    fn set_alarm(&self, mut sleep: Pin<&mut Sleep>) {
        let now = Instant::now();
        let mut at = now + TICK;
        if let Some(until) = self.paused_until {
            at = at.min(until);
        } else if let Some((due, _)) = self.schedule
            && self.link.window_free() > 0
        {
            at = at.min(now + Duration::from_micros((due as u64).saturating_sub(stamp::micros())));
        }
        if sleep.is_elapsed() || at < sleep.deadline() {
            sleep.as_mut().reset(at);
        }
    }

    fn handle(&mut self, batch: &mut Vec<Event<Frame>>) -> io::Result<()> {
        let shared = self.shared.clone();
        let now = stamp::micros();
        let (mut accepted, mut receipts) = (0, 0);
        let mut response = shared.response.lock();
        for event in batch.drain(..) {
            match event {
                Event::Response { pdu, token, .. } => match pdu.header.command_status {
                    status if status.is_ok() => {
                        accepted += 1;
                        response.saturating_record(now.saturating_sub(token).max(1));
                    }
                    CommandStatus::ESME_RMSGQFUL | CommandStatus::ESME_RTHROTTLED => {
                        shared.pauses.fetch_add(1, Ordering::Relaxed);
                        shared.begun.fetch_sub(1, Ordering::Relaxed);
                        self.paused_until = Some(Instant::now() + PAUSE);
                    }
                    _ => {
                        shared.failed.fetch_add(1, Ordering::Relaxed);
                    }
                },
                Event::Request { seq, .. } => {
                    receipts += 1;
                    self.link.respond_with(|out| {
                        let _ = encode(&DeliverSmResp { message_id: Some(b""), ..Default::default() }, CommandStatus::ESME_ROK, seq, out);
                    });
                }
                Event::TimedOut { .. } | Event::Lost { .. } => {
                    shared.failed.fetch_add(1, Ordering::Relaxed);
                }
                Event::Closed { reason } => return Err(io::Error::other(format!("the connection ended: {reason}"))),
                _ => {}
            }
        }
        drop(response);
        if accepted + receipts == 0 {
            return Ok(());
        }
        let in_time = match shared.load.end {
            End::After(time) => shared.since_begin() <= time,
            End::Count(_) => true,
        };
        shared.accepted.fetch_add(accepted, Ordering::Relaxed);
        shared.receipts.fetch_add(receipts, Ordering::Relaxed);
        if accepted > 0 {
            shared.last_answer.store(now, Ordering::Relaxed);
        }
        if in_time {
            shared.accepted_in_time.fetch_add(accepted, Ordering::Relaxed);
            shared.receipts_in_time.fetch_add(receipts, Ordering::Relaxed);
        }
        Ok(())
    }
}
