//! SUBMIT, DELIVER and the status report, field by field.

use super::{Version, ucs2};

/// Reads fields one after another; panics where the octets end too early, or a text's padding is not NUL.
pub(super) struct Fields<'a> {
    left: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { left: octets }
    }

    pub(super) fn octets(&mut self, count: usize) -> &'a [u8] {
        assert!(count <= self.left.len(), "{count} octets wanted, {} left", self.left.len());
        let (octets, left) = self.left.split_at(count);
        self.left = left;
        octets
    }

    pub(super) fn text(&mut self, count: usize) -> String {
        let octets = self.octets(count);
        let end = octets.iter().position(|octet| *octet == 0).unwrap_or(count);
        assert!(octets[end..].iter().all(|octet| *octet == 0), "padding other than NUL: {octets:02x?}");
        String::from_utf8(octets[..end].to_vec()).expect("a text of ASCII")
    }

    pub(super) fn octet(&mut self) -> u8 {
        self.octets(1)[0]
    }

    pub(super) fn word(&mut self) -> u32 {
        super::number(self.octets(4))
    }

    pub(super) fn id(&mut self) -> u64 {
        u64::from_be_bytes(self.octets(8).try_into().expect("eight octets"))
    }

    pub(super) fn end(self) {
        assert!(self.left.is_empty(), "{} octets too many", self.left.len());
    }
}

/// Text in a field of that many octets; longer text is cut.
pub(super) fn put(body: &mut Vec<u8>, text: &[u8], octets: usize) {
    let end = text.len().min(octets);
    body.extend(&text[..end]);
    body.resize(body.len() + octets - end, 0);
}

/// SUBMIT.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Submit {
    pub msg_id: u64,
    pub pk_total: u8,
    pub pk_number: u8,
    pub registered_delivery: u8,
    pub msg_level: u8,
    pub service_id: String,
    pub fee_user_type: u8,
    pub fee_terminal_id: String,
    /// 3.0 only.
    pub fee_terminal_type: u8,
    pub tp_pid: u8,
    pub tp_udhi: u8,
    pub msg_fmt: u8,
    pub msg_src: String,
    pub fee_type: String,
    pub fee_code: String,
    pub valid_time: String,
    pub at_time: String,
    pub src_id: String,
    pub recipients: Vec<String>,
    /// 3.0 only.
    pub dest_terminal_type: u8,
    pub content: Vec<u8>,
    /// Reserve of 2.0 (8 octets) or LinkID of 3.0 (20), as it is on the wire.
    pub link: Vec<u8>,
    /// DestUsr_tl where it shall not be the truth.
    pub claimed_recipients: Option<u8>,
    /// Msg_Length where it shall not be the truth.
    pub claimed_length: Option<u8>,
}

impl Submit {
    /// ASCII from 12345 to one phone, with a report.
    pub fn new(text: &str) -> Self {
        Self {
            msg_id: 0,
            pk_total: 1,
            pk_number: 1,
            registered_delivery: 1,
            msg_level: 0,
            service_id: "HELP".into(),
            fee_user_type: 2,
            fee_terminal_id: String::new(),
            fee_terminal_type: 0,
            tp_pid: 0,
            tp_udhi: 0,
            msg_fmt: 0,
            msg_src: "901234".into(),
            fee_type: "01".into(),
            fee_code: "000000".into(),
            valid_time: String::new(),
            at_time: String::new(),
            src_id: "12345".into(),
            recipients: vec!["13800138000".into()],
            dest_terminal_type: 0,
            content: text.as_bytes().to_vec(),
            link: Vec::new(),
            claimed_recipients: None,
            claimed_length: None,
        }
    }

    /// The same in UCS-2.
    pub fn ucs2(text: &str) -> Self {
        Self { msg_fmt: 8, content: ucs2(text), ..Self::new("") }
    }

    /// A long text in UCS-2 as parts of 67 units, each with a header of six octets and Pk_total and Pk_number.
    pub fn parts(text: &str, reference: u8) -> Vec<Self> {
        let octets = ucs2(text);
        let total = u8::try_from(octets.len().div_ceil(134)).expect("not so long");
        let parts = octets.chunks(134).zip(1..);
        let part = |(chunk, number): (&[u8], u8)| Self {
            msg_fmt: 8,
            tp_udhi: 1,
            pk_total: total,
            pk_number: number,
            content: [&[5, 0, 3, reference, total, number], chunk].concat(),
            ..Self::new("")
        };
        parts.map(part).collect()
    }

