use super::*;
use crate::value::Body;

const START: Duration = Duration::from_secs(10_000);

fn key(number: u8) -> InfoHash {
    InfoHash([number; 20])
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

fn plain(id: u64, kind: ValueType, len: usize) -> Value<'static> {
    Value::plain(id, kind, vec![id as u8; len])
}

fn all(storage: &Storage, number: u8) -> Vec<u64> {
    storage.matching(&key(number), &Query::default()).map(|(id, _)| id).collect()
}

#[test]
fn values_live_as_long_as_their_type_and_a_refresh_begins_anew() {
    for (kind, minutes) in [(0, 10), (1, 5), (2, 15), (3, 5), (4, 7 * 24 * 60), (5, 1), (99, 10)] {
        let mut storage = Storage::default();
        let value = plain(1, ValueType(kind), 3);
        let life = Duration::from_secs(minutes * 60);
        assert_eq!(storage.put(START, &key(1), &value, START, address(1)), Outcome::New);
        assert_eq!(storage.next_due(), Some(START + life), "type {kind}");
        let half = START + life / 2;
        assert!(storage.refresh(half, &key(1), 1) && storage.refresh(half, &key(1), 77));
        assert!(!storage.refresh(half, &key(2), 1));
        assert_eq!(storage.next_due(), Some(half + life));
        assert_eq!(storage.pop_over(half + life - Duration::from_secs(1)), None);
        assert_eq!(storage.pop_over(half + life), Some((key(1), 1)));
        assert_eq!((storage.len(), storage.bytes(), storage.usage.len()), (0, 0, 0));
    }
}

#[test]
fn the_creation_time_moves_the_start_back_and_never_ahead() {
    let mut storage = Storage::default();
    let minute = Duration::from_secs(60);
    let value = plain(1, ValueType::USER_DATA, 3);
    let old = storage.put(START, &key(1), &value, START - 10 * minute, address(1));
    assert_eq!(old, Outcome::Refused(Refusal::Expired));
    storage.put(START, &key(1), &value, START - 4 * minute, address(1));
    assert_eq!(storage.next_due(), Some(START + 6 * minute));
    storage.put(START, &key(1), &value, START + 100 * minute, address(1));
    assert_eq!(storage.next_due(), Some(START + 10 * minute));
}

#[test]
fn an_id_belongs_to_its_first_unsigned_value() {
    let mut storage = Storage::default();
    let put = |storage: &mut Storage, value: &Value<'_>| storage.put(START, &key(1), value, START, address(1));
    let value = plain(1, ValueType::USER_DATA, 3);
    assert_eq!(put(&mut storage, &value), Outcome::New);
    assert_eq!(put(&mut storage, &value), Outcome::Refreshed);
    assert_eq!(put(&mut storage, &plain(1, ValueType::USER_DATA, 4)), Outcome::Refused(Refusal::NotAnEdit));
    let large = plain(2, ValueType::USER_DATA, limits::VALUE + 1);
    assert_eq!(put(&mut storage, &large), Outcome::Refused(Refusal::TooLarge));
    assert_eq!(put(&mut storage, &plain(2, ValueType::USER_DATA, limits::VALUE)), Outcome::New);
    assert_eq!(put(&mut storage, &plain(3, ValueType::CERTIFICATE, 3)), Outcome::Refused(Refusal::ForeignKey));
    assert_eq!(all(&storage, 1), [1, 2]);
}

#[test]
fn queries_select_by_every_field() {
    let mut storage = Storage::default();
    for id in 1..=4 {
        let user_type = if id == 4 { "special" } else { "" };
        let body = Body { kind: ValueType(id as u16), data: vec![1].into(), user_type: user_type.into() };
        storage.put(START, &key(1), &Value::of_body(id, body), START, address(1));
    }
    use crate::value::Filter;
    for (filter, ids) in [
        (Filter::Id(2), &[2][..]),
        (Filter::Kind(ValueType(3)), &[3]),
        (Filter::UserType("special".into()), &[4]),
        (Filter::Owner(InfoHash::ZERO), &[1, 2, 3, 4]),
        (Filter::Owner(key(9)), &[]),
        (Filter::Seq(1), &[]),
    ] {
        let query = Query { select: Vec::new(), filters: vec![filter] };
        assert_eq!(storage.matching(&key(1), &query).map(|(id, _)| id).collect::<Vec<_>>(), ids);
    }
}

