//! The requests of case b, and what their answers mean.

use std::net::SocketAddr;

/// A request whose recipients are drawn anew each time; all else is always the same, lengths included.
#[derive(Debug)]
pub(in crate::cases) struct Request {
    octets: Vec<u8>,
    /// Where recipients' last digits stand.
    at: Vec<usize>,
}

/// Stands for the digits of a recipient.
const DIGITS: &[u8] = b"########";
const TEXT: &str = "Your code is 123456. Do not tell it to anybody. It is valid for ten minutes.";

// === impl Request ===

impl Request {
    /// `POST /api/v1/messages` with so many messages.
    pub(in crate::cases) fn rest(batch: usize, receipts: bool) -> Request {
        let message = format!(r#"{{"to":"+4477########","from":"12345","text":"{TEXT}","receipt":{receipts}}}"#);
        let body = if batch == 1 { message } else { format!(r#"{{"messages":[{}]}}"#, vec![message; batch].join(",")) };
        // bench:bench in base 64.
        Request::of(format!(
            "POST /api/v1/messages HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic YmVuY2g6YmVuY2g=\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// Kannel's sendsms, with its receipt told to that address.
    pub(in crate::cases) fn sendsms(receipts: Option<SocketAddr>) -> Request {
        // 3: delivered, or failed for good.
        let dlr = receipts.map(|to| format!("&dlr-mask=3&dlr-url=http%3A%2F%2F{}%3A{}%2Fdlr%3Fto%3D%25p", to.ip(), to.port()));
        Request::of(format!(
            "GET /cgi-bin/sendsms?username=bench&password=bench&from=12345&to=4477########&text={}{} HTTP/1.1\r\nHost: bench\r\n\r\n",
            TEXT.replace(' ', "+"),
            dlr.unwrap_or_default()
        ))
    }

    fn of(text: String) -> Request {
        let octets = text.into_bytes();
        let at = octets.windows(DIGITS.len()).enumerate().filter(|(_, w)| *w == DIGITS).map(|(at, _)| at).collect();
        Request { octets, at }
    }

    /// Messages in it.
    pub(in crate::cases) fn batch(&self) -> usize {
        self.at.len()
    }

    /// Appends it.
    pub(in crate::cases) fn put(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend_from_slice(&self.octets);
        for at in &self.at {
            let mut rest = fastrand::u32(..100_000_000);
            for digit in out[begin + at..begin + at + DIGITS.len()].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
    }
}

/// How many of a request's messages were accepted, by its answer.
pub(in crate::cases) fn accepted(batch: usize, status: u16, body: &[u8]) -> u64 {
    match (batch, status) {
        // 200 is what a bare server says.
        (_, 200) => batch as u64,
        (1, 202) => 1,
        (_, 202) => accepted_of(body).unwrap_or(0),
        _ => 0,
    }
}

/// The number behind the last `"accepted":`, which stands near the end of the answer.
fn accepted_of(body: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"accepted\":";
    let at = body.windows(KEY.len()).rposition(|w| w == KEY)? + KEY.len();
    let digits = body[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&body[at..at + digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn recipients_differ_and_lengths_are_true() {
        let request = Request::rest(3, true);
        let (mut one, mut two) = (Vec::new(), Vec::new());
        request.put(&mut one);
        request.put(&mut two);
        assert!(one != two && one.len() == two.len() && request.batch() == 3);
        let text = String::from_utf8(one).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head}");
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        let to: Vec<&str> = json["messages"].as_array().unwrap().iter().map(|m| m["to"].as_str().unwrap()).collect();
        assert!(to.iter().all(|n| n.len() == 13 && n[1..].bytes().all(|b| b.is_ascii_digit())), "{to:?}");
        assert_ne!(to[0], to[1]);
    }

    #[test]
    fn answers_are_counted_by_their_words() {
        assert_eq!(accepted(1, 202, b""), 1);
        assert_eq!(accepted(1, 503, b""), 0);
        assert_eq!(accepted(1000, 202, br#"{"messages":[{"accepted":7}],"accepted":998,"refused":2}"#), 998);
        assert_eq!(accepted(1000, 422, br#"{"accepted":0}"#), 0);
    }
}
