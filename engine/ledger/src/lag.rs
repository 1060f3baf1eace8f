//! How far the ledger is behind the spool, and when that is too far.

/// How far the ledger is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Messages accepted that it has not read yet; `None` until it has once been at the end since start.
    pub messages: Option<u64>,
    /// Octets of the log that it has not read yet, where the spool can tell.
    pub octets: Option<u64>,
}

/// How far behind it may be before new messages are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LagLimit {
    /// Messages.
    pub messages: u64,
    /// Octets of the log.
    pub octets: u64,
}

impl Default for LagLimit {
    /// 500,000 messages or 256 MiB.
    fn default() -> LagLimit {
        LagLimit { messages: 500_000, octets: 256 << 20 }
    }
}

impl LagLimit {
    /// Whether new messages are to be refused. Once they are, they are until half of the lag is worked off, so that doors don't flap.
    pub(crate) fn is_exceeded(&self, lag: Lag, was: bool) -> bool {
        let over = |now: Option<u64>, limit: u64| now.is_some_and(|n| n > if was { limit / 2 } else { limit });
        over(lag.messages, self.messages) || over(lag.octets, self.octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_begins_at_the_limit_and_ends_at_half_of_it() {
        let limit = LagLimit { messages: 100, octets: 1000 };
        let lag = |messages, octets| Lag { messages, octets };
        assert!(!limit.is_exceeded(lag(Some(100), Some(1000)), false));
        assert!(limit.is_exceeded(lag(Some(101), None), false));
        assert!(limit.is_exceeded(lag(None, Some(1001)), false));
        assert!(limit.is_exceeded(lag(Some(51), None), true));
        assert!(!limit.is_exceeded(lag(Some(50), Some(500)), true));
        assert!(!limit.is_exceeded(lag(None, None), true));
    }
}
