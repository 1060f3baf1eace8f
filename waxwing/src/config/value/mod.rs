//! The kinds of values that keys take: each reads itself from text, says what is wrong and how to write it, and writes itself back.

mod cmpp;
mod read;

use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use waxwing_core::{Mask, Normaliser};
use waxwing_gsm::charset::Charset;

pub use cmpp::{GatewayCode, GatewayCodes, UtcOffset};
use read::{Scalar, Text, several};

/// A duration: `"500ms"`, `"30s"`, `"5m"`, `"48h"`, `"7d"`, or a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Duration);

/// An amount of storage: `"64 MiB"`, `"512 KiB"`, `"2 GiB"`, or a number of octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

/// A network: `"192.0.2.0/24"`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub IpNet);

/// Number masks: `"+44*,+353*"`, or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masks(pub Vec<Mask>);

/// A character set by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CharsetName(pub Charset);

/// A protocol's code: a number, or text with `0x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u32);

/// A two-letter country code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country(pub String);

/// An http or https URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(pub String);

/// Where to listen: an IP address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

/// Where to connect: a host name or IP address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort(pub String);

/// One or several [`HostPort`]s: text (separated by commas) or a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(pub Vec<HostPort>);

// === impl Period ===

const PERIOD_UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl Period {
    /// Of so many seconds.
    pub const fn secs(s: u64) -> Period {
        Period(Duration::from_secs(s))
    }

    /// As milliseconds.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl FromStr for Period {
    type Err = String;
    fn from_str(s: &str) -> Result<Period, String> {
        let wrong = || format!("{s:?} is no duration; write a number and ms, s, m, h or d, such as \"30s\" or \"48h\"");
        let t = s.trim();
        let split = t.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(t.len());
        let (number, unit) = (t[..split].parse::<f64>().map_err(|_| wrong())?, t[split..].trim());
        let unit = if unit.is_empty() { "s" } else { unit };
        let (_, scale) = PERIOD_UNITS.iter().find(|(u, _)| *u == unit).ok_or_else(wrong)?;
        seconds(number * (*scale as f64) / 1000.0).ok_or_else(wrong)
    }
}

fn seconds(s: f64) -> Option<Period> {
    // A hundred years: more is a slip of the pen, and this much cannot overflow when added to a time.
    (0.0..=100.0 * 365.25 * 86_400.0).contains(&s).then(|| Period(Duration::from_millis((s * 1000.0).round() as u64)))
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.millis();
        let (unit, scale) = PERIOD_UNITS.iter().rev().find(|(_, scale)| ms > 0 && ms.is_multiple_of(*scale)).unwrap_or(&("s", 1000));
        // 48 hours is how people say it, not 2 days; whole weeks and more are said in days.
        if *unit == "d" && ms <= 4 * 86_400_000 {
            return write!(f, "{}h", ms / 3_600_000);
        }
        write!(f, "{}{unit}", ms / scale)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Period, D::Error> {
        d.deserialize_any(Scalar { what: "a duration such as \"30s\", or a number of seconds", text: str::parse, number: seconds })
    }
}

// === impl Size ===

const SIZE_UNITS: [(&str, u32); 4] = [("GiB", 30), ("MiB", 20), ("KiB", 10), ("", 0)];

impl FromStr for Size {
    type Err = String;
    fn from_str(s: &str) -> Result<Size, String> {
        let wrong = || format!("{s:?} is no size; write a number and KiB, MiB or GiB, such as \"64 MiB\"");
        let t = s.trim();
        let split = t.find(|c: char| !c.is_ascii_digit()).unwrap_or(t.len());
        let number = t[..split].parse::<u64>().map_err(|_| wrong())?;
        let shift = match t[split..].trim().to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            "t" | "tb" | "tib" => 40,
            _ => return Err(wrong()),
        };
        number.checked_mul(1 << shift).map(Size).ok_or_else(wrong)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, shift) = SIZE_UNITS.iter().find(|(_, shift)| self.0 > 0 && self.0.is_multiple_of(1 << shift)).unwrap_or(&("", 0));
        if unit.is_empty() { write!(f, "{}", self.0) } else { write!(f, "{} {unit}", self.0 >> shift) }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Size, D::Error> {
        let number = |n: f64| (0.0..=1e18).contains(&n).then_some(Size(n as u64));
        d.deserialize_any(Scalar { what: "a size such as \"64 MiB\", or a number of octets", text: str::parse, number })
    }
}

