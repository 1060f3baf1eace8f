//! One connection of the sink.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use waxwing_endpoints::smpp::dialect::{Frame, Smpp};
use waxwing_session::{Engine, Event, Link, Options};
use waxwing_smpp::receipt::{TextReceipt, put_tlvs};
use waxwing_smpp::{
    Address, BindTransceiverResp, CommandStatus, Decoder, DeliverSm, EncodeError, EsmClass, MessageState, Npi, Pdu, SubmitSm, SubmitSmResp,
    TlvBuf, Ton, encode,
};

use super::{Behaviour, Orders, Receipts, Shared, Token};
use crate::stamp;

struct Session {
    behaviour: Behaviour,
    /// Answers whose time has not come, in order.
    late: VecDeque<Answer>,
    link: Link<Smpp, TcpStream>,
    out: BytesMut,
    /// Receipts that the window had no place for.
    receipts: VecDeque<Bytes>,
    shared: Arc<Shared>,
}

struct Answer {
    due: Instant,
    id: u64,
    receipt: Option<Bytes>,
    seq: u32,
}

/// Serves a connection until it ends or the carrier goes away.
pub(super) async fn run(shared: Arc<Shared>, stream: TcpStream, mut orders: watch::Receiver<Orders>) {
    let options = Options { window: 100_000, max_unanswered: 100_000, max_output: 4 << 20, ..Options::default() };
    let link = Link::new(Engine::server(Smpp::new(70_000), options, std::time::Instant::now()), stream);
    let now = *orders.borrow_and_update();
    let mut session =
        Session { behaviour: now.behaviour, late: VecDeque::new(), link, out: BytesMut::new(), receipts: VecDeque::new(), shared };
    let mut batch: Vec<Event<Frame>> = Vec::new();
    loop {
        // The list is in order, so its first answer is the next one due.
        let due = session.late.front().map(|a| a.due);
        tokio::select! {
            biased;
            result = session.link.events(&mut batch) => if result.is_err() { return },
            result = orders.changed() => {
                if result.is_err() {
                    return;
                }
                let now = *orders.borrow_and_update();
                if now.away {
                    return;
                }
                session.behaviour = now.behaviour;
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
        }
        session.handle(&mut batch);
    }
}

impl Session {
    fn handle(&mut self, batch: &mut Vec<Event<Frame>>) {
        let mut taken = 0;
        let now = stamp::micros();
        for event in batch.drain(..) {
            match event {
                Event::Login { pdu, .. } => {
                    self.out.clear();
                    let body = BindTransceiverResp { system_id: b"sink", ..Default::default() };
                    let _ = encode(&body, CommandStatus::ESME_ROK, pdu.header.sequence_number, &mut self.out);
                    self.link.accept_login(&self.out);
                }
                Event::Request { seq, pdu } => {
                    let Ok(Pdu::SubmitSm(p)) = Decoder::new().decode(&pdu.octets).map(|d| d.pdu) else { continue };
                    taken += 1;
                    if let Some(sent) = stamp::read(p.message().split_udh().1) {
                        self.shared.latency.lock().saturating_record(now.saturating_sub(sent).max(1));
                    }
                    self.notified(p.message());
                    self.take(seq, &p);
                }
                Event::Response { .. } => {
                    self.shared.receipts.fetch_add(1, Ordering::Relaxed);
                }
                _ => {}
            }
        }
        if taken > 0 {
            self.shared.taken.fetch_add(taken, Ordering::Relaxed);
            self.shared.last_taken.store(now, Ordering::Relaxed);
        }
        self.answer_due();
        self.send_receipts();
    }

    /// The first of the short messages of a notification has its transaction id: X-Mms-Message-Type, then X-Mms-Transaction-ID.
    fn notified(&self, message: waxwing_smpp::Message<'_>) {
        const BEGIN: [u8; 3] = [0x8c, 0x82, 0x98];
        let mut notified = self.shared.notified.lock();
        let Some(list) = notified.as_mut() else { return };
        let octets = message.split_udh().1;
        let found = octets.windows(BEGIN.len()).position(|w| w == BEGIN).and_then(|at| octets.get(at + 3..at + 3 + 22));
        list.extend(found.and_then(|t| Token::try_from(t).ok()));
    }

    fn take(&mut self, seq: u32, p: &SubmitSm<'_>) {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let mut receipt = None;
        if p.registered_delivery.0 & 3 != 0 {
            match self.behaviour.receipts {
                Receipts::AtOnce | Receipts::OnlyNew => receipt = frame(id, p.destination_addr, p.source_addr, &mut self.out),
                Receipts::Withheld => {
                    let digits = std::str::from_utf8(p.destination_addr.addr).unwrap_or_default();
                    self.shared.withheld.lock().push_back((id, digits.parse().unwrap_or(0)));
                }
                Receipts::Never => {}
            }
        }
        if self.behaviour.delay.is_zero() && self.late.is_empty() {
            self.answer(seq, id, receipt);
        } else {
            self.late.push_back(Answer { due: Instant::now() + self.behaviour.delay, id, receipt, seq });
        }
    }

    fn answer(&mut self, seq: u32, id: u64, receipt: Option<Bytes>) {
        let (digits, from) = hexadecimal(id);
        self.link.respond_with(|out| {
            let body = SubmitSmResp { message_id: Some(&digits[from..]), ..Default::default() };
            let _ = encode(&body, CommandStatus::ESME_ROK, seq, out);
        });
        let Some(receipt) = receipt else { return };
        if !self.receipts.is_empty() || self.link.request(&receipt, 0).is_err() {
            self.receipts.push_back(receipt);
        }
    }

    fn answer_due(&mut self) {
        if self.late.is_empty() {
            return;
        }
        let now = Instant::now();
        while self.late.front().is_some_and(|a| a.due <= now) {
            if let Some(Answer { id, receipt, seq, .. }) = self.late.pop_front() {
                self.answer(seq, id, receipt);
            }
        }
    }

    /// What the window had no place for, then what was withheld, as far as there is place now.
    fn send_receipts(&mut self) {
        while let Some(receipt) = self.receipts.front() {
            if self.link.request(receipt, 0).is_err() {
                return;
            }
            self.receipts.pop_front();
        }
        if self.behaviour.receipts != Receipts::AtOnce {
            return;
        }
        while self.link.window_free() > 0 {
            let Some((id, digits)) = self.shared.withheld.lock().pop_front() else { return };
            let digits = digits.to_string();
            let handset = Address::new(Ton(1), Npi(1), digits.as_bytes());
            let sender = Address::new(Ton(0), Npi(1), b"12345");
            let Some(receipt) = frame(id, handset, sender, &mut self.out) else { return };
            if self.link.request(&receipt, 0).is_err() {
                self.receipts.push_back(receipt);
                return;
            }
        }
    }
}

/// The receipt of a message as a whole PDU; `None` where its fields do not fit into one.
fn frame(id: u64, handset: Address<'_>, sender: Address<'_>, out: &mut BytesMut) -> Option<Bytes> {
    out.clear();
    receipt(id, handset, sender, out).ok()?;
    Some(out.split().freeze())
}

fn receipt(id: u64, handset: Address<'_>, sender: Address<'_>, out: &mut BytesMut) -> Result<(), EncodeError> {
    let (digits, from) = hexadecimal(id);
    let id = &digits[from..];
    let mut words = BytesMut::with_capacity(128);
    TextReceipt { id: Some(id), sub: Some(1), dlvrd: Some(1), stat: Some(b"DELIVRD"), err: Some(b"000"), ..Default::default() }
        .write(&mut words);
    let mut tlvs = TlvBuf::new();
    put_tlvs(&mut tlvs, id, MessageState::DELIVERED, None)?;
    let body = DeliverSm {
        source_addr: handset,
        destination_addr: sender,
        esm_class: EsmClass(4),
        short_message: &words,
        tlvs: tlvs.as_tlvs(),
        ..Default::default()
    };
    encode(&body, CommandStatus::ESME_ROK, 0, out)
}

/// Digits without leading zeros begin at the place given.
fn hexadecimal(id: u64) -> ([u8; stamp::LENGTH], usize) {
    let digits = stamp::write(id);
    let from = digits.iter().position(|d| *d != b'0').unwrap_or(stamp::LENGTH - 1);
    (digits, from)
}
