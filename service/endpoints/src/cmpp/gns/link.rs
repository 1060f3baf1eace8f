//! A short connection: CONNECT, one operation, close.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use waxwing_cmpp::frame;
use waxwing_cmpp::{Body, Connect, Pdu, Version, auth, decode, encode, status};

/// Who asks, and how.
pub(crate) struct Once<'a> {
    /// Our gateway code.
    pub(crate) source_addr: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) version: Version,
    /// MMDDHHMMSS.
    pub(crate) timestamp: u32,
    /// For all of it.
    pub(crate) timeout: Duration,
}

/// Asks one thing; gives the whole answer, a frame.
///
/// # Errors
/// With words.
pub(crate) async fn ask(address: &str, how: &Once<'_>, body: &impl Body) -> Result<Bytes, String> {
    let mut out = BytesMut::new();
    encode(body, how.version, 2, &mut out).map_err(|e| e.to_string())?;
    let request = out.split().freeze();
    let asking = async {
        let mut stream = TcpStream::connect(address).await.map_err(|e| e.to_string())?;
        let authenticator_source = auth::source(how.source_addr.as_bytes(), how.secret.as_bytes(), how.timestamp);
        let source_addr = how.source_addr.as_bytes();
        let connect = Connect { source_addr, authenticator_source, version: how.version.byte(), timestamp: how.timestamp };
        encode(&connect, how.version, 1, &mut out).map_err(|e| e.to_string())?;
        stream.write_all(&out).await.map_err(|e| e.to_string())?;
        let mut buf = BytesMut::new();
        let answer = read(&mut stream, &mut buf).await?;
        match decode(&answer, how.version).map(|d| d.pdu) {
            Ok(Pdu::ConnectResp(r)) if r.status == status::OK => {}
            Ok(Pdu::ConnectResp(r)) => return Err(format!("CONNECT was refused with {}", super::super::results::login(r.status))),
            Ok(_) => return Err("the answer to CONNECT is something else".to_owned()),
            Err(e) => return Err(e.to_string()),
        }
        stream.write_all(&request).await.map_err(|e| e.to_string())?;
        loop {
            let answer = read(&mut stream, &mut buf).await?;
            // Whatever else comes over such a connection is none of our business.
            if frame::Header::parse(&answer).is_some_and(|h| Some(h.command_id) == body.command_id().response()) {
                return Ok(answer);
            }
        }
    };
    tokio::time::timeout(how.timeout, asking).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

/// The next frame.
///
/// # Errors
/// With words, at the end of the connection too.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin), buf: &mut BytesMut) -> Result<Bytes, String> {
    loop {
        if let Some(len) = frame::next(buf, frame::DEFAULT_MAX_LEN).map_err(|e| e.to_string())? {
            return Ok(buf.split_to(len).freeze());
        }
        if stream.read_buf(buf).await.map_err(|e| e.to_string())? == 0 {
            return Err("closed".to_owned());
        }
    }
}
