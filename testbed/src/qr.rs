//! QR codes in a terminal.

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

use crate::failure::Failure;

/// Draws `text` as a QR code with its quiet zone, two modules to a character.
///
/// On a terminal the colours are set, since a code drawn in the terminal's own ones may come out inverted. Elsewhere a dark module is
/// a filled block.
pub(crate) fn draw(text: &str, on_terminal: bool) -> Result<String, Failure> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| Failure::reason(format_args!("no QR code can be drawn: {error}")))?;
    let drawn = code.render::<Dense1x2>().build();
    if !on_terminal {
        return Ok(drawn);
    }
    const BLACK_ON_WHITE: &str = "\x1b[30;107m";
    const PLAIN: &str = "\x1b[0m";
    Ok(drawn.lines().map(|line| format!("{BLACK_ON_WHITE}{line}{PLAIN}")).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads half blocks back into modules, and those as a camera would.
    fn scan(drawn: &str) -> String {
        let rows: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        let scale = 4;
        let is_dark = |x: usize, y: usize| match rows[y / 2][x] {
            '█' => true,
            '▀' => y & 1 == 0,
            '▄' => y & 1 == 1,
            _ => false,
        };
        let (width, height) = (rows[0].len() * scale, rows.len() * 2 * scale);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            if is_dark(x / scale, y / scale) { 0 } else { 255 }
        });
        let (_, text) = image.detect_grids()[0].decode().unwrap();
        text
    }

    #[test]
    fn a_camera_reads_what_is_drawn() {
        let short = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
        let long = "jami-auth://4ccf2262b8772888db1eeb20c3eed0825fa53518fb0df1ba1990b9710f533095/192691";
        for text in [short, long] {
            assert_eq!(scan(&draw(text, false).unwrap()), text);
        }
    }

    #[test]
    fn on_a_terminal_every_line_sets_and_resets_its_colours() {
        let plain = draw("x", false).unwrap();
        let coloured = draw("x", true).unwrap();
        assert!(coloured.lines().all(|line| line.starts_with("\x1b[30;107m") && line.ends_with("\x1b[0m")));
        assert_eq!(coloured.replace("\x1b[30;107m", "").replace("\x1b[0m", ""), plain);
    }

    #[test]
    fn too_much_text_is_refused() {
        assert!(draw(&"x".repeat(10_000), false).is_err());
    }
}