// === impl Network ===

impl FromStr for Network {
    type Err = String;
    fn from_str(s: &str) -> Result<Network, String> {
        let t = s.trim();
        t.parse::<IpNet>()
            .or_else(|_| t.parse::<IpAddr>().map(IpNet::from))
            .map(|n| Network(n.trunc()))
            .map_err(|_| format!("{s:?} is no network; write an IP address or a network such as \"192.0.2.0/24\" or \"2001:db8::/32\""))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

// === impl Masks ===

impl Masks {
    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Masks {
    type Err = String;
    fn from_str(s: &str) -> Result<Masks, String> {
        Mask::parse_list(s).map(Masks).map_err(|e| e.to_string())
    }
}

impl<'de> Deserialize<'de> for Masks {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Masks, D::Error> {
        let lists: Vec<Masks> = several(d, "a mask such as \"+44*\", or a list of masks")?;
        Ok(Masks(lists.into_iter().flat_map(|m| m.0).collect()))
    }
}

impl Serialize for Masks {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(Mask::as_str))
    }
}

// === impl CharsetName ===

impl FromStr for CharsetName {
    type Err = String;
    fn from_str(s: &str) -> Result<CharsetName, String> {
        s.parse().map(CharsetName).map_err(|e: waxwing_gsm::charset::UnknownCharset| e.to_string())
    }
}

impl fmt::Display for CharsetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

// === impl Code ===

impl FromStr for Code {
    type Err = String;
    fn from_str(s: &str) -> Result<Code, String> {
        let t = s.trim().to_ascii_lowercase();
        let parsed = match t.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => t.parse(),
        };
        parsed.map(Code).map_err(|_| format!("{s:?} is no code; write a number such as 0x58 or 88"))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:X}", self.0)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Code, D::Error> {
        let number = |n: f64| (n.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&n)).then_some(Code(n as u32));
        d.deserialize_any(Scalar { what: "a code such as 0x58", text: str::parse, number })
    }
}

// === impl Country ===

