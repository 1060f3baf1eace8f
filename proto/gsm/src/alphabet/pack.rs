//! Packing of septets into octets (3GPP TS 23.038, section 6.1.2).
//!
//! Eight septets fit seven octets, low bits first. In a short message behind a user data header, *fill bits* bring the first septet to
//! the next septet boundary counted from the start of the user data, so that old phones can skip the header.

/// The bits between a user data header and the first septet: 0 to 6.
///
/// `header_octets` counts the whole header with its length octet; 0 means no header (3GPP TS 23.040, 9.2.3.24).
pub const fn fill_bits(header_octets: usize) -> u8 {
    ((7 - header_octets % 7) % 7) as u8
}

/// How many septets a user data header takes away, fill bits included.
pub const fn header_septets(header_octets: usize) -> usize {
    (header_octets * 8).div_ceil(7)
}

/// How many octets a number of septets takes behind a number of fill bits.
pub const fn packed_octets(septets: usize, fill_bits: u8) -> usize {
    (septets * 7 + fill_bits as usize).div_ceil(8)
}

/// Packs septets behind `fill_bits` zero bits (0 to 7; higher values count modulo 8). The top bit of each octet of `septets` is ignored.
pub fn pack(septets: &[u8], fill_bits: u8) -> Vec<u8> {
    let mut waiting_bits = u32::from(fill_bits % 8);
    let mut octets = Vec::with_capacity(packed_octets(septets.len(), fill_bits % 8));
    let mut waiting = 0_u64;
    // Eight septets are seven octets, so a whole group leaves as many bits waiting as it found.
    let (groups, rest) = septets.as_chunks::<8>();
    for group in groups {
        for (bit, septet) in (waiting_bits..).step_by(7).zip(group) {
            waiting |= u64::from(septet & 0x7f) << bit;
        }
        octets.extend_from_slice(&waiting.to_le_bytes()[..7]);
        waiting >>= 56;
    }
    for septet in rest {
        waiting |= u64::from(septet & 0x7f) << waiting_bits;
        waiting_bits += 7;
        if waiting_bits >= 8 {
            octets.push((waiting & 0xff) as u8);
            waiting >>= 8;
            waiting_bits -= 8;
        }
    }
    if waiting_bits > 0 && !septets.is_empty() {
        octets.push((waiting & 0xff) as u8);
    }
    octets
}

/// Unpacks at most `count` septets that begin behind `fill_bits` bits (0 to 7; higher values count modulo 8).
///
/// Fewer come back when the octets end early; a length field that lies costs nothing.
pub fn unpack(octets: &[u8], count: usize, fill_bits: u8) -> Vec<u8> {
    let fill = usize::from(fill_bits % 8);
    let available = (octets.len() * 8).saturating_sub(fill) / 7;
    let count = count.min(available);
    let mut septets = Vec::with_capacity(count);
    // Eight septets begin at the same bit of an octet as the eight before them, seven octets on, and end within eight octets.
    while septets.len() + 8 <= count
        && let Some(group) = octets.get(septets.len() / 8 * 7..).and_then(|rest| rest.first_chunk::<8>())
    {
        let bits = u64::from_le_bytes(*group) >> fill;
        septets.extend_from_slice(&[0, 7, 14, 21, 28, 35, 42, 49].map(|bit| (bits >> bit) as u8 & 0x7f));
    }
    let septet = |index: usize| {
        let bit = fill + index * 7;
        let low = octets.get(bit / 8).copied().unwrap_or(0);
        let high = octets.get(bit / 8 + 1).copied().unwrap_or(0);
        ((u16::from_le_bytes([low, high]) >> (bit % 8)) & 0x7f) as u8
    };
    septets.extend((septets.len()..count).map(septet));
    septets
}

/// Packs septets for a carrier that tells the length in octets only: USSD, cell broadcast, packed SMPP (3GPP TS 23.038, 6.1.2.3.1).
///
/// Seven spare bits at the end would read as `@`, so a carriage return fills them; and a text that itself ends so gets a second one.
pub fn pack_padded(septets: &[u8]) -> Vec<u8> {
    const CR: u8 = 0x0d;
    let spare = septets.len() % 8 == 7;
    let ambiguous = septets.len().is_multiple_of(8) && septets.last() == Some(&CR);
    if spare || ambiguous {
        let mut padded = septets.to_vec();
        padded.push(CR);
        return pack(&padded, 0);
    }
    pack(septets, 0)
}

/// Unpacks what [`pack_padded`] made. Of two carriage returns that end a text of 8n+1 septets, one is taken for padding.
pub fn unpack_padded(octets: &[u8]) -> Vec<u8> {
    const CR: u8 = 0x0d;
    let mut septets = unpack(octets, usize::MAX, 0);
    let filled = septets.len().is_multiple_of(8) && septets.last() == Some(&CR);
    let doubled = septets.len() % 8 == 1 && septets.ends_with(&[CR, CR]);
    if filled || doubled {
        septets.pop();
    }
    septets
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::Alphabet;
    use super::*;

    #[test]
    fn known_packings() {
        let pack_text = |text: &str| pack(&Alphabet::DEFAULT.encode(text).unwrap(), 0);
        assert_eq!(pack_text("hellohello"), [0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37]);
        assert_eq!(pack_text("How are you?"), [0xc8, 0xf7, 0x1d, 0x14, 0x96, 0x97, 0x41, 0xf9, 0x77, 0xfd, 0x07]);
        assert_eq!(pack_text(""), []);
        assert_eq!(unpack(&[0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37], 10, 0), b"hellohello");
    }

    #[test]
    fn fill_bits_reach_the_next_septet() {
        let expected = [(0, 0), (1, 6), (4, 3), (5, 2), (6, 1), (7, 0), (8, 6), (9, 5), (12, 2)];
        for (octets, bits) in expected {
            assert_eq!(fill_bits(octets), bits, "header of {octets} octets");
        }
        for octets in 0..140 {
            assert_eq!(octets * 8 + usize::from(fill_bits(octets)), header_septets(octets) * 7);
        }
    }

    #[test]
    fn a_text_behind_a_concatenation_header() {
        // 05 00 03 cc 02 01, then "A" after one fill bit.
        assert_eq!(pack(b"A", fill_bits(6)), [0x82]);
        assert_eq!(unpack(&[0x82], 1, 1), b"A");
    }

    #[test]
    fn every_length_and_fill_comes_back() {
        for fill in 0..8 {
            for count in 0..=160 {
                let septets: Vec<u8> = (0..count).map(|n| ((n * 37 + 11) % 128) as u8).collect();
                let octets = pack(&septets, fill);
                assert_eq!(octets.len(), if count == 0 { 0 } else { packed_octets(septets.len(), fill) });
                assert_eq!(unpack(&octets, septets.len(), fill), septets);
                assert!(unpack(&octets, usize::MAX, fill).len() <= septets.len() + 1);
            }
        }
    }

    #[test]
    fn padding_keeps_every_text() {
        for count in 0..=40 {
            for last in [0x00, 0x0d, 0x41] {
                let mut septets = vec![0x42; count];
                septets.push(last);
                assert_eq!(unpack_padded(&pack_padded(&septets)), septets, "{count} and {last}");
            }
        }
        assert_eq!(pack_padded(b"1234567"), pack(b"1234567\r", 0));
    }

    #[test]
    fn short_octets_give_fewer_septets() {
        assert_eq!(unpack(&[0xe8, 0x32], 160, 0), b"he");
        assert_eq!(unpack(&[], 160, 6), b"");
    }
}
