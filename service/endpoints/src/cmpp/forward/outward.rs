//! From messages and receipts to FWD.

use bytes::BytesMut;
use waxwing_cmpp::{EncodeError, Encoder, Fwd, MoReport, MsgId, Report, Terminals, Version};
use waxwing_core::{CmppProfile, Door, Kind, Message, Outgoing};

use super::super::config::ConnectorConfig;
use super::super::deliver::{self, Delivering};
use super::super::exchange::Exchange;
use super::super::ids::LocalTime;
use super::super::native::Native;
use super::super::outward::{self as submit, bare};
use super::super::split::Chunk;
use super::{code, gateway, kind, stat};
use crate::flight::Parts;
use crate::line::Unsendable;

/// What differs between the FWDs of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum FwdPart {
    /// Content.
    Message(MsgId, Chunk),
    /// The report about this Msg_Id, of a message to a handset.
    Report(MsgId),
    /// The same of a message from a handset.
    MoReport(MsgId),
}

/// What FWDs of a line have in common.
pub(super) struct Way<'a> {
    pub(super) config: &'a ConnectorConfig,
    pub(super) exchange: &'a Exchange,
    /// Code of this gateway.
    pub(super) own: u32,
    /// Code of the other one.
    pub(super) peer: u32,
    pub(super) max_nodes: u8,
}

