//! The bytes of the C++ library are read, and what is deterministic is written byte for byte.

use std::fs;
use std::path::Path;

use handfast_dht::value::{Content, Value};
use handfast_dht::wire::{Family, Item, Message, Payload, Request};
use handfast_dht::{InfoHash, ValueType};
use serde_json::Value as Json;

fn vectors(file: &str) -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(hex: &Json) -> Vec<u8> {
    let text = hex.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_packet_is_read_and_those_of_the_library_are_written_alike() {
    let all = vectors("packets.json");
    let (mut same, mut other) = (0, Vec::new());
    for packet in all["packets"].as_array().unwrap() {
        let name = packet["name"].as_str().unwrap();
        let datagram = bytes(&packet["hex"]);
        let message = Message::decode(&datagram).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(u64::from(message.transaction), packet["decoded"]["t"].as_u64().unwrap(), "{name}");
        assert_eq!(u64::from(message.network), packet["decoded"]["n"].as_u64().unwrap_or(0), "{name}");
        let written = message.to_bytes();
        assert_eq!(Message::decode(&written).unwrap(), message, "{name}");
        if written == datagram {
            same += 1;
        } else {
            other.push(name);
        }
        // The order of keys is the sender's; the length is not.
        if !name.starts_with("update: values") {
            assert_eq!(written.len(), datagram.len(), "{name}");
        }
    }
    // Keys in another order: those of the Python client, and updates that carry ids only.
    assert!(other.iter().all(|name| name.contains("(ours)") || name.starts_with("update: ")), "{other:?}");
    assert_eq!((same, same + other.len()), (30, 42));
}

#[test]
fn packets_mean_what_their_decoding_says() {
    let all = vectors("packets.json");
    let named = |name: &str| {
        let packets = all["packets"].as_array().unwrap();
        bytes(&packets.iter().find(|packet| packet["name"] == name).unwrap()["hex"])
    };
    let datagram = named("get, where id (second step) / reply");
    let Payload::Reply(reply) = Message::decode(&datagram).unwrap().payload else { panic!("no reply") };
    let Some(Item::Inline(value)) = reply.values.unwrap().iter().next() else { panic!("no value") };
    let value = Value::decode(value).unwrap();
    let body = value.body().unwrap();
    assert_eq!(
        (value.id, body.kind, body.user_type.as_ref()),
        (1234605616436508552, ValueType::USER_DATA, "text/plain")
    );
    let node = reply.nodes4.iter(Family::V4).next().unwrap();
    assert_eq!(node.address.ip().to_string(), "127.0.0.1");

    let datagram = named("get, select id (first step of a library get) / reply");
    let Payload::Reply(reply) = Message::decode(&datagram).unwrap().payload else { panic!("no reply") };
    assert_eq!(reply.rows.unwrap().decode().unwrap()[0].id, Some(1234605616436508552));

    let datagram = named("put with a wrong token (ours): 401 / reply");
    let Payload::Error { code, text, .. } = Message::decode(&datagram).unwrap().payload else { panic!("no error") };
    assert_eq!((code, text), (401, "Put with incorrect token"));

    for (name, expired) in [("update: refreshed ids", false), ("update: expired ids", true)] {
        let datagram = named(name);
        let Payload::Request { request: Request::Update(update), .. } = Message::decode(&datagram).unwrap().payload
        else {
            panic!("no update")
        };
        let (ids, none) = if expired { (update.expired, update.refreshed) } else { (update.refreshed, update.expired) };
        assert_eq!((ids.iter().count(), none.iter().count(), update.subscription), (1, 0, 55), "{name}");
    }
}

#[test]
fn values_in_parts_are_those_that_were_put() {
    let all = vectors("fragments.json");
    for message in all["messages"].as_array().unwrap() {
        let sequence = message["sequence"].as_array().unwrap();
        let of = |role: &str| {
            let rows = sequence.iter().filter(move |row| row["role"] == role);
            rows.map(|row| bytes(&row["hex"])).collect::<Vec<_>>()
        };
        let heads = of("head");
        let Payload::Request { request: Request::Put { values, .. }, .. } = Message::decode(&heads[0]).unwrap().payload
        else {
            panic!("no put")
        };
        let Some(Item::Announced(len)) = values.iter().next() else { panic!("nothing announced") };
        let mut whole = vec![0; len as usize];
        for datagram in of("part") {
            let message = Message::decode(&datagram).unwrap();
            assert_eq!(message.to_bytes(), datagram);
            let Payload::Parts(parts) = message.payload else { panic!("no part") };
            for part in parts.iter() {
                assert_eq!(part.index, 0);
                whole[part.offset as usize..][..part.data.len()].copy_from_slice(part.data);
            }
        }
        let value = Value::decode(&whole).unwrap();
        assert_eq!(value.encode(), whole);
    }
}

#[test]
fn ids_of_texts_and_of_nodes() {
    let all = vectors("hashes.json");
    for (text, id) in all["infohash_of_text"].as_object().unwrap() {
        assert_eq!(InfoHash::of(text.as_bytes()).to_string(), id.as_str().unwrap());
    }
    for (hex, id) in all["infohash_of_bytes"].as_object().unwrap() {
        assert_eq!(InfoHash::of(&bytes(&Json::String(hex.clone()))).to_string(), id.as_str().unwrap());
    }
    let identity = &all["node_id_of_identity"];
    let short: InfoHash = identity["short_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(InfoHash::of_node(short).to_string(), identity["node_id"].as_str().unwrap());
}

#[cfg(feature = "crypto")]
mod crypto {
    use handfast_dht::value::{Identity, PublicKey, certificate_keys};

    use super::*;

    fn identity() -> Identity {
        let pem = vectors("crypto.json")["private_key_pkcs8_pem"].as_str().unwrap().to_owned();
        let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
        Identity::from_pkcs8(&pem.contents).unwrap()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn signatures_of_both_are_right_and_ours_is_written_alike() {
        let all = vectors("crypto.json");
        let identity = identity();
        assert_eq!(hex(identity.public().as_der()), all["spki_der"].as_str().unwrap());
        assert_eq!(identity.public().short_id().to_string(), all["short_id"].as_str().unwrap());
        assert_eq!(hex(&identity.public().long_id()), all["long_id"].as_str().unwrap());
        for name in ["signed_value_lib", "signed_value_ours"] {
            let encoded = bytes(&all[name]["value"]);
            let value = Value::decode(&encoded).unwrap();
            assert_eq!(value.signed_bytes().unwrap(), bytes(&all[name]["signed_bytes"]), "{name}");
            assert!(value.verify().is_some(), "{name}");
            assert_eq!(value.encode(), encoded, "{name}");
        }
        let encoded = bytes(&all["signed_value_ours"]["value"]);
        let value = Value::decode(&encoded).unwrap();
        let Content::Signed(signed) = &value.content else { panic!("not signed") };
        let plain = Value::of_body(value.id, signed.body.clone());
        assert_eq!(identity.sign(plain, signed.seq, None).unwrap().encode(), encoded);
    }

    #[test]
    fn a_changed_byte_breaks_a_signature() {
        let encoded = bytes(&vectors("crypto.json")["signed_value_ours"]["value"]);
        let value = Value::decode(&encoded).unwrap();
        let Content::Signed(signed) = value.content.clone() else { panic!("not signed") };
        let mut other = signed.clone();
        other.seq += 1;
        assert!(Value { content: Content::Signed(other), ..value.clone() }.verify().is_none());
        let mut other = signed;
        other.body.data.to_mut()[0] ^= 1;
        assert!(Value { content: Content::Signed(other), ..value }.verify().is_none());
    }

    #[test]
    fn what_the_library_encrypted_is_read_and_ours_reads_back() {
        let identity = identity();
        let all = vectors("crypto.json");
        for vector in all["encrypt_lib"].as_array().unwrap() {
            let (clear, cypher) = (bytes(&vector["clear"]), bytes(&vector["cipher"]));
            assert_eq!(*identity.decrypt(&cypher).unwrap(), clear);
            let ours = identity.public().encrypt(&clear).unwrap();
            assert_eq!(ours.len(), cypher.len());
            assert_eq!(*identity.decrypt(&ours).unwrap(), clear);
        }
    }

    #[test]
    fn a_connection_request_is_opened_and_each_change_makes_it_unreadable() {
        let identity = identity();
        let all = vectors("connection_request.json");
        let encoded = bytes(&all["value"]);
        let value = Value::decode(&encoded).unwrap();
        assert_eq!(value.encode(), encoded);
        let opened = identity.open(&value).unwrap();
        assert_eq!(*opened.data, bytes(&all["data"]));
        assert_eq!(opened.user_type, "peer_request");
        assert_eq!(hex(&opened.author.long_id()), all["sender_long_id"].as_str().unwrap());
        let Content::Encrypted(cypher) = &value.content else { panic!("not encrypted") };
        // RSA block, nonce, text, tag.
        for at in [0, 100, 511, 512, 523, 524, cypher.len() - 1] {
            let mut changed = cypher.to_vec();
            changed[at] ^= 1;
            let changed = Value { content: Content::Encrypted(changed.into()), ..value.clone() };
            assert!(identity.open(&changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn the_answer_is_signed_alike() {
        let identity = identity();
        let all = vectors("connection_request.json");
        let answer = &all["answer_ours"];
        let recipient = PublicKey::from_der(&bytes(&all["sender_spki"])).unwrap();
        let value = Value::typed(1, ValueType::USER_DATA, "peer_request", bytes(&answer["data"]));
        let value = identity.sign(value, 0, Some(&recipient)).unwrap();
        assert_eq!(value.signed_bytes().unwrap(), bytes(&answer["signed_bytes"]));
        let Content::Signed(signed) = &value.content else { panic!("not signed") };
        assert_eq!(signed.signature, bytes(&answer["signature"]));
        // Encrypted to another, it is unreadable here.
        let encrypted = value.encrypt(&recipient).unwrap();
        assert!(identity.open(&encrypted).is_err());
        assert!(value.encrypt(identity.public()).is_err());
        let own = identity.sign(value, 0, Some(identity.public())).unwrap();
        let opened = identity.open(&own.encrypt(identity.public()).unwrap()).unwrap();
        assert_eq!(*opened.data, bytes(&answer["data"]));
    }

    #[test]
    fn certificates_have_their_keys() {
        let all = vectors("certificates.json");
        for chain in ["chain_ours", "chain_lib"] {
            let chain = &all[chain];
            let pem = chain["pem"].as_str().unwrap();
            let [key, short] = certificate_keys(pem.as_bytes()).unwrap();
            assert_eq!(key.to_string(), chain["dht_key"].as_str().unwrap());
            assert_eq!(short.to_string(), chain["device_short_id"].as_str().unwrap());
            if let Some(value) = chain.get("value") {
                assert_eq!(Value::certificate(pem).encode(), bytes(value));
            }
        }
        assert_eq!(certificate_keys(b"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n"), None);
        assert_eq!(certificate_keys(b""), None);
    }
}
