//! Lists inside PDUs: destinations of submit_multi and their failures, message ids of query_last_msgs_resp.
//!
//! Like TLVs they stay as they stand on the wire and are read one by one, so a PDU with 255 destinations allocates nothing.

use std::fmt;

use bytes::{BufMut, BytesMut};

use crate::error::Fault;
use crate::field::{Field, FieldKind, FieldSpec, Reader, Writer};
use crate::visit::{FieldValue, Visitor};
use crate::{Address, CommandStatus, DecodeErrorKind, EncodeError, InterfaceVersion, Quirks};

/// A destination of submit_multi (SMPP 3.4 section 4.5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// Name of a distribution list, up to 20 octets.
    DistributionList(&'a [u8]),
    /// One subscriber.
    Sme(Address<'a>),
}

/// A destination that submit_multi could not reach (SMPP 3.4 section 4.5.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsuccessSme<'a> {
    /// The destination.
    pub addr: Address<'a>,
    /// Why.
    pub error_status: CommandStatus,
}

/// A message id in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageId<'a>(pub &'a [u8]);

/// Something that a list can hold.
trait Item<'a>: Sized {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault>;
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError>;
    fn visit(&self, visitor: &mut dyn Visitor);
}

macro_rules! lists {
    ($( $(#[$doc:meta])* $list:ident, $buf:ident, $item:ident; )*) => { $(
        $(#[$doc])*
        /// Read lazily, at most 255 items.
        #[derive(Clone, Copy, Default, PartialEq, Eq)]
        pub struct $list<'a> {
            count: u8,
            octets: &'a [u8],
        }

        #[doc = concat!("A [`", stringify!($list), "`] in the making.")]
        #[derive(Clone, Debug, Default)]
        pub struct $buf {
            count: u8,
            octets: BytesMut,
        }

        impl<'a> $list<'a> {
            /// Number of items.
            pub const fn len(self) -> usize {
                self.count as usize
            }

            /// Whether there is no item.
            pub const fn is_empty(self) -> bool {
                self.count == 0
            }

            /// The items in order.
            pub fn iter(self) -> impl Iterator<Item = $item<'a>> {
                let mut reader = Reader { rest: self.octets, lenient_response: true, quirks: Quirks::NONE };
                (0..self.count).map_while(move |_| $item::read(&mut reader).ok())
            }
        }

        impl $buf {
            /// No item yet; allocates nothing.
            pub fn new() -> Self {
                Self::default()
            }

            /// Appends an item; at most 255 fit.
            pub fn push(&mut self, item: $item<'_>) -> Result<(), EncodeError> {
                let Some(count) = self.count.checked_add(1) else {
                    return Err(EncodeError::TooLong { field: stringify!($list), length: 256, max: 255 });
                };
                let before = self.octets.len();
                let mut writer = Writer { dst: &mut self.octets, version: InterfaceVersion::V5_0 };
                if let Err(error) = item.write(&mut writer) {
                    self.octets.truncate(before);
                    return Err(error);
                }
                self.count = count;
                Ok(())
            }

            /// The list, to be put into a PDU.
            pub fn as_list(&self) -> $list<'_> {
                $list { count: self.count, octets: &self.octets }
            }
        }

        impl fmt::Debug for $list<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.iter()).finish()
            }
        }

        impl<'a> Field<'a> for $list<'a> {
            fn read(reader: &mut Reader<'a>, spec: &FieldSpec) -> Result<Self, Fault> {
                let FieldKind::List { count } = spec.kind else { return Ok(Self::default()) };
                let announced = reader.u8(count)?;
                let (mut count, start, mut end) = (0, reader.rest, reader.rest);
                while count < announced && !reader.is_absent() {
                    if let Err(fault) = $item::read(reader) {
                        if !reader.lenient_response {
                            return Err(fault);
                        }
                        // Nobody can be told; the items before are worth more than the damaged rest.
                        reader.quirks.insert(Quirks::MISSING_FIELDS);
                        reader.rest = &[];
                        break;
                    }
                    count += 1;
                    end = reader.rest;
                }
                Ok(Self { count, octets: &start[..start.len() - end.len()] })
            }

            fn write(&self, writer: &mut Writer<'_>, _: &FieldSpec) -> Result<(), EncodeError> {
                writer.dst.put_u8(self.count);
                self.iter().try_for_each(|item| item.write(writer))
            }

            fn visit(&self, spec: &FieldSpec, visitor: &mut dyn Visitor) {
                if let FieldKind::List { count } = spec.kind {
                    visitor.field(count, FieldValue::Integer(self.count.into()));
                }
                for item in self.iter() {
                    visitor.begin_item(spec.name);
                    item.visit(visitor);
                    visitor.end_item(spec.name);
                }
            }
        }
    )* };
}

