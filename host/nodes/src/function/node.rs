//! A function as a [`Node`].

use super::host::{Host, Node as Shared};
use crate::components::{ComponentInfo, Secrets};
use std::sync::Arc;
use weft_model::document::Grants;
use weft_model::message::Encoded;
use weft_model::node::{Effects, Event, Handled, Node, Outcome, Send};
use weft_model::{Fault, FaultCode, Message};
use weft_sandbox::{Call, CallEvent, CallLimits, Function, FunctionKind};

/// A function node, ready to be called.
pub(super) struct FunctionNode {
    function: Function,
    kind: FunctionKind,
    limits: CallLimits,
    shared: Arc<Shared>,
}

impl FunctionNode {
    pub(super) fn new(
        function: Function,
        info: &ComponentInfo,
        config: String,
        grants: Grants,
        limits: CallLimits,
        secrets: Arc<dyn Secrets>,
    ) -> Self {
        let shared = Shared {
            config,
            grants,
            outputs: info.descriptor.outputs.len(),
            secrets,
        };
        FunctionNode {
            function,
            kind: info.kind,
            limits,
            shared: Arc::new(shared),
        }
    }

    async fn call(&self, event: Event, effects: Arc<dyn Effects>) -> Result<Outcome, Fault> {
        let (event, message_id) = match event {
            Event::Message(message) => (CallEvent::Message(message.encode()), message.id().clone()),
            Event::Start => (CallEvent::Start, Message::new().id().clone()),
            Event::Stop => (CallEvent::Stop, Message::new().id().clone()),
        };
        let host = Arc::new(Host::new(self.shared.clone(), effects, message_id.clone()));
        let call = Call {
            event,
            limits: self.limits,
            host: host.clone(),
        };
        let completed = self.function.call(call).await?;
        let (mut sends, effects) = host.take();
        for (port, encoded) in completed.outputs {
            let send = self.send(port, encoded, &message_id);
            sends.push(send.map_err(|fault| fault.used(completed.usage))?);
        }
        Ok(Outcome {
            sends,
            effects,
            reply: None,
            usage: completed.usage,
        })
    }

    fn send(&self, port: u32, encoded: Encoded, default_id: &Arc<str>) -> Result<Send, Fault> {
        let invalid = |message: String| Fault::new(FaultCode::InvalidOutput, message);
        let outputs = self.shared.outputs;
        let port = port as usize;
        if port >= outputs {
            return Err(invalid(format!(
                "the function returned a message for port {port}; it describes {outputs} output ports, counted from 0"
            )));
        }
        let message = Message::decode(encoded, default_id).map_err(|error| {
            invalid(format!(
                "the function returned on port {port} what is no message: {error}"
            ))
        })?;
        Ok(Send { port, message })
    }
}

impl Node for FunctionNode {
    fn handle<'a>(&'a self, event: Event, effects: Arc<dyn Effects>) -> Handled<'a> {
        match (self.kind, &event) {
            // It knows requests only.
            (FunctionKind::HttpHandler, Event::Start | Event::Stop) => {
                Handled::Ready(Ok(Outcome::default()))
            }
            _ => Handled::Pending(Box::pin(self.call(event, effects))),
        }
    }

    /// What a function does with them can't be told from outside.
    fn wants_lifecycle(&self) -> bool {
        self.kind == FunctionKind::Function
    }
}
