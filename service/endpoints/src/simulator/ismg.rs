//! `waxwing sim ismg`: the simulated carrier with a CMPP face.
//!
//! It keeps nothing: it is there to be tested against, and to behave as badly as it is told to.

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use waxwing_cmpp::{
    CancelResp, Connect, ConnectResp, Deliver, MsgId, Pdu, Query, QueryResp, Report, Submit, SubmitResp, Version, auth, decode, encode,
    result, status,
};
use waxwing_core::Clock;
use waxwing_session::{Link, ListenError, Stream};
use waxwing_testkit::{CarrierEvent, Codes, FinalState, Submitted};

use super::centre::{self, Centre, CentreConfig, Face, Session, SignedIn};
use crate::Endpoint;
use crate::cmpp::dialect::{Cmpp, Frame};
use crate::cmpp::{CHINA, LocalTime, MsgIds};

/// A simulated ISMG.
#[derive(Clone, Debug)]
pub struct IsmgConfig {
    /// Where it listens and how it behaves.
    pub centre: CentreConfig,
    /// The only SP_Id that may connect; `None` = any.
    pub sp_id: Option<String>,
    /// The secret of whoever connects; `None` checks no authenticator, and sends zeros for its own.
    pub secret: Option<String>,
    /// Code of the gateway, at most six digits, part of every Msg_Id.
    pub gateway: u32,
    /// The one version that it speaks; `None` = the one that the client asks for.
    pub version: Option<Version>,
    /// A client that asks for a higher version than `version` is served in `version` all the same, instead of being refused.
    pub any_version: bool,
    /// Status reports have the length of this version, 60 or 71 octets; `None` = the version spoken.
    pub report_form: Option<Version>,
    /// The phone in reports has the country code 86, whatever it was submitted with.
    pub country_code: bool,
    /// AuthenticatorISMG is wrong.
    pub wrong_authenticator: bool,
}

impl IsmgConfig {
    /// One that lets everybody in and does everything right.
    pub fn new(centre: CentreConfig) -> IsmgConfig {
        IsmgConfig {
            centre,
            sp_id: None,
            secret: None,
            gateway: 1001,
            version: None,
            any_version: false,
            report_form: None,
            country_code: false,
            wrong_authenticator: false,
        }
    }
}

/// Starts a simulated ISMG.
///
/// # Errors
/// When its address cannot be used.
pub fn start_ismg(config: IsmgConfig, clock: Clock) -> Result<Endpoint, ListenError> {
    let centre = config.centre.clone();
    let ids = Mutex::new(MsgIds::new(vec![config.gateway], CHINA));
    centre::start(Ismg { config, ids }, centre, clock)
}

struct Ismg {
    config: IsmgConfig,
    ids: Mutex<MsgIds>,
}

impl Face for Ismg {
    type Dialect = Cmpp;
    const CODES: Codes = Codes::Cmpp;
    const NAME: &'static str = "ISMG";
    const CLOSES_UNBOUND: bool = true;

    fn dialect(&self) -> Cmpp {
        Cmpp::new(waxwing_cmpp::frame::DEFAULT_MAX_LEN)
    }

    fn sign_in(&self, link: &mut Link<Cmpp, Stream>, pdu: &Frame) -> Option<SignedIn> {
        let mut out = BytesMut::new();
        let seq = pdu.header.sequence_id;
        let answer = match decode(&pdu.octets, Version::V2).map(|d| d.pdu) {
            Ok(Pdu::Connect(c)) => self.judge(&c).map(|version| (c, version)),
            // A CONNECT is all that the dialect takes for a login.
            Ok(_) => Err((Version::V2, status::STRUCTURE_ERROR)),
            Err(e) => {
                e.encode_answer(Version::V2, &mut out);
                link.refuse_login(&out);
                return None;
            }
        };
        match answer {
            Err((version, status)) => {
                let body = ConnectResp { status, version: self.config.version.unwrap_or(version).byte(), ..Default::default() };
                let _ = encode(&body, version, seq, &mut out);
                link.refuse_login(&out);
                None
            }
            Ok((c, version)) => {
                let body = ConnectResp { status: status::OK, authenticator_ismg: self.authenticator(&c, version), version: version.byte() };
                let _ = encode(&body, version, seq, &mut out);
                link.engine_mut().dialect_mut().set_version(version);
                link.accept_login(&out);
                Some(SignedIn { owner: Bytes::copy_from_slice(c.source_addr), receives: true })
            }
        }
    }

    fn request(&self, centre: &Centre<Ismg>, link: &mut Link<Cmpp, Stream>, pdu: &Frame, from: &Session) {
        let version = link.engine().dialect().version();
        let seq = pdu.header.sequence_id;
        match decode(&pdu.octets, version).map(|d| d.pdu) {
            Ok(Pdu::Submit(p)) => match self.submitted(&p, centre.now()) {
                Some(m) => centre.submit(from, seq, m),
                None => self.respond(link, seq, &Err(result::FLOW_CONTROL)),
            },
            Ok(Pdu::Query(p)) => link.respond_with(|out| {
                let _ = encode(&counts(centre, from, &p), version, seq, out);
            }),
            Ok(Pdu::Cancel(p)) => {
                let success_id = u32::from(!centre.cancel(&p.msg_id.0.to_string()));
                link.respond_with(|out| {
                    let _ = encode(&CancelResp { success_id }, version, seq, out);
                });
            }
            // What only gateways ask each other gets no answer.
            Ok(_) => link.respond_with(|_| {}),
            Err(e) => link.respond_with(|out| {
                e.encode_answer(version, out);
            }),
        }
    }

