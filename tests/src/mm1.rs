//! MM1 by hand: PDUs put together octet by octet as OMA-TS-MMS_ENC says, and taken apart by the rules of WSP, without any code of the
//! gateway's.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(60);

/// A phone's connection to the message centre, kept open from request to request.
#[derive(Debug)]
pub struct Mm1 {
    stream: BufReader<TcpStream>,
    /// What it says in every request, besides what all phones say.
    headers: Vec<(String, String)>,
    /// Where it posts to.
    path: String,
}

/// What the message centre answers by HTTP.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Header fields in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as it came.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header field, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl Mm1 {
    /// Connects as the phone of a number, which a trusted gateway tells (`X-VzW-MDN`).
    pub fn connect(address: SocketAddr, number: &str) -> Self {
        Self::stranger(address).with("x-vzw-mdn", number)
    }

    /// Connects as a phone of which no gateway tells the number.
    pub fn stranger(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, BOUND).expect("a message centre");
        stream.set_read_timeout(Some(BOUND)).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        Self { stream: BufReader::new(stream), headers: Vec::new(), path: "/".to_owned() }
    }

    /// With another header field in every request.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Posting to this path.
    pub fn posting_to(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Posts a PDU, and gives the PDU that answers it. Panics unless that is one.
    pub fn post(&mut self, pdu: &Pdu) -> Answer {
        let (status, body) = self.try_post(pdu).expect("an answer");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        Answer::read(&body)
    }

    /// Tells something that no PDU answers. Panics unless it is taken.
    pub fn tell(&mut self, pdu: &Pdu) {
        assert_eq!(self.try_post(pdu).expect("an answer"), (200, Vec::new()));
    }

    /// Posts a PDU: the status and the octets of the answer.
    ///
    /// # Errors
    /// Where no answer comes.
    pub fn try_post(&mut self, pdu: &Pdu) -> std::io::Result<(u16, Vec<u8>)> {
        let path = self.path.clone();
        self.request("POST", &path, &pdu.0).map(|reply| (reply.status, reply.body))
    }

    /// Fetches from a location: the status, and the PDU.
    pub fn get(&mut self, location: &str) -> (u16, Answer) {
        let reply = self.fetch(location);
        (reply.status, Answer::read(&reply.body))
    }

    /// Fetches from a location: all of the answer.
    pub fn fetch(&mut self, location: &str) -> Reply {
        self.request("GET", path_of(location), b"").expect("an answer")
    }

    fn request(&mut self, method: &str, path: &str, body: &[u8]) -> std::io::Result<Reply> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: mms\r\ncontent-type: application/vnd.wap.mms-message\r\ncontent-length: {}\r\n",
            body.len()
        );
        head.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
        self.stream.get_mut().write_all(&[head.as_bytes(), b"\r\n", body].concat())?;
        let (mut status, mut length, mut headers) = (0, 0, Vec::new());
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
            } else if let Some((name, value)) = line.split_once(':') {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse().map_err(std::io::Error::other)?;
                }
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Reply { status, headers, body })
    }
}

/// The path of a location, which may be a path already.
pub fn path_of(location: &str) -> &str {
    let rest = location.strip_prefix("http://").or_else(|| location.strip_prefix("https://"));
    rest.and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or(location)
}

/// A PDU in the making.
#[derive(Clone, Debug)]
pub struct Pdu(pub Vec<u8>);

impl Pdu {
    /// Of a type and a transaction, in version 1.2.
    pub fn new(kind: u8, transaction: &str) -> Self {
        Self::in_version(kind, transaction, 0x92)
    }

    /// The same in a version, such as 0x93 for 1.3.
    pub fn in_version(kind: u8, transaction: &str, version: u8) -> Self {
        Self([&[0x8c, kind, 0x98], transaction.as_bytes(), &[0, 0x8d, version]].concat())
    }

    /// Of a type that has no transaction, in version 1.2.
    pub fn without_transaction(kind: u8) -> Self {
        Self(vec![0x8c, kind, 0x8d, 0x92])
    }

    /// A message of a mailbox, for m-mbox-upload-req.
    pub fn description() -> Self {
        Self::without_transaction(0x93)
    }

    /// With a field, by its number without the high bit, whose value is one octet.
    pub fn octet(mut self, field: u8, value: u8) -> Self {
        self.0.extend([0x80 | field, value]);
        self
    }

    /// With a field whose value is text.
    pub fn text(mut self, field: u8, value: &str) -> Self {
        self.0.push(0x80 | field);
        self.0.extend(value.as_bytes());
        self.0.push(0);
        self
    }

