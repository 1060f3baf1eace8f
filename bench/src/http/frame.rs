//! Where an HTTP/1.1 message ends (RFC 9112, 6): no more of the protocol than a load generator and a sink need.

use std::borrow::Cow;
use std::io;

/// What kind of message is read: they differ in what no length means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// No length is no body.
    Request,
    /// No length is a body up to the end of the connection, which `ended` says has come.
    Response {
        /// The other side has closed the connection.
        ended: bool,
    },
}

/// The parts of a whole message at the beginning of a buffer; all figures are octets from there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Framed {
    /// Status of a response; 0 for a request.
    pub(crate) status: u16,
    /// Where the body begins.
    pub(crate) body: usize,
    /// Where the message ends and the next one begins.
    pub(crate) end: usize,
    /// The body is in chunks.
    pub(crate) chunked: bool,
    /// The connection ends with this message.
    pub(crate) close: bool,
}

/// Most octets of a head.
const MAX_HEAD: usize = 64 * 1024;

/// Looks for a message at the beginning of `buf`; `None` while it is not whole.
///
/// # Errors
/// `InvalidData` where it is none.
pub(crate) fn frame(buf: &[u8], kind: Kind) -> io::Result<Option<Framed>> {
    let Some(head) = find(buf, b"\r\n\r\n") else {
        return if buf.len() > MAX_HEAD { Err(bad("a head without an end")) } else { Ok(None) };
    };
    let body = head + 4;
    let mut lines = buf[..head].split(|&b| b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    let first = lines.next().unwrap_or_default();
    let status = match kind {
        Kind::Request => 0,
        Kind::Response { .. } => status(first)?,
    };
    // HTTP/1.0 closes unless it says otherwise.
    let (mut length, mut chunked, mut close) = (None, false, first.windows(8).any(|w| w == b"HTTP/1.0"));
    for line in lines {
        let Some(colon) = line.iter().position(|&b| b == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            length = Some(number(value, 10).ok_or_else(|| bad("a Content-Length that is no number"))?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            chunked = value.to_ascii_lowercase().ends_with(b"chunked");
        } else if name.eq_ignore_ascii_case(b"connection") {
            close = value.eq_ignore_ascii_case(b"close") || (close && !value.eq_ignore_ascii_case(b"keep-alive"));
        }
    }
    let framed = |end, close| Ok(Some(Framed { status, body, end, chunked, close }));
    if matches!(kind, Kind::Response { .. }) && (status < 200 || matches!(status, 204 | 304)) {
        return framed(body, close);
    }
    if chunked {
        return match chunks(buf, body, |_| ())? {
            Some(end) => framed(end, close),
            None => Ok(None),
        };
    }
    match (length, kind) {
        (Some(length), _) => {
            let end = body.checked_add(length).ok_or_else(|| bad("a Content-Length beyond all memory"))?;
            if buf.len() < end { Ok(None) } else { framed(end, close) }
        }
        (None, Kind::Request) => framed(body, close),
        (None, Kind::Response { ended: true }) => framed(buf.len(), true),
        (None, Kind::Response { ended: false }) => Ok(None),
    }
}

impl Framed {
    /// The body, out of its chunks where it came in some.
    pub(crate) fn content<'a>(&self, buf: &'a [u8]) -> Cow<'a, [u8]> {
        if !self.chunked {
            return Cow::Borrowed(&buf[self.body..self.end]);
        }
        let mut whole = Vec::with_capacity(self.end - self.body);
        // It was walked through once, without a fault.
        let _ = chunks(buf, self.body, |chunk| whole.extend_from_slice(chunk));
        Cow::Owned(whole)
    }
}

/// Walks through the chunks that begin at `at`; the end of the last one with its trailers, `None` while it is not there.
fn chunks(buf: &[u8], mut at: usize, mut each: impl FnMut(&[u8])) -> io::Result<Option<usize>> {
    loop {
        let Some(line) = find(&buf[at..], b"\r\n").map(|n| &buf[at..at + n]) else { return Ok(None) };
        at += line.len() + 2;
        let digits = line.split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
        let size = number(digits, 16).ok_or_else(|| bad("a chunk whose size is no number"))?;
        if size == 0 {
            break;
        }
        let end = at.checked_add(size).and_then(|end| end.checked_add(2)).ok_or_else(|| bad("a chunk beyond all memory"))?;
        let Some(chunk) = buf.get(at..end) else { return Ok(None) };
        each(&chunk[..size]);
        at = end;
    }
    // Trailers, up to an empty line.
    while let Some(len) = find(&buf[at..], b"\r\n") {
        at += len + 2;
        if len == 0 {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn status(line: &[u8]) -> io::Result<u16> {
    let digits = line.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5));
    let status = digits.and_then(|d| number(d, 10)).and_then(|n| u16::try_from(n).ok());
    status.ok_or_else(|| bad("a status line that is none"))
}

fn number(digits: &[u8], radix: u32) -> Option<usize> {
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

/// Where `needle` begins in `hay`.
fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|w| w == needle)
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the other side sent {what}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const OPEN: Kind = Kind::Response { ended: false };

    #[test]
    fn a_message_is_whole_at_its_last_octet_and_not_before() {
        let cases: [(&[u8], Kind, &[u8], bool); 7] = [
            (b"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\nabc", OPEN, b"abc", false),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: v\r\n\r\n", OPEN, b"abc", false),
            (b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", OPEN, b"", true),
            (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", OPEN, b"x", true),
            (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", OPEN, b"x", false),
            (b"GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n", Kind::Request, b"", false),
            (b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}", Kind::Request, b"{}", false),
        ];
        for (octets, kind, body, close) in cases {
            let shown = String::from_utf8_lossy(octets);
            let framed = frame(octets, kind).unwrap().unwrap();
            assert_eq!((framed.content(octets).as_ref(), framed.end, framed.close), (body, octets.len(), close), "{shown}");
            for cut in 0..octets.len() {
                assert_eq!(frame(&octets[..cut], kind).unwrap(), None, "{cut} octets of {shown}");
            }
        }
    }

    #[test]
    fn a_body_without_a_length_lasts_as_long_as_the_connection() {
        let octets = b"HTTP/1.1 200 OK\r\n\r\nabc";
        assert_eq!(frame(octets, OPEN).unwrap(), None);
        let framed = frame(octets, Kind::Response { ended: true }).unwrap().unwrap();
        assert_eq!((framed.content(octets).as_ref(), framed.close), (&b"abc"[..], true));
    }

    #[test]
    fn nonsense_is_told() {
        for octets in [
            &b"SMTP ready\r\n\r\n"[..],
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert!(frame(octets, OPEN).is_err(), "{}", String::from_utf8_lossy(octets));
        }
    }
}
