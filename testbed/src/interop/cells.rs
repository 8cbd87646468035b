//! The cells of a matrix, and how each is played.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use handfast::{
    archive::{Argon2i, Identity, KeyKind, Sample, Seal, Sealer},
    outcome::{Profile, Scheme, Side},
    secret::Secret,
};
use handfast_model::config::Cast;
use tokio::{
    sync::{Mutex, Semaphore},
    task::JoinSet,
};

use super::matrix::{Implementation, Matrix, Plays};
use crate::{
    failure::Failure,
    interrupt::Interrupts,
    link, output,
    passwords::Passwords,
    scenario::{Accounts, Fault, Given, Judge, Port, Program, Published, Row, SCENARIOS, Scenario, Stage, Wire},
};

/// The password of the protected account that programs export.
const PASSWORD: &str = "secret";
/// Bytes of the accounts' archives.
const SIZE: u64 = 16 << 10;

/// A case between two implementations.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// The numbers of the implementations.
    pub(super) import: usize,
    pub(super) export: usize,
    pub(super) profile: Profile,
    pub(super) scenario: &'static Scenario,
}

/// A cell that was played.
pub(super) struct Played {
    pub(super) cell: Cell,
    pub(super) row: Row,
    /// Its trace, with passwords.
    pub(super) trace: String,
    pub(super) complaints: String,
    pub(super) judge: Judge,
    pub(super) seconds: f64,
}

/// The common part of all cells.
pub(super) struct Ground {
    pub(super) matrix: Matrix,
    folder: tempfile::TempDir,
    handfast: PathBuf,
    archives: BTreeMap<&'static str, (PathBuf, PathBuf)>,
    /// A daemon has one link at a time.
    daemons: Mutex<()>,
}

impl Ground {
    /// Makes the accounts that programs export.
    pub(super) fn new(matrix: Matrix) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(Failure::reason)?;
        let handfast = std::env::current_exe().map_err(Failure::reason)?;
        let mut archives = BTreeMap::new();
        if matrix.implementations.iter().any(|one| one.export.is_some()) {
            for (name, password) in [("plain", ""), ("protected", PASSWORD)] {
                let (archive, file) = (folder.path().join(name), folder.path().join(format!("{name}-password")));
                make(&archive, &Secret::from(password)).map_err(Failure::reason)?;
                fs::write(&file, format!("{password}\n")).map_err(Failure::reason)?;
                archives.insert(name, (archive, file));
            }
        }
        Ok(Self { matrix, folder, handfast, archives, daemons: Mutex::new(()) })
    }

    /// All cells, or those with one of these implementations.
    pub(super) fn cells(&self, only: &[String]) -> Vec<Cell> {
        let all = &self.matrix.implementations;
        let has_import = |one: &Implementation| one.import.is_some() || one.is_daemon();
        let has_export = |one: &Implementation| one.export.is_some() || one.is_daemon();
        let is_wanted = |one: &Implementation| only.is_empty() || only.contains(&one.name);
        let cases = &self.matrix.cases;
        let mut cells = Vec::new();
        for (import, importer) in all.iter().enumerate().filter(|(_, one)| has_import(one)) {
            for (export, exporter) in all.iter().enumerate().filter(|(_, one)| has_export(one)) {
                if !is_wanted(importer) && !is_wanted(exporter) {
                    continue;
                }
                let both = importer.profiles.iter().filter(|profile| exporter.profiles.contains(profile));
                for &profile in both {
                    let scenarios =
                        SCENARIOS.iter().filter(|one| cases.is_empty() || cases.iter().any(|name| name == one.name));
                    cells.extend(scenarios.map(|scenario| Cell { import, export, profile, scenario }));
                }
            }
        }
        cells
    }

    pub(super) fn implementation(&self, number: usize) -> &Implementation {
        &self.matrix.implementations[number]
    }

    /// Why a cell is not played.
    fn unsupported(&self, cell: Cell) -> Option<&'static str> {
        let (importer, exporter) = (self.implementation(cell.import), self.implementation(cell.export));
        if cell.scenario.wire != Wire::Whole && (importer.is_daemon() || exporter.is_daemon()) {
            return Some("the connection of a daemon is its own");
        }
        let faster = importer.has_timers(true) && exporter.has_timers(false);
        if cell.scenario.timers && !faster && !self.matrix.slow {
            return Some("its timers run as long as they do: `slow = true` plays it");
        }
        None
    }

    async fn play(&self, cell: Cell, number: usize) -> Played {
        let mut began = Instant::now();
        let (importer, exporter) = (self.implementation(cell.import), self.implementation(cell.export));
        let cast = match (importer.plays, exporter.plays) {
            (Plays::Hardened, Plays::Hardened) => Cast::HH,
            (Plays::Hardened, Plays::Legacy) => Cast::HL,
            (Plays::Legacy, Plays::Hardened) => Cast::LH,
            (Plays::Legacy, Plays::Legacy) => Cast::LL,
        };
        let waits = cell.scenario.waits();
        let faster = importer.has_timers(true) || exporter.has_timers(false);
        let judge = Judge { cast, profile: cell.profile, free_timers: waits && faster, delays: Vec::new() };
        let done = |row, trace, complaints, began: Instant| {
            let seconds = began.elapsed().as_secs_f64();
            Played { cell, row, trace, complaints, judge: judge.clone(), seconds }
        };
        if let Some(why) = self.unsupported(cell) {
            let row = Row::not_begun(cell.scenario, &Fault::Unsupported(why.into()));
            return done(row, String::new(), String::new(), began);
        }
        let _turn = match importer.is_daemon() || exporter.is_daemon() {
            true => Some(self.daemons.lock().await),
            false => None,
        };
        began = Instant::now();
        let (deadline, published) = (Duration::from_secs(self.matrix.deadline), Published::default());
        let set = async {
            let accounts = self.accounts(exporter)?;
            let import = self.port(Side::Import, importer, cell, number, &published).await?;
            let export = self.port(Side::Export, exporter, cell, number, &published).await?;
            Ok((import, export, accounts))
        };
        let (import, export, accounts) = match set.await {
            Ok(set) => set,
            Err(fault) => return done(Row::not_begun(cell.scenario, &fault), String::new(), String::new(), began),
        };
        let pace = import.pace().max(export.pace());
        let mut stage = Stage::new(import, export, &accounts, deadline, pace);
        let played = cell.scenario.play(&mut stage).await;
        let trace = stage.trace(cell.profile);
        let ends = (stage.end_of_import(), stage.end_of_export());
        let complaints = stage.close().await;
        let row = tokio::task::block_in_place(|| judge.judge(cell.scenario, ends, played, &trace));
        done(row, trace, complaints, began)
    }

    fn accounts(&self, exporter: &Implementation) -> Result<Accounts, Fault> {
        if !exporter.is_daemon() {
            let account = |name: &str| Some(name.to_owned());
            let password = Secret::from(PASSWORD);
            return Ok(Accounts { plain: account("plain"), protected: account("protected"), password });
        }
        let password = match &exporter.password_file {
            None => Secret::from(PASSWORD),
            Some(path) => Passwords::read(path)
                .and_then(|mut all| all.first())
                .map_err(|error| Fault::Process { side: "export", why: error.to_string() })?,
        };
        Ok(Accounts { plain: exporter.plain.clone(), protected: exporter.protected.clone(), password })
    }

    async fn port(
        &self,
        side: Side,
        one: &Implementation,
        cell: Cell,
        number: usize,
        published: &Published,
    ) -> Result<Port, Fault> {
        let deadline = Duration::from_secs(self.matrix.deadline);
        #[cfg(feature = "dbus")]
        if let Some(address) = &one.bus {
            let option = if side == Side::Import { "--import" } else { "--export" };
            return crate::scenario::Bus::open(option, address, deadline).await.map(Port::Bus);
        }
        let (command, name) = match side {
            Side::Import => (&one.import, "import"),
            Side::Export => (&one.export, "export"),
        };
        let command = command.clone().ok_or_else(|| Fault::Unsupported(format!("it has no {name} side")))?;
        let folder = self.folder.path().join(format!("{number}-{name}"));
        fs::create_dir_all(&folder)
            .map_err(|error| Fault::Process { side: name, why: format!("no folder for it: {error}") })?;
        let timers = if cell.scenario.waits() { self.matrix.timers } else { 1 };
        let profile = super::report::profile_name(cell.profile);
        let places = BTreeMap::from([
            ("handfast", self.handfast.display().to_string()),
            ("profile", profile.to_owned()),
            ("timers", timers.to_string()),
        ]);
        let (archives, wire) = (self.archives.clone(), cell.scenario.wire);
        let given = Given { folder, command, places, archives, deadline, wire };
        Ok(Port::Program(Box::new(Program::new(side, given, published.clone()))))
    }
}

