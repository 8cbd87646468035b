//! Laws of the client of an export under any inputs in any order (laws 2, 3 and 6; R-CLI-1 to R-CLI-5, P-CLIENT).

use arbitrary::Unstructured;
use handfast::{
    client::export::{Client, Effect, Input, Screen},
    rules::{AllRules, Rules},
};
use handfast_model::clients::{Watch, edges};

use crate::{inputs, laws};

/// Panics if the client does not keep the laws: the bytes are its inputs.
pub fn check(bytes: &[u8]) {
    check_inputs(inputs::all(&mut Unstructured::new(bytes), inputs::export_client), AllRules);
}

/// The same of inputs as they are.
pub fn check_inputs(inputs: impl IntoIterator<Item = Input>, rules: impl Rules) {
    let mut client = Client::under(rules);
    let mut watch = Watch::default();
    for input in inputs {
        let mut shown = client.screen();
        let before = shown;
        let Some(effects) = laws::step_watched(&mut client, &mut watch, input) else { continue };
        edges::of_export(before, input, &effects, |edge| assert!(edges::is_listed(&edge), "{edge}"));
        for effect in effects {
            match effect {
                Effect::Show(screen) => shown = screen,
                Effect::AddDevice(slot) => {
                    assert!(matches!(input, Input::Detected(token) | Input::Entered(token) if token == slot));
                }
                Effect::ConfirmAddDevice(id) => {
                    let asked = matches!(before, Screen::Authenticating { confirmed: false, .. });
                    assert!(
                        asked && input == Input::Confirm,
                        "it confirms only a device that it shows, when its user agrees"
                    );
                    assert_eq!(client.operation(), Some(id));
                }
                _ => {}
            }
        }
        assert_eq!(client.screen(), shown, "what is shown last is what there is");
    }
}
