//! Two negotiations of real Jami daemons (August 2026), frame by frame: each is read with its integrity, and answered as the real peer did.
//! The accounts were made for the recordings.

use std::net::SocketAddr;

use handfast::{
    ice::{
        Agent, ConnectionId, Description, Role, Taken, frame,
        stun::{Class, Message, is_stun, key},
    },
    secret::Secret,
};
use serde_json::Value;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn recorded() -> [Value; 2] {
    [include_str!("vectors/ice/negotiation.json"), include_str!("vectors/ice/early.json")]
        .map(|text| serde_json::from_str(text).unwrap())
}

fn other(side: &str) -> &'static str {
    if side == "importer" { "exporter" } else { "importer" }
}

/// The STUN messages: which connection, by whom, the payload.
fn messages(of: &Value) -> Vec<(u32, String, Vec<u8>)> {
    let events = of["events"].as_array().unwrap().iter().filter_map(|event| {
        let framed = hex(event["frame"].as_str()?);
        let mut rest = &framed[..];
        let payload = frame::take(&mut rest).unwrap().to_vec();
        assert!(rest.is_empty());
        Some((event["conn"].as_u64()? as u32, event["by"].as_str()?.to_owned(), payload))
    });
    events.filter(|(_, _, payload)| is_stun(payload)).collect()
}

#[test]
fn every_message_is_read_and_signed_by_the_key_that_it_should() {
    for of in recorded() {
        let messages = messages(&of);
        assert!(messages.len() >= 8, "{}", messages.len());
        for (_, by, payload) in messages {
            let message = Message::read(&payload).unwrap_or_else(|| panic!("not read: {payload:02x?}"));
            // Both a check and its response are signed with the password of who is checked.
            let checked = if message.class == Class::Request { other(&by) } else { &by };
            let password = |side: &str| of[format!("{side}_password")].as_str().unwrap().as_bytes().to_vec();
            if message.class == Class::Indication {
                continue;
            }
            assert!(message.is_signed(&key(&password(checked))));
            assert!(!message.is_signed(&key(&password(other(checked)))));
            if message.class == Class::Request {
                let role = if by == "importer" { Role::Controlling } else { Role::Controlled };
                assert_eq!(message.role.map(|(role, _)| role), Some(role));
                let names = [other(&by), &by].map(|side| of[format!("{side}_ufrag")].as_str().unwrap());
                assert_eq!(message.username, Some(names.join(":").as_bytes()));
            } else {
                assert!(message.mapped.is_some());
            }
        }
    }
}

/// Our agent in the place of either side gives the responses that the real one gave, and takes the choice where the real one did.
#[test]
fn our_agent_answers_a_real_peer_as_the_real_one_did() {
    for of in recorded() {
        for (side, role) in [("importer", Role::Controlling), ("exporter", Role::Controlled)] {
            let describe = |side: &str| Description {
                ufrag: of[format!("{side}_ufrag")].as_str().unwrap().to_owned(),
                password: Secret::from(of[format!("{side}_password")].as_str().unwrap()),
                candidates: Vec::new(),
            };
            let mut agent = Agent::new(role, &describe(side), [7; 24]);
            agent.set_peer(&describe(other(side)));
            let all = messages(&of);
            let mut checked = 0;
            for (connection, by, payload) in &all {
                let message = Message::read(payload).unwrap();
                if by == side || message.class != Class::Request {
                    continue;
                }
                let response = all.iter().find_map(|(_, by, payload)| {
                    let response = Message::read(payload)?;
                    (by == side && response.class == Class::Success && response.transaction == message.transaction)
                        .then_some(response.mapped?)
                });
                let Some(mapped) = response else { continue };
                let id = ConnectionId(*connection);
                if agent.chosen().is_none() {
                    agent.opened(id, mapped);
                }
                assert_eq!(agent.handle(id, payload), Taken::Stun);
                let ours = std::iter::from_fn(|| agent.poll_transmit()).find_map(|(at, payload)| {
                    let response = Message::read(&payload)?;
                    (response.transaction == message.transaction).then_some((at, response.mapped?))
                });
                assert_eq!(ours, Some((id, mapped)) as Option<(ConnectionId, SocketAddr)>);
                checked += 1;
                if role == Role::Controlled && message.use_candidate {
                    assert_eq!(agent.chosen(), Some(id));
                }
            }
            assert!(checked >= 2, "{side}: {checked}");
            assert_eq!(agent.chosen().is_some(), role == Role::Controlled);
        }
    }
}
