//! The bits of a ring tone (Smart Messaging Specification 3.0.0, 3.8.2).

use super::{Duration, Modifier, Note, Pitch, Scale, Style, Tempo, Volume};
use super::{Instruction, MAX_INSTRUCTIONS, MAX_NAME, Pattern, REPEAT_FOREVER, Ringtone};
use crate::bits::{BitReader, BitWriter};
use crate::{DecodeError, EncodeError};

/// Commands, of 7 bits.
mod command {
    pub(super) const RINGTONE: u16 = 0x25;
    pub(super) const SOUND: u16 = 0x1d;
    pub(super) const UNICODE: u16 = 0x22;
}

/// Song types, of 3 bits.
mod song {
    pub(super) const BASIC: u16 = 1;
    /// Played once and not kept; it has no name.
    pub(super) const TEMPORARY: u16 = 2;
}

/// Instructions, of 3 bits.
mod instruction {
    pub(super) const PATTERN: u16 = 0;
    pub(super) const NOTE: u16 = 1;
    pub(super) const SCALE: u16 = 2;
    pub(super) const STYLE: u16 = 3;
    pub(super) const TEMPO: u16 = 4;
    pub(super) const VOLUME: u16 = 5;
}

pub(super) fn read(octets: &[u8]) -> Result<Ringtone, DecodeError> {
    let mut bits = BitReader::new(octets);
    take(&mut bits, 8, "number of commands")?;
    let mut unicode = false;
    loop {
        bits.align();
        let offset = bits.offset();
        match take(&mut bits, 7, "command")? {
            command::RINGTONE => {}
            command::UNICODE => unicode = true,
            command::SOUND => return read_song(&mut bits, unicode),
            value => return Err(DecodeError::Unsupported { what: "ring tone command", value, offset }),
        }
    }
}

fn read_song(bits: &mut BitReader<'_>, unicode: bool) -> Result<Ringtone, DecodeError> {
    let offset = bits.offset();
    let name = match take(bits, 3, "song type")? {
        song::BASIC => read_name(bits, unicode)?,
        song::TEMPORARY => String::new(),
        value => return Err(DecodeError::Unsupported { what: "song type", value, offset }),
    };
    let count = take(bits, 8, "number of patterns")?;
    let mut patterns = Vec::new();
    for _ in 0..count {
        // What is missing of a tone that was cut short is not played; that there be a first pattern is demanded.
        match read_pattern(bits) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) if patterns.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(Ringtone { name, patterns })
}

fn read_name(bits: &mut BitReader<'_>, unicode: bool) -> Result<String, DecodeError> {
    let length = take(bits, 4, "length of the name")?;
    let units = (0..length).map(|_| take(bits, if unicode { 16 } else { 8 }, "name"));
    let units = units.collect::<Result<Vec<_>, _>>()?;
    Ok(String::from_utf16_lossy(&units))
}

fn read_pattern(bits: &mut BitReader<'_>) -> Result<Pattern, DecodeError> {
    let offset = bits.offset();
    let header = take(bits, 3, "pattern header")?;
    if header != instruction::PATTERN {
        return Err(DecodeError::Unsupported { what: "instruction in place of a pattern header,", value: header, offset });
    }
    let id = take(bits, 2, "pattern name")? as u8;
    let repeat = take(bits, 4, "pattern repetition")? as u8;
    let length = take(bits, 8, "pattern length")?;
    let instructions = (0..length).map_while(|_| read_instruction(bits)).collect();
    Ok(Pattern { id, repeat, instructions })
}

/// `None` at the end, and where an instruction has no meaning, for nobody knows how long it is.
fn read_instruction(bits: &mut BitReader<'_>) -> Option<Instruction> {
    Some(match bits.take(3)? {
        instruction::NOTE => Instruction::Note(Note {
            pitch: Pitch::from_code(bits.take(4)?),
            duration: Duration::from_code(bits.take(3)?),
            modifier: Modifier::from_code(bits.take(2)?),
        }),
        instruction::SCALE => Instruction::Scale(Scale::from_code(bits.take(2)?)),
        instruction::STYLE => Instruction::Style(Style::from_code(bits.take(2)?)),
        instruction::TEMPO => Instruction::Tempo(Tempo::from_code(bits.take(5)?)),
        instruction::VOLUME => Instruction::Volume(Volume::new(bits.take(4)? as u8)),
        _ => return None,
    })
}

