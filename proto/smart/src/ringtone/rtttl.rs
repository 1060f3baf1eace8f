//! RTTTL, the text form of ring tones: `name:defaults:notes`, as `Tune:d=4,o=5,b=112:8e6,c.,p,2f#`.
//!
//! The published grammar is short and the files that people have break it in many ways. What can be understood is taken.

use std::fmt::Write as _;

use super::{Duration, Instruction, MAX_INSTRUCTIONS, MAX_PATTERNS, Modifier, Note, Pattern, Pitch, REPEAT_FOREVER, Ringtone};
use super::{Scale, Style, Tempo, Volume};

/// What is no RTTTL.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("RTTTL, character {position}: {problem}")]
pub struct RtttlError {
    /// Where, in characters of the text from 0.
    pub position: usize,
    /// What is wrong there.
    pub problem: RtttlProblem,
}

/// What is wrong with an RTTTL text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RtttlProblem {
    /// There is no colon.
    #[error("there is no colon; write name:defaults:notes, as in Tune:d=4,o=5,b=112:c,e,g")]
    NoSections,
    /// There are no notes.
    #[error("there are no notes behind the defaults")]
    NoNotes,
    /// A value that its setting can't have.
    #[error("{setting} is no value of this setting; {allowed}")]
    Setting {
        /// The letter of the setting.
        setting: char,
        /// What it may be.
        allowed: &'static str,
    },
    /// A duration that there is not.
    #[error("a duration of {0} is none; it is 1, 2, 4, 8, 16 or 32")]
    Duration(u16),
    /// A letter that is no note.
    #[error("{0:?} is no note; notes are c, d, e, f, g, a, b (or h) and p for a pause")]
    Note(char),
    /// A duration without a note.
    #[error("the note is missing behind its duration")]
    NoNote,
    /// Something behind a note.
    #[error("{0:?} can't stand behind a note; notes are separated by commas")]
    BehindNote(char),
    /// A number that is too long.
    #[error("the number is too large")]
    Number,
    /// More notes than a ring tone can have.
    #[error("a ring tone has at most {limit} notes and changes of octave, style and tempo; leave some out")]
    TooLong {
        /// How many there may be.
        limit: usize,
    },
}

/// The most instructions of a tone.
const LIMIT: usize = MAX_INSTRUCTIONS * MAX_PATTERNS;

/// Reads one.
pub(super) fn parse(text: &str) -> Result<Ringtone, RtttlError> {
    let text = text.trim_start_matches('\u{feff}');
    let Some((name, rest)) = text.split_once(':') else {
        return Err(RtttlError { position: 0, problem: RtttlProblem::NoSections });
    };
    // Where the defaults are missing with their colon, the rest are notes; among those, defaults are control sections.
    let (defaults, notes) = rest.split_once(':').unwrap_or(("", rest));
    let position = |at: &str| text.chars().count() - at.chars().count();

    let mut reader = Reader { duration: Duration::Quarter, octave: 6, ..Reader::default() };
    let mut at = text.chars().count() - rest.chars().count();
    for item in defaults.split(',') {
        reader.setting(&mut Cursor::new(item, at))?;
        at += item.chars().count() + 1;
    }
    let mut at = position(notes);
    let notes_at = at;
    for item in notes.split(',') {
        let mut cursor = Cursor::new(item, at);
        if item.contains('=') {
            reader.setting(&mut cursor)?;
        } else {
            reader.note(&mut cursor)?;
        }
        at += item.chars().count() + 1;
    }
    if !reader.instructions.iter().any(|instruction| matches!(instruction, Instruction::Note(_))) {
        return Err(RtttlError { position: notes_at, problem: RtttlProblem::NoNotes });
    }
    let parts = reader.instructions.chunks(MAX_INSTRUCTIONS);
    // Patterns are repeated each by itself, so only a tone of one pattern can be.
    let repeat = if parts.len() == 1 { reader.repeat } else { 0 };
    let patterns = (0..).zip(parts).map(|(id, part)| Pattern { id, repeat, instructions: part.to_vec() });
    Ok(Ringtone { name: name.trim().to_owned(), patterns: patterns.collect() })
}

