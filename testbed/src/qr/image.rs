//! Tokens in images: PNG files, such as screenshots.

mod picture;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufReader, BufWriter},
    path::Path,
};

use handfast::token::Token;
use png::{BitDepth, ColorType, Decoder, Encoder, Limits, Transformations};
use qrcode::Color;

use self::picture::{Found, Picture};
use super::encode;
use crate::{failure::Failure, output, token::typed};

/// Pixels of an image that is read: a screen of 8K has 33 million.
const MAX_PIXELS: u64 = 40_000_000;
/// Bytes that the decoder holds in addition to the pixels.
const MAX_DECODER: usize = 16 << 20;
/// Pixels of a module's side in an image that is written.
const SCALE: u32 = 8;

/// Why there is no token in a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImageError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is no PNG image, or a damaged one.
    #[error("is no PNG image, or a damaged one: give a screenshot that was saved as PNG")]
    NoImage(#[source] png::DecodingError),
    /// It is larger than any screen.
    #[error("has {width} × {height} pixels: at most {MAX_PIXELS} are read")]
    TooLarge {
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// It is an image of another format, or something else.
    #[error("is {0}: only PNG images are read. Convert it, or take a screenshot of it as PNG")]
    Format(&'static str),
    /// There is nothing that looks like a code.
    #[error("shows no QR code")]
    NoCode,
    /// There is one that cannot be read.
    #[error("shows a QR code that cannot be read: take a sharper image of it")]
    Unclear,
    /// Nothing says which one is meant.
    #[error("shows the QR codes of {0} different tokens: cut the image down to one")]
    Several(usize),
    /// There are others alone.
    #[error("shows {0} QR codes, and none of them is that of a token")]
    NoneOf(usize),
    /// The code says something else.
    #[error("shows a QR code, and {why}")]
    NoToken {
        /// The text.
        text: String,
        /// Why that is no token.
        why: String,
    },
}

impl From<png::DecodingError> for ImageError {
    fn from(error: png::DecodingError) -> Self {
        match error {
            // The end comes too early: that is the image's fault.
            png::DecodingError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                Self::Unreadable(error)
            }
            error => Self::NoImage(error),
        }
    }
}

/// Reads the one token that an image shows, whatever else it shows.
pub(crate) fn read(path: &Path) -> Result<Token, ImageError> {
    let picture = decode(BufReader::new(File::open(path)?))?;
    token_of(picture.find(holds_token))
}

/// The same of an image in memory. A frame of a camera is followed by others: only the cheap ways are tried with it.
#[cfg(feature = "web")]
pub(crate) fn read_bytes(bytes: &[u8], is_frame: bool) -> Result<Token, ImageError> {
    let picture = decode(io::Cursor::new(bytes))?;
    token_of(if is_frame { picture.glance(holds_token) } else { picture.find(holds_token) })
}

/// How many tokens there are among the texts.
fn tokens(texts: &BTreeSet<String>) -> usize {
    texts.iter().filter(|text| typed(text.as_bytes()).is_ok()).count()
}

fn holds_token(found: &Found) -> bool {
    tokens(&found.texts) > 0
}

/// The one token that was found.
fn token_of(Found { texts, unclear }: Found) -> Result<Token, ImageError> {
    let mut good = texts.iter().filter_map(|text| typed(text.as_bytes()).ok());
    match (good.next(), tokens(&texts), texts.len()) {
        (Some(token), 1, _) => Ok(token),
        (_, several @ 2.., _) => Err(ImageError::Several(several)),
        (_, _, 0) if !unclear.is_empty() => Err(ImageError::Unclear),
        (_, _, 0) => Err(ImageError::NoCode),
        (_, _, 1) => {
            let text = texts.into_iter().next().unwrap_or_default();
            let why = typed(text.as_bytes()).err().unwrap_or_default();
            Err(ImageError::NoToken { text, why })
        }
        (_, _, several) => Err(ImageError::NoneOf(several)),
    }
}

/// Reads the pixels of an image.
fn decode(mut file: impl io::BufRead + io::Seek) -> Result<Picture, ImageError> {
    let head = file.fill_buf()?;
    if let Some(what) = other_format(head) {
        return Err(ImageError::Format(what));
    }
    let mut decoder = Decoder::new_with_limits(file, Limits { bytes: MAX_DECODER });
    decoder.set_transformations(Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    let (width, height) = decoder.read_header_info()?.size();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageError::TooLarge { width, height });
    }
    let mut reader = decoder.read_info()?;
    let mut bytes = vec![0; reader.output_buffer_size().ok_or(ImageError::TooLarge { width, height })?];
    let info = reader.next_frame(&mut bytes)?;
    bytes.truncate(info.buffer_size());
    let pixels = match info.color_type {
        ColorType::Grayscale | ColorType::Indexed => bytes.iter().map(|grey| [*grey, *grey, *grey, 255]).collect(),
        ColorType::GrayscaleAlpha => {
            bytes.as_chunks().0.iter().map(|[grey, opacity]| [*grey, *grey, *grey, *opacity]).collect()
        }
        ColorType::Rgb => bytes.as_chunks().0.iter().map(|[red, green, blue]| [*red, *green, *blue, 255]).collect(),
        ColorType::Rgba => bytes.as_chunks().0.to_vec(),
    };
    Ok(Picture::new(width as usize, height as usize, pixels))
}

