//! `waxwing mmscomp`: multimedia messages made of a header file and content files, and taken apart into them.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Args;
use waxwing_mms::content::{MIXED, Names, RELATED, SMIL, extension_of, type_of_name};
use waxwing_mms::smil::{Style, present, rewrite};
use waxwing_mms::{Content, HeaderFile, Limits, Multipart, Part, Pdu};
use waxwing_wap::Charset;
use waxwing_wap::wsp::{ContentType, Parameter};

use super::{Failure, out};

/// Arguments of `waxwing mmscomp`.
#[derive(Debug, Args)]
pub struct Mmscomp {
    /// The header file, lines of `Name: value`; with --extract, the message
    #[arg(value_name = "HEADER")]
    file: PathBuf,
    /// Content files: pictures, sounds, texts, a presentation (.smil); they come after those that the header file names
    #[arg(conflicts_with = "extract")]
    files: Vec<PathBuf>,
    /// Charset of the header file and of text files, such as iso-8859-1; without it UTF-8, and ISO-8859-1 for what is not
    #[arg(short, long, value_parser = charset)]
    charset: Option<Charset>,
    /// Make a presentation where no file is one
    #[arg(long, conflicts_with = "extract")]
    smil: bool,
    /// Where the message is written; the header file's name with the ending .mms unless given
    #[arg(short, long, value_name = "FILE", conflicts_with = "extract")]
    output: Option<PathBuf>,
    /// Take a message apart into a header file and content files
    #[arg(short = 'x', long)]
    extract: bool,
    /// Where the files are written; a folder with the message's name unless given
    #[arg(short = 'd', long, value_name = "FOLDER", requires = "extract")]
    folder: Option<PathBuf>,
}

/// Largest file that is read, octets: far more than phones take.
const MOST: u64 = 64 << 20;

/// Does it, and prints the names of what was written.
pub(super) fn run(args: &Mmscomp) -> Result<(), Failure> {
    if args.extract { extract(args) } else { compile(args) }
}

fn charset(name: &str) -> Result<Charset, String> {
    Charset::from_name(name.trim())
        .ok_or_else(|| format!("the charset {name:?} is not known; known are such as utf-8, iso-8859-1 and big5"))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |e: &dyn std::fmt::Display| Failure::Usage(format!("{} cannot be read: {e}", path.display()));
    let size = std::fs::metadata(path).map_err(|e| wrong(&e))?.len();
    if size > MOST {
        return Err(wrong(&format_args!("it has {size} octets, at most {MOST} are taken")));
    }
    std::fs::read(path).map_err(|e| wrong(&e))
}

fn compile(args: &Mmscomp) -> Result<(), Failure> {
    let place = args.file.display();
    let octets = read(&args.file)?;
    let text = match args.charset {
        Some(charset) => charset.decode(&octets).ok_or_else(|| Failure::Usage(format!("{place} is not in that charset")))?,
        None => Charset::UTF_8.decode(&octets).or_else(|| Charset::ISO_8859_1.decode(&octets)).unwrap_or_default(),
    };
    let mut header = HeaderFile::parse(&text).map_err(|e| Failure::Usage(format!("{place}: {e}")))?;
    if let Some(charset) = args.charset {
        header.set_charset(charset);
    }
    let beside = args.file.parent().unwrap_or(Path::new(""));
    let named = header.files.iter().map(|name| beside.join(name));
    let parts = named.chain(args.files.iter().cloned()).map(|path| part(&path, args.charset)).collect::<Result<Vec<_>, _>>()?;
    let mut pdu = header.pdu;
    pdu.content = content(header.content_type, parts, args.smil);
    let missing: Vec<&str> = pdu.missing().iter().map(|field| field.name()).collect();
    if !missing.is_empty() {
        out::warning(format_args!("{place}: an {} should have {}", pdu.kind, missing.join(", ")));
    }
    let wire = pdu.encode().map_err(|e| Failure::Failed(format!("{place}: {e}")))?;
    let target = args.output.clone().unwrap_or_else(|| args.file.with_extension("mms"));
    std::fs::write(&target, &wire).map_err(|e| Failure::Failed(format!("{} cannot be written: {e}", target.display())))?;
    out::line(format_args!("{} {} octets", target.display(), wire.len()));
    Ok(())
}

