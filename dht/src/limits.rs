//! Every limit of this package: sizes, counts, times. Larger inputs are refused before anything is allocated for them.

use core::time::Duration;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

// Datagrams.

/// Bytes of a datagram that is read.
pub const DATAGRAM: usize = 65_535;
/// Bytes of a value in one part.
pub const PART: usize = 1280;
/// Values whose encodings have fewer bytes than this together are sent inline.
pub const INLINE_BYTES: usize = 600;
/// Fewer values than this are sent inline.
pub const INLINE_VALUES: usize = 50;
/// Values in one message, and rows of selected fields.
pub const VALUES_PER_MESSAGE: usize = 1024;
/// Bytes of values in one reply or update.
pub const VALUE_BYTES_PER_MESSAGE: usize = 56 * 1024;
/// Bytes of values that one message may announce.
pub const ANNOUNCED_PER_MESSAGE: usize = 1 << 20;
/// Bytes of selected fields in one reply.
pub const ROW_BYTES: usize = 900;
/// Nodes that count in one list of a reply.
pub const NODES_PER_MESSAGE: usize = 32;
/// Bytes of a write token.
pub const TOKEN: usize = 64;
/// Fields, or conditions, of a query.
pub const QUERY_TERMS: usize = 16;

// Values.

/// Bytes of a value: cypher, data, signature and user type together.
pub const VALUE: usize = 65_536;
/// Bytes of an encoded value, as announced before its parts.
pub const ANNOUNCED: usize = 65_568;
/// Bytes of a public key in DER.
pub const PUBLIC_KEY: usize = 2048;

// Reassembly of parts.

/// The whole time for one message.
pub const ASSEMBLY: Duration = seconds(10);
/// The time between two parts.
pub const ASSEMBLY_PAUSE: Duration = seconds(3);
/// Messages that are put together at one time.
pub const ASSEMBLIES: usize = 512;
/// The same, from one IP address.
pub const ASSEMBLIES_PER_ADDRESS: usize = 64;
/// Bytes that all of them hold. Beyond it the oldest is dropped.
pub const ASSEMBLY_BYTES: usize = 8 << 20;
/// Bytes that each part, and each announced value, is counted with beyond its own.
pub const PART_OVERHEAD: usize = 96;
/// Bytes of parts that are kept before their message has come, for each message.
pub const EARLY_BYTES: usize = 120 * 1024;

// Requests.

/// How often a request is sent.
pub const TRIES: u8 = 3;
/// The wait after each try, and how much may be added to it at random.
pub const WAITS: [(Duration, Duration); TRIES as usize] = [
    (Duration::from_millis(1000), Duration::from_millis(250)),
    (Duration::from_millis(2000), Duration::from_millis(750)),
    (Duration::from_millis(4000), Duration::from_millis(1750)),
];
/// Requests that wait for an answer. Beyond it none is begun.
pub const PENDING: usize = 16_384;
/// Datagrams that wait to be sent. Beyond it they are dropped, as a network would.
pub const TRANSMITS: usize = 16_384;
/// Events that wait for the caller. Beyond it they are counted, and dropped.
pub const EVENTS: usize = 8192;
/// Bytes of values in waiting events.
pub const EVENT_BYTES: usize = 32 << 20;

// Lookups.

/// Live nodes nearest to a key that hold its values.
pub const REPLICAS: usize = 8;
/// Requests of one lookup that wait at the same time.
pub const PARALLEL: usize = 4;
/// The same, with those that are slow.
pub const PARALLEL_SLOW: usize = 12;
/// A node that has not answered for so long no longer delays a lookup.
pub const SLOW: Duration = Duration::from_millis(300);
/// Nodes that one lookup remembers.
pub const CANDIDATES: usize = 64;
/// Nodes nearest to the key that a lookup asks, as long as they answer.
pub const LOOKUP_WIDTH: usize = 14;
/// Nodes of one network (IPv4 /24, IPv6 /48) among those that a lookup uses, private and loopback networks apart.
pub const CANDIDATES_PER_NETWORK: usize = 2;
/// Refusals of a token in a row after which a node counts as dead.
pub const TOKEN_REFUSALS: u8 = 4;
/// A token is used for so long. Storing nodes keep it for at least 15 minutes.
pub const TOKEN_AGE: Duration = minutes(10);
/// A lasting operation repeats its lookup so often: nearer nodes may have come.
pub const RESYNC: Duration = minutes(10);
/// The same, for listening.
pub const LISTEN_RESYNC: Duration = minutes(5);
/// A lasting operation that has found too few nodes repeats its lookup after this.
pub const RETRY: Duration = seconds(10);
/// A listener renews its subscription so often.
pub const LISTEN_RENEW: Duration = seconds(20);
/// A permanent value is renewed so long before it would expire.
pub const RENEW_BEFORE: Duration = seconds(10);
/// Operations at one time.
pub const OPERATIONS: usize = 4096;
/// Values that one operation remembers, to report each once.
pub const SEEN_VALUES: usize = 4096;
/// Holders that are remembered of one listened value.
pub const HOLDERS: usize = 16;
/// An operation that is begun before any node is known waits so long for the first.
pub const CONNECT: Duration = seconds(10);

