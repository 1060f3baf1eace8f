//! Replies of a relay (RFC 5321 4.2).

use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::smtp::Enhanced;

/// What a relay said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SmtpReply {
    /// The code.
    pub code: u16,
    /// The enhanced status code, where there is one.
    pub enhanced: Option<Enhanced>,
    /// The words, lines joined by spaces, without the enhanced status code. What is no UTF-8 is replaced.
    pub text: String,
}

/// What came of a relay and is not used yet.
#[derive(Debug, Default)]
pub(super) struct ReplyBuffer {
    octets: Vec<u8>,
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReplyError {
    #[error("the relay closed the connection")]
    Closed,
    #[error("the connection to the relay broke: {0}")]
    Io(#[from] std::io::Error),
    #[error("the relay sent something that is no reply: {0:?}")]
    Malformed(String),
}

/// Longest line and longest reply in octets.
const MAX_LINE: usize = 4 << 10;
const MAX_REPLY: usize = 64 << 10;

impl ReplyBuffer {
    /// Whether octets are left over, as they are where a relay sent more than it was asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The next reply, and its lines. Not cancel-safe.
    pub(super) async fn read(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<(SmtpReply, Vec<String>), ReplyError> {
        let mut lines: Vec<String> = Vec::new();
        let mut code = None;
        let mut length = 0;
        loop {
            let line = self.line(stream).await?;
            length += line.len();
            let malformed = || ReplyError::Malformed(String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned());
            if length > MAX_REPLY {
                return Err(malformed());
            }
            let (digits, rest) = line.split_at_checked(3).ok_or_else(malformed)?;
            let here: u16 = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).ok_or_else(malformed)?;
            if !(200..600).contains(&here) || code.is_some_and(|code| code != here) {
                return Err(malformed());
            }
            code = Some(here);
            let (last, text) = match rest.split_first() {
                None => (true, rest),
                Some((b' ', text)) => (true, text),
                Some((b'-', text)) => (false, text),
                Some(_) => return Err(malformed()),
            };
            lines.push(String::from_utf8_lossy(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect());
            if last {
                return Ok((reply(here, &lines), lines));
            }
        }
    }

    async fn line(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, ReplyError> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.octets[searched..].iter().position(|octet| *octet == b'\n') {
                let mut line: Vec<u8> = self.octets.drain(..=searched + end).collect();
                line.pop();
                line.pop_if(|octet| *octet == b'\r');
                return Ok(line);
            }
            searched = self.octets.len();
            if searched > MAX_LINE {
                return Err(ReplyError::Malformed(String::from_utf8_lossy(&self.octets[..80]).into_owned()));
            }
            let mut piece = [0; 1024];
            match stream.read(&mut piece).await? {
                0 => return Err(ReplyError::Closed),
                count => self.octets.extend_from_slice(&piece[..count]),
            }
        }
    }
}

fn reply(code: u16, lines: &[String]) -> SmtpReply {
    let enhanced = lines.first().and_then(|line| Enhanced::parse(line)).filter(|enhanced| u16::from(enhanced.0) == code / 100);
    let prefix = enhanced.map(|enhanced| enhanced.to_string()).unwrap_or_default();
    let words: Vec<&str> =
        lines.iter().map(|line| line.trim_start().strip_prefix(&prefix).unwrap_or(line).trim()).filter(|w| !w.is_empty()).collect();
    SmtpReply { code, enhanced, text: words.join(" ") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    async fn read(octets: &[u8]) -> Result<SmtpReply, ReplyError> {
        ReplyBuffer::default().read(&mut &*octets).await.map(|(reply, _)| reply)
    }

    #[tokio::test]
    async fn replies() {
        let refused = read(b"550-5.1.1 No such user;\r\n550 5.1.1 look elsewhere\r\n").await.unwrap();
        assert_eq!((refused.code, refused.enhanced, refused.text.as_str()), (550, Some(Enhanced(5, 1, 1)), "No such user; look elsewhere"));
        assert_eq!(read(b"250\r\n").await.unwrap().text, "");
        assert_eq!(read(b"250 2.1.0 fine\n").await.unwrap().enhanced, Some(Enhanced(2, 1, 0)));
        assert_eq!(read(b"550 2.1.0 odd\r\n").await.unwrap().enhanced, None, "a class that is not the code's");
        // Words in GBK, as relays in China write them.
        assert_eq!(read(b"550 \xd3\xca\xcf\xe4\r\n").await.unwrap().code, 550);
        for bad in [b"".as_slice(), b"250 cut", b"hello\r\n", b"250-a\r\n251 b\r\n", b"099 x\r\n", b"250x\r\n", b"\xff\xff\xff x\r\n"] {
            assert!(read(bad).await.is_err(), "{bad:?}");
        }
        assert!(read(&[b'2'; 10_000]).await.is_err());
        assert!(read(&b"250-x\r\n".repeat(20_000)).await.is_err());
    }

    proptest! {
        #[test]
        fn anything(octets in proptest::collection::vec(prop_oneof![Just(b'2'), Just(b'5'), Just(b'0'), Just(b'-'), Just(b' '), Just(b'\r'), Just(b'\n'), any::<u8>()], 0..60)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read(&octets));
        }
    }
}
