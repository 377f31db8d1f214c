//! The codes of problems that are neither a node's fault nor a flow document's.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The kind of a problem that the server itself, or the host below it,
        /// reports. Each has a section in `docs/problems.md`, as have
        /// [`weft_model::FaultCode`] and [`weft_model::problem::ProblemCode`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All codes.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The stable text of the code.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// The request has no bearer token.
    NoToken = "no-token";
    /// The token is unknown, malformed or revoked.
    InvalidToken = "invalid-token";
    /// The token's time is over.
    ExpiredToken = "expired-token";
    /// The token's role may not do this.
    RoleTooLow = "role-too-low";
    /// The token does not reach the instance, or not all instances.
    WrongInstance = "wrong-instance";

    /// There is no such thing, or nothing at this address.
    NotFound = "not-found";
    /// The address answers other methods.
    MethodNotAllowed = "method-not-allowed";
    /// A part of the address is not valid.
    InvalidPath = "invalid-path";
    /// A query parameter is not valid, or not known.
    InvalidQuery = "invalid-query";
    /// A header is not valid.
    InvalidHeader = "invalid-header";
    /// The body is not JSON.
    InvalidJson = "invalid-json";
    /// The body is JSON, but not what this operation takes.
    InvalidBody = "invalid-body";
    /// The body is empty.
    MissingBody = "missing-body";
    /// The body is not of the type that this operation takes.
    UnsupportedMediaType = "unsupported-media-type";
    /// The body is larger than allowed.
    BodyTooLarge = "body-too-large";
    /// The body ended early.
    BodyBroken = "body-broken";
    /// The body came too slowly.
    BodyTimeout = "body-timeout";
    /// The body is not what its `content-type` says.
    BadBody = "bad-body";

    /// The flow did not answer within the entry point's time.
    ReplyTimeout = "reply-timeout";
    /// The run ended without an answer.
    NoReply = "no-reply";

    /// An instance of this name exists.
    InstanceExists = "instance-exists";
    /// The host name belongs to another instance.
    HostTaken = "host-taken";
    /// It is no host name.
    InvalidHost = "invalid-host";
    /// A token names an instance that does not exist.
    UnknownInstance = "unknown-instance";
    /// A token would expire before it is made.
    InvalidExpiry = "invalid-expiry";

    /// The draft is not the one that `If-Match` or `If-None-Match` wants.
    PreconditionFailed = "precondition-failed";
    /// Somebody else changed it in the meantime.
    ChangedMeanwhile = "changed-meanwhile";
    /// The flow has errors.
    InvalidFlow = "invalid-flow";
    /// The flow was never deployed, or is disabled.
    NotDeployed = "not-deployed";
    /// The node is no inject node.
    NotInjectable = "not-injectable";

    /// The version exists with another content.
    VersionExists = "version-exists";
    /// There are several versions, and none was named.
    VersionNeeded = "version-needed";
    /// Revisions use the component.
    ComponentInUse = "component-in-use";
    /// What the component says of itself is not valid.
    InvalidDescriptor = "invalid-descriptor";
    /// The component was not compiled within the builder's limits.
    BuildFailed = "build-failed";
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}