    /// To these phones instead.
    pub fn to(self, recipients: &[&str]) -> Self {
        Self { recipients: recipients.iter().map(|&number| number.to_owned()).collect(), ..self }
    }

    /// The text of the content, see [`super::text`].
    pub fn text(&self) -> String {
        super::text(self.msg_fmt, self.tp_udhi, &self.content)
    }

    /// The body of the PDU.
    pub fn body(&self, version: Version) -> Vec<u8> {
        let v3 = version == Version::V3;
        let mut body = self.msg_id.to_be_bytes().to_vec();
        body.extend([self.pk_total, self.pk_number, self.registered_delivery, self.msg_level]);
        put(&mut body, self.service_id.as_bytes(), 10);
        body.push(self.fee_user_type);
        put(&mut body, self.fee_terminal_id.as_bytes(), version.phone());
        if v3 {
            body.push(self.fee_terminal_type);
        }
        body.extend([self.tp_pid, self.tp_udhi, self.msg_fmt]);
        put(&mut body, self.msg_src.as_bytes(), 6);
        put(&mut body, self.fee_type.as_bytes(), 2);
        put(&mut body, self.fee_code.as_bytes(), 6);
        put(&mut body, self.valid_time.as_bytes(), 17);
        put(&mut body, self.at_time.as_bytes(), 17);
        put(&mut body, self.src_id.as_bytes(), 21);
        body.push(self.claimed_recipients.unwrap_or_else(|| u8::try_from(self.recipients.len()).expect("at most 255")));
        for number in &self.recipients {
            put(&mut body, number.as_bytes(), version.phone());
        }
        if v3 {
            body.push(self.dest_terminal_type);
        }
        body.push(self.claimed_length.unwrap_or_else(|| u8::try_from(self.content.len()).expect("at most 255 octets")));
        body.extend(&self.content);
        put(&mut body, &self.link, if v3 { 20 } else { 8 });
        body
    }

    /// Reads a body; panics where it is not exactly in that layout.
    pub fn parse(body: &[u8], version: Version) -> Self {
        let v3 = version == Version::V3;
        let mut fields = Fields::new(body);
        let msg_id = fields.id();
        let [pk_total, pk_number, registered_delivery, msg_level] = [(); 4].map(|()| fields.octet());
        let service_id = fields.text(10);
        let fee_user_type = fields.octet();
        let fee_terminal_id = fields.text(version.phone());
        let fee_terminal_type = if v3 { fields.octet() } else { 0 };
        let [tp_pid, tp_udhi, msg_fmt] = [(); 3].map(|()| fields.octet());
        let [msg_src, fee_type, fee_code, valid_time, at_time, src_id] = [6, 2, 6, 17, 17, 21].map(|octets| fields.text(octets));
        let recipients = (0..fields.octet()).map(|_| fields.text(version.phone())).collect();
        let dest_terminal_type = if v3 { fields.octet() } else { 0 };
        let length = fields.octet();
        let content = fields.octets(usize::from(length)).to_vec();
        let link = fields.octets(if v3 { 20 } else { 8 }).to_vec();
        fields.end();
        Self {
            msg_id,
            pk_total,
            pk_number,
            registered_delivery,
            msg_level,
            service_id,
            fee_user_type,
            fee_terminal_id,
            fee_terminal_type,
            tp_pid,
            tp_udhi,
            msg_fmt,
            msg_src,
            fee_type,
            fee_code,
            valid_time,
            at_time,
            src_id,
            recipients,
            dest_terminal_type,
            content,
            link,
            claimed_recipients: None,
            claimed_length: None,
        }
    }
}

/// DELIVER.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Deliver {
    pub msg_id: u64,
    pub dest_id: String,
    pub service_id: String,
    pub tp_pid: u8,
    pub tp_udhi: u8,
    pub msg_fmt: u8,
    pub src_terminal_id: String,
    /// 3.0 only.
    pub src_terminal_type: u8,
    pub registered_delivery: u8,
    pub content: Vec<u8>,
    /// Reserved of 2.0 (8 octets) or LinkID of 3.0 (20), as it is on the wire.
    pub link: Vec<u8>,
}

impl Deliver {
    /// ASCII from a phone to 12345.
    pub fn new(text: &str) -> Self {
        Self {
            msg_id: 0x1122_3344_5566_7788,
            dest_id: "12345".into(),
            service_id: "HELP".into(),
            tp_pid: 0,
            tp_udhi: 0,
            msg_fmt: 0,
            src_terminal_id: "13800138000".into(),
            src_terminal_type: 0,
            registered_delivery: 0,
            content: text.as_bytes().to_vec(),
            link: Vec::new(),
        }
    }

