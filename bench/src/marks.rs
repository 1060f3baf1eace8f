//! Messages that are known again at the other end: which of them arrived, whether one came twice, and how long each took.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// What a mark begins with: letters and digits only, so that it looks the same in PDUs, in JSON and in URLs.
const SIGN: &[u8] = b"ZQX";
/// Digits of a mark's number.
const DIGITS: usize = 8;

/// The marks of a run, numbered from 0.
#[derive(Debug)]
pub struct Marks {
    begin: Instant,
    /// When each was sent: microseconds after the beginning, plus 1; 0 before it is sent, [`ARRIVED`] after it came.
    sent: Vec<AtomicU64>,
    arrived: AtomicU64,
    again: AtomicU64,
    strange: AtomicU64,
    last: AtomicU64,
    latency: Mutex<Histogram<u64>>,
}

/// In place of the time of a mark that has come.
const ARRIVED: u64 = u64::MAX;

// === impl Marks ===

impl Marks {
    /// For so many messages, at most a hundred million.
    pub fn new(count: u64) -> Marks {
        let latency = Histogram::new_with_bounds(1, 600_000_000, 2).expect("these bounds are valid");
        Marks {
            begin: Instant::now(),
            sent: (0..count).map(|_| AtomicU64::new(0)).collect(),
            arrived: AtomicU64::new(0),
            again: AtomicU64::new(0),
            strange: AtomicU64::new(0),
            last: AtomicU64::new(0),
            latency: Mutex::new(latency),
        }
    }

    /// The words of a mark, to be put into a message's text.
    pub fn words(number: u64) -> String {
        format!("ZQX{number:08}")
    }

    /// Notes that a message leaves now. What is sent again keeps its first time.
    pub fn sent(&self, number: u64) {
        if let Some(at) = self.sent.get(usize::try_from(number).unwrap_or(usize::MAX)) {
            let _ = at.compare_exchange(0, self.micros() + 1, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Looks for a mark in what has come and notes it.
    pub fn seen(&self, octets: &[u8]) {
        let now = self.micros();
        let Some(sent) = number(octets).and_then(|n| self.sent.get(n)) else {
            self.strange.fetch_add(1, Ordering::Relaxed);
            return;
        };
        match sent.swap(ARRIVED, Ordering::Relaxed) {
            ARRIVED => {
                self.again.fetch_add(1, Ordering::Relaxed);
            }
            0 => {
                self.strange.fetch_add(1, Ordering::Relaxed);
            }
            at => {
                if let Ok(mut latency) = self.latency.lock() {
                    latency.saturating_record((now + 1).saturating_sub(at).max(1));
                }
                self.last.store(now, Ordering::Relaxed);
                self.arrived.fetch_add(1, Ordering::Release);
            }
        }
    }

    /// How many have come, each counted once.
    pub fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Acquire)
    }

    /// How many came more than once.
    pub fn again(&self) -> u64 {
        self.again.load(Ordering::Relaxed)
    }

    /// What came without a mark of ours.
    pub fn strange(&self) -> u64 {
        self.strange.load(Ordering::Relaxed)
    }

    /// When the last one came that was not there before, from the beginning.
    pub fn last(&self) -> Duration {
        Duration::from_micros(self.last.load(Ordering::Relaxed))
    }

    /// A time on the way that this share (0 to 1) of them did not exceed, milliseconds.
    pub fn latency_ms(&self, share: f64) -> f64 {
        self.latency.lock().map_or(f64::NAN, |l| l.value_at_quantile(share) as f64 / 1000.0)
    }

    /// The time now, as [`Marks::last`] counts it.
    pub fn now(&self) -> Duration {
        Duration::from_micros(self.micros())
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_micros()).unwrap_or(ARRIVED - 2)
    }
}

fn number(octets: &[u8]) -> Option<usize> {
    let at = octets.windows(SIGN.len()).position(|w| w == SIGN)? + SIGN.len();
    std::str::from_utf8(octets.get(at..at + DIGITS)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counts_once() {
        let marks = Marks::new(3);
        for n in [0, 2] {
            marks.sent(n);
        }
        marks.seen(format!(r#"{{"text":"{} and more"}}"#, Marks::words(2)).as_bytes());
        marks.seen(format!("/mo?text={}", Marks::words(2)).as_bytes());
        marks.seen(format!("/mo?text={}", Marks::words(1)).as_bytes());
        marks.seen(b"ZQX0000");
        marks.seen(b"ZQX00000003");
        assert_eq!((marks.arrived(), marks.again(), marks.strange()), (1, 1, 3));
        assert!(marks.latency_ms(1.0) > 0.0);
    }
}
