//! The driver on an in-memory line and a paused clock.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::time::{Instant, sleep, timeout};
use waxwing_session::{CloseReason, Engine, Event, Link, LinkError, Options, State};

use crate::pair::quiet;
use crate::toy::{KEEP_ALIVE, LOGIN, Pdu, REQUEST, RESP, Toy, frame, frames};

type ToyLink<T = DuplexStream> = Link<Toy, T>;

const SECOND: Duration = Duration::from_secs(1);

fn server<T: AsyncRead + AsyncWrite + Unpin>(options: Options, io: T) -> ToyLink<T> {
    Link::new(Engine::server(Toy, options, Instant::now().into_std()), io)
}

async fn next<T: AsyncRead + AsyncWrite + Unpin>(link: &mut ToyLink<T>) -> Vec<Event<Pdu>> {
    let mut events = Vec::new();
    link.events(&mut events).await.unwrap();
    assert!(!events.is_empty());
    events
}

/// A link that is logged in, and the raw other end.
async fn bound_server<T: AsyncRead + AsyncWrite + Unpin>(options: Options, io: T, mut peer: DuplexStream) -> (ToyLink<T>, DuplexStream) {
    let mut link = server(options, io);
    peer.write_all(&frame(LOGIN, 1, b"")).await.unwrap();
    assert!(matches!(next(&mut link).await[..], [Event::Login { seq: 1, .. }]));
    link.accept_login(&frame(LOGIN | RESP, 1, b""));
    assert!(timeout(SECOND, next(&mut link)).await.is_err(), "nothing to tell");
    assert_eq!(read(&mut peer, 1).await[0].kind, LOGIN | RESP);
    (link, peer)
}

/// Reads frames, which must all be without a body.
async fn read(peer: &mut DuplexStream, count: usize) -> Vec<Pdu> {
    let mut octets = vec![0; count * 7];
    timeout(60 * SECOND, peer.read_exact(&mut octets)).await.unwrap().unwrap();
    frames(&octets)
}

/// A connected pair, with the client's side of the login done.
async fn linked_pair(buffer: usize, options: Options) -> (ToyLink, ToyLink) {
    let (near, far) = duplex(buffer);
    let mut client = Link::new(Engine::client(Toy, options.clone(), Instant::now().into_std()), near);
    let mut server = server(options, far);
    client.login(&frame(LOGIN, 0, b"")).unwrap();
    let (mut told_client, mut told_server) = (Vec::new(), Vec::new());
    while client.state() != State::Bound {
        tokio::select! {
            result = client.events(&mut told_client) => result.unwrap(),
            result = server.events(&mut told_server) => result.unwrap(),
        }
        if matches!(told_server.pop(), Some(Event::Login { .. })) {
            server.accept_login(&frame(LOGIN | RESP, 1, b""));
        }
        if matches!(told_client.pop(), Some(Event::LoginResponse { .. })) {
            client.bound();
        }
    }
    (client, server)
}

