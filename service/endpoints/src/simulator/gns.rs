//! `waxwing sim gns`: a directory of gateways, so that a small network of them runs on one machine.
//!
//! It keeps its routes in memory only. Each gateway may change its own, and the others are told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use waxwing_cmpp::{
    Body, CommandId, ConnectResp, GetMoRouteResp, GetMtRouteResp, MoRouteResp, MoRouteUpdateResp, MtRouteResp, MtRouteUpdateResp, Pdu,
    PushMoRouteUpdate, PushMtRouteUpdate, TerminateResp, Version, auth, decode, encode, frame, status,
};
use waxwing_core::Clock;

use crate::cmpp::gns::{MoEntry, MtEntry, Once, TellsMo, TellsMt, ask, place, read, refused, update, written};
use crate::cmpp::{CHINA, LocalTime, code, gateway};
use crate::{Endpoint, Stopping};

/// Connections at the same time.
const CONNECTIONS: usize = 256;
/// How long a connection may live, and how long a gateway may take that is told of a change.
const LIFE: Duration = Duration::from_secs(30);
/// Changes that wait to be told.
const CHANGES: usize = 10_000;
/// How often a gateway is tried that is to be told, and how long apart.
const TRIES: u32 = 5;
const APART: Duration = Duration::from_secs(1);

/// A simulated GNS.
#[derive(Clone, Debug)]
pub struct GnsConfig {
    /// Where it listens; the standard's port is 9168.
    pub listen: SocketAddr,
    /// Its own code, which it signs in with at gateways.
    pub code: u32,
    /// The gateways that it knows. Others are refused.
    pub gateways: Vec<GnsGateway>,
    /// Routes to handsets.
    pub mt: Vec<MtEntry>,
    /// Routes to SPs.
    pub mo: Vec<MoEntry>,
}

/// A gateway, as the GNS knows it.
#[derive(Clone, Debug)]
pub struct GnsGateway {
    /// Its code.
    pub code: u32,
    /// The secret that it shares with the GNS, in both directions.
    pub secret: String,
    /// Where it is told of changes; `None` = it is not.
    pub push: Option<SocketAddr>,
    /// Layout that it is told in.
    pub version: Version,
}

struct Gns {
    config: GnsConfig,
    clock: Clock,
    routes: Mutex<Routes>,
    changes: mpsc::Sender<Change>,
}

#[derive(Default)]
struct Routes {
    mt: Vec<MtEntry>,
    mo: Vec<MoEntry>,
}

/// What the other gateways are told.
#[derive(Clone, Debug)]
enum Change {
    Mt(u8, MtEntry),
    Mo(u8, MoEntry),
}

/// Starts a simulated GNS.
///
/// # Errors
/// When its address cannot be used.
pub fn start_gns(config: GnsConfig, clock: Clock) -> std::io::Result<Endpoint> {
    let listener = std::net::TcpListener::bind(config.listen)?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr().ok();
    let (changes, told) = mpsc::channel(CHANGES);
    let routes = Mutex::new(Routes { mt: numbered(&config.mt, |e, id| e.id = id), mo: numbered(&config.mo, |e, id| e.id = id) });
    let gns = Arc::new(Gns { config, clock, routes, changes });
    Ok(Endpoint::spawn(address, move |mut stopping: Stopping| async move {
        tokio::select! {
            () = gns.clone().accept(listener) => {}
            () = gns.tell(told) => {}
            () = stopping.stopped() => {}
        }
    }))
}

/// Routes are numbered from 0, those to handsets and those to SPs each for themselves.
fn numbered<E: Clone>(entries: &[E], number: impl Fn(&mut E, u32)) -> Vec<E> {
    let mut entries = entries.to_vec();
    entries.iter_mut().zip(0..).for_each(|(e, id)| number(e, id));
    entries
}

