//! The dialogue of each client with its person and its daemon, step by step: calls, screens, notices, and signals that are ignored (R-CLI-2,
//! R-CLI-4 to R-CLI-6, R-CLI-8, R-CLI-9, R-API-8).

mod export;
mod import;

use super::{Cases, Part};

/// A dialogue: each input, and its effects in their order. An input that the screen does not offer is `refused`.
type Dialogue = &'static [(&'static str, &'static str)];

/// A client that a dialogue can be held with.
trait Speaks: Sized {
    /// One on which nothing was chosen.
    fn begin() -> Self;
    /// Takes an input. Returns whether the screen offers it.
    fn takes(&mut self, input: &str) -> bool;
    /// The next effect, in words.
    fn next(&mut self) -> Option<String>;
}

/// Holds each dialogue, from the beginning that its name gives.
fn hold<C: Speaks>(cases: &mut Cases, whose: &str, dialogues: &[(&'static str, Dialogue, Dialogue)]) {
    for (name, beginning, rest) in dialogues {
        let mut client = C::begin();
        for (number, (input, stated)) in beginning.iter().chain(*rest).enumerate() {
            let refused = (!client.takes(input)).then(|| "refused".to_owned());
            let effects = std::iter::from_fn(|| client.next());
            let came = refused.into_iter().chain(effects).collect::<Vec<_>>().join(", ");
            cases.expect(format!("{whose}, {name}, step {}: {input}", number + 1), *stated, &*came);
        }
    }
}

pub(super) fn dialogues() -> Part {
    let mut cases = Cases::default();
    hold::<import::Held>(&mut cases, "import", import::DIALOGUES);
    hold::<export::Held>(&mut cases, "export", export::DIALOGUES);
    cases.part("dialogues", "R-CLI-2, R-CLI-4, R-CLI-5, R-CLI-6, R-CLI-8, R-CLI-9, R-API-8")
}
