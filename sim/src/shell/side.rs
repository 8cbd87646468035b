//! The two sides: the shell's public entry, and a user before it.

use std::{
    collections::VecDeque,
    io::Cursor,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use handfast::{
    archive::{KeyKind, Terms},
    limits::DEFAULT_MAX_ARCHIVE,
    message::Features,
    operations::AddDeviceError,
    outcome::{Scheme, Side, Signal},
    reducer::{Config, Places, Refused},
    secret::Secret,
    shell::{
        ExportEnv, ExportOptions, ImportEnv, ImportIdentity, ImportOptions, Progress, Random, SystemRandom,
        folder::{FileSource, FolderStore, Installed, issued_identity},
        identity::Reach,
        storage::Store,
    },
};
use tokio::{
    runtime::Handle,
    select,
    task::{JoinHandle, yield_now},
    time::{Duration, Instant, sleep, sleep_until},
};

use super::{
    begin,
    disk::{self, Accounts},
    enemy::Enemy,
    fixture::{FIXTURE, NOW, Seeded, kdf, password},
    late_subscriber::LateSubscriber,
    plan::{DiskFault, Plan, Planted},
    rendezvous::{Net, PORT},
    scene::Scene,
    source::{AnySource, Archive, linked},
};

/// Why a side did not come to its end.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) fn config(plan: &Plan, side: Side) -> Config {
    let places = match plan.enemy {
        // A crowd fills them.
        Some(Enemy::Crowd(_)) => Places { unsecured: 12, secured: 4 },
        _ => Places::default(),
    };
    let features = if plan.compares(side) { Features::WITH_SAS } else { Features::ALL };
    Config { profile: plan.profile, places, features }
}

fn think(plan: &Plan, side: Side) -> Duration {
    static LEAK: AtomicU64 = AtomicU64::new(0);
    let (import, export) = plan.think_ms;
    let leak = if plan.planted == Some(Planted::Leak) { LEAK.fetch_add(1, Ordering::Relaxed) } else { 0 };
    Duration::from_millis(if side == Side::Import { import } else { export } + leak)
}

/// Returns the result of a task. Its panic is a failure of the side.
async fn joined<T>(task: JoinHandle<T>) -> Result<T, Failure> {
    Ok(task.await?)
}

/// Open resources and tasks of a side at its end, that it did not have at its beginning, are leaks.
struct Tally {
    scene: Arc<Scene>,
    side: Side,
    tasks: usize,
}

impl Tally {
    fn begin(scene: &Arc<Scene>, side: Side) -> Self {
        Self { scene: scene.clone(), side, tasks: tasks() }
    }

