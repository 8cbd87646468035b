use std::time::Duration;

use tokio::task::yield_now;

use super::*;
use crate::{
    archive::UnixTime,
    secret::Secret,
    shell::identity::{Reach, throw_away},
};

const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
/// Values of strangers that come at one time.
const MANY: usize = 20;

/// To open a value decrypts it with RSA: everything else of the runtime goes on between one and the next, and the right answer counts.
#[tokio::test]
async fn values_of_strangers_keep_nothing_else_from_running() {
    let account = Arc::new(Account::new(&throw_away(Reach::Directory, NOW).unwrap()).unwrap());
    let own = PublicKey::from_der(account.chain.leaf().spki()).unwrap();
    let answer = |id| {
        let description = Secret::from("abcd\n0123456789abcdef01234567\n");
        account.seal(&own, &Request { id, description, is_answer: true, kind: String::new() }).unwrap()
    };
    let mut values = vec![answer(8); MANY];
    values.push(answer(7));
    let waiting = Waiting::default();
    let (sender, mut answered) = oneshot::channel();
    waiting.lock().insert(7, (DeviceId::Long(own.long_id()), sender));
    let work = tokio::spawn({
        let account = account.clone();
        async move { open_all(values, &account, &waiting).await }
    });
    let mut turns = 0;
    while !work.is_finished() {
        yield_now().await;
        turns += 1;
    }
    assert!(answered.try_recv().is_ok());
    assert!(turns > MANY, "{turns} turns of other tasks");
}
