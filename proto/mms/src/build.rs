//! The PDUs that message centres and phones send, each with what it has to have; more is added with [`Pdu::with`].

use std::collections::BTreeMap;

use bytes::Bytes;
use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, Parameter};

use crate::address::MmsAddress;
use crate::codes::{CancelStatus, MessageStatus, MmState, ReadStatus, ResponseStatus, RetrieveStatus, SenderVisibility, StoreStatus};
use crate::content::{Content, Limits, Multipart, Part};
use crate::decode::Decoded;
use crate::error::{DecodeError, EncodeError};
use crate::header::Header;
use crate::kind::{PduType, Version};
use crate::pdu::Pdu;
use crate::values::{EncodedText, MessageClass, Numbered, Sender, Time};

/// What a phone is told of a message that waits for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// Who sent it; `None` if that is hidden.
    pub from: Option<MmsAddress>,
    /// What it is about.
    pub subject: Option<EncodedText>,
    /// What kind of message it is.
    pub class: MessageClass,
    /// How large it is, in octets.
    pub size: u64,
    /// Until when it can be fetched.
    pub expiry: Time,
    /// Where: a URL.
    pub location: String,
}

/// What became of one message of a deletion.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deletion {
    /// Which message; `None` if the answer is about all.
    pub location: Option<String>,
    /// What became of it.
    pub status: ResponseStatus,
    /// The same in words.
    pub text: Option<EncodedText>,
}

fn answer(kind: PduType, version: Version, transaction_id: impl Into<String>) -> Pdu {
    Pdu::new(kind, version).with_transaction_id(transaction_id)
}

/// A status as the version knows it, and its text.
fn response(version: Version, status: ResponseStatus, text: Option<EncodedText>) -> impl Iterator<Item = Header> {
    let status = if version <= Version::V1_0 { status.for_version_1_0() } else { status };
    [Header::ResponseStatus(status)].into_iter().chain(text.map(Header::ResponseText))
}

impl Pdu {
    /// A message that is handed in. Recipients are [`Header::To`], [`Header::Cc`] and [`Header::Bcc`].
    pub fn send_req(
        version: Version,
        transaction_id: impl Into<String>,
        from: Sender,
        recipients: impl IntoIterator<Item = Header>,
        content: impl Into<Content>,
    ) -> Self {
        answer(PduType::SendReq, version, transaction_id).with(Header::From(from)).with_all(recipients).with_content(content.into())
    }

    /// What became of a message that was handed in; with its id if it was taken. To peers of 1.0 the status is told in their numbers.
    pub fn send_conf(
        version: Version,
        transaction_id: impl Into<String>,
        status: ResponseStatus,
        text: Option<EncodedText>,
        message_id: Option<String>,
    ) -> Self {
        answer(PduType::SendConf, version, transaction_id)
            .with_all(response(version, status, text))
            .with_all(message_id.map(Header::MessageId))
    }

    /// A message waits for the phone.
    pub fn notification_ind(version: Version, transaction_id: impl Into<String>, notification: Notification) -> Self {
        let Notification { from, subject, class, size, expiry, location } = notification;
        answer(PduType::NotificationInd, version, transaction_id)
            .with_all(from.map(|from| Header::From(Sender::Address(from))))
            .with_all(subject.map(Header::Subject))
            .with(Header::MessageClass(class))
            .with(Header::MessageSize(size))
            .with(Header::Expiry(expiry))
            .with(Header::ContentLocation(location))
    }

    /// What the phone did with a notification, and whether the sender may hear of it.
    pub fn notify_resp_ind(version: Version, transaction_id: impl Into<String>, status: MessageStatus, report_allowed: bool) -> Self {
        answer(PduType::NotifyRespInd, version, transaction_id)
            .with(Header::Status(status))
            .with_all((!report_allowed).then_some(Header::ReportAllowed(false)))
    }

    /// A message for its recipient. With a transaction id it is to be acknowledged.
    pub fn retrieve_conf(version: Version, transaction_id: Option<String>, date: u64, content: impl Into<Content>) -> Self {
        Self { transaction_id, ..Self::new(PduType::RetrieveConf, version) }.with(Header::Date(date)).with_content(content.into())
    }

