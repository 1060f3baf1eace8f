//! The configuration file that a test's gateway runs on, built up block by block.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// A configuration under construction. Every door listens on a port that the system chooses; [`crate::Gateway`] finds out which.
#[derive(Clone, Debug)]
pub struct Config {
    text: String,
}

impl Config {
    /// A node with an HTTP door and an SMPP door, nobody who may use them, and no lines.
    pub fn new() -> Self {
        Self::without_doors().listener("smpp", "")
    }

    /// A node with nothing but an HTTP door.
    pub fn without_doors() -> Self {
        Self { text: "[node]\nname = \"gw1\"\ndata = \"data\"\n\n[http]\nlisten = \"127.0.0.1:0\"\n".into() }
    }

    /// Any TOML, for what has no method here.
    pub fn with(mut self, toml: &str) -> Self {
        let _ = write!(self.text, "\n{}\n", toml.trim());
        self
    }

    /// A listener for `protocol`, with further settings as TOML lines.
    pub fn listener(self, protocol: &str, more: &str) -> Self {
        self.with(&format!("[[listener]]\nprotocol = \"{protocol}\"\nlisten = \"127.0.0.1:0\"\n{more}"))
    }

    /// The account "shop" with the password "secret" that receives what arrives for 12345.
    pub fn shop(self) -> Self {
        self.shop_with("")
    }

    /// [`Config::shop`] with further settings as TOML lines.
    pub fn shop_with(self, more: &str) -> Self {
        self.with(&format!("[[account]]\nname = \"shop\"\npassword = \"secret\"\nallow = [\"sms\"]\nnumbers = [\"12345\"]\n{more}"))
    }

    /// The account "root" with the password "secret" that may administrate.
    pub fn root(self) -> Self {
        self.with("[[account]]\nname = \"root\"\npassword = \"secret\"\nallow = [\"sms\", \"admin\"]")
    }

    /// An SMPP connector "carrier" to `address`, with further settings as TOML lines.
    pub fn smpp_connector(self, address: SocketAddr, more: &str) -> Self {
        self.smpp_connector_named("carrier", address, more)
    }

    /// [`Config::smpp_connector`] by another name.
    pub fn smpp_connector_named(self, name: &str, address: SocketAddr, more: &str) -> Self {
        self.with(&format!(
            "[[connector]]\nname = \"{name}\"\nprotocol = \"smpp\"\naddress = \"{address}\"\nsystem_id = \"waxwing\"\npassword = \"secret\"\n{more}"
        ))
    }

    /// A message centre whose phones tell their number in the header that mmsd sends (`X-VzW-MDN`), with further settings as TOML lines.
    pub fn mmsc(self, more: &str) -> Self {
        self.with(&format!(
            "[mmsc]\nlisten = \"127.0.0.1:0\"\ndomain = \"mms.example.net\"\nmsisdn_headers = [\"X-VzW-MDN\"]\n\
             trusted = [\"127.0.0.1/32\"]\nauto_provision = true\n{more}"
        ))
    }

    /// A CMPP listener of the gateway 001001, with further settings as TOML lines.
    pub fn cmpp(self, more: &str) -> Self {
        self.listener("cmpp", &format!("gateway = \"001001\"\n{more}"))
    }

    /// [`Config::shop`] in China that is also the SP 901234, with further settings of its CMPP side as TOML lines.
    pub fn shop_over_cmpp(self, more: &str) -> Self {
        self.shop_with(&format!("country = \"CN\"\n[account.cmpp]\nsp_id = \"901234\"\n{more}"))
    }

    /// A CMPP connector "carrier" to `address` as the SP 901234, with further settings as TOML lines.
    pub fn cmpp_connector(self, address: SocketAddr, more: &str) -> Self {
        self.with(&format!(
            "[[connector]]\nname = \"carrier\"\nprotocol = \"cmpp\"\naddress = \"{address}\"\nsp_id = \"901234\"\nsecret = \"secret\"\n{more}"
        ))
    }

    /// A simulated carrier as the connector "carrier", with further settings as TOML lines.
    pub fn simulator(self, more: &str) -> Self {
        self.with(&format!("[[connector]]\nname = \"carrier\"\nprotocol = \"simulator\"\n{more}"))
    }

    /// Everything goes through the connector "carrier".
    pub fn route_to_carrier(self) -> Self {
        self.with("[[route]]\nto = \"*\"\nvia = [\"carrier\"]")
    }

    /// With one text of the file in place of another, which must be there.
    pub fn replaced(mut self, from: &str, to: &str) -> Self {
        assert!(self.text.contains(from), "{from:?} is not in {}", self.text);
        self.text = self.text.replacen(from, to, 1);
        self
    }

    /// The file's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
