//! The server itself: slow clients, full houses, an orderly end.
#![allow(clippy::unwrap_used, missing_docs)]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use waxwing_api::{ServeOptions, serve};

const BOUND: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    /// Hears of each call of `/wait`, which ends when the sender it gets is used.
    waiting: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
}

async fn start(options: ServeOptions) -> Server {
    let (tell, waiting) = mpsc::unbounded_channel();
    let wait = move || async move {
        let (end, ended) = oneshot::channel();
        tell.send(end).unwrap();
        ended.await.unwrap();
        "done"
    };
    let router = Router::new().route("/", get(|| async { "hello" })).route("/wait", get(wait));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(listener, router, options, async {
        let _ = stopped.await;
    }));
    Server { address, stop, task, waiting }
}

async fn connect(server: &Server, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut all = String::new();
    timeout(BOUND, stream.read_to_string(&mut all)).await.expect("an end in time").unwrap();
    all
}

#[tokio::test]
async fn who_never_ends_a_head_is_cut_off() {
    let server = start(ServeOptions { head_time: Duration::from_millis(100), ..ServeOptions::default() }).await;
    let slow = connect(&server, "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
    assert!(!rest(slow).await.contains("hello"));
    let quick = connect(&server, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(rest(quick).await.ends_with("hello"));
}

#[tokio::test]
async fn a_connection_too_many_waits_for_its_turn() {
    let mut server = start(ServeOptions { max_connections: 1, ..ServeOptions::default() }).await;
    let first = connect(&server, "GET /wait HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let end = timeout(BOUND, server.waiting.recv()).await.unwrap().unwrap();
    let mut second = connect(&server, "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let mut octet = [0];
    assert!(timeout(Duration::from_millis(200), second.read(&mut octet)).await.is_err(), "no answer while the house is full");
    end.send(()).unwrap();
    assert!(rest(first).await.ends_with("done"));
    assert!(rest(second).await.ends_with("hello"));
}

#[tokio::test]
async fn requests_in_progress_end_before_the_server_does() {
    let mut server = start(ServeOptions::default()).await;
    let idle = connect(&server, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let busy = connect(&server, "GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let end = timeout(BOUND, server.waiting.recv()).await.unwrap().unwrap();
    server.stop.send(()).unwrap();
    // The connection without a request is closed at once; the other after its answer.
    assert!(rest(idle).await.ends_with("hello"));
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(!server.task.is_finished());
    end.send(()).unwrap();
    assert!(rest(busy).await.ends_with("done"));
    timeout(BOUND, server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_drain_has_an_end() {
    let mut server = start(ServeOptions { drain: Duration::from_millis(100), ..ServeOptions::default() }).await;
    let _busy = connect(&server, "GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let _end = timeout(BOUND, server.waiting.recv()).await.unwrap().unwrap();
    server.stop.send(()).unwrap();
    timeout(BOUND, server.task).await.unwrap().unwrap();
}
