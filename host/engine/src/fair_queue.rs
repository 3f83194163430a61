//! Permits that are handed out in turns: first by principal, then in order of arrival.
//!
//! Used twice: for a policy's `concurrency` (`crate::policy`), and for the cores that decisions over their first slice
//! share (`crate::offload`). A principal with many requests waits behind its own; another principal's first request is
//! next in turn.
//!
//! Some permits may be reserved for principals that hold none, so that one with many long requests leaves the next one of
//! another principal nothing to wait for.
//!
//! The queue is bounded. When it is full, a newcomer takes the place of the newest request of the principal that has
//! most of it, unless that principal is the newcomer's own: one principal cannot fill the queue for the others.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// On whose behalf something waits: a digest of a principal, or of a peer where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct QueueKey(u64);

impl QueueKey {
    /// The host's own work: monitoring policies and cases.
    pub(crate) const BACKGROUND: Self = Self(0);

    /// The key of a name, different in each process: clients cannot choose names that share a key with others.
    pub(crate) fn of(kind: &str, name: &str) -> Self {
        static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(STATE.hash_one((kind, name)).max(1))
    }

    /// An index into a table of `length` entries.
    pub(crate) fn index(self, length: usize) -> usize {
        usize::try_from(self.0 % length as u64).unwrap_or_default()
    }
}

/// Where an entry waits among those of its principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// Behind those that came before it.
    Back,
    /// Before them: it had a permit, and goes on.
    Front,
}

/// The most that may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
}

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueError {
    /// The queue is full.
    Full,
    /// No permit became free in time.
    Timeout,
}

/// Permits, and those who wait for one. See the module.
#[derive(Debug)]
pub(crate) struct FairQueue {
    reserve: usize,
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: usize,
    /// Permits by principal.
    held: HashMap<QueueKey, usize>,
    /// Principals with waiting entries, the next one first.
    turns: VecDeque<QueueKey>,
    waiting: HashMap<QueueKey, Line>,
    entries: usize,
    bytes: usize,
    next_id: u64,
}

/// What waits on behalf of one principal, in order of arrival.
#[derive(Debug, Default)]
struct Line {
    entries: VecDeque<Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    bytes: usize,
    /// Dropped without a permit where the entry lost its place.
    sender: oneshot::Sender<Permit>,
}

/// The right to go on, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit(Option<(Arc<FairQueue>, QueueKey)>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some((queue, key)) = self.0.take() {
            queue.release(key);
        }
    }
}

impl FairQueue {
    /// `reserve` of the permits are for principals that hold none.
    pub(crate) fn new(permits: usize, reserve: usize, bounds: Bounds) -> Arc<Self> {
        let state = State { free: permits, ..State::default() };
        Arc::new(Self { reserve, bounds, state: Mutex::new(state) })
    }

    /// How many wait.
    pub(crate) fn depth(&self) -> usize {
        self.state().entries
    }

    /// A permit for `key`, if one is free.
    pub(crate) fn try_acquire(self: &Arc<Self>, key: QueueKey) -> Option<Permit> {
        self.state().take(key, self.reserve).then(|| Permit(Some((Arc::clone(self), key))))
    }

    /// A permit. Waits for it until `until` at most, on behalf of `key`, with `bytes` of memory that are held meanwhile.
    /// Leaves the queue when it is dropped.
    ///
    /// # Errors
    /// The queue is full, or no permit became free in time.
    pub(crate) async fn acquire(
        self: &Arc<Self>,
        key: QueueKey,
        bytes: usize,
        until: Option<Instant>,
    ) -> Result<Permit, QueueError> {
        self.acquire_at(Position::Back, key, bytes, until).await
    }

    /// The same, with another place among the entries of `key`.
    pub(crate) async fn acquire_at(
        self: &Arc<Self>,
        position: Position,
        key: QueueKey,
        bytes: usize,
        until: Option<Instant>,
    ) -> Result<Permit, QueueError> {
        let (id, receiver) = {
            let mut state = self.state();
            if state.take(key, self.reserve) {
                return Ok(Permit(Some((Arc::clone(self), key))));
            }
            state.enter(position, key, bytes, self.bounds)?
        };
        let _leaving = LeaveOnDrop { queue: self, key, id };
        let permit = match until {
            Some(until) => tokio::time::timeout_at(until, receiver).await.map_err(|_| QueueError::Timeout)?,
            None => receiver.await,
        };
        permit.map_err(|_| QueueError::Full)
    }

