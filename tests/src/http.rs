//! A small HTTP client, and a small HTTP server that notes what it is asked: for webhooks and DLR URLs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

const BOUND: Duration = Duration::from_secs(20);

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header fields in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded as UTF-8 with replacement characters.
    pub body: String,
}

impl Response {
    /// The body as JSON. Panics where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    /// A header field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// A GET. Panics where no response comes.
pub fn get(address: SocketAddr, target: &str) -> Response {
    request(address, "GET", target, &[], b"")
}

/// A GET with a Basic authorization.
pub fn get_as(address: SocketAddr, target: &str, user: &str, password: &str) -> Response {
    request(address, "GET", target, &[("authorization", &basic(user, password))], b"")
}

/// A POST of JSON with a Basic authorization.
pub fn post_json_as(address: SocketAddr, target: &str, user: &str, password: &str, body: &Value) -> Response {
    let headers = [("authorization", basic(user, password)), ("content-type", "application/json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    request(address, "POST", target, &headers, body.to_string().as_bytes())
}

/// A POST of a form (already escaped), without an authorization.
pub fn post_form(address: SocketAddr, target: &str, form: &str) -> Response {
    request(address, "POST", target, &[("content-type", "application/x-www-form-urlencoded")], form.as_bytes())
}

/// The value of an `authorization` header by Basic.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Any request, on a connection of its own. Panics where no response comes.
pub fn request(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    try_request(address, method, target, headers, body).unwrap_or_else(|error| panic!("{method} http://{address}{target}: {error}"))
}

/// [`request`] for what may be refused by closing the connection.
///
/// # Errors
/// Where no response comes.
pub fn try_request(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, BOUND)?;
    stream.set_read_timeout(Some(BOUND))?;
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    // A server may answer before it has read all, and close: the answer counts.
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut reader = BufReader::new(stream);
    let (first, headers) = read_head(&mut reader)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| sent.err().unwrap_or_else(|| std::io::Error::other(format!("no status line: {first:?}"))))?;
    let mut body = Vec::new();
    if find(&headers, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        read_chunks(&mut reader, &mut body)?;
    } else if let Some(length) = find(&headers, "content-length").and_then(|length| length.parse().ok()) {
        reader.take(length).read_to_end(&mut body)?;
    } else {
        reader.read_to_end(&mut body)?;
    }
    Ok(Response { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

type Headers = Vec<(String, String)>;

fn find<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

fn read_head(reader: &mut impl BufRead) -> std::io::Result<(String, Headers)> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            return Ok((first.trim_end().to_owned(), headers));
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim_end().split(';').next().unwrap_or_default(), 16).map_err(std::io::Error::other)?;
        reader.by_ref().take(size).read_to_end(body)?;
        reader.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(());
        }
    }
}

/// A request that a [`Catcher`] got.
#[derive(Clone, Debug)]
pub struct Caught {
    /// Method.
    pub method: String,
    /// Path and query, as they came.
    pub target: String,
    /// Header fields in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The status that it was answered with.
    pub answered: u16,
    /// The body.
    pub body: String,
}

impl Caught {
    /// A header field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as JSON; `Null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A parameter of the query, percent-decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| decode(value))
    }
}

/// Percent-decoding of a query value, with `+` as a space.
fn decode(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => b' ',
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// A server that answers every request with the same and, unless it is told otherwise, 200, and notes it.
#[derive(Debug)]
pub struct Catcher {
    address: SocketAddr,
    refusals: Arc<AtomicUsize>,
    requests: Receiver<Caught>,
    seen: Vec<Caught>,
}

impl Catcher {
    /// Starts one on a free port that answers with an empty text. It ends with the process.
    pub fn start() -> Self {
        Self::serving("text/plain", "")
    }

    /// The same with another answer: its media type, and its content.
    pub fn serving(media: &'static str, content: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let (sender, requests) = channel();
        let refusals = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&refusals);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let refuse = || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1)).is_ok();
                if let Some(caught) = serve(&stream, (media, content), refuse)
                    && sender.send(caught).is_err()
                {
                    return;
                }
            }
        });
        Self { address, refusals, requests, seen: Vec::new() }
    }

    /// Answers the next `count` requests with 500.
    pub fn refuse(&self, count: usize) {
        self.refusals.store(count, Ordering::SeqCst);
    }

    /// Every request that has come so far and has not been waited for.
    pub fn unread(&mut self) -> &[Caught] {
        self.seen.extend(self.requests.try_iter());
        &self.seen
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for a request that `wanted` likes.
    pub fn wait_for(&mut self, what: &str, bound: Duration, wanted: impl Fn(&Caught) -> bool) -> Caught {
        crate::until_some(what, bound, || {
            self.seen.extend(self.requests.try_iter());
            self.seen.iter().position(&wanted).map(|index| self.seen.remove(index))
        })
    }
}

fn serve(stream: &TcpStream, (media, content): (&str, &str), refuse: impl FnOnce() -> bool) -> Option<Caught> {
    stream.set_read_timeout(Some(BOUND)).ok()?;
    let mut reader = BufReader::new(stream);
    let (first, headers) = read_head(&mut reader).ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let length = find(&headers, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body).ok()?;
    let answered = if refuse() { 500 } else { 200 };
    let mut out = stream;
    let head = format!("content-type: {media}\r\ncontent-length: {}\r\nconnection: close", content.len());
    out.write_all(format!("HTTP/1.1 {answered} Answer\r\n{head}\r\n\r\n{content}").as_bytes()).ok()?;
    Some(Caught { method, target, headers, answered, body: String::from_utf8_lossy(&body).into_owned() })
}
