//! Real PDUs, made by phones, operators and other products, are what other decoders say that they are.
#![allow(clippy::unwrap_used)]

mod common;

use common::{manifest, samples};
use waxwing_mms::Pdu;