    /// With a field whose value is an integer.
    pub fn integer(mut self, field: u8, value: u32) -> Self {
        self.0.push(0x80 | field);
        match u8::try_from(value) {
            Ok(short) if short < 0x80 => self.0.push(0x80 | short),
            _ => self.0.extend([&[4][..], &value.to_be_bytes()].concat()),
        }
        self
    }

    /// With a keyword: 0x80 it gets it, 0x81 it loses it, 0x82 it has to have it.
    pub fn flag(mut self, verb: u8, word: &str) -> Self {
        self.0.extend([0xa4, u8::try_from(word.len() + 2).expect("short"), verb]);
        self.0.extend(word.as_bytes());
        self.0.push(0);
        self
    }

    /// From whoever the message centre says it is.
    pub fn from_me(mut self) -> Self {
        self.0.extend([0x89, 0x01, 0x81]);
        self
    }

    /// From an address, whatever the message centre says.
    pub fn from_address(mut self, address: &str) -> Self {
        self.0.extend([0x89, u8::try_from(address.len() + 2).expect("short"), 0x80]);
        self.0.extend(address.as_bytes());
        self.0.push(0);
        self
    }

    /// With a field whose value is a moment: so many seconds since 1970.
    pub fn at(self, field: u8, seconds: u32) -> Self {
        self.time(field, 0x80, seconds)
    }

    /// With a field whose value is a moment: so many seconds from now on.
    pub fn after(self, field: u8, seconds: u32) -> Self {
        self.time(field, 0x81, seconds)
    }

    fn time(mut self, field: u8, kind: u8, seconds: u32) -> Self {
        self.0.extend([0x80 | field, 6, kind, 4]);
        self.0.extend(seconds.to_be_bytes());
        self
    }

    /// With parts as its content: media types as text, names, octets.
    pub fn multipart(mut self, parts: &[(&str, &str, &[u8])]) -> Self {
        let pdu = &mut self.0;
        pdu.extend([0x84, 0xa3, u8::try_from(parts.len()).expect("few parts")]);
        for (media, name, octets) in parts {
            let mut head = [media.as_bytes(), &[0]].concat();
            head.extend([0xc0, b'"']);
            head.extend(format!("<{name}>\0").as_bytes());
            head.push(0x8e);
            head.extend(format!("{name}\0").as_bytes());
            push_uintvar(head.len(), pdu);
            push_uintvar(octets.len(), pdu);
            pdu.extend(head);
            pdu.extend(*octets);
        }
        self
    }

    /// With a text as its content.
    pub fn plain_text(mut self, text: &str) -> Self {
        self.0.extend([0x84, 0x03, 0x83, 0x81, 0xea]);
        self.0.extend(text.as_bytes());
        self
    }

    /// With another PDU as its content.
    pub fn holding(mut self, inner: &Pdu) -> Self {
        // application/vnd.wap.mms-message by its number.
        self.0.extend([0x84, 0xbe]);
        self.0.extend(&inner.0);
        self
    }
}

/// A PDU taken apart.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Answer {
    /// Fields by their numbers without the high bit, in their order, with the octets of their values.
    pub fields: Vec<(u8, Vec<u8>)>,
    /// What stands behind the value of Content-Type.
    pub body: Vec<u8>,
    /// All of it.
    pub octets: Vec<u8>,
}

impl Answer {
    /// Takes a PDU apart. Panics where it is none.
    pub fn read(octets: &[u8]) -> Self {
        let mut answer = Self { octets: octets.to_vec(), ..Self::default() };
        let mut at = 0;
        while at < octets.len() {
            let field = octets[at];
            assert!(field >= 0x80, "a field at octet {at} of {octets:02x?}");
            let length = value_len(&octets[at + 1..]);
            let value = octets[at + 1..at + 1 + length].to_vec();
            at += 1 + length;
            answer.fields.push((field & 0x7f, value));
            if field == 0x84 {
                answer.body = octets[at..].to_vec();
                break;
            }
        }
        answer
    }

    /// The type of the PDU.
    pub fn kind(&self) -> u8 {
        self.octet(0x0c)
    }

    /// The value of a field that is one octet; 0 where it is not there.
    pub fn octet(&self, field: u8) -> u8 {
        self.all(field).next().and_then(|value| value.first().copied()).unwrap_or(0)
    }

    /// The value of a field that is text; empty where it is not there.
    pub fn text(&self, field: u8) -> String {
        self.texts(field).into_iter().next().unwrap_or_default()
    }