/// A file as a part: its type by its ending, its name without folders.
fn part(path: &Path, charset: Option<Charset>) -> Result<Part, Failure> {
    let data = read(path)?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut part = Part::new(ContentType::new(type_of_name(&name).unwrap_or("application/octet-stream")), data);
    if part.is_text() {
        let own = if std::str::from_utf8(&part.data).is_ok() { Charset::UTF_8 } else { Charset::ISO_8859_1 };
        // Presentations are XML, which is UTF-8 unless it says otherwise.
        let charset = charset.filter(|_| !part.content_type.is(SMIL)).unwrap_or(own);
        part.content_type.parameters.push(Parameter::charset(charset));
    }
    part.set_name(&name);
    if part.content_type.is(SMIL) {
        part.set_content_id("smil");
    }
    Ok(part)
}

/// What the header file says that it is, else a multipart with the first presentation as its root, else parts side by side.
fn content(wanted: Option<ContentType>, mut parts: Vec<Part>, make: bool) -> Option<Content> {
    let is_multipart = wanted.as_ref().is_none_or(|t| t.media.to_ascii_lowercase().contains("multipart"));
    match wanted {
        None if parts.is_empty() => return None,
        Some(wanted) if !is_multipart => {
            let mut only = if parts.is_empty() { Part::new(wanted.clone(), Bytes::new()) } else { parts.swap_remove(0) };
            only.content_type = wanted;
            return Some(Content::Single(only));
        }
        _ => {}
    }
    let root = parts.iter().position(|p| p.content_type.is(SMIL));
    let is_related = wanted.as_ref().is_none_or(|t| t.media.to_ascii_lowercase().ends_with("related"));
    Some(Content::from(match (root, wanted) {
        (None, _) if make => present(parts, &Style::default()),
        (Some(at), wanted) if is_related => {
            let root = parts.remove(at);
            let media = wanted.map(|t| t.media);
            let mut multipart = Multipart::related(root, parts);
            multipart.content_type.media = media.unwrap_or_else(|| RELATED.to_owned());
            multipart
        }
        // `start` and `type` would name a root that is not there.
        (_, Some(wanted)) => Multipart { content_type: ContentType::new(wanted.media), parts },
        (_, None) => Multipart { content_type: ContentType::new(MIXED), parts },
    }))
}

fn extract(args: &Mmscomp) -> Result<(), Failure> {
    let place = args.file.display();
    let decoded = Pdu::decode(Bytes::from(read(&args.file)?)).map_err(|e| Failure::Failed(format!("{place}: {e}")))?;
    let mut pdu = decoded.pdu;
    let parts = match pdu.content.take() {
        Some(content) => {
            let leaves = content.leaves(Limits::default()).map_err(|e| Failure::Failed(format!("{place}: {e}")))?;
            pdu.content = Some(content);
            leaves
        }
        None => Vec::new(),
    };
    let stem = args.file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = safe(&stem).unwrap_or_else(|| "message".to_owned());
    let folder = args.folder.clone().unwrap_or_else(|| args.file.with_file_name(&stem));
    std::fs::create_dir_all(&folder).map_err(|e| Failure::Failed(format!("{} cannot be made: {e}", folder.display())))?;
    let header_name = format!("{stem}.hdr");
    let names = file_names(&parts, &header_name);
    let references = Names::new(&parts);
    for (part, name) in parts.iter().zip(&names) {
        let data = contents(part, |reference| references.part(reference).and_then(|at| names.get(at).cloned()));
        write_new(&folder.join(name), &data)?;
    }
    write_new(&folder.join(&header_name), HeaderFile::of(&pdu, names).to_string().as_bytes())
}