/// The characters of an item without white space, and where they are.
struct Cursor<'a> {
    chars: std::iter::Peekable<std::iter::Enumerate<std::str::Chars<'a>>>,
    start: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    fn new(item: &'a str, start: usize) -> Self {
        Self { chars: item.chars().enumerate().peekable(), start, end: start + item.chars().count() }
    }

    fn peek(&mut self) -> Option<char> {
        while self.chars.next_if(|(_, char)| char.is_whitespace()).is_some() {}
        self.chars.peek().map(|(_, char)| char.to_ascii_lowercase())
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.chars.next();
        next
    }

    fn next_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let next = self.peek().filter(|char| wanted(*char))?;
        self.chars.next();
        Some(next)
    }

    fn position(&mut self) -> usize {
        self.peek();
        self.chars.peek().map_or(self.end, |(at, _)| self.start + at)
    }

    /// A number, if there is one.
    fn number(&mut self) -> Result<Option<u16>, RtttlError> {
        let position = self.position();
        let mut number: Option<u16> = None;
        while let Some(digit) = self.next_if(|char| char.is_ascii_digit()).and_then(|char| char.to_digit(10)) {
            let grown = number.unwrap_or(0).checked_mul(10).and_then(|number| number.checked_add(digit as u16));
            number = Some(grown.ok_or(RtttlError { position, problem: RtttlProblem::Number })?);
        }
        Ok(number)
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    duration: Duration,
    octave: u8,
    style: Style,
    tempo: Tempo,
    volume: Option<Volume>,
    repeat: u8,
    /// What the instructions before set last.
    said: (Option<Scale>, Option<Style>, Option<Tempo>, Option<Volume>),
    instructions: Vec<Instruction>,
}

impl Reader {
    /// A default or a control section: `d=8`. Unknown ones are passed over.
    fn setting(&mut self, item: &mut Cursor<'_>) -> Result<(), RtttlError> {
        let Some(setting) = item.next() else { return Ok(()) };
        item.next_if(|char| char == '=');
        let position = item.position();
        let wrong = |allowed| RtttlError { position, problem: RtttlProblem::Setting { setting, allowed } };
        if setting == 's' {
            self.style = match item.next() {
                Some('n') => Style::Natural,
                Some('c') => Style::Continuous,
                Some('s') => Style::Staccato,
                _ => return Err(wrong("a style is N, C or S")),
            };
            return Ok(());
        }
        if !matches!(setting, 'd' | 'o' | 'b' | 'v' | 'l') {
            return Ok(());
        }
        let number = item.number()?;
        let small = number.and_then(|number| u8::try_from(number).ok());
        match setting {
            'd' => {
                let number = number.ok_or(wrong("a duration is 1, 2, 4, 8, 16 or 32"))?;
                let wrong = RtttlError { position, problem: RtttlProblem::Duration(number) };
                self.duration = Duration::from_denominator(number).ok_or(wrong)?;
            }
            'o' => self.octave = small.ok_or(wrong("an octave is 4 to 7"))?,
            'b' => self.tempo = Tempo::from_beats(number.filter(|beats| *beats > 0).ok_or(wrong("beats a minute are 25 to 900"))?),
            'v' => self.volume = Some(Volume::new(small.ok_or(wrong("a volume is 0 to 15"))?)),
            _ => self.repeat = small.ok_or(wrong("a repetition is 0 to 14, or 15 for ever"))?.min(REPEAT_FOREVER),
        }
        Ok(())
    }

