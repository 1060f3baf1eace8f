//! TLS both ways, with certificates made on the spot.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use waxwing_session::{
    Accepted, ClientCertificates, CloseReason, ConnectError, ConnectOptions, Engine, Event, Identity, Link, ListenError, ListenOptions,
    Listener, Options, Roots, Stream, TlsClient, TlsClientOptions, TlsError, TlsServer, TlsServerOptions, connect,
};

use crate::connections::local;
use crate::pair::SECOND;
use crate::toy::{LOGIN, REQUEST, RESP, Toy, frame};

/// A CA, and what it signed, in a folder.
struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for `name`; another of the same name takes its place.
    fn sign(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let file = |kind: &str| self.folder.path().join(format!("{name}.{kind}"));
        std::fs::write(file("crt"), certificate.pem()).unwrap();
        std::fs::write(file("key"), key.serialize_pem()).unwrap();
        Identity { certificate: file("crt"), key: file("key") }
    }
}

fn listener(identity: Identity, clients: ClientCertificates) -> (Listener, TlsServer) {
    let tls = TlsServer::new(TlsServerOptions { clients, identity }).unwrap();
    (Listener::bind(ListenOptions { tls: Some(tls.clone()), ..local() }).unwrap(), tls)
}

/// Connects to "localhost" and says "ping", which the listener answers with "pong".
async fn meet(listener: &Listener, options: TlsClientOptions) -> (Result<Stream, ConnectError>, Result<Accepted, ListenError>) {
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let tls = Some(TlsClient::new(options).unwrap());
    let options = ConnectOptions { bind: Some("127.0.0.1".parse().unwrap()), tls, ..ConnectOptions::new(address) };
    let client = async {
        let mut stream = connect(&options).await?;
        // A server that wants a certificate says no only after the client believes to be through.
        let failed = |source| ConnectError::TlsHandshake { address: String::new(), source };
        stream.write_all(b"ping").await.map_err(failed)?;
        let mut octets = [0; 4];
        stream.read_exact(&mut octets).await.map_err(failed)?;
        assert_eq!(&octets, b"pong");
        Ok(stream)
    };
    let server = async {
        let mut accepted = listener.accept().await.establish().await?;
        let mut octets = [0; 4];
        if accepted.stream.read_exact(&mut octets).await.is_ok() {
            assert_eq!(&octets, b"ping");
            accepted.stream.write_all(b"pong").await.unwrap();
        }
        Ok(accepted)
    };
    tokio::join!(client, server)
}

fn trusting(authority: &Authority) -> TlsClientOptions {
    TlsClientOptions { roots: Roots::File(authority.path()), ..TlsClientOptions::default() }
}

#[tokio::test]
async fn a_trusted_certificate() {
    let authority = Authority::new();
    let (listener, _) = listener(authority.sign("localhost"), ClientCertificates::None);
    let (client, server) = meet(&listener, trusting(&authority)).await;
    assert!(client.unwrap().tls_parameters().unwrap().starts_with("TLSv1_3"));
    assert_eq!(server.unwrap().stream.peer_certificate(), None);
}

#[tokio::test]
async fn an_unknown_issuer_and_the_ways_round_it() {
    let authority = Authority::new();
    let (listener, _) = listener(authority.sign("localhost"), ClientCertificates::None);
    let (client, _) = meet(&listener, TlsClientOptions::default()).await;
    let error = client.unwrap_err().to_string();
    assert!(error.contains("UnknownIssuer") && error.contains("trusted root"), "{error}");
    let (client, _) = meet(&listener, TlsClientOptions { insecure: true, ..TlsClientOptions::default() }).await;
    client.unwrap();
}

#[tokio::test]
async fn another_name_and_the_override() {
    let authority = Authority::new();
    let (listener, _) = listener(authority.sign("smsc.example.net"), ClientCertificates::None);
    let (client, _) = meet(&listener, trusting(&authority)).await;
    let error = client.unwrap_err().to_string();
    assert!(error.contains("as the server name"), "{error}");
    let server_name = Some("smsc.example.net".to_owned());
    let (client, _) = meet(&listener, TlsClientOptions { server_name, ..trusting(&authority) }).await;
    client.unwrap();
}

