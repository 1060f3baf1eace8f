//! What the tests share: programs that others wrote, and messages.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use waxwing_adapt::{Adapted, Capabilities, Item, MediaTypes, Options, Size};

/// Programs that others wrote, and a folder for their files.
pub struct Peers {
    directory: tempfile::TempDir,
}

impl Peers {
    /// `None` where one of them is not installed, which is said past the test runner's capture.
    pub fn find(test: &str, programs: &[&str]) -> Option<Self> {
        for program in programs {
            let argument = if *program == "exiftool" { "-ver" } else { "-version" };
            if Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
                let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {program} is not installed");
                return None;
            }
        }
        Some(Self { directory: tempfile::tempdir().unwrap() })
    }

    /// `None` where a program cannot do something, which is said likewise.
    pub fn needs(&self, test: &str, program: &str, arguments: &str, word: &str) -> Option<()> {
        if !self.run(program, arguments).contains(word) {
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {program} has no {word}");
            return None;
        }
        Some(())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs a program in the folder; what it wrote to its output and errors.
    pub fn run(&self, program: &str, arguments: &str) -> String {
        let words = arguments.split_whitespace();
        let out = Command::new(program).args(words).current_dir(self.directory.path()).stdin(Stdio::null()).output().unwrap();
        let said = [out.stdout, out.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        // ImageMagick's compare ends with 1 where images differ at all.
        assert!(out.status.success() || (program == "compare" && out.status.code() == Some(1)), "{program} {arguments}: {said}");
        said
    }

    /// Makes a file with ImageMagick and reads it.
    pub fn convert(&self, arguments: &str, name: &str) -> Vec<u8> {
        self.run("convert", &format!("{arguments} {name}"));
        self.read(name)
    }

    /// What ImageMagick sees in an image, a line for each frame: format, width, height, type.
    pub fn identify(&self, content: &[u8], extension: &str) -> Vec<String> {
        let name = format!("seen.{extension}");
        self.file(&name, content);
        let said = self.run("identify", &format!("-format %m:%wx%h:%[channels]:%Q\\n {name}"));
        said.lines().map(str::to_owned).collect()
    }

    /// How different two images are for ImageMagick: 0 is not at all, 1 is black against white.
    pub fn difference(&self, one: &str, other: &str) -> f64 {
        let said = self.run("compare", &format!("-metric RMSE {one} {other} null:"));
        let number = said.split(['(', ')']).nth(1).unwrap();
        number.parse().unwrap()
    }
}

/// A phone that accepts these media types, and else is like any.
pub fn phone(types: &[&str]) -> Capabilities {
    Capabilities { accept: MediaTypes::new(types), ..Capabilities::default() }
}

pub fn phone_of(types: &[&str], width: u32, height: u32, octets: u64) -> Capabilities {
    Capabilities { max_image: Size::new(width, height), max_message_size: octets, ..phone(types) }
}

/// Adapts one item.
pub fn adapt_one(item: Item, phone: &Capabilities) -> Adapted {
    adapt_with(item, phone, &Options::default())
}

pub fn adapt_with(item: Item, phone: &Capabilities, options: &Options) -> Adapted {
    let adapted = waxwing_adapt::adapt(vec![item], phone, options).unwrap();
    assert_eq!(adapted.outcomes.len(), 1);
    adapted
}

/// The only item that is left.
pub fn only(adapted: &Adapted) -> &Item {
    let mut items = adapted.items();
    let item = items.next().unwrap();
    assert!(items.next().is_none());
    item
}
