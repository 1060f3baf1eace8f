//! The message centre's settings.

use super::{Checker, NO_ANSWER};
use crate::config::keys::{MmsLine, Mmsc};
use crate::config::sections::Sections;
use crate::config::tree::Item;

/// Longest address that leaves a notification enough room in two SMS.
const PUBLIC_URL: usize = 64;

impl Checker<'_, '_> {
    fn mms_line(&mut self, s: &Sections<'_>, line: &Item<'_, MmsLine>) {
        let (b, v) = (&line.block, &line.value);
        self.need(!v.connector.is_empty(), b, "connector", "the connector over which its notifications come");
        self.need(!v.url.is_empty(), b, "url", "its address, such as url = \"http://mmsc.example.net/\"");
        if !v.connector.is_empty() && !s.connectors.iter().any(|(c, _)| c.value.name == v.connector) {
            self.wrong_key(b, "connector", format!("there is no connector {:?}", v.connector));
        }
        let is_http = v.url.starts_with("http://") && url::Url::parse(&v.url).is_ok_and(|u| u.host().is_some());
        if !v.url.is_empty() && !is_http {
            self.wrong_key(b, "url", format!("{:?} is no address; write http:// and a name, such as \"http://mmsc.example.net/\"", v.url));
        }
    }

    pub(super) fn mmsc(&mut self, s: &Sections<'_>) {
        let (b, v) = (&s.mmsc.block, &s.mmsc.value);
        for route in &s.mms_routes {
            self.need(!route.value.to.0.is_empty(), &route.block, "to", "the numbers, such as to = \"+44*\"");
        }
        for line in &s.mms_lines {
            self.mms_line(s, line);
        }
        if *v == Mmsc::default() && s.mms_lines.is_empty() {
            return;
        }
        self.need(v.listen.is_some(), b, "listen", "where phones reach it, such as listen = \"127.0.0.1:8080\"");
        self.pair(b, ("tls_cert", v.tls_cert.is_some()), ("tls_key", v.tls_key.is_some()));
        if let Some(url) = &v.public_url {
            let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
            let is_plain = rest.is_some_and(|r| !r.is_empty() && !r.contains(['?', '#', ' ']) && !r.ends_with('/'));
            if !is_plain || url::Url::parse(url).is_err() {
                self.wrong_key(
                    b,
                    "public_url",
                    format!(
                        "{url:?} is no address; write http:// and a name, without a slash at the end, such as \"http://mms.example.net\""
                    ),
                );
            }
            self.at_most(b, "public_url", url, PUBLIC_URL);
        }
        for (key, domain) in [("domain", Some(&v.domain)), ("sms_domain", v.sms_domain.as_ref())] {
            let Some(domain) = domain else { continue };
            if domain.is_empty() || !domain.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-')) {
                self.wrong_key(b, key, format!("{domain:?} is no domain; write letters, digits, - and ., such as \"mms.example.net\""));
            }
        }
        if v.sms_domain.as_ref().is_some_and(|d| d.eq_ignore_ascii_case(&v.domain)) {
            self.wrong_key(b, "sms_domain", "it is the same as domain; e-mail to it could be either, so give SMS another domain");
        }
        self.in_range(b, "max_size", v.max_size.0, 1024..=64 << 20);
        self.in_range(b, "phone_max_size", v.phone_max_size.0, 1024..=64 << 20);
        self.in_range(b, "max_recipients", v.max_recipients, 1..=10_000);
        self.in_range(b, "mailbox_messages", v.mailbox_messages, 0..=10_000_000);
        self.in_range(b, "max_connections", v.max_connections, 1..=1_000_000);
        if v.upload_memory.0 < v.max_size.0 {
            self.wrong_key(
                b,
                "upload_memory",
                format!("{} is less than one message may have (max_size is {})", v.upload_memory, v.max_size),
            );
        }
        self.no_zero(b, "retention", v.retention, "0 would let every message expire at once; write at least \"1h\"");
        if v.mailbox_keep.is_some_and(|k| k.0.is_zero()) {
            self.wrong_key(
                b,
                "mailbox_keep",
                "0 would let nothing stay in a mailbox; leave it out to keep all, or set mailbox_messages = 0",
            );
        }
        if v.link_after.is_some_and(|l| l.0 >= v.retention.0) {
            self.wrong_key(b, "link_after", "it is not shorter than retention, so that no message would live to see it");
        }
        if let Some(n) = v.notify_again.iter().position(|p| p.0.is_zero()) {
            self.wrong(b, b.at_nth("notify_again", n), format!("notify_again: {NO_ANSWER}"));
        }
        if !v.link_text.contains("{link}") {
            self.wrong_key(b, "link_text", "there is no {link} in it; that is where the address of the page goes");
        }
        for (n, header) in v.msisdn_headers.iter().enumerate() {
            if header.parse::<http::HeaderName>().is_err() {
                self.wrong(b, b.at_nth("msisdn_headers", n), format!("msisdn_headers: {header:?} is no name of an HTTP header"));
            }
        }
        if v.auto_provision && v.trusted.is_empty() {
            self.wrong_key(b, "auto_provision", "nobody is trusted to tell numbers; list the WAP gateways in trusted");
        }
        if v.smtp_relay_user.is_some() != v.smtp_relay_password.is_some() {
            self.wrong_key(b, "smtp_relay_user", "smtp_relay_user and smtp_relay_password go together; give both or none");
        }
        if v.smtp_unverified != crate::config::keys::MailPolicy::Ignore && v.smtp_authserv.is_none() {
            self.wrong_key(b, "smtp_unverified", "whose Authentication-Results count? Name the mail server in front in smtp_authserv");
        }
        if let Some(account) = s.accounts.iter().find(|a| a.value.name == "mmsc") {
            self.wrong_key(&account.block, "name", "\"mmsc\" is the message centre's own account; choose another");
        }
    }
}
