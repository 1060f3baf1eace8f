//! One image made to fit a phone and its share of a message.

use image::DynamicImage;

use super::decode::{decode, is_sideways, without_needless_alpha};
use super::encode::{encode, is_photo, on_white};
use super::{Format, Header, Trouble, animation, scale};
use crate::budget::Budget;
use crate::{Capabilities, Limits};

/// An image that fits.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) format: Format,
    pub(crate) octets: Vec<u8>,
    /// As shown.
    pub(crate) from: (u32, u32),
    pub(crate) to: (u32, u32),
    /// Whether it was turned as its EXIF says.
    pub(crate) turned: bool,
    /// Whether only the first frame of an animation is left.
    pub(crate) stilled: bool,
}

/// The longer side below which an image says nothing any more.
const LEAST_SIDE: u32 = 24;
/// How often an image is made smaller before it is given up; each time by a sixth at least.
const STEPS: usize = 12;
/// How often an animation is, which costs more.
const ANIMATION_STEPS: usize = 4;

/// Makes an image fit a phone, and into at most `most` octets.
pub(crate) fn fit(
    data: &[u8],
    header: &Header,
    phone: &Capabilities,
    most: u64,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Fitted, Trouble> {
    let accepts = |format: Format| phone.accept.accepts(format.media_type());
    let moves = animation::frames(data, header, limits.frames) > 1;
    if moves
        && accepts(Format::Gif)
        && let Some(fitted) = animated(data, header, phone, most, limits, budget)?
    {
        return Ok(fitted);
    }
    let picture = decode(data, header, limits, budget)?;
    let sideways = is_sideways(picture.orientation);
    let turned = picture.orientation != image::metadata::Orientation::NoTransforms;
    let shown = |(w, h): (u32, u32)| if sideways { (h, w) } else { (w, h) };
    let from = shown((picture.image.width(), picture.image.height()));
    let whole = scale::fitted(from, phone.max_image);
    let mut attempt = Attempt { phone, most, limits, budget, source: picture.image, orientation: picture.orientation, sideways };
    let plan = attempt.plan(header, accepts);
    if plan.is_empty() {
        return Err(Trouble::Unsupported("the phone accepts no format that can be written".to_owned()));
    }
    let last = plan.len() - 1;
    for (place, (format, least)) in plan.into_iter().enumerate() {
        let least = if place == last { 0.0 } else { least };
        if let Some(Shrunk { octets, to }) = attempt.shrink(format, whole, least)? {
            return Ok(Fitted { format, octets, from, to, turned, stilled: moves });
        }
    }
    Err(Trouble::TooLarge(format!("it cannot be made an image of {most} octets")))
}

/// `None` where it has to become a still.
fn animated(
    data: &[u8],
    header: &Header,
    phone: &Capabilities,
    most: u64,
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Option<Fitted>, Trouble> {
    if animation::frames(data, header, limits.frames) > limits.frames {
        return Ok(None);
    }
    let from = (header.width, header.height);
    let mut to = scale::fitted(from, phone.max_image);
    for _ in 0..ANIMATION_STEPS {
        match animation::gif(data, header, to, most, limits, budget) {
            Ok(Some(octets)) => return Ok(Some(Fitted { format: Format::Gif, octets, from, to, turned: false, stilled: false })),
            Ok(None) => {}
            // The still says why, if there is none either.
            Err(_) => return Ok(None),
        }
        to = scale::times(to, 0.7);
        if to.0.max(to.1) < LEAST_SIDE {
            break;
        }
    }
    Ok(None)
}

struct Attempt<'a> {
    phone: &'a Capabilities,
    most: u64,
    limits: &'a Limits,
    budget: &'a mut Budget,
    source: DynamicImage,
    orientation: image::metadata::Orientation,
    sideways: bool,
}

impl Attempt<'_> {
    /// The formats to try, the best one first, each with how small it may become (a factor of its sides) before the next one is tried.
    fn plan(&self, header: &Header, accepts: impl Fn(Format) -> bool) -> Vec<(Format, f64)> {
        let clear = self.source.color().has_alpha();
        let photo = header.format == Format::Jpeg || (header.format == Format::WebP && header.lossy && !clear) || is_photo(&self.source);
        let order: &[(Format, f64)] = if header.format == Format::Gif && accepts(Format::Gif) && !photo {
            &[(Format::Gif, 0.5), (Format::Png, 0.5), (Format::Jpeg, 0.0)]
        } else if clear && photo {
            &[(Format::Png, 0.5), (Format::Jpeg, 0.0), (Format::Gif, 0.0)]
        } else if photo && header.format != Format::Png {
            &[(Format::Jpeg, 0.0), (Format::Png, 0.0), (Format::Gif, 0.0)]
        } else if photo {
            // A photo in a PNG is one if there is room.
            &[(Format::Png, 1.0), (Format::Jpeg, 0.0), (Format::Gif, 0.0)]
        } else {
            &[(Format::Png, 0.5), (Format::Gif, 0.5), (Format::Jpeg, 0.0)]
        };
        let last = [(Format::Bmp, 0.0), (Format::Wbmp, 0.0)];
        let mut plan: Vec<_> = order.iter().chain(&last).copied().filter(|(format, _)| accepts(*format)).collect();
        // They are larger than the others whatever is done, and only for phones that know nothing else.
        if let Some(first) = plan.iter().position(|(format, _)| last.iter().any(|(f, _)| f == format)).filter(|at| *at > 0) {
            plan.truncate(first);
        }
        plan
    }

    /// Writes the image in a format, smaller and smaller until it fits. `None` where it does not.
    fn shrink(&mut self, format: Format, whole: (u32, u32), least: f64) -> Result<Option<Shrunk>, Trouble> {
        let mut to = whole;
        for _ in 0..STEPS {
            let image = self.prepared(format, to)?;
            let size = match self.encoded(&image, format)? {
                Encoded::Fits(octets) => return Ok(Some(Shrunk { octets, to })),
                Encoded::Impossible => return Ok(None),
                Encoded::Octets(size) => size,
            };
            // Octets go with the area, more or less.
            let factor = ((self.most as f64 / size.max(1) as f64).sqrt() * 0.95).clamp(0.3, 0.85);
            to = scale::times(to, factor);
            let shrunk = f64::from(to.0.max(to.1)) / f64::from(whole.0.max(whole.1));
            if shrunk < least || to.0.max(to.1) < LEAST_SIDE {
                break;
            }
        }
        Ok(None)
    }

    /// The image as shown, in that size, and in what the format can have.
    fn prepared(&mut self, format: Format, to: (u32, u32)) -> Result<DynamicImage, Trouble> {
        let size = if self.sideways { (to.1, to.0) } else { to };
        // Reading all of the source and writing all of the target.
        let cost = u64::from(self.source.width()) * u64::from(self.source.height()) / 4 + u64::from(to.0) * u64::from(to.1);
        self.spend(cost)?;
        let mut image = scale::scaled(&self.source, size);
        image.apply_orientation(self.orientation);
        if format == Format::Jpeg {
            image = on_white(&image);
        }
        if !self.phone.color && !image.color().has_alpha() {
            image = image.into_luma8().into();
        }
        Ok(without_needless_alpha(image))
    }

    fn spend(&mut self, pixels: u64) -> Result<(), Trouble> {
        let spent = || Trouble::TooLarge("what may be spent on one message is spent".to_owned());
        self.budget.take(pixels).then_some(()).ok_or_else(spent)
    }

    fn encoded(&mut self, image: &DynamicImage, format: Format) -> Result<Encoded, Trouble> {
        let pixels = u64::from(image.width()) * u64::from(image.height());
        let (best, least) = (self.limits.best_quality, self.limits.least_quality.min(self.limits.best_quality));
        self.spend(pixels)?;
        let Some(octets) = encode(image, format, best) else { return Ok(Encoded::Impossible) };
        let size = octets.len() as u64;
        if size <= self.most {
            return Ok(Encoded::Fits(octets));
        }
        if format != Format::Jpeg || least == best {
            return Ok(Encoded::Octets(size));
        }
        self.spend(pixels)?;
        let Some(mut fits) = encode(image, format, least).filter(|octets| !octets.is_empty()) else { return Ok(Encoded::Impossible) };
        if fits.len() as u64 > self.most {
            return Ok(Encoded::Octets(fits.len() as u64));
        }
        // Between what fits and what does not: three steps are within a few points of the best that fits.
        let (mut low, mut high) = (least, best);
        for _ in 0..3 {
            let middle = low.midpoint(high);
            if middle == low {
                break;
            }
            self.spend(pixels)?;
            match encode(image, format, middle) {
                Some(octets) if octets.len() as u64 <= self.most => (fits, low) = (octets, middle),
                _ => high = middle,
            }
        }
        Ok(Encoded::Fits(fits))
    }
}

struct Shrunk {
    octets: Vec<u8>,
    to: (u32, u32),
}

enum Encoded {
    Fits(Vec<u8>),
    /// It does not fit, with so many octets at the least quality.
    Octets(u64),
    Impossible,
}
