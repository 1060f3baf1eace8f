//! What to do after a failure: which errors are worth another attempt, and when.

use std::time::Duration;

use crate::Millis;

/// What kind of failure a carrier's error code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The connector as a whole has to slow down; the attempt does not count.
    Throttled,
    /// Worth another attempt, here or over the next connector.
    Temporary,
    /// Will never go through.
    Permanent,
}

/// Which error codes of a protocol are permanent and which mean "slow down"; all others are temporary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorTable {
    permanent: Vec<u32>,
    throttled: Vec<u32>,
}

impl ErrorTable {
    /// SMPP's, as NowSMS has it by default: source address (0x0A), destination address (0x0B) and invalid message (0x66) permanent,
    /// throttled (0x58) and queue full (0x14) to be waited for; and, since no repetition can mend them, message length (0x01), command
    /// length (0x02), priority (0x06), registered delivery (0x07) and the errors of TLVs (0xC0 to 0xC4).
    pub fn smpp() -> ErrorTable {
        ErrorTable { permanent: vec![0x01, 0x02, 0x06, 0x07, 0x0A, 0x0B, 0x66, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4], throttled: vec![0x58, 0x14] }
    }

    /// CMPP's results of SUBMIT: flow control (8) to be waited for; those that blame the message itself permanent, namely structure (1),
    /// command word (2), length (4 and 6), fee code (5), service code (7), and CMPP 3.0's Src_Id (10), Msg_src (11), Fee_terminal_Id (12)
    /// and Dest_terminal_Id (13).
    pub fn cmpp() -> ErrorTable {
        ErrorTable { permanent: vec![1, 2, 4, 5, 6, 7, 10, 11, 12, 13], throttled: vec![8] }
    }

    /// Changes single codes.
    #[must_use]
    pub fn with(mut self, permanent: &[u32], temporary: &[u32], throttled: &[u32]) -> ErrorTable {
        for &c in permanent.iter().chain(temporary).chain(throttled) {
            self.permanent.retain(|&p| p != c);
            self.throttled.retain(|&t| t != c);
        }
        self.permanent.extend(permanent);
        self.throttled.extend(throttled);
        self
    }

    /// The class of a code.
    pub fn class(&self, code: u32) -> ErrorClass {
        if self.permanent.contains(&code) {
            ErrorClass::Permanent
        } else if self.throttled.contains(&code) {
            ErrorClass::Throttled
        } else {
            ErrorClass::Temporary
        }
    }
}

/// When to try again, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all before the message fails.
    pub max_attempts: u16,
    /// Step of the delay: after failure n the wait is (n - 1) x `delay` x `multiplier`; the first failure is tried again at once.
    pub delay: Duration,
    /// 0 makes every delay the same.
    pub multiplier: u32,
    /// Longest delay.
    pub delay_max: Duration,
}

impl Default for RetryPolicy {
    /// NowSMS's: 20 attempts, 0 s, 30 s, 60 s, ... between them.
    fn default() -> RetryPolicy {
        RetryPolicy { max_attempts: 20, delay: Duration::from_secs(30), multiplier: 1, delay_max: Duration::from_secs(3600) }
    }
}

impl RetryPolicy {
    /// The wait after the `failures`-th failed attempt (from 1), or `None` when there is no further attempt.
    pub fn after(&self, failures: u16) -> Option<Duration> {
        if failures >= self.max_attempts {
            return None;
        }
        let steps = if self.multiplier == 0 { 1 } else { u32::from(failures.saturating_sub(1)).saturating_mul(self.multiplier) };
        Some(self.delay.saturating_mul(steps).min(self.delay_max))
    }

    /// The same as a time.
    pub fn next(&self, failures: u16, now: Millis) -> Option<Millis> {
        self.after(failures).map(|d| now + u64::try_from(d.as_millis()).unwrap_or(u64::MAX / 2))
    }
}

/// What to do with a message that was sent and not answered in time: nobody knows whether the carrier has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoAnswer {
    /// Send it again (may arrive twice).
    #[default]
    Resend,
    /// Give it up and say so to its submitter (may have arrived).
    Fail,
    /// Keep it as a dead letter for a person to decide.
    Hold,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cmpp_throttles_by_result_8_and_blames_the_message_by_those_of_its_fields() {
        let t = ErrorTable::cmpp();
        assert_eq!(t.class(8), ErrorClass::Throttled);
        let temporary: Vec<_> = (1..=20).filter(|&c| t.class(c) == ErrorClass::Temporary).collect();
        assert_eq!(temporary, [3, 9, 14, 15, 16, 17, 18, 19, 20]);
    }

    #[test]
    fn the_schedule_is_0_30_60_and_fails_after_20() {
        let p = RetryPolicy::default();
        let waits: Vec<_> = (1..=20).map(|n| p.after(n).map(|d| d.as_secs())).collect();
        assert_eq!(waits[..4], [Some(0), Some(30), Some(60), Some(90)]);
        assert_eq!(waits[18], Some(540));
        assert_eq!(waits[19], None);
        let fixed = RetryPolicy { multiplier: 0, ..p };
        assert_eq!(fixed.after(7), Some(Duration::from_secs(30)));
    }

    #[test]
    fn codes_have_classes_that_can_be_changed() {
        let t = ErrorTable::smpp();
        assert_eq!(t.class(0x0B), ErrorClass::Permanent);
        assert_eq!(t.class(0x58), ErrorClass::Throttled);
        assert_eq!(t.class(0x08), ErrorClass::Temporary);
        let t = t.with(&[0xFE], &[0x0B], &[0x08]);
        assert_eq!(t.class(0xFE), ErrorClass::Permanent);
        assert_eq!(t.class(0x0B), ErrorClass::Temporary);
        assert_eq!(t.class(0x08), ErrorClass::Throttled);
    }
}
