//! The settings of CMPP.

use waxwing_core::{CmppProfile, CmppText};
use waxwing_endpoints::cmpp::gns::GnsConfig;
use waxwing_endpoints::cmpp::{self, ConnectorConfig, Fee, IsmgConfig, Part, PartLengths, Signature};
use waxwing_endpoints::smpp::RequestReceipts;
use waxwing_session::{BackoffOptions, FloodLimits, SourceError};

use super::{errors, receipt_wait, retry, sources, tls_client, tls_server};
use crate::config::keys::{
    Account, CmppConnector, CmppListener, CmppLong, CmppVersion, ConnectVersion, Gns, ReceiptRequest, RecipientForm, Role, SignatureBy,
    SignaturePlace, Wide,
};
use crate::config::{Config, ConnectorSetup, ListenerSetup};

/// The CMPP side of an account, if it has one.
pub(super) fn profile(account: &Account) -> Option<Box<CmppProfile>> {
    let c = account.cmpp.as_ref()?;
    Some(Box::new(CmppProfile {
        sp_id: c.sp_id.clone(),
        // The check has refused a password that is a hash.
        secret: c.secret.clone().unwrap_or_else(|| account.password.clone()),
        version: c.version.map(|v| match v {
            CmppVersion::V2 => 0x20,
            CmppVersion::V3 => 0x30,
        }),
        service_ids: c.service_ids.clone(),
        src_id: c.src_id.clone(),
        max_links: c.max_links,
        window: c.window,
        check_msg_src: c.check_msg_src,
        max_recipients: c.max_recipients,
        merge_long: c.merge_long.unwrap_or(c.gateway.is_none()),
        join_by_pk: c.join_by_pk,
        report_form: c.report_octets,
        deliver_fmt: match c.wide {
            Wide::Ucs2 => CmppText::Ucs2,
            Wide::Gbk => CmppText::Gbk,
        },
        ascii_single: c.ascii_single,
        ascii_part: c.ascii_part,
        gbk_single: c.gbk_single,
        gbk_part: c.gbk_part,
        resend: c.response_timeout.millis(),
        sends: c.sends,
        link_test: c.link_test.millis(),
        gateway: c.gateway.map(|g| g.to_string()),
        connector: c.connector.clone(),
    }))
}

/// A CMPP listener. Fails only on networks that the check has let through by mistake.
pub(in crate::node) fn cmpp_listener(config: &Config, setup: &ListenerSetup, l: &CmppListener) -> Result<IsmgConfig, SourceError> {
    let defaults = IsmgConfig::new(setup.listen, 0);
    Ok(IsmgConfig {
        tls: tls_server(config, setup.files()),
        allow: sources(&l.allow)?,
        flood: FloodLimits { per_source: l.max_connections_per_host as usize, total: l.max_connections as usize },
        login_timeout: l.login_timeout.0,
        gateways: l.gateway.0.iter().map(|g| g.0).collect(),
        max_unanswered: l.window,
        rate: l.rate,
        short: l.short,
        replay_window: Some(l.replay_window.0).filter(|w| !w.is_zero()),
        utc_offset: l.utc_offset.0,
        ..defaults
    })
}

/// The directory of gateways, if there is one.
pub(in crate::node) fn gns(config: &Config) -> Option<GnsConfig> {
    let g = &config.gns;
    let addresses: Vec<String> = g.address.0.iter().map(|a| a.0.clone()).collect();
    // The check has refused one without its code, and segments that are none.
    let first = addresses.first()?;
    Some(GnsConfig {
        addresses: addresses.clone(),
        version: match g.version {
            CmppVersion::V2 => waxwing_cmpp::Version::V2,
            CmppVersion::V3 => waxwing_cmpp::Version::V3,
        },
        account: g.account.clone(),
        refresh: Some(g.refresh.0).filter(|r| !r.is_zero()),
        keep: g.keep.0,
        keep_none: g.keep_none.0,
        timeout: g.response_timeout.0,
        segments: g.segments.iter().filter_map(|s| Gns::segment(s).ok()).collect(),
        service_codes: g.service_codes.clone(),
        advertise: g.advertise.map(|a| a.0),
        area_code: g.area_code.clone(),
        utc_offset: g.utc_offset.0,
        ..GnsConfig::new(first.clone(), g.gateway.map(|c| c.0).unwrap_or_default(), g.secret.clone())
    })
}

