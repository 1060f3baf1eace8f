//! iMelody 1.2 (Infrared Data Association, 2000), which user-defined sounds of EMS are written in.

use std::fmt::Write as _;

use super::{Instruction, Modifier, Pitch, Ringtone, Scale, Style, Tempo, Volume};

/// Writes one. An octave sign holds for one note only, and is left out for the octave where A is 880 Hz.
pub(super) fn write(tone: &Ringtone) -> String {
    let mut melody = String::new();
    let mut scale = Scale::default();
    let mut first: (Option<Tempo>, Option<Style>, Option<Volume>) = (None, None, None);
    for instruction in tone.instructions() {
        match instruction {
            Instruction::Scale(new) => scale = new,
            Instruction::Tempo(tempo) => drop(first.0.get_or_insert(tempo)),
            Instruction::Style(style) => drop(first.1.get_or_insert(style)),
            Instruction::Volume(volume) => drop(first.2.get_or_insert(volume)),
            Instruction::Note(note) => {
                if note.pitch != Pitch::Pause && scale != Scale::A880 {
                    // Writing to a String cannot fail, here and below.
                    let _ = write!(melody, "*{}", scale.octave() - 1);
                }
                melody.push_str(name(note.pitch));
                let _ = write!(melody, "{}", note.duration as u8);
                melody.push_str(match note.modifier {
                    Modifier::None => "",
                    Modifier::Dotted => ".",
                    Modifier::DoubleDotted => ":",
                    Modifier::TwoThirds => ";",
                });
            }
        }
    }
    let mut out = String::from("BEGIN:IMELODY\r\nVERSION:1.2\r\nFORMAT:CLASS1.0\r\n");
    let title: String = tone.name.chars().filter(|char| !char.is_control()).collect();
    if !title.is_empty() {
        let _ = write!(out, "NAME:{title}\r\n");
    }
    let (tempo, style, volume) = (first.0.unwrap_or_default(), first.1.unwrap_or_default(), first.2.unwrap_or_default());
    let _ = write!(out, "BEAT:{}\r\nSTYLE:S{}\r\n", tempo.beats(), style as u8);
    if volume != Volume::default() {
        let _ = write!(out, "VOLUME:V{}\r\n", volume.level());
    }
    let _ = write!(out, "MELODY:{melody}\r\nEND:IMELODY\r\n");
    out
}

const fn name(pitch: Pitch) -> &'static str {
    match pitch {
        Pitch::Pause => "r",
        Pitch::C => "c",
        Pitch::CSharp => "#c",
        Pitch::D => "d",
        Pitch::DSharp => "#d",
        Pitch::E => "e",
        Pitch::F => "f",
        Pitch::FSharp => "#f",
        Pitch::G => "g",
        Pitch::GSharp => "#g",
        Pitch::A => "a",
        Pitch::ASharp => "#a",
        Pitch::B => "b",
    }
}
