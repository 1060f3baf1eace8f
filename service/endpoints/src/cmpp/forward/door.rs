//! What another gateway forwards to us.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use waxwing_cmpp::{Fwd, FwdResp, MoReport, MsgId, Report, result};
use waxwing_core::{
    Account, ConnectorCounters, ConnectorState, Door, Gateway, Kind, Message, Millis, MoReportLabel, NPI_E164, NoRoute, State, Submission,
};
use waxwing_spool::{BoxFuture, NewEntry, Op, SpoolError, Tx};

use super::super::exchange::Forward;
use super::super::inward::{number, receipt, state};
use super::super::native::Native;
use super::super::recent::{Recent, Seen};
use super::super::requests::Asker;
use super::super::results;
use super::super::server::{Ask, Ismg};
use super::{code, inward, kind};
use crate::door::{Context, Reply, Request};

/// A refusal: the result, and why.
type Refused = (u32, String);

/// FWDs of a connection, those that are answered later among them.
pub(in super::super) type Forwarded = Arc<Mutex<Recent>>;

/// What is kept of a FWD until it is answered.
#[derive(Clone, Copy)]
pub(in super::super) struct ForwardAsk {
    pub(in super::super) pk_total: u8,
    pub(in super::super) pk_number: u8,
    pub(in super::super) forward: Forward,
}

/// The connector by which the other gateway's reports find their messages.
#[derive(Clone)]
pub(in super::super) struct WayBack {
    state: Arc<ConnectorState>,
    counters: Arc<ConnectorCounters>,
}

impl Ismg {
    /// Takes what another gateway forwards.
    pub(in super::super) fn forward(
        &mut self,
        context: &mut Context<'_, Ismg>,
        asker: Asker,
        pdu: &Bytes,
        p: &Fwd<'_>,
        now: Millis,
    ) -> Request<Ask> {
        if self.profile.gateway.is_none() {
            let bad = Some(("request that only others may send", "FWD from an account that is no gateway".to_owned()));
            return Request::Answered { answer: resp(&asker, p, result::COMMAND_WORD_ERROR), bad };
        }
        let sequence_id = asker.sequence_id;
        let again = || Some(("FWD sent again", format!("FWD {sequence_id} came again and gets the answer of the first")));
        match self.forwarded.lock().seen(sequence_id, pdu.get(12..).unwrap_or_default()) {
            Seen::New => {}
            Seen::Unanswered => return Request::Answered { answer: Bytes::new(), bad: again() },
            Seen::Answered(_, result) => return Request::Answered { answer: resp(&asker, p, result), bad: again() },
        }
        let forward = self.exchange.forward(&context.account.name, p.msg_id, pdu.get(12..).unwrap_or_default());
        if self.exchange.is_taken(forward) {
            self.forwarded.lock().answered(sequence_id, p.msg_id, result::OK);
            return Request::Answered { answer: resp(&asker, p, result::OK), bad: again() };
        }
        let recipients = u32::try_from(p.dest_id.len()).unwrap_or(u32::MAX);
        if p.msg_fwd_type <= kind::MO && !context.within_rate(recipients) {
            self.forwarded.lock().forget(sequence_id);
            return Request::Answered { answer: resp(&asker, p, result::FLOW_CONTROL), bad: None };
        }
        let taken = match p.msg_fwd_type {
            kind::MT => self.forwarded_mt(pdu, p, now).map(|submissions| {
                let kept = ForwardAsk { pk_total: p.pk_total, pk_number: p.pk_number, forward };
                let ask = Ask { sequence_id, msg_id: p.msg_id, forward: Some(kept) };
                match <[Submission; 1]>::try_from(submissions) {
                    Ok([one]) => Request::Submit(ask, Box::new(one)),
                    Err(several) => Request::SubmitWhole(ask, several),
                }
            }),
            kind::MO => self.forwarded_mo(context, pdu, p).map(|done| self.later(asker.clone(), p, forward, done)),
            kind::MT_REPORT => self.forwarded_report(context, pdu, p, now).map(|done| self.later(asker.clone(), p, forward, done)),
            kind::MO_REPORT => self.forwarded_mo_report(context, pdu, p, now).map(|done| self.later(asker.clone(), p, forward, done)),
            other => Err((result::STRUCTURE_ERROR, format!("Msg_Fwd_Type {other} is none"))),
        };
        taken.unwrap_or_else(|(code, why)| {
            if code == result::FLOW_CONTROL {
                self.forwarded.lock().forget(sequence_id);
            } else {
                self.forwarded.lock().answered(sequence_id, p.msg_id, code);
            }
            let bad = Some(("FWD refused", format!("FWD {} refused with {}: {why}", p.msg_id, results::fwd_name(code))));
            Request::Answered { answer: resp(&asker, p, code), bad }
        })
    }