#[test]
fn the_heaviest_address_loses_its_oldest_when_all_is_full() {
    let mut storage = Storage::default();
    let full = limits::VALUE;
    storage.put(START, &key(1), &plain(1, ValueType::USER_DATA, 10), START, address(1));
    let mut put = 0;
    let mut over = Vec::new();
    while over.is_empty() {
        put += 1;
        storage.put(START, &key(2), &plain(put, ValueType::USER_DATA, full), START, address(2));
        over.extend(storage.pop_over(START));
    }
    assert_eq!(over, [(key(2), 1)]);
    assert!(storage.bytes() <= limits::STORE_BYTES && storage.bytes() > limits::STORE_BYTES - 2 * full);
    assert_eq!(all(&storage, 1), [1]);
}

#[test]
fn a_full_key_makes_room_at_the_cost_of_the_one_that_fills_it() {
    let mut storage = Storage::default();
    storage.put(START, &key(1), &plain(u64::MAX, ValueType::USER_DATA, 1), START, address(1));
    for id in 1..=limits::VALUES_PER_KEY as u64 {
        assert_eq!(storage.put(START, &key(1), &plain(id, ValueType::USER_DATA, 1), START, address(2)), Outcome::New);
    }
    let ids = all(&storage, 1);
    assert_eq!((ids.len(), ids[0], *ids.last().unwrap()), (limits::VALUES_PER_KEY, 2, u64::MAX));
}

#[cfg(feature = "crypto")]
mod crypto {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::{KeyPair, KeySize};

    use super::*;
    use crate::value::{Content, Identity};

    fn identity() -> Identity {
        Identity::from_pkcs8(KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap().as_ref()).unwrap()
    }

    #[test]
    fn only_the_owner_edits_and_only_forward() {
        let (owner, other) = (identity(), identity());
        let mut storage = Storage::default();
        let mut put = |value: &Value<'_>| storage.put(START, &key(1), value, START, address(1));
        let text = |len| plain(1, ValueType::USER_DATA, len);
        assert_eq!(put(&owner.sign(text(1), 5, None).unwrap()), Outcome::New);
        assert_eq!(put(&owner.sign(text(2), 4, None).unwrap()), Outcome::Refused(Refusal::NotAnEdit));
        assert_eq!(put(&owner.sign(text(2), 5, None).unwrap()), Outcome::Refused(Refusal::NotAnEdit));
        assert_eq!(put(&other.sign(text(2), 6, None).unwrap()), Outcome::Refused(Refusal::NotAnEdit));
        assert_eq!(put(&text(2)), Outcome::Refused(Refusal::NotAnEdit));
        assert_eq!(put(&owner.sign(text(2), 6, None).unwrap()), Outcome::New);
    }

    #[test]
    fn signatures_are_checked_where_the_type_asks_for_it_and_at_each_edit() {
        let owner = identity();
        let mut storage = Storage::default();
        let broken = |id, kind, seq| {
            let mut value = owner.sign(plain(id, ValueType(kind), 3), seq, None).unwrap();
            let Content::Signed(signed) = &mut value.content else { panic!("not signed") };
            signed.signature.to_mut()[0] ^= 1;
            value
        };
        let mut put = |value: &Value<'_>| storage.put(START, &key(1), value, START, address(1));
        for kind in [0, 1, 3, 4, 5] {
            let outcome = put(&broken(1, kind, 0));
            assert_eq!(outcome, Outcome::Refused(Refusal::BadSignature), "type {kind}");
        }
        assert_eq!(put(&broken(1, 99, 0)), Outcome::New);
        assert_eq!(put(&broken(1, 99, 1)), Outcome::Refused(Refusal::BadSignature));
    }
}

proptest::proptest! {
    /// The values of a key behave as an ordered map does, and take room for few more than there are.
    #[test]
    fn the_values_of_a_key_are_an_ordered_map(steps in proptest::collection::vec((0_u8..40, proptest::bool::ANY), 0..200)) {
        let mut storage = Storage::default();
        let mut expected = BTreeMap::new();
        for (id, stays) in steps {
            let id = u64::from(id);
            if stays {
                storage.put(START, &key(1), &plain(id, ValueType::USER_DATA, 3), START, address(1));
                expected.insert(id, ());
            } else {
                assert_eq!(storage.remove(&key(1), id).is_some(), expected.remove(&id).is_some());
            }
            assert_eq!(all(&storage, 1), expected.keys().copied().collect::<Vec<_>>());
            assert_eq!(storage.has_key(&key(1)), !expected.is_empty());
            let room = storage.keys.get(&key(1)).map_or(0, |values| values.0.capacity());
            assert!(room <= 4 * expected.len(), "{room} places for {}", expected.len());
        }
    }
}