impl FromStr for Country {
    type Err = String;
    fn from_str(s: &str) -> Result<Country, String> {
        Normaliser::new(Some(s)).map(|_| Country(s.to_ascii_uppercase()))
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Url ===

impl FromStr for Url {
    type Err = String;
    fn from_str(s: &str) -> Result<Url, String> {
        let wrong = || format!("{s:?} is no URL; write it with http:// or https:// and a host");
        let url = url::Url::parse(s.trim()).map_err(|_| wrong())?;
        if matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|h| !h.is_empty()) {
            Ok(Url(s.trim().to_owned()))
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Listen ===

impl FromStr for Listen {
    type Err = String;
    fn from_str(s: &str) -> Result<Listen, String> {
        s.trim().parse().map(Listen).map_err(|_| {
            format!("{s:?} is no address to listen on; write an IP address and a port, such as \"127.0.0.1:2775\" (this machine only) or \"0.0.0.0:2775\" (everybody)")
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// === impl HostPort ===

impl FromStr for HostPort {
    type Err = String;
    fn from_str(s: &str) -> Result<HostPort, String> {
        let t = s.trim();
        let good = t.rsplit_once(':').is_some_and(|(host, port)| {
            let v6 = host.starts_with('[') && host.ends_with(']') && host[1..host.len() - 1].parse::<std::net::Ipv6Addr>().is_ok();
            let name = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
            (v6 || name) && port.parse::<u16>().is_ok_and(|p| p > 0)
        });
        if good {
            Ok(HostPort(t.to_owned()))
        } else {
            Err(format!("{s:?} is no address; write host:port, such as \"smsc.example.net:2775\""))
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Hosts ===

impl FromStr for Hosts {
    type Err = String;
    fn from_str(s: &str) -> Result<Hosts, String> {
        s.split(',').map(str::parse).collect::<Result<_, _>>().map(Hosts)
    }
}

impl<'de> Deserialize<'de> for Hosts {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Hosts, D::Error> {
        let lists: Vec<Hosts> = several(d, "an address such as \"smsc.example.net:2775\", or a list of them")?;
        Ok(Hosts(lists.into_iter().flat_map(|h| h.0).collect()))
    }
}

impl Serialize for Hosts {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(|h| h.0.as_str()))
    }
}

/// Texts that read themselves by `FromStr`.
macro_rules! read_as_text {
    ($($t:ty),*) => {$(
        impl<'de> Deserialize<'de> for $t {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                d.deserialize_str(Text(PhantomData))
            }
        }
    )*};
}
read_as_text!(Network, CharsetName, Country, Url, Listen, HostPort, GatewayCode, UtcOffset);

/// Values that write themselves by `Display`.
macro_rules! write_as_text {
    ($($t:ty),*) => {$(
        impl Serialize for $t {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
    )*};
}
write_as_text!(Period, Size, Network, CharsetName, Code, Country, Url, Listen, HostPort, GatewayCode, UtcOffset);

/// How the reference page calls a kind of value.
macro_rules! named {
    ($($t:ty => $name:literal),* $(,)?) => {$(
        impl schemars::JsonSchema for $t {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "title": $name })
            }
        }
    )*};
}
named! {
    Period => "duration",
    Size => "size",
    Network => "network",
    Masks => "masks",
    CharsetName => "charset",
    Code => "code",
    Country => "country",
    Url => "URL",
    Listen => "IP:port",
    HostPort => "host:port",
    Hosts => "host:port, or list",
    GatewayCode => "gateway code",
    GatewayCodes => "gateway code, or list",
    UtcOffset => "offset from UTC",
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn durations_are_read_and_written_as_people_do() {
        for (text, ms, back) in [
            ("500ms", 500, "500ms"),
            ("30s", 30_000, "30s"),
            ("90 s", 90_000, "90s"),
            ("5m", 300_000, "5m"),
            ("48h", 172_800_000, "48h"),
            ("30d", 2_592_000_000, "30d"),
            ("1.5h", 5_400_000, "90m"),
            ("7", 7000, "7s"),
            ("0s", 0, "0s"),
        ] {
            let p: Period = text.parse().unwrap();
            assert_eq!((p.millis(), p.to_string().as_str()), (ms, back), "{text}");
        }
        for wrong in ["", "s", "5 weeks", "-3s", "1h30m", "999999d"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read_and_written() {
        for (text, octets, back) in
            [("64 MiB", 64 << 20, "64 MiB"), ("16k", 16384, "16 KiB"), ("1000", 1000, "1000"), ("2GB", 2 << 30, "2 GiB")]
        {
            let s: Size = text.parse().unwrap();
            assert_eq!((s.0, s.to_string().as_str()), (octets, back));
        }
        assert!("a lot".parse::<Size>().is_err());
    }

    #[test]
    fn addresses_and_codes_say_how_to_write_them() {
        assert_eq!("0x58".parse::<Code>().unwrap(), Code(0x58));
        assert_eq!("192.0.2.7/24".parse::<Network>().unwrap().to_string(), "192.0.2.0/24");
        assert_eq!("192.0.2.7".parse::<Network>().unwrap().to_string(), "192.0.2.7");
        assert!("smsc.example.net:2775".parse::<HostPort>().is_ok());
        assert!("[2001:db8::1]:2775".parse::<HostPort>().is_ok());
        for wrong in ["smsc.example.net", "host:0", "host:99999", ":2775", "a b:1"] {
            assert!(wrong.parse::<HostPort>().unwrap_err().contains("write host:port"), "{wrong}");
        }
        assert!("localhost".parse::<Listen>().unwrap_err().contains("IP address and a port"));
        assert!("ftp://x".parse::<Url>().is_err());
    }
}