    /// There is no message, or not now: with the reason as content too, for phones that know no `X-Mms-Retrieve-Status`.
    pub fn retrieve_failure(
        version: Version,
        transaction_id: Option<String>,
        date: u64,
        status: RetrieveStatus,
        text: EncodedText,
    ) -> Self {
        let charset = (!text.text.is_ascii()).then(|| Parameter::charset(Charset::UTF_8));
        let content_type = ContentType { media: "text/plain".to_owned(), parameters: charset.into_iter().collect() };
        let content = Part::new(content_type, text.text.clone());
        Self { transaction_id, ..Self::new(PduType::RetrieveConf, version) }
            .with(Header::Date(date))
            .with(Header::RetrieveStatus(status))
            .with(Header::RetrieveText(text))
            .with_content(Content::Single(content))
    }

    /// The m-retrieve-conf of an m-send-req: the header fields that a recipient is to see, and the content as it is, raw content untouched.
    /// A hidden sender stays hidden.
    pub fn to_retrieve_conf(
        &self,
        version: Version,
        transaction_id: Option<String>,
        message_id: String,
        date: u64,
        from: &MmsAddress,
    ) -> Self {
        let hidden = self.sender_visibility() == Some(&SenderVisibility::Hide);
        let seen = |header: &&Header| {
            use Header::*;
            matches!(
                header,
                To(_)
                    | Cc(_)
                    | Subject(_)
                    | MessageClass(_)
                    | Priority(_)
                    | DeliveryReport(_)
                    | ReadReport(_)
                    | ReplyCharging(_)
                    | ReplyChargingDeadline(_)
                    | ReplyChargingId(_)
                    | ReplyChargingSize(_)
                    | PreviouslySentBy(_)
                    | PreviouslySentDate(_)
                    | DistributionIndicator(_)
                    | ApplicId(_)
                    | ReplyApplicId(_)
                    | AuxApplicInfo(_)
                    | ContentClass(_)
                    | DrmContent(_)
                    | ReplaceId(_)
            )
        };
        let mut headers = Vec::with_capacity(self.headers.len() + 3);
        headers.push(Header::MessageId(message_id));
        headers.push(Header::Date(date));
        headers.extend((!hidden).then(|| Header::From(Sender::Address(from.clone()))));
        headers.extend(self.headers.iter().filter(seen).cloned());
        Self { kind: PduType::RetrieveConf, transaction_id, version, headers, content: self.content.clone() }
    }

    /// The phone has the message, and whether the sender may hear of it.
    pub fn acknowledge_ind(version: Version, transaction_id: impl Into<String>, report_allowed: bool) -> Self {
        answer(PduType::AcknowledgeInd, version, transaction_id).with_all((!report_allowed).then_some(Header::ReportAllowed(false)))
    }

    /// What became of a message for one of its recipients, for its sender.
    pub fn delivery_ind(version: Version, message_id: impl Into<String>, to: MmsAddress, date: u64, status: MessageStatus) -> Self {
        Self::new(PduType::DeliveryInd, version)
            .with(Header::MessageId(message_id.into()))
            .with(Header::To(to))
            .with(Header::Date(date))
            .with(Header::Status(status))
    }

    /// The recipient read a message, or deleted it: from the phone. `to` is the sender of that message.
    pub fn read_rec_ind(version: Version, message_id: impl Into<String>, to: MmsAddress, from: Sender, status: ReadStatus) -> Self {
        Self::new(PduType::ReadRecInd, version)
            .with(Header::MessageId(message_id.into()))
            .with(Header::To(to))
            .with(Header::From(from))
            .with(Header::ReadStatus(status))
    }

    /// The recipient read a message, or deleted it: for its sender, `to`.
    pub fn read_orig_ind(
        version: Version,
        message_id: impl Into<String>,
        to: MmsAddress,
        from: MmsAddress,
        date: u64,
        status: ReadStatus,
    ) -> Self {
        Self::new(PduType::ReadOrigInd, version)
            .with(Header::MessageId(message_id.into()))
            .with(Header::To(to))
            .with(Header::From(Sender::Address(from)))
            .with(Header::Date(date))
            .with(Header::ReadStatus(status))
    }