    /// Answers when it is durable.
    fn later(&self, asker: Asker, p: &Fwd<'_>, forward: Forward, done: BoxFuture<'static, Result<(), SpoolError>>) -> Request<Ask> {
        let (forwarded, exchange) = (self.forwarded.clone(), self.exchange.clone());
        let (msg_id, pk_total, pk_number) = (p.msg_id, p.pk_total, p.pk_number);
        Request::Later(Box::pin(async move {
            let result = match done.await {
                Ok(()) => {
                    forwarded.lock().answered(asker.sequence_id, msg_id, result::OK);
                    exchange.take_forward(forward);
                    result::OK
                }
                Err(e) => {
                    tracing::warn!(account = %asker.account.name, "what was forwarded could not be stored, it will come again: {e}");
                    forwarded.lock().forget(asker.sequence_id);
                    result::FLOW_CONTROL
                }
            };
            Reply { octets: asker.octets(&FwdResp { msg_id, pk_total, pk_number, result }), busy: result != result::OK }
        }))
    }

    /// A message that began here and comes back would go round for ever.
    fn no_loop(&self, p: &Fwd<'_>) -> Result<(), Refused> {
        if self.gateways.contains(&p.msg_id.parts().gateway) {
            return Err((results::FWD_OTHER, "it goes in circles: its Msg_Id is of this gateway".into()));
        }
        Ok(())
    }

    fn forwarded_mt(&self, pdu: &Bytes, p: &Fwd<'_>, now: Millis) -> Result<Vec<Submission>, Refused> {
        self.no_loop(p)?;
        let recipients = p.dest_id.iter().zip(0u16..);
        let submissions = recipients.map(|(recipient, nth)| {
            let mut s = inward::submission(pdu, p, recipient, &self.profile, p.msg_id.nth(nth), now)?;
            s.message.submitted_from = self.name.clone();
            Ok(s)
        });
        submissions.collect::<Result<_, u32>>().map_err(|code| (code, "a time that is none".into()))
    }

