//! Reading a message's content: for receipts, webhooks, the ledger and people.

use bytes::Bytes;

use crate::{Message, PartInfo};
