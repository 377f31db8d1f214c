//! Changes that come to their end even if the client goes away: otherwise a
//! deploy could be on disk and not in service.

use crate::problem::Problem;
use std::future::Future;
use tracing::Instrument as _;
use weft_runtime::Refusal;

/// Make a change in a task of its own, and wait for it.
pub(super) async fn complete<T: Send + 'static>(
    change: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::spawn(change.in_current_span()).await {
        Ok(result) => result.map_err(Problem::from),
        Err(error) => {
            tracing::error!(%error, "a change did not come to its end");
            Err(Problem::internal())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_change_goes_on_when_nobody_waits_for_it() {
        let (begin, begun) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel();
        let change = complete(async move {
            begun.await.unwrap();
            end.send("done").unwrap();
            Ok(())
        });
        let waiting = tokio::spawn(change);
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        begin.send(()).unwrap();
        assert_eq!(ended.await.unwrap(), "done");
    }

    #[tokio::test]
    async fn a_change_that_panics_is_a_problem_of_the_host() {
        let problem = complete::<()>(async { panic!("as a bug would") })
            .await
            .unwrap_err();
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (500, "internal-error")
        );
    }
}
