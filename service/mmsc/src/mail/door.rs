//! The SMTP door: who may send, and to whom. Nothing is taken for anybody but numbers of the centre's own domains.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use rustls::ServerConfig;
use waxwing_core::{Account, Address, AuthError, Submission};
use waxwing_mail::smtp::{Client, Enhanced, Mail, MemoryBudget, Recipient, Refusal, Sender, SmtpSettings, Taken};
use waxwing_mail::{AuthPolicy, BoxFuture, Receiver, SmtpListener, SmtpOptions, address, auth_results};
use waxwing_mms::MmsAddress;
use waxwing_session::ListenError;

use super::incoming::{Read, Target, refusal, sms_refusal};
use crate::centre::ACCOUNT;
use crate::log::kind;
use crate::{Centre, MmsError};

/// Messages that are read beside others from this size on, octets.
const LARGE: usize = 64 << 10;

/// How the door works.
#[derive(Clone)]
pub struct MailDoorOptions {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its certificate, for STARTTLS. With one, passwords are taken over TLS only.
    pub tls: Option<Arc<ServerConfig>>,
    /// The domain whose numbers get SMS.
    pub sms_domain: Option<String>,
    /// Networks whose mail is taken without a password.
    pub trusted: Vec<IpNet>,
    /// What is done with mail that failed SPF, DKIM or DMARC.
    pub policy: AuthPolicy,
    /// The server whose verdicts count.
    pub authserv: String,
}

/// The open door, to be served by [`crate::Running`].
pub struct MailDoor(SmtpListener);

/// Decides about mail.
struct Desk {
    centre: Centre,
    options: MailDoorOptions,
}

impl MailDoor {
    /// Opens it. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn bind(centre: &Centre, options: MailDoorOptions) -> Result<MailDoor, ListenError> {
        let of = &centre.options;
        let settings = SmtpSettings {
            host_name: of.domain.clone(),
            // In base64, with lines and headers.
            max_message: of.max_size.saturating_mul(3) / 2 + (64 << 10),
            max_recipients: of.max_recipients.max(1),
            auth: true,
            auth_without_tls: options.tls.is_none(),
            ..SmtpSettings::default()
        };
        let mut smtp = SmtpOptions::new(options.listen);
        smtp.budget = MemoryBudget::new(of.upload_memory.max(settings.max_message));
        smtp.settings = settings;
        smtp.tls.clone_from(&options.tls);
        let listener = SmtpListener::bind(smtp, Arc::new(Desk { centre: centre.clone(), options }))?;
        centre.counters.mail.show_door(listener.counters());
        Ok(MailDoor(listener))
    }

    /// Where it listens really.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Serves until `stop` resolves.
    pub(crate) async fn serve(self, stop: impl Future<Output = ()>) {
        self.0.serve(stop).await;
    }
}

impl Receiver for Desk {
    fn auth<'a>(&'a self, client: &'a Client, user: &'a str, password: &'a str) -> BoxFuture<'a, Result<Option<String>, Refusal>> {
        Box::pin(self.sign_in(client, user, password))
    }

    fn mail<'a>(&'a self, client: &'a Client, _sender: &'a Sender) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async move { self.account(client).map(drop) })
    }

    fn rcpt<'a>(&'a self, client: &'a Client, sender: &'a Sender, recipient: &'a Recipient) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async move {
            let account = self.account(client)?;
            let checked = self.target(&recipient.address).and_then(|target| {
                // A report goes to whoever sent a message; whether it could get one is no question.
                if sender.address.is_some() { self.may(&account, &target) } else { Ok(()) }
            });
            checked.inspect_err(|e| self.refused(client, "recipient", &format!("{:?}: {}", recipient.address, e.text)))
        })
    }

    fn data(&self, mail: Mail) -> BoxFuture<'_, Result<Taken, Refusal>> {
        Box::pin(async move {
            let client = mail.client.clone();
            self.take(mail).await.inspect_err(|e| self.refused(&client, "message", &e.text))
        })
    }
}

impl Desk {
    async fn sign_in(&self, client: &Client, user: &str, password: &str) -> Result<Option<String>, Refusal> {
        let setup = self.centre.gateway.setup();
        let found = setup.accounts.authenticate(user, password.as_bytes(), Some(client.peer.ip())).await;
        let why = match found {
            Ok(account) if &*account.name != ACCOUNT && may_send(&account) => return Ok(Some(account.name.to_string())),
            Ok(_) => AuthError::Door,
            Err(AuthError::Busy) => return Err(Refusal::new(454, Enhanced(4, 7, 0), AuthError::Busy.to_string())),
            Err(e) => e,
        };
        self.refused(client, "sign-in", &format!("account {user:?}: {why}"));
        Ok(None)
    }

    /// As whom somebody sends: his own account, or that of the centre from networks that are trusted.
    fn account(&self, client: &Client) -> Result<Arc<Account>, Refusal> {
        let name = match &client.identity {
            Some(name) => name.as_str(),
            None if self.trusts(client.peer.ip()) => ACCOUNT,
            None => {
                self.refused(client, "sign-in", "mail without a password from a network that is not in [mmsc] smtp_trusted");
                return Err(Refusal::new(530, Enhanced(5, 7, 0), "Authentication required"));
            }
        };
        let account = self.centre.gateway.setup().accounts.get(name).filter(|a| may_send(a)).cloned();
        account.ok_or_else(|| Refusal::later("The account is not there now; try again later"))
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.options.trusted.iter().any(|net| net.contains(&ip))
    }

