//! Connecting and listening on this machine.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use waxwing_session::{ConnectError, ConnectOptions, FloodGuard, FloodLimits, ListenError, ListenOptions, Listener, SourceList, connect};

const BOUND: Duration = Duration::from_secs(20);

pub fn local() -> ListenOptions {
    ListenOptions::new("127.0.0.1:0".parse().unwrap())
}

/// Whether the other side closed without a word.
async fn is_closed(tcp: &mut TcpStream) -> bool {
    !matches!(timeout(BOUND, tcp.read(&mut [0; 1])).await.unwrap(), Ok(1..))
}

#[tokio::test]
async fn connect_and_accept() {
    let listener = Listener::bind(local()).unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = ConnectOptions { bind: Some("127.0.0.1".parse().unwrap()), ..ConnectOptions::new(format!("localhost:{port}")) };
    let (client, accepted) = tokio::join!(connect(&options), async { listener.accept().await.establish().await });
    let (mut client, mut accepted) = (client.unwrap(), accepted.unwrap());
    assert_eq!(client.local_addr().unwrap(), accepted.peer);
    assert_eq!(client.tls_parameters(), None);
    client.write_all(b"ping").await.unwrap();
    let mut octets = [0; 4];
    timeout(BOUND, accepted.stream.read_exact(&mut octets)).await.unwrap().unwrap();
    assert_eq!(&octets, b"ping");
    assert_eq!(listener.flood().open(), 1);
    drop(accepted);
    assert_eq!(listener.flood().open(), 0);
}

#[tokio::test]
async fn errors_say_what_to_mend() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = connect(&ConnectOptions::new(free.to_string())).await.unwrap_err();
    assert!(matches!(error, ConnectError::Connect { .. }), "{error}");
    assert!(error.to_string().contains(&free.to_string()), "{error}");

    let error = connect(&ConnectOptions::new("2001:db8::1:2775")).await.unwrap_err();
    assert!(error.to_string().contains("in brackets"), "{error}");

    let bind = Some("::1".parse().unwrap());
    let error = connect(&ConnectOptions { bind, ..ConnectOptions::new("127.0.0.1:2775") }).await.unwrap_err();
    assert!(error.to_string().contains("no IPv6 address"), "{error}");

    let bind = Some("192.0.2.1".parse().unwrap());
    let error = connect(&ConnectOptions { bind, ..ConnectOptions::new("127.0.0.1:2775") }).await.unwrap_err();
    assert!(matches!(error, ConnectError::LocalAddress { .. }), "{error}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = Listener::bind(ListenOptions::new(taken.local_addr().unwrap())).unwrap_err();
    assert!(matches!(error, ListenError::Bind { .. }) && error.to_string().contains("another"), "{error}");
}

#[tokio::test]
async fn strangers_are_closed() {
    let sources = SourceList::parse(["192.0.2.0/24"]).unwrap();
    let listener = Listener::bind(ListenOptions { sources, ..local() }).unwrap();
    let address = listener.local_addr().unwrap();
    let mut stranger = TcpStream::connect(address).await.unwrap();
    tokio::select! {
        incoming = listener.accept() => panic!("{incoming:?}"),
        closed = is_closed(&mut stranger) => assert!(closed),
    }
    assert_eq!(listener.refused_sources(), 1);
    listener.set_sources(SourceList::parse(["127.0.0.1"]).unwrap());
    let _friend = TcpStream::connect(address).await.unwrap();
    assert!(timeout(BOUND, listener.accept()).await.is_ok());
}

#[tokio::test]
async fn a_flood_is_refused_and_the_others_stay() {
    let flood = FloodGuard::new(FloodLimits { per_source: 2, total: 10 });
    let listener = Listener::bind(ListenOptions { flood: flood.clone(), ..local() }).unwrap();
    let address = listener.local_addr().unwrap();
    let mut kept = Vec::new();
    for _ in 0..2 {
        let client = TcpStream::connect(address).await.unwrap();
        kept.push((client, timeout(BOUND, listener.accept()).await.unwrap()));
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    tokio::select! {
        incoming = listener.accept() => panic!("{incoming:?}"),
        closed = is_closed(&mut third) => assert!(closed),
    }
    assert_eq!((flood.open(), flood.refused()), (2, 1));
    kept.pop();
    let _fourth = TcpStream::connect(address).await.unwrap();
    assert!(timeout(BOUND, listener.accept()).await.is_ok());
}
