//! Which header fields each PDU has to have (OMA-TS-MMS_ENC-V1_3, section 6).

use crate::header::{Field, Header};
use crate::kind::PduType;
use crate::pdu::Pdu;

impl PduType {
    /// Header fields without which the PDU means nothing, whatever else stands in it.
    const fn required(self) -> &'static [Field] {
        use Field::*;
        match self {
            Self::SendReq => &[TransactionId, From, ContentType],
            Self::SendConf => &[TransactionId, ResponseStatus],
            Self::NotificationInd => &[TransactionId, MessageClass, MessageSize, Expiry, ContentLocation],
            Self::NotifyRespInd => &[TransactionId, Status],
            Self::RetrieveConf => &[Date],
            Self::AcknowledgeInd | Self::MboxViewReq => &[TransactionId],
            Self::DeliveryInd => &[MessageId, To, Date, Status],
            Self::ReadRecInd => &[MessageId, To, From, ReadStatus],
            Self::ReadOrigInd => &[MessageId, To, From, Date, ReadStatus],
            Self::ForwardReq => &[TransactionId, From, ContentLocation],
            Self::ForwardConf | Self::MboxViewConf | Self::MboxDeleteConf | Self::DeleteConf => &[TransactionId, ResponseStatus],
            Self::MboxStoreReq | Self::MboxDeleteReq | Self::DeleteReq => &[TransactionId, ContentLocation],
            Self::MboxStoreConf | Self::MboxUploadConf => &[TransactionId, StoreStatus],
            Self::MboxUploadReq => &[TransactionId, ContentType],
            Self::MboxDescr => &[],
            Self::CancelReq => &[TransactionId, CancelId],
            Self::CancelConf => &[TransactionId, CancelStatus],
        }
    }
}

impl Pdu {
    /// The header fields that are not there and have to be, in the order in which the standard lists them.
    pub fn missing(&self) -> Vec<Field> {
        self.lacking().collect()
    }

    pub(crate) fn lacking(&self) -> impl Iterator<Item = Field> {
        let recipient = matches!(self.kind, PduType::SendReq | PduType::ForwardReq) && self.recipients().next().is_none();
        // A message that was handed in, and one that was asked for and is there.
        let response_ok = self.response_status().is_some_and(|status| status.is_ok());
        let message_id = self.kind == PduType::SendConf && response_ok && self.message_id().is_none();
        let absent = self.retrieve_status().is_some_and(|status| !status.is_ok());
        let content = self.kind == PduType::RetrieveConf && !absent && self.content.is_none();
        let required = self.kind.required().iter().copied().filter(|field| !self.has(*field));
        required
            .chain(recipient.then_some(Field::To))
            .chain(message_id.then_some(Field::MessageId))
            .chain(content.then_some(Field::ContentType))
    }

    fn has(&self, field: Field) -> bool {
        match field {
            Field::ContentType => self.content.is_some(),
            Field::TransactionId => self.transaction_id.as_ref().is_some_and(|id| !id.is_empty()),
            // A value that can't be read is as none.
            _ => self.headers.iter().any(|header| header.field() == Some(field) && !matches!(header, Header::Other { .. })),
        }
    }

    /// The first header field that may stand once and stands more than once.
    pub(crate) fn repeated(&self) -> Option<Field> {
        let mut seen = 0u64;
        self.headers.iter().filter(|header| !header.often()).filter_map(Header::field).find(|field| {
            let bit = 1 << field.code();
            let again = seen & bit != 0;
            seen |= bit;
            again
        })
    }
}
