//! The one thread that writes. It takes what waits, applies one commit after the other, brings
//! all of them to the disk at once, and then answers everybody.

use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::InstanceId;
use crate::batch::{EncodedBatch, References, count_key};
use crate::commit_error::CommitError;
use crate::fence::Fence;
use crate::health::{Status, Waiting};
use crate::instance::Instance;
use crate::ledger::{Changes, Ledger, LedgerError};
use crate::payload::{PayloadFiles, PayloadId};
use crate::pin::Pinned;
use crate::record::{Encoded, Sequence, Version};
use crate::sequence::SequenceSource;

/// How many commands may wait before those who send them have to.
pub(crate) const QUEUE: usize = 1024;

/// How many commits share one flush at most.
const GROUP: usize = 256;

/// How many entries one erasing command removes, so that commits of others get their turn.
const ERASE_STEP: usize = 1_000;

/// Why the store is read-only after a panic below it.
pub(crate) const ENGINE_GAVE_UP: &str = "the storage engine gave up";

/// Brings everything applied to the disk.
pub(crate) type Sync = Box<dyn FnMut(&Ledger) -> io::Result<()> + Send>;

/// What the writer is asked for.
pub(crate) enum Command {
    Commit(CommitRequest),
    /// Removes some entries of a destroyed instance; the answer is whether there may be more.
    Erase {
        instance: InstanceId,
        reply: Reply<bool>,
    },
    /// Ends the writer after everything that was sent before.
    Close,
}

/// A batch on its way to the disk.
pub(crate) struct CommitRequest {
    pub(crate) instance: Arc<Instance>,
    pub(crate) batch: EncodedBatch,
    pub(crate) fence: Fence,
    pub(crate) reply: Reply<Sequence>,
}

/// Somebody who waits for an answer.
pub(crate) struct Reply<T> {
    pub(crate) sender: oneshot::Sender<Result<T, CommitError>>,
    pub(crate) waiting: Waiting,
}

/// What the thread owns.
pub(crate) struct Writer {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) payloads: Arc<PayloadFiles>,
    pub(crate) system: Arc<Instance>,
    pub(crate) sequences: SequenceSource,
    pub(crate) status: Arc<Status>,
    pub(crate) sync: Sync,
}

/// Tells one who waits what became of it, once it is known whether the group is on disk.
type Answer = Box<dyn FnOnce(&Result<(), CommitError>)>;

