//! How text looks (3GPP TS 23.040, 9.2.3.24.10.1.1).

use bytes::Bytes;
use waxwing_gsm::udh::Element;

/// The element that tells it.
pub(super) const IDENTIFIER: u8 = 0x0a;

/// How text looks.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct TextFormat {
    /// Where lines stand.
    pub alignment: Alignment,
    /// How large the characters are.
    pub size: FontSize,
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Underlined.
    pub underlined: bool,
    /// Struck through.
    pub struck: bool,
    /// Colours, which newer phones show.
    pub colors: Option<TextColors>,
}

/// Where lines stand.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Alignment {
    /// On the left.
    Left,
    /// In the middle.
    Center,
    /// On the right.
    Right,
    /// As the language has it.
    #[default]
    Language,
}

/// How large characters are.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum FontSize {
    /// As usual.
    #[default]
    Normal,
    /// Larger.
    Large,
    /// Smaller.
    Small,
    /// Reserved.
    Reserved,
}

/// Colours of text, each 0 to 15: black, dark grey, dark red, dark yellow, dark green, dark cyan, dark blue, dark magenta, grey, white,
/// red, yellow, green, cyan, blue, magenta.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TextColors {
    /// Of the characters.
    pub foreground: u8,
    /// Behind them.
    pub background: u8,
}

impl TextFormat {
    /// How many octets the element takes.
    pub(super) const fn octets(self) -> usize {
        if self.colors.is_some() { 6 } else { 5 }
    }

    /// The element for so many characters from a position on.
    pub(super) fn element(self, position: u8, length: u8) -> Element {
        let mode = self.alignment as u8
            | (self.size as u8) << 2
            | u8::from(self.bold) << 4
            | u8::from(self.italic) << 5
            | u8::from(self.underlined) << 6
            | u8::from(self.struck) << 7;
        let mut data = vec![position, length, mode];
        data.extend(self.colors.map(|colors| colors.background << 4 | colors.foreground & 0xf));
        Element::Other { identifier: IDENTIFIER, data: Bytes::from(data) }
    }

    /// Position, length and format; `None` if the element is too short.
    pub(super) fn read(data: &[u8]) -> Option<(u8, u8, Self)> {
        let [position, length, mode, colors @ ..] = data else { return None };
        let format = Self {
            alignment: match mode & 3 {
                0 => Alignment::Left,
                1 => Alignment::Center,
                2 => Alignment::Right,
                _ => Alignment::Language,
            },
            size: match mode >> 2 & 3 {
                0 => FontSize::Normal,
                1 => FontSize::Large,
                2 => FontSize::Small,
                _ => FontSize::Reserved,
            },
            bold: mode & 0x10 != 0,
            italic: mode & 0x20 != 0,
            underlined: mode & 0x40 != 0,
            struck: mode & 0x80 != 0,
            colors: colors.first().map(|octet| TextColors { foreground: octet & 0xf, background: octet >> 4 }),
        };
        Some((*position, *length, format))
    }
}
