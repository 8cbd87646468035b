//! The values of a comparison (R-SAS-1, R-SAS-3, R-SAS-4, R-SAS-8): commitment, opening and string, hashed by another library than the one that ships.

use aws_lc_rs::digest::{SHA256, digest};
use handfast::{
    message::{Features, Message, Slot},
    outcome::{Scheme, Side},
    sas::{Channel, Comparison, is_expected},
    secret::Secret,
};

use super::{Cases, Part};

/// The strings of [`Inputs::new`] of 0 to 7, by a script in another language from the text of the requirements and the list of words.
const STRINGS: [&str; 8] = [
    "177240 emerald coach wrist mineral",
    "062246 steam jaw empire organ",
    "938846 waiter weasel knife bacon",
    "751177 villa crane beam merchant",
    "423277 mole stove camp crater",
    "679296 ink gum tornado twin",
    "814443 cookie saucer salad factory",
    "643696 spruce chin boat group",
];

type Value = [u8; 32];

/// The inputs of both hashes, in their order: what TLS exports, both leaf keys, both nonces.
#[derive(Clone, Copy)]
struct Inputs {
    exported: Value,
    importer: Value,
    exporter: Value,
    importers_nonce: Value,
    exporters_nonce: Value,
}

impl Inputs {
    fn new(seed: u8) -> Self {
        let value =
            |step: u8| std::array::from_fn(|at| (at as u8).wrapping_mul(step).wrapping_add(seed.wrapping_mul(97)));
        Self {
            exported: value(1),
            importer: value(3),
            exporter: value(5),
            importers_nonce: value(7),
            exporters_nonce: value(11),
        }
    }

