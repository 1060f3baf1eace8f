//! DATA and BDAT, and what becomes of the message.

use super::super::command::CommandError;
use super::super::data::{DataFault, Incoming};
use super::super::receiver::{Mail, Taken};
use super::super::reply::write_reply;
use super::{Asked, Counters, Enhanced, Question, Refusal, Session, State, Step};

const NO_RECIPIENTS: CommandError = CommandError { code: 503, enhanced: Enhanced(5, 5, 1), text: "Say MAIL and RCPT first" };

impl Session {
    fn has_recipients(&self) -> bool {
        self.transaction.as_ref().is_some_and(|transaction| !transaction.recipients.is_empty())
    }

    fn incoming(&self) -> Incoming {
        Incoming::new(self.settings.max_message, &self.budget)
    }

    pub(super) fn data(&mut self) -> Option<Step> {
        // Nothing may follow DATA before its reply (RFC 2920 3.1); what does could be taken for a message here and for commands elsewhere.
        if !self.input.is_empty() {
            self.close_sent_ahead();
            return None;
        }
        if !self.has_recipients() {
            return self.bad(NO_RECIPIENTS);
        }
        if !self.budget.has_room(1) {
            Counters::one(&self.counters.out_of_memory);
            self.transaction = None;
            self.reply(452, Enhanced(4, 3, 1), "Too many messages at a time; try again later");
            return None;
        }
        write_reply(&mut self.output, 354, None, "Go ahead; end with <CR><LF>.<CR><LF>");
        self.state = State::Data(self.incoming());
        None
    }

    pub(super) fn bdat(&mut self, size: u64, last: bool) -> Option<Step> {
        if !self.has_recipients() {
            let refusal = (NO_RECIPIENTS.code, NO_RECIPIENTS.enhanced, NO_RECIPIENTS.text);
            self.state = State::Skip { remaining: size, refusal };
            return None;
        }
        let incoming = self.transaction.as_mut().and_then(|transaction| transaction.chunks.take());
        let incoming = incoming.unwrap_or_else(|| self.incoming());
        self.state = State::Chunk { incoming, remaining: size, last };
        None
    }

    /// Whether a chunk has all of its octets, be there input or not.
    pub(super) fn chunk_is_over(&self) -> bool {
        matches!(self.state, State::Chunk { remaining: 0, .. } | State::Skip { remaining: 0, .. })
    }

    /// Reads on in a message.
    pub(super) fn message_octets(&mut self) -> Option<Step> {
        match &mut self.state {
            State::Data(incoming) => {
                let (used, end) = incoming.text(&self.input);
                self.input.drain(..used);
                if !end {
                    return None;
                }
                match std::mem::replace(&mut self.state, State::Command) {
                    State::Data(incoming) => self.message_read(incoming),
                    _ => None,
                }
            }
            State::Chunk { incoming, remaining, .. } => {
                let here = usize::try_from(*remaining).unwrap_or(usize::MAX).min(self.input.len());
                incoming.chunk(&self.input[..here]);
                self.input.drain(..here);
                *remaining -= here as u64;
                if *remaining > 0 {
                    return None;
                }
                match std::mem::replace(&mut self.state, State::Command) {
                    State::Chunk { incoming, last, .. } => self.chunk_read(incoming, last),
                    _ => None,
                }
            }
            State::Skip { remaining, refusal } => {
                let here = usize::try_from(*remaining).unwrap_or(usize::MAX).min(self.input.len());
                self.input.drain(..here);
                *remaining -= here as u64;
                if *remaining == 0 {
                    let (code, enhanced, text) = *refusal;
                    self.state = State::Command;
                    self.fault(code, enhanced, text);
                }
                None
            }
            _ => None,
        }
    }

    fn chunk_read(&mut self, mut incoming: Incoming, last: bool) -> Option<Step> {
        if last {
            incoming.end_chunks();
            return self.message_read(incoming);
        }
        if let Some(fault) = incoming.fault() {
            self.data_fault(fault);
            return None;
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.chunks = Some(incoming);
        }
        self.reply(250, Enhanced(2, 0, 0), "Chunk received");
        None
    }

    /// The message is complete: it goes to the receiver, or is refused.
    fn message_read(&mut self, incoming: Incoming) -> Option<Step> {
        if let Some(fault) = incoming.fault() {
            self.data_fault(fault);
            return None;
        }
        let transaction = self.transaction.take()?;
        let (message, held) = incoming.into_message();
        let (octets, recipients) = (message.len(), transaction.recipients.len());
        let mail =
            Mail { client: self.client.clone(), sender: transaction.sender, recipients: transaction.recipients, message: message.into() };
        self.state = State::Asked(Asked::Data { octets, recipients, _held: held });
        Some(Step::Ask(Box::new(Question::Data(mail))))
    }

    fn data_fault(&mut self, fault: DataFault) {
        self.transaction = None;
        match fault {
            DataFault::BareLineEnd => {
                Counters::one(&self.counters.bare_line_ends);
                self.reply(550, Enhanced(5, 6, 0), "The message has a <CR> or <LF> without the other; lines end in <CR><LF>");
                self.count_fault();
            }
            DataFault::TooLarge => {
                Counters::one(&self.counters.oversized);
                let text = format!("Messages may have {} octets", self.settings.max_message);
                self.reply(552, Enhanced(5, 3, 4), &text);
            }
            DataFault::NoMemory => {
                Counters::one(&self.counters.out_of_memory);
                self.reply(452, Enhanced(4, 3, 1), "Too many messages at a time; try again later");
            }
        }
    }

    pub(super) fn data_answered(&mut self, octets: usize, recipients: usize, result: Result<Taken, Refusal>) {
        match result {
            Ok(taken) => {
                Counters::one(&self.counters.messages);
                Counters::add(&self.counters.octets, octets as u64);
                tracing::debug!(peer = %self.client.peer, octets, recipients, "A message was taken.");
                let text = if taken.text.is_empty() { "OK" } else { taken.text.as_str() };
                self.reply(250, Enhanced(2, 0, 0), text);
            }
            Err(refusal) => {
                Counters::one(&self.counters.messages_refused);
                self.refuse(&refusal);
            }
        }
    }
}