    /// A note: duration, letter, accidental, octave, and dots in any place behind the duration. Nothing at all is passed over.
    fn note(&mut self, item: &mut Cursor<'_>) -> Result<(), RtttlError> {
        if item.peek().is_none() {
            return Ok(());
        }
        let mut modifier = Modifier::None;
        let position = item.position();
        let duration = match item.number()? {
            None => self.duration,
            Some(number) => {
                let wrong = RtttlError { position, problem: RtttlProblem::Duration(number) };
                Duration::from_denominator(number).ok_or(wrong)?
            }
        };
        dots(item, &mut modifier);
        let mut sharp = item.next_if(|char| char == '#').is_some();
        let position = item.position();
        let letter = item.next().ok_or(RtttlError { position, problem: RtttlProblem::NoNote })?;
        let semitone: Option<u8> = match letter {
            'c' => Some(0),
            'd' => Some(2),
            'e' => Some(4),
            'f' => Some(5),
            'g' => Some(7),
            'a' => Some(9),
            'b' | 'h' => Some(11),
            'p' | 'r' | '-' => None,
            other => return Err(RtttlError { position, problem: RtttlProblem::Note(other) }),
        };
        sharp |= item.next_if(|char| char == '#' || char == '_').is_some();
        let flat = !sharp && semitone.is_some() && item.next_if(|char| char == 'b').is_some();
        dots(item, &mut modifier);
        let octave = item.next_if(|char| char.is_ascii_digit()).and_then(|char| char.to_digit(10)).map(|octave| octave as u8);
        dots(item, &mut modifier);
        let position = item.position();
        if let Some(other) = item.next() {
            return Err(RtttlError { position, problem: RtttlProblem::BehindNote(other) });
        }
        let octave = octave.unwrap_or(self.octave);
        let (pitch, octave) = match (semitone, sharp, flat) {
            (None, ..) => (Some(Pitch::Pause), octave),
            (Some(11), true, _) => (Some(Pitch::C), octave.saturating_add(1)),
            (Some(0), _, true) => (Some(Pitch::B), octave.saturating_sub(1)),
            (Some(semitone), ..) => (Pitch::above_c(semitone + u8::from(sharp) - u8::from(flat)), octave),
        };
        let pitch = pitch.unwrap_or(Pitch::Pause);
        self.say(Note { pitch, duration, modifier }, Scale::from_octave(octave), position)
    }

    /// Appends a note behind the changes that it needs. A pause needs no octave, no style and no volume.
    fn say(&mut self, note: Note, scale: Scale, position: usize) -> Result<(), RtttlError> {
        let sounds = note.pitch != Pitch::Pause;
        let (said_scale, said_style, said_tempo, said_volume) = &mut self.said;
        if sounds && said_scale.replace(scale) != Some(scale) {
            self.instructions.push(Instruction::Scale(scale));
        }
        if sounds && said_style.replace(self.style) != Some(self.style) {
            self.instructions.push(Instruction::Style(self.style));
        }
        if said_tempo.replace(self.tempo) != Some(self.tempo) {
            self.instructions.push(Instruction::Tempo(self.tempo));
        }
        if let Some(volume) = self.volume.filter(|_| sounds)
            && said_volume.replace(volume) != Some(volume)
        {
            self.instructions.push(Instruction::Volume(volume));
        }
        self.instructions.push(Instruction::Note(note));
        if self.instructions.len() > LIMIT {
            return Err(RtttlError { position, problem: RtttlProblem::TooLong { limit: LIMIT } });
        }
        Ok(())
    }
}

/// Dots of a note: one or two, and the signs that some programs write for two dots and for two thirds.
fn dots(item: &mut Cursor<'_>, modifier: &mut Modifier) {
    while let Some(sign) = item.next_if(|char| matches!(char, '.' | ';' | '&')) {
        *modifier = match (sign, *modifier) {
            ('&', _) => Modifier::TwoThirds,
            (';', _) | ('.', Modifier::Dotted) => Modifier::DoubleDotted,
            _ => Modifier::Dotted,
        };
    }
}

/// A note with all that the instructions before it say.
#[derive(Clone, Copy)]
struct Heard {
    note: Note,
    scale: Scale,
    style: Style,
    tempo: Tempo,
    volume: Option<Volume>,
}

