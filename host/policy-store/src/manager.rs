//! The handle through which policies are changed, and the start.

use portcullis_audit::Log;
use portcullis_engine::{Generation, Host};
use std::io;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::change::{Applied, Change, ChangeError, ChangedBy, FilePolicies};
use crate::shared::{Message, Refusal, Shared};
use crate::state::State;
use crate::store::PolicyStore;
use crate::task::{Started, Task};

/// Changes that may wait for the one that is being made. A client that finds more waiting waits itself.
const QUEUE: usize = 16;

/// What a manager works with.
#[derive(Debug)]
pub struct ManagerOptions {
    /// Builds and publishes.
    pub host: Arc<Host>,
    /// Keeps what is in force.
    pub store: PolicyStore,
}

/// Changes policies, one change at a time. Clones share it.
#[derive(Clone)]
pub struct PolicyManager {
    changes: mpsc::Sender<Message>,
    shared: Arc<Shared>,
}

/// Policies are in force; changes are not accepted yet, since there is no log for them.
pub struct Prepared {
    task: Task,
    started: Started,
}

impl Prepared {
    /// The generation in force.
    pub fn generation(&self) -> &Arc<Generation> {
        &self.started.generation
    }

    /// Why the set that was in force last is in force again, and not what the files say.
    pub fn fallback_because(&self) -> Option<&ChangeError> {
        self.started.fallback_because.as_ref()
    }

    /// Records what is in force, and accepts changes.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn serve(self, log: Log) -> io::Result<PolicyManager> {
        let (changes, received) = mpsc::channel(QUEUE);
        let shared = Arc::clone(&self.task.shared);
        let runtime = Handle::current();
        // A thread of its own: what it does with the disk blocks nothing else.
        std::thread::Builder::new()
            .name("policies".into())
            .spawn(move || runtime.block_on(self.task.run(self.started, log, received)))?;
        Ok(PolicyManager { changes, shared })
    }
}

impl PolicyManager {
    /// Puts policies in force at the start: those of the files, but where the admin API has changed them; or those that were
    /// in force last, if these cannot be used.
    ///
    /// # Errors
    /// Neither can be used.
    pub async fn prepare(options: ManagerOptions, files: FilePolicies) -> Result<Prepared, ChangeError> {
        let mut task = Task::new(options.host, options.store);
        let started = task.start(files).await?;
        Ok(Prepared { task, started })
    }

    /// Makes a change, after those that wait already. It is made also if the caller stops waiting.
    ///
    /// # Errors
    /// Why it is refused. What is in force stays.
    pub async fn change(&self, change: Change, by: ChangedBy) -> Result<Applied, ChangeError> {
        let (reply, result) = oneshot::channel();
        let message = Message { change, by, reply };
        self.changes.send(message).await.map_err(|_| ChangeError::Ending)?;
        result.await.map_err(|_| ChangeError::Ending)?
    }

    /// What is in force and what was, as of the last change.
    pub fn state(&self) -> Arc<State> {
        self.shared.state.load_full()
    }

    /// The last change that was refused, until the same is accepted.
    pub fn last_refusal(&self) -> Option<Refusal> {
        self.shared.refusal().clone()
    }
}