    /// Takes a permit of `key` back, and hands out what is free in turns.
    fn release(self: Arc<Self>, key: QueueKey) {
        let mut state = self.state();
        state.give_back(key);
        while let Some((key, entry)) = state.next(self.reserve) {
            if let Err(mut permit) = entry.sender.send(Permit(Some((Arc::clone(&self), key)))) {
                // It has stopped waiting in this moment. The permit's drop would lock the queue once more.
                permit.0 = None;
                state.give_back(key);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a permit for `key`, if it may have one of those that are free.
    fn take(&mut self, key: QueueKey, reserve: usize) -> bool {
        let may = self.may_take(key, reserve);
        if may {
            self.free -= 1;
            *self.held.entry(key).or_default() += 1;
        }
        may
    }

    fn may_take(&self, key: QueueKey, reserve: usize) -> bool {
        self.free > reserve || (self.free > 0 && !self.held.contains_key(&key))
    }

    fn give_back(&mut self, key: QueueKey) {
        self.free += 1;
        if let Some(held) = self.held.get_mut(&key) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(&key);
            }
        }
    }

    /// Adds an entry, in the place of another one where the queue is full.
    fn enter(
        &mut self,
        position: Position,
        key: QueueKey,
        bytes: usize,
        bounds: Bounds,
    ) -> Result<(u64, oneshot::Receiver<Permit>), QueueError> {
        while self.entries >= bounds.entries || self.bytes.saturating_add(bytes) > bounds.bytes {
            let in_bytes = self.entries < bounds.entries;
            let share = |line: &Line| if in_bytes { line.bytes } else { line.entries.len() };
            let own = self.waiting.get(&key).map_or(0, share) + if in_bytes { bytes } else { 1 };
            let most = self.waiting.iter().max_by_key(|(_, line)| share(line));
            let Some((most, _)) = most.filter(|(other, line)| **other != key && share(line) > own) else {
                return Err(QueueError::Full);
            };
            let most = *most;
            self.remove(most, |line| line.entries.pop_back());
        }
        let (sender, receiver) = oneshot::channel();
        let id = self.next_id;
        self.next_id += 1;
        let line = self.waiting.entry(key).or_default();
        if line.entries.is_empty() {
            self.turns.push_back(key);
        }
        let entry = Entry { id, bytes, sender };
        match position {
            Position::Back => line.entries.push_back(entry),
            Position::Front => line.entries.push_front(entry),
        }
        line.bytes += bytes;
        self.entries += 1;
        self.bytes += bytes;
        Ok((id, receiver))
    }

    /// The entry whose turn it is, with a permit taken for it; its principal goes to the end.
    fn next(&mut self, reserve: usize) -> Option<(QueueKey, Entry)> {
        // Principals that may not have one hold one: there are no more of them than permits.
        let at = self.turns.iter().position(|key| self.may_take(*key, reserve))?;
        let key = self.turns.remove(at)?;
        self.turns.push_back(key);
        let entry = self.remove(key, |line| line.entries.pop_front())?;
        self.take(key, reserve);
        Some((key, entry))
    }

    /// Removes the entry that `take` takes from the line of `key`.
    fn remove(&mut self, key: QueueKey, take: impl FnOnce(&mut Line) -> Option<Entry>) -> Option<Entry> {
        let line = self.waiting.get_mut(&key)?;
        let entry = take(line)?;
        line.bytes -= entry.bytes;
        self.bytes -= entry.bytes;
        self.entries -= 1;
        if line.entries.is_empty() {
            self.waiting.remove(&key);
            if self.turns.back() == Some(&key) {
                self.turns.pop_back();
            } else {
                self.turns.retain(|other| *other != key);
            }
        }
        Some(entry)
    }
}

/// Removes an entry that is still there when its caller stops waiting.
struct LeaveOnDrop<'a> {
    queue: &'a FairQueue,
    key: QueueKey,
    id: u64,
}

impl Drop for LeaveOnDrop<'_> {
    fn drop(&mut self) {
        let entry = self.queue.state().remove(self.key, |line| {
            let at = line.entries.iter().position(|entry| entry.id == self.id)?;
            line.entries.remove(at)
        });
        drop(entry);
    }
}

#[cfg(test)]
mod tests;