/// Writes one.
pub(super) fn write(tone: &Ringtone) -> String {
    let mut notes = Vec::new();
    let (mut scale, mut style, mut tempo, mut volume) = Default::default();
    for instruction in tone.instructions() {
        match instruction {
            Instruction::Note(note) => notes.push(Heard { note, scale, style, tempo, volume }),
            Instruction::Scale(new) => scale = new,
            Instruction::Style(new) => style = new,
            Instruction::Tempo(new) => tempo = new,
            Instruction::Volume(new) => volume = Some(new),
        }
    }
    let sounding = || notes.iter().filter(|heard| heard.note.pitch != Pitch::Pause);
    let duration = most(notes.iter().map(|heard| heard.note.duration), &Duration::ALL).unwrap_or(Duration::Quarter);
    let scales = [Scale::A440, Scale::A880, Scale::A1760, Scale::A3520];
    let octave = most(sounding().map(|heard| heard.scale), &scales).unwrap_or_default();
    let tempo = notes.first().map(|heard| heard.tempo).unwrap_or_default();
    // Style and volume mean nothing to a pause.
    let first = sounding().next();
    let (style, volume) = first.map_or((Style::Natural, None), |heard| (heard.style, heard.volume));

    let mut out = tone.name.replace([':', '\n', '\r'], " ");
    // Writing to a String cannot fail, here and below.
    let _ = write!(out, ":d={},o={},b={}", duration.denominator(), octave.octave(), tempo.beats());
    if style != Style::Natural {
        let _ = write!(out, ",s={}", letter(style));
    }
    if let Some(volume) = volume {
        let _ = write!(out, ",v={}", volume.level());
    }
    if let [Pattern { repeat: repeat @ 1.., .. }] = tone.patterns.as_slice() {
        let _ = write!(out, ",l={repeat}");
    }
    let mut said = (tempo, style, volume);
    let mut separator = ':';
    let mut item = |out: &mut String| out.push(std::mem::replace(&mut separator, ','));
    for heard in &notes {
        let Heard { note, scale, style, tempo, volume } = *heard;
        let sounds = note.pitch != Pitch::Pause;
        if said.0 != tempo {
            item(&mut out);
            let _ = write!(out, "b={}", tempo.beats());
            said.0 = tempo;
        }
        if sounds && said.1 != style {
            item(&mut out);
            let _ = write!(out, "s={}", letter(style));
            said.1 = style;
        }
        if sounds && said.2 != volume {
            item(&mut out);
            let _ = write!(out, "v={}", volume.unwrap_or_default().level());
            said.2 = volume;
        }
        item(&mut out);
        if note.duration != duration {
            let _ = write!(out, "{}", note.duration.denominator());
        }
        out.push_str(name(note.pitch));
        if sounds && scale != octave {
            let _ = write!(out, "{}", scale.octave());
        }
        out.push_str(match note.modifier {
            Modifier::None => "",
            Modifier::Dotted => ".",
            Modifier::DoubleDotted => ";",
            Modifier::TwoThirds => "&",
        });
    }
    out
}

/// The one of `all` that comes most often; of several, the first.
fn most<T: Copy + PartialEq>(values: impl Iterator<Item = T> + Clone, all: &[T]) -> Option<T> {
    let count = |wanted: &T| values.clone().filter(|value| value == wanted).count();
    all.iter().copied().rev().max_by_key(count).filter(|wanted| count(wanted) > 0)
}

const fn letter(style: Style) -> char {
    match style {
        Style::Natural => 'N',
        Style::Continuous => 'C',
        Style::Staccato => 'S',
    }
}

const fn name(pitch: Pitch) -> &'static str {
    match pitch {
        Pitch::Pause => "p",
        Pitch::C => "c",
        Pitch::CSharp => "c#",
        Pitch::D => "d",
        Pitch::DSharp => "d#",
        Pitch::E => "e",
        Pitch::F => "f",
        Pitch::FSharp => "f#",
        Pitch::G => "g",
        Pitch::GSharp => "g#",
        Pitch::A => "a",
        Pitch::ASharp => "a#",
        Pitch::B => "b",
    }
}
