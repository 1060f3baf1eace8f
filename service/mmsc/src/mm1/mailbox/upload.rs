//! m-mbox-upload-req: a message of the phone's goes into its mailbox.

use bytes::Bytes;
use waxwing_ledger::Subscriber;
use waxwing_mms::{Content, Header, Limits, MmState, MmsAddress, Pdu, PduType, Sender, StoreStatus};

use super::keep::{Keep, Refused};
use super::{flags, state};
use crate::mm1::Asked;
use crate::mm1::answer::Reply;
use crate::{Centre, Facts, pdus};

impl Centre {
    pub(crate) async fn mbox_upload(&self, pdu: &Pdu, asked: &Asked) -> Reply {
        let subscriber = match self.mailbox_owner(pdu, asked).await {
            Ok(s) => s,
            Err(reply) => return reply,
        };
        let version = pdus::version(pdu.version.0.into());
        let id = pdu.transaction_id.clone().unwrap_or_default();
        match self.uploaded(&subscriber, pdu).await {
            Ok(location) => Reply::pdu(&Pdu::mbox_upload_conf(version, id, Some(location), StoreStatus::Success, None)),
            Err((status, text)) => {
                self.bad_input("mm1", "upload", Some(asked.peer), &text);
                Reply::pdu(&Pdu::mbox_upload_conf(version, id, None, status, Some(text.into())))
            }
        }
    }

    async fn uploaded(&self, subscriber: &Subscriber, pdu: &Pdu) -> Result<String, Refused> {
        let corrupt = |text: String| (StoreStatus::PermanentFormatCorrupt, text);
        let descr = description(pdu).map_err(corrupt)?;
        let Some(Content::Raw(content)) = &descr.content else { return Err(corrupt("The message has no content.".into())) };
        let wire = content.wire();
        if wire.len() > self.options.max_size {
            return Err((StoreStatus::PermanentFailure, format!("The message has more than {} octets.", self.options.max_size)));
        }
        let now = self.now();
        let facts = facts(&descr, subscriber, now / 1000, wire.len() as u64).map_err(corrupt)?;
        let keep = Keep {
            facts,
            message_id: descr.message_id().cloned().unwrap_or_default(),
            state: state(pdu).or_else(|| state(&descr)).unwrap_or(MmState::Draft),
            flags: [flags(&descr), flags(pdu)].concat(),
            origin: String::new(),
            expires: descr.expiry().map(|time| time.since(now / 1000).saturating_mul(1000)),
        };
        self.keep(subscriber, wire.clone(), keep).await
    }
}

/// The message that is to be kept: the first PDU in the content.
fn description(pdu: &Pdu) -> Result<Pdu, String> {
    let content = pdu.content.as_ref().ok_or("There is no message.")?;
    let decoded = content.decode(Limits::default()).map_err(|e| e.to_string())?.content;
    let part = decoded.parts().iter().find(|part| part.content_type.is(waxwing_wap::mms::CONTENT_TYPE));
    let part = part.ok_or("The content is no m-mbox-descr.")?;
    let descr = Pdu::decode_headers(part.data.clone()).map_err(|e| e.to_string())?.pdu;
    match descr.kind {
        // Phones may hand in what they have, as they have it.
        PduType::MboxDescr | PduType::SendReq | PduType::RetrieveConf => Ok(descr),
        kind => Err(format!("The content is {kind}, and m-mbox-descr is expected.")),
    }
}

fn facts(descr: &Pdu, subscriber: &Subscriber, now: u64, size: u64) -> Result<Facts, String> {
    let own = MmsAddress::Number(format!("+{}", subscriber.number));
    let date = descr.date().copied().unwrap_or(now);
    let from = descr.sender().cloned().unwrap_or(own);
    let mut headers = Vec::with_capacity(160);
    let mut add = |header: &Header| header.write(&mut headers).map_err(|e| e.to_string());
    add(&Header::Date(date))?;
    add(&Header::From(Sender::Address(from.clone())))?;
    descr.headers.iter().filter(|h| is_kept(h)).try_for_each(&mut add)?;
    Ok(Facts {
        headers: Bytes::from(headers),
        from: from.to_string(),
        subject: descr.subject().map(|s| s.text.clone()).unwrap_or_default(),
        size,
        may_adapt: descr.adaptation_allowed().copied().unwrap_or(true),
        date,
        ..Facts::default()
    })
}

/// What is told again as it was told, of the header fields of a message.
fn is_kept(header: &Header) -> bool {
    matches!(
        header,
        Header::To(_)
            | Header::Cc(_)
            | Header::Bcc(_)
            | Header::Subject(_)
            | Header::MessageClass(_)
            | Header::Priority(_)
            | Header::DeliveryReport(_)
            | Header::ReadReport(_)
            | Header::SenderVisibility(_)
            | Header::DeliveryTime(_)
            | Header::PreviouslySentBy(_)
            | Header::PreviouslySentDate(_)
            | Header::DistributionIndicator(_)
            | Header::ApplicId(_)
            | Header::ReplyApplicId(_)
            | Header::AuxApplicInfo(_)
            | Header::ContentClass(_)
            | Header::DrmContent(_)
            | Header::ReplaceId(_)
    )
}
