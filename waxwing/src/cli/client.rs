//! Talking to a running gateway: where it is, who asks, one request after the other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use clap::Args;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::{ConfigFile, Failure};
use crate::config::{self, Config, keys::Right};
use crate::node::Listening;

/// Which gateway, and who asks.
#[derive(Clone, Debug, Args)]
pub struct Target {
    #[command(flatten)]
    file: ConfigFile,
    /// The gateway's HTTP door, such as http://127.0.0.1:8800; without it, the configuration's, or the demonstration's
    #[arg(long, global = true, env = "WAXWING_URL")]
    url: Option<String>,
    /// Account; without it, the configuration's first whose password is in clear
    #[arg(long, global = true, env = "WAXWING_USER")]
    user: Option<String>,
    /// Its password
    #[arg(long, global = true, env = "WAXWING_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

/// A connection to a gateway.
#[derive(Debug)]
pub(super) struct Client {
    base: String,
    authorization: String,
    http: HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Largest answer that is read.
const MAX_ANSWER: usize = 64 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

// === impl Target ===

impl Target {
    /// The configuration that is meant.
    pub(super) fn config(&self) -> Result<Option<Config>, Failure> {
        self.file.load()
    }

    /// Finds out where and who. With `admin`, an account that may administrate is preferred.
    pub(super) fn connect(&self, admin: bool) -> Result<Client, Failure> {
        let config = if self.url.is_some() && self.user.is_some() { None } else { self.config()? };
        let base = match &self.url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => config.as_ref().map(url_of).ok_or_else(|| {
                Failure::Usage("which gateway? give --url http://HOST:PORT, or --config FILE of one on this machine".into())
            })?,
        };
        let password = match (&self.user, &self.password, &config) {
            (Some(user), Some(password), _) => (user.clone(), password.clone()),
            (Some(user), None, Some(c)) => account(c, |a| a.name == *user).ok_or_else(|| {
                Failure::Usage(format!("the configuration has no account {user:?} with a password in clear; give --password"))
            })?,
            (Some(_), None, None) => return Err(Failure::Usage("give --password as well, or WAXWING_PASSWORD in the environment".into())),
            (None, _, Some(c)) => {
                account(c, |a| !admin || a.allow.contains(&Right::Admin)).or_else(|| account(c, |_| true)).ok_or_else(|| {
                    Failure::Usage("the configuration has no account with a password in clear; give --user and --password".into())
                })?
            }
            (None, _, None) => return Err(Failure::Usage("who asks? give --user and --password".into())),
        };
        Client::new(base, &password.0, &password.1)
    }
}

fn account(config: &Config, wanted: impl Fn(&config::keys::Account) -> bool) -> Option<(String, String)> {
    let usable = |a: &&config::keys::Account| !a.password.is_empty() && !a.password.starts_with("$argon2") && wanted(a);
    config.accounts.iter().find(usable).map(|a| (a.name.clone(), a.password.clone()))
}

/// Where a gateway of this machine listens: what it has written down, or what its configuration says.
pub(super) fn url_of(config: &Config) -> String {
    let address = Listening::read(&config.data()).and_then(|l| l.http).unwrap_or(config.http.listen.0);
    let scheme = if config.http.tls_cert.is_some() { "https" } else { "http" };
    let host = if address.ip().is_unspecified() { std::net::SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address };
    format!("{scheme}://{host}")
}

// === impl Client ===

impl Client {
    fn new(base: String, user: &str, password: &str) -> Result<Client, Failure> {
        let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        Ok(Client {
            authorization: format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))),
            http: HyperClient::builder(TokioExecutor::new()).build(connector),
            base,
        })
    }

    /// The JSON that a path answers with.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None).await
    }

    /// Posts JSON; the answer, whatever its status, if it is JSON.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let url = format!("{}{path}", self.base);
        let payload = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(&url)
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(payload)))
            .map_err(|e| Failure::Usage(format!("{url}: {e}")))?;
        let late = || Failure::Failed(format!("{url}: no answer within {} s", PATIENCE.as_secs()));
        let response = tokio::time::timeout(PATIENCE, self.http.request(request)).await.map_err(|_| late())?;
        let response = response.map_err(|e| Failure::Failed(format!("{url}: {}; is the gateway running there?", innermost(&e))))?;
        let status = response.status();
        let read = Limited::new(response.into_body(), MAX_ANSWER).collect();
        let body = tokio::time::timeout(PATIENCE, read).await.map_err(|_| late())?.map_err(|e| Failure::Failed(format!("{url}: {e}")))?;
        let octets = body.to_bytes();
        let answer: Value =
            serde_json::from_slice(&octets).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&octets).into_owned()));
        if status.is_success() || answer["messages"].is_array() {
            return Ok(answer);
        }
        Err(Failure::Failed(format!("{url}: {status}: {}", problem(&answer))))
    }
}

/// The words of a problem (RFC 9457), or of whatever came instead.
pub(super) fn problem(answer: &Value) -> String {
    let words = [&answer["detail"], &answer["title"]].into_iter().find_map(Value::as_str);
    words.map_or_else(|| answer.as_str().map_or_else(|| answer.to_string(), str::to_owned), str::to_owned)
}

fn innermost(e: &(dyn std::error::Error + 'static)) -> String {
    let mut e = e;
    while let Some(inner) = e.source() {
        e = inner;
    }
    e.to_string()
}

/// A runtime for a command that talks to a gateway.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::of)
}

/// The folder of a data folder's spool.
pub(super) fn spool_folder(config: &Config) -> PathBuf {
    Path::new(&config.data()).join("spool")
}
