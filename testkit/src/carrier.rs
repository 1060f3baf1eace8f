//! The behaviour of a simulated carrier.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bytes::Bytes;
use waxwing_gsm::udh::UserDataHeader;

use crate::{CarrierConfig, Codes, IdFormat};

/// A message handed to the carrier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submitted {
    /// The caller's mark, given back in the response.
    pub token: u64,
    /// Sender, as on the wire.
    pub source: Bytes,
    /// Recipient, as on the wire.
    pub destination: Bytes,
    /// Further recipients: one response for all of them, a receipt for each.
    pub more: Vec<Bytes>,
    /// SMPP data_coding, or CMPP Msg_Fmt: see [`Codes`].
    pub data_coding: u8,
    /// The message begins with a user data header.
    pub udhi: bool,
    /// The user data.
    pub payload: Bytes,
    /// A receipt is asked for.
    pub receipt: bool,
    /// The message id, where the caller makes them; responses and receipts have it in decimal digits.
    pub id: Option<u64>,
    /// To whom receipts and replies go, in the caller's words; empty for anybody. The carrier only hands it back.
    pub owner: Bytes,
}

/// How a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalState {
    /// DELIVRD
    Delivered,
    /// UNDELIV
    Undeliverable,
    /// DELETED
    Deleted,
}

/// What the carrier does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarrierEvent {
    /// It answers a submission.
    Response {
        /// The submission's mark.
        token: u64,
        /// The message id, or the error code.
        result: Result<String, u32>,
    },
    /// It sends a receipt.
    Receipt {
        /// The message id, as receipts write it. Of ids that the caller made, the first recipient's.
        id: String,
        /// Which recipient it is about, from 0; `about.destination` is that one.
        nth: u16,
        /// The message it is about.
        about: Submitted,
        /// How it ended.
        state: FinalState,
        /// When it was submitted, milliseconds of the caller's clock.
        submitted: u64,
        /// When it ended.
        done: u64,
    },
    /// A handset sends a message.
    Mo {
        /// The handset.
        source: Bytes,
        /// The number it writes to.
        destination: Bytes,
        /// To whom it goes; empty for anybody.
        owner: Bytes,
        /// SMPP data_coding, or CMPP Msg_Fmt.
        data_coding: u8,
        /// The text, encoded for it.
        payload: Bytes,
    },
}

/// A carrier. Times are milliseconds of the caller's clock and may not go back.
#[derive(Debug)]
pub struct Carrier {
    config: CarrierConfig,
    random: fastrand::Rng,
    due: BinaryHeap<Reverse<Due>>,
    order: u64,
    next_id: u64,
    second: (u64, u32),
    codes: Codes,
}

#[derive(Debug)]
struct Due {
    at: u64,
    order: u64,
    event: CarrierEvent,
}

impl Carrier {
    /// A carrier that behaves so, for a caller that speaks SMPP.
    pub fn new(config: CarrierConfig) -> Carrier {
        Carrier::speaking(Codes::Smpp, config)
    }

    /// A carrier that behaves so, for a caller with these codes.
    pub fn speaking(codes: Codes, config: CarrierConfig) -> Carrier {
        let random = fastrand::Rng::with_seed(config.seed);
        // Ids of different seeds differ, so that several carriers in one test don't give out the same.
        let next_id = (config.seed & 0xffff) << 24 | 1;
        Carrier { config, random, due: BinaryHeap::new(), order: 0, next_id, second: (0, 0), codes }
    }

    /// How it behaves.
    pub fn config(&self) -> &CarrierConfig {
        &self.config
    }

    /// Takes a message. Everything that follows from it comes out of [`Carrier::poll`] in its time.
    pub fn submit(&mut self, now: u64, m: Submitted) {
        let at = now + self.config.latency_ms + if self.config.jitter_ms > 0 { self.random.u64(0..=self.config.jitter_ms) } else { 0 };
        let recipients = 1 + u16::try_from(m.more.len()).unwrap_or(u16::MAX - 1);
        if self.throttles(now, recipients) {
            return self.push(at, CarrierEvent::Response { token: m.token, result: Err(self.codes.throttled()) });
        }
        if self.chance(self.config.silent_rate) {
            return;
        }
        if self.chance(self.config.error_rate) {
            return self.push(at, CarrierEvent::Response { token: m.token, result: Err(self.config.error_code) });
        }
        let number = m.id.unwrap_or(self.next_id);
        self.next_id += u64::from(recipients);
        let id = |n: u64, in_receipt| match self.config.ids {
            _ if m.id.is_some() => number.to_string(),
            IdFormat::Decimal => n.to_string(),
            IdFormat::HexThenDecimal if in_receipt => n.to_string(),
            IdFormat::Hex | IdFormat::HexThenDecimal => format!("{n:x}"),
        };
        let response = id(number, false);
        let receipts: Vec<String> = (0..if m.receipt { recipients } else { 0 }).map(|nth| id(number + u64::from(nth), true)).collect();
        self.push(at, CarrierEvent::Response { token: m.token, result: Ok(response) });
        if self.config.echo {
            self.echo(at, &m);
        }
        for (nth, id) in (0u16..).zip(receipts) {
            let mut about = m.clone();
            about.more = Vec::new();
            if let Some(recipient) = nth.checked_sub(1).and_then(|before| m.more.get(usize::from(before))) {
                about.destination = recipient.clone();
            }
            self.receipt(now, at, id, nth, about);
        }
    }

