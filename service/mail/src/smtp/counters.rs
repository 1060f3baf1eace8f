//! What happened since the start, for whoever keeps metrics.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// Counts since the start; clones of the `Arc` share them.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[doc = $doc])* pub $name: AtomicU64,)*
        }

        impl Counters {
            /// Every counter: its name, what it counts, and its value now.
            pub fn all(&self) -> Vec<(&'static str, &'static str, u64)> {
                vec![$((stringify!($name), concat!($($doc),*).trim_ascii(), self.$name.load(Ordering::Relaxed)),)*]
            }
        }
    };
}

counters! {
    /// Connections that passed the guards.
    connections,
    /// Connections that turned to TLS.
    tls_sessions,
    /// TLS handshakes that failed or took too long.
    tls_failures,
    /// Logins that succeeded.
    logins,
    /// Logins that failed.
    login_failures,
    /// Messages taken.
    messages,
    /// Octets of messages taken.
    octets,
    /// Messages refused by the receiver.
    messages_refused,
    /// Senders refused.
    senders_refused,
    /// Recipients accepted.
    recipients,
    /// Recipients refused.
    recipients_refused,
    /// Messages refused because of a bare carriage return or line feed.
    bare_line_ends,
    /// Messages refused because of their size.
    oversized,
    /// Messages put off because the memory for messages was used up.
    out_of_memory,
    /// Connections that sent ahead where they had to wait (after DATA, AUTH or STARTTLS).
    sent_ahead,
    /// Commands that were malformed, unknown or out of order.
    faults,
    /// Connections closed because the client was silent or slow.
    timeouts,
    /// Questions that the receiver did not answer in time.
    receiver_timeouts,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn one(counter: &AtomicU64) {
        Self::add(counter, 1);
    }
}
