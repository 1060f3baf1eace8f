//! meta-data: `?smpp?name=value&name=value`, whose names are those of optional SMPP parameters.

use bytes::Bytes;
use waxwing_core::{Message, Tlv};

use crate::content;
use crate::params::Params;

/// What a value is written as.
#[derive(Clone, Copy)]
enum Form {
    /// Decimal, of so many octets.
    Int(usize),
    /// Characters, followed by a NUL on the wire.
    Text,
    /// Hexadecimal.
    Octets,
}

/// Optional parameters that a submit_sm may have (SMPP 3.4, 4.4.1, 5.3.2), and those that Indian operators ask for.
const TLVS: [(&str, u32, Form); 30] = [
    ("alert_on_message_delivery", 0x130c, Form::Octets),
    ("callback_num", 0x0381, Form::Octets),
    ("callback_num_atag", 0x0303, Form::Octets),
    ("callback_num_pres_ind", 0x0302, Form::Int(1)),
    ("dest_addr_subunit", 0x0005, Form::Int(1)),
    ("dest_bearer_type", 0x0007, Form::Int(1)),
    ("dest_network_type", 0x0006, Form::Int(1)),
    ("dest_subaddress", 0x0203, Form::Octets),
    ("dest_telematics_id", 0x0008, Form::Int(2)),
    ("destination_port", 0x020b, Form::Int(2)),
    ("display_time", 0x1201, Form::Int(1)),
    ("its_reply_type", 0x1380, Form::Int(1)),
    ("its_session_info", 0x1383, Form::Octets),
    ("language_indicator", 0x020d, Form::Int(1)),
    ("ms_msg_wait_facilities", 0x0030, Form::Int(1)),
    ("ms_validity", 0x1204, Form::Int(1)),
    ("number_of_messages", 0x0304, Form::Int(1)),
    ("payload_type", 0x0019, Form::Int(1)),
    ("pe_id", 0x1400, Form::Text),
    ("privacy_indicator", 0x0201, Form::Int(1)),
    ("sms_signal", 0x1203, Form::Int(2)),
    ("source_addr_subunit", 0x000d, Form::Int(1)),
    ("source_bearer_type", 0x000f, Form::Int(1)),
    ("source_network_type", 0x000e, Form::Int(1)),
    ("source_port", 0x020a, Form::Int(2)),
    ("source_subaddress", 0x0202, Form::Octets),
    ("source_telematics_id", 0x0010, Form::Int(1)),
    ("template_id", 0x1401, Form::Text),
    ("user_message_reference", 0x0204, Form::Int(2)),
    ("ussd_service_op", 0x0501, Form::Octets),
];

/// Puts what the `smpp` group says into the message. Names that mean nothing are left alone, as Kannel does.
///
/// # Errors
/// With the name whose value cannot be.
pub(crate) fn apply(meta: &str, m: &mut Message) -> Result<(), String> {
    let mut pieces = meta.strip_prefix('?').unwrap_or_default().split('?');
    while let (Some(group), Some(pairs)) = (pieces.next(), pieces.next()) {
        if group != "smpp" {
            continue;
        }
        let mut params = Params::default();
        params.extend(pairs.as_bytes());
        for name in params.names() {
            if let Some(value) = params.get(name) {
                one(name, &String::from_utf8_lossy(value), m).map_err(|e| format!("meta-data: {name}: {e}"))?;
            }
        }
    }
    Ok(())
}

fn one(name: &str, value: &str, m: &mut Message) -> Result<(), String> {
    let number = || value.trim().parse::<u32>().map_err(|_| format!("{value:?} is no number"));
    let octet = || number().and_then(|n| if n <= 255 { Ok(n) } else { Err(format!("{n} is more than 255")) });
    match name {
        "data_coding" => m.data_coding = octet()?,
        "source_addr_ton" => m.source.ton = octet()?,
        "source_addr_npi" => m.source.npi = octet()?,
        "dest_addr_ton" => m.destination.ton = octet()?,
        "dest_addr_npi" => m.destination.npi = octet()?,
        _ => {
            let known = TLVS.iter().find(|(n, ..)| *n == name).map(|(_, tag, form)| (*tag, *form));
            let by_number = || u16::from_str_radix(name.strip_prefix("0x")?, 16).ok().map(|tag| (tag.into(), Form::Octets));
            if let Some((tag, form)) = known.or_else(by_number) {
                let value = match form {
                    Form::Int(octets) => {
                        let n = number()?;
                        if u64::from(n) >= 1 << (8 * octets) {
                            return Err(format!("{n} does not fit {octets} octets"));
                        }
                        n.to_be_bytes()[4 - octets..].to_vec()
                    }
                    Form::Text => [value.as_bytes(), &[0]].concat(),
                    Form::Octets => content::hex(value)?,
                };
                m.tlvs.push(Tlv { tag, value: Bytes::from(value) });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_become_parameters() {
        let mut m = Message::default();
        apply("?orig?x=1?smpp?PE_ID=1201&user_message_reference=258&0x1405=0aff&colour=red&dest_addr_ton=2&payload_type=1", &mut m)
            .unwrap();
        let tlvs: Vec<_> = m.tlvs.iter().map(|t| (t.tag, t.value.to_vec())).collect();
        assert_eq!(tlvs, [(0x1400, b"1201\0".to_vec()), (0x0204, vec![1, 2]), (0x1405, vec![10, 255]), (0x0019, vec![1])]);
        assert_eq!(m.destination.ton, 2);
    }

    #[test]
    fn values_that_cannot_be_are_named() {
        let e = apply("?smpp?payload_type=300", &mut Message::default()).unwrap_err();
        assert_eq!(e, "meta-data: payload_type: 300 does not fit 1 octets");
        assert!(apply("?smpp?source_subaddress=zz", &mut Message::default()).is_err());
        assert!(apply("garbage", &mut Message::default()).is_ok());
    }

    #[test]
    fn the_table_is_in_order_and_without_twins() {
        assert!(TLVS.windows(2).all(|w| w[0].0 < w[1].0));
    }
}
