//! Commands, and the receiver's answers to what they ask.

use std::borrow::Cow;

use super::super::auth::{Login, Progress};
use super::super::command::{Command, CommandError};
use super::super::reply::{write_lines, write_reply};
use super::{Asked, Counters, Enhanced, Question, Recipient, Refusal, Sender, Session, State, Step, Transaction};

impl Session {
    pub(super) fn line(&mut self, line: &[u8]) -> Option<Step> {
        match std::mem::replace(&mut self.state, State::Command) {
            // A response that is not ASCII is no base64 either.
            State::Login(login) => return self.login(login.response(str::from_utf8(line).unwrap_or("!"))),
            other => self.state = other,
        }
        match Command::parse(line) {
            Ok(command) => self.command(command),
            Err(error) => self.bad(error),
        }
    }

    fn command(&mut self, command: Command) -> Option<Step> {
        // In the midst of chunks there is nothing but the next one, or giving up (RFC 3030 2).
        if self.within_message()
            && !matches!(
                command,
                Command::Bdat { .. } | Command::Rset | Command::Quit | Command::Noop | Command::Ehlo(_) | Command::Helo(_)
            )
        {
            return self.out_of_order("A message is being sent in chunks");
        }
        match command {
            Command::Ehlo(name) => self.hello(name, true),
            Command::Helo(name) => self.hello(name, false),
            Command::Mail(text) => self.mail(&text),
            Command::Rcpt(text) => self.rcpt(&text),
            Command::Data => self.data(),
            Command::Bdat { size, last } => self.bdat(size, last),
            Command::Auth { mechanism, initial } => self.auth(&mechanism, initial.as_deref()),
            Command::StartTls => self.start_tls(),
            Command::Rset => {
                self.transaction = None;
                self.fine(250, Enhanced(2, 0, 0), "OK")
            }
            Command::Noop => self.fine(250, Enhanced(2, 0, 0), "OK"),
            Command::Vrfy => self.fine(252, Enhanced(2, 5, 0), "Send mail to find out"),
            Command::Help => self.fine(214, Enhanced(2, 0, 0), "This is an SMTP server (RFC 5321)"),
            Command::Expn => self.bad(CommandError { code: 502, enhanced: Enhanced(5, 5, 1), text: "There are no lists here" }),
            Command::Http => {
                Counters::one(&self.counters.faults);
                self.close(554, Enhanced(5, 5, 1), "This is no web server");
                None
            }
            Command::Quit => {
                self.close(221, Enhanced(2, 0, 0), "Goodbye");
                None
            }
        }
    }

    fn fine(&mut self, code: u16, enhanced: Enhanced, text: &str) -> Option<Step> {
        self.reply(code, enhanced, text);
        None
    }

    pub(super) fn bad(&mut self, error: CommandError) -> Option<Step> {
        self.fault(error.code, error.enhanced, error.text);
        None
    }

    pub(super) fn out_of_order(&mut self, text: &'static str) -> Option<Step> {
        self.bad(CommandError { code: 503, enhanced: Enhanced(5, 5, 1), text })
    }

    pub(super) fn connected(&mut self, decided: Result<(), Refusal>) {
        match decided {
            Ok(()) => {
                let text = format!("{} ESMTP ready", self.settings.host_name);
                write_reply(&mut self.output, 220, None, &text);
            }
            Err(refusal) => {
                // A greeting is 220, 554 or 421 (RFC 5321 4.2.3 and 4.3.2).
                let code = if refusal.is_temporary() { 421 } else { 554 };
                let enhanced = refusal.wire().1;
                self.close(code, enhanced, &refusal.text);
            }
        }
    }

