//! The activation loop: walks the graph from an entry point until nothing is
//! left to do.
//!
//! Activations of one run that wait for something (a function, the store) wait
//! side by side; everything else happens in the order in which messages were
//! sent. The whole run is one future, so it needs no lock of its own.

use super::activation::ActivationEffects;
use super::caller::{Answer, Caller};
use super::commit::see_through;
use super::shared::{Awaited, Shared};
use super::trace::{ActivationTrace, From};
use crate::event::Event as BusEvent;
use crate::live::LiveFlow;
use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;
use tokio::sync::oneshot;
use weft_model::fault::{Fault, FaultCode};
use weft_model::id::RunId;
use weft_model::message::Message;
use weft_model::node::{Activation, Event, Handled, Outcome, Send};
use weft_model::plan::NodeIndex;
use weft_nodes::catch;

/// Activations of one run that may wait at the same time.
const MAX_WAITING: usize = 16;

/// A message on its way to a node.
struct Delivery {
    to: NodeIndex,
    from: Option<From>,
    message: Message,
}

/// An activation that has come to its end.
struct Settled {
    node: NodeIndex,
    from: Option<From>,
    message: Message,
    started: Instant,
    result: Result<Outcome, Fault>,
}

/// Begin a run at an entry point: `message` leaves its port 0. `answered` tells
/// whether somebody waits for an `http-response`.
pub(crate) fn begin(
    live: Arc<LiveFlow>,
    entry: NodeIndex,
    message: Message,
    answered: bool,
) -> Caller {
    let id = RunId::new(crate::clock::unix_ms());
    let (sender, answer) = oneshot::channel();
    let caller = if answered {
        Awaited::By(sender)
    } else {
        Awaited::ByNobody
    };
    let shared = Arc::new(Shared::new(id, live, entry, caller));
    let guard = shared.live.open_run();
    let span = tracing::debug_span!(
        target: "weft::run",
        "run",
        instance = shared.live.instance.name.as_str(),
        flow = shared.live.flow().as_str(),
        revision = shared.live.revision,
        run = %id,
    );
    let run = async move {
        let driven = AssertUnwindSafe(drive(shared.clone(), entry, message))
            .catch_unwind()
            .await;
        if driven.is_err() {
            let fault = Fault::new(
                FaultCode::Internal,
                "a fault of the host; its log says more",
            );
            shared.trace.end(Some(fault.code));
            let node = shared.live.path(entry).clone();
            shared.answer(|| Answer::Failed { fault, node });
        }
        drop(guard);
    };
    let run = tracing::Instrument::instrument(run, span);
    Caller::new(id, Box::pin(run), answer)
}

/// Let a node handle its start or stop, as a run of its own. A failure is
/// reported, and changes nothing: a flow that cannot start well still answers
/// with its own errors.
pub(crate) async fn lifecycle(live: Arc<LiveFlow>, node: NodeIndex, event: Event) {
    let id = RunId::new(crate::clock::unix_ms());
    let shared = Arc::new(Shared::new(id, live, node, Awaited::ByNobody));
    let guard = shared.live.open_run();
    let live = &*shared.live;
    let mut driver = Driver::new(&shared);
    let started = Instant::now();
    shared.take_activation();
    let effects = driver.effects(node);
    let handled = live.behaviour(node).handle(event.clone(), effects.clone());
    let result = see_through(live, event, effects, handled).await;
    let settled = Settled {
        node,
        from: None,
        message: Message::new(),
        started,
        result,
    };
    driver.settle(settled);
    driver.run().await;
    drop(guard);
}

async fn drive(shared: Arc<Shared>, entry: NodeIndex, message: Message) {
    let live = &*shared.live;
    live.instance.events.send_with(|| BusEvent::RunStart {
        run: shared.trace.id,
        flow: live.flow().clone(),
        revision: live.revision,
        node: live.path(entry).clone(),
    });
    let mut driver = Driver::new(&shared);
    driver.send(entry, Send { port: 0, message });
    driver.run().await;
}

struct Driver<'a> {
    shared: &'a Arc<Shared>,
    live: &'a LiveFlow,
    ready: VecDeque<Delivery>,
    /// Deliveries and open activations from which an `http-response` can be
    /// reached.
    may_reply: usize,
    uncaught: Option<(Fault, NodeIndex)>,
}

impl<'a> Driver<'a> {
    fn new(shared: &'a Arc<Shared>) -> Self {
        Driver {
            shared,
            live: &shared.live,
            ready: VecDeque::new(),
            may_reply: 0,
            uncaught: None,
        }
    }

    /// Work off what is ready and what waits, until nothing is left.
    async fn run(mut self) {
        let (shared, live) = (self.shared, self.live);
        let mut waiting = FuturesUnordered::new();
        loop {
            while waiting.len() < MAX_WAITING {
                let Some(delivery) = self.ready.pop_front() else {
                    break;
                };
                if !shared.take_activation() {
                    self.stop_at_limit(delivery.to);
                    waiting.clear();
                    break;
                }
                tokio::task::consume_budget().await;
                let effects = self.effects(delivery.to);
                let event = Event::Message(delivery.message.clone());
                let started = Instant::now();
                let handled = live
                    .behaviour(delivery.to)
                    .handle(event.clone(), effects.clone());
                let Delivery {
                    to: node,
                    from,
                    message,
                } = delivery;
                match handled {
                    Handled::Ready(result)
                        if result.as_ref().map_or(true, |o| o.effects.is_empty()) =>
                    {
                        self.settle(Settled {
                            node,
                            from,
                            message,
                            started,
                            result,
                        });
                    }
                    handled => waiting.push(async move {
                        let result = see_through(live, event, effects, handled).await;
                        Settled {
                            node,
                            from,
                            message,
                            started,
                            result,
                        }
                    }),
                }
            }
            self.send_emitted();
            if !self.ready.is_empty() && waiting.len() < MAX_WAITING {
                continue;
            }
            if waiting.is_empty() {
                break;
            }
            // Emitting happens inside a poll of `waiting`, so no waker is needed.
            let settled = poll_fn(|cx| match waiting.poll_next_unpin(cx) {
                Poll::Ready(settled) => Poll::Ready(settled),
                Poll::Pending if shared.has_emitted() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            })
            .await;
            self.send_emitted();
            if let Some(settled) = settled {
                self.settle(settled);
            }
        }
        self.end();
    }