    /// A message that was not retrieved is to be forwarded (1.1).
    pub fn forward_req(
        version: Version,
        transaction_id: impl Into<String>,
        from: Sender,
        recipients: impl IntoIterator<Item = Header>,
        location: impl Into<String>,
    ) -> Self {
        answer(PduType::ForwardReq, version, transaction_id)
            .with(Header::From(from))
            .with_all(recipients)
            .with(Header::ContentLocation(location.into()))
    }

    /// What became of that.
    pub fn forward_conf(
        version: Version,
        transaction_id: impl Into<String>,
        status: ResponseStatus,
        text: Option<EncodedText>,
        message_id: Option<String>,
    ) -> Self {
        answer(PduType::ForwardConf, version, transaction_id)
            .with_all(response(version, status, text))
            .with_all(message_id.map(Header::MessageId))
    }

    /// A message that is known by its location is to be kept in the mailbox (1.2).
    pub fn mbox_store_req(version: Version, transaction_id: impl Into<String>, location: impl Into<String>) -> Self {
        answer(PduType::MboxStoreReq, version, transaction_id).with(Header::ContentLocation(location.into()))
    }

    /// What became of that; with the location in the mailbox if it was stored.
    pub fn mbox_store_conf(
        version: Version,
        transaction_id: impl Into<String>,
        location: Option<String>,
        status: StoreStatus,
        text: Option<EncodedText>,
    ) -> Self {
        Self::stored_conf(PduType::MboxStoreConf, version, transaction_id.into(), location, status, text)
    }

    fn stored_conf(
        kind: PduType,
        version: Version,
        transaction_id: String,
        location: Option<String>,
        status: StoreStatus,
        text: Option<EncodedText>,
    ) -> Self {
        answer(kind, version, transaction_id)
            .with_all(location.map(Header::ContentLocation))
            .with(Header::StoreStatus(status))
            .with_all(text.map(Header::StoreStatusText))
    }

    /// What is in the mailbox? What is looked for is added as header fields (1.2).
    pub fn mbox_view_req(version: Version, transaction_id: impl Into<String>) -> Self {
        answer(PduType::MboxViewReq, version, transaction_id)
    }

    /// The messages that were found, each an m-mbox-descr (1.2).
    ///
    /// # Errors
    /// A description has no coding.
    pub fn mbox_view_conf(
        version: Version,
        transaction_id: impl Into<String>,
        status: ResponseStatus,
        text: Option<EncodedText>,
        descriptions: &[Self],
    ) -> Result<Self, EncodeError> {
        let parts: Result<Vec<Part>, EncodeError> = descriptions.iter().map(Self::to_part).collect();
        Ok(answer(PduType::MboxViewConf, version, transaction_id)
            .with_all(response(version, status, text))
            .with_content(Multipart::mixed(parts?).into()))
    }

    /// A message of the phone's, an m-mbox-descr, goes into the mailbox (1.2).
    ///
    /// # Errors
    /// The description has no coding.
    pub fn mbox_upload_req(
        version: Version,
        transaction_id: impl Into<String>,
        state: MmState,
        description: &Self,
    ) -> Result<Self, EncodeError> {
        let content = Content::Single(description.to_part()?);
        Ok(answer(PduType::MboxUploadReq, version, transaction_id).with(Header::MmState(state)).with_content(content))
    }

    /// What became of that; with the location in the mailbox if it was stored.
    pub fn mbox_upload_conf(
        version: Version,
        transaction_id: impl Into<String>,
        location: Option<String>,
        status: StoreStatus,
        text: Option<EncodedText>,
    ) -> Self {
        Self::stored_conf(PduType::MboxUploadConf, version, transaction_id.into(), location, status, text)
    }

    /// Messages of the mailbox are to go (1.2).
    pub fn mbox_delete_req(
        version: Version,
        transaction_id: impl Into<String>,
        locations: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let locations = locations.into_iter().map(|location| Header::ContentLocation(location.into()));
        answer(PduType::MboxDeleteReq, version, transaction_id).with_all(locations)
    }

    /// What became of each (1.2).
    pub fn mbox_delete_conf(version: Version, transaction_id: impl Into<String>, deletions: impl IntoIterator<Item = Deletion>) -> Self {
        Self::deleted_conf(PduType::MboxDeleteConf, version, transaction_id.into(), deletions)
    }