impl Way<'_> {
    /// The FWDs of a message.
    pub(super) fn parts(&self, m: &Message, reference: u16) -> Result<Parts<FwdPart>, Unsendable> {
        let native = Native::of(m).unwrap_or_default();
        if m.kind() == Kind::Receipt {
            // Only what another gateway handed to us is told of although no door took it.
            return Ok(match m.door() {
                Door::Connector => ids(&m.door_data).map(FwdPart::MoReport).collect(),
                _ => deliver::reported(m).into_iter().map(FwdPart::Report).collect(),
            });
        }
        self.guard(&native)?;
        let chunks = submit::parts(m, self.config, reference).map_err(|e| Unsendable::from(e.to_string()))?;
        let ids = self.ids(m, &native, chunks.len());
        Ok(ids.zip(chunks).map(|(id, chunk)| FwdPart::Message(id, chunk)).collect())
    }

    /// Lets nothing go in circles.
    fn guard(&self, native: &Native) -> Result<(), Unsendable> {
        let from = gateway(&native.from_gateway);
        if native.nodes >= u32::from(self.max_nodes) {
            let reason = format!("it has passed {} gateways, at most {} may be", native.nodes, self.max_nodes);
            return Err(Unsendable { code: format!("{} (too many nodes)", stat::TOO_MANY_NODES), reason });
        }
        let ours = from.is_some() && MsgId(native.msg_id).parts().gateway == self.own;
        if from == Some(self.peer) || ours {
            let reason = "it goes in circles: it would go back to the gateway it began at, or began here".to_owned();
            return Err(Unsendable { code: format!("{} (routing loop)", stat::LOOP), reason });
        }
        Ok(())
    }

    /// A Msg_Id for each part: those that the parts came with, or new ones where this gateway is the first to give any.
    fn ids(&self, m: &Message, native: &Native, parts: usize) -> impl Iterator<Item = MsgId> + use<> {
        let mut given: Vec<MsgId> = match m.kind() {
            Kind::Mo => ids(&m.door_data).collect(),
            _ if m.door() == Door::Cmpp => m.reference.split(' ').filter_map(|word| word.parse().ok()).collect(),
            _ => Vec::new(),
        };
        if given.len() != parts {
            let count = u16::try_from(parts).unwrap_or(u16::MAX);
            // Ids of another gateway are not replaced; where a message had to be split anew, they are counted on as those of several
            // recipients are.
            let first = match native.msg_id {
                0 => self.exchange.take_soon(&[self.own], self.config.utc_offset, count),
                id => MsgId(id),
            };
            given = (0..count).map(|n| first.nth(n)).collect();
        }
        given.into_iter()
    }

    /// Appends a FWD with the sequence number 0.
    pub(super) fn encode(&self, out: &Outgoing, part: &FwdPart, version: Version, dst: &mut BytesMut) -> Result<(), EncodeError> {
        let m = &*out.message;
        let native = Native::of(m).unwrap_or_default();
        let (own, peer) = (code(self.own), code(self.peer));
        let mut content = BytesMut::new();
        let like =
            Fwd { source_id: own.as_bytes(), destination_id: peer.as_bytes(), nodes_count: 1, pk_total: 1, pk_number: 1, ..Fwd::default() };
        let encoder = Encoder::new(version).max_content(u8::MAX);
        let body = match (part, &m.receipt) {
            (FwdPart::Message(id, chunk), _) => return self.message(out, &native, *id, chunk, like, encoder, dst),
            (FwdPart::Report(id), Some(r)) => {
                let number = if native.recipient.is_empty() { bare(&m.source) } else { &native.recipient };
                let profile = CmppProfile::default();
                let to_gateway = self.exchange.is_gateway(&m.connector);
                let how = Delivering { version, profile: &profile, utc_offset: self.config.utc_offset, to_gateway };
                content.reserve(Report::len(Version::V3));
                deliver::report(*id, r, number, &how, &mut content)?;
                let dest_id = Terminals::one(&m.destination.octets);
                Fwd { msg_fwd_type: kind::MT_REPORT, msg_id: *id, src_id: short(number), dest_id, msg_content: &content, ..like }
            }
            (FwdPart::MoReport(id), Some(r)) => {
                let stat = stat::of_mo(r, version);
                let minutes = |at| LocalTime::at(at, self.config.utc_offset).minutes();
                let report = MoReport {
                    msg_id: *id,
                    stat: &stat,
                    deliver_time: &minutes(r.submitted),
                    deliver_resp_time: &minutes(r.done),
                    dest_id: &m.source.octets,
                    ..MoReport::default()
                };
                report.encode(&mut content)?;
                let dest_id = Terminals::one(short(bare(&m.destination)));
                Fwd { msg_fwd_type: kind::MO_REPORT, msg_id: *id, src_id: &m.source.octets, dest_id, msg_content: &content, ..like }
            }
            // A receipt without its content cannot be made.
            (_, None) => return Ok(()),
        };
        encoder.encode(&body, 0, dst)
    }

    #[allow(clippy::too_many_arguments)]
    fn message(
        &self,
        out: &Outgoing,
        native: &Native,
        msg_id: MsgId,
        chunk: &Chunk,
        like: Fwd<'_>,
        encoder: Encoder,
        dst: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        let (m, c) = (&*out.message, self.config);
        let small = |n: u32| u8::try_from(n).unwrap_or(0);
        let to_handset = m.kind() != Kind::Mo;
        let number = submit::recipient(&m.destination, c.recipient);
        let (src_id, dest_id) = if to_handset { (&m.source.octets[..], &number[..]) } else { (bare(&m.source), &m.destination.octets[..]) };
        let validity = (to_handset && m.validity_given).then(|| submit::local_time(out.expires, c.utc_offset)).flatten();
        // What the SP said about charging travels with its message; for what came by other doors our settings say it.
        let fee = &c.fee;
        let charged = |theirs: &'_ bytes::Bytes, ours: &str| {
            if native.has_fee { theirs.clone() } else { bytes::Bytes::copy_from_slice(ours.as_bytes()) }
        };
        let (fee_terminal_id, fee_type, fee_code) = (
            charged(&native.fee_terminal_id, &fee.terminal_id),
            charged(&native.fee_type, &fee.fee_type),
            charged(&native.fee_code, &fee.code),
        );
        let msg_src = if native.msg_src.is_empty() { c.msg_src.as_bytes() } else { &native.msg_src };
        let service = if m.service_type.is_empty() { c.service_id.as_bytes() } else { m.service_type.as_bytes() };
        // A part whose number stood beside its content only keeps it.
        let numbered = native.pk_total > 1 && chunk.total == 1;
        let (pk_total, pk_number) = if numbered { (small(native.pk_total), small(native.pk_number)) } else { (chunk.total, chunk.number) };
        let pseudo = native.terminal_type == 1;
        let dest_pseudo = if native.dest_pseudo.is_empty() && pseudo && to_handset { &native.recipient } else { &native.dest_pseudo };
        let src_pseudo = if native.src_pseudo.is_empty() && pseudo && !to_handset { &m.source.octets } else { &native.src_pseudo };
        let source_id = if native.from_gateway.is_empty() { like.source_id } else { &native.from_gateway };
        let body = Fwd {
            source_id,
            nodes_count: small(native.nodes).saturating_add(1),
            msg_fwd_type: if to_handset { kind::MT } else { kind::MO },
            msg_id,
            pk_total,
            pk_number,
            registered_delivery: (!to_handset || submit::asks_receipt(m, c)).into(),
            msg_level: if native.msg_level > 0 { small(native.msg_level) } else { out.priority.saturating_sub(1) },
            service_id: service.get(..10).unwrap_or(service),
            fee_user_type: if native.has_fee { small(native.fee_user_type) } else { fee.user_type },
            fee_terminal_id: short(&fee_terminal_id),
            fee_terminal_pseudo: &native.fee_pseudo,
            fee_terminal_user_type: small(native.fee_plan),
            tp_pid: small(m.protocol_id),
            tp_udhi: chunk.udhi.into(),
            msg_fmt: chunk.fmt,
            msg_src: msg_src.get(..6).unwrap_or(msg_src),
            fee_type: &fee_type,
            fee_code: &fee_code,
            valid_time: validity.as_ref().map_or(&[], |v| &v[..]),
            src_id: short(src_id),
            src_pseudo,
            src_user_type: small(native.src_plan),
            src_type: (pseudo && !to_handset).into(),
            dest_id: Terminals::one(short(dest_id)),
            dest_pseudo,
            dest_user_type: small(native.dest_plan),
            msg_content: &chunk.octets,
            link_id: &native.link_id,
            reserve: &native.reserve,
            ..like
        };
        encoder.encode(&body, 0, dst)
    }
}

/// FWD has 21 octets for numbers where SUBMIT of 3.0 has 32, for pseudo-codes.
fn short(number: &[u8]) -> &[u8] {
    number.get(..21).unwrap_or(number)
}

fn ids(hex: &str) -> impl Iterator<Item = MsgId> {
    hex.split(' ').filter_map(MsgId::from_hex)
}