    /// Lets a handset send a message, at `at`. Its `data_coding` is the caller's protocol's.
    pub fn receive(&mut self, at: u64, source: Bytes, destination: Bytes, text: &str) {
        let (data_coding, payload) = self.codes.encode(text, 0);
        self.push(at, CarrierEvent::Mo { source, destination, owner: Bytes::new(), data_coding, payload: Bytes::from(payload) });
    }

    /// Deletes a message whose receipts are still to come: they come now, and say so. False if there is none of that id.
    pub fn cancel(&mut self, now: u64, id: &str) -> bool {
        let mut found = false;
        let mut all = std::mem::take(&mut self.due).into_vec();
        for Reverse(due) in &mut all {
            if let CarrierEvent::Receipt { id: of, state, done, .. } = &mut due.event
                && of.as_str() == id
            {
                (*state, *done, due.at, found) = (FinalState::Deleted, now, now, true);
            }
        }
        self.due = all.into();
        found
    }

    /// The next thing that is due, if any.
    pub fn poll(&mut self, now: u64) -> Option<CarrierEvent> {
        if self.due.peek()?.0.at > now {
            return None;
        }
        self.due.pop().map(|d| d.0.event)
    }

    /// When the next thing falls due.
    pub fn next_due(&self) -> Option<u64> {
        self.due.peek().map(|d| d.0.at)
    }

    fn receipt(&mut self, now: u64, at: u64, id: String, nth: u16, about: Submitted) {
        if !self.chance(self.config.receipt_rate) {
            return;
        }
        let delivered = self.chance(self.config.delivered_rate);
        let state = if delivered { FinalState::Delivered } else { FinalState::Undeliverable };
        let early = self.chance(self.config.early_receipt_rate);
        let done = if early { at.saturating_sub(1).max(now) } else { at + self.config.receipt_delay_ms };
        let event = CarrierEvent::Receipt { id, nth, about, state, submitted: now, done };
        if self.chance(self.config.duplicate_receipt_rate) {
            self.push(done + 1, event.clone());
        }
        // An early one overtakes its response even when both are due in the same millisecond.
        let order = if early { 0 } else { self.order + 1 };
        self.order += 1;
        self.due.push(Reverse(Due { at: done, order, event }));
    }

    fn push(&mut self, at: u64, event: CarrierEvent) {
        self.order += 1;
        self.due.push(Reverse(Due { at, order: self.order, event }));
    }

    fn chance(&mut self, share: f64) -> bool {
        // Always drawn, so that one setting does not shift what another one draws.
        let drawn = self.random.f64();
        share > 0.0 && (share >= 1.0 || drawn < share)
    }

    fn throttles(&mut self, now: u64, recipients: u16) -> bool {
        if self.config.tps == 0 {
            return false;
        }
        let second = now / 1000;
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += u32::from(recipients);
        self.second.1 > self.config.tps
    }

