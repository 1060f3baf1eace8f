//! `waxwing decode`: any PDU as a person reads it.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::json;
use waxwing_cmpp::Version;
use waxwing_describe::{Description, hex};
use waxwing_gsm::udh::UserDataHeader;

use super::{Failure, out, special};

/// Arguments of `waxwing decode`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true)))]
pub struct Decode {
    /// SMPP PDUs, one or several back to back
    #[arg(long, group = "what")]
    smpp: bool,
    /// CMPP PDUs, one or several back to back
    #[arg(long, group = "what")]
    cmpp: bool,
    /// User data of an SMS that begins with a user data header
    #[arg(long, group = "what")]
    udh: bool,
    /// A WAP push, settings, ring tone, logo or picture: user data of an SMS with its header, a part a line; or a push PDU alone
    #[arg(long, group = "what")]
    push: bool,
    /// A WSP push PDU
    #[arg(long, group = "what")]
    wsp: bool,
    /// A WBXML document
    #[arg(long, group = "what")]
    wbxml: bool,
    /// User data of EMS, message waiting, a ring tone, logo or picture; a part a line
    #[arg(long, group = "what")]
    smart: bool,
    /// An MMS PDU
    #[arg(long, group = "what")]
    mms: bool,
    /// Data coding of --smart, in hexadecimal; F5, 8-bit data, unless given
    #[arg(long, value_name = "DCS", requires = "smart", value_parser = data_coding)]
    dcs: Option<u8>,
    /// Version of the CMPP PDUs; without it, for each PDU the one that it fits to the octet, else 3.0
    #[arg(long, value_enum, value_name = "VERSION")]
    cmpp_version: Option<CmppVersion>,
    /// JSON, for machines
    #[arg(long)]
    json: bool,
    /// The file, binary or hexadecimal; without one, standard input
    file: Option<PathBuf>,
}

/// Wire layouts of CMPP.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum CmppVersion {
    #[value(name = "2", alias = "2.0")]
    V2,
    #[value(name = "3", alias = "3.0")]
    V3,
}

/// Prints a description. Where a part cannot be read, what can be is printed, and the reason is the error.
pub(super) fn run(args: &Decode) -> Result<(), Failure> {
    if args.cmpp_version.is_some() && !args.cmpp {
        return Err(Failure::Usage("--cmpp-version goes with --cmpp only".to_owned()));
    }
    let input = read(args)?;
    if args.push || args.smart {
        return special::decode(&parts(input), args.smart.then(|| args.dcs.unwrap_or(special::USUAL)), args.json);
    }
    let octets = octets(input);
    if args.wsp {
        print(&special::with_mms(waxwing_wap::describe::push(&octets), &octets), args.json)
    } else if args.mms {
        print(&waxwing_mms::describe::describe(&octets), args.json)
    } else if args.wbxml {
        print(&waxwing_wap::describe::wbxml(&octets), args.json)
    } else if args.smpp {
        print(&waxwing_smpp::describe::describe(&octets), args.json)
    } else if args.cmpp {
        let version = args.cmpp_version.map(|version| match version {
            CmppVersion::V2 => Version::V2,
            CmppVersion::V3 => Version::V3,
        });
        print(&waxwing_cmpp::describe::describe(&octets, version), args.json)
    } else {
        udh(&octets, args.json)
    }
}

fn read(args: &Decode) -> Result<Vec<u8>, Failure> {
    match &args.file {
        Some(path) => std::fs::read(path).map_err(|e| Failure::Usage(format!("{} cannot be read: {e}", path.display()))),
        None => {
            let mut all = Vec::new();
            std::io::stdin().read_to_end(&mut all)?;
            Ok(all)
        }
    }
}

/// What looks like hexadecimal is hexadecimal, with white space, colons and dashes between the digits; everything else is taken as it is.
fn octets(input: Vec<u8>) -> Vec<u8> {
    let text: Option<String> =
        std::str::from_utf8(&input).ok().map(|t| t.chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-')).collect());
    text.filter(|t| !t.is_empty()).and_then(|t| crate::config::unhex(t.strip_prefix("0x").unwrap_or(&t))).unwrap_or(input)
}

/// Each line by itself, where every line is hexadecimal; else the whole as [`octets`] has it.
fn parts(input: Vec<u8>) -> Vec<Vec<u8>> {
    let lines: Option<Vec<Vec<u8>>> = std::str::from_utf8(&input).ok().and_then(|text| {
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
        lines.map(|l| crate::config::unhex(&l.replace([':', '-'], ""))).collect()
    });
    lines.filter(|l| !l.is_empty()).unwrap_or_else(|| vec![octets(input)])
}

fn data_coding(text: &str) -> Result<u8, String> {
    u8::from_str_radix(text, 16).map_err(|_| format!("{text:?} is none of 0 to FF"))
}

/// Prints what a description has of PDUs; its error is for the caller to print.
pub(super) fn print(description: &Description, json: bool) -> Result<(), Failure> {
    if json {
        out::line(description.to_json());
    } else if !description.pdus().is_empty() {
        out::line(description.pdus_to_text());
    }
    description.error().map_or(Ok(()), |reason| Err(Failure::Failed(reason.to_owned())))
}

fn udh(octets: &[u8], json: bool) -> Result<(), Failure> {
    let (header, rest) = UserDataHeader::parse(octets).map_err(Failure::of)?;
    if json {
        let elements: Vec<String> = header.elements().iter().map(|e| format!("{e:?}")).collect();
        let part = header.concatenation().map(|c| json!({ "reference": c.reference, "number": c.number, "total": c.total }));
        out::line(json!({ "elements": elements, "concatenation": part, "rest": hex(rest) }));
    } else {
        for e in header.elements() {
            out::line(format_args!("{e:?}"));
        }
        out::line(format_args!("user data: {} octets: {}", rest.len(), hex(rest)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_recognised_and_binary_left_alone() {
        assert_eq!(octets(b"00 0a:FF-10\n".to_vec()), [0, 10, 255, 16]);
        assert_eq!(octets(b"0x000a".to_vec()), [0, 10]);
        assert_eq!(octets(b"\x00\x0a".to_vec()), [0, 10]);
        assert_eq!(octets(b"hello".to_vec()), b"hello");
    }
}
