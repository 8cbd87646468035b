//! QR codes: drawn in a terminal, written to and read from images.

pub(crate) mod image;

use qrcode::{Color, EcLevel, QrCode, render::unicode::Dense1x2};

use crate::{
    failure::Failure,
    tui::style::{Size, Style},
};

/// Draws a text as a picture for pages, dark on light, with the border that readers need.
pub(crate) fn svg(text: &str) -> Result<String, Failure> {
    let (side, path) = outline(text)?;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"QR code\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// Returns the dark modules of a text's code as a path of SVG, and the side of the square around them: a module is the unit, and the border
/// that readers need is part of the square.
pub(crate) fn outline(text: &str) -> Result<(usize, String), Failure> {
    const BORDER: usize = 4;
    let code = encode(text)?;
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let places = dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + BORDER, at / width + BORDER));
    Ok((width + 2 * BORDER, places.collect()))
}

/// The text of a QR code.
fn encode(text: &str) -> Result<QrCode, Failure> {
    QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| Failure::reason(format_args!("no QR code can be drawn: {error}")))
}

/// A QR code with its quiet zone, two modules to a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    text: String,
    rows: Vec<String>,
    style: Style,
}

impl Code {
    /// For who does not look at a terminal: a dark module is a filled block.
    pub(crate) fn on_paper(text: &str) -> Result<Self, Failure> {
        let drawn = encode(text)?.render::<Dense1x2>().build();
        Ok(Self { text: text.to_owned(), rows: drawn.lines().map(str::to_owned).collect(), style: Style::Plain })
    }

    /// For a terminal. The colours are set, since a code drawn in the terminal's own ones may come out inverted. Without colours it is
    /// drawn for a terminal that is light on dark, as most are: a light module is a filled block.
    pub(crate) fn on_terminal(text: &str, colours: bool) -> Result<Self, Failure> {
        let mut code = Self::on_paper(text)?;
        if colours {
            return Ok(Self { style: Style::Code, ..code });
        }
        let inverted = |char| match char {
            ' ' => '█',
            '█' => ' ',
            '▀' => '▄',
            '▄' => '▀',
            other => other,
        };
        for row in &mut code.rows {
            *row = row.chars().map(inverted).collect();
        }
        Ok(code)
    }

    /// The text.
    #[cfg(feature = "web")]
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn rows(&self) -> &[String] {
        &self.rows
    }

    pub(crate) const fn style(&self) -> Style {
        self.style
    }

    /// As lines that can be printed.
    pub(crate) fn lines(&self) -> String {
        const BLACK_ON_WHITE: &str = "\x1b[30;107m";
        const PLAIN: &str = "\x1b[0m";
        match self.style {
            Style::Code => {
                self.rows.iter().map(|row| format!("{BLACK_ON_WHITE}{row}{PLAIN}")).collect::<Vec<_>>().join("\n")
            }
            _ => self.rows.join("\n"),
        }
    }

    /// That a window has not the room for it, and how much it needs, where other rows need some too.
    pub(crate) fn without_room(window: Size, needed: Size) -> String {
        format!(
            "this window is too small for the QR code of the token: it has {} columns and {} rows, and {} columns and {} rows are needed",
            window.columns, window.rows, needed.columns, needed.rows
        )
    }

    /// The room that it takes.
    pub(crate) fn size(&self) -> Size {
        Size { columns: self.rows.first().map_or(0, |row| row.chars().count()), rows: self.rows.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads half blocks back into modules, and those as a camera would.
    fn scan(drawn: &str) -> String {
        scan_in(drawn, 0, 255)
    }

    fn scan_in(drawn: &str, filled: u8, empty: u8) -> String {
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
            if is_dark(x / scale, y / scale) { filled } else { empty }
        });
        let (_, text) = image.detect_grids()[0].decode().unwrap();
        text
    }

    #[test]
    fn a_camera_reads_what_is_drawn() {
        let short = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
        let long = "jami-auth://4ccf2262b8772888db1eeb20c3eed0825fa53518fb0df1ba1990b9710f533095/192691";
        for text in [short, long] {
            assert_eq!(scan(&Code::on_paper(text).unwrap().lines()), text);
        }
    }

    #[test]
    fn on_a_terminal_every_line_sets_and_resets_its_colours() {
        let plain = Code::on_paper("x").unwrap().lines();
        let coloured = Code::on_terminal("x", true).unwrap().lines();
        assert!(coloured.lines().all(|line| line.starts_with("\x1b[30;107m") && line.ends_with("\x1b[0m")));
        assert_eq!(coloured.replace("\x1b[30;107m", "").replace("\x1b[0m", ""), plain);
    }

    #[test]
    fn without_colours_it_is_drawn_for_light_on_dark() {
        let text = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
        let code = Code::on_terminal(text, false).unwrap();
        assert_eq!(scan_in(&code.rows().join("\n"), 255, 0), text);
        let coloured = Code::on_terminal(text, true).unwrap();
        assert_eq!(scan(&coloured.rows().join("\n")), text);
        assert_eq!((code.size(), code.style()), (coloured.size(), Style::Plain));
        assert_eq!(coloured.style(), Style::Code);
    }

    #[test]
    fn too_much_text_is_refused() {
        assert!(Code::on_paper(&"x".repeat(10_000)).is_err());
    }
}
