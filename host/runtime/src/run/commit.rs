//! Commits what an outcome wants written, before anything else of it happens.
//!
//! A conflict means that somebody else wrote what the activation had read: it
//! runs again from its message, a bounded number of times.

use super::activation::ActivationEffects;
use crate::live::LiveFlow;
use std::sync::Arc;
use weft_model::fault::{Fault, FaultCode};
use weft_model::node::{Event, Handled, Outcome};

/// Attempts at one activation before a conflict becomes a fault.
const MAX_ATTEMPTS: u32 = 16;

/// See an activation through: wait for its outcome, commit it, try again after a
/// conflict.
pub(crate) async fn see_through(
    live: &LiveFlow,
    event: Event,
    effects: Arc<ActivationEffects>,
    first: Handled<'_>,
) -> Result<Outcome, Fault> {
    let mut effects = effects;
    let mut handled = first;
    loop {
        let outcome = match handled {
            Handled::Ready(result) => result,
            Handled::Pending(work) => work.await,
        }?;
        match live.instance.state.commit(&outcome.effects).await {
            Ok(()) => return Ok(outcome),
            Err(CommitFault::Conflict) => {
                let attempt = effects.activation.attempt;
                if attempt >= MAX_ATTEMPTS {
                    let message = format!("state changed under each of {MAX_ATTEMPTS} attempts");
                    let hint = "use several keys, or increment instead of compare-and-swap";
                    return Err(Fault::new(FaultCode::StateConflict, message)
                        .hint(hint)
                        .used(outcome.usage));
                }
                let mut activation = effects.activation.clone();
                activation.attempt += 1;
                let (run, node) = (effects.run.clone(), effects.node);
                effects = Arc::new(ActivationEffects {
                    run,
                    node,
                    activation,
                });
            }
            Err(CommitFault::Refused(fault)) => return Err(fault.used(outcome.usage)),
        }
        handled = live
            .behaviour(effects.node)
            .handle(event.clone(), effects.clone());
    }
}

/// Why an outcome was not committed.
#[derive(Debug)]
pub(crate) enum CommitFault {
    /// A precondition no longer holds.
    Conflict,
    /// The store does not take it.
    Refused(Fault),
}
