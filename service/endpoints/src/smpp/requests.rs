//! The requests of a client that are not a plain submission: submit_multi, query_sm, cancel_sm, replace_sm, and what is not offered.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use waxwing_core::{Account, ChangeError, Gateway, MsgId, Submission};
use waxwing_smpp::frame::Header;
use waxwing_smpp::time::{AbsoluteTime, SmppTime};
use waxwing_smpp::{
    CancelSm, CancelSmResp, CommandStatus, Destination, Encoder, InterfaceVersion, MessageState, Pdu, QuerySm, QuerySmResp, ReplaceSm,
    ReplaceSmResp, SubmitMulti, SubmitMultiResp, UnsuccessSme, UnsuccessSmesBuf,
};
use waxwing_spool::BoxFuture;

use super::dialect::refuse;
use super::server::BUSY;
use super::{inward, status};
use crate::door::Reply;

/// Who asks.
pub(super) struct Context<'a> {
    pub(super) gateway: &'a Arc<Gateway>,
    pub(super) account: &'a Arc<Account>,
    pub(super) charset: &'a str,
    pub(super) version: InterfaceVersion,
}

type Answer = BoxFuture<'static, Reply>;

/// The future answer to a request.
///
/// # Errors
/// With the status to refuse it with at once.
pub(super) fn answer(c: &Context<'_>, frame: &Bytes, header: Header, pdu: &Pdu<'_>, now: u64) -> Result<Answer, CommandStatus> {
    match pdu {
        Pdu::SubmitMulti(p) => submit_multi(c, frame, header, p, now),
        Pdu::QuerySm(p) => query(c, header, p),
        Pdu::CancelSm(p) => cancel(c, frame, header, p),
        Pdu::ReplaceSm(p) => replace(c, frame, header, p, now),
        // Cell broadcast needs a cell broadcast centre, the 3.3 look-ups nobody uses; deliver_sm is ours to send.
        _ => Err(CommandStatus::ESME_RINVCMDID),
    }
}

fn submit_multi(c: &Context<'_>, frame: &Bytes, header: Header, p: &SubmitMulti<'_>, now: u64) -> Result<Answer, CommandStatus> {
    let like = inward::submit_multi(frame, p, c.charset, now)?;
    let mut failed: Vec<(waxwing_core::Address, CommandStatus)> = Vec::new();
    let mut todo: Vec<Submission> = Vec::new();
    for d in p.dest_address.iter() {
        match d {
            Destination::Sme(a) => {
                let mut s = like.clone();
                s.message.destination = inward::address(frame, a);
                todo.push(s);
            }
            // Lists of recipients are kept by the submitter.
            Destination::DistributionList(name) => {
                let a = waxwing_core::Address { octets: frame.slice_ref(name), ..Default::default() };
                failed.push((a, CommandStatus::ESME_RINVDLNAME));
            }
        }
    }
    if todo.is_empty() && failed.is_empty() {
        return Err(CommandStatus::ESME_RINVNUMDESTS);
    }
    let (gateway, account, version) = (c.gateway.clone(), c.account.clone(), c.version);
    Ok(Box::pin(async move {
        // The response has room for one id, so all receipts speak of that of the first message taken.
        let mut shared: Option<MsgId> = None;
        let mut todo = todo.into_iter();
        while shared.is_none() {
            let Some(first) = todo.next() else { break };
            let to = first.message.destination.clone();
            match gateway.submit(&account, vec![first]).await.pop() {
                Some(Ok(id)) => shared = Some(id),
                Some(Err(e)) => failed.push((to, status::of_submit(&e))),
                None => failed.push((to, CommandStatus::ESME_RSYSERR)),
            }
        }
        if let Some(id) = shared {
            let rest: Vec<Submission> = todo
                .map(|mut s| {
                    s.message.door_data = format!("id={id}");
                    s
                })
                .collect();
            let to: Vec<_> = rest.iter().map(|s| s.message.destination.clone()).collect();
            let results = if rest.is_empty() { Vec::new() } else { gateway.submit(&account, rest).await };
            failed.extend(to.into_iter().zip(results).filter_map(|(to, r)| r.err().map(|e| (to, status::of_submit(&e)))));
        }
        let mut list = UnsuccessSmesBuf::new();
        for (a, error_status) in &failed {
            let (ton, npi) = (u8::try_from(a.ton).unwrap_or(0), u8::try_from(a.npi).unwrap_or(0));
            let addr = waxwing_smpp::Address::new(waxwing_smpp::Ton(ton), waxwing_smpp::Npi(npi), &a.octets);
            // More than 255 cannot be, since the request has at most 255.
            let _ = list.push(UnsuccessSme { addr, error_status: *error_status });
        }
        let id = shared.map(|id| id.to_string()).unwrap_or_default();
        let status = match (shared, failed.first()) {
            (None, Some((_, code))) => *code,
            _ => CommandStatus::ESME_ROK,
        };
        let body = SubmitMultiResp { message_id: Some(id.as_bytes()), unsuccess_sme: list.as_list(), ..Default::default() };
        response(header, version, &body, status)
    }))
}