/// Plays all cells, so many at once. Returns them in their order: after an interrupt those that came to their end, when all programs are
/// ended.
pub(super) async fn play(
    ground: &Arc<Ground>,
    cells: Vec<Cell>,
    jobs: usize,
    json: bool,
    mut interrupts: Interrupts,
) -> Result<Vec<Played>, Failure> {
    let places = Arc::new(Semaphore::new(jobs));
    let mut playing = JoinSet::new();
    for (number, cell) in cells.into_iter().enumerate() {
        let (ground, places) = (ground.clone(), places.clone());
        playing.spawn(async move {
            // It is never closed.
            let _place = places.acquire().await;
            (number, ground.play(cell, number).await)
        });
    }
    let mut played = BTreeMap::new();
    let mut take = |number, one: Played| -> Result<(), Failure> {
        if json {
            output::json(&super::report::Line::of(&ground.matrix, &one))?;
        }
        played.insert(number, one);
        Ok(())
    };
    loop {
        let Some(one) = interrupts.or(playing.join_next()).await else {
            playing.abort_all();
            // Cells that had ended by then are results.
            while let Some(one) = playing.join_next().await {
                if let Ok((number, one)) = one {
                    take(number, one)?;
                }
            }
            break;
        };
        let Some(one) = one else { break };
        let (number, one) = one.map_err(Failure::reason)?;
        take(number, one)?;
    }
    Ok(played.into_values().collect())
}

/// Makes an account's archive up.
fn make(path: &Path, password: &Secret) -> Result<(), Box<dyn std::error::Error>> {
    let now = link::today().map_err(|_| "the date of this machine is in doubt")?;
    let (account, authority) = Identity::account(KeyKind::P256, now)?;
    let sample = Sample::of(&account, &authority, Scheme::of(password), SIZE, 0)?;
    let mut sealer = Sealer::new(Vec::new(), Seal::new(password, &Argon2i)?)?;
    sample.write_to(&mut sealer)?;
    fs::write(path, sealer.finish()?)?;
    Ok(())
}
