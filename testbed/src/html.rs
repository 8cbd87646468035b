//! The head that all pages have.

use maud::{Markup, PreEscaped, html};

/// The colours, light and dark.
pub(crate) const COLOURS: &str = include_str!("html.css");
/// A page loads nothing, from anywhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Draws the head of a page with a style of its own.
pub(crate) fn head(title: &str, style: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            title { (title) }
            style { (PreEscaped(COLOURS)) (PreEscaped(style)) }
        }
    }
}
