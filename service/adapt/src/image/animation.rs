//! Animations: GIF and WebP are read, GIF is written. Frames are worked on one at a time, so that a long one takes no more memory than a
//! short one.

use std::io::Cursor;

use gif::{DisposalMethod, Encoder, Frame, Repeat};
use image::codecs::gif::GifDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::LoopCount;
use image::{AnimationDecoder as _, DynamicImage, Frames, ImageDecoder as _, RgbaImage};

use super::decode::bounds;
use super::header::{gif_frames, webp_frames};
use super::{Format, Header, Trouble, scale};
use crate::Limits;
use crate::budget::Budget;

/// How many frames an image has, up to one more than asked for.
pub(super) fn frames(data: &[u8], header: &Header, most: usize) -> usize {
    match header.format {
        Format::Gif => gif_frames(data, most),
        Format::WebP if header.animated => webp_frames(data, most),
        _ => 1,
    }
}

/// What an animation costs when it is decoded once.
fn cost(data: &[u8], header: &Header, limits: &Limits) -> u64 {
    header.pixels().saturating_mul(frames(data, header, limits.frames) as u64)
}

/// Writes an animation as a GIF of another size, no larger than `most`. `Ok(None)` where it is larger, or has too many frames.
pub(super) fn gif(
    data: &[u8],
    header: &Header,
    size: (u32, u32),
    most: u64,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Option<Vec<u8>>, Trouble> {
    if header.pixels() > limits.image_pixels {
        return super::decode::admit(header, 1, limits, budget).map(|()| None);
    }
    // Where everything is opaque, a frame need only say what is new.
    for only_changes in [true, false] {
        if !budget.take_of_half(cost(data, header, limits)) {
            return Ok(None);
        }
        let (frames, repeat) = read(data, header, limits)?;
        match write(frames, repeat, size, most, limits.frames, only_changes) {
            Err(Obstacle::Transparent) => {}
            Err(Obstacle::TooLarge) => return Ok(None),
            Err(Obstacle::Broken(why)) => return Err(Trouble::Broken(why)),
            Ok(octets) => return Ok(Some(octets)),
        }
    }
    Ok(None)
}

/// A still image as a GIF.
pub(super) fn still(image: &DynamicImage) -> Option<Vec<u8>> {
    let (width, height) = (u16::try_from(image.width()).ok()?, u16::try_from(image.height()).ok()?);
    let mut octets = Vec::new();
    let mut encoder = Encoder::new(&mut octets, width, height, &[]).ok()?;
    let mut pixels = cut_out(image.to_rgba8());
    encoder.write_frame(&Frame::from_rgba_speed(width, height, &mut pixels, SPEED)).ok()?;
    drop(encoder);
    Some(octets)
}

/// How thoroughly a palette is looked for: 1 is best, 30 is fastest.
const SPEED: i32 = 10;

/// The frames, and how often they are to be shown.
fn read<'a>(data: &'a [u8], header: &Header, limits: &Limits) -> Result<(Frames<'a>, Repeat), Trouble> {
    let broken = |e: image::ImageError| Trouble::Broken(format!("it cannot be decoded: {e}"));
    let repeat = |count: LoopCount| match count {
        LoopCount::Infinite => Repeat::Infinite,
        LoopCount::Finite(times) => Repeat::Finite(u16::try_from(times.get()).unwrap_or(u16::MAX)),
    };
    if header.format == Format::WebP {
        let decoder = WebPDecoder::new(Cursor::new(data)).map_err(broken)?;
        let times = repeat(decoder.loop_count());
        return Ok((decoder.into_frames(), times));
    }
    let mut decoder = GifDecoder::new(Cursor::new(data)).map_err(broken)?;
    decoder.set_limits(bounds(header, limits)).map_err(broken)?;
    let times = repeat(decoder.loop_count());
    Ok((decoder.into_frames(), times))
}

enum Obstacle {
    Broken(String),
    TooLarge,
    /// Something is transparent, where only changes were to be written.
    Transparent,
}

