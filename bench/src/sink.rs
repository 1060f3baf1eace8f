//! An SMSC that takes everything and reports it delivered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use bytes::BytesMut;
use tokio::net::{TcpListener, TcpStream};
use waxwing_endpoints::smpp::dialect::{Frame, Smpp};
use waxwing_session::{Engine, Event, Link, Options};
use waxwing_smpp::receipt::{TextReceipt, put_tlvs};
use waxwing_smpp::{BindTransceiverResp, CommandStatus, Decoder, DeliverSm, EsmClass, MessageState, Pdu, SubmitSmResp, TlvBuf, encode};

/// What the sink has seen.
#[derive(Debug, Default)]
pub struct Sink {
    /// submit_sm taken.
    pub taken: AtomicU64,
    /// Receipts that were answered.
    pub receipts: AtomicU64,
    /// While set, it takes connections and closes them at once: the carrier is away.
    pub away: AtomicBool,
    next_id: AtomicU64,
}

/// Starts it on a port of its own.
///
/// # Errors
/// When no port can be had.
pub async fn start_sink() -> std::io::Result<(SocketAddr, Arc<Sink>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let sink = Arc::new(Sink::default());
    let shared = sink.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            if !shared.away.load(Ordering::Relaxed) {
                tokio::spawn(session(shared.clone(), stream));
            }
        }
    });
    Ok((address, sink))
}

async fn session(sink: Arc<Sink>, stream: TcpStream) {
    let options = Options { window: 100_000, max_unanswered: 100_000, max_output: 4 << 20, ..Options::default() };
    let mut link = Link::new(Engine::server(Smpp::new(70_000), options, Instant::now()), stream);
    let mut batch: Vec<Event<Frame>> = Vec::new();
    let mut out = BytesMut::new();
    loop {
        if link.events(&mut batch).await.is_err() {
            return;
        }
        for event in batch.drain(..) {
            match event {
                Event::Login { pdu, .. } => {
                    out.clear();
                    let _ = encode(
                        &BindTransceiverResp { system_id: b"sink", ..Default::default() },
                        CommandStatus::ESME_ROK,
                        pdu.header.sequence_number,
                        &mut out,
                    );
                    link.accept_login(&out);
                }
                Event::Request { seq, pdu } => {
                    let Ok(Pdu::SubmitSm(p)) = Decoder::new().decode(&pdu.octets).map(|d| d.pdu) else { continue };
                    sink.taken.fetch_add(1, Ordering::Relaxed);
                    let id = format!("{:x}", sink.next_id.fetch_add(1, Ordering::Relaxed));
                    link.respond_with(|o| {
                        let _ = encode(
                            &SubmitSmResp { message_id: Some(id.as_bytes()), ..Default::default() },
                            CommandStatus::ESME_ROK,
                            seq,
                            o,
                        );
                    });
                    if p.registered_delivery.0 & 3 != 0 {
                        out.clear();
                        if receipt(&id, &p, &mut out).is_ok() {
                            let _ = link.request(&out, 0);
                        }
                    }
                }
                Event::Response { .. } => {
                    sink.receipts.fetch_add(1, Ordering::Relaxed);
                }
                _ => {}
            }
        }
    }
}

fn receipt(id: &str, p: &waxwing_smpp::SubmitSm<'_>, out: &mut BytesMut) -> Result<(), waxwing_smpp::EncodeError> {
    let mut words = BytesMut::with_capacity(128);
    TextReceipt { id: Some(id.as_bytes()), sub: Some(1), dlvrd: Some(1), stat: Some(b"DELIVRD"), err: Some(b"000"), ..Default::default() }
        .write(&mut words);
    let mut tlvs = TlvBuf::new();
    put_tlvs(&mut tlvs, id.as_bytes(), MessageState::DELIVERED, None)?;
    let body = DeliverSm {
        source_addr: p.destination_addr,
        destination_addr: p.source_addr,
        esm_class: EsmClass(4),
        short_message: &words,
        tlvs: tlvs.as_tlvs(),
        ..Default::default()
    };
    encode(&body, CommandStatus::ESME_ROK, 0, out)
}