/// The octets of a part as a file: texts in UTF-8, and presentations with the names of the files.
fn contents(part: &Part, name: impl FnMut(&str) -> Option<String>) -> Bytes {
    if part.content_type.is(SMIL) {
        let text = part.decoded_text();
        return Bytes::from(rewrite(&text, name).unwrap_or(text));
    }
    let is_other = part.is_text() && part.charset().is_some_and(|c| c != Charset::UTF_8 && c != Charset::US_ASCII);
    if is_other { Bytes::from(part.decoded_text()) } else { part.data.clone() }
}

/// A name for each part, all different, with the ending of its type; none leads out of the folder.
fn file_names(parts: &[Part], header: &str) -> Vec<String> {
    let mut taken: HashSet<String> = [header.to_lowercase()].into();
    let mut names = Vec::with_capacity(parts.len());
    for (part, number) in parts.iter().zip(1..) {
        let media = &part.content_type.media;
        let known = extension_of(media);
        let name = part.file_name().and_then(|n| safe(&n)).unwrap_or_else(|| format!("part{number}.{known}"));
        let fits = type_of_name(&name).is_some_and(|t| t.eq_ignore_ascii_case(media)) || known == "bin";
        let name = if fits { name } else { format!("{name}.{known}") };
        // The numbers are more than the parts.
        let free = |name: &String| !taken.contains(&name.to_lowercase());
        let name = Some(name.clone()).filter(free).or_else(|| (number..).map(|n| format!("{n}-{name}")).find(free)).unwrap_or(name);
        taken.insert(name.to_lowercase());
        names.push(name);
    }
    names
}

/// A name as every file system takes it.
fn safe(name: &str) -> Option<String> {
    let clean = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let name: String = name.chars().map(clean).take(60).collect();
    Some(name.trim_start_matches(['.', '-']).to_owned()).filter(|n| !n.is_empty())
}

/// Writes a file that is not there yet: what a stranger's message calls its parts takes the place of nothing.
fn write_new(path: &Path, octets: &[u8]) -> Result<(), Failure> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(octets));
    written.map_err(|e| {
        let mend = if e.kind() == std::io::ErrorKind::AlreadyExists { "; take another folder with --folder" } else { "" };
        Failure::Failed(format!("{} cannot be written: {e}{mend}", path.display()))
    })?;
    out::line(path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_stay_in_the_folder_and_apart() {
        let gif = |name: &str| Part::new(ContentType::new("image/gif"), &b"GIF89a"[..]).with_content_location(name);
        let parts = [gif("../../etc/passwd"), gif("a.gif"), gif("A.GIF"), gif("-rf.gif"), gif("m.hdr"), gif(""), gif("tä/st.jpg")];
        let names = file_names(&parts, "m.hdr");
        assert_eq!(names, ["passwd.gif", "a.gif", "3-A.GIF", "rf.gif", "m.hdr.gif", "part6.gif", "st.jpg.gif"]);
    }

    #[test]
    fn the_kind_of_content_follows_the_header_and_the_files() {
        let text = || Part::text("a").named("a.txt");
        let smil = || Part::new(ContentType::new(SMIL), "<smil/>").named("a.smil").with_content_id("smil");
        let media = |c: Option<Content>| c.map(|c| c.content_type().to_string()).unwrap_or_default();
        assert_eq!(content(None, vec![], false), None);
        assert_eq!(media(content(None, vec![text()], false)), MIXED);
        let related = media(content(None, vec![text(), smil()], false));
        assert!(related.starts_with(RELATED) && related.contains("start="), "{related}");
        assert!(media(content(None, vec![text()], true)).starts_with(RELATED));
        assert_eq!(media(content(Some(ContentType::new(MIXED)), vec![smil()], false)), MIXED);
        assert_eq!(media(content(Some(ContentType::new("text/plain")), vec![text()], false)), "text/plain");
    }
}