fn write(
    frames: Frames<'_>,
    repeat: Repeat,
    size: (u32, u32),
    most: u64,
    most_frames: usize,
    only_changes: bool,
) -> Result<Vec<u8>, Obstacle> {
    let broken = |why: &dyn std::fmt::Display| Obstacle::Broken(format!("it cannot be made an animation: {why}"));
    let narrow = |n: u32| u16::try_from(n).map_err(|e| broken(&e));
    let (width, height) = (narrow(size.0)?, narrow(size.1)?);
    let mut encoder = Encoder::new(Vec::new(), width, height, &[]).map_err(|e| broken(&e))?;
    encoder.set_repeat(repeat).map_err(|e| broken(&e))?;
    let mut before: Option<RgbaImage> = None;
    for (number, frame) in frames.enumerate() {
        let frame = match frame {
            Ok(frame) => frame,
            // What there was before is worth showing.
            Err(_) if number > 0 => break,
            Err(e) => return Err(broken(&e)),
        };
        if number >= most_frames {
            return Err(Obstacle::TooLarge);
        }
        let (milliseconds, _) = frame.delay().numer_denom_ms();
        let pixels = scale::scaled(&DynamicImage::ImageRgba8(frame.into_buffer()), size).into_rgba8();
        let mut written = if only_changes {
            if pixels.pixels().any(|p| p.0[3] != 255) {
                return Err(Obstacle::Transparent);
            }
            let written = changes(before.as_ref(), &pixels);
            before = Some(pixels);
            written
        } else {
            let mut written = Frame::from_rgba_speed(width, height, &mut cut_out(pixels), SPEED);
            written.dispose = DisposalMethod::Background;
            written
        };
        written.delay = u16::try_from(milliseconds / 10).unwrap_or(u16::MAX);
        encoder.write_frame(&written).map_err(|e| broken(&e))?;
        if encoder.get_ref().len() as u64 > most {
            return Err(Obstacle::TooLarge);
        }
    }
    let octets = encoder.into_inner().map_err(|e| broken(&e))?;
    if octets.len() as u64 > most { Err(Obstacle::TooLarge) } else { Ok(octets) }
}

/// A frame of the rectangle that is not what it was, in which what is as it was is transparent.
fn changes(before: Option<&RgbaImage>, pixels: &RgbaImage) -> Frame<'static> {
    let narrow = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
    let (width, height) = pixels.dimensions();
    let Some(before) = before else {
        let mut frame = Frame::from_rgba_speed(narrow(width), narrow(height), &mut pixels.as_raw().clone(), SPEED);
        frame.dispose = DisposalMethod::Keep;
        return frame;
    };
    let differs = |x: u32, y: u32| before.get_pixel(x, y) != pixels.get_pixel(x, y);
    let rows: Vec<u32> = (0..height).filter(|y| (0..width).any(|x| differs(x, *y))).collect();
    let columns: Vec<u32> = (0..width).filter(|x| (0..height).any(|y| differs(*x, y))).collect();
    // Nothing changed: a frame of one pixel, for its delay.
    let (top, bottom) = (rows.first().copied().unwrap_or(0), rows.last().copied().unwrap_or(0));
    let (left, right) = (columns.first().copied().unwrap_or(0), columns.last().copied().unwrap_or(0));
    let (wide, high) = (right - left + 1, bottom - top + 1);
    let mut part = Vec::with_capacity(wide as usize * high as usize * 4);
    for y in top..=bottom {
        for x in left..=right {
            part.extend_from_slice(if differs(x, y) { &pixels.get_pixel(x, y).0 } else { &[0; 4] });
        }
    }
    let mut frame = Frame::from_rgba_speed(narrow(wide), narrow(high), &mut part, SPEED);
    (frame.left, frame.top) = (narrow(left), narrow(top));
    frame.dispose = DisposalMethod::Keep;
    frame
}

/// GIF knows no half transparency.
fn cut_out(mut pixels: RgbaImage) -> Vec<u8> {
    for pixel in pixels.pixels_mut() {
        pixel.0 = if pixel.0[3] < 128 { [0; 4] } else { [pixel.0[0], pixel.0[1], pixel.0[2], 255] };
    }
    pixels.into_raw()
}
