//! Codes as a device draws them (R-TOK-2), through the whole import: what a token shows for the random bytes that it was made of.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use handfast::{
    archive::{Identity, InsecureKdf, KeyKind, MemoryFs, PrivateKey, Store, UnixTime},
    shell::{
        ImportEnv, ImportIdentity, ImportOptions, Random,
        folder::InlineStore,
        identity::{Reach, throw_away},
        import,
        rendezvous::{Listener, Publish},
    },
    token::Code,
};
use tokio::io::DuplexStream;

use super::Cases;

const NOW: UnixTime = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_800_000_000));

static IDENTITY: LazyLock<Arc<Identity>> =
    LazyLock::new(|| Arc::new(throw_away(Reach::Direct, NOW).expect("an identity")));

/// Numbers of four bytes in their order, then zeros.
struct Scripted(Arc<Mutex<VecDeque<[u8; 4]>>>);

impl Random for Scripted {
    fn fill(&mut self, bytes: &mut [u8]) {
        let next = || self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match <&mut [u8; 4]>::try_from(&mut *bytes) {
            Ok(four) => *four = next().unwrap_or_default(),
            Err(_) => bytes.fill(9),
        }
    }
}

/// Where no device comes from.
struct Nowhere;

impl Publish for Nowhere {
    type Listener = Self;

    async fn publish(self, _: &Identity) -> io::Result<Self> {
        Ok(self)
    }
}

impl Listener for Nowhere {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        pending().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4711))
    }
}

/// The code of the token that is shown where these numbers are drawn, and how many of them are left.
fn drawn(numbers: &[[u8; 4]]) -> (Option<u32>, usize) {
    let left = Arc::new(Mutex::new(numbers.iter().copied().collect::<VecDeque<_>>()));
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let code = runtime.enable_time().start_paused(true).build().expect("a runtime").block_on(async {
        let store = Store::open_in(MemoryFs::default(), "/accounts").expect("a store");
        let key = PrivateKey::generate(KeyKind::P256).expect("a key");
        let env = ImportEnv {
            publish: Nowhere,
            store: InlineStore::new(store, Arc::new(InsecureKdf), key, 1 << 20, NOW),
            identity: ImportIdentity::Ready(IDENTITY.clone()),
            random: Scripted(left.clone()),
        };
        let (handle, mut notices, operation) = import(env, ImportOptions::default());
        let task = tokio::spawn(operation);
        let notice = notices.recv().await;
        let token = notice.and_then(|notice| notice.details.get("token").cloned());
        let _ = handle.remove_account().await;
        drop(handle);
        let _ = task.await;
        token.and_then(|token| token.rsplit_once('/').and_then(|(_, code)| code.parse().ok()))
    });
    let left = left.lock().unwrap_or_else(PoisonError::into_inner).len();
    (code, left)
}

/// The code of a number below the largest multiple of 900 000 in 32 bits.
fn stated(number: u32) -> Option<u32> {
    (number < 4_294_800_000).then_some(100_000 + number % 900_000)
}

/// Every border of the numbers of which codes are made, every code, and codes that are drawn.
pub(super) fn draws(cases: &mut Cases) {
    let code = |number: u32| Code::from_random(number).and_then(|code| code.number());
    for multiple in 0..=4772_u32 {
        let border = multiple * 900_000;
        for number in [border.wrapping_sub(1), border, border.wrapping_add(1)] {
            cases.expect(format_args!("the code of {number}"), stated(number), code(number));
        }
    }
    for number in (4_294_799_000..=4_294_801_000).chain(u32::MAX - 100..=u32::MAX) {
        cases.expect(format_args!("the code of {number}"), stated(number), code(number));
    }
    // Each code is that of one number below 900 000, and one of the last ones that are of use.
    for first in [0, 4_293_900_000] {
        let others = (0..900_000).find(|&more| code(first + more) != Some(100_000 + more));
        cases.expect(format_args!("codes of the numbers from {first} on that are others"), None, others);
    }
    // Numbers that are the same from either end, so that the order of their bytes is left to the device.
    let of = |outer: u8, inner: u8| [outer, inner, inner, outer];
    let outer = [0, 1, 7, 0x0f, 0x10, 0x35, 0x7f, 0x80, 0xaa, 0xfe, 0xff];
    for (outer, inner) in outer.into_iter().flat_map(|outer| [0, 2, 0x3c, 0x80, 0xfb, 0xfc].map(|inner| (outer, inner)))
    {
        let bytes = of(outer, inner);
        let number = u32::from_le_bytes(bytes);
        cases.expect(format_args!("the code that is drawn of {number}"), (stated(number), 0), drawn(&[bytes]));
    }
    // Numbers that are of no use are drawn again, as often as they come.
    for useless in 1..=4 {
        let mut numbers = vec![of(0xff, 0xfd); useless];
        numbers.extend([of(1, 2), of(3, 4)]);
        let stated = (stated(u32::from_le_bytes(of(1, 2))), 1);
        cases.expect(format_args!("the code after {useless} numbers of no use"), stated, drawn(&numbers));
    }
}