/// A CMPP connector.
pub(in crate::node) fn cmpp_connector(config: &Config, setup: &ConnectorSetup, c: &CmppConnector) -> ConnectorConfig {
    let common = &setup.common;
    // The check has refused a gateway without its codes.
    let code = |g: Option<crate::config::value::GatewayCode>| g.map(|g| g.0).unwrap_or_default();
    let (part, source_addr) = match c.role {
        Role::Sp => (Part::Sp, c.sp_id.clone()),
        Role::Ismg => {
            let part = Part::Ismg { account: c.account.clone(), peer: code(c.peer), max_nodes: c.max_nodes };
            (part, format!("{:06}", code(c.gateway)))
        }
    };
    ConnectorConfig {
        addresses: c.address.0.iter().map(|a| a.0.clone()).collect(),
        tls: tls_client(config, &c.tls),
        part,
        source_addr,
        secret: c.secret.clone(),
        version: match c.version {
            ConnectVersion::Auto => None,
            ConnectVersion::V20 => Some(0x20),
            ConnectVersion::V21 => Some(0x21),
            ConnectVersion::V30 => Some(0x30),
        },
        padded_authenticator: c.padded_authenticator,
        strict_authenticator: c.strict_authenticator,
        links: c.links,
        window: c.window,
        rate: c.rate,
        link_test: c.link_test.0,
        response_timeout: c.response_timeout.0,
        sends: c.sends,
        reconnect: BackoffOptions { initial: c.reconnect_min.0, max: c.reconnect_max.0, ..BackoffOptions::default() },
        throttle_pause: c.throttle_pause.0,
        src_id: c.src_id.clone(),
        extend_src_id: c.extend_src_id,
        service_id: c.service_id.clone(),
        msg_src: c.msg_src.clone(),
        fee: Fee {
            user_type: c.fee_user_type,
            terminal_id: c.fee_terminal_id.clone(),
            fee_type: c.fee_type.clone(),
            code: c.fee_code.clone(),
        },
        keep_fee: c.keep_fee,
        request_receipts: match c.request_receipts {
            ReceiptRequest::Asked => RequestReceipts::Asked,
            ReceiptRequest::Always => RequestReceipts::Always,
            ReceiptRequest::Never => RequestReceipts::Never,
        },
        wide: match c.wide {
            Wide::Ucs2 => cmpp::Wide::Ucs2,
            Wide::Gbk => cmpp::Wide::Gbk,
        },
        lengths: PartLengths {
            ascii_single: c.ascii_single,
            ascii_part: c.ascii_part,
            gbk_single: c.gbk_single,
            gbk_part: c.gbk_part,
            ucs2_single: c.ucs2_single,
            ucs2_part: c.ucs2_part,
        },
        signature: c.signature.as_ref().map(|text| Signature {
            text: text.clone(),
            place: match c.signature_place {
                SignaturePlace::Start => cmpp::SignaturePlace::Start,
                SignaturePlace::End => cmpp::SignaturePlace::End,
            },
            by_carrier: c.signature_by == SignatureBy::Carrier,
        }),
        recipient: match c.recipient {
            RecipientForm::Bare => cmpp::RecipientForm::Bare,
            RecipientForm::CountryCode => cmpp::RecipientForm::CountryCode,
            RecipientForm::Same => cmpp::RecipientForm::Same,
        },
        wide_reference: c.long_messages == CmppLong::Udh16,
        utc_offset: c.utc_offset.0,
        errors: errors(setup),
        retry: retry(common),
        no_answer: common.no_answer,
        receipt_wait: receipt_wait(config, common),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::*;
    use crate::config::keys::CmppAccount;
    use crate::config::{ConnectorKind, ListenerKind};

    fn config(text: &str) -> Config {
        crate::config::parse(Path::new("t.toml"), Path::new("."), text).unwrap()
    }

    #[test]
    fn defaults_of_listeners_and_connectors_are_those_of_the_endpoints() {
        let c = config(
            "[[listener]]\nprotocol = \"cmpp\"\nlisten = \"127.0.0.1:7890\"\ngateway = \"001001\"\n\
             [[connector]]\nname = \"c\"\nprotocol = \"cmpp\"\naddress = \"h:7890\"\nsp_id = \"901234\"\nsecret = \"x\"\n",
        );
        let (setup, line) = (&c.listeners[0], &c.connectors[0]);
        let ListenerKind::Cmpp(l) = &setup.kind else { panic!("a CMPP listener") };
        let expected = IsmgConfig::new("127.0.0.1:7890".parse().unwrap(), 1001);
        assert_eq!(format!("{:?}", cmpp_listener(&c, setup, l).unwrap()), format!("{expected:?}"));
        let ConnectorKind::Cmpp(k) = &line.kind else { panic!("a CMPP connector") };
        let expected = ConnectorConfig { source_addr: "901234".into(), secret: "x".into(), ..ConnectorConfig::new("h:7890") };
        assert_eq!(format!("{:?}", cmpp_connector(&c, line, k)), format!("{expected:?}"));
    }

    #[test]
    fn a_gateway_is_told_by_its_codes() {
        let c = config(
            "[[account]]\nname = \"next\"\npassword = \"x\"\n[account.cmpp]\ngateway = \"1002\"\nconnector = \"c\"\n\
             [[connector]]\nname = \"c\"\nprotocol = \"cmpp\"\naddress = \"h:7930\"\nrole = \"ismg\"\ngateway = \"1001\"\n\
             peer = \"001002\"\naccount = \"next\"\nsecret = \"x\"\nversion = \"2.0\"\nthrottled = [3]\n",
        );
        let ConnectorKind::Cmpp(k) = &c.connectors[0].kind else { panic!("a CMPP connector") };
        let made = cmpp_connector(&c, &c.connectors[0], k);
        assert_eq!(made.part, Part::Ismg { account: "next".into(), peer: 1002, max_nodes: 8 });
        assert_eq!((made.source_addr.as_str(), made.version), ("001001", Some(0x20)));
        assert_eq!(made.errors, waxwing_core::ErrorTable::cmpp().with(&[], &[], &[3]));
        assert_eq!(profile(&c.accounts[0]).unwrap().gateway.as_deref(), Some("001002"));
    }

    /// What the reference page promises is what an account without those keys gets.
    #[test]
    fn defaults_of_an_account_are_those_of_core() {
        let account = Account { cmpp: Some(CmppAccount::default()), ..Account::default() };
        assert!(*profile(&account).unwrap() == CmppProfile::default());
    }

    #[test]
    fn defaults_of_a_gns_are_those_of_the_endpoint() {
        let c = config("[gns]\naddress = \"g:9168\"\ngateway = \"001001\"\nsecret = \"x\"\nsegments = [\"1380013\", \"138002-138003\"]\n");
        let expected = GnsConfig {
            segments: vec![("1380013".into(), "1380013".into()), ("138002".into(), "138003".into())],
            ..GnsConfig::new("g:9168", 1001, "x")
        };
        assert_eq!(gns(&c), Some(expected));
        assert_eq!(gns(&config("")), None);
    }

    #[test]
    fn the_secret_is_the_password_where_there_is_none() {
        let cmpp = CmppAccount { sp_id: "901234".into(), ..CmppAccount::default() };
        let mut account = Account { password: "open".into(), cmpp: Some(cmpp), ..Account::default() };
        assert_eq!(profile(&account).unwrap().secret, "open");
        account.cmpp = account.cmpp.map(|c| CmppAccount { secret: Some("888888".into()), ..c });
        assert_eq!(profile(&account).unwrap().secret, "888888");
    }
}
