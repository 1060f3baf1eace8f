//! Writing SMIL.

use std::fmt::Write as _;

use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, Parameter};

use super::scan::escape;
use super::{Length, Media, Region, Smil, clock};
use crate::content::{self, Part};

impl Smil {
    /// The document as text.
    pub fn to_xml(&self) -> String {
        let mut out = String::from("<smil><head><layout>");
        // Writing to a String cannot fail, here and below.
        if self.width.is_some() || self.height.is_some() {
            out.push_str("<root-layout");
            lengths(&[("width", self.width), ("height", self.height)], &mut out);
            out.push_str("/>");
        }
        self.regions.iter().for_each(|region| region.write(&mut out));
        out.push_str("</layout></head><body>");
        for slide in &self.slides {
            out.push_str("<par");
            if let Some(duration) = slide.duration {
                let _ = write!(out, " dur=\"{}\"", clock::print(duration));
            }
            out.push('>');
            slide.media.iter().for_each(|media| media.write(&mut out));
            out.push_str("</par>");
        }
        out.push_str("</body></smil>");
        out
    }

    /// The document as a part, whose Content-ID is `smil`.
    pub fn to_part(&self) -> Part {
        let content_type = ContentType::new(content::SMIL).with(Parameter::charset(Charset::UTF_8));
        Part::new(content_type, self.to_xml()).named("smil.smil").with_content_id("smil")
    }
}

fn lengths(lengths: &[(&str, Option<Length>)], out: &mut String) {
    for (name, length) in lengths {
        if let Some(length) = length {
            let _ = write!(out, " {name}=\"{length}\"");
        }
    }
}

fn text(name: &str, value: Option<&str>, out: &mut String) {
    if let Some(value) = value {
        let _ = write!(out, " {name}=\"{}\"", escape(value));
    }
}

impl Region {
    fn write(&self, out: &mut String) {
        out.push_str("<region");
        text("id", Some(&self.id), out);
        lengths(&[("width", self.width), ("height", self.height), ("left", self.left), ("top", self.top)], out);
        text("fit", self.fit.as_deref(), out);
        out.push_str("/>");
    }
}

impl Media {
    fn write(&self, out: &mut String) {
        let _ = write!(out, "<{}", self.kind.name());
        text("src", Some(&self.source), out);
        text("region", self.region.as_deref(), out);
        text("alt", self.alternative.as_deref(), out);
        for (name, time) in [("begin", self.begin), ("end", self.end), ("dur", self.duration)] {
            if let Some(time) = time {
                let _ = write!(out, " {name}=\"{}\"", clock::print(time));
            }
        }
        out.push_str("/>");
    }
}