    async fn end(self) {
        // A task that was stopped is gone when it has had its turn.
        for _ in 0..3 {
            yield_now().await;
        }
        let mut record = self.scene.record();
        let open = record.open[self.side as usize];
        let leaked = tasks().saturating_sub(self.tasks);
        let leaks = [("connections or listeners", open), ("tasks", leaked)];
        let found = leaks.into_iter().filter(|(_, count)| *count > 0);
        record.leaks.extend(found.map(|(what, count)| format!("{}: {count} {what}", self.side)));
    }
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// An import, from `addAccount` until nothing of it is left.
pub(crate) async fn import_side(scene: Arc<Scene>, publish: Net) -> Result<(), Failure> {
    if scene.plan.shipped {
        let (folder, kdf) = (disk::open(&scene.fs)?, kdf(&scene.plan));
        let store = FolderStore::new(folder, kdf, KeyKind::P256, DEFAULT_MAX_ARCHIVE, NOW);
        let identity = ImportIdentity::Make { reach: Reach::Direct, now: NOW };
        let env = ImportEnv { publish, store, identity, random: SystemRandom };
        return importing(scene, env).await;
    }
    let store = Accounts::open(&scene)?;
    let identity = ImportIdentity::Ready(FIXTURE.importer.clone());
    let random = Seeded::new(scene.plan.random);
    importing(scene, ImportEnv { publish, store, identity, random }).await
}

async fn importing<S, N>(scene: Arc<Scene>, env: ImportEnv<Net, S, N>) -> Result<(), Failure>
where
    S: Store<Installed = Installed>,
    N: Random,
{
    let plan = &scene.plan;
    let tally = Tally::begin(&scene, Side::Import);
    let mut token = scene.token();
    scene.damage_disk();
    if plan.planted == Some(Planted::Task) {
        tokio::spawn(std::future::pending::<()>());
    }
    let options = ImportOptions {
        config: config(plan, Side::Import),
        durations: plan.durations(),
        recorder: Some(scene.recorder()),
        ..ImportOptions::default()
    };
    let (handle, mut notices, operation) = begin::import(env, options, scene.without);
    let operation = tokio::spawn(operation);
    let mut subscriber = LateSubscriber::new(&scene, Side::Import);

    let wrong = (0..plan.wrong).map(|number| format!("wrong {number}"));
    let mut answers: VecDeque<_> = wrong.chain([password(plan.protected).to_owned()]).map(Secret::from).collect();
    let mut asked: Option<(Instant, Scheme)> = None;
    let mut compares = None;
    loop {
        if notices.is_empty() {
            subscriber.subscribes(handle.current());
        }
        subscriber.reads_progress(&handle.progress());
        select! { biased;
            () = scene.canceled(Side::Import) => {
                let answer = handle.remove_account().await;
                scene.record().canceled[Side::Import as usize] = Some(answer);
            }
            notice = notices.recv() => {
                let Some(notice) = notice else { break };
                subscriber.is_signalled(&notice);
                match notice.signal {
                    Signal::TokenAvailable => {
                        let port = handle.listening().map(|address| address.port());
                        subscriber.expect(port == Some(PORT), || format!("it listens at {port:?}"));
                        if let Some(token) = token.take() {
                            // A client that does not look does not see.
                            let _ = token.send(notice.details["token"].clone());
                        }
                    }
                    Signal::Prompt { scheme, .. } if plan.idle != Some(Side::Import) => {
                        asked = Some((Instant::now() + think(plan, Side::Import), scheme));
                    }
                    Signal::Done(_) => (asked, compares) = (None, None),
                    Signal::CompareAccount { .. } => {
                        scene.record().strings[Side::Import as usize] = notice.details.get("sas").cloned();
                        compares = Some((Instant::now() + think(plan, Side::Import), ()));
                    }
                    Signal::Connecting
                    | Signal::Prompt { .. }
                    | Signal::Confirm { .. }
                    | Signal::CompareDevice { .. }
                    | Signal::InProgress => {}
                }
            }
            () = due(subscriber.next_look()) => {}
            () = due(compares) => {
                compares = None;
                // It may have ended in the meantime.
                let _ = handle.compare_account(plan.says_equal(Side::Import)).await;
                let again = handle.compare_account(true).await;
                subscriber.expect(again.is_err(), || "a second comparison is taken".into());
            }
            scheme = due(asked) => {
                asked = None;
                let unsendable = handle.provide_account_authentication(Secret::from(vec![0xff]), scheme).await;
                subscriber.expect(unsendable == Err(Refused::Credentials), || format!("no text is an answer: {unsendable:?}"));
                let other = if scheme == Scheme::None { Scheme::Password } else { Scheme::None };
                let amiss = handle.provide_account_authentication(Secret::default(), other).await;
                subscriber.expect(amiss.is_err(), || format!("an answer in {other:?} is taken, asked for {scheme:?}"));
                if let Some(answer) = answers.pop_front() {
                    // It may have ended in the meantime.
                    let _ = handle.provide_account_authentication(answer, scheme).await;
                    let again = handle.provide_account_authentication(Secret::default(), scheme).await;
                    subscriber.expect(again.is_err(), || "a second answer is taken".into());
                }
            }
        }
    }
    let report = joined(operation).await?;
    // Whatever is asked of an operation that is over.
    let removed = handle.remove_account().await;
    let left = report.installed.is_some();
    subscriber.expect(removed.is_err() == left, || format!("left an account: {left}, and to remove it is {removed:?}"));
    subscriber.expect(handle.id() == report.id, || format!("{} reports {}", handle.id(), report.id));
    scene.record().report = Some(report);
    // Its sender is the operation's.
    drop((handle, notices));
    tally.end().await;
    Ok(())
}

/// An import side that crashed or was killed, started again.
pub(crate) fn import_again(scene: &Scene) -> Result<(), Failure> {
    // A side whose disk failed is started once more.
    for _ in 0..2 {
        if scene.fs.is_crashed() {
            restart_disk(scene);
        }
        if disk::open(&scene.fs).is_ok() {
            return Ok(());
        }
    }
    if scene.fs.is_crashed() {
        restart_disk(scene);
    }
    disk::open(&scene.fs)?;
    Ok(())
}

/// The importer's disk after a crash: some of what was not synced is there.
pub(crate) fn restart_disk(scene: &Scene) {
    let mut draw = scene.plan.random;
    scene.fs.restart(|count| {
        draw = draw.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (draw % (count as u64 + 1)) as usize
    });
}

/// An export, from `addDevice` until nothing of it is left. None if no token was shown.
pub(crate) async fn export_side(scene: Arc<Scene>, dial: Net) -> Result<(), Failure> {
    let plan = &scene.plan;
    let Some(shown) = scene.shown() else { return Ok(()) };
    let Ok(token) = shown.await else { return Ok(()) };
    sleep(think(plan, Side::Export)).await;
    if plan.shipped {
        let (kdf, terms, file) = (kdf(plan), Terms::at(NOW), scene.archive.file.clone());
        if plan.linked {
            let (store, id) = linked(&scene.archive, plan)?;
            let identity = Arc::new(store.device(id)?);
            let env =
                ExportEnv { dial, source: AnySource::Account(FileSource::account(store, id, kdf, terms)?), identity };
            return exporting(scene, env, &token).await;
        }
        let password = Secret::from(password(plan.protected));
        let identity = issued_identity(Cursor::new(file.clone()), &password, &*kdf, terms, KeyKind::P256, NOW)?;
        let source = AnySource::File(FileSource::new(move || Ok(Cursor::new(file.clone())), kdf, terms)?);
        let env = ExportEnv { dial, source, identity: Arc::new(identity) };
        return exporting(scene, env, &token).await;
    }
    let readable = if let Some(DiskFault::Unreadable(bytes)) = plan.disk { bytes } else { u64::MAX };
    let source = Archive::new(scene.archive.file.clone(), Duration::from_millis(plan.work_ms.1), readable)?;
    let source = AnySource::Simulated(source);
    let env = ExportEnv { dial, source, identity: FIXTURE.exporter.clone() };
    exporting(scene, env, &token).await
}

async fn exporting(scene: Arc<Scene>, env: ExportEnv<Net, AnySource>, token: &str) -> Result<(), Failure> {
    let plan = &scene.plan;
    let tally = Tally::begin(&scene, Side::Export);
    let options = ExportOptions {
        config: config(plan, Side::Export),
        durations: plan.durations(),
        recorder: Some(scene.recorder()),
        ..ExportOptions::default()
    };
    let (handle, mut notices, operations) = begin::export(env, options, scene.without);
    let operations = tokio::spawn(operations);

    let mut subscriber = LateSubscriber::new(&scene, Side::Export);
    let none = handle.add_device("jami-auth://").await;
    subscriber.expect(none == Err(AddDeviceError::InvalidUri), || format!("no token, and it is {none:?}"));
    let op = handle.add_device(token).await?;
    let mut progress = Progress::default();
    let mut asked: Option<(Instant, ())> = None;
    let mut compares = None;
    loop {
        select! { biased;
            () = scene.canceled(Side::Export) => {
                let answer = handle.cancel_add_device(op).await;
                scene.record().canceled[Side::Export as usize] = Some(answer);
            }
            notice = notices.recv() => {
                let Some(notice) = notice else { break };
                subscriber.is_signalled(&notice);
                let current = handle.current(op).await;
                if notices.is_empty() {
                    subscriber.subscribes(current);
                }
                // A finished operation sends nothing further.
                progress = handle.progress(op).await.unwrap_or(progress);
                subscriber.reads_progress(&progress);
                match notice.signal {
                    Signal::Confirm { .. } => {
                        if notices.is_empty() {
                            let second = handle.add_device(token).await;
                            let refused = second == Err(AddDeviceError::AlreadyLinking);
                            subscriber.expect(refused, || format!("with this operation live there is {second:?}"));
                        }
                        if plan.idle != Some(Side::Export) {
                            asked = Some((Instant::now() + think(plan, Side::Export), ()));
                        }
                    }
                    Signal::CompareDevice { .. } => {
                        scene.record().strings[Side::Export as usize] = notice.details.get("sas").cloned();
                        compares = Some((Instant::now() + think(plan, Side::Export), ()));
                    }
                    Signal::Done(_) => break,
                    _ => {}
                }
            }
            () = due(subscriber.next_look()) => subscriber.reads_progress(&progress),
            () = due(compares) => {
                compares = None;
                // It may have ended in the meantime.
                let _ = handle.compare_add_device(op, plan.says_equal(Side::Export)).await;
                let again = handle.compare_add_device(op, true).await;
                subscriber.expect(again.is_err(), || "a second comparison is taken".into());
            }
            () = due(asked) => {
                asked = None;
                // It may have ended in the meantime.
                let _ = handle.confirm_add_device(op).await;
                let again = handle.confirm_add_device(op).await;
                subscriber.expect(again.is_err(), || "a second confirmation is taken".into());
            }
        }
    }
    drop(handle);
    joined(operations).await?;
    tally.end().await;
    Ok(())
}

/// Waits until it is due, for ever if nothing is.
async fn due<T>(asked: Option<(Instant, T)>) -> T {
    match asked {
        Some((at, what)) => {
            sleep_until(at).await;
            what
        }
        None => std::future::pending().await,
    }
}
