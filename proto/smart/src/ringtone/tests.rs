#![allow(clippy::unwrap_used)]

use super::*;

/// A tone as it was published to explain the format.
const PUBLISHED: &str = "024A3A650995D1D195C93D999804144288F511610611624D30831445";

fn hex(digits: &str) -> Vec<u8> {
    digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The notes of a tone with all that was set before them.
fn heard(tone: &Ringtone) -> Vec<(Note, Scale, Style, Tempo)> {
    let (mut scale, mut style, mut tempo) = Default::default();
    let mut heard = Vec::new();
    for instruction in tone.instructions() {
        match instruction {
            Instruction::Note(note) if note.pitch == Pitch::Pause => heard.push((note, Scale::A440, Style::Natural, tempo)),
            Instruction::Note(note) => heard.push((note, scale, style, tempo)),
            Instruction::Scale(new) => scale = new,
            Instruction::Style(new) => style = new,
            Instruction::Tempo(new) => tempo = new,
            Instruction::Volume(_) => {}
        }
    }
    heard
}

#[test]
fn a_published_tone_is_read() {
    let tone = Ringtone::from_binary(&hex(PUBLISHED)).unwrap();
    // It says more instructions, and was cut for the page that has it: it plays as far as it goes.
    assert_eq!((tone.name.as_str(), tone.to_rtttl().as_str()), ("BetterOff", "BetterOff:d=8,o=6,b=140,l=10:c,p,c,a5,p"));
}

#[test]
fn rtttl_becomes_instructions() {
    let tone = Ringtone::from_rtttl("Tune:d=4,o=5,b=112:8e6,c.,p,2f#").unwrap();
    let note = |pitch, duration, modifier| Instruction::Note(Note { pitch, duration, modifier });
    assert_eq!(tone.name, "Tune");
    assert_eq!(
        tone.instructions().collect::<Vec<_>>(),
        [
            Instruction::Scale(Scale::A1760),
            Instruction::Style(Style::Natural),
            Instruction::Tempo(Tempo::from_beats(112)),
            note(Pitch::E, Duration::Eighth, Modifier::None),
            Instruction::Scale(Scale::A880),
            note(Pitch::C, Duration::Quarter, Modifier::Dotted),
            note(Pitch::Pause, Duration::Quarter, Modifier::None),
            note(Pitch::FSharp, Duration::Half, Modifier::None),
        ]
    );
    assert_eq!(tone.to_rtttl(), "Tune:d=4,o=5,b=112:8e6,c.,p,2f#");
    assert_eq!(Ringtone::from_binary(&tone.to_binary().unwrap()).unwrap(), tone);
}

#[test]
fn what_files_have_is_understood() {
    for (found, plain) in [
        ("A : d=4 , o=5 , b=125 : c , 8 d # . 6 , p ", "A:d=4,o=5,b=125:c,8d#6.,p"),
        ("A:b=125,o=5:c,d,e", "A:d=4,o=5,b=125:c,d,e"),
        ("A:D=4,O=5,B=125:C,D,H,8.A#", "A:d=4,o=5,b=125:c,d,b,8a#."),
        ("A::c,d,e", "A:d=4,o=6,b=63:c,d,e"),
        ("A:o=5,b=125,c,d,e", "A:d=4,o=5,b=125:c,d,e"),
        ("A:d=4,o=5,b=125:eb,bb,ab,cb,h#,e#,fb", "A:d=4,o=5,b=125:d#,a#,g#,b4,c6,f,e"),
        ("A:d=4,o=5,b=125:c.6,c6.,.c6,c..6,c;,c&", "A:d=4,o=6,b=125:c.,c.,c.,c;,c5;,c5&"),
        ("A:d=4,o=5,b=125:c,o=6,c,d=8,c,b=200,c,s=S,c,c", "A:d=8,o=6,b=125:4c5,4c,c,b=200,c,s=S,c,c"),
        ("A:d=4,o=3,b=125,x=9,junk:c,d9", "A:d=4,o=4,b=125:c,d7"),
        ("A:d=4,o=5,b=125,s=C,l=15,v=9:c,,c,\r\n", "A:d=4,o=5,b=125,s=C,v=9,l=15:c,c"),
        ("A:d=4,o=5,b=101:#c,c_,r,-,p", "A:d=4,o=5,b=100:c#,c#,p,p,p"),
        (":d=4,o=5,b=1:c", ":d=4,o=5,b=25:c"),
    ] {
        let tone = Ringtone::from_rtttl(found).unwrap();
        assert_eq!(tone.to_rtttl(), plain, "{found}");
        assert_eq!(Ringtone::from_rtttl(plain).unwrap().instructions().collect::<Vec<_>>(), tone.instructions().collect::<Vec<_>>());
    }
}

#[test]
fn what_is_no_rtttl_is_told_with_its_place() {
    for (text, position, message) in [
        ("", 0, "there is no colon; write name:defaults:notes, as in Tune:d=4,o=5,b=112:c,e,g"),
        ("A:d=4:", 6, "there are no notes behind the defaults"),
        ("Ä:d=4:c,x", 8, "'x' is no note; notes are c, d, e, f, g, a, b (or h) and p for a pause"),
        ("A:d=4:c,3c", 8, "a duration of 3 is none; it is 1, 2, 4, 8, 16 or 32"),
        ("A:d=5:c", 4, "a duration of 5 is none; it is 1, 2, 4, 8, 16 or 32"),
        ("A:o=:c", 4, "o is no value of this setting; an octave is 4 to 7"),
        ("A:d=4,s=x:c", 8, "s is no value of this setting; a style is N, C or S"),
        ("A:d=4:c, 16", 11, "the note is missing behind its duration"),
        ("A:d=4:c,d5d", 10, "'d' can't stand behind a note; notes are separated by commas"),
        ("A:d=4:99999999c", 6, "the number is too large"),
    ] {
        let error = Ringtone::from_rtttl(text).unwrap_err();
        assert_eq!((error.position, error.problem.to_string().as_str()), (position, message), "{text}");
    }
    let long = format!("A::{}", "c,".repeat(2000));
    assert_eq!(Ringtone::from_rtttl(&long).unwrap_err().problem, RtttlProblem::TooLong { limit: 1020 });
}

#[test]
fn long_tones_have_several_patterns() {
    let tone = Ringtone::from_rtttl(&format!("Long:l=3:{}", "c,d,".repeat(200))).unwrap();
    let lengths: Vec<_> = tone.patterns.iter().map(|pattern| (pattern.id, pattern.repeat, pattern.instructions.len())).collect();
    assert_eq!(lengths, [(0, 0, 255), (1, 0, 148)]);
    assert_eq!(Ringtone::from_binary(&tone.to_binary().unwrap()).unwrap(), tone);
    let written = Ringtone::from_rtttl(&tone.to_rtttl()).unwrap();
    assert_eq!(heard(&written), heard(&tone));
}

#[test]
fn patterns_are_named_again() {
    let note = Instruction::Note(Note { pitch: Pitch::A, duration: Duration::Half, modifier: Modifier::None });
    let defined = Pattern { id: 2, repeat: 1, instructions: vec![note] };
    let again = Pattern { id: 2, repeat: 0, instructions: Vec::new() };
    let unknown = Pattern { id: 1, ..again.clone() };
    let tone = Ringtone { name: "Двойной".into(), patterns: vec![unknown, defined, again] };
    assert_eq!(tone.instructions().collect::<Vec<_>>(), [note, note]);
    assert_eq!(Ringtone::from_binary(&tone.to_binary().unwrap()).unwrap(), tone);
}

#[test]
fn what_fields_cannot_say_is_refused() {
    let tone = |pattern| Ringtone { name: String::new(), patterns: vec![pattern] };
    let pattern = Pattern::default();
    let long = tone(Pattern { instructions: vec![Instruction::Scale(Scale::A440); 256], ..pattern.clone() });
    assert_eq!(long.to_binary().unwrap_err().to_string(), "the pattern of a ring tone takes 256 instructions and may take 255; shorten it");
    let id = tone(Pattern { id: 4, ..pattern.clone() });
    assert_eq!(id.to_binary().unwrap_err().to_string(), "the name of a pattern 4 is outside 0 to 3; choose another");
    assert!(tone(Pattern { repeat: 16, ..pattern }).to_binary().is_err());
    let name = Ringtone { name: "0123456789abc😀f".into(), patterns: Vec::new() };
    assert_eq!(Ringtone::from_binary(&name.to_binary().unwrap()).unwrap().name, "0123456789abc😀");
    let name = Ringtone { name: "0123456789abcd😀".into(), patterns: Vec::new() };
    assert_eq!(Ringtone::from_binary(&name.to_binary().unwrap()).unwrap().name, "0123456789abcd");
}

#[test]
fn what_is_no_ring_tone_is_told() {
    for (octets, message) in [
        (&[][..], "octet 0: the number of commands is missing; the message was cut short or a part is missing"),
        (&[0x02, 0x0a], "octet 1: ring tone command 0x05 is not supported; ask the sender for the plain form"),
        (&[0x02, 0x4a, 0x3a, 0x80], "octet 3: the number of patterns is missing; the message was cut short or a part is missing"),
        (&[0x02, 0x4a, 0x3b, 0x80], "octet 2: song type 0x06 is not supported; ask the sender for the plain form"),
        (&[0x02, 0x4a, 0x3a, 0x7f], "octet 3: the name is missing; the message was cut short or a part is missing"),
    ] {
        assert_eq!(Ringtone::from_binary(octets).unwrap_err().to_string(), message);
    }
}

#[test]
fn imelody_is_written() {
    let tone = Ringtone::from_rtttl("Tune:d=4,o=5,b=112,s=S:8e6,c.,p,2f#,a;7,b&4").unwrap();
    assert_eq!(
        tone.to_imelody(),
        "BEGIN:IMELODY\r\nVERSION:1.2\r\nFORMAT:CLASS1.0\r\nNAME:Tune\r\nBEAT:112\r\nSTYLE:S2\r\nMELODY:*5e3c2.r2#f1*6a2:*3b2;\r\nEND:IMELODY\r\n"
    );
}

#[test]
fn a_tone_goes_to_its_port() {
    let tone = Ringtone::from_rtttl(&format!("Long::{}", "c,d,".repeat(60))).unwrap();
    let parts = tone.encode(Splitting { reference: 7, max_segments: 3 }).unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[1].octets()[..12], [0x0b, 0x00, 0x03, 0x07, 0x02, 0x02, 0x05, 0x04, 0x15, 0x81, 0x15, 0x81]);
    assert!(parts.iter().all(|part| part.octets().len() <= 140 && part.data_coding.0 == 0xf5));
    let too_many = tone.encode(Splitting { reference: 7, max_segments: 1 }).unwrap_err();
    assert_eq!(too_many.to_string(), "the message takes 2 segments and 1 are allowed; shorten it or raise the limit");
}
