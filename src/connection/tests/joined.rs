//! Two connections, joined in memory: whatever way bytes are cut, the events are the same.

use super::*;

/// A command to one of the two sides.
#[derive(Clone, Copy, Debug)]
struct Step {
    side: Side,
    command: usize,
    /// So many bytes are transmitted at once, and received at once.
    cut: (usize, usize),
}

const COMMANDS: usize = 12;

fn command(connection: &mut Connection, number: usize) -> bool {
    match number {
        0 => connection.request_channel(name("auth:123456")),
        1 => connection.accept(),
        2 => connection.decline(),
        3 => connection.send(&Message::Hello(Features::ALL)),
        4 => connection.send(&Message::Password(Secret::from(vec![b'x'; 70_000]))),
        5 => connection.begin_archive(700),
        6 => connection.archive(vec![b'x'; 350].into()),
        7 => connection.finish_archive(),
        8 => connection.take_archive(),
        9 => connection.hold_archive(),
        10 => connection.end(),
        _ => {
            connection.close();
            true
        }
    }
}

/// Moves bytes from one to the other until none wait. `log`: what happened there.
fn carry(from: &mut Connection, to: &mut Connection, rest: &mut Vec<u8>, cut: (usize, usize), log: &mut Vec<String>) {
    while from.is_waiting() {
        rest.extend(transmit(from, cut.0));
        from.used_up();
    }
    let (bytes, mut at) = (core::mem::take(rest), 0);
    loop {
        // Bytes that were not taken are given again, with more.
        let end = bytes.len().min(at + cut.1);
        let mut input = &bytes[at..end];
        while let Some(event) = to.receive(&mut input) {
            match (event, log.last_mut()) {
                (Event::ArchiveSlice(_), Some(last)) if last == "slices" => {}
                (Event::ArchiveSlice(_), _) => log.push("slices".into()),
                (event, _) => log.push(alloc::format!("{event:?}")),
            }
        }
        at = end - input.len();
        if end == bytes.len() || !to.is_reading() {
            break;
        }
    }
    rest.extend_from_slice(&bytes[at..]);
}

/// The reports of both sides.
fn run(steps: &[Step], whole: bool) -> (Vec<String>, Vec<String>) {
    let (mut importer, mut exporter) = (Connection::importer(1 << 20), Connection::exporter());
    let (mut to_import, mut to_export) = (Vec::new(), Vec::new());
    let (mut at_import, mut at_export) = (Vec::new(), Vec::new());
    for step in steps {
        let (side, log) = match step.side {
            Side::Import => (&mut importer, &mut at_import),
            Side::Export => (&mut exporter, &mut at_export),
        };
        log.push(alloc::format!("{} {}", step.command, command(side, step.command)));
        let cut = if whole { (usize::MAX, usize::MAX) } else { step.cut };
        // An answer may lead to a further one.
        for _ in 0..3 {
            carry(&mut exporter, &mut importer, &mut to_import, cut, &mut at_import);
            carry(&mut importer, &mut exporter, &mut to_export, cut, &mut at_export);
        }
    }
    (at_import, at_export)
}

fn step() -> impl Strategy<Value = Step> {
    // Closing is rare.
    let command = prop_oneof![40 => 0..COMMANDS - 1, 1 => Just(COMMANDS - 1)];
    (any::<bool>(), command, 1_usize..300, 1_usize..300).prop_map(|(import, command, one, other)| Step {
        side: if import { Side::Import } else { Side::Export },
        command,
        cut: (one, other),
    })
}

/// Steps that lead into a session, and an archive, and then any.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let led = |side, command| Step { side, command, cut: (1, 1) };
    let lead = [
        led(Side::Export, 0),
        led(Side::Import, 1),
        led(Side::Import, 3),
        led(Side::Export, 5),
        led(Side::Import, 8),
        led(Side::Export, 6),
    ];
    (0..=lead.len(), proptest::collection::vec(step(), 1..30)).prop_map(move |(length, steps)| {
        let mut all = lead[..length].to_vec();
        all.extend(steps);
        all
    })
}

proptest! {
    #[test]
    fn whatever_way_bytes_are_cut_the_events_are_the_same(steps in steps()) {
        prop_assert_eq!(run(&steps, true), run(&steps, false));
    }
}

#[test]
fn a_whole_link_goes_through() {
    let of = |side, command| Step { side, command, cut: (1, 1) };
    let (i, e) = (Side::Import, Side::Export);
    let link =
        [(e, 0), (i, 1), (i, 3), (e, 3), (i, 4), (e, 5), (i, 8), (e, 6), (e, 6), (e, 7), (i, 3), (i, 10), (e, 10)];
    let steps: Vec<Step> = link.into_iter().map(|(side, command)| of(side, command)).collect();
    let (import, export) = run(&steps, false);
    let ok = |log: &[String]| log.iter().all(|line| !line.ends_with("false"));
    assert!(ok(&import) && ok(&export), "{import:?} {export:?}");
    let expected = ["slices", "ArchiveEnded", "3 true", "10 true", "ChannelEnded"];
    assert_eq!(import[import.len() - 5..], expected);
    assert_eq!(export.last().unwrap(), "10 true");
    assert_eq!(export[export.len() - 2], "ChannelEnded");
}