impl Writer {
    /// Runs until it is told to close, or until nobody can send any more.
    pub(crate) fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut group = Vec::with_capacity(GROUP);
        while commands.blocking_recv_many(&mut group, GROUP) > 0 {
            // sled asserts some of what it reads; those who wait must get an answer all the same.
            let handled = catch_unwind(AssertUnwindSafe(|| self.handle(group.drain(..))));
            match handled {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break,
                Err(_) => self.status.become_read_only(ENGINE_GAVE_UP.to_owned()),
            }
        }
        if self.status.read_only().is_none() {
            // A failure is kept in the status.
            self.bring_to_disk().ok();
        }
        self.status.become_closed();
    }

    fn handle(&mut self, group: impl Iterator<Item = Command>) -> ControlFlow<()> {
        let mut answers: Vec<Answer> = Vec::new();
        let mut released = Vec::new();
        let mut changed = false;
        let mut next = ControlFlow::Continue(());
        for command in group {
            match command {
                Command::Commit(request) => {
                    let result = match next {
                        ControlFlow::Continue(()) => self.commit(&request, &mut released),
                        ControlFlow::Break(()) => Err(CommitError::Closed),
                    };
                    changed |= result.is_ok();
                    answers.push(request.reply.later(result));
                    // What got no reference is seen by `remove_unreferenced` below.
                    drop(request.batch.pending);
                }
                Command::Erase { instance, reply } => {
                    let result = match next {
                        ControlFlow::Continue(()) => self.erase(instance),
                        ControlFlow::Break(()) => Err(CommitError::Closed),
                    };
                    changed |= result.is_ok();
                    answers.push(reply.later(result));
                }
                Command::Close => next = ControlFlow::Break(()),
            }
        }
        let synced = if changed {
            self.bring_to_disk()
        } else {
            Ok(())
        };
        if self.status.read_only().is_none() {
            self.remove_unreferenced(released);
            self.status.made_progress(self.sequences.last());
        }
        for answer in answers {
            answer(&synced);
        }
        next
    }

    fn commit(
        &mut self,
        request: &CommitRequest,
        released: &mut Vec<Pinned>,
    ) -> Result<Sequence, CommitError> {
        let CommitRequest {
            instance,
            batch,
            fence,
            ..
        } = request;
        self.refuse_if_read_only()?;
        if !instance.is_alive() {
            return Err(CommitError::UnknownInstance {
                instance: instance.id,
            });
        }
        if !instance.admits(*fence) {
            return Err(CommitError::Fenced {
                instance: instance.id,
            });
        }
        self.check(&batch.preconditions)?;

        let version = self.sequences.next().into();
        let mut changes = Changes::default();
        for (key, value) in &batch.writes {
            match value {
                Some(value) => self.stage(&mut changes, instance, key, version, value)?,
                None => self.ledger.stage_delete(&mut changes, key)?,
            }
        }
        for (payload, references) in &batch.references {
            let count = self.new_count(instance, *payload, references)?;
            let key = count_key(instance.id, *payload);
            if count == 0 {
                self.ledger.stage_delete(&mut changes, &key)?;
                released.push((instance.id, *payload));
            } else {
                self.stage(&mut changes, instance, &key, version, &count.to_be_bytes())?;
            }
        }
        let sequence = self
            .sequences
            .claim(&self.ledger, &self.system, &mut changes)?;
        self.apply(changes)?;
        Ok(sequence)
    }

    fn check(&self, preconditions: &[(Vec<u8>, Option<Version>)]) -> Result<(), CommitError> {
        for (index, (key, expected)) in preconditions.iter().enumerate() {
            let current = self.ledger.version(key)?;
            if current != *expected {
                return Err(CommitError::Conflict { index, current });
            }
        }
        Ok(())
    }

    fn stage(
        &self,
        changes: &mut Changes,
        instance: &Instance,
        key: &[u8],
        version: Version,
        value: &[u8],
    ) -> Result<(), CommitError> {
        let encoded = Encoded::seal(&instance.keys.values, key, version, value)
            .map_err(|error| self.fail(error.to_string()))?;
        Ok(self.ledger.stage_put(changes, key, &encoded)?)
    }

    fn new_count(
        &self,
        instance: &Instance,
        payload: PayloadId,
        references: &References,
    ) -> Result<u64, CommitError> {
        let key = count_key(instance.id, payload);
        let before = match self.ledger.get(&key)? {
            None => 0,
            Some(encoded) => encoded
                .open(&instance.keys.values, &key)
                .ok()
                .and_then(|record| record.value.first_chunk().copied())
                .map(u64::from_be_bytes)
                .ok_or_else(|| CommitError::Unreadable {
                    what: format!("the number of references to payload {payload}"),
                })?,
        };
        if before == 0 && !references.file_is_kept {
            return Err(CommitError::NotRetained { payload });
        }
        before
            .checked_add_signed(references.change)
            .ok_or(CommitError::NotRetained { payload })
    }

    fn erase(&self, instance: InstanceId) -> Result<bool, CommitError> {
        self.refuse_if_read_only()?;
        let erased = self.ledger.erase_some(instance, ERASE_STEP);
        Ok(erased.map_err(|error| self.fail(error.to_string()))? == ERASE_STEP)
    }

    fn apply(&self, changes: Changes) -> Result<(), CommitError> {
        self.ledger
            .apply(changes)
            .map_err(|error| self.fail(error.to_string()))
    }

    fn bring_to_disk(&mut self) -> Result<(), CommitError> {
        (self.sync)(&self.ledger).map_err(|error| self.fail(format!("flushing failed: {error}")))
    }

    /// After a failed write nobody knows what the disk holds, and a second flush may report
    /// success for data that the first one lost.
    fn fail(&self, reason: String) -> CommitError {
        self.status.become_read_only(reason.clone());
        CommitError::Io { reason }
    }

    fn refuse_if_read_only(&self) -> Result<(), CommitError> {
        match self.status.read_only() {
            Some(reason) => Err(CommitError::ReadOnly {
                reason: reason.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Removes the files of payloads that nothing refers to: the last reference was released, or
    /// whoever wrote them did not commit one. Only this thread changes the counts, so nothing
    /// can begin to refer to them here, except by way of a pin.
    fn remove_unreferenced(&self, released: Vec<Pinned>) {
        let unpinned = self.payloads.pins().take_unpinned();
        for (instance, payload) in released.into_iter().chain(unpinned) {
            match self.ledger.version(&count_key(instance, payload)) {
                Ok(None) => self.payloads.remove(instance, payload),
                Ok(Some(_)) => {}
                Err(error) => {
                    tracing::warn!(%instance, %payload, %error, "a payload file stays");
                }
            }
        }
    }
}

impl<T: Send + 'static> Reply<T> {
    fn later(self, result: Result<T, CommitError>) -> Answer {
        Box::new(move |synced| {
            let result = result.and_then(|value| synced.clone().map(|()| value));
            drop(self.waiting);
            // Whoever does not wait any more does not want to know.
            self.sender.send(result).ok();
        })
    }
}

impl From<LedgerError> for CommitError {
    fn from(error: LedgerError) -> Self {
        Self::Unreadable {
            what: error.to_string(),
        }
    }
}
