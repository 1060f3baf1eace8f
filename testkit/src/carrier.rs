//! The behaviour of a simulated carrier.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bytes::Bytes;
use waxwing_gsm::charset::Charset;
use waxwing_gsm::dcs::smpp::meaning;
use waxwing_gsm::udh::UserDataHeader;

use crate::{CarrierConfig, IdFormat};

/// A message handed to the carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The caller's mark, given back in the response.
    pub token: u64,
    /// Sender, as on the wire.
    pub source: Bytes,
    /// Recipient, as on the wire.
    pub destination: Bytes,
    /// SMPP data_coding.
    pub data_coding: u8,
    /// The message begins with a user data header.
    pub udhi: bool,
    /// The user data.
    pub payload: Bytes,
    /// A receipt is asked for.
    pub receipt: bool,
}

/// How a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalState {
    /// DELIVRD
    Delivered,
    /// UNDELIV
    Undeliverable,
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
        /// The message id, as receipts write it.
        id: String,
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
        /// SMPP data_coding.
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
    charset: Charset,
}

#[derive(Debug)]
struct Due {
    at: u64,
    order: u64,
    event: CarrierEvent,
}

impl Carrier {
    /// A carrier that behaves so.
    pub fn new(config: CarrierConfig) -> Carrier {
        let random = fastrand::Rng::with_seed(config.seed);
        // Ids of different seeds differ, so that several carriers in one test don't give out the same.
        let next_id = (config.seed & 0xffff) << 24 | 1;
        Carrier { config, random, due: BinaryHeap::new(), order: 0, next_id, second: (0, 0), charset: Charset::Gsm7 }
    }

    /// How it behaves.
    pub fn config(&self) -> &CarrierConfig {
        &self.config
    }

    /// Takes a message. Everything that follows from it comes out of [`Carrier::poll`] in its time.
    pub fn submit(&mut self, now: u64, m: Submitted) {
        let at = now + self.config.latency_ms + if self.config.jitter_ms > 0 { self.random.u64(0..=self.config.jitter_ms) } else { 0 };
        if self.throttles(now) {
            return self.push(at, CarrierEvent::Response { token: m.token, result: Err(0x58) });
        }
        if self.chance(self.config.silent_rate) {
            return;
        }
        if self.chance(self.config.error_rate) {
            return self.push(at, CarrierEvent::Response { token: m.token, result: Err(self.config.error_code) });
        }
        let number = self.next_id;
        self.next_id += 1;
        let (response_id, receipt_id) = match self.config.ids {
            IdFormat::Hex => (format!("{number:x}"), format!("{number:x}")),
            IdFormat::Decimal => (number.to_string(), number.to_string()),
            IdFormat::HexThenDecimal => (format!("{number:x}"), number.to_string()),
        };
        self.push(at, CarrierEvent::Response { token: m.token, result: Ok(response_id) });
        if self.config.echo {
            self.echo(at, &m);
        }
        if m.receipt && self.chance(self.config.receipt_rate) {
            let delivered = self.chance(self.config.delivered_rate);
            let state = if delivered { FinalState::Delivered } else { FinalState::Undeliverable };
            let early = self.chance(self.config.early_receipt_rate);
            let done = if early { at.saturating_sub(1).max(now) } else { at + self.config.receipt_delay_ms };
            let event = CarrierEvent::Receipt { id: receipt_id, about: m, state, submitted: now, done };
            if self.chance(self.config.duplicate_receipt_rate) {
                self.push(done + 1, event.clone());
            }
            // An early one overtakes its response even when both are due in the same millisecond.
            let order = if early { 0 } else { self.order + 1 };
            self.order += 1;
            self.due.push(Reverse(Due { at: done, order, event }));
        }
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

    fn push(&mut self, at: u64, event: CarrierEvent) {
        self.order += 1;
        self.due.push(Reverse(Due { at, order: self.order, event }));
    }

    fn chance(&mut self, share: f64) -> bool {
        // Always drawn, so that one setting does not shift what another one draws.
        let drawn = self.random.f64();
        share > 0.0 && (share >= 1.0 || drawn < share)
    }

    fn throttles(&mut self, now: u64) -> bool {
        if self.config.tps == 0 {
            return false;
        }
        let second = now / 1000;
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        self.second.1 > self.config.tps
    }

    fn echo(&mut self, at: u64, m: &Submitted) {
        let charset = meaning(m.data_coding, self.charset).charset;
        let user_data = if m.udhi { UserDataHeader::parse(&m.payload).map_or(&m.payload[..], |(_, rest)| rest) } else { &m.payload[..] };
        if !charset.is_text() {
            return;
        }
        let text = charset.decode(user_data).text;
        let Some(reply) = text.strip_prefix("ECHO ") else { return };
        let (data_coding, payload) = match Charset::Gsm7.encode(reply) {
            Ok(septets) => (0, septets),
            Err(_) => (8, Charset::Ucs2.encode_lossy(reply).octets),
        };
        let (source, destination) = (m.destination.clone(), m.source.clone());
        self.push(at + 1, CarrierEvent::Mo { source, destination, data_coding, payload: Bytes::from(payload) });
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
            data_coding: 0,
            udhi: false,
            payload: Bytes::from_static(text.as_bytes()),
            receipt: true,
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
}
