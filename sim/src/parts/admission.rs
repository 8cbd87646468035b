//! Which connection makes room for another one, with every arrangement of three origins over four places of each stage (R-IMP-15). The rule
//! is typed from the requirement, and reads nothing of the shipped tables.

use std::net::{IpAddr, Ipv4Addr};

use handfast::{
    import::{Effect, Importer, Input},
    outcome::AccountId,
    reducer::{Config, ConnId, Origin, Places},
};

use super::{Cases, Part};

/// The origins: two addresses that are known, and connections of which nothing is known.
const ORIGINS: [&str; 3] = ["a", "b", "unknown"];

/// The stages: nothing has arrived, the handshake is under way, secured.
const STAGES: usize = 3;

fn origin(name: usize) -> Origin {
    match ORIGINS[name] {
        "unknown" => Origin::UNKNOWN,
        _ => Origin::from(IpAddr::V4(Ipv4Addr::new(192, 0, 2, name as u8 + 1))),
    }
}

/// The place of the one that is evicted from a full stage, oldest first, for one that comes from there (R-IMP-15).
fn stated(full: &[usize], comes: usize) -> usize {
    let own: Vec<usize> = (0..full.len()).filter(|&place| full[place] == comes).collect();
    let has_half = ORIGINS[comes] != "unknown" && 2 * own.len() >= full.len();
    if has_half { own[0] } else { 0 }
}

/// An importer that waits, and the number of its next connection.
struct Waiting {
    importer: Importer,
    next: u32,
}

impl Waiting {
    fn new(places: u16) -> Self {
        let config = Config { places: Places { unsecured: places, secured: places }, ..Config::default() };
        let mut waiting = Self { importer: Importer::new(config), next: 0 };
        waiting.take(Input::AddAccount);
        waiting.take(Input::Published);
        waiting
    }

    /// Hands something to the importer. Returns the connections that it closes or turns away.
    fn take(&mut self, input: Input) -> Vec<u32> {
        let taken = self.importer.handle(input);
        assert!(taken.is_ok(), "events are never refused");
        let mut closed = Vec::new();
        while let Some(effect) = self.importer.poll_effect() {
            if let Effect::Close(ConnId(conn)) | Effect::Refuse(ConnId(conn)) = effect {
                closed.push(conn);
            }
        }
        closed
    }

    /// Brings a new connection to a stage. Returns the connections that are closed for it.
    fn come(&mut self, from: usize, stage: usize) -> Vec<u32> {
        let conn = ConnId(self.next);
        self.next += 1;
        let opened = Input::ConnectionOpened { conn, presented: Some(AccountId([7; 20])), verified: true };
        let steps = [Input::ConnectionRequestedFrom(conn, origin(from)), Input::ConnectionAnswered(conn), opened];
        steps.into_iter().take(stage + 1).flat_map(|input| self.take(input)).collect()
    }
}

/// Carries the table out.
pub(super) fn admissions() -> Part {
    let mut cases = Cases::default();
    for places in [1, 3, 4] {
        let arrangements = ORIGINS.len().pow(places);
        for (arrangement, comes) in (0..arrangements).flat_map(|at| (0..ORIGINS.len()).map(move |comes| (at, comes))) {
            let digit = |place| arrangement / ORIGINS.len().pow(place) % ORIGINS.len();
            let full: Vec<usize> = (0..places).map(digit).collect();
            for stage in 0..STAGES {
                let mut waiting = Waiting::new(places as u16);
                let early: Vec<u32> = full.iter().flat_map(|&from| waiting.come(from, stage)).collect();
                let came = (early, waiting.come(comes, stage));
                let names: Vec<_> = full.iter().map(|&from| ORIGINS[from]).collect();
                let what = format!("stage {stage} has {names:?}, and one of {} comes: closed", ORIGINS[comes]);
                cases.expect(what, (Vec::new(), vec![stated(&full, comes) as u32]), came);
            }
        }
    }
    addresses(&mut cases);
    cases.part("admissions", "R-IMP-15")
}

/// Which addresses are one origin: an IPv4 address, also written as IPv6, and a /64 network of IPv6.
fn addresses(cases: &mut Cases) {
    let origin = |address: &str| address.parse::<IpAddr>().map(Origin::from).ok();
    for (one, other, same) in [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "192.0.3.1", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ("2001:db8:1:2:8000::", "2001:db8:1:2::", true),
        ("2001:db8:1:2::", "2001:db8:1:2::1", true),
    ] {
        let came = origin(one) == origin(other);
        cases.expect(format!("{one} and {other} are one origin"), same, came);
    }
}