fn query(c: &Context<'_>, header: Header, p: &QuerySm<'_>) -> Result<Answer, CommandStatus> {
    let id = parse_id(p.message_id)?;
    let (gateway, account, version) = (c.gateway.clone(), c.account.clone(), c.version);
    Ok(Box::pin(async move {
        let Some(s) = gateway.status(&account, id).await else {
            return refusal(header, CommandStatus::ESME_RINVMSGID);
        };
        let shown = id.to_string();
        let date = s.done.map(|ms| SmppTime::Absolute(AbsoluteTime::from_unix_ms(i64::try_from(ms).unwrap_or(0))).format());
        let body = QuerySmResp {
            message_id: shown.as_bytes(),
            final_date: date.as_ref().map_or(&[], |d| &d[..]),
            message_state: MessageState(s.state.smpp()),
            error_code: s.error.parse().unwrap_or(0),
            ..Default::default()
        };
        response(header, version, &body, CommandStatus::ESME_ROK)
    }))
}

fn cancel(c: &Context<'_>, frame: &Bytes, header: Header, p: &CancelSm<'_>) -> Result<Answer, CommandStatus> {
    let (gateway, account, version) = (c.gateway.clone(), c.account.clone(), c.version);
    if p.message_id.is_empty() {
        // All of a sender to a recipient that are still queued (SMPP 3.4, 4.9.1).
        let (source, destination) = (inward::address(frame, p.source_addr), inward::address(frame, p.destination_addr));
        let Some(history) = gateway.history().cloned() else { return Err(CommandStatus::ESME_RCANCELFAIL) };
        return Ok(Box::pin(async move {
            let mut cancelled = 0;
            for id in history.queued_between(&account.name, &source, &destination).await {
                cancelled += usize::from(gateway.cancel(&account, id).await.is_ok());
            }
            let code = if cancelled > 0 { CommandStatus::ESME_ROK } else { CommandStatus::ESME_RCANCELFAIL };
            response(header, version, &CancelSmResp::default(), code)
        }));
    }
    let id = parse_id(p.message_id)?;
    Ok(Box::pin(async move {
        let code = gateway.cancel(&account, id).await.map_or_else(|e| status::of_cancel(&e), |()| CommandStatus::ESME_ROK);
        response(header, version, &CancelSmResp::default(), code)
    }))
}

fn replace(c: &Context<'_>, frame: &Bytes, header: Header, p: &ReplaceSm<'_>, now: u64) -> Result<Answer, CommandStatus> {
    let id = parse_id(p.message_id)?;
    let due = inward::time(p.schedule_delivery_time, now).map_err(|_| CommandStatus::ESME_RINVSCHED)?;
    let expires = inward::time(p.validity_period, now).map_err(|_| CommandStatus::ESME_RINVEXPIRY)?;
    let wanted = inward::wanted(p.registered_delivery);
    let message = waxwing_smpp::Message {
        esm_class: Default::default(),
        data_coding: Default::default(),
        short_message: p.short_message,
        tlvs: p.tlvs,
    };
    let payload = frame.slice_ref(message.octets());
    let (gateway, account, version) = (c.gateway.clone(), c.account.clone(), c.version);
    Ok(Box::pin(async move {
        let replaced: Result<(), ChangeError> = gateway
            .replace(&account, id, due, expires, |m| {
                m.text = None;
                m.payload = payload;
                m.want = wanted;
            })
            .await;
        let code = replaced.map_or_else(|e| status::of_replace(&e), |()| CommandStatus::ESME_ROK);
        response(header, version, &ReplaceSmResp::default(), code)
    }))
}

fn parse_id(octets: &[u8]) -> Result<MsgId, CommandStatus> {
    std::str::from_utf8(octets).ok().and_then(|s| s.parse().ok()).ok_or(CommandStatus::ESME_RINVMSGID)
}

fn response(header: Header, version: InterfaceVersion, body: &impl waxwing_smpp::Body, code: CommandStatus) -> Reply {
    let mut out = BytesMut::new();
    if Encoder::new(version).encode(body, code, header.sequence_number, &mut out).is_err() {
        return refusal(header, CommandStatus::ESME_RSYSERR);
    }
    Reply { octets: out.freeze(), busy: code == BUSY }
}

fn refusal(header: Header, code: CommandStatus) -> Reply {
    let mut out = BytesMut::new();
    refuse(header, code, &mut out);
    Reply { octets: out.freeze(), busy: code == BUSY }
}