    fn respond(&self, link: &mut Link<Cmpp, Stream>, seq: u32, result: &Result<String, u32>) {
        let version = link.engine().dialect().version();
        let body = match result {
            Ok(id) => SubmitResp { msg_id: number(id), result: result::OK },
            Err(code) => SubmitResp { result: *code, ..Default::default() },
        };
        link.respond_with(|out| {
            let _ = encode(&body, version, seq, out);
        });
    }

    fn deliver(&self, dialect: &Cmpp, event: &CarrierEvent, now: u64, out: &mut BytesMut) {
        let version = dialect.version();
        let msg_id = self.ids.lock().take(now, 1).unwrap_or_default();
        let encoded = match event {
            CarrierEvent::Response { .. } => Ok(()),
            CarrierEvent::Mo { source, destination, data_coding, payload, .. } => {
                let body = Deliver {
                    msg_id,
                    dest_id: destination,
                    msg_fmt: *data_coding,
                    src_terminal_id: source,
                    msg_content: payload,
                    ..Default::default()
                };
                encode(&body, version, 0, out)
            }
            CarrierEvent::Receipt { id, nth, about, state, submitted, done } => {
                let phone = self.phone(&about.destination);
                let mut content = BytesMut::new();
                let report = Report {
                    msg_id: number(id).nth(*nth),
                    stat: match state {
                        FinalState::Delivered => b"DELIVRD",
                        FinalState::Undeliverable => b"UNDELIV",
                        FinalState::Deleted => b"DELETED",
                    },
                    submit_time: &LocalTime::at(*submitted, CHINA).minutes(),
                    done_time: &LocalTime::at(*done, CHINA).minutes(),
                    dest_terminal_id: &phone,
                    ..Default::default()
                };
                report.encode(self.config.report_form.unwrap_or(version), &mut content).and_then(|()| {
                    let body = Deliver {
                        msg_id,
                        dest_id: &about.source,
                        src_terminal_id: &phone,
                        registered_delivery: 1,
                        msg_content: &content,
                        ..Default::default()
                    };
                    encode(&body, version, 0, out)
                })
            }
        };
        if let Err(e) = encoded {
            tracing::warn!("simulated ISMG: nothing is delivered: {e}");
            out.clear();
        }
    }
}

impl Ismg {
    /// The version to speak, or the version and the status to refuse in.
    fn judge(&self, c: &Connect<'_>) -> Result<Version, (Version, u32)> {
        let asked = Version::of_byte(c.version);
        let version = match self.config.version {
            Some(pinned) if pinned < asked && !self.config.any_version => return Err((asked, status::VERSION_TOO_HIGH)),
            Some(pinned) => pinned,
            None => asked,
        };
        if self.config.sp_id.as_ref().is_some_and(|id| id.as_bytes() != c.source_addr) {
            return Err((version, status::ILLEGAL_SOURCE_ADDRESS));
        }
        let proves = |secret: &String| auth::source_is_valid(&c.authenticator_source, c.source_addr, secret.as_bytes(), c.timestamp);
        if !self.config.secret.as_ref().is_none_or(proves) {
            return Err((version, status::AUTHENTICATION_ERROR));
        }
        Ok(version)
    }

    fn authenticator(&self, c: &Connect<'_>, version: Version) -> [u8; 16] {
        let Some(secret) = &self.config.secret else { return [0; 16] };
        let right = auth::ismg(status::OK, version, &c.authenticator_source, secret.as_bytes());
        if self.config.wrong_authenticator { right.map(|octet| !octet) } else { right }
    }

    /// What the carrier is to be told of a SUBMIT; `None` when there are no ids left.
    fn submitted(&self, p: &Submit<'_>, now: u64) -> Option<Submitted> {
        // Copied: a slice would keep the whole read block alive until the reports are out.
        let copy = Bytes::copy_from_slice;
        let id = self.ids.lock().take(now, u16::try_from(p.dest_terminal_id.len()).ok()?)?;
        let mut recipients = p.dest_terminal_id.iter().map(copy);
        Some(Submitted {
            source: copy(p.src_id),
            destination: recipients.next()?,
            more: recipients.collect(),
            data_coding: p.msg_fmt,
            // Some send the bit where SMPP's esm_class has it.
            udhi: p.tp_udhi & 0x41 != 0,
            payload: copy(p.msg_content),
            receipt: p.registered_delivery == 1,
            id: Some(id.0),
            ..Submitted::default()
        })
    }

    /// A phone as reports have it.
    fn phone(&self, submitted: &Bytes) -> Bytes {
        let digits = submitted.strip_prefix(b"+").unwrap_or(submitted);
        if self.config.country_code && !digits.starts_with(b"86") {
            return [b"86", digits].concat().into();
        }
        submitted.clone()
    }
}

/// All that was seen of an SP since the start, whatever day or service is asked for.
fn counts<'a>(centre: &Centre<Ismg>, from: &Session, p: &Query<'a>) -> QueryResp<'a> {
    let c = centre.counts(&from.owner);
    QueryResp {
        time: p.time,
        query_type: p.query_type,
        query_code: p.query_code,
        mt_tlmsg: c.submitted,
        mt_tlusr: c.recipients,
        mt_scs: c.accepted,
        mt_wt: c.submitted.saturating_sub(c.accepted).saturating_sub(c.refused),
        mt_fl: c.refused,
        mo_scs: c.received,
        mo_wt: 0,
        mo_fl: c.lost,
    }
}

/// An id as the carrier writes it.
fn number(id: &str) -> MsgId {
    MsgId(id.parse().unwrap_or(0))
}
