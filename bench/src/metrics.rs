//! What the gateway says of itself: its queues, and how far the ledger is behind.
//!
//! Cases that fill the gateway up before they measure wait until its ledger has caught up: a lag from before would be charged to what is
//! measured.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long the gateway may take to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// How often it is asked while something is waited for. Rarely: answering costs it a little.
const EVERY: Duration = Duration::from_millis(200);

/// The text of `/metrics` (OpenMetrics 1.0) at this HTTP door.
///
/// # Errors
/// When the door does not answer, or not with 200.
pub fn read(http: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&http, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(format!("GET /metrics HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    if !text.starts_with("HTTP/1.1 200") {
        let first = text.lines().next().unwrap_or_default();
        return Err(io::Error::other(format!("http://{http}/metrics answers {first:?}")));
    }
    Ok(text)
}

/// The sum of all samples of this name whose labels hold `label` (`stage="ready"`; empty for all); 0 if there is none.
pub fn sum(text: &str, name: &str, label: &str) -> f64 {
    let sample = |line: &str| {
        let rest = line.strip_prefix(name).filter(|r| r.starts_with([' ', '{']))?;
        if !rest.contains(label) {
            return None;
        }
        rest.rsplit(' ').next()?.parse::<f64>().ok()
    };
    text.lines().filter_map(sample).sum()
}

/// Waits until a metric is at most `limit`; false if that does not happen in the time given.
///
/// # Errors
/// When the door does not answer.
pub fn wait_at_most(http: SocketAddr, name: &str, label: &str, limit: f64, time: Duration) -> io::Result<bool> {
    let begin = Instant::now();
    loop {
        if sum(&read(http)?, name, label) <= limit {
            return Ok(true);
        }
        if begin.elapsed() > time {
            return Ok(false);
        }
        std::thread::sleep(EVERY);
    }
}

/// Waits until the ledger has everything that the spool has; false if it does not get there in the time given.
///
/// # Errors
/// When the door does not answer.
pub fn wait_for_ledger(http: SocketAddr, time: Duration) -> io::Result<bool> {
    // The gauge is set once a second: what it said before the last message came does not count.
    std::thread::sleep(Duration::from_millis(1500));
    wait_at_most(http, "waxwing_ledger_lag_records", "", 0.0, time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_added_up_by_name_and_label() {
        let text = "# TYPE q gauge\nq{queue=\"a\",stage=\"ready\"} 3\nq{queue=\"b\",stage=\"ready\"} 4\nq{queue=\"b\",stage=\"dead\"} 8\nqq 16\nlag 32\n";
        assert_eq!(sum(text, "q", "stage=\"ready\""), 7.0);
        assert_eq!(sum(text, "q", ""), 15.0);
        assert_eq!(sum(text, "lag", ""), 32.0);
        assert_eq!(sum(text, "none", ""), 0.0);
    }
}
