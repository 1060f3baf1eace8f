//! The checks of CMPP: names of fixed width, what belongs to which role, and who is whose other side.

use super::super::keys::{Account, CmppAccount, CmppConnector, CmppListener, CmppVersion, ConnectVersion, Gns, Role};
use super::super::sections::{ConnectorItem, ListenerItem, Sections};
use super::super::tree::{Block, Item};
use super::{Checker, NO_ANSWER, connector_names};

/// Octets of an SP_Id, of Msg_src and of FeeCode.
const SP_ID: usize = 6;
/// Digits of a segment, as a GNS of 2.0 is told of it.
const SEGMENT_V2: usize = 6;
/// Octets of Area_code.
const AREA_CODE: usize = 4;
/// Octets of a Service_Id.
const SERVICE_ID: usize = 10;
/// Octets of a Src_Id, which ends with a NUL in its field of 21.
const SRC_ID: usize = 20;

impl Checker<'_, '_> {
    pub(super) fn cmpp_listener(&mut self, item: &Item<'_, CmppListener>) {
        let (b, v) = (&item.block, &item.value);
        self.need(!v.gateway.0.is_empty(), b, "gateway", "the code of this gateway, at most six digits, such as gateway = \"001001\"");
        if v.gateway.0.is_empty() && b.has("gateway") && !b.is_spoilt("gateway") {
            self.wrong_key(b, "gateway", "the list is empty");
        }
        for (n, code) in v.gateway.0.iter().enumerate() {
            if v.gateway.0[..n].contains(code) {
                self.wrong(b, b.at_nth("gateway", n), format!("gateway: {code} is there twice"));
            }
        }
        self.server_files(b, [&v.tls_cert, &v.tls_key, &v.tls_client_ca]);
        self.in_range(b, "max_connections", v.max_connections, 1..=1_000_000);
        self.in_range(b, "max_connections_per_host", v.max_connections_per_host, 1..=1_000_000);
        self.no_zero(b, "login_timeout", v.login_timeout, "0 would let no connection live; write at least \"1s\"");
        self.in_range(b, "window", v.window, 1..=100_000);
    }

    /// Msg_Ids are counted by list of codes: two lists with a code in common would give out the same ones.
    pub(super) fn cmpp_gateways(&mut self, s: &Sections<'_>) {
        let lists = s.listeners.iter().filter_map(|(_, item)| match item {
            ListenerItem::Cmpp(item) => Some((&item.block, &item.value.gateway)),
            ListenerItem::Smpp(_) => None,
        });
        let lists: Vec<_> = lists.collect();
        for (i, (b, codes)) in lists.iter().enumerate() {
            let other = lists[..i].iter().filter(|(_, o)| o != codes).find_map(|(o, theirs)| {
                let shared = codes.0.iter().position(|c| theirs.0.contains(c))?;
                Some((shared, &o.place))
            });
            if let Some((n, place)) = other {
                let message =
                    format!("gateway: {} is in another list of {place}; give both the same list, or codes of their own", codes.0[n]);
                self.wrong(b, b.at_nth("gateway", n), message);
            }
        }
    }

    pub(super) fn cmpp_account(&mut self, item: &Item<'_, Account>, s: &Sections<'_>) {
        let Some((b, v)) = item.block.inner("cmpp.").zip(item.value.cmpp.as_ref()) else { return };
        let b = &b;
        match (v.sp_id.is_empty(), v.gateway.is_some()) {
            (true, false) if !b.given("gateway") => {
                let mend =
                    "the SP_Id that it signs in with, such as sp_id = \"901234\" (or gateway = \"001002\", if it is another gateway)";
                self.need(false, b, "sp_id", mend);
                if b.has("sp_id") {
                    self.wrong_key(b, "sp_id", "the name is empty");
                }
            }
            (false, true) => {
                self.wrong_key(b, "gateway", "an account is a service provider or another gateway; take `sp_id` or `gateway` out");
            }
            _ => {}
        }
        self.at_most(b, "sp_id", &v.sp_id, SP_ID);
        self.secret(b, v, &item.value.password);
        for (n, id) in v.service_ids.iter().enumerate() {
            if id.len() > SERVICE_ID {
                let message = format!("cmpp.service_ids: {id:?} has {} octets, at most {SERVICE_ID} fit", id.len());
                self.wrong(b, b.at_nth("service_ids", n), message);
            }
        }
        self.at_most(b, "src_id", &v.src_id, SRC_ID);
        self.in_range(b, "max_links", v.max_links, 1..=10_000);
        self.in_range(b, "window", v.window, 1..=10_000);
        self.in_range(b, "max_recipients", v.max_recipients, 1..=255);
        if let Some(octets) = v.report_octets.filter(|o| ![60, 71].contains(o)) {
            self.wrong_key(b, "report_octets", format!("{octets} is no length of a report; write 60 or 71"));
        }
        self.lengths(b, &[("ascii", v.ascii_single, 160, v.ascii_part, 153), ("gbk", v.gbk_single, 140, v.gbk_part, 134)]);
        self.no_zero(b, "response_timeout", v.response_timeout, NO_ANSWER);
        self.in_range(b, "sends", v.sends, 1..=100);
        if let Some(connector) = v.connector.as_ref().filter(|_| v.gateway.is_some()) {
            self.way_back(b, &item.value.name, connector, s);
        }
        if v.connector.is_some() && v.gateway.is_none() && !b.given("gateway") {
            self.wrong_key(b, "connector", "only another gateway is sent to over a connector; a service provider connects itself");
        }
        let is_gns = s.gns.value.account == item.value.name;
        if v.gateway.is_some() && v.connector.is_none() && !b.given("connector") && !is_gns {
            let message = "cmpp.gateway: without a connector of role \"ismg\", what is for this gateway (reports, received messages) waits; \
                           add connector";
            self.warn(b, "gateway", message);
        }
    }

