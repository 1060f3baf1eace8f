//! The message as it is read: where it ends, and whether two servers could differ about that.

use super::budget::{MemoryBudget, Reservation};

/// Reads a message's octets into memory, bounded by its size and by the budget of all messages.
///
/// What is wrong with a message is kept, and the rest of it passed over, so that the reply comes where the client waits for it and no octet
/// of it can be taken for a command.
#[derive(Debug)]
pub(crate) struct Incoming {
    message: Vec<u8>,
    reservation: Reservation,
    limit: usize,
    fault: Option<DataFault>,
    /// Within the text after DATA: how the last octets end.
    line: Line,
    /// The last octet was a carriage return.
    after_cr: bool,
}

/// Why a message is not taken, whatever the receiver thinks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DataFault {
    /// A carriage return or line feed without the other.
    BareLineEnd,
    /// Larger than allowed.
    TooLarge,
    /// The budget of all messages is used up.
    NoMemory,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Line {
    /// Right after `<CR><LF>`, or at the start.
    Start,
    /// A dot at the start of a line.
    Dot,
    /// A dot at the start of a line, and a carriage return.
    DotCr,
    /// Elsewhere.
    Inside,
    /// A carriage return elsewhere.
    Cr,
}

/// How much memory a message takes at a time.
const STEP: usize = 64 << 10;

impl Incoming {
    pub(crate) fn new(limit: usize, budget: &MemoryBudget) -> Self {
        let reservation = budget.reservation();
        Self { message: Vec::new(), reservation, limit, fault: None, line: Line::Start, after_cr: false }
    }

    /// The first thing that was wrong.
    pub(crate) fn fault(&self) -> Option<DataFault> {
        self.fault
    }

    /// The message, and what it holds of the budget.
    pub(crate) fn into_message(self) -> (Vec<u8>, Reservation) {
        (self.message, self.reservation)
    }

    /// Reads text after DATA, dots unstuffed. How many octets were used, and whether the end was among them.
    pub(crate) fn text(&mut self, octets: &[u8]) -> (usize, bool) {
        let mut kept = 0;
        for (index, &octet) in octets.iter().enumerate() {
            self.line = match (self.line, octet) {
                (Line::DotCr, b'\n') => {
                    // `kept..index` is the dot and perhaps the carriage return: no part of the message.
                    return (index + 1, true);
                }
                (Line::Start, b'.') => {
                    self.keep(&octets[kept..index]);
                    kept = index + 1;
                    Line::Dot
                }
                (Line::Dot, b'\r') => {
                    kept = index + 1;
                    Line::DotCr
                }
                (Line::DotCr, _) => {
                    // A lone carriage return after the dot.
                    self.fail(DataFault::BareLineEnd);
                    if octet == b'\r' { Line::Cr } else { Line::Inside }
                }
                (Line::Cr, b'\n') => Line::Start,
                (Line::Cr, _) => {
                    self.fail(DataFault::BareLineEnd);
                    if octet == b'\r' { Line::Cr } else { Line::Inside }
                }
                (_, b'\r') => Line::Cr,
                (_, b'\n') => {
                    self.fail(DataFault::BareLineEnd);
                    Line::Inside
                }
                _ => Line::Inside,
            };
        }
        self.keep(&octets[kept..]);
        (octets.len(), false)
    }

    /// Reads octets of a chunk (BDAT). Its length says where it ends; its lines must be as clean nevertheless.
    pub(crate) fn chunk(&mut self, octets: &[u8]) {
        for &octet in octets {
            if (octet == b'\n') != self.after_cr {
                self.fail(DataFault::BareLineEnd);
            }
            self.after_cr = octet == b'\r';
        }
        self.keep(octets);
    }

    /// The last chunk is over.
    pub(crate) fn end_chunks(&mut self) {
        if self.after_cr {
            self.fail(DataFault::BareLineEnd);
        } else if !self.message.is_empty() && !self.message.ends_with(b"\r\n") {
            self.keep(b"\r\n");
        }
    }

    fn keep(&mut self, octets: &[u8]) {
        if self.fault.is_some() {
            return;
        }
        let length = self.message.len() + octets.len();
        if length > self.limit {
            return self.fail(DataFault::TooLarge);
        }
        if length > self.message.capacity() {
            // By half as much again: copying stays cheap, and little more is held than is there.
            let capacity = (length + (self.message.len() / 2).max(STEP)).min(self.limit + 2).max(length);
            if !self.reservation.grow(capacity - self.message.capacity()) {
                return self.fail(DataFault::NoMemory);
            }
            self.message.reserve_exact(capacity - self.message.len());
        }
        self.message.extend_from_slice(octets);
    }