    fn each(&mut self) -> [(&'static str, &mut Value); 5] {
        let Self { exported, importer, exporter, importers_nonce, exporters_nonce } = self;
        [
            ("what TLS exports", exported),
            ("the importer's key", importer),
            ("the exporter's key", exporter),
            ("the importer's nonce", importers_nonce),
            ("the exporter's nonce", exporters_nonce),
        ]
    }

    fn channel(&self) -> Channel {
        Channel { exported: self.exported.into(), importer: self.importer, exporter: self.exporter }
    }

    /// Both ends, of which each knows that the other compares.
    fn sides(&self) -> [Comparison; 2] {
        let [mut importer, mut exporter] = self.silent();
        importer.take(&Message::AuthScheme(Scheme::None, Features::WITH_SAS));
        exporter.take(&Message::Hello(Features::WITH_SAS));
        [importer, exporter]
    }

    /// Both ends, before the other has said anything.
    fn silent(&self) -> [Comparison; 2] {
        [(Side::Import, self.importers_nonce), (Side::Export, self.exporters_nonce)]
            .map(|(side, nonce)| Comparison::new(side, self.channel(), nonce))
    }

    /// The commitment, as the document states it.
    fn commitment(&self) -> String {
        let Self { exported, importer, exporter, exporters_nonce, .. } = self;
        let text: [&[u8]; 5] = [b"handfast sas commitment", exported, importer, exporter, exporters_nonce];
        hex(digest(&SHA256, &text.concat()).as_ref())
    }

    /// The digits, as the document states them.
    fn digits(&self) -> String {
        let Self { exported, importer, exporter, importers_nonce, exporters_nonce } = self;
        let text: [&[u8]; 6] = [b"handfast sas string", exported, importer, exporter, importers_nonce, exporters_nonce];
        let hash = digest(&SHA256, &text.concat());
        let number = hash.as_ref().first_chunk().expect("it has 32 bytes");
        format!("{:06}", u64::from_be_bytes(*number) % 1_000_000)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sent(side: &Comparison, message: Message) -> Message<Secret> {
    side.fill(message, |_| unreachable!("no password is sent"))
}

fn text_of(message: &Message<Secret>) -> String {
    let (Message::Commitment(value) | Message::Nonce(value) | Message::Opening(value)) = message else {
        return format!("{message:?}");
    };
    value.as_str().unwrap_or_default().to_owned()
}

/// The digits that one side shows, where it shows any.
fn digits(side: &Comparison) -> Option<String> {
    side.string().map(handfast::sas::ComparisonString::digits)
}

const COMMITMENT: Message = Message::Commitment(Slot::NONE);
const NONCE: Message = Message::Nonce(Slot::NONE);
const OPENING: Message = Message::Opening(Slot::NONE);

pub(super) fn strings() -> Part {
    let mut cases = Cases::default();
    for (seed, string) in (0..).zip(STRINGS) {
        let inputs = Inputs::new(seed);
        let [mut importer, mut exporter] = inputs.sides();
        let commitment = sent(&exporter, COMMITMENT);
        cases.expect(format!("commitment {seed}"), inputs.commitment(), text_of(&commitment));
        cases.expect(format!("commitment {seed} is taken"), true, importer.take(&commitment));
        let nonce = sent(&importer, NONCE);
        cases.expect(format!("nonce {seed}"), hex(&inputs.importers_nonce), text_of(&nonce));
        cases.expect(format!("nonce {seed} is taken"), true, exporter.take(&nonce));
        let opening = sent(&exporter, OPENING);
        cases.expect(format!("opening {seed}"), hex(&inputs.exporters_nonce), text_of(&opening));
        cases.expect(format!("before opening {seed}"), None, digits(&importer));
        cases.expect(format!("opening {seed} is taken"), true, importer.take(&opening));
        for side in [&importer, &exporter] {
            cases.expect(format!("digits {seed}"), Some(inputs.digits()), digits(side));
            let text = side.string().map(|string| format!("{} {}", string.digits(), string.words()));
            cases.expect(format!("string {seed}"), Some(string), text.as_deref());
        }
    }
    differences(&mut cases);
    not_in_force(&mut cases);
    expected(&mut cases);
    cases.part("strings", "R-SAS-1, R-SAS-3, R-SAS-4, R-SAS-8")
}

/// One bit that the exporter has otherwise, of the channel or of the nonce that it opens with.
fn differences(cases: &mut Cases) {
    for input in 0..5 {
        for byte in 0..32 {
            let one = Inputs::new(1);
            let mut other = one;
            let (what, value) = other.each().into_iter().nth(input).expect("there are five");
            value[byte] ^= 1 << (byte % 8);
            let what = format!("{what}, byte {byte}, differs");
            let ([mut importer, honest], [_, mut exporter]) = (one.sides(), other.sides());
            cases.expect(format!("{what}: the commitment"), true, importer.take(&sent(&honest, COMMITMENT)));
            // An exporter on another channel, or with another nonce, opens what was committed to with its own.
            let opening = sent(&exporter, OPENING);
            let opens = other.exporters_nonce == one.exporters_nonce;
            cases.expect(format!("{what}: the opening"), opens, importer.take(&opening));
            let stated = opens.then(|| one.digits());
            cases.expect(format!("{what}: the importer's digits"), stated, digits(&importer));
            let [theirs, _] = other.sides();
            cases.expect(format!("{what}: the nonce"), true, exporter.take(&sent(&theirs, NONCE)));
            cases.expect(format!("{what}: the exporter's digits"), Some(other.digits()), digits(&exporter));
            // A commitment of another channel is opened on this one.
            let [mut importer, _] = one.sides();
            cases.expect(format!("{what}: its commitment"), true, importer.take(&sent(&exporter, COMMITMENT)));
            let own = one.commitment() == other.commitment();
            cases.expect(format!("{what}: the opening of its commitment"), own, importer.take(&sent(&honest, OPENING)));
        }
    }
    let [mut importer, exporter] = Inputs::new(1).sides();
    cases.expect("an opening without a commitment", false, importer.take(&sent(&exporter, OPENING)));
}

/// Keys of a comparison whose peer does not name it, or has named nothing yet: they are messages, and of no effect (R-SAS-1).
fn not_in_force(cases: &mut Cases) {
    let one = Inputs::new(1);
    let [_, other] = Inputs::new(2).sides();
    let [importers, exporters] = one.sides();
    for features in [None, Some(Features::ALL), Some(Features::NONE)] {
        let [mut importer, mut exporter] = one.silent();
        if let Some(features) = features {
            importer.take(&Message::AuthScheme(Scheme::None, features));
            exporter.take(&Message::Hello(features));
        }
        let keys = [
            ("an opening without a commitment", sent(&exporters, OPENING)),
            ("a commitment", sent(&exporters, COMMITMENT)),
            ("an opening of another nonce", sent(&other, OPENING)),
            ("the opening", sent(&exporters, OPENING)),
        ];
        for (what, message) in keys {
            cases.expect(format!("{what}, from a peer that names {features:?}"), true, importer.take(&message));
        }
        let nonce = sent(&importers, NONCE);
        cases.expect(format!("a nonce, from a peer that names {features:?}"), true, exporter.take(&nonce));
        for side in [importer, exporter] {
            cases.expect(format!("digits with a peer that names {features:?}"), None, digits(&side));
        }
    }
}

/// Digits that a program expects, and those that are shown.
fn expected(cases: &mut Cases) {
    for (expected, shown, stated) in [
        ("232601", "232601", true),
        ("232 601", "232601", true),
        (" 23 26 01\n", "232601", true),
        ("000000", "000000", true),
        ("", "232601", false),
        ("2", "232601", false),
        ("23260", "232601", false),
        ("2326012", "232601", false),
        ("132601", "232601", false),
        ("232600", "232601", false),
        ("232601", "", false),
        ("", "", false),
        (" ", "", false),
    ] {
        cases.expect(format!("{expected:?} is expected of {shown:?}"), stated, is_expected(expected, shown));
    }
}
