//! Hot paths whose instructions are counted: `scripts/instructions`.
//!
//! Each of them does the same work every time, on every machine: nothing in it is random, waits, or asks the processor what it can.

use handfast_model::config::Size;

use crate::{codec, explorations::Exploration, steps};

/// A path, and how often it is gone.
pub struct Counted {
    /// The name that selects it.
    pub name: &'static str,
    /// Prepares the work.
    prepare: fn() -> Box<dyn FnMut()>,
    times: usize,
}

/// All of them.
pub static COUNTED: [Counted; 7] = [
    Counted {
        name: "token-parse",
        times: 1000,
        prepare: || Box::new(|| _ = std::hint::black_box(codec::parse_token())),
    },
    Counted {
        name: "message-encode",
        times: 200,
        prepare: || {
            let (messages, mut wire) = (codec::messages(), Vec::new());
            Box::new(move || codec::encode_messages(&messages, &mut wire))
        },
    },
    Counted {
        name: "message-decode",
        times: 200,
        prepare: || {
            let mut wire = Vec::new();
            codec::encode_messages(&codec::messages(), &mut wire);
            Box::new(move || assert!(codec::decode_messages(&wire) > 0))
        },
    },
    // `message-decode` also counts a connection whose channel is requested and accepted.
    Counted {
        name: "connection-open",
        times: 200,
        prepare: || Box::new(|| _ = std::hint::black_box(codec::session(0))),
    },
    Counted {
        name: "archive-decode",
        times: 1,
        prepare: || {
            let mut archive = codec::Archive::new(1 << 20);
            Box::new(move || assert_eq!(archive.look(), 1 << 20))
        },
    },
    Counted { name: "reducers-link", times: 200, prepare: || Box::new(|| assert!(steps::link() > 0)) },
    Counted {
        name: "explorer",
        times: 1,
        prepare: || {
            let one = Exploration::of(Size::Small, "HH-documented-storage");
            Box::new(move || assert_eq!(one.graph().states(), one.measure().states))
        },
    },
];

impl Counted {
    /// The path of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        COUNTED.iter().find(|counted| counted.name == name)
    }

    /// Goes it.
    pub fn run(&self) {
        let mut act = (self.prepare)();
        counted_section(&mut act, self.times);
    }
}

/// The counted function: callgrind knows it by its name.
#[inline(never)]
fn counted_section(act: &mut dyn FnMut(), times: usize) {
    (0..times).for_each(|_| act());
}