lists! {
    /// The destinations of submit_multi.
    Destinations, DestinationsBuf, Destination;
    /// The destinations that submit_multi could not reach.
    UnsuccessSmes, UnsuccessSmesBuf, UnsuccessSme;
    /// The message ids of query_last_msgs_resp.
    MessageIds, MessageIdsBuf, MessageId;
}

const SME: u8 = 1;
const DISTRIBUTION_LIST: u8 = 2;
const NAMES: [&str; 3] = ["dest_addr_ton", "dest_addr_npi", "destination_addr"];

impl<'a> Item<'a> for Destination<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        match reader.u8("dest_flag")? {
            SME => reader.address(NAMES, 20, CommandStatus::ESME_RINVDSTADR).map(Self::Sme),
            DISTRIBUTION_LIST => reader.cstring("dl_name", 20, CommandStatus::ESME_RINVDLNAME).map(Self::DistributionList),
            other => {
                let kind = DecodeErrorKind::InvalidValue(other);
                Err(Fault { field: "dest_flag", kind, status: CommandStatus::ESME_RINVDESTFLAG })
            }
        }
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        match self {
            Self::Sme(addr) => {
                writer.dst.put_u8(SME);
                writer.address(NAMES[2], addr, 20)
            }
            Self::DistributionList(name) => {
                writer.dst.put_u8(DISTRIBUTION_LIST);
                writer.cstring("dl_name", name, 20)
            }
        }
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        match self {
            Self::Sme(addr) => {
                visitor.field("dest_flag", FieldValue::Code { value: SME.into(), name: Some("SME address") });
                visit_address(addr, visitor);
            }
            Self::DistributionList(name) => {
                visitor.field("dest_flag", FieldValue::Code { value: DISTRIBUTION_LIST.into(), name: Some("distribution list") });
                visitor.field("dl_name", FieldValue::Text(name));
            }
        }
    }
}

impl<'a> Item<'a> for UnsuccessSme<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let addr = reader.address(NAMES, 20, CommandStatus::ESME_RINVDSTADR)?;
        Ok(Self { addr, error_status: CommandStatus(reader.u32("error_status_code")?) })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.address(NAMES[2], &self.addr, 20)?;
        writer.dst.put_u32(self.error_status.0);
        Ok(())
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visit_address(&self.addr, visitor);
        visitor.field("error_status_code", FieldValue::Code { value: self.error_status.0, name: self.error_status.name() });
    }
}

impl<'a> Item<'a> for MessageId<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        reader.cstring("message_id", 64, CommandStatus::ESME_RINVMSGID).map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.cstring("message_id", self.0, 64)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        visitor.field("message_id", FieldValue::Text(self.0));
    }
}

fn visit_address(addr: &Address<'_>, visitor: &mut dyn Visitor) {
    visitor.field(NAMES[0], FieldValue::Code { value: addr.ton.0.into(), name: addr.ton.name() });
    visitor.field(NAMES[1], FieldValue::Code { value: addr.npi.0.into(), name: addr.npi.name() });
    visitor.field(NAMES[2], FieldValue::Text(addr.addr));
}
