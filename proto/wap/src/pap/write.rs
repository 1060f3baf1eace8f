//! Control entities as XML, attributes in the order of the DTD.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::*;

impl Pap {
    /// The document, with its declarations.
    pub fn to_xml(&self) -> String {
        let (public, system) = self.version.identifiers();
        let mut out = Writer(format!("<?xml version=\"1.0\"?>\n<!DOCTYPE pap PUBLIC \"{public}\" \"{system}\">\n"));
        out.begin("pap", |a| a.maybe("product-name", self.product.as_deref()));
        self.message.write(&mut out);
        out.end("pap");
        out.0
    }
}

impl PapMessage {
    fn write(&self, out: &mut Writer) {
        match self {
            PapMessage::Push(m) => m.write(out),
            PapMessage::PushResponse(m) => m.write(out),
            PapMessage::Cancel(m) => m.write("cancel-message", out),
            PapMessage::CancelResponse(m) => {
                out.begin("cancel-response", |a| a.text("push-id", &m.push_id));
                for r in &m.results {
                    out.begin("cancel-result", |a| a.result(r.code, r.description.as_deref()));
                    out.addresses(&r.addresses);
                    out.end("cancel-result");
                }
                out.end("cancel-response");
            }
            PapMessage::ResultNotification(m) => m.write(out),
            PapMessage::ResultNotificationResponse(m) => {
                out.begin("resultnotification-response", |a| a.text("push-id", &m.push_id).result(m.code, m.description.as_deref()));
                out.address(&m.address);
                out.end("resultnotification-response");
            }
            PapMessage::StatusQuery(m) => m.write("statusquery-message", out),
            PapMessage::StatusQueryResponse(m) => {
                out.begin("statusquery-response", |a| a.text("push-id", &m.push_id));
                for r in &m.results {
                    out.begin("statusquery-result", |a| {
                        a.time("event-time", r.event_time).text("message-state", r.state.name()).result(r.code, r.description.as_deref())
                    });
                    out.addresses(&r.addresses);
                    out.quality(r.quality.as_ref());
                    out.end("statusquery-result");
                }
                out.end("statusquery-response");
            }
            PapMessage::CapabilityQuery(m) => {
                out.begin("ccq-message", |a| a.maybe("query-id", m.query_id.as_deref()).maybe("app-id", m.app_id.as_deref()));
                out.address(&m.address);
                out.end("ccq-message");
            }
            PapMessage::CapabilityQueryResponse(m) => {
                out.begin("ccq-response", |a| a.maybe("query-id", m.query_id.as_deref()).result(m.code, m.description.as_deref()));
                out.address(&m.address);
                out.end("ccq-response");
            }
            PapMessage::BadMessage(m) => {
                out.empty("badmessage-response", |a| a.result(m.code, m.description.as_deref()).text("bad-message-fragment", &m.fragment));
            }
        }
    }
}

impl PushMessage {
    fn write(&self, out: &mut Writer) {
        out.begin("push-message", |a| {
            let method = (self.replace_method != ReplaceMethod::default()).then(|| self.replace_method.name());
            a.text("push-id", &self.push_id)
                .maybe("replace-push-id", self.replace_push_id.as_deref())
                .maybe("replace-method", method)
                .time("deliver-before-timestamp", self.deliver_before)
                .time("deliver-after-timestamp", self.deliver_after)
                .maybe("source-reference", self.source_reference.as_deref())
                .maybe("ppg-notify-requested-to", self.notify_to.as_deref())
                .truth("progress-notes-requested", self.progress_notes)
        });
        out.addresses(&self.addresses);
        out.quality(self.quality.as_ref());
        out.end("push-message");
    }
}

impl PushResponse {
    fn write(&self, out: &mut Writer) {
        out.begin("push-response", |a| {
            a.text("push-id", &self.push_id)
                .maybe("sender-address", self.sender_address.as_deref())
                .maybe("sender-name", self.sender_name.as_deref())
                .time("reply-time", self.reply_time)
        });
        for note in &self.notes {
            out.empty("progress-note", |a| a.text("stage", &note.stage).maybe("note", note.note.as_deref()).time("time", note.time));
        }
        out.empty("response-result", |a| a.result(self.code, self.description.as_deref()));
        out.end("push-response");
    }
}

impl AddressedMessage {
    fn write(&self, name: &str, out: &mut Writer) {
        out.begin(name, |a| a.text("push-id", &self.push_id));
        out.addresses(&self.addresses);
        out.end(name);
    }
}

impl ResultNotification {
    fn write(&self, out: &mut Writer) {
        out.begin("resultnotification-message", |a| {
            a.text("push-id", &self.push_id)
                .maybe("sender-address", self.sender_address.as_deref())
                .maybe("sender-name", self.sender_name.as_deref())
                .time("received-time", self.received_time)
                .time("event-time", self.event_time)
                .text("message-state", self.state.name())
                .result(self.code, self.description.as_deref())
        });
        out.address(&self.address);
        out.quality(self.quality.as_ref());
        out.end("resultnotification-message");
    }
}

/// XML under construction.
struct Writer(String);

/// The attributes of a tag under construction.
struct Attributes<'a>(&'a mut String);

impl Writer {
    fn tag(&mut self, name: &str, attributes: impl FnOnce(Attributes<'_>) -> Attributes<'_>, end: &str) {
        self.0.push('<');
        self.0.push_str(name);
        attributes(Attributes(&mut self.0));
        self.0.push_str(end);
    }

    fn begin(&mut self, name: &str, attributes: impl FnOnce(Attributes<'_>) -> Attributes<'_>) {
        self.tag(name, attributes, ">\n");
    }

    fn empty(&mut self, name: &str, attributes: impl FnOnce(Attributes<'_>) -> Attributes<'_>) {
        self.tag(name, attributes, "/>\n");
    }

    fn end(&mut self, name: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "</{name}>");
    }

    fn address(&mut self, value: &str) {
        self.empty("address", |a| a.text("address-value", value));
    }

    fn addresses(&mut self, values: &[String]) {
        values.iter().for_each(|value| self.address(value));
    }

    fn quality(&mut self, quality: Option<&QualityOfService>) {
        let Some(q) = quality else { return };
        self.empty("quality-of-service", |a| {
            a.text("priority", q.priority.name())
                .text("delivery-method", q.delivery_method.name())
                .truth("network-required", q.network_required)
                .maybe("network", q.network.as_deref())
                .truth("bearer-required", q.bearer_required)
                .maybe("bearer", q.bearer.as_deref())
        });
    }
}

impl Attributes<'_> {
    fn text(self, name: &str, value: &str) -> Self {
        let _ = write!(self.0, " {name}=\"");
        for c in value.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\n' | '\r' | '\t' => drop(write!(self.0, "&#{};", u32::from(c))),
                // XML 1.0 has no other controls, not even escaped.
                '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => self.0.push(char::REPLACEMENT_CHARACTER),
                other => self.0.push(other),
            }
        }
        self.0.push('"');
        self
    }

    fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    fn truth(self, name: &str, value: bool) -> Self {
        if value { self.text(name, "true") } else { self }
    }

    fn time(self, name: &str, value: Option<Timestamp>) -> Self {
        self.maybe(name, value.map(crate::date::to_xml).as_deref())
    }

    fn result(self, code: Code, description: Option<&str>) -> Self {
        self.text("code", &code.to_string()).maybe("desc", description)
    }
}
