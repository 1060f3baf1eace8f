//! `waxwing sim gns`: a directory of gateways that answers from a file.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use waxwing_cmpp::Version;
use waxwing_core::Clock;
use waxwing_endpoints::Endpoint;
use waxwing_endpoints::cmpp::gns::{MoEntry, MtEntry};
use waxwing_endpoints::simulator::{GnsConfig, GnsGateway, start_gns};

use super::Failure;
use crate::config::keys::{CmppVersion, Gns as Keys};
use crate::config::value::{GatewayCode, Listen};

#[derive(Debug, Args)]
pub(super) struct Gns {
    /// Gateways and routes: a TOML file with `code` (of the GNS), `[[gateway]]` (code, secret, address, push, version), `[[mt]]` (gateway,
    /// segment, area_code) and `[[mo]]` (gateway, sp_code, sp_id)
    routes: PathBuf,
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:9168")]
    listen: SocketAddr,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    code: GatewayCode,
    #[serde(default)]
    gateway: Vec<Gateway>,
    #[serde(default)]
    mt: Vec<Mt>,
    #[serde(default)]
    mo: Vec<Mo>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gateway {
    code: GatewayCode,
    secret: String,
    /// Where it listens for other gateways, and for the GNS.
    address: Option<Listen>,
    /// It is told of changes, if it has an address.
    #[serde(default = "yes")]
    push: bool,
    #[serde(default = "newest")]
    version: CmppVersion,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mt {
    gateway: GatewayCode,
    segment: String,
    #[serde(default)]
    area_code: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mo {
    gateway: GatewayCode,
    sp_code: String,
    #[serde(default)]
    sp_id: String,
}

fn yes() -> bool {
    true
}

fn newest() -> CmppVersion {
    CmppVersion::V3
}

impl Gns {
    pub(super) fn start(&self) -> Result<Endpoint, Failure> {
        let named = |why: String| Failure::of(format!("{}: {why}", self.routes.display()));
        let text = std::fs::read_to_string(&self.routes).map_err(|e| named(e.to_string()))?;
        let config = read(&text, self.listen).map_err(named)?;
        start_gns(config, Clock::system()).map_err(|e| Failure::of(format!("{}: {e}", self.listen)))
    }
}

fn read(text: &str, listen: SocketAddr) -> Result<GnsConfig, String> {
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    let address = |code: GatewayCode| match file.gateway.iter().find(|g| g.code == code) {
        Some(g) => Ok(g.address.map(|a| a.0)),
        None => Err(format!("a route leads to gateway {code}, and there is no [[gateway]] with that code")),
    };
    let mt = file.mt.iter().map(|r| {
        let (start, end) = Keys::segment(&r.segment)?;
        Ok(MtEntry { id: 0, gateway: r.gateway.0, address: address(r.gateway)?, start, end, area: r.area_code.clone() })
    });
    let mo = file.mo.iter().map(|r| {
        Ok(MoEntry { id: 0, gateway: r.gateway.0, address: address(r.gateway)?, sp_code: r.sp_code.clone(), sp_id: r.sp_id.clone() })
    });
    let gateways = file.gateway.iter().map(|g| GnsGateway {
        code: g.code.0,
        secret: g.secret.clone(),
        push: g.address.map(|a| a.0).filter(|_| g.push),
        version: match g.version {
            CmppVersion::V2 => Version::V2,
            CmppVersion::V3 => Version::V3,
        },
    });
    Ok(GnsConfig {
        listen,
        code: file.code.0,
        gateways: gateways.collect(),
        mt: mt.collect::<Result<_, String>>()?,
        mo: mo.collect::<Result<_, String>>()?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FILE: &str = "code = \"000999\"\n[[gateway]]\ncode = \"001001\"\nsecret = \"x\"\naddress = \"127.0.0.1:7930\"\n\
                        [[mt]]\ngateway = \"001001\"\nsegment = \"1380013-1380099\"\n[[mo]]\ngateway = \"1001\"\nsp_code = \"10690001\"\n";

    #[test]
    fn a_file_is_read() {
        let c = read(FILE, "127.0.0.1:0".parse().unwrap()).unwrap();
        assert_eq!((c.code, c.gateways[0].push, c.gateways[0].version), (999, "127.0.0.1:7930".parse().ok(), Version::V3));
        assert_eq!((c.mt[0].start.as_str(), c.mt[0].end.as_str(), c.mt[0].gateway), ("1380013", "1380099", 1001));
        assert_eq!((c.mo[0].sp_code.as_str(), c.mo[0].address), ("10690001", "127.0.0.1:7930".parse().ok()));
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = |from: &str, to: &str| read(&FILE.replace(from, to), "127.0.0.1:0".parse().unwrap()).unwrap_err();
        assert!(wrong("gateway = \"1001\"", "gateway = \"1002\"").contains("001002"));
        assert!(wrong("1380013-1380099", "1380099-1380013").contains("is no segment"));
        assert!(wrong("sp_code", "spcode").contains("spcode"));
    }
}