/// Counts the writes.
struct Counted {
    io: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<std::io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_one_batch_and_its_answers_one_write() {
    let (near, far) = duplex(1 << 16);
    let writes = Arc::new(AtomicUsize::new(0));
    let (mut link, mut peer) = bound_server(quiet(), Counted { io: near, writes: Arc::clone(&writes) }, far).await;
    let requests: Vec<u8> = (0..100).flat_map(|seq| frame(REQUEST, seq, b"")).collect();
    peer.write_all(&requests).await.unwrap();
    let batch = next(&mut link).await;
    assert_eq!(batch.len(), 100);
    let before = writes.load(Ordering::Relaxed);
    for event in batch {
        let Event::Request { seq, .. } = event else { panic!("{event:?}") };
        link.respond(&frame(REQUEST | RESP, seq, b""));
    }
    assert!(timeout(SECOND, next(&mut link)).await.is_err());
    assert_eq!(writes.load(Ordering::Relaxed) - before, 1);
    assert_eq!(read(&mut peer, 100).await.len(), 100);
}

#[test]
fn a_link_can_live_in_a_task() {
    fn can_be_sent<T: Send>(_: T) {}
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let mut link = server(quiet(), duplex(100).0);
    can_be_sent(async move { link.events(&mut Vec::new()).await });
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_its_limit_and_the_rest_follows() {
    let (near, far) = duplex(1 << 16);
    let (mut link, mut peer) = bound_server(Options { max_batch: 30, ..quiet() }, near, far).await;
    let requests: Vec<u8> = (0..100).flat_map(|seq| frame(REQUEST, seq, b"")).collect();
    peer.write_all(&requests).await.unwrap();
    for expected in [30, 30, 30, 10] {
        assert_eq!(next(&mut link).await.len(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn frames_share_the_read_buffer() {
    let (near, far) = duplex(1 << 16);
    let (mut link, mut peer) = bound_server(quiet(), near, far).await;
    peer.write_all(&[frame(REQUEST, 1, b"one"), frame(REQUEST, 2, b"two")].concat()).await.unwrap();
    let batch = next(&mut link).await;
    let [Event::Request { pdu: one, .. }, Event::Request { pdu: two, .. }] = &batch[..] else { panic!("{batch:?}") };
    assert_eq!(one.octets.as_ptr().wrapping_add(one.octets.len()), two.octets.as_ptr());
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_does_not_come_back_holds_the_peer_off() {
    let (near, far) = duplex(4096);
    let (mut link, mut peer) = bound_server(Options { max_unanswered: 10, ..quiet() }, near, far).await;
    let requests: Vec<u8> = (0..10_000).flat_map(|seq| frame(REQUEST, seq, b"")).collect();
    let pushed = timeout(60 * SECOND, async {
        let mut told = Vec::new();
        let mut sent = 0;
        loop {
            tokio::select! {
                octets = peer.write(&requests[sent..]) => sent += octets.unwrap(),
                result = link.events(&mut told) => result.unwrap(),
            }
            assert!(told.len() <= 10 && sent < 2 * 65536, "{} told, {sent} octets sent", told.len());
        }
    });
    assert!(pushed.await.is_err(), "the peer is held off");
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_closed_by_the_timer() {
    let (near, _peer) = duplex(1000);
    let mut link = server(quiet(), near);
    let start = Instant::now();
    assert_eq!(next(&mut link).await, [Event::Closed { reason: CloseReason::LoginTimeout }]);
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(link.events(&mut Vec::new()).await, Err(LinkError::Closed));
}

#[tokio::test(start_paused = true)]
async fn keep_alives_run_without_the_owner() {
    let (near, far) = duplex(1000);
    let (mut link, mut peer) = bound_server(Options::default(), near, far).await;
    let peer = tokio::spawn(async move {
        for _ in 0..5 {
            let keep_alive = read(&mut peer, 1).await.remove(0);
            assert_eq!(keep_alive.kind, KEEP_ALIVE);
            peer.write_all(&frame(KEEP_ALIVE | RESP, keep_alive.seq, b"")).await.unwrap();
        }
        sleep(100 * SECOND).await;
    });
    let start = Instant::now();
    assert_eq!(next(&mut link).await, [Event::Closed { reason: CloseReason::KeepAliveTimeout }]);
    assert_eq!(start.elapsed().as_secs(), 30 * 6 + 29, "a second went by in the login");
    peer.abort();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_is_closed() {
    let (near, far) = duplex(64);
    let (mut link, _peer) = bound_server(quiet(), near, far).await;
    for token in 0..20 {
        link.request(&frame(REQUEST, 0, b""), token).unwrap();
    }
    let start = Instant::now();
    let events = next(&mut link).await;
    assert_eq!(events.last(), Some(&Event::Closed { reason: CloseReason::WriteStalled }));
    // All the requests time out at the same moment, at which the stall is found: either name is right for them.
    assert_eq!(events.len(), 21);
    assert_eq!(start.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_hangs_up() {
    let (near, far) = duplex(1000);
    let (mut link, mut peer) = bound_server(quiet(), near, far).await;
    link.request(&frame(REQUEST, 0, b""), 3).unwrap();
    peer.write_all(&frame(REQUEST, 9, b"last words")).await.unwrap();
    drop(peer);
    let mut events = Vec::new();
    while link.events(&mut events).await.is_ok() {}
    // The failing write may be found first.
    assert_eq!(events[events.len() - 2], Event::Lost { token: 3 });
    assert!(matches!(&events[events.len() - 1], Event::Closed { reason: CloseReason::Io(_) | CloseReason::PeerClosed }));
}

#[tokio::test(start_paused = true)]
async fn close_drains_unbinds_and_says_what_became_of_the_rest() {
    let (mut client, mut server) = linked_pair(1000, quiet()).await;
    client.request(&frame(REQUEST, 0, b"answered"), 1).unwrap();
    client.request(&frame(REQUEST, 0, b"ignored"), 2).unwrap();
    let peer = tokio::spawn(async move {
        let mut told = Vec::new();
        while server.events(&mut told).await.is_ok() {
            for event in told.drain(..) {
                match event {
                    Event::Request { seq, pdu } if pdu.body() == b"answered" => server.respond(&frame(REQUEST | RESP, seq, b"")),
                    Event::Closed { reason } => return reason,
                    _ => {}
                }
            }
        }
        unreachable!("no reason given");
    });
    let start = Instant::now();
    let events = client.close(3 * SECOND).await;
    assert!(
        matches!(
            events[..],
            [
                Event::Response { token: 1, .. },
                Event::Lost { token: 2 },
                Event::Closed { reason: CloseReason::UnbindTimeout | CloseReason::Unbound }
            ]
        ),
        "{events:?}"
    );
    assert!(start.elapsed() <= 10 * SECOND);
    assert_eq!(peer.await.unwrap(), CloseReason::PeerUnbound);
}

#[tokio::test(start_paused = true)]
async fn close_is_quick_when_nothing_is_in_flight() {
    let (client, mut server) = linked_pair(1000, quiet()).await;
    let peer = tokio::spawn(async move {
        let mut told = Vec::new();
        while server.events(&mut told).await.is_ok() {}
        told
    });
    let start = Instant::now();
    assert_eq!(client.close(60 * SECOND).await, [Event::Closed { reason: CloseReason::Unbound }]);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(peer.await.unwrap(), [Event::PeerUnbound, Event::Closed { reason: CloseReason::PeerUnbound }]);
}

/// The owner's loop with cancellations at random: nothing may be lost, doubled or changed.
#[tokio::test(start_paused = true)]
async fn events_is_cancel_safe() {
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let options = Options { max_batch: random.usize(1..20), max_unanswered: random.u32(1..40), ..quiet() };
        let (mut client, mut server) = linked_pair(random.usize(8..300), options).await;
        let (mut told_client, mut told_server, mut held) = (Vec::new(), Vec::new(), Vec::new());
        let (mut sent, mut answered) = (0_u64, Vec::new());
        let start = Instant::now();
        while answered.len() < 300 {
            assert!(start.elapsed() < 25 * SECOND, "stuck with {} of {sent} answered, seed {seed}", answered.len());
            while sent < 300 && client.window_free() > 0 && random.u8(..) < 200 {
                client.request(&frame(REQUEST, 0, &sent.to_be_bytes()), sent).unwrap();
                sent += 1;
            }
            let pause = Duration::from_micros(random.u64(0..2000));
            // Each branch drops the others where they stand.
            tokio::select! {
                result = client.events(&mut told_client) => result.unwrap(),
                result = server.events(&mut told_server) => result.unwrap(),
                () = tokio::task::yield_now(), if random.bool() => {}
                () = sleep(pause) => {}
            }
            for event in told_server.drain(..) {
                let Event::Request { seq, pdu } = event else { panic!("{event:?}") };
                held.push((seq, pdu));
            }
            random.shuffle(&mut held);
            for (seq, pdu) in held.drain(random.usize(..=held.len())..) {
                server.respond(&frame(REQUEST | RESP, seq, pdu.body()));
            }
            for event in told_client.drain(..) {
                let Event::Response { token, pdu, .. } = event else { panic!("{event:?}") };
                assert_eq!(pdu.body(), token.to_be_bytes());
                answered.push(token);
            }
        }
        answered.sort_unstable();
        assert_eq!(answered, (0..300).collect::<Vec<u64>>(), "seed {seed}");
    }
}
