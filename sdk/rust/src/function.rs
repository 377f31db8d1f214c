//! A function as the host sees it: what it says of itself, and what it does
//! with each event. `#[weft::function]` makes one from an ordinary Rust function.

use crate::{
    Error, Message, Outputs,
    descriptor::Manifest,
    handler::{EventHandler, MessageHandler},
    outputs::IntoOutputs,
};

type OnEvent = Box<dyn Fn() -> Result<Outputs, Error>>;

/// A function, ready to be described and called.
pub struct Function {
    manifest: Manifest,
    schema: Box<dyn Fn() -> Option<schemars::Schema>>,
    on_message: Box<dyn Fn(Message) -> Result<Outputs, Error>>,
    on_start: Option<OnEvent>,
    on_stop: Option<OnEvent>,
}

/// What happened to the node.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message arrived.
    Message(Message),
    /// The node was deployed; messages wait until this call has ended.
    Start,
    /// The node is about to be removed or changed, or the host stops.
    Stop,
}

impl Function {
    /// A function that handles messages by `handler`.
    #[must_use]
    pub fn new<Args, H>(manifest: Manifest, handler: H) -> Function
    where
        H: MessageHandler<Args> + Copy + 'static,
    {
        Function {
            manifest,
            schema: Box::new(move || handler.config_schema()),
            on_message: Box::new(move |message| {
                let incoming = if H::Answer::CHANGES_INCOMING {
                    message.clone()
                } else {
                    Message::default()
                };
                handler.handle(message)?.into_outputs(incoming)
            }),
            on_start: None,
            on_stop: None,
        }
    }

    /// Calls `handler` once when the node is deployed.
    #[must_use]
    pub fn on_start<Args>(mut self, handler: impl EventHandler<Args> + 'static) -> Function {
        self.on_start = Some(Box::new(move || handler.handle()));
        self
    }

    /// Calls `handler` once before the node goes.
    #[must_use]
    pub fn on_stop<Args>(mut self, handler: impl EventHandler<Args> + 'static) -> Function {
        self.on_stop = Some(Box::new(move || handler.handle()));
        self
    }

    /// What the function says of itself, as the JSON text that the host reads
    /// when the component is uploaded.
    #[must_use]
    pub fn describe(&self) -> String {
        self.manifest.to_json((self.schema)())
    }

    /// Handles one event.
    ///
    /// # Errors
    /// The function's own, or that the message or config does not fit.
    pub fn handle(&self, event: Event) -> Result<Outputs, Error> {
        match event {
            Event::Message(message) => (self.on_message)(message),
            Event::Start => self.on_start.as_ref().map_or(Ok(Outputs::new()), |on| on()),
            Event::Stop => self.on_stop.as_ref().map_or(Ok(Outputs::new()), |on| on()),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}