impl Gns {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let gns = self.clone();
                    connections.spawn(async move {
                        if let Err(why) = tokio::time::timeout(LIFE, gns.serve(stream)).await.unwrap_or_else(|_| Err("too slow".into())) {
                            tracing::debug!(%peer, "{why}");
                        }
                        drop(place);
                    });
                    while connections.try_join_next().is_some() {}
                }
                Err(e) => {
                    tracing::warn!("GNS: {e}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// Serves a gateway until it closes.
    async fn serve(&self, mut stream: TcpStream) -> Result<(), String> {
        let mut buf = BytesMut::new();
        let first = read(&mut stream, &mut buf).await?;
        let seq = frame::Header::parse(&first).map_or(0, |h| h.sequence_id);
        let Ok(Pdu::Connect(c)) = decode(&first, Version::V2).map(|d| d.pdu) else { return Err("not a CONNECT".into()) };
        let version = Version::of_byte(c.version);
        let known = gateway(c.source_addr).and_then(|code| self.config.gateways.iter().find(|g| g.code == code));
        let known = known.filter(|g| auth::source_is_valid(&c.authenticator_source, c.source_addr, g.secret.as_bytes(), c.timestamp));
        let mut out = BytesMut::new();
        let body = match known {
            Some(g) => {
                let authenticator_ismg = auth::ismg(status::OK, version, &c.authenticator_source, g.secret.as_bytes());
                ConnectResp { status: status::OK, authenticator_ismg, version: version.byte() }
            }
            None => ConnectResp { status: status::AUTHENTICATION_ERROR, version: version.byte(), ..ConnectResp::default() },
        };
        encode(&body, version, seq, &mut out).map_err(|e| e.to_string())?;
        stream.write_all(&out.split()).await.map_err(|e| e.to_string())?;
        let Some(from) = known else {
            return Err(format!("CONNECT of {:?} was refused", String::from_utf8_lossy(c.source_addr)));
        };
        loop {
            let Ok(request) = read(&mut stream, &mut buf).await else { return Ok(()) };
            let Some(answer) = self.answer(from, version, &request) else { continue };
            stream.write_all(&answer).await.map_err(|e| e.to_string())?;
        }
    }

    /// The answer to a request; `None` where there is none.
    fn answer(&self, from: &GnsGateway, version: Version, request: &Bytes) -> Option<Bytes> {
        let seq = frame::Header::parse(request)?.sequence_id;
        let mut out = BytesMut::new();
        match decode(request, version).map(|d| d.pdu) {
            Ok(Pdu::MtRoute(p)) => self.mt_route(&String::from_utf8_lossy(p.terminal_id), version, seq, &mut out),
            Ok(Pdu::MoRoute(p)) => self.mo_route(&String::from_utf8_lossy(p.sp_code), version, seq, &mut out),
            Ok(Pdu::GetMtRoute(p)) => self.get(p.route_type, p.last_route_id, CommandId::GET_MT_ROUTE, version, seq, &mut out),
            Ok(Pdu::GetMoRoute(p)) => self.get(p.route_type, p.last_route_id, CommandId::GET_MO_ROUTE, version, seq, &mut out),
            Ok(Pdu::MtRouteUpdate(p)) => {
                let (result, route_id) = self.update_mt(from, p.update_type, p.mt());
                let stamp = self.stamp();
                let body = MtRouteUpdateResp { result: of_version(result, version), route_id, time_stamp: stamp.as_bytes() };
                put(&body, version, seq, &mut out);
            }
            Ok(Pdu::MoRouteUpdate(p)) => {
                let (result, route_id) = self.update_mo(from, p.update_type, p.mo());
                let stamp = self.stamp();
                let body = MoRouteUpdateResp { result: of_version(result, version), route_id, time_stamp: stamp.as_bytes() };
                put(&body, version, seq, &mut out);
            }
            Ok(Pdu::Terminate(_)) => put(&TerminateResp::default(), version, seq, &mut out),
            Ok(_) => return None,
            Err(e) => {
                e.encode_answer(version, &mut out);
            }
        }
        Some(out.freeze())
    }

    fn mt_route(&self, number: &str, version: Version, seq: u32, out: &mut BytesMut) {
        let at = place(number);
        let routes = self.routes.lock();
        let within = |e: &&MtEntry| e.range().is_ok_and(|(first, last)| at.is_some_and(|at| (first..=last).contains(&at)));
        // The narrowest segment counts.
        let found = routes.mt.iter().filter(within).min_by_key(|e| e.range().map_or(u64::MAX, |(first, last)| last - first));
        let stamp = self.stamp();
        let Some(e) = found else {
            return put(&MtRouteResp { result: refused::NO_ROUTE, ..MtRouteResp::default() }, version, seq, out);
        };
        let (destination, (ip, gateway_port)) = (code(e.gateway), written(e.address));
        let body = MtRouteResp {
            route_id: e.id,
            destination_id: destination.as_bytes(),
            gateway_ip: ip.as_bytes(),
            gateway_port,
            start_id: e.start.as_bytes(),
            end_id: e.end.as_bytes(),
            area_code: e.area.as_bytes(),
            time_stamp: stamp.as_bytes(),
            ..MtRouteResp::default()
        };
        put(&body, version, seq, out);
    }

    fn mo_route(&self, number: &str, version: Version, seq: u32, out: &mut BytesMut) {
        let routes = self.routes.lock();
        let found = routes.mo.iter().filter(|e| number.starts_with(&e.sp_code)).max_by_key(|e| e.sp_code.len());
        let stamp = self.stamp();
        let Some(e) = found else {
            return put(&MoRouteResp { result: refused::NO_ROUTE, ..MoRouteResp::default() }, version, seq, out);
        };
        let (destination, (ip, gateway_port)) = (code(e.gateway), written(e.address));
        // 2.0 has one field for the SP, and what was asked for is its code.
        let sp_id = if version == Version::V2 { &e.sp_code } else { &e.sp_id };
        let body = MoRouteResp {
            route_id: e.id,
            destination_id: destination.as_bytes(),
            gateway_ip: ip.as_bytes(),
            gateway_port,
            sp_id: sp_id.as_bytes(),
            sp_code: e.sp_code.as_bytes(),
            time_stamp: stamp.as_bytes(),
            ..MoRouteResp::default()
        };
        put(&body, version, seq, out);
    }

    /// The route after one.
    fn get(&self, route_type: &[u8], last: i32, asked: CommandId, version: Version, seq: u32, out: &mut BytesMut) {
        let routes = self.routes.lock();
        let mo = asked == CommandId::GET_MO_ROUTE || route_type.eq_ignore_ascii_case(b"MO");
        let stamp = self.stamp();
        let after = |id: u32| i64::from(id) > i64::from(last);
        let ids: Vec<u32> = if mo { routes.mo.iter().map(|e| e.id).collect() } else { routes.mt.iter().map(|e| e.id).collect() };
        let total = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let next = ids.iter().zip(1u32..).find(|(id, _)| after(**id));
        let last_one = next.is_some_and(|(_, number)| number == total);
        let result = match (next, version) {
            _ if !mo && !route_type.eq_ignore_ascii_case(b"MT") => of_version(refused::ROUTE_TYPE, version),
            (None, _) => refused::NO_ROUTE,
            (Some(_), Version::V2) if last_one => refused::LAST_ROUTE,
            (Some(_), _) => 0,
        };
        let route_number = next.map_or(0, |(_, number)| number);
        let at = usize::try_from(route_number).unwrap_or(0).wrapping_sub(1);
        let found = next.is_some();
        if mo {
            let e = routes.mo.get(at).filter(|_| found);
            let destination = e.map(|e| code(e.gateway)).unwrap_or_default();
            let (ip, gateway_port) = written(e.and_then(|e| e.address));
            let (route_id, sp_code) = e.map_or((0, ""), |e| (e.id, e.sp_code.as_str()));
            let (destination_id, gateway_ip, sp_code) = (destination.as_bytes(), ip.as_bytes(), sp_code.as_bytes());
            if asked == CommandId::GET_MT_ROUTE {
                let body =
                    GetMtRouteResp { route_id, destination_id, gateway_ip, gateway_port, sp_code, result, ..GetMtRouteResp::default() };
                return put(&body, version, seq, out);
            }
            let body = GetMoRouteResp {
                route_id,
                destination_id,
                gateway_ip,
                gateway_port,
                sp_id: e.map_or(&b""[..], |e| e.sp_id.as_bytes()),
                sp_code,
                result,
                route_total: total,
                route_number,
                time_stamp: stamp.as_bytes(),
                ..GetMoRouteResp::default()
            };
            return put(&body, version, seq, out);
        }
        let e = routes.mt.get(at).filter(|_| found);
        let destination = e.map(|e| code(e.gateway)).unwrap_or_default();
        let (ip, gateway_port) = written(e.and_then(|e| e.address));
        let (start, end) = e.map_or(("", ""), |e| (e.start.as_str(), e.end.as_str()));
        let body = GetMtRouteResp {
            route_id: e.map_or(0, |e| e.id),
            destination_id: destination.as_bytes(),
            gateway_ip: ip.as_bytes(),
            gateway_port,
            start_id: start.as_bytes(),
            end_id: end.as_bytes(),
            // 2.0 has the segment in these.
            start_code: start.parse().unwrap_or(0),
            end_code: end.parse().unwrap_or(0),
            area_code: e.map_or(&b""[..], |e| e.area.as_bytes()),
            result,
            route_total: total,
            route_number,
            time_stamp: stamp.as_bytes(),
            ..GetMtRouteResp::default()
        };
        put(&body, version, seq, out);
    }

    /// The result, and the number of the route.
    fn update_mt(&self, from: &GnsGateway, update_type: u8, entry: Option<MtEntry>) -> (u8, u32) {
        let Some(mut entry) = entry.filter(|e| e.gateway == from.code) else { return (refused::GATEWAY, 0) };
        if update_type != update::DELETE
            && let Err(result) = entry.range()
        {
            return (result, 0);
        }
        let mut routes = self.routes.lock();
        let mine = routes.mt.iter().position(|e| match update_type {
            update::ADD => e.gateway == from.code && e.start == entry.start && e.end == entry.end,
            _ => e.gateway == from.code && e.id == entry.id,
        });
        match (update_type, mine) {
            (update::ADD, Some(at)) => return (0, routes.mt[at].id),
            (update::ADD, None) => {
                entry.id = routes.mt.iter().map(|e| e.id + 1).max().unwrap_or(0);
                routes.mt.push(entry.clone());
            }
            (update::DELETE, Some(at)) => entry = routes.mt.remove(at),
            (update::CHANGE, Some(at)) => routes.mt[at] = entry.clone(),
            (update::DELETE | update::CHANGE, None) => return (refused::ROUTE_ID, 0),
            _ => return (refused::UPDATE_TYPE, 0),
        }
        tracing::info!(update_type, ?entry, "a route was changed");
        let id = entry.id;
        self.changed(Change::Mt(update_type, entry));
        (0, id)
    }

    fn update_mo(&self, from: &GnsGateway, update_type: u8, entry: Option<MoEntry>) -> (u8, u32) {
        let Some(mut entry) = entry.filter(|e| e.gateway == from.code) else { return (refused::GATEWAY, 0) };
        if update_type != update::DELETE && entry.sp_code.is_empty() {
            return (refused::SP_CODE, 0);
        }
        let mut routes = self.routes.lock();
        let mine = routes.mo.iter().position(|e| match update_type {
            update::ADD => e.gateway == from.code && e.sp_code == entry.sp_code,
            _ => e.gateway == from.code && e.id == entry.id,
        });
        match (update_type, mine) {
            (update::ADD, Some(at)) => return (0, routes.mo[at].id),
            (update::ADD, None) => {
                entry.id = routes.mo.iter().map(|e| e.id + 1).max().unwrap_or(0);
                routes.mo.push(entry.clone());
            }
            (update::DELETE, Some(at)) => entry = routes.mo.remove(at),
            (update::CHANGE, Some(at)) => routes.mo[at] = entry.clone(),
            (update::DELETE | update::CHANGE, None) => return (refused::ROUTE_ID, 0),
            _ => return (refused::UPDATE_TYPE, 0),
        }
        tracing::info!(update_type, ?entry, "a route was changed");
        let id = entry.id;
        self.changed(Change::Mo(update_type, entry));
        (0, id)
    }

    fn changed(&self, change: Change) {
        if self.changes.try_send(change).is_err() {
            tracing::warn!("GNS: too many changes at once; not all gateways are told");
        }
    }

    /// Tells gateways of changes, one after the other.
    async fn tell(&self, mut changes: mpsc::Receiver<Change>) {
        while let Some(change) = changes.recv().await {
            let of = match &change {
                Change::Mt(_, e) => e.gateway,
                Change::Mo(_, e) => e.gateway,
            };
            let others = self.config.gateways.iter().filter(|g| g.code != of);
            for (to, address) in others.filter_map(|g| Some((g, g.push?))) {
                for attempt in 1..=TRIES {
                    match self.push(to, address, &change).await {
                        Ok(()) => break,
                        Err(why) => tracing::warn!(gateway = to.code, attempt, "not told of a change: {why}"),
                    }
                    tokio::time::sleep(APART).await;
                }
            }
        }
    }

    async fn push(&self, to: &GnsGateway, address: SocketAddr, change: &Change) -> Result<(), String> {
        let (own, stamp) = (code(self.config.code), self.stamp());
        let how = Once {
            source_addr: &own,
            secret: &to.secret,
            version: to.version,
            timestamp: LocalTime::at(self.clock.now(), CHINA).timestamp(),
            timeout: LIFE,
        };
        let address = address.to_string();
        let answer = match change {
            Change::Mt(update_type, e) => {
                let (destination, (ip, gateway_port)) = (code(e.gateway), written(e.address));
                let body = PushMtRouteUpdate {
                    update_type: *update_type,
                    route_id: e.id,
                    destination_id: destination.as_bytes(),
                    gateway_ip: ip.as_bytes(),
                    gateway_port,
                    start_id: e.start.as_bytes(),
                    end_id: e.end.as_bytes(),
                    area_code: e.area.as_bytes(),
                    time_stamp: stamp.as_bytes(),
                    ..PushMtRouteUpdate::default()
                };
                ask(&address, &how, &body).await?
            }
            Change::Mo(update_type, e) => {
                let (destination, (ip, gateway_port)) = (code(e.gateway), written(e.address));
                let body = PushMoRouteUpdate {
                    update_type: *update_type,
                    route_id: e.id,
                    destination_id: destination.as_bytes(),
                    gateway_ip: ip.as_bytes(),
                    gateway_port,
                    sp_id: e.sp_id.as_bytes(),
                    sp_code: e.sp_code.as_bytes(),
                    time_stamp: stamp.as_bytes(),
                    ..PushMoRouteUpdate::default()
                };
                ask(&address, &how, &body).await?
            }
        };
        let result = match decode(&answer, to.version).map(|d| d.pdu) {
            Ok(Pdu::PushMtRouteUpdateResp(r)) => r.result,
            Ok(Pdu::PushMoRouteUpdateResp(r)) => r.result,
            _ => return Err("its answer cannot be read".into()),
        };
        if result == 0 { Ok(()) } else { Err(format!("result {result}")) }
    }

    /// YYYYMMDDHHMMSS.
    fn stamp(&self) -> String {
        let t = LocalTime::at(self.clock.now(), CHINA);
        format!("{:04}{:02}{:02}{:02}{:02}{:02}", t.year, t.month, t.day, t.hour, t.minute, t.second)
    }
}

/// 2.0 knows one refusal.
fn of_version(result: u8, version: Version) -> u8 {
    if version == Version::V2 && result != 0 { refused::NO_ROUTE } else { result }
}

fn put(body: &impl Body, version: Version, seq: u32, out: &mut BytesMut) {
    if let Err(e) = encode(body, version, seq, out) {
        tracing::warn!("an answer of the GNS has no place in CMPP {version}: {e}");
    }
}