    fn echo(&mut self, at: u64, m: &Submitted) {
        let charset = self.codes.charset(m.data_coding);
        let user_data = if m.udhi { UserDataHeader::parse(&m.payload).map_or(&m.payload[..], |(_, rest)| rest) } else { &m.payload[..] };
        if !charset.is_text() {
            return;
        }
        let text = charset.decode(user_data).text;
        let Some(reply) = text.strip_prefix("ECHO ") else { return };
        let (data_coding, payload) = self.codes.encode(reply, m.data_coding);
        for handset in std::iter::once(&m.destination).chain(&m.more) {
            let (source, destination, owner) = (handset.clone(), m.source.clone(), m.owner.clone());
            let payload = Bytes::from(payload.clone());
            self.push(at + 1, CarrierEvent::Mo { source, destination, owner, data_coding, payload });
        }
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Due) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Due) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Due) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(token: u64, text: &'static str) -> Submitted {
        Submitted {
            token,
            source: Bytes::from_static(b"12345"),
            destination: Bytes::from_static(b"447"),
            payload: Bytes::from_static(text.as_bytes()),
            receipt: true,
            ..Submitted::default()
        }
    }

    fn run(config: &CarrierConfig, n: u64) -> Vec<CarrierEvent> {
        let mut c = Carrier::new(config.clone());
        (0..n).for_each(|i| c.submit(i, message(i, "hello")));
        std::iter::from_fn(|| c.next_due().and_then(|at| c.poll(at))).collect()
    }

    #[test]
    fn the_same_seed_does_the_same() {
        let config = CarrierConfig {
            error_rate: 0.3,
            jitter_ms: 20,
            early_receipt_rate: 0.2,
            duplicate_receipt_rate: 0.1,
            ..CarrierConfig::default()
        };
        assert_eq!(run(&config, 200), run(&config, 200));
        assert_ne!(run(&config, 200), run(&CarrierConfig { seed: 2, ..config.clone() }, 200));
    }

    #[test]
    fn a_response_then_a_receipt_in_their_time() {
        let mut c = Carrier::new(CarrierConfig::default());
        c.submit(100, message(7, "hello"));
        assert_eq!(c.next_due(), Some(105));
        assert_eq!(c.poll(104), None);
        assert!(matches!(c.poll(105), Some(CarrierEvent::Response { token: 7, result: Ok(_) })));
        assert_eq!(c.poll(604), None);
        assert!(matches!(c.poll(605), Some(CarrierEvent::Receipt { state: FinalState::Delivered, .. })));
    }

    #[test]
    fn receipts_can_overtake_their_response() {
        let events = run(&CarrierConfig { early_receipt_rate: 1.0, latency_ms: 0, ..CarrierConfig::default() }, 1);
        assert!(matches!(events[..], [CarrierEvent::Receipt { .. }, CarrierEvent::Response { .. }]), "{events:?}");
    }

    #[test]
    fn it_throttles_above_its_rate() {
        let config = CarrierConfig { tps: 3, ..CarrierConfig::default() };
        let throttled = |e: &&CarrierEvent| matches!(e, CarrierEvent::Response { result: Err(0x58), .. });
        assert_eq!(run(&config, 10).iter().filter(throttled).count(), 7);
    }

    #[test]
    fn echo_comes_back_from_the_recipient() {
        let mut c = Carrier::new(CarrierConfig::default());
        c.submit(0, message(1, "ECHO balance"));
        let events: Vec<_> = std::iter::from_fn(|| c.poll(1000)).collect();
        let Some(CarrierEvent::Mo { source, payload, .. }) = events.iter().find(|e| matches!(e, CarrierEvent::Mo { .. })) else {
            unreachable!("no echo in {events:?}");
        };
        assert_eq!((&source[..], &payload[..]), (&b"447"[..], &b"balance"[..]));
    }

    /// `(handset, Msg_Fmt, octets)` of what comes back.
    fn echoes(codes: Codes, m: Submitted) -> Vec<(Bytes, u8, Bytes)> {
        let mut c = Carrier::speaking(codes, CarrierConfig::default());
        c.submit(0, m);
        std::iter::from_fn(|| c.poll(1000))
            .filter_map(|e| match e {
                CarrierEvent::Mo { source, data_coding, payload, .. } => Some((source, data_coding, payload)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn echo_is_understood_in_the_formats_of_cmpp() {
        let handset = Bytes::from_static(b"447");
        let gb = [b"ECHO ".as_slice(), &[0xcd, 0xcb, 0xb6, 0xa9]].concat();
        let wide: Vec<u8> = "ECHO 退订".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (fmt, asked, answered) in
            [(0, b"ECHO TD".to_vec(), b"TD".to_vec()), (8, wide, vec![0x90, 0x00, 0x8b, 0xa2]), (15, gb, vec![0xcd, 0xcb, 0xb6, 0xa9])]
        {
            let m = Submitted { data_coding: fmt, payload: asked.into(), ..message(1, "") };
            assert_eq!(echoes(Codes::Cmpp, m), [(handset.clone(), fmt, Bytes::from(answered))]);
        }
    }

    #[test]
    fn several_recipients_get_one_response_and_a_receipt_each() {
        let mut c = Carrier::speaking(Codes::Cmpp, CarrierConfig { tps: 3, ..CarrierConfig::default() });
        let more = vec![Bytes::from_static(b"448"), Bytes::from_static(b"449")];
        c.submit(0, Submitted { more: more.clone(), id: Some(77), ..message(1, "hello") });
        c.submit(0, Submitted { more, id: Some(80), ..message(2, "hello") });
        let events: Vec<_> = std::iter::from_fn(|| c.poll(1000)).collect();
        let response = |token, result| CarrierEvent::Response { token, result };
        assert_eq!(events[..2], [response(1, Ok("77".into())), response(2, Err(8))]);
        let seen: Vec<(&str, u16, &[u8])> = events[2..]
            .iter()
            .map(|e| match e {
                CarrierEvent::Receipt { id, nth, about, .. } => (id.as_str(), *nth, &about.destination[..]),
                other => unreachable!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, [("77", 0, &b"447"[..]), ("77", 1, b"448"), ("77", 2, b"449")]);
    }

    #[test]
    fn a_message_can_be_deleted_as_long_as_its_receipt_is_to_come() {
        let mut c = Carrier::new(CarrierConfig::default());
        c.submit(0, message(1, "hello"));
        let Some(CarrierEvent::Response { result: Ok(id), .. }) = c.poll(5) else { unreachable!() };
        assert!(!c.cancel(5, "nothing"));
        assert!(c.cancel(6, &id));
        assert!(matches!(c.poll(6), Some(CarrierEvent::Receipt { state: FinalState::Deleted, done: 6, .. })));
        assert!(!c.cancel(7, &id));
    }
}
