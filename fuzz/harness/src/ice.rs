//! Laws of any bytes that reach a negotiation of ICE: descriptions, and frames on its connections.

use std::{collections::BTreeSet, net::SocketAddr};

use handfast::{
    ice::{
        Agent, ConnectionId, Description, Role, Taken,
        frame::{self, Records},
        stun::{self, Check, Class, Message},
    },
    limits::{MAX_CANDIDATES, MAX_DESCRIPTION, MAX_ICE_STRAYS},
};

/// Panics if a description is read otherwise after it is written, or is beyond its limits.
pub fn check_text(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(read) = Description::read(text) else { return };
    assert!(text.len() <= MAX_DESCRIPTION && read.candidates.len() <= MAX_CANDIDATES);
    // A name may have the password in it.
    let other = Description { password: "another".into(), ..read.clone() };
    assert_eq!(format!("{read:?}"), format!("{other:?}"), "the debug form shows nothing of the password");
    let written = read.to_text();
    // Some addresses are longer as they are written than as they were read.
    if written.len() <= MAX_DESCRIPTION {
        assert_eq!(Description::read(written.as_str().expect("it is text")), Ok(read));
    }
}

fn description(name: &str) -> Description {
    Description::read(&format!("{name}\n{}\n", name.repeat(6))).expect("it is one")
}

/// A negotiation: a byte of roles, then for each step a byte of what happens, a byte of where, and for a frame its bytes, framed.
///
/// Panics if a stranger's bytes reach TLS, if a connection is chosen on which no one proved to be the peer, or that is closed, if a stranger is not
/// cut after its limit, or if a frame makes this side send more than a response, a check and a choice.
pub fn check_frames(input: &[u8]) {
    let Some((&roles, mut rest)) = input.split_first() else { return };
    let role = if roles & 1 == 0 { Role::Controlling } else { Role::Controlled };
    let other = if roles & 1 == 0 { Role::Controlled } else { Role::Controlling };
    let (own, peer) = (description("ours"), description("peer"));
    let mut agent = Agent::new(role, &own, [7; 24]);
    let (mut open, mut proved, mut strays) = (BTreeSet::new(), BTreeSet::new(), [0; 4]);
    let mut asked: Vec<(ConnectionId, stun::Transaction)> = Vec::new();
    for step in 0..200u8 {
        let Some((&[what, place], after)) = rest.split_first_chunk() else { break };
        rest = after;
        let connection = ConnectionId(u32::from(place % 4));
        let at = SocketAddr::from(([10, 0, 0, 1 + place % 4], 4000));
        let mut frame = None;
        match what % 8 {
            0 if open.insert(connection) => agent.opened(connection, at),
            1 if open.remove(&connection) => {
                agent.closed(connection);
                proved.remove(&connection);
                strays[usize::from(place % 4)] = 0;
                asked.retain(|(on, _)| *on != connection);
            }
            2 => agent.set_peer(&peer),
            3 => agent.choose_answered(),
            // A check of the peer.
            4 | 5 => {
                let names = [&*own.ufrag, &*peer.ufrag];
                let check = Check { names, priority: 1, use_candidate: what & 8 != 0, role: (other, 9) };
                frame = Some(stun::request(&[step; 12], &check, &stun::key(own.password.as_bytes())));
            }
            // Its response to a check of ours.
            6 => {
                let transaction = asked.iter().find(|(on, _)| *on == connection).map(|(_, transaction)| *transaction);
                let key = stun::key(peer.password.as_bytes());
                frame = transaction.map(|transaction| stun::success(&transaction, at, &key));
            }
            7 => {
                let Some(bytes) = frame::take(&mut rest) else { break };
                let _ = Message::read(bytes).map(|message| message.is_signed(&stun::key(b"another")));
                frame = Some(bytes.to_vec());
            }
            _ => {}
        }
        if let Some(frame) = frame.filter(|_| open.contains(&connection)) {
            let taken = agent.handle(connection, &frame);
            if what % 8 != 7 && taken == Taken::Stun {
                proved.insert(connection);
            }
            let chosen = agent.chosen() == Some(connection);
            let count = &mut strays[usize::from(place % 4)];
            match taken {
                Taken::Application => assert!(proved.contains(&connection), "bytes of a stranger reach TLS"),
                Taken::Stray => {
                    *count += 1;
                    assert!(*count <= MAX_ICE_STRAYS || chosen, "a stranger is not cut");
                }
                Taken::Hostile => assert!(*count >= MAX_ICE_STRAYS, "the peer is cut"),
                Taken::Stun => {}
            }
        }
        let mut sent = 0;
        while let Some((to, payload)) = agent.poll_transmit() {
            sent += 1;
            assert!(open.contains(&to), "a frame for a connection that is closed");
            let message = Message::read(&payload).expect("its own message");
            if message.class == Class::Request {
                asked.push((to, message.transaction));
            }
        }
        assert!(sent <= 3 || what % 8 == 2, "{sent} messages for a step");
        assert!(agent.chosen().is_none_or(|chosen| proved.contains(&chosen)), "a stranger's connection is chosen");
    }
    // The rest as records of TLS: each that is whole is a frame.
    let mut out = Vec::new();
    if Records::default().put(&mut out, rest).is_ok() {
        let mut frames = &out[..];
        while let Some(frame) = frame::take(&mut frames) {
            assert_eq!(
                frame.get(3..5).map(|head| usize::from(u16::from_be_bytes([head[0], head[1]])) + 5),
                Some(frame.len())
            );
        }
        assert!(frames.is_empty());
    }
}