    /// The directory of gateways.
    pub(super) fn gns(&mut self, s: &Sections<'_>) {
        let (b, v) = (&s.gns.block, &s.gns.value);
        if *v == Gns::default() {
            return;
        }
        self.address(b, &v.address, "gns.example.net:9168");
        self.need(v.gateway.is_some(), b, "gateway", "the code of this gateway, such as gateway = \"001001\"");
        self.need(!v.secret.is_empty(), b, "secret", "what was agreed with the other side, such as secret = \"...\"");
        self.no_zero(b, "response_timeout", v.response_timeout, NO_ANSWER);
        for (n, segment) in v.segments.iter().enumerate() {
            if let Err(e) = Gns::segment(segment) {
                self.wrong(b, b.at_nth("segments", n), format!("segments: {e}"));
            } else if v.version == CmppVersion::V2 && segment.split('-').any(|s| s.trim().len() > SEGMENT_V2) {
                self.wrong(
                    b,
                    b.at_nth("segments", n),
                    format!("segments: {segment:?} has more than the {SEGMENT_V2} digits that 2.0 has room for"),
                );
            }
        }
        for (n, code) in v.service_codes.iter().enumerate() {
            if code.is_empty() || code.len() > SRC_ID || !code.bytes().all(|b| b.is_ascii_digit()) {
                self.wrong(
                    b,
                    b.at_nth("service_codes", n),
                    format!("service_codes: {code:?} is no service code; write 1 to {SRC_ID} digits"),
                );
            }
        }
        if v.advertise.is_some_and(|a| !a.0.is_ipv4()) {
            self.wrong_key(b, "advertise", "CMPP has room for an IPv4 address only");
        }
        self.at_most(b, "area_code", &v.area_code, AREA_CODE);
        if !v.account.is_empty() {
            let known = s.accounts.iter().find(|a| a.value.name == v.account);
            match known.map(|a| a.value.cmpp.as_ref().and_then(|c| c.gateway)) {
                None => self.warn(b, "account", format!("account: there is no account {:?} in this file", v.account)),
                Some(None) => {
                    let message = format!("account {:?} is no gateway; give its [account.cmpp] the code of the GNS as gateway", v.account);
                    self.wrong_key(b, "account", message);
                }
                Some(Some(_)) => {}
            }
        }
    }

    /// What a peer's digest is checked with has to be there in clear.
    fn secret(&mut self, b: &Block<'_>, v: &CmppAccount, password: &str) {
        match &v.secret {
            Some(secret) if secret.is_empty() => self.wrong_key(b, "secret", "the secret is empty"),
            Some(secret) if secret.starts_with("$argon2") => {
                self.wrong_key(b, "secret", "a hash cannot check the digest that a peer sends; write the secret in clear");
            }
            None if password.starts_with("$argon2") => {
                self.need(false, b, "secret", "the account's password is a hash, with which the digest of CMPP cannot be checked");
            }
            None if password.is_empty() => self.need(false, b, "secret", "what was agreed with the other side, such as secret = \"...\""),
            _ => {}
        }
    }

