//! Committing: from a batch to the writer's queue, and back with the answer.

use tokio::sync::oneshot;

use crate::batch::Batch;
use crate::commit_error::CommitError;
use crate::fence::Fence;
use crate::health::HealthState;
use crate::instance::InstanceId;
use crate::read_error::ReadError;
use crate::record::Sequence;
use crate::store::Store;
use crate::writer::{Command, CommitRequest, ENGINE_GAVE_UP, Reply};

impl Store {
    /// Becomes the writer of an instance. Commits with fences given out before fail from now on.
    pub fn open_writer(&self, instance: InstanceId) -> Result<Fence, ReadError> {
        Ok(self.inner.instances.get(instance)?.new_fence())
    }

    /// Commits a batch. When this returns `Ok`, the batch is on disk; commits that wait at the
    /// same time share the disk's work. If the future is dropped, the commit may still happen.
    pub async fn commit(
        &self,
        instance: InstanceId,
        batch: Batch,
        fence: Fence,
    ) -> Result<Sequence, CommitError> {
        let (command, answer) = self.prepare(instance, batch, fence)?;
        self.send(command).await?;
        self.received(answer.await)
    }

    /// [`Store::commit`] for threads that run no async tasks.
    ///
    /// # Panics
    /// When called from an async task.
    pub fn commit_blocking(
        &self,
        instance: InstanceId,
        batch: Batch,
        fence: Fence,
    ) -> Result<Sequence, CommitError> {
        let (command, answer) = self.prepare(instance, batch, fence)?;
        self.inner
            .commands
            .blocking_send(command)
            .map_err(|_| CommitError::Closed)?;
        self.received(answer.blocking_recv())
    }

    /// Erases a part of a destroyed instance; tells whether there may be more.
    pub(crate) async fn erase_some(&self, instance: InstanceId) -> Result<bool, CommitError> {
        let (reply, answer) = self.reply();
        self.send(Command::Erase { instance, reply }).await?;
        self.received(answer.await)
    }

    fn prepare(
        &self,
        instance: InstanceId,
        batch: Batch,
        fence: Fence,
    ) -> Result<(Command, oneshot::Receiver<Result<Sequence, CommitError>>), CommitError> {
        let instance = self.inner.instances.get(instance)?;
        let batch = batch.encode(&instance)?;
        let (reply, answer) = self.reply();
        Ok((
            Command::Commit(CommitRequest {
                instance,
                batch,
                fence,
                reply,
            }),
            answer,
        ))
    }

    fn reply<T>(&self) -> (Reply<T>, oneshot::Receiver<Result<T, CommitError>>) {
        let (sender, answer) = oneshot::channel();
        (
            Reply {
                sender,
                waiting: self.inner.status.wait(),
            },
            answer,
        )
    }

    async fn send(&self, command: Command) -> Result<(), CommitError> {
        self.inner
            .commands
            .send(command)
            .await
            .map_err(|_| CommitError::Closed)
    }

    /// What it means if the writer gave no answer.
    fn received<T>(
        &self,
        answer: Result<Result<T, CommitError>, oneshot::error::RecvError>,
    ) -> Result<T, CommitError> {
        // The writer says that it is closed before it lets go of what still waits. An engine that
        // gives up lets go first, so without either word it is the engine.
        answer.unwrap_or_else(
            |_| match (self.health().state, self.inner.status.read_only()) {
                (_, Some(reason)) => Err(CommitError::Io {
                    reason: reason.to_owned(),
                }),
                (HealthState::Closed, None) => Err(CommitError::Closed),
                (_, None) => Err(CommitError::Io {
                    reason: ENGINE_GAVE_UP.to_owned(),
                }),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use super::*;
    use crate::{Key, Kind, MasterKey, StoreOptions};

    fn one_record(number: u64) -> Batch {
        let mut batch = Batch::new();
        batch.put(Key::new(Kind(1)).ordinal(number), "value");
        batch
    }

    #[test]
    fn after_a_failed_flush_the_store_is_read_only_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions::new(folder.path(), MasterKey::generate().unwrap());
        let disk_is_full = Arc::new(AtomicBool::new(false));
        let full = Arc::clone(&disk_is_full);
        let store = Store::open_with(
            options,
            Box::new(move |ledger| match full.load(Ordering::SeqCst) {
                true => Err(io::Error::from(io::ErrorKind::StorageFull)),
                false => ledger.sync(),
            }),
        )
        .unwrap();
        let fence = store.open_writer(InstanceId::SYSTEM).unwrap();
        store
            .commit_blocking(InstanceId::SYSTEM, one_record(1), fence)
            .unwrap();

        disk_is_full.store(true, Ordering::SeqCst);
        let failed = store.commit_blocking(InstanceId::SYSTEM, one_record(2), fence);
        assert!(matches!(failed, Err(CommitError::Io { .. })), "{failed:?}");

        disk_is_full.store(false, Ordering::SeqCst);
        let refused = store.commit_blocking(InstanceId::SYSTEM, one_record(3), fence);
        assert!(
            matches!(refused, Err(CommitError::ReadOnly { .. })),
            "{refused:?}"
        );
        match store.health().state {
            HealthState::ReadOnly { reason } => assert!(reason.contains("flushing failed")),
            other => panic!("{other:?}"),
        }
        let kept = store
            .get(InstanceId::SYSTEM, &Key::new(Kind(1)).ordinal(1))
            .unwrap();
        assert!(kept.is_some(), "reads must go on");
    }

    #[test]
    fn a_panic_of_the_engine_is_answered_and_makes_the_store_read_only() {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions::new(folder.path(), MasterKey::generate().unwrap());
        let store = Store::open_with(options, Box::new(|_| panic!("as sled may do"))).unwrap();
        let fence = store.open_writer(InstanceId::SYSTEM).unwrap();
        let failed = store.commit_blocking(InstanceId::SYSTEM, one_record(1), fence);
        assert!(matches!(failed, Err(CommitError::Io { .. })), "{failed:?}");
        let refused = store.commit_blocking(InstanceId::SYSTEM, one_record(2), fence);
        assert!(
            matches!(refused, Err(CommitError::ReadOnly { .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn a_disk_that_hangs_is_seen_as_a_stall_while_commits_wait() {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions::new(folder.path(), MasterKey::generate().unwrap());
        let (go_on, wait) = mpsc::channel::<()>();
        let store = Store::open_with(
            options,
            Box::new(move |ledger| {
                wait.recv().ok();
                ledger.sync()
            }),
        )
        .unwrap();
        assert_eq!(store.health().stalled_for, Duration::ZERO);
        let fence = store.open_writer(InstanceId::SYSTEM).unwrap();
        std::thread::scope(|threads| {
            threads.spawn(|| {
                store
                    .commit_blocking(InstanceId::SYSTEM, one_record(1), fence)
                    .unwrap();
            });
            while store.health().stalled_for < Duration::from_millis(2) {
                std::thread::yield_now();
            }
            assert_eq!(store.health().waiting, 1);
            go_on.send(()).unwrap();
        });
        assert_eq!(store.health().waiting, 0);
        drop(go_on);
    }
}