#[tokio::test]
async fn client_certificates() {
    let authority = Authority::new();
    let shown = TlsClientOptions { identity: Some(authority.sign("client")), ..trusting(&authority) };
    let elsewhere = Authority::new();
    let stranger = TlsClientOptions { identity: Some(elsewhere.sign("stranger")), ..trusting(&authority) };

    let (required, _) = listener(authority.sign("localhost"), ClientCertificates::Required(authority.path()));
    let (client, server) = meet(&required, shown.clone()).await;
    client.unwrap();
    assert!(server.unwrap().stream.peer_certificate().is_some());
    let (client, server) = meet(&required, trusting(&authority)).await;
    assert!(client.is_err());
    assert!(matches!(server.unwrap_err(), ListenError::TlsHandshake { .. }));

    let (optional, _) = listener(authority.sign("localhost"), ClientCertificates::Optional(authority.path()));
    for (options, passes) in [(shown, true), (trusting(&authority), true), (stranger, false)] {
        assert_eq!(meet(&optional, options).await.0.is_ok(), passes);
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_loaded_and_a_broken_one_is_not() {
    let authority = Authority::new();
    let identity = authority.sign("localhost");
    let (listener, tls) = listener(identity.clone(), ClientCertificates::None);
    let shown = |stream: Stream| stream.peer_certificate().unwrap().to_vec();
    let first = shown(meet(&listener, trusting(&authority)).await.0.unwrap());
    authority.sign("localhost");
    assert_eq!(shown(meet(&listener, trusting(&authority)).await.0.unwrap()), first);
    tls.reload().unwrap();
    let second = shown(meet(&listener, trusting(&authority)).await.0.unwrap());
    assert_ne!(second, first);
    std::fs::write(&identity.certificate, "nothing").unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Missing { .. })));
    assert_eq!(shown(meet(&listener, trusting(&authority)).await.0.unwrap()), second);
}

#[tokio::test]
async fn a_session_within_tls() {
    let authority = Authority::new();
    let (listener, _) = listener(authority.sign("localhost"), ClientCertificates::None);
    let (client, server) = meet(&listener, trusting(&authority)).await;
    let (now, options) = (Instant::now(), Options { window: 500, ..Options::default() });
    let mut client = Link::new(Engine::client(Toy::<1000>, options.clone(), now), client.unwrap());
    let mut server = Link::new(Engine::server(Toy::<1000>, options, now), server.unwrap().stream);
    let serving = tokio::spawn(async move {
        let mut told = Vec::new();
        while server.events(&mut told).await.is_ok() {
            for event in told.drain(..) {
                match event {
                    Event::Login { seq, .. } => server.accept_login(&frame(LOGIN | RESP, seq, b"")),
                    Event::Request { seq, pdu } => server.respond(&frame(REQUEST | RESP, seq, pdu.body())),
                    _ => {}
                }
            }
        }
    });
    client.login(&frame(LOGIN, 0, b"")).unwrap();
    let (mut told, mut answered) = (Vec::new(), 0);
    while answered < 2000 {
        client.events(&mut told).await.unwrap();
        for event in told.drain(..) {
            match event {
                Event::LoginResponse { .. } => client.bound(),
                Event::Response { token, pdu, .. } => {
                    assert_eq!(pdu.body(), [token as u8; 200]);
                    answered += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        let mut token = answered + client.engine().in_flight() as u64;
        while token < 2000 && client.window_free() > 0 {
            client.request(&frame(REQUEST, 0, &[token as u8; 200]), token).unwrap();
            token += 1;
        }
    }
    assert_eq!(client.close(SECOND).await, [Event::Closed { reason: CloseReason::Unbound }]);
    serving.await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_speak_tls() {
    let authority = Authority::new();
    let (listener, _) = listener(authority.sign("localhost"), ClientCertificates::None);
    let mut tcp = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tcp.write_all(&[0; 64]).await.unwrap();
    let error = listener.accept().await.establish().await.unwrap_err();
    assert!(matches!(error, ListenError::TlsHandshake { .. }), "{error}");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_given_up() {
    let authority = Authority::new();
    let tls = TlsServer::new(TlsServerOptions { clients: ClientCertificates::None, identity: authority.sign("localhost") }).unwrap();
    let tls_timeout = std::time::Duration::from_millis(20);
    let listener = Listener::bind(ListenOptions { tls: Some(tls), tls_timeout, ..local() }).unwrap();
    let _tcp = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let error = listener.accept().await.establish().await.unwrap_err();
    assert!(matches!(error, ListenError::TlsTimeout { .. }), "{error}");
    assert_eq!(listener.flood().open(), 0);
}

#[test]
fn errors_name_the_file() {
    let authority = Authority::new();
    let good = authority.sign("localhost");
    let error =
        |identity: Identity| TlsServer::new(TlsServerOptions { clients: ClientCertificates::None, identity }).unwrap_err().to_string();
    let text = error(Identity { certificate: Path::new("/nowhere/a.pem").into(), ..good.clone() });
    assert!(text.starts_with("cannot read /nowhere/a.pem"), "{text}");
    let text = error(Identity { key: good.certificate.clone(), ..good.clone() });
    assert!(text.contains("localhost.crt has no unencrypted private key"), "{text}");
    let text = error(Identity { key: authority.sign("other").key, ..good });
    assert!(text.contains("belong together"), "{text}");
    let roots = Roots::File(authority.folder.path().join("localhost.key"));
    let text = TlsClient::new(TlsClientOptions { roots, ..TlsClientOptions::default() }).unwrap_err().to_string();
    assert!(text.contains("localhost.key has no certificate"), "{text}");
}