    /// Lengths of whole messages and of parts: (name, whole, most, part, most).
    fn lengths(&mut self, b: &Block<'_>, all: &[(&str, u8, u8, u8, u8)]) {
        for (name, single, single_max, part, part_max) in all {
            let (single_key, part_key) = (format!("{name}_single"), format!("{name}_part"));
            self.in_range(b, &single_key, *single, 1..=*single_max);
            self.in_range(b, &part_key, *part, 1..=*part_max);
            if part > single {
                let key = if b.has(&part_key) { &part_key } else { &single_key };
                self.wrong_key(
                    b,
                    key,
                    format!("a part ({part_key}, {part}) would be longer than a whole message ({single_key}, {single})"),
                );
            }
        }
    }

    /// What one account signs in with, no other does.
    pub(super) fn cmpp_sources(&mut self, accounts: &[Item<'_, Account>]) {
        let source = |a: &Item<'_, Account>| a.value.cmpp.as_ref().and_then(CmppAccount::source);
        for (i, a) in accounts.iter().enumerate() {
            let Some((name, b)) = source(a).zip(a.block.inner("cmpp.")) else { continue };
            if let Some(other) = accounts[..i].iter().find(|o| source(o).as_deref() == Some(&name)) {
                let key = if b.has("gateway") { "gateway" } else { "sp_id" };
                let message = format!("{name} is already account {:?}'s; each signs in with its own", other.value.name);
                self.wrong_key(&b, key, message);
            }
        }
    }

    /// The connector by which leaves what is for a gateway.
    fn way_back(&mut self, b: &Block<'_>, account: &str, name: &str, s: &Sections<'_>) {
        let Some((_, item)) = s.connectors.iter().find(|(c, _)| c.value.name.eq_ignore_ascii_case(name)) else {
            let elsewhere = self.elsewhere;
            match elsewhere.peers.iter().find(|p| p.connector.eq_ignore_ascii_case(name)) {
                Some(peer) => self.whose(b, account, name, &peer.account),
                None => {
                    let all: Vec<&str> = connector_names(s).chain(elsewhere.peers.iter().map(|p| p.connector.as_str())).collect();
                    self.known(b, "cmpp.connector", b.at("connector"), name, &all, "connector");
                }
            }
            return;
        };
        match item {
            ConnectorItem::Cmpp(c) if c.value.role == Role::Ismg => self.whose(b, account, name, &c.value.account),
            ConnectorItem::Unknown => {}
            _ => self.wrong_key(
                b,
                "connector",
                format!("{name:?} leads to no gateway; name one with protocol = \"cmpp\" and role = \"ismg\""),
            ),
        }
    }

    fn whose(&mut self, b: &Block<'_>, account: &str, connector: &str, its: &str) {
        // A connector without an account has been complained about.
        if !its.is_empty() && its != account {
            self.wrong_key(
                b,
                "connector",
                format!("{connector:?} is the way to account {its:?}; write account = {account:?} there, or name another"),
            );
        }
    }

    pub(super) fn cmpp_connector(&mut self, name: &str, item: &Item<'_, CmppConnector>, s: &Sections<'_>) {
        let (b, v) = (&item.block, &item.value);
        self.address(b, &v.address, "ismg.example.net:7890");
        match v.role {
            Role::Sp => {
                self.need(!v.sp_id.is_empty(), b, "sp_id", "your SP_Id at the carrier, such as sp_id = \"901234\"");
                self.not_in_role(b, &["gateway", "peer", "account", "max_nodes"], "ismg");
            }
            Role::Ismg => {
                // What is forwarded keeps its charging in any case.
                self.not_in_role(b, &["sp_id", "padded_authenticator", "keep_fee"], "sp");
                self.need(v.gateway.is_some(), b, "gateway", "the code of this gateway, such as gateway = \"001001\"");
                self.need(v.peer.is_some(), b, "peer", "the code of the other gateway, such as peer = \"001002\"");
                self.need(!v.account.is_empty(), b, "account", "the account that the other gateway is here, such as account = \"next\"");
                self.peer(b, name, v, s);
            }
        }
        self.at_most(b, "sp_id", &v.sp_id, SP_ID);
        self.in_range(b, "max_nodes", v.max_nodes, 1..=255);
        self.need(!v.secret.is_empty(), b, "secret", "what was agreed with the other side, such as secret = \"...\"");
        self.in_range(b, "links", v.links, 1..=100);
        self.in_range(b, "window", v.window, 1..=10_000);
        self.rate(b, v.rate);
        self.no_zero(b, "response_timeout", v.response_timeout, NO_ANSWER);
        self.in_range(b, "sends", v.sends, 1..=100);
        self.reconnect(b, v.reconnect_min, v.reconnect_max);
        self.client_tls(b, &v.tls);
        self.at_most(b, "src_id", &v.src_id, SRC_ID);
        if v.extend_src_id && v.src_id.is_empty() && !b.given("src_id") {
            self.wrong_key(b, "extend_src_id", "there is nothing to put senders behind; add src_id");
        }
        self.at_most(b, "service_id", &v.service_id, SERVICE_ID);
        self.at_most(b, "msg_src", &v.msg_src, SP_ID);
        self.fees(b, v);
        self.lengths(
            b,
            &[
                ("ascii", v.ascii_single, 160, v.ascii_part, 153),
                ("gbk", v.gbk_single, 140, v.gbk_part, 134),
                ("ucs2", v.ucs2_single, 70, v.ucs2_part, 67),
            ],
        );
        self.signature(b, v);
    }

    fn not_in_role(&mut self, b: &Block<'_>, keys: &[&str], role: &str) {
        for key in keys {
            if b.has(key) {
                self.wrong_key(b, key, format!("only with role = \"{role}\"; take it out, or add that"));
            }
        }
    }

    /// The account that a gateway is: of this file, and a gateway there as well, with the same code.
    fn peer(&mut self, b: &Block<'_>, name: &str, v: &CmppConnector, s: &Sections<'_>) {
        let ours = |(_, item): &(_, ListenerItem<'_>)| match item {
            ListenerItem::Cmpp(l) => v.gateway.is_none_or(|code| l.value.gateway.0.contains(&code)),
            ListenerItem::Smpp(_) => false,
        };
        if v.gateway.is_some() && !s.listeners.iter().any(ours) {
            let message = "gateway: no CMPP listener has this code, so the other side has nowhere to send what is for us";
            self.warn(b, "gateway", message);
        }
        let Some(account) = s.accounts.iter().find(|a| a.value.name == v.account) else {
            if !v.account.is_empty() {
                // It may be one that was made at the command line, which this file does not know.
                self.warn(b, "account", format!("account: there is no account {:?} in this file", v.account));
            }
            return;
        };
        let Some(cmpp) = &account.value.cmpp else {
            self.wrong_key(b, "account", format!("account {:?} has no [account.cmpp] with a gateway; add one", v.account));
            return;
        };
        match (cmpp.gateway, v.peer) {
            (None, _) => self.wrong_key(b, "account", format!("account {:?} is no gateway; give its [account.cmpp] a gateway", v.account)),
            (Some(code), Some(peer)) if code != peer => {
                self.wrong_key(b, "peer", format!("account {:?} is gateway {code}; one of them is wrong", v.account));
            }
            _ => {}
        }
        if cmpp.connector.is_none() {
            self.warn(
                b,
                "account",
                format!("account: nothing leaves here before the [account.cmpp] of {:?} has connector = {name:?}", v.account),
            );
        }
    }

    fn fees(&mut self, b: &Block<'_>, v: &CmppConnector) {
        self.in_range(b, "fee_user_type", v.fee_user_type, 0..=3);
        // With `auto` it may turn out to be 2.0.
        let width = if v.version == ConnectVersion::V30 { 32 } else { 21 };
        self.at_most(b, "fee_terminal_id", &v.fee_terminal_id, width);
        if v.fee_user_type == 3 {
            self.need(!v.fee_terminal_id.is_empty(), b, "fee_terminal_id", "the number that pays, because fee_user_type is 3");
        } else if !v.fee_terminal_id.is_empty() {
            self.wrong_key(b, "fee_terminal_id", "only fee_user_type = 3 charges this number; write that, or take the number out");
        }
        if !(v.fee_type.len() == 2 && v.fee_type.bytes().all(|c| c.is_ascii_digit())) {
            self.wrong_key(b, "fee_type", format!("{:?} is no FeeType; write two digits, such as \"01\"", v.fee_type));
        }
        self.at_most(b, "fee_code", &v.fee_code, SP_ID);
    }

    fn signature(&mut self, b: &Block<'_>, v: &CmppConnector) {
        let Some(signature) = &v.signature else {
            for key in ["signature_place", "signature_by"] {
                if b.has(key) && !b.given("signature") {
                    self.wrong_key(b, key, "there is no signature; add signature = \"【...】\"");
                }
            }
            return;
        };
        let units = signature.encode_utf16().count();
        if units == 0 {
            self.wrong_key(b, "signature", "the signature is empty; leave the key out for none");
        } else if units >= usize::from(v.ucs2_part) {
            let message = format!("it has {units} characters and a part only {}: nothing of the text would fit beside it", v.ucs2_part);
            self.wrong_key(b, "signature", message);
        } else if !(signature.starts_with('【') && signature.ends_with('】')) {
            self.warn(b, "signature", format!("signature: {signature:?} has not the usual brackets; this is taken as it is"));
        }
    }
}