fn take(bits: &mut BitReader<'_>, count: usize, what: &'static str) -> Result<u16, DecodeError> {
    let offset = bits.offset();
    bits.take(count).ok_or(DecodeError::Truncated { what, offset })
}

pub(super) fn write(tone: &Ringtone) -> Result<Vec<u8>, EncodeError> {
    let name = sent_name(&tone.name);
    let unicode = name.iter().any(|unit| *unit > 0xff);
    let mut bits = BitWriter::default();
    bits.put(if unicode { 3 } else { 2 }, 8);
    bits.put(command::RINGTONE, 7);
    bits.align();
    if unicode {
        bits.put(command::UNICODE, 7);
        bits.align();
    }
    bits.put(command::SOUND, 7);
    bits.put(song::BASIC, 3);
    bits.put(name.len() as u16, 4);
    for unit in name {
        bits.put(unit, if unicode { 16 } else { 8 });
    }
    let count = u8::try_from(tone.patterns.len()).map_err(|_| EncodeError::TooLong {
        what: "ring tone",
        size: tone.patterns.len(),
        unit: "patterns",
        limit: usize::from(u8::MAX),
    })?;
    bits.put(count.into(), 8);
    for pattern in &tone.patterns {
        write_pattern(pattern, &mut bits)?;
    }
    bits.align();
    bits.put(0, 8);
    Ok(bits.into_octets())
}

/// The UTF-16 of the name that is sent: as many whole characters as fit.
fn sent_name(name: &str) -> Vec<u16> {
    let mut units = Vec::with_capacity(MAX_NAME);
    for char in name.chars() {
        if units.len() + char.len_utf16() > MAX_NAME {
            break;
        }
        units.extend_from_slice(char.encode_utf16(&mut [0; 2]));
    }
    units
}

fn write_pattern(pattern: &Pattern, bits: &mut BitWriter) -> Result<(), EncodeError> {
    let Pattern { id, repeat, instructions } = pattern;
    let size = instructions.len();
    if size > MAX_INSTRUCTIONS {
        return Err(EncodeError::TooLong { what: "pattern of a ring tone", size, unit: "instructions", limit: MAX_INSTRUCTIONS });
    }
    for (what, value, to) in [("the name of a pattern", *id, 3), ("the repetition of a pattern", *repeat, REPEAT_FOREVER)] {
        if value > to {
            return Err(EncodeError::OutOfRange { what, value: value.into(), from: 0, to: to.into() });
        }
    }
    bits.put(instruction::PATTERN, 3);
    bits.put((*id).into(), 2);
    bits.put((*repeat).into(), 4);
    bits.put(size as u16, 8);
    for instruction in instructions {
        write_instruction(*instruction, bits);
    }
    Ok(())
}

fn write_instruction(instruction: Instruction, bits: &mut BitWriter) {
    match instruction {
        Instruction::Note(Note { pitch, duration, modifier }) => {
            bits.put(instruction::NOTE, 3);
            bits.put(pitch as u16, 4);
            bits.put(duration as u16, 3);
            bits.put(modifier as u16, 2);
        }
        Instruction::Scale(scale) => {
            bits.put(instruction::SCALE, 3);
            bits.put(scale as u16, 2);
        }
        Instruction::Style(style) => {
            bits.put(instruction::STYLE, 3);
            bits.put(style as u16, 2);
        }
        Instruction::Tempo(tempo) => {
            bits.put(instruction::TEMPO, 3);
            bits.put(tempo.code().into(), 5);
        }
        Instruction::Volume(volume) => {
            bits.put(instruction::VOLUME, 3);
            bits.put(volume.level().into(), 4);
        }
    }
}
