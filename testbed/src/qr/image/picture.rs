//! A picture, and the ways in which QR codes are looked for in it.

use std::collections::BTreeSet;

use rqrr::PreparedImage;

/// Pixels of a picture that is made larger.
const MAX_ENLARGED: usize = 9_000_000;
/// Pixels of a picture from which on it is made smaller, too: a photograph, or a screen with a large code.
const MIN_REDUCED: usize = 500_000;

/// An image, row by row: red, green, blue, and how opaque.
pub(super) struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 4]>,
}

/// The result.
#[derive(Default)]
pub(super) struct Found {
    /// The texts of the codes that could be read.
    pub(super) texts: BTreeSet<String>,
    /// Whether there was one that could not.
    pub(super) unclear: bool,
}

/// The measure of a pixel's lightness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plane {
    /// That of its colour, over a background of this lightness.
    Over(u8),
    /// That of one of its colours, over white: where two colours are equally light.
    Colour(usize),
    /// How opaque it is: where all of its colours are the same.
    Opacity,
}

/// How large a picture is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Same,
    /// Between the pixels there are others: modules of one or two pixels are too narrow to be found.
    Larger(usize),
    /// Each square becomes a pixel: what a camera adds goes.
    Smaller(usize),
}

impl Picture {
    /// A picture of that many pixels.
    pub(super) fn new(width: usize, height: usize, pixels: Vec<[u8; 4]>) -> Self {
        debug_assert_eq!(width * height, pixels.len());
        Self { width, height, pixels }
    }

    /// Looks for codes in one way after the other, until what was found is enough.
    pub(super) fn find(&self, is_enough: impl Fn(&Found) -> bool) -> Found {
        let mut found = Found::default();
        let (sure, others) = self.planes();
        // Codes that are found without a change are found together, so that none of several is passed over.
        for plane in &sure {
            self.look(*plane, Scale::Same, &mut found);
        }
        let all = || sure.iter().chain(&others);
        let changed = self.scales().into_iter().flat_map(|scale| all().map(move |plane| (*plane, scale)));
        for (plane, scale) in others.iter().map(|plane| (*plane, Scale::Same)).chain(changed) {
            if is_enough(&found) {
                break;
            }
            self.look(plane, scale, &mut found);
        }
        found
    }

    /// The planes that differ, and those that may show what the first ones do not.
    fn planes(&self) -> (Vec<Plane>, Vec<Plane>) {
        let is_opaque = self.pixels.iter().all(|pixel| pixel[3] == 255);
        let is_grey = self.pixels.iter().all(|[red, green, blue, _]| red == green && green == blue);
        let sure =
            if is_opaque { vec![Plane::Over(255)] } else { vec![Plane::Over(255), Plane::Over(0), Plane::Opacity] };
        (sure, if is_grey { vec![] } else { (0..3).map(Plane::Colour).collect() })
    }

    fn scales(&self) -> Vec<Scale> {
        let count = self.pixels.len();
        let larger = [2, 4, 3].into_iter().filter(|by| count * by * by <= MAX_ENLARGED).map(Scale::Larger);
        let smaller = [2, 3, 4].into_iter().filter(|_| count >= MIN_REDUCED).map(Scale::Smaller);
        larger.chain(smaller).collect()
    }

    /// Looks for dark codes on light, and for light ones on dark.
    fn look(&self, plane: Plane, scale: Scale, found: &mut Found) {
        let (width, height, mut shades) = self.shades(plane, scale);
        stretch(&mut shades);
        // A code may reach the edge, without the quiet zone that it needs.
        let edge = 8.max(width.min(height) / 16);
        for inverts in [false, true] {
            let at = |x: usize, y: usize| {
                let inside = x.checked_sub(edge).zip(y.checked_sub(edge)).filter(|(x, y)| *x < width && *y < height);
                inside.map_or(255, |(x, y)| if inverts { !shades[y * width + x] } else { shades[y * width + x] })
            };
            let mut image = PreparedImage::prepare_from_greyscale(width + 2 * edge, height + 2 * edge, at);
            for grid in image.detect_grids() {
                match grid.decode() {
                    Ok((_, text)) => drop(found.texts.insert(text)),
                    Err(_) => found.unclear = true,
                }
            }
        }
    }

    fn shades(&self, plane: Plane, scale: Scale) -> (usize, usize, Vec<u8>) {
        let at = |x: usize, y: usize| plane.shade(self.pixels[y * self.width + x]);
        let (width, height) = (self.width, self.height);
        match scale {
            Scale::Same => (width, height, self.pixels.iter().map(|pixel| plane.shade(*pixel)).collect()),
            Scale::Larger(by) => {
                let own: Vec<u8> = self.pixels.iter().map(|pixel| plane.shade(*pixel)).collect();
                let (columns, rows) = (between(width, by), between(height, by));
                let mix = |one: usize, other: usize, part: usize| (one * (2 * by - part) + other * part) / (2 * by);
                let mut shades = Vec::with_capacity(columns.len() * rows.len());
                for (top, bottom, down) in rows {
                    for (left, right, across) in &columns {
                        let of = |x: usize, y: usize| usize::from(own[y * width + x]);
                        let above = mix(of(*left, top), of(*right, top), *across);
                        let below = mix(of(*left, bottom), of(*right, bottom), *across);
                        shades.push(mix(above, below, down) as u8);
                    }
                }
                (width * by, height * by, shades)
            }
            Scale::Smaller(by) => {
                let mean = |x: usize, y: usize| {
                    let square = (0..by).flat_map(|dy| (0..by).map(move |dx| (x * by + dx, y * by + dy)));
                    (square.map(|(x, y)| usize::from(at(x, y))).sum::<usize>() / (by * by)) as u8
                };
                let (width, height) = (width / by, height / by);
                let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
                (width, height, rows.map(|(x, y)| mean(x, y)).collect())
            }
        }
    }
}

/// For each place in a row that is enlarged, the two places of the row between which it lies, and how far it is from the first one, in
/// parts of `2 * by`.
fn between(length: usize, by: usize) -> Vec<(usize, usize, usize)> {
    let place = |at: usize| {
        // From the middle of the first one on.
        let from = (2 * at + 1).saturating_sub(by);
        let first = from / (2 * by);
        (first, (first + 1).min(length - 1), from % (2 * by))
    };
    (0..length * by).map(place).collect()
}

impl Plane {
    fn shade(self, [red, green, blue, opacity]: [u8; 4]) -> u8 {
        match self {
            Self::Over(background) => over(background, grey(red, green, blue), opacity),
            Self::Colour(which) => over(255, [red, green, blue][which], opacity),
            Self::Opacity => opacity,
        }
    }
}

/// Makes the darkest black and the lightest white.
fn stretch(shades: &mut [u8]) {
    let (Some(&low), Some(&high)) = (shades.iter().min(), shades.iter().max()) else { return };
    let range = u16::from(high - low);
    if range > 0 && range < 255 {
        for shade in shades {
            *shade = (u16::from(*shade - low) * 255 / range) as u8;
        }
    }
}

/// How light a colour is (ITU-R BT.601).
fn grey(red: u8, green: u8, blue: u8) -> u8 {
    ((u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000) as u8
}

fn over(background: u8, shade: u8, opacity: u8) -> u8 {
    let (background, shade, opacity) = (u32::from(background), u32::from(shade), u32::from(opacity));
    ((shade * opacity + background * (255 - opacity)) / 255) as u8
}
