//! From shades of grey to black and white.

use super::Bitmap;

/// How shades of grey become black and white.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Dither {
    /// Black is what is darker than this: 128 for the middle.
    Threshold(u8),
    /// Each pixel's error goes to its neighbours, so that areas keep their shade (Floyd and Steinberg, 1976).
    #[default]
    FloydSteinberg,
}

/// Why pixels can't become a bitmap.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GrayError {
    /// There are more or fewer shades than pixels.
    #[error("a picture of {width}x{height} pixels has as many shades, not {shades}")]
    Shades {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// How many shades there are.
        shades: usize,
    },
    /// There are no pixels, in the picture or in the bitmap.
    #[error("a picture or a bitmap of no pixels can't be made")]
    Empty,
    /// The bitmap would be too large.
    #[error("a bitmap of {width}x{height} pixels is larger than {limit} pixels in all; scale the picture down", limit = super::MAX_PIXELS)]
    TooLarge {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
    },
}

impl Bitmap {
    /// A picture in shades of grey (0 black to 255 white, row by row), pixel by pixel.
    ///
    /// # Errors
    /// There are not as many shades as pixels; the bitmap would be empty or too large.
    pub fn from_gray(width: usize, height: usize, gray: &[u8], dither: Dither) -> Result<Self, GrayError> {
        check(width, height, gray)?;
        let too_large = GrayError::TooLarge { width, height };
        let (columns, rows) = (u16::try_from(width).map_err(|_| too_large)?, u16::try_from(height).map_err(|_| too_large)?);
        let mut bitmap = Self::new(columns, rows).ok_or(too_large)?;
        bitmap.bits = match dither {
            Dither::Threshold(level) => gray.iter().map(|shade| *shade < level).collect(),
            Dither::FloydSteinberg => diffuse(width, gray),
        };
        Ok(bitmap)
    }

    /// A picture in shades of grey scaled to fit a bitmap of another size, its proportions kept, in the middle, on white.
    ///
    /// # Errors
    /// As [`Bitmap::from_gray`].
    pub fn fitted(width: usize, height: usize, gray: &[u8], size: (u16, u16), dither: Dither) -> Result<Self, GrayError> {
        check(width, height, gray)?;
        let (columns, rows) = (usize::from(size.0), usize::from(size.1));
        if columns == 0 || rows == 0 {
            return Err(GrayError::Empty);
        }
        if columns * rows > super::MAX_PIXELS {
            return Err(GrayError::TooLarge { width: columns, height: rows });
        }
        // u128: the pixels of any picture that memory holds, times those of the bitmap.
        let scaled = |length: usize, to: usize, of: usize| {
            let scaled = (length as u128 * to as u128 + of as u128 / 2) / of as u128;
            usize::try_from(scaled).unwrap_or(usize::MAX).max(1)
        };
        // As wide as there is room, unless that is too high.
        let (wide, high) = if width as u128 * rows as u128 >= height as u128 * columns as u128 {
            (columns, scaled(height, columns, width).min(rows))
        } else {
            (scaled(width, rows, height).min(columns), rows)
        };
        let (left, top) = ((columns - wide) / 2, (rows - high) / 2);
        let mut canvas = vec![u8::MAX; columns * rows];
        for (y, row) in canvas.chunks_mut(columns).skip(top).take(high).enumerate() {
            for (x, shade) in row.iter_mut().skip(left).take(wide).enumerate() {
                *shade = mean(width, gray, span(x, wide, width), span(y, high, height));
            }
        }
        Self::from_gray(columns, rows, &canvas, dither)
    }
}

fn check(width: usize, height: usize, gray: &[u8]) -> Result<(), GrayError> {
    if width == 0 || height == 0 {
        return Err(GrayError::Empty);
    }
    if width.checked_mul(height) != Some(gray.len()) {
        return Err(GrayError::Shades { width, height, shades: gray.len() });
    }
    Ok(())
}

/// The pixels of the source (`of` in all) that one of `parts` pixels stands for: at least one.
fn span(part: usize, parts: usize, of: usize) -> (usize, usize) {
    let at = |part: usize| (part as u128 * of as u128 / parts as u128) as usize;
    let from = at(part);
    (from, at(part + 1).max(from + 1))
}

fn mean(width: usize, gray: &[u8], columns: (usize, usize), rows: (usize, usize)) -> u8 {
    let mut sum = 0_u64;
    let mut count = 0_u64;
    for row in gray.chunks(width).take(rows.1).skip(rows.0) {
        for shade in row.iter().take(columns.1).skip(columns.0) {
            sum += u64::from(*shade);
            count += 1;
        }
    }
    (sum / count.max(1)) as u8
}

/// Spreads the error of each pixel over the next and the three below it, in sixteenths: 7, then 3, 5 and 1.
fn diffuse(width: usize, gray: &[u8]) -> Vec<bool> {
    let mut bits = Vec::with_capacity(gray.len());
    // Errors in sixteenths for this row and the next, with a place to spare at both ends.
    let mut here = vec![0_i32; width + 2];
    let mut below = vec![0_i32; width + 2];
    for row in gray.chunks(width) {
        for (x, shade) in row.iter().enumerate() {
            let wanted = i32::from(*shade) + here[x + 1] / 16;
            let black = wanted < 128;
            bits.push(black);
            let error = wanted - if black { 0 } else { 255 };
            here[x + 2] += error * 7;
            below[x] += error * 3;
            below[x + 1] += error * 5;
            below[x + 2] += error;
        }
        std::mem::swap(&mut here, &mut below);
        below.fill(0);
    }
    bits
}