    /// The values of a field that is text.
    pub fn texts(&self, field: u8) -> Vec<String> {
        self.all(field).map(text).collect()
    }

    /// The value of a field that is a number.
    pub fn integer(&self, field: u8) -> Option<u64> {
        self.all(field).next().map(integer)
    }

    /// Keywords of a message, behind what is said of each.
    pub fn flags(&self) -> Vec<(u8, String)> {
        self.all(0x24).map(inside).map(|value| (value[0], text(&value[1..]))).collect()
    }

    /// Amounts: 0x80 and messages, 0x81 and octets.
    pub fn amounts(&self, field: u8) -> Vec<(u8, u64)> {
        self.all(field).map(inside).map(|value| (value[0], integer(&value[1..]))).collect()
    }

    /// Values behind the number of the message that they are of.
    pub fn numbered(&self, field: u8) -> Vec<(u8, Vec<u8>)> {
        self.all(field).map(inside).map(|value| (value[0] & 0x7f, value[1..].to_vec())).collect()
    }

    /// The PDUs in a multipart.
    pub fn descriptions(&self) -> Vec<Self> {
        self.pieces().into_iter().map(|(_, data)| Self::read(data)).collect()
    }

    /// The parts of a multipart: media types, and octets.
    pub fn parts(&self) -> Vec<(String, Vec<u8>)> {
        self.pieces().into_iter().map(|(head, data)| (media_type(head), data.to_vec())).collect()
    }

    /// Headers and octets of each part of a multipart.
    fn pieces(&self) -> Vec<(&[u8], &[u8])> {
        let mut rest = &self.body[..];
        let count = uintvar(&mut rest);
        let mut found = Vec::new();
        for _ in 0..count {
            let (head, data) = (uintvar(&mut rest), uintvar(&mut rest));
            found.push((&rest[..head], &rest[head..head + data]));
            rest = &rest[head + data..];
        }
        assert!(rest.is_empty(), "nothing behind the parts");
        found
    }

    fn all(&self, field: u8) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().filter(move |(number, _)| *number == field).map(|(_, value)| value.as_slice())
    }
}

/// Octets of a value (WAP-230-WSP, 8.4.1.2).
fn value_len(octets: &[u8]) -> usize {
    match octets[0] {
        length @ 0..=30 => 1 + usize::from(length),
        31 => {
            let mut rest = &octets[1..];
            let length = uintvar(&mut rest);
            octets.len() - rest.len() + length
        }
        32..=127 => 1 + octets.iter().position(|octet| *octet == 0).expect("the end of a text"),
        128.. => 1,
    }
}

/// What is in a value that begins with its length.
fn inside(value: &[u8]) -> &[u8] {
    let mut rest = &value[1..];
    if value[0] == 31 {
        uintvar(&mut rest);
    }
    rest
}

/// The media type that the headers of a part begin with; a few of those that have numbers by their names.
fn media_type(head: &[u8]) -> String {
    let value = &head[..value_len(head)];
    let value = if value[0] < 0x20 { inside(value) } else { value };
    match value[0] {
        0x83 => "text/plain".to_owned(),
        0x9d => "image/gif".to_owned(),
        0x9e => "image/jpeg".to_owned(),
        0xa0 => "image/png".to_owned(),
        number @ 0x80.. => format!("0x{number:02x}"),
        _ => text(value),
    }
}

/// Appends a uintvar (WAP-230-WSP, 8.1.2).
pub fn push_uintvar(value: usize, out: &mut Vec<u8>) {
    for shift in (0..5).rev().map(|n| n * 7).filter(|shift| *shift == 0 || value >> shift > 0) {
        out.push((value >> shift & 0x7f) as u8 | if shift > 0 { 0x80 } else { 0 });
    }
}

fn uintvar(rest: &mut &[u8]) -> usize {
    let mut value = 0;
    loop {
        let octet = rest[0];
        *rest = &rest[1..];
        value = value << 7 | usize::from(octet & 0x7f);
        if octet < 0x80 {
            return value;
        }
    }
}

/// Text, with or without a charset before it.
fn text(value: &[u8]) -> String {
    let start = if value[0] < 0x20 { 2 } else { 0 };
    let end = value.iter().skip(start).position(|octet| *octet == 0).map_or(value.len(), |at| start + at);
    String::from_utf8_lossy(&value[start..end]).into_owned()
}

fn integer(value: &[u8]) -> u64 {
    match value[0] {
        short @ 0x80.. => u64::from(short & 0x7f),
        length => value[1..=usize::from(length)].iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet)),
    }
}