    /// Messages that were not retrieved are to go (1.3).
    pub fn delete_req(version: Version, transaction_id: impl Into<String>, locations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let locations = locations.into_iter().map(|location| Header::ContentLocation(location.into()));
        answer(PduType::DeleteReq, version, transaction_id).with_all(locations)
    }

    /// What became of each (1.3).
    pub fn delete_conf(version: Version, transaction_id: impl Into<String>, deletions: impl IntoIterator<Item = Deletion>) -> Self {
        Self::deleted_conf(PduType::DeleteConf, version, transaction_id.into(), deletions)
    }

    fn deleted_conf(kind: PduType, version: Version, transaction_id: String, deletions: impl IntoIterator<Item = Deletion>) -> Self {
        let headers = deletions.into_iter().zip(1..).flat_map(|(Deletion { location, status, text }, number)| {
            let location = location.map(|value| Header::NumberedLocation(Numbered { number, value }));
            let status = Header::NumberedStatus(Numbered { number, value: status });
            let text = text.map(|value| Header::NumberedText(Numbered { number, value }));
            location.into_iter().chain([status]).chain(text)
        });
        answer(kind, version, transaction_id).with_all(headers)
    }

    /// What an answer to a deletion says of each message, whether it numbers them or not.
    pub fn deletions(&self) -> Vec<Deletion> {
        let none = || Deletion { location: None, status: ResponseStatus::Ok, text: None };
        let mut numbered: BTreeMap<u64, Deletion> = BTreeMap::new();
        let mut unnumbered = None;
        for header in &self.headers {
            match header {
                Header::NumberedLocation(Numbered { number, value }) => {
                    numbered.entry(*number).or_insert_with(none).location = Some(value.clone());
                }
                Header::NumberedStatus(Numbered { number, value }) => numbered.entry(*number).or_insert_with(none).status = *value,
                Header::NumberedText(Numbered { number, value }) => {
                    numbered.entry(*number).or_insert_with(none).text = Some(value.clone());
                }
                Header::ContentLocation(location) => unnumbered.get_or_insert_with(none).location = Some(location.clone()),
                Header::ResponseStatus(status) => unnumbered.get_or_insert_with(none).status = *status,
                Header::ResponseText(text) => unnumbered.get_or_insert_with(none).text = Some(text.clone()),
                _ => {}
            }
        }
        unnumbered.into_iter().chain(numbered.into_values()).collect()
    }

    /// A message of a mailbox, of which header fields and content are told as far as they are asked for (1.2).
    pub fn mbox_descr(version: Version, headers: impl IntoIterator<Item = Header>, content: Option<Content>) -> Self {
        Self { content, ..Self::new(PduType::MboxDescr, version).with_all(headers) }
    }

    /// The PDUs in the content: the descriptions of an m-mbox-view-conf and of an m-mbox-upload-req.
    ///
    /// # Errors
    /// The content has too many parts, or one of them is no PDU.
    pub fn descriptions(&self, limits: Limits) -> Result<Vec<Decoded>, DecodeError> {
        let Some(content) = &self.content else { return Ok(Vec::new()) };
        let decoded = content.decode(limits)?.content;
        let pdus = decoded.parts().iter().filter(|part| part.content_type.is(waxwing_wap::mms::CONTENT_TYPE));
        pdus.map(|part| Self::decode_within(part.data.clone(), limits)).collect()
    }

    /// A message that the phone has is to be removed from it (1.3).
    pub fn cancel_req(version: Version, transaction_id: impl Into<String>, cancel_id: impl Into<String>) -> Self {
        answer(PduType::CancelReq, version, transaction_id).with(Header::CancelId(cancel_id.into()))
    }

    /// The phone got that (1.3).
    pub fn cancel_conf(version: Version, transaction_id: impl Into<String>, status: CancelStatus) -> Self {
        answer(PduType::CancelConf, version, transaction_id).with(Header::CancelStatus(status))
    }

    fn to_part(&self) -> Result<Part, EncodeError> {
        Ok(Part::new(ContentType::new(waxwing_wap::mms::CONTENT_TYPE), Bytes::from(self.encode()?)))
    }
}
