//! A file system in memory that forgets at a crash what was not made durable, and fails on demand: for simulations and
//! tests of what survives.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Component, Path},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::fs::{Fs, FsFile};

/// A file system in memory. Clones share it.
///
/// Every operation is counted: those of [`Fs`], and each read, write and sync of a file. One of them can be made to fail, or to be
/// where the machine crashes: it does not happen, and nothing does any more until [`MemoryFs::restart`].
#[derive(Clone, Default)]
pub struct MemoryFs(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The first one is the root.
    nodes: Vec<Node>,
    operations: u64,
    fail_at: Option<u64>,
    crash_at: Option<u64>,
    crashed: bool,
    /// Grows at each restart: files that were open before are not any more.
    epoch: u64,
    capacity: Option<u64>,
    /// Bytes that a write takes at most.
    most: Option<usize>,
    used: u64,
    users: Arc<()>,
}

enum Node {
    File {
        content: Vec<u8>,
        /// How many of its bytes are durable. Files here are written once, from the start to the end.
        durable: usize,
    },
    Folder {
        names: BTreeMap<OsString, usize>,
        durable: BTreeMap<OsString, usize>,
        /// The changes from the durable names to the present ones. A crash keeps some of them, from the first one on.
        changes: Vec<Change>,
    },
}

#[derive(Clone)]
enum Change {
    Add(OsString, usize),
    Remove(OsString),
    Rename(OsString, OsString),
}

impl Change {
    fn apply(self, names: &mut BTreeMap<OsString, usize>) {
        match self {
            Self::Add(name, node) => {
                names.insert(name, node);
            }
            Self::Remove(name) => {
                names.remove(&name);
            }
            Self::Rename(from, to) => {
                if let Some(node) = names.remove(&from) {
                    names.insert(to, node);
                }
            }
        }
    }
}

impl Node {
    fn folder() -> Self {
        Self::Folder { names: BTreeMap::new(), durable: BTreeMap::new(), changes: Vec::new() }
    }
}

impl MemoryFs {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many operations there were.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// The operation after `count` more fails once.
    pub fn fail_after(&self, count: u64) {
        let mut state = self.state();
        state.fail_at = Some(state.operations + count);
    }

    /// The machine crashes at the operation after `count` more.
    pub fn crash_after(&self, count: u64) {
        let mut state = self.state();
        state.crash_at = Some(state.operations + count);
    }

    /// The machine crashes now.
    pub fn crash(&self) {
        self.state().crashed = true;
    }

    /// Whether it crashed and was not restarted.
    pub fn is_crashed(&self) -> bool {
        self.state().crashed
    }

    /// No more than `bytes` fit in it, or any number. Of a write that does not fit, what does is written.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    /// A write takes no more than `bytes` at once, or any number.
    pub fn set_most(&self, bytes: Option<usize>) {
        self.state().most = bytes;
    }

    /// Bytes of all files.
    pub fn used(&self) -> u64 {
        self.state().used
    }

    /// Starts again after a crash. Of each file's bytes and each folder's changes that were not synced, `keep` is given the number
    /// of them, and returns how many survived, from the first one on.
    pub fn restart(&self, mut keep: impl FnMut(usize) -> usize) {
        let mut state = self.state();
        for node in &mut state.nodes {
            match node {
                Node::File { content, durable } => {
                    let kept = keep(content.len() - *durable);
                    content.truncate(durable.saturating_add(kept));
                    *durable = content.len();
                }
                Node::Folder { names, durable, changes } => {
                    let kept = keep(changes.len());
                    changes.drain(..).take(kept).for_each(|change| change.apply(durable));
                    names.clone_from(durable);
                }
            }
        }
        let used = state.nodes.iter().map(|node| match node {
            Node::File { content, .. } => content.len() as u64,
            Node::Folder { .. } => 0,
        });
        state.used = used.sum();
        (state.fail_at, state.crash_at, state.crashed) = (None, None, false);
        state.epoch += 1;
        state.users = Arc::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.nodes.is_empty() {
            state.nodes.push(Node::folder());
        }
        state
    }

    /// The state, for one operation: unless it is one that fails.
    fn operation(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        let number = state.operations;
        state.operations += 1;
        if state.crash_at == Some(number) {
            state.crashed = true;
        }
        if state.crashed {
            return Err(io::Error::other("the machine crashed"));
        }
        if state.fail_at == Some(number) {
            return Err(io::Error::other("made to fail"));
        }
        Ok(state)
    }
}

impl State {
    fn names(&mut self, folder: usize) -> io::Result<(&mut BTreeMap<OsString, usize>, &mut Vec<Change>)> {
        match &mut self.nodes[folder] {
            Node::Folder { names, changes, .. } => Ok((names, changes)),
            Node::File { .. } => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn find(&mut self, path: &Path) -> io::Result<usize> {
        let mut node = 0;
        for part in path.components() {
            if let Component::Normal(name) = part {
                node = *self.names(node)?.0.get(name).ok_or(io::ErrorKind::NotFound)?;
            }
        }
        Ok(node)
    }

    /// The folder that a path is in, and its name there.
    fn place(&mut self, path: &Path) -> io::Result<(usize, OsString)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.find(path.parent().unwrap_or(Path::new("")))?, name.to_owned()))
    }

    fn change(&mut self, folder: usize, change: Change) -> io::Result<()> {
        let (names, changes) = self.names(folder)?;
        changes.push(change.clone());
        change.apply(names);
        Ok(())
    }

    fn add(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        let (folder, name) = self.place(path)?;
        if self.names(folder)?.0.contains_key(&name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let number = self.nodes.len();
        self.nodes.push(node);
        self.change(folder, Change::Add(name, number))?;
        Ok(number)
    }
}

