//! Tokens in images: PNG files, such as screenshots.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufReader, BufWriter},
    path::Path,
};

use handfast::token::Token;
use png::{BitDepth, ColorType, Decoder, Encoder, Limits, Transformations};
use qrcode::Color;
use rqrr::PreparedImage;

use super::encode;
use crate::{failure::Failure, output, token::typed};

/// Pixels of an image that is read: a screen of 8K has 33 million.
const MAX_PIXELS: u64 = 40_000_000;
/// Bytes that the decoder holds beside the pixels.
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
    #[error("is no PNG image: {0}")]
    NoImage(png::DecodingError),
    /// It is larger than any screen.
    #[error("has {width} × {height} pixels: at most {MAX_PIXELS} are read")]
    TooLarge {
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// There is nothing that looks like a code.
    #[error("shows no QR code")]
    NoCode,
    /// There is one that cannot be read.
    #[error("shows a QR code that cannot be read: take a sharper image of it")]
    Unclear,
    /// Nothing says which one is meant.
    #[error("shows {0} different QR codes: cut the image down to one")]
    Several(usize),
    /// The code says something else.
    #[error("shows a QR code, and {why}")]
    NoToken {
        /// What it says.
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

/// Reads the one token that an image shows.
pub(crate) fn read(path: &Path) -> Result<Token, ImageError> {
    let grey = Grey::read(path)?;
    // Codes on dark screens may be inverted.
    let text = match grey.text(|shade| shade) {
        Err(ImageError::NoCode) => grey.text(|shade| !shade),
        read => read,
    }?;
    typed(text.as_bytes()).map_err(|why| ImageError::NoToken { text, why })
}

/// An image in shades of grey.
struct Grey {
    width: usize,
    height: usize,
    shades: Vec<u8>,
}

impl Grey {
    fn read(path: &Path) -> Result<Self, ImageError> {
        let mut decoder = Decoder::new_with_limits(BufReader::new(File::open(path)?), Limits { bytes: MAX_DECODER });
        decoder.set_transformations(Transformations::normalize_to_color8());
        decoder.set_ignore_text_chunk(true);
        let (width, height) = decoder.read_header_info()?.size();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(ImageError::TooLarge { width, height });
        }
        let mut reader = decoder.read_info()?;
        let mut pixels = vec![0; reader.output_buffer_size().ok_or(ImageError::TooLarge { width, height })?];
        let info = reader.next_frame(&mut pixels)?;
        pixels.truncate(info.buffer_size());
        let shades = match info.color_type {
            ColorType::Grayscale | ColorType::Indexed => pixels,
            ColorType::GrayscaleAlpha => pixels.chunks_exact(2).map(|pixel| on_white(pixel[0], pixel[1])).collect(),
            ColorType::Rgb => pixels.chunks_exact(3).map(|pixel| grey(pixel[0], pixel[1], pixel[2])).collect(),
            ColorType::Rgba => {
                let shade = |pixel: &[u8]| on_white(grey(pixel[0], pixel[1], pixel[2]), pixel[3]);
                pixels.chunks_exact(4).map(shade).collect()
            }
        };
        Ok(Self { width: width as usize, height: height as usize, shades })
    }

    /// What the one code says.
    fn text(&self, shade: impl Fn(u8) -> u8) -> Result<String, ImageError> {
        let at = |x: usize, y: usize| self.shades.get(y * self.width + x).map_or(255, |&there| shade(there));
        let mut image = PreparedImage::prepare_from_greyscale(self.width, self.height, at);
        let grids = image.detect_grids();
        let texts: BTreeSet<String> = grids.iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect();
        let count = texts.len();
        match (texts.into_iter().next(), count) {
            (Some(text), 1) => Ok(text),
            (Some(_), several) => Err(ImageError::Several(several)),
            (None, _) if grids.is_empty() => Err(ImageError::NoCode),
            (None, _) => Err(ImageError::Unclear),
        }
    }
}

/// How light a colour is (ITU-R BT.601).
fn grey(red: u8, green: u8, blue: u8) -> u8 {
    ((u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000) as u8
}

fn on_white(shade: u8, alpha: u8) -> u8 {
    let (shade, alpha) = (u32::from(shade), u32::from(alpha));
    ((shade * alpha + 255 * (255 - alpha)) / 255) as u8
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
    .map_err(|error| Failure::reason(format_args!("{}: {error}", path.display())))
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

    #[test]
    fn what_shows_no_token_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let told = |name: &str| read(&path(name)).unwrap_err().to_string();
        let mut all = vec![format!("missing: {}", told("missing"))];
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
            all.push(format!("{name}: {}", told(name)));
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
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// No image is worse than unreadable, not even a code with noise on it.
        #[test]
        fn noise_is_no_panic(noise in prop::collection::vec((0..148usize, 0..148usize, any::<u8>()), 0..4000)) {
            let rows = pixels(TEXT, 4);
            let side = rows.len();
            let mut shades: Vec<u8> = rows.iter().flatten().map(|is_dark| if *is_dark { 0 } else { 255 }).collect();
            for (x, y, shade) in noise {
                shades[y * side + x] = shade;
            }
            let image = Grey { width: side, height: side, shades };
            if let Ok(text) = image.text(|shade| shade) {
                prop_assert_eq!(text, TEXT);
            }
        }
    }
}