    fn fail(&mut self, fault: DataFault) {
        // A faulty line end outranks the others: the client must not try again.
        if self.fault.is_none() || fault == DataFault::BareLineEnd {
            self.fault = Some(fault);
        }
        self.message = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn read(octets: &[u8], pieces: usize) -> (Incoming, usize, bool) {
        let mut incoming = Incoming::new(1 << 20, &MemoryBudget::default());
        let mut used = 0;
        for piece in octets.chunks(pieces) {
            let (here, end) = incoming.text(piece);
            used += here;
            if end {
                return (incoming, used, true);
            }
        }
        (incoming, used, false)
    }

    /// What RFC 5321 4.5.2 says, in other words: lines end in CRLF, a line that is a dot is the end, of others one leading dot goes.
    fn model(octets: &[u8]) -> Option<(Vec<u8>, usize)> {
        let mut message = Vec::new();
        let mut at = 0;
        loop {
            let end = at + octets[at..].windows(2).position(|two| two == b"\r\n")?;
            let line = &octets[at..end];
            if line == b"." {
                return Some((message, end + 2));
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            message.extend_from_slice(b"\r\n");
            at = end + 2;
        }
    }

    #[test]
    fn only_crlf_dot_crlf_ends() {
        for smuggled in
            ["a\n.\nMAIL", "a\n.\r\nMAIL", "a\r.\rMAIL", "a\r\n.\nMAIL", "a\r\n.\rMAIL", "a\r.\r\nMAIL", "a\r\n.\r\rMAIL", "a\n.\rMAIL"]
        {
            let whole = format!("{smuggled} FROM:<x@y>\r\n.\r\nQUIT\r\n");
            for pieces in [1, 2, 3, 1000] {
                let (incoming, used, end) = read(whole.as_bytes(), pieces);
                assert!(end, "{smuggled:?}");
                assert_eq!(&whole[used..], "QUIT\r\n", "{smuggled:?}");
                assert_eq!(incoming.fault(), Some(DataFault::BareLineEnd), "{smuggled:?}");
            }
        }
    }

    #[test]
    fn limits() {
        let budget = MemoryBudget::new(200_000);
        let mut first = Incoming::new(150_000, &budget);
        first.text(&[b'x'; 140_000]);
        assert_eq!(first.fault(), None);
        let mut second = Incoming::new(150_000, &budget);
        second.text(&[b'x'; 140_000]);
        assert_eq!(second.fault(), Some(DataFault::NoMemory));
        first.text(&[b'x'; 10_001]);
        assert_eq!(first.fault(), Some(DataFault::TooLarge));
        drop((first, second));
        assert_eq!(budget.used(), 0);
    }

    proptest! {
        #[test]
        fn as_the_model(parts in proptest::collection::vec(prop_oneof![Just("\r\n"), Just("."), Just("a"), Just("\r\n.\r\n"), Just("\r"), Just("\n"), Just("..")], 0..24), pieces in 1_usize..5) {
            let octets = parts.concat().into_bytes();
            let (incoming, used, end) = read(&octets, pieces);
            // The end is where the model sees it, bare line ends or not.
            match model(&octets) {
                Some((message, length)) => {
                    prop_assert!(end);
                    prop_assert_eq!(used, length);
                    let text = octets[..length].to_vec();
                    let bare = text.iter().enumerate().any(|(i, &octet)| match octet {
                        b'\n' => i == 0 || text[i - 1] != b'\r',
                        b'\r' => text.get(i + 1) != Some(&b'\n'),
                        _ => false,
                    });
                    prop_assert_eq!(incoming.fault().is_some(), bare);
                    if !bare {
                        prop_assert_eq!(incoming.into_message().0, message);
                    }
                }
                None => prop_assert!(!end),
            }
        }

        #[test]
        fn chunks_are_clean_or_faulty(octets in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')], 0..20), cut in 0_usize..20) {
            let mut incoming = Incoming::new(1000, &MemoryBudget::default());
            let (head, tail) = octets.split_at(cut.min(octets.len()));
            incoming.chunk(head);
            incoming.chunk(tail);
            incoming.end_chunks();
            let text: Vec<u8> = octets.clone();
            let without = String::from_utf8(text).unwrap().replace("\r\n", "");
            prop_assert_eq!(incoming.fault().is_some(), without.contains(['\r', '\n']));
        }
    }
}
