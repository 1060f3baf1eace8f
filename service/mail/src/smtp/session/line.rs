//! Lines out of what was received.

use super::{Enhanced, Session};

/// Longest line in octets (RFC 4954 4 for responses; commands have far fewer).
const MAX_LINE: usize = 12_288;

impl Session {
    /// The next good line without its end. Lines that are too long or end otherwise than in `<CR><LF>` are answered and passed over: they
    /// are never carried out.
    pub(super) fn next_line(&mut self) -> Option<Vec<u8>> {
        loop {
            if matches!(self.state, super::State::Closed) {
                return None;
            }
            let Some(end) = self.input.iter().position(|octet| *octet == b'\n') else {
                if self.skipping_line || self.input.len() > MAX_LINE {
                    self.skipping_line = true;
                    // A carriage return at the end may belong to the line's end; it does not matter in a line that is passed over.
                    self.input.clear();
                }
                return None;
            };
            let mut line: Vec<u8> = self.input.drain(..=end).collect();
            line.pop();
            if std::mem::take(&mut self.skipping_line) || line.len() > MAX_LINE {
                self.fault(500, Enhanced(5, 5, 2), "The line is too long");
            } else if line.pop_if(|octet| *octet == b'\r').is_none() {
                self.fault(500, Enhanced(5, 5, 2), "Lines end in <CR><LF>");
            } else {
                return Some(line);
            }
        }
    }
}
