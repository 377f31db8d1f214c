//! What one activation sees of the world and says to it.

use super::shared::Shared;
use crate::event::Event;
use std::sync::Arc;
use weft_model::message::Message;
use weft_model::node::{
    Activation, Effects, EmitRefused, KeyPage, LogLevel, Send, StateEntry, StateUnavailable,
};
use weft_model::plan::NodeIndex;
use weft_model::value::Value;

/// The [`Effects`] of one activation.
pub(crate) struct ActivationEffects {
    pub(crate) run: Arc<Shared>,
    pub(crate) node: NodeIndex,
    pub(crate) activation: Activation,
}

impl Effects for ActivationEffects {
    fn activation(&self) -> &Activation {
        &self.activation
    }

    fn log(&self, level: LogLevel, line: String) {
        let run = &self.run;
        tracing::debug!(target: "weft::function", run = %run.trace.id, node = &*self.activation.node, ?level, line);
        run.live.instance.events.send_with(|| Event::Log {
            run: run.trace.id,
            flow: run.live.flow().clone(),
            node: self.activation.node.clone(),
            level,
            line: line.clone(),
        });
        run.trace.log(self.node, level, line);
    }

    fn debug(&self, name: &str, value: Value) {
        let run = &self.run;
        run.live.instance.events.send_with(|| Event::Debug {
            run: run.trace.id,
            flow: run.live.flow().clone(),
            node: self.activation.node.clone(),
            name: name.to_owned(),
            value: value.clone(),
        });
        run.trace.debug(self.node, name, value);
    }

    fn emit(&self, port: usize, message: Message) -> Result<(), EmitRefused> {
        self.run.emit(self.node, Send { port, message })
    }

    fn env(&self, name: &str) -> Option<Value> {
        self.run.live.plan.env.get(name).cloned().map(Value::from)
    }

    fn state(&self, bucket: &str, key: &str) -> Result<Option<StateEntry>, StateUnavailable> {
        self.run.live.instance.state.get(bucket, key)
    }

    fn state_keys(
        &self,
        bucket: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<KeyPage, StateUnavailable> {
        self.run.live.instance.state.keys(bucket, cursor, limit)
    }
}