    fn hello(&mut self, name: String, extended: bool) -> Option<Step> {
        self.transaction = None;
        self.client.helo = name;
        self.client.extended = extended;
        let settings = &self.settings;
        if !extended {
            let text = settings.host_name.clone();
            write_reply(&mut self.output, 250, None, &text);
            return None;
        }
        let mut lines: Vec<Cow<'_, str>> = vec![
            settings.host_name.as_str().into(),
            "PIPELINING".into(),
            format!("SIZE {}", settings.max_message).into(),
            "8BITMIME".into(),
            "SMTPUTF8".into(),
            "ENHANCEDSTATUSCODES".into(),
            "CHUNKING".into(),
        ];
        if settings.dsn {
            lines.push("DSN".into());
        }
        if self.can_start_tls() {
            lines.push("STARTTLS".into());
        }
        if self.can_log_in() {
            lines.push("AUTH PLAIN LOGIN".into());
        }
        write_lines(&mut self.output, 250, &lines);
        None
    }

    fn can_start_tls(&self) -> bool {
        self.tls_offered && self.client.tls.is_none()
    }

    fn can_log_in(&self) -> bool {
        self.settings.auth && (self.client.tls.is_some() || self.settings.auth_without_tls)
    }

    fn start_tls(&mut self) -> Option<Step> {
        if self.client.tls.is_some() {
            return self.out_of_order("TLS is on already");
        }
        if !self.tls_offered {
            return self.bad(CommandError { code: 502, enhanced: Enhanced(5, 5, 1), text: "There is no TLS here" });
        }
        if !self.input.is_empty() {
            // Not said under TLS, whoever said it: it must not count as if it were.
            Counters::one(&self.counters.sent_ahead);
            self.input.clear();
        }
        self.transaction = None;
        self.reply(220, Enhanced(2, 0, 0), "Ready to start TLS");
        self.state = State::StartTls;
        None
    }

    fn auth(&mut self, mechanism: &str, initial: Option<&str>) -> Option<Step> {
        if !self.settings.auth {
            return self.bad(CommandError { code: 502, enhanced: Enhanced(5, 5, 1), text: "There are no logins here" });
        }
        if !self.can_log_in() {
            return self.bad(CommandError { code: 538, enhanced: Enhanced(5, 7, 11), text: "Start TLS before you send a password" });
        }
        if self.client.helo.is_empty() || !self.client.extended {
            return self.out_of_order("Say EHLO first");
        }
        if self.client.identity.is_some() || self.transaction.is_some() {
            return self.out_of_order("Log in once, before any message");
        }
        match Login::begin(mechanism, initial) {
            None => self.bad(CommandError { code: 504, enhanced: Enhanced(5, 5, 4), text: "Unknown mechanism; use PLAIN or LOGIN" }),
            Some(progress) => self.login(progress),
        }
    }

    fn login(&mut self, progress: Progress) -> Option<Step> {
        match progress {
            Progress::Challenge(login, challenge) => {
                self.output.extend_from_slice(format!("334 {challenge}\r\n").as_bytes());
                if self.input.is_empty() {
                    self.state = State::Login(login);
                } else {
                    self.close_sent_ahead();
                }
                None
            }
            Progress::Credentials { user, password } => {
                self.state = State::Asked(Asked::Auth);
                Some(Step::Ask(Box::new(Question::Auth { user, password })))
            }
            Progress::Cancelled => self.bad(CommandError { code: 501, enhanced: Enhanced(5, 0, 0), text: "The login was cancelled" }),
            Progress::Malformed => self.bad(CommandError { code: 501, enhanced: Enhanced(5, 5, 2), text: "The response makes no sense" }),
        }
    }

    pub(super) fn authenticated(&mut self, result: Result<Option<String>, Refusal>) {
        match result {
            Ok(Some(identity)) => {
                Counters::one(&self.counters.logins);
                self.client.identity = Some(identity);
                self.reply(235, Enhanced(2, 7, 0), "Logged in");
            }
            Ok(None) => {
                Counters::one(&self.counters.login_failures);
                self.auth_failures += 1;
                self.reply(535, Enhanced(5, 7, 8), "Wrong name or password");
                if self.auth_failures >= self.settings.max_auth_failures {
                    self.close(421, Enhanced(4, 7, 0), "Too many wrong passwords; closing the connection");
                }
            }
            Err(refusal) => {
                Counters::one(&self.counters.login_failures);
                self.auth_failures += 1;
                if refusal.is_temporary() {
                    self.reply(454, Enhanced(4, 7, 0), &refusal.text);
                } else {
                    self.reply(535, Enhanced(5, 7, 8), &refusal.text);
                }
            }
        }
    }

    fn mail(&mut self, text: &str) -> Option<Step> {
        if self.client.helo.is_empty() {
            return self.out_of_order("Say EHLO first");
        }
        if self.transaction.is_some() {
            return self.out_of_order("There is a sender already; RSET begins anew");
        }
        if self.settings.require_tls && self.client.tls.is_none() {
            return self.bad(CommandError { code: 530, enhanced: Enhanced(5, 7, 0), text: "Start TLS first" });
        }
        if self.settings.require_auth && self.client.identity.is_none() {
            return self.bad(CommandError { code: 530, enhanced: Enhanced(5, 7, 0), text: "Log in first" });
        }
        if self.transactions >= self.settings.max_transactions {
            self.close(421, Enhanced(4, 7, 0), "That is enough for one connection; open another");
            return None;
        }
        let sender = match Sender::parse(text, self.client.extended, self.settings.dsn) {
            Ok(sender) => sender,
            Err(error) => return self.bad(error),
        };
        let size = sender.size.map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX));
        if size > self.settings.max_message {
            Counters::one(&self.counters.oversized);
            let text = format!("Messages may have {} octets", self.settings.max_message);
            return self.fine(552, Enhanced(5, 3, 4), &text);
        }
        if !self.budget.has_room(size.max(1)) {
            Counters::one(&self.counters.out_of_memory);
            return self.fine(452, Enhanced(4, 3, 1), "Too many messages at a time; try again later");
        }
        self.transactions += 1;
        self.state = State::Asked(Asked::Mail(sender.clone()));
        Some(Step::Ask(Box::new(Question::Mail(sender))))
    }

    pub(super) fn mail_decided(&mut self, sender: Sender, decided: Result<(), Refusal>) {
        match decided {
            Ok(()) => {
                self.transaction = Some(Transaction { sender, recipients: Vec::new(), chunks: None });
                self.reply(250, Enhanced(2, 1, 0), "Sender accepted");
            }
            Err(refusal) => {
                Counters::one(&self.counters.senders_refused);
                self.refuse(&refusal);
                self.count_fault();
            }
        }
    }

    fn rcpt(&mut self, text: &str) -> Option<Step> {
        let Some(transaction) = &self.transaction else { return self.out_of_order("Say MAIL first") };
        if transaction.recipients.len() >= self.settings.max_recipients {
            return self.fine(452, Enhanced(4, 5, 3), "Too many recipients; send to the others in another message");
        }
        let recipient = match Recipient::parse(text, self.client.extended, self.settings.dsn, transaction.sender.utf8) {
            Ok(recipient) => recipient,
            Err(error) => return self.bad(error),
        };
        let sender = transaction.sender.clone();
        self.state = State::Asked(Asked::Rcpt(recipient.clone()));
        Some(Step::Ask(Box::new(Question::Rcpt(sender, recipient))))
    }

    pub(super) fn rcpt_decided(&mut self, recipient: Recipient, decided: Result<(), Refusal>) {
        match (decided, &mut self.transaction) {
            (Ok(()), Some(transaction)) => {
                Counters::one(&self.counters.recipients);
                transaction.recipients.push(recipient);
                self.reply(250, Enhanced(2, 1, 5), "Recipient accepted");
            }
            (decided, _) => {
                Counters::one(&self.counters.recipients_refused);
                self.refuse(&decided.err().unwrap_or_else(|| Refusal::later("Say MAIL first")));
                self.count_fault();
            }
        }
    }
}