    /// A report about a phone, in so many octets.
    pub fn of_report(report: &Report, octets: usize) -> Self {
        Self { registered_delivery: 1, src_terminal_id: report.dest_terminal_id.clone(), content: report.octets(octets), ..Self::new("") }
    }

    /// The report that it holds. Panics where it holds none.
    pub fn report(&self) -> Report {
        assert_eq!(self.registered_delivery, 1, "no report: {self:?}");
        Report::parse(&self.content)
    }

    /// The text of the content, see [`super::text`].
    pub fn text(&self) -> String {
        super::text(self.msg_fmt, self.tp_udhi, &self.content)
    }

    /// The body of the PDU.
    pub fn body(&self, version: Version) -> Vec<u8> {
        let v3 = version == Version::V3;
        let mut body = self.msg_id.to_be_bytes().to_vec();
        put(&mut body, self.dest_id.as_bytes(), 21);
        put(&mut body, self.service_id.as_bytes(), 10);
        body.extend([self.tp_pid, self.tp_udhi, self.msg_fmt]);
        put(&mut body, self.src_terminal_id.as_bytes(), version.phone());
        if v3 {
            body.push(self.src_terminal_type);
        }
        body.push(self.registered_delivery);
        body.push(u8::try_from(self.content.len()).expect("at most 255 octets"));
        body.extend(&self.content);
        put(&mut body, &self.link, if v3 { 20 } else { 8 });
        body
    }

    /// Reads a body; panics where it is not exactly in that layout.
    pub fn parse(body: &[u8], version: Version) -> Self {
        let v3 = version == Version::V3;
        let mut fields = Fields::new(body);
        let msg_id = fields.id();
        let [dest_id, service_id] = [21, 10].map(|octets| fields.text(octets));
        let [tp_pid, tp_udhi, msg_fmt] = [(); 3].map(|()| fields.octet());
        let src_terminal_id = fields.text(version.phone());
        let src_terminal_type = if v3 { fields.octet() } else { 0 };
        let [registered_delivery, length] = [(); 2].map(|()| fields.octet());
        let content = fields.octets(usize::from(length)).to_vec();
        let link = fields.octets(if v3 { 20 } else { 8 }).to_vec();
        fields.end();
        Self {
            msg_id,
            dest_id,
            service_id,
            tp_pid,
            tp_udhi,
            msg_fmt,
            src_terminal_id,
            src_terminal_type,
            registered_delivery,
            content,
            link,
        }
    }
}

/// A status report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Report {
    pub msg_id: u64,
    pub stat: String,
    pub submit_time: String,
    pub done_time: String,
    pub dest_terminal_id: String,
    pub smsc_sequence: u32,
}

impl Report {
    /// About a message to a phone.
    pub fn new(msg_id: u64, stat: &str, phone: &str) -> Self {
        Self {
            msg_id,
            stat: stat.into(),
            submit_time: "2611220801".into(),
            done_time: "2611220802".into(),
            dest_terminal_id: phone.into(),
            smsc_sequence: 7,
        }
    }

    /// In 60 or 71 octets: with a phone number of 21 or 32.
    pub fn octets(&self, octets: usize) -> Vec<u8> {
        let mut content = self.msg_id.to_be_bytes().to_vec();
        for (text, octets) in [(&self.stat, 7), (&self.submit_time, 10), (&self.done_time, 10), (&self.dest_terminal_id, octets - 39)] {
            put(&mut content, text.as_bytes(), octets);
        }
        content.extend(self.smsc_sequence.to_be_bytes());
        content
    }

    /// Reads either form.
    pub fn parse(content: &[u8]) -> Self {
        assert!([60, 71].contains(&content.len()), "a report of {} octets", content.len());
        let mut fields = Fields::new(content);
        let msg_id = fields.id();
        let [stat, submit_time, done_time, dest_terminal_id] = [7, 10, 10, content.len() - 39].map(|octets| fields.text(octets));
        for time in [&submit_time, &done_time] {
            assert!(time.len() == 10 && time.bytes().all(|octet| octet.is_ascii_digit()), "a time of {time:?}");
        }
        Self { msg_id, stat, submit_time, done_time, dest_terminal_id, smsc_sequence: fields.word() }
    }
}
