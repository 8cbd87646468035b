//! A picture, and the ways in which QR codes are looked for in it.

use std::{collections::BTreeSet, iter};

use rqrr::PreparedImage;

/// Pixels of a picture that is made larger.
const MAX_ENLARGED: usize = 36_000_000;
/// Pixels of a picture from which on it is made smaller, too: a photograph, or a screen with a large code.
const MIN_REDUCED: usize = 20_000;

/// How many parts of a picture, in which something looks like a code, are looked at again.
const MAX_PARTS: usize = 8;
/// How many parts of a picture are evened along its shorter side.
const PARTS: usize = 28;
/// Pixels of the side of such a part at least.
const MIN_PART: usize = 8;
/// By how much the lightest and the darkest of a part have to differ.
const MIN_CONTRAST: usize = 20;

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
    /// The places of those that could not.
    pub(super) unclear: Vec<Region>,
}

/// A part of a picture: where its columns and rows begin, and where they end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    first: [usize; 2],
    last: [usize; 2],
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

/// A change of the pixels' lightness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Light {
    /// The darkest of the picture becomes black, the lightest white.
    Stretched,
    /// The same in each part of the picture: a shadow or a gradient goes.
    Evened,
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

    /// Looks for codes in one way after the other, the cheap ones first, until what was found is enough.
    pub(super) fn find(&self, is_enough: impl Fn(&Found) -> bool) -> Found {
        let mut found = Found::default();
        self.look_at(&self.small_scales(), &is_enough, &mut found);
        // A part of a picture is enlarged further than the whole, and is evened by itself.
        for part in self.parts(&found.unclear) {
            part.look_at(&[part.small_scales(), part.large_scales()].concat(), &is_enough, &mut found);
        }
        self.look_at(&self.large_scales(), &is_enough, &mut found);
        found
    }

    /// Looks for codes in the cheap ways alone, as the next frame of a camera may show what this one does not.
    #[cfg(feature = "web")]
    pub(super) fn glance(&self, is_enough: impl Fn(&Found) -> bool) -> Found {
        let mut found = Found::default();
        let (sure, _) = self.planes();
        let smaller = (self.pixels.len() >= MIN_REDUCED).then_some(Scale::Smaller(2));
        for light in [Light::Stretched, Light::Evened] {
            for scale in iter::once(Scale::Same).chain(smaller) {
                for plane in &sure {
                    let is_first = (light, scale) == (Light::Stretched, Scale::Same);
                    if is_first || !is_enough(&found) {
                        self.look(*plane, light, scale, &mut found);
                    }
                }
            }
        }
        found
    }

    fn look_at(&self, scales: &[Scale], is_enough: &dyn Fn(&Found) -> bool, found: &mut Found) {
        let (sure, others) = self.planes();
        for light in [Light::Stretched, Light::Evened] {
            for scale in scales {
                for plane in sure.iter().chain(&others) {
                    // Codes that are found without a change are found together, so that none of several is passed over.
                    let is_first = (light, *scale) == (Light::Stretched, Scale::Same) && sure.contains(plane);
                    if is_first || !is_enough(found) {
                        self.look(*plane, light, *scale, found);
                    }
                }
            }
        }
    }

    /// The parts of the picture in which something looks like a code: a few, none of which is in another one.
    fn parts(&self, unclear: &[Region]) -> Vec<Self> {
        let mut regions: Vec<Region> = Vec::new();
        for region in unclear {
            if !regions.iter().any(|other| other.holds(region)) {
                let wide = region.widened(self.width, self.height);
                regions.push(wide);
            }
        }
        let of = |region: &Region| {
            let [width, height] = [0, 1].map(|axis| region.last[axis] - region.first[axis]);
            let rows = self.pixels.chunks(self.width).skip(region.first[1]).take(height);
            Self::new(width, height, rows.flat_map(|row| &row[region.first[0]..region.last[0]]).copied().collect())
        };
        let is_part = |part: &Self| part.pixels.len() < self.pixels.len() && !part.pixels.is_empty();
        regions.iter().take(MAX_PARTS).map(of).filter(is_part).collect()
    }

    /// The planes that differ, and those that may show what the first ones do not.
    fn planes(&self) -> (Vec<Plane>, Vec<Plane>) {
        let is_opaque = self.pixels.iter().all(|pixel| pixel[3] == 255);
        let is_grey = self.pixels.iter().all(|[red, green, blue, _]| red == green && green == blue);
        let sure =
            if is_opaque { vec![Plane::Over(255)] } else { vec![Plane::Over(255), Plane::Over(0), Plane::Opacity] };
        (sure, if is_grey { vec![] } else { (0..3).map(Plane::Colour).collect() })
    }

    fn small_scales(&self) -> Vec<Scale> {
        let smaller = [2, 3, 4].into_iter().filter(|_| self.pixels.len() >= MIN_REDUCED).map(Scale::Smaller);
        iter::once(Scale::Same).chain(smaller).collect()
    }

    fn large_scales(&self) -> Vec<Scale> {
        let larger = [2, 3, 4].into_iter().filter(|by| self.pixels.len() * by * by <= MAX_ENLARGED);
        larger.map(Scale::Larger).collect()
    }

    /// Looks for dark codes on light, and for light ones on dark.
    fn look(&self, plane: Plane, light: Light, scale: Scale, found: &mut Found) {
        let (width, height, mut shades) = self.shades(plane, scale);
        match light {
            Light::Stretched => stretch(&mut shades),
            Light::Evened => even(width, height, &mut shades),
        }
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
                    Err(_) => found.unclear.push(Region::of(&grid.bounds, edge, scale)),
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
                let mut shades = Vec::with_capacity(columns.len() * rows.len());
                for (top, bottom, down) in rows {
                    for (left, right, across) in &columns {
                        let of = |x: usize, y: usize| usize::from(own[y * width + x]);
                        let above = mix(by, of(*left, top), of(*right, top), *across);
                        let below = mix(by, of(*left, bottom), of(*right, bottom), *across);
                        shades.push(mix(by, above, below, down) as u8);
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

impl Region {
    /// Where a code is that was found in the picture at this scale, with an edge around it.
    fn of(corners: &[rqrr::Point; 4], edge: usize, scale: Scale) -> Self {
        let own = |at: i32| scale.own(usize::try_from(at).unwrap_or(0).saturating_sub(edge));
        let corners = corners.map(|corner| [own(corner.x), own(corner.y)]);
        let with = |of: fn(usize, usize) -> usize| {
            corners.into_iter().reduce(|one, other| [0, 1].map(|axis| of(one[axis], other[axis])))
        };
        Self { first: with(usize::min).unwrap_or_default(), last: with(usize::max).unwrap_or_default() }
    }

    /// With a quarter more on each side, as far as the picture goes.
    fn widened(self, width: usize, height: usize) -> Self {
        let more = [0, 1].map(|axis| (self.last[axis] - self.first[axis]) / 4 + 4);
        let ends = [width, height];
        Self {
            first: [0, 1].map(|axis| self.first[axis].saturating_sub(more[axis]).min(ends[axis])),
            last: [0, 1].map(|axis| (self.last[axis] + more[axis]).min(ends[axis])),
        }
    }

    fn holds(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.first[axis] <= other.first[axis] && other.last[axis] <= self.last[axis])
    }
}

impl Scale {
    /// The place in the picture of a place in what is looked at.
    fn own(self, at: usize) -> usize {
        match self {
            Self::Same => at,
            Self::Larger(by) => at / by,
            Self::Smaller(by) => at * by,
        }
    }
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

/// Makes the darkest of each part of the picture black, and the lightest white. A part is a sixteenth of the shorter side wide, with the
/// parts around it; between the middles of parts, what is dark and light changes evenly. A part without contrast is taken as the ones
/// next to it.
fn even(width: usize, height: usize, shades: &mut [u8]) {
    let side = (width.min(height) / PARTS).max(MIN_PART);
    let (columns, rows) = (width.div_ceil(side), height.div_ceil(side));
    let mut parts = vec![[255, 0]; columns * rows];
    for (y, row) in shades.chunks(width).enumerate() {
        for (x, shade) in row.iter().enumerate() {
            let [low, high] = &mut parts[y / side * columns + x / side];
            (*low, *high) = ((*low).min(*shade), (*high).max(*shade));
        }
    }
    let around = |at: usize, length: usize| at.saturating_sub(1)..(at + 2).min(length);
    let wide = |column: usize, row: usize| {
        let near = around(row, rows).flat_map(|y| around(column, columns).map(move |x| (x, y)));
        near.map(|(x, y)| parts[y * columns + x])
            .fold([255, 0], |[low, high], part: [u8; 2]| [low.min(part[0]), high.max(part[1])])
    };
    let mut wide: Vec<Option<[u8; 2]>> = (0..columns * rows)
        .map(|at| wide(at % columns, at / columns))
        .map(|[low, high]| (usize::from(high) > usize::from(low) + MIN_CONTRAST).then_some([low, high]))
        .collect();
    // From the parts with contrast to those around them, further and further.
    while wide.contains(&None) {
        let before = wide.clone();
        for (at, part) in wide.iter_mut().enumerate().filter(|(_, part)| part.is_none()) {
            let near = around(at / columns, rows).flat_map(|y| around(at % columns, columns).map(move |x| (x, y)));
            *part = near.filter_map(|(x, y)| before[y * columns + x]).next();
        }
        if wide == before {
            // There is no contrast anywhere.
            return;
        }
    }
    let wide: Vec<[u8; 2]> = wide.into_iter().flatten().collect();
    let (across, down) = (between(columns, side), between(rows, side));
    for (y, row) in shades.chunks_mut(width).enumerate() {
        let (top, bottom, below) = down[y];
        for (x, shade) in row.iter_mut().enumerate() {
            let (left, right, beyond) = across[x];
            let of = |which: usize| {
                let at = |column: usize, row: usize| usize::from(wide[row * columns + column][which]);
                mix(
                    side,
                    mix(side, at(left, top), at(right, top), beyond),
                    mix(side, at(left, bottom), at(right, bottom), beyond),
                    below,
                )
            };
            let (low, high) = (of(0), of(1));
            if high > low {
                *shade = (usize::from(*shade).saturating_sub(low) * 255 / (high - low)).min(255) as u8;
            }
        }
    }
}

/// The mean of two shades, of which the second one counts `part` in `2 * by`.
fn mix(by: usize, one: usize, other: usize, part: usize) -> usize {
    (one * (2 * by - part) + other * part) / (2 * by)
}

/// How light a colour is (ITU-R BT.601).
fn grey(red: u8, green: u8, blue: u8) -> u8 {
    ((u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000) as u8
}

fn over(background: u8, shade: u8, opacity: u8) -> u8 {
    let (background, shade, opacity) = (u32::from(background), u32::from(shade), u32::from(opacity));
    ((shade * opacity + background * (255 - opacity)) / 255) as u8
}