    fn effects(&self, node: NodeIndex) -> Arc<ActivationEffects> {
        let activation = Activation {
            instance: self.live.instance.name.clone(),
            flow: self.live.flow().clone(),
            revision: self.live.revision,
            run: self.shared.trace.id,
            node: self.live.path(node).clone(),
            sequence: self.shared.activations(),
            attempt: 1,
        };
        Arc::new(ActivationEffects {
            run: self.shared.clone(),
            node,
            activation,
        })
    }

    /// Put a message on every wire of a port.
    fn send(&mut self, node: NodeIndex, send: Send) {
        let from = Some(From {
            node,
            port: send.port,
        });
        for &to in self.live.plan.targets(node, send.port) {
            self.deliver(Delivery {
                to,
                from,
                message: send.message.clone(),
            });
        }
    }

    /// Send what activations have sent ahead of their outcome.
    fn send_emitted(&mut self) {
        for (node, send) in self.shared.take_emitted() {
            self.send(node, send);
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        self.may_reply += usize::from(self.live.may_reply(delivery.to));
        self.ready.push_back(delivery);
    }

    fn settle(&mut self, settled: Settled) {
        let Settled {
            node,
            from,
            message,
            started,
            result,
        } = settled;
        let result = result.and_then(|mut outcome| match outcome.reply.take() {
            Some(reply) => self.shared.reply(reply).map(|()| outcome),
            None => Ok(outcome),
        });
        let ended = ActivationTrace::new(node, from, started, &result);
        self.shared.trace.activation(ended, &message, &result);
        self.live.metrics.activation(&result);
        match result {
            Ok(outcome) => {
                for send in outcome.sends {
                    self.send(node, send);
                }
            }
            Err(fault) => self.fail(node, &message, fault),
        }
        let counted = usize::from(self.live.may_reply(node));
        self.may_reply = self.may_reply.saturating_sub(counted);
        self.answer_if_nobody_can();
    }

    /// Hand a fault to the `catch` nodes, else keep it for the caller.
    fn fail(&mut self, node: NodeIndex, message: &Message, fault: Fault) {
        let plan = &self.live.plan;
        let catches = &plan.node(node).catches;
        let caught = match catches.is_empty() {
            true => None,
            false => catch::error_message(message, &fault, &plan.node(node).spec),
        };
        self.live.instance.events.send_with(|| BusEvent::Error {
            run: self.shared.trace.id,
            flow: self.live.flow().clone(),
            node: self.live.path(node).clone(),
            code: fault.code,
            message: fault.message.clone(),
            caught: caught.is_some(),
        });
        match caught {
            Some(error) => {
                for &to in catches {
                    self.deliver(Delivery {
                        to,
                        from: None,
                        message: error.clone(),
                    });
                }
            }
            None => {
                let run = self.shared.trace.id;
                let (instance, flow) =
                    (self.live.instance.name.as_str(), self.live.flow().as_str());
                let revision = self.live.revision;
                tracing::info!(target: "weft::run", instance, flow, revision, %run, node = &**self.live.path(node), code = fault.code.as_str(), "uncaught: {}", fault.message);
                self.uncaught.get_or_insert((fault, node));
            }
        }
    }

    /// An uncaught error answers only when no open activation can still answer.
    fn answer_if_nobody_can(&mut self) {
        if self.may_reply == 0
            && let Some((fault, node)) = &self.uncaught
        {
            let node = self.live.path(*node);
            self.shared.answer(|| Answer::Failed {
                fault: fault.clone(),
                node: node.clone(),
            });
        }
    }

    fn stop_at_limit(&mut self, node: NodeIndex) {
        let limit = self.live.max_activations;
        let message = format!("the run has used up its {limit} activations");
        let hint = "look for a cycle without an end, or raise settings.maxActivations of the flow";
        let fault = Fault::new(FaultCode::ActivationLimit, message).hint(hint);
        self.ready.clear();
        self.may_reply = 0;
        self.live.instance.events.send_with(|| BusEvent::Error {
            run: self.shared.trace.id,
            flow: self.live.flow().clone(),
            node: self.live.path(node).clone(),
            code: fault.code,
            message: fault.message.clone(),
            caught: false,
        });
        self.uncaught.get_or_insert((fault, node));
    }

    fn end(mut self) {
        self.may_reply = 0;
        self.answer_if_nobody_can();
        self.shared.answer(|| Answer::Nothing);
        let error = self.uncaught.as_ref().map(|(fault, _)| fault.code);
        self.shared.trace.end(error);
        self.live.metrics.run(error);
        self.live.instance.events.send_with(|| BusEvent::RunEnd {
            run: self.shared.trace.id,
            flow: self.live.flow().clone(),
            activations: self.shared.activations().min(self.live.max_activations),
            error,
        });
    }
}
