//! libwbxml, written by others, reads what we write and writes what we read: every kind of document, with and without string table.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{documents, has, run, samples};
use waxwing_wap::Document;
use waxwing_wap::wbxml::{Options, PublicId, StringTable, Version};

const PACKAGE: &str = "libwbxml2-utils";

/// WBXML by `xml2wbxml`; the error where it cannot.
fn xml2wbxml(directory: &Path, xml: &str, version: &str, string_table: bool) -> Result<Vec<u8>, String> {
    let (input, output) = (directory.join("in.xml"), directory.join("out.wbxml"));
    std::fs::write(&input, xml).unwrap();
    let mut command = Command::new("xml2wbxml");
    command.args(["-v", version]);
    if !string_table {
        command.arg("-n");
    }
    let (_, _, said) = run(command.arg("-o").arg(&output).arg(&input));
    if said.contains("succeeded") { Ok(std::fs::read(output).unwrap()) } else { Err(said) }
}

/// XML by `wbxml2xml`.
fn wbxml2xml(directory: &Path, wbxml: &[u8], language: Option<&str>) -> String {
    let input = directory.join("in.wbxml");
    std::fs::write(&input, wbxml).unwrap();
    let mut command = Command::new("wbxml2xml");
    command.args(["-m", "0", "-o", "-"]);
    if let Some(language) = language {
        command.args(["-l", language]);
    }
    let (_, xml, said) = run(command.arg(&input));
    assert!(said.contains("succeeded"), "{said}: {wbxml:02x?}");
    String::from_utf8(xml).unwrap()
}

/// libwbxml cannot tell the settings of Nokia and Ericsson by their public identifier.
fn language(document: &Document) -> Option<&'static str> {
    matches!(document, Document::Ota(_)).then_some("OTA")
}

#[test]
fn libwbxml_reads_what_we_write() {
    if !has("libwbxml_reads_what_we_write", "wbxml2xml", PACKAGE) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for document in documents() {
        for version in [Version::V1_1, Version::V1_2, Version::V1_3] {
            for (string_table, public_id) in [
                (StringTable::WhenNeeded, PublicId::Number),
                (StringTable::Repeated, PublicId::Number),
                (StringTable::WhenNeeded, PublicId::Name),
            ] {
                let wbxml = document.to_wbxml(Options { version, string_table, public_id }).unwrap();
                let xml = wbxml2xml(directory.path(), &wbxml, language(&document));
                assert_eq!(Document::from_xml(&xml).unwrap(), document, "{xml}");
            }
        }
    }
}

#[test]
fn we_read_what_libwbxml_writes() {
    if !has("we_read_what_libwbxml_writes", "xml2wbxml", PACKAGE) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for document in documents() {
        let xml = document.to_xml().unwrap();
        let mut read = 0;
        for version in ["1.1", "1.2", "1.3"] {
            for string_table in [true, false] {
                // Without a string table it cannot write names that have no token, as it has none for names with a prefix.
                match xml2wbxml(directory.path(), &xml, version, string_table) {
                    Ok(wbxml) => {
                        assert_eq!(Document::from_wbxml(&wbxml).unwrap(), document, "{xml}\n{wbxml:02x?}");
                        read += 1;
                    }
                    Err(said) => assert!(!string_table && said.contains("can't encode Literal"), "{said}\n{xml}"),
                }
            }
        }
        assert!(read >= 3, "{xml}");
    }
}

#[test]
fn the_documents_of_libwbxml_go_both_ways() {
    let name = "the_documents_of_libwbxml_go_both_ways";
    if !has(name, "xml2wbxml", PACKAGE) {
        return;
    }
    let Some(samples) = samples(name) else { return };
    let directory = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(samples.join("xml")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let xml = std::fs::read_to_string(&path).unwrap();
        if !file.starts_with("libwbxml") {
            assert!(Document::from_xml(&xml).is_ok(), "{file}");
            continue;
        }
        // These break rules of their type, which libwbxml does not look at.
        let expected = match file.as_str() {
            "libwbxml-si-008.xml" => Some("indication@si-id: the action delete needs an si-id: it says what to delete"),
            "libwbxml-drmrel-002.xml" | "libwbxml-drmrel-003.xml" => {
                Some("ds:KeyValue: \"Cei4QxjWo9Kg8D3pKgxw=\" is not allowed; use base64")
            }
            _ => None,
        };
        match (Document::from_xml(&xml), expected) {
            (Ok(document), None) => {
                for string_table in [true, false] {
                    if let Ok(wbxml) = xml2wbxml(directory.path(), &xml, "1.2", string_table) {
                        assert_eq!(Document::from_wbxml(&wbxml).unwrap(), document, "{file}");
                        seen += 1;
                    }
                }
                let wbxml = document.to_wbxml(Options::default()).unwrap();
                let again = wbxml2xml(directory.path(), &wbxml, language(&document));
                assert_eq!(Document::from_xml(&again).unwrap(), document, "{file}");
            }
            (Err(error), Some(expected)) => assert!(error.to_string().ends_with(expected), "{file}: {error}"),
            (read, expected) => panic!("{file}: {read:?}, expected {expected:?}"),
        }
    }
    assert!(seen >= 43, "{seen} documents");
}