    /// For whom mail to an address is: a number, or a subscriber by its alias, of one of the domains.
    fn target(&self, address: &str) -> Result<Target, Refusal> {
        let (local, domain) = address::split(address);
        let is_sms = self.options.sms_domain.as_deref().is_some_and(|d| d.eq_ignore_ascii_case(domain));
        if !is_sms && !domain.eq_ignore_ascii_case(&self.centre.options.domain) {
            return Err(Refusal::no_relay());
        }
        let number = match MmsAddress::parse(local) {
            // In one spelling, so that nobody gets it twice.
            Some(MmsAddress::Number(number)) => Some(MmsAddress::Number(format!("+{}", self.normal(&number)))),
            Some(MmsAddress::ShortCode(code)) => Some(MmsAddress::ShortCode(code)),
            _ => self.centre.subscribers.by_alias(local).map(|s| MmsAddress::Number(format!("+{}", s.number))),
        };
        let number = number.ok_or_else(Refusal::no_such_recipient)?;
        Ok(if is_sms { Target::Sms(number) } else { Target::Mms(number) })
    }

    /// Whether an account can send there.
    fn may(&self, account: &Account, target: &Target) -> Result<(), Refusal> {
        match target {
            Target::Mms(_) if !account.config.mms => Err(refusal(&MmsError::NotAllowed)),
            Target::Mms(number) => self.centre.reaches(number).map_err(|e| refusal(&e)),
            Target::Sms(number) => {
                let submission = Submission { message: self.centre.sms(number, "?"), ..Submission::default() };
                self.centre.gateway.entry(account, submission).map(drop).map_err(|e| sms_refusal(&e))
            }
        }
    }

    async fn take(&self, mail: Mail) -> Result<Taken, Refusal> {
        let account = self.account(&mail.client)?;
        let mut targets = Vec::with_capacity(mail.recipients.len());
        for recipient in &mail.recipients {
            targets.push((recipient.clone(), self.target(&recipient.address)?));
        }
        let mail = Arc::new(mail);
        let read = if mail.message.len() < LARGE {
            Read::new(&mail)?
        } else {
            let reading = mail.clone();
            let read = tokio::task::spawn_blocking(move || Read::new(&reading)).await;
            read.map_err(|e| {
                tracing::error!("A mail could not be read: {e}");
                Refusal::later("The message cannot be read now; try again later")
            })??
        };
        // Whoever has a password proves himself by it, and a report by the number of the message that it is about.
        let is_proved = mail.client.identity.is_some() || read.content.report.is_some();
        if !is_proved && !self.options.policy.allows(&auth_results(&mail.message, &self.options.authserv)) {
            return Err(Refusal::new(550, Enhanced(5, 7, 1), "The sender of this message is not proved (SPF, DKIM, DMARC)"));
        }
        if let Some(report) = &read.content.report {
            let to: Vec<String> =
                targets.iter().map(|(_, Target::Mms(n) | Target::Sms(n))| n.bare().trim_start_matches('+').to_owned()).collect();
            let found = self.centre.take_report(report, &to).await?;
            let words = if found { "OK" } else { "no message found" };
            self.log(&mail, &account, &targets[..1].iter().map(|(r, _)| (&*r.address, "report")).collect::<Vec<_>>(), words);
            return Ok(Taken { text: "Report taken".to_owned() });
        }
        if mail.sender.address.is_none() {
            for (_, target) in &targets {
                self.may(&account, target)?;
            }
        }
        let taken = self.centre.take_mail(&mail, &Arc::new(read), &account, targets).await?;
        let ids: Vec<String> = taken.iter().map(|(_, id)| id.to_string()).collect();
        let lines: Vec<(&str, &str)> = taken.iter().zip(&ids).map(|((r, _), id)| (&*r.address, &**id)).collect();
        self.log(&mail, &account, &lines, "OK");
        let first = ids.first().cloned().unwrap_or_default();
        Ok(Taken { text: format!("Accepted as {first}") })
    }

    /// A number in normal form, without `+`.
    fn normal(&self, number: &str) -> String {
        let address = Address::parse(number);
        let normal = self.centre.gateway.setup().normaliser.recipient(&address).unwrap_or(address);
        normal.as_text().trim_start_matches('+').to_owned()
    }

    fn log(&self, mail: &Mail, account: &Account, recipients: &[(&str, &str)], words: &str) {
        let (ip, size) = (mail.client.peer.ip().to_string(), mail.message.len().to_string());
        let sender = mail.sender.address.as_deref().unwrap_or("<>");
        let who = if &*account.name == ACCOUNT { sender } else { &account.name };
        for (to, id) in recipients {
            self.centre.journal.line(self.centre.now(), kind::SMTP_IN, &[&ip, who, to, id, words, &size]);
        }
    }

    fn refused(&self, client: &Client, reason: &str, detail: &str) {
        self.centre.bad_input("smtp", reason, Some(client.peer), detail);
    }
}

fn may_send(account: &Account) -> bool {
    account.config.mms || account.config.sms
}