// Routing table.

/// Nodes of one bucket.
pub const BUCKET: usize = 8;
/// Nodes of one bucket from one network (IPv4 /24, IPv6 /48), private and loopback networks apart.
pub const BUCKET_PER_NETWORK: usize = 2;
/// Nodes in one answer.
pub const NODES_IN_REPLY: usize = 8;
/// A good node has answered within this…
pub const GOOD_ANSWERED: Duration = minutes(120);
/// …and has sent a message within this.
pub const GOOD_SEEN: Duration = minutes(10);
/// A node that has sent nothing for so long is pinged by the upkeep.
pub const STALE: Duration = minutes(7);
/// Nodes that one round of upkeep pings.
pub const STALE_PINGS: usize = 16;
/// Pings in flight to nodes of which others have spoken, or that have asked.
pub const CONFIRMATIONS: usize = 16;
/// Time between two rounds of upkeep while the table is young: at least, and at random on top.
pub const UPKEEP_YOUNG: (Duration, Duration) = (seconds(5), seconds(20));
/// The same, later.
pub const UPKEEP: (Duration, Duration) = (seconds(60), seconds(120));
/// A table is young until so many rounds of upkeep.
pub const YOUNG_ROUNDS: u32 = 12;
/// First pause between two rounds of bootstrapping; each doubles it.
pub const BOOTSTRAP_FIRST: Duration = seconds(10);
/// Longest pause between two rounds of bootstrapping.
pub const BOOTSTRAP_LAST: Duration = minutes(24 * 60);
/// Bootstrap addresses.
pub const BOOTSTRAPS: usize = 64;
/// Addresses that are ignored because of what they answered.
pub const BANNED: usize = 1024;
/// For how long they are.
pub const BAN: Duration = minutes(24 * 60);
/// Own addresses that others have reported, in each family.
pub const OBSERVED: usize = 16;

// Storage for others.

/// Bytes of values. Beyond it the IP address that uses most loses its oldest.
pub const STORE_BYTES: usize = 64 << 20;
/// Bytes that a stored value is counted with beyond its own.
pub const STORE_OVERHEAD: usize = 256;
/// Values under one key.
pub const VALUES_PER_KEY: usize = 1024;
/// A value is stored only if fewer than this many known good nodes are nearer to its key.
pub const STORE_WIDTH: usize = 14;
/// A listener is forgotten when it has not renewed for so long.
pub const LISTENER: Duration = minutes(10);
/// Listeners in all.
pub const LISTENERS: usize = 16_384;
/// Listeners of one key.
pub const LISTENERS_PER_KEY: usize = 256;
/// Listeners from one IP address.
pub const LISTENERS_PER_ADDRESS: usize = 1024;
/// Updates of one listener that wait for an answer. Beyond it the listener is dropped.
pub const UPDATES_PER_LISTENER: usize = 64;
/// The secret of tokens changes after at least, and at random on top. The last one stays valid.
pub const SECRET: (Duration, Duration) = (minutes(15), minutes(30));

// Requests of others.

/// Requests that are answered in one second.
pub const REQUESTS: u32 = 8192;
/// The same, of one IP address.
pub const REQUESTS_PER_ADDRESS: u32 = 1024;
/// The window in which they are counted.
pub const RATE_WINDOW: Duration = seconds(1);

// The tokio driver.

/// Calls that wait for the driver's task.
pub const COMMANDS: usize = 64;
/// Events of one operation that wait for the caller.
pub const EVENTS_PER_OPERATION: usize = 1024;
/// Datagrams that are taken from a socket at one time.
pub const BATCH: usize = 64;
/// A node that is asked as often in one [`BUSY_WINDOW`] is busy, and reads its sockets at intervals; one that is asked less than half as often
/// no longer is. Answers to its own questions do not count: a lookup waits for each of them.
pub const BUSY: u64 = 100;
/// The window in which they are counted.
pub const BUSY_WINDOW: Duration = Duration::from_millis(50);
/// The pause between two reads of a busy node, where the first of them has taken all that was there.
pub const BUSY_PAUSE: Duration = Duration::from_millis(1);