    fn forwarded_mo(
        &mut self,
        context: &Context<'_, Ismg>,
        pdu: &Bytes,
        p: &Fwd<'_>,
    ) -> Result<BoxFuture<'static, Result<(), SpoolError>>, Refused> {
        self.no_loop(p)?;
        let inbound = inward::inbound(pdu, p, &self.profile, &context.account.name);
        let sp_code = inbound.message.destination.as_text().into_owned();
        let gateway = context.door.gateway.clone();
        match gateway.owner_of(&sp_code) {
            Err(NoRoute::Asked(_)) => return Err((result::FLOW_CONTROL, format!("the way to {sp_code:?} is being asked for"))),
            Err(_) => return Err((results::FORWARD_JUDGEMENT_WRONG, format!("no SP here, and no gateway that we know, has {sp_code:?}"))),
            Ok(owner) if owner.name == context.account.name => {
                return Err((results::FORWARD_JUDGEMENT_WRONG, format!("{sp_code:?} is behind the gateway that it comes from")));
            }
            Ok(_) => {}
        }
        let WayBack { state, counters } = self.way_back(&gateway)?;
        Ok(Box::pin(async move { gateway.inbound(&state, &counters, vec![inbound]).await }))
    }

    fn forwarded_report(
        &mut self,
        context: &Context<'_, Ismg>,
        pdu: &Bytes,
        p: &Fwd<'_>,
        now: Millis,
    ) -> Result<BoxFuture<'static, Result<(), SpoolError>>, Refused> {
        let Ok(mut report) = Report::decode(p.msg_content) else {
            let why = format!("a content of {} octets is no status report", p.msg_content.len());
            return Err((result::MESSAGE_LENGTH_ERROR, why));
        };
        if report.msg_id == MsgId(0) {
            report.msg_id = p.msg_id;
        }
        let receipt = receipt(pdu, &report, &[p.src_id], self.utc_offset, now);
        let gateway = context.door.gateway.clone();
        let WayBack { state, counters } = self.way_back(&gateway)?;
        Ok(Box::pin(async move { gateway.carrier_receipts(&state, &counters, vec![receipt], None).await }))
    }

    /// What became of a message that we forwarded: counted, if it began here; handed on to the gateway where it began.
    fn forwarded_mo_report(
        &mut self,
        context: &Context<'_, Ismg>,
        pdu: &Bytes,
        p: &Fwd<'_>,
        now: Millis,
    ) -> Result<BoxFuture<'static, Result<(), SpoolError>>, Refused> {
        let Ok(report) = MoReport::decode(p.msg_content) else {
            let why = format!("a content of {} octets is no report about a message from a handset", p.msg_content.len());
            return Err((result::MESSAGE_LENGTH_ERROR, why));
        };
        let stat = String::from_utf8_lossy(report.stat).into_owned();
        let gateway = context.door.gateway.clone();
        let first = code(report.msg_id.parts().gateway);
        let next = gateway.setup().accounts.of_source(first.as_bytes()).cloned();
        let Some(next) = next.filter(|a| a.name != context.account.name && is_gateway(a)) else {
            let label = MoReportLabel { account: context.account.name.to_string(), stat: class_of(report.stat).to_owned() };
            gateway.metrics.mo_reports.get_or_create(&label).inc();
            tracing::debug!(account = %context.account.name, msg_id = %report.msg_id, stat, "a message from a handset was dealt with");
            return Ok(Box::pin(std::future::ready(Ok(()))));
        };
        let body = passed_on(pdu, p, &report, state(report.stat), now);
        let expires = now + gateway.setup().delivery_wait;
        let entry = NewEntry { queue: next.queue, group: next.group, priority: 1, due: 0, expires, dedup: None, body };
        Ok(Box::pin(async move { gateway.spool.commit(vec![Tx::one(Op::Accept(entry))]).await.map(drop) }))
    }

    fn way_back(&mut self, gateway: &Arc<Gateway>) -> Result<WayBack, Refused> {
        let name = self.profile.connector.as_deref().unwrap_or_default();
        let setup = gateway.setup();
        let Some(line) = setup.routes.line(name) else {
            return Err((results::FWD_OTHER, "the account has no connector that leads to it".into()));
        };
        match &self.way_back {
            Some(way) if Arc::ptr_eq(&way.state, &line.state) => Ok(way.clone()),
            _ => {
                let counters = Arc::new(ConnectorCounters::new(&gateway.metrics, &line.state.name));
                let way = WayBack { state: line.state.clone(), counters };
                self.way_back = Some(way.clone());
                Ok(way)
            }
        }
    }
}

/// Whether an account is another gateway.
pub(in super::super) fn is_gateway(account: &Account) -> bool {
    account.config.cmpp.as_ref().is_some_and(|c| c.gateway.is_some())
}

fn resp(asker: &Asker, p: &Fwd<'_>, result: u32) -> Bytes {
    asker.octets(&FwdResp { msg_id: p.msg_id, pk_total: p.pk_total, pk_number: p.pk_number, result })
}

/// A Stat for metrics, of which there are but few.
fn class_of(stat: &[u8]) -> &'static str {
    match stat {
        b"DELIVRD" => "DELIVRD",
        b"REJECTD" => "REJECTD",
        [b'S', b'A', b':', ..] => "SA",
        [b'S', b'B', b':', ..] => "SB",
        _ => "other",
    }
}

/// A report about a message from a handset, on its way to the gateway where the message began.
fn passed_on(pdu: &Bytes, p: &Fwd<'_>, report: &MoReport<'_>, state: State, now: Millis) -> Bytes {
    let handset = p.dest_id.iter().next().unwrap_or_default();
    let sp_code = if report.dest_id.is_empty() { p.src_id } else { report.dest_id };
    let receipt = waxwing_core::Receipt {
        state: state as i32,
        stat: pdu.slice_ref(report.stat),
        submitted: now,
        done: now,
        ..waxwing_core::Receipt::default()
    };
    let message = Message {
        kind: Kind::Receipt as i32,
        door: Door::Connector as i32,
        source: waxwing_core::Address::new(0, NPI_E164 as u8, pdu.slice_ref(sp_code)),
        destination: number(pdu, handset),
        door_data: report.msg_id.to_hex(),
        native: Native { msg_id: report.msg_id.0, ..Native::default() }.stored(),
        receipt: Some(Box::new(receipt)),
        ..Message::default()
    };
    message.to_bytes()
}