/// Returns the kind of a file that is no PNG image, if it is known.
fn other_format(head: &[u8]) -> Option<&'static str> {
    let at = |place: usize, magic: &[u8]| head.get(place..place + magic.len()) == Some(magic);
    if at(0, b"\xff\xd8\xff") {
        return Some("a JPEG image");
    }
    if at(0, b"GIF8") {
        return Some("a GIF image");
    }
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Some("a WebP image");
    }
    if at(4, b"ftypheic") || at(4, b"ftypmif1") || at(4, b"ftypheix") {
        return Some("a HEIC image");
    }
    if at(4, b"ftypavif") {
        return Some("an AVIF image");
    }
    if at(0, b"II*\0") || at(0, b"MM\0*") {
        return Some("a TIFF image");
    }
    if at(0, b"BM") && at(6, &[0; 4]) {
        return Some("a BMP image");
    }
    if at(0, b"%PDF") {
        return Some("a PDF document");
    }
    let begin = head.trim_ascii_start();
    let is_text = |with: &[u8]| begin.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    if is_text(b"<svg") || is_text(b"<?xml") {
        return Some("an SVG image, or another XML text");
    }
    is_text(b"<!doctype").then_some("an HTML page")
}

/// Writes the QR code of a token as an image, readable by its owner only.
pub(crate) fn write(path: &Path, token: &Token) -> Result<(), Failure> {
    let code = encode(&token.text().to_string())?;
    let quiet = if code.version().is_micro() { 2 } else { 4 };
    let modules = code.width() as u32 + 2 * quiet;
    let is_dark = |x: u32, y: u32| {
        let inside = quiet..modules - quiet;
        inside.contains(&x) && inside.contains(&y) && code[((x - quiet) as usize, (y - quiet) as usize)] == Color::Dark
    };
    let side = modules * SCALE;
    let shades: Vec<u8> = (0..side)
        .flat_map(|y| (0..side).map(move |x| (x / SCALE, y / SCALE)))
        .map(|(x, y)| if is_dark(x, y) { 0 } else { 255 })
        .collect();
    output::whole(path, |file| {
        let mut encoder = Encoder::new(BufWriter::new(file), side, side);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&shades)?;
        writer.finish()?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    const OTHER: &str = "jami-auth://4ccf2262b8772888db1eeb20c3eed0825fa53518fb0df1ba1990b9710f533095/192691";

    fn token(text: &str) -> Token {
        Token::parse(text.as_bytes()).unwrap()
    }

    /// The pixels of a text's code, dark or not, with its quiet zone.
    fn pixels(text: &str, scale: usize) -> Vec<Vec<bool>> {
        let code = encode(text).unwrap();
        let side = (code.width() + 8) * scale;
        let is_dark = |x: usize, y: usize| {
            let inside = |at: usize| (at / scale).checked_sub(4).filter(|at| *at < code.width());
            matches!((inside(x), inside(y)), (Some(x), Some(y)) if code[(x, y)] == Color::Dark)
        };
        (0..side).map(|y| (0..side).map(|x| is_dark(x, y)).collect()).collect()
    }

    fn save(path: &Path, width: u32, height: u32, colour: ColorType, bytes: &[u8]) {
        let mut encoder = Encoder::new(File::create(path).unwrap(), width, height);
        encoder.set_color(colour);
        encoder.set_depth(BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(bytes).unwrap();
    }

    fn save_code(path: &Path, colour: ColorType, rows: &[Vec<bool>], dark: &[u8], light: &[u8]) {
        let bytes: Vec<u8> =
            rows.iter().flatten().flat_map(|is_dark| if *is_dark { dark } else { light }).copied().collect();
        save(path, rows[0].len() as u32, rows.len() as u32, colour, &bytes);
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        for text in [TEXT, OTHER] {
            write(&path, &token(text)).unwrap();
            assert_eq!(read(&path).unwrap().text().to_string(), text);
        }
    }

    #[test]
    fn colours_transparency_and_inversion_do_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        let rows = pixels(TEXT, 3);
        let images: [(ColorType, &[u8], &[u8]); 6] = [
            (ColorType::Grayscale, &[40], &[200]),
            (ColorType::Grayscale, &[255], &[0]),
            (ColorType::GrayscaleAlpha, &[0, 255], &[0, 0]),
            (ColorType::Rgb, &[0, 0, 160], &[255, 255, 200]),
            (ColorType::Rgb, &[240, 240, 240], &[40, 44, 52]),
            (ColorType::Rgba, &[0, 0, 0, 255], &[7, 7, 7, 0]),
        ];
        for (colour, dark, light) in images {
            save_code(&path, colour, &rows, dark, light);
            assert_eq!(read(&path).unwrap().text().to_string(), TEXT, "{colour:?} {dark:?}");
        }
    }

    /// A code in these colours on a background of another, with a margin of so many pixels of it.
    fn framed(rows: &[Vec<bool>], dark: [u8; 4], light: [u8; 4], around: [u8; 4], margin: usize) -> (u32, Vec<u8>) {
        let side = rows.len() + 2 * margin;
        let at = |x: usize, y: usize| {
            let inside = x.checked_sub(margin).zip(y.checked_sub(margin));
            match inside.and_then(|(x, y)| rows.get(y)?.get(x)) {
                Some(true) => dark,
                Some(false) => light,
                None => around,
            }
        };
        (side as u32, (0..side).flat_map(|y| (0..side).flat_map(move |x| at(x, y))).collect())
    }

    const CLEAR: [u8; 4] = [0; 4];
    const BLACK: [u8; 4] = [0, 0, 0, 255];
    const WHITE: [u8; 4] = [255; 4];

    #[test]
    fn any_background_and_none_will_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        let rows = pixels(TEXT, 3);
        let (red, green) = ([200, 0, 0, 255], [0, 102, 0, 255]);
        for (name, dark, light, around) in [
            ("white on nothing", WHITE, CLEAR, CLEAR),
            ("black on nothing", BLACK, CLEAR, CLEAR),
            ("holes in white", CLEAR, WHITE, WHITE),
            ("holes in black", CLEAR, BLACK, BLACK),
            ("holes in white on nothing", CLEAR, WHITE, CLEAR),
            ("transparent white in white", [255, 255, 255, 0], WHITE, WHITE),
            ("half transparent", [0, 0, 0, 128], CLEAR, CLEAR),
            ("equally light colours", red, green, green),
            ("little contrast", [118, 118, 118, 255], [133, 133, 133, 255], [133, 133, 133, 255]),
            ("light on dark on light", WHITE, BLACK, WHITE),
        ] {
            let (side, bytes) = framed(&rows, dark, light, around, 20);
            save(&path, side, side, ColorType::Rgba, &bytes);
            assert_eq!(read(&path).map(|token| token.text().to_string()).unwrap_or_default(), TEXT, "{name}");
        }
    }

    #[test]
    fn small_codes_and_rescaled_ones_and_ones_without_a_margin_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        for text in [TEXT, OTHER] {
            // Without their quiet zone, from one pixel a module on.
            for scale in 1..=6 {
                let whole = pixels(text, scale);
                let quiet = 4 * scale;
                let rows: Vec<Vec<bool>> = whole[quiet..whole.len() - quiet]
                    .iter()
                    .map(|row| row[quiet..row.len() - quiet].to_vec())
                    .collect();
                for rows in [&whole, &rows] {
                    save_code(&path, ColorType::Grayscale, rows, &[0], &[255]);
                    assert_eq!(
                        read(&path).unwrap().text().to_string(),
                        text,
                        "{scale} pixels a module, {}",
                        rows.len()
                    );
                }
            }
            // By a factor that is no whole number.
            for (times, by) in [(3, 2), (5, 2), (7, 4), (11, 3)] {
                let whole = pixels(text, times);
                let side = whole.len() / by;
                let mean = |x: usize, y: usize| {
                    let square = (0..by).flat_map(|dy| (0..by).map(move |dx| (x * by + dx, y * by + dy)));
                    let light = square.filter(|(x, y)| !whole[*y][*x]).count();
                    (255 * light / (by * by)) as u8
                };
                let shades: Vec<u8> =
                    (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).map(|(x, y)| mean(x, y)).collect();
                save(&path, side as u32, side as u32, ColorType::Grayscale, &shades);
                assert_eq!(read(&path).unwrap().text().to_string(), text, "{times}/{by} pixels a module");
            }
        }
    }

    /// A shadow falls over the code: its light modules on one side are darker than its dark ones on the other.
    #[test]
    fn a_code_in_a_shadow_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        for scale in [3, 5] {
            let rows = pixels(TEXT, scale);
            let side = rows.len();
            for falls in [|x: usize, _: usize, _: usize| x, |x, y, _| (x + y) / 2, |x, y, side| (side - x + y) / 2] {
                let shade = |x: usize, y: usize| {
                    let light = 60 + 195 * falls(x, y, side) / side;
                    (if rows[y][x] { light / 4 } else { light }) as u8
                };
                let shades: Vec<u8> =
                    (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).map(|(x, y)| shade(x, y)).collect();
                save(&path, side as u32, side as u32, ColorType::Grayscale, &shades);
                assert_eq!(read(&path).unwrap().text().to_string(), TEXT, "{scale} pixels a module");
            }
        }
    }

    /// On a screen with other things on it, shrunk by leaving pixels out.
    #[test]
    fn a_small_code_in_a_large_picture_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        let (width, height) = (1280, 720);
        for (tenths, around, corner) in [(20, 255, (7, 13)), (25, 30, (1000, 500)), (37, 128, (600, 300))] {
            let whole = pixels(TEXT, 10);
            let side = whole.len() * tenths / 100;
            let mut shades = vec![around; width * height];
            for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
                let is_dark = whole[y * 100 / tenths][x * 100 / tenths];
                shades[(y + corner.1) * width + x + corner.0] = if is_dark { 0 } else { 255 };
            }
            save(&path, width as u32, height as u32, ColorType::Grayscale, &shades);
            assert_eq!(read(&path).unwrap().text().to_string(), TEXT, "{tenths} tenths of a pixel a module");
        }
    }

    #[test]
    fn the_one_token_among_other_codes_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        let chosen = |texts: &[&str]| {
            let codes: Vec<_> = texts.iter().map(|text| pixels(text, 4)).collect();
            let height = codes.iter().map(Vec::len).max().unwrap();
            let row = |y: usize| {
                let of = |code: &Vec<Vec<bool>>| code.get(y).cloned().unwrap_or_else(|| vec![false; code.len()]);
                codes.iter().flat_map(of).collect::<Vec<bool>>()
            };
            save_code(&path, ColorType::Grayscale, &(0..height).map(row).collect::<Vec<_>>(), &[0], &[255]);
            read(&path).map(|token| token.text().to_string()).map_err(|error| error.to_string())
        };
        assert_eq!(chosen(&["https://jami.net", TEXT, "WIFI:S:home;;"]), Ok(TEXT.into()));
        assert!(chosen(&[OTHER, TEXT]).unwrap_err().contains("2 different tokens"));
        assert!(chosen(&["https://jami.net", "WIFI:S:home;;"]).unwrap_err().contains("none of them"));
    }

    #[test]
    fn other_formats_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("code.png");
        for (head, what) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], "a JPEG image"),
            (b"GIF89a", "a GIF image"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP image"),
            (b"\0\0\0\x18ftypheic", "a HEIC image"),
            (b"BM\x10\0\0\0\0\0\0\0", "a BMP image"),
            (b"%PDF-1.7", "a PDF document"),
            (b" <svg xmlns=", "an SVG image"),
            (b"<!DOCTYPE html>", "an HTML page"),
        ] {
            fs::write(&path, head).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains("PNG"), "{error}");
        }
    }

    #[test]
    fn what_shows_no_token_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let error = |name: &str| read(&path(name)).unwrap_err().to_string();
        let mut all = vec![format!("missing: {}", error("missing"))];
        fs::write(path("text"), TEXT).unwrap();
        fs::write(path("empty"), "").unwrap();
        write(&path("whole"), &token(TEXT)).unwrap();
        let whole = fs::read(path("whole")).unwrap();
        fs::write(path("half"), &whole[..whole.len() / 2]).unwrap();
        save(&path("white"), 100, 100, ColorType::Grayscale, &[255; 10_000]);
        save_code(&path("other"), ColorType::Grayscale, &pixels("https://example.org", 4), &[0], &[255]);
        let (one, two) = (pixels(TEXT, 4), pixels(&TEXT.replace("123456", "654321"), 4));
        let both: Vec<Vec<bool>> = one.iter().zip(&two).map(|(a, b)| [a.as_slice(), b].concat()).collect();
        save_code(&path("both"), ColorType::Grayscale, &both, &[0], &[255]);
        let twice: Vec<Vec<bool>> = one.iter().map(|row| [row.as_slice(), row].concat()).collect();
        save_code(&path("twice"), ColorType::Grayscale, &twice, &[0], &[255]);
        // All that helps to find it is there, and too much of what it says is not.
        let is_said = |x: usize, y: usize| (13..26).contains(&(x / 4)) && (13..37).contains(&(y / 4));
        let blotted: Vec<Vec<bool>> =
            (0..one.len()).map(|y| (0..one.len()).map(|x| one[y][x] && !is_said(x, y)).collect()).collect();
        save_code(&path("blotted"), ColorType::Grayscale, &blotted, &[0], &[255]);
        // A header that promises more than is read.
        let mut large = whole.clone();
        large[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        let crc = crc(&large[12..29]);
        large[29..33].copy_from_slice(&crc.to_be_bytes());
        fs::write(path("large"), large).unwrap();
        for name in ["text", "empty", "half", "white", "other", "both", "blotted", "large"] {
            all.push(format!("{name}: {}", error(name)));
        }
        insta::assert_snapshot!(all.join("\n"));
        // The same token twice is one token.
        assert_eq!(read(&path("twice")).unwrap().text().to_string(), TEXT);
    }

    /// Of a PNG chunk.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// No image is worse than unreadable, not even a code with noise on it.
        #[test]
        fn noise_is_no_panic(noise in prop::collection::vec((0..148usize, 0..148usize, any::<u8>()), 0..4000)) {
            let rows = pixels(TEXT, 4);
            let side = rows.len();
            let mut shades: Vec<u8> = rows.iter().flatten().map(|is_dark| if *is_dark { 0 } else { 255 }).collect();
            for (x, y, shade) in noise {
                shades[y * side + x] = shade;
            }
            let pixels = shades.into_iter().map(|shade| [shade, shade, shade, 255]).collect();
            for text in Picture::new(side, side, pixels).find(|found| !found.texts.is_empty()).texts {
                prop_assert_eq!(text, TEXT);
            }
        }
    }
}