impl Fs for MemoryFs {
    type File = MemoryFile;
    type Guard = Arc<()>;

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.operation()?.add(path, Node::folder()).map(drop)
    }

    fn create(&self, path: &Path) -> io::Result<MemoryFile> {
        let mut state = self.operation()?;
        let node = state.add(path, Node::File { content: Vec::new(), durable: 0 })?;
        Ok(MemoryFile { fs: self.clone(), node, position: 0, epoch: state.epoch })
    }

    fn open(&self, path: &Path) -> io::Result<MemoryFile> {
        let mut state = self.operation()?;
        let node = state.find(path)?;
        match state.nodes[node] {
            Node::File { .. } => Ok(MemoryFile { fs: self.clone(), node, position: 0, epoch: state.epoch }),
            Node::Folder { .. } => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let mut state = self.operation()?;
        let folder = state.find(path)?;
        Ok(state.names(folder)?.0.keys().cloned().collect())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.operation()?;
        let folder = state.find(path)?;
        match &mut state.nodes[folder] {
            Node::Folder { names, durable, changes } => {
                durable.clone_from(names);
                changes.clear();
                Ok(())
            }
            Node::File { .. } => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.operation()?;
        let ((folder, old), (target, new)) = (state.place(from)?, state.place(to)?);
        let names = state.names(folder)?.0;
        if folder != target || names.contains_key(&new) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !names.contains_key(&old) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.change(folder, Change::Rename(old, new))
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        for name in self.list(path)? {
            let path = path.join(name);
            let mut state = self.operation()?;
            let (node, (folder, name)) = (state.find(&path)?, state.place(&path)?);
            match &mut state.nodes[node] {
                Node::Folder { .. } => {
                    drop(state);
                    self.remove_folder(&path)?;
                }
                Node::File { content, .. } => {
                    let freed = content.len() as u64;
                    state.used -= freed;
                    state.change(folder, Change::Remove(name))?;
                }
            }
        }
        let mut state = self.operation()?;
        let (folder, name) = state.place(path)?;
        state.change(folder, Change::Remove(name))
    }

    fn enter(&self, _: &Path, while_alone: &mut dyn FnMut() -> io::Result<()>) -> io::Result<Arc<()>> {
        let users = self.operation()?.users.clone();
        // The state's own one, and this one.
        if Arc::strong_count(&users) == 2 {
            while_alone()?;
        }
        Ok(users)
    }
}

impl fmt::Debug for MemoryFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryFs")
    }
}

/// An open file of a [`MemoryFs`]. Writing appends, wherever it is.
pub struct MemoryFile {
    fs: MemoryFs,
    node: usize,
    position: u64,
    epoch: u64,
}

impl MemoryFile {
    /// Does something with this file's content, its durable length, the position, and the number of bytes that a write takes.
    fn with<T>(
        &mut self,
        act: impl FnOnce(&mut Vec<u8>, &mut usize, &mut u64, usize) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.fs.operation()?;
        if state.epoch != self.epoch {
            return Err(io::Error::other("opened before the machine crashed"));
        }
        let free = state.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(state.used));
        let room = state.most.unwrap_or(usize::MAX).min(usize::try_from(free).unwrap_or(usize::MAX));
        let Node::File { content, durable } = &mut state.nodes[self.node] else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let before = content.len();
        let result = act(content, durable, &mut self.position, room);
        let grown = (content.len() - before) as u64;
        state.used += grown;
        result
    }
}

impl FsFile for MemoryFile {
    fn sync(&mut self) -> io::Result<()> {
        self.with(|content, durable, _, _| {
            *durable = content.len();
            Ok(())
        })
    }
}

impl Read for MemoryFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.with(|content, _, position, _| {
            let start = content.len().min(*position as usize);
            let count = (&content[start..]).read(out)?;
            *position += count as u64;
            Ok(count)
        })
    }
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|content, _, position, room| {
            // Bytes that still fit are written, as a disk does.
            let count = bytes.len().min(room);
            if count == 0 && !bytes.is_empty() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            content.extend_from_slice(&bytes[..count]);
            *position = content.len() as u64;
            Ok(count)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for MemoryFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.with(|content, _, position, _| {
            let (base, offset) = match to {
                SeekFrom::Start(offset) => (0, i64::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?),
                SeekFrom::End(offset) => (content.len() as u64, offset),
                SeekFrom::Current(offset) => (*position, offset),
            };
            *position = base.checked_add_signed(offset).ok_or(io::ErrorKind::InvalidInput)?;
            Ok(*position)
        })
    }
}

impl fmt::Debug for MemoryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryFile({})", self.node)
    }
}
