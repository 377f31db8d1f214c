//! A host in memory, to test functions natively.
//!
//! ```
//! use weft::{Message, testing::Host};
//!
//! /// Says who asks.
//! #[weft::function]
//! fn who(message: Message) -> Message {
//!     weft::log::info!("asked");
//!     message.with_payload(weft::activation().node)
//! }
//!
//! let host = Host::new();
//! let outputs = host.call(&who_function(), Message::new(()))?;
//! assert_eq!(outputs[0].1.payload_text()?, "node");
//! assert_eq!(host.logs()[0].1, "asked");
//! # Ok::<(), weft::Error>(())
//! ```

use crate::{
    Activation, Error, Event, Function, Message,
    host::{World, within},
    log::Level,
};
use std::{cell::RefCell, rc::Rc};

/// The grants, state and records of a host in memory. Clones are the same host.
///
/// Like the real host it takes a message through its encoding before and after
/// the call, and keeps what was stored only if the function succeeds.
#[derive(Clone, Default)]
pub struct Host {
    world: Rc<RefCell<World>>,
}

impl Host {
    /// A host that grants nothing.
    #[must_use]
    pub fn new() -> Host {
        Host::default()
    }

    /// Sets the node's config. A value that cannot be written as JSON leaves it empty.
    #[must_use]
    pub fn with_config(self, config: &impl serde::Serialize) -> Host {
        self.world.borrow_mut().config =
            serde_json::to_string(config).unwrap_or_else(|_| "{}".to_owned());
        self
    }

    /// Sets what [`activation`](crate::activation()) answers.
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Host {
        self.world.borrow_mut().activation = activation;
        self
    }

    /// Grants an environment value; None stands for granted but not set.
    #[must_use]
    pub fn with_env(self, name: &str, value: Option<&str>) -> Host {
        let value = value.map(str::to_owned);
        self.world.borrow_mut().env.insert(name.to_owned(), value);
        self
    }

    /// Grants and sets a secret.
    #[must_use]
    pub fn with_secret(self, name: &str, value: impl AsRef<[u8]>) -> Host {
        let value = value.as_ref().to_vec();
        self.world
            .borrow_mut()
            .secrets
            .insert(name.to_owned(), value);
        self
    }

    /// Grants a state bucket.
    #[must_use]
    pub fn with_bucket(self, name: &str) -> Host {
        self.world.borrow_mut().buckets.insert(name.to_owned());
        self
    }

    /// Lets somebody else write `value` just before the function's next
    /// compare-and-swap of that key, which then is a conflict.
    #[must_use]
    pub fn with_rival_write(self, bucket: &str, key: &str, value: impl AsRef<[u8]>) -> Host {
        let write = (bucket.to_owned(), key.to_owned(), value.as_ref().to_vec());
        self.world.borrow_mut().rival.push(write);
        self
    }

    /// Gives the function a message.
    ///
    /// # Errors
    /// The function's own, or that a message is not valid.
    pub fn call(
        &self,
        function: &Function,
        message: Message,
    ) -> Result<Vec<(u32, Message)>, Error> {
        let message = Message::decode(message.encode()?)?;
        self.deliver(function, Event::Message(message))
    }

    /// Tells the function that its node was deployed.
    ///
    /// # Errors
    /// The function's own.
    pub fn start(&self, function: &Function) -> Result<Vec<(u32, Message)>, Error> {
        self.deliver(function, Event::Start)
    }

    /// Tells the function that its node goes.
    ///
    /// # Errors
    /// The function's own.
    pub fn stop(&self, function: &Function) -> Result<Vec<(u32, Message)>, Error> {
        self.deliver(function, Event::Stop)
    }

    /// Runs any code against this host, such as a call to a handler itself.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        within(&self.world, work)
    }

    /// What is stored under `key`.
    #[must_use]
    pub fn stored(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let place = (bucket.to_owned(), key.to_owned());
        let world = self.world.borrow();
        world.entries.get(&place).map(|entry| entry.value.clone())
    }

    /// Stores a value.
    pub fn store(&self, bucket: &str, key: &str, value: impl AsRef<[u8]>) {
        self.world.borrow_mut().write(bucket, key, value.as_ref());
    }

    /// The lines logged so far.
    #[must_use]
    pub fn logs(&self) -> Vec<(Level, String)> {
        self.world.borrow().lines.clone()
    }

    /// The messages sent by [`emit`](crate::emit) so far, with their ports.
    ///
    /// # Errors
    /// When one of them is not valid.
    pub fn emitted(&self) -> Result<Vec<(u32, Message)>, Error> {
        let world = self.world.borrow();
        let emitted = world.emitted.iter().cloned();
        emitted
            .map(|(port, encoded)| Ok((port, Message::decode(encoded)?)))
            .collect()
    }

    fn deliver(&self, function: &Function, event: Event) -> Result<Vec<(u32, Message)>, Error> {
        let ports = function.manifest().outputs.len();
        let before = {
            let mut world = self.world.borrow_mut();
            world.outputs = Some(ports);
            world.entries.clone()
        };
        let answer = self.run(|| function.handle(event));
        let answer = answer.and_then(|outputs| {
            let sent = outputs.into_iter();
            sent.map(|(port, message)| {
                if port as usize >= ports {
                    return Err(Error::failed(format_args!(
                        "The function sent a message from port {port}, but has {ports} output ports."
                    )));
                }
                Ok((port, Message::decode(message.encode()?)?))
            })
            .collect()
        });
        if answer.is_err() {
            self.world.borrow_mut().entries = before;
        }
        answer
    }
}
